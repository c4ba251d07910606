import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../../shell/root";

const modelsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/models",
  component: lazyRouteComponent(() => import("./models"), "Models"),
});

export const modelRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/models/$version",
  component: lazyRouteComponent(() => import("./model"), "ModelPage"),
});

export const modelRoutes = [modelsRoute, modelRoute] as const;
