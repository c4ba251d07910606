package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/intake"
)

// health registers what watchers of the process ask: alive, ready, metrics.
func (s *Server) health() {
	s.mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	s.mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		err := s.cfg.DB.Ping(ctx)
		if err == nil && s.cfg.Ready != nil {
			err = s.cfg.Ready()
		}
		if err != nil {
			fail(w, r, qingyuan.Wrap(qingyuan.Unavailable, err, "not ready"))
			return
		}
		fmt.Fprintln(w, "ready")
	})
	s.mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if _, err := s.principal(r, auth.Permission{Resource: auth.Metrics, Action: auth.Read}); err != nil {
			fail(w, r, err)
			return
		}
		s.cfg.Metrics.Handler().ServeHTTP(w, r)
	})
}

// problems registers the pages that explain each class of error.
func (s *Server) problems() {
	for _, c := range qingyuan.Codes {
		s.mux.HandleFunc("GET "+c.Type(), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			fmt.Fprintf(w, "%s (%d)\n\n%s.\n", c, c.Status(), c.Title())
		})
	}
}

// document adds an operation that is served by a plain handler to the OpenAPI document.
func (s *Server) document(op huma.Operation, need auth.Permission, body *huma.RequestBody, response any, params ...*huma.Param) {
	registry := s.api.OpenAPI().Components.Schemas
	problem := &huma.MediaType{Schema: registry.Schema(reflect.TypeFor[Problem](), true, "Problem")}
	op.Responses = map[string]*huma.Response{}
	for _, status := range append([]int{400, 401, 403, 409, 413, 422, 429, 500, 503}, op.Errors...) {
		if body == nil && (status == 409 || status == 413) {
			continue
		}
		op.Responses[fmt.Sprint(status)] = &huma.Response{Description: http.StatusText(status), Content: map[string]*huma.MediaType{"application/problem+json": problem}}
	}
	ok := &huma.Response{Description: "OK"}
	if response != nil {
		t := reflect.TypeOf(response)
		ok.Content = map[string]*huma.MediaType{"application/json": {Schema: registry.Schema(t, true, t.Name())}}
	} else {
		ok.Content = map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: "string"}}}
	}
	op.Responses["200"] = ok
	op.RequestBody = body
	op.Parameters = params
	if body != nil {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header", Description: "A repetition with the same key and body gives the first answer again; another body is refused (422)",
			Schema: &huma.Schema{Type: "string", MaxLength: ptr(255)}})
	}
	op.Security = []map[string][]string{{"key": {}}, {"session": {}}}
	op.Extensions = map[string]any{"x-permission": need.String()}
	if op.Method != http.MethodGet {
		op.Extensions["x-audit"] = "sealed" // with its stretch of the outbox: the machines' path pays no row for it
	}
	s.api.OpenAPI().AddOperation(&op)
}

func ptr[T any](v T) *T { return &v }

func queryParam(name, doc string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: "string"}}
}

// eventBody is the body of a CloudEvents event: one component schema per event kind, from intake's tables.
func (s *Server) eventBody() *huma.RequestBody {
	components := s.api.OpenAPI().Components.Schemas
	var kinds []*huma.Schema
	for _, table := range intake.Schemas() {
		name := "event." + string(table.Kind)
		components.Map()[name] = &huma.Schema{Title: table.Title.EN, Extensions: table.EnvelopeJSONSchema()}
		kinds = append(kinds, &huma.Schema{Ref: "#/components/schemas/" + name})
	}
	return &huma.RequestBody{Required: true, Description: "A CloudEvents 1.0 event in structured JSON mode",
		Content: map[string]*huma.MediaType{"application/cloudevents+json": {Schema: &huma.Schema{OneOf: kinds}}}}
}
