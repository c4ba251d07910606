import { useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../api/client";
import { Brand } from "./brand";
import { PreferenceButtons } from "./preference-buttons";
import { useProblemText } from "./problem";
import { signIn } from "./session";

interface Credentials {
  tenant?: string;
  username: string;
  password: string;
}

export function SignIn() {
  const { t } = useTranslation();
  const say = useProblemText();
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);

  async function submit({ tenant, username, password }: Credentials) {
    setBusy(true);
    setError(undefined);
    try {
      await signIn(client, { tenant: tenant?.trim() || undefined, username: username.trim(), password });
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  }

  const refused = error instanceof Problem && error.status === 401;
  return (
    <div className="sign-in">
      <div className="sign-in-top">
        <PreferenceButtons />
      </div>
      <Form<Credentials> className="sign-in-form" layout="vertical" requiredMark={false} onFinish={submit}>
        <Brand large />
        <p className="muted">{t("signIn.tagline")}</p>
        <Form.Item
          name="username"
          label={t("signIn.username")}
          rules={[{ required: true, message: t("signIn.usernameMissing") }]}
        >
          <Input autoComplete="username" autoFocus size="large" />
        </Form.Item>
        <Form.Item
          name="password"
          label={t("signIn.password")}
          rules={[{ required: true, message: t("signIn.passwordMissing") }]}
        >
          <Input.Password autoComplete="current-password" size="large" />
        </Form.Item>
        <Form.Item name="tenant" label={t("signIn.tenant")} extra={t("signIn.tenantHint")}>
          <Input autoComplete="organization" placeholder="main" size="large" />
        </Form.Item>
        {error !== undefined && (
          <p className="sign-in-error" role="alert">
            {refused ? t("signIn.refused") : say(error)}
            {error instanceof Problem && error.requestId && <code>{error.requestId}</code>}
          </p>
        )}
        <Button type="primary" htmlType="submit" size="large" block loading={busy}>
          {t("signIn.submit")}
        </Button>
        <p className="faint sign-in-hint">{t("signIn.firstRun")}</p>
      </Form>
    </div>
  );
}
