package lexicon

import "slices"

// edge is one reading of the tokens [from, to): a symbol, or none where they are an insertion.
type edge struct {
	sym      rune // gapped edges have none
	from, to int32
	as       rune // the character read, after merging; of a spelled syllable, −1 − the syllable
	op       op
	more     uint8 // edges after this one that continue the same name
}

// lattice holds the readings of a text in one view: edges sorted by from.
type lattice struct {
	edges []edge
	first []int32 // the edges from token i are edges[first[i]:first[i+1]]
}

func (l *lattice) reset() {
	l.edges = l.edges[:0]
	l.first = append(l.first[:0], 0)
}

func (l *lattice) add(e edge) { l.edges = append(l.edges, e) }

// next closes the edges of one token.
func (l *lattice) next() { l.first = append(l.first, int32(len(l.edges))) }

// entry is a state of the automaton at a token, with the way it was reached.
type entry struct {
	state  int32
	parent int32 // the entry before, or -1
	edge   int32
	next   int32 // another entry at the same token, or -1
	single int32 // how many edges up to here, in a row, read one token each
}

// maxEntries bounds the readings followed at one token; text that is ambiguous beyond it is not ordinary writing.
const maxEntries = 12

// walk runs an automaton over a lattice.
type walk struct {
	entries []entry
	head    []int32 // first entry at a token, or -1
	count   []uint8
	open    []bool // some reading ends before the token
}

func (w *walk) reset(tokens int) {
	w.entries = w.entries[:0]
	w.head, w.count, w.open = w.head[:0], w.count[:0], w.open[:0]
	for range tokens + 1 {
		w.head, w.count, w.open = append(w.head, -1), append(w.count, 0), append(w.open, false)
	}
	w.open[0] = true
}

// run calls found for every pattern that some reading of the lattice spells, with the entry at its end.
func (w *walk) run(a *Automaton, l *lattice, found func(pattern int, at int32)) {
	tokens := len(l.first) - 1
	w.reset(tokens)
	for i := range tokens {
		if !w.open[i] {
			continue
		}
		for k := l.first[i]; k < l.first[i+1]; k++ {
			e := &l.edges[k]
			w.open[e.to] = true
			if w.head[i] < 0 {
				w.follow(a, l, -1, k, found)
			}
			for at := w.head[i]; at >= 0; at = w.entries[at].next {
				w.follow(a, l, at, k, found)
			}
			k += int32(e.more)
		}
	}
}

// follow takes edge k, and those that continue it, from entry at.
func (w *walk) follow(a *Automaton, l *lattice, at, k int32, found func(int, int32)) {
	e := &l.edges[k]
	s, single := int32(0), int32(0)
	if at >= 0 {
		s, single = w.entries[at].state, w.entries[at].single
	}
	if e.op == gapped {
		if at >= 0 {
			w.enter(entry{s, at, k, -1, 0}, e.to)
		}
		return
	}
	if single++; e.to-e.from > 1 || e.more > 0 {
		single = 0
	}
	for last := k + int32(e.more); k < last; k++ { // inside a name: nothing else goes on from there
		if s = a.Step(s, l.edges[k].sym); s != 0 {
			w.entries = append(w.entries, entry{s, at, k, -1, 0})
			at = int32(len(w.entries) - 1)
		}
	}
	s = a.Step(s, l.edges[k].sym)
	if s == 0 || !w.enter(entry{s, at, k, -1, single}, e.to) {
		return
	}
	id := int32(len(w.entries) - 1)
	for f := a.nodes[s].end; f != 0; f = a.ends[f].suffix {
		found(int(a.ends[f].pattern-1), id)
	}
}

// enter adds an entry at token to, unless its state is known there.
func (w *walk) enter(e entry, to int32) bool {
	last := int32(-1)
	for at := w.head[to]; at >= 0; at = w.entries[at].next {
		if w.entries[at].state == e.state {
			return false // the first reading counts: the plainer ones come first
		}
		last = at
	}
	if w.count[to] >= maxEntries {
		return false
	}
	id := int32(len(w.entries))
	w.entries, w.count[to] = append(w.entries, e), w.count[to]+1
	if last < 0 {
		w.head[to] = id
	} else {
		w.entries[last].next = id
	}
	return true
}

// back writes the last n edges that read a symbol, in text order, into way; it is shorter if the reading is.
func (w *walk) back(l *lattice, at int32, n int, way []edge) []edge {
	way = way[:0]
	for len(way) < n && at >= 0 {
		if e := l.edges[w.entries[at].edge]; e.op != gapped {
			way = append(way, e)
		}
		at = w.entries[at].parent
	}
	slices.Reverse(way)
	return way
}
