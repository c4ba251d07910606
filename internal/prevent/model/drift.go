package model

import (
	"cmp"
	"context"
	"math"
	"slices"

	"qingyuan"
)

const (
	// baselineBins is the number of quantile bins of a number or a score in the baseline.
	baselineBins = 10
	// baselineLevels is the number of levels of a category that are kept apart in the baseline; the rest are one bin.
	baselineLevels = 20
)

// Bins is the distribution of one column, or of the score, in the training data.
type Bins struct {
	Column string    `json:"column,omitempty"`
	Kind   Kind      `json:"kind"`
	Cuts   []float64 `json:"cuts,omitempty"`   // of a number: bin k holds the values from cut k−1 to below cut k
	Levels []string  `json:"levels,omitempty"` // of a category: then one bin of all other levels
	Counts []float64 `json:"counts"`           // by bin; the last is "no value"
}

// Baseline is what a model's inputs and scores looked like when it was trained.
type Baseline struct {
	Score   Bins   `json:"score"` // of out-of-fold probabilities
	Columns []Bins `json:"columns"`
}

// size is the number of bins.
func (b *Bins) size() int {
	return len(b.Cuts) + len(b.Levels) + 2
}

// numberBins makes the bins of values.
func numberBins(name string, values []float64) Bins {
	b := Bins{Column: name, Kind: Number, Cuts: quantiles(values, baselineBins)}
	b.Counts = b.countNumbers(values)
	return b
}

// countNumbers counts values by bin.
func (b *Bins) countNumbers(values []float64) []float64 {
	counts := make([]float64, b.size())
	for _, v := range values {
		bin := binOf(b.Cuts, v)
		if bin < 0 {
			bin = len(counts) - 1
		}
		counts[bin]++
	}
	return counts
}

// columnBins makes the bins of one column.
func columnBins(c *Column, rows []int) Bins {
	if c.Kind != Category {
		return numberBins(c.Name, pick(c.Numbers, rows))
	}
	counts := make([]int, len(c.Levels))
	for _, r := range rows {
		if code := c.Codes[r]; code >= 0 {
			counts[code]++
		}
	}
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(c.Levels[a], c.Levels[b]))
	})
	b := Bins{Column: c.Name, Kind: Category}
	for _, code := range order[:min(len(order), baselineLevels)] {
		if counts[code] >= rareLevel {
			b.Levels = append(b.Levels, c.Levels[code])
		}
	}
	b.Counts = b.countLevels(c, rows)
	return b
}

// countLevels counts the levels of a column by bin.
func (b *Bins) countLevels(c *Column, rows []int) []float64 {
	counts := make([]float64, b.size())
	bin := make([]int, len(c.Levels)+1)
	bin[0] = len(counts) - 1
	for i, level := range c.Levels {
		if bin[i+1] = slices.Index(b.Levels, level); bin[i+1] < 0 {
			bin[i+1] = len(b.Levels)
		}
	}
	for _, r := range rows {
		counts[bin[c.Codes[r]+1]]++
	}
	return counts
}

// baselineOf takes the baseline of the named columns and of out-of-fold probabilities.
func baselineOf(t *Table, names []string, rows []int, probabilities []float64) Baseline {
	b := Baseline{Score: numberBins("", probabilities)}
	for _, name := range names {
		b.Columns = append(b.Columns, columnBins(t.Column(name), rows))
	}
	return b
}

// ColumnDrift is the population stability index of one column.
type ColumnDrift struct {
	Column string  `json:"column"`
	PSI    float64 `json:"psi"`
}

// Drift says how far a table is from what the model was trained on, as population stability indices. The usual reading:
// below .1 stable, .1 to .25 shifting, above .25 shifted.
type Drift struct {
	Rows    int           `json:"rows"`
	Score   float64       `json:"score"`   // of the probabilities, against the out-of-fold ones
	Columns []ColumnDrift `json:"columns"` // most drifted first
}

// Drift compares t with the baseline in the model's card.
func (m *Model) Drift(ctx context.Context, t *Table) (*Drift, error) {
	probabilities, err := m.Predict(ctx, t)
	if err != nil {
		return nil, err
	}
	return m.drift(t, probabilities), nil
}

// drift compares t and its probabilities with the baseline.
func (m *Model) drift(t *Table, probabilities []float64) *Drift {
	base := &m.card.Baseline
	d := &Drift{Rows: t.rows, Score: stability(base.Score.Counts, base.Score.countNumbers(probabilities))}
	for i := range base.Columns {
		b := &base.Columns[i]
		c := t.Column(b.Column)
		if c == nil {
			continue
		}
		var now []float64
		if b.Kind == Category {
			now = b.countLevels(c, t.all())
		} else {
			now = b.countNumbers(c.Numbers)
		}
		d.Columns = append(d.Columns, ColumnDrift{b.Column, stability(b.Counts, now)})
	}
	slices.SortStableFunc(d.Columns, func(a, b ColumnDrift) int { return cmp.Compare(b.PSI, a.PSI) })
	return d
}

// check verifies a baseline read from a file.
func (b *Baseline) check() error {
	for _, bins := range append([]Bins{b.Score}, b.Columns...) {
		if len(bins.Counts) != bins.size() || !slices.IsSorted(bins.Cuts) || slices.ContainsFunc(bins.Counts, func(v float64) bool { return v < 0 || math.IsNaN(v) }) {
			return qingyuan.Errorf(qingyuan.Invalid, "the card's baseline of %q is damaged", bins.Column)
		}
	}
	return nil
}

// Against counts values by the bins, and gives the population stability index of them against the bins' own counts. No values
// give 0.
func (b *Bins) Against(values []float64) (counts []float64, psi float64) {
	counts = b.countNumbers(values)
	if len(values) > 0 {
		psi = stability(b.Counts, counts)
	}
	return counts, psi
}
