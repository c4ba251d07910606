package api_test

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"qingyuan/internal/auth"
	"qingyuan/internal/store/storetest"
)

// TestExport takes decisions away in each format: all rows, masked, and what begins like a formula made harmless.
func TestExport(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	for i := range 5 {
		body := strings.Replace(application(i), `"f`, `"=f`, 1) // the external id
		if status, v, _ := h.call(t, "POST", "/v1/decisions", body); status != 200 {
			t.Fatalf("%d %v", status, v)
		}
	}
	analyst := h.person(t, "analyst", auth.Analyst)
	take := func(path string) (int, []byte) {
		t.Helper()
		return h.ask("GET", path, "", http.Header{"Cookie": {analyst.cookie}}, ctx)
	}
	status, raw := take("/v1/exports/decisions")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(raw), "\ufeff"))).ReadAll()
	if status != 200 || err != nil || len(rows) != 6 {
		t.Fatalf("%d, %d rows, %v: %s", status, len(rows), err, raw)
	}
	for i, name := range rows[0] {
		switch cell := rows[1][i]; name {
		case "external_id":
			if !strings.HasPrefix(cell, "'=f") {
				t.Errorf("a formula went out: %q", cell)
			}
		case "subject.phone":
			if cell != "138****8000" {
				t.Errorf("a phone went out: %q", cell)
			}
		}
	}
	if status, raw := take("/v1/exports/decisions?format=jsonl"); status != 200 || bytes.Count(raw, []byte("\n")) != 5 || bytes.Contains(raw, []byte("13800138000")) {
		t.Errorf("jsonl: %d %s", status, raw)
	}
	status, raw = take("/v1/exports/decisions?format=xlsx")
	f, err := excelize.OpenReader(bytes.NewReader(raw))
	if status != 200 || err != nil {
		t.Fatalf("xlsx: %d, %v", status, err)
	}
	defer f.Close()
	if all, err := f.GetRows("Sheet1"); err != nil || len(all) != 6 {
		t.Errorf("xlsx: %d rows, %v", len(all), err)
	}
	for path, want := range map[string]int{"/v1/exports/nosuch": 404, "/v1/exports/decisions?format=pdf": 422, "/v1/exports/accounts": 403} {
		if status, raw := take(path); status != want {
			t.Errorf("%s: %d %s", path, status, raw)
		}
	}
}
