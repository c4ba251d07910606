package api_test

import (
	"testing"

	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

// TestClosedCases looks at a file, imports it, lists it, and backtests against it.
func TestClosedCases(t *testing.T) {
	storetest.Each(t, nil, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		file := "case_no,customer_no,disposition,typology,opened_on,closed_on\nA1,C00001,confirmed,T1,2026-01-02,2026-02-03\nA2,C00002,unfounded,,2026-01-02,2026-01-05\n"
		csv := []string{"Content-Type", "text/csv"}
		if status, _, _ := h.call(t, "POST", "/v1/closed-cases?source=desk", file, csv...); status != 403 {
			t.Fatalf("without permission: %d", status)
		}
		h.secret = h.key(t, "labels:read", "labels:write", "rulesets:read")
		if status, r, _ := h.call(t, "POST", "/v1/closed-cases?source=desk&dry_run=true", file+"A3,C1,guilty,,,\n", csv...); status != 200 || r["wrong"] != 1.0 || r["imported"] != 0.0 ||
			r["errors"].([]any)[0].(map[string]any)["line"] != 4.0 {
			t.Errorf("dry run: %d %v", status, r)
		}
		if status, r, _ := h.call(t, "POST", "/v1/closed-cases?source=desk", file, csv...); status != 200 || r["imported"] != 2.0 {
			t.Errorf("import: %d %v", status, r)
		}
		if status, r, _ := h.call(t, "GET", "/v1/closed-cases?limit=1", ""); status != 200 || len(r["items"].([]any)) != 1 || r["next_cursor"] == nil {
			t.Errorf("list: %d %v", status, r)
		}
		if status, _, _ := h.call(t, "POST", "/v1/closed-cases?source=Desk", file, csv...); status != 422 {
			t.Errorf("a source that is none: %d", status)
		}
		if status, r, _ := h.call(t, "POST", "/v1/backtests", `{"id":"first","version":1,"closed_cases":true}`); status != 202 {
			t.Errorf("backtest: %d %v", status, r)
		}
	})
}
