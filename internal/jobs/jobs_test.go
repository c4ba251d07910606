package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/jobs"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

const tenant = storetest.Tenant

var (
	ctx   = context.Background()
	ann   = qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "ann"}
	lines = []store.Line{jobs.Migrations()}
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// quick is a service whose times are short enough for tests.
func quick(t testing.TB, db *store.DB) *jobs.Service {
	t.Helper()
	s, err := jobs.New(jobs.Config{DB: db, Lease: 600 * time.Millisecond, Poll: 20 * time.Millisecond})
	must(t, err)
	return s
}

func start(t testing.TB, s *jobs.Service) (stop func()) {
	t.Helper()
	run, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { s.Run(run) })
	stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	t.Cleanup(stop)
	return stop
}

func enqueue(t testing.TB, db *store.DB, s *jobs.Service, spec jobs.Spec) (j jobs.Job) {
	t.Helper()
	must(t, db.Write(ctx, tenant, func(tx *store.Tx) (err error) {
		j, err = s.Enqueue(tx, spec)
		return err
	}))
	return j
}

func await(t testing.TB, s *jobs.Service, id string, want jobs.State) jobs.Job {
	t.Helper()
	var j jobs.Job
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		var err error
		j, err = s.Get(ctx, tenant, id)
		must(t, err)
		if j.State == want {
			return j
		}
	}
	t.Fatalf("the job is %s (attempt %d, error %v), want %s", j.State, j.Attempt, j.Err, want)
	return j
}

func soon(int) time.Duration { return time.Millisecond }

// TestEnqueue adds jobs in transactions that commit and that do not.
func TestEnqueue(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		s := quick(t, db)
		a := enqueue(t, db, s, jobs.Spec{Kind: "k", Key: "1", Payload: []byte("p"), By: ann})
		if b := enqueue(t, db, s, jobs.Spec{Kind: "k", Key: "1"}); b.ID != a.ID {
			t.Error("the same kind and key made two jobs")
		}
		if b := enqueue(t, db, s, jobs.Spec{Kind: "other", Key: "1"}); b.ID == a.ID {
			t.Error("another kind with the same key is not another job")
		}
		var undone jobs.Job
		db.Write(ctx, tenant, func(tx *store.Tx) (err error) {
			undone, err = s.Enqueue(tx, jobs.Spec{Kind: "k"})
			must(t, err)
			return errors.New("no")
		})
		if _, err := s.Get(ctx, tenant, undone.ID); qingyuan.CodeOf(err) != qingyuan.NotFound {
			t.Errorf("a job of an undone transaction is there: %v", err)
		}
		for name, spec := range map[string]jobs.Spec{"no kind": {}, "a large payload": {Kind: "k", Payload: make([]byte, jobs.MaxPayload+1)}, "a long key": {Kind: "k", Key: strings.Repeat("x", 201)}} {
			err := db.Write(ctx, tenant, func(tx *store.Tx) error { _, err := s.Enqueue(tx, spec); return err })
			if qingyuan.CodeOf(err) != qingyuan.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		for range 3 {
			enqueue(t, db, s, jobs.Spec{Kind: "k"})
		}
		seen := 0
		for cursor := ""; ; {
			page, next, err := s.List(ctx, tenant, jobs.Filter{Kind: "k", State: jobs.Waiting, Page: qingyuan.Page{Limit: 2, Cursor: cursor}})
			must(t, err)
			seen += len(page)
			if cursor = next; next == "" {
				break
			}
		}
		if seen != 4 {
			t.Errorf("pages hold %d jobs, want 4", seen)
		}
	})
}

// TestLifeCycle takes jobs through every end.
func TestLifeCycle(t *testing.T) {
	storetest.Each(t, append(lines, effects), func(t *testing.T, db *store.DB) {
		s := quick(t, db)
		var flaky, bad, dying, snoozed atomic.Int32
		for kind, h := range map[string]jobs.Handler{
			"plain": func(_ context.Context, r *jobs.Run) error {
				r.Result = []byte("r")
				r.Progress(3, 4, "note")
				return nil
			},
			"flaky": func(context.Context, *jobs.Run) error {
				if flaky.Add(1) < 3 {
					return errors.New("secret of the inside")
				}
				return nil
			},
			"bad":   func(context.Context, *jobs.Run) error { bad.Add(1); return qingyuan.FieldErrorf("f", "never") },
			"dying": func(context.Context, *jobs.Run) error { dying.Add(1); panic("secret") },
			"snooze": func(context.Context, *jobs.Run) error {
				if snoozed.Add(1) < 4 {
					return jobs.Later(time.Millisecond)
				}
				return nil
			},
			"slow": func(ctx context.Context, r *jobs.Run) error { <-ctx.Done(); return ctx.Err() },
			"steps": func(ctx context.Context, r *jobs.Run) error {
				for n := len(r.Checkpoint); n < 3; n++ {
					must(t, r.Step(ctx, append(r.Checkpoint, 'x'), func(tx *store.Tx) error { return effect(tx, r.ID, n) }))
					if r.Attempt == 1 && n == 1 {
						return errors.New("again")
					}
				}
				return r.Commit(ctx, func(tx *store.Tx) error { return effect(tx, r.ID, 3) })
			},
			"undone": func(ctx context.Context, r *jobs.Run) error {
				return r.Commit(ctx, func(tx *store.Tx) error {
					must(t, effect(tx, r.ID, 0))
					return qingyuan.Errorf(qingyuan.Forbidden, "no")
				})
			},
		} {
			opts := []jobs.Option{jobs.Pauses(soon)}
			if kind == "slow" {
				opts = append(opts, jobs.Timeout(10*time.Millisecond))
			}
			must(t, s.Register(kind, h, opts...))
		}
		if s.Register("plain", nil) == nil {
			t.Error("a kind was registered twice")
		}
		start(t, s)
		if j := await(t, s, enqueue(t, db, s, jobs.Spec{Kind: "plain"}).ID, jobs.Done); string(j.Result) != "r" || j.Done != 3 || j.Total != 4 || j.Note != "note" || j.FinishedAt.IsZero() {
			t.Errorf("plain: %+v", j)
		}
		if j := await(t, s, enqueue(t, db, s, jobs.Spec{Kind: "flaky"}).ID, jobs.Done); j.Attempt != 3 || j.Err != nil {
			t.Errorf("flaky: %+v", j)
		}
		if j := await(t, s, enqueue(t, db, s, jobs.Spec{Kind: "bad"}).ID, jobs.Dead); bad.Load() != 1 || j.Err.Field != "f" {
			t.Errorf("bad ran %d times: %+v", bad.Load(), j)
		}
		dead := enqueue(t, db, s, jobs.Spec{Kind: "dying", MaxAttempts: 2})
		if j := await(t, s, dead.ID, jobs.Dead); dying.Load() != 2 || j.Err.Code != qingyuan.Internal || strings.Contains(j.Err.Message, "secret") {
			t.Errorf("dying ran %d times: %+v", dying.Load(), j.Err)
		}
		must(t, s.Retry(ctx, tenant, ann, dead.ID))
		for dying.Load() < 4 {
			time.Sleep(time.Millisecond)
		}
		await(t, s, dead.ID, jobs.Dead)
		must(t, s.Cancel(ctx, tenant, ann, dead.ID))
		if j := await(t, s, enqueue(t, db, s, jobs.Spec{Kind: "snooze", MaxAttempts: 1}).ID, jobs.Done); j.Attempt != 1 {
			t.Errorf("snooze: %+v", j)
		}
		if j := await(t, s, enqueue(t, db, s, jobs.Spec{Kind: "slow", MaxAttempts: 1}).ID, jobs.Dead); j.Err.Code != qingyuan.Unavailable {
			t.Errorf("slow: %+v", j.Err)
		}
		steps := await(t, s, enqueue(t, db, s, jobs.Spec{Kind: "steps"}).ID, jobs.Done)
		undone := await(t, s, enqueue(t, db, s, jobs.Spec{Kind: "undone"}).ID, jobs.Dead)
		got := effectsOf(t, db)
		if fmt.Sprint(got[steps.ID]) != "map[0:1 1:1 2:1 3:1]" || len(got[undone.ID]) != 0 {
			t.Errorf("effects: %v and %v", got[steps.ID], got[undone.ID])
		}
	})
}

// TestCancel stops jobs that wait and that run, in this process and in another one.
func TestCancel(t *testing.T) {
	storetest.Each(t, append(lines, effects), func(t *testing.T, db *store.DB) {
		s, other := quick(t, db), quick(t, db)
		running := make(chan string, 2)
		must(t, s.Register("long", func(ctx context.Context, r *jobs.Run) error {
			running <- r.ID
			<-ctx.Done()
			if err := r.Commit(context.Background(), func(tx *store.Tx) error { return effect(tx, r.ID, 0) }); !errors.Is(err, jobs.ErrLost) {
				t.Errorf("a cancelled run committed: %v", err)
			}
			return ctx.Err()
		}))
		waiting := enqueue(t, db, s, jobs.Spec{Kind: "nobody's"})
		must(t, s.Cancel(ctx, tenant, ann, waiting.ID))
		await(t, s, waiting.ID, jobs.Cancelled)
		if err := s.Cancel(ctx, tenant, ann, waiting.ID); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("cancelled twice: %v", err)
		}
		start(t, s)
		for _, by := range []*jobs.Service{s, other} {
			j := enqueue(t, db, s, jobs.Spec{Kind: "long"})
			<-running
			must(t, by.Cancel(ctx, tenant, ann, j.ID))
			await(t, s, j.ID, jobs.Cancelled)
		}
		if got := effectsOf(t, db); len(got) != 0 {
			t.Errorf("cancelled jobs left effects: %v", got)
		}
	})
}

// TestOrder runs by priority, keeps a kind's bound, and leaves alone what is not due or not held.
func TestOrder(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		var held atomic.Bool
		s, err := jobs.New(jobs.Config{DB: db, Poll: 10 * time.Millisecond, Workers: 4, Holds: func(qingyuan.Tenant) bool { return held.Load() }})
		must(t, err)
		var mu sync.Mutex
		var order []string
		var at, most int
		must(t, s.Register("one", func(_ context.Context, r *jobs.Run) error {
			mu.Lock()
			order = append(order, r.Key)
			at++
			most = max(most, at)
			mu.Unlock()
			time.Sleep(3 * time.Millisecond)
			mu.Lock()
			at--
			mu.Unlock()
			return nil
		}, jobs.Concurrency(1)))
		must(t, s.Register("home", func(context.Context, *jobs.Run) error { return nil }, jobs.WhereHeld()))
		enqueue(t, db, s, jobs.Spec{Kind: "one", Key: "low", Priority: -1})
		enqueue(t, db, s, jobs.Spec{Kind: "one", Key: "middle"})
		enqueue(t, db, s, jobs.Spec{Kind: "one", Key: "high", Priority: 9})
		future := enqueue(t, db, s, jobs.Spec{Kind: "one", Key: "future", Priority: 99, RunAt: time.Now().Add(time.Hour)})
		home := enqueue(t, db, s, jobs.Spec{Kind: "home"})
		start(t, s)
		low := enqueue(t, db, s, jobs.Spec{Kind: "one", Key: "low"})
		await(t, s, low.ID, jobs.Done)
		if fmt.Sprint(order) != "[high middle low]" || most != 1 {
			t.Errorf("order %v, %d at once", order, most)
		}
		await(t, s, future.ID, jobs.Waiting)
		await(t, s, home.ID, jobs.Waiting)
		held.Store(true)
		await(t, s, home.ID, jobs.Done)
	})
}

// TestTakeOver lets a process hang beyond its lease: another one does the job, and the first one's effects are refused.
func TestTakeOver(t *testing.T) {
	storetest.Each(t, append(lines, effects), func(t *testing.T, db *store.DB) {
		began, goOn, ended := make(chan bool), make(chan bool), make(chan error, 1)
		// Its clock is an hour behind, so its lease ran out when it began; and it renews nothing within the test.
		slow, err := jobs.New(jobs.Config{DB: db, Lease: time.Hour, Poll: 10 * time.Millisecond, Now: func() time.Time { return time.Now().Add(-61 * time.Minute) }})
		must(t, err)
		must(t, slow.Register("k", func(_ context.Context, r *jobs.Run) error {
			close(began)
			<-goOn
			ended <- r.Commit(context.Background(), func(tx *store.Tx) error { return effect(tx, r.ID, 1) })
			return nil
		}))
		j := enqueue(t, db, slow, jobs.Spec{Kind: "k"})
		stop := start(t, slow)
		<-began
		s := quick(t, db)
		must(t, s.Register("k", func(ctx context.Context, r *jobs.Run) error {
			return r.Commit(ctx, func(tx *store.Tx) error { return effect(tx, r.ID, 2) })
		}))
		start(t, s)
		await(t, s, j.ID, jobs.Done)
		close(goOn)
		if err := <-ended; !errors.Is(err, jobs.ErrLost) {
			t.Errorf("the run that hung was not refused: %v", err)
		}
		stop()
		if got := effectsOf(t, db); fmt.Sprint(got[j.ID]) != "map[2:1]" {
			t.Errorf("effects: %v", got)
		}
	})
}

// TestStop ends a process that runs a job: the job goes back and no attempt is counted.
func TestStop(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		s := quick(t, db)
		began := make(chan bool, 9)
		must(t, s.Register("k", func(ctx context.Context, _ *jobs.Run) error { began <- true; <-ctx.Done(); return ctx.Err() }))
		j := enqueue(t, db, s, jobs.Spec{Kind: "k"})
		stop := start(t, s)
		<-began
		stop()
		if got := await(t, s, j.ID, jobs.Waiting); got.Attempt != 0 {
			t.Errorf("attempt %d", got.Attempt)
		}
	})
}

// TestEvery adds one job for each slot, in however many processes.
func TestEvery(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		var n atomic.Int32
		at := atomic.Int64{}
		begin := time.Now().Truncate(time.Hour).Add(10 * time.Hour)
		at.Store(begin.UnixMicro())
		for range 2 {
			s, err := jobs.New(jobs.Config{DB: db, Poll: 5 * time.Millisecond, Now: func() time.Time { return time.UnixMicro(at.Load()) }})
			must(t, err)
			must(t, s.Register("tidy", func(context.Context, *jobs.Run) error { n.Add(1); return nil }))
			s.Every(jobs.Each(time.Hour), jobs.Spec{Kind: "tidy"})
			start(t, s)
		}
		for hour := range 3 {
			at.Store(begin.Add(time.Duration(hour)*time.Hour + time.Minute).UnixMicro())
			for end := time.Now().Add(10 * time.Second); int(n.Load()) <= hour && time.Now().Before(end); {
				time.Sleep(5 * time.Millisecond)
			}
			time.Sleep(30 * time.Millisecond)
			if int(n.Load()) != hour+1 {
				t.Fatalf("%d runs in %d slots", n.Load(), hour+1)
			}
		}
	})
}

// TestForget deletes done jobs after their time.
func TestForget(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		s, err := jobs.New(jobs.Config{DB: db, Poll: 5 * time.Millisecond, Keep: 50 * time.Millisecond})
		must(t, err)
		must(t, s.Register("k", func(context.Context, *jobs.Run) error { return nil }))
		j := enqueue(t, db, s, jobs.Spec{Kind: "k", Key: "x"})
		start(t, s)
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			if _, err := s.Get(ctx, tenant, j.ID); qingyuan.CodeOf(err) == qingyuan.NotFound {
				return
			}
		}
		t.Error("it is still there")
	})
}

// TestSchedules checks slots against times written out.
func TestSchedules(t *testing.T) {
	shanghai := time.FixedZone("CST", 8*3600)
	for _, c := range []struct {
		slots    jobs.Schedule
		at, slot string
	}{
		{jobs.Each(time.Hour), "2026-03-01T10:59:59Z", "2026-03-01T10:00:00Z"},
		{jobs.Each(time.Hour), "2026-03-01T11:00:00Z", "2026-03-01T11:00:00Z"},
		{jobs.Daily(2, 30, shanghai), "2026-03-01T18:29:59Z", "2026-02-28T18:30:00Z"},
		{jobs.Daily(2, 30, shanghai), "2026-03-01T18:30:00Z", "2026-03-01T18:30:00Z"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		must(t, err)
		if got := c.slots(at).Format(time.RFC3339); got != c.slot {
			t.Errorf("%s: slot %s, want %s", c.at, got, c.slot)
		}
	}
}

// TestBackoff keeps pauses within their spread.
func TestBackoff(t *testing.T) {
	for attempt, base := range map[int]time.Duration{0: 2 * time.Second, 1: 2 * time.Second, 2: 4 * time.Second, 5: 32 * time.Second, 50: time.Hour} {
		for range 100 {
			if d := jobs.Backoff(attempt); d < base*3/4 || d > base*5/4+time.Microsecond {
				t.Fatalf("attempt %d: %s", attempt, d)
			}
		}
	}
}
