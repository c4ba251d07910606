package velocity

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestTable compares the table with a map while it grows, shrinks and wraps around.
func TestTable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var table table
		want := map[Key]uint32{}
		var keys []Key
		for range rapid.IntRange(1, 6).Draw(t, "rounds") {
			for range rapid.IntRange(0, 900).Draw(t, "add") {
				k := benchKey(uint64(len(keys) % 1500))
				keys = append(keys, k)
				want[k]++
				table.add(k).hot = want[k]
			}
			for range rapid.IntRange(0, 900).Draw(t, "remove") {
				if len(keys) == 0 {
					break
				}
				k := keys[len(keys)-1]
				keys = keys[:len(keys)-1]
				if r := table.find(k); r != nil {
					r.hot = 0
					table.remove(k)
				}
				delete(want, k)
			}
			if table.n != len(want) {
				t.Fatalf("%d records, want %d", table.n, len(want))
			}
			for i := range uint64(1500) {
				k := benchKey(i)
				r := table.find(k)
				if n := want[k]; (n == 0) != (r == nil) || r != nil && (r.hot != n || r.key != k) {
					t.Fatalf("key %d: %+v, want %d", i, r, n)
				}
			}
		}
	})
}

// TestSlab: lists keep their elements while others come, grow, shrink and go.
func TestSlab(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newSlab[uint32](100)
		var lists [8]list
		var want [8][]uint32
		room := 0
		for n := range uint32(rapid.IntRange(0, 2000).Draw(t, "ops")) {
			i := int(mix(uint64(n)) % 8)
			size := len(want[i])
			if at := int(mix(uint64(n)+1) % uint64(size+1)); size < 100 && (n/300+uint32(i))%3 > 0 {
				room += s.insert(&lists[i], at, n)
				want[i] = append(want[i][:at], append([]uint32{n}, want[i][at:]...)...)
			} else if to := at + int(mix(uint64(n)+2)%uint64(size-at+1)); size > 0 {
				room += s.cut(&lists[i], at, to)
				want[i] = append(want[i][:at], want[i][to:]...)
			}
		}
		total := 0
		for i := range lists {
			total += s.room(lists[i])
			if s.room(lists[i]) > 4*len(want[i]) {
				t.Fatalf("list %d of %d elements has room for %d", i, len(want[i]), s.room(lists[i]))
			}
			if got := s.of(lists[i]); len(got) != len(want[i]) || string(toBytes(got)) != string(toBytes(want[i])) {
				t.Fatalf("list %d: %v, want %v", i, got, want[i])
			}
			if lists[i].n == 0 && lists[i].class != 0 {
				t.Fatalf("list %d is empty and holds a block", i)
			}
		}
		if total != room {
			t.Fatalf("room %d, want %d", room, total)
		}
	})
}

func toBytes(v []uint32) (b []byte) {
	for _, n := range v {
		b = append(b, byte(n), byte(n>>8))
	}
	return b
}

// stream of a year: a thousand new keys a day that live for a while, some of them busy.
func year(t testing.TB, days int64, each func(*Windows, int)) *Windows {
	w := mustNew(t, 30*dayD)
	rnd := rand.New(rand.NewPCG(5, 6))
	n := 0
	for d := range days {
		for i := range int64(1000) {
			k := benchKey(uint64(d*1000 + i))
			for j := range 1 + 200*(1/(i+1)) { // the first key of each day gets 201 items
				w.Add(0, k, Item{At: day0 + d*day + i*86*second + j*60*second, Seq: int64(n), Value: 1, Distinct: rnd.Uint64()})
				n++
				each(w, n)
			}
		}
	}
	return w
}

// TestMemoryFollowsTheHorizon: keys whose items are all expired go, with all their memory, and never more than about a
// third as many again are still waiting for it.
func TestMemoryFollowsTheHorizon(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("adds half a million items")
	}
	most := 0
	w := year(t, 365, func(w *Windows, n int) {
		if n%10_000 == 0 {
			most = max(most, w.Stats()[0].Keys)
		}
	})
	s := w.Stats()[0]
	t.Logf("most keys %d, now %+v", most, s)
	if most > 40_000 || s.Hot > 35 || s.Bytes > 5<<20 {
		t.Errorf("30,000 keys and 31 hot ones live, but there are %d (once %d) and %d, %d bytes", s.Keys, most, s.Hot, s.Bytes)
	}
	w.Add(0, Key{1}, Item{At: day0 + 2000*day})
	for range 500_000 {
		w.Add(0, Key{1}, Item{At: day0 + 2000*day})
	}
	if s := w.Stats()[0]; s.Keys != 1 || s.Hot != 1 || s.Items != int64(w.layout.exact) || s.Buckets != 4 || s.Bytes > 200_000 {
		t.Errorf("after years of silence: %+v", s)
	}
}

// TestRebuildEqualsLive: a live service that commits, rolls back, asks and restarts from snapshots ends up with the state
// of a rebuild from the record.
func TestRebuildEqualsLive(t *testing.T) {
	t.Parallel()
	rebuilt := year(t, 70, func(*Windows, int) {})
	mark := Mark(0)
	live := year(t, 70, func(w *Windows, n int) {
		k := benchKey(uint64(n % 70_000))
		w.Distinct(0, k, w.streams[0].mark, 7*dayD)
		switch n % 97 {
		case 0:
			mark = w.Mark()
			for i := range int64(20) {
				w.Add(0, k, Item{At: w.streams[0].mark + i*5*minute, Seq: i})
			}
			w.RollbackTo(mark)
		case 50:
			w.Forget(w.Mark())
		}
		if n%20_011 == 0 {
			w.Forget(w.Mark())
			again, _, err := Restore(Config{Streams: []StreamConfig{{"a", 30 * dayD}}}, bytes.NewReader(snapshotOf(t, w)))
			if err != nil {
				t.Fatal(err)
			}
			*w = *again
		}
	})
	live.Forget(live.Mark())
	if !bytes.Equal(snapshotOf(t, live), snapshotOf(t, rebuilt)) {
		t.Error("the live state and the rebuilt one differ")
	}
	before := rebuilt.Stats()[0]
	again, _, err := Restore(Config{Streams: []StreamConfig{{"a", 30 * dayD}}}, bytes.NewReader(snapshotOf(t, rebuilt)))
	if err != nil {
		t.Fatal(err)
	}
	if after := again.Stats()[0]; after.Keys > before.Keys || after.Hot > before.Hot || after.Bytes > before.Bytes {
		t.Errorf("a restored state is larger: %+v, before %+v", after, before)
	}
}

// TestHotWithoutItems: a hot key all of whose exact items are corrected away survives a snapshot and a sweep.
func TestHotWithoutItems(t *testing.T) {
	t.Parallel()
	w, k := mustNew(t, 30*dayD), Key{1}
	for i := range int64(36 + maxExact) {
		w.Add(0, k, Item{At: day0 + i*minute, Seq: i, Value: 1})
	}
	for i := int64(36); i < 36+maxExact; i++ {
		w.Remove(0, k, Item{At: day0 + i*minute, Seq: i, Value: 1})
	}
	again, _, err := Restore(Config{Streams: []StreamConfig{{"a", 30 * dayD}}}, bytes.NewReader(snapshotOf(t, w)))
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range map[string]*Windows{"live": w, "restored": again} {
		if got := w.Sum(0, k, day0+(36+maxExact)*minute, dayD); got != (Result{36, false}) {
			t.Errorf("%s: %v, want 36", name, got)
		}
		if got := w.Distinct(0, k, day0+(36+maxExact)*minute, dayD); got.N != 0 {
			t.Errorf("%s: %v distinct values of none", name, got)
		}
		if got := w.Count(0, k, day0+(36+maxExact)*minute, maxExact*time.Minute); got.N != 0 || !got.Exact {
			t.Errorf("%s: %v in the part that is exact, want none", name, got)
		}
	}
}
