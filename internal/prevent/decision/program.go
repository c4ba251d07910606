package decision

import (
	"sync"

	"github.com/expr-lang/expr/vm"

	"qingyuan"
)

// Program is a compiled ruleset. It is immutable and safe for concurrent use.
type Program struct {
	ruleset    *Ruleset
	rules      []compiledRule
	byID       map[string]int // rule id → index
	features   []feature
	streams    []Stream
	sources    []source // of the streams
	aggregates []Aggregate
	models     []compiledModel
	plans      map[qingyuan.EventKind]*plan
	scored     []qingyuan.Outcome // those with a threshold, sternest first
	pool       sync.Pool          // of *Evaluator, for Contributions
}

// Ruleset is the ruleset the program was compiled from; it must not be changed.
func (p *Program) Ruleset() *Ruleset { return p.ruleset }

// Streams lists the velocity streams; the caller must not change the slice.
func (p *Program) Streams() []Stream { return p.streams }

// Aggregates lists the velocities in the order of the ruleset; the caller must not change the slice.
func (p *Program) Aggregates() []Aggregate { return p.aggregates }

// AggregatesFor lists the indexes of the aggregates that rules on the kind read; the caller must not change the slice.
func (p *Program) AggregatesFor(kind qingyuan.EventKind) []int {
	if plan := p.plans[kind]; plan != nil {
		return plan.aggregates
	}
	return nil
}

// RulesFor lists the rules on the kind, by id.
func (p *Program) RulesFor(kind qingyuan.EventKind) []*Rule {
	plan := p.plans[kind]
	if plan == nil {
		return nil
	}
	out := make([]*Rule, len(plan.rules))
	for i, r := range plan.rules {
		out[i] = p.rules[r].Rule
	}
	return out
}

// DecisionPoint finds the decision point of that name, else that of the event kind.
func (p *Program) DecisionPoint(point string, kind qingyuan.EventKind) (DecisionPoint, bool) {
	d, ok := p.ruleset.DecisionPoints[point]
	if !ok {
		d, ok = p.ruleset.DecisionPoints[string(kind)]
	}
	return d, ok
}

// Fallback is the result declared for a decision point (else for the event kind), with the reason why no decision was made: a short
// code such as deadline. Where nothing is declared it is a review.
func (p *Program) Fallback(point string, kind qingyuan.EventKind, why string) Result {
	outcome := qingyuan.Review
	if d, ok := p.DecisionPoint(point, kind); ok {
		outcome = d.Fallback
	}
	return Result{Ruleset: p.ruleset.ID, Version: p.ruleset.Version, Kind: kind, Outcome: outcome, Fallback: why}
}

// NewEvaluator makes an evaluator. One evaluator serves one goroutine.
func (p *Program) NewEvaluator() *Evaluator {
	ev := &Evaluator{
		program: p,
		vm:      vm.VM{MemoryBudget: maxMemory},
		env:     make(map[string]any, len(p.features)),
		slots:   make([]slotValue, len(p.features)),
		row:     map[string]any{},
	}
	return ev
}
