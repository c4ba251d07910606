// Package audit keeps two things: the chain of who did what, and approvals.
//
// # The chain
//
// Each tenant has a chain of [Entry]s, each with the hash of the one before. What people and keys do leaves an entry in the very transaction
// that does it: a caller states its [Intent] with [Acting], and every command under that context that emits something to the outbox appends
// one; [Append] does it by hand. What machines send (events, decisions) leaves no entry of its own, for a row per decision would be paid on
// the hot path: a [Keeper] takes the outbox into the chain in stretches of thousands, with the hash over each ([OutboxSealed]). It also
// publishes signed heads ([Head]) outside the database, by which a chain that was cut off at its end is known.
//
// The database refuses to change or delete an entry, and to add one out of order. Whoever has the rights to take those guards away is found
// by [Verify], which names the entry.
//
// # Approvals
//
// What one person asks for and others must agree to before it takes effect (four eyes).
//
// An [Approval] names what is asked (kind, subject, payload with its hash), who asks, who made the thing that is asked
// for, how many people must agree, and until when. The package knows nothing of what is approved: whoever asked for it
// applies it in the transaction that closes the approval.
//
// # Invariants
//
//   - Nobody agrees to what he asked for or made, and nobody agrees twice. The database itself refuses such a vote: a
//     vote carries copies of requester and maker, a foreign key ties them to the approval, a check compares them with
//     the voter, and the primary key allows one vote per person.
//   - Only people vote: no key and no system does.
//   - An approval is closed once: approved by its quorum, rejected by one, or expired. A closed one takes no votes.
//
// Events in: none. Events out: approval.requested, approval.voted, approval.approved, approval.rejected; subject: the
// approval's id.
package audit
