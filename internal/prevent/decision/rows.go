package decision

import (
	"context"
	"maps"

	"qingyuan"
)

// RowsRequest asks for what a model reads of every event of the record. Labels of the embedded request are not looked at.
type RowsRequest struct {
	BacktestRequest
	Model string // its id in the ruleset
}

// Row is what a model reads of one event when it is decided.
type Row struct {
	Event *qingyuan.Event
	// Inputs are the model's columns that had a value: string, int64, float64 or bool.
	Inputs map[string]any
}

// RowsReport says how the rows compare with what was decided.
type RowsReport struct {
	Ruleset string // id@version; version 0 is a draft
	Rows    int
	// Decided counts the rows of events that this version decided when they came, Identical those of them that come out the
	// same, every value that the version reads included.
	Decided, Identical int
}

// Rows drives the record through the lane that decides live events and gives, for every event that the model is evaluated for, the
// values that it is given there: the same code finds them for a decision, a backtest and a training, so that no row knows
// what came later. Each is called in order of the record. Errors: those of Backtest; invalid where the ruleset has no such model.
func (s *Service) Rows(ctx context.Context, tenant qingyuan.Tenant, req RowsRequest, each func(Row) error) (*RowsReport, error) {
	c, err := s.candidateOf(ctx, tenant, req.BacktestRequest)
	if err != nil {
		return nil, err
	}
	c.live = c.program
	var m *compiledModel
	for i := range c.program.models {
		if c.program.models[i].ID == req.Model {
			m = &c.program.models[i]
		}
	}
	if m == nil {
		return nil, qingyuan.FieldErrorf("model", "is not declared in ruleset %s", c.program.ruleset.ID)
	}
	out := &RowsReport{Ruleset: refOf(c.program).String()}
	b := &backtest{service: s, tenant: tenant, req: req.BacktestRequest, last: c.last, kinds: m.On}
	b.visit = func(v visited) error {
		if v.event.Data == nil {
			return nil
		}
		out.Rows++
		if v.was.by == refOf(c.program) && v.was.fallback == "" {
			out.Decided++
			if d := Digest(v.candidate); string(d[:]) == string(v.was.digest) {
				out.Identical++
			}
		}
		return each(Row{Event: v.event, Inputs: maps.Clone(b.lane.tracks[0].eval.inputs(m))})
	}
	return out, b.through(ctx, c)
}
