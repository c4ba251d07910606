// Package keys keeps what is personal unreadable without the installation's key.
//
// Three levels: a key-encryption key ([KEK]) outside the database, a wrapping key and a blinding key per tenant, and data
// keys per person. [Person.Seal] seals bytes under a person's data key; destroying the person's keys ([Ring.Destroy]) makes all of them
// unreadable. [Ring.Blind] gives the blind index of a value: equal values have equal indexes within a tenant and a kind, and an index tells
// nothing without the tenant's key. [Ring.Tokens] gives the blind bigrams of a name, an address or a text, by which parts of it are found.
//
// # Invariants
//
//   - A person may have several data keys (two processes may make one at the same time); a sealed value names its own, so none of them is
//     ever overwritten.
//   - A sealed form names its algorithm and its key, a wrapped key its algorithm and the version of the key that wraps it, a tenant's key
//     the KEK that wraps it. Several of each are readable at once, so that every rotation runs beside the service and can be broken off.
//   - The additional data binds a sealed form to its tenant and place: moved to another row it does not open.
//   - A KEK that does not open a tenant's keys is an error that names both ids; nothing is written then.
//
// Rotation. [Ring.RotateKEK] rewraps the tenants' keys, a few rows; [Ring.RotateTenant] makes a new wrapping key and rewraps the data keys
// in batches. The blinding key is not rotated: every index of the record depends on it.
//
// Events in: none. Events out: kek.rotated, tenant_key.rotated.
package keys
