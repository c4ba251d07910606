package tuning

import (
	"bytes"
	_ "embed"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"qingyuan"
	"qingyuan/internal/prevent/decision"
)

//go:embed data/targets.yaml
var shipped []byte

// Target is what a model is to foresee.
type Target struct {
	ID       string
	Title    qingyuan.Text
	Horizon  time.Duration
	Source   string
	Outcomes []Outcome

	program *decision.Program // its streams tell which events are outcomes
	streams []int             // by stream: the outcome
}

// Outcome is one way in which what is to be foreseen shows.
type Outcome struct {
	On    qingyuan.EventKind // empty: a closed case alone
	When  string
	Match string              // a field that must be the same in the event that is scored
	Cases []qingyuan.Typology // of confirmed cases
}

// maxTargets is the size of a file of targets in bytes.
const maxTargets = 1 << 20

// ShippedTargets are the targets that ship with the product.
func ShippedTargets() ([]Target, error) { return ReadTargets(shipped) }

// ReadTargets reads targets. Errors: invalid.
func ReadTargets(text []byte) ([]Target, error) {
	if len(text) > maxTargets {
		return nil, qingyuan.FieldErrorf("targets", "has at most %d bytes", maxTargets)
	}
	var file struct {
		Version int
		Targets []struct {
			ID       string
			Title    qingyuan.Text
			Horizon  string
			Source   string
			Date     string
			Outcomes []Outcome
		}
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the targets are not valid YAML")
	}
	var all []Target
	for _, t := range file.Targets {
		horizon, err := decision.ParseWindow(t.Horizon)
		if err != nil || horizon <= 0 || t.ID == "" || t.Source == "" || t.Date == "" || len(t.Outcomes) == 0 {
			return nil, qingyuan.FieldErrorf("targets", "%q needs an id, a horizon such as 30d, a source, a date and outcomes", t.ID)
		}
		target := Target{ID: t.ID, Title: t.Title, Horizon: horizon, Source: t.Source, Outcomes: t.Outcomes}
		if err := target.compile(); err != nil {
			return nil, err
		}
		all = append(all, target)
	}
	return all, nil
}

// compile checks the outcomes. Their conditions are compiled as those of velocities, which see one event and nothing else.
func (t *Target) compile() error {
	rs := &decision.Ruleset{ID: t.ID}
	for i, o := range t.Outcomes {
		for _, c := range o.Cases {
			if !slices.Contains(qingyuan.Typologies, c) {
				return qingyuan.FieldErrorf("targets", "%s: %q is no typology", t.ID, c)
			}
		}
		if o.On == "" {
			if len(o.Cases) == 0 || o.When != "" || o.Match != "" {
				return qingyuan.FieldErrorf("targets", "%s: outcome %d needs an event kind or typologies of cases alone", t.ID, i+1)
			}
			continue
		}
		t.streams = append(t.streams, i)
		rs.Velocities = append(rs.Velocities, decision.Velocity{ID: "outcome", On: []qingyuan.EventKind{o.On}, Key: decision.Selector{Kind: decision.Subject},
			Lookup: decision.Selector{Kind: decision.Subject}, Agg: decision.Count, Window: time.Hour, Where: o.When})
	}
	var problems []decision.Problem
	if t.program, problems = decision.Compile(rs, decision.EventFields{}); len(problems) > 0 {
		return qingyuan.FieldErrorf("targets", "%s: %s", t.ID, problems[0])
	}
	if len(t.program.Streams()) != len(t.streams) {
		return qingyuan.FieldErrorf("targets", "%s: two outcomes say the same", t.ID)
	}
	return nil
}

// kinds are the kinds of event that may be outcomes.
func (t *Target) kinds() (out []qingyuan.EventKind) {
	for _, o := range t.Outcomes {
		if o.On != "" && !slices.Contains(out, o.On) {
			out = append(out, o.On)
		}
	}
	return out
}

// shownBy lists the outcomes that the event is.
func (t *Target) shownBy(e *qingyuan.Event) (out []int) {
	for _, c := range t.program.Contributions(e) {
		if o := t.streams[c.Stream]; !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}

// customerOf is the blind key of the customer an event is about, else of its subject.
func customerOf(e *qingyuan.Event) string {
	for _, n := range e.Entities {
		if n.Kind == qingyuan.Customer {
			return n.Key
		}
	}
	return e.Subject.Key
}

// field is the text of a field of an event, empty where it has none.
func field(e *qingyuan.Event, path string) string {
	var v any = e.Data
	for _, name := range strings.Split(path, ".") {
		object, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = object[name]
	}
	s, _ := v.(string)
	return s
}
