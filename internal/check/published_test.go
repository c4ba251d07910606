package check

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const publication = `
version: 3
date: "2026-11-23"
lexicons:
  - name: news
    version: 1
    date: "2026-11-23"
    typology: T3
    terms:
      - {id: news-1, term: 青鸟上岸计划, sense: {zh: 一种代理投诉的暗称, en: a cover name for paid complaints}, source: analysts}
organisations:
  - {name: {zh: 某某银行, en: Some Bank}, contacts: ["95599", "400-810-0000", bank.example.com], accounts: ["0200 0001 0902 1234 567"], source: own web page}
`

func published(t testing.TB, text string) *Published {
	t.Helper()
	p, err := ParsePublished([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPublicationTakesEffectAtOnce(t *testing.T) {
	s, _, _ := server(t, Config{})
	ask := func(text string) (a Answer) {
		t.Helper()
		body, _ := json.Marshal(map[string]string{"text": text})
		w := post(s.Handler(), "/check", "application/json", body)
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %v", w.Code, err)
		}
		return a
	}
	found := func(a Answer) bool { return len(a.Findings) > 0 && a.Findings[0].Rule == "news-1" }
	if found(ask("青鸟上岸计划")) {
		t.Fatal("the term is known before it is published")
	}
	if err := s.Publish(published(t, publication)); err != nil {
		t.Fatal(err)
	}
	a := ask("青 鸟上岸计划")
	if !found(a) || !strings.Contains(strings.Join(a.Versions, " "), "published@3") {
		t.Errorf("after publication: %+v", a)
	}
	if a := ask("停息挂账"); len(a.Findings) == 0 {
		t.Error("the shipped terms are gone")
	}
	if err := s.Publish(published(t, "version: 4\ndate: \"2026-11-24\"")); err != nil || found(ask("青鸟上岸计划")) {
		t.Errorf("a later publication without the term: %v", err)
	}
}

func TestOrganisationsAreNamed(t *testing.T) {
	r, err := reviewer(t).With(published(t, publication))
	if err != nil {
		t.Fatal(err)
	}
	a, err := r.Review(t.Context(), "请致电95599或400 810 0000，官网 Bank.example.com，账户0200000109021234567，或找 13800138000、9559912、xbank.example.com、bank.example.com.cn")
	if err != nil {
		t.Fatal(err)
	}
	var numbers []string
	for _, c := range a.Official {
		numbers = append(numbers, c.Number)
		if c.Name.EN != "Some Bank" || incomplete(c.Use) {
			t.Errorf("%+v", c)
		}
	}
	if got := strings.Join(numbers, "|"); got != "95599|400 810 0000|0200000109021234567|bank.example.com" {
		t.Errorf("named %s", got)
	}
}

// TestNothingIsSaidOfANumberThatIsNotListed: whatever number a text holds, a confirmed organisation's apart, the answer is the same to the byte but for
// the number itself. There is nothing to enumerate.
func TestNothingIsSaidOfANumberThatIsNotListed(t *testing.T) {
	s, _, _ := server(t, Config{})
	if err := s.Publish(published(t, publication)); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"请联系%s办理", "微信同号%s", "收款卡号%s", "QQ%s"} {
		first := ""
		for n := range 200 {
			number := fmt.Sprintf("138%08d", n*7919)
			body, _ := json.Marshal(map[string]string{"text": fmt.Sprintf(form, number)})
			w := post(s.Handler(), "/check", "application/json", body)
			answer := strings.ReplaceAll(w.Body.String(), number, "#")
			if first == "" {
				first = answer
			}
			if answer != first || w.Code != http.StatusOK || strings.Contains(answer, "Some Bank") {
				t.Fatalf("%s is answered otherwise than the numbers before it:\n%s\n%s", number, answer, first)
			}
		}
	}
}

func TestPublicationRefused(t *testing.T) {
	org := func(field string) string {
		return "version: 1\ndate: d\norganisations:\n  - {name: {zh: 甲, en: A}, source: s, " + field + "}"
	}
	for name, text := range map[string]string{
		"no version":      "date: d",
		"unknown key":     "version: 1\ndate: d\npeople: []",
		"a mobile number": org(`contacts: ["138 0013 8000"]`),
		"with its prefix": org(`contacts: ["+86 13800138000"]`),
		"a card":          org(`accounts: ["6222 0200 0000 0007"]`),
		"no contact":      org(`contacts: ["微信 abc"]`),
		"no source":       "version: 1\ndate: d\norganisations:\n  - {name: {zh: 甲, en: A}}",
		"one language":    "version: 1\ndate: d\norganisations:\n  - {name: {zh: 甲}, source: s}",
		"a bad lexicon":   "version: 1\ndate: d\nlexicons:\n  - {name: n, version: 1, terms: [{id: a, term: 甲}]}",
		"no YAML":         "\t{",
		"too large":       strings.Repeat("#", MaxPublished+1),
	} {
		if _, err := ParsePublished([]byte(text)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzParsePublished(f *testing.F) {
	f.Add([]byte(publication))
	f.Add([]byte("version: 1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := ParsePublished(data); err == nil {
			newDirectory(p.Organisations).named("95599 bank.example.com", reviewer(t).says.Published)
		}
	})
}
