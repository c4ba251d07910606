import { useQuery } from "@tanstack/react-query";
import { Skeleton, Tooltip } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { count, milliseconds, share } from "../shell/format";
import type { DecisionFilters } from "./filters";
import { summary } from "./queries";
import { useRuleTitle } from "./rule-title";

interface Props {
  filters: DecisionFilters;
  onRule: (rule: string) => void;
}

// SummaryStrip gives the figures of the period, each with its unit and what it means.
export function SummaryStrip({ filters, onRule }: Props) {
  const { t, i18n } = useTranslation("prevent");
  const { data, isPending } = useQuery(summary(filters));
  const title = useRuleTitle();
  if (isPending) return <Skeleton.Input className="summary-wait" active block />;
  if (!data) return null; // the list says what is wrong
  const n = (value: number) => count(value, i18n.language);
  const top = [...data.by_rule].sort((a, b) => b.n - a.n).slice(0, 3);
  return (
    <dl className="summary">
      <Figure label={t("summary.events")} hint={t("summary.events.hint")} unit={t("summary.events.unit")}>
        {n(data.events)}
      </Figure>
      <Figure label={t("summary.decisions")} hint={t("summary.decisions.hint")} unit={t("summary.decisions.unit")}>
        {n(data.decisions)}
      </Figure>
      <Figure label={t("summary.latency")} hint={t("summary.latency.hint")} unit="ms">
        {(["p50", "p95", "p99"] as const).map((p) => (
          <span key={p} className="percentile">
            <small>{p}</small>
            {data.decisions > 0 ? milliseconds(data.latency_us[p]) : "–"}
          </span>
        ))}
      </Figure>
      {top.length > 0 && (
        <div className="summary-rules">
          <Tooltip title={t("summary.rules.hint")}>
            <dt>{t("summary.rules")}</dt>
          </Tooltip>
          <dd>
            {top.map(({ name: rule, n: hits }) => (
              <Tooltip
                key={rule}
                title={t("summary.rule.hint", {
                  rule,
                  hits: n(hits),
                  share: share(hits, data.decisions, i18n.language),
                })}
              >
                <button type="button" className="rule-hit" onClick={() => onRule(rule)}>
                  {title(rule)}
                  <b className="figures">{n(hits)}</b>
                </button>
              </Tooltip>
            ))}
          </dd>
        </div>
      )}
    </dl>
  );
}

function Figure({ label, hint, unit, children }: { label: string; hint: string; unit: string; children: ReactNode }) {
  return (
    <div>
      <Tooltip title={hint}>
        <dt>{label}</dt>
      </Tooltip>
      <dd className="figures">
        {children} <small>{unit}</small>
      </dd>
    </div>
  );
}
