package family

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"slices"

	"qingyuan"
)

var magic = []byte("QYFAMILY1\n")

// Snapshot writes the whole state. The same state gives the same bytes.
func (x *Index) Snapshot(w io.Writer) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	e := &encoder{w: bufio.NewWriterSize(w, 1<<16)}
	e.w.Write(magic)
	e.string(x.config.Rules.Version)
	e.number(mix(x.config.Key, 0x6b6579)) // which key, not the key
	e.number(uint64(len(x.names.names)))
	for _, s := range x.names.names {
		e.string(s)
	}
	e.number(uint64(len(x.innocent)))
	for _, i := range x.innocent {
		e.string(i.ID)
		e.string(i.Source)
		e.set(i.set)
	}
	exempt := make([]uint32, 0, len(x.exempt))
	for c := range x.exempt {
		exempt = append(exempt, c)
	}
	slices.Sort(exempt)
	e.set(exempt)
	e.number(uint64(len(x.texts)))
	for n := range x.texts {
		e.entry(x, int32(n))
	}
	if err := e.w.Flush(); err != nil {
		return qingyuan.Wrap(qingyuan.Unavailable, err, "the snapshot cannot be written")
	}
	return nil
}

// encoder writes varints; errors stay in the buffered writer until Flush.
type encoder struct {
	w *bufio.Writer
	b [binary.MaxVarintLen64]byte
}

func (e *encoder) number(v uint64) { e.w.Write(e.b[:binary.PutUvarint(e.b[:], v)]) }

func (e *encoder) string(s string) {
	e.number(uint64(len(s)))
	e.w.WriteString(s)
}

// set writes ascending numbers as differences.
func (e *encoder) set(s []uint32) {
	e.number(uint64(len(s)))
	var last uint32
	for _, v := range s {
		e.number(uint64(v - last))
		last = v
	}
}

func (e *encoder) entry(x *Index, n int32) {
	t := &x.texts[n]
	e.string(t.id)
	e.number(uint64(t.at))
	e.number(uint64(x.root(n)))
	for _, v := range []uint32{t.buckets, t.subject, t.city, uint32(t.innocent), uint32(t.author), t.citing} {
		e.number(uint64(v))
	}
	e.number(uint64(len(t.contacts)))
	for _, c := range t.contacts {
		e.number(uint64(c))
	}
	if t.removed {
		e.number(0)
		return
	}
	e.number(1)
	e.set(x.set(n))
}

// The limits of a snapshot.
const (
	maxNames    = 1 << 28
	maxShingles = MaxText
)

// Restore makes an index from a snapshot. Rules may have changed their numbers but not their version, and the key must
// be the same. Damaged bytes are an Invalid error.
func Restore(r io.Reader, c Config) (*Index, error) {
	x, err := New(c)
	if err != nil {
		return nil, err
	}
	d := &decoder{r: bufio.NewReaderSize(r, 1<<16)}
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(d.r, head); err != nil || !bytes.Equal(head, magic) {
		return nil, damaged("it is not a snapshot of text families")
	}
	if v := d.string(); v != c.Rules.Version {
		return nil, damaged("it was made with other rules")
	}
	if d.number(1<<64-1) != mix(c.Key, 0x6b6579) {
		return nil, damaged("it was made with another key")
	}
	names := d.number(maxNames)
	for i := uint64(0); i < names && !d.bad; i++ {
		s := d.string()
		if id := x.names.id(s); uint64(id) != i {
			return nil, damaged("a name stands in it twice")
		}
	}
	for n := d.number(maxInnocent); n > 0 && !d.bad; n-- {
		x.innocent = append(x.innocent, innocent{Innocent{ID: d.string(), Source: d.string()}, d.set(maxShingles)})
	}
	for _, id := range d.set(maxContacts * 1000) {
		x.exempt[id] = true
	}
	texts := d.number(maxTexts)
	for n := uint64(0); n < texts && !d.bad; n++ {
		x.restore(d, int32(n))
	}
	if d.bad {
		return nil, damaged("it is cut off or its numbers do not fit together")
	}
	if _, err := d.r.ReadByte(); err != io.EOF {
		return nil, damaged("something follows its end")
	}
	return x, nil
}

func damaged(why string) error {
	return qingyuan.Errorf(qingyuan.Invalid, "the snapshot is not usable: %s", why)
}

// decoder reads what encoder wrote; once bad, it gives zeros.
type decoder struct {
	r   *bufio.Reader
	bad bool
}

func (d *decoder) number(limit uint64) uint64 {
	if d.bad {
		return 0
	}
	v, err := binary.ReadUvarint(d.r)
	if err != nil || v > limit {
		d.bad = true
		return 0
	}
	return v
}

func (d *decoder) string() string {
	b := make([]byte, d.number(maxMetadata))
	if _, err := io.ReadFull(d.r, b); err != nil {
		d.bad = true
	}
	return string(b)
}

func (d *decoder) set(limit uint64) []uint32 {
	n := d.number(limit)
	var out []uint32
	var last uint64
	for i := uint64(0); i < n && !d.bad; i++ {
		step := d.number(1<<32 - 1)
		if last += step; last > 1<<32-1 || i > 0 && step == 0 {
			d.bad = true
		}
		out = append(out, uint32(last))
	}
	return out
}

// restore reads text n and links it into its family, buckets and rings.
func (x *Index) restore(d *decoder, n int32) {
	t := entry{id: d.string(), at: int64(d.number(1<<64 - 1)), set: int64(len(x.sets)), next: n}
	name := uint64(len(x.names.names) - 1)
	t.parent = int32(d.number(uint64(n)))
	t.buckets = uint32(d.number(1<<bands - 1))
	t.subject, t.city = uint32(d.number(name)), uint32(d.number(name))
	t.innocent = uint16(d.number(uint64(len(x.innocent))))
	t.author = uint8(d.number(uint64(len(authors))))
	t.citing = uint32(d.number(name))
	for k := d.number(maxContacts); k > 0 && !d.bad; k-- {
		t.contacts = append(t.contacts, uint32(d.number(name)))
	}
	t.removed = d.number(1) == 0
	var set []uint32
	if !t.removed {
		set = d.set(maxShingles)
	}
	t.shingles = int32(len(set))
	_, twice := x.byID[t.id]
	if d.bad || t.author == 0 || twice && !t.removed || t.parent != n && x.texts[t.parent].parent != t.parent {
		d.bad = true
		return
	}
	x.sets = append(x.sets, set...)
	x.texts = append(x.texts, t)
	x.link(n, &t, set)
}

func (x *Index) link(n int32, t *entry, set []uint32) {
	if t.parent != n {
		root := t.parent
		g, e := x.group(root), &x.texts[n]
		x.groups[root] = g
		e.next, x.texts[root].next = x.texts[root].next, n
		if t.innocent != 0 && (g.innocent == 0 || t.innocent < g.innocent) {
			g.innocent = t.innocent
		}
		if !t.removed {
			g.size++
			add(g.subjects, t.subject, 1)
			add(g.cities, t.city, 1)
		}
	}
	if t.removed {
		return
	}
	x.byID[t.id] = n
	sig := Sign(set)
	for b, table := range x.tables {
		if t.buckets>>b&1 == 1 {
			table.put(sig.bucket(b, t.author), n)
		}
	}
	if t.citing != 0 {
		count(x.citings, t.citing, t)
	}
	for _, c := range t.contacts {
		count(x.contacts, c, t)
	}
}
