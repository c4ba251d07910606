package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"qingyuan"
	"qingyuan/internal/jobs"
	"qingyuan/internal/store"
)

// Pace of a feed.
const (
	page       = 256                   // entries read at once
	parallel   = 8                     // attempts at one target under way at once
	gather     = 50 * time.Millisecond // so that one reading takes several commits
	quietSpan  = 20_000                // entries nobody wanted, after which the cursor is stored all the same
	patience   = 3                     // entries refused in a row before the target itself is taken to be ill
	lookAround = 2 * time.Second       // how often new endpoints and other processes' commits are looked for
)

// Feed sends the tenant's outbox to its endpoints until ctx ends. One process at a time runs it for a tenant: the one that holds
// the tenant's lease. Each endpoint has a reader of its own with its own cursor: one that is slow or dead holds up nobody, and
// leaves no trace in the database but its cursor.
func (s *Service) Feed(ctx context.Context, t qingyuan.Tenant) {
	var mu sync.Mutex
	var running sync.WaitGroup
	defer running.Wait()
	pumps := map[string]bool{}
	for ctx.Err() == nil {
		var ids []string
		err := s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
			all, _, err := scan(tx, `AND active`)
			for _, e := range all {
				ids = append(ids, e.ID)
			}
			return err
		})
		if err != nil && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "webhooks wait for the database", "tenant", t, "error", err)
		}
		mu.Lock()
		for _, id := range ids {
			if pumps[id] {
				continue
			}
			pumps[id] = true
			running.Go(func() {
				s.pump(ctx, t, id)
				mu.Lock()
				delete(pumps, id)
				mu.Unlock()
			})
		}
		mu.Unlock()
		rest(ctx, lookAround)
	}
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// pump sends to one endpoint until it is gone or disabled. Every error is met by waiting.
func (s *Service) pump(ctx context.Context, t qingyuan.Tenant, id string) {
	read := int64(0) // up to here nobody wants anything, though the stored cursor may lag behind
	for tries := 0; ctx.Err() == nil; {
		committed := s.cfg.DB.Committed(t)
		e, err := s.Endpoint(ctx, t, id)
		if err == nil && !e.Active || qingyuan.CodeOf(err) == qingyuan.NotFound {
			return
		}
		var sent int
		if err == nil {
			if wait := e.PauseUntil.Sub(s.cfg.DB.Now()); wait > 0 {
				rest(ctx, min(wait, lookAround))
				continue
			}
			sent, err = s.round(ctx, t, e, &read)
		}
		switch {
		case err != nil && ctx.Err() == nil:
			s.cfg.Log.WarnContext(ctx, "a webhook's feed will try again", "tenant", t, "webhook", id, "error", err)
			rest(ctx, min(time.Second<<min(tries, 5), 30*time.Second))
			tries++
		case sent > 0:
			tries = 0
		default:
			select {
			case <-ctx.Done():
			case <-committed:
				rest(ctx, gather)
			case <-time.After(lookAround):
			}
		}
	}
}

// attempt is how sending one entry went.
type attempt struct {
	entry store.Entry
	d     *Delivery // nil: it was not begun, because the target is ill
	err   error
}

// round sends the next entries that the endpoint wants, and returns how many were read.
func (s *Service) round(ctx context.Context, t qingyuan.Tenant, e *Endpoint, read *int64) (int, error) {
	var entries []store.Entry
	err := s.cfg.DB.Read(ctx, t, func(tx *store.Tx) (err error) {
		if e, err = s.endpoint(tx, e.ID); err != nil { // of one snapshot: what came after a rotation has the fresh secret
			return err
		}
		entries, err = tx.Outbox(max(e.cursor, *read), page)
		return err
	})
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	var wanted []*attempt
	for _, entry := range entries {
		if e.wants(entry.Kind) {
			wanted = append(wanted, &attempt{entry: entry})
		}
	}
	last := entries[len(entries)-1].Seq
	if len(wanted) == 0 {
		if *read = last; last-e.cursor < quietSpan {
			return len(entries), nil
		}
	}
	s.sendAll(ctx, e, wanted)
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error { return s.account(tx, e.ID, wanted, last) })
	return len(entries), err
}

// sendAll makes one attempt for each, in order of beginning, several at once; it begins no more once the target is seen to be ill. A
// target that failed the last time gets one.
func (s *Service) sendAll(ctx context.Context, e *Endpoint, all []*attempt) {
	slots := make(chan struct{}, parallel)
	var ill atomic.Bool
	var wg sync.WaitGroup
	for i, a := range all {
		slots <- struct{}{}
		if ill.Load() || i > 0 && e.Failures >= patience {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			a.d, a.err = s.try(ctx, e, &Delivery{Endpoint: e.ID, Seq: a.entry.Seq, Kind: a.entry.Kind, CreatedAt: s.cfg.DB.Now().UTC()}, a.entry)
			if a.err != nil && illness(a.d.Status) {
				ill.Store(true)
			}
		})
	}
	wg.Wait()
}

// account stores how a round went: deliveries, the cursor, and how the target does. An entry that the target refused is set
// aside as a job, and the feed goes on; where the target itself is ill the feed waits before that entry.
func (s *Service) account(tx *store.Tx, id string, all []*attempt, last int64) error {
	found, _, err := scan(tx, `AND id = $2`, id)
	if err != nil || len(found) == 0 {
		return err
	}
	e := found[0]
	for _, a := range all {
		switch {
		case a.d == nil:
			e.cursor = max(e.cursor, a.entry.Seq-1)
			return e.updateHealth(tx)
		case a.err == nil:
			e.Failures, e.FailingSince = 0, time.Time{}
		case illness(a.d.Status) || e.Failures >= patience:
			if err := a.d.put(tx); err != nil {
				return err
			}
			e.cursor = max(e.cursor, a.entry.Seq-1)
			return s.ailing(tx, e, a.d)
		default:
			e.fail(tx.Now())
			if err := s.setAside(tx, a.d, ""); err != nil {
				return err
			}
		}
		if err := a.d.put(tx); err != nil {
			return err
		}
	}
	e.cursor, e.PauseUntil = max(e.cursor, last), time.Time{}
	return e.updateHealth(tx)
}

// illness reports whether a failure is the target's and not the entry's: there was no answer, or one that says so.
func illness(status int) bool {
	switch status {
	case 0, http.StatusGone, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func (e *Endpoint) fail(now time.Time) {
	if e.Failures++; e.FailingSince.IsZero() {
		e.FailingSince = now.UTC()
	}
}

// breather is for how long a target that failed n times in a row is left alone.
func breather(n int) time.Duration { return min(5*time.Second<<min(max(n-1, 0), 10), 10*time.Minute) }

// ailing leaves a target alone for a while, or disables it where it has failed for long.
func (s *Service) ailing(tx *store.Tx, e *Endpoint, d *Delivery) error {
	now := tx.Now().UTC()
	e.fail(now)
	e.PauseUntil = now.Add(s.breather(e.Failures))
	gone := d.Status == http.StatusGone
	if !e.Active || !gone && (now.Sub(e.FailingSince) < s.cfg.DisableAfter || e.Failures < 2*patience) {
		return e.updateHealth(tx)
	}
	e.Active, e.Reason = false, "it has failed since "+e.FailingSince.Format(time.RFC3339)
	if gone {
		e.Reason = "the target says that it is gone (410)"
	}
	if err := e.updateHealth(tx); err != nil {
		return err
	}
	s.cfg.Log.Warn("a webhook was disabled", "tenant", tx.Tenant(), "webhook", e.ID, "why", e.Reason)
	if _, err := tx.Emit(WebhookDisabled, e.ID, nil); err != nil {
		return err
	}
	return s.Send(tx, "", Message{To: s.cfg.Notices, Template: "webhook_disabled", Values: map[string]string{"Webhook": e.ID, "Reason": e.Reason}})
}

// deliverPayload names a delivery.
type deliverPayload struct {
	Endpoint string `json:"endpoint"`
	Seq      int64  `json:"seq"`
}

// setAside adds a job that tries one delivery again; again tells apart the jobs of replays.
func (s *Service) setAside(tx *store.Tx, d *Delivery, again string) error {
	payload, err := json.Marshal(deliverPayload{d.Endpoint, d.Seq})
	if err != nil {
		return err
	}
	_, err = s.cfg.Jobs.Enqueue(tx, jobs.Spec{Kind: deliverKind, Key: d.ID() + again, Payload: payload, RunAt: tx.Now().Add(s.retryAfter(1)), MaxAttempts: len(retries)})
	return err
}

// replay is the handler of replays: a page of entries at a time, straight to the target.
func (s *Service) replay(ctx context.Context, r *jobs.Run) error {
	var p replayPayload
	if err := r.Decode(&p); err != nil {
		return err
	}
	begin := p.From
	if r.Checkpoint != nil {
		if err := json.Unmarshal(r.Checkpoint, &p); err != nil {
			return err
		}
	}
	for p.From <= p.To {
		e, err := s.Endpoint(ctx, r.Tenant, p.Endpoint)
		if err != nil {
			return err
		}
		if !e.Active {
			return qingyuan.Errorf(qingyuan.Invalid, "the webhook is disabled")
		}
		if wait := e.PauseUntil.Sub(s.cfg.DB.Now()); wait > 0 {
			return jobs.Later(wait + time.Second)
		}
		if err := s.replayPage(ctx, r, e, &p); err != nil {
			return err
		}
		r.Progress(p.From-begin, p.To-begin+1, "")
	}
	return nil
}

// replayPage sends one page again, stores how that went and moves p on. What fails is set aside.
func (s *Service) replayPage(ctx context.Context, r *jobs.Run, e *Endpoint, p *replayPayload) error {
	next := min(p.From+page, p.To+1)
	var again []*attempt
	err := s.cfg.DB.Read(ctx, r.Tenant, func(tx *store.Tx) error {
		entries, err := tx.Outbox(p.From-1, int(next-p.From))
		for _, entry := range entries {
			if entry.Seq < next && e.wants(entry.Kind) {
				again = append(again, &attempt{entry: entry})
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	s.sendAll(ctx, e, again)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if i := slices.IndexFunc(again, func(a *attempt) bool { return a.d == nil }); i >= 0 {
		next, again = again[i].entry.Seq, again[:i]
	}
	checkpoint, err := json.Marshal(replayPayload{p.Endpoint, next, p.To})
	if err != nil {
		return err
	}
	ill := slices.ContainsFunc(again, func(a *attempt) bool { return a.err != nil && illness(a.d.Status) })
	p.From = next
	err = r.Step(ctx, checkpoint, func(tx *store.Tx) error {
		for _, a := range again {
			if err := a.d.put(tx); err != nil {
				return err
			}
			if a.err == nil {
				continue
			}
			if err := s.setAside(tx, a.d, "/"+r.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && ill {
		err = jobs.Later(jobs.Jitter(time.Minute))
	}
	return err
}
