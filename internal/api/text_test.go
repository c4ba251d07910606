package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

// ordinary are authored texts of one intent.
func ordinary(t *testing.T, label string) (all []string) {
	t.Helper()
	raw, err := os.ReadFile("../../testdata/text/intents_train.jsonl")
	must(t, err)
	for _, line := range bytes.Split(bytes.TrimSpace(raw), []byte("\n")) {
		var row struct{ Text, Label string }
		must(t, json.Unmarshal(line, &row))
		if row.Label == label {
			all = append(all, row.Text)
		}
	}
	return all
}

// around puts a phrase into a sentence of its own beside a text.
func around(n int, text, phrase string) string {
	ways := []string{"%s。听说%s管用。", "%s，不如走%s", "%s。有人教我用%s办。", "%s！现在都做%s了。", "%s。%s靠谱吗？", "%s，别人说的%s是什么", "%s。我也想试%s呢。"}
	return fmt.Sprintf(ways[n%len(ways)], strings.TrimRight(text, "。！？"), phrase)
}

// event is one event of a customer at a time.
func eventOf(kind, id string, at time.Time, data map[string]any) string {
	body, _ := json.Marshal(map[string]any{"specversion": "1.0", "id": id, "source": "/test", "type": kind, "time": at.UTC().Format(time.RFC3339), "data": data})
	return string(body)
}

func complaintOf(n int, at time.Time, words string) string {
	return eventOf("complaint.received", fmt.Sprintf("c-%d-%d", n, at.Unix()), at, map[string]any{"customer_no": fmt.Sprint("K", n),
		"id_no": idNumber(n), "channel": "own", "category": "complaint", "text": map[string]any{"author": "customer", "text": words}})
}

func messageOf(n int, at time.Time, words string) string {
	return eventOf("message.received", fmt.Sprintf("m-%d-%d", n, at.Unix()), at, map[string]any{"customer_no": fmt.Sprint("K", n),
		"channel": "app_chat", "origin": "to_lender", "text": map[string]any{"author": "customer", "text": words}})
}

// idNumber is a made-up ID number of a province that depends on n, with the right check digit.
func idNumber(n int) string {
	digits := fmt.Sprintf("%d0101198%d0%d%02d%03d", []int{11, 31, 44, 51}[n%4], n%10, 1+n%9, 1+n%28, n%1000)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += w * int(digits[i]-'0')
	}
	return digits + string("10X98765432"[sum%11])
}

// line7 plants a slogan and a template over weeks, and returns the day after.
func (h *house) line7(t *testing.T, slogan, template string) time.Time {
	t.Helper()
	today := time.Now().Add(-time.Hour)
	talk, complaints, coached := ordinary(t, "neutral"), ordinary(t, "genuine_complaint"), ordinary(t, "coached_complaint")
	var batch []string
	for n := range 60 { // ordinary life, before and now
		day := today.AddDate(0, 0, -1-n)
		batch = append(batch, messageOf(1000+n, day, talk[n]), complaintOf(2000+n, day, complaints[n]))
	}
	for n := range 9 {
		batch = append(batch, messageOf(3000+n, today.AddDate(0, 0, -1-n), around(n, coached[n*7], slogan)))
	}
	for n := range 6 {
		batch = append(batch, complaintOf(4000+n, today.AddDate(0, 0, -1-n), fmt.Sprintf(template, 100+37*n)))
	}
	for _, body := range batch {
		if status, v, _ := h.call(t, "POST", "/v1/decisions", body); status != 200 {
			t.Fatalf("%d %v\n%s", status, v, body)
		}
	}
	return today
}

const (
	plantedSlogan   = "青鸾渡口"
	plantedTemplate = "尊敬的领导您好，本人系贵公司客户，因经营受挫一时周转不开，贵公司外包人员连日骚扰本人同事与家属，本人已录音取证并公证。" +
		"现郑重要求贵公司七日内书面答复，出具减免结清证明并上报更正记录，否则本人将依次向各主管部门实名举报到底。申请编号%d。"
)

// TestNewSlangAndTemplates is the whole way of what is new: it appears in texts, is found, is confirmed by two people, and speaks in the
// next decision, live and replayed.
func TestNewSlangAndTemplates(t *testing.T) {
	storetest.Each(t, nil, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		h.deploy(t, "default")
		analyst, lead := h.person(t, "analyst", auth.Analyst), h.person(t, "lead", auth.TaskforceLead)
		talk := ordinary(t, "neutral")
		today := h.line7(t, plantedSlogan, plantedTemplate)
		h.discover(t, analyst)

		queue := analyst.candidates(t, "new")
		term, template := queue[plantedSlogan], queue["template"]
		if term == nil || template == nil {
			t.Fatalf("the queue lacks what was planted: %v", queue)
		}
		if term["writers"].(float64) < 5 || term["typology"] != "T3" || template["texts"].(float64) < 5 {
			t.Errorf("term %v, template %v", term, template)
		}
		_, whole := analyst.do(t, "GET", "/v1/text/candidates/"+term["id"].(string), "")
		if places := whole["evidence"].([]any); len(places) == 0 || !strings.Contains(fmt.Sprint(places), plantedSlogan) {
			t.Errorf("evidence: %v", places)
		}

		before := h.reasons(t, messageOf(5000, today, around(4, talk[70], plantedSlogan)))
		if strings.Contains(before, plantedSlogan) {
			t.Errorf("it speaks before it is confirmed: %s", before)
		}
		analyst.confirmed(t, lead, "/v1/text/candidates/"+term["id"].(string)+"/confirm",
			`{"sense":{"zh":"代理投诉的暗称","en":"a cover name for paid complaints"},"typology":"T3","reason":"九名客户近两周新出现"}`)
		analyst.confirmed(t, lead, "/v1/text/candidates/"+template["id"].(string)+"/confirm",
			`{"title":"七日书面答复模板","typology":"T3","reason":"六名客户雷同"}`)

		if got := h.reasons(t, messageOf(5001, today, around(5, talk[71], plantedSlogan))); !strings.Contains(got, plantedSlogan) {
			t.Errorf("the next decision does not name the term: %s", got)
		}
		if got := h.reasons(t, complaintOf(5002, today, fmt.Sprintf(plantedTemplate, 99999))); !strings.Contains(got, "七日书面答复模板") {
			t.Errorf("the next decision does not name the template: %s", got)
		}
		if got := h.reasons(t, messageOf(5003, today, talk[72])); strings.Contains(got, "CONFIRMED") {
			t.Errorf("an ordinary message: %s", got)
		}
		if left := analyst.candidates(t, "new"); left[plantedSlogan] != nil || left["template"] != nil {
			t.Errorf("confirmed ones wait in the queue: %v", left)
		}
		h.discover(t, analyst)
		if again := analyst.candidates(t, "new"); again[plantedSlogan] != nil || again["template"] != nil {
			t.Errorf("a second run finds them again: %v", again)
		}
		report, err := h.decisions.Replay(ctx, tenant, nil)
		must(t, err)
		if report.Identical != report.Decisions {
			t.Errorf("replay: %d of %d identical: %+v", report.Identical, report.Decisions, report.Differences)
		}
	})
}

// deploy makes a shipped ruleset the live one.
func (h *house) deploy(t *testing.T, name string) {
	t.Helper()
	system := qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "test"}
	text, err := decision.ShippedRuleset(name)
	must(t, err)
	id, version, err := h.decisions.Publish(ctx, tenant, system, text)
	must(t, err)
	must(t, h.decisions.Activate(ctx, tenant, system, id, version, "for the test"))
}

// reasons decides an event and returns its reasons as text.
func (h *house) reasons(t *testing.T, body string) string {
	t.Helper()
	status, v, _ := h.call(t, "POST", "/v1/decisions", body)
	if status != 200 {
		t.Fatalf("%d %v", status, v)
	}
	text, err := json.Marshal(v["reasons"])
	must(t, err)
	return string(text)
}

// discover runs discovery to its end.
func (h *house) discover(t *testing.T, by person) {
	t.Helper()
	status, v := by.do(t, "POST", "/v1/text/discovery", `{}`)
	if status != 202 {
		t.Fatalf("discovery: %d %v", status, v)
	}
	for began := time.Now(); v["state"] == "running"; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatal("discovery does not end")
		}
		status, v = by.do(t, "GET", "/v1/text/discovery/"+v["id"].(string), "")
	}
	if status != 200 || v["state"] != "done" {
		t.Fatalf("discovery: %d %v", status, v)
	}
}

// candidates are those in a state, by word; a template under its kind.
func (p person) candidates(t *testing.T, state string) map[string]map[string]any {
	t.Helper()
	status, v := p.do(t, "GET", "/v1/text/candidates?limit=200&state="+url.QueryEscape(state), "")
	if status != 200 {
		t.Fatalf("%d %v", status, v)
	}
	out := map[string]map[string]any{}
	for _, item := range v["items"].([]any) {
		c := item.(map[string]any)
		name := c["word"].(string)
		if c["kind"] == "template" {
			name = "template"
		}
		if out[name] == nil { // best first
			out[name] = c
		}
	}
	return out
}

// confirmed asks for a change, fails to approve it alone, and has the second person approve it.
func (p person) confirmed(t *testing.T, second person, path, body string) {
	t.Helper()
	status, v := p.do(t, "POST", path, body)
	if status != 202 {
		t.Fatalf("%s: %d %v", path, status, v)
	}
	approval := "/v1/approvals/" + v["id"].(string) + "/approve"
	if status, v := p.do(t, "POST", approval, "{}"); status != 403 {
		t.Errorf("one's own request: %d %v", status, v)
	}
	if status, v := second.do(t, "POST", approval, "{}"); status != 200 || v["state"] != "approved" {
		t.Fatalf("second person: %d %v", status, v)
	}
}
