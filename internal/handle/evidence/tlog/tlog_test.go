package tlog_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"qingyuan"
	"qingyuan/internal/handle/evidence/tlog"
)

func open(t *testing.T, dir string) *tlog.Log {
	t.Helper()
	l, err := tlog.Open(t.Context(), tlog.Config{Dir: filepath.Join(dir, "tiles"), Key: filepath.Join(dir, "log.key"), Origin: "log.test/evidence"})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func shut(t *testing.T, l *tlog.Log) {
	t.Helper()
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func entries(from, n int) []tlog.Commitment {
	all := make([]tlog.Commitment, n)
	for i := range all {
		all[i] = sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(from+i)))
	}
	return all
}

func appendAll(t *testing.T, l *tlog.Log, all []tlog.Commitment) []uint64 {
	t.Helper()
	indexes, err := l.Append(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	return indexes
}

func point(t *testing.T, l *tlog.Log, index uint64) tlog.Point {
	t.Helper()
	checkpoint, err := l.Published(t.Context(), index)
	if err != nil {
		t.Fatal(err)
	}
	p, err := tlog.OpenCheckpoint(checkpoint, l.Key())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestProofs: every entry has a proof that verifies; one bit changed anywhere in entry, path, index or checkpoint is refused;
// a reopened log goes on where it was, and an older checkpoint still fits.
func TestProofs(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	first := entries(0, 300)
	appendAll(t, l, first)
	older := point(t, l, 299)
	shut(t, l)

	l = open(t, dir)
	defer shut(t, l)
	all := append(first, entries(300, 301)...)
	if got := appendAll(t, l, all[300:]); got[0] != 300 || got[300] != 600 {
		t.Fatalf("indexes %d…%d after reopening", got[0], got[300])
	}
	read, err := l.Entries(t.Context(), 0, 1<<40)
	if err != nil || len(read) != len(all) {
		t.Fatalf("read %d entries: %v", len(read), err)
	}
	indexes := make([]uint64, len(all))
	for i := range all {
		indexes[i] = uint64(i)
		if read[i] != all[i] {
			t.Fatalf("entry %d is another one", i)
		}
	}
	proofs, err := l.Proofs(t.Context(), indexes)
	if err != nil {
		t.Fatal(err)
	}
	for i, proof := range proofs {
		p, err := tlog.Verify(all[i], proof, l.Key())
		if err != nil || p.Index != uint64(i) || p.Size != 601 {
			t.Fatalf("entry %d: %+v, %v", i, p, err)
		}
		changed := all[i]
		changed[i%32] ^= 1 << (i % 8)
		if _, err := tlog.Verify(changed, proof, l.Key()); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Fatalf("a changed entry %d verifies: %v", i, err)
		}
	}
	proof := proofs[137]
	for bit := range len(proof) * 8 {
		changed := bytes.Clone(proof)
		changed[bit/8] ^= 1 << (bit % 8)
		if p, err := tlog.Verify(all[137], changed, l.Key()); err == nil {
			t.Fatalf("bit %d changed: %+v", bit, p)
		}
	}
	newer := point(t, l, 600)
	path, err := l.Consistency(t.Context(), older, newer)
	if err != nil || len(path) == 0 {
		t.Fatalf("consistency: %d hashes, %v", len(path), err)
	}
	if err := tlog.CheckConsistency(older, newer, path); err != nil {
		t.Error(err)
	}
	if _, err := l.Proof(t.Context(), 601); qingyuan.CodeOf(err) != qingyuan.NotFound {
		t.Errorf("an entry that is not there: %v", err)
	}
}

// TestRewrittenLog: whoever has the key can write another history, and every proof of it verifies; an older checkpoint kept
// elsewhere refuses it.
func TestRewrittenLog(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	all := entries(0, 40)
	appendAll(t, l, all)
	older := point(t, l, 39)
	shut(t, l)

	if err := os.RemoveAll(filepath.Join(dir, "tiles")); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	defer shut(t, l)
	forged := append(entries(1000, 1), entries(1, 79)...)
	appendAll(t, l, forged)
	proof, err := l.Proof(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tlog.Verify(forged[0], proof, l.Key()); err != nil {
		t.Fatalf("the forged log is not even signed: %v", err)
	}
	newer := point(t, l, 79)
	path, err := l.Consistency(t.Context(), older, newer)
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckConsistency(older, newer, path); qingyuan.CodeOf(err) != qingyuan.Conflict {
		t.Errorf("the rewritten log passes: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 0\n\nlog\n1\nAAAA\n"), "log+00000000+AA==")
	f.Add([]byte("c2sp.org/tlog-proof@v1\nextra AA==\nindex 18446744073709551615\nAA==\n\n"), "")
	f.Fuzz(func(t *testing.T, proof []byte, key string) {
		if p, err := tlog.Verify(tlog.Commitment{}, proof, key); err == nil {
			t.Fatalf("verified: %+v", p)
		}
	})
}
