// Package registry keeps the trained models of each tenant: what was uploaded or trained, under the version that its content
// gives it.
//
// Invariants:
//   - A model is immutable and is never removed: what a ruleset names can be loaded as long as the record lives.
//   - A model is kept only after it was read back and verified against its own manifest.
//   - A tenant reaches its own models only.
//
// Models hold no personal data, so that they are not sealed: training takes no personal fields from the record, and who trains on a file
// of their own declares names and numbers of people as ids.
//
// Events in: none. Events out: model.added.
package registry
