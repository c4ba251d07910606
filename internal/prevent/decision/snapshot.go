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

// snapshotHead is the first line of a snapshot file; the windows of each program follow, one after the other.
type snapshotHead struct {
	Format   int               `json:"format"`
	Tenant   qingyuan.Tenant   `json:"tenant"`
	Applied  int64             `json:"applied"`
	Programs []snapshotProgram `json:"programs"`
}

type snapshotProgram struct {
	Ruleset string `json:"ruleset"`
	Version int    `json:"version"`
	Bytes   int64  `json:"bytes"`
}

const snapshotFormat = 2

// rebuild makes the lane's state as of seq last from the record alone.
func (l *lane) rebuild(tx *store.Tx, last int64) error {
	d, err := l.base(tx, last)
	if err != nil {
		return err
	}
	return l.deploy(tx, d, last, nil)
}

// base sets what is small as of seq, the snoozes and the list entries in force, and tells what was deployed.
func (l *lane) base(tx *store.Tx, seq int64) (d deployment, err error) {
	if err = l.know(tx); err != nil {
		return d, err
	}
	if d, err = l.record.deploymentAt(tx, seq); err != nil {
		return d, err
	}
	if l.snoozes, err = l.record.snoozesAt(tx, seq); err != nil {
		return d, err
	}
	entries, err := l.record.entriesAt(tx, seq)
	if err != nil {
		return d, err
	}
	for _, e := range entries {
		if err := l.lists.Add(e); err != nil {
			return d, err
		}
	}
	l.applied = seq
	return d, nil
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
	if head.Format != snapshotFormat || head.Tenant != tx.Tenant() || head.Applied > last {
		return errors.New("the snapshot is not of this record")
	}
	if erased, err := lastErasure(tx); err != nil || erased > head.Applied {
		return errors.Join(err, errors.New("the snapshot is from before an erasure"))
	}
	d, err := l.base(tx, head.Applied)
	if err != nil {
		return err
	}
	refs := d.refs()
	if len(refs) == 0 || len(refs) != len(head.Programs) {
		return errors.New("the snapshot is of other rulesets")
	}
	l.deployed = d
	for i, p := range head.Programs {
		if refs[i] != (ref{p.Ruleset, p.Version}) {
			return errors.New("the snapshot is of other rulesets")
		}
		t, err := l.restoreTrack(tx, refs[i], io.LimitReader(r, p.Bytes), head.Applied)
		if err != nil {
			return err
		}
		l.tracks = append(l.tracks, t)
	}
	return l.sync(tx, last)
}

func (l *lane) restoreTrack(tx *store.Tx, v ref, in io.Reader, applied int64) (*track, error) {
	program, err := l.record.program(tx, v.id, v.version)
	if err != nil {
		return nil, err
	}
	windows, got, err := velocity.Restore(windowsOf(program), in)
	if err != nil {
		return nil, err
	}
	if got.Position != applied || len(got.Missing) > 0 {
		return nil, errors.New("the snapshot does not hold what the ruleset reads")
	}
	return trackOn(program, windows), nil
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
			rebuilt.applied = l.applied
			failed = errors.Join(l.copy(tenant, &live), rebuilt.copy(tenant, &anew))
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

// copy writes the snapshot of every track.
func (l *lane) copy(tenant qingyuan.Tenant, out *bytes.Buffer) error {
	head := snapshotHead{Format: snapshotFormat, Tenant: tenant, Applied: l.applied}
	var windows bytes.Buffer
	for _, t := range l.tracks {
		before := windows.Len()
		if err := t.windows.Snapshot(&windows, l.applied); err != nil {
			return err
		}
		v := refOf(t.program)
		head.Programs = append(head.Programs, snapshotProgram{v.id, v.version, int64(windows.Len() - before)})
	}
	line, err := json.Marshal(head)
	if err != nil {
		return err
	}
	out.Write(append(line, '\n'))
	_, err = windows.WriteTo(out)
	return err
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
