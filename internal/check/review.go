package check

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"qingyuan"
	"qingyuan/internal/prevent/text/agreement"
	"qingyuan/internal/prevent/text/classify"
	"qingyuan/internal/prevent/text/contact"
	"qingyuan/internal/prevent/text/discourse"
	"qingyuan/internal/prevent/text/lexicon"
	"qingyuan/internal/prevent/text/normal"
)

// MaxText is the longest text that is checked, in bytes. The rest of a longer one is ignored and said so.
const MaxText = 128 << 10

// The bounds of one answer.
const (
	maxFindings = 60
	maxSpans    = 20 // of one finding
	maxShown    = 3  // words that show a trait
)

// Level says how much a finding, or the whole text, asks for attention.
type Level string

// The levels, strongest first.
const (
	Risk    Level = "risk"    // wording that illegal middlemen use
	Notice  Level = "notice"  // wording that others use too
	Quoted  Level = "quoted"  // such wording in a warning, a report or a quotation
	Nothing Level = "nothing" // nothing known was found, which is no assurance
)

// Kind says what sort of mark a finding is.
type Kind string

// The kinds.
const (
	Term    Kind = "term"    // a word of the trade
	Clause  Kind = "clause"  // of an agreement
	Way     Kind = "way"     // of speaking
	Contact Kind = "contact" // written so as to escape
	Intent  Kind = "intent"  // of the text as a whole, in the judgement of a model
)

// Finding is one mark found in a text.
type Finding struct {
	Kind     Kind              `json:"kind"`
	Rule     string            `json:"rule"` // id of the term, rule of the clause, code of the way of speaking
	Level    Level             `json:"level"`
	Typology qingyuan.Typology `json:"typology,omitempty"`
	Raw      string            `json:"raw"`   // what stands at the first span
	Spans    []qingyuan.Span   `json:"spans"` // bytes of the text that was given
	Sense    qingyuan.Text     `json:"sense"`
	Basis    *qingyuan.Text    `json:"basis,omitempty"` // in law
	Advice   qingyuan.Text     `json:"advice"`
}

// Trait is one of the traits that the regulator names, and whether a finding shows it.
type Trait struct {
	ID    string        `json:"id"`
	Title qingyuan.Text `json:"title"`
	Text  qingyuan.Text `json:"text"`
	Met   bool          `json:"met"`
	Shown []string      `json:"shown,omitempty"` // the words that show it, a few of them
}

// Answer is what is said of one text.
type Answer struct {
	Level    Level         `json:"level"` // the strongest of the findings, but Notice for a lone term
	Summary  qingyuan.Text `json:"summary"`
	Traits   []Trait       `json:"traits"`
	Findings []Finding     `json:"findings"` // strongest first, then by place
	Official []Channel     `json:"official"` // public hotlines that the text names
	Channels []Channel     `json:"channels"` // where to turn
	Cut      bool          `json:"cut"`      // not all of the text was checked, or not all that was found is shown
	Versions []string      `json:"versions"` // of the rules that were used
}

// Reviewer checks texts. It is immutable and safe for use by many goroutines.
type Reviewer struct {
	says     guidance
	words    *lexicon.Matcher
	ways     *discourse.Detector
	contacts *contact.Reader
	clauses  *agreement.Reviewer
	intents  *classify.Detector
	views    *normal.Normalizer
	bodies   directory
	versions []string // of what was published
}

// NewReviewer makes a reviewer with the lexicons, patterns and rules of this build. hotline is the lender's own public
// number, and may be empty.
func NewReviewer(hotline string) (*Reviewer, error) {
	says, err := loadGuidance()
	if err != nil {
		return nil, err
	}
	says.Lender.Number = hotline
	says.Channels = append([]Channel{says.Lender}, says.Channels...)
	views, err := normal.New()
	if err != nil {
		return nil, err
	}
	lexicons, err := lexicon.Shipped()
	if err != nil {
		return nil, err
	}
	r := &Reviewer{says: says, views: views}
	if r.words, err = lexicon.New(lexicon.Config{Normalizer: views, Lexicons: lexicons}); err != nil {
		return nil, err
	}
	if r.ways, err = discourse.New(views, discourse.ShippedPatterns()); err != nil {
		return nil, err
	}
	if r.contacts, err = contact.New(views); err != nil {
		return nil, err
	}
	if r.intents, err = classify.NewDetector(views); err != nil {
		return nil, err
	}
	r.clauses, err = agreement.New(views, agreement.ShippedRules())
	return r, err
}

// With is the reviewer with what has been published.
func (r *Reviewer) With(p *Published) (*Reviewer, error) {
	lexicons, err := lexicon.Shipped()
	if err != nil {
		return nil, err
	}
	next := *r
	if next.words, err = lexicon.New(lexicon.Config{Normalizer: r.views, Lexicons: append(lexicons, p.Lexicons...)}); err != nil {
		return nil, err
	}
	next.bodies = newDirectory(p.Organisations)
	next.versions = []string{fmt.Sprintf("published@%d", p.Version)}
	return &next, nil
}

// Review checks one text. It fails only where ctx ends.
func (r *Reviewer) Review(ctx context.Context, text string) (*Answer, error) {
	a := &Answer{Channels: r.says.Channels, Cut: len(text) > MaxText}
	text = head(text)
	scan, err := r.words.Scan(ctx, text)
	if err != nil {
		return nil, err
	}
	a.Findings = r.terms(scan.Hits)
	report, err := r.clauses.Review(text)
	if err != nil {
		return nil, err
	}
	a.Findings = append(a.Findings, clauses(report)...)
	ways, err := r.ways.Signals(text, qingyuan.AuthorAgent) // whoever wrote it, the reader got it from somebody
	if err != nil {
		return nil, err
	}
	a.Findings = append(a.Findings, r.spoken(ways)...)
	a.Findings = append(a.Findings, r.evasive(r.contacts.Read(text))...)
	a.Findings = append(a.Findings, r.intended(text, a.Findings)...)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a.Cut = a.Cut || scan.Truncated || report.Cut || len(a.Findings) > maxFindings
	r.conclude(a, text)
	a.Versions = append([]string{"guidance@" + r.says.Version, "lexicon@" + scan.Version, report.Reviewer, r.ways.Version(), r.contacts.Version(),
		r.intents.Intent.Version()}, r.versions...)
	return a, nil
}

// head is the part of a text that is checked, of whole characters.
func head(text string) string {
	if len(text) <= MaxText {
		return text
	}
	n := MaxText
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// terms makes one finding of all occurrences of a term at one level.
func (r *Reviewer) terms(hits []lexicon.Hit) (all []Finding) {
	at := map[string]int{}
	for i := range hits {
		h := &hits[i]
		level, remark := Risk, qingyuan.Text{}
		if h.Disguised() {
			remark = r.says.Disguised
		}
		switch {
		case h.Context != "":
			level, remark = Quoted, r.says.Quoted
		case h.Weak:
			level = Notice
		}
		key := string(level) + h.Term
		n, known := at[key]
		if !known {
			n = len(all)
			at[key] = n
			sense := qingyuan.Text{ZH: h.Text + "：" + h.Sense.ZH + remark.ZH, EN: h.Text + ": " + h.Sense.EN + remark.EN}
			all = append(all, Finding{Kind: Term, Rule: h.Term, Level: level, Typology: h.Typology, Sense: sense,
				Advice: r.says.adviceOn(h.Term, h.Typology)})
		}
		if len(all[n].Spans) < maxSpans {
			all[n].Spans = append(all[n].Spans, h.Span)
		}
	}
	return all
}

// clauses makes one finding of all clauses that meet a rule. They are a risk where together they reach the weight of the rules.
func clauses(report agreement.Report) (all []Finding) {
	level := Notice
	if report.Suspicious {
		level = Risk
	}
	at := map[string]int{}
	for _, f := range report.Findings {
		n, known := at[f.Rule]
		if !known {
			n = len(all)
			at[f.Rule] = n
			all = append(all, Finding{Kind: Clause, Rule: f.Rule, Level: level, Typology: f.Typology, Sense: f.Text, Basis: &f.Basis, Advice: f.Advice})
		}
		if len(all[n].Spans) < maxSpans {
			all[n].Spans = append(all[n].Spans, f.Span)
		}
	}
	return all
}

// spoken makes findings of ways of speaking: an angry customer with a true grievance can meet one, so they are notices.
func (r *Reviewer) spoken(ways []qingyuan.Signal) (all []Finding) {
	for _, s := range ways {
		advice, ok := r.says.Ways[s.Code]
		if !ok || len(s.Spans) == 0 {
			continue
		}
		all = append(all, Finding{Kind: Way, Rule: s.Code, Level: Notice, Typology: s.Typology, Spans: s.Spans[:min(len(s.Spans), maxSpans)],
			Sense: qingyuan.Text{ZH: s.Detail["zh"], EN: s.Detail["en"]}, Advice: advice})
	}
	return all
}

// evasive makes one finding of the contacts that are written so as to escape. Whose they are is not known here.
func (r *Reviewer) evasive(mentions []contact.Mention) []Finding {
	f := Finding{Kind: Contact, Rule: "contact", Level: Notice, Sense: r.says.Contact.Text, Advice: r.says.Contact.Advice}
	for _, m := range mentions {
		if m.Evasive && len(f.Spans) < maxSpans {
			f.Spans = append(f.Spans, m.Span)
		}
	}
	if f.Spans == nil {
		return nil
	}
	return []Finding{f}
}

// intended makes a finding of what the text as a whole reads like, unless all that was found in it is quoted: then it warns or retells. The
// model can be wrong, so that alone it is a notice.
func (r *Reviewer) intended(text string, found []Finding) []Finding {
	quoted := len(found) > 0 && !slices.ContainsFunc(found, func(f Finding) bool { return f.Level != Quoted })
	for _, s := range r.intents.Signals(text, qingyuan.AuthorPublic) {
		says, known := r.says.Intents[s.Code]
		if !known || quoted {
			continue
		}
		return []Finding{{Kind: Intent, Rule: s.Code, Level: Notice, Typology: s.Typology, Spans: []qingyuan.Span{sentence(text, s.Spans)},
			Sense: says.Sense, Advice: says.Advice}}
	}
	return nil
}

// sentence is the sentence of text in which most of the spans begin: the stretches a model goes by are too small to read.
func sentence(text string, spans []qingyuan.Span) (best qingyuan.Span) {
	most, from := -1, 0
	for _, end := range append(sentenceEnd.FindAllStringIndex(text, maxSentences), []int{len(text), len(text)}) {
		count := 0
		for _, s := range spans {
			if s.Start >= from && s.Start < end[1] {
				count++
			}
		}
		if strings.TrimSpace(text[from:end[1]]) != "" && count > most {
			most, best = count, qingyuan.Span{Start: from, End: end[1]}
		}
		from = end[1]
	}
	if best.End-best.Start > maxSentence {
		best.End = best.Start + len(whole(text[best.Start:best.Start+maxSentence]))
	}
	return best
}

var sentenceEnd = regexp.MustCompile(`[。！？!?；;\n]+`)

const (
	maxSentences = 1000
	maxSentence  = 240 // bytes that are shown of one
)

// conclude orders the findings and says what follows from them.
func (r *Reviewer) conclude(a *Answer, text string) {
	order := []Level{Risk, Notice, Quoted, Nothing}
	slices.SortStableFunc(a.Findings, func(x, y Finding) int {
		if d := slices.Index(order, x.Level) - slices.Index(order, y.Level); d != 0 {
			return d
		}
		return x.Spans[0].Start - y.Spans[0].Start
	})
	a.Findings = append([]Finding{}, a.Findings[:min(len(a.Findings), maxFindings)]...)
	a.Level = overall(a.Findings)
	a.Summary = r.says.Summaries[a.Level]
	for i := range a.Findings {
		s := a.Findings[i].Spans[0]
		a.Findings[i].Raw = text[s.Start:s.End]
	}
	for _, t := range r.says.Traits {
		trait := Trait{ID: t.ID, Title: t.Title, Text: t.Text}
		for _, f := range a.Findings {
			if !t.shownBy(f) {
				continue
			}
			if trait.Met = true; len(trait.Shown) < maxShown && !slices.Contains(trait.Shown, f.Raw) {
				trait.Shown = append(trait.Shown, f.Raw)
			}
		}
		a.Traits = append(a.Traits, trait)
	}
	a.Official = []Channel{}
	for _, c := range a.Channels {
		if c.Number != "" && names(text, c.Number) {
			a.Official = append(a.Official, c)
		}
	}
	a.Official = append(a.Official, r.bodies.named(text, r.says.Published)...)
}

// overall is the level of a text with these findings, strongest first. One word of the trade with nothing beside it, as in a
// headline or a question, makes the text no more than a notice.
func overall(findings []Finding) Level {
	switch {
	case len(findings) == 0:
		return Nothing
	case findings[0].Kind == Term && findings[0].Level == Risk && (len(findings) == 1 || findings[1].Level == Quoted):
		return Notice
	}
	return findings[0].Level
}

// shownBy says whether a finding shows the trait: a term of the trade by its typology, any other by its rule. A term that
// honest people use too, or an everyday word in disguise, shows nothing.
func (t *traitRule) shownBy(f Finding) bool {
	if f.Kind == Term {
		everyday := !slices.Contains(qingyuan.Typologies, qingyuan.Typology(lexiconOf(f.Rule)))
		return f.Level == Risk && !everyday && slices.Contains(t.Members, string(f.Typology))
	}
	return slices.Contains(t.Members, f.Rule)
}

// names says whether a number stands in text with no digit beside it.
func names(text, number string) bool {
	digit := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9' }
	for from := 0; ; {
		i := strings.Index(text[from:], number)
		if i < 0 {
			return false
		}
		i += from
		if !digit(i-1) && !digit(i+len(number)) {
			return true
		}
		from = i + 1
	}
}
