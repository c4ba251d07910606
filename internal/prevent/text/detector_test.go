package text_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/text"
	"qingyuan/internal/prevent/text/lexicon"
)

func complaint(n int, author qingyuan.AuthorKind, words string) *qingyuan.Event {
	return &qingyuan.Event{Tenant: "t1", ID: fmt.Sprint("evt_", author, n), Kind: qingyuan.ComplaintReceived,
		EffectiveAt: time.Date(2026, 11, 1, 8, n, 0, 0, time.UTC), Subject: qingyuan.Entity{Kind: qingyuan.Person, Key: fmt.Sprint("p", n)},
		Data: map[string]any{"text": map[string]any{"author": string(author), "text": words},
			"derived": map[string]any{"id_region": fmt.Sprint(31 + n%3)}}}
}

func codes(all []qingyuan.Signal) map[string]float64 {
	out := map[string]float64{}
	for _, s := range all {
		out[s.Code] = max(out[s.Code], s.Score)
	}
	return out
}

const template = "本人因客观原因暂时无法正常还款，贵司多次违规催收并向第三方泄露本人信息，严重影响本人正常工作与家庭生活，" +
	"现要求贵司立即停止催收，停息挂账并分六十期偿还本金，同时消除不良征信记录，否则本人将向监管部门逐级投诉。客户编号%d。"

// TestTemplatesAcrossCustomers sees the same letter from customer after customer: the third and later ones are told.
func TestTemplatesAcrossCustomers(t *testing.T) {
	d, err := text.New(text.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		got := codes(d.Detect(complaint(n, qingyuan.AuthorCustomer, fmt.Sprintf(template, 1000+n*37))))
		if _, told := got["C1"]; told != (n >= 2) {
			t.Errorf("letter %d: %v", n, got)
		}
	}
	for n := range 5 {
		if got := codes(d.Detect(complaint(n, qingyuan.AuthorOperator, fmt.Sprintf(template, 1000+n*37)))); got["C1"] != 0 {
			t.Errorf("a clerk's summaries made a family: %v", got)
		}
	}
	own := "我今年三月被公司裁员，孩子住院花了不少钱，这两个月只还了一部分。我想每个月先还八百，等找到工作再恢复，请帮我看看行不行。"
	if got := codes(d.Detect(complaint(9, qingyuan.AuthorCustomer, own))); got["C1"] != 0 || got["P1"] != 0 || got["C3"] != 0 {
		t.Errorf("a person in trouble: %v", got)
	}
}

// TestDisguisedSlang reads slang through homophones and split characters, with spans in the raw text.
func TestDisguisedSlang(t *testing.T) {
	d, err := text.New(text.Config{})
	if err != nil {
		t.Fatal(err)
	}
	words := "专业处理崔收，停西挂帐分六十期，彳正信修复，➕V详聊"
	e := &qingyuan.Event{Tenant: "t1", ID: "evt_1", Kind: qingyuan.PostObserved, Data: map[string]any{"text": map[string]any{"author": "public", "text": words}}}
	found := d.Detect(e)
	if codes(found)["C2"] == 0 {
		t.Fatalf("no slang found in %q: %+v", words, found)
	}
	for _, s := range found {
		for _, span := range s.Spans {
			if span.Start < 0 || span.End > len(words) || span.Start >= span.End {
				t.Errorf("%s: span %v is not of the text", s.Code, span)
			}
		}
		if s.Detail["path"] != "text" {
			t.Errorf("%s does not say where: %v", s.Code, s.Detail)
		}
	}
}

// TestAdoptUnderLoad swaps the lexicon while texts are read: every reading sees one whole version, and an older one never comes back.
func TestAdoptUnderLoad(t *testing.T) {
	d, err := text.New(text.Config{})
	if err != nil {
		t.Fatal(err)
	}
	term := func(v int) text.Knowledge {
		words := lexicon.Term{ID: "own-1", Text: fmt.Sprintf("青鸾渡口%s", []string{"甲", "乙"}[v%2]), Sense: qingyuan.Text{ZH: "暗称", EN: "cover"}, Typology: qingyuan.T3, Source: "test"}
		return text.Knowledge{Version: int64(v), Lexicon: &lexicon.Lexicon{Name: text.OwnLexicon, Version: v, Terms: []lexicon.Term{words}}}
	}
	if err := d.Adopt("t1", term(1)); err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for n := range 4 {
		readers.Go(func() {
			last := 0
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				e := &qingyuan.Event{Tenant: "t1", ID: fmt.Sprint("evt_", n, "-", i), Kind: qingyuan.MessageReceived,
					Data: map[string]any{"text": map[string]any{"author": "customer", "text": "青鸾渡口甲和青鸾渡口乙"}}}
				for _, s := range d.Detect(e) {
					if s.Code != text.ConfirmedCode {
						continue
					}
					var v int
					fmt.Sscanf(s.Detail["lexicon"], "own@%d", &v)
					if want := []string{"青鸾渡口甲", "青鸾渡口乙"}[v%2]; s.Detail["names"] != want || v < last {
						t.Errorf("version %d after %d names %s", v, last, s.Detail["names"])
					}
					last = v
				}
			}
		})
	}
	for v := 2; v < 12; v++ {
		if err := errors.Join(d.Adopt("t1", term(v)), d.Adopt("t1", term(v-1))); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	readers.Wait()
	if d.Version("t1") != 11 {
		t.Errorf("version %d", d.Version("t1"))
	}
}

// TestChangedShippedTerm gives a shipped term another variant: the variant is found, and no hit of it counts as the lender's own.
func TestChangedShippedTerm(t *testing.T) {
	d, err := text.New(text.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var changed lexicon.Term
	for _, term := range d.Terms(nil) {
		if term.Text == "停息挂账" {
			changed = term
		}
	}
	changed.Also = append(changed.Also, "青鸾挂钩")
	own := &lexicon.Lexicon{Name: text.OwnLexicon, Version: 1, Terms: []lexicon.Term{changed}}
	if err := d.Adopt("t1", text.Knowledge{Version: 1, Lexicon: own}); err != nil {
		t.Fatal(err)
	}
	e := &qingyuan.Event{Tenant: "t1", ID: "evt_1", Kind: qingyuan.PostObserved, Data: map[string]any{"text": map[string]any{"author": "public", "text": "办理青鸾挂钩的来"}}}
	if got := codes(d.Detect(e)); got["C2"] == 0 || got[text.ConfirmedCode] != 0 {
		t.Errorf("%v", got)
	}
	if terms := d.Terms(own); len(terms) != len(d.Terms(nil)) {
		t.Errorf("%d terms, %d shipped", len(terms), len(d.Terms(nil)))
	}
}
