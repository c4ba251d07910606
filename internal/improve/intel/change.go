package intel

import (
	"encoding/json"
	"slices"
	"strings"

	"qingyuan"
	"qingyuan/internal/prevent/text"
	"qingyuan/internal/prevent/text/lexicon"
)

// The kinds of approval that this package asks for.
const (
	KindLexicon  = "text.lexicon"
	KindTemplate = "text.template"
	KindContact  = "text.contact"
)

// Kinds lists them.
var Kinds = []string{KindLexicon, KindTemplate, KindContact}

// The verdicts on templates and contacts.
const (
	Gang     = "gang"
	Innocent = "innocent"
	Agent    = "agent"
	Lawful   = "lawful"
)

// MaxTerms bounds a tenant's own lexicon.
const MaxTerms = 5000

// LexiconChange is what is asked of the lexicon: terms by their id, of which known ones are replaced, and phrases within which no term
// is meant.
type LexiconChange struct {
	Terms    []lexicon.Term    `json:"terms,omitempty"`
	Remove   []string          `json:"remove,omitempty"` // ids
	Allow    []string          `json:"allow,omitempty"`
	Disallow []string          `json:"disallow,omitempty"` // phrases to be taken out of Allow
	Contexts []lexicon.Context `json:"contexts,omitempty"` // by id, of which known ones are replaced
}

// apply makes the next version of a lexicon; was is nil for the first. Errors: invalid; not_found for a term to be removed that is not there.
func (c *LexiconChange) apply(was *lexicon.Lexicon, date string) (*lexicon.Lexicon, error) {
	next := &lexicon.Lexicon{Name: text.OwnLexicon, Version: 1, Date: date, Title: qingyuan.Text{ZH: "本机构词库", EN: "the lender's own terms"}}
	if was != nil {
		next.Version = was.Version + 1
		next.Terms, next.Allow, next.Contexts = slices.Clone(was.Terms), slices.Clone(was.Allow), slices.Clone(was.Contexts)
	}
	for _, id := range c.Remove {
		i := slices.IndexFunc(next.Terms, func(t lexicon.Term) bool { return t.ID == id })
		if i < 0 {
			return nil, qingyuan.Errorf(qingyuan.NotFound, "the lexicon has no term %q", id)
		}
		next.Terms = slices.Delete(next.Terms, i, i+1)
	}
	for _, t := range c.Terms {
		if i := slices.IndexFunc(next.Terms, func(o lexicon.Term) bool { return o.ID == t.ID }); i >= 0 {
			next.Terms[i] = t
			continue
		}
		next.Terms = append(next.Terms, t)
	}
	for _, x := range c.Contexts {
		if i := slices.IndexFunc(next.Contexts, func(o lexicon.Context) bool { return o.ID == x.ID }); i >= 0 {
			next.Contexts[i] = x
			continue
		}
		next.Contexts = append(next.Contexts, x)
	}
	next.Allow = slices.DeleteFunc(append(next.Allow, c.Allow...), func(p string) bool { return slices.Contains(c.Disallow, p) })
	slices.Sort(next.Allow)
	next.Allow = slices.Compact(next.Allow)
	return next, c.check(next)
}

func (c *LexiconChange) check(next *lexicon.Lexicon) error {
	if len(c.Terms)+len(c.Remove)+len(c.Allow)+len(c.Disallow)+len(c.Contexts) == 0 {
		return qingyuan.Errorf(qingyuan.Invalid, "nothing is asked for")
	}
	if len(next.Terms) > MaxTerms || len(next.Allow) > MaxTerms || len(next.Contexts) > 50 {
		return qingyuan.Errorf(qingyuan.Invalid, "a lexicon has at most %d terms and phrases, and 50 contexts", MaxTerms)
	}
	for _, t := range next.Terms {
		if t.Typology == "" && !t.Weak {
			return qingyuan.FieldErrorf(t.ID, "needs a typology, or must be weak")
		}
	}
	return next.Validate()
}

// templateChange adds a template or takes one out.
type templateChange struct {
	ID       string            `json:"id"`
	Remove   bool              `json:"remove,omitempty"`
	Verdict  string            `json:"verdict,omitempty"`
	Title    string            `json:"title,omitempty"`
	Typology qingyuan.Typology `json:"typology,omitempty"`
	Source   string            `json:"source,omitempty"`
	TextID   string            `json:"text_id,omitempty"` // the text of the record it is, if it is one
	Shingles []byte            `json:"shingles,omitempty"`
	Sealed   []byte            `json:"sealed,omitempty"`
}

// contactChange marks a contact or takes a mark back.
type contactChange struct {
	ID       string              `json:"id"`
	Remove   bool                `json:"remove,omitempty"`
	Key      string              `json:"key,omitempty"`
	Kind     qingyuan.EntityKind `json:"kind,omitempty"`
	Verdict  string              `json:"verdict,omitempty"`
	Typology qingyuan.Typology   `json:"typology,omitempty"`
	Note     string              `json:"note,omitempty"`
}

// proposal is the payload of an approval: one of the three, and the candidate that led to it.
type proposal struct {
	Candidate string          `json:"candidate,omitempty"`
	Lexicon   *LexiconChange  `json:"lexicon,omitempty"`
	Template  *templateChange `json:"template,omitempty"`
	Contact   *contactChange  `json:"contact,omitempty"`
	Reason    string          `json:"reason"`
}

func parseProposal(payload string) (p proposal, err error) {
	if err = json.Unmarshal([]byte(payload), &p); err != nil {
		err = qingyuan.Wrap(qingyuan.Internal, err, "an approval's payload is damaged")
	}
	return p, err
}

func checkTypology(t qingyuan.Typology) error {
	if !slices.Contains(qingyuan.Typologies, t) {
		return qingyuan.FieldErrorf("typology", "must be T1 to T9")
	}
	return nil
}

func checkTitle(s string) error {
	if n := len([]rune(strings.TrimSpace(s))); n < 2 || n > 100 {
		return qingyuan.FieldErrorf("title", "must have 2 to 100 characters")
	}
	return nil
}
