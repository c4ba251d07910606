package velocity

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// uncached answers Distinct without the cached unions.
func uncached(w *Windows, s Stream, k Key, asOf int64, window time.Duration) int64 {
	v := w.view(s, k, asOf, window)
	if len(v.buckets) == 0 {
		return w.distinct(v.items)
	}
	var u union
	u.reset()
	w.fill(&u, v.buckets)
	n, _ := u.with(v.items, nil)
	return n
}

// TestCachedUnions asks for the same few windows after every step, so that caches are hit, rolled on, replaced and
// dropped, and compares each answer with one made from the buckets.
func TestCachedUnions(t *testing.T) {
	t.Parallel()
	windows := []time.Duration{7 * time.Minute, 28 * time.Minute, 68 * time.Minute, 2 * time.Hour}
	rapid.Check(t, func(t *rapid.T) {
		w := smallWindows(t)
		k := Key{1}
		now, seq, rounds := 1000*minute, int64(0), rapid.IntRange(1, 120).Draw(t, "rounds")
		var mark Mark
		var added []Item
		for range rounds {
			switch rapid.IntRange(0, 9).Draw(t, "op") {
			case 0:
				mark = w.Mark()
			case 1:
				w.RollbackTo(mark)
			case 2:
				w.Forget(w.Mark())
			case 3: // as if many other keys were asked about
				w.clock += keepUnions + 1
				w.streams[0].owed += hotScan
				w.sweep(&w.streams[0], w.safeMark(&w.streams[0]))
			}
			now += rapid.Int64Range(0, 9*minute).Draw(t, "gap")
			late := rapid.Int64Range(-2*minute, 60*minute).Draw(t, "late")
			values := rapid.SampledFrom([]uint64{3, 30, 3000}).Draw(t, "values")
			for range rapid.SampledFrom([]int{1, 2, 5, 300}).Draw(t, "items") {
				seq++
				added = append(added, Item{At: now - max(late, 0), Seq: seq, Distinct: 1 + mix(uint64(seq))%values})
				w.Add(0, k, added[len(added)-1])
			}
			if rapid.IntRange(0, 3).Draw(t, "remove?") == 0 { // mostly whole buckets
				from := rapid.IntRange(max(0, len(added)-900), len(added)-1).Draw(t, "remove")
				for _, it := range added[from:] {
					w.Remove(0, k, it)
				}
				added = added[:from]
			}
			for range 2 {
				window := rapid.SampledFrom(windows).Draw(t, "window")
				asOf := now + 1 - rapid.SampledFrom([]int64{0, 0, 0, minute, 30 * minute, 45 * minute}).Draw(t, "ago")
				if got, want := w.Distinct(0, k, asOf, window).N, uncached(w, 0, k, asOf, window); got != want {
					t.Fatalf("%d distinct in %v, want %d", got, window, want)
				}
			}
		}
	})
}

// TestUnusedUnionsGo: the caches of a key nobody asks about any more give their memory back.
func TestUnusedUnionsGo(t *testing.T) {
	t.Parallel()
	w, k := small1(t)
	before := w.Stats()[0].Bytes
	w.Distinct(0, k, day0+hour, 100*time.Minute)
	w.Distinct(0, k, day0+hour, 50*time.Minute)
	if cached := w.Stats()[0].Bytes; cached <= before {
		t.Errorf("%d bytes with cached unions, %d before", cached, before)
	}
	w.clock += keepUnions + 1
	sweepWell(w)
	if after := w.Stats()[0].Bytes; after != before {
		t.Errorf("%d bytes after, %d before", after, before)
	}
}
