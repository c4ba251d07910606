import { useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../api/client";
import { useProblemText } from "./problem";
import { changePassword } from "./session";

interface Fields {
  current: string;
  password: string;
  again: string;
}

// ChangePassword asks for a password of one's own. What makes a good one is the server's to say.
export function ChangePassword({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const say = useProblemText();
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);

  async function submit({ current, password }: Fields) {
    setBusy(true);
    setError(undefined);
    try {
      await changePassword(client, { current, password });
      onDone();
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  }

  const required = [{ required: true, message: t("password.missing") }];
  return (
    <Form<Fields> layout="vertical" requiredMark={false} onFinish={submit}>
      <Form.Item name="current" label={t("password.current")} rules={required}>
        <Input.Password autoComplete="current-password" autoFocus />
      </Form.Item>
      <Form.Item name="password" label={t("password.new")} rules={required} extra={t("password.advice")}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item
        name="again"
        label={t("password.again")}
        dependencies={["password"]}
        rules={[
          ...required,
          ({ getFieldValue }) => ({
            validator: (_, value) =>
              !value || value === getFieldValue("password")
                ? Promise.resolve()
                : Promise.reject(new Error(t("password.different"))),
          }),
        ]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      {error !== undefined && (
        <p className="sign-in-error" role="alert">
          {refusal(error) ? t("password.refused") : say(error)}
          {error instanceof Problem && <small className="faint">{error.message}</small>}
        </p>
      )}
      <Button type="primary" htmlType="submit" block loading={busy}>
        {t("password.change")}
      </Button>
    </Form>
  );
}

const refusal = (error: unknown) => error instanceof Problem && error.code === "invalid";
