// Package discourse finds what a text does rather than what it names: demand, threat and offer of withdrawal in one (C3),
// a ladder of channels (C5), money for withdrawal (P1), refusal of direct contact, phrases in a coached order, and the
// statutes it lists, in their order.
//
// The patterns are versioned data (data/patterns.yaml): stages, each a set of expressions over the compact view of the
// text, and how they must stand together. Signals carry the raw spans of their stages.
//
// Invariants: expressions are RE2, so time is linear in the text; at most [MaxText] bytes are read; a pattern speaks only
// of the kinds of author it names. A pattern is one family of evidence and never a verdict: an angry customer with a true
// grievance can meet one. Scores are set by judgement and say so in the data.
//
// The package takes and emits no events.
package discourse
