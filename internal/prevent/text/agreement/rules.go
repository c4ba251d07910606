package agreement

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"qingyuan"
)

//go:embed data/rules.yaml
var shipped []byte

// Rule is one mark of an illegal agreement, as it stands in the data. In Any, PERCENT stands for a percentage of at least
// Percent and ANYPERCENT for any percentage.
type Rule struct {
	ID       string            `yaml:"id"`
	Weight   int               `yaml:"weight"`
	Typology qingyuan.Typology `yaml:"typology"`
	Percent  float64           `yaml:"percent"`
	Firm     string            `yaml:"firm"` // skip: says nothing where a law firm takes the mandate
	Any      []string          `yaml:"any"`
	Need     string            `yaml:"need"`   // must occur in the clause too
	Unless   []string          `yaml:"unless"` // must not occur in the clause
	Text     qingyuan.Text     `yaml:"text"`
	Basis    qingyuan.Text     `yaml:"basis"`
	Advice   qingyuan.Text     `yaml:"advice"`
}

// Rules is a file of rules.
type Rules struct {
	Version    string `yaml:"version"`
	Source     string `yaml:"source"`
	Suspicious int    `yaml:"suspicious"`
	Service    string `yaml:"service"`
	Licensed   string `yaml:"licensed"`
	Rules      []Rule `yaml:"rules"`
}

// ShippedRules are the rules of this build, as YAML.
func ShippedRules() []byte { return slices.Clone(shipped) }

// The limits of a file of rules.
const (
	maxRules      = 200
	maxExpression = 2000
)

type rule struct {
	Rule
	any, unless []*regexp.Regexp
	need        *regexp.Regexp
}

// percentage is a percentage in either script: 30%, 百分之三十, 三成, 30个点.
const percentage = `[0-9]{1,3}(?:\.[0-9]{1,2})?\s?(?:%|个点|个百分点)|百分之[零一二三四五六七八九十百]{1,5}|千分之[零一二三四五六七八九十]{1,4}|[一二两三四五六七八九半]成`

func compile(r Rule) (rule, error) {
	bad := func(what string) (rule, error) { return rule{}, qingyuan.FieldErrorf("rules."+r.ID, "%s", what) }
	if r.ID == "" || r.Weight < 1 || len(r.Any) == 0 || r.Text.ZH == "" || r.Text.EN == "" || r.Basis.ZH == "" || r.Basis.EN == "" || r.Advice.ZH == "" || r.Advice.EN == "" {
		return bad("needs an id, a weight, expressions, and text, basis and advice in both languages")
	}
	c := rule{Rule: r}
	fill := strings.NewReplacer("ANYPERCENT", percentage, "PERCENT", percentage)
	var err error
	for _, s := range r.Any {
		re, err := expression(fill.Replace(s))
		if err != nil {
			return bad(err.Error())
		}
		c.any = append(c.any, re)
	}
	for _, s := range r.Unless {
		re, err := expression(s)
		if err != nil {
			return bad(err.Error())
		}
		c.unless = append(c.unless, re)
	}
	if c.need, err = expression(r.Need); err != nil {
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

func parse(b []byte) (Rules, []rule, error) {
	var f Rules
	if err := yaml.UnmarshalWithOptions(b, &f, yaml.Strict()); err != nil {
		return f, nil, qingyuan.Wrap(qingyuan.Invalid, err, "the rules of agreement review are not valid YAML")
	}
	if f.Version == "" || f.Suspicious < 1 || len(f.Rules) == 0 || len(f.Rules) > maxRules || f.Service == "" || f.Licensed == "" {
		return f, nil, qingyuan.FieldErrorf("rules", "need a version, a weight of suspicion, service, licensed and 1 to %d rules", maxRules)
	}
	var out []rule
	for _, r := range f.Rules {
		c, err := compile(r)
		if err != nil {
			return f, nil, err
		}
		out = append(out, c)
	}
	return f, out, nil
}

var (
	percentOf = regexp.MustCompile(percentage)
	leading   = regexp.MustCompile(`^[0-9.]+`)
	numeral   = map[rune]float64{'零': 0, '一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9, '半': 0.5}
)

// largest is the largest percentage in s, and 0 where there is none.
func largest(s string) float64 {
	var top float64
	for _, p := range percentOf.FindAllString(s, 50) {
		top = max(top, percent(p))
	}
	return top
}

func percent(s string) float64 {
	if n := leading.FindString(s); n != "" {
		v, _ := parseFloat(n)
		return v
	}
	if d, ok := strings.CutSuffix(s, "成"); ok {
		return 10 * numeral[[]rune(d)[0]]
	}
	scale := 1.0
	if strings.HasPrefix(s, "千") {
		scale = 0.1
	}
	_, digits, _ := strings.Cut(s, "之")
	var sum, digit float64
	for _, r := range digits {
		switch r {
		case '十':
			sum += max(digit, 1) * 10
			digit = 0
		case '百':
			sum += max(digit, 1) * 100
			digit = 0
		default:
			digit = numeral[r]
		}
	}
	return scale * (sum + digit)
}
