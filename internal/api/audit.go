package api

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/auth"
	"qingyuan/internal/store"
)

// changes reports whether the operation may change the record, and says in the document that what it changes leaves an audit entry.
func changes(op *huma.Operation) bool {
	if op.Method == http.MethodGet || op.Method == http.MethodHead {
		return false
	}
	if op.Extensions == nil {
		op.Extensions = map[string]any{}
	}
	op.Extensions["x-audit"] = "entry"
	return true
}

// acting says who is about to do what, so that every command of the operation leaves an audit entry. The reason is the one in the request.
func acting(ctx context.Context, operation string, by qingyuan.Actor, in any) context.Context {
	i := &audit.Intent{Actor: by, Action: operation, Request: requestID(ctx)}
	i.Explain(reasonIn(in), audit.Hash{}, audit.Hash{})
	return audit.Acting(ctx, i)
}

// reasonOf is the reason that the operation under ctx gave.
func reasonOf(ctx context.Context) string {
	if i := audit.IntentOf(ctx); i != nil {
		return i.Reason()
	}
	return ""
}

// reasonIn is the field Reason, or else Comment, of a request or its body.
func reasonIn(in any) string {
	v := reflect.ValueOf(in)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return ""
	}
	v = v.Elem()
	for _, at := range []reflect.Value{v, fieldOf(v, "Body")} {
		for _, name := range []string{"Reason", "Comment"} {
			if f := fieldOf(at, name); f.IsValid() && f.Kind() == reflect.String && f.Len() > 0 {
				return f.String()
			}
		}
	}
	return ""
}

func fieldOf(v reflect.Value, name string) reflect.Value {
	if !v.IsValid() || v.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	return v.FieldByName(name)
}

// AuditEntryView is one entry of the audit chain.
type AuditEntryView struct {
	N       int64     `json:"n" doc:"Its place in the chain: 1, 2, 3, …"`
	At      time.Time `json:"at"`
	Actor   ActorView `json:"actor"`
	Action  string    `json:"action" doc:"The operation, such as release-hold; outbox.sealed for a stretch of what machines sent"`
	Subject string    `json:"subject" doc:"An id, a blind key or a code"`
	Reason  string    `json:"reason,omitempty"`
	Request string    `json:"request,omitempty" doc:"The request id"`
	Before  string    `json:"before,omitempty" doc:"SHA-256 of the subject's state before, hex"`
	After   string    `json:"after,omitempty"`
	Prev    string    `json:"prev,omitempty" doc:"Hash of the entry before"`
	Hash    string    `json:"hash"`
}

// ActorView is who did something.
type ActorView struct {
	Kind string `json:"kind" enum:"user,key,system"`
	ID   string `json:"id"`
}

func auditEntryView(e *audit.Entry) AuditEntryView {
	text := func(h audit.Hash) string {
		b, _ := h.MarshalText() // never fails
		return string(b)
	}
	return AuditEntryView{N: e.N, At: e.At, Actor: ActorView{string(e.Actor.Kind), e.Actor.ID}, Action: e.Action, Subject: e.Subject, Reason: e.Reason,
		Request: e.Request, Before: text(e.Before), After: text(e.After), Prev: text(e.Prev), Hash: text(e.Hash)}
}

// auditTrail registers the operations on the audit chain.
func (s *Server) auditTrail() {
	see := auth.Permission{Resource: auth.Audit, Action: auth.Read}
	guarded(s, huma.Operation{OperationID: "list-audit-entries", Method: http.MethodGet, Path: "/v1/audit", Tags: []string{"audit"},
		Summary: "What people and keys did, newest first"}, see, s.listAudit)
	guarded(s, huma.Operation{OperationID: "audit-head", Method: http.MethodGet, Path: "/v1/audit/head", Tags: []string{"audit"},
		Summary:     "The signed head of the audit chain",
		Description: "Kept outside the platform it shows whether the end of the chain was cut off or all of it written anew: qingyuan admin audit verify --head."},
		see, s.auditHead)
	guarded(s, huma.Operation{OperationID: "export-audit", Method: http.MethodGet, Path: "/v1/audit/export", Tags: []string{"audit"},
		Summary: "The audit chain as JSON lines, oldest first, at most 10,000 at once"}, see, s.exportAudit)
}

type auditInput struct {
	PageInput
	Actor   string    `query:"actor" maxLength:"64"`
	Action  string    `query:"action" maxLength:"64"`
	Subject string    `query:"subject" maxLength:"200"`
	From    time.Time `query:"from"`
	To      time.Time `query:"to"`
}

type auditPage struct {
	Body struct {
		Items      []AuditEntryView `json:"items"`
		NextCursor string           `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listAudit(ctx context.Context, p auth.Principal, in *auditInput) (*auditPage, error) {
	before, rows, err := in.before()
	if err != nil {
		return nil, err
	}
	var all []audit.Entry
	err = s.cfg.DB.Read(ctx, p.Tenant, func(tx *store.Tx) (err error) {
		all, err = audit.Entries(tx, audit.EntryFilter{Actor: in.Actor, Action: in.Action, Subject: in.Subject, From: in.From, To: in.To,
			Before: before, Limit: rows + 1})
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &auditPage{}
	if len(all) > rows {
		all = all[:rows]
		out.Body.NextCursor = qingyuan.CursorOf(all[rows-1].N, "")
	}
	out.Body.Items = make([]AuditEntryView, len(all))
	for i := range all {
		out.Body.Items[i] = auditEntryView(&all[i])
	}
	return out, nil
}

type headOutput struct {
	Body struct {
		Tenant    string    `json:"tenant"`
		N         int64     `json:"n"`
		Hash      string    `json:"hash"`
		At        time.Time `json:"at"`
		Key       string    `json:"key" doc:"Ed25519 public key, base64"`
		Signature string    `json:"signature" doc:"base64"`
	}
}

func (s *Server) auditHead(ctx context.Context, p auth.Principal, _ *struct{}) (*headOutput, error) {
	h, err := audit.Sign(ctx, s.cfg.DB, s.cfg.Keys, p.Tenant)
	if err != nil {
		return nil, err
	}
	hash, _ := h.Hash.MarshalText()
	out := &headOutput{}
	out.Body.Tenant, out.Body.N, out.Body.Hash, out.Body.At, out.Body.Key, out.Body.Signature = string(h.Tenant), h.N, string(hash), h.At, h.Key, h.Signature
	return out, nil
}

type exportAuditInput struct {
	After int64 `query:"after" minimum:"0" doc:"n of the last entry one has"`
}

// exportPage bounds one answer of an export.
const exportPage = 10_000

func (s *Server) exportAudit(_ context.Context, p auth.Principal, in *exportAuditInput) (*huma.StreamResponse, error) {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "application/jsonl")
		if err := audit.Export(hc.Context(), s.cfg.DB, p.Tenant, audit.Stretch{After: in.After, Limit: exportPage}, hc.BodyWriter()); err != nil {
			s.cfg.Log.WarnContext(hc.Context(), "an export of the audit chain broke off", "request_id", requestID(hc.Context()), "error", err)
		}
	}}, nil
}
