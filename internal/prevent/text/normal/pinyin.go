package normal

import (
	"slices"
	"strings"
)

// Syllable is a toneless Mandarin syllable as it is spelled, ü as v: zhang, lv.
type Syllable uint16

// Sound is a class of syllables that accents and keyboards confuse: zhang, zang, zhan and zan are one sound.
type Sound uint16

// maxSyllable is the longest spelling: zhuang.
const maxSyllable = 6

// fuzzy reduces a toneless spelling to its sound: zh, ch, sh to z, c, s; n to l at the start; ang, eng, ing to an, en, in.
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

// syllable returns the syllable with a spelling, making it and its sound if new.
func (n *Normalizer) syllable(spelling string) Syllable {
	if s, ok := n.spelled[spelling]; ok {
		return s
	}
	s := Syllable(len(n.syllables))
	n.syllables = append(n.syllables, spelling)
	n.spelled[spelling] = s
	class := fuzzy(spelling)
	i := slices.Index(n.sounds, class)
	if i < 0 {
		i = len(n.sounds)
		n.sounds = append(n.sounds, class)
	}
	n.sound = append(n.sound, Sound(i))
	return s
}

// Readings are the syllables of a simplified character, the usual one first. The slice must not be changed.
func (n *Normalizer) Readings(r rune) []Syllable {
	if r < 0x80 {
		return nil
	}
	return n.reading.at(r)
}

// Sound is the sound of a syllable.
func (n *Normalizer) Sound(s Syllable) Sound { return n.sound[s] }

// Initial is the first letter of a syllable: z for zh, n for nv.
func (n *Normalizer) Initial(s Syllable) rune { return rune(n.syllables[s][0]) }

// Spelling is the spelling of a syllable.
func (n *Normalizer) Spelling(s Syllable) string { return n.syllables[s] }

// Name is the spelling of a sound: that of its plainest syllable.
func (n *Normalizer) Name(s Sound) string { return n.sounds[s] }

// Sounds is the number of sounds; valid ones are below it.
func (n *Normalizer) Sounds() int { return len(n.sounds) }

// SyllableOf is the syllable that the letters a–z spell. Besides the standard spelling it knows the fuzzy one (zi for zhi)
// and those of keyboards without ü (lyu, lue, nue).
func (n *Normalizer) SyllableOf(letters string) (Syllable, bool) {
	s, ok := n.typed[letters]
	return s, ok
}

// indexSpellings collects, once all syllables are known, what people type for them.
func (n *Normalizer) indexSpellings() {
	for i, s := range n.syllables {
		n.typed[s] = Syllable(i)
	}
	also := func(spelling string, s Syllable) {
		if _, taken := n.typed[spelling]; !taken && spelling != "" {
			n.typed[spelling] = s
		}
	}
	for i, s := range n.syllables {
		also(fuzzy(s), Syllable(i))
		if v := strings.IndexByte(s, 'v'); v > 0 {
			also(s[:v]+"yu"+s[v+1:], Syllable(i))
			also(s[:v]+"u"+s[v+1:], Syllable(i))
		}
	}
}

// split divides a run of letters into whole syllables, as few as possible. ok is false where some letter is left over.
func (n *Normalizer) split(run []Token) (ends []int, ok bool) {
	const unreachable = 1 << 30
	best := make([]int, len(run)+1) // fewest syllables that end before letter i
	from := make([]int, len(run)+1)
	var letters [maxSyllable]byte
	for i := 1; i <= len(run); i++ {
		best[i] = unreachable
		for k := 1; k <= maxSyllable && k <= i; k++ {
			letters[maxSyllable-k] = byte(run[i-k].Rune)
			if best[i-k]+1 >= best[i] {
				continue
			}
			if _, ok := n.typed[string(letters[maxSyllable-k:])]; ok {
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
	slices.Reverse(ends)
	return ends, true
}
