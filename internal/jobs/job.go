package jobs

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"qingyuan"
)

// State is where a job stands.
type State string

// The states.
const (
	Waiting   State = "waiting" // until its time, or for a free worker
	Running   State = "running"
	Done      State = "done"
	Dead      State = "dead" // given up: waits for a person
	Cancelled State = "cancelled"
)

// States lists every state.
var States = []State{Waiting, Running, Done, Dead, Cancelled}

// Outbox kinds.
const (
	JobDead      = "job.dead"
	JobRetried   = "job.retried"
	JobRequested = "job.requested" // by a person or a key
	JobCancelled = "job.cancelled"
)

// Spec asks for a job.
type Spec struct {
	Kind        string         // of a handler
	Key         string         // the same kind and key are the same job; empty: a job of its own
	Payload     []byte         // ids and codes, at most MaxPayload; often JSON
	Priority    int            // higher runs first
	RunAt       time.Time      // not before; zero: at once
	MaxAttempts int            // 0: DefaultAttempts
	By          qingyuan.Actor // who asked
}

// Bounds of a job.
const (
	MaxPayload      = 64 << 10 // bytes
	MaxResult       = 4 << 20  // bytes
	maxName         = 200      // bytes of a kind or key
	maxNote         = 200      // bytes
	DefaultAttempts = 10
)

func (s Spec) check() error {
	switch {
	case s.Kind == "" || len(s.Kind) > maxName:
		return qingyuan.FieldErrorf("kind", "must have 1 to %d bytes", maxName)
	case len(s.Key) > maxName:
		return qingyuan.FieldErrorf("key", "must have at most %d bytes", maxName)
	case len(s.Payload) > MaxPayload:
		return qingyuan.FieldErrorf("payload", "must have at most %d bytes: store the data and pass its id", MaxPayload)
	case s.MaxAttempts < 0:
		return qingyuan.FieldErrorf("max_attempts", "must not be negative")
	}
	return nil
}

// Job is a job on record.
type Job struct {
	ID, Kind, Key string
	State         State
	Priority      int
	RunAt         time.Time
	Payload       []byte
	Checkpoint    []byte // what the last Step left
	Result        []byte // of a job that is done; List leaves it out
	By            qingyuan.Actor
	Attempt       int // attempts begun
	MaxAttempts   int
	Cancelling    bool // it was told to stop and has not yet
	Done, Total   int64
	Note          string
	Err           *qingyuan.Error // of the last attempt that failed
	CreatedAt     time.Time
	StartedAt     time.Time // of the last attempt
	FinishedAt    time.Time

	token int64
}

// Finished reports whether the job will not run again by itself.
func (j *Job) Finished() bool { return j.State == Done || j.State == Dead || j.State == Cancelled }

// Handler does the work of one kind. It must return soon after its context ends. Returning nil ends the job, where
// [Run.Commit] has not ended it already.
type Handler func(ctx context.Context, r *Run) error

// Option changes how jobs of a kind run.
type Option func(*kind)

type kind struct {
	handle      Handler
	timeout     time.Duration
	concurrency int
	held        bool
	backoff     func(attempt int) time.Duration
}

// Timeout bounds one attempt. Without it an attempt may take as long as it likes.
func Timeout(d time.Duration) Option { return func(k *kind) { k.timeout = d } }

// Concurrency bounds how many jobs of the kind one process runs at once.
func Concurrency(n int) Option { return func(k *kind) { k.concurrency = n } }

// WhereHeld runs jobs of the kind only in the process that holds the tenant's lease, for work that uses the tenant's
// memory: whatever records events or decides them.
func WhereHeld() Option { return func(k *kind) { k.held = true } }

// Pauses replaces [Backoff] for the kind.
func Pauses(f func(attempt int) time.Duration) Option { return func(k *kind) { k.backoff = f } }

// Backoff is the pause after the attempt-th attempt failed: 2 s, doubled each time, at most an hour, spread by ±25 % so
// that jobs that failed together do not come back together.
func Backoff(attempt int) time.Duration {
	return Jitter(min(2*time.Second<<min(max(attempt-1, 0), 12), time.Hour))
}

// Jitter spreads d by ±25 %.
func Jitter(d time.Duration) time.Duration {
	return d*3/4 + time.Duration(rand.Int64N(int64(d)/2+1))
}

// ErrLost is returned to a run that is not the job's runner any more: its lease ran out, or the job was cancelled.
var ErrLost = qingyuan.Errorf(qingyuan.Conflict, "the job is not this run's any more")

// later asks for another attempt that does not count.
type later struct{ after time.Duration }

// Error says so.
func (l later) Error() string { return "not now; again after " + l.after.String() }

// Later is the error by which a handler asks to be run again after d, without an attempt being counted.
func Later(d time.Duration) error { return later{d} }

// final reports whether another attempt is of no use.
func final(err error) bool {
	switch qingyuan.CodeOf(err) {
	case qingyuan.Invalid, qingyuan.Forbidden, qingyuan.NotFound:
		return true
	}
	return false
}

// errStopping is the cause of a handler's context where the process stops.
var errStopping = errors.New("the process stops")

// Schedule gives the start of the slot that t lies in; each slot gets one job.
type Schedule func(t time.Time) time.Time

// Each is a slot every d, counted from 1970-01-01 UTC.
func Each(d time.Duration) Schedule {
	return func(t time.Time) time.Time {
		return time.UnixMicro(t.UnixMicro() - t.UnixMicro()%d.Microseconds()).UTC()
	}
}

// Daily is a slot a day, from hour:minute in loc on.
func Daily(hour, minute int, loc *time.Location) Schedule {
	return func(t time.Time) time.Time {
		t = t.In(loc)
		slot := time.Date(t.Year(), t.Month(), t.Day(), hour, minute, 0, 0, loc)
		if slot.After(t) {
			slot = time.Date(t.Year(), t.Month(), t.Day()-1, hour, minute, 0, 0, loc)
		}
		return slot.UTC()
	}
}
