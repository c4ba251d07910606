package velocity

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"qingyuan"
)

const second = int64(1e6)

// day0 is the start of 2026-01-01 UTC.
var day0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func mustNew(t testing.TB, longest ...time.Duration) *Windows {
	t.Helper()
	var c Config
	for i, d := range longest {
		c.Streams = append(c.Streams, StreamConfig{ID: string(rune('a' + i)), Longest: d})
	}
	w, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestNewRejects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"no id":     {Streams: []StreamConfig{{"", time.Hour}}},
		"same id":   {Streams: []StreamConfig{{"a", time.Hour}, {"a", time.Hour}}},
		"long id":   {Streams: []StreamConfig{{string(make([]byte, maxID+1)), time.Hour}}},
		"too short": {Streams: []StreamConfig{{"a", time.Second}}},
		"too long":  {Streams: []StreamConfig{{"a", MaxLongest + 1}}},
		"too many":  {Streams: make([]StreamConfig, maxStreams+1)},
	} {
		if _, err := New(c); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}

// TestWindowEdges pins the half-open window and what an event sees of events at its own time.
func TestWindowEdges(t *testing.T) {
	t.Parallel()
	w, k := mustNew(t, 30*dayD), Key{1}
	for i, at := range []int64{0, 1, 60 * second, 60 * second} {
		w.Add(0, k, Item{At: day0 + at, Seq: int64(i), Value: 1 << i, Distinct: 9})
	}
	for _, c := range []struct {
		asOf     int64
		window   time.Duration
		sum      int64
		distinct int64
		seqs     []int64
	}{
		{60 * second, time.Minute, 1 + 2, 1, []int64{1, 0}},              // an item exactly one window ago counts, one at asOf does not
		{60*second + 1, time.Minute, 2 + 4 + 8, 1, []int64{3, 2, 1}},     // the window moves by the microsecond
		{120 * second, time.Minute, 4 + 8, 1, []int64{3, 2}},             //
		{120*second + 1, time.Minute, 0, 0, []int64{}},                   //
		{60*second + 1, 1500 * time.Nanosecond, 4 + 8, 1, []int64{3, 2}}, // windows are in whole microseconds
		{60*second + 1, 0, 0, 0, []int64{}},
		{60*second + 1, -time.Hour, 0, 0, []int64{}},
	} {
		asOf := day0 + c.asOf
		if got := w.Sum(0, k, asOf, c.window); got != (Result{c.sum, true}) {
			t.Errorf("sum at %d over %v: %v, want %d", c.asOf, c.window, got, c.sum)
		}
		if got := w.Count(0, k, asOf, c.window); got != (Result{int64(len(c.seqs)), true}) {
			t.Errorf("count at %d over %v: %v, want %d", c.asOf, c.window, got, len(c.seqs))
		}
		if got := w.Distinct(0, k, asOf, c.window); got != (Result{c.distinct, true}) {
			t.Errorf("distinct at %d over %v: %v, want %d", c.asOf, c.window, got, c.distinct)
		}
		if got := w.Items(0, k, asOf, c.window, 10); !slices.Equal(got, c.seqs) {
			t.Errorf("items at %d over %v: %v, want %v", c.asOf, c.window, got, c.seqs)
		}
	}
	if got := w.Items(0, k, day0+61*second, time.Hour, 2); !slices.Equal(got, []int64{3, 2}) {
		t.Errorf("two newest items: %v", got)
	}
	if got := w.Items(0, k, day0+61*second, time.Hour, -1); len(got) != 0 {
		t.Errorf("minus one items: %v", got)
	}
}

// TestBadInput: nothing a caller passes makes it panic or keeps nonsense.
func TestBadInput(t *testing.T) {
	t.Parallel()
	w, k := mustNew(t, time.Hour), Key{}
	const big = 1<<63 - 1
	for _, at := range []int64{-1, -big - 1, maxAt + 1, big} {
		w.Add(0, k, Item{At: at})
		w.Remove(0, k, Item{At: at})
	}
	w.Add(7, k, Item{At: day0})
	w.Remove(7, k, Item{At: day0})
	w.Remove(0, k, Item{At: day0})
	if s := w.Stats()[0]; s.Keys != 0 || s.Items != 0 {
		t.Errorf("something was kept: %+v", s)
	}
	w.Add(0, k, Item{At: maxAt, Value: 3})
	w.Add(0, k, Item{At: 0, Value: 3}) // far beyond the horizon
	for _, asOf := range []int64{-big - 1, -1, 0, 1, maxAt, maxAt + 1, big} {
		for _, window := range []time.Duration{-big - 1, 0, 1, time.Minute, big} {
			w.Count(7, k, asOf, window)
			w.Sum(0, k, asOf, window)
			w.Distinct(0, k, asOf, window)
		}
	}
	if got := w.Sum(0, k, maxAt+1, big); got.N != 3 {
		t.Errorf("sum over everything: %v, want 3", got)
	}
	if w.RollbackTo(5) {
		t.Error("rolled back to a mark nobody made")
	}
}

// TestHorizon: a window that reaches beyond what is kept says so.
func TestHorizon(t *testing.T) {
	t.Parallel()
	w, k := mustNew(t, time.Hour), Key{1}
	if got := w.Count(0, k, day0, time.Hour); got != (Result{0, true}) {
		t.Errorf("before anything: %v", got)
	}
	w.Add(0, k, Item{At: day0})
	w.Add(0, k, Item{At: day0 + 3600*second})
	if got := w.Count(0, k, day0+3600*second, time.Hour); got != (Result{1, true}) {
		t.Errorf("a full window at the watermark: %v", got)
	}
	w.Add(0, Key{2}, Item{At: day0 + 3601*second})
	if got := w.Count(0, k, day0+3601*second, time.Hour); got != (Result{1, true}) {
		t.Errorf("one forgotten: %v", got)
	}
	if got := w.Count(0, k, day0+3600*second, time.Hour); got != (Result{0, false}) {
		t.Errorf("a late query: %v", got)
	}
	w.Add(0, k, Item{At: day0}) // too late
	if got := w.Count(0, k, day0+3602*second, time.Hour); got != (Result{1, true}) {
		t.Errorf("an item beyond the horizon was kept: %v", got)
	}
}

// TestHotKey puts 50,000 items of ten days on one key and checks every window against its documented error: whole buckets
// at the edges, and 2.3 % standard error (here at most three of them) for distinct.
func TestHotKey(t *testing.T) {
	t.Parallel()
	w, k := mustNew(t, 90*dayD), Key{1}
	const n, gap = 50_000, 17 * second // 9.8 days
	for i := range int64(n) {
		w.Add(0, k, Item{At: day0 + i*gap, Seq: i, Value: 100, Distinct: mix(uint64(i) % 30_000)})
	}
	asOf := day0 + n*gap
	for _, c := range []struct {
		window, bucket time.Duration
		exact          bool
	}{
		{time.Minute, 0, true}, {30 * time.Minute, 0, true}, // within the items kept exactly
		{45 * time.Minute, time.Minute, false}, {time.Hour, time.Minute, false},
		{2 * time.Hour, 15 * time.Minute, false}, {dayD, 15 * time.Minute, false},
		{2 * dayD, 2 * time.Hour, false}, {7 * dayD, 2 * time.Hour, false},
		{9 * dayD, dayD, false},
	} {
		most := func(d time.Duration) int64 { return (d.Microseconds() + gap - 1) / gap }
		lo, hi := most(c.window)-1, most(c.window+c.bucket)
		count, sum, distinct := w.Count(0, k, asOf, c.window), w.Sum(0, k, asOf, c.window), w.Distinct(0, k, asOf, c.window)
		if count.N < lo || count.N > hi || count.Exact != c.exact || sum.N != 100*count.N || sum.Exact != c.exact {
			t.Errorf("%v: count %v sum %v, want %d to %d", c.window, count, sum, lo, hi)
		}
		if d, want := float64(distinct.N), float64(min(count.N, 30_000)); d < want*0.931 || d > want*1.069 {
			t.Errorf("%v: distinct %v, want %v", c.window, distinct, want)
		}
		t.Logf("%8v: true %6d, count %6d, distinct %6d", c.window, lo, count.N, distinct.N)
	}
	if got := w.Items(0, k, asOf, 30*dayD, 1000); len(got) != w.layout.exact || got[0] != n-1 || got[len(got)-1] != n-int64(len(got)) {
		t.Errorf("items: %v", got)
	}
}

// TestCorrection: while exact a removed item leaves no trace; in buckets its count and value go.
func TestCorrection(t *testing.T) {
	t.Parallel()
	w, k := mustNew(t, 90*dayD), Key{1}
	item := func(i int64) Item { return Item{At: day0 + i*60*second, Seq: i, Value: i, Distinct: uint64(i + 1)} }
	empty := snapshotOf(t, w)
	w.Add(0, k, item(1))
	w.Remove(0, k, item(2)) // never added
	w.Remove(0, k, item(1))
	w.streams[0].mark = unseen // all but the watermark is as before
	if !slices.Equal(snapshotOf(t, w), empty) || w.Stats()[0].Keys != 0 {
		t.Error("a removed item left a trace")
	}
	for i := range int64(500) {
		w.Add(0, k, item(i))
	}
	for i := range int64(200) {
		w.Remove(0, k, item(i))
	}
	asOf := item(500).At
	if got := w.Count(0, k, asOf, 30*dayD); got != (Result{300, false}) {
		t.Errorf("count after corrections: %v, want 300", got)
	}
	if got := w.Sum(0, k, asOf, 30*dayD); got != (Result{499*500/2 - 199*200/2, false}) {
		t.Errorf("sum after corrections: %v", got)
	}
	for i := int64(200); i < 500; i++ {
		w.Remove(0, k, item(i))
	}
	if s := w.Stats()[0]; s.Keys != 0 || s.Hot != 0 || s.Buckets != 0 || s.Items != 0 {
		t.Errorf("left after removing everything: %+v", s)
	}
}

// small1 makes windows of one stream in the small layout, with a hot key: 12 items, five minutes apart, the last four of
// them kept exactly.
func small1(t *testing.T) (*Windows, Key) {
	t.Helper()
	w, err := newWindows(Config{Streams: []StreamConfig{{"a", 3 * time.Hour}}}, small())
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(12) {
		w.Add(0, Key{1}, Item{At: day0 + i*5*minute, Seq: i, Value: 1, Distinct: uint64(i + 1)})
	}
	return w, Key{1}
}

// TestLateEdge: a late query at the very start of a bucket counts nothing of that bucket.
func TestLateEdge(t *testing.T) {
	t.Parallel()
	w, k := small1(t)
	if got := w.Count(0, k, day0+20*minute, time.Hour); got != (Result{4, false}) {
		t.Errorf("before the second bucket of twenty minutes: %v, want 4", got)
	}
	if got := w.Count(0, k, day0+20*minute+1, time.Hour); got != (Result{8, false}) {
		t.Errorf("into that bucket: %v, want 8", got)
	}
}

// TestTooLateForBuckets: an item beyond the horizon is ignored even where its bucket reaches across the horizon.
func TestTooLateForBuckets(t *testing.T) {
	t.Parallel()
	w, k := small1(t)
	end := day0 + 185*minute
	w.Add(0, Key{2}, Item{At: end})
	before := snapshotOf(t, w)
	w.Add(0, k, Item{At: day0 + 4*minute, Seq: 99})
	w.Remove(0, k, Item{At: day0, Value: 1, Distinct: 1})
	if string(snapshotOf(t, w)) != string(before) {
		t.Error("an item before the horizon changed the state")
	}
}

// sweepWell gives every key and hot key several looks.
func sweepWell(w *Windows) {
	for i := range w.streams {
		w.streams[i].owed = 5000
		w.sweep(&w.streams[i], w.streams[i].mark)
	}
}

// TestSweepToTheMicrosecond: what ends a microsecond within the horizon stays, and goes with the next.
func TestSweepToTheMicrosecond(t *testing.T) {
	t.Parallel()
	w, k := mustNew(t, time.Hour), Key{1}
	w.Add(0, k, Item{At: day0 + minute - 1})
	for _, c := range []struct {
		mark int64
		n    int64
		keys int
	}{{day0 + 60*minute + 30*second, 1, 2}, {day0 + 61*minute - 1, 1, 2}, {day0 + 61*minute, 0, 1}} {
		w.Add(0, Key{2}, Item{At: c.mark})
		sweepWell(w)
		if got := w.Count(0, k, c.mark, time.Hour); got != (Result{c.n, true}) || w.Stats()[0].Keys != c.keys {
			t.Errorf("watermark %d: %v and %d keys, want %d and %d", c.mark-day0, got, w.Stats()[0].Keys, c.n, c.keys)
		}
	}
}

// TestCorrectedAway: a hot key all of whose visible buckets are corrected away is exact again, with expired buckets or
// without.
func TestCorrectedAway(t *testing.T) {
	t.Parallel()
	w, k := small1(t)
	for i := int64(100); i < 110; i++ {
		w.Add(0, k, Item{At: day0 + i*minute, Seq: i, Value: 1})
	}
	w.Add(0, k, Item{At: day0 + 240*minute, Seq: 240, Value: 1}) // forgets the first three buckets
	for i := int64(100); i < 110; i++ {
		w.Remove(0, k, Item{At: day0 + i*minute, Seq: i, Value: 1})
	}
	swept, _, err := restore(Config{Streams: []StreamConfig{{"a", 3 * time.Hour}}}, small(), bytes.NewReader(snapshotOf(t, w)))
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range map[string]*Windows{"live": w, "restored": swept} {
		if got := w.Count(0, k, day0+241*minute, 150*time.Minute); got != (Result{1, true}) {
			t.Errorf("%s: %v, want exactly 1", name, got)
		}
	}
}

// TestOrderDoesNotMatter: while exact, a history is the same whatever the order its items came in, equal times and
// sequence numbers included.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	var items []Item
	for i := range int64(40) {
		items = append(items, Item{At: day0 + i/12*minute, Seq: i / 6, Value: i / 3 % 2, Distinct: uint64(i % 3)})
	}
	want := mustNew(t, time.Hour)
	for _, it := range items {
		want.Add(0, Key{1}, it)
	}
	for seed := range uint64(50) {
		got, rnd := mustNew(t, time.Hour), rand.New(rand.NewPCG(seed, 1))
		for _, i := range rnd.Perm(len(items)) {
			got.Add(0, Key{1}, items[i])
		}
		if !bytes.Equal(snapshotOf(t, got), snapshotOf(t, want)) {
			t.Fatal("another order made another state")
		}
		if got.Distinct(0, Key{1}, day0+time.Hour.Microseconds(), time.Hour) != (Result{2, true}) {
			t.Fatal("0 was counted as a distinct value, or another was not")
		}
	}
}

// TestLateItemLeavesNewestExact: a late item on a busy key goes to its bucket and pushes nothing newer there.
func TestLateItemLeavesNewestExact(t *testing.T) {
	t.Parallel()
	w, k := small1(t)
	w.Add(0, k, Item{At: day0 + 7*minute, Seq: 50, Value: 1})
	if got := w.Count(0, k, day0+56*minute, 16*time.Minute); got != (Result{4, true}) {
		t.Errorf("the newest four: %v, want exactly 4", got)
	}
	if got := w.Count(0, k, day0+56*minute, time.Hour); got != (Result{13, false}) {
		t.Errorf("all: %v, want 13", got)
	}
}
