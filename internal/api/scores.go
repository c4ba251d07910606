package api

import (
	"context"
	"math"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan/internal/auth"
	"qingyuan/internal/prevent/decision"
)

// ModelUseView is a deployed ruleset that names a trained model.
type ModelUseView struct {
	Ruleset RulesetRef `json:"ruleset"`
	Stage   string     `json:"stage" enum:"draft,shadow,rollout,live"`
	Percent int        `json:"percent,omitempty"`
	Model   string     `json:"model" doc:"Id within the ruleset"`
	Role    string     `json:"role" enum:"champion,challenger" doc:"A challenger is recorded and read by no rule"`
	Beside  string     `json:"beside,omitempty" doc:"The trained model that stands beside it"`
}

// ModelScoresView is what a trained model said lately, against what it said when it was trained.
type ModelScoresView struct {
	Uses   []ModelUseView `json:"uses"`
	N      int            `json:"n" doc:"Latest decisions that it scored, at most 2,000 a use"`
	Absent int            `json:"absent" doc:"Decisions in which it gave nothing"`
	PSI    float64        `json:"psi" doc:"Population stability index of the scores: below .1 stable, to .25 shifting, above shifted; 0 without scores"`
	Cuts   []float64      `json:"cuts" doc:"Bin k holds scores from cut k-1 to below cut k; a last bin holds those without a value"`
	Then   []float64      `json:"then" doc:"Share of each bin out of fold, when it was trained"`
	Now    []float64      `json:"now" doc:"Share of each bin in the latest decisions"`
	Beside *BesideView    `json:"beside,omitempty" doc:"Where it stood beside another model"`
}

// BesideView compares a model with the one beside it on the same events.
type BesideView struct {
	N          int     `json:"n"`
	Mean       float64 `json:"mean" doc:"Mean probability of this model"`
	OtherMean  float64 `json:"other_mean" doc:"Mean probability of the other"`
	Difference float64 `json:"difference" doc:"Mean size of the difference"`
	Higher     int     `json:"higher" doc:"Events to which this model gives more"`
}

// modelScores registers the operation that watches a trained model.
func (s *Server) modelScores() {
	guarded(s, huma.Operation{OperationID: "get-model-scores", Method: http.MethodGet, Path: "/v1/models/{version}/scores", Tags: []string{"models"},
		Summary: "Where a trained model is used, how far its scores have drifted, and how it compares with the model beside it", Errors: []int{404}},
		auth.Permission{Resource: auth.Models, Action: auth.Read}, s.getModelScores)
}

type modelScoresOutput struct{ Body ModelScoresView }

func (s *Server) getModelScores(ctx context.Context, p auth.Principal, in *ModelInput) (*modelScoresOutput, error) {
	_, m, err := s.cfg.Models.Get(ctx, p.Tenant, in.Version)
	if err != nil {
		return nil, err
	}
	said, err := s.cfg.Decisions.ModelScores(ctx, p.Tenant, in.Version)
	if err != nil {
		return nil, err
	}
	base := &m.Card().Baseline.Score
	counts, psi := base.Against(said.Scores)
	v := ModelScoresView{Uses: []ModelUseView{}, N: len(said.Scores), Absent: said.Absent, PSI: psi, Cuts: append([]float64{}, base.Cuts...),
		Then: shares(base.Counts), Now: shares(counts), Beside: besideView(said.Pairs)}
	for _, u := range said.Uses {
		v.Uses = append(v.Uses, modelUseView(u))
	}
	return &modelScoresOutput{v}, nil
}

func modelUseView(u decision.ModelUse) ModelUseView {
	role := "champion"
	if u.Challenger {
		role = "challenger"
	}
	return ModelUseView{RulesetRef{u.Ruleset, u.Version}, string(u.Stage), u.Percent, u.Model, role, u.Beside}
}

func shares(counts []float64) []float64 {
	var total float64
	for _, n := range counts {
		total += n
	}
	out := make([]float64, len(counts))
	for i, n := range counts {
		if total > 0 {
			out[i] = n / total
		}
	}
	return out
}

func besideView(pairs [][2]float64) *BesideView {
	if len(pairs) == 0 {
		return nil
	}
	v := &BesideView{N: len(pairs)}
	for _, p := range pairs {
		v.Mean += p[0] / float64(v.N)
		v.OtherMean += p[1] / float64(v.N)
		v.Difference += math.Abs(p[0]-p[1]) / float64(v.N)
		if p[0] > p[1] {
			v.Higher++
		}
	}
	return v
}
