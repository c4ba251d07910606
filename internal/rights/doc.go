// Package rights is the desk of people's rights: what the platform holds of a person is found, exported, restricted and erased in one place,
// requests are tracked to an answer, and what the law or a case forbids to erase is named.
//
// The desk reads no other package's tables. Whoever holds something of people is a [Holder]; one of them, the [Directory], knows who is who.
// A person is named by a blind key, so that addresses, logs and the audit chain name nobody.
//
// # Erasure
//
// It takes two people (an approval of kind [KindErasure]) and is refused while a [Hold] stands: a period of the law, or a case. In one
// transaction the directory says which events are the person's and which events of others mention the person ([Erasure]), every holder
// takes out what it has, and the person's data keys are destroyed. Keys of the blind index that nobody else's event mentions are replaced by
// random ones, so that what was counted stays counted, under a name that nobody can find.
//
// A [Tombstone] stays: ids of the destroyed keys, which are random. It is kept in the record and in a ledger beside the keys, outside every
// backup of the record. A record that lacks a tombstone of the ledger was restored from an older copy: [Service.Reapply] erases again before
// anything else is served.
//
// # Invariants
//
//   - Nobody else's decisions, audit chain or replay change by an erasure; replay names and skips what it cannot decide any more.
//   - The chain and the outbox name a person's request by its own id, never by a blind key.
//   - Retention periods and days to answer are data with version and source (data/retention.yaml).
//
// Events in: none. Events out: person.erased, person.exported, person.restricted, person.released, person.request, person.hold,
// person.basis (subject: the id of the request, hold or basis).
package rights
