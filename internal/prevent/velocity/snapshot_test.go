package velocity

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc64"
	"io"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"qingyuan"
)

// sample is a small state with exact and hot keys, sets and registers.
func sample(t testing.TB) *Windows {
	t.Helper()
	w, err := newWindows(smallConfig(), small())
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(400) {
		w.Add(0, Key{1}, Item{At: day0 + i, Seq: i, Value: -i, Distinct: mix(uint64(i))})
	}
	for i := range int64(40) {
		w.Add(1, Key{1}, Item{At: day0 + 40*minute - i%9, Seq: i, Value: i, Distinct: uint64(i)})
	}
	for i := range int64(40) {
		w.Add(Stream(i%2), Key{byte(i % 5)}, Item{At: day0 + i*minute, Seq: 400 + i, Value: i, Distinct: uint64(i) % 3})
	}
	return w
}

// resum gives changed bytes the checksum they need.
func resum(b []byte) []byte {
	b = slices.Clone(b[:len(b)-8])
	return binary.LittleEndian.AppendUint64(b, crc64.Checksum(b, crcTable))
}

func TestSnapshotIsDeterministic(t *testing.T) {
	t.Parallel()
	a, b := snapshotOf(t, sample(t)), snapshotOf(t, sample(t))
	if !bytes.Equal(a, b) {
		t.Error("two snapshots of one history differ")
	}
}

func TestSnapshotWaitsForCommit(t *testing.T) {
	t.Parallel()
	w := sample(t)
	m := w.Mark()
	w.Add(0, Key{9}, Item{At: day0})
	if err := w.Snapshot(io.Discard, 0); qingyuan.CodeOf(err) != qingyuan.Conflict {
		t.Errorf("with an open change: %v", err)
	}
	w.RollbackTo(m)
	if err := w.Snapshot(io.Discard, 0); err != nil {
		t.Errorf("after the rollback: %v", err)
	}
	if err := w.Snapshot(failing{}, 0); qingyuan.CodeOf(err) != qingyuan.Unavailable {
		t.Errorf("to a full disk: %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestRestoreRejects(t *testing.T) {
	t.Parallel()
	good := snapshotOf(t, sample(t))
	try := func(l layout, in io.Reader) qingyuan.Code {
		w, _, err := restore(smallConfig(), l, in)
		if (w == nil) != (err != nil) {
			t.Fatal("a state in spite of an error, or neither")
		}
		return qingyuan.CodeOf(err)
	}
	if code := try(small(), iotest.OneByteReader(bytes.NewReader(good))); code != "" {
		t.Errorf("byte by byte: %v", code)
	}
	for i := 0; i < len(good); i += 1 + i/100 { // a byte damaged, a length cut: everywhere near the front, then ever sparser
		bad := slices.Clone(good)
		bad[i] ^= 0x11
		if code := try(small(), bytes.NewReader(bad)); code == "" {
			t.Errorf("byte %d changed: accepted", i)
		}
		if code := try(small(), bytes.NewReader(good[:i])); code != qingyuan.Invalid {
			t.Errorf("cut at %d: %v", i, code)
		}
	}
	other := small()
	other.tiers[0].buckets++
	version := slices.Clone(good)
	version[len(magic)]++
	for name, c := range map[string]struct {
		l    layout
		in   io.Reader
		want qingyuan.Code
	}{
		"longer":          {small(), bytes.NewReader(append(slices.Clone(good), 0)), qingyuan.Invalid},
		"foreign":         {small(), bytes.NewReader([]byte("SQLite format 3\x00 and so on, for some pages")), qingyuan.Invalid},
		"empty":           {small(), bytes.NewReader(nil), qingyuan.Invalid},
		"other layout":    {other, bytes.NewReader(good), qingyuan.Conflict},
		"standard layout": {standard(), bytes.NewReader(good), qingyuan.Conflict},
		"other version":   {small(), bytes.NewReader(resum(version)), qingyuan.Conflict},
		"unreadable":      {small(), io.MultiReader(bytes.NewReader(good[:100]), iotest.ErrReader(errors.New("bad sector"))), qingyuan.Unavailable},
	} {
		if code := try(c.l, c.in); code != c.want {
			t.Errorf("%s: %v, want %v", name, code, c.want)
		}
	}
}

// TestRestoreIntoOtherStreams: a ruleset that changed gets the streams it shares with the snapshot and is told the others.
func TestRestoreIntoOtherStreams(t *testing.T) {
	t.Parallel()
	from := sample(t)
	c := Config{Streams: []StreamConfig{{"new", time.Hour}, {"b", 12 * time.Minute}, {"a", 2 * time.Hour}}}
	w, r, err := restore(c, small(), bytes.NewReader(snapshotOf(t, from)))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Missing, []Stream{0, 2}) || r.Position != 7 {
		t.Errorf("restored: %+v, want streams 0 and 2 missing", r)
	}
	s := w.Stats()
	if s[0].Keys+s[2].Keys != 0 || w.streams[2].mark != unseen {
		t.Errorf("missing streams are not empty: %+v", s)
	}
	want := from.Stats()[1]
	if s[1].Hot != 1 || want.Hot != 1 {
		t.Errorf("stream b: %+v, want %+v", s[1], want)
	}
	for k := range byte(5) {
		asOf := day0 + 60*minute
		if got, want := w.Count(1, Key{k}, asOf, 40*time.Minute), from.Count(1, Key{k}, asOf, 40*time.Minute); got != want {
			t.Errorf("key %d: %v, want %v", k, got, want)
		}
	}
}

// FuzzRestore feeds arbitrary bytes, with a right checksum so that the parser sees them. What is accepted must be a
// state like any other: it can be used, and its own snapshot restores to the same.
func FuzzRestore(f *testing.F) {
	good := snapshotOf(f, sample(f))
	f.Add(good)
	f.Add(snapshotOf(f, smallWindows(f)))
	f.Add(good[:len(good)/2])
	for i := 40; i < len(good); i += 97 {
		bad := slices.Clone(good)
		bad[i]++
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 8 {
			return
		}
		w, _, err := restore(smallConfig(), small(), bytes.NewReader(resum(b)))
		if err != nil {
			return
		}
		first := snapshotOf(t, w)
		again, _, err := restore(smallConfig(), small(), bytes.NewReader(first))
		if err != nil {
			t.Fatalf("its own snapshot: %v", err)
		}
		if !bytes.Equal(snapshotOf(t, again), first) {
			t.Fatal("its own snapshot restores to something else")
		}
		for i := range w.streams {
			s, mark := Stream(i), max(w.streams[i].mark, 0)
			for k := range byte(5) {
				w.Distinct(s, Key{k}, mark+1, time.Hour)
				for n := range int64(8) {
					w.Add(s, Key{k}, Item{At: min(mark+n, maxAt), Seq: n, Distinct: uint64(n)})
				}
				w.Remove(s, Key{k}, Item{At: mark})
				w.Sum(s, Key{k}, mark+1, time.Hour)
			}
		}
	})
}
