package velocity

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// record is what the table keeps per key: 32 bytes. A record without items and without a hot part is an empty slot.
type record struct {
	key   Key
	items list   // the newest items, oldest first
	hot   uint32 // the hotKey, or 0
	last  uint32 // no item is later than the end of this minute since 1970
}

func (r *record) empty() bool { return r.items.class == 0 && r.hot == 0 }

// table finds the record of a key. It is 256 small hash tables (linear probing, at most three quarters full) rather than
// one large one, so that growing it never stops the sequencer for long.
type table struct {
	shards [256]shard
	n      int
}

type shard struct {
	slots []record // a power of two, or none
	n     int
}

// slot is a place in a table.
type slot struct {
	shard uint8
	i     int
}

func hash(k *Key) uint64 {
	hi, lo := binary.LittleEndian.Uint64(k[:8]), binary.LittleEndian.Uint64(k[8:])
	h := (hi ^ bits.RotateLeft64(lo, 29)) * 0x9E3779B97F4A7C15
	return (h ^ h>>32) * 0xD6E8FEB86659FD93
}

// home is where a key with hash h would like to be among n slots.
func home(h uint64, n int) int { return int(h<<8>>32) & (n - 1) }

// find returns the record of k, or nil.
func (t *table) find(k Key) *record {
	h := hash(&k)
	s := &t.shards[h>>56]
	if len(s.slots) == 0 {
		return nil
	}
	if r := s.probe(&k, h); !r.empty() {
		return r
	}
	return nil
}

// probe returns the record of k or the empty slot where it belongs.
func (s *shard) probe(k *Key, h uint64) *record {
	mask := len(s.slots) - 1
	for i := home(h, len(s.slots)); ; i = (i + 1) & mask {
		if r := &s.slots[i]; r.empty() || r.key == *k {
			return r
		}
	}
}

// add returns the record of k. If it is a new one, the caller must put something into it before the next call.
func (t *table) add(k Key) *record {
	h := hash(&k)
	s := &t.shards[h>>56]
	if len(s.slots) > 0 {
		r := s.probe(&k, h)
		if !r.empty() {
			return r
		}
		if 4*(s.n+1) <= 3*len(s.slots) {
			s.n++
			t.n++
			*r = record{key: k}
			return r
		}
	}
	s.resize(max(4, 2*len(s.slots)))
	s.n++
	t.n++
	r := s.probe(&k, h)
	*r = record{key: k}
	return r
}

func (s *shard) resize(n int) {
	old := s.slots
	s.slots = make([]record, n)
	for i := range old {
		if r := &old[i]; !r.empty() {
			*s.probe(&r.key, hash(&r.key)) = *r
		}
	}
}

// remove closes the gap that a record, now empty, has left in its shard.
func (t *table) remove(k Key) {
	h := hash(&k)
	s := &t.shards[h>>56]
	mask := len(s.slots) - 1
	gap := home(h, len(s.slots))
	for s.slots[gap].key != k || !s.slots[gap].empty() {
		gap = (gap + 1) & mask
	}
	for i := (gap + 1) & mask; !s.slots[i].empty(); i = (i + 1) & mask {
		want := home(hash(&s.slots[i].key), len(s.slots))
		if (i-want)&mask >= (i-gap)&mask {
			s.slots[gap], s.slots[i] = s.slots[i], record{}
			gap = i
		}
	}
	s.slots[gap] = record{}
	s.n--
	t.n--
	if len(s.slots) > 4 && 8*s.n < len(s.slots) {
		s.resize(len(s.slots) / 2)
	}
}

// bytes is the memory the table takes.
func (t *table) bytes() (n int64) {
	n = int64(unsafe.Sizeof(*t))
	for i := range t.shards {
		n += int64(len(t.shards[i].slots)) * int64(unsafe.Sizeof(record{}))
	}
	return n
}
