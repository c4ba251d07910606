package family

import (
	_ "embed"
	"slices"

	"github.com/goccy/go-yaml"

	"qingyuan"
)

//go:embed data/rules.yaml
var defaultRules []byte

// Rules say when families and shared contacts speak. They are versioned data.
type Rules struct {
	Version         string  `yaml:"version"`
	Source          string  `yaml:"source"`
	Similarity      float64 `yaml:"similarity"`
	ShinglesIndexed int     `yaml:"shingles_indexed"`
	Template        struct {
		Authors  []qingyuan.AuthorKind `yaml:"authors"`
		Subjects int                   `yaml:"subjects"`
		Cities   int                   `yaml:"cities"`
		Shingles int                   `yaml:"shingles"`
	} `yaml:"template"`
	Citations struct {
		Subjects int `yaml:"subjects"`
		Cities   int `yaml:"cities"`
	} `yaml:"citations"`
	Contact struct {
		Subjects int `yaml:"subjects"`
	} `yaml:"contact"`
}

// DefaultRules are the rules shipped with this build.
func DefaultRules() (Rules, error) { return ParseRules(defaultRules) }

// ParseRules reads rules from YAML and checks them. Operators can never be among the authors.
func ParseRules(b []byte) (Rules, error) {
	var r Rules
	if err := yaml.UnmarshalWithOptions(b, &r, yaml.Strict()); err != nil {
		return Rules{}, qingyuan.Wrap(qingyuan.Invalid, err, "the rules of text families are not valid YAML")
	}
	switch {
	case r.Version == "":
		return Rules{}, qingyuan.FieldErrorf("version", "is missing")
	case r.Similarity < 0.3 || r.Similarity > 1:
		return Rules{}, qingyuan.FieldErrorf("similarity", "must be 0.3 to 1")
	case r.ShinglesIndexed < 1:
		return Rules{}, qingyuan.FieldErrorf("shingles_indexed", "must be at least 1")
	case slices.Contains(r.Template.Authors, qingyuan.AuthorOperator):
		return Rules{}, qingyuan.FieldErrorf("template.authors", "must not name operators: the likeness of their summaries finds the operator")
	case r.Template.Subjects < 2 || r.Citations.Subjects < 2 || r.Contact.Subjects < 2:
		return Rules{}, qingyuan.FieldErrorf("subjects", "must be at least 2: one person repeating himself is no family")
	}
	return r, nil
}
