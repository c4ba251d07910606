import { useTranslation } from "react-i18next";
import type { Subject } from "./vocabulary";

// SubjectLine shows the person an event is about, masked by the server.
export function SubjectLine({ subject }: { subject?: Subject }) {
  const { t } = useTranslation("prevent");
  if (!subject || Object.values(subject).every((v) => !v)) return <span className="faint">{t("subject.none")}</span>;
  const { name, id_no, phone, customer_no } = subject;
  return (
    <span className="subject">
      {name && <span>{name}</span>}
      <span className="mono muted">{phone || id_no || customer_no}</span>
    </span>
  );
}
