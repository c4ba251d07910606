package agreement

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

// MaxText is the longest part of a text, in bytes, that is reviewed; what follows is ignored and said so.
const MaxText = 1 << 20

// maxFindings of one rule are reported.
const maxFindings = 10

// Finding is one clause that meets a rule.
type Finding struct {
	Rule     string            `json:"rule"`
	Clause   string            `json:"clause,omitempty"` // its number as written: 第三条, 2.
	Span     qingyuan.Span     `json:"span"`             // bytes of the raw text
	Weight   int               `json:"weight"`
	Typology qingyuan.Typology `json:"typology"`
	Text     qingyuan.Text     `json:"text"`
	Basis    qingyuan.Text     `json:"basis"`
	Advice   qingyuan.Text     `json:"advice"`
}

// Report is the review of one agreement.
type Report struct {
	Findings   []Finding `json:"findings"` // in the order of the text
	Weight     int       `json:"weight"`   // of the rules met, each counted once
	Suspicious bool      `json:"suspicious"`
	LawFirm    bool      `json:"law_firm"` // a law firm takes the mandate, by the words of the text
	Cut        bool      `json:"cut"`      // the text was longer than is reviewed
	Reviewer   string    `json:"reviewer"` // name@version of the rules
}

// Reviewer reviews agreements. It is immutable.
type Reviewer struct {
	views             *normal.Normalizer
	rules             []rule
	service, licensed *regexp.Regexp
	suspicious        int
	version           string
}

// New compiles rules from YAML; [ShippedRules] gives those of this build.
func New(views *normal.Normalizer, rules []byte) (*Reviewer, error) {
	f, compiled, err := parse(rules)
	if err != nil {
		return nil, err
	}
	r := &Reviewer{views: views, rules: compiled, suspicious: f.Suspicious, version: "agreement@" + f.Version}
	if r.service, err = expression(f.Service); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the expression service is not valid")
	}
	if r.licensed, err = expression(f.Licensed); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the expression licensed is not valid")
	}
	return r, nil
}

// clause is a part of the text with its number and place.
type clause struct {
	label string
	from  int
	text  string // compact view
	*normal.View
	symbol []int32 // of each byte of text
}

// Review reads an agreement clause by clause.
func (r *Reviewer) Review(text string) (Report, error) {
	out := Report{Reviewer: r.version, Cut: len(text) > MaxText}
	if out.Cut {
		text = text[:MaxText]
	}
	clauses, err := r.clauses(text)
	if err != nil {
		return Report{}, err
	}
	var whole strings.Builder
	for _, c := range clauses {
		whole.WriteString(c.text)
		whole.WriteByte('\n')
	}
	if !r.service.MatchString(whole.String()) {
		return out, nil
	}
	out.LawFirm = r.licensed.MatchString(whole.String())
	for i := range r.rules {
		rule := &r.rules[i]
		if rule.Firm == "skip" && out.LawFirm {
			continue
		}
		found := rule.find(clauses)
		if len(found) > 0 {
			out.Weight += rule.Weight
			out.Findings = append(out.Findings, found...)
		}
	}
	slices.SortStableFunc(out.Findings, func(a, b Finding) int { return a.Span.Start - b.Span.Start })
	out.Suspicious = out.Weight >= r.suspicious
	return out, nil
}

// find returns the places where the rule is met, one a clause.
func (r *rule) find(clauses []clause) []Finding {
	var out []Finding
	for i := range clauses {
		c := &clauses[i]
		if r.Need != "" && !r.need.MatchString(c.text) || slices.ContainsFunc(r.unless, func(re *regexp.Regexp) bool { return re.MatchString(c.text) }) {
			continue
		}
		if from, to, ok := r.match(c.text); ok {
			out = append(out, Finding{r.ID, c.label, c.raw(from, to), r.Weight, r.Typology, r.Text, r.Basis, r.Advice})
			if len(out) == maxFindings {
				break
			}
		}
	}
	return out
}

func (r *rule) match(text string) (from, to int, ok bool) {
	for _, re := range r.any {
		for _, m := range re.FindAllStringIndex(text, 20) {
			if m[1] > m[0] && (r.Percent == 0 || largest(text[m[0]:m[1]]) >= r.Percent) {
				return m[0], m[1], true
			}
		}
	}
	return 0, 0, false
}

// raw is the span in the whole raw text of bytes [i, j) of the clause.
func (c *clause) raw(i, j int) qingyuan.Span {
	s := c.Raw(int(c.symbol[i]), int(c.symbol[j-1])+1)
	return qingyuan.Span{Start: s.Start + c.from, End: s.End + c.from}
}

// number is the number of a clause at the start of its line.
var number = regexp.MustCompile(`^\s*(第[一二三四五六七八九十百0-9]{1,5}[条章款]|[一二三四五六七八九十]{1,3}[、.．]|[（(][一二三四五六七八九十0-9]{1,3}[）)]|[0-9]{1,2}(?:\.[0-9]{1,2}){0,2}[、.．)）]?)`)

// maxClauses are read; the rest of the text is one clause.
const maxClauses = 2000

// clauses splits a text at its lines. A line without a number keeps the number above it.
func (r *Reviewer) clauses(text string) ([]clause, error) {
	var out []clause
	label, from := "", 0
	for from < len(text) {
		to := len(text)
		if i := strings.IndexByte(text[from:], '\n'); i >= 0 && len(out) < maxClauses {
			to = from + i + 1
		}
		line := text[from:to]
		if m := number.FindStringSubmatch(line); m != nil {
			label = m[1]
		}
		if strings.TrimSpace(line) != "" {
			c, err := r.clause(line, from)
			if err != nil {
				return nil, err
			}
			c.label = label
			out = append(out, c)
		}
		from = to
	}
	return out, nil
}

func (r *Reviewer) clause(line string, from int) (clause, error) {
	v, err := r.views.View(line, normal.Compact)
	if err != nil {
		return clause{}, err
	}
	c := clause{from: from, View: v}
	var b strings.Builder
	for i, s := range v.Symbols {
		n := b.Len()
		b.WriteRune(s)
		for range b.Len() - n {
			c.symbol = append(c.symbol, int32(i))
		}
	}
	c.text = b.String()
	return c, nil
}

func parseFloat(s string) (float64, error) { return strconv.ParseFloat(strings.Trim(s, "."), 64) }
