import { UploadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Form, Modal, Select, Upload } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { count } from "../../shell/format";
import { ProblemLine } from "../../shell/problem";
import { useStartBacktest, versions } from "./queries";
import { refOf } from "./routes";

const DAYS = [0, 7, 30, 90] as const; // 0: the whole record

interface Props {
  of?: string; // id@version that is chosen at first
  text?: string; // a draft; then no version is chosen
  onStarted: (id: string) => void;
  onClose: () => void;
}

interface Asked {
  of: string;
  days: number;
  decided: boolean;
}

interface Labels {
  name: string;
  text: string;
}

// BacktestForm starts a backtest of a draft or of a published version.
export function BacktestForm({ of, text, onStarted, onClose }: Props) {
  const { t } = useTranslation("rules");
  const [form] = Form.useForm<Asked>();
  const { data } = useQuery(versions);
  const start = useStartBacktest();
  const [labels, setLabels] = useState<Labels>();
  const options = data?.items.map((v) => ({
    value: `${v.id}@${v.version}`,
    label: `${t("version", { id: v.id, version: v.version })} · ${t(`stage.${v.stage}`)}`,
  }));

  async function run({ of, days, decided }: Asked) {
    const what = text === undefined ? refOf(of) : { text };
    const from = days > 0 ? dayjs().subtract(days, "day").toISOString() : undefined;
    try {
      const job = await start.mutateAsync({ ...what, from, decided: decided || undefined, labels: labels?.text });
      onStarted(job.id);
    } catch {
      // shown below
    }
  }

  return (
    <Modal
      open
      title={t("backtests.new")}
      okText={t("backtest.start")}
      confirmLoading={start.isPending}
      onOk={form.submit}
      onCancel={onClose}
    >
      <Form form={form} layout="vertical" initialValues={{ of, days: 0, decided: false }} onFinish={run}>
        {text === undefined && (
          <Form.Item
            name="of"
            label={t("backtest.version")}
            rules={[{ required: true, message: t("backtest.version") }]}
          >
            <Select showSearch options={options} loading={!data} />
          </Form.Item>
        )}
        <Form.Item name="days" label={t("backtest.period")}>
          <Select
            options={DAYS.map((n) => ({
              value: n,
              label: n === 0 ? t("backtest.period.all") : t("backtest.days", { n }),
            }))}
          />
        </Form.Item>
        <LabelFile labels={labels} onChange={setLabels} />
        <Form.Item name="decided" valuePropName="checked">
          <Checkbox>{t("backtest.decided")}</Checkbox>
        </Form.Item>
      </Form>
      <ProblemLine error={start.error} />
    </Modal>
  );
}

function LabelFile({ labels, onChange }: { labels?: Labels; onChange: (labels?: Labels) => void }) {
  const { t, i18n } = useTranslation("rules");
  const rows = labels ? labels.text.split("\n").filter((line) => line.trim()).length - 1 : 0;
  return (
    <Form.Item label={t("backtest.labels")} extra={t("backtest.labels.hint")}>
      <Upload
        accept=".csv,.jsonl,.ndjson,.txt"
        maxCount={1}
        showUploadList={false}
        beforeUpload={(file) => {
          file.text().then((text) => onChange({ name: file.name, text }));
          return false;
        }}
      >
        <Button icon={<UploadOutlined />}>{t("backtest.labels.choose")}</Button>
      </Upload>
      {labels && (
        <span className="label-file">
          {t("backtest.labels.rows", { name: labels.name, n: count(Math.max(rows, 0), i18n.language) })}{" "}
          <button type="button" className="link" aria-label={t("backtest.cancel")} onClick={() => onChange(undefined)}>
            ×
          </button>
        </span>
      )}
    </Form.Item>
  );
}
