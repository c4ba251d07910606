package lexicon

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

// EvalOptions says what to evaluate.
type EvalOptions struct {
	Data       io.Reader          // JSON lines of text, label, perturb, entities
	Normalizer *normal.Normalizer // nil: a new one
	Scoring    *Scoring           // nil: the shipped one
	Lexicons   []*Lexicon         // nil: the shipped ones; measured on the clean texts only
}

// EvalReport is the outcome of [Eval]. Recovery and false hits come from one run with one matcher, whose terms are all entities of the file.
// A row is clean if its label is ok, ham or normal and nothing is perturbed. A hit on a clean text is false unless the text holds the term
// literally, letter case and width aside; literal ones are counted apart.
type EvalReport struct {
	Scoring     string            `json:"scoring"` // version of the scoring
	Perturb     map[string]*Tally `json:"perturb"` // terms of at least 3 characters, by perturbation
	FalseHits   int               `json:"false_hits"`
	LiteralHits int               `json:"literal_hits"`
	CleanTexts  int               `json:"clean_texts"`
	Terms       int               `json:"terms"`
	FalseRate   float64           `json:"false_per_1000_per_100_terms"`
	FalseByView map[View]int      `json:"false_by_view"`
	TwoChar     ShortReport       `json:"two_char"` // terms of at most 2 characters: disguised ones count only beside a corroborating hit
	Product     ProductReport     `json:"product"`
}

// ProductReport is what the lexicons that are in use find in the clean texts. A false hit is one that would accuse: neither weak nor in
// a context.
type ProductReport struct {
	Version   string         `json:"version"`
	Texts     int            `json:"clean_texts"`
	Hits      int            `json:"hits"`
	Weak      int            `json:"weak_hits"`
	InContext int            `json:"hits_in_context"`
	FalseHits int            `json:"false_hits"`
	FalseRate float64        `json:"false_per_1000"`
	ByTerm    map[string]int `json:"false_by_term"`
}

// ShortReport is what EvalReport says of long terms, for the short ones.
type ShortReport struct {
	Perturb     map[string]*Tally `json:"perturb"`
	FalseHits   int               `json:"false_hits"`
	LiteralHits int               `json:"literal_hits"`
	Terms       int               `json:"terms"`
	FalseRate   float64           `json:"false_per_1000_per_100_terms"`
}

// Tally counts occurrences of terms and how many were found.
type Tally struct {
	N         int     `json:"n"`
	Recovered int     `json:"recovered"`
	Rate      float64 `json:"rate"`
}

// evalRow is one line of the data.
type evalRow struct {
	Text     string   `json:"text"`
	Label    string   `json:"label"`
	Perturb  string   `json:"perturb"`
	Entities []string `json:"entities"`
}

// Limits of the evaluation data.
const (
	maxEvalRows = 1_000_000
	maxEvalLine = 1 << 20
)

// Eval measures how well disguised terms are recovered and how often clean texts are hit, in one run.
func Eval(ctx context.Context, o EvalOptions) (*EvalReport, error) {
	rows, err := readRows(o.Data)
	if err != nil {
		return nil, err
	}
	if o.Normalizer == nil {
		if o.Normalizer, err = normal.New(); err != nil {
			return nil, err
		}
	}
	m, terms, err := evalMatcher(o, rows)
	if err != nil {
		return nil, err
	}
	product, err := productMatcher(o)
	if err != nil {
		return nil, err
	}
	r := &EvalReport{Scoring: strconv.Itoa(m.scoring.Version), Perturb: map[string]*Tally{}, FalseByView: map[View]int{},
		TwoChar: ShortReport{Perturb: map[string]*Tally{}}, Product: ProductReport{Version: product.Version(), ByTerm: map[string]int{}}}
	for _, t := range m.terms {
		if t.short {
			r.TwoChar.Terms++
		} else {
			r.Terms++
		}
	}
	for i := range rows {
		res, err := m.Scan(ctx, rows[i].Text)
		if err != nil {
			return nil, err
		}
		if !rows[i].clean() {
			r.recover(m, &rows[i], terms, res.Hits)
			continue
		}
		r.clean(m, &rows[i], res.Hits)
		if res, err = product.Scan(ctx, rows[i].Text); err != nil {
			return nil, err
		}
		r.Product.count(res.Hits)
	}
	r.finish()
	return r, nil
}

func readRows(data io.Reader) ([]evalRow, error) {
	s := bufio.NewScanner(data)
	s.Buffer(nil, maxEvalLine)
	var rows []evalRow
	for s.Scan() {
		if len(strings.TrimSpace(s.Text())) == 0 {
			continue
		}
		var r evalRow
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			return nil, qingyuan.FieldErrorf("data", "line %d is not a JSON object of text, label, perturb and entities", len(rows)+1)
		}
		if rows = append(rows, r); len(rows) > maxEvalRows {
			return nil, qingyuan.FieldErrorf("data", "has more than %d rows", maxEvalRows)
		}
	}
	if err := s.Err(); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the data could not be read")
	}
	return rows, nil
}

// evalMatcher builds a matcher whose terms are the entities of the rows; terms gives their ids.
func evalMatcher(o EvalOptions, rows []evalRow) (*Matcher, map[string]string, error) {
	terms := map[string]string{}
	l := &Lexicon{Name: "entities", Version: 1}
	for i := range rows {
		for _, e := range rows[i].Entities {
			if _, ok := terms[e]; ok || e == "" || utf8.RuneCountInString(e) > MaxTerm {
				continue
			}
			terms[e] = strconv.Itoa(len(terms))
			l.Terms = append(l.Terms, Term{ID: terms[e], Text: e, Sense: qingyuan.Text{ZH: e, EN: e}, Source: "data"})
		}
	}
	m, err := New(Config{Normalizer: o.Normalizer, Lexicons: []*Lexicon{l}, Scoring: o.Scoring})
	return m, terms, err
}

// productMatcher builds the matcher of the lexicons in use.
func productMatcher(o EvalOptions) (*Matcher, error) {
	var err error
	if o.Lexicons == nil {
		if o.Lexicons, err = Shipped(); err != nil {
			return nil, err
		}
	}
	return New(Config{Normalizer: o.Normalizer, Lexicons: o.Lexicons, Scoring: o.Scoring})
}

func (r *evalRow) clean() bool {
	return (r.Label == "ok" || r.Label == "ham" || r.Label == "normal") && (r.Perturb == "none" || r.Perturb == "")
}

// count adds the hits of the product lexicons in one clean text.
func (p *ProductReport) count(hits []Hit) {
	p.Texts++
	p.Hits += len(hits)
	for i := range hits {
		switch h := &hits[i]; {
		case h.Weak:
			p.Weak++
		case h.Context != "":
			p.InContext++
		default:
			p.FalseHits++
			p.ByTerm[h.Text+" ("+string(h.View)+": "+h.Raw+")"]++
		}
	}
	p.FalseRate = round(float64(p.FalseHits) * 1000 / float64(p.Texts))
}

// clean counts the terms hit in a clean text, each once.
func (r *EvalReport) clean(m *Matcher, row *evalRow, hits []Hit) {
	r.CleanTexts++
	seen := map[string]bool{}
	_, base := spell(m.normal, row.Text)
	for _, h := range hits {
		if seen[h.Term] {
			continue
		}
		seen[h.Term] = true
		_, folded := spell(m.normal, h.Text)
		literal := strings.Contains(string(base), string(folded))
		short := isShort(m.normal, h.Text)
		switch {
		case literal && short:
			r.TwoChar.LiteralHits++
		case literal:
			r.LiteralHits++
		case short:
			r.TwoChar.FalseHits++
		default:
			r.FalseHits++
			r.FalseByView[h.View]++
		}
	}
}

func isShort(n *normal.Normalizer, term string) bool {
	some, _ := spell(n, term)
	return len(some) <= 2
}

// recover counts the entities of a row and those found: by themselves or inside a longer term that contains them.
func (r *EvalReport) recover(m *Matcher, row *evalRow, terms map[string]string, hits []Hit) {
	for _, e := range row.Entities {
		id, ok := terms[e]
		if !ok {
			continue
		}
		table := r.Perturb
		if isShort(m.normal, e) {
			table = r.TwoChar.Perturb
		}
		t := table[row.Perturb]
		if t == nil {
			t = &Tally{}
			table[row.Perturb] = t
		}
		t.N++
		if slices.ContainsFunc(hits, func(h Hit) bool { return h.Term == id || strings.Contains(h.Text, e) }) {
			t.Recovered++
		}
	}
}

func (r *EvalReport) finish() {
	for _, table := range []map[string]*Tally{r.Perturb, r.TwoChar.Perturb} {
		for t := range maps.Values(table) {
			t.Rate = round(float64(t.Recovered) / float64(t.N))
		}
	}
	r.FalseRate = perThousand(r.FalseHits, r.CleanTexts, r.Terms)
	r.TwoChar.FalseRate = perThousand(r.TwoChar.FalseHits, r.CleanTexts, r.TwoChar.Terms)
}

// perThousand is hits per 1,000 texts and 100 terms.
func perThousand(hits, texts, terms int) float64 {
	if texts == 0 || terms == 0 {
		return 0
	}
	return round(float64(hits) * 1000 * 100 / float64(texts) / float64(terms))
}

func round(x float64) float64 { return math.Round(x*10000) / 10000 }
