// Package jobs runs work that outlives a request: durable, retried, seen and stopped by people.
//
// A job is added in the caller's transaction ([Service.Enqueue]): it exists if and only if that transaction commits. The
// same kind and key are the same job for as long as it is kept. A process that calls [Service.Run] takes waiting jobs under
// a lease, which it renews while the handler runs. A process that dies is no matter: its leases run out and others take
// over.
//
// Exactly once. A handler may run more than once, its effects may not be seen more than once: effects go through
// [Run.Commit], which stores them and ends the job in one transaction, or [Run.Step], which stores them with a checkpoint
// that the next attempt starts from. Both are refused ([ErrLost]) to a run whose lease was taken over, however late it
// comes, because every claim has its own token. Effects outside the database (a message sent) happen at least once.
//
// Failure. An error is tried again with growing, jittered pauses, up to the job's attempts; then, or at once where trying
// again is of no use (invalid, forbidden, not_found), the job is dead and waits for a person ([Service.Retry]). An attempt
// that ends with its process counts, so that a job that kills processes ends too.
//
// Periodic work ([Service.Every]) is one job for each slot of its schedule and tenant, however many processes run.
//
// Payloads, checkpoints, notes and results hold ids and codes, never personal data: they are not sealed.
//
// Events out: job.requested (where a person or key asked), job.dead, job.retried, job.cancelled (subject: the job's id).
package jobs
