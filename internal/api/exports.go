package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/xuri/excelize/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/store"
)

// exportable is a table that people see and may take with them: as they see it, masked.
type exportable struct {
	need    auth.Permission // besides exports:read
	columns []string        // of CSV and workbooks: names of the view, a.b for what is within
	page    func(ctx context.Context, p auth.Principal, page PageInput) (views []any, next string, err error)
}

// maxExport bounds the rows of an export.
const maxExport = 1_000_000

// tables are what can be exported.
func (s *Server) tables() map[string]exportable {
	read := func(r auth.Resource) auth.Permission { return auth.Permission{Resource: r, Action: auth.Read} }
	return map[string]exportable{
		"decisions": {read(auth.Decisions), []string{"id", "decided_at", "effective_at", "kind", "outcome", "score", "fallback", "ruleset.id", "ruleset.version", "external_id",
			"subject.name", "subject.id_no", "subject.phone", "subject.customer_no", "reasons"},
			func(ctx context.Context, p auth.Principal, page PageInput) ([]any, string, error) {
				out, err := s.listDecisions(ctx, p, &decisionsInput{PageInput: page})
				if err != nil {
					return nil, "", err
				}
				return anys(out.Body.Items), out.Body.NextCursor, nil
			}},
		"approvals": {read(auth.Lists), []string{"id", "kind", "subject", "requester", "maker", "reason", "quorum", "state", "created_at", "expires_at", "closed_at", "votes"},
			func(ctx context.Context, p auth.Principal, page PageInput) ([]any, string, error) {
				out, err := s.listApprovals(ctx, p, &approvalsInput{PageInput: page})
				if err != nil {
					return nil, "", err
				}
				return anys(out.Body.Items), out.Body.NextCursor, nil
			}},
		"accounts": {auth.Permission{Resource: auth.Accounts, Action: auth.Manage}, []string{"id", "name", "role", "created_at", "disabled_at", "locked_until", "second_factor"},
			func(ctx context.Context, p auth.Principal, page PageInput) ([]any, string, error) {
				out, err := s.listAccounts(ctx, p, &page)
				if err != nil {
					return nil, "", err
				}
				return anys(out.Body.Items), out.Body.NextCursor, nil
			}},
		"imports": {read(auth.Imports), []string{"id", "name", "mapping", "state", "size", "by", "confirmed_by", "created_at", "finished_at", "result.rows", "result.stored", "result.repeated", "result.refused"},
			func(ctx context.Context, p auth.Principal, page PageInput) ([]any, string, error) {
				out, err := s.listImports(ctx, p, &page)
				if err != nil {
					return nil, "", err
				}
				return anys(out.Body.Items), out.Body.NextCursor, nil
			}},
		"jobs": {read(auth.Jobs), []string{"id", "kind", "key", "state", "attempt", "done", "total", "note", "by", "created_at", "finished_at"},
			func(ctx context.Context, p auth.Principal, page PageInput) ([]any, string, error) {
				out, err := s.listJobs(ctx, p, &jobsInput{PageInput: page})
				if err != nil {
					return nil, "", err
				}
				return anys(out.Body.Items), out.Body.NextCursor, nil
			}},
	}
}

func anys[T any](all []T) []any {
	out := make([]any, len(all))
	for i := range all {
		out[i] = all[i]
	}
	return out
}

// exports registers the export of tables.
func (s *Server) exports() {
	need := auth.Permission{Resource: auth.Exports, Action: auth.Read}
	s.mux.HandleFunc("GET /v1/exports/{table}", s.export)
	table := pathParam("table")
	for name := range s.tables() {
		table.Schema.Enum = append(table.Schema.Enum, name)
	}
	slices.SortFunc(table.Schema.Enum, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	s.documentCSV(huma.Operation{OperationID: "export-table", Method: http.MethodGet, Path: "/v1/exports/{table}", Tags: []string{"exports"}, Errors: []int{404},
		Summary:     "A whole table as people see it, masked: CSV, JSON lines or a workbook",
		Description: "Needs the permission to see the table too. Each export is on record. At most a million rows; one that breaks off has no proper end."},
		need, table, &huma.Param{Name: "format", In: "query", Schema: &huma.Schema{Type: "string", Enum: []any{"csv", "jsonl", "xlsx"}, Default: "csv"}})
}

// export is GET /v1/exports/{table}.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	p, err := s.principal(r, auth.Permission{Resource: auth.Exports, Action: auth.Read})
	name := r.PathValue("table")
	table, known := s.tables()[name]
	if err == nil && !known {
		err = qingyuan.Errorf(qingyuan.NotFound, "there is no table of that name")
	}
	if err == nil {
		err = p.Require(table.need.Action, table.need.Resource)
	}
	format := r.URL.Query().Get("format")
	if format == "" {
		format = "csv"
	}
	makers := map[string]func(http.ResponseWriter) sink{"csv": newCSVSink, "jsonl": newLinesSink, "xlsx": newExcelSink}
	if err == nil && makers[format] == nil {
		err = qingyuan.FieldErrorf("format", "must be csv, jsonl or xlsx")
	}
	if err == nil {
		ctx := acting(r.Context(), "export-table", p.Actor, nil)
		err = s.cfg.DB.Write(ctx, p.Tenant, func(tx *store.Tx) error {
			_, err := tx.Emit("export.made", name, nil)
			return err
		})
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour)) // what cannot be set stays as it was
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.%s"`, name, format))
	if err := s.exportTo(r.Context(), p, table, makers[format](w)); err != nil {
		s.cfg.Log.WarnContext(r.Context(), "an export broke off", "request_id", requestID(r.Context()), "table", name, "error", err)
		panic(http.ErrAbortHandler) // the status is sent: a broken answer must not look whole
	}
}

// exportTo writes page after page.
func (s *Server) exportTo(ctx context.Context, p auth.Principal, t exportable, out sink) error {
	if err := out.head(t.columns); err != nil {
		return err
	}
	page := PageInput{Limit: qingyuan.MaxPage}
	for rows := 0; rows < maxExport; rows += page.Limit {
		views, next, err := t.page(ctx, p, page)
		if err != nil {
			return err
		}
		for _, v := range views {
			raw, err := json.Marshal(v)
			if err != nil {
				return err
			}
			if err := out.row(raw, t.columns); err != nil {
				return err
			}
		}
		if page.Cursor = next; next == "" {
			break
		}
	}
	return out.end()
}

// sink writes one format.
type sink interface {
	head(columns []string) error
	row(view []byte, columns []string) error
	end() error
}

// cellsOf are the columns of a view, as text that no spreadsheet takes for a formula.
func cellsOf(view []byte, columns []string) ([]string, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(view, &fields); err != nil {
		return nil, err
	}
	out := make([]string, len(columns))
	for i, name := range columns {
		outer, inner, nested := strings.Cut(name, ".")
		raw := fields[outer]
		if nested && raw != nil {
			var within map[string]json.RawMessage
			if err := json.Unmarshal(raw, &within); err != nil {
				return nil, err
			}
			raw = within[inner]
		}
		text := string(raw)
		if strings.HasPrefix(text, `"`) {
			if err := json.Unmarshal(raw, &text); err != nil {
				return nil, err
			}
		}
		if text != "null" {
			out[i] = harmless(text)
		}
	}
	return out, nil
}

type csvSink struct{ *csv.Writer }

func newCSVSink(w http.ResponseWriter) sink {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Write([]byte("\ufeff")) // spreadsheets know UTF-8 by it
	return csvSink{csv.NewWriter(w)}
}

func (c csvSink) head(columns []string) error { return c.Write(columns) }
func (c csvSink) row(view []byte, columns []string) error {
	cells, err := cellsOf(view, columns)
	if err != nil {
		return err
	}
	return c.Write(cells)
}
func (c csvSink) end() error { c.Flush(); return c.Error() }

type linesSink struct{ w http.ResponseWriter }

func newLinesSink(w http.ResponseWriter) sink {
	w.Header().Set("Content-Type", "application/jsonl")
	return linesSink{w}
}

func (l linesSink) head([]string) error { return nil }
func (l linesSink) row(view []byte, _ []string) error {
	_, err := l.w.Write(append(view, '\n'))
	return err
}
func (l linesSink) end() error { return nil }

// excelSink writes rows through excelize's stream; the workbook is sent at the end, for a zip has its directory there.
type excelSink struct {
	w    http.ResponseWriter
	file *excelize.File
	rows *excelize.StreamWriter
	line int
}

func newExcelSink(w http.ResponseWriter) sink {
	w.Header().Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	return &excelSink{w: w, file: excelize.NewFile()}
}

func (e *excelSink) head(columns []string) (err error) {
	if e.rows, err = e.file.NewStreamWriter("Sheet1"); err != nil {
		return err
	}
	return e.write(columns)
}

func (e *excelSink) row(view []byte, columns []string) error {
	cells, err := cellsOf(view, columns)
	if err != nil {
		return err
	}
	return e.write(cells)
}

func (e *excelSink) write(cells []string) error {
	e.line++
	row := make([]any, len(cells))
	for i, c := range cells {
		row[i] = c[:min(len(c), excelize.TotalCellChars)]
	}
	return e.rows.SetRow(fmt.Sprintf("A%d", e.line), row)
}

func (e *excelSink) end() error {
	defer e.file.Close()
	if err := e.rows.Flush(); err != nil {
		return err
	}
	return e.file.Write(e.w)
}

// harmless is a cell that a spreadsheet takes for text: what begins like a formula gets an apostrophe before it, after OWASP's
// advice on CSV injection. Numbers stay numbers.
func harmless(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20", []rune(cell)[0]) {
		return cell
	}
	if number(cell) {
		return cell
	}
	return "'" + cell
}

// number reports whether a cell is a plain number with a sign.
func number(cell string) bool {
	rest := strings.TrimLeft(cell, "+-")
	return len(cell)-len(rest) == 1 && rest != "" && strings.Trim(rest, "0123456789.") == "" && strings.Count(rest, ".") <= 1
}
