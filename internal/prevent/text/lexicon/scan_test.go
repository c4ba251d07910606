package lexicon

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

// shipped builds the matcher of the shipped lexicons and more.
func shipped(t testing.TB, more ...*Lexicon) *Matcher {
	t.Helper()
	n, err := normal.New()
	if err != nil {
		t.Fatal(err)
	}
	list, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(Config{Normalizer: n, Lexicons: append(list, more...)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func scan(t testing.TB, m *Matcher, text string) *Result {
	t.Helper()
	r, err := m.Scan(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// find is the hit of a term in a result, or nil.
func find(r *Result, term string) *Hit {
	for i := range r.Hits {
		if r.Hits[i].Text == term {
			return &r.Hits[i]
		}
	}
	return nil
}

func TestDisguises(t *testing.T) {
	m := shipped(t)
	tests := []struct {
		text, term, raw string
		view            View
	}{
		{"可以停息挂账,找我", "停息挂账", "停息挂账", ViewBase},
		{"可以停息挂帐,找我", "停息挂账", "停息挂帐", ViewBase},
		{"可以停息掛賬,找我", "停息挂账", "停息掛賬", ViewSimplified},
		{"可以停\u200b息\u202e挂\ufe0f账,找我", "停息挂账", "停\u200b息\u202e挂\ufe0f账", ViewCompact},
		{"可以停⏸息~挂 账,找我", "停息挂账", "停⏸息~挂 账", ViewCompact},
		{"专业亻責务优化十年", "债务优化", "亻責务优化", ViewMerged},
		{"能做停西挂帐的来", "停息挂账", "停西挂帐", ViewPinyin},
		{"能做ting xi gua zhang的来", "停息挂账", "ting xi gua zhang", ViewPinyin},
		{"能做tingxiguazhang的来", "停息挂账", "tingxiguazhang", ViewPinyin},
		{"能做停xi挂zhang的来", "停息挂账", "停xi挂zhang", ViewPinyin},
		{"能做停熄挂胀的来", "停息挂账", "停熄挂胀", ViewPinyin},
		{"能做txgz的来", "停息挂账", "txgz", ViewInitials},
		{"能做tx挂z的来", "停息挂账", "tx挂z", ViewInitials},
		{"我们专做征信攸复", "征信修复", "征信攸复", ViewGlyph},
		{"专业債冬尤化", "债务优化", "債冬尤化", ViewGlyph},
		{"能做息停挂账的来", "停息挂账", "息停挂账", ViewOrder},
		{"ＡＢ贷当天放", "AB贷", "ＡＢ贷", ViewBase},
		{"аb贷当天放", "AB贷", "аb贷", ViewBase},
	}
	for _, tt := range tests {
		h := find(scan(t, m, tt.text), tt.term)
		if h == nil {
			t.Errorf("%q: %s not found", tt.text, tt.term)
			continue
		}
		if h.Raw != tt.raw || h.View != tt.view || tt.text[h.Span.Start:h.Span.End] != tt.raw {
			t.Errorf("%q: found %q in view %s at %v, want %q in %s", tt.text, h.Raw, h.View, h.Span, tt.raw, tt.view)
		}
	}
}

func TestShortDisguisesNeedCorroboration(t *testing.T) {
	m := shipped(t)
	if r := scan(t, m, "分琪的事明天再说"); len(r.Hits) != 0 {
		t.Errorf("alone: %+v, want no hit", r.Hits)
	}
	r := scan(t, m, "分琪的事找我,专业反催收")
	h := find(r, "分期")
	if h == nil || !h.Short || h.Raw != "分琪" {
		t.Errorf("beside another term: %+v, want 分期 as a short hit", h)
	}
	far := "分琪的事明天再说。" + strings.Repeat("今天天气很好,我们去公园走走。", 30) + "专业反催收"
	if h := find(scan(t, m, far), "分期"); h != nil {
		t.Errorf("far from the other term: %+v, want no hit", h)
	}
	for _, two := range []string{"小崔天天来", "小崔天天来,分期太多"} { // a short variant, and everyday words as they stand
		if r := scan(t, m, two); len(r.Hits) != 0 {
			t.Errorf("%q: %+v, want no hit", two, r.Hits)
		}
	}
}

func TestOrdinaryWritingIsSpared(t *testing.T) {
	m := shipped(t)
	for _, text := range []string{
		"两口子周末去吃过桥米线", "他考研上岸以后接收徒弟", "银行卡分期还款的利息怎么算", "这件事我们有分歧,余期再谈",
		"会议记录包装流水线的改造", "现金支付还是扫码支付?", "病历证明已经交给老师了", "路口交通信号灯坏了", "投资方代表到了", "柒仟捌佰元整",
	} {
		for _, h := range scan(t, m, text).Hits {
			if !h.Weak {
				t.Errorf("%q: %s found as %q (%s)", text, h.Text, h.Raw, h.View)
			}
		}
	}
}

func TestLongestMatchAndAllowedPhrases(t *testing.T) {
	own := &Lexicon{Name: "own", Version: 1, Typology: qingyuan.T3, Terms: []Term{
		{ID: "own-1", Text: "挂账", Sense: qingyuan.Text{ZH: "甲", EN: "a"}, Source: "own"},
		{ID: "own-2", Text: "路口", Sense: qingyuan.Text{ZH: "乙", EN: "b"}, Source: "own"},
	}, Allow: []string{"路口交通"}}
	m := shipped(t, own)
	r := scan(t, m, "停息挂账")
	if find(r, "停息挂账") == nil || find(r, "挂账") != nil {
		t.Errorf("longest match: %+v", r.Hits)
	}
	if r := scan(t, m, "路口交通"); len(r.Hits) != 0 {
		t.Errorf("inside an allowed phrase: %+v", r.Hits)
	}
	if r := scan(t, m, "在路口等"); find(r, "路口") == nil {
		t.Errorf("outside an allowed phrase: %+v", r.Hits)
	}
}

func TestContextsAndSignals(t *testing.T) {
	m := shipped(t)
	tests := []struct {
		text, context string
		signals       []qingyuan.Typology
	}{
		{"停息挂账,征信修复,加V详聊", "", []qingyuan.Typology{qingyuan.T3, qingyuan.T9}},
		{"谨防停息挂账的陷阱", "warning", nil},
		{"我被骗了,中介说可以停息挂账", "victim", nil},
		{"尊敬的客户:我行从未授权任何人办理停息挂账。", "lender_notice", nil},
		{"警方通报:停息挂账诈骗两人被判刑", "education", nil},
		{"谨防上当。停息挂账找我", "", []qingyuan.Typology{qingyuan.T3}},
		{"我想协商还款,只还本金可以吗,暴力催收受不了了", "", nil},
	}
	for _, tt := range tests {
		r := scan(t, m, tt.text)
		if h := find(r, "停息挂账"); h != nil && h.Context != tt.context {
			t.Errorf("%q: context %q, want %q", tt.text, h.Context, tt.context)
		}
		var got []qingyuan.Typology
		for _, s := range r.Signals(qingyuan.AuthorPublic) {
			got = append(got, s.Typology)
			if s.Code != "C2" || s.Family != qingyuan.FamilyText || len(s.Spans) == 0 || !strings.HasPrefix(s.Detector, "text.lexicon@") {
				t.Errorf("%q: signal %+v", tt.text, s)
			}
		}
		if !slices.Equal(got, tt.signals) {
			t.Errorf("%q: signals %v, want %v (hits %+v)", tt.text, got, tt.signals, r.Hits)
		}
	}
}

func TestAnnexExplainsEveryTermOnce(t *testing.T) {
	m := shipped(t)
	text := "停息挂账!停西挂帐!专业反催收"
	rows := m.Annex(scan(t, m, text))
	if len(rows) != 2 || rows[0].Term != "停息挂账" || len(rows[0].Spans) != 2 {
		t.Fatalf("annex %+v", rows)
	}
	if !slices.Equal(rows[0].Raw, []string{"停息挂账", "停西挂帐"}) || rows[0].Sense.ZH == "" || rows[0].Source == "SEED" {
		t.Errorf("row %+v, want both writings, the sense and the source in full", rows[0])
	}
}

func TestATenantsTermReplacesTheShippedOne(t *testing.T) {
	own := &Lexicon{Name: "own", Version: 7, Typology: qingyuan.T3, Terms: []Term{
		{ID: "T3-002", Text: "停息挂账", Weak: true, Sense: qingyuan.Text{ZH: "甲", EN: "a"}, Source: "own"}}}
	before, after := shipped(t), shipped(t, own)
	if h := find(scan(t, after, "停息挂账"), "停息挂账"); h == nil || !h.Weak || h.Source != "own" {
		t.Errorf("hit %+v, want the tenant's", h)
	}
	if before.Version() == after.Version() {
		t.Error("another lexicon, the same version")
	}
}

func TestNothingIsLostAtTheSeams(t *testing.T) {
	m := shipped(t)
	filler := strings.Repeat("今天天气很好我们去公园走走", pieceSize/39+2)
	for shift := range 14 {
		text := filler[:cut(filler, pieceSize-3*shift)] + "停西挂帐" + filler
		r := scan(t, m, text)
		if len(r.Hits) != 1 || r.Hits[0].Raw != "停西挂帐" {
			t.Errorf("shift %d: %+v, want the term once", shift, r.Hits)
		}
	}
}

func TestScanOfAnyText(t *testing.T) {
	m := shipped(t)
	word := rapid.SampledFrom([]string{"停息挂账", "停西", "挂帐", "亻責务", "优化", "tx", "zhang", "⭐", "\u200b", "\xff", "7", "、", "分琪", "崔收", "谨防", "💳"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.OneOf(word, rapid.StringN(0, 3, -1)), 0, 12).Draw(t, "text"), "")
		r, err := m.Scan(context.Background(), text)
		if err != nil {
			t.Fatal(err)
		}
		checkHits(t, text, r)
	})
}

// checkHits checks what holds for the hits of every text.
func checkHits(t interface {
	Fatalf(string, ...any)
}, text string, r *Result) {
	last, valid := 0, utf8.ValidString(text)
	for _, h := range r.Hits {
		if h.Span.Start < last || h.Span.Start >= h.Span.End || h.Span.End > len(text) || text[h.Span.Start:h.Span.End] != h.Raw {
			t.Fatalf("%q: hit %+v", text, h)
		}
		if valid && !utf8.ValidString(h.Raw) {
			t.Fatalf("%q: span %v cuts a rune", text, h.Span)
		}
		last = h.Span.Start
	}
}

func FuzzScan(f *testing.F) {
	m := shipped(f)
	for _, s := range []string{"停西挂帐 tx", "亻責务优化⭐", "\xff谨防AB贷。", "分琪 崔收"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := m.Scan(context.Background(), text)
		if err != nil {
			t.Skip()
		}
		checkHits(t, text, r)
	})
}

func TestHostileText(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	m := shipped(t)
	for name, text := range map[string]string{
		"one line":       strings.Repeat("停息挂账", 250_000),
		"near misses":    strings.Repeat("债务停挂优息催账收化", 30_000),
		"letters":        strings.Repeat("z", 1_000_000),
		"syllables":      strings.Repeat("zhangxitinggua", 70_000),
		"initials":       strings.Repeat("txgz ", 200_000),
		"signs":          strings.Repeat("停⭐", 200_000),
		"parts":          strings.Repeat("亻責彳正", 100_000),
		"odd characters": strings.Repeat("俓俢復瑂潶𥹉砅", 50_000),
		"invisible":      strings.Repeat("\u200b", 400_000) + "停息挂账",
		"invalid":        strings.Repeat("\xff\xc0\xe4停", 200_000),
	} {
		start := time.Now()
		r := scan(t, m, text)
		checkHits(t, text, r)
		if len(r.Hits) > MaxHits+maxCandidates {
			t.Errorf("%s: %d hits", name, len(r.Hits))
		}
		t.Logf("%s: %v for %d bytes, %d hits, truncated %v", name, time.Since(start), len(text), len(r.Hits), r.Truncated)
	}
	if _, err := m.Scan(t.Context(), strings.Repeat("a", MaxText+1)); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Errorf("too long: %v, want invalid", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Scan(ctx, "停息挂账"); err == nil {
		t.Error("scanned after the context ended")
	}
}
