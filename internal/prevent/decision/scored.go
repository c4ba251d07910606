package decision

import (
	"context"
	"fmt"
	"strings"

	"qingyuan"
	"qingyuan/internal/store"
)

// ModelUse is a deployed ruleset that names a trained model.
type ModelUse struct {
	Ruleset    string
	Version    int
	Stage      Stage
	Percent    int
	Model      string // id within the ruleset
	Beside     string // the trained model on the other side; empty: none
	Challenger bool   // the trained model is the challenger: recorded, read by no rule
}

// ModelScores is what a trained model has said lately.
type ModelScores struct {
	Uses   []ModelUse
	Scores []float64    // latest first
	Pairs  [][2]float64 // where it stood beside another: what it said, and what the other said of the same event
	Absent int          // decisions in which it gave nothing
}

// maxScored bounds the decisions that [Service.ModelScores] reads.
const maxScored = 2000

// ModelScores reads what a trained model said in the latest decisions of the versions that are live or rolled out.
func (s *Service) ModelScores(ctx context.Context, tenant qingyuan.Tenant, trained string) (*ModelScores, error) {
	out := &ModelScores{}
	err := s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) (err error) {
		if out.Uses, err = s.modelUses(tx, trained); err != nil {
			return err
		}
		for _, u := range out.Uses {
			if u.Stage == StageShadow {
				continue
			}
			all, err := s.record.decisions(tx, `ruleset = $2 AND version = $3 AND fallback = '' ORDER BY seq DESC LIMIT $4`, u.Ruleset, u.Version, maxScored)
			if err != nil {
				return err
			}
			for _, d := range all {
				out.take(u, d)
			}
		}
		return nil
	})
	return out, err
}

// modelUses finds where a trained model is named by a version that is live, rolled out or in shadow.
func (s *Service) modelUses(tx *store.Tx, trained string) (uses []ModelUse, err error) {
	d, err := s.record.deploymentAt(tx, 1<<62)
	if err != nil {
		return nil, err
	}
	for _, v := range d.refs() {
		program, err := s.record.program(tx, v.id, v.version)
		if err != nil {
			return nil, fmt.Errorf("the deployed version %s: %w", v, err)
		}
		u := ModelUse{Ruleset: v.id, Version: v.version, Stage: d.stageOf(v)}
		if u.Stage == StageRollout {
			u.Percent = d.percent
		}
		for _, m := range program.ruleset.Models {
			u.Model, u.Challenger = m.ID, m.Challenger == trained
			if u.Beside = m.Challenger; u.Challenger {
				u.Beside = m.Version
			}
			if u.Challenger || m.Version == trained {
				uses = append(uses, u)
			}
		}
	}
	return uses, nil
}

// take reads what the model, and the one beside it, said in a decision.
func (o *ModelScores) take(u ModelUse, d *Decision) {
	var own, other *float64
	seen := false
	for _, v := range d.Values {
		name, ok := strings.CutPrefix(v.Name, "model."+u.Model+".")
		if !ok {
			continue
		}
		seen = true
		p, number := v.Value.(float64)
		switch {
		case !number:
		case (name == "challenger") == u.Challenger && (name == "challenger" || name == "probability"):
			own = &p
		case name == "challenger" || name == "probability":
			other = &p
		}
	}
	switch {
	case own != nil:
		o.Scores = append(o.Scores, *own)
		if other != nil {
			o.Pairs = append(o.Pairs, [2]float64{*own, *other})
		}
	case seen:
		o.Absent++
	}
}
