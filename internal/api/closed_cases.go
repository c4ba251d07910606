package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/improve/label"
)

// maxCases is the size of one import of closed cases, in bytes.
const maxCases = 64 << 20

// ClosedCaseView is one closed case on record.
type ClosedCaseView struct {
	Source      string    `json:"source"`
	Case        string    `json:"case_no"`
	Event       string    `json:"event,omitempty" doc:"External id of the event it is about; else it is about a customer"`
	Population  string    `json:"population,omitempty"`
	Typology    string    `json:"typology,omitempty"`
	Disposition string    `json:"disposition" enum:"confirmed,unfounded,undetermined"`
	OpenedAt    time.Time `json:"opened_at"`
	ClosedAt    time.Time `json:"closed_at"`
	RecordedAt  time.Time `json:"recorded_at"`
	Actor       string    `json:"actor"`
}

// closedCases registers the operations on a lender's closed cases.
func (s *Server) closedCases() {
	guarded(s, huma.Operation{OperationID: "import-closed-cases", Method: http.MethodPost, Path: "/v1/closed-cases", Tags: []string{"labels"},
		Summary: "Import closed cases, for backtests against a lender's own history and for training",
		Description: "CSV with a header, or one JSON object per line: case_no, customer_no or event, disposition (confirmed, unfounded, undetermined), typology (of confirmed ones), population, " +
			"opened_on, closed_on. Where a line is wrong nothing is imported and the answer names the lines. Cases on record with the same content are passed over; " +
			"other content under the same case_no stands for the old one from then on.",
		MaxBodyBytes: maxCases + 1}, auth.Permission{Resource: auth.Labels, Action: auth.Write}, s.importClosedCases)
	guarded(s, huma.Operation{OperationID: "list-closed-cases", Method: http.MethodGet, Path: "/v1/closed-cases", Tags: []string{"labels"},
		Summary: "Closed cases on record, latest import first"}, auth.Permission{Resource: auth.Labels, Action: auth.Read}, s.listClosedCases)
}

type importClosedCasesInput struct {
	Source  string `query:"source" required:"true" pattern:"^[a-z0-9][a-z0-9_-]{0,39}$" doc:"The lender's system they come from"`
	DryRun  bool   `query:"dry_run" doc:"Only look: what is wrong, and how many customers are known"`
	RawBody []byte `contentType:"text/csv"`
}

type importClosedCasesOutput struct{ Body ImportedCasesView }

// ImportedCasesView says what an import of closed cases did, or would do.
type ImportedCasesView struct {
	DryRun      bool            `json:"dry_run"`
	Lines       int             `json:"lines"`
	Cases       int             `json:"cases" doc:"That can be imported"`
	Imported    int             `json:"imported" doc:"New, or with other content than before"`
	Repeated    int             `json:"repeated" doc:"On record already, with the same content"`
	Customers   int             `json:"customers"`
	Known       int             `json:"known" doc:"Customers the record has events of: only these can be replayed"`
	Confirmed   int             `json:"confirmed"`
	Unfounded   int             `json:"unfounded"`
	Wrong       int             `json:"wrong"`
	Errors      []WrongLineView `json:"errors" doc:"The first 200"`
	MedianDelay float64         `json:"median_delay" doc:"Days from opening to closing"`
}

// WrongLineView is what is wrong with one line of a file.
type WrongLineView struct {
	Line    int      `json:"line"`
	Column  string   `json:"column,omitempty"`
	Message TextView `json:"message"`
}

func (s *Server) importClosedCases(ctx context.Context, p auth.Principal, in *importClosedCasesInput) (*importClosedCasesOutput, error) {
	report, err := s.cfg.Labels.Import(ctx, p.Tenant, p.Actor, label.Import{Source: in.Source, In: bytes.NewReader(in.RawBody), DryRun: in.DryRun})
	if err != nil {
		return nil, err
	}
	out := ImportedCasesView{DryRun: report.DryRun, Lines: report.Lines, Cases: report.Cases, Imported: report.Imported, Repeated: report.Repeated,
		Customers: report.Customers, Known: report.Known, Confirmed: report.Confirmed, Unfounded: report.Unfounded, Wrong: report.Wrong,
		Errors: []WrongLineView{}, MedianDelay: report.MedianDelay}
	for _, e := range report.Errors {
		out.Errors = append(out.Errors, WrongLineView{e.Line, e.Column, TextView(e.Message)})
	}
	return &importClosedCasesOutput{out}, nil
}

type listClosedCasesInput struct {
	Cursor string `query:"cursor" maxLength:"300" doc:"next_cursor of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type listClosedCasesOutput struct {
	Body struct {
		Items      []ClosedCaseView `json:"items"`
		NextCursor string           `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listClosedCases(ctx context.Context, p auth.Principal, in *listClosedCasesInput) (*listClosedCasesOutput, error) {
	all, next, err := s.cfg.Labels.List(ctx, p.Tenant, qingyuan.Page{Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &listClosedCasesOutput{}
	out.Body.Items, out.Body.NextCursor = []ClosedCaseView{}, next
	for _, l := range all {
		out.Body.Items = append(out.Body.Items, ClosedCaseView{Source: l.Source, Case: l.Case, Event: l.Event, Population: l.Population, Typology: string(l.Typology),
			Disposition: string(l.Disposition), OpenedAt: l.EffectiveAt, ClosedAt: l.ObservedAt, RecordedAt: l.RecordedAt, Actor: l.Actor})
	}
	return out, nil
}
