package velocity

// Sweeping frees what no query can see any more. Answers never depend on it: queries look at nothing beyond the horizon
// whether it has been swept or not. Each added item pays for a look at eight places of its stream's table and an eighth of
// a look at a hot key, so memory follows the horizon without a pause.

// sweep works off what st owes, with the horizon that belongs to the watermark mark.
func (w *Windows) sweep(st *stream, mark int64) {
	for n := perScan * st.owed; n > 0; n-- {
		w.sweepSlot(st, mark)
	}
	w.hotOwed += st.owed
	st.owed = 0
	for ; w.hotOwed >= hotScan; w.hotOwed -= hotScan {
		w.sweepHot()
	}
}

// sweepAll works off what every stream owes.
func (w *Windows) sweepAll() {
	for i := range w.streams {
		if st := &w.streams[i]; st.owed > 0 {
			w.sweep(st, w.safeMark(st))
		}
	}
}

// sweepSlot looks at the next place of the table and frees the items of a key of which every one is beyond the horizon,
// and the key with them unless a bucket reaches across the horizon.
func (w *Windows) sweepSlot(st *stream, mark int64) {
	slots := st.keys.shards[st.scan.shard].slots
	if st.scan.i >= len(slots) {
		st.scan.shard++
		st.scan.i = 0
		return
	}
	r := &slots[st.scan.i]
	if r.empty() || int64(r.last+1)*minute > mark-st.longest {
		st.scan.i++
		return
	}
	h := history{st, r.key, r}
	w.cutItems(h, 0, int(r.items.n))
	if r.hot != 0 {
		w.cutBuckets(h, mark)
	}
	if !r.empty() {
		st.scan.i++
		return
	}
	w.release(h) // the next record may move to this place, so it is looked at again
}

// sweepHot looks at the next hot key, frees its buckets beyond the horizon and the cached unions that nobody has used
// for long, and cools it if no bucket is left.
func (w *Windows) sweepHot() {
	w.hotNext++
	if w.hotNext >= w.hot.end() {
		w.hotNext = 1
		if w.hot.end() <= 1 {
			return
		}
	}
	hot := w.hot.at(w.hotNext)
	if !hot.live {
		return
	}
	st := &w.streams[hot.stream]
	if w.clock-hot.used > keepUnions {
		w.dropUnions(st, hot)
	}
	h := history{st, hot.key, st.keys.find(hot.key)}
	w.cutBuckets(h, w.safeMark(st))
	w.release(h)
}

// cutBuckets deletes the buckets that are beyond the horizon under the watermark mark, and the hot part with the last.
func (w *Windows) cutBuckets(h history, mark int64) {
	hot := w.hot.at(h.r.hot)
	last := len(h.st.tiers) - 1
	for t := range h.st.tiers {
		for hot.tiers[t].n > 0 && int64(w.buckets.of(hot.tiers[t])[0].i) < h.st.oldest(t, mark) {
			w.cutBucket(h.st, hot, uint8(t), 0)
		}
	}
	if hot.tiers[last].n == 0 {
		w.cool(h, hot)
	}
}
