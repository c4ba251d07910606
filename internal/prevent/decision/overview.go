package decision

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// Overview is what was decided about each day's events, and what waits.
type Overview struct {
	Days       []DayOutcomes // every day of the stretch, in order, days without decisions too
	Rules      []RuleHits    // of the whole stretch, most first
	Typologies map[qingyuan.Typology]int64
	Spared     int64 // decisions in which a rule of hardship spoke and nothing was stopped: pass or review
	Stopped    int64 // decisions in which a rule of hardship spoke and that warned or were sterner all the same
	Holds      int64 // holds that wait for a person, of whatever day
}

// DayOutcomes counts the decisions of one day.
type DayOutcomes struct {
	Day      time.Time // its beginning
	Outcomes map[qingyuan.Outcome]int64
	Hardship int64 // decisions in which a rule of hardship spoke
}

// RuleHits counts the decisions in which a rule spoke. Rule has only an id where no version that is deployed has it.
type RuleHits struct {
	Rule Rule
	Hits int64
}

// Overview counts decisions by the day on which what they are about took place, up to the day that holds until. Days begin at midnight of until's location,
// by its offset at that time.
func (s *Service) Overview(ctx context.Context, tenant qingyuan.Tenant, until time.Time, days int) (*Overview, error) {
	last := time.Date(until.Year(), until.Month(), until.Day(), 0, 0, 0, 0, until.Location())
	out := &Overview{Typologies: map[qingyuan.Typology]int64{}}
	for n := days - 1; n >= 0; n-- {
		out.Days = append(out.Days, DayOutcomes{Day: last.Add(-time.Duration(n) * 24 * time.Hour), Outcomes: map[qingyuan.Outcome]int64{}})
	}
	err := s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		known, err := s.deployedRules(tx)
		if err != nil {
			return err
		}
		if err := out.count(tx, known); err != nil {
			return err
		}
		_, err = tx.Get(`SELECT count(*) FROM decision WHERE tenant = $1 AND outcome = 'hold' AND NOT EXISTS
			(SELECT 1 FROM release WHERE tenant = $1 AND release.seq = decision.seq)`, nil, &out.Holds)
		return err
	})
	return out, err
}

// deployedRules are the rules of every version that is live, rolled out or in shadow; the live version's come first.
func (s *Service) deployedRules(tx *store.Tx) (map[string]Rule, error) {
	d, err := s.record.deploymentAt(tx, 1<<62)
	if err != nil {
		return nil, err
	}
	known := map[string]Rule{}
	for _, v := range d.refs() {
		program, err := s.record.program(tx, v.id, v.version)
		if err != nil {
			return nil, err
		}
		for _, r := range program.ruleset.Rules {
			if _, ok := known[r.ID]; !ok {
				known[r.ID] = r
			}
		}
	}
	return known, nil
}

const microsecondsOfDay = int64(24 * time.Hour / time.Microsecond)

// count adds up the decisions of the days. The rules that spoke are one text in the table, and few such texts occur: the
// database groups by them.
func (o *Overview) count(tx *store.Tx, known map[string]Rule) error {
	from := o.Days[0].Day.UnixMicro()
	rows, err := tx.Query(`SELECT (e.effective_at - $2) / $4 AS day, d.outcome, d.rules, count(*) FROM event e JOIN decision d ON d.tenant = $1 AND d.seq = e.seq
		WHERE e.tenant = $1 AND e.effective_at >= $2 AND e.effective_at < $3 GROUP BY 1, d.outcome, d.rules`,
		from, from+int64(len(o.Days))*microsecondsOfDay, microsecondsOfDay)
	if err != nil {
		return err
	}
	defer rows.Close()
	hits := map[string]int64{}
	for rows.Next() {
		var day, n int64
		var outcome qingyuan.Outcome
		var rules string
		if err := rows.Scan(&day, &outcome, &rules, &n); err != nil {
			return err
		}
		o.add(&o.Days[day], outcome, spoke(rules, known, hits, n), n)
	}
	for id, n := range hits {
		rule, ok := known[id]
		if !ok {
			rule = Rule{ID: id}
		}
		o.Rules = append(o.Rules, RuleHits{rule, n})
	}
	slices.SortFunc(o.Rules, func(a, b RuleHits) int {
		return cmp.Or(cmp.Compare(b.Hits, a.Hits), cmp.Compare(a.Rule.ID, b.Rule.ID))
	})
	return rows.Err()
}

// spoken is what the rules of one decision mean together.
type spoken struct {
	hardship   bool
	typologies []qingyuan.Typology
}

// spoke reads the rules of n decisions alike and counts their hits.
func spoke(rules string, known map[string]Rule, hits map[string]int64, n int64) (out spoken) {
	for _, id := range strings.FieldsFunc(rules, func(c rune) bool { return c == '|' }) {
		hits[id] += n
		r := known[id]
		out.hardship = out.hardship || r.Polarity == qingyuan.Hardship
		if r.Polarity == qingyuan.Suspicion && r.Typology != "" && !slices.Contains(out.typologies, r.Typology) {
			out.typologies = append(out.typologies, r.Typology)
		}
	}
	return out
}

func (o *Overview) add(day *DayOutcomes, outcome qingyuan.Outcome, by spoken, n int64) {
	day.Outcomes[outcome] += n
	for _, t := range by.typologies {
		o.Typologies[t] += n
	}
	if !by.hardship {
		return
	}
	day.Hardship += n
	if outcome.Severity() >= qingyuan.Warn.Severity() {
		o.Stopped += n
	} else {
		o.Spared += n
	}
}
