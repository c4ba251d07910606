package lexicon

import (
	"embed"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"qingyuan"
)

//go:embed lexica/*.yaml
var files embed.FS

// Limits of a lexicon.
const (
	MaxLexicon = 8 << 20 // bytes of one file
	MaxTerms   = 50_000  // terms of one matcher
	MaxTerm    = 40      // characters of a term
)

// Lexicon is a versioned list of terms of one typology, or a tenant's own.
type Lexicon struct {
	Name     string            `yaml:"name"`    // T3, or the tenant's name for it
	Version  int               `yaml:"version"` // rises with every change
	Date     string            `yaml:"date"`    // of this version, YYYY-MM-DD
	Typology qingyuan.Typology `yaml:"typology"`
	Title    qingyuan.Text     `yaml:"title"`
	Terms    []Term            `yaml:"terms"`
	Contexts []Context         `yaml:"contexts,omitempty"`
	Allow    []string          `yaml:"allow,omitempty"` // phrases inside which no term is meant
}

// Term is one expression of the trade.
type Term struct {
	ID       string            `yaml:"id"` // stable, unique among the lexicons of a matcher; a later lexicon replaces it
	Text     string            `yaml:"term"`
	Also     []string          `yaml:"also,omitempty"` // variants that no view leads back to the term
	Sense    qingyuan.Text     `yaml:"sense"`
	Typology qingyuan.Typology `yaml:"typology,omitempty"` // where it is not that of the lexicon
	Weak     bool              `yaml:"weak,omitempty"`     // honest customers and lenders use it too: never a signal alone
	Match    Match             `yaml:"match,omitempty"`
	Source   string            `yaml:"source"`         // a mark of [Sources]
	Seen     string            `yaml:"seen,omitempty"` // where or when it was seen, in the tenant's words
}

// Match says in which views a term may be found.
type Match string

// The ways of matching.
const (
	Any       Match = ""          // as it stands and in every disguise
	Plain     Match = "plain"     // only as it stands: its sound or shape is too common
	Disguised Match = "disguised" // only in disguise: as it stands it is everyday language
)

// Context is a kind of surroundings in which a term does not accuse its author.
type Context struct {
	ID    string        `yaml:"id"` // warning, education, lender_notice, victim
	Sense qingyuan.Text `yaml:"sense"`
	Cues  []string      `yaml:"cues"`
	Scope Scope         `yaml:"scope"`
}

// Scope is where a cue must stand.
type Scope string

// The scopes.
const (
	Before   Scope = "before"   // earlier in the same sentence
	After    Scope = "after"    // later in the same sentence
	Sentence Scope = "sentence" // anywhere in the same sentence
	Anywhere Scope = "text"     // anywhere in the text
)

var idShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$`)

// Parse reads a lexicon from YAML and checks it. Unknown keys are refused.
func Parse(data []byte) (*Lexicon, error) {
	if len(data) > MaxLexicon {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the lexicon is larger than %d bytes", MaxLexicon)
	}
	var l Lexicon
	if err := yaml.UnmarshalWithOptions(data, &l, yaml.DisallowUnknownField()); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the lexicon is not valid YAML of the expected shape")
	}
	return &l, l.Validate()
}

// Validate reports the first thing that is wrong with the lexicon, with its place.
func (l *Lexicon) Validate() error {
	if !idShape.MatchString(l.Name) {
		return qingyuan.FieldErrorf("name", "must be 1 to 60 letters, digits, points, dashes")
	}
	if l.Version < 1 {
		return qingyuan.FieldErrorf("version", "must be 1 or more")
	}
	seen := map[string]bool{}
	for i := range l.Terms {
		t := &l.Terms[i]
		if err := t.validate(l); err != nil {
			return err
		}
		if seen[t.ID] {
			return qingyuan.FieldErrorf(l.Name+"."+t.ID, "stands twice")
		}
		seen[t.ID] = true
	}
	for _, c := range l.Contexts {
		if c.ID == "" || len(c.Cues) == 0 || !slices.Contains([]Scope{Before, After, Sentence, Anywhere}, c.Scope) {
			return qingyuan.FieldErrorf(l.Name+".contexts", "each needs an id, cues and a scope of before, after, sentence or text")
		}
	}
	return nil
}

func (t *Term) validate(l *Lexicon) error {
	at := l.Name + "." + t.ID
	if !idShape.MatchString(t.ID) {
		return qingyuan.FieldErrorf(l.Name+".terms", "id %q must be 1 to 60 letters, digits, points, dashes", t.ID)
	}
	for _, w := range append([]string{t.Text}, t.Also...) {
		if n := utf8.RuneCountInString(w); n < 1 || n > MaxTerm || !utf8.ValidString(w) {
			return qingyuan.FieldErrorf(at, "a term has 1 to %d characters", MaxTerm)
		}
	}
	if t.Sense.ZH == "" || t.Sense.EN == "" {
		return qingyuan.FieldErrorf(at, "needs its sense in both languages: the annex explains it to a court")
	}
	if t.Source == "" {
		return qingyuan.FieldErrorf(at, "needs a source")
	}
	if !slices.Contains([]Match{Any, Plain, Disguised}, t.Match) {
		return qingyuan.FieldErrorf(at, "match is plain, disguised or nothing")
	}
	if typ := t.Typology; typ != "" && !slices.Contains(qingyuan.Typologies, typ) {
		return qingyuan.FieldErrorf(at, "typology is T1 to T9")
	}
	return nil
}

// Shipped returns the lexicons that come with the platform, and the context lexicon.
func Shipped() ([]*Lexicon, error) {
	entries, err := files.ReadDir("lexica")
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Internal, err, "the shipped lexicons are missing")
	}
	var list []*Lexicon
	for _, e := range entries {
		if e.Name() == "scoring.yaml" || e.Name() == "sources.yaml" {
			continue
		}
		data, err := files.ReadFile("lexica/" + e.Name())
		if err != nil {
			return nil, qingyuan.Wrap(qingyuan.Internal, err, "a shipped lexicon is missing")
		}
		l, err := Parse(data)
		if err != nil {
			return nil, qingyuan.Wrap(qingyuan.Internal, err, "the shipped lexicon "+e.Name()+" is damaged")
		}
		list = append(list, l)
	}
	return list, nil
}

// Sources returns what the source marks of the shipped lexicons stand for.
func Sources() (map[string]string, error) {
	data, err := files.ReadFile("lexica/sources.yaml")
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Internal, err, "the list of sources is missing")
	}
	marks := map[string]string{}
	if err := yaml.Unmarshal(data, &marks); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Internal, err, "the list of sources is damaged")
	}
	return marks, nil
}
