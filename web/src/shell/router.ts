import { createRouter } from "@tanstack/react-router";
import { createElement } from "react";
import { textRoutes } from "../improve/text/routes";
import { intakeRoutes } from "../intake/routes";
import { preventRoutes } from "../prevent/routes";
import { ProblemView } from "./problem";
import { rootRoute } from "./root";
import { parseSearch, stringifySearch } from "./search";

export const router = createRouter({
  routeTree: rootRoute.addChildren([...preventRoutes, ...intakeRoutes, ...textRoutes]),
  parseSearch,
  stringifySearch,
  defaultErrorComponent: ({ error, reset }) => createElement(ProblemView, { error, retry: reset }),
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
  // What belongs to a view but not into its address: a phone or ID number that was searched for.
  interface HistoryState {
    identifier?: string;
  }
}
