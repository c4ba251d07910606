// The words of rulesets as the API defines them.
import type { Answer, Present } from "../../api/client";
import type { components, paths } from "../../api/schema";

export type Version = Answer<"/v1/rulesets">["items"][number];
export type Stage = Version["stage"];
export type Approval = Answer<"/v1/approvals">["items"][number];
export type Backtest = Answer<"/v1/backtests/{id}">;
export type Report = NonNullable<Backtest["report"]>;
export type RuleReport = Report["rules"][number];
export type Snooze = Answer<"/v1/snoozes">["items"][number];
export type Diff = Present<components["schemas"]["DiffView"]>;
export type Draft = Present<components["schemas"]["DraftOutputBody"]>;
export type Problem = Draft["problems"][number];
export type StageAsked =
  paths["/v1/rulesets/{id}/versions/{version}/stage"]["post"]["requestBody"]["content"]["application/json"];
export type BacktestAsked = paths["/v1/backtests"]["post"]["requestBody"]["content"]["application/json"];

export const PARTS = ["rules", "velocities", "models", "lists", "parameters", "thresholds", "decision_points"] as const;

// changes counts what differs, over all parts.
export function changes(diff: Diff): number {
  return PARTS.reduce(
    (n, part) => n + diff[part].added.length + diff[part].removed.length + diff[part].changed.length,
    0,
  );
}
