import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { useWord } from "../shell/word";

export function TypologyChip({ typology }: { typology?: string }) {
  const word = useWord();
  if (!typology) return null;
  return (
    <Tooltip title={`${typology} · ${word("prevent:typology", typology)}`} mouseEnterDelay={0.4}>
      <span className="chip">{word("prevent:typology", `${typology}.short`)}</span>
    </Tooltip>
  );
}

export function FamilyChip({ family }: { family: string }) {
  const { t } = useTranslation("prevent");
  const word = useWord();
  return (
    <Tooltip title={t("family.hint")} mouseEnterDelay={0.4}>
      <span className="chip chip-plain">{word("prevent:family", family)}</span>
    </Tooltip>
  );
}
