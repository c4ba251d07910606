package family

import (
	"math/bits"
	"slices"

	"qingyuan/internal/prevent/text/normal"
)

// The sizes of signatures. Two texts with similarity s share a bucket with probability 1 − (1 − s^rows)^bands:
// .93 at s = .5 and .9995 at s = .7 for independent bins.
const (
	bands = 24
	rows  = 3
	bins  = bands * rows
)

// width is the number of sounds in a shingle.
const width = 3

// MaxText is the longest part of a text, in bytes, that is compared; what follows is ignored.
const MaxText = 64 << 10

// shingler turns texts into sets of shingle hashes.
type shingler struct {
	views *normal.Normalizer
	key   uint64
}

// set returns the distinct shingle hashes of a text, ascending. Signs, spaces and breaks are left out; a run of digits
// counts as one symbol whatever it says.
func (s shingler) set(text string) []uint32 {
	symbols := s.symbols(text)
	out := make([]uint32, 0, len(symbols))
	for i := width; i <= len(symbols); i++ {
		h := s.key
		for _, r := range symbols[i-width : i] {
			h = mix(h, uint64(r))
		}
		out = append(out, uint32(h>>32))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// symbols is the pinyin view of the merged view, without what does not sound.
func (s shingler) symbols(text string) []rune {
	if len(text) > MaxText {
		text = text[:MaxText]
	}
	tokens := s.views.Tokens(make([]normal.Token, 0, len(text)/3+8), text)
	merged := s.views.ViewOf(tokens, normal.Merged)
	again := make([]normal.Token, merged.Len())
	for i, r := range merged.Symbols {
		again[i] = normal.Token{Rune: r, Class: normal.ClassOf(r)}
	}
	sounds := s.views.ViewOf(again, normal.Pinyin)
	out := sounds.Symbols[:0]
	for _, r := range sounds.Symbols {
		class := normal.Other
		if r < normal.SoundRune {
			class = normal.ClassOf(r)
		}
		switch {
		case class >= normal.Stop:
		case class == normal.Digit:
			if len(out) == 0 || out[len(out)-1] != '0' {
				out = append(out, '0')
			}
		default:
			out = append(out, r)
		}
	}
	return out
}

func mix(h, symbol uint64) uint64 {
	hi, lo := bits.Mul64(h^0x9e3779b97f4a7c15, symbol^0xd6e8feb86659fd93)
	return hi ^ lo ^ bits.RotateLeft64(h, 23)
}

// Signature is a one-permutation MinHash (Li et al., 2012) with optimal densification (Shrivastava, 2017).
type Signature [bins]uint32

// Sign makes the signature of a set of shingles.
func Sign(set []uint32) Signature {
	var sig Signature
	var full [bins]bool
	for _, s := range set {
		h := mix(0x51ed2701, uint64(s))
		bin, value := int((h>>32)*bins>>32), uint32(h)
		if !full[bin] || value < sig[bin] {
			sig[bin], full[bin] = value, true
		}
	}
	if len(set) == 0 {
		return sig
	}
	for i := range sig {
		for try := uint64(1); !full[i]; try++ {
			from := int((mix(uint64(i), try) >> 32) * bins >> 32)
			if full[from] {
				sig[i] = sig[from]
				break
			}
		}
	}
	return sig
}

// bucket is the key of one band of a signature, for texts of one kind of author.
func (sig *Signature) bucket(band int, author uint8) uint32 {
	h := uint64(author) + 1
	for _, v := range sig[band*rows : (band+1)*rows] {
		h = mix(h, uint64(v))
	}
	return uint32(h >> 32)
}

// jaccard is the similarity of two ascending sets.
func jaccard(a, b []uint32) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	both := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch x, y := a[i], b[j]; {
		case x == y:
			both++
			i++
			j++
		case x < y:
			i++
		default:
			j++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}
