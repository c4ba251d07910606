package lexicon

import (
	"math"
	"slices"

	"qingyuan/internal/prevent/text/normal"
)

// candidate is a term that a page seems to hold.
type candidate struct {
	term     int32
	from, to int32   // tokens
	bits     float32 // evidence
	ways     uint16  // a bit for each op
	gap      int     // weight of the insertions inside
	drawn    int     // of them pictures, which no ordinary writing puts inside a word
	reorder  bool    // the characters stand in another order
}

func (c *candidate) has(o op) bool { return c.ways>>o&1 != 0 }

// insert notes a token that is skipped.
func (c *candidate) insert(t normal.Token) {
	c.gap += gapWeight[t.Class]
	if t.Class == normal.Sign && t.Rune >= 0x2000 {
		c.drawn++
	}
}

// exact says whether all characters of the term stand there, in order.
func (c *candidate) exact() bool { return c.ways == 1<<exact && !c.reorder }

// plain says whether the term stands there as it is, apart from folding.
func (c *candidate) plain() bool { return c.exact() && c.gap == 0 }

// search finds the terms of one page. It may be reused, by one goroutine at a time.
type search struct {
	m       *Matcher
	page    page
	lattice lattice
	walk    walk
	way     []edge
	words   []int32  // the tokens that are not spaces
	stands  []rune   // what odd characters may stand for, one list after the other
	stand   []int32  // by word: where its list begins
	tried   []uint64 // by term: the run and the word from which it was last aligned
	runs    uint64
	found   []candidate
}

// maxCandidates bounds what is kept of one page.
const maxCandidates = 4096

// run finds the candidates in text, which stands for itself: its ends count as ends of a sentence.
func (s *search) run(text string) []candidate {
	s.found = s.found[:0]
	s.runs++
	s.page.read(s.m.normal, text)
	s.m.surprise(&s.page)
	for v := range views {
		if len(s.m.index[v].terms) == 0 || v == initials && !slices.ContainsFunc(s.page.run, func(end int32) bool { return end != 0 }) {
			continue
		}
		s.m.lattice(&s.lattice, &s.page, v)
		ix := &s.m.index[v]
		s.walk.run(ix.auto, &s.lattice, func(pattern int, at int32) {
			if v != chars && s.unlikely(v, int32(ix.length[pattern]), at) {
				return
			}
			for _, id := range ix.terms[pattern] {
				s.verify(v, id, at)
			}
		})
	}
	s.collectWords()
	s.rearranged()
	s.lookalikes()
	return s.found
}

// unlikely says, without looking at the reading, whether a term of n characters that ends with an entry cannot be one: it has no letter in
// the view of initials, or too little evidence.
func (s *search) unlikely(v view, n, at int32) bool {
	entry := &s.walk.entries[at]
	end := s.lattice.edges[entry.edge].to
	if v == initials {
		return !slices.ContainsFunc(s.page.run[max(0, end-n-maxGap):end], func(end int32) bool { return end != 0 })
	}
	return entry.single >= n && s.page.potential(end-n, end) < s.least(n <= 2)
}

// keep adds a candidate while there is room.
func (s *search) keep(c candidate) {
	if len(s.found) < maxCandidates {
		s.found = append(s.found, c)
	}
}

// verify weighs a term that some reading of the page spells up to an entry of the walk.
func (s *search) verify(v view, id, at int32) {
	t := &s.m.terms[id]
	s.way = s.walk.back(&s.lattice, at, len(t.runes), s.way)
	if len(s.way) < len(t.runes) {
		return
	}
	c := candidate{term: id, from: s.way[0].from, to: s.way[len(s.way)-1].to}
	if v != chars && s.page.potential(c.from, c.to) < s.bound(id) {
		return
	}
	for k := c.from; k < c.to; k++ {
		if s.page.gap[k] && !s.read(k) {
			c.insert(s.page.tokens[k])
			continue
		}
		c.bits += s.page.bits[k]
	}
	c.bits -= float32(c.gap-c.drawn)*s.m.scoring.Cost.Gap + s.m.continues(&s.page, c.to)
	for i, e := range s.way {
		if v != chars && c.bits < s.bound(id) {
			return
		}
		way, cost := s.m.weigh(t.runes[i], e)
		c.ways |= 1 << way
		c.bits -= cost
	}
	if v == initials && !(c.has(letter) && s.wholeRuns(&c)) {
		return
	}
	if c.ways == 1<<exact {
		if v != chars {
			return // the characters themselves: found in their own view
		}
		if c.gap > 0 && s.asWritten(t, &c) {
			c.gap = 0
		}
		if c.gap > 0 { // the insertion is the whole disguise
			c.bits += float32(len(t.runes)) * (s.m.scoring.Cost.Exact - s.m.scoring.Cost.Kept)
		}
	}
	if c.plain() || t.entry >= 0 && !t.variant && len(t.runes) > 1 && s.enough(&c) {
		s.keep(c)
	}
}

// bound is the least that a disguise of the term must reach.
func (s *search) bound(id int32) float32 { return s.least(s.m.terms[id].short) }

func (s *search) least(short bool) float32 {
	if short {
		return s.m.scoring.Short - s.m.scoring.Half
	}
	return s.m.scoring.Threshold
}

// enough says whether the evidence suffices for the term.
func (s *search) enough(c *candidate) bool {
	if s.m.terms[c.term].short && !c.has(exact) {
		return c.bits >= s.m.scoring.Short
	}
	return c.bits >= s.bound(c.term)
}

// asWritten says whether the signs and spaces in the candidate are those of the term itself.
func (s *search) asWritten(t *term, c *candidate) bool {
	return slices.EqualFunc(s.page.tokens[c.from:c.to], t.written, func(t normal.Token, r rune) bool { return t.Rune == r })
}

// read says whether the way reads token k rather than skipping it.
func (s *search) read(k int32) bool {
	return slices.ContainsFunc(s.way, func(e edge) bool { return e.from <= k && k < e.to })
}

// wholeRuns says whether the candidate begins and ends with whole runs of letters, if with letters.
func (s *search) wholeRuns(c *candidate) bool {
	run := s.page.run
	inside := c.from > 0 && run[c.from] != 0 && run[c.from-1] == run[c.from]
	cut := run[c.to-1] != 0 && run[c.to-1] != c.to
	return !inside && !cut
}

// collectWords lists the tokens that are not spaces and what the odd ones among them may stand for.
func (s *search) collectWords() {
	s.words, s.stands, s.stand = s.words[:0], s.stands[:0], append(s.stand[:0], 0)
	for i, t := range s.page.tokens {
		if t.Class == normal.Space || t.Class == normal.Break {
			continue
		}
		s.words = append(s.words, int32(i))
		if t.Class == normal.Han {
			s.standsFor(int32(i))
		}
		s.stand = append(s.stand, int32(len(s.stands)))
	}
}

// standsFor lists the characters of terms that resemble an odd character: one that is rare where it stands and forms no ordinary word. A
// resemblance that too many characters share could never pay for itself.
func (s *search) standsFor(i int32) {
	m, bits, from := s.m, s.page.bits[i], len(s.stands)
	if bits < m.scoring.Surprisal.Odd || m.continues(&s.page, i+1) > 1 {
		return
	}
	own := s.page.tokens[i].Rune
	for _, part := range m.normal.Direct(own) {
		if m.scoring.Cost.Alike+float32(math.Log2(float64(m.normal.Family(part)))) > bits {
			continue
		}
		for _, r := range m.members[part] {
			if r != own && !slices.Contains(s.stands[from:], r) {
				s.stands = append(s.stands, r)
			}
		}
	}
}

// lookalikes tries the terms that have, at the right distance, what an odd character may stand for and the character near it.
func (s *search) lookalikes() {
	for a := range s.words {
		for _, r := range s.stands[s.stand[a]:s.stand[a+1]] {
			for b := max(0, a-maxSpread); b <= min(len(s.words)-1, a+maxSpread); b++ {
				if b == a {
					continue
				}
				s.tryPair(r, s.page.tokens[s.words[b]].Rune, a, b)
				if b == a+1 {
					for _, other := range s.stands[s.stand[b]:s.stand[b+1]] {
						s.tryPair(r, other, a, b)
					}
				}
			}
		}
	}
}

// tryPair tries the terms with character x for word a and y for word b.
func (s *search) tryPair(x, y rune, a, b int) {
	if a > b {
		x, y, a, b = y, x, b, a
	}
	for _, p := range s.m.apart.of(pairKey(x, y, b-a)) {
		s.align(p.term, a-int(p.place))
	}
}

// align weighs a term against the words from start on, one for one.
func (s *search) align(id int32, start int) {
	t, cost := &s.m.terms[id], &s.m.scoring.Cost
	if start < 0 || start+len(t.runes) > len(s.words) || s.tried[id] == s.runs<<32|uint64(start) {
		return
	}
	s.tried[id] = s.runs<<32 | uint64(start)
	words := s.words[start : start+len(t.runes)]
	c := candidate{term: id, from: words[0], to: words[len(words)-1] + 1}
	if s.page.potential(c.from, c.to) < s.bound(id) {
		return
	}
	other := 0
	for i, k := range words {
		if c.bits += s.page.bits[k]; s.page.tokens[k].Rune == t.runes[i] {
			c.bits -= cost.Exact
		} else {
			other++
			c.bits -= min(s.m.leastCost(s.page.tokens[k].Rune), cost.Odd)
		}
	}
	c.bits -= s.m.continues(&s.page, c.to)
	if other == 0 || c.bits < s.bound(id) { // what differs only costs more
		return
	}
	lostLeft := len(t.runes) / 4
	for i, k := range words {
		if s.page.tokens[k].Rune == t.runes[i] {
			c.ways |= 1 << exact
			continue
		}
		way, bits := odd, cost.Odd+s.m.scoring.Surprisal.Any
		if x := s.page.tokens[k].Rune; s.page.bits[k] >= s.m.scoring.Surprisal.Odd || s.m.normal.Akin(t.runes[i], x) {
			way, bits = s.m.weigh(t.runes[i], edge{as: x})
		}
		if way == odd {
			if lostLeft--; lostLeft < 0 {
				return
			}
			if any := s.page.bits[k] + cost.Lost; any < bits {
				way, bits = lost, any
			}
		}
		c.ways |= 1 << way
		if c.bits -= bits - min(s.m.leastCost(s.page.tokens[k].Rune), cost.Odd); c.bits < s.bound(id) {
			return
		}
	}
	if s.enough(&c) {
		s.keep(c)
	}
}

// rearranged tries, for any two characters near each other, the terms that have both.
func (s *search) rearranged() {
	tokens := s.page.tokens
	for a, i := range s.words {
		if tokens[i].Class == normal.Stop || tokens[i].Class == normal.Sign {
			continue
		}
		for b := a + 1; b < len(s.words) && b <= a+maxSpread+1; b++ {
			x, y := tokens[i].Rune, tokens[s.words[b]].Rune
			if !s.m.together.has(pairKey(min(x, y), max(x, y), 0)) {
				continue
			}
			s.tryPair(x, y, a, b)
			for _, p := range s.m.mixed.of(pairKey(min(x, y), max(x, y), 0)) {
				s.reorder(p.term, a, b)
			}
		}
	}
}

// maxForeign is how many other characters may stand among those of a rearranged term.
const maxForeign = 2

// reorder weighs a term whose characters all stand near words a and b, in another order: the cheapest window counts.
func (s *search) reorder(id int32, a, b int) {
	runes := s.m.terms[id].runes
	n := len(runes)
	lo, hi := max(0, b-n-maxForeign+1), min(len(s.words), a+n+maxForeign)
	for _, r := range runes {
		if !slices.ContainsFunc(s.words[lo:hi], func(k int32) bool { return s.page.tokens[k].Rune == r }) {
			return
		}
	}
	best, from, to := float32(-1), 0, 0
	for start := lo; start <= a; start++ {
		for end := max(b+1, start+n); end <= min(hi, start+n+maxForeign); end++ {
			if cost, ok := s.disorder(runes, s.words[start:end]); ok && (best < 0 || cost < best) {
				best, from, to = cost, start, end
			}
		}
	}
	if best <= 0 {
		return
	}
	c := candidate{term: id, from: s.words[from], to: s.words[to-1] + 1, bits: -best, ways: 1 << exact, reorder: true}
	for _, k := range s.words[from:to] {
		if slices.Contains(runes, s.page.tokens[k].Rune) {
			c.bits += s.page.bits[k]
		}
	}
	c.bits -= s.m.continues(&s.page, c.to)
	if c.bits >= s.bound(id) {
		s.keep(c)
	}
}

// disorder is the cost of reading the words as the term: for each two characters in the wrong order and each foreign one. ok is false
// unless all characters are there and the window begins and ends with one.
func (s *search) disorder(runes []rune, words []int32) (cost float32, ok bool) {
	var place [maxPaired]int
	used := uint32(0)
	for i, r := range runes {
		k := slices.IndexFunc(words, func(w int32) bool { return s.page.tokens[w].Rune == r })
		for k >= 0 && used>>k&1 != 0 {
			next := slices.IndexFunc(words[k+1:], func(w int32) bool { return s.page.tokens[w].Rune == r })
			if next < 0 {
				return 0, false
			}
			k += 1 + next
		}
		if k < 0 {
			return 0, false
		}
		used |= 1 << k
		place[i] = k
	}
	if used&1 == 0 || used>>(len(words)-1)&1 == 0 {
		return 0, false
	}
	for i := range runes {
		for j := i + 1; j < len(runes); j++ {
			if place[i] > place[j] {
				cost += s.m.scoring.Cost.Inversion
			}
		}
	}
	for k, w := range words {
		if used>>k&1 == 0 && (cost > 0 || !s.page.gap[w]) { // in the right order, signs are but an insertion
			cost += s.m.scoring.Cost.Foreign
		}
	}
	return cost, true
}
