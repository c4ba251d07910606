// Package audit keeps approvals: what one person asks for and others must agree to before it takes effect (four eyes).
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
