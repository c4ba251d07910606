package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// tenancy is which tenants this process decides for. A tenant's lease makes it one process; where the database is SQLite it is
// always this one.
type tenancy struct {
	p     *platform
	lease time.Duration

	working sync.WaitGroup // what runs for tenants

	mu   sync.Mutex
	open map[qingyuan.Tenant]context.CancelFunc // ends what runs for the tenant as long as it is held
	lost map[qingyuan.Tenant]bool               // was seen to be another process's
}

// holds reports whether this process decides for t. Tools that run no server always do.
func (y *tenancy) holds(t qingyuan.Tenant) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.lease == 0 || y.open[t] != nil
}

// begin asks for leases from now on, under the name of the data directory, which it locks: a process that starts where one died
// takes over its leases at once. The lock is let go with the returned closer.
func (y *tenancy) begin(data string, lease time.Duration) (io.Closer, error) {
	y.mu.Lock()
	y.lease = max(lease, time.Second)
	y.mu.Unlock()
	if y.p.db.Dialect() == store.SQLite {
		return io.NopCloser(nil), nil
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "cannot make the data directory")
	}
	lock, err := store.LockFile(filepath.Join(data, "server.lock"))
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "another server runs in this data directory; a second one needs a data directory of its own")
	}
	path := filepath.Join(data, "server.id")
	text, err := os.ReadFile(path)
	if err != nil {
		text = []byte(qingyuan.NewID("srv", y.p.db.Now()) + "\n")
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		return nil, errors.Join(qingyuan.Wrap(qingyuan.Unavailable, err, "cannot keep the server's name in the data directory"), lock.Close())
	}
	y.p.db.RequireLeases(strings.TrimSpace(string(text)))
	return lock, nil
}

// tend renews or takes the lease of every tenant, and opens and closes tenants accordingly.
func (y *tenancy) tend(ctx context.Context) error {
	tenants, err := y.p.db.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		held, was, lerr := y.p.db.Lease(ctx, t, y.lease)
		if lerr != nil {
			err = errors.Join(err, lerr)
			continue
		}
		y.mu.Lock()
		end, known := y.open[t], y.lost[t]
		y.lost[t] = !held
		y.mu.Unlock()
		if end != nil && (!held || !was) {
			y.close(t)
			end = nil
		}
		switch {
		case held && end == nil:
			err = errors.Join(err, y.openTenant(ctx, t))
		case !held && !known:
			y.p.log.Info("another server decides for the tenant; this one stands by", "tenant", t)
		}
	}
	return err
}

func (y *tenancy) openTenant(ctx context.Context, t qingyuan.Tenant) error {
	if err := y.p.openTenant(ctx, t); err != nil {
		return errors.Join(fmt.Errorf("open tenant %s: %w", t, err), y.p.db.Release(ctx, t))
	}
	held, end := context.WithCancel(context.Background())
	y.working.Go(func() { y.p.consume(held, t) })
	y.working.Go(func() { y.p.notify.Feed(held, t) })
	y.mu.Lock()
	y.open[t] = end
	y.mu.Unlock()
	y.p.log.Info("this server decides for the tenant", "tenant", t)
	return nil
}

// close ends what runs for the tenant. What is in memory stays, and is made anew before it is used again.
func (y *tenancy) close(t qingyuan.Tenant) {
	y.mu.Lock()
	end := y.open[t]
	delete(y.open, t)
	y.mu.Unlock()
	if end != nil {
		end()
		y.p.log.Warn("this server no longer decides for the tenant", "tenant", t)
	}
}

// run tends the leases until ctx ends.
func (y *tenancy) run(ctx context.Context) {
	tick := time.NewTicker(y.lease / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := y.tend(ctx); err != nil && ctx.Err() == nil {
				y.p.log.Warn("leases were not tended; they are kept until another server takes them", "error", err)
			}
		}
	}
}

// held lists the tenants that this process decides for.
func (y *tenancy) held() (all []qingyuan.Tenant) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for t := range y.open {
		all = append(all, t)
	}
	return all
}

// release ends what runs for the tenants and gives every lease back.
func (y *tenancy) release(ctx context.Context) (err error) {
	all := y.held()
	for _, t := range all {
		y.close(t)
	}
	y.working.Wait()
	for _, t := range all {
		err = errors.Join(err, y.p.db.Release(ctx, t))
	}
	return err
}
