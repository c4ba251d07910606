import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../../shell/root";
import { oneOf, text } from "../../shell/search";
import { STATES, type State } from "./queries";

export const approvalsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/approvals",
  validateSearch: (search: Record<string, unknown>): { state?: State; id?: string } => ({
    state: oneOf(search.state, STATES),
    id: text(search.id),
  }),
  component: lazyRouteComponent(() => import("./approvals"), "Approvals"),
});
