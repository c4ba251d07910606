package family

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/text/classify/attack"
	"qingyuan/internal/prevent/text/normal"
)

func mustIndex(t testing.TB) (*Index, *normal.Normalizer) {
	t.Helper()
	n, err := normal.New()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	x, err := New(Config{Views: n, Rules: rules, Key: 7})
	if err != nil {
		t.Fatal(err)
	}
	return x, n
}

// template is a complaint with slots, as an agent would hand it out.
func template(name, amount, date string) string {
	return "本人" + name + "于" + date + "在贵司借款，现因家庭变故无力偿还，依据相关规定要求贵司停止计息，本金" + amount +
		"元分六十期归还，并立即停止第三方催收。如三日内未予书面答复，本人将向监管部门逐级投诉，直至问题解决为止。"
}

func mustAdd(t testing.TB, x *Index, text Text) Result {
	t.Helper()
	if text.Author == "" {
		text.Author = qingyuan.AuthorCustomer
	}
	r, err := x.Add(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func codes(s []qingyuan.Signal) (out []string) {
	for _, v := range s {
		out = append(out, v.Code)
	}
	return out
}

func at(day int) time.Time { return time.Date(2026, 5, day, 9, 0, 0, 0, time.UTC) }

func TestC1NeedsNamesAndCities(t *testing.T) {
	x, _ := mustIndex(t)
	add := func(i int, subject, city string) Result {
		return mustAdd(t, x, Text{ID: fmt.Sprint("t", i), Subject: subject, City: city, At: at(i),
			Text: template([]string{"李明", "王芳", "赵强国", "钱多"}[i%4], fmt.Sprint(5000+i*731), fmt.Sprint(i, "月", i+3, "日"))})
	}
	if r := add(1, "s1", "上海"); r.Family != "" || r.Signals != nil {
		t.Fatalf("a single text gave %+v", r)
	}
	if r := add(2, "s2", "上海"); r.Family != "t1" || r.Size != 2 || len(r.Signals) != 0 {
		t.Fatalf("two names gave %+v", r)
	}
	if r := add(3, "s2", "成都"); len(r.Signals) != 0 {
		t.Fatalf("two names in two cities gave %v", r.Signals)
	}
	r := add(4, "s3", "成都")
	if !slices.Equal(codes(r.Signals), []string{"C1"}) {
		t.Fatalf("three names in two cities gave %v", r.Signals)
	}
	s := r.Signals[0]
	if s.Detail["family"] != "t1" || s.Detail["subjects"] != "3" || s.Detail["cities"] != "2" || !strings.HasPrefix(s.Detector, "text-family@") {
		t.Fatalf("signal %+v", s)
	}
	f, err := x.Family("t3")
	if err != nil || f.ID != "t1" || len(f.Members) != 4 || f.Subjects != 3 || !slices.Equal(f.Cities, []string{"上海", "成都"}) ||
		!f.FirstSeen.Equal(at(1)) || !f.LastSeen.Equal(at(4)) {
		t.Fatalf("family %+v, %v", f, err)
	}
}

func TestAuthorsDoNotMix(t *testing.T) {
	x, _ := mustIndex(t)
	for i := range 30 {
		author := qingyuan.AuthorOperator
		if i%10 == 9 {
			author = qingyuan.AuthorCustomer
		}
		r := mustAdd(t, x, Text{ID: fmt.Sprint("t", i), Author: author, Subject: fmt.Sprint("s", i), City: fmt.Sprint("c", i%5), Text: template("客户", fmt.Sprint(i), "五月")})
		if author == qingyuan.AuthorOperator && len(r.Signals) > 0 {
			t.Fatalf("operators' summaries gave %v", r.Signals)
		}
	}
	f, err := x.Family("t9")
	if err != nil || f.Author != qingyuan.AuthorCustomer || len(f.Members) != 3 {
		t.Fatalf("the customers' family is %+v, %v", f, err)
	}
	rules, _ := DefaultRules()
	bad := strings.Replace(string(defaultRules), "[customer,", "[operator, customer,", 1)
	if _, err := ParseRules([]byte(bad)); qingyuan.CodeOf(err) != qingyuan.Invalid || rules.Version == "" {
		t.Fatalf("rules that name operators: %v", err)
	}
}

func TestInnocentTemplates(t *testing.T) {
	x, _ := mustIndex(t)
	if err := x.Register(Innocent{ID: "form-7", Source: "消保部申请表 2026", Text: template("＿＿", "＿＿", "＿＿")}); err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		r := mustAdd(t, x, Text{ID: fmt.Sprint("t", i), Subject: fmt.Sprint("s", i), City: fmt.Sprint("c", i), Text: template("张三丰", fmt.Sprint(i*917), "六月")})
		if len(r.Signals) != 0 || r.Innocent != "form-7" {
			t.Fatalf("a registered form gave %+v", r)
		}
	}
	if f, err := x.Family("t0"); err != nil || f.Innocent != "form-7" {
		t.Fatalf("family %+v, %v", f, err)
	}
}

// TestInnocentLater registers a template after its family has formed: the family falls silent at once, and speaks again once
// the template is taken out.
func TestInnocentLater(t *testing.T) {
	x, _ := mustIndex(t)
	add := func(i int) Result {
		return mustAdd(t, x, Text{ID: fmt.Sprint("t", i), Subject: fmt.Sprint("s", i), City: fmt.Sprint("c", i), Text: template("李四", fmt.Sprint(i*917), "六月")})
	}
	for i := range 4 {
		add(i)
	}
	if r := add(4); len(r.Signals) == 0 {
		t.Fatal("the family does not speak")
	}
	form := Innocent{ID: "form", Source: "媒体模板", Shingles: x.Shingles(template("李四", "1", "六月"))}
	if err := x.Replace([]Innocent{form}); err != nil {
		t.Fatal(err)
	}
	if r := add(5); len(r.Signals) != 0 || r.Innocent != "form" {
		t.Errorf("registered: %+v", r)
	}
	if f, err := x.Family("t0"); err != nil || f.Innocent != "form" {
		t.Errorf("family %+v, %v", f, err)
	}
	if err := x.Replace(nil); err != nil {
		t.Fatal(err)
	}
	if r := add(6); len(r.Signals) == 0 || r.Innocent != "" {
		t.Errorf("taken out: %+v", r)
	}
}

func TestContactsAndCitations(t *testing.T) {
	x, _ := mustIndex(t)
	x.Exempt("hotline")
	texts := []string{"我的账单重复扣款了请退给我", "客服一直打不通我很着急想问问怎么办", "利率和当初说的不一样请给我解释一下", "半夜还在打电话能不能停一下"}
	var last Result
	for i, text := range texts {
		last = mustAdd(t, x, Text{ID: fmt.Sprint("t", i), Subject: fmt.Sprint("s", i), City: fmt.Sprint("c", i%2), Text: text,
			Contacts: []string{"phone-9", "hotline", "phone-9"}, Citations: "moe5"})
		if i == 1 && len(last.Signals) != 0 {
			t.Fatalf("two complainants gave %v", last.Signals)
		}
	}
	if got := codes(last.Signals); !slices.Equal(got, []string{"C1", "C4"}) {
		t.Fatalf("signals %v", last.Signals)
	}
	if last.Signals[1].Detail["contact"] != "phone-9" || last.Signals[1].Detail["subjects"] != "4" || last.Signals[0].Detail["basis"] != "citations" {
		t.Fatalf("details %v", last.Signals)
	}
}

func TestRemoveAndConflict(t *testing.T) {
	x, _ := mustIndex(t)
	for i := range 4 {
		mustAdd(t, x, Text{ID: fmt.Sprint("t", i), Subject: fmt.Sprint("s", i), City: fmt.Sprint("c", i), Text: template("李四", "1", "2"), Contacts: []string{"p"}})
	}
	if _, err := x.Add(Text{ID: "t1", Author: qingyuan.AuthorCustomer}); qingyuan.CodeOf(err) != qingyuan.Conflict {
		t.Fatalf("a second text with one id: %v", err)
	}
	x.Remove("t0")
	x.Remove("t0")
	f, err := x.Family("t2")
	if err != nil || f.ID != "t1" || len(f.Members) != 3 || f.Subjects != 3 {
		t.Fatalf("after removal %+v, %v", f, err)
	}
	for _, m := range x.Find(template("李四", "1", "2"), qingyuan.AuthorCustomer) {
		if m.ID == "t0" || m.ID == "" {
			t.Fatalf("a removed text was found: %v", m)
		}
	}
	x.Remove("t1")
	x.Remove("t2")
	if _, err := x.Family("t3"); qingyuan.CodeOf(err) != qingyuan.NotFound {
		t.Fatalf("one text is left, and its family is %v", err)
	}
	if r := mustAdd(t, x, Text{ID: "t9", Subject: "s9", City: "c9", Text: template("李四", "1", "2"), Contacts: []string{"p"}}); r.Size != 2 || len(r.Signals) != 0 {
		t.Fatalf("after removal a new text gave %+v", r)
	}
}

func TestSnapshotRestoresTheSameState(t *testing.T) {
	x, n := mustIndex(t)
	rng := rand.New(rand.NewPCG(1, 1))
	feed := func(x *Index, from, to int) {
		for i := from; i < to; i++ {
			mustAdd(t, x, Text{ID: fmt.Sprint("t", i), Subject: fmt.Sprint("s", i%17), City: fmt.Sprint("c", i%3), At: at(i % 28),
				Text: template(fmt.Sprint("号", i%9, i%4), fmt.Sprint(i), "春") + strings.Repeat("补充说明第", i%5), Contacts: []string{fmt.Sprint("p", i%11)}})
		}
	}
	_ = rng
	x.Exempt("hotline")
	if err := x.Register(Innocent{ID: "f", Source: "源", Text: "请贵行在收到本申请之后尽快为我办理相关手续谢谢配合"}); err != nil {
		t.Fatal(err)
	}
	feed(x, 0, 120)
	x.Remove("t3")
	x.Remove("t50")
	var one bytes.Buffer
	if err := x.Snapshot(&one); err != nil {
		t.Fatal(err)
	}
	y, err := Restore(bytes.NewReader(one.Bytes()), Config{Views: n, Rules: x.config.Rules, Key: 7})
	if err != nil {
		t.Fatal(err)
	}
	feed(x, 120, 200)
	feed(y, 120, 200)
	var a, b bytes.Buffer
	if err := errors.Join(x.Snapshot(&a), y.Snapshot(&b)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Fatal("the restored index went another way")
	}
	if _, err := Restore(bytes.NewReader(one.Bytes()), Config{Views: n, Rules: x.config.Rules, Key: 8}); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Fatalf("another key: %v", err)
	}
	if _, err := Restore(bytes.NewReader(one.Bytes()[:one.Len()-1]), Config{Views: n, Rules: x.config.Rules, Key: 7}); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Fatalf("a cut snapshot: %v", err)
	}
}

func TestSlots(t *testing.T) {
	_, n := mustIndex(t)
	got, err := Slots(n, "本人李明欠款5000元，要求分六十期。", []string{"本人王小芳欠款8000元，要求分六十期。", "本人赵强欠款12000元，要求分六十期。谢谢"})
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, s := range got {
		values = append(values, strings.Join(s.Values, "|"))
	}
	if want := []string{"李明|王小芳|赵强", "5|8|12", "||谢谢"}; !slices.Equal(values, want) {
		t.Fatalf("slots %q, want %q", values, want)
	}
}

func FuzzRestore(f *testing.F) {
	n, err := normal.New()
	if err != nil {
		f.Fatal(err)
	}
	rules, _ := DefaultRules()
	c := Config{Views: n, Rules: rules, Key: 7}
	x, _ := New(c)
	for i := range 5 {
		x.Add(Text{ID: fmt.Sprint("t", i), Author: qingyuan.AuthorCustomer, Subject: "s", Text: template("王五", "1", "2"), Contacts: []string{"p"}})
	}
	var b bytes.Buffer
	x.Snapshot(&b)
	f.Add(b.Bytes())
	f.Add(magic)
	f.Fuzz(func(t *testing.T, data []byte) {
		y, err := Restore(bytes.NewReader(data), c)
		if err != nil {
			return
		}
		y.Add(Text{ID: "new", Author: qingyuan.AuthorCustomer, Text: template("王五", "1", "2")})
		for _, id := range y.Families(2) {
			y.Family(id)
		}
		y.Remove("t1")
	})
}

func FuzzSlots(f *testing.F) {
	n, err := normal.New()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("本人李明欠款5000元", "本人王芳欠款8000元")
	f.Add("", "a")
	f.Fuzz(func(t *testing.T, a, b string) {
		slots, err := Slots(n, a, []string{b, a})
		if err != nil {
			return
		}
		for _, s := range slots {
			if s.Span.Start > s.Span.End || s.Span.End > len(a) || len(s.Values) != 3 {
				t.Fatalf("slot %+v of %q", s, a)
			}
		}
	})
}

// smsTexts are the texts of the FBS set, which is not shipped.
func smsTexts(t testing.TB, n int) []string {
	t.Helper()
	dir := os.Getenv("QINGYUAN_DATA")
	if dir == "" {
		dir = "../../../../../shared/data"
	}
	b, err := os.ReadFile(filepath.Join(dir, "text", "fbs_sms.jsonl"))
	if err != nil {
		t.Skip("the FBS SMS set is not here (QINGYUAN_DATA names its folder): ", err)
	}
	var out []string
	for line := range bytes.Lines(b) {
		var row struct{ Text string }
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		if out = append(out, row.Text); len(out) == n {
			break
		}
	}
	return out
}

// TestRecall measures on real SMS: pairs with similarity ≥ .5 end in one family, and texts of which 30 % of the
// characters are attacked still find their original.
func TestRecall(t *testing.T) {
	x, n := mustIndex(t)
	texts := smsTexts(t, 6000)
	for i, text := range texts {
		mustAdd(t, x, Text{ID: fmt.Sprint(i), Text: text})
	}
	pairs, found, direct := 0, 0, 0
	for i := range x.texts {
		if int(x.texts[i].shingles) < x.config.Rules.ShinglesIndexed {
			continue
		}
		for j := range i {
			a, b := x.set(int32(i)), x.set(int32(j))
			if len(a) > 2*len(b) || len(b) > 2*len(a) || jaccard(a, b) < 0.5 || len(b) < x.config.Rules.ShinglesIndexed {
				continue
			}
			pairs++
			if x.root(int32(i)) == x.root(int32(j)) {
				found++
			}
		}
	}
	recall := float64(found) / float64(pairs)
	t.Logf("%d texts, %d pairs with J ≥ .5: in one family %.4f", len(texts), pairs, recall)
	if recall < 0.98 {
		t.Errorf("recall %.4f at J ≥ .5, want .98", recall)
	}
	rng := rand.New(rand.NewPCG(3, 3))
	a := attack.New(n)
	tried := 0
	for i, text := range texts[:2000] {
		if int(x.texts[i].shingles) < x.config.Rules.Template.Shingles {
			continue
		}
		tried++
		for _, m := range x.Find(a.Text(rng, text, nil, 0.3, nil), qingyuan.AuthorCustomer) {
			if k, _ := fmt.Sscan(m.ID, new(int)); k == 1 && x.root(x.byID[m.ID]) == x.root(int32(i)) {
				direct++
				break
			}
		}
	}
	share := float64(direct) / float64(tried)
	t.Logf("%d texts attacked at 30 %% of all characters: family found %.4f", tried, share)
	if share < 0.95 {
		t.Errorf("recall %.4f under attack, want .95", share)
	}
}
