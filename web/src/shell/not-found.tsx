import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <div className="notice">
      <strong>{t("notFound.title")}</strong>
      <p className="muted">{t("notFound.hint")}</p>
      <Link to="/decisions">{t("notFound.back")}</Link>
    </div>
  );
}
