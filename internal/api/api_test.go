package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/api"
	"qingyuan/internal/audit"
	"qingyuan/internal/auth"
	"qingyuan/internal/blob"
	"qingyuan/internal/handle/complaint"
	"qingyuan/internal/handle/evidence"
	"qingyuan/internal/improve/education"
	"qingyuan/internal/improve/intel"
	"qingyuan/internal/improve/label"
	"qingyuan/internal/intake"
	"qingyuan/internal/intake/imports"
	"qingyuan/internal/jobs"
	"qingyuan/internal/keys"
	"qingyuan/internal/law"
	"qingyuan/internal/notify"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/prevent/model/registry"
	"qingyuan/internal/prevent/text"
	"qingyuan/internal/rights"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
	"qingyuan/internal/telemetry"
)

const tenant = storetest.Tenant

var (
	ctx    = context.Background()
	update = flag.Bool("update", false, "rewrite api/openapi.yaml")
)

// house is a server with an administrator and keys.
type house struct {
	url       string
	db        *store.DB
	keys      *keys.Ring
	auth      *auth.Service
	decisions *decision.Service
	models    *registry.Service
	labels    *label.Service
	intel     *intel.Service
	events    *intake.Service
	queue     *jobs.Service
	api       *api.Server
	secret    string // of a key that may send events and read
	name      string // of the administrator
	pass      string
	exhibits  *evidence.Service
	imports   *imports.Service

	complaints *complaint.Service
	config     api.Config
	desk       *rights.Service
}

func build(t *testing.T, db *store.DB) *house {
	t.Helper()
	must(t, db.Migrate(ctx,
		rights.Migrations(), keys.Migrations(),
		auth.Migrations(),
		audit.Migrations(),
		intake.Migrations(),
		imports.Migrations(),
		registry.Migrations(),
		decision.Migrations(),
		label.Migrations(),
		jobs.Migrations(),
		notify.Migrations(),
		intel.Migrations(),
		education.Migrations(),
		evidence.Migrations(),
		complaint.Migrations(),
	))
	ring, err := keys.New(keys.Config{DB: db, KEK: make([]byte, 32)})
	must(t, err)
	must(t, ring.CreateTenant(ctx, tenant))
	accounts, err := auth.New(auth.Config{DB: db, Keys: ring})
	must(t, err)
	events, err := intake.New(intake.Config{DB: db, Keys: ring})
	must(t, err)
	models := registry.New(db)
	texts, err := text.New(text.Config{Blind: intel.Blind(ring), Secret: intel.Secret(ring)})
	must(t, err)
	decisions, err := decision.New(decision.Config{DB: db, Keys: ring, Events: events, Models: models, Detectors: []decision.Detector{texts}})
	must(t, err)
	must(t, decisions.Bootstrap(ctx, tenant, "first"))
	h := &house{db: db, keys: ring, auth: accounts, decisions: decisions, models: models, labels: label.New(db, ring, events)}
	h.name, h.pass, _, err = accounts.Bootstrap(ctx, tenant)
	must(t, err)
	h.secret = h.key(t, "decisions:write", "decisions:read", "events:write", "events:read", "rulesets:read")
	taught, err := education.New(education.Config{DB: db, Keys: ring, Events: events})
	must(t, err)
	queue, err := jobs.New(jobs.Config{DB: db, Poll: 20 * time.Millisecond})
	must(t, err)
	must(t, decisions.RegisterBacktests(queue))
	base, err := intel.New(intel.Config{DB: db, Keys: ring, Events: events, Texts: texts})
	must(t, err)
	must(t, base.RegisterRuns(queue, 0))
	h.intel, h.events, h.queue = base, events, queue
	blobs, err := blob.Open(blob.Config{Dir: t.TempDir()})
	must(t, err)
	files, err := imports.New(imports.Config{DB: db, Keys: ring, Events: events, Recorder: decisions, Blobs: blobs, Jobs: queue})
	must(t, err)
	h.imports = files
	run, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { queue.Run(run) })
	running.Go(func() { taught.Run(run) })
	t.Cleanup(func() { stop(); running.Wait() })
	tells, err := notify.New(notify.Config{DB: db, Keys: ring, Jobs: queue, PlainHTTP: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	must(t, err)
	running.Go(func() { tells.Feed(run, tenant) })
	book, err := law.Load(nil)
	must(t, err)
	desk, err := complaint.New(complaint.Config{DB: db, Keys: ring, Events: events, Law: book})
	must(t, err)
	exhibits, err := evidence.NewService(evidence.Config{DB: db, Keys: ring})
	must(t, err)
	policy, err := rights.ShippedPolicy()
	must(t, err)
	persons, err := rights.New(rights.Config{DB: db, Keys: ring, Directory: &intake.People{Events: events, Policy: policy},
		Holders: []rights.Holder{decision.Erasure{Service: decisions}, evidence.People{}}, Policy: policy})
	must(t, err)
	h.config = api.Config{
		Rights:     persons,
		DB:         db,
		Keys:       ring,
		Auth:       accounts,
		Events:     events,
		Models:     models,
		Labels:     h.labels,
		Decisions:  decisions,
		Evidence:   exhibits,
		Complaints: desk,
		Jobs:       queue,
		Imports:    files,
		Law:        book,
		Texts:      texts,
		Intel:      base,
		Education:  taught,
		Metrics:    telemetry.NewMetrics(),
		Version:    "test",
		Notify:     tells,
	}
	s, err := api.New(h.config)
	must(t, err)
	h.api, h.exhibits, h.complaints = s, exhibits, desk
	h.desk = persons
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	h.url = srv.URL
	return h
}

func (h *house) key(t *testing.T, scopes ...string) string {
	t.Helper()
	spec := auth.KeySpec{Name: "test", Role: auth.System}
	for _, s := range scopes {
		p, err := auth.ParsePermission(s)
		must(t, err)
		spec.Scopes = append(spec.Scopes, p)
	}
	admin := auth.Principal{Tenant: tenant, Actor: qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "test"}, Role: auth.Admin}
	secret, _, err := h.auth.CreateKey(ctx, admin, spec)
	must(t, err)
	return secret
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// call sends a request and decodes the answer.
func (h *house) call(t *testing.T, method, path, body string, header ...string) (int, map[string]any, http.Header) {
	t.Helper()
	req, err := http.NewRequest(method, h.url+path, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+h.secret)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if req.Header.Set(header[i], header[i+1]); header[i+1] == "" {
			req.Header.Del(header[i])
		}
	}
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	must(t, err)
	var v map[string]any
	if len(text) > 0 && json.Unmarshal(text, &v) != nil {
		t.Fatalf("%s %s: not JSON: %s", method, path, text)
	}
	return resp.StatusCode, v, resp.Header
}

func loan(id string, more string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/test","type":"loan.drawn","time":%q,"data":{"customer_no":"C1","loan_no":"L1","amount":500000,"phone":"13800138000","device_id":"device-0001"%s}}`,
		id, time.Now().Add(-time.Hour).UTC().Format(time.RFC3339), more)
}

// application is from customer Cn; all are on one device and phone.
func application(n int) string {
	body := strings.Replace(loan(fmt.Sprint("f", n), ""), `"loan_no":"L1",`, "", 1)
	body = strings.Replace(body, "loan.drawn", "application.submitted", 1)
	return strings.Replace(body, `"C1"`, fmt.Sprintf(`"C%d"`, n), 1)
}

// TestDecideAndFollow sends events, finds their decisions and follows a reason to the events behind it.
func TestDecideAndFollow(t *testing.T) {
	storetest.Each(t, nil, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		var last map[string]any
		for i := range 6 {
			body := application(i)
			status, v, head := h.call(t, "POST", "/v1/decisions", body, "Idempotency-Key", fmt.Sprint("k", i))
			if status != 200 || head.Get("Location") != "/v1/decisions/"+v["id"].(string) {
				t.Fatalf("%d %v", status, v)
			}
			last = v
		}
		id := last["id"].(string)
		status, d, _ := h.call(t, "GET", "/v1/decisions/"+id, "")
		if status != 200 || d["outcome"] != last["outcome"] {
			t.Fatalf("%d %v", status, d)
		}
		if phone := d["subject"].(map[string]any)["phone"]; phone != "138****8000" {
			t.Errorf("phone is shown as %v", phone)
		}
		raw, _ := json.Marshal(d)
		if bytes.Contains(raw, []byte("13800138000")) {
			t.Error("the explanation shows a phone in clear")
		}
		value := ""
		for _, v := range d["values"].([]any) {
			name := v.(map[string]any)["name"].(string)
			if strings.HasPrefix(name, "velocity.device") && !strings.HasSuffix(name, ".key") {
				value = name
			}
		}
		if value == "" {
			t.Fatalf("six customers on one device and no device velocity in %v", d["values"])
		}
		status, behind, _ := h.call(t, "GET", "/v1/decisions/"+id+"/events?value="+value, "")
		if items, _ := behind["items"].([]any); status != 200 || len(items) < 5 {
			t.Errorf("%s: %d, %d events behind it", value, status, len(items))
		}
		_, page, _ := h.call(t, "GET", "/v1/decisions?limit=4", "")
		if len(page["items"].([]any)) != 4 || page["next_cursor"] == nil {
			t.Fatalf("first page: %v", page)
		}
		_, rest, _ := h.call(t, "GET", "/v1/decisions?limit=4&cursor="+page["next_cursor"].(string), "")
		if len(rest["items"].([]any)) != 2 || rest["next_cursor"] != nil {
			t.Fatalf("second page: %v", rest)
		}
		for q, want := range map[string]int{"13800138000": 6, "C3": 1, "device-0001": 6, id: 1, "C99": 0} {
			if _, found, _ := h.call(t, "GET", "/v1/decisions?q="+q, ""); len(found["items"].([]any)) != want {
				t.Errorf("search %s: %d, want %d", q, len(found["items"].([]any)), want)
			}
		}
		again, v, _ := h.call(t, "POST", "/v1/decisions", application(5))
		if again != 200 && again != 409 || again == 200 && v["repeated"] != true {
			t.Errorf("sent again: %d %v", again, v)
		}
	})
}

// TestBadInput sends what must be refused: each gets the right problem, nothing is stored, nothing is a 5xx.
func TestBadInput(t *testing.T) {
	storetest.Each(t, nil, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		expired := h.secret[:len(h.secret)-4] + "AAAA"
		otherTenant := strings.Replace(h.secret, "_"+string(tenant)+"_", "_nobody_", 1)
		good := loan("x", "")
		cases := []struct {
			name, body string
			header     []string
			status     int
			code       string
		}{
			{"empty", "", nil, 400, "invalid"},
			{"not JSON", "hello", nil, 400, "invalid"},
			{"10 MB", loan("x", `,"product":"`+strings.Repeat("a", 10<<20)+`"`), nil, 413, "invalid"},
			{"10,000 deep", loan("x", `,"attributes":`+strings.Repeat("[", 10000)+strings.Repeat("]", 10000)), nil, 422, "invalid"},
			{"duplicate key", loan("x", `,"amount":1`), nil, 422, "invalid"},
			{"case-folded key", loan("x", `,"Term_Months":1`), nil, 422, "invalid"},
			{"unknown key", loan("x", `,"nosuch":1`), nil, 422, "invalid"},
			{"invalid UTF-8", loan("x", ",\"product\":\"\xff\xfe\""), nil, 422, "invalid"},
			{"wrong type", strings.Replace(good, `"amount":500000`, `"amount":"500000"`, 1), nil, 422, "invalid"},
			{"overflow", strings.Replace(good, `"amount":500000`, `"amount":99999999999999999999`, 1), nil, 422, "invalid"},
			{"absurd date", strings.Replace(good, `"time":"2`, `"time":"9`, 1), nil, 422, "invalid"},
			{"long ago", strings.Replace(good, `"time":"20`, `"time":"10`, 1), nil, 422, "invalid"},
			{"unknown kind", strings.Replace(good, "loan.drawn", "loan.eaten", 1), nil, 422, "invalid"},
			{"bad phone", strings.Replace(good, "13800138000", "138001380001234567", 1), nil, 422, "invalid"},
			{"no key", good, []string{"Authorization", ""}, 401, "unauthorized"},
			{"wrong key", good, []string{"Authorization", "Bearer " + expired}, 401, "unauthorized"},
			{"unknown tenant", good, []string{"Authorization", "Bearer " + otherTenant}, 401, "unauthorized"},
			{"rubbish key", good, []string{"Authorization", "Bearer \xff\x00"}, 400, ""},
			{"long idempotency key", good, []string{"Idempotency-Key", strings.Repeat("k", 300)}, 422, "invalid"},
		}
		for _, c := range cases {
			if c.code == "" {
				continue // the HTTP client itself refuses to send it
			}
			for _, path := range []string{"/v1/decisions", "/v1/events"} {
				status, v, head := h.call(t, "POST", path, c.body, c.header...)
				wantStatus := c.status
				if path == "/v1/events" && c.name == "10 MB" {
					wantStatus = 413
				}
				if status != wantStatus && !(c.status == 422 && status == 400) || v["code"] != c.code || head.Get("Content-Type") != "application/problem+json" {
					t.Errorf("%s %s: %d %v, want %d %s", path, c.name, status, v, wantStatus, c.code)
				}
				if text := fmt.Sprint(v); strings.Contains(text, "13800138000") {
					t.Errorf("%s: the problem repeats a phone: %s", c.name, text)
				}
			}
		}
		_, sum, _ := h.call(t, "GET", "/v1/summary", "")
		if sum["events"] != 0.0 {
			t.Errorf("%v events were stored", sum["events"])
		}
		for _, path := range []string{"/v1/decisions?limit=0", "/v1/decisions?limit=201", "/v1/decisions?cursor=rubbish", "/v1/decisions?outcome=maybe", "/v1/decisions?from=yesterday"} {
			if status, v, _ := h.call(t, "GET", path, ""); status != 422 || v["code"] != "invalid" {
				t.Errorf("%s: %d %v", path, status, v)
			}
		}
		for _, path := range []string{"/v1/decisions/dec_00000000000000000000000000", "/v1/decisions/rubbish", "/v1/events/evt_00000000000000000000000000"} {
			if status, v, _ := h.call(t, "GET", path, ""); status != 404 || v["code"] != "not_found" {
				t.Errorf("%s: %d %v", path, status, v)
			}
		}
	})
}

// TestBatch records a batch in which some events are bad: the others stand.
func TestBatch(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	batch := "[" + loan("a", "") + "," + strings.Replace(loan("b", ""), "13800138000", "1", 1) + "," + loan("a", "") + "," + loan("c", "") + "]"
	status, v, _ := h.call(t, "POST", "/v1/events", batch)
	if status != 200 || v["recorded"] != 2.0 || v["repeated"] != 1.0 || v["refused"] != 1.0 {
		t.Fatalf("%d %v", status, v)
	}
}

func TestRolesAreChecked(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	h.secret = h.key(t, "events:write")
	for _, c := range []struct{ method, path string }{{"GET", "/v1/decisions"}, {"POST", "/v1/decisions"}, {"GET", "/v1/rulesets/live"}, {"GET", "/v1/stream"}, {"POST", "/v1/keys"}, {"GET", "/metrics"}} {
		if status, v, _ := h.call(t, c.method, c.path, "{}"); status != 403 || v["code"] != "forbidden" {
			t.Errorf("%s %s with events:write only: %d %v", c.method, c.path, status, v)
		}
	}
}

// TestSession signs in, must change the first password, and needs the anti-forgery token for every change.
func TestSession(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	post := func(path, body, cookie, csrf string) (int, map[string]any, string) {
		status, v, head := h.call(t, "POST", path, body, "Authorization", "", "Cookie", cookie, "X-CSRF-Token", csrf)
		set, _, _ := strings.Cut(head.Get("Set-Cookie"), ";")
		return status, v, set
	}
	signIn := func(pass string) (int, map[string]any, string) {
		return post("/v1/session", fmt.Sprintf(`{"tenant":%q,"username":%q,"password":%q}`, tenant, h.name, pass), "", "")
	}
	if status, v, _ := signIn("wrong password"); status != 401 || v["code"] != "unauthorized" {
		t.Fatalf("wrong password: %d %v", status, v)
	}
	status, v, cookie := signIn(h.pass)
	if status != 200 || !strings.HasPrefix(cookie, "qy_session=") {
		t.Fatalf("sign in: %d %v %q", status, v, cookie)
	}
	csrf := v["csrf"].(string)
	change := fmt.Sprintf(`{"current":%q,"password":"correct horse 电池 staple"}`, h.pass)
	if status, v, _ := post("/v1/session/password", change, cookie, "wrong"); status != 403 {
		t.Errorf("wrong anti-forgery token: %d %v", status, v)
	}
	status, v, fresh := post("/v1/session/password", change, cookie, csrf)
	if status != 200 {
		t.Fatalf("change password: %d %v", status, v)
	}
	if status, _, _ := h.call(t, "GET", "/v1/session", "", "Authorization", "", "Cookie", cookie); status != 401 {
		t.Errorf("the old session lives on: %d", status)
	}
	status, v, _ = h.call(t, "GET", "/v1/session", "", "Authorization", "", "Cookie", fresh)
	if status != 200 || v["user"].(map[string]any)["name"] != h.name {
		t.Errorf("%d %v", status, v)
	}
	if status, v, _ := post("/v1/keys", `{"name":"k","scopes":["events:write"]}`, fresh, v["csrf"].(string)); status != 201 || v["secret"] == nil {
		t.Errorf("make a key: %d %v", status, v)
	}
	if status, v, _ := post("/v1/accounts", `{"name":"analyst","role":"analyst"}`, fresh, v["csrf"].(string)); status != 201 || v["password"] == nil {
		t.Errorf("make an account: %d %v", status, v)
	}
}

// TestSignInFlood tries more sign-ins than one address may.
func TestSignInFlood(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	refused := 0
	for range 30 {
		status, v, head := h.call(t, "POST", "/v1/session", `{"username":"nobody","password":"x"}`, "Authorization", "")
		if status == 429 && v["code"] == "too_many" && head.Get("Retry-After") != "" {
			refused++
		}
	}
	if refused < 5 {
		t.Errorf("%d of 30 sign-ins at once were refused", refused)
	}
}

// TestOpenAPIIsCommitted compares the document with the committed one; -update rewrites it.
func TestOpenAPIIsCommitted(t *testing.T) {
	s, err := api.New(api.Config{Version: "1"})
	must(t, err)
	got, err := s.OpenAPI().YAML()
	must(t, err)
	const path = "../../api/openapi.yaml"
	if *update {
		must(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Fatal("api/openapi.yaml is not the document of this code: go test ./internal/api -run OpenAPI -update, and read the difference")
	}
}
