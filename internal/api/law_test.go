package api_test

import (
	"testing"

	"qingyuan/internal/auth"
	"qingyuan/internal/store/storetest"
)

// TestLaw reads the law data as of a day, the calendar, and deadlines.
func TestLaw(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	legal := h.person(t, "legal", auth.Legal)
	status, v := legal.do(t, "GET", "/v1/law?kind=article&id=public_security.forged_papers&at=2026-03-01", "")
	if all := items(t, v); status != 200 || len(all) != 1 || all[0]["confirmed"] != false || all[0]["from"] != "2026-01-01" {
		t.Errorf("as of a day: %d %v", status, v)
	}
	_, v = legal.do(t, "GET", "/v1/law?id=public_security.forged_papers", "")
	if all := items(t, v); len(all) != 2 {
		t.Errorf("versions: %v", v)
	}
	_, v = legal.do(t, "GET", "/v1/law/calendar", "")
	if all := items(t, v); len(all) != 8 || all[7]["year"] != 2026.0 {
		t.Errorf("calendar: %v", v)
	}
	status, v = legal.do(t, "GET", "/v1/law/deadline?clock=complaint.decide&from=2026-03-02T02:00:00Z&extension=complex", "")
	if status != 200 || v["last_day"] != "2026-04-01" || v["due"] != "2026-04-01T16:00:00Z" {
		t.Errorf("deadline: %d %v", status, v)
	}
	for path, want := range map[string]int{
		"/v1/law/deadline?clock=none&from=2026-03-02T02:00:00Z":                                404,
		"/v1/law/deadline?clock=complaint.hotline&from=2026-12-28T02:00:00Z":                   503,
		"/v1/law/deadline?clock=complaint.hotline&from=2026-12-28T02:00:00Z&provisional=true":  200,
		"/v1/law/deadline?clock=complaint.decide&from=2026-03-02T02:00:00Z&extension=nonsense": 400,
	} {
		if status, v := legal.do(t, "GET", path, ""); status != want {
			t.Errorf("%s: %d %v", path, status, v)
		}
	}
	if status, _, _ := h.call(t, "GET", "/v1/law", ""); status != 403 {
		t.Errorf("a key without the scope: %d", status)
	}
}
