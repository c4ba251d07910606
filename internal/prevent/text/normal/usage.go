package normal

import (
	"fmt"
	"strconv"
	"strings"
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

// Word says whether ab is an ordinary Chinese word of two simplified characters.
func (n *Normalizer) Word(a, b rune) bool { return strings.ContainsRune(n.words.at(a), b) }

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

func (n *Normalizer) loadWords(f []string) error {
	if len(f) != 2 {
		return fmt.Errorf("want 2 fields, got %q", f)
	}
	n.words.set(first(f[0]), f[1])
	return nil
}
