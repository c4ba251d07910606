import { RightOutlined } from "@ant-design/icons";
import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { signed } from "../shell/format";
import { inLanguage } from "../shell/i18n";
import { FamilyChip, TypologyChip } from "./chips";
import { RuleCard } from "./rule-card";
import type { Reason, Ruleset } from "./vocabulary";

interface Props {
  kind: string; // of the decided event
  reasons: Reason[];
  ruleset?: Ruleset;
  problem?: unknown; // why there is no ruleset
  opened?: string;
  onOpen: (rule?: string) => void;
  onValue: (name: string) => void;
}

// ReasonList is the decision in words. Opening a reason shows the rule that spoke and what it read.
export function ReasonList({ kind, reasons, ruleset, problem, opened, onOpen, onValue }: Props) {
  const { t, i18n } = useTranslation("prevent");
  if (reasons.length === 0) return <p className="panel-pad muted">{t("reasons.none.hint")}</p>;
  const heaviest = Math.max(...reasons.map((r) => Math.abs(r.weight)), 1);
  return (
    <ol className="reasons">
      {reasons.map((reason) => {
        const open = reason.rule === opened;
        return (
          <li key={reason.rule} data-polarity={reason.polarity}>
            <button
              type="button"
              className="reason"
              aria-expanded={open}
              onClick={() => onOpen(open ? undefined : reason.rule)}
            >
              <RightOutlined className="reason-arrow" />
              <Tooltip title={t(`polarity.${reason.polarity}`)} mouseEnterDelay={0.4}>
                <span className="reason-weight figures">
                  {signed(reason.weight, reason.polarity)}
                  <i style={{ width: `${(Math.abs(reason.weight) / heaviest) * 100}%` }} />
                </span>
              </Tooltip>
              <span className="reason-text">{inLanguage(reason.text, i18n.language)}</span>
              <span className="reason-tags">
                <TypologyChip typology={reason.typology} />
                <FamilyChip family={reason.family} />
                <span className="mono faint reason-rule">{reason.rule}</span>
              </span>
            </button>
            {open && (
              <RuleCard
                kind={kind}
                reason={reason}
                rule={ruleset?.rules.find((r) => r.id === reason.rule)}
                ruleset={ruleset}
                problem={problem}
                onValue={onValue}
              />
            )}
          </li>
        );
      })}
    </ol>
  );
}
