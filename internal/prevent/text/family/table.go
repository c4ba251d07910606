package family

// none ends a chain and marks a free slot; vacant marks a slot whose bucket has been emptied.
const (
	none   = int32(-1)
	vacant = int32(-2)
)

// table maps the buckets of one band to chains of texts: open addressing, 8 bytes a slot.
type table struct {
	keys  []uint32
	heads []int32
	used  int
	next  []int32 // by text: the text before it in its bucket
}

func newTable() *table {
	t := &table{}
	t.grow(1 << 10)
	return t
}

func (t *table) grow(size int) {
	keys, heads := t.keys, t.heads
	t.keys, t.heads = make([]uint32, size), make([]int32, size)
	for i := range t.heads {
		t.heads[i] = none
	}
	for i, h := range heads {
		if h != none {
			slot := t.slot(keys[i])
			t.keys[slot], t.heads[slot] = keys[i], h
		}
	}
}

func (t *table) slot(key uint32) int {
	mask := len(t.keys) - 1
	i := int(key*0x9e3779b1) & mask
	for t.heads[i] != none && t.keys[i] != key {
		i = (i + 1) & mask
	}
	return i
}

// head is the last text put into a bucket, or negative.
func (t *table) head(key uint32) int32 { return t.heads[t.slot(key)] }

// put adds a text to a bucket. Texts come in ascending order.
func (t *table) put(key uint32, text int32) {
	if t.used*4 >= len(t.keys)*3 {
		t.grow(2 * len(t.keys))
	}
	for int32(len(t.next)) <= text {
		t.next = append(t.next, none)
	}
	slot := t.slot(key)
	if t.heads[slot] == none {
		t.used++
	}
	t.next[text] = max(t.heads[slot], none)
	t.keys[slot], t.heads[slot] = key, text
}

// remove takes a text out of a bucket. An empty bucket keeps its slot.
func (t *table) remove(key uint32, text int32) {
	at := &t.heads[t.slot(key)]
	if *at == text && t.next[text] == none {
		*at = vacant
		return
	}
	for ; *at >= 0; at = &t.next[*at] {
		if *at == text {
			*at = t.next[text]
			return
		}
	}
}
