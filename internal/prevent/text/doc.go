// Package text reads what people write — complaints, posts, messages, transcripts, agreements — and says what it found as
// signals. It joins the parts below it: normal (views that survive evasion), lexicon (slang, C2), discourse (ways of
// speaking, C3, C5, P1), contact (numbers and accounts in evasive forms), family (near-duplicates, C1 and C4), agreement
// (clauses of illegal service agreements) and classify (intent).
//
// Every text states its author. A signal is a fact about a text, never about a person: slang alone proves nothing, since
// the misled repeat what they read, and a clerk's summaries resemble each other because one clerk wrote them.
//
// The package knows nothing of rules, cases, HTTP or SQL. Events in: any event with texts. Events out: none.
package text
