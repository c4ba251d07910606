import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../../shell/root";
import { oneOf } from "../../shell/search";

export const LIST_TABS = ["entries", "history"] as const;

const listsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/lists",
  component: lazyRouteComponent(() => import("./lists"), "Lists"),
});

// A value that is looked for may identify a person, so it never stands in the address.
export const listRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/lists/$list",
  validateSearch: (search: Record<string, unknown>): { view?: (typeof LIST_TABS)[number]; ended?: "1" } => ({
    view: oneOf(search.view, LIST_TABS),
    ended: search.ended === "1" ? "1" : undefined,
  }),
  component: lazyRouteComponent(() => import("./list"), "ListPage"),
});

export const listRoutes = [listsRoute, listRoute] as const;
