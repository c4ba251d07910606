package model

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
)

// Params are the parameters of boosting that the search tries, named as in XGBoost.
type Params struct {
	Depth     int     `json:"max_depth"`
	Eta       float64 `json:"eta"`
	MinChild  float64 `json:"min_child_weight"`
	Subsample float64 `json:"subsample"`
	ColSample float64 `json:"colsample_bytree"`
	Lambda    float64 `json:"lambda"`
	Rounds    int     `json:"rounds"` // found by early stopping
}

// candidates are the parameters a search tries: from shallow and smooth to deep and detailed.
func candidates(fast bool) []Params {
	if fast {
		return []Params{
			{Depth: 4, Eta: .1, MinChild: 1, Subsample: .8, ColSample: .6, Lambda: 1},
			{Depth: 5, Eta: .1, MinChild: 5, Subsample: .8, ColSample: .5, Lambda: 5},
			{Depth: 8, Eta: .1, MinChild: .1, Subsample: .8, ColSample: .6, Lambda: 1},
		}
	}
	return []Params{
		{Depth: 3, Eta: .1, MinChild: 1, Subsample: .8, ColSample: .6, Lambda: 1},
		{Depth: 4, Eta: .1, MinChild: 1, Subsample: .8, ColSample: .6, Lambda: 1},
		{Depth: 4, Eta: .1, MinChild: 5, Subsample: .8, ColSample: .3, Lambda: 5},
		{Depth: 5, Eta: .1, MinChild: 5, Subsample: .8, ColSample: .5, Lambda: 5},
		{Depth: 6, Eta: .1, MinChild: 1, Subsample: .8, ColSample: .6, Lambda: 1},
		{Depth: 6, Eta: .1, MinChild: 5, Subsample: .8, ColSample: .4, Lambda: 10},
		{Depth: 8, Eta: .1, MinChild: .1, Subsample: .8, ColSample: .6, Lambda: 1},
	}
}

const (
	// searchRows is the number of rows beyond which the search works on a sample.
	searchRows = 30_000
	// outerFolds is the number of folds of cross-validation; fewRows is the number of rows from which bigFolds do.
	outerFolds, bigFolds, fewRows = 5, 3, 100_000
	// innerFolds is the number of parts in which target rates are learned.
	innerFolds = 5
	// maxRounds bounds boosting; stopChunk is how many rounds pass between two looks at the curve.
	maxRounds, stopChunk = 800, 20
)

// sameAs reports whether p and q differ in nothing but what was found out about them.
func (p Params) sameAs(q Params) bool {
	p.Rounds, q.Rounds = 0, 0
	return p == q
}

// patience is the number of rounds without a better one after which boosting stops.
func (p Params) patience() int { return int(6 / p.Eta) }

// xgb is p as parameters of XGBoost. Its generator belongs to the thread, which serves several boosters, so every round seeds anew.
func (p Params) xgb(base float64, seed uint64) map[string]string {
	f := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	return map[string]string{
		"booster": "gbtree", "objective": "binary:logistic", "tree_method": "hist", "eval_metric": "auc", "verbosity": "0",
		"nthread": "1", "seed": strconv.FormatUint(seed%math.MaxInt32, 10), "seed_per_iteration": "1", "base_score": f(base),
		"max_depth": strconv.Itoa(p.Depth), "eta": f(p.Eta), "min_child_weight": f(p.MinChild), "subsample": f(p.Subsample),
		"colsample_bytree": f(p.ColSample), "lambda": f(p.Lambda),
	}
}

// foldsOf deals rows into k parts with equal shares of positives, by place in rows. Rows that share a value of group,
// which may be nil, stay together.
func foldsOf(rows []int, positive []bool, group *Column, k int, seed uint64) []int {
	rng := rand.New(rand.NewPCG(seed, uint64(k)))
	part := make([]int, len(rows))
	first := map[any]int{}
	var dealt [2]int
	for _, i := range rng.Perm(len(rows)) {
		class := 0
		if positive[rows[i]] {
			class = 1
		}
		part[i] = dealt[class] % k
		if group != nil && !group.Missing(rows[i]) {
			id := group.Value(rows[i])
			if p, met := first[id]; met {
				part[i] = p
				continue
			}
			first[id] = part[i]
		}
		dealt[class]++
	}
	return part
}

// task is what the trees are to learn.
type task struct {
	x        *xgboost
	crew     *crew
	table    *Table
	features []string // columns
	rows     []int
	positive []bool  // by row of the table
	group    *Column // rows of one group share a fold; may be nil
	ratios   bool    // encoders choose ratios of columns
}

// base is the share of positives among the rows, kept off 0 and 1.
func (t *task) base() float64 {
	n := 0
	for _, r := range t.rows {
		if t.positive[r] {
			n++
		}
	}
	return min(max(float64(n)/float64(len(t.rows)), 1e-6), 1-1e-6)
}

// sample is the task on at most n rows: all positives up to half of n, and negatives at random.
func (t *task) sample(n int, seed uint64) *task {
	if len(t.rows) <= n {
		return t
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	var some [2][]int
	for _, i := range rng.Perm(len(t.rows)) {
		class := 0
		if t.positive[t.rows[i]] {
			class = 1
		}
		some[class] = append(some[class], t.rows[i])
	}
	positives := some[1][:min(len(some[1]), max(n/2, n-len(some[0])))]
	rows := append(positives, some[0][:n-len(positives)]...)
	slices.Sort(rows)
	part := *t
	part.rows = rows
	return &part
}

// labels are the labels of rows as XGBoost takes them.
func (t *task) labels(rows []int) []float32 {
	out := make([]float32, len(rows))
	for i, r := range rows {
		if t.positive[r] {
			out[i] = 1
		}
	}
	return out
}

// learn fits an encoder to rows and makes the matrix to train on.
func (t *task) learn(rows []int, seed uint64) (*Encoder, *matrix, error) {
	e, features, err := fitEncoder(t.table, t.features, rows, t.positive, foldsOf(rows, t.positive, t.group, innerFolds, seed))
	if err != nil {
		return nil, nil, err
	}
	truth := t.labels(rows)
	if t.ratios {
		ratios, err := t.chooseRatios(e, features, truth, seed)
		if err != nil {
			return nil, nil, err
		}
		if e, features, err = e.withRatios(ratios, features); err != nil {
			return nil, nil, err
		}
	}
	m, err := t.x.newMatrix(features, truth, len(rows))
	return e, m, err
}

// fold is one part of the rows, and what is learned without it.
type fold struct {
	out          []int // places in rows
	train, valid *matrix
	booster      *booster
	curve        []float64 // AUC on the part, by round
}

// close frees what XGBoost keeps.
func (f *fold) close() {
	f.drop()
	for _, m := range []*matrix{f.train, f.valid} {
		if m != nil {
			m.close()
		}
	}
}

// drop frees the booster.
func (f *fold) drop() {
	if f.booster != nil {
		f.booster.close()
		f.booster = nil
	}
}

// split makes the folds. Every fold has an encoder of its own: target rates must not know the part left out.
func (t *task) split(ctx context.Context, seed uint64) ([]fold, error) {
	k := outerFolds
	if len(t.rows) > fewRows {
		k = bigFolds
	}
	part := foldsOf(t.rows, t.positive, t.group, k, seed)
	folds := make([]fold, k)
	err := t.crew.do(ctx, k, func(k int) error {
		f := &folds[k]
		var in, out []int
		for i, p := range part {
			if p == k {
				out, f.out = append(out, t.rows[i]), append(f.out, i)
			} else {
				in = append(in, t.rows[i])
			}
		}
		e, train, err := t.learn(in, seed+uint64(k))
		if err != nil {
			return err
		}
		f.train = train
		features, err := e.encode(t.table, out)
		if err != nil {
			return err
		}
		f.valid, err = t.x.newMatrix(features, t.labels(out), len(out))
		return err
	})
	if err != nil {
		t.release(folds)
		return nil, err
	}
	return folds, nil
}

// release frees folds on the crew's threads.
func (t *task) release(folds []fold) {
	_ = t.crew.do(context.Background(), len(folds), func(k int) error { // closing has no error
		folds[k].close()
		return nil
	})
}

// trial is what cross-validation found out about one candidate.
type trial struct {
	Member
	margins []float64 // out of fold at the best round, by place in the task's rows
}

// crossValidate boosts every candidate on the folds side by side and takes the best round of the mean curve.
func (t *task) crossValidate(ctx context.Context, tries []Params, seed uint64) ([]trial, error) {
	folds, err := t.split(ctx, seed)
	if err != nil {
		return nil, err
	}
	defer t.release(folds)
	trials := make([]trial, len(tries))
	for i, p := range tries {
		if trials[i], err = t.try(ctx, folds, p, seed+uint64(1000*i)); err != nil {
			return nil, err
		}
	}
	return trials, nil
}

// try cross-validates one candidate.
func (t *task) try(ctx context.Context, folds []fold, p Params, seed uint64) (trial, error) {
	base := t.base()
	out := trial{Member: Member{Params: p, AUC: -1}, margins: make([]float64, len(t.rows))}
	for round := 0; round < maxRounds && round-out.Rounds < p.patience(); round += stopChunk {
		err := t.crew.do(ctx, len(folds), func(k int) (err error) {
			f := &folds[k]
			if round == 0 {
				f.drop()
				f.curve = nil
				if f.booster, err = t.x.newBooster(p.xgb(base, seed+uint64(k)), f.train, f.valid); err != nil {
					return err
				}
			}
			return f.boost(round)
		})
		if err != nil {
			return trial{}, err
		}
		for r := round; r < round+stopChunk; r++ {
			var auc float64
			for k := range folds {
				auc += folds[k].curve[r] / float64(len(folds))
			}
			if auc > out.AUC {
				out.AUC, out.Rounds = auc, r+1
			}
		}
	}
	for k := range folds {
		out.Folds = append(out.Folds, folds[k].curve[out.Rounds-1])
	}
	return out, t.crew.do(ctx, len(folds), func(k int) error {
		margins, err := folds[k].booster.predict(folds[k].valid, predictMargin, out.Rounds)
		for i, m := range margins {
			out.margins[folds[k].out[i]] = float64(m)
		}
		return err
	})
}

// boost adds stopChunk rounds and their AUC.
func (f *fold) boost(round int) error {
	for r := round; r < round+stopChunk; r++ {
		if err := f.booster.update(r, f.train); err != nil {
			return err
		}
		auc, err := f.booster.metric(r, f.valid)
		if err != nil {
			return err
		}
		f.curve = append(f.curve, auc)
	}
	return nil
}

// best are the n trials with the highest AUC, best first.
func best(trials []trial, n int) []Params {
	sorted := slices.Clone(trials)
	slices.SortStableFunc(sorted, func(a, b trial) int { return cmp.Compare(b.AUC, a.AUC) })
	var out []Params
	for _, t := range sorted[:min(n, len(sorted))] {
		out = append(out, t.Params)
	}
	return out
}
