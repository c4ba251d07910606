// The words of this room as the API defines them. A member added or taken away there stops the compiler here.
import type { Answer } from "../api/client";
import type { paths } from "../api/schema";

export type DecisionRow = Answer<"/v1/decisions">["items"][number];
export type DecisionDetail = Answer<"/v1/decisions/{id}">;
export type Reason = DecisionDetail["reasons"][number];
export type Value = DecisionDetail["values"][number];
export type Ruleset = Answer<"/v1/rulesets/{id}/versions/{version}">;
export type Rule = Ruleset["rules"][number];
export type Velocity = Ruleset["velocities"][number];
export type Subject = DecisionRow["subject"];

type Query = NonNullable<paths["/v1/decisions"]["get"]["parameters"]["query"]>;
export type Outcome = NonNullable<Query["outcome"]>;
export type Typology = NonNullable<Query["typology"]>;

// all turns an exhaustive record into the list of its keys.
const all = <T extends string>(members: Record<T, true>): readonly T[] => Object.keys(members) as T[];

export const OUTCOMES = all<Outcome>({
  pass: true,
  review: true,
  warn: true,
  challenge: true,
  hold: true,
  reject: true,
});

export const TYPOLOGIES = all<Typology>({
  T1: true,
  T2: true,
  T3: true,
  T4: true,
  T5: true,
  T6: true,
  T7: true,
  T8: true,
  T9: true,
});
