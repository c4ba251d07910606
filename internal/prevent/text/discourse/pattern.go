package discourse

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"qingyuan"
)

//go:embed data/patterns.yaml
var shipped []byte

// Pattern is one way of speaking, as it stands in the data.
type Pattern struct {
	ID       string                `yaml:"id"`
	Code     string                `yaml:"code"` // of the signal catalogue, or text.<rule>
	Typology qingyuan.Typology     `yaml:"typology"`
	Family   qingyuan.Family       `yaml:"family"`
	Score    float64               `yaml:"score"`
	Authors  []qingyuan.AuthorKind `yaml:"authors"`
	Speaker  string                `yaml:"speaker"` // in a transcript only the turns that begin so are read
	Gate     []string              `yaml:"gate"`    // one of these must occur, else the pattern is not tried
	Need     int                   `yaml:"need"`    // stages that must occur
	Ordered  bool                  `yaml:"ordered"` // they must begin in the order in which they are given
	Text     qingyuan.Text         `yaml:"text"`
	Stages   []Stage               `yaml:"stages"`
	Unless   []string              `yaml:"unless"` // where one of these occurs the pattern says nothing
}

// Stage is one step of a pattern.
type Stage struct {
	Name     string   `yaml:"name"`
	Any      []string `yaml:"any"`
	Distinct int      `yaml:"distinct"` // of the expressions of Any that must occur; 1 where 0
}

// Patterns is a file of patterns.
type Patterns struct {
	Version  string    `yaml:"version"`
	Source   string    `yaml:"source"`
	Patterns []Pattern `yaml:"patterns"`
}

// The limits of a file of patterns.
const (
	maxPatterns    = 200
	maxStages      = 16
	maxExpressions = 64
	maxExpression  = 1000
)

// ShippedPatterns are the patterns of this build, as YAML.
func ShippedPatterns() []byte { return slices.Clone(shipped) }

// codes are the codes of the signal catalogue that a pattern can have.
var codes = []string{"C3", "C5", "P1"}

// pattern is a compiled Pattern.
type pattern struct {
	Pattern
	speaker *regexp.Regexp
	stages  [][]*regexp.Regexp
	unless  []*regexp.Regexp
}

func parse(b []byte) (Patterns, []pattern, error) {
	var f Patterns
	if err := yaml.UnmarshalWithOptions(b, &f, yaml.Strict()); err != nil {
		return f, nil, qingyuan.Wrap(qingyuan.Invalid, err, "the patterns of discourse are not valid YAML")
	}
	if f.Version == "" || len(f.Patterns) == 0 || len(f.Patterns) > maxPatterns {
		return f, nil, qingyuan.FieldErrorf("patterns", "need a version and 1 to %d patterns", maxPatterns)
	}
	out := make([]pattern, len(f.Patterns))
	for i, p := range f.Patterns {
		c, err := compile(p)
		if err != nil {
			return f, nil, err
		}
		out[i] = c
	}
	return f, out, nil
}

func compile(p Pattern) (pattern, error) {
	bad := func(what string) (pattern, error) {
		return pattern{}, qingyuan.FieldErrorf("patterns."+p.ID, "%s", what)
	}
	switch {
	case p.ID == "" || p.Text.ZH == "" || p.Text.EN == "":
		return bad("needs an id and a text in both languages")
	case !slices.Contains(codes, p.Code) && !strings.HasPrefix(p.Code, "text."):
		return bad("has a code that is not C3, C5, P1 or text.…")
	case p.Score <= 0 || p.Score > 1:
		return bad("needs a score over 0, up to 1")
	case len(p.Stages) == 0 || len(p.Stages) > maxStages || p.Need < 1 || p.Need > len(p.Stages):
		return bad("needs 1 to 16 stages, and no more of them than it has")
	case len(p.Authors) == 0:
		return bad("names no authors")
	}
	c := pattern{Pattern: p}
	var err error
	if c.speaker, err = expression(p.Speaker); err != nil {
		return bad(err.Error())
	}
	for _, s := range p.Stages {
		if len(s.Any) == 0 || len(s.Any) > maxExpressions || s.Distinct > len(s.Any) {
			return bad("has a stage without expressions, or with too many")
		}
		list, err := expressions(s.Any)
		if err != nil {
			return bad(err.Error())
		}
		c.stages = append(c.stages, list)
	}
	if c.unless, err = expressions(p.Unless); err != nil {
		return bad(err.Error())
	}
	return c, nil
}

func expression(s string) (*regexp.Regexp, error) {
	if len(s) > maxExpression {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "an expression is longer than %d bytes", maxExpression)
	}
	return regexp.Compile(s)
}

func expressions(list []string) ([]*regexp.Regexp, error) {
	var out []*regexp.Regexp
	for _, s := range list {
		re, err := expression(s)
		if err != nil {
			return nil, err
		}
		out = append(out, re)
	}
	return out, nil
}
