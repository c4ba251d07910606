package model

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"qingyuan"
)

const (
	// minPositives is the least number of rows of either class.
	minPositives = 20
	// members is the number of the best candidates whose mean is the model.
	members = 3
	// sampleRows is the number of rows on which importance and parity are measured.
	sampleRows = 500
	// maxThreads bounds the boosters trained side by side: there are never more folds.
	maxThreads = outerFolds
)

// Config says what to train on and how. Table and Target are required.
type Config struct {
	Table  *Table
	Target string // the column that holds 0 and 1
	// ID names the column that says whom a row is about: never a feature, and rows of one id stay in one fold.
	ID string
	// AsOf names the column of the moment at which a row's features were known: never a feature, and a later time in any
	// other column is a leak.
	AsOf       string
	Seed       uint64
	Fast       bool              // a smaller search and a single booster
	AllowLeaky bool              // train on columns that LeakCheck refuses
	Threads    int               // 0 means one per core
	Library    string            // file of the XGBoost library; "" means where the system finds it
	Now        func() time.Time  // nil means time.Now
	Progress   func(step string) // may be nil; called as steps begin
}

// Train learns a model. The same table, configuration and library give the same trees on any machine.
//
// It is Invalid if the data cannot be learned from, or knows the answer, and Unavailable where the XGBoost library is not
// installed.
func Train(ctx context.Context, c Config) (*Artefact, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Table == nil {
		return nil, qingyuan.FieldErrorf("data", "is required")
	}
	began := c.Now()
	positive, rows, err := labels(c.Table, c.Target)
	if err != nil {
		return nil, err
	}
	card := &Card{Seed: c.Seed, Fast: c.Fast, TrainedAt: began.UTC()}
	if err := c.inspect(card, positive, rows); err != nil {
		return nil, err
	}
	x, err := openXGBoost(c.Library)
	if err != nil {
		return nil, err
	}
	card.Library = "XGBoost " + x.Version()
	threads := c.Threads
	if threads < 1 {
		threads = runtime.NumCPU()
	}
	t := &task{x: x, crew: newCrew(x, min(threads, maxThreads)), table: c.Table, rows: rows, positive: positive}
	defer t.crew.close()
	for _, note := range card.Columns {
		if note.Use == UseFeature {
			t.features = append(t.features, note.Name)
		}
	}
	if c.ID != "" {
		t.group = c.Table.Column(c.ID)
	}
	trials, err := c.search(ctx, t, card)
	if err != nil {
		return nil, err
	}
	calibration := judge(t, card, trials)
	return c.finish(ctx, t, card, calibration, began)
}

// step reports progress.
func (c *Config) step(name string) {
	if c.Progress != nil {
		c.Progress(name)
	}
}

// inspect looks at the data before anything is learned: it fills the card's notes on data and columns and refuses leaks.
func (c *Config) inspect(card *Card, positive []bool, rows []int) error {
	c.step("inspect the columns")
	for field, name := range map[string]string{"id": c.ID, "as_of": c.AsOf} {
		if name != "" && (c.Table.Column(name) == nil || name == c.Target) {
			return qingyuan.FieldErrorf(field, "names no column of the data beside the target: %q", name)
		}
	}
	card.Data = DataNote{Hash: c.Table.Hash(), Rows: c.Table.Rows(), Labelled: len(rows), Target: c.Target, ID: c.ID, AsOf: c.AsOf}
	for _, r := range rows {
		if positive[r] {
			card.Data.Positives++
		}
	}
	if p := card.Data.Positives; min(p, len(rows)-p) < minPositives {
		return qingyuan.FieldErrorf("data", "has %d positives among %d labelled rows; both classes need at least %d", p, len(rows), minPositives)
	}
	card.Columns = profile(c.Table, *c, positive, rows)
	var names []string
	for _, note := range card.Columns {
		if note.Use == UseFeature {
			names = append(names, note.Name)
		}
	}
	if len(names) == 0 {
		return qingyuan.FieldErrorf("data", "has no column to learn from: all are ids, constants or the target")
	}
	leaks, alone, err := LeakCheck(c.Table, names, c.Target, c.AsOf)
	if err != nil {
		return err
	}
	if err := refusal(leaks); err != nil && !c.AllowLeaky {
		return err
	}
	card.Leaks = leaks
	for i := range card.Columns {
		card.Columns[i].AUC = alone[card.Columns[i].Name]
	}
	return nil
}

// search finds the members of the model: on a sample of large data which candidates are best, then on all rows, in fresh
// folds, how many rounds each takes and what its out-of-fold margins are.
func (c *Config) search(ctx context.Context, t *task, card *Card) ([]trial, error) {
	c.step("search the parameters")
	tried, err := t.sample(searchRows, c.Seed).crossValidate(ctx, candidates(c.Fast), c.Seed)
	if err != nil {
		return nil, err
	}
	for _, trial := range tried {
		card.Tried = append(card.Tried, trial.Member)
	}
	n := members
	if c.Fast {
		n = 1
	}
	chosen := best(tried, n)
	if !c.Fast {
		c.step("look for ratios of columns")
		if err := c.tryRatios(ctx, t, card, tried, chosen); err != nil {
			return nil, err
		}
	}
	c.step("cross-validate the best")
	trials, err := t.crossValidate(ctx, chosen, c.Seed+1)
	if err != nil {
		return nil, err
	}
	for _, trial := range trials {
		card.Members = append(card.Members, trial.Member)
	}
	return trials, nil
}

// tryRatios cross-validates the best candidates once more with ratios of columns, in the folds they were tried in, and keeps to
// ratios where they do better on average.
func (c *Config) tryRatios(ctx context.Context, t *task, card *Card, plain []trial, chosen []Params) error {
	some := t.sample(searchRows, c.Seed)
	if some == t {
		copied := *t
		some = &copied
	}
	some.ratios = true
	tried, err := some.crossValidate(ctx, chosen, c.Seed)
	if err != nil {
		return err
	}
	var gain float64
	for _, with := range tried {
		with.Ratios = true
		card.Tried = append(card.Tried, with.Member)
		i := slices.IndexFunc(plain, func(p trial) bool { return p.sameAs(with.Params) })
		gain += with.AUC - plain[i].AUC
	}
	t.ratios = gain > 0
	return nil
}

// judge calibrates the mean of the members' out-of-fold margins and writes what they are worth into the card.
func judge(t *task, card *Card, trials []trial) Calibration {
	margins := make([]float64, len(t.rows))
	for _, trial := range trials {
		for i, m := range trial.margins {
			margins[i] += m / float64(len(trials))
		}
	}
	truth := pick(t.positive, t.rows)
	calibration := fitCalibration(margins, truth)
	probabilities := make([]float64, len(margins))
	for i, m := range margins {
		probabilities[i] = calibration.probability(m)
	}
	card.Metrics = Measure(probabilities, truth)
	card.Brier = Brier(probabilities, truth)
	card.Reliability = reliability(probabilities, truth)
	card.Segments = segments(t.table, card.Columns, t.rows, t.positive, probabilities)
	card.Baseline = baselineOf(t.table, t.features, t.rows, probabilities)
	return calibration
}

// finish trains the members on all rows, merges them, checks the result against XGBoost and makes the artefact.
func (c *Config) finish(ctx context.Context, t *task, card *Card, calibration Calibration, began time.Time) (*Artefact, error) {
	c.step("train on all rows")
	var e *Encoder
	var train *matrix
	err := t.crew.do(ctx, 1, func(int) (err error) {
		e, train, err = t.learn(t.rows, c.Seed)
		return err
	})
	if err != nil {
		return nil, err
	}
	defer train.close()
	files := make([][]byte, len(card.Members))
	for k, m := range card.Members { // one after the other: boosters of one matrix share its caches
		err := t.crew.do(ctx, 1, func(int) (err error) {
			files[k], err = t.fit(ctx, m.Params, train, c.Seed+uint64(k))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	merged, err := mergeModels(files)
	if err != nil {
		return nil, err
	}
	c.step("check against XGBoost")
	f, err := readForest(merged)
	if err != nil {
		return nil, err
	}
	m, err := newModel(e, f, calibration, card, "")
	if err != nil {
		return nil, err
	}
	if err := m.check(ctx, t, merged, c.Seed); err != nil {
		return nil, err
	}
	card.Ratios = e.Ratios
	card.Seconds = c.Now().Sub(began).Seconds()
	card.Limits = card.limits()
	return newArtefact(merged, e, calibration, card)
}

// fit trains one member.
func (t *task) fit(ctx context.Context, p Params, train *matrix, seed uint64) ([]byte, error) {
	b, err := t.x.newBooster(p.xgb(t.base(), seed), train)
	if err != nil {
		return nil, err
	}
	defer b.close()
	for r := range p.Rounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := b.update(r, train); err != nil {
			return nil, err
		}
	}
	return b.json()
}

// maxDifference is how far this package may be from XGBoost on the model it has just trained: margins, contributions.
const maxDifference = 1e-4

// check scores a sample of the rows with XGBoost and with this package, and measures the importance of the columns on it.
// Both go into the card.
func (m *Model) check(ctx context.Context, t *task, file []byte, seed uint64) error {
	card, e, f := m.card, m.encoder, m.forest
	rows := slices.Clone(t.rows)
	rng := rand.New(rand.NewPCG(seed, 2))
	rng.Shuffle(len(rows), func(i, k int) { rows[i], rows[k] = rows[k], rows[i] })
	rows = rows[:min(len(rows), sampleRows)]
	features, err := e.encode(t.table, rows)
	if err != nil {
		return err
	}
	var margins, contributions []float32
	err = t.crew.do(ctx, 1, func(int) (err error) {
		margins, contributions, err = t.x.predictFile(file, features, len(rows))
		return err
	})
	if err != nil {
		return err
	}
	card.Parity = Parity{Rows: len(rows)}
	totals := make([]float64, len(m.names))
	explainer := m.newExplainer(f.newTables())
	for i := range rows {
		x := features[i*e.width:][:e.width]
		card.Parity.Margin = max(card.Parity.Margin, math.Abs(float64(f.margin(x)-margins[i])))
		phi := make([]float64, e.width)
		explainer.explain(x, phi)
		for k, v := range phi {
			card.Parity.Contributions = max(card.Parity.Contributions, math.Abs(v-float64(contributions[i*(e.width+1)+k])))
		}
		for k, v := range m.effects(explainer, x) {
			totals[k] += math.Abs(v) / float64(len(rows))
		}
	}
	if card.Parity.Margin > maxDifference || card.Parity.Contributions > maxDifference {
		return qingyuan.Errorf(qingyuan.Internal, "the scorer differs from XGBoost by %.1e (contributions %.1e); the model is not kept",
			card.Parity.Margin, card.Parity.Contributions)
	}
	for k, v := range totals {
		card.Importance = append(card.Importance, Importance{Column: m.names[k], Mean: v})
	}
	slices.SortStableFunc(card.Importance, func(a, b Importance) int { return cmp.Compare(b.Mean, a.Mean) })
	return nil
}
