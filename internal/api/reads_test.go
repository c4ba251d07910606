package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"qingyuan/internal/auth"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

func items(t *testing.T, v map[string]any) []map[string]any {
	t.Helper()
	raw, ok := v["items"].([]any)
	if !ok {
		t.Fatalf("no items: %v", v)
	}
	out := make([]map[string]any, len(raw))
	for i, x := range raw {
		out[i] = x.(map[string]any)
	}
	return out
}

// TestListsAreRead adds an entry by a system's key, finds it by its value, and sees it in the history of the list.
func TestListsAreRead(t *testing.T) {
	storetest.Each(t, nil, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		analyst := h.person(t, "analyst", auth.Analyst)
		key := "Bearer " + h.key(t, "lists:write")
		for _, phone := range []string{"13900000001", "13900000002"} {
			body := `{"entries":[{"kind":"phone","match":"exact","value":"` + phone + `","reason":"confirmed agent"}]}`
			if status, v, _ := h.call(t, "POST", "/v1/lists/agent_phones/entries", body, "Authorization", key); status != 201 {
				t.Fatalf("add: %d %v", status, v)
			}
		}
		get := func(path string) []map[string]any {
			t.Helper()
			status, v := analyst.do(t, "GET", path, "")
			if status != 200 {
				t.Fatalf("%s: %d %v", path, status, v)
			}
			return items(t, v)
		}
		var phones map[string]any
		for _, l := range get("/v1/lists") {
			if l["id"] == "agent_phones" {
				phones = l
			}
		}
		if phones == nil || phones["declared"] != true || phones["entries"] != 2.0 || len(phones["rules"].([]any)) == 0 {
			t.Errorf("the list: %v", phones)
		}
		found := get("/v1/lists/agent_phones/entries?kind=phone&value=13900000001")
		if len(found) != 1 || found[0]["value"] == "13900000001" || found[0]["added_at"] == nil {
			t.Fatalf("found by value: %v", found)
		}
		if all := get("/v1/lists/agent_phones/entries"); len(all) != 2 || all[1]["id"] != found[0]["id"] {
			t.Errorf("newest first: %v", all)
		}
		status, v := analyst.do(t, "GET", "/v1/lists/agent_phones/entries?limit=1", "")
		if status != 200 || len(items(t, v)) != 1 || v["next_cursor"] == nil {
			t.Fatalf("first page: %d %v", status, v)
		}
		if rest := get("/v1/lists/agent_phones/entries?limit=1&cursor=" + v["next_cursor"].(string)); len(rest) != 1 || rest[0]["id"] != found[0]["id"] {
			t.Errorf("second page: %v", rest)
		}
		id := found[0]["id"].(string)
		if status, v, _ := h.call(t, "DELETE", "/v1/lists/agent_phones/entries/"+id, "", "Authorization", key); status != 200 {
			t.Fatalf("remove: %d %v", status, v)
		}
		if n := len(get("/v1/lists/agent_phones/entries")); n != 1 {
			t.Errorf("%d in force after one was removed", n)
		}
		if n := len(get("/v1/lists/agent_phones/entries?ended=true")); n != 2 {
			t.Errorf("%d on record", n)
		}
		actions := get("/v1/lists/agent_phones/actions")
		if len(actions) != 3 || actions[0]["removed"] != 1.0 || actions[0]["left"] != 1.0 || actions[2]["added"] != 1.0 || actions[2]["left"] != 0.0 {
			t.Errorf("actions: %v", actions)
		}
	})
}

// TestOverview counts what was decided today, by outcome, rule and hardship.
func TestOverview(t *testing.T) {
	storetest.Each(t, nil, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		for n := range 5 {
			h.call(t, "POST", "/v1/decisions", application(n))
		}
		_, made, _ := h.call(t, "GET", "/v1/decisions", "")
		want, rules := map[string]float64{}, 0
		for _, d := range items(t, made) {
			want[d["outcome"].(string)]++
			rules += len(d["reasons"].([]any))
		}
		status, v, _ := h.call(t, "GET", "/v1/overview?days=7&utc_offset=480", "")
		days := v["days"].([]any)
		if status != 200 || len(days) != 7 {
			t.Fatalf("overview: %d %v", status, v)
		}
		today := days[6].(map[string]any)
		if today["decisions"] != 5.0 || rules == 0 {
			t.Errorf("today: %v, %d rules spoke", today, rules)
		}
		for _, c := range today["by_outcome"].([]any) {
			if c := c.(map[string]any); c["n"] != want[c["name"].(string)] {
				t.Errorf("%v, want %v", c, want)
			}
		}
		var hits float64
		for _, r := range v["rules"].([]any) {
			hits += r.(map[string]any)["n"].(float64)
		}
		if int(hits) != rules {
			t.Errorf("%v hits, want %d", hits, rules)
		}
		if v["approvals_pending"] != 0.0 {
			t.Errorf("pending: %v", v["approvals_pending"])
		}
	})
}

// TestDraftIsCompared checks a draft with an error, then says what it changes; backtests are listed, and one that ended
// cannot be given up.
func TestDraftIsCompared(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	analyst := h.person(t, "analyst", auth.Analyst)
	text, err := decision.ShippedRuleset("first")
	must(t, err)
	draft := func(text string) map[string]any {
		t.Helper()
		body, err := json.Marshal(map[string]string{"text": text})
		must(t, err)
		status, v := analyst.do(t, "POST", "/v1/rulesets:diff", string(body))
		if status != 200 {
			t.Fatalf("%d %v", status, v)
		}
		return v
	}
	bad := draft(strings.Replace(string(text), "review: 30", "reviev: 30", 1))
	if p := bad["problems"].([]any); len(p) == 0 || p[0].(map[string]any)["line"].(float64) < 1 || bad["diff"] != nil {
		t.Errorf("a draft with an error: %v", bad)
	}
	good := draft(strings.Replace(string(text), "review: 30", "review: 31", 1))
	changed := good["diff"].(map[string]any)["thresholds"].(map[string]any)["changed"].([]any)
	if len(good["problems"].([]any)) != 0 || len(changed) != 1 || len(good["ruleset"].(map[string]any)["rules"].([]any)) == 0 {
		t.Errorf("a draft: %v", good)
	}
	h.call(t, "POST", "/v1/decisions", application(1))
	body, err := json.Marshal(map[string]string{"text": strings.Replace(string(text), "review: 30", "review: 31", 1)})
	must(t, err)
	_, job := analyst.do(t, "POST", "/v1/backtests", string(body))
	path := "/v1/backtests/" + job["id"].(string)
	if status, _ := h.person(t, "auditor", auth.Auditor).do(t, "DELETE", "/v1/backtests/bkt_none", ""); status != 404 {
		t.Errorf("an unknown backtest: %d", status)
	}
	for job["state"] == "running" {
		_, job = analyst.do(t, "GET", path, "")
	}
	if status, _ := analyst.do(t, "DELETE", path, ""); status != 409 {
		t.Errorf("one that ended is given up: %d", status)
	}
	_, v := analyst.do(t, "GET", "/v1/backtests", "")
	if all := items(t, v); len(all) != 1 || all[0]["report"] != nil || all[0]["ruleset"].(map[string]any)["id"] != "first" {
		t.Errorf("backtests: %v", v)
	}
	if _, v := analyst.do(t, "GET", "/v1/colleagues", ""); len(items(t, v)) < 2 {
		t.Errorf("colleagues: %v", v)
	}
}
