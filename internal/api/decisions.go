package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/intake"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/store"
)

// TextView is a sentence in both languages.
type TextView struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// ValueView is one value that a decision read.
type ValueView struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// ReasonView is one rule that spoke.
type ReasonView struct {
	Rule     string      `json:"rule"`
	Typology string      `json:"typology,omitempty"`
	Family   string      `json:"family"`
	Polarity string      `json:"polarity" enum:"suspicion,hardship"`
	Weight   int         `json:"weight" doc:"What it added to the score; negative for hardship"`
	Text     TextView    `json:"text"`
	Values   []ValueView `json:"values,omitempty" doc:"What the rule read"`
}

// MissingView is a rule that could not be evaluated.
type MissingView struct {
	Rule    string `json:"rule"`
	Missing string `json:"missing" doc:"What was absent, or how the rule failed"`
}

// SubjectView is the person an event is about, masked.
type SubjectView struct {
	Name       string `json:"name,omitempty"`
	IDNo       string `json:"id_no,omitempty"`
	Phone      string `json:"phone,omitempty"`
	CustomerNo string `json:"customer_no,omitempty"`
}

// RulesetRef names a version of a ruleset.
type RulesetRef struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
}

// ReleaseView is the end of a hold.
type ReleaseView struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// DecisionView is one decision in a list.
type DecisionView struct {
	ID          string       `json:"id"`
	Seq         int64        `json:"seq"`
	EventID     string       `json:"event_id"`
	ExternalID  string       `json:"external_id"`
	Kind        string       `json:"kind"`
	Outcome     string       `json:"outcome" enum:"pass,review,warn,challenge,hold,reject"`
	Score       int          `json:"score"`
	Fallback    string       `json:"fallback,omitempty" doc:"Why the declared fallback was given instead of a decision"`
	DecidedAt   time.Time    `json:"decided_at"`
	EffectiveAt time.Time    `json:"effective_at"`
	Ruleset     RulesetRef   `json:"ruleset"`
	Subject     SubjectView  `json:"subject"`
	Reasons     []ReasonView `json:"reasons"`
	Erased      bool         `json:"erased,omitempty" doc:"The person's data was erased; codes remain"`
}

// DecisionDetail is one decision, explained.
type DecisionDetail struct {
	DecisionView
	NotEvaluable []MissingView `json:"not_evaluable"`
	Values       []ValueView   `json:"values"`
	Event        EventView     `json:"event"`
	Digest       string        `json:"digest" doc:"SHA-256 over outcome, reasons and values; a replay must give the same"`
	LatencyUS    int64         `json:"latency_us" doc:"From arrival until it was decided, microseconds; the commit follows"`
	Released     *ReleaseView  `json:"released,omitempty"`
	Contacts     []ContactView `json:"contacts" doc:"Attempts to talk to the customer about it, oldest first"`
}

// Decided answers POST /v1/decisions.
type Decided struct {
	ID           string        `json:"id"`
	EventID      string        `json:"event_id"`
	Seq          int64         `json:"seq"`
	Outcome      string        `json:"outcome" enum:"pass,review,warn,challenge,hold,reject"`
	Score        int           `json:"score"`
	Fallback     string        `json:"fallback,omitempty"`
	Ruleset      RulesetRef    `json:"ruleset"`
	Reasons      []ReasonView  `json:"reasons"`
	NotEvaluable []MissingView `json:"not_evaluable"`
	Repeated     bool          `json:"repeated" doc:"The decision had been made before, for the same event or idempotency key"`
	DecidedAt    time.Time     `json:"decided_at"`
}

// maxEvent bounds the body of a single event beyond what intake allows, so that intake names the limit it applies.
const maxEvent = 5 << 20

// decide is POST /v1/decisions.
func (s *Server) decide(w http.ResponseWriter, r *http.Request) {
	p, err := s.principal(r, auth.Permission{Resource: auth.Decisions, Action: auth.Write})
	if err != nil {
		fail(w, r, err)
		return
	}
	req, err := s.decisionRequest(w, r, p)
	if err != nil {
		fail(w, r, err)
		return
	}
	began := time.Now()
	d, repeated, err := s.cfg.Decisions.Decide(r.Context(), req)
	if err != nil {
		fail(w, r, err)
		return
	}
	if !repeated {
		s.cfg.Metrics.Decision(d.Kind, d.Outcome, time.Since(began))
	}
	w.Header().Set("Location", "/v1/decisions/"+d.ID)
	writeJSON(w, http.StatusOK, Decided{ID: d.ID, EventID: d.EventID, Seq: d.Seq, Outcome: string(d.Outcome), Score: d.Score,
		Fallback: d.Fallback, Ruleset: RulesetRef{d.Ruleset, d.Version}, Reasons: reasonViews(d.Reasons),
		NotEvaluable: missingViews(d.Missing), Repeated: repeated, DecidedAt: d.DecidedAt})
}

func (s *Server) decisionRequest(w http.ResponseWriter, r *http.Request, p auth.Principal) (decision.Request, error) {
	req := decision.Request{Tenant: p.Tenant, Point: r.URL.Query().Get("point")}
	var err error
	if req.IdempotencyKey, err = idempotencyKey(r); err != nil {
		return req, err
	}
	if len(req.Point) > 64 {
		return req, qingyuan.FieldErrorf("point", "must have at most 64 characters")
	}
	if text := r.URL.Query().Get("deadline_ms"); text != "" {
		ms, err := strconv.Atoi(text)
		if err != nil || ms < 1 || ms > 60_000 {
			return req, qingyuan.FieldErrorf("deadline_ms", "must be 1 to 60000")
		}
		req.Deadline = time.Duration(ms) * time.Millisecond
	}
	req.Body, err = read(w, r, maxEvent)
	return req, err
}

func idempotencyKey(r *http.Request) (string, error) {
	key := r.Header.Get("Idempotency-Key")
	if len(key) > 255 {
		return "", qingyuan.FieldErrorf("Idempotency-Key", "must have at most 255 characters")
	}
	return key, nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

func reasonViews(all []qingyuan.Reason) []ReasonView {
	out := make([]ReasonView, len(all))
	for i, r := range all {
		out[i] = ReasonView{Rule: r.Rule, Typology: string(r.Typology), Family: string(r.Family), Polarity: string(r.Polarity),
			Weight: r.Weight, Text: TextView(r.Text), Values: valueViews(r.Values)}
	}
	return out
}

func valueViews(all []qingyuan.Value) []ValueView {
	out := make([]ValueView, len(all))
	for i, v := range all {
		out[i] = ValueView(v)
	}
	return out
}

func missingViews(all []decision.NotEvaluable) []MissingView {
	out := make([]MissingView, len(all))
	for i, m := range all {
		out[i] = MissingView(m)
	}
	return out
}

// decisions registers the operations on decisions.
func (s *Server) decisions() {
	s.mux.HandleFunc("POST /v1/decisions", s.decide)
	s.document(huma.Operation{OperationID: "decide", Method: http.MethodPost, Path: "/v1/decisions", Tags: []string{"decisions"},
		Summary: "Record an event and decide it, in one durable, idempotent call"}, auth.Permission{Resource: auth.Decisions, Action: auth.Write},
		s.eventBody(), Decided{}, queryParam("point", "Decision point; the event kind's where empty"), queryParam("deadline_ms", "Deadline in milliseconds; past it the declared fallback is recorded and given"))
	see := auth.Permission{Resource: auth.Decisions, Action: auth.Read}
	guarded(s, huma.Operation{OperationID: "list-decisions", Method: http.MethodGet, Path: "/v1/decisions", Tags: []string{"decisions"},
		Summary: "Decisions, newest first"}, see, s.listDecisions)
	guarded(s, huma.Operation{OperationID: "get-decision", Method: http.MethodGet, Path: "/v1/decisions/{id}", Tags: []string{"decisions"},
		Summary: "One decision, explained", Errors: []int{404}}, see, s.getDecision)
	guarded(s, huma.Operation{OperationID: "events-behind", Method: http.MethodGet, Path: "/v1/decisions/{id}/events", Tags: []string{"decisions"},
		Summary: "The events that a velocity value of a decision counted", Errors: []int{404}}, see, s.eventsBehind)
	guarded(s, huma.Operation{OperationID: "list-holds", Method: http.MethodGet, Path: "/v1/holds", Tags: []string{"decisions"},
		Summary: "Holds that wait for a person, newest first"}, see, s.listHolds)
	guarded(s, huma.Operation{OperationID: "release-hold", Method: http.MethodPost, Path: "/v1/decisions/{id}/release", Tags: []string{"decisions"},
		Summary: "Release a hold (冷静期)", DefaultStatus: http.StatusNoContent, Errors: []int{404, 409}},
		auth.Permission{Resource: auth.Decisions, Action: auth.Release}, s.releaseHold)
	guarded(s, huma.Operation{OperationID: "summary", Method: http.MethodGet, Path: "/v1/summary", Tags: []string{"decisions"},
		Summary: "Counts and latency of decisions in a stretch of time"}, see, s.summary)
}

// PageInput asks for one page of a list.
type PageInput struct {
	Cursor string `query:"cursor" maxLength:"300" doc:"next_cursor of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (p PageInput) before() (int64, int, error) {
	page := qingyuan.Page{Cursor: p.Cursor, Limit: p.Limit}
	seq, _, _, err := page.Keyset()
	return seq, page.Rows(), err
}

type decisionsInput struct {
	PageInput
	Outcome  string    `query:"outcome" enum:"pass,review,warn,challenge,hold,reject"`
	Kind     string    `query:"kind" maxLength:"64"`
	Rule     string    `query:"rule" maxLength:"64" pattern:"^[A-Za-z0-9_.-]*$"`
	Typology string    `query:"typology" enum:"T1,T2,T3,T4,T5,T6,T7,T8,T9"`
	Q        string    `query:"q" maxLength:"128" doc:"A phone, ID, card or customer number, device, IP, or an event or decision id: exact"`
	From     time.Time `query:"from" doc:"Decided at or after"`
	To       time.Time `query:"to" doc:"Decided before"`
}

type decisionsPage struct {
	Body struct {
		Items      []DecisionView `json:"items"`
		NextCursor string         `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listDecisions(ctx context.Context, p auth.Principal, in *decisionsInput) (*decisionsPage, error) {
	before, rows, err := in.before()
	if err != nil {
		return nil, err
	}
	f := decision.Filter{Outcome: qingyuan.Outcome(in.Outcome), Kind: qingyuan.EventKind(in.Kind), Rule: in.Rule,
		Typology: qingyuan.Typology(in.Typology), From: in.From, To: in.To, Before: before, Limit: rows + 1}
	if in.Q != "" {
		return s.search(ctx, p, in.Q, f)
	}
	all, err := s.cfg.Decisions.List(ctx, p.Tenant, f)
	if err != nil {
		return nil, err
	}
	return s.pageOf(ctx, p, all, rows)
}

// search finds decisions by one exact value of any kind that a person may type.
func (s *Server) search(ctx context.Context, p auth.Principal, q string, f decision.Filter) (*decisionsPage, error) {
	rows := f.Limit - 1
	for _, id := range []string{q, decision.IDOf(q)} {
		if qingyuan.ValidID("dec", id) {
			d, err := s.cfg.Decisions.Decision(ctx, p.Tenant, id)
			if qingyuan.CodeOf(err) == qingyuan.NotFound {
				return s.pageOf(ctx, p, nil, rows)
			}
			if err != nil {
				return nil, err
			}
			return s.pageOf(ctx, p, []*decision.Decision{d}, rows)
		}
	}
	seen := map[int64]bool{}
	var all []*decision.Decision
	for _, kind := range []qingyuan.EntityKind{qingyuan.Person, qingyuan.Phone, qingyuan.Customer, qingyuan.BankCard, qingyuan.Device,
		qingyuan.IP, qingyuan.Email, qingyuan.Handle} {
		value, err := intake.NormaliseEntity(kind, q)
		if err != nil {
			continue // not a value of this kind
		}
		if f.Entity, err = s.cfg.Keys.Blind(ctx, p.Tenant, kind, value); err != nil {
			return nil, err
		}
		found, err := s.cfg.Decisions.List(ctx, p.Tenant, f)
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			if !seen[d.Seq] {
				seen[d.Seq] = true
				all = append(all, d)
			}
		}
	}
	return s.pageOf(ctx, p, newestFirst(all), rows)
}

// pageOf shows up to rows decisions; one more than that means there is a next page.
func (s *Server) pageOf(ctx context.Context, p auth.Principal, all []*decision.Decision, rows int) (*decisionsPage, error) {
	out := &decisionsPage{}
	if len(all) > rows {
		all = all[:rows]
		out.Body.NextCursor = qingyuan.CursorOf(all[rows-1].Seq, "")
	}
	out.Body.Items = make([]DecisionView, len(all))
	err := s.cfg.DB.Read(ctx, p.Tenant, func(tx *store.Tx) error {
		for i, d := range all {
			e, err := s.cfg.Events.EventAt(tx, d.Seq)
			if err != nil {
				return err
			}
			out.Body.Items[i] = decisionView(d, e)
		}
		return nil
	})
	return out, err
}

func decisionView(d *decision.Decision, e *qingyuan.Event) DecisionView {
	v := DecisionView{ID: d.ID, Seq: d.Seq, EventID: d.EventID, ExternalID: e.ExternalID, Kind: string(d.Kind), Outcome: string(d.Outcome),
		Score: d.Score, Fallback: d.Fallback, DecidedAt: d.DecidedAt, EffectiveAt: e.EffectiveAt, Ruleset: RulesetRef{d.Ruleset, d.Version},
		Subject: subjectView(e), Reasons: reasonViews(d.Reasons), Erased: e.Data == nil}
	for i := range v.Reasons {
		v.Reasons[i].Values = nil
	}
	return v
}

// DecisionInput names a decision.
type DecisionInput struct {
	ID string `path:"id" maxLength:"64"`
}

type decisionOutput struct{ Body DecisionDetail }

func (s *Server) getDecision(ctx context.Context, p auth.Principal, in *DecisionInput) (*decisionOutput, error) {
	d, err := s.cfg.Decisions.Decision(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	contacts, err := s.cfg.Decisions.Contacts(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	out := &decisionOutput{}
	err = s.cfg.DB.Read(ctx, p.Tenant, func(tx *store.Tx) error {
		e, err := s.cfg.Events.EventAt(tx, d.Seq)
		if err != nil {
			return err
		}
		out.Body = DecisionDetail{DecisionView: decisionView(d, e), NotEvaluable: missingViews(d.Missing), Values: valueViews(d.Values),
			Event: eventView(e, d), Digest: hexOf(d.Digest), LatencyUS: d.Latency.Microseconds(), Contacts: contactViews(contacts)}
		out.Body.Reasons = reasonViews(d.Reasons)
		if d.Release != nil {
			out.Body.Released = &ReleaseView{At: d.Release.At, By: d.Release.Actor, Reason: d.Release.Reason}
		}
		return nil
	})
	return out, err
}

type behindInput struct {
	DecisionInput
	PageInput
	Value string `query:"value" required:"true" maxLength:"80" doc:"Name of the value, such as velocity.device_persons_7d"`
}

type eventsPage struct {
	Body struct {
		Items      []EventView `json:"items"`
		NextCursor string      `json:"next_cursor,omitempty"`
	}
}

func (s *Server) eventsBehind(ctx context.Context, p auth.Principal, in *behindInput) (*eventsPage, error) {
	before, rows, err := in.before()
	if err != nil {
		return nil, err
	}
	d, err := s.cfg.Decisions.Decision(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	events, err := s.cfg.Decisions.Behind(ctx, d, p.Tenant, strings.TrimPrefix(in.Value, "velocity."), before, rows+1)
	if err != nil {
		return nil, err
	}
	out := &eventsPage{}
	if len(events) > rows {
		events = events[:rows]
		out.Body.NextCursor = qingyuan.CursorOf(events[rows-1].Seq, "")
	}
	out.Body.Items = make([]EventView, len(events))
	for i, e := range events {
		made, err := s.cfg.Decisions.Decision(ctx, p.Tenant, decision.IDOf(e.ID))
		if err != nil && qingyuan.CodeOf(err) != qingyuan.NotFound {
			return nil, err
		}
		out.Body.Items[i] = eventView(e, made)
	}
	return out, nil
}

func (s *Server) listHolds(ctx context.Context, p auth.Principal, in *PageInput) (*decisionsPage, error) {
	before, rows, err := in.before()
	if err != nil {
		return nil, err
	}
	all, err := s.cfg.Decisions.Holds(ctx, p.Tenant, before, rows+1)
	if err != nil {
		return nil, err
	}
	return s.pageOf(ctx, p, all, rows)
}

type releaseInput struct {
	DecisionInput
	Body struct {
		Reason string `json:"reason" minLength:"4" maxLength:"500"`
	}
}

func (s *Server) releaseHold(ctx context.Context, p auth.Principal, in *releaseInput) (*struct{}, error) {
	return nil, s.cfg.Decisions.Release(ctx, p.Tenant, p.Actor, in.ID, in.Body.Reason)
}

// SummaryInput asks for a stretch of time.
type SummaryInput struct {
	From time.Time `query:"from" doc:"30 days ago where empty"`
	To   time.Time `query:"to" doc:"Now where empty"`
}

type countOf struct {
	Name string `json:"name"`
	N    int64  `json:"n"`
}

type summaryOutput struct {
	Body struct {
		From      time.Time `json:"from"`
		To        time.Time `json:"to"`
		Events    int64     `json:"events"`
		Decisions int64     `json:"decisions"`
		ByOutcome []countOf `json:"by_outcome"`
		ByRule    []countOf `json:"by_rule"`
		LatencyUS struct {
			P50 int64 `json:"p50"`
			P95 int64 `json:"p95"`
			P99 int64 `json:"p99"`
		} `json:"latency_us" doc:"From arrival until decided, microseconds; the commit follows"`
	}
}

func (s *Server) summary(ctx context.Context, p auth.Principal, in *SummaryInput) (*summaryOutput, error) {
	if in.To.IsZero() {
		in.To = s.cfg.DB.Now()
	}
	if in.From.IsZero() {
		in.From = in.To.AddDate(0, 0, -30)
	}
	sum, err := s.cfg.Decisions.Summary(ctx, p.Tenant, in.From, in.To)
	if err != nil {
		return nil, err
	}
	out := &summaryOutput{}
	b := &out.Body
	b.From, b.To, b.Events, b.Decisions = in.From.UTC(), in.To.UTC(), sum.Events, sum.Decisions
	for _, o := range qingyuan.Outcomes {
		b.ByOutcome = append(b.ByOutcome, countOf{string(o), sum.ByOutcome[o]})
	}
	b.ByRule = counted(sum.ByRule)
	b.LatencyUS.P50, b.LatencyUS.P95, b.LatencyUS.P99 = sum.P50.Microseconds(), sum.P95.Microseconds(), sum.P99.Microseconds()
	return out, nil
}
