package api

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/intake/imports"
)

// TallyView counts rows: rows = stored + repeated + refused.
type TallyView struct {
	Rows     int64 `json:"rows"`
	Stored   int64 `json:"stored"`
	Repeated int64 `json:"repeated" doc:"On record already, with the same content"`
	Refused  int64 `json:"refused"`
}

// ImportView is one file on its way into the record.
type ImportView struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Mapping     string     `json:"mapping,omitempty" doc:"name@revision; absent: CloudEvents as JSON lines"`
	State       string     `json:"state" enum:"checking,checked,running,done,failed,cancelled" doc:"checked waits for a confirmation"`
	Size        int64      `json:"size" doc:"Bytes"`
	Error       string     `json:"error,omitempty" doc:"Why the file failed"`
	By          string     `json:"by"`
	ConfirmedBy string     `json:"confirmed_by,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	CheckedAt   *time.Time `json:"checked_at,omitempty"`
	FinishedAt  *time.Time `json:"finished_at,omitempty"`
	DryRun      struct {
		Rows    int64 `json:"rows"`
		Refused int64 `json:"refused"`
	} `json:"dry_run"`
	Result  TallyView `json:"result"`
	Counted *int64    `json:"counted,omitempty" doc:"Events of the source found on record between the first and the last one stored: at least as many as stored"`
}

func importView(i *imports.Import) ImportView {
	v := ImportView{ID: i.ID, Name: i.Name, State: string(i.State), Size: i.Size, Error: i.Error, By: i.By.ID, ConfirmedBy: i.ConfirmedBy,
		CreatedAt: i.CreatedAt, CheckedAt: timeOrNil(i.CheckedAt), FinishedAt: timeOrNil(i.FinishedAt), Result: TallyView(i.Tally)}
	if i.Mapping != "" {
		v.Mapping = fmt.Sprintf("%s@%d", i.Mapping, i.Revision)
	}
	if i.Counted >= 0 {
		v.Counted = &i.Counted
	}
	v.DryRun.Rows, v.DryRun.Refused = i.Dry.Rows, i.Dry.Refused
	return v
}

// maxUpload bounds an upload where the configuration does not, and uploadTime how long it may take.
const (
	maxUpload  = 4 << 30
	uploadTime = 2 * time.Hour
)

// imports registers the operations on imports of files and their mappings.
func (s *Server) imports() {
	see, bring := auth.Permission{Resource: auth.Imports, Action: auth.Read}, auth.Permission{Resource: auth.Imports, Action: auth.Write}
	tag := []string{"imports"}
	s.mux.HandleFunc("POST /v1/imports", s.upload)
	s.documentUpload(bring, tag)
	guarded(s, huma.Operation{OperationID: "list-imports", Method: http.MethodGet, Path: "/v1/imports", Tags: tag,
		Summary: "Imports, newest first"}, see, s.listImports)
	guarded(s, huma.Operation{OperationID: "get-import", Method: http.MethodGet, Path: "/v1/imports/{id}", Tags: tag,
		Summary: "An import, its progress and its report", Errors: []int{404}}, see, s.getImport)
	guarded(s, huma.Operation{OperationID: "confirm-import", Method: http.MethodPost, Path: "/v1/imports/{id}/confirm", Tags: tag,
		Summary:       "Begin the run of an import whose dry run was looked at",
		DefaultStatus: http.StatusAccepted, Errors: []int{404, 409}}, bring, s.confirmImport)
	guarded(s, huma.Operation{OperationID: "cancel-import", Method: http.MethodDelete, Path: "/v1/imports/{id}", Tags: tag,
		Summary: "End an import; what was stored stays, the upload is deleted", DefaultStatus: http.StatusNoContent, Errors: []int{404, 409}}, bring, s.cancelImport)
	s.mux.HandleFunc("GET /v1/imports/{id}/refused", s.refusedRows)
	s.documentCSV(huma.Operation{OperationID: "refused-rows", Method: http.MethodGet, Path: "/v1/imports/{id}/refused", Tags: tag,
		Summary: "The rows that were refused, or would be: file, line, reason, as CSV", Errors: []int{404}}, see,
		pathParam("id"), &huma.Param{Name: "dry", In: "query", Description: "true: those of the dry run", Schema: &huma.Schema{Type: "boolean"}})
	guarded(s, huma.Operation{OperationID: "list-mappings", Method: http.MethodGet, Path: "/v1/mappings", Tags: tag,
		Summary: "Mappings of file columns to event fields, the newest revision of each"}, see, s.listMappings)
	guarded(s, huma.Operation{OperationID: "publish-mapping", Method: http.MethodPost, Path: "/v1/mappings", Tags: tag,
		Summary: "Publish a new revision of a mapping", DefaultStatus: http.StatusCreated, Errors: []int{409}}, bring, s.publishMapping)
	guarded(s, huma.Operation{OperationID: "list-reconciliations", Method: http.MethodGet, Path: "/v1/reconciliations", Tags: tag,
		Summary: "The balance of imports, by day and source, newest first"}, see, s.listReconciliations)
}

func pathParam(name string) *huma.Param {
	return &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: "string", MaxLength: ptr(64)}}
}

// documentUpload describes the upload, whose body is the file itself.
func (s *Server) documentUpload(need auth.Permission, tag []string) {
	name := queryParam("name", "What the file is called")
	name.Required, name.Schema.MinLength, name.Schema.MaxLength = true, ptr(1), ptr(255)
	mapping := queryParam("mapping", "name or name@revision; empty: the file holds CloudEvents as JSON lines")
	mapping.Schema.MaxLength = ptr(80)
	op := huma.Operation{OperationID: "upload-import", Method: http.MethodPost, Path: "/v1/imports", Tags: tag, Errors: []int{404},
		Summary: "Send a file: CSV, JSON lines, Parquet, xlsx, or a zip of them. It is sealed, and its dry run begins"}
	s.document(op, need, &huma.RequestBody{Required: true, Description: "The file, as it is",
		Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}, ImportView{}, name, mapping)
	described := s.api.OpenAPI().Paths["/v1/imports"].Post
	described.Extensions["x-audit"] = "entry"
	described.Responses["202"] = described.Responses["200"]
	delete(described.Responses, "200")
	described.Parameters = described.Parameters[:2] // a file may be sent twice: its rows are stored once
}

// documentCSV describes an operation that a plain handler answers with CSV.
func (s *Server) documentCSV(op huma.Operation, need auth.Permission, params ...*huma.Param) {
	s.document(op, need, nil, nil, params...)
	s.api.OpenAPI().Paths[op.Path].Get.Responses["200"].Content = map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: "string"}}}
}

// upload is POST /v1/imports.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	p, err := s.principal(r, auth.Permission{Resource: auth.Imports, Action: auth.Write})
	if err != nil {
		fail(w, r, err)
		return
	}
	limit := s.cfg.MaxUpload
	if limit <= 0 {
		limit = maxUpload
	}
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadTime)) // what cannot be set stays as it was
	ctx := acting(r.Context(), "upload-import", p.Actor, nil)
	i, err := s.cfg.Imports.Receive(ctx, p.Tenant, p.Actor, imports.Upload{Name: r.URL.Query().Get("name"), Mapping: r.URL.Query().Get("mapping"),
		Body: http.MaxBytesReader(w, r.Body, limit)})
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		err = &qingyuan.Error{Code: qingyuan.Invalid, Field: bodyTooLarge, Message: "the file is larger than this server takes"}
	} else if errors.Is(err, io.ErrUnexpectedEOF) {
		err = qingyuan.Wrap(qingyuan.Invalid, err, "the file broke off")
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	w.Header().Set("Location", "/v1/imports/"+i.ID)
	writeJSON(w, http.StatusAccepted, importView(i))
}

// ImportInput names an import.
type ImportInput struct {
	ID string `path:"id" maxLength:"64"`
}

type importOutput struct{ Body ImportView }

func (s *Server) getImport(ctx context.Context, p auth.Principal, in *ImportInput) (*importOutput, error) {
	i, err := s.cfg.Imports.Get(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	return &importOutput{importView(i)}, nil
}

type importsPage struct {
	Body struct {
		Items      []ImportView `json:"items"`
		NextCursor string       `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listImports(ctx context.Context, p auth.Principal, in *PageInput) (*importsPage, error) {
	all, next, err := s.cfg.Imports.List(ctx, p.Tenant, qingyuan.Page{Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &importsPage{}
	out.Body.NextCursor, out.Body.Items = next, make([]ImportView, len(all))
	for n, i := range all {
		out.Body.Items[n] = importView(i)
	}
	return out, nil
}

type confirmImportInput struct {
	ImportInput
	Body struct {
		Refused int64 `json:"refused" minimum:"0" doc:"How many rows the dry run would refuse: whoever confirms has seen it"`
	}
}

func (s *Server) confirmImport(ctx context.Context, p auth.Principal, in *confirmImportInput) (*importOutput, error) {
	i, err := s.cfg.Imports.Confirm(ctx, p.Tenant, p.Actor, in.ID, in.Body.Refused)
	if err != nil {
		return nil, err
	}
	return &importOutput{importView(i)}, nil
}

func (s *Server) cancelImport(ctx context.Context, p auth.Principal, in *ImportInput) (*struct{}, error) {
	return nil, s.cfg.Imports.Cancel(ctx, p.Tenant, p.Actor, in.ID)
}

// refusedRows is GET /v1/imports/{id}/refused.
func (s *Server) refusedRows(w http.ResponseWriter, r *http.Request) {
	p, err := s.principal(r, auth.Permission{Resource: auth.Imports, Action: auth.Read})
	if err != nil {
		fail(w, r, err)
		return
	}
	dry := false
	if text := r.URL.Query().Get("dry"); text != "" {
		if dry, err = strconv.ParseBool(text); err != nil {
			fail(w, r, qingyuan.FieldErrorf("dry", "must be true or false"))
			return
		}
	}
	id := r.PathValue("id")
	if _, err := s.cfg.Imports.Get(r.Context(), p.Tenant, id); err != nil {
		fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+id+`-refused.csv"`)
	out := csv.NewWriter(w)
	out.Write([]string{"\ufefffile", "line", "reason"})
	err = s.cfg.Imports.Refusals(r.Context(), p.Tenant, id, dry, func(x imports.Refusal) error {
		return out.Write([]string{harmless(x.File), strconv.Itoa(x.Line), harmless(x.Reason)})
	})
	out.Flush()
	if err != nil { // the status is sent: a broken answer must not look whole
		s.cfg.Log.WarnContext(r.Context(), "refused rows were not sent to the end", "request_id", requestID(r.Context()), "error", err)
		panic(http.ErrAbortHandler)
	}
}

// MappingView is one revision of a mapping.
type MappingView struct {
	Name      string     `json:"name"`
	Revision  int64      `json:"revision" doc:"0: ships with the product"`
	Text      string     `json:"text" doc:"YAML"`
	Author    string     `json:"author,omitempty"`
	CreatedAt *time.Time `json:"created_at,omitempty"`
}

func mappingView(p imports.Pack) MappingView {
	return MappingView{Name: p.Name, Revision: p.Revision, Text: p.Text, Author: p.Author, CreatedAt: timeOrNil(p.CreatedAt)}
}

type mappingsOutput struct {
	Body struct {
		Items []MappingView `json:"items"`
	}
}

func (s *Server) listMappings(ctx context.Context, p auth.Principal, _ *struct{}) (*mappingsOutput, error) {
	all, err := s.cfg.Imports.Packs(ctx, p.Tenant)
	out := &mappingsOutput{}
	out.Body.Items = make([]MappingView, len(all))
	for i, pack := range all {
		out.Body.Items[i] = mappingView(pack)
	}
	return out, err
}

type publishMappingInput struct {
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"262144" doc:"YAML"`
	}
}

type mappingOutput struct{ Body MappingView }

func (s *Server) publishMapping(ctx context.Context, p auth.Principal, in *publishMappingInput) (*mappingOutput, error) {
	pack, err := s.cfg.Imports.Publish(ctx, p.Tenant, p.Actor, in.Body.Text)
	if err != nil {
		return nil, err
	}
	return &mappingOutput{mappingView(*pack)}, nil
}

// ReconciliationView is the balance of one day and source.
type ReconciliationView struct {
	Day      string    `json:"day"`
	Source   string    `json:"source,omitempty"`
	Imports  int64     `json:"imports"`
	Result   TallyView `json:"result"`
	Counted  int64     `json:"counted" doc:"Events found on record"`
	Balanced bool      `json:"balanced"`
	MadeAt   time.Time `json:"made_at"`
}

type reconciliationsInput struct {
	Since string `query:"since" format:"date" doc:"From this day on; the last 30 where empty"`
}

type reconciliationsOutput struct {
	Body struct {
		Items []ReconciliationView `json:"items"`
	}
}

func (s *Server) listReconciliations(ctx context.Context, p auth.Principal, in *reconciliationsInput) (*reconciliationsOutput, error) {
	if in.Since == "" {
		in.Since = s.cfg.DB.Now().AddDate(0, 0, -30).Format(time.DateOnly)
	}
	all, err := s.cfg.Imports.Reconciliations(ctx, p.Tenant, in.Since)
	out := &reconciliationsOutput{}
	out.Body.Items = make([]ReconciliationView, len(all))
	for i, b := range all {
		out.Body.Items[i] = ReconciliationView{b.Day, b.Source, b.Imports, TallyView(b.Tally), b.Counted, b.Balanced, b.MadeAt}
	}
	return out, err
}
