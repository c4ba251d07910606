package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"sync"
	"time"

	"qingyuan"
)

// A tenant's lease says which process may keep the tenant's memory and decide for it. It stands in the tenant's counter row:
// who holds it, a token that grows with every change of hands, and until when, by the database's clock. A command that uses
// memory calls [Tx.Held], which compares the token within its own transaction, under the row's lock: a process that was stopped
// or cut off and comes back finds itself refused, whatever its clock says.
//
// On SQLite the file's lock is the lease, and everything here is granted.

// leases is what this process holds.
type leases struct {
	mu     sync.Mutex
	holder string // empty: leases are not asked for
	tokens map[qingyuan.Tenant]int64
}

// RequireLeases makes this process, under that name, use a tenant's memory only while it holds the tenant's lease. A name is
// for one process at a time: a process that takes the name of one that died takes over its leases at once.
func (db *DB) RequireLeases(holder string) {
	if db.dialect == SQLite {
		return
	}
	db.leases.mu.Lock()
	defer db.leases.mu.Unlock()
	db.leases.holder, db.leases.tokens = holder, map[qingyuan.Tenant]int64{}
}

func (l *leases) of(t qingyuan.Tenant) (holder string, token int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.holder, l.tokens[t]
}

func (l *leases) set(t qingyuan.Tenant, token int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if token == 0 {
		delete(l.tokens, t)
	} else {
		l.tokens[t] = token
	}
}

// clock is the database's clock in microseconds.
const clock = `CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)`

// Lease renews the tenant's lease for ttl, or takes it where it is free or has run out. held is false where another process
// holds it. Where held is true and was was false, the process has not held it without a break: what it keeps in memory of the
// tenant must be made anew.
func (db *DB) Lease(ctx context.Context, t qingyuan.Tenant, ttl time.Duration) (held, was bool, err error) {
	holder, token := db.leases.of(t)
	if holder == "" {
		return true, true, nil
	}
	if token != 0 {
		res, err := db.write.ExecContext(ctx, `UPDATE sequence SET lease_until = `+clock+` + $4 WHERE tenant = $1 AND lease_holder = $2 AND lease_token = $3`,
			string(t), holder, token, ttl.Microseconds())
		if err != nil {
			return true, true, classify(err) // until the database says otherwise
		}
		if n, err := res.RowsAffected(); err != nil || n == 1 {
			return true, true, err
		}
		db.leases.set(t, 0)
	}
	err = db.write.QueryRowContext(ctx, `UPDATE sequence SET lease_holder = $2, lease_token = lease_token + 1, lease_until = `+clock+` + $3
		WHERE tenant = $1 AND (lease_holder = $2 OR lease_until <= `+clock+`) RETURNING lease_token`, string(t), holder, ttl.Microseconds()).Scan(&token)
	if errors.Is(err, sql.ErrNoRows) {
		return false, false, nil
	}
	if err != nil {
		return false, false, classify(err)
	}
	db.leases.set(t, token)
	return true, false, nil
}

// Release gives the tenant's lease back, so that another process need not wait until it runs out.
func (db *DB) Release(ctx context.Context, t qingyuan.Tenant) error {
	holder, token := db.leases.of(t)
	if token == 0 {
		return nil
	}
	db.leases.set(t, 0)
	_, err := db.write.ExecContext(ctx, `UPDATE sequence SET lease_until = 0 WHERE tenant = $1 AND lease_holder = $2 AND lease_token = $3`, string(t), holder, token)
	return classify(err)
}

// Held is nil where the command may use what this process keeps in memory of the tenant. Errors: unavailable where another
// process holds the tenant's lease.
func (tx *Tx) Held() error {
	holder, token := tx.db.leases.of(tx.tenant)
	if holder == "" {
		return nil
	}
	if _, err := tx.b.sequence(tx.tenant); err != nil {
		return err
	}
	if token == 0 || tx.b.seqs[tx.tenant].lease != token {
		return qingyuan.Errorf(qingyuan.Unavailable, "another server decides for this tenant at present")
	}
	return nil
}

// LockFile takes an exclusive lock on a file, which ends with the process. Errors: unavailable where another process has it.
func LockFile(path string) (io.Closer, error) { return lockFile(path) }
