import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { signed } from "../../shell/format";

// Weight is what a rule adds to the score: hardship subtracts.
export function Weight({ weight, polarity }: { weight: number; polarity: string }) {
  const { t } = useTranslation("prevent");
  return (
    <Tooltip title={t(polarity === "hardship" ? "polarity.hardship" : "polarity.suspicion")} mouseEnterDelay={0.4}>
      <span className="weight figures" data-polarity={polarity}>
        {signed(weight, polarity)}
      </span>
    </Tooltip>
  );
}
