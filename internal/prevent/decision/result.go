package decision

import (
	"time"

	"qingyuan"
)

// Input is everything one decision depends on besides the program.
type Input struct {
	Event *qingyuan.Event
	// Velocity reads aggregate v (an index into [Program.Aggregates]) of the window kept under key, as of the event. Where the
	// aggregate is marked Include the value counts the event itself. exact is false for an estimate.
	Velocity func(v int, key [16]byte) (value int64, exact bool)
	Lists    Lists
	// Profile holds what is known of the event's subject, nested as its paths say.
	Profile map[string]any
	Signals []qingyuan.Signal
	// Snoozed reports whether a rule that holds is told not to speak; nil: none is.
	Snoozed func(rule string) bool
	// ListNow is the time at which list entries must be in force.
	ListNow time.Time
}

// NotEvaluable is a rule that could not be evaluated.
type NotEvaluable struct {
	Rule string
	// Missing names what was absent, such as event.device.id, or how the rule failed: ErrDivision, ErrLimit or ErrFailed.
	Missing string
}

// How a rule can fail other than by something missing. A snoozed rule that would have spoken counts as not evaluable too, so
// that it is never missed silently.
const (
	ErrSnoozed  = "!snoozed"
	ErrDivision = "!division"
	ErrLimit    = "!limit"
	ErrFailed   = "!failed"
)

// TypologyScore is what the fired rules of one typology sum up to, hardship without a typology subtracted from each, at least 0.
type TypologyScore struct {
	Typology qingyuan.Typology `json:"typology"`
	Score    int               `json:"score"`
}

// Result is one decision.
type Result struct {
	Ruleset      string
	Version      int
	Kind         qingyuan.EventKind
	Outcome      qingyuan.Outcome
	Score        int
	Reasons      []qingyuan.Reason // by falling absolute weight, then rule id; the weight of hardship is negative
	NotEvaluable []NotEvaluable    // by rule id
	Values       []qingyuan.Value  // everything the rules of the kind can read that was there, by name
	Typologies   []TypologyScore   // those above 0, in order
	Fallback     string            // why the declared fallback was given instead of a decision; empty for a decision
}
