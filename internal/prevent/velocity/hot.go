package velocity

import (
	"slices"
	"unsafe"
)

const (
	maxTiers   = 4
	maxBuckets = 128  // per tier: the layout's buckets, the current one, and room
	maxUnions  = 4    // cached per key
	keepUnions = 4096 // uses of other cached unions after which those of a key are let go
)

// hotKey is the part of a history that is too long to be kept exactly: its older items, in buckets.
type hotKey struct {
	key    Key
	stream Stream
	live   bool
	used   uint32 // when a cached union was used last
	floor  int64  // the latest time of an item ever put into buckets: what is later is all kept exactly
	tiers  [maxTiers]list
	unions [maxUnions]uint32
}

// bucket counts the items of one stretch of time: number, sum, and a sketch of the distinct values.
type bucket struct {
	i     uint32 // the stretch: At / width
	n     uint32
	sum   int64
	set   list   // the sketch while it is small
	dense uint32 // the sketch afterwards, or 0
}

// heat gives the key a hot part.
func (w *Windows) heat(h history) *hotKey {
	h.r.hot = w.hot.add()
	hot := w.hot.at(h.r.hot)
	*hot = hotKey{key: h.k, stream: h.st.index, live: true, floor: unseen}
	h.st.stats.Hot++
	h.st.stats.Bytes += int64(unsafe.Sizeof(*hot))
	return hot
}

// cool takes the hot part away. It must have no buckets.
func (w *Windows) cool(h history, hot *hotKey) {
	w.dropUnions(h.st, hot)
	w.hot.release(h.r.hot)
	hot.live = false
	h.r.hot = 0
	h.st.stats.Hot--
	h.st.stats.Bytes -= int64(unsafe.Sizeof(*hot))
}

// spill counts an item in the buckets of every tier that still reaches back to it.
func (w *Windows) spill(h history, it Item) {
	if h.r.hot == 0 {
		w.log(h.entry(opHeat, Item{}))
		w.heat(h)
	}
	hot := w.hot.at(h.r.hot)
	if it.At > hot.floor {
		w.log(h.entry(opFloor, Item{At: hot.floor}))
		hot.floor = it.At
	}
	for t := range h.st.tiers {
		if i := it.At / h.st.tiers[t].width; i >= h.st.oldest(t, h.st.mark) {
			w.put(h, hot, uint8(t), it)
		}
	}
}

// put counts an item in its bucket of one tier.
func (w *Windows) put(h history, hot *hotKey, t uint8, it Item) {
	l := &hot.tiers[t]
	i := uint32(it.At / h.st.tiers[t].width)
	at, found := find(w.buckets.of(*l), i)
	if !found {
		if int(l.n) == w.buckets.room(*l) {
			at -= w.clearBefore(h, hot, t, h.st.oldest(int(t), h.st.mark))
		}
		w.insertBucket(h, hot, t, at, bucket{i: i})
	}
	b := &w.buckets.of(*l)[at]
	b.n++
	b.sum += it.Value
	e := h.entry(opPut, it)
	e.tier, e.bucket = t, i
	if it.Distinct != 0 {
		w.absorb(h, hot, b, &e)
	}
	w.log(e)
}

// unspill takes an item back from its buckets, as far as count and sum go.
func (w *Windows) unspill(h history, it Item) {
	hot := w.hot.at(h.r.hot)
	for t := range h.st.tiers {
		i := uint32(it.At / h.st.tiers[t].width)
		at, found := find(w.buckets.of(hot.tiers[t]), i)
		if !found {
			continue
		}
		b := &w.buckets.of(hot.tiers[t])[at]
		b.n--
		b.sum -= it.Value
		e := h.entry(opTake, it)
		e.tier, e.bucket = uint8(t), i
		w.log(e)
		if b.n == 0 {
			w.clear(h, hot, uint8(t), at)
		}
	}
	last := len(h.st.tiers) - 1
	buckets := w.buckets.of(hot.tiers[last])
	if n := len(buckets); n > 0 && int64(buckets[n-1].i) >= h.st.oldest(last, h.st.mark) {
		return
	}
	for t := range h.st.tiers { // nothing is left that counts
		for hot.tiers[t].n > 0 {
			w.clear(h, hot, uint8(t), 0)
		}
	}
	w.log(h.entry(opCool, Item{At: hot.floor}))
	w.cool(h, hot)
}

// clearBefore deletes the buckets of a tier before the given one, and returns how many.
func (w *Windows) clearBefore(h history, hot *hotKey, t uint8, oldest int64) (n int) {
	for hot.tiers[t].n > 0 && int64(w.buckets.of(hot.tiers[t])[0].i) < oldest {
		w.clear(h, hot, t, 0)
		n++
	}
	return n
}

// clear deletes a bucket, and can be undone.
func (w *Windows) clear(h history, hot *hotKey, t uint8, at int) {
	b := w.buckets.of(hot.tiers[t])[at]
	if w.journal.on {
		e := h.entry(opClear, Item{Seq: int64(b.n), Value: b.sum})
		e.tier, e.bucket = t, b.i
		w.log(e)
		saved := sketch{set: slices.Clone(w.values.of(b.set))}
		if b.dense != 0 {
			saved.regs = new(registers)
			*saved.regs = *w.dense.at(b.dense)
		}
		w.journal.saved = append(w.journal.saved, saved)
	}
	w.cutBucket(h.st, hot, t, at)
}

func (w *Windows) insertBucket(h history, hot *hotKey, t uint8, at int, b bucket) {
	h.st.stats.Buckets++
	h.st.stats.Bytes += int64(w.buckets.insert(&hot.tiers[t], at, b) * w.buckets.width())
}

// cutBucket deletes a bucket for good.
func (w *Windows) cutBucket(st *stream, hot *hotKey, t uint8, at int) {
	b := &w.buckets.of(hot.tiers[t])[at]
	for i, ref := range hot.unions {
		if ref != 0 && w.unions.at(ref).tier == t && w.unions.at(ref).from <= b.i {
			w.dropUnion(st, hot, i)
		}
	}
	if b.set.n > 0 {
		st.stats.Bytes += int64(w.values.cut(&b.set, 0, int(b.set.n)) * w.values.width())
	}
	if b.dense != 0 {
		w.dense.release(b.dense)
		st.stats.Bytes -= m
	}
	st.stats.Buckets--
	st.stats.Bytes += int64(w.buckets.cut(&hot.tiers[t], at, at+1) * w.buckets.width())
}

// absorb puts the distinct value of an item into the sketch of its bucket, notes in e how to undo that, and puts it into
// the cached unions that cover the bucket.
func (w *Windows) absorb(h history, hot *hotKey, b *bucket, e *entry) {
	v := short(e.item.Distinct)
	if b.dense == 0 {
		set := w.values.of(b.set)
		at, found := slices.BinarySearch(set, v)
		if found {
			return // then the unions know it too
		}
		if len(set) < maxSet {
			e.change = changeValue
			h.st.stats.Bytes += int64(w.values.insert(&b.set, at, v) * w.values.width())
		} else {
			w.densify(h.st, b, *e)
		}
	}
	if b.dense != 0 {
		regs := w.dense.at(b.dense)
		i, rank := register(v)
		if rank <= regs[i] {
			return
		}
		e.change, e.register, e.rank = changeRank, uint16(i), regs[i]
		regs[i] = rank
	}
	for _, ref := range hot.unions {
		if ref == 0 {
			continue
		}
		if u := w.unions.at(ref); u.tier == e.tier {
			u.add(b.i, v)
		}
	}
}

// densify turns the set of a bucket into registers; e is an entry about that bucket.
func (w *Windows) densify(st *stream, b *bucket, e entry) {
	set := w.values.of(b.set)
	if w.journal.on {
		e.op = opDense
		w.log(e)
		w.journal.saved = append(w.journal.saved, sketch{set: slices.Clone(set)})
	}
	b.dense = w.dense.add()
	regs := w.dense.at(b.dense)
	for _, v := range set {
		i, rank := register(v)
		regs[i] = max(regs[i], rank)
	}
	st.stats.Bytes += m + int64(w.values.cut(&b.set, 0, len(set))*w.values.width())
}

// find looks for bucket i among sorted buckets, or for where it belongs; it is mostly the last.
func find(buckets []bucket, i uint32) (int, bool) {
	lo, hi := 0, len(buckets)
	if hi > 0 && buckets[hi-1].i <= i {
		lo = hi - 1
	}
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); buckets[mid].i < i {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(buckets) && buckets[lo].i == i
}

// undoHot takes back an entry that changed the hot part of a key.
func (w *Windows) undoHot(h history, e entry, saved sketch) {
	hot := w.hot.at(h.r.hot)
	w.dropUnions(h.st, hot)
	switch e.op {
	case opHeat:
		w.cool(h, hot)
		return
	case opFloor:
		hot.floor = e.item.At
		return
	}
	at, found := find(w.buckets.of(hot.tiers[e.tier]), e.bucket)
	if e.op == opClear {
		w.insertBucket(h, hot, e.tier, at, bucket{i: e.bucket, n: uint32(e.item.Seq), sum: e.item.Value})
		w.restoreSketch(h.st, &w.buckets.of(hot.tiers[e.tier])[at], saved)
		return
	}
	if !found {
		return
	}
	b := &w.buckets.of(hot.tiers[e.tier])[at]
	switch e.op {
	case opPut:
		w.undoChange(h.st, b, e)
		b.n--
		b.sum -= e.item.Value
		if b.n == 0 {
			w.cutBucket(h.st, hot, e.tier, at)
		}
	case opTake:
		b.n++
		b.sum += e.item.Value
	case opDense:
		w.dense.release(b.dense)
		b.dense = 0
		h.st.stats.Bytes -= m
		w.restoreSketch(h.st, b, saved)
	}
}

// undoChange takes back what the item of e did to the sketch of its bucket.
func (w *Windows) undoChange(st *stream, b *bucket, e entry) {
	switch e.change {
	case changeValue:
		i, _ := slices.BinarySearch(w.values.of(b.set), short(e.item.Distinct))
		st.stats.Bytes += int64(w.values.cut(&b.set, i, i+1) * w.values.width())
	case changeRank:
		w.dense.at(b.dense)[e.register] = e.rank
	}
}

// restoreSketch gives a bucket without a sketch a saved one.
func (w *Windows) restoreSketch(st *stream, b *bucket, saved sketch) {
	for i, v := range saved.set {
		st.stats.Bytes += int64(w.values.insert(&b.set, i, v) * w.values.width())
	}
	if saved.regs != nil {
		b.dense = w.dense.add()
		*w.dense.at(b.dense) = *saved.regs
		st.stats.Bytes += m
	}
}
