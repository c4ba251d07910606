package decision

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"qingyuan"
)

// The limits of a ruleset. They bound the work of parsing and of one decision.
const (
	MaxBytes      = 1 << 20
	MaxRules      = 2000
	MaxVelocities = 500
	MaxLists      = 500
	MaxParameters = 500
	MaxModels     = 20
	MaxInputs     = 500
	// MaxExpression is the length of one expression in bytes.
	MaxExpression = 4096
	// MaxWindow is the longest window of a velocity.
	MaxWindow = 90 * 24 * time.Hour
	// MinWindow is the shortest window of a velocity.
	MinWindow = time.Minute
	// MaxWeight is the largest weight of one rule.
	MaxWeight = 1000
)

// Ruleset is one version of a lender's rules as written down in YAML. It is immutable once published.
type Ruleset struct {
	ID             string
	Version        int // given on publishing; 0 in a draft
	Title          qingyuan.Text
	UTCOffset      time.Duration // local time of the lender, for local_hour and local_weekday
	Parameters     []Parameter
	Velocities     []Velocity
	Lists          []List
	Models         []Model
	Rules          []Rule
	Thresholds     map[qingyuan.Outcome]int
	DecisionPoints map[string]DecisionPoint

	positions map[string]position // where each path stands in the YAML text
}

// Parameter is a number, text or truth value that expressions read as param.<id>: what a lender tunes, with where it comes from.
type Parameter struct {
	ID     string
	Value  any // int, float64, bool or string
	Source string
	Date   string // YYYY-MM-DD: when it was set or found
}

// Rule is one condition with its meaning and its effect.
type Rule struct {
	ID       string
	Title    qingyuan.Text
	On       []qingyuan.EventKind
	Typology qingyuan.Typology // may be empty for hardship
	Family   qingyuan.Family
	Polarity qingyuan.Polarity
	When     string
	// Weight is 0 to MaxWeight. A suspicion rule adds it to the score, a hardship rule subtracts it.
	Weight int
	// Outcome, where given, is asked for whatever the score says; see the package comment.
	Outcome qingyuan.Outcome
	Hard    bool
	Reason  qingyuan.Text // may hold {velocity.x}, {event.y} and {event.y|yuan}
	// Source says where the rule comes from, FalsePositive whom it hits wrongly.
	Source        string
	FalsePositive string
}

// Aggregation is what a velocity computes over its window.
type Aggregation string

// The aggregations.
const (
	Count    Aggregation = "count"
	Sum      Aggregation = "sum"
	Distinct Aggregation = "distinct"
)

// Velocity is one sliding-window aggregate per entity key.
type Velocity struct {
	ID  string
	On  []qingyuan.EventKind // the events that count
	Key Selector             // the entities of these events under which they count
	// Lookup selects the entities of the decided event whose windows are read; it is Key unless stated. Key phone:contact with
	// lookup phone:applicant asks how often the applicant's phone was somebody's contact.
	Lookup Selector
	Agg    Aggregation
	Of     string // sum: an integer field; distinct: a field, or an entity selector
	Window time.Duration
	Where  string // only events for which it is true count; an event it cannot be evaluated for does not
	// Include counts the decided event too, if it is of a kind in On and Where holds for it.
	Include bool
}

// Selector picks entities of an event: all of one kind, or those of one role.
type Selector struct {
	Kind qingyuan.EntityKind
	Role string
}

// String gives kind or kind:role.
func (s Selector) String() string {
	if s.Role == "" {
		return string(s.Kind)
	}
	return string(s.Kind) + ":" + s.Role
}

// ListMatch is how the entries of a list are compared.
type ListMatch string

// The ways to match.
const (
	MatchExact  ListMatch = "exact"  // equal: a blind key where the list has an entity kind, else the value itself
	MatchCIDR   ListMatch = "cidr"   // an IP address within a network
	MatchPrefix ListMatch = "prefix" // a text that begins so: number ranges of phones and cards
)

// List declares a list that rules may ask. Its entries are kept apart from the ruleset and change without a new version.
type List struct {
	ID    string
	Title qingyuan.Text
	Kind  qingyuan.EntityKind // empty: plain values that are not personal
	Match ListMatch
}

// Model is an early-warning model that a version of a ruleset uses. It is evaluated for every event of its kinds, whether a rule
// reads model.<id>.probability or not: a model that no rule reads is in shadow.
type Model struct {
	ID    string
	Title qingyuan.Text
	On    []qingyuan.EventKind
	// Inputs are what the model may read: columns, each with the fact it holds when the event is decided. Training reads the same.
	Inputs []ModelInput
	// Version is the trained model; empty while none is trained: what reads the model is then not evaluable.
	Version string
	// Challenger is a second trained model whose probability is recorded beside the first one's and read by no rule.
	Challenger string
}

// ModelInput is one column of a model and the fact it holds, as in amount: event.amount.
type ModelInput struct{ Column, Fact string }

// Posture says whether a lender goes on (open) or stops (closed) when no decision can be had.
type Posture string

// The postures.
const (
	FailOpen   Posture = "open"
	FailClosed Posture = "closed"
)

// DecisionPoint is a place in the lender's process where it asks for a decision: an event kind or a name of the lender's own.
type DecisionPoint struct {
	Deadline time.Duration
	// Fallback is the outcome given past the deadline or where a needed part is missing.
	Fallback qingyuan.Outcome
	// Fail must agree with Fallback: open with pass, review or warn; closed with challenge, hold or reject.
	Fail Posture
	// AtMost, where given for an event kind, is the most severe outcome that an event of the kind can get: a complaint must be
	// handled whoever is behind it, so that it is never held.
	AtMost qingyuan.Outcome
}

// Problem is one thing wrong with a ruleset. Line and Column count from 1; they are 0 where the problem is of the whole.
type Problem struct {
	Line    int           `json:"line"`
	Column  int           `json:"column"`
	Path    string        `json:"path"` // as in rules[3].when
	Message qingyuan.Text `json:"message"`
}

// String gives line:column: path: message, in English.
func (p Problem) String() string {
	return fmt.Sprintf("%d:%d: %s: %s", p.Line, p.Column, p.Path, p.Message.EN)
}

// position is a place in the YAML text. block counts the lines from it to the first line of a block scalar's text: 1 there, else 0.
type position struct{ line, column, block int }

// ParseWindow reads a length of time such as 90s, 30m, 24h or 7d.
func ParseWindow(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 36500 {
			return 0, fmt.Errorf("%q is not a number of days", s)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a length of time such as 30m, 24h or 7d", s)
	}
	return d, nil
}

// FormatWindow writes a length of time as rulesets do: 90s, 30m, 24h, 7d.
func FormatWindow(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if d > u.unit && d%u.unit == 0 || d == u.unit {
			return strconv.FormatInt(int64(d/u.unit), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}

// ParseSelector reads kind or kind:role.
func ParseSelector(s string) Selector {
	kind, role, _ := strings.Cut(s, ":")
	return Selector{Kind: qingyuan.EntityKind(kind), Role: role}
}
