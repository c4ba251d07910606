package discourse

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

func mustDetector(t testing.TB) *Detector {
	t.Helper()
	n, err := normal.New()
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(n, ShippedPatterns())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSignals(t *testing.T) {
	d := mustDetector(t)
	for _, c := range []struct {
		name, text string
		author     qingyuan.AuthorKind
		want       []string
	}{
		{"C3", "要求退还担保费六千元，三日内不退我将向监管举报，退款到账后本人撤销投诉。", qingyuan.AuthorCustomer, []string{"C3"}},
		{"C3 with signs between", "要 求 减·免 全 部 利 息 ， 否 则 每 天 投 诉 ， 同 意 后 立 即 撤 诉", qingyuan.AuthorCustomer, []string{"C3"}},
		{"P1", "拿八千块钱来我就撤，不给就一直投。", qingyuan.AuthorSpeech, []string{"P1"}},
		{"P1 fee", "撤诉费三千，微信转我", qingyuan.AuthorAgent, []string{"P1"}},
		{"C5", "贵司不处理的话，我会依次向12378、12345、人民银行、信访局反映，直到解决为止", qingyuan.AuthorCustomer, []string{"C5"}},
		{"refusal", "请勿再致电本人，后续事宜由我委托的顾问王某处理。", qingyuan.AuthorCustomer, []string{"text.no_direct_contact"}},
		{"coached", "坐席：您好\n客户：你工号多少，哪个公司的\n坐席：……\n客户：我这边录音了\n客户：按规定你们这样违规\n客户：我要求停息分60期\n客户：其他方案我不接受，我打12378", qingyuan.AuthorSpeech, []string{"text.coached_order"}},
		{"agent speaks, customer does not", "坐席：我的工号是8062，本次通话录音，按监管规定不能停息，其他方案可以书面答复，您也可以投诉\n客户：好的谢谢", qingyuan.AuthorSpeech, nil},
		{"angry customer", "我要投诉！！多扣了三百块钱，再不退我就打12378，太欺负人了", qingyuan.AuthorCustomer, nil},
		{"C3 without a threat", "投诉某平台骚扰家属。诉求：本金分60期，停止计息。满足后本人立即撤诉。", qingyuan.AuthorCustomer, []string{"C3"}},
		{"own money back", "你们重复扣款三百元，退还以后我就撤诉", qingyuan.AuthorCustomer, nil},
		{"two channels", "打12378他们让我先找你们，黑猫上也没人回，什么时候解决", qingyuan.AuthorCustomer, nil},
		{"do not call my work", "请不要再打我单位的电话了，我同事都知道了，我愿意还", qingyuan.AuthorCustomer, nil},
		{"withdrawing for nothing", "问题已经解决了，我撤销投诉，谢谢客服小王", qingyuan.AuthorCustomer, nil},
		{"education", "法院判决：以撤诉费为名索要钱财构成敲诈勒索，被告人获刑三年。", qingyuan.AuthorPublic, nil},
		{"operator's summary", "客户要求退费六千元，否则举报，退款后撤诉。", qingyuan.AuthorOperator, nil},
	} {
		got, err := d.Signals(c.text, c.author)
		if err != nil {
			t.Fatal(err)
		}
		var codes []string
		for _, s := range got {
			codes = append(codes, s.Code)
			for _, sp := range s.Spans {
				if sp.Start >= sp.End || sp.End > len(c.text) {
					t.Errorf("%s: span %v", c.name, sp)
				}
			}
			if s.Detector == "" || s.Detail["zh"] == "" || s.Author != c.author {
				t.Errorf("%s: signal %+v", c.name, s)
			}
		}
		if !slices.Equal(codes, c.want) {
			t.Errorf("%s: got %v %v, want %v", c.name, codes, got, c.want)
		}
	}
}

func TestCitations(t *testing.T) {
	d := mustDetector(t)
	text := "依据《中华人民共和国个人信息保护法》第十条、第66条，以及民法典第一千零三十二条，现投诉。"
	got, err := d.Citations(text)
	if err != nil {
		t.Fatal(err)
	}
	want := []Citation{{Law: "个人信息保护法", Article: 10}, {Law: "个人信息保护法", Article: 66}, {Law: "民法典", Article: 1032}}
	for i, c := range got {
		if !strings.HasSuffix(text[c.Span.Start:c.Span.End], "条") {
			t.Errorf("span %q", text[c.Span.Start:c.Span.End])
		}
		got[i].Span = qingyuan.Span{}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got %v", got)
	}
	other, _ := d.Citations("民法典第1032条；《个人信息保护法》第十条、第六十六条")
	if Fingerprint(got) == "" || Fingerprint(got) == Fingerprint(other) {
		t.Error("the order of the list does not matter, or it has no fingerprint")
	}
	same, _ := d.Citations("我引用《个人信息保护法》第10条，第六十六条；还有《民法典》第1032条")
	if Fingerprint(same) != Fingerprint(got) {
		t.Errorf("one list in two spellings: %v and %v", same, got)
	}
	if Fingerprint(got[:2]) != "" {
		t.Error("two citations have a fingerprint")
	}
}

func TestPatternErrors(t *testing.T) {
	n, err := normal.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"code: C3", "code: C9"}, {"score: 0.75", "score: 7"}, {"need: 3", "need: 9"}, {"'撤诉费|", "'(撤诉费|"},
		{"distinct: 3", "distinct: 99"}, {"authors: [customer, asr, ocr, agent, public]", "authors: []"}, {"gate:", "gates:"},
	} {
		bad := strings.Replace(string(shipped), change[0], change[1], 1)
		if bad == string(shipped) {
			t.Fatalf("%q does not occur", change[0])
		}
		if _, err := New(n, []byte(bad)); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v", change[1], err)
		}
	}
}

// TestAuthored states how often each pattern speaks on the authored texts. Signals on genuine complaints are bounded.
func TestAuthored(t *testing.T) {
	d := mustDetector(t)
	b, err := os.ReadFile("../../../../testdata/text/intents_test.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	rows, hits := map[string]int{}, map[string]map[string]int{}
	for line := range bytes.Lines(b) {
		var r struct{ Text, Label string }
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		rows[r.Label]++
		got, err := d.Signals(r.Text, qingyuan.AuthorCustomer)
		if err != nil {
			t.Fatal(err)
		}
		if hits[r.Label] == nil {
			hits[r.Label] = map[string]int{}
		}
		for _, s := range got {
			hits[r.Label][s.Code]++
			hits[r.Label]["any"]++
		}
	}
	for label, n := range rows {
		t.Logf("%s: %d rows, signals %v", label, n, hits[label])
		if harmless := label == "genuine_complaint" || label == "education_news" || label == "neutral"; harmless && hits[label]["any"]*50 > n {
			t.Errorf("%s: %d of %d rows gave a signal", label, hits[label]["any"], n)
		}
	}
}

func FuzzSignals(f *testing.F) {
	d := mustDetector(f)
	f.Add("要求退还六千元，否则举报，退款后撤诉", "customer")
	f.Add("客户：工号\n客户：录音", "asr")
	f.Fuzz(func(t *testing.T, text, author string) {
		got, err := d.Signals(text, qingyuan.AuthorKind(author))
		if err != nil {
			t.Fatal(err)
		}
		cited, err := d.Citations(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cited {
			got = append(got, qingyuan.Signal{Spans: []qingyuan.Span{c.Span}})
		}
		for _, s := range got {
			for _, sp := range s.Spans {
				if sp.Start > sp.End || sp.End > len(text) {
					t.Fatalf("span %v of %d bytes", sp, len(text))
				}
			}
		}
	})
}

func FuzzPatterns(f *testing.F) {
	n, err := normal.New()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(shipped)
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := New(n, b); err == nil {
			d.Signals("要求退还六千元，否则举报，退款后撤诉", qingyuan.AuthorCustomer)
		}
	})
}
