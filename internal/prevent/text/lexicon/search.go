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
	reorder  bool    // the characters stand in another order
}

func (c *candidate) has(o op) bool { return c.ways>>o&1 != 0 }

// plain says whether the term stands there as it is, apart from folding.
func (c *candidate) plain() bool { return c.ways == 1<<exact && c.gap == 0 && !c.reorder }

// search finds the terms of one page. It may be reused, by one goroutine at a time.
type search struct {
	m       *Matcher
	page    page
	lattice lattice
	walk    walk
	way     []edge
	words   []int32  // the tokens that are not spaces
	stands  [][]rune // by word: what an odd character may stand for
	found   []candidate
}

// maxCandidates bounds what is kept of one page.
const maxCandidates = 4096

// run finds the candidates in text, which stands for itself: its ends count as ends of a sentence.
func (s *search) run(text string) []candidate {
	s.found = s.found[:0]
	s.page.read(s.m.normal, text)
	for v := range views {
		if len(s.m.index[v].terms) == 0 || v == initials && !slices.ContainsFunc(s.page.run, func(end int32) bool { return end != 0 }) {
			continue
		}
		s.m.lattice(&s.lattice, &s.page, v)
		ix := &s.m.index[v]
		s.walk.run(ix.auto, &s.lattice, func(pattern int, at int32) {
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

func (s *search) keep(c candidate) {
	if len(s.found) < maxCandidates {
		s.found = append(s.found, c)
	}
}

// enough says whether the evidence suffices for the term.
func (s *search) enough(c *candidate) bool {
	if s.m.terms[c.term].short {
		return c.bits >= s.m.scoring.Short
	}
	return c.bits >= s.m.scoring.Threshold
}

// verify weighs a term that some reading of the page spells up to an entry of the walk.
func (s *search) verify(v view, id, at int32) {
	t := &s.m.terms[id]
	s.way = s.walk.back(&s.lattice, at, len(t.runes), s.way)
	if len(s.way) < len(t.runes) {
		return
	}
	c := candidate{term: id, from: s.way[0].from, to: s.way[len(s.way)-1].to}
	for i, e := range s.way {
		way, cost := s.m.weigh(t.runes[i], e)
		c.ways |= 1 << way
		c.bits -= cost
		if i > 0 && e.from < s.way[i-1].to { // another character of the same sign's name
			continue
		}
		for k := e.from; k < e.to; k++ {
			c.bits += s.m.surprise(&s.page, k)
		}
	}
	if v == initials && !(c.has(letter) && s.wholeRuns(&c)) {
		return
	}
	for k := c.from; k < c.to; k++ {
		if s.page.gap[k] && !s.read(k) {
			c.gap += gapWeight[s.page.tokens[k].Class]
		}
	}
	c.bits -= float32(c.gap)*s.m.scoring.Cost.Gap + s.m.continues(&s.page, c.to)
	if v == chars && c.plain() || t.entry >= 0 && !t.variant && len(t.runes) > 1 && s.enough(&c) {
		s.keep(c)
	}
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
	s.words, s.stands = s.words[:0], s.stands[:0]
	for i, t := range s.page.tokens {
		if t.Class == normal.Space || t.Class == normal.Break {
			continue
		}
		s.words = append(s.words, int32(i))
		s.stands = append(s.stands, s.standsFor(int32(i)))
	}
}

// standsFor lists the characters of terms that resemble an odd character: one that is rare where it stands and forms no ordinary word. A
// resemblance that too many characters share could never pay for itself.
func (s *search) standsFor(i int32) []rune {
	m, t := s.m, s.page.tokens[i]
	if t.Class != normal.Han {
		return nil
	}
	bits := m.surprise(&s.page, i)
	if bits < m.scoring.Surprisal.Odd || s.m.continues(&s.page, i+1) > 1 {
		return nil
	}
	var list []rune
	for _, part := range m.normal.Direct(t.Rune) {
		if m.scoring.Cost.Alike+float32(math.Log2(float64(m.normal.Family(part)))) > bits {
			continue
		}
		for _, r := range m.members[part] {
			if r != t.Rune && !slices.Contains(list, r) {
				list = append(list, r)
			}
		}
	}
	return list
}

// lookalikes tries the terms that have, at the right distance, what an odd character may stand for and the character near it.
func (s *search) lookalikes() {
	for a, list := range s.stands {
		for _, r := range list {
			for b := max(0, a-maxSpread); b <= min(len(s.words)-1, a+maxSpread); b++ {
				if b == a {
					continue
				}
				s.tryPair(r, s.page.tokens[s.words[b]].Rune, a, b)
				if b == a+1 {
					for _, other := range s.stands[b] {
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
	for _, p := range s.m.pairs.of(pairKey(x, y)) {
		runes := s.m.terms[p.term].runes
		if runes[p.i] == x && runes[p.j] == y && b-a == int(p.j-p.i) {
			s.align(p.term, a-int(p.i))
		}
	}
}

// align weighs a term against the words from start on, one for one.
func (s *search) align(id int32, start int) {
	t, cost := &s.m.terms[id], &s.m.scoring.Cost
	if start < 0 || start+len(t.runes) > len(s.words) {
		return
	}
	c := candidate{term: id, from: s.words[start], to: s.words[start+len(t.runes)-1] + 1}
	lostLeft := len(t.runes) / 4
	for i, r := range t.runes {
		k := s.words[start+i]
		way, bits := s.m.weigh(r, edge{as: s.page.tokens[k].Rune})
		if way == odd {
			if lostLeft--; lostLeft < 0 {
				return
			}
			if other := s.m.surprise(&s.page, k) + cost.Lost; other < bits {
				way, bits = lost, other
			}
		}
		c.ways |= 1 << way
		c.bits += s.m.surprise(&s.page, k) - bits
	}
	c.bits -= s.m.continues(&s.page, c.to)
	if c.ways != 1<<exact && s.enough(&c) {
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
			for _, p := range s.m.pairs.of(pairKey(x, y)) {
				runes := s.m.terms[p.term].runes
				if runes[p.i] == x && runes[p.j] == y && b-a == int(p.j-p.i) {
					s.align(p.term, a-int(p.i))
				}
				if len(runes) > 2 {
					s.reorder(p.term, a, b)
				}
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
			c.bits += s.m.surprise(&s.page, k)
		}
	}
	c.bits -= s.m.continues(&s.page, c.to)
	if s.enough(&c) {
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
	return cost + float32(len(words)-len(runes))*s.m.scoring.Cost.Foreign, true
}
