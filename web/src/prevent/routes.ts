import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { rootRoute } from "../shell/root";
import { text } from "../shell/search";
import { approvalsRoute } from "./approvals/routes";
import { type DecisionFilters, readFilters } from "./filters";
import { listRoutes } from "./lists/routes";
import { modelRoutes } from "./models/routes";
import { overviewRoute } from "./overview/routes";
import { ruleRoutes } from "./rules/routes";

const home = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/overview", replace: true });
  },
});

export const decisionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/decisions",
  validateSearch: readFilters,
  component: lazyRouteComponent(() => import("./decisions"), "Decisions"),
});

// A decision keeps the filters of the list it was opened from (in names another list), so that the next one is a key away.
// reason is the opened
// rule, value the velocity value whose events are shown.
export const decisionRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/decisions/$id",
  validateSearch: (
    search: Record<string, unknown>,
  ): DecisionFilters & { in?: "holds"; reason?: string; value?: string } => ({
    ...readFilters(search),
    in: search.in === "holds" ? "holds" : undefined,
    reason: text(search.reason),
    value: text(search.value),
  }),
  component: lazyRouteComponent(() => import("./decision"), "Decision"),
});

export const holdsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/holds",
  component: lazyRouteComponent(() => import("./holds"), "Holds"),
});

export const preventRoutes = [
  home,
  overviewRoute,
  decisionsRoute,
  decisionRoute,
  holdsRoute,
  ...ruleRoutes,
  ...listRoutes,
  ...modelRoutes,
  approvalsRoute,
] as const;
