// Package complaint handles what people complain of, on the clock the law gives, whoever wrote the letter.
//
// A [Complaint] begins with an event complaint.received and lives as a list of [Act]s: who did what, when. Its [State] follows
// from the acts alone ([State.Apply]); rows are a projection of it. What the law asks for stands in two kinds of data: package
// law has the clocks, routes.yaml says which of them a category and a channel start, whether the channel's portal must be
// answered too, and which letters there are.
//
// # Invariants
//
//   - The clock never stops because of suspicion. [Duties] takes nothing that knows of suspicion, and what triage finds is kept
//     beside the complaint, not in it. An earlier date on the transfer sheet wins over every clock; an extension lengthens only
//     the clocks that know it, and only before they have run out.
//   - Letters never mention suspicion: they are filled from [LetterFields], which has no place for it, and words that accuse are
//     refused.
//   - Nothing closes without proof of delivery (送达), and of the portal's answer where the channel has one. A repeat that is
//     merged closes with the complaint it was merged into, which takes over its earlier date.
//   - A complaint through a representative is not decided before the authorisation was checked (original, call-back to the
//     enrolled number); whoever is found not to be authorised is told so, and the person keeps every right.
//   - An extension that the law ties to an approval takes a second person, enforced by the database.
//
// Events in: event.recorded and decision.made of complaint.received. Events out: complaint.opened, complaint.acted (subject: the
// complaint's id).
package complaint
