import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import type { Stage } from "./vocabulary";

// StageTag says where a version stands.
export function StageTag({ stage, percent }: { stage: Stage; percent?: number }) {
  const { t } = useTranslation("rules");
  return (
    <Tooltip title={t(`stage.${stage}.hint`)} mouseEnterDelay={0.4}>
      <span className="stage" data-stage={stage}>
        {t(`stage.${stage}`)}
        {percent ? <b className="figures">{percent}%</b> : null}
      </span>
    </Tooltip>
  );
}
