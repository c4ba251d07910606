package normal

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Unseen is the most surprising a character can be, in bits, and so is one that the source of the frequencies does not have: names and written
// numerals bring rare characters, several at a time, into any text.
const Unseen = 18

// Surprisal is −log2 of the share of a simplified character in running Chinese text, in bits; for what is no Han
// character, [Unseen].
func (n *Normalizer) Surprisal(r rune) float32 {
	if b := n.bits.at(r); b != 0 {
		return b
	}
	return Unseen
}

// Disguise is how unlikely it is, in bits, that a character disguised by its sound becomes r: half the time any of the standard characters
// with the sound is taken, half the time as they are used. Syllable counts for characters with the i-th reading of r, sound for those with that
// sound.
func (n *Normalizer) Disguise(r rune, i int) (syllable, sound float32) {
	d := n.disguise.at(r)[i]
	return d[0], d[1]
}

// LeastDisguise are the least of the values of [Normalizer.Disguise] for r, or [Unseen] where r has no reading.
func (n *Normalizer) LeastDisguise(r rune) (syllable, sound float32) {
	if least := n.least.at(r); least[0] != 0 {
		return least[0], least[1]
	}
	return Unseen, Unseen
}

// indexSurprisal adds up, once all tables are read and indexed, the shares of the characters behind each syllable and sound.
func (n *Normalizer) indexSurprisal() {
	syllables, sounds := make([]float64, len(n.syllables)), make([]float64, len(n.sounds))
	homophones, near := make([]int, len(n.syllables)), make([]int, len(n.sounds))
	n.bits.each(func(r rune, bits float32) {
		if bits == 0 {
			return
		}
		share := math.Exp2(-float64(bits))
		seen := map[Sound]bool{}
		std := 0
		if n.standard.at(r) {
			std = 1
		}
		for _, s := range n.reading.at(r) {
			syllables[s] += share
			homophones[s] += std
			if !seen[n.sound[s]] {
				sounds[n.sound[s]] += share
				near[n.sound[s]] += std
				seen[n.sound[s]] = true
			}
		}
	})
	n.reading.each(func(r rune, list []Syllable) {
		costs := make([][2]float32, len(list))
		for i, s := range list {
			share := math.Exp2(-float64(n.Surprisal(r)))
			costs[i] = [2]float32{choice(homophones[s], share/syllables[s]), choice(near[n.sound[s]], share/sounds[n.sound[s]])}
		}
		n.disguise.set(r, costs)
		for _, c := range costs {
			syllable, sound := n.LeastDisguise(r)
			n.least.set(r, [2]float32{min(syllable, max(c[0], 0.01)), min(sound, c[1])})
		}
	})
}

// choice is −log2 of the probability of one of size things, taken at random half the time and in proportion to share the other half.
func choice(size int, share float64) float32 {
	if math.IsNaN(share) || share > 1 {
		share = 1 // the only one that is ever used
	}
	return float32(-math.Log2(0.5/float64(max(1, size)) + 0.5*share))
}

// SurprisalAfter is the surprisal of meeting b right after a, in bits: less than that of b alone where a and b stand together
// in ordinary words.
func (n *Normalizer) SurprisalAfter(a, b rune) float32 {
	if bits, ok := n.pairs.at(a, b); ok {
		return bits
	}
	return n.Surprisal(b)
}

// pairTable holds a number for pairs of characters: an open-addressing table of a<<29 | b<<8 | number.
type pairTable struct {
	slots []uint64
	n     int
}

func pairSlot(key uint64, size int) int { return int(key * 0x9e3779b97f4a7c15 >> 32 & uint64(size-1)) }

func (t *pairTable) at(a, b rune) (float32, bool) {
	key := uint64(a)<<21 | uint64(b)
	for i := pairSlot(key, len(t.slots)); t.slots[i] != 0; i = (i + 1) & (len(t.slots) - 1) {
		if t.slots[i]>>8 == key {
			return float32(t.slots[i] & 0xff), true
		}
	}
	return 0, false
}

func (t *pairTable) set(a, b rune, number uint8) {
	if 2*(t.n+1) > len(t.slots) {
		old := t.slots
		t.slots = make([]uint64, max(1024, 2*len(old)))
		for _, v := range old {
			if v != 0 {
				t.put(v)
			}
		}
	}
	t.n++
	t.put((uint64(a)<<21|uint64(b))<<8 | uint64(number))
}

func (t *pairTable) put(v uint64) {
	i := pairSlot(v>>8, len(t.slots))
	for t.slots[i] != 0 {
		i = (i + 1) & (len(t.slots) - 1)
	}
	t.slots[i] = v
}

func (n *Normalizer) loadSurprisal(f []string) error {
	if len(f) != 2 {
		return fmt.Errorf("want 2 fields, got %q", f)
	}
	bits, err := strconv.ParseFloat(f[0], 32)
	if err != nil {
		return err
	}
	for _, r := range f[1] {
		n.bits.set(r, float32(min(bits, Unseen)))
	}
	return nil
}

func (n *Normalizer) loadPairs(f []string) error {
	for _, group := range f[1:] {
		digits := strings.IndexFunc(group, func(r rune) bool { return r >= utf8.RuneSelf })
		if digits < 1 {
			return fmt.Errorf("want bits and characters, got %q", group)
		}
		bits, err := strconv.ParseUint(group[:digits], 10, 8)
		if err != nil {
			return err
		}
		for _, r := range group[digits:] {
			n.pairs.set(first(f[0]), r, uint8(bits))
		}
	}
	return nil
}
