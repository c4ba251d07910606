package decision

import (
	"net/netip"
	"time"

	"qingyuan"
)

// ListEntry is one entry of a list. It is immutable: a change is a removal and an addition.
type ListEntry struct {
	ID    string
	List  string
	Kind  qingyuan.EntityKind
	Match ListMatch
	// Value is what values are compared with: a blind key (exact entities), the value itself (exact without a kind), a network such
	// as 203.0.113.0/24 (cidr), or the beginning of a text (prefix).
	Value string
	// ExpiresAt is when the entry ceases to match; zero is never.
	ExpiresAt time.Time
	Seq       int64 // the tenant's sequence at which it was added; it orders entries that match alike
}

// Valid checks the shape of the entry.
func (e ListEntry) Valid() error {
	switch {
	case e.ID == "":
		return qingyuan.FieldErrorf("id", "must not be empty")
	case e.List == "":
		return qingyuan.FieldErrorf("list", "must not be empty")
	case e.Value == "" || len(e.Value) > 512:
		return qingyuan.FieldErrorf("value", "must have 1 to 512 bytes")
	}
	switch e.Match {
	case MatchExact, MatchPrefix:
	case MatchCIDR:
		if _, err := network(e.Value); err != nil {
			return qingyuan.FieldErrorf("value", "must be a network such as 203.0.113.0/24")
		}
	default:
		return qingyuan.FieldErrorf("match", "must be exact, cidr or prefix")
	}
	return nil
}

// network reads a network or a single address, which is a network of one.
func network(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// ListIndex holds the entries of all lists of one tenant in memory. It has one writer, which also reads: it is not safe for
// concurrent use. What it answers depends on the entries and the time asked for only.
type ListIndex struct {
	tables  map[listTable]*table
	byID    map[string]ListEntry
	journal []change
	forgot  int // changes that can no longer be undone
}

// listTable names the entries that a value is compared with.
type listTable struct {
	list string
	kind qingyuan.EntityKind
}

// table holds the entries of one list and kind.
type table struct {
	exact    map[string][]ListEntry
	prefixes map[string][]ListEntry
	networks map[netip.Prefix][]ListEntry
	lengths  [513]int    // prefixes by length
	bits     [2][129]int // networks by family (IPv4, IPv6) and length
	longest  int         // no prefix is longer
}

// change is one step that can be undone.
type change struct {
	entry   ListEntry
	removed bool
}

// NewListIndex makes an empty index.
func NewListIndex() *ListIndex {
	return &ListIndex{tables: map[listTable]*table{}, byID: map[string]ListEntry{}}
}

// Len is the number of entries.
func (x *ListIndex) Len() int { return len(x.byID) }

// Add adds an entry. One with a known id is a Conflict.
func (x *ListIndex) Add(e ListEntry) error {
	if err := e.Valid(); err != nil {
		return err
	}
	if _, taken := x.byID[e.ID]; taken {
		return qingyuan.Errorf(qingyuan.Conflict, "the list entry %s is already there", e.ID)
	}
	x.put(e)
	x.journal = append(x.journal, change{entry: e})
	return nil
}

// Remove removes the entry with that id and gives it. An unknown id is NotFound.
func (x *ListIndex) Remove(id string) (ListEntry, error) {
	e, ok := x.byID[id]
	if !ok {
		return ListEntry{}, qingyuan.Errorf(qingyuan.NotFound, "there is no list entry %s", id)
	}
	x.take(e)
	x.journal = append(x.journal, change{entry: e, removed: true})
	return e, nil
}

// Mark gives the present state a number to roll back to.
func (x *ListIndex) Mark() int { return x.forgot + len(x.journal) }

// RollbackTo undoes every change since mark. Where mark was forgotten it undoes what can still be undone.
func (x *ListIndex) RollbackTo(mark int) {
	for len(x.journal) > max(0, mark-x.forgot) {
		last := x.journal[len(x.journal)-1]
		x.journal = x.journal[:len(x.journal)-1]
		if last.removed {
			x.put(last.entry)
		} else {
			x.take(last.entry)
		}
	}
}

// Forget makes every change before mark final.
func (x *ListIndex) Forget(mark int) {
	n := min(max(0, mark-x.forgot), len(x.journal))
	x.forgot += n
	x.journal = append(x.journal[:0], x.journal[n:]...)
}

func (x *ListIndex) put(e ListEntry) {
	x.byID[e.ID] = e
	at := listTable{e.List, e.Kind}
	t := x.tables[at]
	if t == nil {
		t = &table{exact: map[string][]ListEntry{}, prefixes: map[string][]ListEntry{}, networks: map[netip.Prefix][]ListEntry{}}
		x.tables[at] = t
	}
	switch e.Match {
	case MatchExact:
		t.exact[e.Value] = append(t.exact[e.Value], e)
	case MatchPrefix:
		t.prefixes[e.Value] = append(t.prefixes[e.Value], e)
		t.lengths[len(e.Value)]++
		t.longest = max(t.longest, len(e.Value))
	case MatchCIDR:
		p, _ := network(e.Value) // Add has checked it
		t.networks[p] = append(t.networks[p], e)
		t.bits[family(p.Addr())][p.Bits()]++
	}
}

func (x *ListIndex) take(e ListEntry) {
	delete(x.byID, e.ID)
	t := x.tables[listTable{e.List, e.Kind}]
	switch e.Match {
	case MatchExact:
		without(t.exact, e.Value, e.ID)
	case MatchPrefix:
		without(t.prefixes, e.Value, e.ID)
		t.lengths[len(e.Value)]--
	case MatchCIDR:
		p, _ := network(e.Value)
		without(t.networks, p, e.ID)
		t.bits[family(p.Addr())][p.Bits()]--
	}
}

func without[K comparable](m map[K][]ListEntry, key K, id string) {
	for i, e := range m[key] {
		if e.ID != id {
			continue
		}
		if len(m[key]) == 1 {
			delete(m, key)
			return
		}
		m[key] = append(m[key][:i:i], m[key][i+1:]...)
		return
	}
}

func family(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}

// Match finds the entry that a value matches at a time: of several the one added first, by Seq, then id.
func (x *ListIndex) Match(list string, kind qingyuan.EntityKind, value string, at time.Time) (entryID string, ok bool) {
	t := x.tables[listTable{list, kind}]
	if t == nil {
		return "", false
	}
	var best *ListEntry
	consider := func(entries []ListEntry) {
		for i := range entries {
			e := &entries[i]
			if !e.ExpiresAt.IsZero() && !at.Before(e.ExpiresAt) {
				continue
			}
			if best == nil || e.Seq < best.Seq || e.Seq == best.Seq && e.ID < best.ID {
				best = e
			}
		}
	}
	consider(t.exact[value])
	for n := 1; n <= min(t.longest, len(value)); n++ {
		if t.lengths[n] > 0 {
			consider(t.prefixes[value[:n]])
		}
	}
	if len(t.networks) > 0 {
		t.containing(value, consider)
	}
	if best == nil {
		return "", false
	}
	return best.ID, true
}

// containing calls each with the entries of every network that holds the address.
func (t *table) containing(value string, each func([]ListEntry)) {
	a, err := netip.ParseAddr(value)
	if err != nil {
		return
	}
	a = a.Unmap().WithZone("")
	for bits, n := range t.bits[family(a)] {
		if n == 0 || bits > a.BitLen() {
			continue
		}
		if p, err := a.Prefix(bits); err == nil {
			each(t.networks[p])
		}
	}
}
