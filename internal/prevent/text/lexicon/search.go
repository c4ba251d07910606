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
	seeds   []seed
	found   []candidate
	weighed [1 << 11]weighed // by hash of what was weighed
}

// weighed is what [Matcher.weigh] said of a character and the reading of one. They come again and again.
type weighed struct {
	term, as rune
	op, way  op
	known    bool
	bits     float32
}

// weigh is [Matcher.weigh], remembered.
func (s *search) weigh(t rune, e edge) (op, float32) {
	h := (uint32(t)*0x9e3779b1 ^ uint32(e.as)*0x85ebca6b ^ uint32(e.op)*0xc2b2ae35) >> 21
	w := &s.weighed[h]
	if !w.known || w.term != t || w.as != e.as || w.op != e.op {
		way, bits := s.m.weigh(t, e)
		*w = weighed{t, e.as, e.op, way, true, bits}
	}
	return w.way, w.bits
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
			for _, id := range ix.terms[ix.first[pattern]:ix.first[pattern+1]] {
				s.verify(v, id, at)
			}
		})
	}
	s.collectWords()
	s.rearranged()
	s.lookalikes()
	s.grow()
	return s.found
}

// unlikely says, without looking at the reading, whether a term of n characters that ends with an entry cannot be one: it has no letter in
// the view of initials, or too little evidence.
func (s *search) unlikely(v view, n, at int32) bool {
	entry, run := &s.walk.entries[at], s.page.run
	end := s.lattice.edges[entry.edge].to
	if v == initials {
		if run[end-1] != 0 && run[end-1] != end {
			return true
		}
		from := max(0, end-n-maxGap)
		if entry.single >= n {
			from = end - n
		}
		return !slices.ContainsFunc(run[from:end], func(end int32) bool { return end != 0 })
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
	t, runes := &s.m.terms[id], s.m.runes(id)
	s.way = s.walk.back(&s.lattice, at, len(runes), s.way)
	if len(s.way) < len(runes) {
		return
	}
	c, least := candidate{term: id, from: s.way[0].from, to: s.way[len(s.way)-1].to}, s.least(t.short)
	if v != chars && s.page.potential(c.from, c.to) < least || v == initials && !s.wholeRuns(&c) {
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
	if v != chars {
		if cost, same := s.leastCost(runes); same || c.bits-cost < least-slack {
			return // the characters themselves are found in their own view
		}
	}
	for i, e := range s.way {
		if v != chars && c.bits < least {
			return
		}
		way, cost := s.weigh(runes[i], e)
		c.ways |= 1 << way
		c.bits -= cost
	}
	if v == initials && !c.has(letter) {
		return
	}
	if c.ways == 1<<exact {
		if c.gap > 0 && s.asWritten(&c) {
			c.gap = 0
		}
		if c.gap > 0 { // the insertion is the whole disguise
			c.bits += float32(len(runes)) * (s.m.scoring.Cost.Exact - s.m.scoring.Cost.Kept)
		}
	}
	if c.plain() || t.entry >= 0 && !t.variant && len(runes) > 1 && s.enough(&c) {
		s.keep(c)
	}
}

// slack is more than what adding the same costs in another order may differ by.
const slack = 1e-3

// leastCost is what the characters of a term cost at least as the way shows them, and whether all stand there as they are.
func (s *search) leastCost(runes []rune) (cost float32, same bool) {
	same = true
	for i, e := range s.way {
		switch {
		case e.as == runes[i] && (e.op == exact || e.op == letter):
			cost += s.m.scoring.Cost.Exact
			continue
		case e.op == exact && e.as >= 0:
			cost += s.page.least[e.from]
		}
		same = false
	}
	return cost, same
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
func (s *search) asWritten(c *candidate) bool {
	return slices.EqualFunc(s.page.tokens[c.from:c.to], s.m.written[c.term], func(t normal.Token, r rune) bool { return t.Rune == r })
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
				s.try(r, s.page.tokens[s.words[b]].Rune, a, b, false)
				if b == a+1 {
					for _, other := range s.stands[s.stand[b]:s.stand[b+1]] {
						s.try(r, other, a, b, false)
					}
				}
			}
		}
	}
}

// seed is two characters near each other that some term may have.
type seed struct {
	key      uint64
	a, b     int32 // words
	list     int32 // of its pairs
	distance int8
	mixed    bool // in other orders too
}

// try notes character x for word a and y for word b where some term may have both: word for word, and in other orders too where mixed.
func (s *search) try(x, y rune, a, b int, mixed bool) {
	key := pairKey(x, y)
	if !s.m.pairs.filter.has(key) {
		return
	}
	distance := int8(b - a)
	if x > y {
		distance = -distance
	}
	s.seeds = append(s.seeds, seed{key: key, a: int32(a), b: int32(b), distance: distance, mixed: mixed})
}

// grow tries the terms of all seeds. They are looked up first, one after the other, so that the waits for memory overlap.
func (s *search) grow() {
	for i := range s.seeds {
		s.seeds[i].list = s.m.pairs.of(s.seeds[i].key)
	}
	list := s.m.pairs.list
	for _, d := range s.seeds {
		if d.list < 0 {
			continue
		}
		first := int(min(d.a, d.b))
		for i := d.list; i == d.list || !list[i].first; i++ {
			switch p := &list[i]; {
			case p.distance == d.distance:
				s.align(p, first-int(p.place))
			case p.distance == 0 && d.mixed:
				s.reorder(p, int(d.a), int(d.b))
			}
		}
	}
	s.seeds = s.seeds[:0]
}

// align weighs a term against the words from start on, one for one.
func (s *search) align(p *pair, start int) {
	size, short := int(p.size), p.size <= 2
	if start < 0 || start+size > len(s.words) {
		return
	}
	words, least := s.words[start:start+size], s.least(short)
	c := candidate{term: p.term, from: words[0], to: words[size-1] + 1}
	if s.page.close(c.from, c.to) < least || s.tried[p.term] == s.runs<<32|uint64(start) {
		return
	}
	s.tried[p.term] = s.runs<<32 | uint64(start)
	runes, cost := s.m.spelling[p.at:p.at+int32(size)], &s.m.scoring.Cost
	other := 0
	for i, k := range words {
		if c.bits += s.page.bits[k]; s.page.tokens[k].Rune == runes[i] {
			c.bits -= cost.Exact
		} else {
			other++
			c.bits -= s.page.least[k]
		}
	}
	c.bits -= s.m.continues(&s.page, c.to)
	if other == 0 || c.bits < least { // what differs only costs more
		return
	}
	lostLeft := size / 4
	for i, k := range words {
		if s.page.tokens[k].Rune == runes[i] {
			c.ways |= 1 << exact
			continue
		}
		way, bits := odd, cost.Odd+s.m.scoring.Surprisal.Any
		if x := s.page.tokens[k].Rune; s.page.bits[k] >= s.m.scoring.Surprisal.Odd || s.m.normal.Akin(runes[i], x) {
			way, bits = s.weigh(runes[i], edge{as: x})
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
		if c.bits -= bits - s.page.least[k]; c.bits < least {
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
			s.try(tokens[i].Rune, tokens[s.words[b]].Rune, a, b, true)
		}
	}
}

// maxForeign is how many other characters may stand among those of a rearranged term.
const maxForeign = 2

// reorder weighs a term whose characters all stand near words a and b, in another order: the cheapest window counts.
func (s *search) reorder(p *pair, a, b int) {
	n := int(p.size)
	runes := s.m.spelling[p.at : int(p.at)+n]
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
	c := candidate{term: p.term, from: s.words[from], to: s.words[to-1] + 1, bits: -best, ways: 1 << exact, reorder: true}
	for _, k := range s.words[from:to] {
		if slices.Contains(runes, s.page.tokens[k].Rune) {
			c.bits += s.page.bits[k]
		}
	}
	c.bits -= s.m.continues(&s.page, c.to)
	if c.bits >= s.bound(p.term) {
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
