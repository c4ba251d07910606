package check

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"qingyuan"
)

//go:embed data/page.html
var pageHTML string

//go:embed data/style.css
var style []byte

// page renders the one page there is.
type page struct {
	words    words
	template *template.Template
}

// view is what a page shows: the form alone, a refusal, an answer, or thanks for a report.
type view struct {
	Lang     string
	Refused  string // word that says why
	Answer   *Answer
	Marked   []Stretch
	Given    string // the text of the answer, where it may be reported
	Reported string // id of the report that was just taken
	Reports  bool   // reports are taken
	says     *guidance
}

// Channels are where to turn.
func (v view) Channels() []Channel { return v.says.Channels }

// Consent is what a consumer agrees to who reports a text.
func (v view) Consent() qingyuan.Text { return v.says.Consent.Text }

// Say is a text in the language of the page.
func (v view) Say(t qingyuan.Text) string { return t.In(v.Lang) }

// Other is the other language.
func (v view) Other() string {
	if v.Lang == "en" {
		return "zh"
	}
	return "en"
}

func newPage() (*page, error) {
	w, err := loadWords()
	if err != nil {
		return nil, err
	}
	t, err := template.New("page").Funcs(template.FuncMap{
		"word": func(lang, key string) string { return w[key].In(lang) },
		"plus": func(a, b int) int { return a + b },
	}).Parse(pageHTML)
	return &page{w, t}, err
}

func (p *page) write(w http.ResponseWriter, status int, v view) {
	var b bytes.Buffer
	if err := p.template.Execute(&b, v); err != nil {
		panic(err) // of the template itself: guard answers
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", map[string]string{"en": "en", "zh": "zh-CN"}[v.Lang])
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// Stretch is a stretch of a text in which the same findings hold.
type Stretch struct {
	Text  string
	Level Level // the strongest of the findings; empty where there is none
	Ends  []int // findings, counted from 1, that have a span ending here
	Gap   bool  // text was left out before it
}

// Long texts are shown around their marks only.
const (
	shownWhole = 6 << 10 // bytes of text that are shown whole
	shownNear  = 240     // bytes shown on each side of a mark otherwise
)

// mark cuts a text at the ends of the findings' spans.
func mark(text string, findings []Finding) (all []Stretch) {
	type edge struct{ at, finding, step int }
	edges := []edge{{at: 0, finding: -1}, {at: len(text), finding: -1}}
	for n, f := range findings {
		for _, s := range f.Spans {
			edges = append(edges, edge{s.Start, n, 1}, edge{s.End, n, -1})
		}
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return a.at - b.at })
	open := make([]int, len(findings))
	from := 0
	for i := 0; i < len(edges); {
		at := edges[i].at
		if at > from {
			all = append(all, Stretch{Text: text[from:at], Level: strongest(open, findings)})
			from = at
		}
		for ; i < len(edges) && edges[i].at == at; i++ {
			e := edges[i]
			if e.finding < 0 {
				continue
			}
			open[e.finding] += e.step
			if last := len(all) - 1; e.step < 0 && last >= 0 && !slices.Contains(all[last].Ends, e.finding+1) {
				all[last].Ends = append(all[last].Ends, e.finding+1)
			}
		}
	}
	if len(text) > shownWhole {
		all = near(all)
	}
	return all
}

// strongest is the level of the first open finding: they are ordered so.
func strongest(open []int, findings []Finding) Level {
	if n := slices.IndexFunc(open, func(o int) bool { return o > 0 }); n >= 0 {
		return findings[n].Level
	}
	return ""
}

// near leaves out what stands far from any mark.
func near(all []Stretch) (kept []Stretch) {
	gap := false
	for i, s := range all {
		if s.Level != "" || len(s.Text) <= 2*shownNear {
			s.Gap = gap
			kept, gap = append(kept, s), false
			continue
		}
		if i > 0 {
			kept = append(kept, Stretch{Text: whole(s.Text[:shownNear]), Gap: gap})
		}
		gap = true
		if i < len(all)-1 {
			kept = append(kept, Stretch{Text: whole(s.Text[len(s.Text)-shownNear:]), Gap: true})
			gap = false
		}
	}
	return kept
}

// whole drops the parts of characters at both ends.
func whole(s string) string { return strings.ToValidUTF8(s, "") }

// Excerpt says whether text was left out of what is shown.
func (v view) Excerpt() bool {
	return v.Marked == nil || slices.ContainsFunc(v.Marked, func(s Stretch) bool { return s.Gap })
}
