package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/handle/evidence"
	"qingyuan/internal/intake"
	"qingyuan/internal/jobs"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/rights"
	"qingyuan/internal/store"
)

// openDesk wires the desk of people's rights to all who hold something of people, and makes the record agree with the ledger of erasures.
func (p *platform) openDesk(ctx context.Context, in installation) error {
	policy, err := rights.ShippedPolicy()
	if err != nil {
		return err
	}
	p.rights, err = rights.New(rights.Config{DB: p.db, Keys: p.keys, Directory: &intake.People{Events: p.events, Policy: policy},
		Holders: []rights.Holder{decision.Erasure{Service: p.decisions}, evidence.People{}, textMemory{p}},
		Policy:  policy, Ledger: filepath.Join(in.Data, "keys", "erasures.jsonl")})
	if err != nil {
		return err
	}
	again, err := p.rights.Reapply(audit.Acting(ctx, &audit.Intent{Actor: qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "platform"}, Action: "reapply-erasures"}))
	if again > 0 {
		p.log.WarnContext(ctx, "the record is an older copy: people who were erased since are erased again", "people", again)
	}
	if err != nil {
		return err
	}
	p.jobs.Every(jobs.Daily(3, 30, time.Local), jobs.Spec{Kind: purgeKind})
	return p.jobs.Register(purgeKind, func(ctx context.Context, r *jobs.Run) error {
		n, err := p.rights.Purge(ctx, r.Tenant)
		r.Progress(int64(n), int64(n), "events beyond their period")
		return err
	})
}

// purgeKind is the nightly job that takes out what is beyond its retention period.
const purgeKind = "rights.purge"

// textMemory is what the detector of texts remembers of people: keyed shingles and blind keys, in memory and in a snapshot. It is made anew
// from the record after an erasure.
type textMemory struct{ *platform }

// Name is texts.
func (textMemory) Name() string { return "texts" }

// Find counts nothing: the texts are counted with their events.
func (textMemory) Find(*store.Tx, *rights.Subject) ([]rights.Holding, error) { return nil, nil }

// Export gives nothing more than the events do.
func (textMemory) Export(*store.Tx, *rights.Subject, func(string, any) error) error { return nil }

// Holds are none.
func (textMemory) Holds(*store.Tx, *rights.Subject) ([]rights.Hold, error) { return nil, nil }

// Erase forgets all texts of the tenant once the erasure is on disk, and reads them anew.
func (m textMemory) Erase(tx *store.Tx, _ *rights.Erasure) error {
	t := tx.Tenant()
	tx.OnCommit(func() {
		m.texts.Forget(t)
		if err := os.Remove(m.familiesPath(t)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			m.log.Error("the snapshot of texts from before an erasure cannot be removed", "tenant", t, "error", err)
		}
		go func() {
			ctx := context.Background()
			if err := errors.Join(m.recallTexts(ctx, t), m.intel.Adopt(ctx, t)); err != nil {
				m.log.Warn("texts are compared with new ones only until the next start", "tenant", t, "error", err)
			}
		}()
	})
	return nil
}
