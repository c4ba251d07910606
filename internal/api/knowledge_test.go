package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/auth"
	"qingyuan/internal/improve/intel"
	"qingyuan/internal/prevent/text"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

func postOf(n int, at time.Time, words string, phones ...string) string {
	return eventOf("post.observed", fmt.Sprintf("p-%d-%d", n, at.UnixNano()), at, map[string]any{"platform": "xiaohongshu", "handle": fmt.Sprintf("xiaohongshu:u%d", n),
		"city": "上海市", "contact_phones": phones, "text": map[string]any{"author": "public", "text": words}})
}

func (h *house) decide(t *testing.T, body string) map[string]any {
	t.Helper()
	status, v, _ := h.call(t, "POST", "/v1/decisions", body)
	if status != 200 {
		t.Fatalf("%d %v\n%s", status, v, body)
	}
	return v
}

// TestOwnLexicon changes the lexicon by two people: the next text is read by it, versions stay, a removal and a restart hold.
func TestOwnLexicon(t *testing.T) {
	storetest.Each(t, nil, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		h.deploy(t, "default")
		analyst, lead := h.person(t, "analyst", auth.Analyst), h.person(t, "lead", auth.TaskforceLead)
		const change = `{"terms":[{"id":"own-1","text":"渡鸦通道","sense":{"zh":"伪造流水的暗称","en":"a cover name for forged statements"},"typology":"T8","source":"本行案例"}],"allow":["渡鸦通道景区"],"reason":"两起案件中出现"}`
		analyst.confirmed(t, lead, "/v1/text/lexicon/changes", change)
		scan := func(words string) map[string]any {
			t.Helper()
			body, _ := json.Marshal(map[string]any{"text": words, "author": "public"})
			status, v := analyst.do(t, "POST", "/v1/text/scan", string(body))
			if status != 200 {
				t.Fatalf("%d %v", status, v)
			}
			return v
		}
		v := scan("想做渡鸦通道的加微信 hao_88991，渡鸦桶道价格优惠")
		if hits := v["terms"].([]any); len(hits) < 2 {
			t.Fatalf("plain and disguised: %v", v["terms"])
		}
		if annex := fmt.Sprint(v["annex"]); !strings.Contains(annex, "伪造流水的暗称") || !strings.Contains(annex, "本行案例") {
			t.Errorf("annex: %v", annex)
		}
		if c := v["contacts"].([]any); len(c) != 1 || c[0].(map[string]any)["key"] == "" {
			t.Errorf("contacts: %v", c)
		}
		if s := fmt.Sprint(v["signals"]); !strings.Contains(s, "own@1") {
			t.Errorf("no signal names the version of the lexicon: %s", s)
		}
		if hits := scan("周末去渡鸦通道景区玩")["terms"].([]any); len(hits) != 0 {
			t.Errorf("an allowed phrase: %v", hits)
		}
		if got := fmt.Sprint(h.decide(t, postOf(1, time.Now(), "渡鸦通道，懂的来"))["reasons"]); !strings.Contains(got, "T8-CONFIRMED-TEXT") || !strings.Contains(got, "渡鸦通道") {
			t.Errorf("reasons: %s", got)
		}

		other := h.restarted(t)
		status, v := analyst.do(t, "POST", "/v1/text/lexicon/changes", `{"remove":["own-1"],"reason":"改为其他说法"}`)
		if status != 202 {
			t.Fatalf("%d %v", status, v)
		}
		if status, v := lead.do(t, "POST", "/v1/approvals/"+v["id"].(string)+"/approve", "{}"); status != 200 {
			t.Fatalf("%d %v", status, v)
		}
		if hits := scan("渡鸦通道")["terms"].([]any); len(hits) != 0 {
			t.Errorf("removed and still found: %v", hits)
		}
		for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			r, err := other.Scan(ctx, tenant, "渡鸦通道")
			must(t, err)
			if len(r.Hits) == 0 {
				break
			}
			if time.Since(began) > 10*time.Second {
				t.Fatal("another process does not notice")
			}
		}
		status, v = analyst.do(t, "GET", "/v1/text/lexicon/versions", "")
		if items := v["items"].([]any); status != 200 || len(items) != 2 || items[1].(map[string]any)["version"] != 1.0 || len(items[1].(map[string]any)["terms"].([]any)) != 1 {
			t.Errorf("versions: %d %v", status, v)
		}
		for _, bad := range []string{`{"remove":["own-1"],"reason":"再次删除"}`, `{"reason":"nothing"}`,
			`{"terms":[{"text":"甲乙","sense":{"zh":"","en":""},"typology":"T1","source":"x"}],"reason":"no sense"}`,
			`{"terms":[{"text":"甲乙","sense":{"zh":"一","en":"a"},"source":"x"}],"reason":"no typology"}`} {
			if status, v := analyst.do(t, "POST", "/v1/text/lexicon/changes", bad); status != 404 && status != 422 && status != 400 {
				t.Errorf("%s: %d %v", bad, status, v)
			}
		}
		if status, _ := h.person(t, "auditor", auth.Auditor).do(t, "POST", "/v1/text/lexicon/changes", change); status != http.StatusForbidden {
			t.Errorf("an auditor changes the lexicon: %d", status)
		}
	})
}

// restarted is the detector of another process on the same record: it knows at its start what is confirmed, and watches for more.
func (h *house) restarted(t *testing.T) *text.Detector {
	t.Helper()
	texts, err := text.New(text.Config{Blind: intel.Blind(h.keys), Secret: intel.Secret(h.keys)})
	must(t, err)
	s, err := intel.New(intel.Config{DB: h.db, Keys: h.keys, Events: h.events, Texts: texts})
	must(t, err)
	must(t, s.Adopt(ctx, tenant))
	r, err := texts.Scan(ctx, tenant, "渡鸦通道")
	must(t, err)
	if len(r.Hits) != 1 {
		t.Errorf("a restart forgets the lexicon: %v", r.Hits)
	}
	watching, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { s.Watch(watching) })
	t.Cleanup(func() { stop(); done.Wait() })
	return texts
}

// TestFamiliesAndInnocent looks a template up, registers it as innocent by two people, and C1 falls silent; taken out, it speaks again.
func TestFamiliesAndInnocent(t *testing.T) {
	storetest.Each(t, nil, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		h.deploy(t, "default")
		analyst, lead := h.person(t, "analyst", auth.Analyst), h.person(t, "lead", auth.TaskforceLead)
		letter := func(n int) string { return fmt.Sprintf(plantedTemplate, 7000+n) + "联系电话13900001111。" }
		var last map[string]any
		for n := range 4 {
			last = h.decide(t, complaintOf(n, time.Now().Add(-time.Duration(10-n)*time.Minute), letter(n)))
		}
		again := complaintOf(30, time.Now(), letter(30))
		first := h.decide(t, again)
		for range 3 { // the same event sent again is no new text
			if v := h.decide(t, again); v["id"] != first["id"] {
				t.Fatalf("sent again: %v", v)
			}
		}
		if got := fmt.Sprint(last["reasons"]); !strings.Contains(got, "T3-TEMPLATE") || !strings.Contains(got, "evt_") {
			t.Fatalf("the template is not told with its family: %s", got)
		}
		ask := func(body map[string]any) map[string]any {
			t.Helper()
			text, _ := json.Marshal(body)
			status, v := analyst.do(t, "POST", "/v1/text/families/lookup", string(text))
			if status != 200 {
				t.Fatalf("%d %v", status, v)
			}
			return v
		}
		pasted := ask(map[string]any{"text": letter(99), "author": "customer"})
		f, _ := pasted["family"].(map[string]any)
		if f == nil || f["size"] != 5.0 || len(f["members"].([]any)) != 5 || len(f["slots"].([]any)) == 0 || len(f["reasons"].([]any)) < 2 {
			t.Fatalf("pasted: %v", pasted)
		}
		if strings.Contains(fmt.Sprint(pasted), "13900001111") {
			t.Error("a phone is shown in clear")
		}
		event := f["members"].([]any)[0].(map[string]any)["event"].(string)
		if opened := ask(map[string]any{"event": event}); opened["family"].(map[string]any)["id"] != f["id"] || len(opened["near"].([]any)) != 4 {
			t.Errorf("opened: %v", opened)
		}
		if alone := ask(map[string]any{"text": "今天天气很好，我想问问怎么提前还款，需要带什么材料去网点办理呢", "author": "customer"}); alone["family"] != nil {
			t.Errorf("alone: %v", alone)
		}
		status, v := analyst.do(t, "GET", "/v1/text/families?sort=size", "")
		if items := v["items"].([]any); status != 200 || len(items) != 1 || items[0].(map[string]any)["subjects"] != 5.0 {
			t.Errorf("families: %d %v", status, v)
		}

		innocent, _ := json.Marshal(map[string]any{"verdict": "innocent", "title": "媒体公布的投诉模板", "source": "消费者协会公众号", "text_id": f["representative"], "reason": "媒体公布的模板"})
		analyst.confirmed(t, lead, "/v1/text/templates", string(innocent))
		if got := fmt.Sprint(h.decide(t, complaintOf(20, time.Now(), letter(20)))["reasons"]); strings.Contains(got, "T3-TEMPLATE") {
			t.Errorf("an innocent template speaks: %s", got)
		}
		_, v = analyst.do(t, "GET", "/v1/text/templates", "")
		registered := v["items"].([]any)[0].(map[string]any)
		if text := registered["text"].(string); !strings.Contains(text, "尊敬的领导") || strings.Contains(text, "13900001111") {
			t.Errorf("registered text: %s", text)
		}
		status, v = analyst.do(t, "DELETE", "/v1/text/templates/"+registered["id"].(string)+"?reason=mistake", "")
		if status != 202 {
			t.Fatalf("%d %v", status, v)
		}
		if status, v := lead.do(t, "POST", "/v1/approvals/"+v["id"].(string)+"/approve", "{}"); status != 200 {
			t.Fatalf("%d %v", status, v)
		}
		if got := fmt.Sprint(h.decide(t, complaintOf(21, time.Now(), letter(21)))["reasons"]); !strings.Contains(got, "T3-TEMPLATE") {
			t.Errorf("taken out and still silent: %s", got)
		}
	})
}

// TestContactBase sees a phone in posts and in a customer's text, confirms whose it is, and S1 speaks in the next decision, however
// the number is written.
func TestContactBase(t *testing.T) {
	storetest.Each(t, nil, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		h.deploy(t, "default")
		analyst, lead := h.person(t, "analyst", auth.Analyst), h.person(t, "lead", auth.TaskforceLead)
		now := time.Now()
		h.decide(t, postOf(1, now.Add(-3*time.Hour), "负债逾期都来问", "13911112222"))
		h.decide(t, postOf(2, now.Add(-2*time.Hour), "需要的加我 1 3 9 1 1 1 1 2 2 2 2"))
		h.decide(t, complaintOf(3, now.Add(-time.Hour), "对方让我打13911112222，收了我三千块钱就联系不上了，请帮我查一查"))
		must(t, h.intel.Gather(ctx, tenant))
		must(t, h.intel.Gather(ctx, tenant)) // twice counts once
		status, v := analyst.do(t, "GET", "/v1/text/contacts?kind=phone", "")
		items := v["items"].([]any)
		if status != 200 || len(items) != 1 {
			t.Fatalf("%d %v", status, v)
		}
		c := items[0].(map[string]any)
		if c["writers"] != 3.0 || c["posts"] != 2.0 || c["events"] != 3.0 || c["value"] != "139****2222" {
			t.Errorf("contact: %v", c)
		}
		status, v = analyst.do(t, "POST", "/v1/text/contacts/find", `{"kind":"phone","value":"139-1111-2222"}`)
		if status != 200 || v["key"] != c["key"] || len(v["sightings"].([]any)) != 3 {
			t.Errorf("found: %d %v", status, v)
		}
		next := func(n int) string {
			return fmt.Sprint(h.decide(t, messageOf(n, now, "有人让我联系一三九一一一一二二二二处理欠款，是你们的人吗"))["reasons"])
		}
		if got := next(10); strings.Contains(got, "CONFIRMED") {
			t.Errorf("before it is confirmed: %s", got)
		}
		analyst.confirmed(t, lead, "/v1/text/contact-marks", fmt.Sprintf(`{"key":%q,"kind":"phone","verdict":"agent","typology":"T3","reason":"三处出现且已核实"}`, c["key"]))
		if got := next(11); !strings.Contains(got, "T3-CONFIRMED-CONTACT") {
			t.Errorf("after: %s", got)
		}
		if got := fmt.Sprint(h.decide(t, postOf(4, now, "专业团队", "13911112222"))["reasons"]); !strings.Contains(got, "T3-CONFIRMED-CONTACT") {
			t.Errorf("as a field: %s", got)
		}
		_, v = analyst.do(t, "GET", "/v1/text/contacts/"+c["key"].(string), "")
		mark, _ := v["mark"].(map[string]any)
		if mark == nil || mark["verdict"] != "agent" {
			t.Fatalf("mark: %v", v)
		}
		if status, _ := analyst.do(t, "POST", "/v1/text/contact-marks", fmt.Sprintf(`{"key":%q,"kind":"phone","verdict":"lawful","reason":"twice"}`, c["key"])); status != 409 {
			t.Errorf("marked twice: %d", status)
		}
	})
}

// TestRejectedComesBack rejects a find: it stays away until it has grown.
func TestRejectedComesBack(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	h.deploy(t, "default")
	analyst := h.person(t, "analyst", auth.Analyst)
	today := h.line7(t, plantedSlogan, plantedTemplate)
	h.discover(t, analyst)
	found := analyst.candidates(t, "new")[plantedSlogan]
	path := "/v1/text/candidates/" + found["id"].(string)
	if status, v := analyst.do(t, "POST", path+"/reject", `{"reason":"地名"}`); status != 204 {
		t.Fatalf("%d %v", status, v)
	}
	h.discover(t, analyst)
	if analyst.candidates(t, "new")[plantedSlogan] != nil || analyst.candidates(t, "rejected")[plantedSlogan] == nil {
		t.Fatal("a rejected find is back")
	}
	talk := ordinary(t, "coached_complaint")
	for n := range 12 {
		h.decide(t, messageOf(6000+n, today.Add(-time.Hour), around(n, talk[100+n*3], plantedSlogan)))
	}
	h.discover(t, analyst)
	if analyst.candidates(t, "new")[plantedSlogan] == nil {
		t.Errorf("it has grown and stays rejected: %v", analyst.candidates(t, "rejected")[plantedSlogan])
	}
}

// textThings makes what the matrix asks for of texts: near-copies, and one of everything that can be confirmed.
func (h *house) textThings(t *testing.T, into map[string]string) {
	t.Helper()
	maker := qingyuan.Actor{Kind: qingyuan.ActorUser, ID: qingyuan.NewID("usr", time.Now())}
	second := qingyuan.Actor{Kind: qingyuan.ActorUser, ID: qingyuan.NewID("usr", time.Now())}
	var last map[string]any
	for n := range 3 {
		last = h.decide(t, complaintOf(100+n, time.Now().Add(-time.Hour), fmt.Sprintf(plantedTemplate, n)+"电话13822223333"))
	}
	agree := func(a *audit.Approval, err error) {
		t.Helper()
		must(t, err)
		_, err = h.intel.Approve(ctx, audit.Ballot{Tenant: tenant, Voter: second, Approval: a.ID})
		must(t, err)
	}
	job, err := h.intel.Start(ctx, h.queue, tenant, maker, time.Time{})
	must(t, err)
	for began := time.Now(); !job.Finished() && time.Since(began) < 20*time.Second; time.Sleep(5 * time.Millisecond) {
		job, err = h.queue.Get(ctx, tenant, job.ID)
		must(t, err)
	}
	found, err := h.intel.Candidates(ctx, tenant, intel.CandidateFilter{Limit: 1})
	must(t, err)
	must(t, h.intel.Gather(ctx, tenant))
	contacts, err := h.intel.Contacts(ctx, tenant, intel.ContactFilter{Limit: 1})
	must(t, err)
	if len(found) == 0 || len(contacts) == 0 {
		t.Fatalf("%d candidates, %d contacts", len(found), len(contacts))
	}
	agree(h.intel.RequestLexicon(ctx, tenant, maker, intel.LexiconChange{Allow: []string{"一句话"}}, "", "for the matrix"))
	agree(h.intel.RequestTemplate(ctx, tenant, maker, intel.NewTemplate{Verdict: intel.Innocent, Title: "表格", Source: "本行", Text: ordinary(t, "coached_complaint")[0], Reason: "for the matrix"}, ""))
	agree(h.intel.RequestMark(ctx, tenant, maker, intel.NewMark{Key: contacts[0].Key, Kind: contacts[0].Kind, Verdict: intel.Lawful, Reason: "for the matrix"}))
	templates, err := h.intel.Templates(ctx, tenant)
	must(t, err)
	marked, _, err := h.intel.Contact(ctx, tenant, contacts[0].Key, 1)
	must(t, err)
	for path, thing := range map[string]string{"families/{event}": last["event_id"].(string), "families/{event}/{path}": "text", "lexicon/versions/{version}": "1",
		"templates/{id}": templates[0].ID, "contacts/{key}": contacts[0].Key, "contact-marks/{id}": marked.Mark.ID, "candidates/{id}": found[0].ID, "discovery/{id}": job.ID} {
		into["/v1/text/"+path] = thing
	}
	for _, id := range []string{"remove-template", "unmark-text-contact"} {
		into[id+"?reason"] = "for+the+matrix"
	}
}
