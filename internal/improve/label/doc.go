// Package label keeps the ground truth: what a lender found out about its customers and their events, by whom, and when.
//
// A [Case] is one closed case as the lender's own system tells it; an import reads a file of them, so that a lender can replay its own
// history before it goes live (上线前回放) and train models on what its people found.
//
// Invariants:
//   - Every label has three times: when it began ([Label.EffectiveAt]), when it was known ([Label.ObservedAt]) and when it came here
//     ([Label.RecordedAt]). Nothing may use a label before it was known.
//   - Labels are never changed. A case imported again with other content is a new label that stands for the old one from then on.
//   - Customers are kept as blind keys.
//   - Undetermined is not innocent: it counts neither way.
//
// Events in: none. Events out: label.recorded.
package label
