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

// ListView is one list.
type ListView struct {
	ID       string   `json:"id"`
	Title    TextView `json:"title"`
	Kind     string   `json:"kind,omitempty" doc:"Entity kind of the values; empty for plain values"`
	Match    string   `json:"match,omitempty"`
	Declared bool     `json:"declared" doc:"By the live ruleset; others are read by no rule"`
	Entries  int64    `json:"entries" doc:"In force"`
	Rules    []string `json:"rules" doc:"Of the live ruleset that read it"`
}

// EntryView is one entry of a list.
type EntryView struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind,omitempty"`
	Match     string     `json:"match"`
	Value     string     `json:"value" doc:"A personal value is its blind key"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	Reason    string     `json:"reason"`
	Action    int64      `json:"action" doc:"Number of the change that added it"`
	AddedBy   string     `json:"added_by"`
	AddedAt   *time.Time `json:"added_at,omitempty"`
	RemovedBy string     `json:"removed_by,omitempty"`
	RemovedAt *time.Time `json:"removed_at,omitempty"`
}

// ListActionView is one change of a list as a whole.
type ListActionView struct {
	Action  int64     `json:"action"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Reason  string    `json:"reason"`
	Added   int64     `json:"added"`
	Removed int64     `json:"removed"`
	Left    int64     `json:"left" doc:"Entries that taking it back would end or bring back"`
}

// listEntries registers the operations that read lists.
func (s *Server) listEntries() {
	see := auth.Permission{Resource: auth.Lists, Action: auth.Read}
	guarded(s, huma.Operation{OperationID: "list-lists", Method: http.MethodGet, Path: "/v1/lists", Tags: []string{"lists"},
		Summary: "Lists that the live ruleset declares or that have entries, and who reads them"}, see, s.getLists)
	guarded(s, huma.Operation{OperationID: "list-entries", Method: http.MethodGet, Path: "/v1/lists/{list}/entries", Tags: []string{"lists"},
		Summary: "Entries of a list, newest first"}, see, s.getEntries)
	guarded(s, huma.Operation{OperationID: "list-actions", Method: http.MethodGet, Path: "/v1/lists/{list}/actions", Tags: []string{"lists"},
		Summary: "Changes of a list, newest first, each with what is left to take back"}, see, s.getActions)
}

type listsOutput struct {
	Body struct {
		Items []ListView `json:"items"`
	}
}

func (s *Server) getLists(ctx context.Context, p auth.Principal, _ *struct{}) (*listsOutput, error) {
	all, err := s.cfg.Decisions.ListsInfo(ctx, p.Tenant)
	if err != nil {
		return nil, err
	}
	out := &listsOutput{}
	out.Body.Items = make([]ListView, len(all))
	for i, l := range all {
		out.Body.Items[i] = ListView{l.ID, TextView(l.Title), string(l.Kind), string(l.Match), l.Declared, l.Entries, append([]string{}, l.Rules...)}
	}
	return out, nil
}

type entriesInput struct {
	ListInput
	PageInput
	Value string `query:"value" maxLength:"512" doc:"Only this value, in clear"`
	Kind  string `query:"kind" maxLength:"32" doc:"Entity kind of value"`
	Ended bool   `query:"ended" doc:"Also those that were removed or have expired"`
}

type entriesPage struct {
	Body struct {
		Items      []EntryView `json:"items"`
		NextCursor string      `json:"next_cursor,omitempty"`
	}
}

func (s *Server) getEntries(ctx context.Context, p auth.Principal, in *entriesInput) (*entriesPage, error) {
	page := qingyuan.Page{Cursor: in.Cursor, Limit: in.Limit}
	after, id, _, err := page.Keyset()
	if err != nil {
		return nil, err
	}
	all, err := s.cfg.Decisions.Entries(ctx, p.Tenant, decision.EntryFilter{List: in.List, Value: in.Value, Kind: qingyuan.EntityKind(in.Kind),
		Ended: in.Ended, After: after, ID: id, Limit: page.Rows() + 1})
	if err != nil {
		return nil, err
	}
	out := &entriesPage{}
	if len(all) > page.Rows() {
		all = all[:page.Rows()]
		out.Body.NextCursor = qingyuan.CursorOf(all[len(all)-1].Seq, all[len(all)-1].ID)
	}
	out.Body.Items = make([]EntryView, len(all))
	for i, e := range all {
		out.Body.Items[i] = EntryView{ID: e.ID, Kind: string(e.Kind), Match: string(e.Match), Value: e.Value, ExpiresAt: timeOrNil(e.ExpiresAt), Reason: e.Reason,
			Action: e.Seq, AddedBy: e.AddedBy, AddedAt: timeOrNil(e.AddedAt), RemovedBy: e.RemovedBy, RemovedAt: timeOrNil(e.RemovedAt)}
	}
	return out, nil
}

type actionsInput struct {
	ListInput
	PageInput
}

type actionsPage struct {
	Body struct {
		Items      []ListActionView `json:"items"`
		NextCursor string           `json:"next_cursor,omitempty"`
	}
}

func (s *Server) getActions(ctx context.Context, p auth.Principal, in *actionsInput) (*actionsPage, error) {
	before, rows, err := in.before()
	if err != nil {
		return nil, err
	}
	all, err := s.cfg.Decisions.Actions(ctx, p.Tenant, in.List, before, rows+1)
	if err != nil {
		return nil, err
	}
	out := &actionsPage{}
	if len(all) > rows {
		all = all[:rows]
		out.Body.NextCursor = qingyuan.CursorOf(all[rows-1].Action, "")
	}
	out.Body.Items = make([]ListActionView, len(all))
	for i, a := range all {
		out.Body.Items[i] = ListActionView(a)
	}
	return out, nil
}
