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
		Summary: "Add entries to a list; decisions from here on see them", DefaultStatus: http.StatusCreated}, write, s.addEntries)
	guarded(s, huma.Operation{OperationID: "remove-list-entry", Method: http.MethodDelete, Path: "/v1/lists/{list}/entries/{id}", Tags: []string{"lists"},
		Summary: "End a list entry; it stays on record", DefaultStatus: http.StatusNoContent, Errors: []int{404}}, write, s.removeEntry)
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
	Body struct {
		IDs []string `json:"ids"`
	}
}

func (s *Server) addEntries(ctx context.Context, p auth.Principal, in *addEntriesInput) (*addedEntries, error) {
	entries := make([]decision.NewEntry, len(in.Body.Entries))
	for i, e := range in.Body.Entries {
		entries[i] = decision.NewEntry{Kind: qingyuan.EntityKind(e.Kind), Match: decision.ListMatch(e.Match), Value: e.Value,
			ExpiresAt: e.ExpiresAt, Reason: e.Reason}
	}
	out := &addedEntries{}
	var err error
	out.Body.IDs, _, err = s.cfg.Decisions.AddEntries(ctx, p.Tenant, p.Actor, in.List, entries)
	return out, err
}

type removeEntryInput struct {
	ListInput
	ID string `path:"id" maxLength:"64"`
}

func (s *Server) removeEntry(ctx context.Context, p auth.Principal, in *removeEntryInput) (*struct{}, error) {
	return nil, s.cfg.Decisions.RemoveEntry(ctx, p.Tenant, p.Actor, in.List, in.ID)
}
