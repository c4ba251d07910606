package api

import (
	"context"
	"encoding/hex"
	"net/http"
	"sort"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/intake"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/store"
)

// EntityView is one entity that an event mentions, masked.
type EntityView struct {
	Kind string `json:"kind"`
	Role string `json:"role,omitempty"`
	Key  string `json:"key" doc:"Blind key: equal for equal values of the tenant"`
}

// EventView is one event, masked.
type EventView struct {
	ID          string         `json:"id"`
	Seq         int64          `json:"seq"`
	Kind        string         `json:"kind"`
	Source      string         `json:"source"`
	ExternalID  string         `json:"external_id"`
	EffectiveAt time.Time      `json:"effective_at"`
	ObservedAt  time.Time      `json:"observed_at"`
	Subject     SubjectView    `json:"subject"`
	Entities    []EntityView   `json:"entities"`
	Data        map[string]any `json:"data,omitempty" doc:"The event's fields, personal ones masked"`
	DecisionID  string         `json:"decision_id,omitempty"`
	Outcome     string         `json:"outcome,omitempty"`
	Erased      bool           `json:"erased,omitempty"`
}

func eventView(e *qingyuan.Event, d *decision.Decision) EventView {
	v := EventView{ID: e.ID, Seq: e.Seq, Kind: string(e.Kind), Source: e.Source, ExternalID: e.ExternalID, EffectiveAt: e.EffectiveAt,
		ObservedAt: e.ObservedAt, Subject: subjectView(e), Erased: e.Data == nil, Data: masked(e), Entities: make([]EntityView, len(e.Entities))}
	for i, n := range e.Entities {
		v.Entities[i] = EntityView{Kind: string(n.Kind), Role: n.Role, Key: n.Key}
	}
	if d != nil {
		v.DecisionID, v.Outcome = d.ID, string(d.Outcome)
	}
	return v
}

func masked(e *qingyuan.Event) map[string]any {
	schema, ok := intake.SchemaOf(e.Kind)
	if !ok || e.Data == nil {
		return nil
	}
	return intake.Mask(schema, e.Data)
}

func subjectView(e *qingyuan.Event) SubjectView {
	data := masked(e)
	text := func(name string) string {
		s, _ := data[name].(string)
		return s
	}
	return SubjectView{Name: text("name"), IDNo: text("id_no"), Phone: text("phone"), CustomerNo: text("customer_no")}
}

// Recorded answers POST /v1/events for one event.
type Recorded struct {
	ID         string `json:"id,omitempty"`
	Seq        int64  `json:"seq,omitempty"`
	ExternalID string `json:"external_id,omitempty"`
	Repeated   bool   `json:"repeated,omitempty" doc:"The same event had been recorded before"`
}

// RecordedItem is the result of one event of a batch: recorded, or refused with an error.
type RecordedItem struct {
	Recorded
	Error *Problem `json:"error,omitempty"`
}

// RecordedBatch answers POST /v1/events for a batch, in the order sent.
type RecordedBatch struct {
	Items    []RecordedItem `json:"items"`
	Recorded int            `json:"recorded"`
	Repeated int            `json:"repeated"`
	Refused  int            `json:"refused"`
}

// record is POST /v1/events: one CloudEvents event, or an array of them as application/cloudevents-batch+json.
func (s *Server) record(w http.ResponseWriter, r *http.Request) {
	p, err := s.principal(r, auth.Permission{Resource: auth.Events, Action: auth.Write})
	if err != nil {
		fail(w, r, err)
		return
	}
	key, err := idempotencyKey(r)
	if err != nil {
		fail(w, r, err)
		return
	}
	body, err := read(w, r, int64(s.cfg.Events.Limits().Bytes)+1)
	if err != nil {
		fail(w, r, err)
		return
	}
	if strings.HasPrefix(strings.TrimLeft(string(body[:min(len(body), 64)]), " \t\r\n"), "[") {
		s.recordBatch(w, r, p, body)
		return
	}
	e, repeated, err := s.cfg.Decisions.Record(r.Context(), p.Tenant, body, key)
	if err != nil {
		fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, Recorded{ID: e.ID, Seq: e.Seq, ExternalID: e.ExternalID, Repeated: repeated})
}

func (s *Server) recordBatch(w http.ResponseWriter, r *http.Request, p auth.Principal, body []byte) {
	items, err := s.cfg.Decisions.RecordBatch(r.Context(), p.Tenant, body)
	if err != nil {
		fail(w, r, err)
		return
	}
	out := RecordedBatch{Items: make([]RecordedItem, len(items))}
	for i, item := range items {
		if item.Err != nil {
			out.Items[i].Error = problemOf(r.Context(), item.Err)
			out.Refused++
			continue
		}
		out.Items[i].Recorded = Recorded{ID: item.Event.ID, Seq: item.Event.Seq, ExternalID: item.Event.ExternalID, Repeated: item.Repeated}
		if item.Repeated {
			out.Repeated++
		} else {
			out.Recorded++
		}
	}
	writeJSON(w, http.StatusOK, out)
}

// events registers the operations on events.
func (s *Server) events() {
	s.mux.HandleFunc("POST /v1/events", s.record)
	s.document(huma.Operation{OperationID: "record", Method: http.MethodPost, Path: "/v1/events", Tags: []string{"events"},
		Summary: "Record one event, or a batch as a JSON array, without deciding"}, auth.Permission{Resource: auth.Events, Action: auth.Write},
		s.eventBody(), Recorded{})
	guarded(s, huma.Operation{OperationID: "get-event", Method: http.MethodGet, Path: "/v1/events/{id}", Tags: []string{"events"},
		Summary: "One event, masked", Errors: []int{404}}, auth.Permission{Resource: auth.Events, Action: auth.Read}, s.getEvent)
}

type eventInput struct {
	ID string `path:"id" maxLength:"64"`
}

type eventOutput struct{ Body EventView }

func (s *Server) getEvent(ctx context.Context, p auth.Principal, in *eventInput) (*eventOutput, error) {
	out := &eventOutput{}
	err := s.cfg.DB.Read(ctx, p.Tenant, func(tx *store.Tx) error {
		e, err := s.cfg.Events.Event(tx, in.ID)
		if err != nil {
			return err
		}
		d, err := s.cfg.Decisions.Decision(ctx, p.Tenant, decision.IDOf(e.ID))
		if err != nil && qingyuan.CodeOf(err) != qingyuan.NotFound {
			return err
		}
		out.Body = eventView(e, d)
		return nil
	})
	return out, err
}

func newestFirst(all []*decision.Decision) []*decision.Decision {
	sort.Slice(all, func(i, j int) bool { return all[i].Seq > all[j].Seq })
	return all
}

func counted(m map[string]int64) []countOf {
	out := make([]countOf, 0, len(m))
	for k, n := range m {
		out = append(out, countOf{k, n})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].N > out[j].N || out[i].N == out[j].N && out[i].Name < out[j].Name })
	return out
}

func hexOf(b [32]byte) string { return hex.EncodeToString(b[:]) }
