package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/prevent/decision"
)

// Bounds of backtests by the API.
const (
	maxBacktests     = 1                // at once, in this process: each takes every core it can get
	keptBacktests    = 50               // finished ones that can still be asked for
	longestBacktest  = 2 * time.Hour    // then it is given up
	maxBacktestLabel = 32 << 20         // bytes of labels
	maxBacktestBody  = maxBacktestLabel // of the request, and a ruleset
)

// backtestJobs are the backtests of this process. They are kept in memory: a restart forgets them, and on several
// processes only the one that runs a backtest knows it.
type backtestJobs struct {
	mu      sync.Mutex
	byID    map[string]*backtestJob
	order   []string
	running int
}

type backtestJob struct {
	tenant      qingyuan.Tenant
	view        BacktestView
	done, total int64
	cancel      context.CancelFunc
}

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
		Description: "Answers 202 with a job to ask for. One runs at a time (429 where one does); jobs are kept in memory until a restart. " +
			"Labels are CSV with a header, or one JSON object per line: customer_no or event, population, typology, as_of.",
		DefaultStatus: http.StatusAccepted, MaxBodyBytes: maxBacktestBody + 2<<20}, see, s.startBacktest)
	guarded(s, huma.Operation{OperationID: "get-backtest", Method: http.MethodGet, Path: "/v1/backtests/{id}", Tags: []string{"rulesets"},
		Summary: "A backtest: progress, then the report", Errors: []int{404}}, see, s.getBacktest)
	guarded(s, huma.Operation{OperationID: "list-backtests", Method: http.MethodGet, Path: "/v1/backtests", Tags: []string{"rulesets"},
		Summary: "Backtests since the last restart, newest first, without their reports"}, see, s.listBacktests)
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
		program, problems := decision.Check([]byte(b.Text))
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
	run, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestBacktest)
	job := &backtestJob{tenant: p.Tenant, cancel: cancel, view: BacktestView{ID: qingyuan.NewID("bkt", s.cfg.DB.Now()), State: "running", Ruleset: of,
		Labelled: len(labels) > 0, By: p.Actor.ID, CreatedAt: s.cfg.DB.Now().UTC()}}
	if err := s.jobs.start(job); err != nil {
		cancel()
		return nil, err
	}
	req := decision.BacktestRequest{Text: []byte(b.Text), ID: b.ID, Version: b.Version, From: b.From, To: b.To, Decided: b.Decided, Labels: labels,
		Progress: func(done, total int64) { s.jobs.progress(job, done, total) }}
	go func() {
		defer cancel()
		report, err := s.cfg.Decisions.Backtest(run, p.Tenant, req)
		if !errors.Is(err, context.Canceled) && qingyuan.CodeOf(err) == qingyuan.Internal {
			s.cfg.Log.ErrorContext(run, "backtest failed", "error", err)
		}
		s.jobs.finish(job, report, err, s.cfg.DB.Now())
	}()
	return &backtestOutput{s.jobs.view(job)}, nil
}

func (j *backtestJobs) start(job *backtestJob) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.running >= maxBacktests {
		return qingyuan.Errorf(qingyuan.TooMany, "a backtest is running; wait for it")
	}
	j.running++
	j.byID[job.view.ID] = job
	if j.order = append(j.order, job.view.ID); len(j.order) > keptBacktests {
		delete(j.byID, j.order[0])
		j.order = j.order[1:]
	}
	return nil
}

func (j *backtestJobs) progress(job *backtestJob, done, total int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	job.done, job.total = done, total
}

func (j *backtestJobs) finish(job *backtestJob, report *decision.BacktestReport, err error, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.running--
	now = now.UTC()
	job.view.FinishedAt, job.view.State, job.view.Report = &now, "done", report
	switch {
	case errors.Is(err, context.Canceled):
		job.view.State = "cancelled"
	case err != nil:
		e := qingyuan.AsError(err)
		job.view.State, job.view.Report, job.view.Error = "failed", nil, &BacktestError{e.Code, e.Message, e.Field}
	}
}

func (j *backtestJobs) view(job *backtestJob) BacktestView {
	j.mu.Lock()
	defer j.mu.Unlock()
	v := job.view
	if job.total > 0 {
		v.Progress = float64(job.done) / float64(job.total)
	}
	return v
}

type backtestJobInput struct {
	ID string `path:"id" maxLength:"64"`
}

// job finds a backtest of the caller's tenant.
func (s *Server) job(p auth.Principal, id string) (*backtestJob, error) {
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	job := s.jobs.byID[id]
	if job == nil || job.tenant != p.Tenant {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "there is no backtest %q in this process", id)
	}
	return job, nil
}

func (s *Server) getBacktest(_ context.Context, p auth.Principal, in *backtestJobInput) (*backtestOutput, error) {
	job, err := s.job(p, in.ID)
	if err != nil {
		return nil, err
	}
	return &backtestOutput{s.jobs.view(job)}, nil
}

type backtestsOutput struct {
	Body struct {
		Items []BacktestView `json:"items"`
	}
}

func (s *Server) listBacktests(_ context.Context, p auth.Principal, _ *struct{}) (*backtestsOutput, error) {
	s.jobs.mu.Lock()
	var jobs []*backtestJob
	for _, id := range slices.Backward(s.jobs.order) {
		if job := s.jobs.byID[id]; job.tenant == p.Tenant {
			jobs = append(jobs, job)
		}
	}
	s.jobs.mu.Unlock()
	out := &backtestsOutput{}
	out.Body.Items = make([]BacktestView, len(jobs))
	for i, job := range jobs {
		out.Body.Items[i] = s.jobs.view(job)
		out.Body.Items[i].Report = nil
	}
	return out, nil
}

func (s *Server) cancelBacktest(_ context.Context, p auth.Principal, in *backtestJobInput) (*struct{}, error) {
	job, err := s.job(p, in.ID)
	if err != nil {
		return nil, err
	}
	if s.jobs.view(job).State != "running" {
		return nil, qingyuan.Errorf(qingyuan.Conflict, "the backtest has ended")
	}
	job.cancel()
	return nil, nil
}
