import type { Page } from "../shell/rooms";

export const preventPages: readonly Page[] = [
  { to: "/overview", id: "overview", key: "o", needs: "decisions:read" },
  { to: "/decisions", id: "decisions", key: "d", needs: "decisions:read" },
  { to: "/holds", id: "holds", key: "h", needs: "decisions:read" },
  { to: "/rules", id: "rules", key: "r", needs: "rulesets:read" },
  { to: "/backtests", id: "backtests", key: "b", needs: "rulesets:read" },
  { to: "/snoozes", id: "snoozes", key: "s", needs: "rulesets:read" },
  { to: "/lists", id: "lists", key: "l", needs: "lists:read" },
  { to: "/models", id: "models", key: "m", needs: "models:read" },
  { to: "/approvals", id: "approvals", key: "a", needs: "lists:read" },
];
