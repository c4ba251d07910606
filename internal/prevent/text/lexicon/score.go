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
	Gap       float32 `yaml:"gap"`       // an inserted sign or space
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

// surprise is the surprisal of token i in ordinary writing, after the token before it.
func (m *Matcher) surprise(p *page, i int32) float32 {
	t, g := &p.tokens[i], &m.scoring.Surprisal
	switch t.Class {
	case normal.Han:
		if i > 0 && p.tokens[i-1].Class == normal.Han {
			return m.normal.SurprisalAfter(p.tokens[i-1].Rune, t.Rune)
		}
		return m.normal.Surprisal(t.Rune)
	case normal.Letter:
		if p.run[i] != 0 && (i == 0 || p.run[i-1] != p.run[i]) && !p.foreign(i) {
			return g.Letter + g.Run
		}
		return g.Letter
	case normal.Digit:
		return g.Letter
	}
	return g.Sign
}

// continues is how much less surprising the token after a match is than it would be elsewhere: a word that goes on beyond the match
// speaks for ordinary writing.
func (m *Matcher) continues(p *page, to int32) float32 {
	if int(to) < len(p.tokens) && to > 0 && p.tokens[to].Class == normal.Han && p.tokens[to-1].Class == normal.Han {
		return m.normal.Surprisal(p.tokens[to].Rune) - m.surprise(p, to)
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
	best, way := cost.Odd+m.scoring.Surprisal.Any, odd
	if s, same, ok := m.sameSound(t, e.as); ok {
		if same {
			best, way = cost.Homophone+choice(n.Homophones(s), n.SyllableSurprisal(s), n.Surprisal(e.as)), homophone
		} else {
			best, way = cost.Near+choice(n.Near(n.Sound(s)), n.SoundSurprisal(n.Sound(s)), n.Surprisal(e.as)), near
		}
		if e.op == named {
			best, way = cost.Named, named
		}
	}
	if family, ok := n.Resemblance(t, e.as); ok {
		if bits := cost.Alike + float32(math.Log2(float64(family))); bits < best {
			best, way = bits, alike
		}
	}
	return way, best
}

// choice is −log2 of the probability that, of a number of characters of one kind, a disguise takes the one with this surprisal: half the
// time any of them, half the time as they are used.
func choice(size int, kind, one float32) float32 {
	return -float32(math.Log2(0.5/float64(size) + 0.5*math.Exp2(float64(kind-one))))
}

// sameSound finds a reading that two characters share: the same syllable, or else only the same sound.
func (m *Matcher) sameSound(a, b rune) (s normal.Syllable, same, ok bool) {
	n := m.normal
	for _, x := range n.Readings(a) {
		for _, y := range n.Readings(b) {
			if x == y {
				return x, true, true
			}
			if n.Sound(x) == n.Sound(y) {
				s, ok = x, true
			}
		}
	}
	return s, false, ok
}
