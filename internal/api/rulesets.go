package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/prevent/decision"
)

// RuleView is one rule of a ruleset.
type RuleView struct {
	ID            string   `json:"id"`
	Title         TextView `json:"title"`
	Typology      string   `json:"typology,omitempty"`
	Family        string   `json:"family"`
	Polarity      string   `json:"polarity"`
	On            []string `json:"on"`
	When          string   `json:"when"`
	Weight        int      `json:"weight"`
	Outcome       string   `json:"outcome,omitempty"`
	Hard          bool     `json:"hard,omitempty"`
	Reason        TextView `json:"reason"`
	Source        string   `json:"source"`
	FalsePositive string   `json:"false_positive,omitempty"`
}

// VelocityView is one velocity of a ruleset.
type VelocityView struct {
	ID      string   `json:"id"`
	On      []string `json:"on"`
	Key     string   `json:"key"`
	Agg     string   `json:"agg" enum:"count,sum,distinct"`
	Of      string   `json:"of,omitempty"`
	Window  string   `json:"window"`
	Where   string   `json:"where,omitempty"`
	Current bool     `json:"current" doc:"Counts the decided event itself"`
}

// RulesetModelView is one model of a ruleset.
type RulesetModelView struct {
	ID         string            `json:"id"`
	Title      TextView          `json:"title"`
	On         []string          `json:"on"`
	Inputs     map[string]string `json:"inputs" doc:"Columns, each with the fact it holds"`
	Version    string            `json:"version,omitempty" doc:"The trained model; empty while there is none"`
	Challenger string            `json:"challenger,omitempty"`
}

// RulesetView is one version of a ruleset.
type RulesetView struct {
	ID         string             `json:"id"`
	Version    int                `json:"version"`
	Live       bool               `json:"live"`
	Title      TextView           `json:"title"`
	Author     string             `json:"author"`
	CreatedAt  time.Time          `json:"created_at"`
	Rules      []RuleView         `json:"rules"`
	Velocities []VelocityView     `json:"velocities"`
	Models     []RulesetModelView `json:"models"`
	Thresholds map[string]int     `json:"thresholds"`
	Text       string             `json:"text" doc:"The YAML as published"`
}

// rulesets registers the operations on rulesets.
func (s *Server) rulesets() {
	see := auth.Permission{Resource: auth.Rulesets, Action: auth.Read}
	guarded(s, huma.Operation{OperationID: "live-ruleset", Method: http.MethodGet, Path: "/v1/rulesets/live", Tags: []string{"rulesets"},
		Summary: "The version that decides now", Errors: []int{404}}, see, func(ctx context.Context, p auth.Principal, _ *struct{}) (*rulesetOutput, error) {
		return s.rulesetOutput(ctx, p, "", 0)
	})
	guarded(s, huma.Operation{OperationID: "get-ruleset", Method: http.MethodGet, Path: "/v1/rulesets/{id}/versions/{version}", Tags: []string{"rulesets"},
		Summary: "One published version", Errors: []int{404}}, see, func(ctx context.Context, p auth.Principal, in *RulesetInput) (*rulesetOutput, error) {
		return s.rulesetOutput(ctx, p, in.ID, in.Version)
	})
	guarded(s, huma.Operation{OperationID: "check-ruleset", Method: http.MethodPost, Path: "/v1/rulesets:check", Tags: []string{"rulesets"},
		Summary: "Check a ruleset and list every problem with its line", MaxBodyBytes: 2 << 20}, see, s.checkRuleset)
	guarded(s, huma.Operation{OperationID: "publish-ruleset", Method: http.MethodPost, Path: "/v1/rulesets", Tags: []string{"rulesets"},
		Summary: "Publish a new, immutable version", DefaultStatus: http.StatusCreated, MaxBodyBytes: 2 << 20},
		auth.Permission{Resource: auth.Rulesets, Action: auth.Write}, s.publishRuleset)
	guarded(s, huma.Operation{OperationID: "activate-ruleset", Method: http.MethodPost, Path: "/v1/rulesets/{id}/versions/{version}/activate",
		Tags: []string{"rulesets"}, Summary: "Make a version the one that decides", DefaultStatus: http.StatusNoContent, Errors: []int{404}},
		auth.Permission{Resource: auth.Rulesets, Action: auth.Activate}, s.activateRuleset)
}

// RulesetInput names a version of a ruleset.
type RulesetInput struct {
	ID      string `path:"id" maxLength:"64"`
	Version int    `path:"version" minimum:"1"`
}

type rulesetOutput struct{ Body RulesetView }

func (s *Server) rulesetOutput(ctx context.Context, p auth.Principal, id string, version int) (*rulesetOutput, error) {
	v, err := s.cfg.Decisions.Ruleset(ctx, p.Tenant, id, version)
	if err != nil {
		return nil, err
	}
	out := rulesetView(v.Program.Ruleset())
	out.ID, out.Version, out.Live, out.Author, out.CreatedAt, out.Text = v.ID, v.Version, v.Live, v.Author, v.CreatedAt, v.Text
	return &rulesetOutput{Body: out}, nil
}

// rulesetView shows what a ruleset says; who published it, and when, is not in it.
func rulesetView(rs *decision.Ruleset) RulesetView {
	out := RulesetView{ID: rs.ID, Title: TextView(rs.Title), Rules: []RuleView{}, Velocities: []VelocityView{}, Models: []RulesetModelView{}, Thresholds: map[string]int{}}
	for _, r := range rs.Rules {
		out.Rules = append(out.Rules, RuleView{ID: r.ID, Title: TextView(r.Title), Typology: string(r.Typology), Family: string(r.Family),
			Polarity: string(r.Polarity), On: kindNames(r.On), When: r.When, Weight: r.Weight, Outcome: string(r.Outcome), Hard: r.Hard,
			Reason: TextView(r.Reason), Source: r.Source, FalsePositive: r.FalsePositive})
	}
	for _, a := range rs.Velocities {
		out.Velocities = append(out.Velocities, VelocityView{ID: a.ID, On: kindNames(a.On), Key: a.Key.String(), Agg: string(a.Agg),
			Of: a.Of, Window: a.Window.String(), Where: a.Where, Current: a.Include})
	}
	for _, m := range rs.Models {
		view := RulesetModelView{ID: m.ID, Title: TextView(m.Title), On: kindNames(m.On), Inputs: map[string]string{}, Version: m.Version, Challenger: m.Challenger}
		for _, in := range m.Inputs {
			view.Inputs[in.Column] = in.Fact
		}
		out.Models = append(out.Models, view)
	}
	for o, n := range rs.Thresholds {
		out.Thresholds[string(o)] = n
	}
	return out
}

func kindNames(kinds []qingyuan.EventKind) []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = string(k)
	}
	return out
}

type rulesetText struct {
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"1048576" doc:"YAML"`
	}
}

// ProblemView is one thing wrong with a ruleset.
type ProblemView struct {
	Line    int      `json:"line"`
	Column  int      `json:"column"`
	Path    string   `json:"path"`
	Message TextView `json:"message"`
}

type checkedRuleset struct {
	Body struct {
		Problems []ProblemView `json:"problems"`
	}
}

func (s *Server) checkRuleset(ctx context.Context, p auth.Principal, in *rulesetText) (*checkedRuleset, error) {
	out := &checkedRuleset{}
	_, problems, err := s.cfg.Decisions.Check(ctx, p.Tenant, []byte(in.Body.Text))
	if err != nil {
		return nil, err
	}
	out.Body.Problems = problemViews(problems)
	return out, nil
}

func problemViews(problems []decision.Problem) []ProblemView {
	out := make([]ProblemView, len(problems))
	for i, p := range problems {
		out[i] = ProblemView{p.Line, p.Column, p.Path, TextView(p.Message)}
	}
	return out
}

type publishedRuleset struct{ Body RulesetRef }

func (s *Server) publishRuleset(ctx context.Context, p auth.Principal, in *rulesetText) (*publishedRuleset, error) {
	id, version, err := s.cfg.Decisions.Publish(ctx, p.Tenant, p.Actor, []byte(in.Body.Text))
	return &publishedRuleset{Body: RulesetRef{id, version}}, err
}

type activateInput struct {
	RulesetInput
	Body struct {
		Reason string `json:"reason" minLength:"4" maxLength:"500"`
	}
}

func (s *Server) activateRuleset(ctx context.Context, p auth.Principal, in *activateInput) (*struct{}, error) {
	return nil, s.cfg.Decisions.Activate(ctx, p.Tenant, p.Actor, in.ID, in.Version, in.Body.Reason)
}
