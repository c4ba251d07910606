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
	spelling []rune           // the characters of all terms, one after the other
	written  map[int32][]rune // by term: its characters with the signs and spaces among them, where there are any
	pairs    pairs            // two characters of a term
	members  map[rune][]rune  // characters of terms by the parts they are taken apart into
	searches sync.Pool
}

// term is one spelling of an entry as the matcher needs it, or a cue of a context, or an allow-listed phrase.
type term struct {
	at, end int32 // in the spelling: folded, simplified, without signs and spaces unless little else is there
	entry   int32 // index into entries; of a cue −1 − its context; allowed for a phrase
	short   bool  // at most two characters
	variant bool  // a variant that stands for the term by itself
}

// allowed is the entry of an allow-listed phrase.
const allowed = -1 << 31

// index is the automaton of one view and the terms behind each of its patterns.
type index struct {
	auto   *Automaton
	first  []int32 // the terms of pattern i are terms[first[i]:first[i+1]]
	terms  []int32
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
	pairs    []keyed
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
		t, runes := &m.terms[id], m.runes(int32(id))
		c.expand(chars, runes, int32(id))
		if t.entry < 0 || t.variant || m.entries[t.entry].Match == Plain || len(runes) < 2 {
			continue
		}
		c.expand(sounds, runes, int32(id))
		c.expand(initials, runes, int32(id))
		c.pair(runes, int32(id))
		for _, r := range runes {
			c.member(r)
		}
	}
	for v := range c.patterns {
		ix := &m.index[v]
		ix.auto, ix.first = NewAutomaton(c.patterns[v].list), []int32{0}
		for i, p := range c.patterns[v].list {
			ix.terms = append(ix.terms, c.patterns[v].terms[i]...)
			ix.first, ix.length = append(ix.first, int32(len(ix.terms))), append(ix.length, uint8(len(p)))
		}
	}
	m.pairs.build(c.pairs)
}

// runes are the characters of a term.
func (m *Matcher) runes(id int32) []rune {
	t := &m.terms[id]
	return m.spelling[t.at:t.end]
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
	rarest := keyed{pair: pair{term: id, size: uint8(len(runes)), at: c.m.terms[id].at}}
	for i, x := range runes {
		all += n.Surprisal(x)
		for j := i + 1; j < len(runes) && j <= i+maxSpread; j++ {
			y := runes[j]
			both := n.Surprisal(x) + n.Surprisal(y)
			if x == y || both < s.Surprisal.Seed {
				continue
			}
			p := rarest
			p.key, p.distance, p.place = pairKey(x, y), int8(j-i), uint8(i)
			if x > y {
				p.distance = -p.distance
			}
			c.pairs = append(c.pairs, p)
			if both > most {
				most, rarest.key = both, p.key
			}
		}
	}
	if len(runes) > 2 && rarest.key != 0 && all-min(s.Cost.Inversion, s.Cost.Foreign) >= s.Threshold {
		c.pairs = append(c.pairs, rarest)
	}
}

// pair is two characters of a term.
type pair struct {
	term     int32
	at       int32 // where the spelling of the term begins
	size     uint8 // of the term, in characters
	place    uint8 // of the first of the two in the term
	first    bool  // of its key
	distance int8  // from the first to the second, negative where the second is the smaller rune; 0 where they may stand in any order
}

// keyed is a pair with its key.
type keyed struct {
	pair
	key uint64
}

// pairKey is the key of two characters, in either order.
func pairKey(x, y rune) uint64 { return uint64(min(x, y))<<32 | uint64(max(x, y)) }

// pairs finds the terms that have two given characters. A filter of one bit per key answers most look-ups.
type pairs struct {
	filter filter
	slots  []bucket // open addressing by key
	shift  uint
	list   []pair // by key and distance; and one more
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

// bucket is where the pairs of a key begin in the list. It holds a mark of the key only: what is found by another key with the same mark is
// weighed like the rest.
type bucket struct {
	mark uint32 // 0 in an empty bucket
	from int32
}

func markOf(key uint64) uint32 { return uint32(key*0xd6e8feb86659fd93>>32) | 1 }

// maxBucket bounds the terms tried for one pair at one distance; where more share it, those at the beginning of the lexicons are.
const maxBucket = 32

func slot(key uint64, shift uint) int { return int(key * 0x9e3779b97f4a7c15 >> shift) }

func (p *pairs) build(list []keyed) {
	slices.SortStableFunc(list, func(a, b keyed) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.distance, b.distance)) })
	width := uint(max(10, bits.Len(uint(2*len(list)))))
	p.shift, p.slots, p.filter = 64-width, make([]bucket, 1<<width), newFilter(len(list))
	same := 0 // before this one, at the same distance
	for i, x := range list {
		first := i == 0 || x.key != list[i-1].key
		if first {
			p.filter.add(x.key)
			k := slot(x.key, p.shift)
			for p.slots[k].mark != 0 {
				k = (k + 1) & (len(p.slots) - 1)
			}
			p.slots[k] = bucket{markOf(x.key), int32(len(p.list))}
		}
		if same++; first || x.distance != list[i-1].distance {
			same = 0
		}
		if same < maxBucket {
			x.pair.first = first
			p.list = append(p.list, x.pair)
		}
	}
	p.list = append(p.list, pair{first: true})
}

// of is where the pairs with a key begin in the list, or -1; those of the next key begin at one that is first.
func (p *pairs) of(key uint64) int32 {
	mark := markOf(key)
	for i := slot(key, p.shift); p.slots[i].mark != 0; i = (i + 1) & (len(p.slots) - 1) {
		if p.slots[i].mark == mark {
			return p.slots[i].from
		}
	}
	return -1
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
	m := &Matcher{normal: c.Normalizer, scoring: c.Scoring, written: map[int32][]rune{}}
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
	runes, written := spell(m.normal, text)
	if len(runes) == 0 {
		return
	}
	if len(written) > len(runes) {
		m.written[int32(len(m.terms))] = written
	}
	at := int32(len(m.spelling))
	m.spelling = append(m.spelling, runes...)
	m.terms = append(m.terms, term{at, int32(len(m.spelling)), entry, len(runes) <= 2, variant})
}
