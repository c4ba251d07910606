package check

import (
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"qingyuan"
	"qingyuan/internal/prevent/text/lexicon"
)

// Published is what the platform publishes for the public check: lexicons with new terms, and the public contacts of organisations that
// somebody has confirmed. It is a file that is written whole and replaced whole, and holds nothing of any person or case.
type Published struct {
	Version       int                `yaml:"version"` // rises with every publication
	Date          string             `yaml:"date"`
	Lexicons      []*lexicon.Lexicon `yaml:"lexicons,omitempty"` // after the shipped ones: a term with a known id replaces it
	Organisations []Organisation     `yaml:"organisations,omitempty"`
}

// Organisation is a body with contacts that it has published itself.
type Organisation struct {
	Name     qingyuan.Text `yaml:"name"`
	Contacts []string      `yaml:"contacts,omitempty"` // hotlines, fixed lines, domain names; never a mobile number
	Accounts []string      `yaml:"accounts,omitempty"` // its own accounts; never a card
	Source   string        `yaml:"source"`             // where and when it was confirmed
}

// The limits of a publication.
const (
	MaxPublished     = 16 << 20 // bytes
	maxOrganisations = 20_000
)

// ParsePublished reads a publication from YAML and checks it. It refuses what may be a person's: mobile numbers and cards.
func ParsePublished(data []byte) (*Published, error) {
	if len(data) > MaxPublished {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the publication is larger than %d MB", MaxPublished>>20)
	}
	var p Published
	if err := yaml.UnmarshalWithOptions(data, &p, yaml.Strict()); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the publication is not valid YAML of the expected shape")
	}
	switch {
	case p.Version < 1 || p.Date == "":
		return nil, qingyuan.FieldErrorf("version", "a publication needs a version of 1 or more and a date")
	case len(p.Organisations) > maxOrganisations:
		return nil, qingyuan.FieldErrorf("organisations", "are more than %d", maxOrganisations)
	}
	for _, l := range p.Lexicons {
		if err := l.Validate(); err != nil {
			return nil, err
		}
	}
	for _, o := range p.Organisations {
		if err := o.validate(); err != nil {
			return nil, err
		}
	}
	return &p, nil
}

func (o *Organisation) validate() error {
	if incomplete(o.Name) || o.Source == "" {
		return qingyuan.FieldErrorf("organisations", "%q needs its name in both languages and a source", o.Name.ZH)
	}
	for _, c := range o.Contacts {
		switch digits, domain := digitsOf(c), domainShape.MatchString(strings.ToLower(c)); {
		case mobile.MatchString(digits):
			return qingyuan.FieldErrorf("organisations", "%q lists a mobile number, which may be a person's", o.Name.ZH)
		case !domain && (len(digits) < 3 || len(digits) > 15 || !numberShape.MatchString(c)):
			return qingyuan.FieldErrorf("organisations", "%q lists %q, which is neither a number of 3 to 15 digits nor a domain name", o.Name.ZH, c)
		}
	}
	for _, a := range o.Accounts {
		switch digits := digitsOf(a); {
		case len(digits) < 9 || len(digits) > 30 || !numberShape.MatchString(a):
			return qingyuan.FieldErrorf("organisations", "%q lists %q, which is no account of 9 to 30 digits", o.Name.ZH, a)
		case card(digits):
			return qingyuan.FieldErrorf("organisations", "%q lists a card, which may be a person's", o.Name.ZH)
		}
	}
	return nil
}

var (
	mobile      = regexp.MustCompile(`^(86)?1[3-9][0-9]{9}$`)
	domainShape = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$`)
	numberShape = regexp.MustCompile(`^\+?[0-9][0-9 ()-]*$`)
	numberRun   = regexp.MustCompile(`[0-9](?:[ ()-]{0,2}[0-9])*`)
	domainRun   = regexp.MustCompile(`(?i)(?:[a-z0-9][a-z0-9-]{0,62}\.)+[a-z]{2,24}`)
)

// digitsOf is a number without its separators.
func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// card says whether digits are those of a payment card: of a card scheme's length and beginning, with the right check digit (ISO/IEC 7812).
func card(digits string) bool {
	if len(digits) < 13 || len(digits) > 19 || !strings.ContainsRune("3456", rune(digits[0])) {
		return false
	}
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// directory finds organisations by what they have published.
type directory map[string]*Organisation

func newDirectory(list []Organisation) directory {
	d := directory{}
	for i := range list {
		for _, c := range list[i].Contacts {
			if key := digitsOf(c); key != "" && numberShape.MatchString(c) {
				d[key] = &list[i]
			} else {
				d[strings.ToLower(c)] = &list[i]
			}
		}
		for _, a := range list[i].Accounts {
			d[digitsOf(a)] = &list[i]
		}
	}
	return d
}

// named lists the published contacts that a text names as they are, each once, in order. Of any other number it says nothing.
func (d directory) named(text string, use qingyuan.Text) (all []Channel) {
	if len(d) == 0 {
		return nil
	}
	add := func(written, key string) {
		o := d[key]
		if o == nil || len(all) >= maxOfficial || slices.ContainsFunc(all, func(c Channel) bool { return c.Number == written }) {
			return
		}
		all = append(all, Channel{Number: written, Name: o.Name, Use: use})
	}
	for _, run := range numberRun.FindAllString(text, maxRuns) {
		add(run, digitsOf(run))
	}
	for _, run := range domainRun.FindAllString(text, maxRuns) {
		add(strings.ToLower(run), strings.ToLower(run))
	}
	return all
}

// The bounds of one answer about contacts.
const (
	maxOfficial = 20
	maxRuns     = 5000
)
