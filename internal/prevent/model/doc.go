// Package model is the early-warning models: boosted trees that say how likely a bad outcome is, and why.
//
// [Train] learns an [Artefact] from a [Table] through the XGBoost library, which is loaded at run time; only training
// needs it. [Load] reads an artefact back, verifying every file against its manifest. A [Model] scores one row
// ([Model.Score]) or a table ([Model.Predict]) in pure Go, explains every score by exact tree SHAP values added up per
// column, and measures drift against the data it was trained on ([Model.Drift]). [Eval] judges a model on a file.
//
// Invariants:
//   - A score depends on the artefact and the row only: no clock, no state, safe for concurrent use.
//   - The version of a model is the hash of what decides its scores; the card does not change it.
//   - No figure in a card comes from rows the figure's model was trained on: they are out of fold.
//   - Nothing that stands for the answer is learned from silently: copies of the target and serial numbers are dropped
//     with a note, a column that alone tells the classes apart is refused ([LeakCheck]).
//   - A value that is absent is missing, never zero; missing goes the way the trees learned for it.
//
// The package reads no events and emits none: rows come in, probabilities and reasons go out.
package model
