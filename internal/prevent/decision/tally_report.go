package decision

import (
	"maps"
	"math/bits"
	"slices"
	"time"

	"qingyuan"
)

// report writes down what was added up.
func (t *tally) report(req BacktestRequest) *BacktestReport {
	out := &t.out
	out.Candidate, out.Live = refOf(t.program).String(), refOf(t.live).String()
	if !req.From.IsZero() {
		from := req.From.UTC()
		out.From = &from
	}
	if !req.To.IsZero() {
		to := req.To.UTC()
		out.To = &to
	}
	out.Outcomes, out.Recorded = []OutcomePair{}, []RecordedAs{}
	for l, row := range t.outcomes {
		for c, n := range row {
			if n > 0 {
				out.Outcomes = append(out.Outcomes, OutcomePair{qingyuan.Outcomes[l], qingyuan.Outcomes[c], n})
			}
		}
	}
	for _, r := range t.recorded {
		out.Recorded = append(out.Recorded, *r)
	}
	sortedBy(out.Recorded, func(r RecordedAs) string { return r.Version })
	t.reportPeople()
	t.reportDays()
	t.reportRules()
	if len(t.cases.labels) > 0 {
		out.Cases = t.cases.report()
	}
	return out
}

func (t *tally) reportPeople() {
	out, stop := &t.out, int8(qingyuan.Warn.Severity())
	out.Customers = len(t.persons)
	for _, p := range t.persons {
		out.Alerted.count(p.candidate > 0, p.live > 0)
		out.Stopped.count(p.candidate >= stop, p.live >= stop)
		if p.hardship {
			out.Hardship.count(p.candidate >= stop, p.live >= stop)
		}
		switch {
		case p.candidate > 0 && p.live == 0:
			out.Newly++
		case p.candidate == 0 && p.live > 0:
			out.Relieved++
		}
	}
}

func (t *tally) reportDays() {
	out := &t.out
	out.Days, out.ByDay = len(t.days), []DayBacktest{}
	var alerts PairCount
	for _, day := range slices.Sorted(maps.Keys(t.days)) {
		d := t.days[day]
		out.ByDay = append(out.ByDay, DayBacktest{time.Unix(day*86400, 0).UTC().Format(time.DateOnly), d.events, d.alerts})
		alerts.Candidate += d.alerts.Candidate
		alerts.Live += d.alerts.Live
	}
	if out.Days > 0 {
		out.AlertsPerDay = PairFloat{float64(alerts.Candidate) / float64(out.Days), float64(alerts.Live) / float64(out.Days)}
	}
}

// maxOverlap is how many other rules the report names for each rule.
const maxOverlap = 5

func (t *tally) reportRules() {
	overlap := make([][]RuleOverlap, len(t.rules))
	for pair, n := range t.together {
		for side := range pair {
			at, other := pair[side], pair[1-side]
			overlap[at] = append(overlap[at], RuleOverlap{t.program.rules[other].ID, n, float64(n) / float64(t.rules[at].hits)})
		}
	}
	t.out.Rules = make([]RuleBacktest, len(t.rules))
	for i := range t.rules {
		r, rule := &t.rules[i], &t.program.rules[i]
		b := RuleBacktest{Rule: rule.ID, Polarity: rule.Polarity, Hits: r.hits, Unique: r.unique, LiveHits: r.liveHits,
			NotEvaluable: r.unevaluable, Adverse: r.adverse, Innocent: r.innocent, Overlap: []RuleOverlap{}}
		for _, w := range r.people {
			b.Customers += bits.OnesCount64(w)
		}
		if n := r.adverse + r.innocent; n > 0 {
			p := float64(r.adverse) / float64(n)
			b.Precision = &p
		}
		sortedBy(overlap[i], func(o RuleOverlap) string { return o.Rule })
		slices.SortStableFunc(overlap[i], func(a, b RuleOverlap) int { return b.Events - a.Events })
		b.Overlap = append(b.Overlap, overlap[i][:min(len(overlap[i]), maxOverlap)]...)
		t.out.Rules[i] = b
	}
	sortedBy(t.out.Rules, func(r RuleBacktest) string { return r.Rule })
}

// report adds up the cases by population and typology.
func (c *cases) report() *CaseBacktest {
	out := &CaseBacktest{Labels: len(c.labels), Groups: []CaseBand{}}
	type band struct {
		population string
		typology   qingyuan.Typology
	}
	bands := map[band]*CaseBand{}
	stop := int8(qingyuan.Warn.Severity())
	for i, l := range c.labels {
		s := c.state[i]
		if !s.seen {
			continue
		}
		out.Seen++
		g := bands[band{l.Population, l.Typology}]
		if g == nil {
			g = &CaseBand{Population: l.Population, Typology: l.Typology}
			bands[band{l.Population, l.Typology}] = g
		}
		g.Cases++
		g.Flagged.count(s.candidate > 0, s.live > 0)
		g.Stopped.count(s.candidate >= stop, s.live >= stop)
		if l.Typology != "" {
			out.Caught.count(s.candidate > 0, s.live > 0)
			out.Missed.count(s.candidate == 0, s.live == 0)
		} else {
			out.Hurt.count(s.candidate >= stop, s.live >= stop)
		}
	}
	for _, g := range bands {
		out.Groups = append(out.Groups, *g)
	}
	sortedBy(out.Groups, func(g CaseBand) string { return g.Population + "\x00" + string(g.Typology) })
	return out
}
