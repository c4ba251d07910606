package velocity

import "sort"

// maxExact is the most items a layout may keep exactly per key.
const maxExact = 128

// history is what one stream keeps for one key, while a call works on it.
type history struct {
	st *stream
	k  Key
	r  *record
}

func (h history) entry(op op, it Item) entry {
	return entry{op: op, stream: h.st.index, key: h.k, item: it}
}

// position finds an item among those kept exactly, or where it belongs.
func (w *Windows) position(r *record, it Item) (int, bool) {
	items := w.items.of(r.items)
	i := len(items)
	for i > 0 && items[i-1].compare(it) > 0 {
		i--
	}
	if i > 0 && items[i-1] == it {
		return i - 1, true
	}
	return i, false
}

// keep puts an item among those kept exactly, and the oldest of them into buckets if there are too many.
func (w *Windows) keep(h history, it Item) {
	if int(h.r.items.n) == w.items.room(h.r.items) {
		w.forget(h)
		if int(h.r.items.n) == w.layout.exact {
			oldest := w.items.of(h.r.items)[0]
			if it.compare(oldest) < 0 {
				w.spill(h, it)
				return
			}
			w.spill(h, oldest)
			w.drop(h, 0)
		}
	}
	i, _ := w.position(h.r, it)
	w.insert(h, i, it)
}

// forget drops the items that the stream has forgotten.
func (w *Windows) forget(h history) {
	for items := w.items.of(h.r.items); len(items) > 0 && items[0].At < h.st.horizon(); items = w.items.of(h.r.items) {
		w.drop(h, 0)
	}
}

// insert puts an item at place i, and drop takes the item at place i out. Both can be undone.
func (w *Windows) insert(h history, i int, it Item) {
	w.log(h.entry(opInsert, it))
	w.insertItem(h, i, it)
}

func (w *Windows) drop(h history, i int) {
	w.log(h.entry(opDrop, w.items.of(h.r.items)[i]))
	w.cutItems(h, i, i+1)
}

func (w *Windows) insertItem(h history, i int, it Item) {
	h.st.stats.Items++
	h.st.stats.Bytes += int64(w.items.insert(&h.r.items, i, it) * w.items.width())
}

func (w *Windows) cutItems(h history, i, j int) {
	h.st.stats.Items -= int64(j - i)
	h.st.stats.Bytes += int64(w.items.cut(&h.r.items, i, j) * w.items.width())
}

// release removes the record of a key that has nothing left.
func (w *Windows) release(h history) {
	if h.r.empty() {
		h.st.keys.remove(h.k)
	}
}

// between returns the items with from <= At < to; items are sorted.
func between(items []Item, from, to int64) []Item {
	i := sort.Search(len(items), func(i int) bool { return items[i].At >= from })
	items = items[i:]
	return items[:sort.Search(len(items), func(i int) bool { return items[i].At >= to })]
}

// distinct counts the distinct values of a few items exactly.
func (w *Windows) distinct(items []Item) int64 {
	if len(items) <= 12 {
		return distinctFew(items)
	}
	// An open-addressing set in scratch memory, at most half full; 0 marks a free place and is never a value.
	clear(w.seen[:])
	var n int64
	for i := range items {
		v := items[i].Distinct
		if v == 0 {
			continue
		}
		p := mix(v) % uint64(len(w.seen))
		for w.seen[p] != 0 && w.seen[p] != v {
			p = (p + 1) % uint64(len(w.seen))
		}
		if w.seen[p] == 0 {
			w.seen[p] = v
			n++
		}
	}
	return n
}

func distinctFew(items []Item) (n int64) {
next:
	for i := range items {
		v := items[i].Distinct
		if v == 0 {
			continue
		}
		for j := range items[:i] {
			if items[j].Distinct == v {
				continue next
			}
		}
		n++
	}
	return n
}
