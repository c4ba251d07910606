import { CheckOutlined } from "@ant-design/icons";
import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { useWord } from "../shell/word";

interface Props {
  outcome: string;
  fallback?: string; // why the declared fallback was given
  released?: boolean;
  large?: boolean;
}

// OutcomeTag names an outcome. Red is kept for a hold that waits for a person.
export function OutcomeTag({ outcome, fallback, released, large }: Props) {
  const { t } = useTranslation("prevent");
  const word = useWord();
  return (
    <span className="outcome-line">
      <Tooltip title={word("prevent:outcome", `${outcome}.hint`)} mouseEnterDelay={0.4}>
        <span className={large ? "outcome outcome-large" : "outcome"} data-outcome={released ? "released" : outcome}>
          {released ? <CheckOutlined /> : <i />}
          {released ? t("outcome.released") : word("prevent:outcome", outcome)}
        </span>
      </Tooltip>
      {fallback && (
        <Tooltip title={t("fallback.hint", { why: fallback })}>
          <span className="chip chip-warn">{t("fallback")}</span>
        </Tooltip>
      )}
    </span>
  );
}
