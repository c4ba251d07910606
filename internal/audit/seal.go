package audit

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// OutboxSealed is the action of an entry that takes a stretch of the outbox into the chain: subject "first-last", after: the hash of the
// stretch. It is how events and decisions of machines are chained, at one row for thousands.
const OutboxSealed = "outbox.sealed"

// sealBatch is how many outbox entries one entry seals at most.
const sealBatch = 5000

var sealer = qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "audit"}

// Seal takes into the chain what the outbox holds beyond the last sealed entry, and returns how far it is now. Entries are read and hashed
// beside the writer; the command adds one row.
func Seal(ctx context.Context, db *store.DB, t qingyuan.Tenant) (upTo int64, err error) {
	for {
		var first int64
		var pending []store.Entry
		err := db.Read(ctx, t, func(tx *store.Tx) (err error) {
			if upTo, err = sealedUpTo(tx); err != nil {
				return err
			}
			first = upTo + 1
			pending, err = tx.Outbox(upTo, sealBatch)
			return err
		})
		if err != nil || len(pending) == 0 {
			return upTo, err
		}
		last := pending[len(pending)-1].Seq
		stretch := Entry{Actor: sealer, Action: OutboxSealed, Subject: fmt.Sprintf("%d-%d", first, last), After: hashEntries(pending)}
		err = db.Write(ctx, t, func(tx *store.Tx) error {
			if now, err := sealedUpTo(tx); err != nil || now != upTo {
				return err // another process was faster: look again
			}
			_, err := Append(tx, stretch)
			return err
		})
		if err != nil {
			return upTo, err
		}
	}
}

// sealedUpTo is the seq up to which the outbox is in the chain.
func sealedUpTo(tx *store.Tx) (upTo int64, err error) {
	var subject string
	found, err := tx.Get(`SELECT subject FROM audit_entry WHERE tenant = $1 AND action = $2 ORDER BY n DESC LIMIT 1`, []any{OutboxSealed}, &subject)
	if err != nil || !found {
		return 0, err
	}
	_, upTo, err = stretchOf(subject)
	return upTo, err
}

func stretchOf(subject string) (first, last int64, err error) {
	if n, err := fmt.Sscanf(subject, "%d-%d", &first, &last); err != nil || n != 2 || first > last {
		return 0, 0, qingyuan.Errorf(qingyuan.Internal, "a sealed stretch is named %q", subject)
	}
	return first, last, nil
}

// Keeper seals the outbox of every tenant and publishes the heads of the chains.
type Keeper struct {
	DB    *store.DB
	Signs Signer
	Dir   string // where heads are published, best on another disk than the record; empty: nowhere
	Every time.Duration
	Log   *slog.Logger
}

// Run keeps until ctx ends, and once more then. Wait for it before closing the database.
func (k *Keeper) Run(ctx context.Context) {
	if k.Every <= 0 {
		k.Every = 10 * time.Second
	}
	tick := time.NewTicker(k.Every)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
		if err := k.Keep(context.WithoutCancel(ctx)); err != nil {
			k.Log.WarnContext(ctx, "the audit chain is not sealed up to now; it is tried again", "error", err)
		}
	}
}

// Keep does it once.
func (k *Keeper) Keep(ctx context.Context) error {
	all, err := k.DB.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range all {
		if _, err := Seal(ctx, k.DB, t); err != nil {
			return err
		}
		if err := k.publish(ctx, t); err != nil {
			return err
		}
	}
	return nil
}
