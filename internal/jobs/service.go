package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// Config says what the service stands on.
type Config struct {
	DB      *store.DB
	Log     *slog.Logger
	Now     func() time.Time                  // nil: the store's clock. Clocks of processes may differ by less than Lease
	Workers int                               // jobs that this process runs at once; 0: 8
	Lease   time.Duration                     // how long a job stays with a process that says nothing; 0: 30 s
	Poll    time.Duration                     // how often other processes' jobs are looked for; 0: 1 s
	Keep    time.Duration                     // how long done and cancelled jobs are kept; 0: 7 days
	Holds   func(qingyuan.Tenant) bool        // whether this process holds the tenant's lease; nil: always
	Tenants func() ([]qingyuan.Tenant, error) // whose jobs are run; nil: all tenants'
}

// Service keeps jobs and runs them. It is safe for concurrent use.
type Service struct {
	cfg    Config
	holder string
	wake   chan struct{}

	mu        sync.Mutex
	kinds     map[string]*kind
	schedules map[string]*schedule
	running   map[runKey]*Run
	used      map[string]int // running, by kind
}

type runKey struct {
	tenant qingyuan.Tenant
	id     string
}

type schedule struct {
	slots Schedule
	spec  Spec
	last  map[qingyuan.Tenant]int64 // the newest slot known to have its job
}

// New makes a service. Jobs may be added at once; they are run where [Service.Run] is called.
func New(cfg Config) (*Service, error) {
	if cfg.DB == nil {
		return nil, qingyuan.Errorf(qingyuan.Internal, "jobs need a database")
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = cfg.DB.Now
	}
	if cfg.Workers <= 0 {
		cfg.Workers = 8
	}
	if cfg.Lease <= 0 {
		cfg.Lease = 30 * time.Second
	}
	if cfg.Poll <= 0 {
		cfg.Poll = time.Second
	}
	if cfg.Keep <= 0 {
		cfg.Keep = 7 * 24 * time.Hour
	}
	if cfg.Holds == nil {
		cfg.Holds = func(qingyuan.Tenant) bool { return true }
	}
	if cfg.Tenants == nil {
		cfg.Tenants = func() ([]qingyuan.Tenant, error) { return cfg.DB.Tenants(context.Background()) }
	}
	return &Service{cfg: cfg, holder: qingyuan.NewID("run", cfg.Now()), wake: make(chan struct{}, 1), kinds: map[string]*kind{},
		schedules: map[string]*schedule{}, running: map[runKey]*Run{}, used: map[string]int{}}, nil
}

// Register says how jobs of a kind are done. A process runs jobs of the kinds it has registered only. Errors: internal
// for a kind that is registered already.
func (s *Service) Register(name string, h Handler, opts ...Option) error {
	k := &kind{handle: h, backoff: Backoff}
	for _, o := range opts {
		o(k)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kinds[name] != nil {
		return qingyuan.Errorf(qingyuan.Internal, "jobs of kind %q are registered twice", name)
	}
	s.kinds[name] = k
	return nil
}

// Every adds a job of spec's kind for each slot of the schedule and tenant, from the present slot on; slots that passed
// while no process ran are left out. The key is that of the slot.
func (s *Service) Every(slots Schedule, spec Spec) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schedules[spec.Kind] = &schedule{slots: slots, spec: spec, last: map[qingyuan.Tenant]int64{}}
}

// Enqueue adds a job in the caller's transaction; nobody sees it before that commits. Where there is a job of the same
// kind and key, in whatever state, it returns that one and adds nothing. Errors: invalid.
func (s *Service) Enqueue(tx *store.Tx, spec Spec) (Job, error) {
	if err := spec.check(); err != nil {
		return Job{}, err
	}
	if spec.Key != "" {
		if j, err := get(tx, `kind = $2 AND key = $3`, spec.Kind, spec.Key); err != nil || j != nil {
			return deref(j), err
		}
	}
	now := s.cfg.Now().UTC()
	j := Job{ID: qingyuan.NewID("job", now), Kind: spec.Kind, Key: spec.Key, State: Waiting, Priority: spec.Priority, RunAt: spec.RunAt.UTC(),
		Payload: spec.Payload, MaxAttempts: spec.MaxAttempts, By: spec.By, CreatedAt: now}
	if j.Key == "" {
		j.Key = j.ID
	}
	if j.RunAt.Before(now) {
		j.RunAt = now
	}
	if j.MaxAttempts == 0 {
		j.MaxAttempts = DefaultAttempts
	}
	j.insert(tx)
	tx.OnCommit(s.nudge)
	if j.By.Kind == qingyuan.ActorUser || j.By.Kind == qingyuan.ActorKey {
		return j, emit(tx, JobRequested, &j, j.By)
	}
	return j, nil
}

func deref(j *Job) Job {
	if j == nil {
		return Job{}
	}
	return *j
}

// nudge wakes the runner of this process.
func (s *Service) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Get reads a job with its result. Errors: not_found.
func (s *Service) Get(ctx context.Context, tenant qingyuan.Tenant, id string) (j Job, err error) {
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		found, err := get(tx, `id = $2`, id)
		if err != nil {
			return err
		}
		if found == nil {
			return noJob(id)
		}
		j = *found
		_, err = tx.Get(`SELECT result FROM job WHERE tenant = $1 AND id = $2`, []any{id}, &j.Result)
		return err
	})
	s.live(tenant, &j)
	return j, err
}

func noJob(id string) error { return qingyuan.Errorf(qingyuan.NotFound, "there is no job %q", id) }

// live replaces stored progress by that of a run in this process, which is newer.
func (s *Service) live(tenant qingyuan.Tenant, j *Job) {
	s.mu.Lock()
	r := s.running[runKey{tenant, j.ID}]
	s.mu.Unlock()
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.job.token == j.token && r.done+r.total > 0 {
		j.Done, j.Total, j.Note = r.done, r.total, r.note
	}
}

// Filter narrows a list; empty fields do not.
type Filter struct {
	State State
	Kind  string
	Page  qingyuan.Page
}

// List reads a page of jobs, newest first, without their results, and the cursor of the next page ("" at the end).
func (s *Service) List(ctx context.Context, tenant qingyuan.Tenant, f Filter) (all []*Job, next string, err error) {
	sort, id, more, err := f.Page.Keyset()
	if err != nil {
		return nil, "", err
	}
	where, args := "tenant = $1", []any{}
	add := func(term string, vals ...any) {
		holes := make([]any, len(vals))
		for i, v := range vals {
			args = append(args, v)
			holes[i] = len(args) + 1
		}
		where += " AND " + fmt.Sprintf(term, holes...)
	}
	if more {
		add("(created_at, id) < ($%d, $%d)", sort, id)
	}
	if f.State != "" {
		add("state = $%d", string(f.State))
	}
	if f.Kind != "" {
		add("kind = $%d", f.Kind)
	}
	args = append(args, int64(f.Page.Rows()+1))
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		all, err = query(tx, `SELECT `+head+` FROM job WHERE `+where+fmt.Sprintf(` ORDER BY created_at DESC, id DESC LIMIT $%d`, len(args)+1), args...)
		return err
	})
	if n := f.Page.Rows(); len(all) > n {
		all = all[:n]
		next = qingyuan.CursorOf(all[n-1].CreatedAt.UnixMicro(), all[n-1].ID)
	}
	for _, j := range all {
		s.live(tenant, j)
	}
	return all, next, err
}

// Unfinished counts the jobs of a kind that wait or run.
func Unfinished(tx *store.Tx, kind string) (n int, err error) {
	_, err = tx.Get(`SELECT count(*) FROM job WHERE tenant = $1 AND kind = $2 AND state IN ('waiting', 'running')`, []any{kind}, &n)
	return n, err
}

// Cancel stops a job: a waiting or dead one at once; one that runs is told to stop, and nothing it does from then on
// takes effect. Errors: not_found; conflict for a job that has ended.
func (s *Service) Cancel(ctx context.Context, tenant qingyuan.Tenant, by qingyuan.Actor, id string) error {
	err := s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		j, err := get(tx, `id = $2`, id)
		switch {
		case err != nil:
			return err
		case j == nil:
			return noJob(id)
		case j.State == Running && !j.Cancelling:
			_, err = tx.Exec(`UPDATE job SET cancel = true WHERE tenant = $1 AND id = $2`, id)
		case j.State == Running:
			return nil
		case j.State == Waiting || j.State == Dead:
			_, err = tx.Exec(`UPDATE job SET state = 'cancelled', finished_at = $3 WHERE tenant = $1 AND id = $2`, id, s.cfg.Now().UnixMicro())
		default:
			return qingyuan.Errorf(qingyuan.Conflict, "the job has ended: it is %s", j.State)
		}
		if err != nil {
			return err
		}
		return emit(tx, JobCancelled, j, by)
	})
	if err == nil {
		s.mu.Lock()
		r := s.running[runKey{tenant, id}]
		s.mu.Unlock()
		if r != nil {
			r.stop(ErrLost)
		}
	}
	return err
}

// Retry gives a dead or cancelled job all its attempts again. Errors: not_found; conflict in any other state.
func (s *Service) Retry(ctx context.Context, tenant qingyuan.Tenant, by qingyuan.Actor, id string) error {
	return s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		j, err := get(tx, `id = $2`, id)
		switch {
		case err != nil:
			return err
		case j == nil:
			return noJob(id)
		case j.State != Dead && j.State != Cancelled:
			return qingyuan.Errorf(qingyuan.Conflict, "only a dead or cancelled job can be retried: this one is %s", j.State)
		}
		_, err = tx.Exec(`UPDATE job SET state = 'waiting', attempt = 0, run_at = $3, finished_at = 0, cancel = false WHERE tenant = $1 AND id = $2`, id, s.cfg.Now().UnixMicro())
		if err != nil {
			return err
		}
		tx.OnCommit(s.nudge)
		return emit(tx, JobRetried, j, by)
	})
}

// emit puts what happened to a job into the outbox.
func emit(tx *store.Tx, what string, j *Job, by qingyuan.Actor) error {
	data, err := json.Marshal(map[string]string{"kind": j.Kind, "by": by.ID})
	if err != nil {
		return err
	}
	_, err = tx.Emit(what, j.ID, data)
	return err
}
