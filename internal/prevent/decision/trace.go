package decision

import "qingyuan"

// Trace is what is kept of a decision: codes and values, no texts. It is sealed on disk, since values may say much about a person.
type Trace struct {
	Ruleset      string
	Version      int
	Kind         qingyuan.EventKind
	Outcome      qingyuan.Outcome
	Score        int
	Rules        []string // those that fired, in the order of the reasons
	NotEvaluable []NotEvaluable
	// Values holds what the fired rules read, and everything else beyond the event itself that is not zero.
	Values   []qingyuan.Value
	Fallback string
}

// EncodeTrace gives the compact JSON of what is kept of a result.
func EncodeTrace(r Result) []byte { return nil }

// DecodeTrace reads what EncodeTrace wrote.
func DecodeTrace(text []byte) (Trace, error) { return Trace{}, nil }

// Render writes the reasons of a trace again with the program it came from. A rule the program does not have is left out.
func Render(t Trace, p *Program) []qingyuan.Reason { return nil }

// Digest is a canonical hash of the outcome, the score, the reasons and all feature values: equal for equal decisions.
func Digest(r Result) [32]byte { return [32]byte{} }
