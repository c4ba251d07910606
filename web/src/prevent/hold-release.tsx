import { App, Button, Form, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { clock, fullTime } from "../shell/format";
import { useProblemText } from "../shell/problem";
import { useMay } from "../shell/session";
import { useRelease } from "./queries";
import type { DecisionDetail } from "./vocabulary";

// HoldRelease lets a person end a cooling-off period (冷静期), with a reason that is kept; or says who did.
export function HoldRelease({ decision }: { decision: DecisionDetail }) {
  const { t } = useTranslation("prevent");
  const [open, setOpen] = useState(false);
  const may = useMay("decisions:release");
  if (decision.outcome !== "hold") return null;
  const { released } = decision;
  if (released)
    return (
      <p className="hold hold-released">
        <strong>{t("hold.releasedBy", { by: released.by })}</strong>
        <span className="faint figures" title={fullTime(released.at)}>
          {clock(released.at)}
        </span>
        <span className="muted">{released.reason}</span>
      </p>
    );
  return (
    <div className="hold">
      <span>{t("hold.waiting")}</span>
      {may ? (
        <Button type="primary" onClick={() => setOpen(true)}>
          {t("hold.release")}
        </Button>
      ) : (
        <small>{t("hold.mayNot")}</small>
      )}
      {open && <ReleaseDialog id={decision.id} onClose={() => setOpen(false)} />}
    </div>
  );
}

function ReleaseDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation("prevent");
  const { message } = App.useApp();
  const say = useProblemText();
  const release = useRelease(id);
  const [form] = Form.useForm<{ reason: string }>();

  async function submit({ reason }: { reason: string }) {
    try {
      await release.mutateAsync(reason.trim());
      message.success(t("hold.done"));
      onClose();
    } catch {
      // shown below, with the text still in place
    }
  }

  return (
    <Modal
      open
      title={t("hold.release")}
      okText={t("hold.release")}
      confirmLoading={release.isPending}
      onOk={form.submit}
      onCancel={onClose}
    >
      <p className="muted">{t("hold.hint")}</p>
      <Form form={form} layout="vertical" onFinish={submit}>
        <Form.Item
          name="reason"
          label={t("hold.reason")}
          rules={[{ required: true, whitespace: true, min: 4, message: t("hold.reasonMissing") }]}
        >
          <Input.TextArea autoFocus rows={3} maxLength={500} showCount placeholder={t("hold.reasonExample")} />
        </Form.Item>
      </Form>
      {release.isError && (
        <p className="problem-line" role="alert">
          {say(release.error)}
        </p>
      )}
    </Modal>
  );
}
