package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/jobs"
)

// JobView is a job, without what it was given and gave: that is with the thing it worked on.
type JobView struct {
	ID          string        `json:"id"`
	Kind        string        `json:"kind"`
	Key         string        `json:"key" doc:"What the job is about; the same kind and key are the same job"`
	State       string        `json:"state" enum:"waiting,running,done,dead,cancelled" doc:"dead: given up, waits for a person"`
	Priority    int           `json:"priority"`
	Attempt     int           `json:"attempt" doc:"Attempts begun"`
	MaxAttempts int           `json:"max_attempts"`
	Cancelling  bool          `json:"cancelling,omitempty" doc:"Told to stop, and has not stopped yet"`
	Done        int64         `json:"done"`
	Total       int64         `json:"total"`
	Note        string        `json:"note,omitempty"`
	Error       *JobErrorView `json:"error,omitempty" doc:"Of the last attempt that failed"`
	By          string        `json:"by,omitempty"`
	RunAt       time.Time     `json:"run_at" doc:"Not before"`
	CreatedAt   time.Time     `json:"created_at"`
	StartedAt   *time.Time    `json:"started_at,omitempty"`
	FinishedAt  *time.Time    `json:"finished_at,omitempty"`
}

// JobErrorView is why an attempt failed.
type JobErrorView struct {
	Code   qingyuan.Code `json:"code"`
	Detail string        `json:"detail"`
	Field  string        `json:"field,omitempty"`
}

func jobView(j *jobs.Job) JobView {
	v := JobView{ID: j.ID, Kind: j.Kind, Key: j.Key, State: string(j.State), Priority: j.Priority, Attempt: j.Attempt, MaxAttempts: j.MaxAttempts,
		Cancelling: j.Cancelling, Done: j.Done, Total: j.Total, Note: j.Note, By: j.By.ID, RunAt: j.RunAt, CreatedAt: j.CreatedAt,
		StartedAt: timeOrNil(j.StartedAt), FinishedAt: timeOrNil(j.FinishedAt)}
	if j.Err != nil {
		v.Error = &JobErrorView{j.Err.Code, j.Err.Message, j.Err.Field}
	}
	return v
}

// jobs registers the operations on jobs.
func (s *Server) jobs() {
	see, manage := auth.Permission{Resource: auth.Jobs, Action: auth.Read}, auth.Permission{Resource: auth.Jobs, Action: auth.Manage}
	tag := []string{"jobs"}
	guarded(s, huma.Operation{OperationID: "list-jobs", Method: http.MethodGet, Path: "/v1/jobs", Tags: tag,
		Summary: "Jobs, newest first"}, see, s.listJobs)
	guarded(s, huma.Operation{OperationID: "get-job", Method: http.MethodGet, Path: "/v1/jobs/{id}", Tags: tag,
		Summary: "A job and its progress", Errors: []int{404}}, see, s.getJob)
	guarded(s, huma.Operation{OperationID: "cancel-job", Method: http.MethodPost, Path: "/v1/jobs/{id}/cancel", Tags: tag,
		Summary: "Stop a job: nothing it does from then on takes effect", DefaultStatus: http.StatusNoContent, Errors: []int{404, 409}}, manage, s.cancelJob)
	guarded(s, huma.Operation{OperationID: "retry-job", Method: http.MethodPost, Path: "/v1/jobs/{id}/retry", Tags: tag,
		Summary: "Give a dead or cancelled job all its attempts again", DefaultStatus: http.StatusNoContent, Errors: []int{404, 409}}, manage, s.retryJob)
}

type jobsInput struct {
	PageInput
	State string `query:"state" enum:"waiting,running,done,dead,cancelled"`
	Kind  string `query:"kind" maxLength:"64"`
}

type jobsPage struct {
	Body struct {
		Items      []JobView `json:"items"`
		NextCursor string    `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listJobs(ctx context.Context, p auth.Principal, in *jobsInput) (*jobsPage, error) {
	all, next, err := s.cfg.Jobs.List(ctx, p.Tenant, jobs.Filter{State: jobs.State(in.State), Kind: in.Kind, Page: qingyuan.Page{Cursor: in.Cursor, Limit: in.Limit}})
	if err != nil {
		return nil, err
	}
	out := &jobsPage{}
	out.Body.NextCursor, out.Body.Items = next, make([]JobView, len(all))
	for i, j := range all {
		out.Body.Items[i] = jobView(j)
	}
	return out, nil
}

type jobInput struct {
	ID string `path:"id" maxLength:"64"`
}

type jobOutput struct{ Body JobView }

func (s *Server) getJob(ctx context.Context, p auth.Principal, in *jobInput) (*jobOutput, error) {
	j, err := s.cfg.Jobs.Get(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	return &jobOutput{jobView(&j)}, nil
}

func (s *Server) cancelJob(ctx context.Context, p auth.Principal, in *jobInput) (*struct{}, error) {
	return nil, s.cfg.Jobs.Cancel(ctx, p.Tenant, p.Actor, in.ID)
}

func (s *Server) retryJob(ctx context.Context, p auth.Principal, in *jobInput) (*struct{}, error) {
	return nil, s.cfg.Jobs.Retry(ctx, p.Tenant, p.Actor, in.ID)
}
