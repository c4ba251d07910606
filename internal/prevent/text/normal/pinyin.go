package normal

import (
	"slices"
	"strings"
)

// Syllable is a toneless fuzzy syllable: all spellings that accents and keyboards confuse are one.
type Syllable uint16

// maxSyllable is the longest spelling: zhuang.
const maxSyllable = 6

// fuzzy reduces a toneless spelling to its class: zh, ch, sh to z, c, s; n to l at the start; ang, eng, ing to an, en, in.
func fuzzy(s string) string {
	if len(s) > 1 && s[1] == 'h' { // zh ch sh
		s = s[:1] + s[2:]
	}
	if s[0] == 'n' && len(s) > 1 {
		s = "l" + s[1:]
	}
	for _, v := range []string{"ang", "eng", "ing"} {
		if strings.HasSuffix(s, v) {
			return s[:len(s)-1]
		}
	}
	return s
}

// syllable returns the class of a spelling, making it if new, and remembers the spellings of it that people type: lü and
// nü also as lyu, lue as lve.
func (n *Normalizer) syllable(spelling string) Syllable {
	class := fuzzy(strings.Replace(spelling, "lue", "lve", 1))
	i := slices.Index(n.syllables, class)
	if i < 0 {
		i = len(n.syllables)
		n.syllables = append(n.syllables, class)
	}
	id := Syllable(i)
	n.spelling[spelling] = id
	if _, taken := n.spelling[class]; !taken {
		n.spelling[class] = id // zi for zhi: the fuzzy spelling itself may be typed
	}
	return id
}

// Spelling is the canonical spelling of a syllable.
func (n *Normalizer) Spelling(s Syllable) string {
	if int(s) < len(n.syllables) {
		return n.syllables[s]
	}
	return ""
}

// Syllables is the number of syllables: valid ones are below it.
func (n *Normalizer) Syllables() int { return len(n.syllables) }

// Readings are the syllables of a simplified character, the usual one first. The slice must not be changed.
func (n *Normalizer) Readings(r rune) []Syllable {
	if r < 0x80 {
		return nil
	}
	return n.reading.at(r)
}

// SyllableOf is the syllable that letters (a–z, v for ü) spell.
func (n *Normalizer) SyllableOf(letters string) (Syllable, bool) {
	s, ok := n.spelling[letters]
	return s, ok
}

// split divides a run of letters into whole syllables, as few as possible. ok is false where some letter is left over.
func (n *Normalizer) split(run []Token) (ends []int, ok bool) {
	const unreachable = 1 << 30
	best := make([]int, len(run)+1) // fewest syllables that end before letter i
	from := make([]int, len(run)+1)
	var spelled [maxSyllable]byte
	for i := 1; i <= len(run); i++ {
		best[i] = unreachable
		for k := 1; k <= maxSyllable && k <= i; k++ {
			spelled[maxSyllable-k] = byte(run[i-k].Rune)
			if best[i-k]+1 >= best[i] {
				continue
			}
			if _, ok := n.spelling[string(spelled[maxSyllable-k:])]; ok {
				best[i], from[i] = best[i-k]+1, i-k
			}
		}
	}
	if best[len(run)] >= unreachable {
		return nil, false
	}
	for i := len(run); i > 0; i = from[i] {
		ends = append(ends, i)
	}
	for i, j := 0, len(ends)-1; i < j; i, j = i+1, j-1 {
		ends[i], ends[j] = ends[j], ends[i]
	}
	return ends, true
}
