package decision

import (
	"context"
	"encoding/json"
	"time"

	"qingyuan"
	"qingyuan/internal/jobs"
	"qingyuan/internal/store"
)

// BacktestKind is the kind of the jobs that run backtests.
const BacktestKind = "backtest"

// Bounds of backtests as jobs.
const (
	longestBacktest = 2 * time.Hour      // then it is given up
	keptRequests    = 7 * 24 * time.Hour // of backtests that did not end well
)

// BacktestJob is the payload of a backtest's job. What was asked for is sealed in the record until the job is done: labels
// name customers.
type BacktestJob struct {
	Request  string `json:"request"`
	Ruleset  string `json:"ruleset"`
	Version  int    `json:"version"` // 0 is a draft
	Labelled bool   `json:"labelled"`
}

// RegisterBacktests lets q run backtests, one at a time in this process: each takes every core it can get.
func (s *Service) RegisterBacktests(q *jobs.Service) error {
	return q.Register(BacktestKind, s.runBacktest, jobs.Concurrency(1), jobs.Timeout(longestBacktest))
}

// StartBacktest adds a job that runs the backtest; of names its ruleset. Errors: too_many where one of the tenant waits or
// runs.
func (s *Service) StartBacktest(ctx context.Context, q *jobs.Service, t qingyuan.Tenant, by qingyuan.Actor, of BacktestJob, req BacktestRequest) (job jobs.Job, err error) {
	key, err := s.cfg.Keys.Person(ctx, t, "")
	if err != nil {
		return job, err
	}
	plain, err := json.Marshal(backtestRequest{string(req.Text), req.ID, req.Version, req.From, req.To, req.Labels, req.Decided})
	if err != nil {
		return job, err
	}
	of.Request = qingyuan.NewID("bkt", s.cfg.DB.Now())
	of.Labelled = len(req.Labels) > 0
	sealed := key.Seal(plain, "backtest_request/"+of.Request)
	payload, err := json.Marshal(of)
	if err != nil {
		return job, err
	}
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		if n, err := jobs.Unfinished(tx, BacktestKind); err != nil || n > 0 {
			if err == nil {
				err = qingyuan.Errorf(qingyuan.TooMany, "a backtest is running; wait for it")
			}
			return err
		}
		if _, err := tx.Exec(`DELETE FROM backtest_request WHERE tenant = $1 AND at < $2`, tx.Now().Add(-keptRequests).UnixMicro()); err != nil {
			return err
		}
		if err := key.Persist(tx); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO backtest_request (tenant, id, at, sealed) VALUES ($1, $2, $3, $4)`, of.Request, tx.Now().UnixMicro(), sealed); err != nil {
			return err
		}
		job, err = q.Enqueue(tx, jobs.Spec{Kind: BacktestKind, Payload: payload, MaxAttempts: 3, By: by})
		return err
	})
	return job, err
}

// backtestRequest is a BacktestRequest as it is stored.
type backtestRequest struct {
	Text     string
	ID       string
	Version  int
	From, To time.Time
	Labels   []CaseLabel
	Decided  bool
}

// runBacktest is the handler of backtests. The job's result is the report as JSON.
func (s *Service) runBacktest(ctx context.Context, r *jobs.Run) error {
	var of BacktestJob
	if err := r.Decode(&of); err != nil {
		return err
	}
	var sealed []byte
	found, err := s.cfg.DB.Get(ctx, r.Tenant, `SELECT sealed FROM backtest_request WHERE tenant = $1 AND id = $2`, []any{of.Request}, &sealed)
	if err != nil {
		return err
	}
	if !found {
		return qingyuan.Errorf(qingyuan.NotFound, "what the backtest was asked for is no longer kept; ask again")
	}
	plain, err := s.cfg.Keys.Open(ctx, r.Tenant, sealed, "backtest_request/"+of.Request)
	if err != nil {
		return err
	}
	var q backtestRequest
	if err := json.Unmarshal(plain, &q); err != nil {
		return err
	}
	report, err := s.Backtest(ctx, r.Tenant, BacktestRequest{Text: []byte(q.Text), ID: q.ID, Version: q.Version, From: q.From, To: q.To, Labels: q.Labels,
		Decided: q.Decided, Progress: func(done, total int64) { r.Progress(done, total, "") }})
	if err != nil {
		return err
	}
	if r.Result, err = json.Marshal(report); err != nil {
		return err
	}
	return r.Commit(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`DELETE FROM backtest_request WHERE tenant = $1 AND id = $2`, of.Request)
		return err
	})
}
