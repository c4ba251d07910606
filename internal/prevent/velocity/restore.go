package velocity

import (
	"bytes"
	"encoding/binary"
	"hash/crc64"
	"io"
	"math"

	"qingyuan"
)

// Restored says what a snapshot held.
type Restored struct {
	Position int64    // as given to Snapshot
	Missing  []Stream // streams that it did not hold, or held with another longest window: they are empty and need the record
}

// Restore makes windows from a snapshot. Streams are found by ID; those that c does not name are left out. A snapshot
// that is damaged or cut short is Invalid, one of another layout or version a Conflict, and one that cannot be read
// Unavailable; the remedy is always a rebuild from the record.
func Restore(c Config, in io.Reader) (*Windows, Restored, error) {
	return restore(c, standard(), in)
}

func restore(c Config, l layout, in io.Reader) (*Windows, Restored, error) {
	w, err := newWindows(c, l)
	if err != nil {
		return nil, Restored{}, err
	}
	d := decoder{in: in, buf: make([]byte, 2*chunkBytes)}
	w.checkHeader(&d)
	position := d.int()
	missing := w.readStreams(&d)
	d.checkEnd()
	if d.err != nil {
		return nil, Restored{}, d.err
	}
	return w, Restored{position, missing}, nil
}

func (w *Windows) checkHeader(d *decoder) {
	if string(d.bytes(len(magic))) != magic {
		d.damaged("it does not begin like one")
		return
	}
	same := d.bytes(1)[0] == formatVersion
	for _, n := range w.layout.numbers() {
		same = same && d.int() == n
	}
	if d.err == nil && !same {
		d.err = qingyuan.Errorf(qingyuan.Conflict, "the snapshot was made by another version: rebuild from the record")
	}
}

func (w *Windows) readStreams(d *decoder) (missing []Stream) {
	byID := make(map[string]*stream, len(w.streams))
	for i := range w.streams {
		byID[w.streams[i].ID] = &w.streams[i]
	}
	for n := d.count(maxStreams); n > 0 && d.err == nil; n-- {
		id := string(d.bytes(d.count(maxID)))
		longest, mark := d.int(), d.int()
		st := byID[id]
		known := st != nil && st.longest == longest
		switch {
		case mark < unseen || mark > maxAt || longest < MinLongest.Microseconds() || longest > MaxLongest.Microseconds():
			d.damaged("a stream is out of range")
		case known:
			delete(byID, id)
		default:
			other := newStream(StreamConfig{ID: id}, 0, w.layout)
			other.longest = longest
			other.tiers = w.layout.reaching(longest)
			st = &other
		}
		if d.err == nil {
			st.mark = mark
			w.readKeys(d, st, known)
		}
	}
	for i := range w.streams {
		if byID[w.streams[i].ID] != nil {
			missing = append(missing, Stream(i))
		}
	}
	return missing
}

// readKeys reads the keys of a stream, and drops each at once if the stream is not to be kept.
func (w *Windows) readKeys(d *decoder, st *stream, keep bool) {
	var last Key
	for first := true; ; first = false {
		tag := d.count(tagHot)
		if d.err != nil || tag == tagEnd {
			return
		}
		k := Key(d.bytes(len(Key{})))
		if d.err == nil && !first && !before(&last, &k) {
			d.damaged("keys are out of order")
		}
		if d.err == nil && st.mark == unseen {
			d.damaged("a stream that saw nothing has keys")
		}
		if d.err != nil {
			return
		}
		last = k
		h := history{st, k, st.keys.add(k)}
		w.readItems(d, h)
		if tag == tagHot {
			w.readHot(d, h)
		}
		if h.r.empty() {
			d.damaged("a key has no items")
		}
		if d.err != nil {
			return
		}
		h.r.last = uint32(w.newest(h) / minute)
		if !keep {
			w.expel(h)
		}
	}
}

// expel frees everything of a key.
func (w *Windows) expel(h history) {
	w.cutItems(h, 0, int(h.r.items.n))
	if h.r.hot != 0 {
		hot := w.hot.at(h.r.hot)
		for t := range hot.tiers {
			for n := int(hot.tiers[t].n); n > 0; n-- {
				w.cutBucket(h.st, hot, uint8(t), n-1)
			}
		}
		w.cool(h, hot)
	}
	w.release(h)
}

// newest is a time that no item of a history is later than.
func (w *Windows) newest(h history) (at int64) {
	if items := w.items.of(h.r.items); len(items) > 0 {
		at = items[len(items)-1].At
	}
	if h.r.hot != 0 {
		at = max(at, w.hot.at(h.r.hot).floor)
	}
	return at
}

// before is the order of keys in a snapshot.
func before(a, b *Key) bool {
	if x, y := hash(a)>>56, hash(b)>>56; x != y {
		return x < y
	}
	return bytes.Compare(a[:], b[:]) < 0
}

func (w *Windows) readItems(d *decoder, h history) {
	n := d.count(w.layout.exact)
	var last Item
	for i := range n {
		gap := d.uint()
		it := Item{At: last.At + int64(gap>>1), Seq: last.Seq + d.int(), Value: d.int()}
		if gap&1 != 0 {
			it.Distinct = binary.LittleEndian.Uint64(d.bytes(8))
		}
		if it.At < max(h.st.horizon(), 0) || it.At > h.st.mark || i > 0 && it.compare(last) < 0 {
			d.damaged("an item is out of range or order")
		}
		if d.err != nil {
			return
		}
		w.insertItem(h, i, it)
		last = it
	}
}

func (w *Windows) readHot(d *decoder, h history) {
	hot := w.heat(h)
	hot.floor = d.int()
	if hot.floor < 0 || hot.floor > h.st.mark {
		d.damaged("a floor is out of range")
	}
	for t := range h.st.tiers {
		w.readBuckets(d, h, hot, t)
	}
	if hot.tiers[len(h.st.tiers)-1].n == 0 {
		d.damaged("a hot key has no buckets")
	}
}

func (w *Windows) readBuckets(d *decoder, h history, hot *hotKey, t int) {
	n := d.count(maxBuckets)
	next, end := max(h.st.oldest(t, h.st.mark), 0), h.st.mark/h.st.tiers[t].width
	var last uint32
	for i := range n {
		b := bucket{i: last + d.uint32(), n: d.uint32(), sum: d.int()}
		if int64(b.i) < next || int64(b.i) > end || b.n == 0 {
			d.damaged("a bucket is out of range or order")
		}
		saved := d.sketch()
		if d.err != nil {
			return
		}
		last, next = b.i, int64(b.i)+1
		w.restoreSketch(h.st, &b, saved)
		w.insertBucket(h, hot, uint8(t), i, b)
	}
}

func (d *decoder) sketch() (s sketch) {
	n := d.count(tagDense)
	if n == tagDense {
		s.regs = (*registers)(bytes.Clone(d.bytes(m)))
		for _, rank := range s.regs {
			if rank > maxRank {
				d.damaged("a sketch is out of range")
			}
		}
		return s
	}
	for i := range n {
		v := binary.LittleEndian.Uint32(d.bytes(4))
		if i > 0 && v <= s.set[i-1] {
			d.damaged("a set is out of order")
		}
		s.set = append(s.set, v)
	}
	return s
}

// decoder reads a snapshot and sums it up. After an error, which is kept, it reads zeros.
type decoder struct {
	in       io.Reader
	buf      []byte
	pos, end int
	sum      uint64
	err      error
	zeros    [m]byte
}

func (d *decoder) damaged(why string) {
	if d.err == nil {
		d.err = qingyuan.Errorf(qingyuan.Invalid, "the snapshot is damaged, %s: rebuild from the record", why)
	}
}

// more tries to have n bytes in the buffer.
func (d *decoder) more(n int) {
	if d.end-d.pos >= n || d.err != nil {
		return
	}
	d.sum = crc64.Update(d.sum, crcTable, d.buf[:d.pos])
	d.end = copy(d.buf, d.buf[d.pos:d.end])
	d.pos = 0
	got, err := io.ReadAtLeast(d.in, d.buf[d.end:], n-d.end)
	d.end += got
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		d.err = qingyuan.Wrap(qingyuan.Unavailable, err, "the snapshot could not be read")
	}
}

// bytes returns the next n bytes, at most m of them; they are good until the next call.
func (d *decoder) bytes(n int) []byte {
	d.more(n)
	if d.end-d.pos < n {
		d.damaged("it is cut short")
	}
	if d.err != nil {
		return d.zeros[:n]
	}
	d.pos += n
	return d.buf[d.pos-n : d.pos]
}

func (d *decoder) uint() uint64 {
	d.more(binary.MaxVarintLen64)
	if d.err != nil {
		return 0
	}
	v, n := binary.Uvarint(d.buf[d.pos:d.end])
	if n <= 0 {
		d.damaged("a number is cut short or too long")
		return 0
	}
	d.pos += n
	return v
}

func (d *decoder) int() int64 {
	u := d.uint()
	return int64(u>>1) ^ -int64(u&1)
}

func (d *decoder) uint32() uint32 {
	n := d.uint()
	if n > math.MaxUint32 {
		d.damaged("a number is out of range")
	}
	return uint32(n)
}

// count reads a number of at most limit.
func (d *decoder) count(limit int) int {
	n := d.uint()
	if n > uint64(limit) {
		d.damaged("a count is out of range")
		return 0
	}
	return int(n)
}

// checkEnd checks the sum and that nothing follows it.
func (d *decoder) checkEnd() {
	d.more(8)
	sum := crc64.Update(d.sum, crcTable, d.buf[:d.pos])
	if got := binary.LittleEndian.Uint64(d.bytes(8)); d.err == nil && got != sum {
		d.damaged("its checksum is wrong")
	}
	if d.more(1); d.err == nil && d.end > d.pos {
		d.damaged("something follows it")
	}
}
