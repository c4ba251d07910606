package velocity

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// small is a layout whose limits a short test reaches.
func small() layout {
	return layout{exact: 4, tiers: []tier{{minute, 5}, {5 * minute, 6}, {20 * minute, 20}}}
}

func smallWindows(t fataler) *Windows {
	w, err := newWindows(smallConfig(), small())
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return w
}

func smallConfig() Config {
	return Config{Streams: []StreamConfig{{"a", 3 * time.Hour}, {"b", 12 * time.Minute}}}
}

type fataler interface{ Fatalf(string, ...any) }

// step is one call that changes the state.
type step struct {
	remove bool
	stream Stream
	key    Key
	item   Item
}

func (s step) do(w *Windows) {
	if s.remove {
		w.Remove(s.stream, s.key, s.item)
	} else {
		w.Add(s.stream, s.key, s.item)
	}
}

func do(w *Windows, steps []step) {
	for _, s := range steps {
		s.do(w)
	}
}

// genSteps draws a history: mostly forward in time, with late items, ties, jumps, bursts in one bucket and corrections.
func genSteps(t *rapid.T, label string, from *int64, seq *int64, earlier *[]step) []step {
	var steps []step
	for range rapid.IntRange(0, 25).Draw(t, label) {
		s := step{stream: Stream(rapid.IntRange(0, 1).Draw(t, "stream")), key: Key{byte(rapid.IntRange(0, 2).Draw(t, "key"))}}
		repeat := 1
		switch rapid.IntRange(0, 11).Draw(t, "kind") {
		case 0:
			if len(*earlier) == 0 {
				continue
			}
			s = (*earlier)[rapid.IntRange(0, len(*earlier)-1).Draw(t, "which")]
			s.remove = true
			steps = append(steps, s)
			continue
		case 1:
			*from += rapid.Int64Range(0, 250*minute).Draw(t, "jump")
		case 2:
			repeat = rapid.IntRange(1, 600).Draw(t, "burst")
		default:
			*from += rapid.Int64Range(0, 2*minute).Draw(t, "gap")
		}
		late := int64(0)
		if rapid.IntRange(0, 3).Draw(t, "late?") == 0 {
			late = rapid.Int64Range(0, 200*minute).Draw(t, "late")
		}
		values := rapid.Uint64Range(1, 1000).Draw(t, "values")
		for i := range repeat {
			*seq++
			s.item = Item{At: max(*from-late, 0), Seq: *seq, Value: int64(i%7 + 1), Distinct: mix(uint64(*seq)) % values}
			steps = append(steps, s)
			*earlier = append(*earlier, s)
		}
	}
	return steps
}

// model is the naive oracle: it keeps everything.
type model struct {
	added   map[Stream]map[Key][]Item
	removed map[Stream]map[Key][]Item
	mark    map[Stream]int64
	spilled map[Stream]map[Key]bool // the key had at some time more items than are kept exactly
	longest map[Stream]int64
	layout  layout
}

func newModel(c Config, l layout) *model {
	m := &model{map[Stream]map[Key][]Item{}, map[Stream]map[Key][]Item{}, map[Stream]int64{}, map[Stream]map[Key]bool{}, map[Stream]int64{}, l}
	for i, s := range c.Streams {
		st := Stream(i)
		m.added[st], m.removed[st], m.spilled[st] = map[Key][]Item{}, map[Key][]Item{}, map[Key]bool{}
		m.mark[st], m.longest[st] = -1, s.Longest.Microseconds()
	}
	return m
}

func (m *model) horizon(s Stream) int64 { return m.mark[s] - m.longest[s] }

// do applies a step. Items are removed at most once and only if they are there, as the contract asks.
func (m *model) do(s step) (asked bool) {
	if s.remove {
		i := slices.Index(m.added[s.stream][s.key], s.item)
		if i < 0 {
			return false
		}
		if s.item.At >= m.horizon(s.stream) {
			m.added[s.stream][s.key] = slices.Delete(m.added[s.stream][s.key], i, i+1)
			m.removed[s.stream][s.key] = append(m.removed[s.stream][s.key], s.item)
		}
		return true
	}
	if s.item.At < m.horizon(s.stream) {
		return true
	}
	m.mark[s.stream] = max(m.mark[s.stream], s.item.At)
	m.added[s.stream][s.key] = append(m.added[s.stream][s.key], s.item)
	if len(m.within(s, m.horizon(s.stream), 1<<62)) > m.layout.exact {
		m.spilled[s.stream][s.key] = true
	}
	return true
}

func (m *model) within(s step, from, to int64) (items []Item) {
	for _, it := range m.added[s.stream][s.key] {
		if it.At >= from && it.At < to {
			items = append(items, it)
		}
	}
	return items
}

func totals(items []Item) (sum, distinct int64) {
	values := map[uint64]bool{}
	for _, it := range items {
		sum += it.Value
		if it.Distinct != 0 {
			values[it.Distinct] = true
		}
	}
	return sum, int64(len(values))
}

// check compares every query on one key with the oracle.
func (m *model) check(t fataler, w *Windows, s step, asOf int64, window time.Duration) {
	count, sum, distinct := w.Count(s.stream, s.key, asOf, window), w.Sum(s.stream, s.key, asOf, window), w.Distinct(s.stream, s.key, asOf, window)
	where := fmt.Sprintf("stream %d key %x [%d-%v), mark %d", s.stream, s.key[:1], asOf, window, m.mark[s.stream])
	from := asOf - window.Microseconds()
	truth := m.within(s, from, asOf)
	if count.Exact != sum.Exact || count.Exact != distinct.Exact {
		t.Fatalf("%s: exact differs: %v %v %v", where, count, sum, distinct)
	}
	if !m.spilled[s.stream][s.key] && from >= m.horizon(s.stream) && !count.Exact {
		t.Fatalf("%s: not exact though the key never had more than %d items", where, m.layout.exact)
	}
	if newest := m.within(s, m.horizon(s.stream), 1<<62); len(newest) > m.layout.exact && len(m.removed[s.stream][s.key]) == 0 {
		slices.SortFunc(newest, Item.compare)
		if left := newest[len(newest)-m.layout.exact-1].At; from > left && !count.Exact {
			t.Fatalf("%s: not exact though the newest %d items reach back to %d", where, m.layout.exact, left)
		}
	}
	if count.Exact {
		trueSum, trueDistinct := totals(truth)
		if count.N != int64(len(truth)) || sum.N != trueSum || distinct.N != trueDistinct {
			t.Fatalf("%s: count %d sum %d distinct %d, want %d %d %d", where, count.N, sum.N, distinct.N, len(truth), trueSum, trueDistinct)
		}
		var seqs []int64
		slices.SortFunc(truth, Item.compare)
		for i := len(truth) - 1; i >= 0; i-- {
			seqs = append(seqs, truth[i].Seq)
		}
		if got := w.Items(s.stream, s.key, asOf, window, 1<<20); !slices.Equal(got, seqs) {
			t.Fatalf("%s: items %v, want %v", where, got, seqs)
		}
		return
	}
	// Never less than the window from the horizon on, never more than whole buckets at both ends.
	from = max(from, m.horizon(s.stream))
	width := m.width(s.stream, max(from, 0))
	least, most := m.within(s, from, asOf), m.within(s, max(from, 0)/width*width, (asOf-1)/width*width+width)
	leastSum, leastDistinct := totals(least)
	mostSum, _ := totals(most)
	_, mostDistinct := totals(append(most, m.removed[s.stream][s.key]...))
	if count.N < int64(len(least)) || count.N > int64(len(most)) {
		t.Fatalf("%s: count %d, want %d to %d", where, count.N, len(least), len(most))
	}
	if sum.N < leastSum || sum.N > mostSum {
		t.Fatalf("%s: sum %d, want %d to %d", where, sum.N, leastSum, mostSum)
	}
	if lo, hi := float64(leastDistinct)*0.9-2, float64(mostDistinct)*1.1+2; float64(distinct.N) < lo || float64(distinct.N) > hi {
		t.Fatalf("%s: distinct %d, want %d to %d within 10%% and 2", where, distinct.N, leastDistinct, mostDistinct)
	}
}

// width is the width of the finest tier that reaches back to from.
func (m *model) width(s Stream, from int64) int64 {
	for _, t := range m.layout.tiers {
		if from/t.width >= m.mark[s]/t.width-t.buckets {
			return t.width
		}
	}
	return m.layout.tiers[len(m.layout.tiers)-1].width
}

func drawQuery(t *rapid.T, now int64) (step, int64, time.Duration) {
	s := step{stream: Stream(rapid.IntRange(0, 1).Draw(t, "stream")), key: Key{byte(rapid.IntRange(0, 3).Draw(t, "key"))}}
	asOf := now + rapid.Int64Range(-100*minute, 5*minute).Draw(t, "asOf")
	window := time.Duration(rapid.Int64Range(1, 200*minute).Draw(t, "window")) * time.Microsecond
	return s, asOf, window
}

// TestAgainstOracle compares every answer with a model that keeps everything.
func TestAgainstOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, m := smallWindows(t), newModel(smallConfig(), small())
		now, seq := rapid.Int64Range(0, 1000*minute).Draw(t, "start"), int64(0)
		var earlier []step
		for range rapid.IntRange(1, 6).Draw(t, "rounds") {
			for _, s := range genSteps(t, "steps", &now, &seq, &earlier) {
				if m.do(s) {
					s.do(w)
				}
			}
			for range 8 {
				s, asOf, window := drawQuery(t, now)
				m.check(t, w, s, asOf, window)
			}
		}
	})
}

func snapshotOf(t fataler, w *Windows) []byte {
	var b bytes.Buffer
	if err := w.Snapshot(&b, 7); err != nil {
		t.Fatalf("Snapshot: %v", err)
	}
	return b.Bytes()
}

// sameState fails unless both states have the same snapshot and the same answers.
func sameState(t *rapid.T, got, want *Windows, now int64) {
	if !bytes.Equal(snapshotOf(t, got), snapshotOf(t, want)) {
		t.Fatalf("snapshots differ")
	}
	for range 8 {
		s, asOf, window := drawQuery(t, now)
		for name, f := range map[string]func(*Windows) Result{
			"count":    func(w *Windows) Result { return w.Count(s.stream, s.key, asOf, window) },
			"sum":      func(w *Windows) Result { return w.Sum(s.stream, s.key, asOf, window) },
			"distinct": func(w *Windows) Result { return w.Distinct(s.stream, s.key, asOf, window) },
		} {
			if g, w := f(got), f(want); g != w {
				t.Fatalf("%s of stream %d key %x at %d over %v: %v, want %v", name, s.stream, s.key[:1], asOf, window, g, w)
			}
		}
		if g, w := got.Items(s.stream, s.key, asOf, window, 3), want.Items(s.stream, s.key, asOf, window, 3); !slices.Equal(g, w) {
			t.Fatalf("items %v, want %v", g, w)
		}
	}
}

// query asks something, so that caches are filled.
func query(t *rapid.T, w *Windows, now int64) {
	s, asOf, window := drawQuery(t, now)
	w.Distinct(s.stream, s.key, asOf, window)
}

// TestRollback: what was rolled back never happened, with marks in marks, partial forgetting, sweeps and queries between.
func TestRollback(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got, want := smallWindows(t), smallWindows(t)
		now, seq := rapid.Int64Range(0, 1000*minute).Draw(t, "start"), int64(0)
		var earlier []step
		for range rapid.IntRange(1, 5).Draw(t, "rounds") {
			committed := got.Mark()
			kept := genSteps(t, "kept", &now, &seq, &earlier)
			do(got, kept)
			do(want, kept)
			query(t, got, now)
			mark := got.Mark()
			undoneNow := now
			var undone []step
			for range rapid.IntRange(0, 2).Draw(t, "undone") {
				all := slices.Clone(earlier)
				undone = append(undone, genSteps(t, "steps", &undoneNow, &seq, &all)...)
			}
			half := len(undone) / 2
			do(got, undone[:half])
			query(t, got, undoneNow)
			inner := got.Mark()
			if rapid.Bool().Draw(t, "forget") {
				got.Forget([]Mark{committed, mark}[rapid.IntRange(0, 1).Draw(t, "upto")])
			}
			do(got, undone[half:])
			if rapid.Bool().Draw(t, "inner") {
				if !got.RollbackTo(inner) {
					t.Fatalf("RollbackTo(inner) refused")
				}
			}
			if !got.RollbackTo(mark) {
				t.Fatalf("RollbackTo refused")
			}
			got.Forget(got.Mark())
			sameState(t, got, want, now)
		}
	})
}

// TestSweepingChangesNoAnswer: swept at every step, only after commits, or never, the state is the same.
func TestSweepingChangesNoAnswer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		each, batched, never := smallWindows(t), smallWindows(t), smallWindows(t)
		now, seq := int64(0), int64(0)
		var earlier []step
		for range rapid.IntRange(1, 6).Draw(t, "rounds") {
			batched.Mark()
			for _, s := range genSteps(t, "steps", &now, &seq, &earlier) {
				s.do(each)
				s.do(batched)
				s.do(never)
				for i := range never.streams {
					never.streams[i].owed = -1
				}
			}
			for i := range each.streams { // many more looks than each Add pays for
				each.streams[i].owed = 3000
				each.sweep(&each.streams[i], each.streams[i].mark)
			}
			query(t, each, now)
			batched.Forget(batched.Mark())
			sameState(t, each, never, now)
			sameState(t, batched, never, now)
		}
	})
}

// TestRestore: a restored state is the state, then and after whatever follows.
func TestRestore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := smallWindows(t)
		now, seq := int64(0), int64(0)
		var earlier []step
		do(want, genSteps(t, "before", &now, &seq, &earlier))
		got, r, err := restore(smallConfig(), small(), bytes.NewReader(snapshotOf(t, want)))
		if err != nil || r.Position != 7 || len(r.Missing) != 0 {
			t.Fatalf("restore: %v, %+v", err, r)
		}
		sameState(t, got, want, now)
		after := genSteps(t, "after", &now, &seq, &earlier)
		do(want, after)
		do(got, after)
		sameState(t, got, want, now)
	})
}
