package jobs

import (
	"embed"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the package's migration line.
func Migrations() store.Line {
	files, _ := fs.Sub(migrations, "migrations")
	return store.Line{Name: "jobs", Files: files}
}

// head are the columns without the result, in the order of scan.
const head = `id, kind, key, state, priority, run_at, payload, progress, by_kind, by_id, attempt, max_attempts, token, cancel, done_units, total_units, note,
	error_code, error, error_field, created_at, started_at, finished_at`

var row = store.Into("job", "id", "kind", "key", "state", "priority", "run_at", "payload", "progress", "result", "by_kind", "by_id", "attempt", "max_attempts",
	"token", "holder", "lease_until", "cancel", "done_units", "total_units", "note", "error_code", "error", "error_field", "created_at", "started_at", "finished_at")

func (j *Job) insert(tx *store.Tx) {
	tx.Insert(row, j.ID, j.Kind, j.Key, string(j.State), int64(j.Priority), j.RunAt.UnixMicro(), notNil(j.Payload), []byte{}, []byte{}, string(j.By.Kind), j.By.ID,
		int64(0), int64(j.MaxAttempts), int64(0), "", int64(0), false, int64(0), int64(0), "", "", "", "", j.CreatedAt.UnixMicro(), int64(0), int64(0))
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// query reads jobs; text is everything after the columns, and may be that of an UPDATE with RETURNING.
func query(tx *store.Tx, text string, args ...any) ([]*Job, error) {
	rows, err := tx.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Job
	for rows.Next() {
		j := &Job{}
		var run, created, started, finished int64
		var code, message, field string
		err := rows.Scan(&j.ID, &j.Kind, &j.Key, &j.State, &j.Priority, &run, &j.Payload, &j.Checkpoint, &j.By.Kind, &j.By.ID, &j.Attempt, &j.MaxAttempts, &j.token,
			&j.Cancelling, &j.Done, &j.Total, &j.Note, &code, &message, &field, &created, &started, &finished)
		if err != nil {
			return nil, err
		}
		j.RunAt, j.CreatedAt, j.StartedAt, j.FinishedAt = at(run), at(created), at(started), at(finished)
		if len(j.Checkpoint) == 0 { // the engines differ in how they give nothing
			j.Checkpoint = nil
		}
		if code != "" {
			j.Err = &qingyuan.Error{Code: qingyuan.Code(code), Message: message, Field: field}
		}
		all = append(all, j)
	}
	return all, rows.Err()
}

func at(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// get reads one job, without its result; nil where there is none.
func get(tx *store.Tx, where string, args ...any) (*Job, error) {
	all, err := query(tx, `SELECT `+head+` FROM job WHERE tenant = $1 AND `+where, args...)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// due is the query whether a job of these kinds waits whose time has come.
func due(kinds []string, now time.Time) (text string, args []any) {
	in, args := list(kinds, []any{now.UnixMicro()})
	return `SELECT 1 FROM job WHERE tenant = $1 AND state = 'waiting' AND run_at <= $2 AND kind IN (` + in + `) LIMIT 1`, args
}

// list appends values to the arguments of a statement and gives their places.
func list(values []string, args []any) (places string, all []any) {
	in := make([]string, len(values))
	for i, v := range values {
		args = append(args, v)
		in[i] = "$" + strconv.Itoa(len(args)+1)
	}
	return strings.Join(in, ", "), args
}

// expiredText is the query whether a job runs on a lease that ran out.
const expiredText = `SELECT 1 FROM job WHERE tenant = $1 AND state = 'running' AND lease_until <= $2 LIMIT 1`

// claim takes waiting jobs of the group. Commands of one tenant are serial in all processes (the store locks the tenant's
// counter first), so no two of them see the same job waiting.
func claim(tx *store.Tx, holder string, g group, now, until time.Time) ([]*Job, error) {
	in, args := list(g.kinds, []any{now.UnixMicro(), until.UnixMicro(), holder, int64(g.limit)})
	return query(tx, `UPDATE job SET state = 'running', attempt = attempt + 1, token = token + 1, holder = $4, lease_until = $3, started_at = $2
		WHERE tenant = $1 AND id IN (SELECT id FROM job WHERE tenant = $1 AND state = 'waiting' AND run_at <= $2 AND kind IN (`+in+`)
		ORDER BY priority DESC, run_at, id LIMIT $5) RETURNING `+head, args...)
}

// expired reads the jobs whose lease ran out.
func expired(tx *store.Tx, now time.Time) ([]*Job, error) {
	return query(tx, `SELECT `+head+` FROM job WHERE tenant = $1 AND state = 'running' AND lease_until <= $2 ORDER BY lease_until LIMIT 500`, now.UnixMicro())
}

// mine is the condition under which a run may still speak for its job.
const mine = `tenant = $1 AND id = $2 AND token = $3 AND state = 'running'`

// leave takes a job from running to another state. ok is false where the run is not the job's any more.
func (j *Job) leave(tx *store.Tx, to State, runAt, finished time.Time) (ok bool, err error) {
	e := j.Err
	if e == nil {
		e = &qingyuan.Error{}
	}
	end := int64(0)
	if !finished.IsZero() {
		end = finished.UnixMicro()
	}
	n, err := tx.Exec(`UPDATE job SET state = $4, run_at = $5, finished_at = $6, error_code = $7, error = $8, error_field = $9, attempt = $10, cancel = false, holder = '', lease_until = 0
		WHERE `+mine, j.ID, j.token, string(to), runAt.UnixMicro(), end, string(e.Code), e.Message, e.Field, int64(j.Attempt))
	return n == 1, err
}
