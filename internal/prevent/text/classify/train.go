package classify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash/fnv"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"

	"qingyuan"
	"qingyuan/internal/prevent/text/classify/attack"
	"qingyuan/internal/prevent/text/normal"
)

// Options are the knobs of training; zero values stand for the defaults.
type Options struct {
	Name        string   `json:"name"`         // of the model; "text" where empty
	Label       string   `json:"label"`        // field with the label; "label" where empty
	Positive    []string `json:"positive"`     // classes that count as suspicious; with two classes found by name where empty
	MaxFalse    float64  `json:"max_false"`    // largest share of clean negative rows at the threshold; 0 for no limit
	Seed        uint64   `json:"seed"`         //
	Folds       int      `json:"folds"`        // of cross-fitting; 5 where 0
	Cost        float64  `json:"cost"`         // of a misclassified row; 1 where 0
	Copies      int      `json:"copies"`       // attacked copies of each row; 1 where 0, none where negative
	MinTexts    int      `json:"min_texts"`    // a feature occurs in at least so many texts; 2 where 0
	Grams       Grams    `json:"grams"`        // 3 and 3 where 0: with few rows shorter ones generalise better
	MaxFeatures int      `json:"max_features"` // the strongest are kept; 1,000,000 where 0
}

func (o Options) withDefaults() Options {
	fill := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	fill(&o.Folds, 5)
	fill(&o.Copies, 1)
	fill(&o.MinTexts, 2)
	fill(&o.Grams.Chars, 3)
	fill(&o.Grams.Sounds, 3)
	fill(&o.MaxFeatures, 1_000_000)
	if o.Cost == 0 {
		o.Cost = 1
	}
	if o.Name == "" {
		o.Name = "text"
	}
	if o.Label == "" {
		o.Label = defaultLabel
	}
	return o
}

// TrainOptions says what to train from and where to put it.
type TrainOptions struct {
	Data    []string // paths of JSON lines
	Out     string   // path of the artefact
	Options Options
}

// Train makes a model from files and writes its artefact. The report holds the cross-validated figures on clean rows.
func Train(ctx context.Context, n *normal.Normalizer, log *slog.Logger, o TrainOptions) (Report, error) {
	o.Options = o.Options.withDefaults()
	var rows []Row
	var sources []Source
	for _, path := range o.Data {
		data, err := readFile(ctx, path, o.Options.Label)
		if err != nil {
			return Report{}, err
		}
		rows = append(rows, data.Rows...)
		sources = append(sources, Source{data.SHA256, len(data.Rows)})
	}
	m, err := Fit(ctx, n, rows, o.Options)
	if err != nil {
		return Report{}, err
	}
	m.manifest.Data = sources
	if err := m.finish(); err != nil {
		return Report{}, err
	}
	var b bytes.Buffer
	if err := m.Save(&b); err != nil {
		return Report{}, err
	}
	if err := os.WriteFile(o.Out, b.Bytes(), 0o644); err != nil {
		return Report{}, qingyuan.Wrap(qingyuan.Unavailable, err, "the model cannot be written")
	}
	log.InfoContext(ctx, "text model trained", "model", m.Version(), "rows", len(rows), "features", m.manifest.Features, "bytes", b.Len())
	return m.manifest.Clean, nil
}

// corpus is the training rows as counted features. Row i has Copies attacked copies, which train and never calibrate.
type corpus struct {
	options Options
	labels  []string
	y       []int
	fold    []int
	counts  [][]count // texts in order: row i, then its copies
	row     []int     // row of each text
	hashes  []uint64  // by feature id, ascending
}

// Fit trains a model on rows.
func Fit(ctx context.Context, n *normal.Normalizer, rows []Row, o Options) (*Model, error) {
	o = o.withDefaults()
	c, err := newCorpus(n, rows, o)
	if err != nil {
		return nil, err
	}
	margins := make([][]float64, len(rows))
	for f := range o.Folds {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		part := c.fit(func(row int) bool { return c.fold[row] != f })
		for i, t := range c.row {
			if c.fold[t] == f && (i == 0 || c.row[i-1] != t) {
				margins[t] = part.margins(part.keep(c.counts[i]))
			}
		}
	}
	fitted := c.fit(func(int) bool { return true })
	m := fitted.model(c, n)
	m.manifest.Calibration = calibrate(margins, c.y, len(c.labels))
	m.manifest.Positive = o.Positive
	if len(o.Positive) == 0 && len(c.labels) == 2 {
		m.manifest.Positive = []string{positiveOf(c.labels)}
	}
	m.seal(nil)
	m.manifest.Threshold = m.threshold(margins, c.y, o.MaxFalse)
	given := make([]Prediction, len(rows))
	for i := range given {
		given[i] = m.predict(margins[i])
	}
	m.manifest.Clean = m.report(c.y, given)
	return m, m.finish()
}

// finish computes the hash of the body and the version.
func (m *Model) finish() error {
	sum := sha256.Sum256(m.body())
	m.manifest.BodySHA256 = hex.EncodeToString(sum[:])
	raw, err := json.Marshal(m.manifest)
	if err != nil {
		return err
	}
	m.seal(raw)
	return nil
}

// positiveOf picks the suspicious one of two classes: the one whose name is not a usual name of the harmless class.
func positiveOf(labels []string) string {
	for k, l := range labels {
		switch l {
		case "normal", "ham", "ok", "neutral", "negative", "genuine", "legit", "benign", "other", "false", "no", "0":
			return labels[1-k]
		}
	}
	return labels[1]
}

func newCorpus(n *normal.Normalizer, rows []Row, o Options) (*corpus, error) {
	c := &corpus{options: o, y: make([]int, len(rows)), fold: make([]int, len(rows))}
	texts := make([]string, len(rows))
	for i, r := range rows {
		c.labels = append(c.labels, r.Label)
		texts[i] = r.Text
		h := fnv.New64a()
		h.Write([]byte(r.Group))
		c.fold[i] = int(mix(h.Sum64(), o.Seed) % uint64(o.Folds))
	}
	slices.Sort(c.labels)
	c.labels = slices.Compact(c.labels)
	if len(c.labels) < 2 || len(c.labels) > maxLabels {
		return nil, qingyuan.FieldErrorf("data", "has %d labels; 2 to %d are needed", len(c.labels), maxLabels)
	}
	if err := o.Grams.check(); err != nil {
		return nil, err
	}
	for _, p := range o.Positive {
		if !slices.Contains(c.labels, p) {
			return nil, qingyuan.FieldErrorf("positive", "%q is not a label of the data", p)
		}
	}
	for i, r := range rows {
		c.y[i] = slices.Index(c.labels, r.Label)
	}
	all := c.withCopies(n, texts)
	c.count(newExtractor(n, o.Grams), all)
	return c, nil
}

// withCopies returns every text followed by its attacked copies. Rows of all classes are attacked alike, so that an
// attack by itself says nothing about the class; the rate is drawn from 0.1 to 1.
func (c *corpus) withCopies(n *normal.Normalizer, texts []string) []string {
	keys := attack.KeysOf(texts, c.y, 500)
	attacker := attack.New(n)
	copies := max(c.options.Copies, 0)
	all := make([]string, 0, len(texts)*(1+copies))
	for i, text := range texts {
		all, c.row = append(all, text), append(c.row, i)
		rng := rand.New(rand.NewPCG(c.options.Seed, uint64(i)))
		for range copies {
			rate := 0.1 + 0.9*rng.Float64()
			all, c.row = append(all, attacker.Text(rng, text, keys, rate, nil)), append(c.row, i)
		}
	}
	return all
}

// copied says whether text t is an attacked copy.
func (c *corpus) copied(t int) bool { return t > 0 && c.row[t-1] == c.row[t] }

// count fills counts and hashes: a feature is kept that occurs in MinTexts rows or more. What
// occurs in copies only is not: the substitutes drawn there are not those of other evaders, the sounds and shapes that survive are.
func (c *corpus) count(x *extractor, texts []string) {
	found := make([]map[uint64]int32, len(texts))
	parallel(len(texts), func(i int) { found[i] = x.hashes(texts[i]) })
	df := map[uint64]int32{}
	for i, m := range found {
		if c.copied(i) {
			continue
		}
		for h := range m {
			df[h]++
		}
	}
	for h, d := range df {
		if int(d) >= c.options.MinTexts {
			c.hashes = append(c.hashes, h)
		}
	}
	slices.Sort(c.hashes)
	ids := newIndex(c.hashes)
	c.counts = make([][]count, len(texts))
	parallel(len(texts), func(i int) {
		for h, k := range found[i] {
			if id := ids.find(h); id >= 0 {
				c.counts[i] = append(c.counts[i], count{id, k})
			}
		}
		slices.SortFunc(c.counts[i], func(a, b count) int { return int(a.id - b.id) })
		found[i] = nil
	})
}

// parallel calls f(0) … f(n-1) on all processors.
func parallel(n int, f func(int)) {
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	wg.Wait()
}

// fitted is a set of weights over some of the corpus' features.
type fitted struct {
	new     []int32 // id in the corpus → id here, or -1
	hashes  []uint64
	idf     []float32
	weights [][]float32 // by output; the bias stands last
}

// fit trains on the texts of the rows that in admits. Where there are more features than wanted, it keeps those with
// the largest weights and trains again.
func (c *corpus) fit(in func(row int) bool) *fitted {
	var texts []int
	for i, row := range c.row {
		if in(row) {
			texts = append(texts, i)
		}
	}
	f := c.frequencies(texts)
	f.train(c, texts)
	if len(f.hashes) > c.options.MaxFeatures {
		f.prune(c.options.MaxFeatures)
		f.train(c, texts)
	}
	return f
}

// frequencies selects the features that occur in the texts and computes their inverse document frequency.
func (c *corpus) frequencies(texts []int) *fitted {
	df := make([]int32, len(c.hashes))
	rows := 0
	for _, t := range texts {
		if c.copied(t) {
			continue
		}
		rows++
		for _, k := range c.counts[t] {
			df[k.id]++
		}
	}
	f := &fitted{new: make([]int32, len(c.hashes))}
	for id, d := range df {
		f.new[id] = -1
		if int(d) < c.options.MinTexts {
			continue
		}
		f.new[id] = int32(len(f.hashes))
		f.hashes = append(f.hashes, c.hashes[id])
		idf := 1 + math.Log(float64(1+rows)/float64(1+d))
		f.idf = append(f.idf, float32(math.Round(idf/idfUnit)*idfUnit))
	}
	return f
}

// prune keeps the n features with the largest weights times frequency.
func (f *fitted) prune(n int) {
	strength := make([]float32, len(f.hashes))
	order := make([]int, len(f.hashes))
	for id := range order {
		order[id] = id
		for _, w := range f.weights {
			strength[id] = max(strength[id], max(w[id], -w[id])*f.idf[id])
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case strength[a] > strength[b]:
			return -1
		case strength[a] < strength[b]:
			return 1
		}
		return 0
	})
	order = order[:n]
	slices.Sort(order)
	moved := make([]int32, len(f.hashes))
	for id := range moved {
		moved[id] = -1
	}
	hashes, idf := make([]uint64, n), make([]float32, n)
	for to, id := range order {
		moved[id], hashes[to], idf[to] = int32(to), f.hashes[id], f.idf[id]
	}
	for old, id := range f.new {
		if id >= 0 {
			f.new[old] = moved[id]
		}
	}
	f.hashes, f.idf = hashes, idf
}

// keep restates counts in the ids of f.
func (f *fitted) keep(counts []count) []count {
	out := make([]count, 0, len(counts))
	for _, k := range counts {
		if id := f.new[k.id]; id >= 0 {
			out = append(out, count{id, k.n})
		}
	}
	return out
}

// copyCost is what an attacked copy weighs against its row.
const copyCost = 0.5

// train solves one separator per output, in parallel. A class with few rows weighs more: by the square root of its rarity.
func (f *fitted) train(c *corpus, texts []int) {
	rows := make([]sparse, len(texts))
	sizes := make([]int, len(c.labels))
	for i, t := range texts {
		rows[i] = weigh(f.keep(c.counts[t]), f.idf)
		sizes[c.y[c.row[t]]]++
	}
	cost := make([]float64, len(texts))
	for i, t := range texts {
		rarity := float64(len(texts)) / float64(len(c.labels)*sizes[c.y[c.row[t]]])
		cost[i] = c.options.Cost * math.Sqrt(rarity)
		if c.copied(t) {
			cost[i] *= copyCost
		}
	}
	f.weights = make([][]float32, outputs(len(c.labels)))
	parallel(len(f.weights), func(o int) {
		class := o
		if len(f.weights) == 1 {
			class = 1
		}
		y := make([]int8, len(texts))
		for i, t := range texts {
			y[i] = -1
			if c.y[c.row[t]] == class {
				y[i] = 1
			}
		}
		f.weights[o] = solve(rows, y, cost, len(f.hashes), c.options.Seed+uint64(o))
	})
}

func (f *fitted) margins(counts []count) []float64 {
	sums := make([]float64, len(f.weights))
	row := weigh(counts, f.idf)
	for o, w := range f.weights {
		for i, id := range row.ids {
			sums[o] += float64(w[id]) * float64(row.values[i])
		}
		sums[o] += float64(w[len(w)-1])
	}
	return twoSided(sums)
}

// model rounds the weights to 16 bits.
func (f *fitted) model(c *corpus, n *normal.Normalizer) *Model {
	m := &Model{extract: newExtractor(n, c.options.Grams), index: newIndex(f.hashes), idf: f.idf, weights: make([]int16, len(f.hashes)*len(f.weights))}
	m.manifest = Manifest{Format: Format, Name: c.options.Name, Labels: c.labels, Features: len(f.hashes), Options: c.options}
	for o, w := range f.weights {
		var top float32
		for _, v := range w[:len(f.hashes)] {
			top = max(top, max(v, -v))
		}
		scale := float64(max(top, 1e-9)) / math.MaxInt16
		for id, v := range w[:len(f.hashes)] {
			m.weights[id*len(f.weights)+o] = int16(math.Round(float64(v) / scale))
		}
		m.manifest.Scales = append(m.manifest.Scales, scale)
		m.manifest.Bias = append(m.manifest.Bias, float64(w[len(w)-1]))
	}
	return m
}

// slack is how much F1 on clean rows the threshold may give up to sit lower, where attacked texts still reach it.
const slack = 0.002

// threshold is the lowest one at which F1 of the positive classes on clean rows is within slack of its best and at most
// maxFalse of the negative rows reach it.
func (m *Model) threshold(margins [][]float64, y []int, maxFalse float64) float64 {
	if len(m.manifest.Positive) == 0 {
		return 0
	}
	type scored struct {
		p        float64
		positive bool
	}
	all := make([]scored, len(y))
	positives := 0
	for i := range y {
		all[i] = scored{m.predict(margins[i]).Suspicion, m.positive[y[i]]}
		if all[i].positive {
			positives++
		}
	}
	slices.SortStableFunc(all, func(a, b scored) int {
		switch {
		case a.p > b.p:
			return -1
		case a.p < b.p:
			return 1
		}
		return 0
	})
	f1 := make([]float64, len(all)) // where the first i+1 reach the threshold
	allowed := make([]bool, len(all))
	hits, best := 0, 0.0
	for i, s := range all {
		if s.positive {
			hits++
		}
		f1[i] = ratio(2*hits, i+1+positives)
		allowed[i] = maxFalse == 0 || ratio(i+1-hits, len(all)-positives) <= maxFalse
		if allowed[i] {
			best = max(best, f1[i])
		}
	}
	for i := len(all) - 1; i >= 0; i-- {
		if allowed[i] && f1[i] >= best-slack {
			if i+1 < len(all) {
				return (all[i].p + all[i+1].p) / 2
			}
			return all[i].p
		}
	}
	return 1
}
