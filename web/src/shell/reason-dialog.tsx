import { Form, Input, Modal } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ProblemLine } from "./problem";

interface Props {
  title: string;
  ok: string; // the word on the button that does it
  hint?: ReactNode;
  danger?: boolean;
  optional?: boolean; // a comment may be left out; a reason may not
  example?: string;
  wait: boolean;
  error: unknown;
  children?: ReactNode; // between the hint and the reason
  onDone: (reason: string) => void;
  onClose: () => void;
}

// useReasonRule is what the server asks of a reason.
export function useReasonRule() {
  const { t } = useTranslation();
  return { required: true, whitespace: true, min: 4, message: t("reason.missing") };
}

// ReasonDialog asks why before something is done that is kept on record. What was written stays while it fails.
export function ReasonDialog(props: Props) {
  const { t } = useTranslation();
  const rule = useReasonRule();
  const [form] = Form.useForm<{ reason?: string }>();
  return (
    <Modal
      open
      title={props.title}
      okText={props.ok}
      okButtonProps={{ danger: props.danger }}
      confirmLoading={props.wait}
      onOk={form.submit}
      onCancel={props.onClose}
    >
      {props.hint && <p className="muted dialog-hint">{props.hint}</p>}
      {props.children}
      <Form form={form} layout="vertical" onFinish={({ reason = "" }) => props.onDone(reason.trim())}>
        <Form.Item
          name="reason"
          label={t(props.optional ? "reason.comment" : "reason.label")}
          rules={props.optional ? [] : [rule]}
        >
          <Input.TextArea autoFocus rows={3} maxLength={500} showCount placeholder={props.example} />
        </Form.Item>
      </Form>
      <ProblemLine error={props.error} />
    </Modal>
  );
}
