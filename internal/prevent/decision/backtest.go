package decision

import (
	"context"
	"runtime"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/internal/intake"
	"qingyuan/internal/store"
)

// BacktestRequest asks what a ruleset would have decided.
type BacktestRequest struct {
	Text     []byte // the candidate; empty: the published version below
	ID       string
	Version  int
	From, To time.Time // effective time of the events that are decided, From ≤ t < To; zero: no bound
	Labels   []CaseLabel
	Decided  bool // only events that were decided when they came; else all that were recorded, imported history too
	Progress func(done, total int64)
}

// candidate is what of a request is evaluated.
type candidate struct {
	program, live *Program
	last          int64
}

// Backtest runs the tenant's whole record through the lane that decides live events, with the candidate and the live
// version in it, and compares what they say about the events asked for; what came before those fills the windows. Lists
// and snoozes are those of each moment. It changes nothing and may run beside live decisions. Memory grows with the
// people of the record, not with its events. Errors: invalid with the problems of the text; not_found.
func (s *Service) Backtest(ctx context.Context, tenant qingyuan.Tenant, req BacktestRequest) (*BacktestReport, error) {
	began := s.cfg.DB.Now()
	c, err := s.candidateOf(ctx, tenant, req)
	if err != nil {
		return nil, err
	}
	cases, err := s.casesOf(ctx, tenant, req.Labels)
	if err != nil {
		return nil, err
	}
	tally := newTally(c.program, c.live, cases)
	b := &backtest{service: s, tenant: tenant, req: req, last: c.last, visit: func(v visited) error {
		if v.event.Data == nil {
			tally.out.Erased++
			return nil
		}
		tally.add(v.event, v.candidate, v.live, v.was)
		return nil
	}}
	if err := b.through(ctx, c); err != nil {
		return nil, err
	}
	report := tally.report(req)
	report.Seconds = s.cfg.DB.Now().Sub(began).Seconds()
	return report, nil
}

// through takes the whole record through a lane.
func (b *backtest) through(ctx context.Context, c candidate) error {
	if err := b.begin(ctx, c); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var readers sync.WaitGroup
	defer func() { cancel(); readers.Wait() }()
	for next := range b.read(ctx, &readers) {
		p := <-next
		if p.err == nil {
			p.err = b.run(ctx, p)
		}
		if p.err != nil {
			return p.err
		}
		if b.req.Progress != nil {
			b.req.Progress(p.upTo, b.last)
		}
	}
	return ctx.Err()
}

func (s *Service) candidateOf(ctx context.Context, tenant qingyuan.Tenant, req BacktestRequest) (c candidate, err error) {
	if len(req.Text) > 0 {
		var problems []Problem
		if c.program, problems, err = s.Check(ctx, tenant, req.Text); err != nil {
			return c, err
		}
		if len(problems) > 0 {
			return c, problemsError(problems)
		}
	}
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		if c.last, err = tx.LastSeq(); err != nil {
			return err
		}
		d, err := s.record.deploymentAt(tx, c.last)
		if err != nil {
			return err
		}
		if d.live == (ref{}) {
			return qingyuan.Errorf(qingyuan.Unavailable, "no ruleset is active for this tenant")
		}
		if c.live, err = s.record.program(tx, d.live.id, d.live.version); err != nil {
			return err
		}
		v := ref{req.ID, req.Version}
		if c.program != nil { // the text may be that of a published version
			v.id, v.version = c.program.ruleset.ID, 0
			found, err := tx.Get(`SELECT version FROM ruleset WHERE tenant = $1 AND id = $2 AND hash = $3`, []any{v.id, hashText(string(req.Text))}, &v.version)
			if err != nil || !found {
				return err
			}
		}
		c.program, err = s.record.program(tx, v.id, v.version)
		return err
	})
	return c, err
}

// backtest is one run.
type backtest struct {
	service *Service
	tenant  qingyuan.Tenant
	req     BacktestRequest
	last    int64
	lane    *lane
	turns   []store.Entry        // what besides events changes decisions, in order
	kinds   []qingyuan.EventKind // of the events that are decided; nil: all
	visit   func(visited) error
}

// visited is an event within the time asked for, with what the two versions say of it. The event of an erased person has no data
// and was not decided.
type visited struct {
	event           *qingyuan.Event
	candidate, live Result
	was             recordedDecision
}

// begin makes a lane that is empty as before the first event.
func (b *backtest) begin(ctx context.Context, c candidate) error {
	b.lane = newLane(b.service.record)
	b.lane.fixed = true
	programs := []*Program{c.live}
	if refOf(c.program) != refOf(c.live) {
		programs = append(programs, c.program)
	}
	for _, p := range programs {
		t, err := newTrack(p)
		if err != nil {
			return err
		}
		b.lane.tracks = append(b.lane.tracks, t)
	}
	return b.service.cfg.DB.Read(ctx, b.tenant, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT seq, kind FROM outbox WHERE tenant = $1 AND seq <= $2 AND kind IN ($3, $4) ORDER BY seq`, b.last, ListChanged, SnoozeChanged)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e store.Entry
			if err := rows.Scan(&e.Seq, &e.Kind); err != nil {
				return err
			}
			b.turns = append(b.turns, e)
		}
		return rows.Err()
	})
}

// stretch is a stretch of the record, read and decoded.
type stretch struct {
	after, upTo int64
	events      []*qingyuan.Event
	decided     map[int64]recordedDecision
	signals     map[int64][]qingyuan.Signal
	adds        [][]contributions // by track, by event
	err         error
}

// contributions are what an event adds to one track's windows, and what goes because the event corrects another.
type contributions struct {
	add       []Contribution
	corrected *qingyuan.Event
	remove    []Contribution
}

// read reads the record in stretches, several at once, and gives them in order: reading, opening and parsing cost more
// than deciding, and only deciding must be sequential.
func (b *backtest) read(ctx context.Context, done *sync.WaitGroup) <-chan chan *stretch {
	workers := max(1, runtime.GOMAXPROCS(0))
	order := make(chan chan *stretch, workers+1) // bounds what is read ahead
	type task struct {
		p   *stretch
		out chan *stretch
	}
	tasks := make(chan task)
	for range workers {
		done.Go(func() {
			for t := range tasks {
				t.p.err = b.fetch(ctx, t.p)
				t.out <- t.p
			}
		})
	}
	done.Go(func() {
		defer close(order)
		defer close(tasks)
		for after := int64(0); after < b.last; after += page {
			t := task{&stretch{after: after, upTo: min(after+page, b.last)}, make(chan *stretch, 1)}
			select {
			case <-ctx.Done():
				return
			case order <- t.out:
			}
			tasks <- t // a worker is never blocked: its answer has room
		}
	})
	return order
}

// fetch fills a stretch.
func (b *backtest) fetch(ctx context.Context, p *stretch) error {
	r := b.service.record
	var left residue
	err := b.service.cfg.DB.Read(ctx, b.tenant, func(tx *store.Tx) (err error) {
		if left, err = residues(tx); err != nil {
			return err
		}
		if p.events, err = r.events.Range(tx, p.after, p.upTo, page); err != nil {
			return err
		}
		if p.signals, err = r.signals(tx, p.after, p.upTo, p.events); err != nil {
			return err
		}
		if p.decided, err = r.decidedBy(tx, p.after, p.upTo); err != nil {
			return err
		}
		p.adds = make([][]contributions, len(b.lane.tracks))
		for t := range p.adds {
			p.adds[t] = make([]contributions, len(p.events))
		}
		for i, e := range p.events {
			corrected, err := r.corrected(tx, e)
			if err != nil {
				return err
			}
			for t := range p.adds {
				p.adds[t][i].corrected = corrected
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for t, track := range b.lane.tracks {
		for i, e := range p.events {
			c := &p.adds[t][i]
			c.add = track.contributions(e, left)
			if c.corrected != nil {
				c.remove = track.contributions(c.corrected, left)
			}
		}
	}
	return nil
}

// run takes a stretch through the lane.
func (b *backtest) run(ctx context.Context, p *stretch) error {
	for i, e := range p.events {
		if err := b.turnTo(ctx, e.Seq); err != nil {
			return err
		}
		was, decided := p.decided[e.Seq]
		judged := b.judged(e, decided)
		if judged {
			b.lane.survey(e)
		}
		for t, track := range b.lane.tracks {
			c := &p.adds[t][i]
			if c.remove != nil {
				track.remove(c.corrected, c.remove)
			}
			track.add(e, c.add)
		}
		b.lane.applied = e.Seq
		v := visited{event: e, was: was}
		switch {
		case judged:
			res := b.lane.decide(e, p.signals[e.Seq])
			beside := res.Result
			if len(res.shadows) > 0 {
				beside = res.shadows[0]
			}
			v.candidate, v.live = beside, res.Result
		case e.Data != nil || !b.within(e):
			continue
		}
		if err := b.visit(v); err != nil {
			return err
		}
	}
	return nil
}

// turnTo applies the changes of lists and snoozes before seq.
func (b *backtest) turnTo(ctx context.Context, seq int64) error {
	if len(b.turns) == 0 || b.turns[0].Seq > seq {
		return nil
	}
	return b.service.cfg.DB.Read(ctx, b.tenant, func(tx *store.Tx) error {
		for len(b.turns) > 0 && b.turns[0].Seq < seq {
			if err := b.lane.turn(tx, b.turns[0]); err != nil {
				return err
			}
			b.turns = b.turns[1:]
		}
		return nil
	})
}

func (b *backtest) within(e *qingyuan.Event) bool {
	return !e.EffectiveAt.Before(b.req.From) && (b.req.To.IsZero() || e.EffectiveAt.Before(b.req.To))
}

func (b *backtest) judged(e *qingyuan.Event, decided bool) bool {
	return e.Data != nil && b.within(e) && (decided || !b.req.Decided) && (b.kinds == nil || includes(b.kinds, e.Kind))
}

// decidedBy reads who decided the events with after < seq ≤ upTo, and the digests.
func (r *record) decidedBy(tx *store.Tx, after, upTo int64) (map[int64]recordedDecision, error) {
	rows, err := tx.Query(`SELECT seq, ruleset, version, fallback, digest FROM decision WHERE tenant = $1 AND seq > $2 AND seq <= $3`, after, upTo)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64]recordedDecision{}
	for rows.Next() {
		var seq int64
		var d recordedDecision
		if err := rows.Scan(&seq, &d.by.id, &d.by.version, &d.fallback, &d.digest); err != nil {
			return nil, err
		}
		all[seq] = d
	}
	return all, rows.Err()
}

// casesOf blinds the customers of labels.
func (s *Service) casesOf(ctx context.Context, tenant qingyuan.Tenant, labels []CaseLabel) (*cases, error) {
	c := &cases{labels: labels, customers: map[string]int32{}, events: map[string]int32{}, state: make([]caseState, len(labels))}
	for i, l := range labels {
		if l.Event != "" {
			c.events[l.Event] = int32(i)
			continue
		}
		if l.Key != "" {
			c.customers[l.Key] = int32(i)
			continue
		}
		value, err := intake.NormaliseEntity(qingyuan.Customer, l.Customer)
		if err != nil {
			return nil, qingyuan.FieldErrorf("labels", "row %d: %v", i+1, qingyuan.AsError(err).Message)
		}
		key, err := s.cfg.Keys.Blind(ctx, tenant, qingyuan.Customer, value)
		if err != nil {
			return nil, err
		}
		c.customers[key] = int32(i)
	}
	return c, nil
}
