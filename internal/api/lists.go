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

// lists registers the operations on lists.
func (s *Server) lists() {
	write := auth.Permission{Resource: auth.Lists, Action: auth.Write}
	guarded(s, huma.Operation{OperationID: "add-list-entries", Method: http.MethodPost, Path: "/v1/lists/{list}/entries", Tags: []string{"lists"},
		Summary:       "Add entries to a list",
		Description:   "By a system's key they take effect at once (201). By a person they wait for a second person (202): the answer names the approval.",
		DefaultStatus: http.StatusCreated}, write, s.addEntries)
	guarded(s, huma.Operation{OperationID: "remove-list-entry", Method: http.MethodDelete, Path: "/v1/lists/{list}/entries/{id}", Tags: []string{"lists"},
		Summary:     "End a list entry; it stays on record",
		Description: "By a system's key at once (200). By a person it waits for a second person (202): the answer names the approval.",
		Errors:      []int{404}}, write, s.removeEntry)
	guarded(s, huma.Operation{OperationID: "preview-list-entries", Method: http.MethodPost, Path: "/v1/lists/{list}/preview", Tags: []string{"lists"},
		Summary: "Whom entries would concern, before they are added: the customers whose events mentioned them lately, by outcome"},
		auth.Permission{Resource: auth.Lists, Action: auth.Read}, s.previewEntries)
	guarded(s, huma.Operation{OperationID: "preview-list-action", Method: http.MethodGet, Path: "/v1/lists/{list}/actions/{action}/preview", Tags: []string{"lists"},
		Summary: "Whom taking back an earlier change would concern", Errors: []int{404}},
		auth.Permission{Resource: auth.Lists, Action: auth.Read}, s.previewAction)
	guarded(s, huma.Operation{OperationID: "preview-approval", Method: http.MethodGet, Path: "/v1/approvals/{id}/preview", Tags: []string{"approvals"},
		Summary: "Whom a change of a list that was asked for would concern", Errors: []int{404}},
		auth.Permission{Resource: auth.Lists, Action: auth.Read}, s.previewApproval)
	guarded(s, huma.Operation{OperationID: "reverse-list-action", Method: http.MethodPost, Path: "/v1/lists/{list}/actions/{action}/reverse", Tags: []string{"lists"},
		Summary:     "Take back a whole change of a list",
		Description: "What it added and is still in force ends, what it removed comes back. The reversal is an action too. It needs no second person.",
		Errors:      []int{404}}, write, s.reverseAction)
}

// ListInput names a list.
type ListInput struct {
	List string `path:"list" maxLength:"64" pattern:"^[a-z0-9_]+$"`
}

// EntryInput is a list entry to be added.
type EntryInput struct {
	Kind      string    `json:"kind,omitempty" doc:"Entity kind of the values; empty for plain values"`
	Match     string    `json:"match" enum:"exact,cidr,prefix"`
	Value     string    `json:"value" minLength:"1" maxLength:"512" doc:"In clear; a personal value is stored as its blind key"`
	ExpiresAt time.Time `json:"expires_at,omitempty"`
	Reason    string    `json:"reason" minLength:"4" maxLength:"500"`
}

type addEntriesInput struct {
	ListInput
	Body struct {
		Entries []EntryInput `json:"entries" minItems:"1" maxItems:"1000"`
	}
}

type addedEntries struct {
	Status int
	Body   struct {
		IDs      []string      `json:"ids" doc:"Empty while the approval is open"`
		Action   int64         `json:"action,omitempty" doc:"Number of the change, by which all of it can be taken back"`
		Approval *ApprovalView `json:"approval,omitempty"`
	}
}

func newEntries(in []EntryInput) []decision.NewEntry {
	entries := make([]decision.NewEntry, len(in))
	for i, e := range in {
		entries[i] = decision.NewEntry{Kind: qingyuan.EntityKind(e.Kind), Match: decision.ListMatch(e.Match), Value: e.Value,
			ExpiresAt: e.ExpiresAt, Reason: e.Reason}
	}
	return entries
}

func (s *Server) addEntries(ctx context.Context, p auth.Principal, in *addEntriesInput) (*addedEntries, error) {
	entries := newEntries(in.Body.Entries)
	out := &addedEntries{Status: http.StatusCreated}
	out.Body.IDs = []string{}
	var err error
	if p.Actor.Kind != qingyuan.ActorUser {
		out.Body.IDs, out.Body.Action, err = s.cfg.Decisions.AddEntries(ctx, p.Tenant, p.Actor, in.List, entries)
		return out, err
	}
	a, err := s.cfg.Decisions.RequestEntries(ctx, p.Tenant, p.Actor, in.List, entries, entries[0].Reason)
	if err != nil {
		return nil, err
	}
	out.Status, out.Body.Approval = http.StatusAccepted, approvalView(a)
	return out, nil
}

type removeEntryInput struct {
	ListInput
	ID     string `path:"id" maxLength:"64"`
	Reason string `query:"reason" maxLength:"500" doc:"Required of people"`
}

type removedEntry struct {
	Status int
	Body   struct {
		Approval *ApprovalView `json:"approval,omitempty"`
	}
}

func (s *Server) removeEntry(ctx context.Context, p auth.Principal, in *removeEntryInput) (*removedEntry, error) {
	out := &removedEntry{Status: http.StatusOK}
	if p.Actor.Kind != qingyuan.ActorUser {
		return out, s.cfg.Decisions.RemoveEntry(ctx, p.Tenant, p.Actor, in.List, in.ID)
	}
	a, err := s.cfg.Decisions.RequestRemoval(ctx, p.Tenant, p.Actor, in.List, []string{in.ID}, in.Reason)
	if err != nil {
		return nil, err
	}
	out.Status, out.Body.Approval = http.StatusAccepted, approvalView(a)
	return out, nil
}

// PreviewView says whom a change would concern.
type PreviewView struct {
	Days      int              `json:"days"`
	Events    int              `json:"events"`
	Customers int              `json:"customers"`
	Hardship  int              `json:"hardship" doc:"Of the customers: those for whom a rule of hardship spoke"`
	ByOutcome []PreviewOutcome `json:"by_outcome"`
	Skipped   int              `json:"skipped" doc:"Networks, prefixes and plain values, which have no index: a backtest tells"`
	Truncated bool             `json:"truncated" doc:"There are more: the figures are a lower bound"`
}

// PreviewOutcome counts events by what was decided, and customers by their sternest outcome.
type PreviewOutcome struct {
	Outcome   string `json:"outcome"`
	Events    int    `json:"events"`
	Customers int    `json:"customers"`
}

type previewOutput struct{ Body PreviewView }

func previewView(p *decision.Preview) *previewOutput {
	v := PreviewView{Days: p.Days, Events: p.Events, Customers: p.Customers, Hardship: p.Hardship, ByOutcome: []PreviewOutcome{},
		Skipped: p.Skipped, Truncated: p.Truncated}
	for _, o := range qingyuan.Outcomes {
		n := p.ByOutcome[o]
		v.ByOutcome = append(v.ByOutcome, PreviewOutcome{string(o), n.Events, n.Customers})
	}
	return &previewOutput{v}
}

type previewInput struct {
	ListInput
	Days int `query:"days" minimum:"1" maximum:"366" default:"30"`
	Body struct {
		Entries []EntryInput `json:"entries" minItems:"1" maxItems:"1000"`
	}
}

func (s *Server) previewEntries(ctx context.Context, p auth.Principal, in *previewInput) (*previewOutput, error) {
	v, err := s.cfg.Decisions.PreviewEntries(ctx, p.Tenant, in.List, newEntries(in.Body.Entries), in.Days)
	if err != nil {
		return nil, err
	}
	return previewView(v), nil
}

// ActionInput names a change of a list.
type ActionInput struct {
	ListInput
	Action int64 `path:"action" minimum:"1"`
}

type previewActionInput struct {
	ActionInput
	Days int `query:"days" minimum:"1" maximum:"366" default:"30"`
}

func (s *Server) previewAction(ctx context.Context, p auth.Principal, in *previewActionInput) (*previewOutput, error) {
	v, err := s.cfg.Decisions.PreviewAction(ctx, p.Tenant, in.List, in.Action, in.Days)
	if err != nil {
		return nil, err
	}
	return previewView(v), nil
}

type previewApprovalInput struct {
	ApprovalInput
	Days int `query:"days" minimum:"1" maximum:"366" default:"30"`
}

func (s *Server) previewApproval(ctx context.Context, p auth.Principal, in *previewApprovalInput) (*previewOutput, error) {
	v, err := s.cfg.Decisions.PreviewApproval(ctx, p.Tenant, in.ID, in.Days)
	if err != nil {
		return nil, err
	}
	return previewView(v), nil
}

type reverseInput struct {
	ActionInput
	Body struct {
		Reason string `json:"reason" minLength:"4" maxLength:"500"`
	}
}

type reversedOutput struct {
	Body struct {
		Action   int64 `json:"action" doc:"Number of the reversal itself"`
		Removed  int   `json:"removed"`
		Restored int   `json:"restored"`
	}
}

func (s *Server) reverseAction(ctx context.Context, p auth.Principal, in *reverseInput) (*reversedOutput, error) {
	r, err := s.cfg.Decisions.ReverseAction(ctx, p.Tenant, p.Actor, in.List, in.Action, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	out := &reversedOutput{}
	out.Body.Action, out.Body.Removed, out.Body.Restored = r.Action, r.Removed, r.Restored
	return out, nil
}
