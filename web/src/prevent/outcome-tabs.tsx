import { useQuery } from "@tanstack/react-query";
import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { count, share } from "../shell/format";
import type { DecisionFilters } from "./filters";
import { summary } from "./queries";
import { OUTCOMES, type Outcome } from "./vocabulary";

interface Props {
  filters: DecisionFilters;
  onChange: (outcome?: Outcome) => void;
}

// OutcomeTabs filters by outcome and shows how the period's decisions divide.
export function OutcomeTabs({ filters, onChange }: Props) {
  const { t, i18n } = useTranslation("prevent");
  const { data } = useQuery(summary(filters));
  const of = new Map(data?.by_outcome.map(({ name, n }) => [name, n]));
  const total = data?.decisions ?? 0;
  return (
    <div className="outcome-tabs" role="tablist" aria-label={t("filter.outcome")}>
      <Tab chosen={!filters.outcome} label={t("filter.all")} n={data && total} onClick={() => onChange(undefined)} />
      {OUTCOMES.map((outcome) => (
        <Tab
          key={outcome}
          outcome={outcome}
          chosen={filters.outcome === outcome}
          label={t(`outcome.${outcome}`)}
          n={data && (of.get(outcome) ?? 0)}
          hint={`${t(`outcome.${outcome}.hint`)}${data ? ` · ${share(of.get(outcome) ?? 0, total, i18n.language)}` : ""}`}
          onClick={() => onChange(filters.outcome === outcome ? undefined : outcome)}
        />
      ))}
    </div>
  );
}

interface TabProps {
  chosen: boolean;
  label: string;
  outcome?: Outcome;
  n?: number;
  hint?: string;
  onClick: () => void;
}

function Tab({ chosen, label, outcome, n, hint, onClick }: TabProps) {
  const { i18n } = useTranslation();
  return (
    <Tooltip title={hint} mouseEnterDelay={0.4}>
      <button type="button" role="tab" aria-selected={chosen} data-outcome={outcome} onClick={onClick}>
        {outcome && <i />}
        {label}
        {n !== undefined && <span className="figures">{count(n, i18n.language)}</span>}
      </button>
    </Tooltip>
  );
}
