import { App, Form, Input, Modal, Radio, Select } from "antd";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import { inLanguage } from "../../shell/i18n";
import { ProblemLine } from "../../shell/problem";
import { useReasonRule } from "../../shell/reason-dialog";
import { useWord } from "../../shell/word";
import type { Rule } from "../vocabulary";
import { useSnooze } from "./queries";

const DAYS = [1, 7, 14, 30, 90] as const;
const KINDS = ["customer", "phone", "device", "person", "bank_card", "ip", "employer"] as const;

interface Asked {
  scope: "all" | "one";
  kind: string;
  value?: string;
  days: number;
  reason: string;
}

// SnoozeDialog asks for a rule to be silent for a while; it takes effect when a second person signs.
export function SnoozeDialog({ rule, onClose }: { rule: Pick<Rule, "id" | "title">; onClose: () => void }) {
  const { t, i18n } = useTranslation("rules");
  const { message } = App.useApp();
  const reasonRule = useReasonRule();
  const word = useWord();
  const [form] = Form.useForm<Asked>();
  const scope = Form.useWatch("scope", form);
  const snooze = useSnooze(rule.id);

  async function ask({ scope, kind, value, days, reason }: Asked) {
    const about = scope === "one" ? { kind, value: value?.trim() } : {};
    const expires_at = dayjs().add(days, "day").subtract(1, "minute").toISOString();
    try {
      await snooze.mutateAsync({ ...about, reason: reason.trim(), expires_at });
      message.success(t("snooze.asked"));
      onClose();
    } catch {
      // shown below, with what was written still in place
    }
  }

  return (
    <Modal
      open
      title={t("snooze.title", { rule: inLanguage(rule.title, i18n.language) })}
      okText={t("snooze.ask")}
      confirmLoading={snooze.isPending}
      onOk={form.submit}
      onCancel={onClose}
    >
      <p className="muted dialog-hint">{t("snooze.hint")}</p>
      <Form form={form} layout="vertical" initialValues={{ scope: "all", kind: "customer", days: 7 }} onFinish={ask}>
        <Form.Item name="scope" label={t("snooze.scope")}>
          <Radio.Group options={(["all", "one"] as const).map((value) => ({ value, label: t(`snooze.${value}`) }))} />
        </Form.Item>
        {scope === "one" && (
          <div className="form-row">
            <Form.Item name="kind" label={t("snooze.kind")}>
              <Select options={KINDS.map((value) => ({ value, label: word("intake:entity", value) }))} />
            </Form.Item>
            <Form.Item
              name="value"
              label={t("snooze.value")}
              extra={t("snooze.value.hint")}
              rules={[{ required: true, whitespace: true, message: t("snooze.valueMissing") }]}
            >
              <Input maxLength={512} autoComplete="off" />
            </Form.Item>
          </div>
        )}
        <Form.Item name="days" label={t("snooze.until")}>
          <Radio.Group
            optionType="button"
            options={DAYS.map((value) => ({ value, label: t("snooze.days", { n: value }) }))}
          />
        </Form.Item>
        <Form.Item name="reason" label={t("snoozes.reason")} rules={[reasonRule]}>
          <Input.TextArea rows={3} maxLength={500} showCount placeholder={t("snooze.example")} />
        </Form.Item>
      </Form>
      <ProblemLine error={snooze.error} />
    </Modal>
  );
}
