import { Link } from "@tanstack/react-router";
import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { StageTag } from "../rules/stage-tag";
import type { Scores } from "./queries";

// Uses says which deployed rulesets name a model, and as what.
export function Uses({ uses }: { uses: Scores["uses"] }) {
  const { t } = useTranslation("models");
  const { t: rules } = useTranslation("rules");
  if (uses.length === 0) return <span className="faint">{t("used.none")}</span>;
  return (
    <span className="uses">
      {uses.map((u) => (
        <span key={`${u.ruleset.id}@${u.ruleset.version} ${u.model} ${u.role}`}>
          <StageTag stage={u.stage} percent={u.percent} />{" "}
          <Link to="/rules/$id/$version" params={{ id: u.ruleset.id, version: String(u.ruleset.version) }}>
            {rules("version", u.ruleset)}
          </Link>{" "}
          <Tooltip title={t(`role.${u.role}.hint`)}>
            <span className="chip chip-plain">
              {t(`role.${u.role}`)} · {u.model}
            </span>
          </Tooltip>
        </span>
      ))}
    </span>
  );
}
