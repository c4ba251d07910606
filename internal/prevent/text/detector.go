package text

import (
	"context"
	"hash/fnv"
	"maps"
	"slices"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/text/agreement"
	"qingyuan/internal/prevent/text/classify"
	"qingyuan/internal/prevent/text/discourse"
	"qingyuan/internal/prevent/text/family"
	"qingyuan/internal/prevent/text/lexicon"
	"qingyuan/internal/prevent/text/normal"
)

// MaxText is how much of one text of an event is read while the caller waits, in bytes.
const MaxText = 32 << 10

// AgreementCode is the code of the signal for an agreement with clauses of an illegal service agreement.
const AgreementCode = "agreement"

// Detector finds signals in the texts of events. It is safe for concurrent use.
type Detector struct {
	words     *lexicon.Matcher
	patterns  *discourse.Detector
	clauses   *agreement.Reviewer
	intents   *classify.Detector
	views     *normal.Normalizer
	rules     family.Rules
	mu        sync.Mutex
	templates map[qingyuan.Tenant]*tenantFamilies
}

// tenantFamilies are one tenant's template families. An index has one user at a time.
type tenantFamilies struct {
	mu    sync.Mutex
	index *family.Index
}

// New makes a detector with the lexicons, patterns and rules of this build.
func New() (*Detector, error) {
	views, err := normal.New()
	if err != nil {
		return nil, err
	}
	lexicons, err := lexicon.Shipped()
	if err != nil {
		return nil, err
	}
	d := &Detector{views: views, templates: map[qingyuan.Tenant]*tenantFamilies{}}
	if d.words, err = lexicon.New(lexicon.Config{Normalizer: views, Lexicons: lexicons}); err != nil {
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
	d.rules, err = family.DefaultRules()
	return d, err
}

// written is one text of an event.
type written struct {
	path   string
	author qingyuan.AuthorKind
	text   string
}

// textsOf lists the texts of an event by path: objects that state an author.
func textsOf(e *qingyuan.Event) (all []written) {
	for _, path := range slices.Sorted(maps.Keys(e.Data)) {
		object, ok := e.Data[path].(map[string]any)
		if !ok {
			continue
		}
		author, _ := object["author"].(string)
		text, _ := object["text"].(string)
		if author != "" && text != "" {
			all = append(all, written{path, qingyuan.AuthorKind(author), text[:min(len(text), MaxText)]})
		}
	}
	return all
}

// Detect reads every text of the event. A text that cannot be read gives nothing.
func (d *Detector) Detect(e *qingyuan.Event) (all []qingyuan.Signal) {
	for _, w := range textsOf(e) {
		found := d.read(w)
		if e.Kind == qingyuan.AgreementSubmitted {
			found = append(found, d.review(w)...)
		}
		if e.Kind == qingyuan.ComplaintReceived {
			found = append(found, d.compare(e, w)...)
		}
		for i := range found {
			if found[i].Detail == nil {
				found[i].Detail = map[string]string{}
			}
			found[i].Detail["path"] = w.path
		}
		all = append(all, found...)
	}
	return all
}

// Remember takes an event of the record into the families without saying anything of it: a start feeds what was seen
// before.
func (d *Detector) Remember(e *qingyuan.Event) {
	for _, w := range textsOf(e) {
		if e.Kind == qingyuan.ComplaintReceived {
			d.compare(e, w)
		}
	}
}

func (d *Detector) read(w written) (found []qingyuan.Signal) {
	if r, err := d.words.Scan(context.Background(), w.text); err == nil {
		found = r.Signals(w.author)
	}
	if ways, err := d.patterns.Signals(w.text, w.author); err == nil {
		found = append(found, ways...)
	}
	return append(found, d.intents.Signals(w.text, w.author)...)
}

// review makes one signal of the clauses of an agreement that meet a rule.
func (d *Detector) review(w written) []qingyuan.Signal {
	report, err := d.clauses.Review(w.text)
	if err != nil || !report.Suspicious {
		return nil
	}
	s := qingyuan.Signal{Code: AgreementCode, Family: qingyuan.FamilyDocument, Polarity: qingyuan.Suspicion, Author: w.author, Score: 1,
		Detector: report.Reviewer, Detail: map[string]string{}}
	for _, f := range report.Findings {
		s.Spans = append(s.Spans, f.Span)
		s.Typology = f.Typology
		s.Detail[f.Rule] = f.Text.ZH
	}
	return []qingyuan.Signal{s}
}

// compare puts a text into the tenant's families and says what it is near to.
func (d *Detector) compare(e *qingyuan.Event, w written) []qingyuan.Signal {
	f, err := d.familiesOf(e.Tenant)
	if err != nil {
		return nil
	}
	t := family.Text{ID: e.ID + "/" + w.path, Author: w.author, Text: w.text, Subject: e.Subject.Key, City: regionOf(e), At: e.EffectiveAt}
	if t.At.IsZero() {
		t.At = time.Unix(0, 0)
	}
	for _, n := range e.Entities {
		if n.Role == "complainant" && (n.Kind == qingyuan.Phone || n.Kind == qingyuan.Email || n.Kind == qingyuan.Address) {
			t.Contacts = append(t.Contacts, n.Key)
		}
	}
	if cited, err := d.patterns.Citations(w.text); err == nil {
		t.Citations = discourse.Fingerprint(cited)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.index.Add(t)
	if err != nil {
		return nil
	}
	return r.Signals
}

// regionOf is the province of the subject's ID number, the nearest a complaint has to a city.
func regionOf(e *qingyuan.Event) string {
	derived, _ := e.Data["derived"].(map[string]any)
	region, _ := derived["id_region"].(string)
	return region
}

func (d *Detector) familiesOf(t qingyuan.Tenant) (*tenantFamilies, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.templates[t]; f != nil {
		return f, nil
	}
	h := fnv.New64a()
	h.Write([]byte(t))
	index, err := family.New(family.Config{Views: d.views, Rules: d.rules, Key: h.Sum64()})
	if err != nil {
		return nil, err
	}
	f := &tenantFamilies{index: index}
	d.templates[t] = f
	return f, nil
}
