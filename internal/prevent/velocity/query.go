package velocity

import (
	"time"
	"unsafe"
)

// view is what a query looks at: items kept exactly and, where the window reaches further back, buckets of one tier.
type view struct {
	st      *stream
	items   []Item
	hot     *hotKey
	tier    uint8
	buckets []bucket
	latest  bool // buckets reaches to the latest one
	exact   bool
}

// Count is the number of items in [asOf-window, asOf).
func (w *Windows) Count(s Stream, k Key, asOf int64, window time.Duration) Result {
	v := w.view(s, k, asOf, window)
	n := int64(len(v.items))
	for i := range v.buckets {
		n += int64(v.buckets[i].n)
	}
	return Result{n, v.exact}
}

// Sum adds up the values of the items in [asOf-window, asOf).
func (w *Windows) Sum(s Stream, k Key, asOf int64, window time.Duration) Result {
	v := w.view(s, k, asOf, window)
	var n int64
	for i := range v.items {
		n += v.items[i].Value
	}
	for i := range v.buckets {
		n += v.buckets[i].sum
	}
	return Result{n, v.exact}
}

// Distinct is the number of distinct values of the items in [asOf-window, asOf). Where the window reaches into buckets it
// is an estimate with a relative standard error of 2.3 %, less for a few hundred values.
func (w *Windows) Distinct(s Stream, k Key, asOf int64, window time.Duration) Result {
	v := w.view(s, k, asOf, window)
	if len(v.buckets) == 0 {
		return Result{w.distinct(v.items), v.exact}
	}
	var n int64
	n, w.raised = w.union(v).with(v.items, w.raised)
	return Result{n, v.exact}
}

// Items returns the sequence numbers of the items in [asOf-window, asOf), newest first and at most limit. It knows only
// the items kept exactly: on a busy key that is the newest ones.
func (w *Windows) Items(s Stream, k Key, asOf int64, window time.Duration, limit int) []int64 {
	items := w.view(s, k, asOf, window).items
	if len(items) > limit {
		items = items[len(items)-max(limit, 0):]
	}
	seqs := make([]int64, 0, len(items))
	for i := len(items) - 1; i >= 0; i-- {
		seqs = append(seqs, items[i].Seq)
	}
	return seqs
}

func (w *Windows) view(s Stream, k Key, asOf int64, window time.Duration) view {
	v := view{st: w.stream(s), exact: true}
	if v.st == nil || v.st.mark == unseen || asOf <= 0 || window <= 0 {
		return v
	}
	from, to := asOf-window.Microseconds(), min(asOf, maxAt+1)
	v.exact = from >= v.st.horizon()
	from = max(from, v.st.horizon(), 0)
	r := v.st.keys.find(k)
	if r == nil || from >= to {
		return v
	}
	v.items = between(w.items.of(r.items), from, to)
	if r.hot == 0 {
		return v
	}
	if v.hot = w.hot.at(r.hot); v.hot.floor.At >= from {
		v.exact = false
		w.reach(&v, from, to)
	}
	return v
}

// reach lets v look at the buckets from the one of from to the one before to, of the finest tier that reaches back so far.
func (w *Windows) reach(v *view, from, to int64) {
	for from/v.st.tiers[v.tier].width < v.st.oldest(int(v.tier), v.st.mark) {
		v.tier++
	}
	width := v.st.tiers[v.tier].width
	all := w.buckets.of(v.hot.tiers[v.tier])
	lo, _ := find(all, uint32(from/width))
	hi, _ := find(all, uint32((to-1)/width)+1)
	v.buckets, v.latest = all[lo:hi], hi == len(all)
}

// union is the union of the sketches of v's buckets. Those that reach to the latest bucket are cached: each further value
// goes into the cached union as well, so it has to be made anew only when the first bucket falls out of the window.
func (w *Windows) union(v view) *union {
	if !v.latest {
		w.fill(&w.scratch, v.buckets)
		return &w.scratch
	}
	w.clock++
	v.hot.used = true
	free := 0
	for i, ref := range v.hot.unions {
		if ref == 0 {
			free = i
			continue
		}
		u := w.unions.at(ref)
		if u.tier == v.tier && u.from == v.buckets[0].i {
			u.used = w.clock
			return u
		}
		if r := v.hot.unions[free]; r != 0 && w.clock-u.used > w.clock-w.unions.at(r).used {
			free = i
		}
	}
	if v.hot.unions[free] == 0 {
		v.hot.unions[free] = w.unions.add()
		v.st.stats.Bytes += int64(unsafe.Sizeof(union{}))
	}
	u := w.unions.at(v.hot.unions[free])
	w.fill(u, v.buckets)
	u.tier, u.from, u.used = v.tier, v.buckets[0].i, w.clock
	return u
}

// fill makes u the union of the sketches of some buckets.
func (w *Windows) fill(u *union, buckets []bucket) {
	u.reset()
	merged := false
	for i := range buckets {
		if b := &buckets[i]; b.dense != 0 {
			u.merge(w.dense.at(b.dense))
			merged = true
		}
	}
	if merged {
		u.recount()
	}
	for i := range buckets {
		for _, h := range w.values.of(buckets[i].set) {
			u.add(h)
		}
	}
}

func (w *Windows) dropUnions(st *stream, hot *hotKey) {
	for i, ref := range hot.unions {
		if ref != 0 {
			w.dropUnion(st, hot, i)
		}
	}
}

func (w *Windows) dropUnion(st *stream, hot *hotKey, i int) {
	w.unions.release(hot.unions[i])
	hot.unions[i] = 0
	st.stats.Bytes -= int64(unsafe.Sizeof(union{}))
}
