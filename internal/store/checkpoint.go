package store

import (
	"context"
	"sync/atomic"
)

// checkpointRows is after how many rows the write-ahead log of SQLite is copied into the database file. Whoever waits while the rest is
// copied waits tens of milliseconds; with 60,000 rows that is fewer than one decision in a hundred, and the log takes a few hundred megabytes at most under load.
const checkpointRows = 60_000

// checkpointer copies SQLite's write-ahead log into the database file beside the writer, on a connection of its own, so that commands need
// not wait for it. What was written meanwhile is left: the writer copies that little between two commits, after which the log begins anew.
type checkpointer struct {
	db   *DB
	due  chan struct{}
	rows int         // of commits since the last one began; the writer's
	left atomic.Bool // a copy has ended and the writer shall copy the rest
	done chan struct{}
}

func (db *DB) newCheckpointer() *checkpointer {
	c := &checkpointer{db: db, due: make(chan struct{}, 1), done: make(chan struct{})}
	go c.loop()
	return c
}

func (c *checkpointer) loop() {
	defer close(c.done)
	for range c.due {
		if _, err := c.db.read.ExecContext(context.Background(), `PRAGMA wal_checkpoint(PASSIVE)`); err != nil {
			c.db.cfg.Log.Warn("the write-ahead log was not copied; it goes on growing until it is", "error", err)
		}
		c.left.Store(true)
	}
}

// wrote notes a commit.
func (c *checkpointer) wrote(rows int) {
	if c.rows += rows; c.rows < checkpointRows {
		return
	}
	c.rows = 0
	select {
	case c.due <- struct{}{}:
	default: // one is under way
	}
}

func (c *checkpointer) stop() {
	close(c.due)
	<-c.done
}
