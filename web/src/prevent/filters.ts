// The filters of the decisions stream as they stand in the address. What is not understood is dropped, never guessed.
import dayjs from "dayjs";
import { KINDS, type Kind } from "../intake/vocabulary";
import { oneOf, text } from "../shell/search";
import { OUTCOMES, type Outcome, TYPOLOGIES, type Typology } from "./vocabulary";

export const RANGES = ["1h", "24h", "7d", "30d"] as const;
export type Range = (typeof RANGES)[number];

export interface DecisionFilters {
  outcome?: Outcome;
  kind?: Kind;
  rule?: string;
  typology?: Typology;
  q?: string;
  range?: Range; // a moving window up to now; excludes from and to
  from?: string; // first and last day, YYYY-MM-DD, in the reader's time zone
  to?: string;
}

export function readFilters(search: Record<string, unknown>): DecisionFilters {
  const range = oneOf(search.range, RANGES);
  return given({
    outcome: oneOf(search.outcome, OUTCOMES),
    kind: oneOf(search.kind, KINDS),
    rule: text(search.rule),
    typology: oneOf(search.typology, TYPOLOGIES),
    q: text(search.q),
    range,
    from: range ? undefined : day(search.from),
    to: range ? undefined : day(search.to),
  });
}

// period gives the half-open interval [from, to) that the filters mean, as the API takes it.
export function period(filters: DecisionFilters, now: Date = new Date()): { from?: string; to?: string } {
  if (filters.range) {
    const amount = Number.parseInt(filters.range, 10);
    const unit = filters.range.endsWith("h") ? "hour" : "day";
    return { from: dayjs(now).subtract(amount, unit).toISOString() };
  }
  return given({
    from: filters.from && dayjs(filters.from).startOf("day").toISOString(),
    to: filters.to && dayjs(filters.to).add(1, "day").startOf("day").toISOString(),
  });
}

// isPersonal reports whether a search text is, by its shape, a number that identifies a person: phone, ID or bank card.
// Such a text is kept in the history entry and never in the address, which ends up in histories, logs and messages.
export function isPersonal(q: string): boolean {
  return /^\+?\d{7,}[\dXx]$/.test(q.replace(/[\s()-]/g, ""));
}

// lookUp is the place where a search for q is shown.
export function lookUp(q: string): { search: { q?: string }; state: { identifier?: string } } {
  const trimmed = q.trim();
  return isPersonal(trimmed)
    ? { search: {}, state: { identifier: trimmed } }
    : { search: given({ q: trimmed || undefined }), state: {} };
}

function day(value: unknown): string | undefined {
  const given = text(value);
  return given && /^\d{4}-\d\d-\d\d$/.test(given) && dayjs(given).format("YYYY-MM-DD") === given ? given : undefined;
}

function given<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, v]) => v !== undefined && v !== "")) as T;
}
