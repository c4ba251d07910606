package check

import (
	_ "embed"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"qingyuan"
)

//go:embed data/guidance.yaml
var guidanceYAML []byte

//go:embed data/words.yaml
var wordsYAML []byte

// Channel is a public place to turn to. Number is empty where it differs from reader to reader.
type Channel struct {
	Number string        `json:"number,omitempty" yaml:"number"`
	Name   qingyuan.Text `json:"name" yaml:"name"`
	Use    qingyuan.Text `json:"use" yaml:"use"`
}

// advised is what is said of one typology.
type advised struct {
	Name   qingyuan.Text `yaml:"name"`
	Advice qingyuan.Text `yaml:"advice"`
}

// intended is what is said of a text that as a whole reads like one with an intent.
type intended struct {
	Sense  qingyuan.Text `yaml:"sense"`
	Advice qingyuan.Text `yaml:"advice"`
}

// guidance is data/guidance.yaml.
type guidance struct {
	Version    string                        `yaml:"version"`
	Date       string                        `yaml:"date"`
	Source     string                        `yaml:"source"`
	Summaries  map[Level]qingyuan.Text       `yaml:"summaries"`
	Traits     []traitRule                   `yaml:"traits"`
	Typologies map[qingyuan.Typology]advised `yaml:"typologies"`
	Lexicons   map[string]qingyuan.Text      `yaml:"lexicons"`
	Ways       map[string]qingyuan.Text      `yaml:"ways"`
	Contact    struct {
		Text   qingyuan.Text `yaml:"text"`
		Advice qingyuan.Text `yaml:"advice"`
	} `yaml:"contact"`
	Consent struct {
		Version string        `yaml:"version"`
		Text    qingyuan.Text `yaml:"text"`
	} `yaml:"consent"`
	Intents   map[string]intended `yaml:"intents"`   // by code of the signal
	Published qingyuan.Text       `yaml:"published"` // of an organisation's contact
	Disguised qingyuan.Text       `yaml:"disguised"`
	Quoted    qingyuan.Text       `yaml:"quoted"`
	Channels  []Channel           `yaml:"channels"`
	Lender    Channel             `yaml:"lender"`
}

// traitRule is a trait with the rules, codes and typologies that show it.
type traitRule struct {
	ID      string        `yaml:"id"`
	Title   qingyuan.Text `yaml:"title"`
	Text    qingyuan.Text `yaml:"text"`
	Members []string      `yaml:"members"`
}

// words are the words of the page by key.
type words map[string]qingyuan.Text

func loadGuidance() (g guidance, err error) {
	if err := yaml.UnmarshalWithOptions(guidanceYAML, &g, yaml.Strict()); err != nil {
		return g, qingyuan.Wrap(qingyuan.Internal, err, "the guidance of the public check cannot be read")
	}
	said := []qingyuan.Text{g.Contact.Text, g.Contact.Advice, g.Consent.Text, g.Published, g.Disguised, g.Quoted, g.Lender.Name, g.Lender.Use}
	for _, l := range []Level{Risk, Notice, Quoted, Nothing} {
		said = append(said, g.Summaries[l])
	}
	for _, t := range qingyuan.Typologies {
		said = append(said, g.Typologies[t].Name, g.Typologies[t].Advice)
	}
	for _, t := range g.Traits {
		said = append(said, t.Title, t.Text)
	}
	for _, c := range g.Channels {
		said = append(said, c.Name, c.Use)
	}
	for _, i := range g.Intents {
		said = append(said, i.Sense, i.Advice)
	}
	said = slices.AppendSeq(said, maps.Values(g.Ways))
	said = slices.AppendSeq(said, maps.Values(g.Lexicons))
	if g.Version == "" || g.Date == "" || g.Source == "" || g.Consent.Version == "" || slices.ContainsFunc(said, incomplete) {
		return g, qingyuan.Errorf(qingyuan.Internal, "the guidance of the public check lacks a version, a source or a sentence in one language")
	}
	return g, nil
}

func loadWords() (w words, err error) {
	if err := yaml.Unmarshal(wordsYAML, &w); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Internal, err, "the words of the public check cannot be read")
	}
	for key, t := range w {
		if incomplete(t) {
			return nil, qingyuan.Errorf(qingyuan.Internal, "the word %s of the public check lacks a language", key)
		}
	}
	return w, nil
}

// lexiconOf is the lexicon that a term stands in: the part of its id before the dash.
func lexiconOf(term string) string {
	name, _, _ := strings.Cut(term, "-")
	return name
}

// adviceOn is what to do about a term of a typology.
func (g *guidance) adviceOn(term string, t qingyuan.Typology) qingyuan.Text {
	if own, ok := g.Lexicons[lexiconOf(term)]; ok {
		return own
	}
	return g.Typologies[t].Advice
}

func incomplete(t qingyuan.Text) bool { return t.ZH == "" || t.EN == "" }
