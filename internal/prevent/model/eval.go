package model

import (
	"context"
	"slices"

	"qingyuan"
)

// Report is what a model is worth on a table it has not seen.
type Report struct {
	Metrics
	Brier   float64       `json:"brier"`
	Mean    float64       `json:"mean"` // mean probability, to compare with the share of positives
	PSI     float64       `json:"psi"`  // of the probabilities, against the out-of-fold ones of training
	Drift   []ColumnDrift `json:"drift"`
	Version string        `json:"version"`
	Data    string        `json:"data"` // hash
}

// Eval scores the labelled rows of t and compares them with the target.
func Eval(ctx context.Context, m *Model, t *Table, target string) (*Report, error) {
	positive, rows, err := labels(t, target)
	if err != nil {
		return nil, err
	}
	if slices.Contains(m.Columns(), target) {
		return nil, qingyuan.FieldErrorf("target", "is a column the model reads: %q", target)
	}
	all, err := m.Predict(ctx, t)
	if err != nil {
		return nil, err
	}
	probabilities, truth := pick(all, rows), pick(positive, rows)
	drift := m.drift(t, all)
	return &Report{Metrics: Measure(probabilities, truth), Brier: Brier(probabilities, truth), Mean: mean(probabilities),
		PSI: drift.Score, Drift: drift.Columns, Version: m.version, Data: t.hash}, nil
}
