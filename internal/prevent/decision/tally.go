package decision

import (
	"cmp"
	"slices"
	"time"

	"qingyuan"
)

// BacktestReport compares a candidate with the live version over the same events.
type BacktestReport struct {
	Candidate string     `json:"candidate"` // id@version; version 0 is a draft
	Live      string     `json:"live"`
	From      *time.Time `json:"from,omitempty"`
	To        *time.Time `json:"to,omitempty"`
	Events    int        `json:"events"`    // that both decided
	Erased    int        `json:"erased"`    // of erased persons: they cannot be evaluated
	Customers int        `json:"customers"` // people these events are about
	Days      int        `json:"days"`      // on which there was one
	Seconds   float64    `json:"seconds"`   // that the run took

	Outcomes     []OutcomePair  `json:"outcomes"` // live × candidate, those that happened
	AlertsPerDay PairFloat      `json:"alerts_per_day"`
	Alerted      PairCount      `json:"customers_alerted"` // people with a review or anything sterner
	Stopped      PairCount      `json:"customers_stopped"` // people with a warn or anything sterner
	Newly        int            `json:"customers_newly_alerted"`
	Relieved     int            `json:"customers_no_longer_alerted"`
	Hardship     PairCount      `json:"hardship_stopped"` // people with a sign of hardship whom it stops
	Rules        []RuleBacktest `json:"rules"`
	Cases        *CaseBacktest  `json:"cases,omitempty"` // where labels were given
	Recorded     []RecordedAs   `json:"recorded"`        // what either version decided when the events came
	ByDay        []DayBacktest  `json:"by_day"`
}

// PairCount is one figure of both versions.
type PairCount struct {
	Candidate int `json:"candidate"`
	Live      int `json:"live"`
}

// PairFloat is one figure of both versions.
type PairFloat struct {
	Candidate float64 `json:"candidate"`
	Live      float64 `json:"live"`
}

// OutcomePair counts the events for which the two versions say these outcomes.
type OutcomePair struct {
	Live      qingyuan.Outcome `json:"live"`
	Candidate qingyuan.Outcome `json:"candidate"`
	Events    int              `json:"events"`
}

// RuleBacktest is what one rule of the candidate does.
type RuleBacktest struct {
	Rule         string            `json:"rule"`
	Polarity     qingyuan.Polarity `json:"polarity"`
	Hits         int               `json:"hits"`
	Unique       int               `json:"unique"`    // hits in which no other suspicion rule fired
	Customers    int               `json:"customers"` // people it hits
	LiveHits     int               `json:"live_hits"` // of the rule of that name in the live version
	NotEvaluable int               `json:"not_evaluable"`
	Adverse      int               `json:"adverse"`             // hits on events with an adverse label
	Innocent     int               `json:"innocent"`            // hits on events with a label that says nothing was wrong
	Precision    *float64          `json:"precision,omitempty"` // adverse ÷ (adverse + innocent)
	Overlap      []RuleOverlap     `json:"overlap"`             // with other rules, most first, at most five
}

// RuleOverlap counts the events in which two rules fire together.
type RuleOverlap struct {
	Rule   string  `json:"rule"`
	Events int     `json:"events"`
	Share  float64 `json:"share"` // of the hits of the rule that is looked at
}

// CaseBacktest is how the versions treat labelled cases.
type CaseBacktest struct {
	Labels int        `json:"labels"`
	Seen   int        `json:"seen"` // that have an event within the time asked for
	Caught PairCount  `json:"caught"`
	Missed PairCount  `json:"missed"`
	Hurt   PairCount  `json:"hurt"` // people with nothing wrong whom it stops: warn or anything sterner
	Groups []CaseBand `json:"groups"`
}

// CaseBand is one population and typology. Flagged is a review or anything sterner, stopped a warn or anything sterner.
type CaseBand struct {
	Population string            `json:"population"`
	Typology   qingyuan.Typology `json:"typology,omitempty"`
	Cases      int               `json:"cases"`
	Flagged    PairCount         `json:"flagged"`
	Stopped    PairCount         `json:"stopped"`
}

// RecordedAs compares what a version decided when the events came with what it decides in the backtest.
type RecordedAs struct {
	Version   string `json:"version"`
	Decisions int    `json:"decisions"`
	Identical int    `json:"identical"`
}

// DayBacktest is one day, in the candidate's local time.
type DayBacktest struct {
	Day    string    `json:"day"`
	Events int       `json:"events"`
	Alerts PairCount `json:"alerts"`
}

// cases holds the labels and what became of them.
type cases struct {
	labels    []CaseLabel
	customers map[string]int32 // blind key → label
	events    map[string]int32 // external id → label
	state     []caseState
}

// caseState is the sternest outcome of each version; seen tells that there was an event.
type caseState struct {
	candidate, live int8
	seen            bool
}

// of finds the label of an event: its own before its customer's.
func (c *cases) of(e *qingyuan.Event) (label int32, ok bool) {
	if len(c.labels) == 0 {
		return 0, false
	}
	if label, ok = c.events[e.ExternalID]; ok {
		return label, ok
	}
	for i := range e.Entities {
		if e.Entities[i].Kind == qingyuan.Customer {
			if label, ok = c.customers[e.Entities[i].Key]; ok {
				return label, ok
			}
		}
	}
	return 0, false
}

// personState is the sternest outcome of each version for one person.
type personState struct {
	candidate, live int8
	hardship        bool
}

type ruleTally struct {
	hits, unique, liveHits, unevaluable, adverse, innocent int
	people                                                 []uint64 // a bit per person
}

type dayTally struct {
	events int
	alerts PairCount
}

// tally adds up what both versions say.
type tally struct {
	program, live *Program
	cases         *cases
	out           BacktestReport
	outcomes      [6][6]int // live, candidate
	people        map[string]int32
	persons       []personState
	rules         []ruleTally    // by index in the candidate's program
	together      map[[2]int]int // rules by index, lower first
	days          map[int64]*dayTally
	recorded      map[ref]*RecordedAs
	fired         []int
}

func newTally(program, live *Program, c *cases) *tally {
	t := &tally{program: program, live: live, cases: c, people: map[string]int32{}, rules: make([]ruleTally, len(program.rules)),
		together: map[[2]int]int{}, days: map[int64]*dayTally{}, recorded: map[ref]*RecordedAs{}}
	for _, p := range []*Program{program, live} {
		if v := refOf(p); v.version > 0 {
			t.recorded[v] = &RecordedAs{Version: v.String()}
		}
	}
	return t
}

// add counts one event.
func (t *tally) add(e *qingyuan.Event, candidate, live Result, was recordedDecision) {
	t.out.Events++
	c, l := int8(candidate.Outcome.Severity()), int8(live.Outcome.Severity())
	t.outcomes[l][c]++
	t.addDay(e, c, l)
	person := t.addPerson(e, candidate, c, l)
	adverse, innocent := t.addCase(e, c, l)
	t.addRules(candidate, person, adverse, innocent)
	for _, r := range live.Reasons {
		if i, ok := t.program.byID[r.Rule]; ok {
			t.rules[i].liveHits++
		}
	}
	t.compare(live, was)
	if refOf(t.program) != refOf(t.live) {
		t.compare(candidate, was)
	}
}

// compare notes whether a version says what it said when the event came.
func (t *tally) compare(res Result, was recordedDecision) {
	at := t.recorded[was.by]
	if at == nil || was.fallback != "" || was.by != (ref{res.Ruleset, res.Version}) {
		return
	}
	at.Decisions++
	if d := Digest(res); string(d[:]) == string(was.digest) {
		at.Identical++
	}
}

func (t *tally) addDay(e *qingyuan.Event, candidate, live int8) {
	day := e.EffectiveAt.Add(t.program.ruleset.UTCOffset).Unix() / 86400
	d := t.days[day]
	if d == nil {
		d = &dayTally{}
		t.days[day] = d
	}
	d.events++
	d.alerts.count(candidate > 0, live > 0)
}

func (p *PairCount) count(candidate, live bool) {
	if candidate {
		p.Candidate++
	}
	if live {
		p.Live++
	}
}

// addPerson gives the number of the person the event is about; -1: nobody.
func (t *tally) addPerson(e *qingyuan.Event, res Result, candidate, live int8) int32 {
	if e.Subject.Key == "" {
		return -1
	}
	i, ok := t.people[e.Subject.Key]
	if !ok {
		i = int32(len(t.persons))
		t.people[e.Subject.Key] = i
		t.persons = append(t.persons, personState{})
	}
	p := &t.persons[i]
	p.candidate, p.live = max(p.candidate, candidate), max(p.live, live)
	for _, r := range res.Reasons {
		p.hardship = p.hardship || r.Polarity == qingyuan.Hardship
	}
	return i
}

func (t *tally) addCase(e *qingyuan.Event, candidate, live int8) (adverse, innocent bool) {
	i, ok := t.cases.of(e)
	if !ok {
		return false, false
	}
	l, s := &t.cases.labels[i], &t.cases.state[i]
	s.seen = true
	if l.Typology == "" || l.AsOf.IsZero() || e.EffectiveAt.Before(l.AsOf) {
		s.candidate, s.live = max(s.candidate, candidate), max(s.live, live)
	}
	return l.Typology != "", l.Typology == ""
}

func (t *tally) addRules(res Result, person int32, adverse, innocent bool) {
	t.fired = t.fired[:0]
	suspicions := 0
	for _, r := range res.Reasons {
		t.fired = append(t.fired, t.program.byID[r.Rule])
		if r.Polarity == qingyuan.Suspicion {
			suspicions++
		}
	}
	slices.Sort(t.fired)
	for n, i := range t.fired {
		r := &t.rules[i]
		r.hits++
		if suspicions == 1 && t.program.rules[i].Polarity == qingyuan.Suspicion {
			r.unique++
		}
		if adverse {
			r.adverse++
		}
		if innocent {
			r.innocent++
		}
		if person >= 0 {
			for len(r.people) <= int(person)/64 {
				r.people = append(r.people, 0)
			}
			r.people[person/64] |= 1 << (person % 64)
		}
		for _, j := range t.fired[n+1:] {
			t.together[[2]int{i, j}]++
		}
	}
	for _, m := range res.NotEvaluable {
		t.rules[t.program.byID[m.Rule]].unevaluable++
	}
}

func sortedBy[T any, K cmp.Ordered](all []T, key func(T) K) {
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
}
