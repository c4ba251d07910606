package lexicon

import (
	"math/bits"
	"unicode/utf8"
)

// Automaton finds all of many patterns of symbols in one pass (Aho and Corasick, 1975). Symbols are runes or, above
// them, sounds; edges stand in one open-addressing table, so that its size depends on the patterns alone and not on the
// alphabet. An Automaton is immutable.
type Automaton struct {
	root  [symbolPages]*[256]int32 // states of depth 1 by symbol
	nodes []node
	table []arc // open addressing by key
	shift uint
}

// symbolPages covers the runes and 512 sounds above them.
const symbolPages = (utf8.MaxRune + 1 + 512) >> 8

// node is one state. State 0 is the root.
type node struct {
	mask    uint64 // a bit for each symbol that has an edge, by hash: most look-ups end here
	fail    int32  // the longest proper suffix that is a state
	pattern int32  // 1 + the pattern that ends here, or 0
	suffix  int32  // the longest proper suffix at which a pattern ends, or 0
	ends    int32  // the state itself if a pattern ends here, or else suffix
}

// NewAutomaton builds the automaton of patterns. Empty patterns never match; of equal patterns the last is reported.
func NewAutomaton(patterns [][]rune) *Automaton {
	b := trie{edges: map[uint64]int32{}, nodes: make([]node, 1)}
	b.grow(patterns)
	a := &Automaton{nodes: b.nodes}
	a.index(b.edges)
	a.link(b.arcs)
	return a
}

// trie collects patterns before the table is laid out.
type trie struct {
	edges map[uint64]int32
	nodes []node
	arcs  []arc // the edges, by depth
}

// arc is an edge: its key is state<<32 | symbol, 0 in an empty slot.
type arc struct {
	key uint64
	to  int32
}

// grow adds the patterns level by level: states that are visited most, the shallow ones, lie together, and every suffix is linked before
// what it is a suffix of.
func (b *trie) grow(patterns [][]rune) {
	at := make([]int32, len(patterns))
	for depth, more := 0, true; more; depth++ {
		more = false
		for i, p := range patterns {
			if depth >= len(p) || at[i] < 0 {
				continue
			}
			if sym := p[depth]; sym < 0 || sym>>8 >= symbolPages {
				at[i] = -1
				continue
			}
			more = true
			at[i] = b.child(at[i], p[depth])
			if depth == len(p)-1 {
				b.nodes[at[i]].pattern = int32(i + 1)
			}
		}
	}
}

// child is the state behind an edge, made if new.
func (b *trie) child(s int32, sym rune) int32 {
	k := edgeKey(s, sym)
	t, ok := b.edges[k]
	if !ok {
		t = int32(len(b.nodes))
		b.nodes = append(b.nodes, node{})
		b.edges[k] = t
		b.arcs = append(b.arcs, arc{k, t})
		b.nodes[s].mask |= maskBit(sym)
	}
	return t
}

func edgeKey(s int32, sym rune) uint64 { return uint64(s)<<32 | uint64(sym) }
func maskBit(sym rune) uint64          { return 1 << (uint32(sym) * 0x9e3779b1 >> 26) }
func slot(key uint64, shift uint) int  { return int(key * 0x9e3779b97f4a7c15 >> shift) }

// index lays the edges out: those of the root by symbol, the others in the table, at most half full.
func (a *Automaton) index(edges map[uint64]int32) {
	width := max(4, bits.Len(uint(2*len(edges))))
	a.shift = uint(64 - width)
	a.table = make([]arc, 1<<width)
	for k, t := range edges {
		if sym := rune(k); k>>32 == 0 {
			if a.root[sym>>8] == nil {
				a.root[sym>>8] = new([256]int32)
			}
			a.root[sym>>8][sym&255] = t
			continue
		}
		i := slot(k, a.shift)
		for a.table[i].key != 0 {
			i = (i + 1) & (len(a.table) - 1)
		}
		a.table[i] = arc{k, t}
	}
}

// link sets the suffix links in order of depth.
func (a *Automaton) link(arcs []arc) {
	for _, e := range arcs {
		from, sym := int32(e.key>>32), rune(uint32(e.key))
		n := &a.nodes[e.to]
		if from != 0 {
			n.fail = a.Step(a.nodes[from].fail, sym)
		}
		if n.suffix = n.fail; a.nodes[n.fail].pattern == 0 {
			n.suffix = a.nodes[n.fail].suffix
		}
		if n.ends = n.suffix; n.pattern != 0 {
			n.ends = e.to
		}
	}
}

// Step is the state after state s reads sym.
func (a *Automaton) Step(s int32, sym rune) int32 {
	for bit := maskBit(sym); s != 0; {
		n := &a.nodes[s]
		if n.mask&bit != 0 {
			k := edgeKey(s, sym)
			for i := slot(k, a.shift); a.table[i].key != 0; i = (i + 1) & (len(a.table) - 1) {
				if a.table[i].key == k {
					return a.table[i].to
				}
			}
		}
		s = n.fail
	}
	if pg := a.root[uint32(sym)>>8]; pg != nil {
		return pg[sym&255]
	}
	return 0
}

// Known says whether some pattern begins with sym.
func (a *Automaton) Known(sym rune) bool {
	pg := a.root[uint32(sym)>>8]
	return pg != nil && pg[sym&255] != 0
}

// States is the number of states, the root included.
func (a *Automaton) States() int { return len(a.nodes) }

// Find calls found for every occurrence of a pattern in the runes of text, as the text stands, with the byte after its
// last one.
func (a *Automaton) Find(text string, found func(pattern, end int)) {
	s := int32(0)
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		i += size
		s = a.Step(s, r)
		for e := a.nodes[s].ends; e != 0; e = a.nodes[e].suffix {
			found(int(a.nodes[e].pattern-1), i)
		}
	}
}
