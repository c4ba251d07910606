package normal

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// alphabet has what the views treat specially, besides any rune and any byte.
var alphabet = []rune("停息掛賬征彳正信亻责🐟💳⭐7Vv zhangＡ①㈱ㄅがé\u0301\u200b\u202e\ufe0f\u20e3\n,。！ｱрﷺﷺ〇龘")

// anyText draws text of special and ordinary runes, arbitrary runes and arbitrary bytes.
func anyText(t *rapid.T) string {
	parts := rapid.SliceOfN(rapid.OneOf(
		rapid.StringOfN(rapid.SampledFrom(alphabet), 0, 12, -1),
		rapid.StringN(0, 4, -1),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 4), func(b []byte) string { return string(b) }),
	), 0, 6).Draw(t, "text")
	return strings.Join(parts, "")
}

// boundary says whether i is between two runes of text, an invalid byte being one.
func boundary(text string, i int) bool {
	at := 0
	for at < i {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return at == i
}

// checkView checks what holds for every view of every text.
func checkView(t interface {
	Fatalf(string, ...any)
}, n *Normalizer, text string, kind Kind) {
	v, err := n.View(text, kind)
	if err != nil {
		t.Fatalf("%v of %q: %v", kind, text, err)
	}
	lastStart, lastEnd := 0, 0
	for i := range v.Len() {
		s := v.Raw(i, i+1)
		if s.Start < lastStart || s.End < lastEnd || s.Start >= s.End || s.End > len(text) {
			t.Fatalf("%v of %q: symbol %d has span %v after %d, %d", kind, text, i, s, lastStart, lastEnd)
		}
		if !boundary(text, s.Start) || !boundary(text, s.End) {
			t.Fatalf("%v of %q: span %v of symbol %d cuts a rune", kind, text, s, i)
		}
		lastStart, lastEnd = s.Start, s.End
	}
	if kind > Simplified {
		return
	}
	// Without context: the raw bytes of a symbol give the symbol again, and what lies between two spans gives nothing.
	gap := 0
	for i := 0; i < v.Len(); {
		s := v.Raw(i, i+1)
		j := i
		for j < v.Len() && v.Raw(j, j+1) == s {
			j++
		}
		own, err := n.View(text[s.Start:s.End], kind)
		if err != nil || own.String() != string(v.Symbols[i:j]) {
			t.Fatalf("%v of %q: bytes %q give %q, not %q", kind, text, text[s.Start:s.End], own, string(v.Symbols[i:j]))
		}
		if between, err := n.View(text[gap:s.Start], kind); err != nil || between.Len() > 0 {
			t.Fatalf("%v of %q: lost %q", kind, text, text[gap:s.Start])
		}
		gap, i = s.End, j
	}
}

func TestEverySpanMapsBackToTheRawBytes(t *testing.T) {
	n := mustNew(t)
	rapid.Check(t, func(t *rapid.T) {
		text := anyText(t)
		for _, kind := range Kinds {
			checkView(t, n, text, kind)
		}
	})
}

func FuzzView(f *testing.F) {
	n := mustNew(f)
	for _, s := range []string{"停\u200b息掛賬", "彳正信 tingxi", "\xff\xfe🐟期", "ﷺ㈱①"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range Kinds {
			checkView(t, n, text, kind)
		}
	})
}

// TestHostileText is about time: each of these is read within seconds, not minutes, in every view.
func TestHostileText(t *testing.T) {
	n := mustNew(t)
	for name, text := range map[string]string{
		"one line":       strings.Repeat("停息挂账", 250_000),
		"letters":        strings.Repeat("z", 1_000_000),
		"syllables":      strings.Repeat("zhangang", 125_000),
		"signs":          strings.Repeat("⭐ ", 300_000),
		"parts":          strings.Repeat("一口丨", 300_000),
		"invisible":      strings.Repeat("\u200b", 500_000),
		"invalid":        strings.Repeat("\xff\xc0\xe4", 400_000),
		"many from one":  strings.Repeat("ﷺ", 100_000),
		"marks on marks": "e" + strings.Repeat("\u0301", 500_000),
	} {
		for _, kind := range Kinds {
			start := time.Now()
			if _, err := n.View(text, kind); err != nil {
				t.Fatalf("%s, %v: %v", name, kind, err)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("%s, %v: took %v", name, kind, took)
			}
		}
	}
}
