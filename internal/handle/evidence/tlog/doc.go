// Package tlog is the transparency log that proves when the platform held a record, and that nothing was changed, removed or
// put in between since.
//
// A [Log] is a directory of tiles (C2SP tlog-tiles) with an Ed25519 signed checkpoint; one log serves the whole
// installation. What goes in is a [Commitment]: the hash of a salt and a record that are kept elsewhere. A log cannot
// forget, so it never holds what a person may ask to erase; destroying salt and record leaves a leaf that says nothing.
//
// A proof is one text file (C2SP tlog-proof@v1): index, path and checkpoint. [Verify] checks it offline, as do the
// verifiers for strangers that need neither this program nor the log.
//
// Invariants:
//   - [Log.Append] returns after the entries are integrated and on disk. Indexes never change.
//   - The log does not know duplicates: who appends keeps what is in, see [Log.Entries].
//   - A log rewritten with the same key is refused by any earlier checkpoint kept elsewhere: see [Log.Consistency].
//   - One process writes; the directory is locked. It must be a local POSIX file system.
package tlog
