import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../../shell/root";
import { oneOf, text } from "../../shell/search";
import { TYPOLOGIES, type Typology } from "../vocabulary";

export const RULE_TABS = ["rules", "velocities", "versions"] as const;
export const VERSION_TABS = ["changes", "backtest", "shadow", "rules", "text"] as const;

export interface RuleFilters {
  view?: (typeof RULE_TABS)[number];
  q?: string;
  typology?: Typology;
  polarity?: "suspicion" | "hardship";
  rule?: string; // the opened one
}

export const rulesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/rules",
  validateSearch: (search: Record<string, unknown>): RuleFilters => ({
    view: oneOf(search.view, RULE_TABS),
    q: text(search.q),
    typology: oneOf(search.typology, TYPOLOGIES),
    polarity: oneOf(search.polarity, ["suspicion", "hardship"] as const),
    rule: text(search.rule),
  }),
  component: lazyRouteComponent(() => import("./rules"), "Rules"),
});

// The editor opens the draft that is kept, else the version named (id@version), else the live one. rule is gone to.
export const editorRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/rules/edit",
  validateSearch: (search: Record<string, unknown>): { from?: string; rule?: string } => ({
    from: text(search.from),
    rule: text(search.rule),
  }),
  component: lazyRouteComponent(() => import("./editor"), "Editor"),
});

export const versionRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/rules/$id/$version",
  validateSearch: (
    search: Record<string, unknown>,
  ): { view?: (typeof VERSION_TABS)[number]; from?: string; rule?: string } => ({
    view: oneOf(search.view, VERSION_TABS),
    from: text(search.from),
    rule: text(search.rule),
  }),
  component: lazyRouteComponent(() => import("./version"), "VersionPage"),
});

export const backtestsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/backtests",
  validateSearch: (search: Record<string, unknown>): { of?: string } => ({ of: text(search.of) }),
  component: lazyRouteComponent(() => import("./backtests"), "Backtests"),
});

export const backtestRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/backtests/$id",
  component: lazyRouteComponent(() => import("./backtest"), "BacktestPage"),
});

export const snoozesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/snoozes",
  component: lazyRouteComponent(() => import("./snoozes"), "Snoozes"),
});

export const ruleRoutes = [rulesRoute, editorRoute, versionRoute, backtestsRoute, backtestRoute, snoozesRoute] as const;

// refOf reads id@version.
export function refOf(text?: string): { id: string; version: number } | undefined {
  const [, id, version] = /^([\w.-]+)@(\d+)$/.exec(text ?? "") ?? [];
  return id && version ? { id, version: Number(version) } : undefined;
}
