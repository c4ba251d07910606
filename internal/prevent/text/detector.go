package text

import (
	"context"
	"maps"
	"slices"
	"sync"

	"qingyuan"
	"qingyuan/internal/prevent/text/agreement"
	"qingyuan/internal/prevent/text/classify"
	"qingyuan/internal/prevent/text/contact"
	"qingyuan/internal/prevent/text/discourse"
	"qingyuan/internal/prevent/text/family"
	"qingyuan/internal/prevent/text/lexicon"
	"qingyuan/internal/prevent/text/normal"
)

// MaxText is how much of one text of an event is read while the caller waits, in bytes.
const MaxText = 32 << 10

// AgreementCode is the code of the signal for an agreement with clauses of an illegal service agreement.
const AgreementCode = "agreement"

// Config says what a detector may use of its surroundings. Its zero value reads texts, but knows no contact by its blind key.
type Config struct {
	// Blind is the tenant's blind key of a contact as it stands in a text; "" where it is none. Nil: contacts in texts are not compared.
	Blind func(t qingyuan.Tenant, kind qingyuan.EntityKind, value string) string
	// Secret keys the shingles of the tenant's families, so that a copy of them is no dictionary of phrases. Nil: 0.
	Secret func(t qingyuan.Tenant) (uint64, error)
}

// Detector finds signals in the texts of events. It is safe for concurrent use.
type Detector struct {
	config   Config
	lexicons []*lexicon.Lexicon // shipped
	words    *lexicon.Matcher   // of those
	patterns *discourse.Detector
	clauses  *agreement.Reviewer
	intents  *classify.Detector
	contacts *contact.Reader
	views    *normal.Normalizer
	rules    family.Rules
	tenants  sync.Map // qingyuan.Tenant → *tenantTexts
}

// New makes a detector with the lexicons, patterns and rules of this build.
func New(c Config) (*Detector, error) {
	views, err := normal.New()
	if err != nil {
		return nil, err
	}
	d := &Detector{config: c, views: views}
	if d.lexicons, err = lexicon.Shipped(); err != nil {
		return nil, err
	}
	if d.words, err = lexicon.New(lexicon.Config{Normalizer: views, Lexicons: d.lexicons}); err != nil {
		return nil, err
	}
	if d.patterns, err = discourse.New(views, discourse.ShippedPatterns()); err != nil {
		return nil, err
	}
	if d.clauses, err = agreement.New(views, agreement.ShippedRules()); err != nil {
		return nil, err
	}
	if d.intents, err = classify.NewDetector(views); err != nil {
		return nil, err
	}
	if d.contacts, err = contact.New(views); err != nil {
		return nil, err
	}
	d.rules, err = family.DefaultRules()
	return d, err
}

// Written is one text of an event.
type Written struct {
	Path   string // in the event's data
	Author qingyuan.AuthorKind
	Text   string // the first MaxText bytes
}

// Texts lists the texts of an event by path: objects that state an author.
func Texts(e *qingyuan.Event) (all []Written) {
	for _, path := range slices.Sorted(maps.Keys(e.Data)) {
		object, ok := e.Data[path].(map[string]any)
		if !ok {
			continue
		}
		author, _ := object["author"].(string)
		text, _ := object["text"].(string)
		if author != "" && text != "" {
			all = append(all, Written{path, qingyuan.AuthorKind(author), text[:min(len(text), MaxText)]})
		}
	}
	return all
}

// Detect reads every text of the event. A text that cannot be read gives nothing.
func (d *Detector) Detect(e *qingyuan.Event) (all []qingyuan.Signal) {
	t, err := d.tenant(e.Tenant)
	if err != nil {
		return nil
	}
	known := t.known.Load()
	for _, w := range Texts(e) {
		found := d.read(known, w)
		if e.Kind == qingyuan.AgreementSubmitted {
			found = append(found, d.review(w)...)
		}
		found = append(found, t.compare(d, e, w)...)
		for i := range found {
			if found[i].Detail == nil {
				found[i].Detail = map[string]string{}
			}
			found[i].Detail["path"] = w.Path
		}
		all = append(all, found...)
	}
	return append(all, d.recognise(known, e)...)
}

// Remember takes an event of the record into the families without saying anything of it: a start feeds what was seen
// before.
func (d *Detector) Remember(e *qingyuan.Event) {
	t, err := d.tenant(e.Tenant)
	if err != nil {
		return
	}
	for _, w := range Texts(e) {
		t.compare(d, e, w)
	}
}

// Forget drops what it remembers of a tenant.
func (d *Detector) Forget(t qingyuan.Tenant) { d.tenants.Delete(t) }

// Withdraw takes an event out of the families: it was not recorded in the end.
func (d *Detector) Withdraw(e *qingyuan.Event) {
	t, err := d.tenant(e.Tenant)
	if err != nil {
		return
	}
	for _, w := range Texts(e) {
		t.index.Remove(TextID(e.ID, w.Path))
	}
}

// read says what stands in one text, whoever else wrote the like.
func (d *Detector) read(known *known, w Written) (found []qingyuan.Signal) {
	if r, err := known.words.Scan(context.Background(), w.Text); err == nil {
		found = append(r.Signals(w.Author), known.confirmed(r, w.Author)...)
	}
	if ways, err := d.patterns.Signals(w.Text, w.Author); err == nil {
		found = append(found, ways...)
	}
	return append(found, d.intents.Signals(w.Text, w.Author)...)
}

// review makes one signal of the clauses of an agreement that meet a rule.
func (d *Detector) review(w Written) []qingyuan.Signal {
	report, err := d.clauses.Review(w.Text)
	if err != nil || !report.Suspicious {
		return nil
	}
	s := qingyuan.Signal{Code: AgreementCode, Family: qingyuan.FamilyDocument, Polarity: qingyuan.Suspicion, Author: w.Author, Score: 1,
		Detector: report.Reviewer, Detail: map[string]string{}}
	for _, f := range report.Findings {
		s.Spans = append(s.Spans, f.Span)
		s.Typology = f.Typology
		s.Detail[f.Rule] = f.Text.ZH
	}
	return []qingyuan.Signal{s}
}
