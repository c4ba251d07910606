package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/unicode/runenames"
)

// lettered finds the letter or digit inside a drawn sign that NFKC leaves alone: 🅥, 🇻, ➊.
var lettered = regexp.MustCompile(`^(?:NEGATIVE CIRCLED LATIN CAPITAL LETTER|NEGATIVE SQUARED LATIN CAPITAL LETTER|REGIONAL INDICATOR SYMBOL LETTER|CROSSED NEGATIVE SQUARED LATIN CAPITAL LETTER) ([A-Z])$|^DINGBAT (?:NEGATIVE CIRCLED|CIRCLED SANS-SERIF|NEGATIVE CIRCLED SANS-SERIF) DIGIT (\w+)$`)

var digitNames = map[string]string{"ZERO": "0", "ONE": "1", "TWO": "2", "THREE": "3", "FOUR": "4", "FIVE": "5",
	"SIX": "6", "SEVEN": "7", "EIGHT": "8", "NINE": "9", "TEN": "10"}

// dropped lists what vanishes: default ignorables (bidi controls, joiners, variation selectors, tags) and marks
// that only decorate the character before them (accents, strokes, enclosures). Source: Unicode, through package unicode.
func dropped(r rune) bool {
	switch {
	case unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r), unicode.Is(unicode.Variation_Selector, r),
		unicode.Is(unicode.Cf, r), unicode.Is(unicode.Me, r):
		return true
	case r >= 0x300 && r <= 0x36f, r >= 0x1ab0 && r <= 0x1aff, r >= 0x1dc0 && r <= 0x1dff, r >= 0x20d0 && r <= 0x20ff, r >= 0xfe20 && r <= 0xfe2f:
		return unicode.Is(unicode.M, r)
	case r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return unicode.Is(unicode.Cc, r) && !unicode.IsSpace(r)
}

// foldRune is the base form of one rune: NFKC, case folding, marks dropped, digits and look-alike letters to ASCII.
func foldRune(r rune, twin map[rune]string) string {
	if dropped(r) {
		return ""
	}
	if m := lettered.FindStringSubmatch(runenames.Name(r)); m != nil {
		if m[1] != "" {
			return strings.ToLower(m[1])
		}
		return digitNames[m[2]]
	}
	var b strings.Builder
	for _, c := range cases.Fold().String(norm.NFKC.String(string(r))) {
		b.WriteString(plain(c, twin))
	}
	return b.String()
}

// plain reduces one folded rune to ASCII where it is a letter, digit or space that only looks or counts differently.
func plain(c rune, twin map[rune]string) string {
	switch {
	case c < utf8.RuneSelf:
		return string(c)
	case dropped(c):
		return ""
	case unicode.Is(unicode.Zl, c), unicode.Is(unicode.Zp, c):
		return "\n"
	case unicode.IsSpace(c):
		return " "
	case unicode.Is(unicode.Nd, c):
		return string(rune('0' + digitOf(c)))
	}
	if t, ok := twin[c]; ok {
		return t
	}
	if !unicode.Is(unicode.Latin, c) {
		return string(c)
	}
	if strings.HasPrefix(norm.NFD.String(string(c)), "u\u0308") {
		return "v" // ü, as pinyin keyboards write it
	}
	var b strings.Builder
	for _, d := range norm.NFKD.String(string(c)) {
		if !dropped(d) {
			b.WriteRune(d)
		}
	}
	return b.String()
}

// digitOf is the value of a decimal digit: Unicode keeps each set of ten in order, starting at a multiple of its run.
func digitOf(c rune) int {
	n := 0
	for p := c - 1; unicode.Is(unicode.Nd, p); p-- {
		n++
	}
	return n % 10
}

// fold builds lines "base form TAB runes" for every rune whose base form is not itself.
func fold(src string) ([]string, error) {
	twin, err := twins(filepath.Join(src, "confusables.json"))
	if err != nil {
		return nil, err
	}
	m := map[rune]string{}
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) || unicode.Is(unicode.Hangul, r) {
			continue
		}
		if !unicode.IsGraphic(r) && !unicode.IsSpace(r) && !dropped(r) {
			continue // unassigned and private: itself
		}
		if f := foldRune(r, twin); f != string(r) {
			m[r] = escape(f)
		}
	}
	for r := range rune(0x80) {
		if f := foldRune(r, nil); f != string(r) {
			m[r] = escape(f)
		}
	}
	lines := grouped(m)
	for i, l := range lines {
		v, rs, _ := strings.Cut(l, "\t")
		lines[i] = v + "\t" + ranges([]rune(rs))
	}
	return lines, nil
}

// escape keeps tabs and line feeds out of the table.
func escape(s string) string {
	return strings.NewReplacer("\n", `\n`, "\t", `\t`, `\`, `\\`).Replace(s)
}

// twins reads the Unicode confusables (UTS 39 data as packed by confusable-homoglyphs) and keeps the letters and
// digits of other alphabets that look like one ASCII letter or digit, and the CJK radicals that look like a character.
func twins(path string) (map[rune]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var table map[string][]struct {
		C string `json:"c"`
	}
	if err := json.Unmarshal(b, &table); err != nil {
		return nil, err
	}
	out := map[rune]string{}
	for key, list := range table {
		k, n := utf8.DecodeRuneInString(key)
		if n != len(key) || k < utf8.RuneSelf {
			continue
		}
		best := ""
		for _, e := range list {
			c, n := utf8.DecodeRuneInString(e.C)
			if n == len(e.C) && isTwin(k, c) && better(string(unicode.ToLower(c)), best) {
				best = string(unicode.ToLower(c))
			}
		}
		if best != "" {
			out[k] = best
		}
	}
	return out, nil
}

// isTwin says whether the look-alike c may stand for k.
func isTwin(k, c rune) bool {
	if k >= 0x2e80 && k <= 0x2eff || k >= 0x31c0 && k <= 0x31ef {
		return c >= 0x4e00 && c <= 0x9fff
	}
	east := unicode.In(k, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo)
	return !east && unicode.IsLetter(k) && c < utf8.RuneSelf && unicode.IsLetter(c)
}

// better prefers the first in code order, so that the table does not depend on the order of the source.
func better(a, b string) bool { return b == "" || a < b }

// ranges writes runes in hexadecimal, runs as first-last.
func ranges(rs []rune) string {
	var parts []string
	for i := 0; i < len(rs); {
		j := i
		for j+1 < len(rs) && rs[j+1] == rs[j]+1 {
			j++
		}
		p := codepoint(rs[i])
		if j > i {
			p += "-" + codepoint(rs[j])
		}
		parts = append(parts, p)
		i = j + 1
	}
	return strings.Join(parts, " ")
}
