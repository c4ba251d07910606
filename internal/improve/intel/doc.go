// Package intel is the black/grey base (黑灰产信息库): what the texts of a lender's own record teach about the trade, and what two
// people have confirmed of it.
//
// Three things are confirmed: terms of the tenant's lexicon, templates (of a gang, or innocent), contacts (of agents, or lawful).
// Each is a change that one person asks for and another approves (package audit); it takes effect in the transaction that closes
// the approval and has a seq. All of it at some seq is the tenant's [text.Knowledge], which the text detector adopts: the only way
// back from here to decisions. Signals name the seq and the lexicon's version, and are kept with their event, so that a recorded
// decision explains itself whatever is confirmed later.
//
// Discovery reads the texts of the record for what is new: words that burst, go with suspicious texts and hold together, other
// spellings of known terms, and templates that grow. What it finds waits in a queue of [Candidate]s for an analyst, who has it
// confirmed or rejects it; a rejected one comes back only once it has grown.
//
// # Invariants
//
//   - Nothing that discovery finds speaks in a decision before two people have confirmed it.
//   - Versions of the lexicon are immutable and number from 1 without gaps.
//   - Words are looked for per kind of author; operators' and the lender's own texts only count as ordinary writing.
//   - No text is copied: candidates keep places in events, excerpts are read from them and masked. A template keeps keyed shingles
//     and, sealed under the writer's key, its text.
//   - A run is bounded in texts, in words counted and in candidates; running it twice changes nothing more.
//
// Events in: the record. Events out: knowledge.changed (subject: lexicon@3, a template's or a mark's id), candidate.rejected.
package intel
