package decision

import (
	"time"

	"qingyuan"
)

// Program is a compiled ruleset. It is immutable and safe for concurrent use.
type Program struct {
	ruleset    *Ruleset
	streams    []Stream
	aggregates []Aggregate
}

// Stream is one flow of contributions into windows. Velocities that agree in On, Key, Of and Where share a stream.
type Stream struct {
	// ID is a hash of On, Key, Of and Where: equal in every ruleset version that defines the stream so, whatever its windows.
	ID     string
	On     []qingyuan.EventKind
	Key    Selector
	Of     string
	Where  string
	Window time.Duration // the longest window that any velocity reads
	// Count, Sum and Distinct tell which aggregations are read.
	Count, Sum, Distinct bool
}

// Aggregate is a velocity as its stream serves it.
type Aggregate struct {
	ID      string
	Stream  int // index into Streams
	Agg     Aggregation
	Window  time.Duration
	Include bool // the value read for a decision counts the decided event
	Lookup  Selector
}

// Contribution is what one event adds to one key of one stream.
type Contribution struct {
	Stream   int
	Key      [16]byte
	Value    int64  // what a sum adds; 0 where the stream has no sum
	Distinct uint64 // a hash of what a distinct count counts; 0 where the stream has none
}

// Compile checks a ruleset against the catalogue. The program is nil exactly where there are problems.
func Compile(rs *Ruleset, catalogue Catalogue) (*Program, []Problem) { return nil, nil }

// Ruleset is the ruleset the program was compiled from; it must not be changed.
func (p *Program) Ruleset() *Ruleset { return p.ruleset }

// Streams lists the velocity streams; the caller must not change the slice.
func (p *Program) Streams() []Stream { return p.streams }

// Aggregates lists the velocities in the order of the ruleset; the caller must not change the slice.
func (p *Program) Aggregates() []Aggregate { return p.aggregates }

// AggregatesFor lists the indexes of the aggregates that rules on the kind read.
func (p *Program) AggregatesFor(kind qingyuan.EventKind) []int { return nil }

// Contributions is what the event adds to the windows, by stream, then key, then distinct value, none twice.
// It is safe for concurrent use.
func (p *Program) Contributions(e *qingyuan.Event) []Contribution { return nil }

// Fallback is the result declared for a decision point (else for the event kind), with the reason why no decision was made.
// Without any declaration it is a review.
func (p *Program) Fallback(point string, kind qingyuan.EventKind, why string) Result { return Result{} }

// DecisionPoint finds the decision point of that name, else that of the event kind.
func (p *Program) DecisionPoint(point string, kind qingyuan.EventKind) (DecisionPoint, bool) {
	return DecisionPoint{}, false
}

// NewEvaluator makes an evaluator. One evaluator serves one goroutine.
func (p *Program) NewEvaluator() *Evaluator { return &Evaluator{program: p} }

// Evaluator decides events with one program. It keeps its machinery between decisions and is not safe for concurrent use.
type Evaluator struct{ program *Program }

// Decide decides one event. The result shares no memory with the evaluator.
func (ev *Evaluator) Decide(in Input) Result { return Result{} }

// Parse reads a ruleset. It collects every problem; the ruleset is nil where there are any.
func Parse(text []byte) (*Ruleset, []Problem) { return nil, nil }
