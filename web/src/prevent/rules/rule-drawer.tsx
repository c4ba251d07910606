import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button, Drawer } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { clock } from "../../shell/format";
import { inLanguage } from "../../shell/i18n";
import { useNarrow } from "../../shell/narrow";
import { useMay } from "../../shell/session";
import { useWord } from "../../shell/word";
import { FamilyChip, TypologyChip } from "../chips";
import { OutcomeTag } from "../outcome";
import { useVelocityText } from "../velocity";
import type { Rule, Ruleset } from "../vocabulary";
import { snoozes } from "./queries";
import { SnoozeDialog } from "./snooze-dialog";
import { Weight } from "./weight";

interface Props {
  rule?: Rule;
  ruleset: Ruleset;
  onClose: () => void;
}

// RuleDrawer shows one rule as it is in force, and what can be done about it.
export function RuleDrawer({ rule, ruleset, onClose }: Props) {
  const { i18n } = useTranslation();
  const narrow = useNarrow();
  return (
    <Drawer
      open={rule !== undefined}
      onClose={onClose}
      placement={narrow ? "bottom" : "right"}
      size={narrow ? "82%" : 560}
      title={rule && inLanguage(rule.title, i18n.language)}
    >
      {rule && <RuleDetail rule={rule} ruleset={ruleset} />}
    </Drawer>
  );
}

function RuleDetail({ rule, ruleset }: { rule: Rule; ruleset: Ruleset }) {
  const { t, i18n } = useTranslation("rules");
  const { t: say } = useTranslation("prevent");
  const word = useWord();
  const mayWrite = useMay("rulesets:write");
  const [asking, setAsking] = useState(false);
  const silent = useQuery(snoozes).data?.items.filter((z) => z.rule === rule.id) ?? [];
  const read = ruleset.velocities.filter((v) => new RegExp(`\\bvelocity\\.${v.id}\\b`).test(rule.when));
  const describe = useVelocityText();
  return (
    <div className="rule-detail">
      <p className="rule-tags">
        <Weight weight={rule.weight} polarity={rule.polarity} />
        <TypologyChip typology={rule.typology} />
        <FamilyChip family={rule.family} />
        {rule.outcome && <OutcomeTag outcome={rule.outcome} />}
        {rule.hard && (
          <span className="chip chip-plain" title={t("rule.hard.hint")}>
            {t("rule.hard")}
          </span>
        )}
        <span className="mono faint">{rule.id}</span>
      </p>
      {silent.map((z) => (
        <p key={z.id} className="callout" data-tone="warn">
          {t("rule.snoozed.hint", { until: clock(z.expires_at), reason: z.reason })}
        </p>
      ))}
      <h3>{t("rule.expression")}</h3>
      <pre className="expression">{rule.when.trim()}</pre>
      {read.length > 0 && (
        <ul className="rule-reads">
          {read.map((v) => (
            <li key={v.id}>
              <span className="mono">velocity.{v.id}</span> <span className="muted">{describe(v)}</span>
            </li>
          ))}
        </ul>
      )}
      <h3>{t("rule.reason")}</h3>
      <p>{inLanguage(rule.reason, i18n.language)}</p>
      <dl className="facts">
        <dt>{t("column.on")}</dt>
        <dd>{rule.on.map((kind) => word("intake:kind", kind)).join(say("comma"))}</dd>
        <dt>{say("rule.source")}</dt>
        <dd>{rule.source}</dd>
        {rule.false_positive && (
          <>
            <dt title={say("rule.falsePositive.hint")}>{say("rule.falsePositive")}</dt>
            <dd>{rule.false_positive}</dd>
          </>
        )}
      </dl>
      <div className="rule-actions">
        <Link to="/rules/edit" search={{ rule: rule.id }}>
          <Button type="primary">{t("rule.edit")}</Button>
        </Link>
        <Link to="/decisions" search={{ rule: rule.id }}>
          <Button>{t("rule.decisions")}</Button>
        </Link>
        {mayWrite && <Button onClick={() => setAsking(true)}>{t("rule.snooze")}</Button>}
      </div>
      {asking && <SnoozeDialog rule={rule} onClose={() => setAsking(false)} />}
    </div>
  );
}
