package classify

import (
	"context"
	"os"
	"slices"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

// Report holds the figures of a model on labelled rows.
type Report struct {
	Rows       int                       `json:"rows"`
	Accuracy   float64                   `json:"accuracy"`
	WeightedF1 float64                   `json:"weighted_f1"` // F1 by class, weighted by its rows
	MacroF1    float64                   `json:"macro_f1"`    // plain mean of F1 over classes that have rows
	PerClass   map[string]Class          `json:"per_class"`
	Confusion  map[string]map[string]int `json:"confusion"` // true label → given label → rows

	// Of the positive classes against the rest, at the model's threshold; absent where the model has none.
	Positive  []string `json:"positive,omitempty"`
	Threshold float64  `json:"threshold,omitempty"`
	F1        *float64 `json:"f1,omitempty"`
	Precision *float64 `json:"precision,omitempty"`
	Recall    *float64 `json:"recall,omitempty"`
	FalseRate *float64 `json:"false_positive_rate,omitempty"` // share of the other rows that reached the threshold
}

// Class holds the figures of one class.
type Class struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Rows      int     `json:"rows"`
	Suspected int     `json:"suspected"` // rows that reached the threshold of suspicion
}

// EvalOptions says what to evaluate.
type EvalOptions struct {
	Model string // path of the artefact
	Data  string // path of the JSON lines
	Label string // field with the label; "label" where empty
}

// Eval scores the rows of a file with a model. A row whose label the model does not know is an Invalid error.
func Eval(ctx context.Context, n *normal.Normalizer, o EvalOptions) (Report, error) {
	m, err := LoadFile(o.Model, n)
	if err != nil {
		return Report{}, err
	}
	data, err := readFile(ctx, o.Data, o.Label)
	if err != nil {
		return Report{}, err
	}
	return m.Evaluate(ctx, data.Rows)
}

// LoadFile loads the artefact at path.
func LoadFile(path string, n *normal.Normalizer) (*Model, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.NotFound, err, "the model cannot be opened")
	}
	defer f.Close()
	return Load(f, n)
}

func readFile(ctx context.Context, path, label string) (Rows, error) {
	f, err := os.Open(path)
	if err != nil {
		return Rows{}, qingyuan.Wrap(qingyuan.NotFound, err, "the data cannot be opened")
	}
	defer f.Close()
	if label == "" {
		label = defaultLabel
	}
	return ReadRows(ctx, f, label)
}

// Evaluate scores rows.
func (m *Model) Evaluate(ctx context.Context, rows []Row) (Report, error) {
	truth := make([]int, len(rows))
	given := make([]Prediction, len(rows))
	for i, r := range rows {
		if ctx.Err() != nil {
			return Report{}, ctx.Err()
		}
		if truth[i] = slices.Index(m.manifest.Labels, r.Label); truth[i] < 0 {
			return Report{}, qingyuan.FieldErrorf("data", "row %d has the label %q, which the model does not know", i+1, r.Label)
		}
		given[i] = m.Classify(r.Text)
	}
	return m.report(truth, given), nil
}

// report counts predictions against the truth, given as indices of labels.
func (m *Model) report(truth []int, given []Prediction) Report {
	labels := m.manifest.Labels
	r := Report{Rows: len(truth), PerClass: map[string]Class{}, Confusion: map[string]map[string]int{}}
	hits, rows, claims, suspected := make([]int, len(labels)), make([]int, len(labels)), make([]int, len(labels)), make([]int, len(labels))
	for i, t := range truth {
		g := slices.Index(labels, given[i].Label)
		rows[t]++
		claims[g]++
		if t == g {
			hits[t]++
		}
		if given[i].Suspicious {
			suspected[t]++
		}
		if r.Confusion[labels[t]] == nil {
			r.Confusion[labels[t]] = map[string]int{}
		}
		r.Confusion[labels[t]][labels[g]]++
	}
	present := 0
	for k, l := range labels {
		c := Class{Precision: ratio(hits[k], claims[k]), Recall: ratio(hits[k], rows[k]),
			F1: ratio(2*hits[k], claims[k]+rows[k]), Rows: rows[k], Suspected: suspected[k]}
		r.PerClass[l] = c
		r.Accuracy += ratio(hits[k], len(truth))
		r.WeightedF1 += c.F1 * ratio(rows[k], len(truth))
		if rows[k] > 0 {
			r.MacroF1 += c.F1
			present++
		}
	}
	r.MacroF1 /= float64(max(present, 1))
	m.binary(&r, rows, suspected)
	return r
}

// binary fills in the figures of the positive classes against the rest.
func (m *Model) binary(r *Report, rows, suspected []int) {
	if len(m.manifest.Positive) == 0 {
		return
	}
	var hit, positive, claimed, negative int
	for k := range rows {
		claimed += suspected[k]
		if m.positive[k] {
			hit += suspected[k]
			positive += rows[k]
		} else {
			negative += rows[k]
		}
	}
	f1, precision, recall := ratio(2*hit, claimed+positive), ratio(hit, claimed), ratio(hit, positive)
	false_ := ratio(claimed-hit, negative)
	r.Positive, r.Threshold = m.manifest.Positive, m.manifest.Threshold
	r.F1, r.Precision, r.Recall, r.FalseRate = &f1, &precision, &recall, &false_
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
