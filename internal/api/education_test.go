package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"qingyuan/internal/auth"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

const toTeach = `{"title":{"zh":"还款遇到困难？","en":"Trouble repaying?"},"body":{"zh":"可以直接找我们协商，免费。","en":"Talk to us directly; it is free."},` +
	`"link":"https://bank.example/help","from":1,"to":7,"holdout":500,"window":30,"pause":90,"late":30,"reason":"first material"}`

// TestEducation: what one person proposes and another approves goes to whom falls overdue, but for the held out, and the effect can be read.
func TestEducation(t *testing.T) {
	storetest.Each(t, nil, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		qa, compliance, analyst := h.person(t, "qa", auth.CollectionsQA), h.person(t, "compliance", auth.Compliance), h.person(t, "analyst", auth.Analyst)
		if status, _ := analyst.do(t, "POST", "/v1/education/programme", toTeach); status != 403 {
			t.Errorf("an analyst proposes: %d", status)
		}
		if status, _ := qa.do(t, "POST", "/v1/education/programme", strings.Replace(toTeach, `"pause":90`, `"pause":20`, 1)); status != 422 {
			t.Errorf("a pause shorter than the window: %d", status)
		}
		if status, _ := qa.do(t, "GET", "/v1/education/programme", ""); status != 404 {
			t.Errorf("before there is one: %d", status)
		}
		qa.confirmed(t, compliance, "/v1/education/programme", toTeach)
		if status, v := analyst.do(t, "GET", "/v1/education/programme", ""); status != 200 || v["version"] != 1.0 || v["holdout"] != 500.0 {
			t.Fatalf("%d %v", status, v)
		}
		const people = 24
		for n := range people {
			body := eventOf("repayment.posted", fmt.Sprint("r", n), time.Now(), map[string]any{"customer_no": fmt.Sprint("K", n), "loan_no": fmt.Sprint("L", n),
				"status": "missed", "amount": 0, "overdue_days": 2})
			if status, v, _ := h.call(t, "POST", "/v1/decisions", body); status != 200 {
				t.Fatalf("%d %v", status, v)
			}
		}
		var items []any
		for end := time.Now().Add(20 * time.Second); len(items) < people && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			_, v := analyst.do(t, "GET", "/v1/education/enrolments?limit=100", "")
			items = v["items"].([]any)
		}
		arms := map[string]int{}
		for _, item := range items {
			n := item.(map[string]any)
			arm := n["arm"].(string)
			arms[arm]++
			_, one := analyst.do(t, "GET", "/v1/education/enrolments/"+n["id"].(string), "")
			if material := one["material"] != nil; material != (arm == "taught") || !strings.HasPrefix(one["event"].(string), "evt_") {
				t.Errorf("%s: %v", arm, one)
			}
		}
		if len(items) != people || arms["taught"] < 3 || arms["holdout"] < 3 {
			t.Errorf("%d of %d enrolled: %v", len(items), people, arms)
		}
		_, page := analyst.do(t, "GET", "/v1/education/enrolments?limit=10", "")
		_, next := analyst.do(t, "GET", fmt.Sprint("/v1/education/enrolments?limit=100&cursor=", page["next_cursor"]), "")
		if len(page["items"].([]any)) != 10 || len(next["items"].([]any)) != people-10 {
			t.Errorf("pages of %d and %d", len(page["items"].([]any)), len(next["items"].([]any)))
		}
		if status, v := analyst.do(t, "GET", "/v1/education/effect", ""); status != 200 || v["waiting"] != float64(people) || v["complaints"].(map[string]any)["told"] != false {
			t.Errorf("%d %v", status, v)
		}
	})
}
