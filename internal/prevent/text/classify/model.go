package classify

import (
	"math"
	"slices"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

// Classifier gives a text a label. [Model] is the linear one; a neural one can stand behind the same interface.
type Classifier interface {
	// Labels are the classes in a fixed order.
	Labels() []string
	// Version is name@version, as it stands in signals.
	Version() string
	// Classify scores one text.
	Classify(text string) Prediction
}

// Prediction is what a classifier says of one text.
type Prediction struct {
	Label         string    // the most probable class
	Probability   float64   // its calibrated probability
	Probabilities []float64 // in the order of Labels
	Suspicion     float64   // sum of the probabilities of the positive classes; 0 where the model has none
	Suspicious    bool      // Suspicion reached the model's threshold
}

// Evidence is a stretch of the raw text and what it added to the margin of a label.
type Evidence struct {
	Span         qingyuan.Span
	Contribution float64
}

// Model is a trained linear classifier. It is immutable and safe for use by many goroutines.
type Model struct {
	manifest Manifest
	version  string
	extract  *extractor
	index    index
	idf      []float32
	weights  []int16 // feature-major: outputs per feature
	positive []bool  // by label
}

// outputs is the number of weight vectors: one where there are two classes, else one for each.
func outputs(labels int) int {
	if labels == 2 {
		return 1
	}
	return labels
}

// Labels are the classes in alphabetical order.
func (m *Model) Labels() []string { return slices.Clone(m.manifest.Labels) }

// Version is the model's name with the first 12 digits of the SHA-256 of its manifest.
func (m *Model) Version() string { return m.version }

// Manifest says what the model was made from.
func (m *Model) Manifest() Manifest { return m.manifest }

// Classify scores one text. The part beyond [MaxText] is ignored.
func (m *Model) Classify(text string) Prediction {
	return m.predict(m.margins(m.counts(text)))
}

func (m *Model) predict(margins []float64) Prediction {
	p := Prediction{Probabilities: make([]float64, len(m.manifest.Labels))}
	m.manifest.Calibration.Probabilities(p.Probabilities, margins)
	best := 0
	for k, v := range p.Probabilities {
		if v > p.Probabilities[best] {
			best = k
		}
		if m.positive[k] {
			p.Suspicion += v
		}
	}
	p.Suspicious = p.Suspicion > 0 && p.Suspicion >= m.manifest.Threshold
	if len(m.manifest.Labels) == 2 && len(m.manifest.Positive) == 1 { // two classes: the threshold decides
		if best = slices.Index(m.manifest.Labels, m.manifest.Positive[0]); !p.Suspicious {
			best = 1 - best
		}
	}
	p.Label, p.Probability = m.manifest.Labels[best], p.Probabilities[best]
	return p
}

// counts are the known features of a text, ids ascending.
func (m *Model) counts(text string) []count {
	ids := make([]int32, 0, len(text))
	m.extract.each(text, func(h uint64, _ *normal.View, _, _ int) {
		if id := m.index.find(h); id >= 0 {
			ids = append(ids, id)
		}
	})
	return tally(ids)
}

// tally counts equal ids; it sorts its argument.
func tally(ids []int32) []count {
	slices.Sort(ids)
	var out []count
	for _, id := range ids {
		if k := len(out) - 1; k >= 0 && out[k].id == id {
			out[k].n++
			continue
		}
		out = append(out, count{id, 1})
	}
	return out
}

func (m *Model) margins(counts []count) []float64 {
	k := outputs(len(m.manifest.Labels))
	sums := make([]float64, k)
	row := weigh(counts, m.idf)
	for i, id := range row.ids {
		for o, q := range m.weights[int(id)*k : int(id+1)*k] {
			sums[o] += float64(q) * float64(row.values[i])
		}
	}
	for o := range sums {
		sums[o] = sums[o]*m.manifest.Scales[o] + m.manifest.Bias[o]
	}
	return twoSided(sums)
}

// twoSided makes the margins of two classes out of the one that is computed.
func twoSided(sums []float64) []float64 {
	if len(sums) == 1 {
		return []float64{-sums[0], sums[0]}
	}
	return sums
}

// Explain says which stretches of the text spoke for label, strongest first, at most n. Together with the stretches
// that spoke against it and the bias they make up its margin.
func (m *Model) Explain(text, label string, n int) []Evidence {
	o, sign := slices.Index(m.manifest.Labels, label), 1.0
	if o < 0 || len(text) == 0 {
		return nil
	}
	k := outputs(len(m.manifest.Labels))
	if k == 1 {
		o, sign = 0, float64(2*o-1)
	}
	row := weigh(m.counts(text), m.idf)
	share := make(map[int32]float64, len(row.ids)) // contribution of one occurrence
	for i, c := range m.counts(text) {
		q := m.weights[int(c.id)*k+o]
		share[c.id] = sign * float64(q) * m.manifest.Scales[o] * float64(row.values[i]) / float64(c.n)
	}
	slope := make([]float64, len(text)+1) // differences of the contribution per byte
	m.extract.each(text, func(h uint64, v *normal.View, from, to int) {
		if c, ok := share[m.index.find(h)]; ok {
			if s := v.Raw(from, to); s.End > s.Start {
				slope[s.Start] += c / float64(s.End-s.Start)
				slope[s.End] -= c / float64(s.End-s.Start)
			}
		}
	})
	return peaks(slope, n)
}

// peaks turns a contribution per byte, given as differences, into the strongest stretches where it is above its mean.
func peaks(slope []float64, n int) []Evidence {
	density := make([]float64, len(slope)-1)
	var run, sum float64
	for i := range density {
		run += slope[i]
		if math.Abs(run) < 1e-12 {
			run = 0
		}
		density[i] = run
		sum += max(run, 0)
	}
	floor := sum / float64(len(density))
	var out []Evidence
	for i := 0; i < len(density); i++ {
		if density[i] <= floor {
			continue
		}
		e := Evidence{Span: qingyuan.Span{Start: i}}
		for ; i < len(density) && density[i] > floor; i++ {
			e.Contribution += density[i]
		}
		e.Span.End = i
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b Evidence) int {
		switch {
		case a.Contribution > b.Contribution:
			return -1
		case a.Contribution < b.Contribution:
			return 1
		}
		return 0
	})
	return out[:min(n, len(out))]
}

// index finds the id of a feature hash: open addressing over a power of two.
type index struct {
	keys []uint64
	ids  []int32
	mask uint64
}

func newIndex(hashes []uint64) index {
	size := 16
	for size < 2*len(hashes) {
		size *= 2
	}
	x := index{make([]uint64, size), make([]int32, size), uint64(size - 1)}
	for i := range x.ids {
		x.ids[i] = -1
	}
	for id, h := range hashes {
		i := h & x.mask
		for x.ids[i] >= 0 {
			i = (i + 1) & x.mask
		}
		x.keys[i], x.ids[i] = h, int32(id)
	}
	return x
}

func (x *index) find(h uint64) int32 {
	for i := h & x.mask; ; i = (i + 1) & x.mask {
		if x.ids[i] < 0 || x.keys[i] == h {
			return x.ids[i]
		}
	}
}
