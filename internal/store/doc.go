// Package store is the only system of record: SQL on SQLite (embedded) or PostgreSQL (scale-out) through one SQL text.
//
// Commands. [DB.Write] hands a function to the writer and returns after commit: a nil error means the rows are on disk.
// A writer takes up to 256 waiting commands into one transaction (group commit). There is one writer per database on
// SQLite and one per tenant on PostgreSQL, so what a command reads and decides inside its function is already in commit
// order: the writer is the tenant's sequencer. The writer uses its own context; a caller that goes away takes nothing
// with it. A command that fails, panics or violates a constraint is undone alone.
//
// Sequence. [Tx.Emit] gives an outbox row the tenant's next seq. On PostgreSQL the counter row stays locked until
// commit, so seq order is commit order and a consumer that reads "seq > cursor" skips nothing, whichever process wrote.
// The outbox has no gaps: a command that is undone gives its numbers back.
//
// Leases. On PostgreSQL a process may use what it keeps in memory of a tenant while it holds the tenant's lease only
// ([DB.RequireLeases], [Tx.Held]).
//
// Memory. A command that changes memory registers the way back with [Tx.OnUndo]; undos run in reverse order when the
// command or its whole transaction is rolled back. A command's function may therefore run more than once.
//
// Tenants. Every statement run through a [Tx] gets the tenant as $1 and must restrict each table it names with
// "tenant = $1"; one that does not is refused before it reaches the database.
//
// Both engines run the same text. The differences and the traps that stay silent on one of them are listed in
// docs/design/store.md; storetest.Each runs a test on both.
package store
