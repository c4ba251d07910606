package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/auth"
	"qingyuan/internal/handle/complaint"
	"qingyuan/internal/handle/evidence"
	"qingyuan/internal/intake/imports"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/prevent/model"
	"qingyuan/internal/rights"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

// unguarded lists the operations that need no permission of the matrix, and whom they serve.
var unguarded = map[string]string{
	"sign-in":               "anyone",
	"get-session":           "oneself",
	"sign-out":              "oneself",
	"change-password":       "oneself",
	"list-sessions":         "oneself",
	"end-session":           "oneself",
	"begin-second-factor":   "oneself",
	"confirm-second-factor": "oneself",
}

// operation is one row of the matrix.
type operation struct {
	*huma.Operation
	need string // resource:action, or what unguarded says
}

// operations walks the whole document, in order of path and method.
func operations(t *testing.T, doc *huma.OpenAPI) []operation {
	t.Helper()
	var all []operation
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			need, _ := op.Extensions["x-permission"].(string)
			if need == "" {
				need = unguarded[op.OperationID]
			}
			if need == "" {
				t.Errorf("%s %s needs no permission and is not listed as unguarded", op.Method, op.Path)
			}
			for _, part := range strings.Split(op.Path, "/") {
				name := strings.Trim(part, "{}")
				if name != part && !slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.In == "path" && p.Name == name }) {
					t.Errorf("%s %s does not read {%s}: an embedded input must be exported", op.Method, op.Path, name)
				}
			}
			all = append(all, operation{op, need})
		}
	}
	slices.SortFunc(all, func(a, b operation) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	return all
}

// caller is one role of one tenant as it reaches the API.
type caller struct {
	role   auth.Role
	header http.Header // its session with the anti-forgery token, or its key
}

// callers are one of each role in a tenant. Sessions are put into the record as sign-in would leave them: hashing 26
// passwords would take longer than all the rest.
func (h *house) callers(t *testing.T, tenant qingyuan.Tenant) []caller {
	t.Helper()
	var all []caller
	for _, role := range auth.Roles {
		if role == auth.System {
			var scopes []auth.Permission
			for _, p := range auth.Permissions() {
				if role.Allows(p) {
					scopes = append(scopes, p)
				}
			}
			admin := auth.Principal{Tenant: tenant, Actor: qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "test"}, Role: auth.Admin}
			secret, _, err := h.auth.CreateKey(ctx, admin, auth.KeySpec{Name: "matrix", Role: role, Scopes: scopes})
			must(t, err)
			all = append(all, caller{role, http.Header{"Authorization": {"Bearer " + secret}}})
			continue
		}
		token := "qys_" + string(tenant) + "_" + strings.Repeat("0", 52-len(role)) + strings.Map(crockford, string(role))
		hash, now := sha256.Sum256([]byte(token)), time.Now()
		must(t, h.db.Write(ctx, tenant, func(tx *store.Tx) error {
			id := qingyuan.NewID("usr", now)
			tx.Insert(accountRow, id, "matrix-"+string(role), string(role), "x", false, 0, 0, now.UnixMicro())
			tx.Insert(sessionRow, hash[:], id, now.UnixMicro(), now.UnixMicro(), now.Add(time.Hour).UnixMicro())
			return nil
		}))
		header := http.Header{"Cookie": {"qy_session=" + token}}
		_, body := h.ask("GET", "/v1/session", "", header, ctx)
		var session struct{ CSRF string }
		must(t, json.Unmarshal(body, &session))
		header.Set("X-CSRF-Token", session.CSRF)
		all = append(all, caller{role, header})
	}
	return all
}

var (
	accountRow = store.Into("account", "id", "name", "role", "password_hash", "must_change", "failed", "locked_until", "created_at")
	sessionRow = store.Into("session", "hash", "account", "created_at", "last_seen_at", "expires_at")
)

// crockford keeps a letter within the alphabet of tokens.
func crockford(r rune) rune {
	if strings.ContainsRune("0123456789abcdefghjkmnpqrstvwxyz", r) {
		return r
	}
	return map[rune]rune{'i': '1', 'l': '2', 'o': '3', 'u': '4', '_': '5'}[r]
}

// ask sends one request to the whole server, without the network.
func (h *house) ask(method, path, body string, header http.Header, ctx context.Context) (int, []byte) {
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	for k, v := range header {
		r.Header[k] = v
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.api.ServeHTTP(w, r)
	return w.Code, w.Body.Bytes()
}

// TestMatrix asks every operation of the document for every role of the own tenant and of another one, and compares who was
// let through with the matrix as it was reviewed. An operation without a row fails; -update writes the rows, to be read.
func TestMatrix(t *testing.T) {
	const other qingyuan.Tenant = "t2"
	db := storetest.Open(t, t.TempDir()+"/q.db")
	must(t, db.CreateTenant(ctx, other, "Other"))
	h := build(t, db)
	must(t, h.keys.CreateTenant(ctx, other))
	must(t, h.decisions.Bootstrap(ctx, other, "first"))
	things := h.things(t)
	own, others := h.callers(t, tenant), h.callers(t, other)
	all := operations(t, h.api.OpenAPI())
	var b strings.Builder
	for _, role := range auth.Roles {
		fmt.Fprintf(&b, " %s", role)
	}
	table := fmt.Sprintf("%-66s %-22s %-9s%s\n", "operation", "permission", "other's", b.String())
	var lines []string
	for _, op := range all {
		m := probe{h, op, things, h.api.OpenAPI().Components.Schemas}
		other := m.refused(t, others)
		line := fmt.Sprintf("%-66s %-22s %-9s", op.Method+" "+op.Path, op.need, other)
		for _, c := range own {
			line += fmt.Sprintf(" %-*s", len(c.role), m.mark(t, c))
		}
		m.needsToken(t, own[0])
		lines = append(lines, strings.TrimRight(line, " "))
	}
	got := table + strings.Join(lines, "\n") + "\n"
	const path = "testdata/matrix.golden"
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	written := strings.Split(string(want), "\n")
	for _, line := range strings.Split(got, "\n") {
		if !slices.Contains(written, line) {
			t.Errorf("not in the matrix as it was reviewed (run with -update and read the difference):\n%s", line)
		}
	}
	if string(want) != got && !t.Failed() {
		t.Error("the matrix has rows of operations that are gone: run with -update")
	}
}

// probe asks one operation.
type probe struct {
	h       *house
	op      operation
	things  map[string]string
	schemas huma.Registry
}

// url fills the path with things of the own tenant; whole says whether every part was found.
func (m probe) url() (url string, whole bool) {
	parts := strings.Split(m.op.Path, "/")
	whole = true
	for i, part := range parts {
		if !strings.HasPrefix(part, "{") {
			continue
		}
		v, ok := m.things[strings.Join(strings.Split(m.op.Path, "/")[:i+1], "/")]
		if !ok {
			v, whole = "none", false
		}
		parts[i] = v
	}
	url = strings.Join(parts, "/")
	sep := "?"
	for _, p := range m.op.Parameters {
		if p.In == "query" && p.Required {
			url, sep = url+sep+p.Name+"="+m.things[m.op.OperationID+"?"+p.Name], "&"
		}
	}
	return url, whole
}

func (m probe) send(header http.Header) (int, []byte) {
	url, _ := m.url()
	body := m.things[m.op.OperationID]
	if body == "" && m.op.RequestBody != nil {
		for _, media := range m.op.RequestBody.Content {
			v, _ := json.Marshal(sample(m.schemas, media.Schema, 0))
			body = string(v)
		}
	}
	ask, cancel := context.WithCancel(ctx)
	defer cancel()
	if ok := m.op.Responses["200"]; ok != nil && ok.Content["text/event-stream"] != nil {
		ask, cancel = context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
	}
	return m.h.ask(m.op.Method, url, body, header, ask)
}

// mark is x where the caller is let through, - where it is refused for want of the permission.
func (m probe) mark(t *testing.T, c caller) string {
	t.Helper()
	if m.op.OperationID == "sign-out" || m.op.need == "oneself" && m.op.Method != http.MethodGet {
		return "x" // they end the session that the next operation needs; TestSession and TestSessionOperations ask them
	}
	status, body := m.send(c.header)
	allowed := !(status == 403 && bytes.Contains(body, []byte("this needs the permission "+m.op.need)))
	if status == 401 && m.op.need == "oneself" {
		allowed = false // a key is nobody's session
	}
	if status >= 500 || status == 401 && m.op.need != "anyone" && m.op.need != "oneself" {
		t.Errorf("%s %s as %s: %d %s", m.op.Method, m.op.Path, c.role, status, body)
	}
	if declared, err := auth.ParsePermission(m.op.need); err == nil && declared.String() == m.op.need && c.role.Allows(declared) != allowed {
		t.Errorf("%s %s as %s: %d %s", m.op.Method, m.op.Path, c.role, status, body)
	}
	if allowed {
		return "x"
	}
	return "-"
}

// named matches parameters that are words of the ruleset: every tenant has its own thing of that name.
var named = regexp.MustCompile(`\{(list|rule|table)\}`)

// refused sends every role of another tenant and says how they were kept away: 404 for a thing of the own tenant; none where no
// row of it was seen; named where they reach their own thing of that name; unproved where the test has nothing of the kind to ask
// for: make one in things.
func (m probe) refused(t *testing.T, others []caller) string {
	t.Helper()
	_, whole := m.url()
	verdict := "none"
	if strings.Contains(m.op.Path, "{") {
		verdict = "unproved"
		if !strings.Contains(named.ReplaceAllString(m.op.Path, ""), "{") {
			verdict = "named"
		}
	}
	for _, c := range others {
		if unguarded[m.op.OperationID] != "" {
			continue
		}
		status, body := m.send(c.header)
		for template, thing := range m.things {
			if len(thing) > 20 && strings.HasPrefix(template, "/") && bytes.Contains(body, []byte(thing)) && status < 300 {
				t.Errorf("%s %s as %s of another tenant shows %s: %d %s", m.op.Method, m.op.Path, c.role, template, status, body)
			}
		}
		if whole && status == 404 {
			verdict = "404"
		}
		if whole && status < 300 && verdict != "named" && verdict != "none" {
			t.Errorf("%s %s as %s of another tenant: %d %s", m.op.Method, m.op.Path, c.role, status, body)
		}
	}
	return verdict
}

// needsToken sends a change with a session but without its anti-forgery token, and a request of nobody.
func (m probe) needsToken(t *testing.T, c caller) {
	t.Helper()
	if m.op.need == "anyone" {
		return
	}
	if status, body := m.send(nil); status != 401 && m.op.OperationID != "sign-out" && m.op.OperationID != "change-password" {
		t.Errorf("%s %s as nobody: %d %s", m.op.Method, m.op.Path, status, body)
	}
	if m.op.Method == http.MethodGet {
		return
	}
	if status, body := m.send(http.Header{"Cookie": c.header["Cookie"]}); status != 403 {
		t.Errorf("%s %s without the anti-forgery token: %d %s", m.op.Method, m.op.Path, status, body)
	}
}

// things makes one of each in the own tenant. A key that is a path up to a parameter gives the parameter's value; a key that is
// an operation's id gives its body.
func (h *house) things(t *testing.T) map[string]string {
	t.Helper()
	_, d, _ := h.call(t, "POST", "/v1/decisions", application(1))
	admin := auth.Principal{Tenant: tenant, Actor: qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "test"}, Role: auth.Admin}
	account, _, err := h.auth.CreateAccount(ctx, admin, "someone", auth.Clerk)
	must(t, err)
	_, key, err := h.auth.CreateKey(ctx, admin, auth.KeySpec{Name: "some", Role: auth.System, Scopes: []auth.Permission{{Resource: auth.Events, Action: auth.Read}}})
	must(t, err)
	maker := qingyuan.Actor{Kind: qingyuan.ActorUser, ID: qingyuan.NewID("usr", time.Now())}
	live, err := h.decisions.Ruleset(ctx, tenant, "", 0)
	must(t, err)
	list, rule := live.Program.Ruleset().Lists[0].ID, live.Program.Ruleset().Rules[0].ID
	entry := decision.NewEntry{Kind: qingyuan.Phone, Match: "exact", Value: "13800138111", Reason: "for the matrix"}
	ids, action, err := h.decisions.AddEntries(ctx, tenant, qingyuan.Actor{Kind: qingyuan.ActorKey, ID: key.ID}, list, []decision.NewEntry{entry})
	must(t, err)
	asked, err := h.decisions.RequestEntries(ctx, tenant, maker, list, []decision.NewEntry{entry}, "for the matrix")
	must(t, err)
	snooze, err := h.decisions.RequestSnooze(ctx, tenant, maker, decision.NewSnooze{Rule: rule, ExpiresAt: time.Now().Add(time.Hour), Reason: "for the matrix"})
	must(t, err)
	_, err = h.decisions.Approve(ctx, audit.Ballot{Tenant: tenant, Voter: qingyuan.Actor{Kind: qingyuan.ActorUser, ID: account.ID}, Approval: snooze.ID})
	must(t, err)
	silent, err := h.decisions.Snoozes(ctx, tenant)
	must(t, err)
	_, _, err = h.decisions.Publish(ctx, tenant, maker, []byte(live.Text))
	must(t, err)
	archive, err := model.ArchiveDir("../prevent/model/testdata/golden")
	must(t, err)
	trained, _, err := h.models.Add(ctx, tenant, maker, archive, "for the matrix")
	must(t, err)
	_, backtest, _ := h.call(t, "POST", "/v1/backtests", fmt.Sprintf(`{"id":%q,"version":1}`, live.ID))
	exhibit, err := h.exhibits.Record(ctx, tenant, maker, evidence.New{Bytes: []byte("x"), Capture: evidence.Capture{Name: "n", Channel: "c", Origin: "o", By: "b",
		Clock: "ntp", Method: "m", At: time.Now()}})
	must(t, err)
	hold, err := h.exhibits.PlaceHold(ctx, tenant, maker, "case_1", "for the matrix")
	must(t, err)
	upload, err := h.imports.Receive(ctx, tenant, maker, imports.Upload{Name: "x.csv", Mapping: "uci_credit_default", Body: strings.NewReader("a\n")})
	must(t, err)
	grievance := h.complaint(t)
	entries := `{"entries":[{"kind":"phone","match":"exact","value":"13800138112","reason":"for the matrix"}]}`
	customer, err := h.keys.Blind(ctx, tenant, qingyuan.Customer, "C1")
	must(t, err)
	personHold, err := h.desk.PlaceHold(ctx, tenant, maker, customer, rights.Hold{Reason: "for the matrix", Basis: "a case"})
	must(t, err)
	basis, err := h.desk.AddBasis(ctx, tenant, maker, customer, rights.Basis{Purpose: "the matrix", Basis: "consent"})
	must(t, err)
	request, err := h.desk.Open(ctx, tenant, maker, rights.NewRequest{Kind: rights.Explain, Person: customer})
	must(t, err)
	all := map[string]string{
		"/v1/decisions/{id}":                   d["id"].(string),
		"/v1/events/{id}":                      d["event_id"].(string),
		"/v1/accounts/{id}":                    account.ID,
		"/v1/keys/{id}":                        key.ID,
		"/v1/approvals/{id}":                   asked.ID,
		"/v1/lists/{list}":                     list,
		"/v1/lists/{list}/entries/{id}":        ids[0],
		"/v1/lists/{list}/actions/{action}":    fmt.Sprint(action),
		"/v1/rulesets/{id}":                    live.ID,
		"/v1/rulesets/{id}/versions/{version}": "2",
		"/v1/snoozes/{id}":                     silent[0].ID,
		"/v1/backtests/{id}":                   backtest["id"].(string),
		"/v1/complaints/{id}":                  grievance,
		"/v1/exhibits/{id}":                    exhibit.ID,
		"/v1/legal-holds/{id}":                 hold.ID,
		"/v1/jobs/{id}":                        backtest["id"].(string),
		"/v1/rules/{rule}":                     rule,
		"/v1/models/{version}":                 trained.Version,
		"/v1/persons/{person}":                 customer,
		"/v1/person-holds/{id}":                personHold,
		"/v1/person-bases/{id}":                basis,
		"/v1/person-requests/{id}":             request.ID,
		"unrestrict-person?reason":             "because",
		"events-behind?value":                  "velocity.x",
		"/v1/imports/{id}":                     upload.ID,
		"/v1/exports/{table}":                  "decisions",
		"upload-import":                        "a,b\n1,2\n",
		"upload-import?name":                   "matrix.csv",
		"decide":                               application(7),
		"record":                               application(8),
		"add-list-entries":                     entries,
		"preview-list-entries":                 entries,
	}
	h.textThings(t, all)
	return all
}

// sample is a small value that a schema accepts, but for patterns and what only the service knows.
func sample(r huma.Registry, s *huma.Schema, depth int) any {
	if s == nil || depth > 8 {
		return nil
	}
	if s.Ref != "" {
		return sample(r, r.SchemaFromRef(s.Ref), depth+1)
	}
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case len(s.OneOf) > 0:
		return sample(r, s.OneOf[0], depth+1)
	case s.Type == "object":
		v := map[string]any{}
		for _, name := range s.Required {
			v[name] = sample(r, s.Properties[name], depth+1)
		}
		return v
	case s.Type == "array":
		v := []any{}
		for s.MinItems != nil && len(v) < *s.MinItems {
			v = append(v, sample(r, s.Items, depth+1))
		}
		return v
	case s.Type == "string" && s.Format == "date-time":
		return time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	case s.Type == "string":
		n := 4
		if s.MinLength != nil {
			n = max(n, *s.MinLength)
		}
		return strings.Repeat("x", n)
	case s.Type == "integer", s.Type == "number":
		if s.Minimum != nil {
			return *s.Minimum
		}
		return 1
	case s.Type == "boolean":
		return true
	}
	return nil
}

// bare lists the routes that are no operations of the document, and why.
var bare = map[string]string{
	"GET /v1/session/oidc": "a redirect of browsers", "GET /v1/session/oidc/callback": "a redirect of browsers",
	"GET /livez": "says nothing", "GET /readyz": "says nothing", "GET /metrics": "guarded by metrics:read; not JSON",
	"/": "the console's files", "GET ": "the pages that explain errors",
}

// TestMatrixSeesEveryRoute holds that whatever the package puts on its mux by hand is an operation of the document, or is listed here.
func TestMatrixSeesEveryRoute(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	documented := map[string]bool{}
	for _, op := range operations(t, h.api.OpenAPI()) {
		documented[op.Method+" "+op.Path] = true
	}
	files, err := os.ReadDir(".")
	must(t, err)
	route := regexp.MustCompile(`mux\.Handle(?:Func)?\("([^"]*)"`)
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(f.Name())
		must(t, err)
		for _, found := range route.FindAllStringSubmatch(string(text), -1) {
			if !documented[found[1]] && bare[found[1]] == "" {
				t.Errorf("%s serves %q, which is neither documented nor listed", f.Name(), found[1])
			}
		}
	}
}

// complaint has a complaint event opened and returns the complaint's id.
func (h *house) complaint(t *testing.T) string {
	t.Helper()
	h.call(t, "POST", "/v1/decisions", `{"specversion":"1.0","id":"grievance","source":"/matrix","type":"complaint.received","time":"2026-11-20T09:30:00+08:00",
		"data":{"customer_no":"K1","channel":"own","text":{"text":"x","author":"customer"}}}`)
	reading, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); h.complaints.Consume(reading, tenant) }()
	defer func() { stop(); <-done }()
	for range 300 {
		all, _, err := h.complaints.List(ctx, tenant, complaint.Filter{})
		must(t, err)
		if len(all) > 0 {
			return all[0].ID
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the event opens no complaint")
	return ""
}
