package store

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"qingyuan"
)

// command states
const (
	waiting int32 = iota
	taken
	abandoned
)

type command struct {
	tenant qingyuan.Tenant
	fn     func(*Tx) error
	state  atomic.Int32
	err    error
	done   chan error
}

// writer commits commands in groups, one transaction at a time.
type writer struct {
	db    *DB
	queue chan *command
	quit  chan struct{}
	ended chan struct{}
	conn  *sql.Conn
	stmts map[string]*sql.Stmt

	checkpoint *checkpointer // SQLite's; nil elsewhere
}

// Write runs fn as a command of the tenant and returns once it is committed: nil means on disk. A caller whose context
// ends while the command still waits gets the context's error and nothing happens; once the writer has taken it, Write
// waits for the result. Errors: fn's own; conflict for a constraint; too_many where the queue is full; unavailable where
// the database cannot take it (then nothing was stored, or, if the connection broke during the commit itself, a retry
// with the same idempotency key tells).
func (db *DB) Write(ctx context.Context, tenant qingyuan.Tenant, fn func(*Tx) error) error {
	w, err := db.writerOf(tenant)
	if err != nil {
		return err
	}
	c := &command{tenant: tenant, fn: followed(ctx, fn), done: make(chan error, 1)}
	select {
	case w.queue <- c:
	default:
		return qingyuan.Errorf(qingyuan.TooMany, "the write queue is full; try again shortly")
	}
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		if c.state.CompareAndSwap(waiting, abandoned) {
			return ctx.Err()
		}
		return <-c.done
	}
}

// QueueLength is the number of commands that wait for the tenant's writer.
func (db *DB) QueueLength(tenant qingyuan.Tenant) int {
	w, err := db.writerOf(tenant)
	if err != nil {
		return 0
	}
	return len(w.queue)
}

func (db *DB) writerOf(tenant qingyuan.Tenant) (*writer, error) {
	if !tenant.Valid() {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "not a tenant name")
	}
	scope := tenant
	if db.dialect == SQLite {
		scope = "" // one writer for the file
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return nil, qingyuan.Errorf(qingyuan.Unavailable, "the database is closed")
	}
	w := db.writers[scope]
	if w == nil {
		w = &writer{db: db, queue: make(chan *command, db.cfg.MaxQueue), quit: make(chan struct{}), ended: make(chan struct{})}
		if db.dialect == SQLite {
			w.checkpoint = db.newCheckpointer()
		}
		db.writers[scope] = w
		go w.loop()
	}
	return w, nil
}

func (w *writer) stop() {
	close(w.quit)
	<-w.ended
	if w.checkpoint != nil {
		w.checkpoint.stop()
	}
}

func (w *writer) loop() {
	defer close(w.ended)
	defer w.disconnect()
	group := make([]*command, 0, w.db.cfg.MaxBatch)
	for {
		select {
		case c := <-w.queue:
			group = append(group[:0], c)
		case <-w.quit:
			select {
			case c := <-w.queue: // finish what waits
				group = append(group[:0], c)
			default:
				return
			}
		}
		runtime.Gosched() // those just answered get to send their next commands, which then share this commit
		w.commit(w.gather(group))
	}
}

// gather adds what waits to the group and drops commands whose callers went away.
func (w *writer) gather(group []*command) []*command {
	for len(group) < cap(group) {
		select {
		case c := <-w.queue:
			group = append(group, c)
			continue
		default:
		}
		break
	}
	live := group[:0]
	for _, c := range group {
		if c.state.CompareAndSwap(waiting, taken) {
			live = append(live, c)
		}
	}
	return live
}

// commit runs the group in one transaction; where a row of one command spoils it, once more with each command on its own
// savepoint, so that only the culprit fails.
func (w *writer) commit(group []*command) {
	if len(group) == 0 {
		return
	}
	err := w.attempt(group, false)
	if err != nil && qingyuan.CodeOf(classify(err)) != qingyuan.Unavailable {
		err = w.attempt(group, true)
	}
	for _, c := range group {
		if err != nil {
			c.done <- classify(err)
		} else {
			c.done <- c.err
		}
	}
}

// attempt runs the group in one transaction. A nil error means committed, with each command's own result in its err.
func (w *writer) attempt(group []*command, careful bool) (err error) {
	ctx, cancel := w.context()
	defer cancel()
	if err := w.connect(ctx); err != nil {
		return err
	}
	if w.checkpoint != nil && w.checkpoint.left.CompareAndSwap(true, false) {
		if _, err := w.conn.ExecContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`); err != nil {
			w.db.cfg.Log.Warn("the write-ahead log was not copied; it goes on growing until it is", "error", err)
		}
	}
	b := &batch{ctx: ctx, w: w, careful: careful, seqs: map[qingyuan.Tenant]*counter{}}
	begin := "BEGIN"
	if w.db.dialect == SQLite {
		begin = "BEGIN IMMEDIATE"
	}
	if _, err := w.conn.ExecContext(ctx, begin); err != nil {
		w.disconnect()
		return err
	}
	for _, c := range group {
		if err = b.run(c); err != nil {
			break
		}
	}
	if err == nil {
		err = b.finish()
	}
	if err == nil {
		_, err = w.conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		b.rewind(mark{})
		if _, rerr := w.conn.ExecContext(ctx, "ROLLBACK"); rerr != nil && !fullDisk(err) {
			w.disconnect()
		}
		return err
	}
	if w.checkpoint != nil {
		w.checkpoint.wrote(b.written)
	}
	for _, f := range b.after {
		f()
	}
	for t := range b.seqs {
		w.db.watch.notify(t)
	}
	return nil
}

// context is the writer's own. On SQLite it has no deadline: the driver would start a goroutine per statement for one.
func (w *writer) context() (context.Context, context.CancelFunc) {
	if w.db.dialect == SQLite {
		return context.Background(), func() {}
	}
	return context.WithTimeout(context.Background(), 30*time.Second)
}

func (w *writer) connect(ctx context.Context) error {
	if w.conn != nil {
		return nil
	}
	conn, err := w.db.write.Conn(ctx)
	if err != nil {
		return err
	}
	w.conn, w.stmts = conn, map[string]*sql.Stmt{}
	return nil
}

func (w *writer) disconnect() {
	if w.conn == nil {
		return
	}
	for _, s := range w.stmts {
		s.Close()
	}
	w.conn.Close()
	w.conn, w.stmts = nil, nil
}

// maxStatements bounds the statements a writer keeps prepared.
const maxStatements = 256

func (w *writer) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if s := w.stmts[text]; s != nil {
		return s, nil
	}
	if len(w.stmts) >= maxStatements {
		for k, s := range w.stmts {
			s.Close()
			delete(w.stmts, k)
			break
		}
	}
	s, err := w.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	w.stmts[text] = s
	return s, nil
}

func fullDisk(err error) bool {
	return qingyuan.CodeOf(classify(err)) == qingyuan.Unavailable && !isConnectionError(err)
}

// call runs fn and turns a panic into an internal error with the stack in its cause.
func call(fn func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			cause := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			err = qingyuan.Wrap(qingyuan.Internal, cause, qingyuan.Internal.Title())
		}
	}()
	return fn(tx)
}

// infrastructure marks an error of the transaction itself, as opposed to one command's.
type infrastructure struct{ error }

func (e infrastructure) Unwrap() error { return e.error }
