package lexicon

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

// view is one way of reading a text as symbols; each has its own automaton.
type view uint8

const (
	chars    view = iota // the characters, merged where they are taken apart
	sounds               // how they sound
	initials             // the first letters of their syllables
	views
)

// Matcher finds the terms of lexicons in texts. It is immutable and safe for use by many goroutines: a new version of a lexicon is a new
// Matcher.
type Matcher struct {
	normal   *normal.Normalizer
	scoring  *Scoring
	version  string
	sources  map[string]string
	entries  []Term // in order of their lexicons
	terms    []term // every entry and its variants
	contexts []Context
	index    [views]index
	apart    pairs           // two characters of a term at their distance
	mixed    pairs           // its two rarest characters, in either order
	together filter          // two characters of some term, in either order, at any distance
	members  map[rune][]rune // characters of terms by the parts they are taken apart into
	searches sync.Pool
}

// term is one spelling of an entry as the matcher needs it, or a cue of a context, or an allow-listed phrase.
type term struct {
	runes   []rune // folded, simplified, without signs and spaces unless little else is there
	written []rune // the same with them
	entry   int32  // index into entries; of a cue −1 − its context; allowed for a phrase
	short   bool   // at most two characters
	variant bool   // a variant that stands for the term by itself
}

// allowed is the entry of an allow-listed phrase.
const allowed = -1 << 31

// index is the automaton of one view and the terms behind each of its patterns.
type index struct {
	auto   *Automaton
	terms  [][]int32
	length []uint8 // of the pattern
}

// patterns collects the patterns of one view.
type patterns struct {
	ids   map[string]int
	list  [][]rune
	terms [][]int32
}

func (p *patterns) add(pattern []rune, term int32) {
	key := make([]byte, 0, 32)
	for _, r := range pattern {
		key = append(key, byte(r), byte(r>>8), byte(r>>16))
	}
	i, ok := p.ids[string(key)]
	if !ok {
		i = len(p.list)
		p.ids[string(key)] = i
		p.list, p.terms = append(p.list, slices.Clone(pattern)), append(p.terms, nil)
	}
	if !slices.Contains(p.terms[i], term) {
		p.terms[i] = append(p.terms[i], term)
	}
}

// compiler turns terms into patterns and pairs.
type compiler struct {
	m        *Matcher
	patterns [views]patterns
	apart    []pair
	mixed    []pair
	known    map[rune]bool
}

// compile builds the matcher's indexes from its terms.
func (m *Matcher) compile() {
	c := compiler{m: m, known: map[rune]bool{}}
	for v := range c.patterns {
		c.patterns[v].ids = map[string]int{}
	}
	m.members = map[rune][]rune{}
	for id := range m.terms {
		t := &m.terms[id]
		c.expand(chars, t.runes, int32(id))
		if t.entry < 0 || t.variant || m.entries[t.entry].Match == Plain || len(t.runes) < 2 {
			continue
		}
		c.expand(sounds, t.runes, int32(id))
		c.expand(initials, t.runes, int32(id))
		c.pair(t.runes, int32(id))
		for _, r := range t.runes {
			c.member(r)
		}
	}
	for v := range c.patterns {
		ix := &m.index[v]
		ix.auto, ix.terms = NewAutomaton(c.patterns[v].list), c.patterns[v].terms
		for _, p := range c.patterns[v].list {
			ix.length = append(ix.length, uint8(len(p)))
		}
	}
	m.apart.build(c.apart)
	m.mixed.build(c.mixed)
	m.together = newFilter(len(c.apart))
	for _, p := range c.apart {
		x, y := rune(p.key>>32), rune(uint32(p.key)>>8)
		m.together.add(pairKey(min(x, y), max(x, y), 0))
	}
}

// spell reduces a term to the symbols that are looked for, some of all: without signs and spaces, which a disguise may add or drop, unless that
// would leave almost nothing of a longer term.
func spell(n *normal.Normalizer, text string) (some, all []rune) {
	for _, t := range n.Tokens(nil, text) {
		r := n.Fold(t.Rune)
		all = append(all, r)
		switch t.Class {
		case normal.Han, normal.Letter, normal.Digit, normal.Other:
			some = append(some, r)
		}
	}
	if len(some) < 3 && len(some) < len(all) {
		return all, all
	}
	return some, all
}

// maxVariants bounds the patterns of one term in one view.
const maxVariants = 24

// expand adds the patterns of a term in a view: every combination of what its characters may be there, the likely ones where there are too many.
func (c *compiler) expand(v view, runes []rune, id int32) {
	choices := make([][]rune, len(runes))
	total := 1
	for i, r := range runes {
		choices[i] = c.m.symbols(v, r)
		if total*len(choices[i]) > maxVariants {
			choices[i] = choices[i][:1]
		}
		total *= len(choices[i])
	}
	pattern := make([]rune, len(runes))
	for k := range total {
		for i, list := range choices {
			pattern[i] = list[k%len(list)]
			k /= len(list)
		}
		c.patterns[v].add(pattern, id)
	}
}

// symbols are the symbols that may stand for a character of a term in a view, the most usual first.
func (m *Matcher) symbols(v view, r rune) []rune {
	list := []rune{}
	for _, s := range m.normal.Readings(r) {
		sym := r
		switch v {
		case sounds:
			sym = normal.SoundRune + rune(m.normal.Sound(s))
		case initials:
			sym = m.normal.Initial(s)
		}
		if !slices.Contains(list, sym) {
			list = append(list, sym)
		}
	}
	if len(list) == 0 {
		return []rune{r}
	}
	return list
}

// member notes a character of a term under each of its parts.
func (c *compiler) member(r rune) {
	if c.known[r] {
		return
	}
	c.known[r] = true
	for _, p := range c.m.normal.Direct(r) {
		c.m.members[p] = append(c.m.members[p], r)
	}
}

// Limits of the pairs: how far apart the two characters may stand in the term, and how long the term may be.
const (
	maxSpread = 3
	maxPaired = 24
)

// pair adds the pairs of characters by which a damaged or rearranged term is found: those that are not too common together. One pair leads to the
// rearranged term, all of whose characters must be there anyway: the rarest.
func (c *compiler) pair(runes []rune, id int32) {
	if len(runes) > maxPaired {
		return
	}
	n, s := c.m.normal, c.m.scoring
	all, most := float32(0), float32(0)
	var rarest uint64
	for i, x := range runes {
		all += n.Surprisal(x)
		for j := i + 1; j < len(runes) && j <= i+maxSpread; j++ {
			y := runes[j]
			both := n.Surprisal(x) + n.Surprisal(y)
			if x == y || both < s.Surprisal.Seed {
				continue
			}
			c.apart = append(c.apart, pair{pairKey(x, y, j-i), id, uint8(i)})
			if both > most {
				most, rarest = both, pairKey(min(x, y), max(x, y), 0)
			}
		}
	}
	if len(runes) > 2 && rarest != 0 && all-min(s.Cost.Inversion, s.Cost.Foreign) >= s.Threshold {
		c.mixed = append(c.mixed, pair{rarest, id, 0})
	}
}

// pair is two characters of a term at some distance; the first has a place in the term.
type pair struct {
	key   uint64
	term  int32
	place uint8
}

func pairKey(x, y rune, distance int) uint64 { return uint64(x)<<32 | uint64(y)<<8 | uint64(distance) }

// pairs finds the terms that have two given characters. A filter of one bit per key answers most look-ups.
type pairs struct {
	filter filter
	slots  []bucket // open addressing by key
	shift  uint
	list   []pair // sorted by key
}

// filter says of a key that it is certainly not in a set: one bit for each, in eight to sixteen times as many.
type filter struct {
	bits  []uint64
	shift uint
}

func newFilter(keys int) filter {
	width := uint(max(6, bits.Len(uint(8*keys))))
	return filter{make([]uint64, 1<<(width-6)), 64 - width}
}

func (f *filter) add(key uint64) {
	h := slot(key, f.shift)
	f.bits[h>>6] |= 1 << (h & 63)
}

func (f *filter) has(key uint64) bool {
	h := slot(key, f.shift)
	return f.bits[h>>6]>>(h&63)&1 != 0
}

// bucket is the place of a key's pairs in the list.
type bucket struct {
	key      uint64
	from, to int32
}

// maxBucket bounds the terms tried for one pair; where more share it, those at the beginning of the lexicons are.
const maxBucket = 32

func (p *pairs) build(list []pair) {
	slices.SortStableFunc(list, func(a, b pair) int { return cmp.Compare(a.key, b.key) })
	width := uint(max(10, bits.Len(uint(2*len(list)))))
	p.list, p.shift, p.slots = list, 64-width, make([]bucket, 1<<width)
	p.filter = newFilter(len(list))
	for from := 0; from < len(list); {
		key, to := list[from].key, from+1
		for to < len(list) && list[to].key == key {
			to++
		}
		p.filter.add(key)
		i := slot(key, p.shift)
		for p.slots[i].key != 0 {
			i = (i + 1) & (len(p.slots) - 1)
		}
		p.slots[i] = bucket{key, int32(from), int32(min(to, from+maxBucket))}
		from = to
	}
}

// of lists the pairs with a key.
func (p *pairs) of(key uint64) []pair {
	if !p.filter.has(key) {
		return nil
	}
	for i := slot(key, p.shift); p.slots[i].key != 0; i = (i + 1) & (len(p.slots) - 1) {
		if p.slots[i].key == key {
			return p.list[p.slots[i].from:p.slots[i].to]
		}
	}
	return nil
}

// Config is what a Matcher is built from.
type Config struct {
	Normalizer *normal.Normalizer
	Lexicons   []*Lexicon // a term of a later one replaces the term with the same id
	Scoring    *Scoring   // nil: the shipped one
}

// New builds a Matcher. It refuses lexicons that are not valid and more than [MaxTerms] terms, with Invalid.
func New(c Config) (*Matcher, error) {
	if c.Normalizer == nil {
		return nil, qingyuan.Errorf(qingyuan.Internal, "a matcher needs a normalizer")
	}
	m := &Matcher{normal: c.Normalizer, scoring: c.Scoring}
	var err error
	if m.scoring == nil {
		if m.scoring, err = ShippedScoring(); err != nil {
			return nil, err
		}
	}
	if m.sources, err = Sources(); err != nil {
		return nil, err
	}
	if err := m.gather(c.Lexicons); err != nil {
		return nil, err
	}
	m.version = versionOf(c.Lexicons, m.scoring)
	m.compile()
	m.searches.New = func() any { return &search{m: m, tried: make([]uint64, len(m.terms))} }
	return m, nil
}

// gather collects the terms, cues and phrases of the lexicons.
func (m *Matcher) gather(lexicons []*Lexicon) error {
	at := map[string]int{}
	for _, l := range lexicons {
		if err := l.Validate(); err != nil {
			return err
		}
		for _, t := range l.Terms {
			if t.Typology == "" {
				t.Typology = l.Typology
			}
			if i, ok := at[t.ID]; ok {
				m.entries[i] = t
				continue
			}
			at[t.ID] = len(m.entries)
			m.entries = append(m.entries, t)
		}
		for _, c := range l.Contexts {
			m.contexts = append(m.contexts, c)
			for _, cue := range c.Cues {
				m.add(cue, -int32(len(m.contexts)), false)
			}
		}
		for _, phrase := range l.Allow {
			m.add(phrase, allowed, false)
		}
	}
	for i, e := range m.entries {
		m.add(e.Text, int32(i), false)
		for _, v := range e.Also {
			m.add(v, int32(i), true)
		}
	}
	if len(m.terms) > MaxTerms {
		return qingyuan.Errorf(qingyuan.Invalid, "the lexicons have %d terms and variants; the limit is %d", len(m.terms), MaxTerms)
	}
	return nil
}

func (m *Matcher) add(text string, entry int32, variant bool) {
	if runes, written := spell(m.normal, text); len(runes) > 0 {
		m.terms = append(m.terms, term{runes, written, entry, len(runes) <= 2, variant})
	}
}
