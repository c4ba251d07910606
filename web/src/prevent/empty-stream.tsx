import { Button, Typography } from "antd";
import { useTranslation } from "react-i18next";

const request = `curl -X POST ${window.location.origin}/v1/decisions \\
  -H "Authorization: Bearer $QINGYUAN_API_KEY" \\
  -H "Content-Type: application/cloudevents+json" \\
  -d @application.json`;

// EmptyStream says what to do where there is nothing to see.
export function EmptyStream({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  const { t } = useTranslation("prevent");
  if (filtered)
    return (
      <div className="notice">
        <strong>{t("empty.filtered")}</strong>
        <p className="muted">{t("empty.filtered.hint")}</p>
        <Button onClick={onClear}>{t("filter.clear")}</Button>
      </div>
    );
  return (
    <div className="notice">
      <strong>{t("empty.stream")}</strong>
      <p className="muted">{t("empty.stream.hint")}</p>
      <Typography.Paragraph copyable={{ text: request }} className="notice-code">
        <pre>{request}</pre>
      </Typography.Paragraph>
    </div>
  );
}
