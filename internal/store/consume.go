package store

import (
	"context"
	"sync"
	"time"

	"qingyuan"
)

// Entry is one row of the outbox.
type Entry struct {
	Seq     int64
	Kind    string
	Subject string
	At      time.Time
	Data    []byte
}

// watchers wakes those who wait for a tenant's next commit.
type watchers struct {
	mu sync.Mutex
	ch map[qingyuan.Tenant]chan struct{}
}

func (w *watchers) wait(t qingyuan.Tenant) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ch == nil {
		w.ch = map[qingyuan.Tenant]chan struct{}{}
	}
	if w.ch[t] == nil {
		w.ch[t] = make(chan struct{})
	}
	return w.ch[t]
}

func (w *watchers) notify(t qingyuan.Tenant) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.ch[t]; c != nil {
		close(c)
		delete(w.ch, t)
	}
}

// Committed returns a channel that is closed at the tenant's next commit by this process. Take it before reading, so
// that nothing between the reading and the waiting is missed.
func (db *DB) Committed(t qingyuan.Tenant) <-chan struct{} { return db.watch.wait(t) }

// Outbox reads up to limit entries after seq, in order. It works in readers and commands.
func (tx *Tx) Outbox(after int64, limit int) ([]Entry, error) {
	rows, err := tx.Query(`SELECT seq, kind, subject, at, data FROM outbox WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3`, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Entry
	for rows.Next() {
		var e Entry
		var at int64
		if err := rows.Scan(&e.Seq, &e.Kind, &e.Subject, &at, &e.Data); err != nil {
			return nil, err
		}
		e.At = time.UnixMicro(at).UTC()
		all = append(all, e)
	}
	return all, classify(rows.Err())
}

// Consumer reads a tenant's outbox in order and applies effects. Its cursor and its effects are committed in one
// transaction, so each entry takes effect exactly once however often the process dies.
type Consumer struct {
	Name  string                                   // unique within the tenant
	Batch int                                      // entries per transaction; 0: 500
	Poll  time.Duration                            // how long to wait for other processes' commits; 0: 1 s
	Apply func(tx *Tx, entries []Entry) error      // runs as a command: effects go through tx
	Pause func(err error, tries int) time.Duration // how long to wait after an error; nil: 100 ms doubling to 30 s
}

// Consume runs c for the tenant until ctx ends. An error of Apply leaves the cursor where it was and is tried again.
func (db *DB) Consume(ctx context.Context, tenant qingyuan.Tenant, c Consumer) error {
	if c.Batch <= 0 {
		c.Batch = 500
	}
	if c.Poll <= 0 {
		c.Poll = time.Second
	}
	if c.Pause == nil {
		c.Pause = func(_ error, tries int) time.Duration {
			return min(100*time.Millisecond<<min(tries, 9), 30*time.Second)
		}
	}
	for tries := 0; ; {
		committed := db.Committed(tenant)
		n, err := db.consumeOnce(ctx, tenant, c)
		wait := c.Poll
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			wait = c.Pause(err, tries)
			tries++
			committed = nil
			db.cfg.Log.WarnContext(ctx, "consumer will try again", "consumer", c.Name, "tenant", tenant, "in", wait, "error", err)
		case n > 0:
			tries = 0
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-committed:
		case <-time.After(wait):
		}
	}
}

// consumeOnce applies one batch and returns its size.
func (db *DB) consumeOnce(ctx context.Context, tenant qingyuan.Tenant, c Consumer) (int, error) {
	var entries []Entry
	var cursor int64
	err := db.Read(ctx, tenant, func(tx *Tx) (err error) {
		if _, err = tx.Get(`SELECT cursor FROM consumer WHERE tenant = $1 AND name = $2`, []any{c.Name}, &cursor); err != nil {
			return err
		}
		entries, err = tx.Outbox(cursor, c.Batch)
		return err
	})
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	err = db.Write(ctx, tenant, func(tx *Tx) error {
		var now int64
		if _, err := tx.Get(`SELECT cursor FROM consumer WHERE tenant = $1 AND name = $2`+tx.db.dialect.ForUpdate(), []any{c.Name}, &now); err != nil {
			return err
		}
		if now != cursor {
			return qingyuan.Errorf(qingyuan.Conflict, "another process runs consumer %s", c.Name)
		}
		if err := c.Apply(tx, entries); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO consumer (tenant, name, cursor) VALUES ($1, $2, $3) ON CONFLICT (tenant, name) DO UPDATE SET cursor = excluded.cursor`, c.Name, entries[len(entries)-1].Seq)
		return err
	})
	return len(entries), err
}
