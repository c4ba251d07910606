package normal

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Unseen is the surprisal of a character that the source of the frequencies does not have, in bits.
const Unseen = 24

// Surprisal is −log2 of the share of a simplified character in running Chinese text, in bits; for what is no Han
// character, [Unseen].
func (n *Normalizer) Surprisal(r rune) float32 {
	if b := n.bits.at(r); b != 0 {
		return b
	}
	return Unseen
}

// SyllableSurprisal is the surprisal of meeting any character that can be read so, in bits.
func (n *Normalizer) SyllableSurprisal(s Syllable) float32 { return n.syllableBits[s] }

// SoundSurprisal is the surprisal of meeting any character that can sound so, in bits.
func (n *Normalizer) SoundSurprisal(s Sound) float32 { return n.soundBits[s] }

// PartSurprisal is the surprisal of meeting any character that has the part, or is it, in bits.
func (n *Normalizer) PartSurprisal(part rune) float32 {
	if b := n.partBits.at(part); b != 0 {
		return b
	}
	return n.Surprisal(part)
}

// Homophones is the number of standard characters that can be read so, at least 1.
func (n *Normalizer) Homophones(s Syllable) int { return max(1, n.homophones[s]) }

// Near is the number of standard characters that can sound so, at least 1.
func (n *Normalizer) Near(s Sound) int { return max(1, n.near[s]) }

// indexSurprisal adds up, once all tables are read and indexed, the shares of the characters behind each syllable, sound and part.
func (n *Normalizer) indexSurprisal() {
	syllables, sounds, parts := make([]float64, len(n.syllables)), make([]float64, len(n.sounds)), map[rune]float64{}
	n.homophones, n.near = make([]int, len(n.syllables)), make([]int, len(n.sounds))
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
			n.homophones[s] += std
			if !seen[n.sound[s]] {
				sounds[n.sound[s]] += share
				n.near[n.sound[s]] += std
				seen[n.sound[s]] = true
			}
		}
		parts[r] += share
		for _, p := range n.parts.at(r) {
			parts[p] += share
		}
	})
	n.syllableBits, n.soundBits = surprisals(syllables), surprisals(sounds)
	for p, share := range parts {
		n.partBits.set(p, surprisals([]float64{share})[0])
	}
}

func surprisals(shares []float64) []float32 {
	bits := make([]float32, len(shares))
	for i, s := range shares {
		bits[i] = Unseen
		if s > 0 {
			bits[i] = float32(min(Unseen, -math.Log2(s)))
		}
	}
	return bits
}

// SurprisalAfter is the surprisal of meeting b right after a, in bits: less than that of b alone where a and b stand together
// in ordinary words.
func (n *Normalizer) SurprisalAfter(a, b rune) float32 {
	if bits, ok := n.pairs[[2]rune{a, b}]; ok {
		return float32(bits)
	}
	return n.Surprisal(b)
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
		n.bits.set(r, float32(bits))
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
			n.pairs[[2]rune{first(f[0]), r}] = uint8(bits)
		}
	}
	return nil
}
