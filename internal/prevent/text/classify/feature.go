package classify

import (
	"math/bits"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

// The n-grams that are features: of characters in the merged view and of sounds in the pinyin view.
// Grams says which n-grams are features: of 1 to Chars characters in the merged view, and of 2 to Sounds sounds in the
// pinyin view.
type Grams struct {
	Chars  int `json:"chars"`
	Sounds int `json:"sounds"`
}

// check refuses lengths outside 1 to 5.
func (g Grams) check() error {
	if g.Chars < 1 || g.Chars > 5 || g.Sounds < 1 || g.Sounds > 5 {
		return qingyuan.FieldErrorf("grams", "must be 1 to 5")
	}
	return nil
}

// MaxText is the longest part of a text, in bytes, that is scored; what follows is ignored.
const MaxText = 256 << 10

// gram is one occurrence of an n-gram: its feature hash and the raw bytes behind it.
type gram struct {
	hash uint64
	span qingyuan.Span
}

// extractor turns text into n-grams.
type extractor struct {
	views  *normal.Normalizer
	orders Grams
	sounds []uint64 // hash of each sound's name: the numbers of sounds may change with the tables, their names do not
}

func newExtractor(n *normal.Normalizer, g Grams) *extractor {
	x := &extractor{views: n, orders: g, sounds: make([]uint64, n.Sounds())}
	for i := range x.sounds {
		h := uint64(2)
		for _, r := range n.Name(normal.Sound(i)) {
			h = mix(h, uint64(r))
		}
		x.sounds[i] = h
	}
	return x
}

// mix folds one symbol into a hash.
func mix(h, symbol uint64) uint64 {
	hi, lo := bits.Mul64(h^0x9e3779b97f4a7c15, symbol^0xd6e8feb86659fd93)
	return hi ^ lo ^ bits.RotateLeft64(h, 23)
}

// each calls f for every n-gram of the text with its view and place; the view's Raw gives the bytes.
func (x *extractor) each(text string, f func(hash uint64, v *normal.View, from, to int)) {
	if len(text) > MaxText {
		text = text[:MaxText]
	}
	tokens := x.views.Tokens(make([]normal.Token, 0, len(text)/3+8), text)
	chars := x.views.ViewOf(append([]normal.Token(nil), tokens...), normal.Merged)
	sounds := x.views.ViewOf(tokens, normal.Pinyin)
	x.grams(chars, 1, 1, x.orders.Chars, f)
	x.grams(sounds, 2, 2, x.orders.Sounds, f)
}

// grams calls f for the n-grams of one view. Every digit counts as 0.
func (x *extractor) grams(v *normal.View, seed uint64, low, high int, f func(uint64, *normal.View, int, int)) {
	symbols := make([]uint64, len(v.Symbols))
	for i, s := range v.Symbols {
		switch {
		case s >= normal.SoundRune:
			symbols[i] = x.sounds[s-normal.SoundRune]
		case s >= '0' && s <= '9':
			symbols[i] = '0'
		default:
			symbols[i] = uint64(s)
		}
	}
	for i := range symbols {
		h := seed
		for j := i; j < len(symbols) && j < i+high; j++ {
			if h = mix(h, symbols[j]); j-i+1 >= low {
				f(h, v, i, j+1)
			}
		}
	}
}

// count is a feature of one text: its id and how often it occurs.
type count struct {
	id int32
	n  int32
}

// hashes returns the distinct feature hashes of text with their counts.
func (x *extractor) hashes(text string) map[uint64]int32 {
	m := make(map[uint64]int32, len(text)*2)
	x.each(text, func(h uint64, _ *normal.View, _, _ int) { m[h]++ })
	return m
}
