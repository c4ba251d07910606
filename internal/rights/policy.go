package rights

import (
	_ "embed"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"qingyuan"
)

//go:embed data/retention.yaml
var shippedPolicy []byte

// Policy says how long what is held of people must and may be kept, and how soon their requests are answered.
type Policy struct {
	Version string `yaml:"version" json:"version"`
	AsOf    string `yaml:"as_of" json:"as_of"`
	Classes []struct {
		Kinds     []qingyuan.EventKind `yaml:"kinds" json:"kinds"`
		AtLeast   Period               `yaml:"at_least" json:"at_least,omitzero"`
		AtMost    Period               `yaml:"at_most" json:"at_most,omitzero"`
		Source    string               `yaml:"source" json:"source"`
		Confirmed bool                 `yaml:"confirmed" json:"confirmed"` // checked against the text of the law
	} `yaml:"classes" json:"classes"`
	Answers []struct {
		Request   []RequestKind `yaml:"request" json:"request"`
		Days      int           `yaml:"days" json:"days"`
		Source    string        `yaml:"source" json:"source"`
		Confirmed bool          `yaml:"confirmed" json:"confirmed"`
	} `yaml:"answers" json:"answers"`
}

// Period is a number of months; 0 is none. Its text is such as 6m or 10y.
type Period int

// UnmarshalText reads the text form.
func (p *Period) UnmarshalText(text []byte) error {
	s := string(text)
	if len(s) < 2 {
		return qingyuan.FieldErrorf("period", "must be such as 6m or 10y")
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	switch {
	case err != nil || n < 1 || n > 1200:
		return qingyuan.FieldErrorf("period", "must be such as 6m or 10y")
	case s[len(s)-1] == 'y':
		*p = Period(12 * n)
	case s[len(s)-1] == 'm':
		*p = Period(n)
	default:
		return qingyuan.FieldErrorf("period", "must be such as 6m or 10y")
	}
	return nil
}

// MarshalText gives the text form.
func (p Period) MarshalText() ([]byte, error) {
	if p%12 == 0 {
		return []byte(strconv.Itoa(int(p)/12) + "y"), nil
	}
	return []byte(strconv.Itoa(int(p)) + "m"), nil
}

// After is the end of the period that begins at t.
func (p Period) After(t time.Time) time.Time { return t.AddDate(0, int(p), 0) }

// Before is the time at which a period that ends at t begins.
func (p Period) Before(t time.Time) time.Time { return t.AddDate(0, -int(p), 0) }

// ShippedPolicy is the policy of this build.
func ShippedPolicy() (*Policy, error) { return ParsePolicy(shippedPolicy) }

// ParsePolicy reads a policy from YAML. Errors: invalid.
func ParsePolicy(text []byte) (*Policy, error) {
	var p Policy
	if err := yaml.Unmarshal(text, &p); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the retention policy cannot be read")
	}
	for _, c := range p.Classes {
		if c.Source == "" || len(c.Kinds) == 0 || c.AtMost > 0 && c.AtMost < c.AtLeast {
			return nil, qingyuan.FieldErrorf("classes", "each needs kinds and a source, and may not have to be kept longer than it may be")
		}
	}
	return &p, nil
}

// Keeps is the hold of the law on an event of that kind from time at: until when it must be kept, and by which source. ok is false where no
// period runs any more.
func (p *Policy) Keeps(kind qingyuan.EventKind, at, now time.Time) (until time.Time, source string, ok bool) {
	for _, c := range p.Classes {
		for _, k := range c.Kinds {
			if k == kind && c.AtLeast > 0 && c.AtLeast.After(at).After(now) {
				return c.AtLeast.After(at), c.Source, true
			}
		}
	}
	return time.Time{}, "", false
}

// due is until when a request received at t is to be answered.
func (p *Policy) due(kind RequestKind, t time.Time) time.Time {
	for _, a := range p.Answers {
		for _, k := range a.Request {
			if k == kind {
				return t.AddDate(0, 0, a.Days)
			}
		}
	}
	return t.AddDate(0, 0, 15)
}
