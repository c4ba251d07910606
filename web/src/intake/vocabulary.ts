// The words of this room as the API defines them.
import type { Answer } from "../api/client";

export type EventView = Answer<"/v1/events/{id}">;
export type EntityView = EventView["entities"][number];

// KINDS are the event kinds, in the order in which a loan meets them.
export const KINDS = [
  "application.submitted",
  "account.login",
  "account.changed",
  "loan.drawn",
  "repayment.posted",
  "card.transaction",
  "call.recorded",
  "complaint.received",
  "document.submitted",
  "post.observed",
  "message.received",
  "agreement.submitted",
] as const;

export type Kind = (typeof KINDS)[number];
