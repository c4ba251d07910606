package stamp

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"qingyuan"
	"qingyuan/internal/handle/evidence/tlog"
)

// Log is what the archive needs of the transparency log.
type Log interface {
	Checkpoint(ctx context.Context) ([]byte, error)
	Consistency(ctx context.Context, older, newer tlog.Point) ([]tlog.Hash, error)
	Key() string
}

// Stamped is a checkpoint with its time stamp.
type Stamped struct {
	tlog.Point
	Checkpoint []byte // as signed
	Response   []byte // DER TimeStampResp over Checkpoint
	Token      Token
}

// Archive keeps stamped checkpoints, one file for each size of the log.
type Archive struct {
	dir   string
	key   string
	roots *x509.CertPool
}

// OpenArchive opens the directory, or makes it. key is the log's verifier key; roots are those of the authority.
func OpenArchive(dir, key string, roots *x509.CertPool) (*Archive, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "the archive of checkpoints cannot be made")
	}
	return &Archive{dir: dir, key: key, roots: roots}, nil
}

// name sorts by size.
func (a *Archive) name(size uint64) string {
	return filepath.Join(a.dir, fmt.Sprintf("%020d.tar", size))
}

// Latest is the stamped checkpoint of the largest size, nil where there is none. Errors: conflict where what is kept was
// changed.
func (a *Archive) Latest() (*Stamped, error) {
	names, err := a.names()
	if err != nil || len(names) == 0 {
		return nil, err
	}
	return a.read(names[len(names)-1])
}

// All reads every stamped checkpoint, smallest first. Errors: as of Latest.
func (a *Archive) All() (all []*Stamped, err error) {
	names, err := a.names()
	for _, name := range names {
		if err != nil {
			break
		}
		var s *Stamped
		s, err = a.read(name)
		all = append(all, s)
	}
	return all, err
}

// Covering is the first stamped checkpoint that covers the entry at index, nil where there is none yet.
func (a *Archive) Covering(index uint64) (*Stamped, error) {
	names, err := a.names()
	if err != nil {
		return nil, err
	}
	least := filepath.Base(a.name(index + 1))
	for _, name := range names {
		if filepath.Base(name) >= least {
			return a.read(name)
		}
	}
	return nil, nil
}

// names are the paths of the files kept, smallest size first.
func (a *Archive) names() ([]string, error) { return filepath.Glob(filepath.Join(a.dir, "*.tar")) }

// Extend has the log's latest checkpoint stamped and keeps it. It returns nil where that size is kept already. Errors: conflict
// where the log does not continue what was stamped before: it was rewritten; those of the authority.
func (a *Archive) Extend(ctx context.Context, log Log, authority Authority) (*Stamped, error) {
	checkpoint, err := log.Checkpoint(ctx)
	if qingyuan.CodeOf(err) == qingyuan.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	point, err := tlog.OpenCheckpoint(checkpoint, a.key)
	if err != nil {
		return nil, err
	}
	if point.Size == 0 {
		return nil, nil
	}
	before, err := a.Latest()
	if err != nil {
		return nil, err
	}
	if before != nil {
		var path []tlog.Hash
		if before.Size <= point.Size {
			if path, err = log.Consistency(ctx, before.Point, point); err != nil {
				return nil, err
			}
		}
		if err := tlog.CheckConsistency(before.Point, point, path); err != nil {
			return nil, err
		}
		if before.Size == point.Size {
			return nil, nil
		}
	}
	response, err := authority.Stamp(ctx, checkpoint)
	if err != nil {
		return nil, err
	}
	token, err := Check(response, checkpoint, a.roots)
	if err != nil {
		return nil, err
	}
	s := &Stamped{Point: point, Checkpoint: checkpoint, Response: response, Token: *token}
	return s, a.keep(s)
}

// keep puts checkpoint and token in place as one file.
func (a *Archive) keep(s *Stamped) error {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range []struct {
		name string
		data []byte
	}{{"checkpoint", s.Checkpoint}, {"checkpoint.tsr", s.Response}} {
		err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o600, Size: int64(len(f.data)), ModTime: s.Token.Time})
		if err == nil {
			_, err = w.Write(f.data)
		}
		if err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return tlog.WriteDurably(a.name(s.Size), b.Bytes(), 0o600)
}

// read reads one file and checks it as a stranger would.
func (a *Archive) read(path string) (*Stamped, error) {
	changed := func(why error) (*Stamped, error) {
		return nil, qingyuan.Wrap(qingyuan.Conflict, why, "the stamped checkpoint "+strings.TrimSuffix(filepath.Base(path), ".tar")+" was changed")
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &Stamped{}
	r := tar.NewReader(bytes.NewReader(raw))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return changed(err)
		}
		data, err := io.ReadAll(io.LimitReader(r, maxResponse))
		if err != nil {
			return changed(err)
		}
		switch h.Name {
		case "checkpoint":
			s.Checkpoint = data
		case "checkpoint.tsr":
			s.Response = data
		}
	}
	if s.Point, err = tlog.OpenCheckpoint(s.Checkpoint, a.key); err != nil {
		return changed(err)
	}
	token, err := Check(s.Response, s.Checkpoint, a.roots)
	if err != nil {
		return changed(err)
	}
	s.Token = *token
	if filepath.Base(a.name(s.Size)) != filepath.Base(path) {
		return changed(errors.New("it has another size than its name says"))
	}
	return s, nil
}
