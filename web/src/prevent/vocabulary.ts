// The words of this room as the API defines them. A member added or taken away there stops the compiler here.
import type { Schemas } from "../api/client";

export type DecisionRow = Schemas["Decision"];
export type DecisionDetail = Schemas["DecisionDetail"];
export type ReasonDetail = DecisionDetail["reasons"][number];
export type Value = DecisionDetail["values"][number];
export type Ruleset = Schemas["Ruleset"];
export type Rule = Ruleset["rules"][number];
export type Velocity = Ruleset["velocities"][number];
export type Subject = Schemas["Subject"];
export type Outcome = DecisionRow["outcome"];
export type Kind = DecisionRow["kind"];
export type Typology = NonNullable<ReasonDetail["typology"]>;

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

export const KINDS = all<Kind>({
  "application.submitted": true,
  "account.login": true,
  "account.changed": true,
  "loan.drawn": true,
  "repayment.posted": true,
  "card.transaction": true,
  "call.recorded": true,
  "complaint.received": true,
  "document.submitted": true,
  "post.observed": true,
  "message.received": true,
  "agreement.submitted": true,
});
