import type { Page } from "../shell/rooms";

export const preventPages: readonly Page[] = [
  { to: "/decisions", id: "decisions", key: "d" },
  { to: "/holds", id: "holds", key: "h" },
];
