package decision

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/intake"
	"qingyuan/internal/store"
)

// Preview says whom a change of a list would concern: the people whose events mentioned one of its values lately.
type Preview struct {
	Days      int
	Events    int
	Customers int
	Hardship  int                               // of the customers: those for whom a rule of hardship spoke
	ByOutcome map[qingyuan.Outcome]PreviewCount // by what was decided; events that were not decided are missing here
	Skipped   int                               // networks, prefixes and plain values: they have no index; a backtest tells
	Truncated bool                              // there are more: the figures are a lower bound
}

// PreviewCount counts events with an outcome, and the customers whose sternest outcome it is.
type PreviewCount struct{ Events, Customers int }

// maxPreview bounds the events that a preview reads.
const maxPreview = 20_000

// PreviewEntries looks at the last days for entries that are to be added to a list.
func (s *Service) PreviewEntries(ctx context.Context, tenant qingyuan.Tenant, list string, entries []NewEntry, days int) (*Preview, error) {
	ready, err := s.prepareEntries(ctx, tenant, list, entries)
	if err != nil {
		return nil, err
	}
	var keys []string
	out := &Preview{Days: days}
	for _, e := range ready {
		if e.Match != MatchExact || e.Kind == "" {
			out.Skipped++
			continue
		}
		keys = append(keys, e.Value)
	}
	return out, s.preview(ctx, tenant, out, keys)
}

// PreviewAction looks at the last days for what an earlier change of a list added: whom taking it back would concern.
func (s *Service) PreviewAction(ctx context.Context, tenant qingyuan.Tenant, list string, action int64, days int) (*Preview, error) {
	var keys []string
	out := &Preview{Days: days}
	err := s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT kind, match, value FROM list_entry WHERE tenant = $1 AND list = $2 AND (added_seq = $3 OR removed_seq = $3)`, list, action)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var kind, match, value string
			if err := rows.Scan(&kind, &match, &value); err != nil {
				return err
			}
			if ListMatch(match) != MatchExact || kind == "" {
				out.Skipped++
				continue
			}
			keys = append(keys, value)
		}
		return rows.Err()
	})
	if err == nil && len(keys)+out.Skipped == 0 {
		err = qingyuan.Errorf(qingyuan.NotFound, "list %q has no action %d", list, action)
	}
	if err != nil {
		return nil, err
	}
	return out, s.preview(ctx, tenant, out, keys)
}

// PreviewApproval looks at the last days for what a change of a list that was asked for would add or end. Errors: not_found;
// invalid for a request of another kind.
func (s *Service) PreviewApproval(ctx context.Context, tenant qingyuan.Tenant, id string, days int) (*Preview, error) {
	var keys []string
	out := &Preview{Days: days}
	take := func(kind qingyuan.EntityKind, match ListMatch, value string) {
		if match != MatchExact || kind == "" {
			out.Skipped++
			return
		}
		keys = append(keys, value)
	}
	err := s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		a, err := audit.Get(tx, id)
		if err != nil {
			return err
		}
		if a.Kind != KindList {
			return qingyuan.Errorf(qingyuan.Invalid, "only a change of a list has a preview")
		}
		var c listChange
		if err := json.Unmarshal([]byte(a.Payload), &c); err != nil {
			return err
		}
		for _, e := range c.Add {
			take(e.Kind, e.Match, e.Value)
		}
		for _, id := range c.Remove {
			var kind, match, value string
			found, err := tx.Get(`SELECT kind, match, value FROM list_entry WHERE tenant = $1 AND list = $2 AND id = $3`, []any{c.List, id}, &kind, &match, &value)
			if err != nil {
				return err
			}
			if found {
				take(qingyuan.EntityKind(kind), ListMatch(match), value)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, s.preview(ctx, tenant, out, keys)
}

// previewed is what a preview knows of one customer.
type previewed struct {
	sternest qingyuan.Outcome
	hardship bool
}

func (s *Service) preview(ctx context.Context, tenant qingyuan.Tenant, out *Preview, keys []string) error {
	out.ByOutcome = map[qingyuan.Outcome]PreviewCount{}
	people := map[string]*previewed{}
	seen := map[int64]bool{}
	now := s.cfg.DB.Now()
	err := s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		for _, key := range keys {
			q := intake.Sharing{Key: key, From: now.AddDate(0, 0, -out.Days), To: now.Add(time.Hour), Limit: maxPreview + 1 - len(seen)}
			if q.Limit <= 0 {
				break
			}
			events, err := s.cfg.Events.Sharing(tx, q)
			if err != nil {
				return err
			}
			for _, e := range events {
				if seen[e.Seq] {
					continue
				}
				seen[e.Seq] = true
				if err := s.previewEvent(tx, out, people, e); err != nil {
					return err
				}
			}
		}
		return nil
	})
	out.Events, out.Customers, out.Truncated = len(seen), len(people), len(seen) > maxPreview
	for _, p := range people {
		if p.hardship {
			out.Hardship++
		}
		if p.sternest != "" {
			n := out.ByOutcome[p.sternest]
			n.Customers++
			out.ByOutcome[p.sternest] = n
		}
	}
	return err
}

func (s *Service) previewEvent(tx *store.Tx, out *Preview, people map[string]*previewed, e *qingyuan.Event) error {
	p := people[e.Subject.Key]
	if p == nil {
		if p = (&previewed{}); e.Subject.Key != "" {
			people[e.Subject.Key] = p
		}
	}
	var outcome qingyuan.Outcome
	var rules string
	var by ref
	found, err := tx.Get(`SELECT outcome, rules, ruleset, version FROM decision WHERE tenant = $1 AND seq = $2`, []any{e.Seq}, &outcome, &rules, &by.id, &by.version)
	if err != nil || !found {
		return err
	}
	program, err := s.record.program(tx, by.id, by.version)
	if err != nil {
		return fmt.Errorf("the version that decided seq %d: %w", e.Seq, err)
	}
	for _, id := range strings.FieldsFunc(rules, func(c rune) bool { return c == '|' }) {
		if i, ok := program.byID[id]; ok && program.rules[i].Polarity == qingyuan.Hardship {
			p.hardship = true
		}
	}
	n := out.ByOutcome[outcome]
	n.Events++
	out.ByOutcome[outcome] = n
	if outcome.Severity() > p.sternest.Severity() {
		p.sternest = outcome
	}
	return nil
}
