package normal

import (
	"unicode"
	"unicode/utf8"
)

// Class is the kind of a base symbol.
type Class uint8

// The classes.
const (
	Other  Class = iota // letters of scripts that are neither Han nor folded to Latin, private and unassigned runes
	Han                 // a Han character
	Letter              // a–z
	Digit               // 0–9
	Stop                // punctuation that ends or divides a sentence: ， 。 ！ …, brackets, quotation marks
	Sign                // any other punctuation, symbol or emoji
	Space               // a space or tab
	Break               // a line feed
)

// Token is one base symbol and the bytes [Start, End) of the raw text it was read from.
type Token struct {
	Rune       rune
	Class      Class
	Start, End int32
}

// Fold is the base form of one rune where that is a single rune, simplified; otherwise r itself.
func (n *Normalizer) Fold(r rune) rune {
	if r < 0 || r > utf8.MaxRune {
		return r
	}
	if i := n.fold.at(r); i != 0 && len(n.folded[i-1]) == 1 {
		r = n.folded[i-1][0]
	}
	return n.simplify(r)
}

func (n *Normalizer) simplify(r rune) rune {
	if s := n.simple.at(r); s != 0 {
		return s
	}
	return r
}

// Tokens appends the base symbols of text to dst. What folds to nothing gives no token; what folds to several
// characters gives several tokens with the same span. Text must be shorter than 2 GiB.
func (n *Normalizer) Tokens(dst []Token, text string) []Token {
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		t := Token{Rune: r, Start: int32(i), End: int32(i + size)}
		i += size
		f := n.fold.at(r)
		if f == 0 {
			t.Class = ClassOf(r)
			dst = append(dst, t)
			continue
		}
		for _, c := range n.folded[f-1] {
			t.Rune, t.Class = c, ClassOf(c)
			dst = append(dst, t)
		}
	}
	return dst
}

// ClassOf is the class of a base symbol.
func ClassOf(r rune) Class {
	switch {
	case r >= 0x4e00 && r <= 0x9fff, r >= 0x3400 && r <= 0x4dbf, r >= 0x20000 && r <= 0x3ffff, r == '〇':
		return Han
	case r < utf8.RuneSelf:
		return asciiClass[r]
	case r == utf8.RuneError:
		return Other
	case unicode.Is(unicode.Han, r):
		return Han
	case stop(r):
		return Stop
	case unicode.IsPunct(r), unicode.IsSymbol(r):
		return Sign
	case unicode.IsSpace(r):
		return Space
	}
	return Other
}

// stop says whether a rune outside ASCII divides sentences.
func stop(r rune) bool {
	switch r {
	case '、', '。', '…', '‥', '：', '；', '｡', '､':
		return true
	}
	return unicode.In(r, unicode.Ps, unicode.Pe, unicode.Pi, unicode.Pf)
}

// asciiClass is the class of each ASCII rune.
var asciiClass = func() (t [utf8.RuneSelf]Class) {
	for i := range t {
		switch r := rune(i); {
		case r >= 'a' && r <= 'z':
			t[i] = Letter
		case r >= '0' && r <= '9':
			t[i] = Digit
		case r == '\n':
			t[i] = Break
		case unicode.IsSpace(r):
			t[i] = Space
		case r == ',' || r == ';' || r == ':' || r == '!' || r == '?' || r == '(' || r == ')' || r == '[' || r == ']' || r == '"':
			t[i] = Stop
		default:
			t[i] = Sign
		}
	}
	return t
}()
