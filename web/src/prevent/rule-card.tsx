import { Skeleton } from "antd";
import { useTranslation } from "react-i18next";
import { inLanguage } from "../shell/i18n";
import { useProblemText } from "../shell/problem";
import { useWord } from "../shell/word";
import { OutcomeTag } from "./outcome";
import { ValueTable } from "./value-table";
import type { Reason, Rule, Ruleset } from "./vocabulary";

interface Props {
  kind: string; // of the decided event
  reason: Reason;
  rule?: Rule;
  ruleset?: Ruleset;
  problem?: unknown; // why there is no ruleset
  onValue: (name: string) => void;
}

// RuleCard shows a rule as it was published, and the values it read in this decision.
export function RuleCard({ kind, reason, rule, ruleset, problem, onValue }: Props) {
  const { t, i18n } = useTranslation("prevent");
  const word = useWord();
  const say = useProblemText();
  return (
    <div className="rule">
      {problem ? <p className="muted">{t("rule.unavailable", { why: say(problem) })}</p> : null}
      {!ruleset && !problem && <Skeleton active title={false} paragraph={{ rows: 3 }} />}
      {ruleset && !rule && <p className="muted">{t("rule.unknown")}</p>}
      {rule && (
        <>
          <div className="rule-head">
            <strong>{inLanguage(rule.title, i18n.language)}</strong>
            <span className="mono faint">{rule.id}</span>
            {rule.outcome && (
              <span className="rule-outcome muted">
                {t("rule.outcome")} <OutcomeTag outcome={rule.outcome} />
              </span>
            )}
          </div>
          <pre className="expression">{rule.when.trim()}</pre>
          <dl className="facts rule-facts">
            <dt>{t("rule.on")}</dt>
            <dd>{rule.on.map((name) => word("intake:kind", name)).join(t("comma"))}</dd>
            <dt>{t("rule.source")}</dt>
            <dd>{rule.source}</dd>
            {rule.false_positive && (
              <>
                <dt title={t("rule.falsePositive.hint")}>{t("rule.falsePositive")}</dt>
                <dd>{rule.false_positive}</dd>
              </>
            )}
          </dl>
        </>
      )}
      <h3>{t("values.read")}</h3>
      <ValueTable kind={kind} values={reason.values} ruleset={ruleset} onValue={onValue} />
    </div>
  );
}
