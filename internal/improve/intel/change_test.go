package intel

import (
	"slices"
	"strings"
	"testing"

	"qingyuan"
	"qingyuan/internal/prevent/text/lexicon"
)

func ownTerm(id, words string) lexicon.Term {
	return lexicon.Term{ID: id, Text: words, Sense: qingyuan.Text{ZH: "暗称", EN: "cover"}, Typology: qingyuan.T3, Source: "test"}
}

// TestLexiconChange applies changes to a lexicon of two terms: the next version has what was asked, the one before is as it was.
func TestLexiconChange(t *testing.T) {
	was := &lexicon.Lexicon{Name: "own", Version: 4, Terms: []lexicon.Term{ownTerm("a", "甲乙"), ownTerm("b", "丙丁")}, Allow: []string{"甲乙丙"}}
	noSense := ownTerm("c", "戊己")
	noSense.Sense = qingyuan.Text{}
	aimless := ownTerm("c", "戊己")
	aimless.Typology = ""
	weak := aimless
	weak.Weak = true
	for _, c := range []struct {
		name   string
		change LexiconChange
		terms  string // of the next version
		allow  string
		code   qingyuan.Code
	}{
		{"added", LexiconChange{Terms: []lexicon.Term{ownTerm("c", "戊己")}}, "甲乙 丙丁 戊己", "甲乙丙", ""},
		{"replaced", LexiconChange{Terms: []lexicon.Term{ownTerm("a", "子丑")}}, "子丑 丙丁", "甲乙丙", ""},
		{"removed", LexiconChange{Remove: []string{"a"}}, "丙丁", "甲乙丙", ""},
		{"removed and added again", LexiconChange{Remove: []string{"a"}, Terms: []lexicon.Term{ownTerm("a", "寅卯")}}, "丙丁 寅卯", "甲乙丙", ""},
		{"phrases", LexiconChange{Allow: []string{"丁戊", "甲乙丙"}, Disallow: []string{"甲乙丙"}}, "甲乙 丙丁", "丁戊", ""},
		{"a weak term needs no typology", LexiconChange{Terms: []lexicon.Term{weak}}, "甲乙 丙丁 戊己", "甲乙丙", ""},
		{"not there", LexiconChange{Remove: []string{"x"}}, "", "", qingyuan.NotFound},
		{"nothing", LexiconChange{}, "", "", qingyuan.Invalid},
		{"no sense", LexiconChange{Terms: []lexicon.Term{noSense}}, "", "", qingyuan.Invalid},
		{"no typology", LexiconChange{Terms: []lexicon.Term{aimless}}, "", "", qingyuan.Invalid},
		{"too long", LexiconChange{Terms: []lexicon.Term{ownTerm("c", strings.Repeat("长", 41))}}, "", "", qingyuan.Invalid},
	} {
		next, err := c.change.apply(was, "2026-11-23")
		if qingyuan.CodeOf(err) != c.code || (err == nil) != (c.code == "") {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if err != nil {
			continue
		}
		var terms []string
		for _, x := range next.Terms {
			terms = append(terms, x.Text)
		}
		if got := strings.Join(terms, " "); got != c.terms || strings.Join(next.Allow, " ") != c.allow || next.Version != 5 {
			t.Errorf("%s: %s, allow %v, version %d", c.name, got, next.Allow, next.Version)
		}
	}
	if len(was.Terms) != 2 || was.Terms[0].Text != "甲乙" || !slices.Equal(was.Allow, []string{"甲乙丙"}) {
		t.Errorf("the version before was changed: %+v", was)
	}
}

// TestLeaning compares counts of two periods: more often is positive, rarer negative, the same is nothing, and more evidence weighs more.
func TestLeaning(t *testing.T) {
	for _, c := range []struct {
		name       string
		a, n, b, m int
		want       func(float64) bool
	}{
		{"new", 5, 100, 0, 400, func(g float64) bool { return g > 3.5 && g < 4.5 }},
		{"gone", 0, 100, 20, 400, func(g float64) bool { return g < -2 }},
		{"the same", 10, 100, 40, 400, func(g float64) bool { return g > -0.01 && g < 0.01 }},
		{"nothing to compare with", 10, 100, 0, 0, func(g float64) bool { return g == 0 }},
		{"everywhere", 100, 100, 400, 400, func(g float64) bool { return g == 0 }},
		{"never", 0, 100, 0, 400, func(g float64) bool { return g == 0 }},
	} {
		if g := leaning(c.a, c.n, c.b, c.m); !c.want(g) {
			t.Errorf("%s: %.3f", c.name, g)
		}
	}
	if leaning(10, 200, 0, 800) <= leaning(5, 100, 0, 400) {
		t.Error("twice the evidence weighs no more")
	}
}

// TestWordsAreBounded counts so many different strings that most must be dropped: what is frequent is still found.
func TestWordsAreBounded(t *testing.T) {
	s := newService(t)
	s.rules.MaxWords = 2000
	var docs []*document
	for i := range 600 {
		d := &document{id: string(rune('a'+i%26)) + strings.Repeat("x", i/26), writer: strings.Repeat("w", 1+i), author: qingyuan.AuthorPublic, at: 1, recent: i < 60}
		d.unit = d.writer
		for k := range 30 {
			d.symbols = append(d.symbols, rune(0x4e00+(i*977+k*k*131+k*7)%12000))
		}
		if i < 12 {
			d.suspect = true
			d.symbols = append(append(d.symbols[:15:15], []rune("鸾渡隼")...), d.symbols[15:]...)
		}
		for range d.symbols {
			d.start, d.end = append(d.start, 0), append(d.end, 3)
		}
		docs = append(docs, d)
	}
	found := words(docs, &s.rules, func([]rune) float64 { return 10 })
	if !slices.ContainsFunc(found, func(w *word) bool { return string(w.runes) == "鸾渡隼" }) {
		t.Errorf("lost among %d finds", len(found))
	}
}

// TestRulesAreChecked refuses rules of discovery that are out of range.
func TestRulesAreChecked(t *testing.T) {
	for _, bad := range []string{"", "version: x", "nonsense: 1",
		strings.Replace(string(shippedRules), "min_writers: 3", "min_writers: 1", 1),
		strings.Replace(string(shippedRules), "max_words: 1000000", "max_words: 1000000000", 1),
		strings.Replace(string(shippedRules), "reference_days: 60", "reference_days: 1", 1)} {
		if _, err := ParseRules([]byte(bad)); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%.40q: %v", bad, err)
		}
	}
}
