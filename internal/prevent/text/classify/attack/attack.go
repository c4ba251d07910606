package attack

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"qingyuan/internal/prevent/text/normal"
)

// Op is one way to rewrite a character.
type Op string

// The ways.
const (
	Homophone   Op = "homophone"   // another character of the same toneless syllable
	Glyph       Op = "glyph"       // a look-alike
	Split       Op = "split"       // taken apart: 征 → 彳正
	Traditional Op = "traditional" // 贷 → 貸
	Pinyin      Op = "pinyin"      // 贷 → dai
	Initial     Op = "initial"     // 贷 → d
	Invisible   Op = "invisible"   // a zero-width character after it
	Emoji       Op = "emoji"       // an emoji after it
	Separator   Op = "separator"   // a sign or space after it
)

// Ops lists every way.
var Ops = []Op{Homophone, Glyph, Split, Traditional, Pinyin, Initial, Invisible, Emoji, Separator}

// Attacker rewrites texts. It is immutable.
type Attacker struct {
	views       *normal.Normalizer
	homophones  map[normal.Syllable][]rune
	traditional map[rune][]rune
}

// New indexes the tables of n the other way round; about 10 ms.
func New(n *normal.Normalizer) *Attacker {
	a := &Attacker{views: n, homophones: map[normal.Syllable][]rune{}, traditional: map[rune][]rune{}}
	for r := rune(0x4e00); r <= 0x9fff; r++ {
		if s := n.Fold(r); s != r {
			a.traditional[s] = append(a.traditional[s], r)
			continue
		}
		if readings := n.Readings(r); len(readings) > 0 && n.Surprisal(r) < everyday {
			a.homophones[readings[0]] = append(a.homophones[readings[0]], r)
		}
	}
	return a
}

// everyday is the surprisal, in bits, below which a character is one that people use to write a wrong one.
const everyday = 17

var (
	invisibles = []string{"\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"}
	emojis     = []string{"🌟", "🔥", "💥", "🍀", "✨", "🎈", "👍", "🌈"}
	separators = []string{" ", "*", ".", "-", "_", "/", "|", "~", "+", "丶"}
)

// Rune rewrites one character; ok is false where the way does not apply to it.
func (a *Attacker) Rune(rng *rand.Rand, r rune, op Op) (string, bool) {
	readings := a.views.Readings(r)
	switch op {
	case Homophone:
		if len(readings) > 0 {
			return other(rng, a.homophones[readings[0]], r)
		}
	case Glyph:
		return other(rng, a.views.Alike(r), r)
	case Traditional:
		return other(rng, a.traditional[r], r)
	case Split:
		if ways := a.views.Ways(r); len(ways) > 0 {
			if way := ways[rng.IntN(len(ways))]; len(way) == 2 {
				return string(way), true
			}
		}
	case Pinyin:
		if len(readings) > 0 {
			return a.views.Spelling(readings[0]), true
		}
	case Initial:
		if len(readings) > 0 {
			return a.views.Spelling(readings[0])[:1], true
		}
	case Invisible:
		return string(r) + invisibles[rng.IntN(len(invisibles))], true
	case Emoji:
		return string(r) + emojis[rng.IntN(len(emojis))], true
	case Separator:
		return string(r) + separators[rng.IntN(len(separators))], true
	}
	return "", false
}

func other(rng *rand.Rand, from []rune, r rune) (string, bool) {
	if len(from) == 0 || len(from) == 1 && from[0] == r {
		return "", false
	}
	for {
		if s := from[rng.IntN(len(from))]; s != r {
			return string(s), true
		}
	}
}

// Text rewrites each key character of text with probability rate, each by a way drawn from ops ([Ops] where nil).
// A way that does not apply is drawn again, a few times.
func (a *Attacker) Text(rng *rand.Rand, text string, keys Keys, rate float64, ops []Op) string {
	if ops == nil {
		ops = Ops
	}
	runes := []rune(text)
	key := keys.mark(runes)
	var b strings.Builder
	for i, r := range runes {
		s, ok := "", false
		if key[i] && rng.Float64() < rate {
			for try := 0; try < 8 && !ok; try++ {
				s, ok = a.Rune(rng, r, ops[rng.IntN(len(ops))])
			}
		}
		if !ok {
			s = string(r)
		}
		b.WriteString(s)
	}
	return b.String()
}

// Keys are the pairs of characters that tell the classes of a corpus apart: what an evader would rewrite. The zero Keys
// means every Han character.
type Keys map[[2]rune]bool

// KeysOf returns the n pairs of Han characters with the highest chi-square against any label. Labels run from 0.
func KeysOf(texts []string, labels []int, n int) Keys {
	total := map[int]int{}
	with := map[[2]rune]map[int]int{}
	for i, text := range texts {
		total[labels[i]]++
		seen := map[[2]rune]bool{}
		runes := []rune(text)
		for j := 1; j < len(runes); j++ {
			p := [2]rune{runes[j-1], runes[j]}
			if seen[p] || !unicode.Is(unicode.Han, p[0]) || !unicode.Is(unicode.Han, p[1]) {
				continue
			}
			seen[p] = true
			if with[p] == nil {
				with[p] = map[int]int{}
			}
			with[p][labels[i]]++
		}
	}
	type scored struct {
		pair  [2]rune
		score float64
	}
	var all []scored
	for p, by := range with {
		all = append(all, scored{p, chiSquare(by, total, len(texts))})
	}
	slices.SortFunc(all, func(x, y scored) int {
		switch {
		case x.score != y.score:
			if x.score > y.score {
				return -1
			}
			return 1
		case x.pair[0] != y.pair[0]:
			return int(x.pair[0] - y.pair[0])
		}
		return int(x.pair[1] - y.pair[1])
	})
	keys := Keys{}
	for _, s := range all[:min(n, len(all))] {
		keys[s.pair] = true
	}
	return keys
}

// chiSquare is the largest one-against-rest statistic of a pair that occurs by[label] times among total[label] texts.
func chiSquare(by, total map[int]int, n int) float64 {
	df := 0
	for _, c := range by {
		df += c
	}
	var best float64
	for label, in := range total {
		a, b := float64(by[label]), float64(df-by[label])
		c, d := float64(in)-a, float64(n-in)-b
		if den := (a + b) * (c + d) * (a + c) * (b + d); den > 0 {
			best = max(best, float64(n)*(a*d-b*c)*(a*d-b*c)/den)
		}
	}
	return best
}

// mark says of each rune whether it is a key character.
func (k Keys) mark(runes []rune) []bool {
	m := make([]bool, len(runes))
	for i, r := range runes {
		switch {
		case k == nil:
			m[i] = unicode.Is(unicode.Han, r)
		case i > 0 && k[[2]rune{runes[i-1], r}]:
			m[i-1], m[i] = true, true
		}
	}
	return m
}
