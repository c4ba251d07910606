// Package evidence keeps exhibits so that a court, or any stranger, can check them: what was held, since when, who had it in
// hand, and that not one bit was changed.
//
// An [Exhibit] is the raw bytes of a file, hashed on arrival (SHA-256 and SM3) and sealed under the data key of the person it
// is about. Who captured it, with which device and clock, through which channel and from where, stands in a [Record] that is
// written once. A file made from another (a transcript, a crop, a translation) is an exhibit of its own whose record names its
// parent, tool, version and parameters. Everything that happens to an exhibit afterwards (it is viewed, copied, handed over,
// sealed) is a record too: the records of an exhibit are its chain of custody, each naming the commitment of the one before.
//
// Each record has 32 random bytes of salt. The commitment SHA-256(salt ‖ record) goes into the transparency log of package
// tlog, fed by [Service.Feed] from the rows. [Service.Receipt] gives record, salt and proof: enough to check the exhibit
// without this program.
//
// # Invariants
//
//   - An exhibit is acknowledged when its bytes and its first record are on disk; its place in the log follows within a second.
//   - A record enters the log once, however often the process dies in between.
//   - The log holds commitments only. Erasing a person destroys the data key: bytes, records and salts cannot be read any more,
//     the log and every other exhibit's proof stay valid. A hold of the exhibit's matter refuses erasure until it is lifted.
//   - Sealing takes two people, of whom neither may be the same, enforced in the database by package audit. What is sealed
//     stays readable; every access to it is a record.
//
// Events in: none. Events out: exhibit.recorded, exhibit.custody, exhibit.sealed, exhibit.erased.
package evidence
