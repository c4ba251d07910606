import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../shell/root";

export const eventRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/events/$id",
  component: lazyRouteComponent(() => import("./event"), "EventPage"),
});

export const intakeRoutes = [eventRoute] as const;
