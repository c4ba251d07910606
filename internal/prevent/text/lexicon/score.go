package lexicon

import (
	"math"
	"slices"

	"github.com/goccy/go-yaml"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

// Scoring is how candidates are weighed, as a noisy channel does. The evidence of a candidate, in bits, is how surprising what stands
// in the text would be in ordinary writing, less how unlikely it would be as a disguise of the term. Ordinary writing is a chain of characters
// with their frequencies inside and outside words; a disguise keeps a character or replaces it by one of its kind, a rare kind giving more.
// It is versioned data: the shipped one was fixed on development data (docs/text.md).
type Scoring struct {
	Version       int     `yaml:"version"`
	Date          string  `yaml:"date"`
	Threshold     float32 `yaml:"threshold"`     // bits that a disguised term must reach
	Short         float32 `yaml:"short"`         // bits that a disguised term of at most two characters must reach, corroborated
	Half          float32 `yaml:"half"`          // bits less where one of the two characters is kept
	Together      float32 `yaml:"together"`      // bits that two short ones must reach together to corroborate each other
	Corroboration int     `yaml:"corroboration"` // bytes within which a corroborating hit must stand
	Cost          Costs   `yaml:"cost"`
	Surprisal     Guess   `yaml:"surprisal"`
}

// Costs are the bits taken off for each character of a term that stands in a text in some way, besides the choice of the one that stands there.
type Costs struct {
	Exact     float32 `yaml:"exact"`     // kept: a disguise rarely keeps much
	Apart     float32 `yaml:"apart"`     // 拆字
	Named     float32 `yaml:"named"`     // a sign or digit that is read so
	Homophone float32 `yaml:"homophone"` // the same syllable
	Spelled   float32 `yaml:"spelled"`   // the syllable in letters
	Near      float32 `yaml:"near"`      // a sound that accents confuse
	Alike     float32 `yaml:"alike"`     // 形近
	Letter    float32 `yaml:"letter"`    // the first letter
	Odd       float32 `yaml:"odd"`       // an unrelated character, rare enough not to be ordinary writing
	Lost      float32 `yaml:"lost"`      // anything else
	Gap       float32 `yaml:"gap"`       // an inserted sign or space; a picture costs nothing
	Kept      float32 `yaml:"kept"`      // instead of exact, where nothing but insertions disguises the term
	Inversion float32 `yaml:"inversion"` // two characters in the wrong order
	Foreign   float32 `yaml:"foreign"`   // a character that came in between by rearranging
}

// Guess holds the surprisals, in bits, of what no table of characters covers.
type Guess struct {
	Letter float32 `yaml:"letter"` // a Latin letter or digit
	Run    float32 `yaml:"run"`    // that a run of letters begins here, in Chinese text
	Sign   float32 `yaml:"sign"`   // a sign
	Any    float32 `yaml:"any"`    // log2 of the characters that may be put in the place of one
	Seed   float32 `yaml:"seed"`   // what two characters must carry together to start a search from them
	Odd    float32 `yaml:"odd"`    // what one character must carry, where it forms no word, to be looked at as a look-alike
}

// ShippedScoring returns the scoring that comes with the platform.
func ShippedScoring() (*Scoring, error) {
	data, err := files.ReadFile("lexica/scoring.yaml")
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Internal, err, "the shipped scoring is missing")
	}
	var s Scoring
	if err := yaml.UnmarshalWithOptions(data, &s, yaml.DisallowUnknownField()); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Internal, err, "the shipped scoring is damaged")
	}
	return &s, nil
}

// op says how one character of a term stands in the text.
type op uint8

const (
	exact op = iota
	apart
	named
	homophone
	spelled
	near
	alike
	letter
	odd
	lost
	gapped // an insertion, of no character of the term
)

// surprise fills in the surprisal of every token in ordinary writing, after the token before it.
func (m *Matcher) surprise(p *page) {
	g := &m.scoring.Surprisal
	p.bits, p.least, p.net, p.closer = p.bits[:0], p.least[:0], append(p.net[:0], 0), append(p.closer[:0], 0)
	last := rune(-1) // the Han character before, if any
	for i := range p.tokens {
		t := &p.tokens[i]
		bits, han := g.Sign, rune(-1)
		switch t.Class {
		case normal.Space, normal.Break:
			bits = 0
		case normal.Han:
			if bits, han = m.normal.Surprisal(t.Rune), t.Rune; last >= 0 {
				bits = m.normal.SurprisalAfter(last, t.Rune)
			}
		case normal.Letter:
			if bits = g.Letter; p.run[i] != 0 && (i == 0 || p.run[i-1] != p.run[i]) && !p.foreign(int32(i)) {
				bits += g.Run
			}
		case normal.Digit:
			bits = g.Letter
		}
		net, least := bits, m.leastCost(t.Rune)
		if han >= 0 {
			net -= min(m.scoring.Cost.Exact, least, m.scoring.Cost.Named, m.scoring.Cost.Apart)
		}
		p.closer = append(p.closer, p.closer[i]+float64(bits-min(m.scoring.Cost.Exact, least)))
		p.bits, p.least, p.net, last = append(p.bits, bits), append(p.least, least), append(p.net, p.net[i]+float64(net)), han
	}
}

// leastCost is what a character by itself costs at least where it stands for another one: two look-alikes at least are alike.
func (m *Matcher) leastCost(r rune) float32 {
	c := &m.scoring.Cost
	syllable, sound := m.normal.LeastDisguise(r)
	return min(c.Homophone+syllable, c.Near+sound, c.Alike)
}

// continues is how much less surprising the token after a match is than it would be elsewhere: a word that goes on beyond the match
// speaks for ordinary writing.
func (m *Matcher) continues(p *page, to int32) float32 {
	if int(to) < len(p.tokens) && to > 0 && p.tokens[to].Class == normal.Han && p.tokens[to-1].Class == normal.Han {
		return m.normal.Surprisal(p.tokens[to].Rune) - p.bits[to]
	}
	return 0
}

// weigh is the way in which an edge shows the character t of a term, and its cost in bits.
func (m *Matcher) weigh(t rune, e edge) (op, float32) {
	n, cost := m.normal, &m.scoring.Cost
	switch {
	case e.as == t:
		switch e.op {
		case apart:
			return apart, cost.Apart
		case named:
			return named, cost.Named
		case letter:
			return exact, cost.Exact
		}
		return exact, cost.Exact
	case e.op == letter:
		return letter, cost.Letter
	case e.as < 0:
		if slices.Contains(n.Readings(t), normal.Syllable(-1-e.as)) {
			return spelled, cost.Spelled
		}
		return near, cost.Spelled + cost.Near
	}
	if e.op == apart { // in parts, and not even of the character itself
		way, bits := m.weigh(t, edge{as: e.as})
		return way, bits + cost.Apart + cost.Alike
	}
	best, way := cost.Odd+m.scoring.Surprisal.Any, odd
	if bits, same, ok := m.sameSound(t, e.as); ok {
		switch {
		case e.op == named:
			return named, cost.Named
		case same:
			best, way = cost.Homophone+bits, homophone
		default:
			best, way = cost.Near+bits, near
		}
	}
	if way != odd && best <= 2*cost.Alike {
		return way, best // a resemblance would hardly cost less
	}
	if family, ok := n.Resemblance(t, e.as); ok {
		if bits := cost.Alike + float32(math.Log2(float64(family))); bits < best {
			best, way = bits, alike
		}
	}
	return way, best
}

// sameSound says whether b has a reading of a, or at least one with the same sound, and how unlikely b is among the disguises by it.
func (m *Matcher) sameSound(a, b rune) (bits float32, same, ok bool) {
	n := m.normal
	readings := n.Readings(a)
	for i, y := range n.Readings(b) {
		for _, x := range readings {
			if x == y {
				bits, _ = n.Disguise(b, i)
				return bits, true, true
			}
			if !ok && n.Sound(x) == n.Sound(y) {
				_, bits = n.Disguise(b, i)
				ok = true
			}
		}
	}
	return bits, false, ok
}
