package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/jobs"
	"qingyuan/internal/prevent/decision"
)

// Bounds of the request that starts a backtest.
const (
	maxBacktestLabel = 32 << 20                 // bytes of labels
	maxBacktestBody  = maxBacktestLabel + 2<<20 // and of a ruleset
)

// BacktestView is a backtest as a job.
type BacktestView struct {
	ID         string                   `json:"id"`
	State      string                   `json:"state" enum:"running,done,failed,cancelled"`
	Progress   float64                  `json:"progress" doc:"0 to 1"`
	Ruleset    RulesetRef               `json:"ruleset" doc:"What is judged; version 0 is a draft"`
	Labelled   bool                     `json:"labelled" doc:"With labels of what is known"`
	By         string                   `json:"by"`
	CreatedAt  time.Time                `json:"created_at"`
	FinishedAt *time.Time               `json:"finished_at,omitempty"`
	Error      *BacktestError           `json:"error,omitempty"`
	Report     *decision.BacktestReport `json:"report,omitempty"`
}

// BacktestError is why a backtest failed.
type BacktestError struct {
	Code   qingyuan.Code `json:"code"`
	Detail string        `json:"detail"`
	Field  string        `json:"field,omitempty"`
}

// backtests registers the operations on backtests.
func (s *Server) backtests() {
	see := auth.Permission{Resource: auth.Rulesets, Action: auth.Read}
	guarded(s, huma.Operation{OperationID: "start-backtest", Method: http.MethodPost, Path: "/v1/backtests", Tags: []string{"rulesets"},
		Summary: "Run a ruleset over the record and compare it with the live version",
		Description: "Answers 202 with a job to ask for. One runs at a time (429 where one does); it survives restarts, and its report is kept for a week. " +
			"Labels are CSV with a header, or one JSON object per line: customer_no or event, population, typology, as_of.",
		DefaultStatus: http.StatusAccepted, MaxBodyBytes: maxBacktestBody, Errors: []int{404}}, see, s.startBacktest)
	guarded(s, huma.Operation{OperationID: "get-backtest", Method: http.MethodGet, Path: "/v1/backtests/{id}", Tags: []string{"rulesets"},
		Summary: "A backtest: progress, then the report", Errors: []int{404}}, see, s.getBacktest)
	guarded(s, huma.Operation{OperationID: "list-backtests", Method: http.MethodGet, Path: "/v1/backtests", Tags: []string{"rulesets"},
		Summary: "The latest backtests, newest first, without their reports"}, see, s.listBacktests)
	guarded(s, huma.Operation{OperationID: "cancel-backtest", Method: http.MethodDelete, Path: "/v1/backtests/{id}", Tags: []string{"rulesets"},
		Summary: "Give up a backtest that runs", DefaultStatus: http.StatusNoContent, Errors: []int{404, 409}}, see, s.cancelBacktest)
}

type backtestInput struct {
	Body struct {
		Text    string    `json:"text,omitempty" maxLength:"1048576" doc:"YAML of a draft; or name a published version"`
		ID      string    `json:"id,omitempty" maxLength:"64"`
		Version int       `json:"version,omitempty" minimum:"1"`
		From    time.Time `json:"from,omitempty" doc:"Effective time of the events that are decided; the beginning where empty"`
		To      time.Time `json:"to,omitempty" doc:"The end where empty"`
		Decided bool      `json:"decided,omitempty" doc:"Only events that were decided when they came, without imported history"`
		Closed  bool      `json:"closed_cases,omitempty" doc:"Count against the closed cases on record too"`
		Labels  string    `json:"labels,omitempty" maxLength:"33554432" doc:"What is known of customers or events"`
	}
}

type backtestOutput struct{ Body BacktestView }

func (s *Server) startBacktest(ctx context.Context, p auth.Principal, in *backtestInput) (*backtestOutput, error) {
	b := &in.Body
	if (b.Text == "") == (b.ID == "" || b.Version == 0) {
		return nil, qingyuan.FieldErrorf("text", "give the text of a draft, or id and version of a published one")
	}
	of := RulesetRef{b.ID, b.Version}
	if b.Text != "" {
		program, problems, err := s.cfg.Decisions.Check(ctx, p.Tenant, []byte(b.Text))
		if err != nil {
			return nil, err
		}
		if len(problems) > 0 {
			return nil, qingyuan.FieldErrorf("text", "%s (%d problems; POST /v1/rulesets:check lists them)", problems[0], len(problems))
		}
		of = RulesetRef{ID: program.Ruleset().ID}
	} else if _, err := s.cfg.Decisions.Ruleset(ctx, p.Tenant, b.ID, b.Version); err != nil {
		return nil, err
	}
	labels, err := decision.ReadLabels(strings.NewReader(b.Labels))
	if err != nil {
		return nil, err
	}
	if b.Closed {
		cases, err := s.cfg.Labels.Cases(ctx, p.Tenant)
		if err != nil {
			return nil, err
		}
		labels = append(cases, labels...) // what is given stands before what is on record
	}
	job, err := s.cfg.Decisions.StartBacktest(ctx, s.cfg.Jobs, p.Tenant, p.Actor, decision.BacktestJob{Ruleset: of.ID, Version: of.Version},
		decision.BacktestRequest{Text: []byte(b.Text), ID: b.ID, Version: b.Version, From: b.From, To: b.To, Decided: b.Decided, Labels: labels})
	if err != nil {
		return nil, err
	}
	view, err := backtestView(&job)
	return &backtestOutput{view}, err
}

// backtestStates are the states of jobs as those of backtests.
var backtestStates = map[jobs.State]string{jobs.Waiting: "running", jobs.Running: "running", jobs.Done: "done", jobs.Dead: "failed", jobs.Cancelled: "cancelled"}

func backtestView(j *jobs.Job) (BacktestView, error) {
	var of decision.BacktestJob
	if err := json.Unmarshal(j.Payload, &of); err != nil {
		return BacktestView{}, err
	}
	v := BacktestView{ID: j.ID, State: backtestStates[j.State], Ruleset: RulesetRef{of.Ruleset, of.Version}, Labelled: of.Labelled, By: j.By.ID,
		CreatedAt: j.CreatedAt, FinishedAt: timeOrNil(j.FinishedAt)}
	if j.Total > 0 {
		v.Progress = float64(j.Done) / float64(j.Total)
	}
	if j.State == jobs.Dead && j.Err != nil {
		v.Error = &BacktestError{j.Err.Code, j.Err.Message, j.Err.Field}
	}
	if len(j.Result) > 0 {
		v.Report = &decision.BacktestReport{}
		return v, json.Unmarshal(j.Result, v.Report)
	}
	return v, nil
}

type backtestJobInput struct {
	ID string `path:"id" maxLength:"64"`
}

// backtest finds a backtest of the caller's tenant.
func (s *Server) backtest(ctx context.Context, p auth.Principal, id string) (*jobs.Job, error) {
	j, err := s.cfg.Jobs.Get(ctx, p.Tenant, id)
	if err == nil && j.Kind != decision.BacktestKind {
		err = qingyuan.Errorf(qingyuan.NotFound, "there is no backtest %q", id)
	}
	return &j, err
}

func (s *Server) getBacktest(ctx context.Context, p auth.Principal, in *backtestJobInput) (*backtestOutput, error) {
	j, err := s.backtest(ctx, p, in.ID)
	if err != nil {
		return nil, err
	}
	view, err := backtestView(j)
	return &backtestOutput{view}, err
}

type backtestsOutput struct {
	Body struct {
		Items []BacktestView `json:"items"`
	}
}

func (s *Server) listBacktests(ctx context.Context, p auth.Principal, _ *struct{}) (*backtestsOutput, error) {
	all, _, err := s.cfg.Jobs.List(ctx, p.Tenant, jobs.Filter{Kind: decision.BacktestKind})
	if err != nil {
		return nil, err
	}
	out := &backtestsOutput{}
	out.Body.Items = make([]BacktestView, len(all))
	for i, j := range all {
		if out.Body.Items[i], err = backtestView(j); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Server) cancelBacktest(ctx context.Context, p auth.Principal, in *backtestJobInput) (*struct{}, error) {
	j, err := s.backtest(ctx, p, in.ID)
	if err != nil {
		return nil, err
	}
	if j.Finished() {
		return nil, qingyuan.Errorf(qingyuan.Conflict, "the backtest has ended")
	}
	return nil, s.cfg.Jobs.Cancel(ctx, p.Tenant, p.Actor, in.ID)
}
