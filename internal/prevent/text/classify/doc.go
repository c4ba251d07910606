// Package classify says what a text is for — promotion, recruitment, a coached or a genuine complaint, education,
// ordinary — with a linear model on character n-grams over two views of it: the merged characters and the pinyin.
//
// The model is trained, calibrated, versioned and scored here; [Train] and [Eval] are what the commands run. Invariants:
//
//   - Training is deterministic: the same rows, options and seed give the same bytes on the same machine type.
//   - Probabilities are calibrated, and the threshold of suspicion is fixed, on clean rows that the scoring fold never
//     saw. Rows of one group (near-duplicates, one template) never stand on both sides.
//   - Every score is explained by byte spans of the raw text with their contributions.
//   - An artefact states what it was made from and is refused when its bytes do not match its manifest.
//
// The package takes no events and emits none: it turns text into a [Prediction], and a prediction into a signal.
package classify
