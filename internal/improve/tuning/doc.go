// Package tuning trains models from the record and judges them as they would be used: out of time, at the real share of positives.
//
// A [Target] says what a model is to foresee: outcomes that the record or the closed cases show, within a horizon after the event that is scored. The rows
// come from [decision.Service.Rows], the lane that decides live events, so that what a model learns from is what it is given when
// it decides. The targets are versioned data in data/targets.yaml.
//
// Invariants:
//   - A row knows nothing that was recorded after its event.
//   - What is trained on was known at the cutoff: an outcome found out later makes no training row positive, and a row whose horizon
//     ends after the cutoff is no training row, nor one to judge by.
//   - Judging uses rows after the cutoff only, all of them: no class is sampled away.
//   - Somebody whose case was known before the event is no row: there is nothing left to foresee.
//
// Events in: every kind, from the record; labels. Events out: none; a trained model goes through the model registry.
package tuning
