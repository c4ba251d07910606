package model

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"

	"qingyuan"
)

const (
	// ratioColumns is the number of columns of numbers whose quotients are looked at, ratioLevels the number of different values
	// that make a number a quantity rather than a code, and keptRatios how many quotients a model may use.
	ratioColumns, ratioLevels, keptRatios = 16, 40, 10
	// maxRatios bounds what is read from a file.
	maxRatios = 200
)

// Ratio is a feature that trees find hard to build: one column of numbers over another. It is missing where either is, and where
// Under is 0.
type Ratio struct {
	Over  string `json:"over"`
	Under string `json:"under"`

	over, under int // the places of their features
}

// name is what reasons call the ratio.
func (r *Ratio) name() string { return r.Over + " / " + r.Under }

// value is the ratio in an encoded row.
func (r *Ratio) value(features []float32) float32 {
	under := features[r.under]
	if under == 0 {
		return float32(math.NaN())
	}
	v := features[r.over] / under
	return min(max(v, -math.MaxFloat32), math.MaxFloat32)
}

// prepareRatios finds the places of the ratios' columns.
func (e *Encoder) prepareRatios() error {
	places := map[string]int{}
	at := 0
	for k := range e.Columns {
		if e.Columns[k].Method == AsNumber {
			places[e.Columns[k].Name] = at
		}
		at += e.Columns[k].width()
	}
	for i := range e.Ratios {
		r := &e.Ratios[i]
		var over, under bool
		r.over, over = places[r.Over]
		r.under, under = places[r.Under]
		if !over || !under || len(e.Ratios) > maxRatios {
			return qingyuan.Errorf(qingyuan.Invalid, "the encoder's ratio %d is not one of two columns of numbers", i+1)
		}
	}
	return nil
}

// names are the names of what moves a score: the columns, then the ratios. [Encoder.owners] counts the same way.
func (e *Encoder) names() []string {
	out := make([]string, 0, len(e.Columns)+len(e.Ratios))
	for i := range e.Columns {
		out = append(out, e.Columns[i].Name)
	}
	for i := range e.Ratios {
		out = append(out, e.Ratios[i].name())
	}
	return out
}

// withRatios is the encoder with these ratios, and the features, made without ratios, with them.
func (e *Encoder) withRatios(ratios []Ratio, features []float32) (*Encoder, []float32, error) {
	wide := &Encoder{Columns: e.Columns, Ratios: ratios}
	if err := wide.prepare(); err != nil {
		return nil, nil, err
	}
	out := make([]float32, 0, len(features)/e.width*wide.width)
	for row := range slices.Chunk(features, e.width) {
		out = append(out, row...)
		for i := range wide.Ratios {
			out = append(out, wide.Ratios[i].value(row))
		}
	}
	return wide, out, nil
}

// scout are the parameters of the quick boosters that look for ratios.
var scout = Params{Depth: 4, Eta: .05, MinChild: 5, Subsample: .8, ColSample: .5, Lambda: 5, Rounds: 120}

// scouts is the number of quick boosters whose gains are added up.
const scouts = 2

// chooseRatios finds the ratios that help most on the rows that features were made of, by the gain of quick boosters that may use
// all of them. It sees no other rows, so that what is left out of a fold stays unseen.
func (t *task) chooseRatios(e *Encoder, features, labels []float32, seed uint64) ([]Ratio, error) {
	quantities, err := t.quantities(e, features, labels, seed)
	if err != nil || len(quantities) < 2 {
		return nil, err
	}
	var all []Ratio
	for i, a := range quantities {
		for _, b := range quantities[i+1:] {
			over, under := a, b
			if b.nonPositive > a.nonPositive { // what is 0 or below least often divides
				over, under = b, a
			}
			all = append(all, Ratio{Over: over.name, Under: under.name})
		}
	}
	wide, both, err := e.withRatios(all, features)
	if err != nil {
		return nil, err
	}
	gain, err := t.gains(both, labels, wide.width, seed)
	if err != nil {
		return nil, err
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(gain[e.width+b], gain[e.width+a]) })
	var chosen []Ratio
	for _, i := range order[:min(len(order), keptRatios)] {
		if gain[e.width+i] > 0 {
			chosen = append(chosen, all[i])
		}
	}
	return chosen, nil
}

// quantity is a column of numbers that ratios are made of.
type quantity struct {
	name        string
	nonPositive float64 // share of the values
	gain        float64
}

// quantities are the columns of numbers with many values; where they are too many, those with the largest gain.
func (t *task) quantities(e *Encoder, features, labels []float32, seed uint64) ([]quantity, error) {
	var all []quantity
	places := map[string]int{}
	at := 0
	for k := range e.Columns {
		c := &e.Columns[k]
		if c.Method == AsNumber {
			distinct := map[float32]bool{}
			n, low := 0, 0
			for i := at; i < len(features); i += e.width {
				v := features[i]
				if v != v {
					continue
				}
				if n++; v <= 0 {
					low++
				}
				if len(distinct) < ratioLevels {
					distinct[v] = true
				}
			}
			if len(distinct) >= ratioLevels {
				all = append(all, quantity{name: c.Name, nonPositive: float64(low) / float64(n)})
				places[c.Name] = at
			}
		}
		at += c.width()
	}
	if len(all) <= ratioColumns {
		return all, nil
	}
	gain, err := t.gains(features, labels, e.width, seed)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].gain = gain[places[all[i].name]]
	}
	slices.SortStableFunc(all, func(a, b quantity) int { return cmp.Compare(b.gain, a.gain) })
	return all[:ratioColumns], nil
}

// gains are the total gains of the features in quick boosters.
func (t *task) gains(features, labels []float32, width int, seed uint64) ([]float64, error) {
	m, err := t.x.newMatrix(features, labels, len(labels))
	if err != nil {
		return nil, err
	}
	defer m.close()
	gain := make([]float64, width)
	for s := range uint64(scouts) {
		if err := t.scout(m, seed+s, gain); err != nil {
			return nil, err
		}
	}
	return gain, nil
}

// scout adds the gains of one quick booster.
func (t *task) scout(m *matrix, seed uint64, gain []float64) error {
	b, err := t.x.newBooster(scout.xgb(t.base(), seed), m)
	if err != nil {
		return err
	}
	defer b.close()
	for r := range scout.Rounds {
		if err := b.update(r, m); err != nil {
			return err
		}
	}
	file, err := b.json()
	if err != nil {
		return err
	}
	var x xgbModel
	if err := json.Unmarshal(file, &x); err != nil {
		return qingyuan.Wrap(qingyuan.Internal, err, "XGBoost wrote a model that cannot be read")
	}
	for _, tree := range x.Learner.GradientBooster.Model.Trees {
		for n, left := range tree.LeftChildren {
			if left >= 0 {
				gain[tree.SplitIndices[n]] += float64(tree.LossChanges[n])
			}
		}
	}
	return nil
}
