// Package education has approved material sent to customers who have newly fallen overdue, before an agent finds them, and measures
// what that changes.
//
// A [Programme] is what two people have agreed on: the material, who is due, the share that is held out, and how long effects are looked
// for. Its versions are immutable. The service reads the record: an overdue repayment of a customer who has not been enrolled for a while
// makes an [Enrolment]. Of every hundred customers some are held out: they get nothing and show what would have happened anyway. The rest are
// announced by education.due, which the lender's channels receive as a webhook; they fetch the material and send it in their own name.
//
// The room stands in improve, not in handle: nothing here is about a case; it learns from outcomes and acts on what has not happened yet.
//
// # Invariants
//
//   - Nobody is told anything that two people have not approved, and nobody twice within the programme's pause.
//   - A customer's arm depends on the blind key and the tenant's secret alone: it is the same in every version, and a larger share only adds.
//   - Effects are compared as people were assigned, whether or not the channel reached them, and only of enrolments whose time is up.
//   - Exactly one enrolment for an event, however often the process dies: the cursor and the effects are one transaction.
//   - Rows hold ids and blind keys; what was announced holds ids only.
//
// Events in: repayment.posted, complaint.received, agreement.submitted, message.received, call.recorded of the record.
// Events out: education.programme (subject: version), education.due and education.held (subject: the enrolment's id).
package education
