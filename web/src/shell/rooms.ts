// The rooms of the house in the order money moves, with the pages each has today. A room without pages is not shown.
import type { LinkProps } from "@tanstack/react-router";
import { preventPages } from "../prevent/pages";

export interface Page {
  to: NonNullable<LinkProps["to"]>;
  id: "decisions" | "holds";
  key: string; // pressed after g
}

export interface Room {
  id: "prevent" | "handle" | "improve";
  pages: readonly Page[];
}

// Command is one line of the palette.
export interface Command {
  id: string;
  label: string;
  hint?: string;
  run: () => void;
}

const house: readonly Room[] = [
  { id: "prevent", pages: preventPages },
  { id: "handle", pages: [] },
  { id: "improve", pages: [] },
];

export const rooms = house.filter((room) => room.pages.length > 0);
