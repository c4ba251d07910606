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

// VersionView is one published version in a list.
type VersionView struct {
	ID        string    `json:"id"`
	Version   int       `json:"version"`
	Stage     string    `json:"stage" enum:"draft,shadow,rollout,live"`
	Percent   int       `json:"percent,omitempty" doc:"Of customers, in a rollout"`
	Author    string    `json:"author"`
	CreatedAt time.Time `json:"created_at"`
}

// PartDiffView is what changed in one part of a ruleset.
type PartDiffView struct {
	Added   []string      `json:"added"`
	Removed []string      `json:"removed"`
	Changed []ChangedView `json:"changed"`
}

// ChangedView is one thing that is in both versions and not the same.
type ChangedView struct {
	ID     string            `json:"id"`
	Fields []FieldChangeView `json:"fields"`
}

// FieldChangeView is one field with its two values.
type FieldChangeView struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// DiffView is what changed from one version to another.
type DiffView struct {
	Rules          PartDiffView `json:"rules"`
	Velocities     PartDiffView `json:"velocities"`
	Lists          PartDiffView `json:"lists"`
	Models         PartDiffView `json:"models"`
	Parameters     PartDiffView `json:"parameters"`
	Thresholds     PartDiffView `json:"thresholds"`
	DecisionPoints PartDiffView `json:"decision_points"`
}

func partDiffView(d decision.PartDiff) PartDiffView {
	v := PartDiffView{Added: append([]string{}, d.Added...), Removed: append([]string{}, d.Removed...), Changed: []ChangedView{}}
	for _, c := range d.Changed {
		x := ChangedView{ID: c.ID, Fields: []FieldChangeView{}}
		for _, f := range c.Fields {
			x.Fields = append(x.Fields, FieldChangeView(f))
		}
		v.Changed = append(v.Changed, x)
	}
	return v
}

// stages registers the operations on the life cycle of rulesets.
func (s *Server) stages() {
	see := auth.Permission{Resource: auth.Rulesets, Action: auth.Read}
	guarded(s, huma.Operation{OperationID: "list-rulesets", Method: http.MethodGet, Path: "/v1/rulesets", Tags: []string{"rulesets"},
		Summary: "Published versions with their stages, newest first"}, see, s.listVersions)
	guarded(s, huma.Operation{OperationID: "diff-ruleset", Method: http.MethodGet, Path: "/v1/rulesets/{id}/versions/{version}/diff", Tags: []string{"rulesets"},
		Summary: "What changed from another version, or from the live one, to this", Errors: []int{404}}, see, s.diffRuleset)
	guarded(s, huma.Operation{OperationID: "diff-draft", Method: http.MethodPost, Path: "/v1/rulesets:diff", Tags: []string{"rulesets"},
		Summary: "Check a draft and say what it changes: the problems of its text, or what it says and the difference", MaxBodyBytes: 2 << 20, Errors: []int{404}}, see, s.diffDraft)
	guarded(s, huma.Operation{OperationID: "stage-ruleset", Method: http.MethodPost, Path: "/v1/rulesets/{id}/versions/{version}/stage", Tags: []string{"rulesets"},
		Summary: "Put a version in shadow, roll it out to a percentage of customers, make it live, or end its shadow or rollout",
		Description: "A shadow, and the end of a shadow or a rollout, take effect at once; they need rulesets:write or rulesets:activate. " +
			"A rollout or going live takes two people: with rulesets:activate it takes effect at once, unless by the author, who is refused; " +
			"with rulesets:write only it is asked for, and a second person must approve (202). An earlier version made live again is a rollback.",
		Errors: []int{404, 409}}, see, s.stageRuleset)
	guarded(s, huma.Operation{OperationID: "shadow-results", Method: http.MethodGet, Path: "/v1/rulesets/{id}/versions/{version}/shadow", Tags: []string{"rulesets"},
		Summary: "How a version in shadow compares with what was decided", Errors: []int{404}}, see, s.shadowResults)
}

type versionsOutput struct {
	Body struct {
		Items []VersionView `json:"items"`
	}
}

func (s *Server) listVersions(ctx context.Context, p auth.Principal, _ *struct{}) (*versionsOutput, error) {
	all, err := s.cfg.Decisions.Versions(ctx, p.Tenant)
	out := &versionsOutput{}
	out.Body.Items = []VersionView{}
	for _, v := range all {
		out.Body.Items = append(out.Body.Items, VersionView{v.ID, v.Version, string(v.Stage), v.Percent, v.Author, v.CreatedAt})
	}
	return out, err
}

type diffInput struct {
	RulesetInput
	FromID string `query:"from_id" maxLength:"64" doc:"The same ruleset where empty"`
	From   int    `query:"from" minimum:"0" doc:"Version; the live one where 0"`
}

type diffOutput struct{ Body DiffView }

func (s *Server) diffRuleset(ctx context.Context, p auth.Principal, in *diffInput) (*diffOutput, error) {
	if in.FromID == "" {
		in.FromID = in.ID
	}
	d, err := s.cfg.Decisions.Diff(ctx, p.Tenant, in.FromID, in.From, in.ID, in.Version)
	if err != nil {
		return nil, err
	}
	return &diffOutput{diffView(d)}, nil
}

func diffView(d decision.Diff) DiffView {
	return DiffView{partDiffView(d.Rules), partDiffView(d.Velocities), partDiffView(d.Lists), partDiffView(d.Models), partDiffView(d.Parameters),
		partDiffView(d.Thresholds), partDiffView(d.DecisionPoints)}
}

type diffDraftInput struct {
	Body struct {
		Text    string `json:"text" minLength:"1" maxLength:"1048576" doc:"YAML of the draft"`
		ID      string `json:"id,omitempty" maxLength:"64" doc:"What it is compared with; the live version where empty"`
		Version int    `json:"version,omitempty" minimum:"0"`
	}
}

type draftOutput struct {
	Body struct {
		Problems []ProblemView `json:"problems"`
		Ruleset  *RulesetView  `json:"ruleset,omitempty" doc:"What the draft says, where it has no problems"`
		Diff     *DiffView     `json:"diff,omitempty"`
	}
}

func (s *Server) diffDraft(ctx context.Context, p auth.Principal, in *diffDraftInput) (*draftOutput, error) {
	out := &draftOutput{}
	program, problems := decision.Check([]byte(in.Body.Text))
	if out.Body.Problems = problemViews(problems); len(problems) > 0 {
		return out, nil
	}
	from, err := s.cfg.Decisions.Ruleset(ctx, p.Tenant, in.Body.ID, in.Body.Version)
	if err != nil {
		return nil, err
	}
	view, diff := rulesetView(program.Ruleset()), diffView(decision.DiffOf(from.Program.Ruleset(), program.Ruleset()))
	out.Body.Ruleset, out.Body.Diff = &view, &diff
	return out, nil
}

type stageInput struct {
	RulesetInput
	Body struct {
		Stage   string `json:"stage" enum:"shadow,rollout,live,off"`
		Percent int    `json:"percent,omitempty" minimum:"0" maximum:"99" doc:"Of customers: 1 to 99, for a rollout only"`
		Reason  string `json:"reason" minLength:"4" maxLength:"500"`
	}
}

type stagedOutput struct {
	Status int
	Body   struct {
		Approval *ApprovalView `json:"approval,omitempty" doc:"What waits for a second person; absent where the stage took effect"`
	}
}

func (s *Server) stageRuleset(ctx context.Context, p auth.Principal, in *stageInput) (*stagedOutput, error) {
	c := decision.StageChange{ID: in.ID, Version: in.Version, Stage: decision.Stage(in.Body.Stage), Percent: in.Body.Percent, Reason: in.Body.Reason}
	out := &stagedOutput{Status: http.StatusOK}
	harmless := c.Stage == decision.StageShadow || c.Stage == decision.StageOff
	switch {
	case p.Can(auth.Activate, auth.Rulesets), harmless && p.Can(auth.Write, auth.Rulesets):
		return out, s.cfg.Decisions.Stage(ctx, p.Tenant, p.Actor, c)
	case !p.Can(auth.Write, auth.Rulesets):
		return nil, p.Require(auth.Activate, auth.Rulesets)
	}
	a, err := s.cfg.Decisions.RequestStage(ctx, p.Tenant, p.Actor, c)
	if err != nil {
		return nil, err
	}
	out.Status, out.Body.Approval = http.StatusAccepted, approvalView(a)
	return out, nil
}

type shadowInput struct {
	RulesetInput
	SummaryInput
}

type shadowOutput struct {
	Body struct {
		Decisions int                    `json:"decisions"`
		Outcomes  []decision.OutcomePair `json:"outcomes" doc:"live: what was decided; candidate: what the version in shadow says"`
	}
}

func (s *Server) shadowResults(ctx context.Context, p auth.Principal, in *shadowInput) (*shadowOutput, error) {
	if _, err := s.cfg.Decisions.Ruleset(ctx, p.Tenant, in.ID, in.Version); err != nil {
		return nil, err
	}
	if in.To.IsZero() {
		in.To = s.cfg.DB.Now()
	}
	if in.From.IsZero() {
		in.From = in.To.AddDate(0, 0, -30)
	}
	sum, err := s.cfg.Decisions.Shadow(ctx, p.Tenant, in.ID, in.Version, in.From, in.To)
	if err != nil {
		return nil, err
	}
	out := &shadowOutput{}
	out.Body.Decisions, out.Body.Outcomes = sum.Decisions, []decision.OutcomePair{}
	for _, l := range qingyuan.Outcomes {
		for _, c := range qingyuan.Outcomes {
			if n := sum.Outcomes[l][c]; n > 0 {
				out.Body.Outcomes = append(out.Body.Outcomes, decision.OutcomePair{Live: l, Candidate: c, Events: n})
			}
		}
	}
	return out, nil
}
