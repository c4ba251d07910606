package api_test

import (
	"net/http"
	"strings"
	"testing"

	"qingyuan/internal/audit"
	"qingyuan/internal/auth"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

// TestDesk finds, reveals, restricts, exports and erases a person as people do it through the API, on both engines.
func TestDesk(t *testing.T) {
	storetest.Each(t, nil, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		officer, legal, analyst := h.person(t, "officer", auth.DPO), h.person(t, "legal", auth.Legal), h.person(t, "analyst", auth.Analyst)
		_, v, _ := h.call(t, "POST", "/v1/decisions", application(1))
		decision, event := v["id"].(string), v["event_id"].(string)
		find := func() []any {
			status, v := officer.do(t, "POST", "/v1/persons:search", `{"kind":"phone","value":"138 0013 8000"}`)
			if status != 200 {
				t.Fatalf("search: %d %v", status, v)
			}
			return v["items"].([]any)
		}
		found := find()
		if len(found) != 1 || found[0].(map[string]any)["subject"].(map[string]any)["phone"] != "138****8000" {
			t.Fatalf("%v", found)
		}
		person := "/v1/persons/" + found[0].(map[string]any)["person"].(string)

		if status, v := analyst.do(t, "POST", "/v1/events/"+event+"/reveal", `{"reason":"to call back"}`); status != 200 || !strings.Contains(v["data"].(map[string]any)["phone"].(string), "13800138000") {
			t.Errorf("reveal: %d %v", status, v)
		}
		if status, _ := analyst.do(t, "POST", "/v1/events/"+event+"/reveal", `{"reason":"  "}`); status != 422 {
			t.Errorf("reveal without a reason: %d", status)
		}
		if status, _ := h.person(t, "auditor", auth.Auditor).do(t, "POST", "/v1/events/"+event+"/reveal", `{"reason":"to look"}`); status != 403 {
			t.Errorf("reveal by an auditor: %d", status)
		}
		if e := h.entriesOf(t, audit.EntryFilter{Action: "reveal-event"}); len(e) != 1 || e[0].Subject != event || e[0].Reason != "to call back" {
			t.Errorf("%+v", e)
		}
		if status, v := officer.do(t, "POST", person+"/restriction", `{"reason":"she disputes it"}`); status != 204 {
			t.Errorf("restrict: %d %v", status, v)
		}
		if status, v := analyst.do(t, "POST", "/v1/decisions/"+decision+"/reveal", `{"reason":"to call back"}`); status != 409 {
			t.Errorf("reveal of restricted data: %d %v", status, v)
		}
		if status, _ := officer.do(t, "DELETE", person+"/restriction?reason=settled", ""); status != 204 {
			t.Errorf("unrestrict: %d", status)
		}
		h.appeal(t, officer, legal, decision)
		if status, v := officer.do(t, "GET", person, ""); status != 200 || len(v["holdings"].([]any)) != 2 || len(v["requests"].([]any)) != 1 {
			t.Errorf("dossier: %d %v", status, v)
		}
		status, text := h.ask("POST", person+"/export", `{"reason":"she asked for it"}`, http.Header{"Cookie": {officer.cookie}, "X-Csrf-Token": {officer.csrf}}, ctx)
		if status != 200 || strings.Count(string(text), "\n") != 2 || !strings.Contains(string(text), "13800138000") {
			t.Errorf("export: %d %s", status, text)
		}
		status, v = officer.do(t, "POST", person+"/erasure", `{"reason":"she asked for it"}`)
		if status != 202 {
			t.Fatalf("erase: %d %v", status, v)
		}
		approve := "/v1/approvals/" + v["id"].(string)
		if status, _ := officer.do(t, "POST", approve+"/approve", `{}`); status != 403 {
			t.Errorf("approved by oneself: %d", status)
		}
		if status, v := legal.do(t, "POST", approve+"/approve", `{"comment":"agreed"}`); status != 200 || v["state"] != "approved" {
			t.Fatalf("approve: %d %v", status, v)
		}
		if left := find(); len(left) != 0 {
			t.Errorf("still found: %v", left)
		}
		if status, v, _ := h.call(t, "GET", "/v1/events/"+event, ""); status != 200 || v["erased"] != true {
			t.Errorf("%d %v", status, v)
		}
		if v, err := audit.Verify(ctx, db, tenant, nil, nil); err != nil || len(v.Faults) > 0 {
			t.Errorf("%+v, %v", v, err)
		}
	})
}

// appeal explains a decision and has it reviewed by another person than who took the appeal in.
func (h *house) appeal(t *testing.T, takes, answers person, decision string) {
	t.Helper()
	status, v := takes.do(t, "GET", "/v1/decisions/"+decision+"/explanation", "")
	if status != 200 || v["automated"] != true || v["outcome"].(map[string]any)["zh"] == "" {
		t.Errorf("explanation: %d %v", status, v)
	}
	status, v = takes.do(t, "POST", "/v1/decisions/"+decision+"/appeal", `{"channel":"phone","reason":"it is not my device"}`)
	if status != 201 || v["state"] != "open" || v["due_at"] == nil {
		t.Fatalf("appeal: %d %v", status, v)
	}
	path := "/v1/person-requests/" + v["id"].(string) + "/answer"
	if status, _ := takes.do(t, "POST", path, `{"answer":"upheld","reason":"looked at it"}`); status != 403 {
		t.Errorf("answered by who took it in: %d", status)
	}
	if status, v := answers.do(t, "POST", path, `{"answer":"changed","reason":"looked at it"}`); status != 200 || v["state"] != "answered" {
		t.Errorf("answer: %d %v", status, v)
	}
	if status, _ := answers.do(t, "POST", path, `{"answer":"upheld","reason":"looked again"}`); status != 409 {
		t.Errorf("answered twice: %d", status)
	}
	if status, v := takes.do(t, "GET", "/v1/person-requests?kind=appeal&state=answered", ""); status != 200 || len(v["items"].([]any)) != 1 {
		t.Errorf("requests: %d %v", status, v)
	}
}
