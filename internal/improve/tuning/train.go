package tuning

import (
	"cmp"
	"context"
	"slices"
	"time"

	"qingyuan"
	"qingyuan/internal/improve/label"
	"qingyuan/internal/intake"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/prevent/model"
	"qingyuan/internal/store"
)

// Config says what training from the record stands on.
type Config struct {
	DB        *store.DB
	Events    *intake.Service
	Decisions *decision.Service
	Labels    *label.Service
}

// Request asks for a training from the record.
type Request struct {
	Target Target
	// Ruleset and Model name what the rows are: a ruleset's text, or the published version ID@Version, and a model in it, whose kinds
	// of event are scored and whose inputs are the columns.
	Ruleset []byte
	ID      string
	Version int
	Model   string
	// From ≤ rows of training, Cutoff ≤ rows to judge by, and all ends before To; zero From and To: no bound.
	From, Cutoff, To time.Time
	Analysts         int // who look at alerts
	PerDay           int // how many one of them can look at in a day
	Seed             uint64
	Fast             bool
	AllowLeaky       bool
	Library          string
	Progress         func(step string)
}

// Split is the rows of one side of the cutoff.
type Split struct {
	Rows      int     `json:"rows"`
	Positives int     `json:"positives"`
	Rate      float64 `json:"rate"`
	Days      float64 `json:"days"`
}

// Capacity is what alerts are worth where the analysts look at the riskiest rows of each day, as many as they can.
type Capacity struct {
	Analysts    int     `json:"analysts"`
	PerDay      int     `json:"per_day"` // of one analyst
	Alerts      int     `json:"alerts"`
	PerAnalyst  float64 `json:"alerts_per_analyst_day"`
	Found       int     `json:"found"`
	PPV         float64 `json:"ppv"`
	Recall      float64 `json:"recall"`
	PPVByChance float64 `json:"ppv_by_chance"`
	Probability float64 `json:"least_probability"` // among the alerts
}

// Threshold is what alerts are worth from a fixed probability on.
type Threshold struct {
	Probability float64 `json:"probability"`
	Alerts      int     `json:"alerts"`
	PerAnalyst  float64 `json:"alerts_per_analyst_day"`
	PPV         float64 `json:"ppv"`
	Recall      float64 `json:"recall"`
}

// Report says what was trained on and how it did out of time.
type Report struct {
	Target      string              `json:"target"`
	Model       string              `json:"model"`
	Version     string              `json:"version,omitempty"` // of the trained model
	Rows        decision.RowsReport `json:"rows"`              // how the rows compare with what was decided
	Cutoff      time.Time           `json:"cutoff"`
	Train       Split               `json:"train"`
	Test        Split               `json:"test"`
	Immature    int                 `json:"immature"`     // rows whose horizon ends after the cutoff, or after the end
	KnownBefore int                 `json:"known_before"` // rows of people whose case was known before
	MedianDelay float64             `json:"median_delay"` // days from the outcome until it was known
	OutOfFold   *model.Metrics      `json:"out_of_fold,omitempty"`
	OutOfTime   *model.Metrics      `json:"out_of_time,omitempty"`
	PSI         float64             `json:"psi"`
	Capacity    *Capacity           `json:"capacity,omitempty"`
	Thresholds  []Threshold         `json:"thresholds,omitempty"`
}

// Tables are the rows on both sides of the cutoff. Test is nil where there are none.
type Tables struct{ Train, Test *model.Table }

// Prepare drives the record and makes the tables. Errors: invalid where there are no rows to train on.
func Prepare(ctx context.Context, c Config, tenant qingyuan.Tenant, req Request) (*Tables, *Report, error) {
	if req.Cutoff.IsZero() {
		return nil, nil, qingyuan.FieldErrorf("cutoff", "is required")
	}
	if req.To.IsZero() {
		req.To = c.DB.Now()
	}
	seen, err := gather(ctx, c, tenant, &req.Target)
	if err != nil {
		return nil, nil, err
	}
	out := &Report{Target: req.Target.ID, Model: req.Model, Cutoff: req.Cutoff}
	var train, test []example
	var delays []float64
	rows := decision.RowsRequest{Model: req.Model, BacktestRequest: decision.BacktestRequest{Text: req.Ruleset, ID: req.ID, Version: req.Version, From: req.From, To: req.To}}
	compared, err := c.Decisions.Rows(ctx, tenant, rows, func(r decision.Row) error {
		at := r.Event.EffectiveAt
		asOf, side := req.To, &test
		if at.Before(req.Cutoff) {
			asOf, side = req.Cutoff, &train
		}
		if at.Add(req.Target.Horizon).After(asOf) {
			out.Immature++
			return nil
		}
		v := seen.of(r.Event, asOf)
		if v.before {
			out.KnownBefore++
			return nil
		}
		if v.positive {
			delays = append(delays, v.known.Sub(v.happened).Hours()/24)
		}
		*side = append(*side, example{at, customerOf(r.Event), r.Inputs, v.positive})
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	out.Rows = *compared
	if slices.Sort(delays); len(delays) > 0 {
		out.MedianDelay = delays[len(delays)/2]
	}
	out.Train, out.Test = splitOf(train), splitOf(test)
	if len(train) == 0 {
		return nil, nil, qingyuan.FieldErrorf("cutoff", "leaves no rows to train on: %d rows in all, %d of them not mature", compared.Rows, out.Immature)
	}
	kinds := kindsOf(append(slices.Clone(train), test...))
	t := &Tables{}
	if t.Train, err = tableOf(train, kinds); err == nil && len(test) > 0 {
		t.Test, err = tableOf(test, kinds)
	}
	return t, out, err
}

// gather collects the outcomes of the record and the closed cases.
func gather(ctx context.Context, c Config, tenant qingyuan.Tenant, t *Target) (*truth, error) {
	seen := newTruth(t)
	labels, err := c.Labels.All(ctx, tenant)
	if err != nil {
		return nil, err
	}
	for i := range labels {
		seen.addCase(&labels[i])
	}
	for _, kind := range t.kinds() {
		err := c.Events.Each(ctx, tenant, kind, time.Time{}, func(e *qingyuan.Event) { seen.addEvent(e) })
		if err != nil {
			return nil, err
		}
	}
	return seen, nil
}

func splitOf(all []example) (s Split) {
	s.Rows = len(all)
	var first, last time.Time
	for i, e := range all {
		if e.positive {
			s.Positives++
		}
		if i == 0 || e.at.Before(first) {
			first = e.at
		}
		if i == 0 || e.at.After(last) {
			last = e.at
		}
	}
	if s.Rows > 0 {
		s.Rate, s.Days = float64(s.Positives)/float64(s.Rows), max(1, last.Sub(first).Hours()/24)
	}
	return s
}

// Train trains on the rows before the cutoff and judges on those after it. Errors: those of Prepare and of [model.Train].
func Train(ctx context.Context, c Config, tenant qingyuan.Tenant, req Request) (*model.Artefact, *Report, error) {
	t, out, err := Prepare(ctx, c, tenant, req)
	if err != nil {
		return nil, nil, err
	}
	a, err := model.Train(ctx, model.Config{Table: t.Train, Target: columnTarget, ID: columnSubject, AsOf: columnAsOf, Seed: req.Seed, Fast: req.Fast,
		AllowLeaky: req.AllowLeaky, Library: req.Library, Progress: req.Progress})
	if err != nil {
		return nil, out, err
	}
	out.Version, out.OutOfFold = a.Version(), &a.Card().Metrics
	if t.Test != nil && out.Test.Positives > 0 {
		err = out.judge(ctx, a.Model, t.Test, req)
	}
	return a, out, err
}

// judge scores the rows after the cutoff.
func (r *Report) judge(ctx context.Context, m *model.Model, test *model.Table, req Request) error {
	report, err := model.Eval(ctx, m, test, columnTarget)
	if err != nil {
		return err
	}
	r.OutOfTime, r.PSI = &report.Metrics, report.PSI
	probabilities, err := m.Predict(ctx, test)
	if err != nil {
		return err
	}
	rows := make([]scored, len(probabilities))
	truth, at := test.Column(columnTarget), test.Column(columnAsOf)
	for i, p := range probabilities {
		rows[i] = scored{p, truth.Numbers[i] == 1, int64((at.Numbers[i] - float64(req.Cutoff.Unix())) / 86400)}
	}
	analysts := max(1, req.Analysts)
	r.Capacity = capacityOf(rows, analysts, max(1, req.PerDay), r.Test)
	for _, p := range []float64{.02, .05, .1, .2, .3, .5} {
		t := Threshold{Probability: p}
		found := 0
		for _, s := range rows {
			if s.p >= p {
				t.Alerts++
				if s.positive {
					found++
				}
			}
		}
		t.PerAnalyst = float64(t.Alerts) / r.Test.Days / float64(analysts)
		t.PPV, t.Recall = share(found, t.Alerts), share(found, r.Test.Positives)
		r.Thresholds = append(r.Thresholds, t)
	}
	return nil
}

// scored is a row after the cutoff.
type scored struct {
	p        float64
	positive bool
	day      int64
}

// capacityOf lets the analysts take the riskiest rows of each day.
func capacityOf(rows []scored, analysts, perDay int, test Split) *Capacity {
	out := &Capacity{Analysts: analysts, PerDay: perDay, PPVByChance: test.Rate, Probability: 1}
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b scored) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(b.p, a.p)) })
	today, taken := int64(-1), 0
	for _, s := range sorted {
		if s.day != today {
			today, taken = s.day, 0
		}
		if taken++; taken > analysts*perDay {
			continue
		}
		out.Alerts++
		out.Probability = min(out.Probability, s.p)
		if s.positive {
			out.Found++
		}
	}
	out.PerAnalyst = float64(out.Alerts) / test.Days / float64(analysts)
	out.PPV, out.Recall = share(out.Found, out.Alerts), share(out.Found, test.Positives)
	return out
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}
