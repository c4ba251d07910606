package decision

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"qingyuan"
	"qingyuan/internal/store"
)

// ReplayReport says how a replay of the record compares with what was decided.
type ReplayReport struct {
	Tenant      qingyuan.Tenant `json:"tenant"`
	Events      int             `json:"events"`
	Decisions   int             `json:"decisions"`
	Identical   int             `json:"identical"`
	Erased      int             `json:"erased"`      // decisions on events of erased persons, which cannot be evaluated
	Redacted    int             `json:"redacted"`    // decisions on events that mentioned an erased person, which read what is gone
	Skipped     []Skipped       `json:"skipped"`     // both, the first 1,000
	Fallbacks   int             `json:"fallbacks"`   // decisions that gave a declared fallback; they are compared as such
	Differences []Difference    `json:"differences"` // the first 100
	// Shadows are results of versions in shadow; like decisions they must come out as recorded.
	Shadows          int    `json:"shadows"`
	ShadowsIdentical int    `json:"shadows_identical"`
	Digest           string `json:"digest"` // over all replayed digests in order
}

// Skipped is a decision that cannot be made again, because a person was erased.
type Skipped struct {
	Seq int64  `json:"seq"`
	ID  string `json:"id"`
	Why string `json:"why"` // erased, redacted
}

func (r *ReplayReport) skip(event *qingyuan.Event) {
	s := Skipped{event.Seq, IDOf(event.ID), "redacted"}
	if r.Redacted++; event.Data == nil {
		s.Why = "erased"
		r.Redacted--
		r.Erased++
	}
	if len(r.Skipped) < 1000 {
		r.Skipped = append(r.Skipped, s)
	}
}

// Difference is a decision that came out otherwise.
type Difference struct {
	Seq      int64            `json:"seq"`
	ID       string           `json:"id"`
	Recorded qingyuan.Outcome `json:"recorded"`
	Replayed qingyuan.Outcome `json:"replayed"`
	Rules    []string         `json:"rules"` // that fired in the replay
}

// Replay runs the tenant's whole record through a new lane, from the first seq to the last, and compares outcomes,
// reasons and feature values by digest. It reads one snapshot of the database and changes nothing. progress, where not
// nil, is called with the seq reached.
func (s *Service) Replay(ctx context.Context, tenant qingyuan.Tenant, progress func(done, total int64)) (*ReplayReport, error) {
	report := &ReplayReport{Tenant: tenant, Differences: []Difference{}, Skipped: []Skipped{}}
	all := sha256.New()
	err := s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		last, err := tx.LastSeq()
		if err != nil {
			return err
		}
		l := newLane(s.record)
		for l.applied < last {
			if err := s.replayPage(tx, l, report, func(d [32]byte) { all.Write(d[:]) }); err != nil {
				return err
			}
			if progress != nil {
				progress(l.applied, last)
			}
		}
		return nil
	})
	report.Digest = hex.EncodeToString(all.Sum(nil))
	return report, err
}

func (s *Service) replayPage(tx *store.Tx, l *lane, report *ReplayReport, digest func([32]byte)) error {
	if err := l.know(tx); err != nil {
		return err
	}
	entries, err := tx.Outbox(l.applied, page)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return qingyuan.Errorf(qingyuan.Internal, "the outbox ends at %d", l.applied)
	}
	last := entries[len(entries)-1].Seq
	events, err := s.cfg.Events.Range(tx, l.applied, last, len(entries))
	if err != nil {
		return err
	}
	decided, err := s.record.recorded(tx, l.applied, last)
	if err != nil {
		return err
	}
	signals, err := s.record.signals(tx, l.applied, last, events)
	if err != nil {
		return err
	}
	for _, e := range entries {
		var event *qingyuan.Event
		if len(events) > 0 && events[0].Seq == e.Seq {
			event, events = events[0], events[1:]
		}
		if e.Kind == DecisionMade && event != nil {
			l.survey(event)
		}
		if err := l.step(tx, e, event); err != nil {
			return fmt.Errorf("replay %s at seq %d: %w", e.Kind, e.Seq, err)
		}
		if event == nil {
			continue
		}
		report.Events++
		if e.Kind == DecisionMade {
			l.compare(event, signals[e.Seq], decided[e.Seq], report, digest)
		}
	}
	return nil
}

// compare decides an absorbed event again and notes whether it comes out as recorded.
func (l *lane) compare(event *qingyuan.Event, signals []qingyuan.Signal, was recordedDecision, report *ReplayReport, digest func([32]byte)) {
	if _, touched := l.left[event.Seq]; touched || event.Data == nil {
		report.skip(event)
		return
	}
	report.Decisions++
	by, _ := l.deciding(event)
	var res ruling
	if was.fallback != "" {
		report.Fallbacks++
		res.Result = by.program.Fallback(was.point, event.Kind, was.fallback)
	} else {
		res = l.decide(event, signals)
	}
	res.compareShadows(was, report)
	d := Digest(res.Result)
	digest(d)
	if string(d[:]) == string(was.digest) && was.by == refOf(by.program) {
		report.Identical++
		return
	}
	if len(report.Differences) < 100 {
		diff := Difference{Seq: event.Seq, ID: IDOf(event.ID), Recorded: was.outcome, Replayed: res.Outcome}
		for _, r := range res.Reasons {
			diff.Rules = append(diff.Rules, r.Rule)
		}
		report.Differences = append(report.Differences, diff)
	}
}

// compareShadows notes whether the versions in shadow come out as recorded, and whether the same ones were asked.
func (v ruling) compareShadows(was recordedDecision, report *ReplayReport) {
	report.Shadows += max(len(was.shadows), len(v.shadows))
	for _, s := range v.shadows {
		d := Digest(s)
		if string(d[:]) == string(was.shadows[ref{s.Ruleset, s.Version}]) {
			report.ShadowsIdentical++
		}
	}
}

// recordedDecision is what a replay compares with.
type recordedDecision struct {
	outcome         qingyuan.Outcome
	by              ref // the version that decided
	point, fallback string
	digest          []byte
	shadows         map[ref][]byte // digests
}

// recorded reads what was decided on the events with after < seq ≤ upTo.
func (r *record) recorded(tx *store.Tx, after, upTo int64) (map[int64]recordedDecision, error) {
	rows, err := tx.Query(`SELECT seq, outcome, ruleset, version, point, fallback, digest FROM decision WHERE tenant = $1 AND seq > $2 AND seq <= $3`, after, upTo)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64]recordedDecision{}
	for rows.Next() {
		var seq int64
		var d recordedDecision
		if err := rows.Scan(&seq, &d.outcome, &d.by.id, &d.by.version, &d.point, &d.fallback, &d.digest); err != nil {
			return nil, err
		}
		all[seq] = d
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	return all, r.recordedShadows(tx, after, upTo, all)
}

func (r *record) recordedShadows(tx *store.Tx, after, upTo int64, all map[int64]recordedDecision) error {
	rows, err := tx.Query(`SELECT seq, ruleset, version, digest FROM shadow_result WHERE tenant = $1 AND seq > $2 AND seq <= $3`, after, upTo)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var v ref
		var digest []byte
		if err := rows.Scan(&seq, &v.id, &v.version, &digest); err != nil {
			return err
		}
		d := all[seq]
		if d.shadows == nil {
			d.shadows = map[ref][]byte{}
		}
		d.shadows[v] = digest
		all[seq] = d
	}
	return rows.Err()
}
