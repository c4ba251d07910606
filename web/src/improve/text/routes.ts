import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../../shell/root";
import { oneOf, text } from "../../shell/search";

export const CANDIDATE_STATES = ["new", "proposed", "confirmed", "rejected"] as const;

// A text that is pasted never stands in the address.
const readerRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/texts",
  component: lazyRouteComponent(() => import("./reader"), "Reader"),
});

export const discoveryRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/discovery",
  validateSearch: (
    search: Record<string, unknown>,
  ): { state?: (typeof CANDIDATE_STATES)[number]; candidate?: string } => ({
    state: oneOf(search.state, CANDIDATE_STATES),
    candidate: text(search.candidate),
  }),
  component: lazyRouteComponent(() => import("./discovery"), "Discovery"),
});

export const familiesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/families",
  validateSearch: (search: Record<string, unknown>): { sort?: "size"; family?: string } => ({
    sort: oneOf(search.sort, ["size"] as const),
    family: text(search.family),
  }),
  component: lazyRouteComponent(() => import("./families"), "Families"),
});

const lexiconRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/lexicon",
  component: lazyRouteComponent(() => import("./lexicon"), "Lexicon"),
});

const contactsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/contacts",
  component: lazyRouteComponent(() => import("./contacts"), "Contacts"),
});

export const textRoutes = [readerRoute, discoveryRoute, familiesRoute, lexiconRoute, contactsRoute] as const;
