package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/auth"
	"qingyuan/internal/improve/intel"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/store"
)

// VoteView is one person's word on an approval.
type VoteView struct {
	Voter   string    `json:"voter"`
	Approve bool      `json:"approve"`
	Comment string    `json:"comment,omitempty"`
	At      time.Time `json:"at"`
}

// ApprovalView is something asked for that a second person must agree to.
type ApprovalView struct {
	ID        string          `json:"id"`
	Kind      string          `json:"kind" doc:"What is asked for, such as ruleset.stage, list.change or rule.snooze"`
	Subject   string          `json:"subject"`
	Payload   json.RawMessage `json:"payload" doc:"What takes effect; personal values are blind keys"`
	Requester string          `json:"requester"`
	Maker     string          `json:"maker" doc:"Who made what is asked for"`
	Reason    string          `json:"reason"`
	Quorum    int             `json:"quorum"`
	State     string          `json:"state" enum:"pending,approved,rejected,expired"`
	CreatedAt time.Time       `json:"created_at"`
	ExpiresAt time.Time       `json:"expires_at"`
	ClosedAt  *time.Time      `json:"closed_at,omitempty"`
	Votes     []VoteView      `json:"votes"`
	Needs     string          `json:"needs,omitempty" doc:"The permission of who agrees or refuses, such as rulesets:activate; told where approvals are read"`
}

func approvalView(a *audit.Approval) *ApprovalView {
	v := &ApprovalView{ID: a.ID, Kind: a.Kind, Subject: a.Subject, Payload: json.RawMessage(a.Payload), Requester: a.Requester, Maker: a.Maker,
		Reason: a.Reason, Quorum: a.Quorum, State: string(a.State), CreatedAt: a.CreatedAt, ExpiresAt: a.ExpiresAt,
		ClosedAt: timeOrNil(a.ClosedAt), Votes: []VoteView{}}
	if slices.Contains(intel.Kinds, a.Kind) {
		v.Payload = intel.Shown(a.Payload)
	}
	for _, o := range a.Votes {
		v.Votes = append(v.Votes, VoteView{o.Voter, o.Approve, o.Comment, o.At})
	}
	return v
}

// ballotBox is what the server knows of one kind of approval.
type ballotBox struct {
	need    auth.Permission // of who agrees or refuses
	approve func(context.Context, audit.Ballot) (*audit.Approval, error)
}

// voteOn tells the server who may vote on a kind of approval, and how an agreement takes effect: see [audit.Ballot.Cast].
func (s *Server) voteOn(kind string, need auth.Permission, approve func(context.Context, audit.Ballot) (*audit.Approval, error)) {
	s.ballots[kind] = ballotBox{need, approve}
}

// approvals registers the operations on approvals. Who may agree depends on what is asked for; that is checked within.
func (s *Server) approvals() {
	activate := auth.Permission{Resource: auth.Rulesets, Action: auth.Activate}
	s.voteOn(decision.KindStage, activate, s.cfg.Decisions.Approve)
	s.voteOn(decision.KindSnooze, activate, s.cfg.Decisions.Approve)
	s.voteOn(decision.KindList, auth.Permission{Resource: auth.Lists, Action: auth.Write}, s.cfg.Decisions.Approve)
	see := auth.Permission{Resource: auth.Lists, Action: auth.Read}
	vote := "What is asked for says which permission that needs, such as rulesets:activate for a stage; never from who asked for it or made it."
	guarded(s, huma.Operation{OperationID: "list-approvals", Method: http.MethodGet, Path: "/v1/approvals", Tags: []string{"approvals"},
		Summary: "What waits for a second person, and what became of it, newest first"}, see, s.listApprovals)
	guarded(s, huma.Operation{OperationID: "get-approval", Method: http.MethodGet, Path: "/v1/approvals/{id}", Tags: []string{"approvals"},
		Summary: "One approval", Errors: []int{404}}, see, s.getApproval)
	guarded(s, huma.Operation{OperationID: "approve", Method: http.MethodPost, Path: "/v1/approvals/{id}/approve", Tags: []string{"approvals"},
		Summary: "Agree: with the last agreement needed it takes effect", Description: vote, Errors: []int{404, 409}}, see, s.approve)
	guarded(s, huma.Operation{OperationID: "reject", Method: http.MethodPost, Path: "/v1/approvals/{id}/reject", Tags: []string{"approvals"},
		Summary: "Refuse, or take one's own request back", Description: vote, Errors: []int{404, 409}}, see, s.reject)
}

type approvalsInput struct {
	PageInput
	State string `query:"state" enum:"pending,approved,rejected,expired"`
	Kind  string `query:"kind" maxLength:"40"`
}

type approvalsPage struct {
	Body struct {
		Items      []*ApprovalView `json:"items"`
		NextCursor string          `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listApprovals(ctx context.Context, p auth.Principal, in *approvalsInput) (*approvalsPage, error) {
	before, rows, err := in.before()
	if err != nil {
		return nil, err
	}
	all, err := s.approvalsOf(ctx, p.Tenant, audit.Filter{State: audit.State(in.State), Kind: in.Kind, Before: before, Limit: rows + 1})
	if err != nil {
		return nil, err
	}
	out := &approvalsPage{}
	if len(all) > rows {
		all = all[:rows]
		out.Body.NextCursor = qingyuan.CursorOf(all[rows-1].Seq, "")
	}
	out.Body.Items = []*ApprovalView{}
	for _, a := range all {
		out.Body.Items = append(out.Body.Items, s.votable(a))
	}
	return out, nil
}

func (s *Server) approvalsOf(ctx context.Context, t qingyuan.Tenant, f audit.Filter) (all []*audit.Approval, err error) {
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		all, err = audit.List(tx, f)
		return err
	})
	return all, err
}

// ApprovalInput names an approval.
type ApprovalInput struct {
	ID string `path:"id" maxLength:"64"`
}

type approvalOutput struct {
	Status int
	Body   *ApprovalView
}

func (s *Server) getApproval(ctx context.Context, p auth.Principal, in *ApprovalInput) (*approvalOutput, error) {
	a, err := s.approval(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	return &approvalOutput{http.StatusOK, s.votable(a)}, nil
}

// votable shows an approval to somebody who may vote on it.
func (s *Server) votable(a *audit.Approval) *ApprovalView {
	v := approvalView(a)
	if box, ok := s.ballots[a.Kind]; ok {
		v.Needs = box.need.String()
	}
	return v
}

func (s *Server) approval(ctx context.Context, t qingyuan.Tenant, id string) (a *audit.Approval, err error) {
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		a, err = audit.Get(tx, id)
		return err
	})
	return a, err
}

type voteInput struct {
	ApprovalInput
	Body struct {
		Comment string `json:"comment,omitempty" maxLength:"500"`
	}
}

func (in *voteInput) ballot(p auth.Principal) audit.Ballot {
	return audit.Ballot{Tenant: p.Tenant, Voter: p.Actor, Approval: in.ID, Comment: in.Body.Comment}
}

func (s *Server) approve(ctx context.Context, p auth.Principal, in *voteInput) (*approvalOutput, error) {
	a, err := s.approval(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	box := s.ballots[a.Kind]
	if err := p.Require(box.need.Action, box.need.Resource); err != nil {
		return nil, err
	}
	if a, err = box.approve(ctx, in.ballot(p)); err != nil {
		return nil, err
	}
	return &approvalOutput{http.StatusOK, approvalView(a)}, nil
}

func (s *Server) reject(ctx context.Context, p auth.Principal, in *voteInput) (*approvalOutput, error) {
	a, err := s.approval(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	need := s.ballots[a.Kind].need
	if err := p.Require(need.Action, need.Resource); err != nil && p.Actor.ID != a.Requester { // one's own may be taken back
		return nil, err
	}
	if a, err = in.ballot(p).Refuse(ctx, s.cfg.DB); err != nil {
		return nil, err
	}
	return &approvalOutput{http.StatusOK, approvalView(a)}, nil
}

// SnoozeView is a rule that is told not to speak for a while.
type SnoozeView struct {
	ID        string    `json:"id"`
	Rule      string    `json:"rule"`
	Kind      string    `json:"kind,omitempty" doc:"Of the entity; empty: about everybody"`
	Entity    string    `json:"entity,omitempty" doc:"Blind key"`
	Reason    string    `json:"reason"`
	By        string    `json:"by"`
	Approval  string    `json:"approval"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// snoozes registers the operations on snoozes.
func (s *Server) snoozes() {
	guarded(s, huma.Operation{OperationID: "list-snoozes", Method: http.MethodGet, Path: "/v1/snoozes", Tags: []string{"rulesets"},
		Summary: "Snoozes in force, newest first"}, auth.Permission{Resource: auth.Rulesets, Action: auth.Read}, s.listSnoozes)
	guarded(s, huma.Operation{OperationID: "snooze-rule", Method: http.MethodPost, Path: "/v1/rules/{rule}/snooze", Tags: []string{"rulesets"},
		Summary: "Ask for a rule to be silent for a while, about one entity or at all; a second person must agree", DefaultStatus: http.StatusAccepted},
		auth.Permission{Resource: auth.Rulesets, Action: auth.Write}, s.snoozeRule)
	guarded(s, huma.Operation{OperationID: "end-snooze", Method: http.MethodDelete, Path: "/v1/snoozes/{id}", Tags: []string{"rulesets"},
		Summary: "End a snooze early: the rule speaks again", DefaultStatus: http.StatusNoContent, Errors: []int{404}},
		auth.Permission{Resource: auth.Rulesets, Action: auth.Write}, s.endSnooze)
}

type snoozesOutput struct {
	Body struct {
		Items []SnoozeView `json:"items"`
	}
}

func (s *Server) listSnoozes(ctx context.Context, p auth.Principal, _ *struct{}) (*snoozesOutput, error) {
	all, err := s.cfg.Decisions.Snoozes(ctx, p.Tenant)
	out := &snoozesOutput{}
	out.Body.Items = []SnoozeView{}
	for _, z := range all {
		out.Body.Items = append(out.Body.Items, SnoozeView{z.ID, z.Rule, string(z.Kind), z.Entity, z.Reason, z.Actor, z.Approval, z.CreatedAt, z.ExpiresAt})
	}
	return out, err
}

type snoozeInput struct {
	Rule string `path:"rule" maxLength:"64"`
	Body struct {
		Kind      string    `json:"kind,omitempty" doc:"Entity kind of the value; empty: about everybody"`
		Value     string    `json:"value,omitempty" maxLength:"512" doc:"In clear; its blind key is stored"`
		Reason    string    `json:"reason" minLength:"4" maxLength:"500"`
		ExpiresAt time.Time `json:"expires_at" doc:"At most 90 days away"`
	}
}

func (s *Server) snoozeRule(ctx context.Context, p auth.Principal, in *snoozeInput) (*approvalOutput, error) {
	a, err := s.cfg.Decisions.RequestSnooze(ctx, p.Tenant, p.Actor, decision.NewSnooze{Rule: in.Rule, Kind: qingyuan.EntityKind(in.Body.Kind),
		Value: in.Body.Value, ExpiresAt: in.Body.ExpiresAt, Reason: in.Body.Reason})
	if err != nil {
		return nil, err
	}
	return &approvalOutput{http.StatusAccepted, approvalView(a)}, nil
}

type endSnoozeInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Server) endSnooze(ctx context.Context, p auth.Principal, in *endSnoozeInput) (*struct{}, error) {
	return nil, s.cfg.Decisions.EndSnooze(ctx, p.Tenant, p.Actor, in.ID)
}
