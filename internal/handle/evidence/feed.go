package evidence

import (
	"context"
	"time"

	"qingyuan"
	"qingyuan/internal/handle/evidence/tlog"
	"qingyuan/internal/store"
)

const (
	// feedBatch is how many records enter the log at once.
	feedBatch = 2048
	// feedPoll is how long the feeder waits for what other processes committed.
	feedPoll = time.Second
	// feedPause lets records gather that are committed together.
	feedPause = 5 * time.Millisecond
)

// Feed brings records into the log until ctx ends. One process at a time may feed a log: it is the one that has it open.
//
// A record is in the log before its row says so. If the process dies in between, the next one finds the record in the part of
// the log that no row knows, by its commitment, and does not append it again.
func (s *Service) Feed(ctx context.Context) error {
	for {
		f := &feeder{Service: s, low: map[qingyuan.Tenant]int64{}}
		err := f.reconcile(ctx)
		for err == nil {
			err = f.round(ctx)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.cfg.Slog.WarnContext(ctx, "the evidence log will be fed again", "in", feedPoll, "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(feedPoll):
		}
	}
}

// feeder is one unbroken run of feeding.
type feeder struct {
	*Service
	low map[qingyuan.Tenant]int64 // every record up to this seq has its place in the log
}

// round feeds every tenant's records once, and waits where there were none.
func (f *feeder) round(ctx context.Context) error {
	tenants, err := f.cfg.DB.Tenants(ctx)
	if err != nil {
		return err
	}
	var committed <-chan struct{} // of one tenant: most installations have no other
	fed := 0
	for i, t := range tenants {
		if i == 0 {
			committed = f.cfg.DB.Committed(t)
		}
		if !f.cfg.Holds(t) {
			continue
		}
		n, err := f.feed(ctx, t)
		if err != nil {
			return err
		}
		fed += n
	}
	if fed > 0 {
		return nil
	}
	select {
	case <-ctx.Done():
	case <-time.After(feedPoll):
	case <-committed:
		time.Sleep(feedPause)
	}
	return ctx.Err()
}

// feed appends the next records of one tenant and returns their number.
func (f *feeder) feed(ctx context.Context, t qingyuan.Tenant) (int, error) {
	pending, err := f.pending(ctx, t, feedBatch)
	if err != nil || len(pending) == 0 {
		return 0, err
	}
	entries := make([]tlog.Commitment, len(pending))
	for i, r := range pending {
		entries[i] = r.commitment
	}
	leaves, err := f.cfg.Log.Append(ctx, entries)
	if err != nil {
		return 0, err // some may be in: reconcile finds them
	}
	for i := range pending {
		pending[i].leaf = &leaves[i]
	}
	if err := f.placed(ctx, t, pending); err != nil {
		return 0, err
	}
	f.low[t] = pending[len(pending)-1].seq
	return len(pending), nil
}

func (f *feeder) pending(ctx context.Context, t qingyuan.Tenant, limit int) (all []storedRecord, err error) {
	err = f.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		all, err = pendingRecords(tx, f.low[t], limit)
		return err
	})
	return all, err
}

// placed stores where in the log records are.
func (f *feeder) placed(ctx context.Context, t qingyuan.Tenant, records []storedRecord) error {
	if len(records) == 0 {
		return nil
	}
	return f.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		for _, r := range records {
			tx.Insert(leafRow, r.id, r.seq, f.cfg.Log.Key(), int64(*r.leaf))
		}
		return nil
	})
}

// reconcile gives their place to the records in the part of the log that no row knows: those of a process that died, or
// failed, between log and row.
func (f *feeder) reconcile(ctx context.Context) error {
	tenants, err := f.cfg.DB.Tenants(ctx)
	if err != nil {
		return err
	}
	var known uint64
	for _, t := range tenants {
		next, err := nextLeaf(ctx, f.cfg.DB, t, f.cfg.Log.Key())
		if err != nil {
			return err
		}
		known = max(known, next)
	}
	tail, err := f.cfg.Log.Entries(ctx, known, 1<<62)
	if err != nil || len(tail) == 0 {
		return err
	}
	at := make(map[tlog.Commitment]uint64, len(tail))
	for i, c := range tail {
		at[c] = known + uint64(i)
	}
	for _, t := range tenants {
		pending, err := f.pending(ctx, t, len(tail)+feedBatch)
		if err != nil {
			return err
		}
		var found []storedRecord
		for _, r := range pending {
			if leaf, in := at[r.commitment]; in {
				r.leaf = &leaf
				found = append(found, r)
			}
		}
		if err := f.placed(ctx, t, found); err != nil {
			return err
		}
	}
	return nil
}
