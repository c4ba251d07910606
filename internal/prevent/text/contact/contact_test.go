package contact

import (
	"slices"
	"strings"
	"testing"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

func mustReader(t testing.TB) *Reader {
	t.Helper()
	n, err := normal.New()
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(n)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRead(t *testing.T) {
	r := mustReader(t)
	for _, c := range []struct {
		text string
		want []string // kind value raw, with ! where evasive
	}{
		{"请拨打19900001234咨询", []string{"phone 19900001234 19900001234"}},
		{"电话：199-0000-1234", []string{"phone 19900001234 199-0000-1234"}},
		{"手机 199 0000 1234，座机021-65550000", []string{"phone 19900001234 199 0000 1234", "phone 02165550000 021-65550000"}},
		{"1 9 9 0 0 0 0 1 2 3 4 找我", []string{"phone 19900001234 1 9 9 0 0 0 0 1 2 3 4"}},
		{"打幺九九零零零零一二三四", []string{"phone 19900001234 幺九九零零零零一二三四!"}},
		{"一九九·零零零零·一二三四", []string{"phone 19900001234 一九九·零零零零·一二三四!"}},
		{"１９９００００１２３４", []string{"phone 19900001234 １９９００００１２３４!"}},
		{"①⑨⑨⓪⓪⓪⓪①②③④", []string{"phone 19900001234 ①⑨⑨⓪⓪⓪⓪①②③④!"}},
		{"热线4008001234", []string{"phone 4008001234 4008001234"}},
		{"+8619900001234", []string{"phone 8619900001234 8619900001234"}},
		{"19900001234（微信同号）", []string{"phone 19900001234 19900001234", "wechat 19900001234 19900001234"}},
		{"微信号：abc_2026", []string{"wechat abc_2026 abc_2026"}},
		{"➕V daikuan8866 秒回", []string{"wechat daikuan8866 daikuan8866!"}},
		{"加卫星 zhai520wu", []string{"wechat zhai520wu zhai520wu!"}},
		{"绿泡泡：chedai_168", []string{"wechat chedai_168 chedai_168!"}},
		{"薇❤ 不写了", nil},
		{"vx19900001234", []string{"phone 19900001234 19900001234", "wechat 19900001234 19900001234!"}},
		{"QQ 123456789", []string{"qq 123456789 123456789"}},
		{"扣扣：12345 6789", []string{"qq 123456789 12345 6789!"}},
		{"进QQ群 987654321 领资料", []string{"group 987654321 987654321"}},
		{"裙号七六五四三二一八", []string{"group 76543218 七六五四三二一八!"}},
		{"邮箱 zhang.san@example.com", []string{"email zhang.san@example.com zhang.san@example.com"}},
		{"zhangsan艾特example点com", []string{"email zhangsan@example.com zhangsan艾特example点com!"}},
		{"见 https://www.Example.com/a?b=1 。", []string{"url example.com/a?b=1 https://www.Example.com/a?b=1"}},
		{"打开dai-kuan点top登记", []string{"url dai-kuan.top dai-kuan点top!"}},
		// not contacts
		{"身份证110101199001011234", nil},
		{"订单号19900001234已发货", nil},
		{"金额19900001234元", nil},
		{"卡号6222020000001234567", nil},
		{"2026年11月22日 13:45 到账 13800.50 元", nil},
		{"合同编号HT19900001234", nil},
		{"依据第七十条、第一千零三十二条，要求三八折二五折", nil},
		{"共 1234 5678 笔", nil},
		{"微信支付和支付宝都行", nil},
		{"微信 app 更新了", nil},
		{"薇薇安说她三点来", nil},
		{"利率3.85，期限12.5个月", nil},
		{"版本 v2.10.3 发布", nil},
		{"12378热线", nil},
		{"一三五七八九月有三十一天", nil},
	} {
		var got []string
		for _, m := range r.Read(c.text) {
			s := string(m.Kind) + " " + m.Value + " " + c.text[m.Span.Start:m.Span.End]
			if m.Evasive {
				s += "!"
			}
			got = append(got, s)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s\n got %q\nwant %q", c.text, got, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	r := mustReader(t)
	many := strings.Repeat("19900001234，", 5000)
	if got := r.Read(many); len(got) != MaxMentions {
		t.Errorf("%d mentions, want %d", len(got), MaxMentions)
	}
	if got := r.Read(strings.Repeat("1", 300<<10) + "\xff\xfe微信"); len(got) != 0 {
		t.Errorf("a long number gave %d mentions", len(got))
	}
}

func TestSignals(t *testing.T) {
	r := mustReader(t)
	m := r.Read("债务优化，加薇 zhai520wu，或19900001234")
	got := r.Signals(m, 0.93, func(k Kind, v string) bool { return k == WeChat && v == "zhai520wu" })
	if len(got) != 1 || got[0].Code != "S1" || got[0].Family != qingyuan.FamilySocial || got[0].Score != 0.93 || got[0].Spans[0] != m[0].Span {
		t.Fatalf("signals %+v", got)
	}
}

func FuzzRead(f *testing.F) {
	r := mustReader(f)
	for _, s := range []string{"➕V a12345", "1 9 9 0 0 0 0 1 2 3 4", "a艾特b点com", "裙①②③④⑤", "\xff\xfe13", "qq群：1-2-3-4-5-6"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range r.Read(text) {
			if m.Value == "" || m.Span.Start >= m.Span.End || m.Span.End > len(text) {
				t.Fatalf("mention %+v of %q", m, text)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	r := mustReader(b)
	text := strings.Repeat("您好，我想咨询一下上个月的账单为什么多扣了一百二十元，客服一直没有人接听，请尽快联系我处理。", 8) + "电话19900001234"
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Read(text)
	}
}
