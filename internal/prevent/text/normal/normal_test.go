package normal

import (
	"testing"

	"qingyuan"
)

func mustNew(t testing.TB) *Normalizer {
	t.Helper()
	n, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestViews(t *testing.T) {
	n := mustNew(t)
	tests := []struct {
		kind     Kind
		in, want string
	}{
		{Base, "Ｈｅｌｌｏ ＷＯＲＬＤ", "hello world"},
		{Base, "停\u200b息\u202e挂\ufe0f账", "停息挂账"},
		{Base, "催⃣收", "催收"},
		{Base, "раураl ①② ٣", "paypal 12 3"},
		{Base, "tíng xī, lǚ", "ting xi, lv"},
		{Base, "⼈⺅㊗🅥", "人亻祝v"},
		{Simplified, "停息掛賬徵信", "停息挂账征信"},
		{Compact, "停 息~挂··账，好", "停息挂账,好"},
		{Compact, "a b 停", "a b 停"},
		{Compact, "🐟期", "鱼期"},
		{Merged, "彳正信", "征信"},
		{Merged, "亻责务", "债务"},
		{Pinyin, "停息挂账", "tin xi gua zan "},
		{Pinyin, "tingxi挂zhang", "tin xi gua zan "},
		{Pinyin, "jr债务", "jrzai wu "},
		{Pinyin, "女nv", "lv lv "},
		{Initials, "停息挂账", "txgz"},
		{Initials, "中国", "zg"},
		{Glyph, "账", "长"},
	}
	for _, tt := range tests {
		v, err := n.View(tt.in, tt.kind)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.String(); got != tt.want {
			t.Errorf("%v of %q = %q, want %q", tt.kind, tt.in, got, tt.want)
		}
	}
}

func TestRawSpans(t *testing.T) {
	n := mustNew(t)
	raw := "找我\u200b彳正 信"
	v, err := n.View(raw, Merged)
	if err != nil {
		t.Fatal(err)
	}
	got := v.Raw(2, 4)
	if s := raw[got.Start:got.End]; s != "彳正 信" {
		t.Errorf("span of 征信 is %q", s)
	}
	if v.Raw(v.Len(), v.Len()) != (qingyuan.Span{Start: len(raw), End: len(raw)}) {
		t.Errorf("empty range at the end gives %v", v.Raw(v.Len(), v.Len()))
	}
}

func TestTooLong(t *testing.T) {
	n := mustNew(t)
	if _, err := n.View(string(make([]byte, MaxText+1)), Base); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Errorf("error %v, want invalid", err)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(); err != nil {
			b.Fatal(err)
		}
	}
}
