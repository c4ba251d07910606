package text

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"qingyuan"
	"qingyuan/internal/prevent/text/contact"
	"qingyuan/internal/prevent/text/family"
	"qingyuan/internal/prevent/text/lexicon"
)

// The codes of signals that rest on what a tenant's people have confirmed.
const (
	ConfirmedCode = "confirmed" // a term of the tenant's lexicon, or the template of a gang
	ContactCode   = "S1"        // a contact of a confirmed agent
)

// OwnLexicon is the name of a tenant's own lexicon.
const OwnLexicon = "own"

// detectorName names the origin of the signals made here.
const detectorName = "text.knowledge"

// Knowledge is what two people of a tenant have confirmed of texts, by which they are read beside what ships with the product.
type Knowledge struct {
	Version   int64                // seq of the last change confirmed; 0: nothing was
	Lexicon   *lexicon.Lexicon     // the tenant's own terms; nil: none
	Contacts  map[string]AgentMark // contacts of agents by blind key
	Templates []Template           // of gangs
	Innocent  []family.Innocent    // templates that honest people use
	Lawful    []string             // blind keys of contacts that are rightly shared
}

// AgentMark says whose a contact is.
type AgentMark struct {
	ID       string
	Typology qingyuan.Typology
}

// Template is a text that a gang sends in nearly the same words.
type Template struct {
	ID       string
	Title    string
	Typology qingyuan.Typology
	Shingles []uint32 // as of [Detector.Shingles]
}

// known is a tenant's knowledge ready for use. It is immutable.
type known struct {
	Knowledge
	words *lexicon.Matcher
	own   map[string]bool // ids of the tenant's terms that are not shipped
	name  string          // detector@version
}

// Adopt makes k what the tenant's texts are read by from now on. Readings under way end with what they began with. It
// builds a matcher where there are terms, so it does not belong into a transaction. Knowledge older than what is in use is
// ignored. Errors: invalid where the lexicon is not valid.
func (d *Detector) Adopt(t qingyuan.Tenant, k Knowledge) error {
	texts, err := d.tenant(t)
	if err != nil {
		return err
	}
	fresh := &known{Knowledge: k, words: d.words, own: map[string]bool{}, name: detectorName + "@" + strconv.FormatInt(k.Version, 10)}
	if k.Lexicon != nil {
		all := append(slices.Clone(d.lexicons), k.Lexicon)
		if fresh.words, err = lexicon.New(lexicon.Config{Normalizer: d.views, Lexicons: all}); err != nil {
			return err
		}
		for _, term := range k.Lexicon.Terms {
			fresh.own[term.ID] = true
		}
		for _, term := range d.Terms(nil) { // a shipped term that was changed is still no news
			delete(fresh.own, term.ID)
		}
	}
	for was := texts.known.Load(); was.Version <= k.Version; was = texts.known.Load() {
		if texts.known.CompareAndSwap(was, fresh) {
			return texts.innocent(k)
		}
	}
	return nil
}

// Version is the version of the knowledge that the tenant's texts are read by.
func (d *Detector) Version(t qingyuan.Tenant) int64 {
	texts, err := d.tenant(t)
	if err != nil {
		return 0
	}
	return texts.known.Load().Version
}

// Terms lists the shipped terms and those of a tenant's own lexicon, which replace the shipped ones with the same id; own may be nil.
func (d *Detector) Terms(own *lexicon.Lexicon) (all []lexicon.Term) {
	lists := slices.Clone(d.lexicons)
	if own != nil {
		lists = append(lists, own)
	}
	at := map[string]int{}
	for _, l := range lists {
		for _, t := range l.Terms {
			if t.Typology == "" {
				t.Typology = l.Typology
			}
			if i, ok := at[t.ID]; ok {
				all[i] = t
				continue
			}
			at[t.ID] = len(all)
			all = append(all, t)
		}
	}
	return all
}

// newKnown is knowledge of nothing.
func (d *Detector) newKnown() *known { return &known{words: d.words, name: detectorName + "@0"} }

// confirmed are signals of the tenant's own terms, one for each typology, with the version of the lexicon and the terms in words: a
// decision that reads them explains itself.
func (k *known) confirmed(r *lexicon.Result, author qingyuan.AuthorKind) (out []qingyuan.Signal) {
	if len(k.own) == 0 || !speaks(author) {
		return nil
	}
	at := map[qingyuan.Typology]int{}
	for i := range r.Hits {
		h := &r.Hits[i]
		if !k.own[h.Term] || h.Weak || h.Context != "" || h.Typology == "" {
			continue
		}
		n, ok := at[h.Typology]
		if !ok {
			n = len(out)
			at[h.Typology] = n
			out = append(out, qingyuan.Signal{Code: ConfirmedCode, Family: qingyuan.FamilyText, Polarity: qingyuan.Suspicion, Typology: h.Typology,
				Score: 1, Author: author, Detector: k.name,
				Detail: map[string]string{"lexicon": OwnLexicon + "@" + strconv.Itoa(k.Lexicon.Version), "matcher": r.Version}})
		}
		s := &out[n]
		s.Spans = append(s.Spans, h.Span)
		if names := s.Detail["names"]; !slices.Contains(strings.Split(names, "、"), h.Text) {
			s.Detail["names"] = strings.TrimPrefix(names+"、"+h.Text, "、")
		}
	}
	return out
}

// speaks says whether a text by this kind of author can be an agent's or his customer's: the lender's own notices and its operators' summaries are
// not.
func speaks(author qingyuan.AuthorKind) bool {
	return author != qingyuan.AuthorLender && author != qingyuan.AuthorOperator
}

// recognise finds templates of gangs and contacts of agents in an event.
func (d *Detector) recognise(k *known, e *qingyuan.Event) (out []qingyuan.Signal) {
	if len(k.Templates) == 0 && len(k.Contacts) == 0 {
		return nil
	}
	for _, w := range Texts(e) {
		out = append(out, d.template(k, e.Tenant, w)...)
	}
	return append(out, d.agents(k, e)...)
}

// template says which template of a gang the text follows, if any.
func (d *Detector) template(k *known, tenant qingyuan.Tenant, w Written) []qingyuan.Signal {
	if len(k.Templates) == 0 || !speaks(w.Author) {
		return nil
	}
	set, err := d.Shingles(tenant, w.Text)
	if err != nil {
		return nil
	}
	t, top := k.nearest(set, d.rules.Similarity)
	if t == nil {
		return nil
	}
	return []qingyuan.Signal{{Code: ConfirmedCode, Family: qingyuan.FamilyText, Polarity: qingyuan.Suspicion, Typology: t.Typology, Score: 1,
		Author: w.Author, Detector: k.name, Spans: []qingyuan.Span{{Start: 0, End: len(w.Text)}},
		Detail: map[string]string{"path": w.Path, "template": t.ID, "names": t.Title, "similarity": strconv.FormatFloat(top, 'f', 2, 64)}}}
}

// nearest is the template that the shingles are most like, at least so much; nil where there is none.
func (k *known) nearest(set []uint32, least float64) (best *Template, similarity float64) {
	for i := range k.Templates {
		if s := family.Similarity(set, k.Templates[i].Shingles); s >= max(least, similarity) {
			best, similarity = &k.Templates[i], s
		}
	}
	return best, similarity
}

// agents are S1: contacts of confirmed agents among the event's entities and in its texts.
func (d *Detector) agents(k *known, e *qingyuan.Event) (out []qingyuan.Signal) {
	if len(k.Contacts) == 0 {
		return nil
	}
	seen := map[string]bool{}
	add := func(key string, kind qingyuan.EntityKind, detail map[string]string, spans ...qingyuan.Span) {
		mark, ok := k.Contacts[key]
		if !ok || seen[key] {
			return
		}
		seen[key] = true
		maps.Copy(detail, map[string]string{"contact": key, "kind": string(kind), "mark": mark.ID})
		out = append(out, qingyuan.Signal{Code: ContactCode, Family: qingyuan.FamilySocial, Polarity: qingyuan.Suspicion, Typology: mark.Typology,
			Score: 1, Detector: k.name, Spans: spans, Detail: detail})
	}
	for _, n := range e.Entities {
		add(n.Key, n.Kind, map[string]string{"role": n.Role})
	}
	if d.config.Blind == nil {
		return out
	}
	for _, w := range Texts(e) {
		for _, m := range d.contacts.Read(w.Text) {
			if kind, value := EntityOf(m); kind != "" {
				add(d.config.Blind(e.Tenant, kind, value), kind, map[string]string{"path": w.Path}, m.Span)
			}
		}
	}
	return out
}

// EntityOf is the entity that a contact in a text is, with its value as the door takes it; "" for a web address.
func EntityOf(m contact.Mention) (kind qingyuan.EntityKind, value string) {
	switch kind = m.Kind.Entity(); kind {
	case qingyuan.Handle:
		return kind, string(m.Kind) + ":" + m.Value
	default:
		return kind, m.Value
	}
}

// tenantTexts is what is kept of one tenant: its knowledge, and its families, which are safe for many users.
type tenantTexts struct {
	known atomic.Pointer[known]
	index *family.Index
}

func (d *Detector) tenant(t qingyuan.Tenant) (*tenantTexts, error) {
	if found, ok := d.tenants.Load(t); ok {
		return found.(*tenantTexts), nil
	}
	var key uint64
	var err error
	if d.config.Secret != nil {
		if key, err = d.config.Secret(t); err != nil {
			return nil, err
		}
	}
	fresh := &tenantTexts{}
	fresh.known.Store(d.newKnown())
	if fresh.index, err = family.New(family.Config{Views: d.views, Rules: d.rules, Key: key}); err != nil {
		return nil, err
	}
	found, _ := d.tenants.LoadOrStore(t, fresh)
	return found.(*tenantTexts), nil
}

// innocent tells the families which templates and contacts are no gang's.
func (t *tenantTexts) innocent(k Knowledge) error {
	t.index.Exempted(k.Lawful)
	return t.index.Replace(k.Innocent)
}

// Scan finds terms in a text with the lexicons that the tenant uses now.
func (d *Detector) Scan(ctx context.Context, t qingyuan.Tenant, text string) (*lexicon.Result, error) {
	texts, err := d.tenant(t)
	if err != nil {
		return nil, err
	}
	return texts.known.Load().words.Scan(ctx, text)
}
