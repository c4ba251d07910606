package store

import (
	"context"
	"database/sql"
	"errors"

	"qingyuan"
)

// batch is one transaction of the writer: rows that wait to be flushed, sequence counters, and the ways back.
type batch struct {
	ctx     context.Context
	w       *writer
	careful bool // each command flushes inside its own savepoint
	rows    []*pending
	seqs    map[qingyuan.Tenant]*counter
	undo    []func()
	after   []func()
	written int // rows, about

	tenant    qingyuan.Tenant // of the running command
	now       mark            // where the running command began
	savepoint bool            // the running command has one
}

// counter is a tenant's sequence within a transaction, and the token of its lease.
type counter struct{ stored, last, lease int64 }

// mark is a place to rewind to.
type mark struct {
	undo, after int
	rows        []int // args of each pending
	seqs        map[qingyuan.Tenant]int64
}

// run runs one command and records its error in it. The error returned is the transaction's own.
func (b *batch) run(c *command) error {
	b.tenant, b.now, b.savepoint = c.tenant, b.markHere(), false
	if b.careful {
		if err := b.begin(); err != nil {
			return err
		}
	}
	tx := &Tx{db: b.w.db, ctx: b.ctx, tenant: c.tenant, now: b.w.db.Now(), b: b}
	err := call(c.fn, tx)
	if err == nil && b.careful {
		err = b.flush()
	}
	if err == nil && b.savepoint {
		if _, err := b.w.conn.ExecContext(b.ctx, "RELEASE SAVEPOINT command"); err != nil {
			return infrastructure{err}
		}
	}
	if err == nil {
		c.err = nil
		return nil
	}
	b.rewind(b.now)
	if b.savepoint {
		if _, rerr := b.w.conn.ExecContext(b.ctx, "ROLLBACK TO SAVEPOINT command"); rerr != nil {
			return infrastructure{err}
		}
	}
	var broken infrastructure
	if errors.As(err, &broken) && !b.careful {
		return broken
	}
	if c.err = classify(err); qingyuan.CodeOf(c.err) == qingyuan.Internal {
		b.w.db.cfg.Log.ErrorContext(b.ctx, "command failed", "tenant", c.tenant, "error", err)
	}
	return nil
}

func (b *batch) markHere() mark {
	m := mark{undo: len(b.undo), after: len(b.after), rows: make([]int, len(b.rows)), seqs: make(map[qingyuan.Tenant]int64, len(b.seqs))}
	for i, p := range b.rows {
		m.rows[i] = len(p.args)
	}
	for t, c := range b.seqs {
		m.seqs[t] = c.last
	}
	return m
}

// rewind undoes memory and drops unflushed rows back to m.
func (b *batch) rewind(m mark) {
	for i := len(b.undo) - 1; i >= m.undo; i-- {
		b.undo[i]()
	}
	b.undo, b.after = b.undo[:m.undo], b.after[:m.after]
	for i, p := range b.rows {
		keep := 0
		if i < len(m.rows) {
			keep = m.rows[i]
		}
		p.args = p.args[:min(keep, len(p.args))]
	}
	for t, c := range b.seqs {
		if last, ok := m.seqs[t]; ok {
			c.last = last
		} else {
			c.last = c.stored
		}
	}
}

func (b *batch) buffer(ins *Inserter, tenant string, vals []any) {
	var p *pending
	for _, q := range b.rows {
		if q.ins == ins {
			p = q
			break
		}
	}
	if p == nil {
		p = &pending{ins: ins}
		b.rows = append(b.rows, p)
	}
	p.args = append(append(p.args, tenant), vals...)
}

// direct prepares for a statement other than Insert: rows of earlier commands are flushed, the running command gets a
// savepoint, then its own rows are flushed, so that the statement sees them all and can be undone alone.
func (b *batch) direct() error {
	if !b.savepoint {
		if err := b.begin(); err != nil {
			return err
		}
	}
	return b.flush()
}

// The sequence is read first: a lock taken inside a savepoint would be given back with it while the counter stays.
func (b *batch) begin() error {
	if _, err := b.sequence(b.tenant); err != nil {
		return err
	}
	own := make([][]any, len(b.rows))
	for i, p := range b.rows {
		keep := 0
		if i < len(b.now.rows) {
			keep = b.now.rows[i]
		}
		own[i] = append([]any(nil), p.args[keep:]...)
		p.args = p.args[:keep]
	}
	if err := b.flush(); err != nil {
		return infrastructure{err}
	}
	if _, err := b.w.conn.ExecContext(b.ctx, "SAVEPOINT command"); err != nil {
		return infrastructure{err}
	}
	for i, args := range own {
		b.rows[i].args = append(b.rows[i].args, args...)
	}
	b.savepoint = true
	b.now.rows = make([]int, len(b.rows))
	return nil
}

// flush sends the waiting rows as multi-row statements.
func (b *batch) flush() error {
	for _, p := range b.rows {
		args := p.args
		for _, n := range chunks {
			for len(args) >= n*p.ins.columns {
				if _, err := b.exec(p.ins.texts[b.w.db.dialect][n], args[:n*p.ins.columns]...); err != nil {
					return infrastructure{err}
				}
				args = args[n*p.ins.columns:]
				b.written += n
			}
		}
		clear(p.args)
		p.args = p.args[:0]
	}
	return nil
}

// finish flushes what waits and stores the sequence counters.
func (b *batch) finish() error {
	if err := b.flush(); err != nil {
		return err
	}
	for t, c := range b.seqs {
		if c.last == c.stored {
			delete(b.seqs, t) // nothing emitted: nobody to wake
			continue
		}
		if _, err := b.exec(`UPDATE sequence SET last = $2 WHERE tenant = $1`, string(t), c.last); err != nil {
			return infrastructure{err}
		}
	}
	return nil
}

// sequence returns the tenant's last seq, reading and locking the counter row at first use.
func (b *batch) sequence(t qingyuan.Tenant) (int64, error) {
	if c := b.seqs[t]; c != nil {
		return c.last, nil
	}
	s, err := b.w.prepare(b.ctx, `SELECT last, lease_token FROM sequence WHERE tenant = $1`+b.w.db.dialect.ForUpdate())
	if err != nil {
		return 0, infrastructure{err}
	}
	c := &counter{}
	err = s.QueryRowContext(b.ctx, string(t)).Scan(&c.stored, &c.lease)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, qingyuan.Errorf(qingyuan.NotFound, "there is no tenant %q", t)
	}
	if err != nil {
		return 0, infrastructure{err}
	}
	c.last = c.stored
	b.seqs[t] = c
	return c.last, nil
}

func (b *batch) exec(text string, args ...any) (sql.Result, error) {
	s, err := b.w.prepare(b.ctx, text)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(b.ctx, args...)
}

func (b *batch) query(text string, args ...any) (*sql.Rows, error) {
	s, err := b.w.prepare(b.ctx, text)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(b.ctx, args...)
}
