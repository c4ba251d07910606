package velocity

import (
	"math"
	"time"
	"unsafe"
)

// view is what a query looks at: items kept exactly and, where the window reaches further back, buckets of one tier.
type view struct {
	st      *stream
	window  int64
	items   []Item
	hot     *hotKey
	tier    uint8
	buckets []bucket
	latest  bool // there are no buckets after these
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

// Distinct is the number of distinct values of the items in [asOf-window, asOf). Where the window reaches into
// buckets and there are more than 64 values, it is an estimate with a relative standard error of 2.3 %.
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
	v := view{st: w.stream(s), window: window.Microseconds(), exact: true}
	if v.st == nil || v.st.mark == unseen || asOf <= 0 || window <= 0 {
		return v
	}
	from, to := asOf-v.window, min(asOf, maxAt+1)
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
	if v.hot = w.hot.at(r.hot); v.hot.floor >= from {
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

// cached keeps the union of the buckets of a window for the next query. Each further value goes into it as well, so it
// has to be made anew only when the first bucket falls out of the window; and then not from all buckets, as the union of
// the later half of them is kept beside it. For late queries, which end before the latest bucket, there is another one.
type cached struct {
	all    union
	rest   union
	window int64  // µs
	from   uint32 // the first bucket of all
	middle uint32 // the first bucket of rest
	to     uint32 // the last bucket of both; endless if they cover all to come
	used   uint32 // when it was used last
	tier   uint8
	fresh  bool // nothing in it is good yet
}

const endless = math.MaxUint32

func (c *cached) add(bucket, h uint32) {
	if bucket >= c.from && bucket <= c.to {
		c.all.add(h)
	}
	if bucket >= c.middle && bucket <= c.to {
		c.rest.add(h)
	}
}

// union is the union of the sketches of v's buckets.
func (w *Windows) union(v view) *union {
	c := w.cache(v)
	first, to := v.buckets[0].i, uint32(endless)
	if !v.latest {
		to = v.buckets[len(v.buckets)-1].i
	}
	if c.from == first && c.to == to && !c.fresh {
		return &c.all
	}
	middle, _ := find(v.buckets, c.middle)
	if c.fresh || c.to != to || c.middle < first || middle == len(v.buckets) {
		middle = len(v.buckets) / 2
		c.middle, c.to, c.fresh = v.buckets[middle].i, to, false
		c.rest.reset()
		w.fill(&c.rest, v.buckets[middle:])
	}
	c.from = first
	c.all = c.rest
	w.fill(&c.all, v.buckets[:middle])
	return &c.all
}

// cache is the place for the union of v's buckets: what it held for the same window last, or a fresh one.
func (w *Windows) cache(v view) *cached {
	w.clock++
	v.hot.used = w.clock
	free := 0
	for i, ref := range v.hot.unions {
		if ref == 0 {
			free = i
			continue
		}
		c := w.unions.at(ref)
		if c.tier == v.tier && c.window == v.window && (c.to == endless) == v.latest {
			c.used = w.clock
			return c
		}
		if r := v.hot.unions[free]; r != 0 && w.clock-c.used > w.clock-w.unions.at(r).used {
			free = i
		}
	}
	if v.hot.unions[free] == 0 {
		v.hot.unions[free] = w.unions.add()
		v.st.stats.Bytes += int64(unsafe.Sizeof(cached{}))
	}
	c := w.unions.at(v.hot.unions[free])
	c.tier, c.window, c.used, c.fresh = v.tier, v.window, w.clock, true
	return c
}

// fill puts the sketches of some buckets into u.
func (w *Windows) fill(u *union, buckets []bucket) {
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
	st.stats.Bytes -= int64(unsafe.Sizeof(cached{}))
}
