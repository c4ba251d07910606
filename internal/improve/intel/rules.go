package intel

import (
	_ "embed"

	"github.com/goccy/go-yaml"

	"qingyuan"
)

//go:embed data/discovery.yaml
var shippedRules []byte

// Rules say what discovery takes for new. They are versioned data.
type Rules struct {
	Version       string  `yaml:"version"`
	Source        string  `yaml:"source"`
	RecentDays    int     `yaml:"recent_days"`
	ReferenceDays int     `yaml:"reference_days"`
	MaxTexts      int     `yaml:"max_texts"`
	MaxText       int     `yaml:"max_text"`
	MaxWords      int     `yaml:"max_words"`
	MinWriters    int     `yaml:"min_writers"`
	MinChars      int     `yaml:"min_chars"`
	MaxChars      int     `yaml:"max_chars"`
	MinCohesion   float64 `yaml:"min_cohesion"`
	MinEntropy    float64 `yaml:"min_entropy"`
	MinScore      float64 `yaml:"min_score"`
	MinBurst      float64 `yaml:"min_burst"`
	Old           float64 `yaml:"old"`
	Honest        float64 `yaml:"honest"`
	OrdinaryBits  float64 `yaml:"ordinary_bits"`
	UnusualBits   float64 `yaml:"unusual_bits"`
	LeastWeight   float64 `yaml:"least_weight"`
	MostWeight    float64 `yaml:"most_weight"`
	Whole         float64 `yaml:"whole"`
	Part          float64 `yaml:"part"`
	Known         float64 `yaml:"known"`
	Queue         int     `yaml:"queue"`
	Evidence      int     `yaml:"evidence"`
	FamilyRecent  int     `yaml:"family_recent"`
	FamilyWriters int     `yaml:"family_writers"`
	FamilyGrowth  float64 `yaml:"family_growth"`
	Regrown       float64 `yaml:"regrown"`
}

// ShippedRules are the rules of this build.
func ShippedRules() (Rules, error) { return ParseRules(shippedRules) }

// ParseRules reads rules from YAML and checks them.
func ParseRules(b []byte) (r Rules, err error) {
	if err := yaml.UnmarshalWithOptions(b, &r, yaml.Strict()); err != nil {
		return r, qingyuan.Wrap(qingyuan.Invalid, err, "the rules of discovery are not valid YAML")
	}
	switch {
	case r.Version == "":
		err = qingyuan.FieldErrorf("version", "is missing")
	case r.RecentDays < 1 || r.ReferenceDays < r.RecentDays || r.ReferenceDays > 366:
		err = qingyuan.FieldErrorf("reference_days", "must be recent_days to 366")
	case r.MaxTexts < 100 || r.MaxTexts > 500_000 || r.MaxText < 50 || r.MaxText > 10_000 || r.MaxWords < 10_000 || r.MaxWords > 10_000_000:
		err = qingyuan.FieldErrorf("max_texts", "the bounds of a run are out of range")
	case r.MinChars < 2 || r.MaxChars < r.MinChars || r.MaxChars > 16:
		err = qingyuan.FieldErrorf("max_chars", "words have 2 to 16 characters")
	case r.MinWriters < 2 || r.FamilyWriters < 2 || r.Known <= 0:
		err = qingyuan.FieldErrorf("min_writers", "must be at least 2: one person's words are no slang")
	case r.UnusualBits <= r.OrdinaryBits || r.MostWeight < r.LeastWeight:
		err = qingyuan.FieldErrorf("unusual_bits", "must be more than ordinary_bits, and most_weight no less than least_weight")
	case r.Queue < 1 || r.Queue > 1000 || r.Evidence < 1 || r.Evidence > 20 || r.Regrown < 1:
		err = qingyuan.FieldErrorf("queue", "the bounds of the queue are out of range")
	}
	return r, err
}
