// Package keys keeps what is personal unreadable without the installation's key.
//
// Three levels: a key-encryption key (KEK) outside the database, a wrapping key and a blinding key per tenant, and data
// keys per person. [Person.Seal] seals bytes under a person's data key; destroying the person's keys makes all of them
// unreadable, backups included. [Ring.Blind] gives the blind index of a value: equal values have equal indexes within a
// tenant and a kind, and an index tells nothing without the tenant's key.
//
// A person may have several data keys (two processes may make one at the same time); a sealed value names its own, so
// none of them is ever overwritten.
//
// Sealed form: version 1 (1 byte) ‖ key id (8) ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag. The additional data binds
// it to its tenant and place, so that a sealed value moved to another row does not open.
package keys
