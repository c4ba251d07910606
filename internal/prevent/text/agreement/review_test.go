package agreement

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

func mustReviewer(t testing.TB) *Reviewer {
	t.Helper()
	n, err := normal.New()
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(n, ShippedRules())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type authored struct {
	ID, Split, Label, Text string
	Rules                  []string
}

func readAuthored(t testing.TB) []authored {
	t.Helper()
	b, err := os.ReadFile("../../../../testdata/text/agreements.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var out []authored
	for line := range bytes.Lines(b) {
		var a authored
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}

func ids(r Report) (out []string) {
	for _, f := range r.Findings {
		if !slices.Contains(out, f.Rule) {
			out = append(out, f.Rule)
		}
	}
	return out
}

// TestAuthoredAgreements reviews the authored agreements. The rules were written before the test split was reviewed.
func TestAuthoredAgreements(t *testing.T) {
	r := mustReviewer(t)
	right := map[string]int{}
	all := map[string]int{}
	for _, a := range readAuthored(t) {
		got, err := r.Review(a.Text)
		if err != nil {
			t.Fatal(err)
		}
		key := a.Split + " " + a.Label
		all[key]++
		if got.Suspicious == (a.Label == "illegal") {
			right[key]++
		} else {
			t.Errorf("%s is %s, and its review says suspicious %v, weight %d, %v", a.ID, a.Label, got.Suspicious, got.Weight, ids(got))
		}
		for _, want := range a.Rules {
			if !slices.Contains(ids(got), want) {
				t.Errorf("%s: no %s among %v", a.ID, want, ids(got))
			}
		}
		if a.Label == "lawful" && len(got.Findings) > 0 {
			t.Logf("%s (lawful) has findings %v", a.ID, ids(got))
		}
		for _, f := range got.Findings {
			if f.Span.Start >= f.Span.End || f.Span.End > len(a.Text) || f.Basis.ZH == "" || f.Advice.EN == "" {
				t.Errorf("%s: finding %+v", a.ID, f)
			}
		}
	}
	for k, n := range all {
		t.Logf("%s: %d of %d right", k, right[k], n)
	}
}

func TestFindingShowsTheClause(t *testing.T) {
	r := mustReviewer(t)
	text := "第一条 债务优化服务。\n第二条 甲方应将手 机 卡邮寄给乙方。\n"
	got, err := r.Review(text)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(got.Findings, func(f Finding) bool { return f.Rule == "card_handover" })
	if i < 0 || got.Findings[i].Clause != "第二条" || !strings.HasPrefix(text[got.Findings[i].Span.Start:], "手 机 卡邮寄") {
		t.Fatalf("findings %+v", got.Findings)
	}
}

func TestPercent(t *testing.T) {
	for s, want := range map[string]float64{"30%": 30, "2.5%": 2.5, "百分之三十五": 35, "百分之十": 10, "百分之百": 100, "千分之三十": 3, "四成": 40, "20个点": 20} {
		if got := largest(s); got != want {
			t.Errorf("%s is %v, want %v", s, got, want)
		}
	}
}

func TestRuleErrors(t *testing.T) {
	n, err := normal.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{{"suspicious: 5", "suspicious: 0"}, {"weight: 2", "weight: 0"}, {"need: '甲方|", "need: '(甲方|"}, {"percent:", "procent:"}} {
		bad := strings.Replace(string(shipped), change[0], change[1], 1)
		if bad == string(shipped) {
			t.Fatalf("%q does not occur", change[0])
		}
		if _, err := New(n, []byte(bad)); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v", change[1], err)
		}
	}
}

func FuzzReview(f *testing.F) {
	r := mustReviewer(f)
	f.Add("第一条 债务优化，服务费按减免金额的30%支付至个人微信。")
	f.Add("1、\n(二)\n\xff百分之")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := r.Review(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range got.Findings {
			if x.Span.Start >= x.Span.End || x.Span.End > len(text) {
				t.Fatalf("span %v of %d bytes", x.Span, len(text))
			}
		}
	})
}
