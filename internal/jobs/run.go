package jobs

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// Run is one attempt at a job, in a handler's hands.
type Run struct {
	ID          string
	Tenant      qingyuan.Tenant
	Kind, Key   string
	Payload     []byte
	Checkpoint  []byte // what the last Step of this or an earlier attempt left; nil at first
	Attempt     int    // 1 for the first
	MaxAttempts int    // this is the last one where Attempt is it
	By          qingyuan.Actor

	// Result is stored when the job ends well; set it before Commit, or before returning. At most MaxResult bytes.
	Result []byte

	s    *Service
	job  *Job
	stop context.CancelCauseFunc

	mu          sync.Mutex
	renewed     time.Time // the lease, last
	done, total int64
	note        string
	changed     bool // progress that is not stored yet
	ended       bool // by Commit
}

// Decode reads the payload as JSON into v. Errors: invalid, which ends the job.
func (r *Run) Decode(v any) error {
	if err := json.Unmarshal(r.Payload, v); err != nil {
		return qingyuan.Wrap(qingyuan.Invalid, err, "the job's payload cannot be read")
	}
	return nil
}

// Progress tells people how far the work is, in units of the handler's own. It costs next to nothing and is stored about
// once a second. note is a short text without personal data.
func (r *Run) Progress(done, total int64, note string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done, r.total, r.note, r.changed = done, total, note[:min(len(note), maxNote)], true
}

// Commit runs fn and ends the job in one transaction: both happen or neither. Errors: fn's own; [ErrLost] where another
// run has the job now or it was cancelled, and then fn's effects are undone.
func (r *Run) Commit(ctx context.Context, fn func(tx *store.Tx) error) error {
	if len(r.Result) > MaxResult {
		return qingyuan.Errorf(qingyuan.Invalid, "the result has more than %d bytes", MaxResult)
	}
	r.mu.Lock()
	done, total, note := r.done, r.total, r.note
	r.mu.Unlock()
	err := r.s.cfg.DB.Write(ctx, r.Tenant, func(tx *store.Tx) error {
		n, err := tx.Exec(`UPDATE job SET state = 'done', finished_at = $4, result = $5, done_units = $6, total_units = $7, note = $8, error_code = '', error = '', error_field = '',
			holder = '', lease_until = 0 WHERE `+mine+` AND cancel = false`, r.ID, r.job.token, r.s.cfg.Now().UnixMicro(), notNil(r.Result), done, total, note)
		if err == nil && n == 0 {
			err = ErrLost
		}
		if err != nil || fn == nil {
			return err
		}
		return fn(tx)
	})
	if err == nil {
		r.mu.Lock()
		r.ended = true
		r.mu.Unlock()
	}
	return err
}

// Step runs fn and stores checkpoint in one transaction, without ending the job: work in pieces, each of which takes effect
// once. The next attempt, after an error or a kill, finds the checkpoint of the last piece. Errors as for Commit.
func (r *Run) Step(ctx context.Context, checkpoint []byte, fn func(tx *store.Tx) error) error {
	if len(checkpoint) > MaxPayload {
		return qingyuan.Errorf(qingyuan.Invalid, "the checkpoint has more than %d bytes", MaxPayload)
	}
	err := r.s.cfg.DB.Write(ctx, r.Tenant, func(tx *store.Tx) error {
		n, err := tx.Exec(`UPDATE job SET progress = $4 WHERE `+mine+` AND cancel = false`, r.ID, r.job.token, notNil(checkpoint))
		if err == nil && n == 0 {
			err = ErrLost
		}
		if err != nil || fn == nil {
			return err
		}
		return fn(tx)
	})
	if err == nil {
		r.Checkpoint = checkpoint
	}
	return err
}

// finished reports whether Commit has ended the job.
func (r *Run) finished() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}
