package intel

import (
	"cmp"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"qingyuan"
	"qingyuan/internal/prevent/text"
)

// document is one text as discovery counts it.
type document struct {
	id       string // event/path
	author   qingyuan.AuthorKind
	writer   string
	unit     string // its family, or itself: a template counts once
	city     string
	at       int64
	recent   bool
	suspect  bool // something known speaks against it
	typology qingyuan.Typology
	raw      string // until it is read into symbols
	symbols  []rune
	start    []int32 // by symbol: its first byte in the raw text
	end      []int32
	disguise []disguised
}

// disguised is a known term that stands in a text in another form.
type disguised struct {
	term, name, raw string
	span            qingyuan.Span
}

// gap ends a run of characters: no word reaches across it.
const gap = text.Gap

// word is a string of characters that may be a term.
type word struct {
	runes                      []rune
	texts                      int // distinct units that have it
	recent, reference          int // of them by period
	suspect                    int
	writers                    int
	first, last                int64
	burst, association         float64 // signed roots of G²
	cohesion, entropy, unusual float64
	score                      float64
	cities                     []string
	evidence                   []place
}

// place is where something stands in the record.
type place struct {
	Text string        `json:"t"` // event/path
	Span qingyuan.Span `json:"s"`
}

// totals are the units by period and by suspicion.
type totals struct{ recent, reference, suspect, clear int }

// counter counts strings of characters level by level: one of n characters only where both of n−1 within it are frequent.
type counter struct {
	rules *Rules
	seed  uint64 // of the hashes: nobody can write texts that collide
	docs  []*document
	// levels[n-1] are the frequent strings of n characters, by hash
	levels []map[uint64]*tally
	units  totals
}

// tally counts the units that have a string.
type tally struct {
	all, recent, suspect int32
	last                 int32 // unit that was counted last; units stand together
}

// words finds the strings of characters in the texts that may be new terms, best first.
func words(docs []*document, rules *Rules, unusual func([]rune) float64) []*word {
	c := &counter{rules: rules, seed: rand.Uint64() | 1, docs: docs}
	slices.SortStableFunc(c.docs, func(a, b *document) int { return cmp.Compare(a.unit, b.unit) })
	c.measure()
	for n := 1; n <= rules.MaxChars; n++ {
		if !c.level(n) {
			break
		}
	}
	found := c.candidates()
	c.weigh(found, unusual)
	found = slices.DeleteFunc(found, func(w *word) bool {
		return w.writers < rules.MinWriters || w.entropy < rules.MinEntropy || w.score < rules.MinScore || w.burst <= 0 && w.association <= 0
	})
	slices.SortFunc(found, func(a, b *word) int {
		if d := cmp.Compare(b.score, a.score); d != 0 {
			return d
		}
		return slices.Compare(a.runes, b.runes)
	})
	return rules.settle(found)
}

// unit calls f for the documents of each unit, which stand together.
func (c *counter) unit(f func(n int32, docs []*document)) {
	n := int32(1)
	for i := 0; i < len(c.docs); n++ {
		j := i + 1
		for j < len(c.docs) && c.docs[j].unit == c.docs[i].unit {
			j++
		}
		f(n, c.docs[i:j])
		i = j
	}
}

// period says of a unit whether it is new, and whether something speaks against it. A unit with a text from before is not new.
func period(docs []*document) (recent, suspect bool) {
	recent = true
	for _, d := range docs {
		recent, suspect = recent && d.recent, suspect || d.suspect
	}
	return recent, suspect
}

func (c *counter) measure() {
	c.unit(func(_ int32, docs []*document) {
		recent, suspect := period(docs)
		count := func(yes bool, a, b *int) {
			if yes {
				*a++
			} else {
				*b++
			}
		}
		count(recent, &c.units.recent, &c.units.reference)
		count(suspect, &c.units.suspect, &c.units.clear)
	})
}

func (c *counter) hash(s []rune) uint64 {
	h := c.seed + uint64(len(s))
	for _, r := range s {
		hi, lo := bits.Mul64(h^uint64(r), 0x9e3779b97f4a7c15)
		h = hi ^ lo
	}
	return h
}

// level counts the strings of n characters and keeps the frequent ones; false where there are none.
func (c *counter) level(n int) bool {
	counts := map[uint64]*tally{}
	least := int32(1) // what is dropped where there is too much
	c.unit(func(u int32, docs []*document) {
		recent, suspect := period(docs)
		for _, d := range docs {
			c.strings(d, n, func(s []rune, _ int) {
				h := c.hash(s)
				t := counts[h]
				if t == nil {
					t = &tally{}
					counts[h] = t
				}
				if t.last == u {
					return
				}
				t.last = u
				t.all++
				t.recent += one(recent)
				t.suspect += one(suspect)
			})
		}
		if len(counts) > c.rules.MaxWords {
			if rare(counts, least, u); len(counts) > c.rules.MaxWords/2 {
				least++
			}
		}
	})
	rare(counts, int32(c.rules.MinWriters)-1, -1)
	c.levels = append(c.levels, counts)
	return len(counts) > 0
}

func one(yes bool) int32 {
	if yes {
		return 1
	}
	return 0
}

// rare drops what was seen at most so often, but for what the unit under way has.
func rare(counts map[uint64]*tally, most, unit int32) {
	for h, t := range counts {
		if t.all <= most && t.last != unit {
			delete(counts, h)
		}
	}
}

// strings calls f for the strings of n characters in a text of which both shorter ones are frequent.
func (c *counter) strings(d *document, n int, f func(s []rune, at int)) {
	run := 0
	for i, r := range d.symbols {
		if run++; r == gap {
			run = 0
			continue
		}
		if run < n {
			continue
		}
		s := d.symbols[i+1-n : i+1]
		if n > 1 {
			shorter := c.levels[n-2]
			if shorter[c.hash(s[1:])] == nil || shorter[c.hash(s[:n-1])] == nil {
				continue
			}
		}
		f(s, i+1-n)
	}
}

// candidates are the frequent strings that hold together and lean somewhere, not yet looked at closely.
func (c *counter) candidates() []*word {
	var found []*word
	seen := map[uint64]bool{}
	for n := c.rules.MinChars; n <= min(c.rules.MaxChars, len(c.levels)); n++ {
		level := c.levels[n-1]
		for _, d := range c.docs {
			c.strings(d, n, func(s []rune, _ int) {
				h := c.hash(s)
				t := level[h]
				if t == nil || seen[h] {
					return
				}
				seen[h] = true
				w := &word{runes: slices.Clone(s), texts: int(t.all), recent: int(t.recent), reference: int(t.all - t.recent), suspect: int(t.suspect)}
				w.burst = leaning(w.recent, c.units.recent, w.reference, c.units.reference)
				w.association = leaning(w.suspect, c.units.suspect, w.texts-w.suspect, c.units.clear)
				if w.cohesion = c.cohesion(s); w.cohesion >= c.rules.MinCohesion && (w.burst > 0 || w.association > 0) {
					found = append(found, w)
				}
			})
		}
	}
	slices.SortFunc(found, func(a, b *word) int {
		if d := cmp.Compare(lean(b), lean(a)); d != 0 {
			return d
		}
		return slices.Compare(a.runes, b.runes)
	})
	return found[:min(len(found), 20*c.rules.Queue)]
}

func lean(w *word) float64 { return max(w.burst, 0) + max(w.association, 0) }

// leaning is the signed root of Dunning's G² for a of n against b of m: positive where a is the more frequent.
func leaning(a, n, b, m int) float64 {
	if n == 0 || m == 0 || a+b == 0 {
		return 0
	}
	share := float64(a+b) / float64(n+m)
	part := func(k, of int) float64 {
		var g float64
		if k > 0 {
			g += float64(k) * math.Log(float64(k)/(float64(of)*share))
		}
		if of > k {
			g += float64(of-k) * math.Log((1-float64(k)/float64(of))/(1-share))
		}
		return g
	}
	if share >= 1 {
		return 0
	}
	g := math.Sqrt(max(0, 2*(part(a, n)+part(b, m))))
	if float64(a)/float64(n) < float64(b)/float64(m) {
		return -g
	}
	return g
}

// cohesion is the normalised pointwise mutual information (Bouma 2009) of the string's two parts, the mean of the worst and the best way to part
// it: 1 where the parts stand nowhere else, 0 where they meet by chance. The worst alone would lose every word that ends in 人.
func (c *counter) cohesion(s []rune) float64 {
	all := float64(c.units.recent + c.units.reference)
	share := func(s []rune) float64 {
		if t := c.levels[len(s)-1][c.hash(s)]; t != nil {
			return float64(t.all) / all
		}
		return 1 / all
	}
	least, most, whole := 1.0, -1.0, share(s)
	if whole >= 1 {
		return 0
	}
	for i := 1; i < len(s); i++ {
		at := math.Log(whole/(share(s[:i])*share(s[i:]))) / -math.Log(whole)
		least, most = min(least, at), max(most, at)
	}
	return (least + most) / 2
}
