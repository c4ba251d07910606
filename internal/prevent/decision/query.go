package decision

import (
	"context"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/intake"
	"qingyuan/internal/store"
)

// Filter narrows a list of decisions; empty fields do not.
type Filter struct {
	Outcome  qingyuan.Outcome
	Kind     qingyuan.EventKind
	Rule     string
	Typology qingyuan.Typology
	Entity   string // blind key of an entity the event mentions
	From, To time.Time
	Before   int64 // seq: only older decisions
	Limit    int
}

// List reads decisions, newest first.
func (s *Service) List(ctx context.Context, tenant qingyuan.Tenant, f Filter) (all []*Decision, err error) {
	if f.Before <= 0 {
		f.Before = 1 << 62
	}
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		where, args := []string{"seq < $2"}, []any{f.Before}
		add := func(term string, arg any) {
			args = append(args, arg)
			where = append(where, fmt.Sprintf(term, len(args)+1))
		}
		if f.Outcome != "" {
			add("outcome = $%d", string(f.Outcome))
		}
		if f.Kind != "" {
			add("kind = $%d", string(f.Kind))
		}
		if f.Rule != "" {
			add("rules LIKE $%d", "%|"+f.Rule+"|%")
		}
		if f.Typology != "" {
			term, err := s.rulesOf(tx, f.Typology, &args)
			if err != nil {
				return err
			}
			where = append(where, term)
		}
		if !f.From.IsZero() {
			add("decided_at >= $%d", f.From.UnixMicro())
		}
		if !f.To.IsZero() {
			add("decided_at < $%d", f.To.UnixMicro())
		}
		if f.Entity != "" {
			term, err := s.mentioning(tx, f, &args)
			if err != nil {
				return err
			}
			where = append(where, term)
		}
		args = append(args, f.Limit)
		all, err = s.record.decisions(tx, strings.Join(where, " AND ")+fmt.Sprintf(" ORDER BY seq DESC LIMIT $%d", len(args)+1), args...)
		return err
	})
	return all, err
}

// rulesOf is a term for decisions in which a rule of the typology spoke, by the live ruleset.
func (s *Service) rulesOf(tx *store.Tx, t qingyuan.Typology, args *[]any) (string, error) {
	d, err := s.record.deploymentAt(tx, 1<<62)
	if err != nil || d.live == (ref{}) {
		return "1 = 0", err
	}
	program, err := s.record.program(tx, d.live.id, d.live.version)
	if err != nil {
		return "", err
	}
	var any []string
	for _, r := range program.Ruleset().Rules {
		if r.Typology == t {
			*args = append(*args, "%|"+r.ID+"|%")
			any = append(any, fmt.Sprintf("rules LIKE $%d", len(*args)+1))
		}
	}
	if len(any) == 0 {
		return "1 = 0", nil
	}
	return "(" + strings.Join(any, " OR ") + ")", nil
}

// mentioning is a term for the newest decisions whose events mention the entity.
func (s *Service) mentioning(tx *store.Tx, f Filter, args *[]any) (string, error) {
	events, err := s.cfg.Events.Find(tx, f.Entity, f.Before, 1000)
	if err != nil {
		return "", err
	}
	var in []string
	for _, e := range events {
		*args = append(*args, e.Seq)
		in = append(in, fmt.Sprintf("$%d", len(*args)+1))
	}
	if len(in) == 0 {
		return "1 = 0", nil
	}
	return "seq IN (" + strings.Join(in, ", ") + ")", nil
}

// Behind reads the events that a velocity value of a decision counted, newest first. key is the entity the value was
// read for, as the trace names it; empty: the event's own.
func (s *Service) Behind(ctx context.Context, d *Decision, tenant qingyuan.Tenant, id string, before int64, limit int) (events []*qingyuan.Event, err error) {
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		program, err := s.record.program(tx, d.Ruleset, d.Version)
		if err != nil {
			return err
		}
		event, err := s.cfg.Events.EventAt(tx, d.Seq)
		if err != nil {
			return err
		}
		for _, a := range program.Aggregates() {
			if a.ID != id {
				continue
			}
			stream := program.Streams()[a.Stream]
			q := intake.Sharing{Kinds: stream.On, To: event.EffectiveAt.Add(time.Microsecond), From: event.EffectiveAt.Add(-a.Window),
				Before: min(d.Seq, orEnd(before)), Limit: limit}
			if a.Include {
				q.Before = min(d.Seq+1, orEnd(before))
			}
			if events, err = s.behind(tx, program, a, keysRead(d, event, a), q); err != nil {
				return err
			}
			return nil
		}
		return qingyuan.Errorf(qingyuan.NotFound, "the decision read no velocity %q", id)
	})
	return events, err
}

func orEnd(before int64) int64 {
	if before <= 0 {
		return 1 << 62
	}
	return before
}

// keysRead are the keys under which the decision on event looked the aggregate up.
func keysRead(d *Decision, event *qingyuan.Event, a Aggregate) map[[16]byte]bool {
	keys := map[[16]byte]bool{}
	selected(event, a.Lookup, func(key [16]byte) { keys[key] = true })
	for _, v := range d.Values { // of several entities the trace names the one that counted
		text, _ := v.Value.(string)
		if key, err := hex.DecodeString(text); v.Name == "velocity."+a.ID+".key" && err == nil && len(key) == 16 {
			keys = map[[16]byte]bool{[16]byte(key): true}
		}
	}
	return keys
}

// behind reads the events that put something into the aggregate's stream under the keys.
func (s *Service) behind(tx *store.Tx, program *Program, a Aggregate, keys map[[16]byte]bool, q intake.Sharing) ([]*qingyuan.Event, error) {
	rows := q.Limit
	q.Limit = 1000 // before those are left out that mention the entity but count nothing
	seen := map[int64]bool{}
	var all []*qingyuan.Event
	for k := range keys {
		q.Key = hex.EncodeToString(k[:])
		events, err := s.cfg.Events.Sharing(tx, q)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if !seen[e.Seq] && e.Data != nil && contributes(program, e, a.Stream, k) {
				seen[e.Seq] = true
				all = append(all, e)
			}
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Seq > all[j].Seq })
	return all[:min(len(all), rows)], nil
}

func contributes(p *Program, e *qingyuan.Event, stream int, key [16]byte) bool {
	for _, c := range p.Contributions(e) {
		if c.Stream == stream && c.Key == key {
			return true
		}
	}
	return false
}

// Release ends a hold by a person's word. Errors: conflict where the decision is no hold or was released already.
func (s *Service) Release(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, id, reason string) error {
	d, err := s.Decision(ctx, tenant, id)
	if err != nil {
		return err
	}
	if d.Outcome != qingyuan.Hold {
		return qingyuan.Errorf(qingyuan.Conflict, "only a hold can be released; this decision is %s", d.Outcome)
	}
	if n := len([]rune(strings.TrimSpace(reason))); n < 4 || n > 500 {
		return qingyuan.FieldErrorf("reason", "must have 4 to 500 characters")
	}
	err = s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		tx.Insert(releaseRow, d.Seq, actor.ID, audit.Blot(reason), tx.Now().UnixMicro())
		_, err := tx.Emit("hold.released", d.ID, nil)
		return err
	})
	if qingyuan.CodeOf(err) == qingyuan.Conflict {
		return qingyuan.Errorf(qingyuan.Conflict, "the hold was released already")
	}
	return err
}

// Holds reads the holds no one has released yet, oldest last.
func (s *Service) Holds(ctx context.Context, tenant qingyuan.Tenant, before int64, limit int) (all []*Decision, err error) {
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		all, err = s.record.decisions(tx, `outcome = 'hold' AND seq < $2 AND NOT EXISTS
			(SELECT 1 FROM release WHERE tenant = $1 AND release.seq = decision.seq) ORDER BY seq DESC LIMIT $3`, orEnd(before), limit)
		return err
	})
	return all, err
}

// Summary is what happened in a stretch of time.
type Summary struct {
	Events, Decisions int64
	ByOutcome         map[qingyuan.Outcome]int64
	ByRule            map[string]int64
	P50, P95, P99     time.Duration // from arrival until decided, before the commit
}

// Summary counts decisions made within [from, to).
func (s *Service) Summary(ctx context.Context, tenant qingyuan.Tenant, from, to time.Time) (*Summary, error) {
	out := &Summary{ByOutcome: map[qingyuan.Outcome]int64{}, ByRule: map[string]int64{}}
	var latencies []int64
	err := s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT outcome, rules, latency_us FROM decision WHERE tenant = $1 AND decided_at >= $2 AND decided_at < $3`, from.UnixMicro(), to.UnixMicro())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var outcome qingyuan.Outcome
			var rules string
			var latency int64
			if err := rows.Scan(&outcome, &rules, &latency); err != nil {
				return err
			}
			out.Decisions++
			out.ByOutcome[outcome]++
			latencies = append(latencies, latency)
			for _, r := range strings.FieldsFunc(rules, func(c rune) bool { return c == '|' }) {
				out.ByRule[r]++
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
		out.Events, err = s.cfg.Events.Count(tx, from, to)
		return err
	})
	sort.Slice(latencies, func(i, j int) bool { return latencies[i] < latencies[j] })
	out.P50, out.P95, out.P99 = quantile(latencies, .50), quantile(latencies, .95), quantile(latencies, .99)
	return out, err
}

func quantile(sorted []int64, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return time.Duration(sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]) * time.Microsecond
}
