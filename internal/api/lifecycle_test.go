package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

// person is a signed-in person.
type person struct {
	h            *house
	cookie, csrf string
}

// person makes an account with the role and signs it in.
func (h *house) person(t *testing.T, name string, role auth.Role) person {
	t.Helper()
	admin := auth.Principal{Tenant: tenant, Actor: qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "test"}, Role: auth.Admin}
	_, pass, err := h.auth.CreateAccount(ctx, admin, name, role)
	must(t, err)
	_, token, err := h.auth.SignIn(ctx, tenant, name, pass)
	must(t, err)
	_, token, err = h.auth.ChangePassword(ctx, token, pass, "correct horse 电池 staple")
	must(t, err)
	_, v, _ := h.call(t, "GET", "/v1/session", "", "Authorization", "", "Cookie", "qy_session="+token)
	return person{h, "qy_session=" + token, v["csrf"].(string)}
}

func (p person) do(t *testing.T, method, path, body string) (int, map[string]any) {
	t.Helper()
	status, v, _ := p.h.call(t, method, path, body, "Authorization", "", "Cookie", p.cookie, "X-CSRF-Token", p.csrf)
	return status, v
}

// TestLifecycle publishes, shadows, backtests, promotes by two people and rolls back, as people do through the API.
func TestLifecycle(t *testing.T) {
	storetest.Each(t, nil, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		analyst, lead := h.person(t, "analyst", auth.Analyst), h.person(t, "lead", auth.TaskforceLead)
		text, err := decision.ShippedRuleset("first")
		must(t, err)
		body, err := json.Marshal(map[string]string{"text": strings.Replace(string(text), "review: 30", "review: 1", 1)})
		must(t, err)
		if status, v := analyst.do(t, "POST", "/v1/rulesets", string(body)); status != 201 || v["version"] != 2.0 {
			t.Fatalf("publish: %d %v", status, v)
		}
		version := func() float64 {
			t.Helper()
			status, v, _ := h.call(t, "POST", "/v1/decisions", application(int(time.Now().UnixNano()%1e6)))
			if status != 200 {
				t.Fatalf("%d %v", status, v)
			}
			return v["ruleset"].(map[string]any)["version"].(float64)
		}
		stage := func(by person, v int, stage string, percent int) (int, map[string]any) {
			return by.do(t, "POST", fmt.Sprintf("/v1/rulesets/first/versions/%d/stage", v), fmt.Sprintf(`{"stage":%q,"percent":%d,"reason":"because"}`, stage, percent))
		}
		if status, v := stage(analyst, 2, "shadow", 0); status != 200 {
			t.Fatalf("shadow: %d %v", status, v)
		}
		for range 3 {
			if version() != 1 {
				t.Fatal("the shadow decides")
			}
		}
		if status, v := analyst.do(t, "GET", "/v1/rulesets/first/versions/2/shadow", ""); status != 200 || v["decisions"] != 3.0 {
			t.Errorf("shadow: %d %v", status, v)
		}
		status, v := analyst.do(t, "GET", "/v1/rulesets/first/versions/2/diff", "")
		if changed := v["thresholds"].(map[string]any)["changed"].([]any); status != 200 || len(changed) != 1 || changed[0].(map[string]any)["id"] != "review" {
			t.Errorf("diff: %d %v", status, v)
		}
		h.backtest(t, analyst)

		status, v = stage(analyst, 2, "live", 0)
		if status != 202 {
			t.Fatalf("the author asks: %d %v", status, v)
		}
		approval := "/v1/approvals/" + v["approval"].(map[string]any)["id"].(string)
		if status, v := analyst.do(t, "POST", approval+"/approve", "{}"); status != 403 || version() != 1 {
			t.Errorf("the author approves: %d %v", status, v)
		}
		if status, v := lead.do(t, "POST", approval+"/approve", `{"comment":"seen the backtest"}`); status != 200 || v["state"] != "approved" || version() != 2 {
			t.Errorf("the lead approves: %d %v", status, v)
		}
		if status, v := stage(lead, 1, "live", 0); status != 200 || version() != 1 {
			t.Errorf("rolled back: %d %v", status, v)
		}
		if status, _ := stage(h.person(t, "auditor", auth.Auditor), 2, "live", 0); status != 403 {
			t.Errorf("an auditor: %d", status)
		}
		status, v = lead.do(t, "GET", "/v1/rulesets", "")
		if items := v["items"].([]any); status != 200 || len(items) != 2 || items[0].(map[string]any)["stage"] != "draft" || items[1].(map[string]any)["stage"] != "live" {
			t.Errorf("versions: %d %v", status, v)
		}
	})
}

func (h *house) backtest(t *testing.T, by person) {
	t.Helper()
	status, v := by.do(t, "POST", "/v1/backtests", `{"id":"first","version":2,"labels":"customer_no,population,typology\nC1,honest,\n"}`)
	if status != 202 {
		t.Fatalf("backtest: %d %v", status, v)
	}
	for began := time.Now(); v["state"] == "running"; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			t.Fatal("the backtest does not end")
		}
		status, v = by.do(t, "GET", "/v1/backtests/"+v["id"].(string), "")
	}
	if report, ok := v["report"].(map[string]any); status != 200 || !ok || report["events"] != 3.0 || v["progress"] != 1.0 {
		t.Errorf("backtest: %d %v", status, v)
	}
	for _, bad := range []string{`{}`, `{"text":"id: x"}`, `{"id":"first","version":2,"labels":"a,b\n"}`, `{"id":"first","version":2,"text":"x"}`} {
		if status, _ := by.do(t, "POST", "/v1/backtests", bad); status != 422 {
			t.Errorf("%s: %d", bad, status)
		}
	}
	if status, _ := by.do(t, "GET", "/v1/backtests/bkt_none", ""); status != 404 {
		t.Errorf("an unknown backtest: %d", status)
	}
}

// TestListsByPeople add and remove through a second person, look first, take back as a whole, and contact the customer.
func TestListsByPeople(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	analyst, lead := h.person(t, "analyst", auth.Analyst), h.person(t, "lead", auth.TaskforceLead)
	outcome := func(n int) (string, string) {
		_, v, _ := h.call(t, "POST", "/v1/decisions", application(n))
		return v["outcome"].(string), v["id"].(string)
	}
	was, plain := outcome(1)
	entries := `{"entries":[{"kind":"phone","match":"exact","value":"13800138000","reason":"seen twice"}]}`
	if status, v := analyst.do(t, "POST", "/v1/lists/agent_phones/preview", entries); status != 200 || v["customers"] != 1.0 {
		t.Errorf("preview: %d %v", status, v)
	}
	status, v := analyst.do(t, "POST", "/v1/lists/agent_phones/entries", entries)
	if status != 202 {
		t.Fatalf("add: %d %v", status, v)
	}
	if is, _ := outcome(2); is != was {
		t.Errorf("what is asked for took effect: %s", is)
	}
	path := "/v1/approvals/" + v["approval"].(map[string]any)["id"].(string)
	if status, v := lead.do(t, "GET", path+"/preview", ""); status != 200 || v["customers"] != 2.0 {
		t.Errorf("preview of what is asked for: %d %v", status, v)
	}
	path += "/approve"
	if status, v := analyst.do(t, "POST", path, "{}"); status != 403 {
		t.Errorf("by oneself: %d %v", status, v)
	}
	if status, v := lead.do(t, "POST", path, "{}"); status != 200 {
		t.Errorf("by another: %d %v", status, v)
	}
	held, id := outcome(3)
	if held == was {
		t.Fatalf("the entry changes nothing: %s", held)
	}
	contact := `{"channel":"call","script":"请勿转账","answer":"知道了","result":"dissuaded"}`
	if status, v := lead.do(t, "POST", "/v1/decisions/"+id+"/contacts", contact); status != 201 {
		t.Errorf("contact: %d %v", status, v)
	}
	if status, v := lead.do(t, "GET", "/v1/decisions/"+id+"/contacts", ""); status != 200 || v["items"].([]any)[0].(map[string]any)["answer"] != "•••" {
		t.Errorf("contacts: %d %v", status, v)
	}
	if status, v := lead.do(t, "POST", "/v1/decisions/"+id+"/reveal", `{"reason":"the customer calls back"}`); status != 200 || v["contacts"].([]any)[0].(map[string]any)["answer"] != "知道了" {
		t.Errorf("contacts: %d %v", status, v)
	}
	if _, v, _ := h.call(t, "GET", "/v1/decisions/"+id, ""); v["contacts"].([]any)[0].(map[string]any)["answer"] != "•••" {
		t.Errorf("a key without personal:reveal sees %v", v["contacts"])
	}
	if status, _ := lead.do(t, "POST", "/v1/decisions/"+plain+"/contacts", contact); status != 409 {
		t.Errorf("a contact about a %s: %d", was, status)
	}
	h.secret = h.key(t, "lists:write", "decisions:write", "lists:read")
	status, v, _ = h.call(t, "POST", "/v1/lists/agent_phones/entries", strings.ReplaceAll(entries, "8000", "8001"))
	if status != 201 || len(v["ids"].([]any)) != 1 {
		t.Fatalf("by a system: %d %v", status, v)
	}
	action := fmt.Sprintf("/v1/lists/agent_phones/actions/%.0f", v["action"])
	if status, v, _ := h.call(t, "GET", action+"/preview", ""); status != 200 || v["customers"] != 0.0 {
		t.Errorf("preview of the action: %d %v", status, v)
	}
	if status, v := analyst.do(t, "POST", action+"/reverse", `{"reason":"wrong file"}`); status != 200 || v["removed"] != 1.0 {
		t.Errorf("reverse: %d %v", status, v)
	}
	if status, v := analyst.do(t, "GET", "/v1/approvals?state=approved", ""); status != 200 || len(v["items"].([]any)) != 1 {
		t.Errorf("approvals: %d %v", status, v)
	}
}
