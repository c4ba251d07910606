import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../../shell/root";
import { oneOf } from "../../shell/search";

export const PERIODS = ["7", "14", "30", "90"] as const;

export const overviewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/overview",
  validateSearch: (search: Record<string, unknown>): { days?: (typeof PERIODS)[number]; pass?: "1" } => ({
    days: oneOf(search.days, PERIODS),
    pass: search.pass === "1" ? "1" : undefined,
  }),
  component: lazyRouteComponent(() => import("./overview"), "OverviewPage"),
});
