package main

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// familyMemory is how far back a start without a snapshot reads texts, so that new ones are compared with them.
const familyMemory = 90 * 24 * time.Hour

// comparedKinds are the kinds of event whose texts are compared with one another.
var comparedKinds = []qingyuan.EventKind{qingyuan.ComplaintReceived, qingyuan.PostObserved, qingyuan.MessageReceived, qingyuan.AgreementSubmitted}

func (p *platform) familiesPath(t qingyuan.Tenant) string {
	return filepath.Join(p.windows, string(t)+".families")
}

// recallTexts brings the tenant's families of texts into memory: from the snapshot and what was recorded after it, else from the
// texts of the last days.
func (p *platform) recallTexts(ctx context.Context, t qingyuan.Tenant) error {
	seq, err := p.loadTexts(t)
	if err != nil {
		p.log.InfoContext(ctx, "families of texts are rebuilt from the record", "tenant", t, "why", err)
		for _, kind := range comparedKinds {
			if err := p.events.Each(ctx, t, kind, p.db.Now().Add(-familyMemory), p.texts.Remember); err != nil {
				return err
			}
		}
		return nil
	}
	for {
		var page []*qingyuan.Event
		err := p.db.Read(ctx, t, func(tx *store.Tx) (err error) {
			page, err = p.events.Of(tx, comparedKinds, seq, 1<<62, 1000)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			p.texts.Remember(e)
		}
		seq = page[len(page)-1].Seq
	}
}

func (p *platform) loadTexts(t qingyuan.Tenant) (seq int64, err error) {
	f, err := os.Open(p.familiesPath(t))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return p.texts.Load(f, t)
}

// saveTexts writes the tenant's families beside the windows. They hold keyed hashes and blind keys, no text.
func (p *platform) saveTexts(ctx context.Context, t qingyuan.Tenant) error {
	var seq int64 // before the families are read: what was recorded until now is in them
	err := p.db.Read(ctx, t, func(tx *store.Tx) (err error) {
		seq, err = tx.LastSeq()
		return err
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(p.windows, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(p.windows, "families-*")
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	err = errors.Join(p.texts.Save(w, t, seq), w.Flush(), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), p.familiesPath(t))
	}
	if removed := os.Remove(f.Name()); err != nil && removed != nil && !errors.Is(removed, fs.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	return err
}
