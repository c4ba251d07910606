import { App, Button, Checkbox, Drawer, Form, Input, Select } from "antd";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import { count } from "../../shell/format";
import { useNarrow } from "../../shell/narrow";
import { ProblemLine } from "../../shell/problem";
import { useReasonRule } from "../../shell/reason-dialog";
import { Impact } from "./impact";
import { type List, type NewEntry, useAdd, usePreview } from "./queries";

const DAYS = [0, 7, 30, 90, 365] as const; // 0: no end

interface Asked {
  values: string;
  days: number;
  reason: string;
  known?: boolean;
}

// entriesOf reads one value a line, each once.
export function entriesOf(
  { values = "", days, reason = "" }: Partial<Asked>,
  list: Pick<List, "kind" | "match">,
): NewEntry[] {
  const expires_at = days ? dayjs().add(days, "day").toISOString() : undefined;
  const each = new Set(values.split(/[\n,;，；]+/).map((v) => v.trim()));
  each.delete("");
  const match = (list.match || "exact") as NewEntry["match"];
  return [...each].map((value) => ({ kind: list.kind || undefined, match, value, expires_at, reason: reason.trim() }));
}

// AddEntries asks for values to be put on a list. Whom that would concern is shown first: it cannot be asked for unseen, and
// not over customers in hardship without saying so.
export function AddEntries({ list, title, onClose }: { list: List; title: string; onClose: () => void }) {
  const { t, i18n } = useTranslation("lists");
  const { message } = App.useApp();
  const reasonRule = useReasonRule();
  const narrow = useNarrow();
  const [form] = Form.useForm<Asked>();
  const values = Form.useWatch("values", form) ?? "";
  const known = Form.useWatch("known", form) ?? false;
  const preview = usePreview(list.id);
  const add = useAdd(list.id);
  const n = entriesOf({ values }, list).length;
  const unsure = preview.data !== undefined && preview.data.hardship > 0 && !known;

  async function look() {
    try {
      await form.validateFields();
    } catch {
      return;
    }
    preview.mutate(entriesOf(form.getFieldsValue(), list));
  }
  async function ask(asked: Asked) {
    try {
      await add.mutateAsync(entriesOf(asked, list));
      message.success(t("add.asked"));
      onClose();
    } catch {
      // shown below, with what was written still in place
    }
  }

  return (
    <Drawer
      open
      onClose={onClose}
      placement={narrow ? "bottom" : "right"}
      size={narrow ? "92%" : 560}
      title={t("add.title", { list: title })}
      footer={
        <div className="drawer-foot">
          <Button onClick={look} loading={preview.isPending} type={preview.data ? "default" : "primary"}>
            {t("add.preview")}
          </Button>
          <Button type="primary" disabled={!preview.data || unsure} loading={add.isPending} onClick={form.submit}>
            {t("add.ask", { n: count(n, i18n.language) })}
          </Button>
        </div>
      }
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{ days: 0 }}
        onFinish={ask}
        onValuesChange={(part) => "values" in part && preview.reset()}
      >
        <Form.Item
          name="values"
          label={t("add.values")}
          extra={t("add.values.hint")}
          rules={[{ required: true, whitespace: true, message: t("add.valuesMissing") }]}
        >
          <Input.TextArea autoFocus rows={6} className="mono" autoComplete="off" />
        </Form.Item>
        <Form.Item name="days" label={t("add.until")}>
          <Select
            options={DAYS.map((value) => ({
              value,
              label: value === 0 ? t("entry.forever") : t("add.days", { n: value }),
            }))}
          />
        </Form.Item>
        <Form.Item name="reason" label={t("entry.reason")} rules={[reasonRule]}>
          <Input.TextArea rows={2} maxLength={500} showCount placeholder={t("add.reason.example")} />
        </Form.Item>
        {preview.data && (
          <section className="panel" aria-live="polite">
            <h2>{t("add.impact")}</h2>
            <Impact preview={preview.data} />
            {preview.data.hardship > 0 && (
              <Form.Item name="known" valuePropName="checked" className="add-known">
                <Checkbox>{t("add.hardship")}</Checkbox>
              </Form.Item>
            )}
          </section>
        )}
      </Form>
      <ProblemLine error={preview.error ?? add.error} />
    </Drawer>
  );
}
