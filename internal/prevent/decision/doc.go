// Package decision turns a ruleset, the facts of one event and the signals about it into an outcome with reasons.
//
// A [Ruleset] is versioned YAML: rules as expressions over the event, its entities' profile, velocities, lists and signals, with
// typology, evidence family, polarity, weight and reason text, and the thresholds that turn a score into an outcome. [Parse] reads
// it and names every problem with its line; [Compile] checks it against the field [Catalogue] and gives an immutable [Program];
// an [Evaluator] decides events one at a time; a [Trace] is what is kept of a decision.
//
// # Invariants
//
//   - Deciding is pure: no clock, no I/O, no randomness. A shadow changes no outcome. Equal inputs give equal results and an equal [Digest].
//   - Unknown is never suspicious and never a silent miss: a rule that reads something absent is "not evaluable" and says what
//     was missing; only ?? and has() read an absent thing on purpose.
//   - Hardship subtracts from suspicion. No single family of evidence brings more than a review, unless a rule states a fact (hard).
//   - A failing rule harms no other rule and no decision.
//
// # Scoring
//
// The score is the sum of the weights of the suspicion rules that fired, less those of the hardship rules that fired, at least 0.
// The outcome is found in five steps:
//
//  1. the most severe outcome whose threshold the score reaches, else pass;
//  2. raised to the most severe outcome that a fired suspicion rule names itself, where the score is above 0: hardship that
//     outweighs all suspicion cancels these too;
//  3. capped at review where the fired suspicion rules come from fewer than two independent families. Independent are voice, text,
//     document, behaviour, link and social; what the process family says is read from texts and stands with none;
//  4. raised to the most severe outcome of a fired rule marked hard. Hard marks a fact, such as an entry of a list that a person
//     confirmed: neither the cap nor hardship touches it;
//  5. lowered to what the decision point of the event kind allows at most (at_most), where it says so.
//
// # Life cycle
//
// A published version is a draft until it is put on a stage: shadow (evaluated beside the live version on every decided event, its
// result recorded and nothing else), rollout (decides for a percentage of customers) or live (decides for everyone else). Who is
// in a rollout follows from the hash of the subject's blind key and the ruleset's id alone: see [InRollout]. An earlier version
// made live again is a rollback. A rollout and going live take two people, of whom one is not the author; so do changes of lists
// by people, and snoozes, which tell a rule not to speak for a while. Requests are approvals of package audit, and take effect in
// the transaction that closes them.
//
// Stages, lists and snoozes change by entries of the outbox, so that they have a seq like events. All of a tenant's decisions run
// through one lane: the programs deployed after some seq, each with windows of its own, the lists and the snoozes. Live decisions, rebuild,
// replay and backtest drive the same lane. A version's windows hold the whole record however late it was deployed, and are not
// shared, so that what it says never depends on what else is deployed; each deployed version costs its own windows in memory.
//
// A backtest runs the record through a lane that holds the candidate and the live version from the first event on. What a version
// says there about an event is what it says live.
//
// Events in: every kind of event, through the service. Events out: event.recorded, decision.made, ruleset.published,
// ruleset.activated, ruleset.staged, list.changed, rule.snoozed, hold.released, contact.recorded.
package decision
