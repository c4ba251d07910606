// The rooms of the house in the order money moves, with the pages each has today. A room without pages is not shown.
import type { LinkProps } from "@tanstack/react-router";
import { improvePages } from "../improve/pages";
import { preventPages } from "../prevent/pages";
import { useSession } from "./session";

export interface Page {
  to: NonNullable<LinkProps["to"]>;
  id:
    | "overview"
    | "decisions"
    | "holds"
    | "rules"
    | "backtests"
    | "snoozes"
    | "lists"
    | "models"
    | "approvals"
    | "texts"
    | "discovery"
    | "families"
    | "lexicon"
    | "contacts";
  key: string; // pressed after g
  needs: string; // the permission without which it shows nothing
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
  { id: "improve", pages: improvePages },
];

// useRooms gives the rooms with the pages that the person who is signed in may see.
export function useRooms(): readonly Room[] {
  const permissions = useSession().data?.permissions ?? [];
  return house
    .map((room) => ({ ...room, pages: room.pages.filter((page) => permissions.includes(page.needs)) }))
    .filter((room) => room.pages.length > 0);
}
