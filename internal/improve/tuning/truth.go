package tuning

import (
	"slices"
	"time"

	"qingyuan"
	"qingyuan/internal/improve/label"
)

// finding is one outcome with its two times.
type finding struct {
	outcome   int
	happened  time.Time
	known     time.Time
	match     string // the value of the outcome's match field
	needsCase bool
}

// truth is what the record and the closed cases show of a target.
type truth struct {
	target  *Target
	events  map[string][]finding // by customer, from events of the record
	cases   map[string][]finding // by customer
	ofEvent map[string][]finding // by external id of an event
}

func newTruth(t *Target) *truth {
	return &truth{target: t, events: map[string][]finding{}, cases: map[string][]finding{}, ofEvent: map[string][]finding{}}
}

// addEvent notes an event of the record that is an outcome. It counts as known when it happened: when it arrived here says nothing
// where history was imported.
func (r *truth) addEvent(e *qingyuan.Event) {
	if e.Data == nil {
		return
	}
	for _, i := range r.target.shownBy(e) {
		o := &r.target.Outcomes[i]
		f := finding{outcome: i, happened: e.EffectiveAt, known: e.EffectiveAt, needsCase: len(o.Cases) > 0}
		if o.Match != "" {
			if f.match = field(e, o.Match); f.match == "" {
				continue
			}
		}
		customer := customerOf(e)
		r.events[customer] = append(r.events[customer], f)
	}
}

// addCase notes a confirmed case.
func (r *truth) addCase(l *label.Label) {
	if l.Disposition != label.Confirmed {
		return
	}
	for i, o := range r.target.Outcomes {
		if !slices.Contains(o.Cases, l.Typology) {
			continue
		}
		f := finding{outcome: i, happened: l.EffectiveAt, known: l.ObservedAt, needsCase: o.On != ""}
		if l.Event != "" {
			r.ofEvent[l.Event] = append(r.ofEvent[l.Event], f)
		} else {
			r.cases[l.Customer] = append(r.cases[l.Customer], f)
		}
	}
}

// verdict is what is true of one row.
type verdict struct {
	positive bool
	// happened and known are the times of the outcome that was known first.
	happened, known time.Time
	before          bool // a case of this target was known before the event: it is no row
}

// of judges the event of a row by what was known at asOf.
func (r *truth) of(e *qingyuan.Event, asOf time.Time) (v verdict) {
	customer := customerOf(e)
	cases := r.cases[customer]
	for _, c := range cases {
		if !c.known.After(e.EffectiveAt) {
			v.before = true
			return v
		}
	}
	found := func(happened, known time.Time) {
		if known.After(asOf) || v.positive && !known.Before(v.known) {
			return
		}
		v.positive, v.happened, v.known = true, happened, known
	}
	within := func(at time.Time) bool {
		return at.After(e.EffectiveAt) && !at.After(e.EffectiveAt.Add(r.target.Horizon))
	}
	for _, f := range r.ofEvent[e.ExternalID] {
		if !f.needsCase {
			found(f.happened, f.known)
		}
	}
	for _, f := range cases {
		if !f.needsCase && within(f.happened) {
			found(f.happened, f.known)
		}
	}
	for _, f := range r.events[customer] {
		o := &r.target.Outcomes[f.outcome]
		if !within(f.happened) || o.Match != "" && field(e, o.Match) != f.match {
			continue
		}
		if !f.needsCase {
			found(f.happened, f.known)
			continue
		}
		for _, c := range append(slices.Clone(cases), r.ofEvent[e.ExternalID]...) {
			if c.outcome == f.outcome { // an event and a confirmed case: known once both are
				found(f.happened, later(f.known, c.known))
			}
		}
	}
	return v
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
