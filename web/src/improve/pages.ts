import type { Page } from "../shell/rooms";

export const improvePages: readonly Page[] = [
  { to: "/texts", id: "texts", key: "t", needs: "intel:read" },
  { to: "/discovery", id: "discovery", key: "n", needs: "intel:read" },
  { to: "/families", id: "families", key: "f", needs: "intel:read" },
  { to: "/lexicon", id: "lexicon", key: "x", needs: "intel:read" },
  { to: "/contacts", id: "contacts", key: "c", needs: "intel:read" },
];
