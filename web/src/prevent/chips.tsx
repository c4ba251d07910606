import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import type { ReasonDetail, Typology } from "./vocabulary";

export function TypologyChip({ typology }: { typology?: Typology }) {
  const { t } = useTranslation("prevent");
  if (!typology) return null;
  return (
    <Tooltip title={`${typology} · ${t(`typology.${typology}`)}`} mouseEnterDelay={0.4}>
      <span className="chip">{t(`typology.${typology}.short`)}</span>
    </Tooltip>
  );
}

export function FamilyChip({ family }: { family: ReasonDetail["family"] }) {
  const { t } = useTranslation("prevent");
  return (
    <Tooltip title={t("family.hint")} mouseEnterDelay={0.4}>
      <span className="chip chip-plain">{t(`family.${family}`)}</span>
    </Tooltip>
  );
}
