package decision

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"qingyuan"
	"qingyuan/internal/prevent/velocity"
	"qingyuan/internal/store"
)

// snapshotHead is the first line of a snapshot file; the windows follow.
type snapshotHead struct {
	Format  int             `json:"format"`
	Tenant  qingyuan.Tenant `json:"tenant"`
	Applied int64           `json:"applied"`
	Ruleset string          `json:"ruleset"`
	Version int             `json:"version"`
}

// rebuild makes the lane's state as of seq last from the record alone.
func (l *lane) rebuild(tx *store.Tx, last int64) error {
	if err := l.base(tx, last); err != nil {
		return err
	}
	if l.program == nil {
		return nil
	}
	return l.load(tx, l.program, last+1)
}

// base sets what is small: the program active and the list entries in force at seq.
func (l *lane) base(tx *store.Tx, seq int64) error {
	activation, err := l.record.lastActivation(tx, seq)
	if err != nil {
		return err
	}
	if activation > 0 {
		if l.program, err = l.record.activated(tx, activation); err != nil {
			return err
		}
		l.eval = l.program.NewEvaluator()
	}
	entries, err := l.record.entriesAt(tx, seq)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := l.lists.Add(e); err != nil {
			return err
		}
	}
	l.applied = seq
	return nil
}

// restore makes the lane's state from a snapshot and the record after it.
func (l *lane) restore(tx *store.Tx, path string, last int64) error {
	if path == "" {
		return errors.New("no snapshots are kept")
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	line, err := r.ReadBytes('\n')
	if err != nil {
		return err
	}
	var head snapshotHead
	if err := json.Unmarshal(line, &head); err != nil {
		return err
	}
	if head.Format != 1 || head.Tenant != tx.Tenant() || head.Applied > last {
		return errors.New("the snapshot is not of this record")
	}
	if err := l.base(tx, head.Applied); err != nil {
		return err
	}
	if l.program == nil || l.program.Ruleset().ID != head.Ruleset || l.program.Ruleset().Version != head.Version {
		return errors.New("the snapshot is of another ruleset")
	}
	cfg := windowsOf(l.program)
	windows, got, err := velocity.Restore(cfg, r)
	if err != nil {
		return err
	}
	if got.Position != head.Applied || len(got.Missing) > 0 {
		return errors.New("the snapshot does not hold what the ruleset reads")
	}
	l.windows = windows
	return l.sync(tx, last)
}

// Verify builds the tenant's windows anew from the record alone and compares them with the live ones, byte for byte.
// Errors: conflict where they differ.
func (s *Service) Verify(ctx context.Context, tenant qingyuan.Tenant) error {
	var live, anew bytes.Buffer
	rebuilt := newLane(s.record)
	var failed error
	err := s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		l, err := s.laneFor(tx)
		if err != nil {
			return err
		}
		last, err := tx.LastSeq()
		if err != nil {
			return err
		}
		if err := rebuilt.rebuild(tx, last); err != nil {
			return err
		}
		tx.OnCommit(func() {
			l.settle()
			failed = errors.Join(l.windows.Snapshot(&live, last), rebuilt.windows.Snapshot(&anew, last))
		})
		return nil
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	if !bytes.Equal(live.Bytes(), anew.Bytes()) {
		return qingyuan.Errorf(qingyuan.Conflict, "the windows in memory are not those of the record")
	}
	return nil
}

// Snapshot writes the tenant's windows to disk, so that the next start need not read the whole record. Decisions of the
// tenant wait while the windows are copied in memory, not while they are written.
func (s *Service) Snapshot(ctx context.Context, tenant qingyuan.Tenant) error {
	path := s.snapshotPath(tenant)
	if path == "" {
		return nil
	}
	var copied bytes.Buffer
	var failed error
	err := s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		l, err := s.laneFor(tx)
		if err != nil {
			return err
		}
		tx.OnCommit(func() { // later commands of the commit are in the windows too, and on disk
			l.settle()
			failed = l.copy(tenant, &copied)
		})
		return nil
	})
	err = errors.Join(err, failed)
	if err != nil {
		return err
	}
	return writeFile(path, &copied)
}

func (l *lane) copy(tenant qingyuan.Tenant, out *bytes.Buffer) error {
	rs := l.program.Ruleset()
	head, err := json.Marshal(snapshotHead{Format: 1, Tenant: tenant, Applied: l.applied, Ruleset: rs.ID, Version: rs.Version})
	if err != nil {
		return err
	}
	out.Write(append(head, '\n'))
	return l.windows.Snapshot(out, l.applied)
}

// writeFile puts content under path whole or not at all.
func writeFile(path string, content io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = io.Copy(f, content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
