package velocity

import (
	"bytes"
	"encoding/binary"
	"hash/crc64"
	"io"
	"slices"

	"qingyuan"
)

// The snapshot format, all integers varints unless said otherwise:
//
//	magic "QYVW" and one byte of version
//	layout: items kept exactly, number of tiers, width and buckets of each, registers and set size of a sketch
//	position, number of streams
//	per stream: ID, longest window in µs, watermark, then per key
//	    1 for a key that is all exact or 2 for a hot one, the key (16 bytes), the items kept exactly,
//	    and for a hot key the floor and the buckets of each tier
//	  and 0 after the last key
//	CRC-64 (ECMA) of everything before it (8 bytes)
//
// Keys come in the order of their hash. What is beyond the horizon is left out, so the bytes are those of the state
// and not of what happens to be swept.
const (
	magic         = "QYVW"
	formatVersion = 1
	tagEnd        = 0
	tagExact      = 1
	tagHot        = 2
	tagDense      = maxSet + 1 // in place of the size of a set
)

// Snapshot writes the state. Position says how far in the record it is: Restore gives it back, and the caller goes on
// from there. It is a conflict to take one while there is something to roll back. Keys in it are blind, values are numbers and hashes.
func (w *Windows) Snapshot(out io.Writer, position int64) error {
	if len(w.journal.entries) > 0 {
		return qingyuan.Errorf(qingyuan.Conflict, "a snapshot must wait until every change is committed or rolled back")
	}
	e := encoder{out: out}
	e.buf = append(e.buf, magic...)
	e.buf = append(e.buf, formatVersion)
	for _, n := range w.layout.numbers() {
		e.int(n)
	}
	e.int(position)
	e.uint(uint64(len(w.streams)))
	for i := range w.streams {
		w.writeStream(&e, &w.streams[i])
	}
	e.flush()
	e.buf = binary.LittleEndian.AppendUint64(e.buf, e.sum)
	e.flush()
	if e.err != nil {
		return qingyuan.Wrap(qingyuan.Unavailable, e.err, "the snapshot could not be written")
	}
	return nil
}

// numbers spells out the layout.
func (l layout) numbers() []int64 {
	ns := []int64{int64(l.exact), int64(len(l.tiers))}
	for _, t := range l.tiers {
		ns = append(ns, t.width, t.buckets)
	}
	return append(ns, m, maxSet)
}

// encoder writes a snapshot and sums it up.
type encoder struct {
	out io.Writer
	buf []byte
	sum uint64
	err error
}

var crcTable = crc64.MakeTable(crc64.ECMA)

func (e *encoder) flush() {
	if e.err == nil {
		e.sum = crc64.Update(e.sum, crcTable, e.buf)
		_, e.err = e.out.Write(e.buf)
	}
	e.buf = e.buf[:0]
}

func (e *encoder) int(n int64)   { e.buf = binary.AppendVarint(e.buf, n) }
func (e *encoder) uint(n uint64) { e.buf = binary.AppendUvarint(e.buf, n) }

func (w *Windows) writeStream(e *encoder, st *stream) {
	e.uint(uint64(len(st.ID)))
	e.buf = append(e.buf, st.ID...)
	e.int(st.longest)
	e.int(st.mark)
	var sorted []*record
	for i := range st.keys.shards {
		slots := st.keys.shards[i].slots
		sorted = sorted[:0]
		for j := range slots {
			if !slots[j].empty() {
				sorted = append(sorted, &slots[j])
			}
		}
		slices.SortFunc(sorted, func(a, b *record) int { return bytes.Compare(a.key[:], b.key[:]) })
		for _, r := range sorted {
			w.writeKey(e, history{st, r.key, r})
			if len(e.buf) >= chunkBytes {
				e.flush()
			}
		}
	}
	e.uint(tagEnd)
}

func (w *Windows) writeKey(e *encoder, h history) {
	items := between(w.items.of(h.r.items), h.st.horizon(), maxAt+1)
	hot := w.visible(h)
	switch {
	case hot != nil:
		e.uint(tagHot)
	case len(items) > 0:
		e.uint(tagExact)
	default:
		return
	}
	e.buf = append(e.buf, h.k[:]...)
	e.uint(uint64(len(items)))
	var last Item
	for _, it := range items {
		gap := uint64(it.At-last.At) << 1
		if it.Distinct != 0 {
			gap |= 1
		}
		e.uint(gap)
		e.int(it.Seq - last.Seq)
		e.int(it.Value)
		if it.Distinct != 0 {
			e.buf = binary.LittleEndian.AppendUint64(e.buf, it.Distinct)
		}
		last = it
	}
	if hot != nil {
		e.int(hot.floor)
		for t := range h.st.tiers {
			w.writeBuckets(e, w.current(h.st, hot, t))
		}
	}
}

func (w *Windows) writeBuckets(e *encoder, buckets []bucket) {
	e.uint(uint64(len(buckets)))
	var last uint32
	for _, b := range buckets {
		e.uint(uint64(b.i - last))
		last = b.i
		e.uint(uint64(b.n))
		e.int(b.sum)
		if b.dense != 0 {
			e.uint(tagDense)
			e.buf = append(e.buf, w.dense.at(b.dense)[:]...)
			continue
		}
		e.uint(uint64(b.set.n))
		for _, v := range w.values.of(b.set) {
			e.buf = binary.LittleEndian.AppendUint32(e.buf, v)
		}
	}
}

// current are the buckets of a tier that are not beyond the horizon.
func (w *Windows) current(st *stream, hot *hotKey, t int) []bucket {
	all := w.buckets.of(hot.tiers[t])
	from, _ := find(all, uint32(st.oldest(t, st.mark)))
	return all[from:]
}

// visible is the hot part of a history, or nil if nothing of it is left within the horizon.
func (w *Windows) visible(h history) *hotKey {
	if h.r.hot == 0 {
		return nil
	}
	hot := w.hot.at(h.r.hot)
	if len(w.current(h.st, hot, len(h.st.tiers)-1)) == 0 {
		return nil
	}
	return hot
}
