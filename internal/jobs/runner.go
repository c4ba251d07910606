package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// Run runs jobs until ctx ends. Then it takes no more, tells the handlers to stop, and waits for them; what they have not
// finished goes back without an attempt counted.
func (s *Service) Run(ctx context.Context) error {
	stopping, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	var handlers, keeper sync.WaitGroup
	beat, quiet := context.WithCancel(context.Background())
	keeper.Go(func() { s.keepLeases(beat) })
	var swept time.Time
	for turn := 0; ctx.Err() == nil; turn++ {
		tenants, err := s.cfg.Tenants()
		if now := s.cfg.Now(); err == nil && now.Sub(swept) >= min(s.cfg.Poll, s.cfg.Lease/4) {
			swept = now
			for _, t := range tenants {
				err = errors.Join(err, s.sweep(ctx, t, now))
			}
		}
		for i := range tenants {
			err = errors.Join(err, s.take(stopping, tenants[(i+turn)%len(tenants)], &handlers))
		}
		if err != nil && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "jobs wait for the database", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-time.After(min(s.cfg.Poll, s.cfg.Lease/4)):
		}
	}
	stop(errStopping)
	handlers.Wait()
	quiet()
	keeper.Wait()
	return ctx.Err()
}

// sweep frees the jobs of dead processes, adds those of schedules, and forgets old ones.
func (s *Service) sweep(ctx context.Context, t qingyuan.Tenant, now time.Time) error {
	if err := s.free(ctx, t, now); err != nil {
		return err
	}
	s.mu.Lock()
	all := make([]*schedule, 0, len(s.schedules))
	for _, c := range s.schedules {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		if err := s.schedule(ctx, t, c, now); err != nil {
			return err
		}
	}
	return s.forget(ctx, t, now)
}

// free takes back jobs whose lease ran out.
func (s *Service) free(ctx context.Context, t qingyuan.Tenant, now time.Time) error {
	var one int
	if found, err := s.cfg.DB.Get(ctx, t, expiredText, []any{now.UnixMicro()}, &one); err != nil || !found {
		return err
	}
	return s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		all, err := expired(tx, now)
		if err != nil {
			return err
		}
		for _, j := range all {
			j.Err = qingyuan.Errorf(qingyuan.Unavailable, "the process that ran it went away")
			if err := s.settle(tx, j, now.Add(Jitter(s.cfg.Poll))); err != nil {
				return err
			}
		}
		return nil
	})
}

// settle takes a job whose attempt failed, j.Err says how, to its next state.
func (s *Service) settle(tx *store.Tx, j *Job, again time.Time) error {
	now := s.cfg.Now()
	to, finished := Waiting, time.Time{}
	switch {
	case j.Cancelling:
		to, finished = Cancelled, now
	case j.Attempt >= j.MaxAttempts || final(j.Err):
		to, finished = Dead, now
	}
	ok, err := j.leave(tx, to, again, finished)
	if err != nil || !ok || to != Dead {
		return err
	}
	return emit(tx, JobDead, j, qingyuan.Actor{})
}

// schedule adds the job of the present slot where it is not there yet.
func (s *Service) schedule(ctx context.Context, t qingyuan.Tenant, c *schedule, now time.Time) error {
	slot := c.slots(now).UnixMicro()
	s.mu.Lock()
	known := c.last[t] >= slot
	s.mu.Unlock()
	if known {
		return nil
	}
	err := s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		n, err := tx.Exec(`INSERT INTO job_schedule (tenant, kind, slot) VALUES ($1, $2, $3) ON CONFLICT (tenant, kind) DO UPDATE SET slot = excluded.slot WHERE job_schedule.slot < excluded.slot`, c.spec.Kind, slot)
		if err != nil || n == 0 {
			return err
		}
		spec := c.spec
		spec.Key = "slot " + time.UnixMicro(slot).UTC().Format(time.RFC3339)
		_, err = s.Enqueue(tx, spec)
		return err
	})
	if err == nil {
		s.mu.Lock()
		c.last[t] = slot
		s.mu.Unlock()
	}
	return err
}

// forget deletes jobs that ended long ago, a few at a time.
func (s *Service) forget(ctx context.Context, t qingyuan.Tenant, now time.Time) error {
	const old = `SELECT 1 FROM job WHERE tenant = $1 AND state IN ('done', 'cancelled') AND finished_at < $2 LIMIT 1`
	before := now.Add(-s.cfg.Keep).UnixMicro()
	var one int
	if found, err := s.cfg.DB.Get(ctx, t, old, []any{before}, &one); err != nil || !found {
		return err
	}
	return s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		_, err := tx.Exec(`DELETE FROM job WHERE tenant = $1 AND id IN (SELECT id FROM job WHERE tenant = $1 AND state IN ('done', 'cancelled') AND finished_at < $2 ORDER BY finished_at LIMIT 500)`, before)
		return err
	})
}

// group is how many jobs of some kinds this process may take now.
type group struct {
	kinds []string
	limit int
}

// capacity is what this process may take of the tenant's jobs now: kinds with a bound of their own one by one, then all others.
func (s *Service) capacity(t qingyuan.Tenant) (groups []group, free int) {
	held := s.cfg.Holds(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	if free = s.cfg.Workers - len(s.running); free <= 0 {
		return nil, 0
	}
	var others []string
	for name, k := range s.kinds {
		switch {
		case k.held && !held:
		case k.concurrency == 0:
			others = append(others, name)
		case s.used[name] < k.concurrency:
			groups = append(groups, group{[]string{name}, min(free, k.concurrency-s.used[name])})
		}
	}
	if len(others) > 0 {
		slices.Sort(others)
		groups = append(groups, group{others, free})
	}
	return groups, free
}

// take claims as many of the tenant's jobs as there are free workers and starts each under ctx.
func (s *Service) take(ctx context.Context, t qingyuan.Tenant, handlers *sync.WaitGroup) error {
	groups, free := s.capacity(t)
	now := s.cfg.Now()
	var one int
	for i, g := range groups {
		text, args := due(g.kinds, now)
		found, err := s.cfg.DB.Get(ctx, t, text, args, &one)
		if err != nil {
			return err
		}
		if !found {
			groups[i].limit = 0
		}
	}
	groups = slices.DeleteFunc(groups, func(g group) bool { return g.limit == 0 })
	if len(groups) == 0 {
		return nil
	}
	var taken []*Job
	err := s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		taken = nil
		for _, g := range groups {
			g.limit = min(g.limit, free-len(taken))
			all, err := claim(tx, s.holder, g, now, now.Add(s.cfg.Lease))
			if err != nil {
				return err
			}
			taken = append(taken, all...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(taken, func(a, b *Job) int { return b.Priority - a.Priority })
	for _, j := range taken {
		s.start(ctx, t, j, handlers)
	}
	return nil
}

func (s *Service) start(ctx context.Context, t qingyuan.Tenant, j *Job, handlers *sync.WaitGroup) {
	ctx, stop := context.WithCancelCause(ctx)
	r := &Run{ID: j.ID, Tenant: t, Kind: j.Kind, Key: j.Key, Payload: j.Payload, Checkpoint: j.Checkpoint, Attempt: j.Attempt, MaxAttempts: j.MaxAttempts, By: j.By,
		s: s, job: j, stop: stop, renewed: j.StartedAt, done: j.Done, total: j.Total, note: j.Note}
	s.mu.Lock()
	k := s.kinds[j.Kind]
	s.running[runKey{t, j.ID}] = r
	s.used[j.Kind]++
	s.mu.Unlock()
	handlers.Go(func() {
		defer s.leave(r)
		err := call(ctx, r, k)
		if r.finished() {
			return
		}
		if err := s.end(r, k, err, context.Cause(ctx)); err != nil {
			s.cfg.Log.Warn("the end of a job was not stored; it will run again", "job", r.ID, "kind", r.Kind, "error", err)
		}
	})
}

func (s *Service) leave(r *Run) {
	r.stop(nil)
	s.mu.Lock()
	delete(s.running, runKey{r.Tenant, r.ID})
	s.used[r.Kind]--
	s.mu.Unlock()
	s.nudge()
}

// call runs the handler and turns a panic into an error.
func call(ctx context.Context, r *Run, k *kind) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = qingyuan.Wrap(qingyuan.Internal, fmt.Errorf("panic: %v\n%s", p, debug.Stack()), qingyuan.Internal.Title())
		}
	}()
	if k.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, k.timeout, qingyuan.Errorf(qingyuan.Unavailable, "it took longer than %s", k.timeout))
		defer cancel()
	}
	if err = k.handle(ctx, r); err != nil && errors.Is(err, context.DeadlineExceeded) && context.Cause(ctx) != nil {
		err = context.Cause(ctx)
	}
	return err
}

// end stores how an attempt ended that did not commit by itself. cause is why its context ended, if it did.
func (s *Service) end(r *Run, k *kind, err, cause error) error {
	ctx := context.Background()
	if err == nil {
		if err = r.Commit(ctx, nil); err == nil {
			return nil
		}
	}
	return s.cfg.DB.Write(ctx, r.Tenant, func(tx *store.Tx) error {
		j, gerr := get(tx, mine, r.ID, r.job.token)
		if gerr != nil || j == nil {
			return gerr // another run has it
		}
		now := s.cfg.Now()
		var wait later
		switch {
		case j.Cancelling:
		case errors.As(err, &wait):
			j.Attempt--
			_, uerr := j.leave(tx, Waiting, now.Add(wait.after), time.Time{})
			return uerr
		case cause == errStopping:
			j.Attempt--
			_, uerr := j.leave(tx, Waiting, now, time.Time{})
			return uerr
		default:
			j.Err = qingyuan.AsError(err)
			s.cfg.Log.Warn("a job failed", "job", r.ID, "kind", r.Kind, "tenant", r.Tenant, "attempt", j.Attempt, "of", j.MaxAttempts, "error", err)
		}
		return s.settle(tx, j, now.Add(k.backoff(j.Attempt)))
	})
}
