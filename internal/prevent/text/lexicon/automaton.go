package lexicon

import (
	"slices"
	"unicode/utf8"
)

// Automaton finds all of many patterns of symbols in one pass (Aho and Corasick, 1975). Symbols are runes or, above them, sounds. States
// are numbered level by level, the children of one state in a row by symbol, so that a step reads few and neighbouring bytes. An Automaton
// is immutable.
type Automaton struct {
	root  [symbolPages]*[256]int32 // states of depth 1 by symbol
	nodes []node                   // and one more, at which the children of the last end
	syms  []rune                   // by state: the symbol that leads to it
	ends  []match                  // by state
}

// symbolPages covers the runes and 512 sounds above them.
const symbolPages = (utf8.MaxRune + 1 + 512) >> 8

// node is one state. State 0 is the root.
type node struct {
	mask  uint32 // a bit for each symbol that has an edge, by hash: most look-ups end here
	first int32  // its children are the states from here to the first child of the next state
	fail  int32  // the longest proper suffix that is a state
	end   int32  // the state itself if a pattern ends here, or else the longest proper suffix at which one does, or 0
}

// match says what ends at a state.
type match struct {
	pattern int32 // 1 + the pattern, or 0
	suffix  int32 // the longest proper suffix at which a pattern ends, or 0
}

// NewAutomaton builds the automaton of patterns. Empty patterns and those with a symbol out of range never match; of equal patterns the
// last is reported.
func NewAutomaton(patterns [][]rune) *Automaton {
	a := &Automaton{nodes: make([]node, 1), syms: make([]rune, 1), ends: make([]match, 1)}
	a.link(a.grow(patterns))
	return a
}

// grow adds the patterns level by level and returns the parent of every state.
func (a *Automaton) grow(patterns [][]rune) (parents []int32) {
	order := make([]int, 0, len(patterns))
	for i, p := range patterns {
		if !slices.ContainsFunc(p, func(sym rune) bool { return sym < 0 || sym>>8 >= symbolPages }) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return slices.Compare(patterns[i], patterns[j]) })
	parents = []int32{0}
	at := make([]int32, len(patterns))
	for depth, more := 0, true; more; depth++ {
		more = false
		from := int32(-1) // the state that the last new one came from
		for _, i := range order {
			p := patterns[i]
			if depth >= len(p) {
				continue
			}
			more = true
			if from != at[i] || a.syms[len(a.syms)-1] != p[depth] {
				from = at[i]
				if n := &a.nodes[from]; n.mask == 0 {
					n.first = int32(len(a.nodes))
				}
				a.nodes[from].mask |= maskBit(p[depth])
				a.nodes, a.syms, a.ends = append(a.nodes, node{}), append(a.syms, p[depth]), append(a.ends, match{})
				parents = append(parents, from)
			}
			at[i] = int32(len(a.nodes) - 1)
			if depth == len(p)-1 {
				a.ends[at[i]].pattern = int32(i + 1)
			}
		}
	}
	return parents
}

// link closes the rows of children and sets the suffix links, those of the shallow states first.
func (a *Automaton) link(parents []int32) {
	size := len(a.nodes)
	a.nodes = append(a.nodes, node{first: int32(size)})
	for s := size - 1; s >= 0; s-- {
		if a.nodes[s].mask == 0 {
			a.nodes[s].first = a.nodes[s+1].first
		}
	}
	for t := a.nodes[0].first; t < a.nodes[1].first; t++ {
		sym := a.syms[t]
		if a.root[sym>>8] == nil {
			a.root[sym>>8] = new([256]int32)
		}
		a.root[sym>>8][sym&255] = t
	}
	for t := 1; t < size; t++ {
		n, m := &a.nodes[t], &a.ends[t]
		if parents[t] != 0 {
			n.fail = a.Step(a.nodes[parents[t]].fail, a.syms[t])
		}
		m.suffix = a.nodes[n.fail].end
		if n.end = m.suffix; m.pattern != 0 {
			n.end = int32(t)
		}
	}
}

func maskBit(sym rune) uint32 { return 1 << (uint32(sym) * 0x9e3779b1 >> 27) }

// Step is the state after state s reads sym.
func (a *Automaton) Step(s int32, sym rune) int32 {
	for bit := maskBit(sym); s != 0; s = a.nodes[s].fail {
		if a.nodes[s].mask&bit != 0 {
			if t := a.child(s, sym); t != 0 {
				return t
			}
		}
	}
	if pg := a.root[uint32(sym)>>8]; pg != nil {
		return pg[sym&255]
	}
	return 0
}

// child is the state behind an edge, or 0.
func (a *Automaton) child(s int32, sym rune) int32 {
	lo, hi := a.nodes[s].first, a.nodes[s+1].first
	for hi-lo > 8 {
		if mid := (lo + hi) / 2; a.syms[mid] <= sym {
			lo = mid
		} else {
			hi = mid
		}
	}
	for ; lo < hi; lo++ {
		if a.syms[lo] == sym {
			return lo
		}
	}
	return 0
}

// States is the number of states, the root included.
func (a *Automaton) States() int { return len(a.syms) }

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
		for e := a.nodes[s].end; e != 0; e = a.ends[e].suffix {
			found(int(a.ends[e].pattern-1), i)
		}
	}
}
