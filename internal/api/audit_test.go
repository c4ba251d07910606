package api_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"qingyuan/internal/audit"
	"qingyuan/internal/auth"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

// quiet lists the operations that are no GET and change nothing on record.
var quiet = map[string]string{
	"check-ruleset":        "it only reads what it is sent",
	"preview-list-entries": "it only looks",
	"search-persons":       "it only looks, and shows masked names",
}

// entriesOf reads the newest entries of the chain.
func (h *house) entriesOf(t *testing.T, f audit.EntryFilter) (all []audit.Entry) {
	t.Helper()
	if f.Limit == 0 {
		f.Limit = 200
	}
	must(t, h.db.Read(ctx, tenant, func(tx *store.Tx) (err error) {
		all, err = audit.Entries(tx, f)
		return err
	}))
	return all
}

func (h *house) lastSeq(t *testing.T) (last int64) {
	t.Helper()
	must(t, h.db.Read(ctx, tenant, func(tx *store.Tx) (err error) {
		last, err = tx.LastSeq()
		return err
	}))
	return last
}

// TestMatrixOfAudit asks every operation that may change the record, as every role, and wants an audit entry for each change. The table
// says what was proved: entry, where a change was made and its entry found; sealed, where machines' requests are chained with the outbox;
// quiet, where nothing is changed; asked, where the test had nothing to change, so that only the registration vouches for the entry: make
// such a thing in things.
func TestMatrixOfAudit(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	things := h.things(t)
	callers := h.callers(t, tenant)
	var lines []string
	for _, op := range operations(t, h.api.OpenAPI()) {
		if op.Method == http.MethodGet {
			continue
		}
		m := probe{h, op, things, h.api.OpenAPI().Components.Schemas}
		verdict := m.audited(t, callers)
		if _, none := quiet[op.OperationID]; none != (verdict == "quiet") {
			t.Errorf("%s: %s, but its row in quiet says otherwise", op.OperationID, verdict)
		}
		lines = append(lines, fmt.Sprintf("%-66s %s", op.Method+" "+op.Path, verdict))
	}
	got := strings.Join(lines, "\n") + "\n"
	const path = "testdata/audit.golden"
	if *update {
		must(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if string(want) != got {
		t.Errorf("not as it was reviewed (run with -update and read the difference):\n%s", got)
	}
}

// audited sends the operation as every caller and says what became of it.
func (m probe) audited(t *testing.T, callers []caller) string {
	t.Helper()
	promised, _ := m.op.Extensions["x-audit"].(string)
	if promised == "" {
		t.Errorf("%s %s leaves no audit entry: register it through guarded, register or document", m.op.Method, m.op.Path)
	}
	verdict := "asked"
	if quiet[m.op.OperationID] != "" {
		verdict = "quiet"
	}
	for _, c := range callers {
		before := m.h.lastSeq(t)
		n := len(m.h.entriesOf(t, audit.EntryFilter{Action: m.op.OperationID}))
		status, _ := m.send(c.header)
		changed := m.h.lastSeq(t) > before
		entries := m.h.entriesOf(t, audit.EntryFilter{Action: m.op.OperationID})
		switch {
		case changed && promised == "sealed":
			verdict = "sealed"
		case changed && len(entries) == n:
			t.Errorf("%s as %s changed the record (%d) and left no entry", m.op.OperationID, c.role, status)
		case changed:
			if e := entries[0]; e.Request == "" || e.Actor.ID == "" || e.After == (audit.Hash{}) {
				t.Errorf("%s: %+v", m.op.OperationID, e)
			}
			verdict = "entry"
		case len(entries) > n:
			t.Errorf("%s as %s changed nothing and left an entry", m.op.OperationID, c.role)
		}
	}
	return verdict
}

// TestAuditAPI reads the chain as an auditor: what a person did, with reason and request; the signed head; the export.
func TestAuditAPI(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	analyst, auditor := h.person(t, "analyst", auth.Analyst), h.person(t, "auditor", auth.Auditor)
	body := `{"entries":[{"kind":"phone","match":"exact","value":"13800138000","reason":"seen twice with 13800138000"}]}`
	if status, v := analyst.do(t, "POST", "/v1/lists/agent_phones/entries", body); status != 202 {
		t.Fatalf("%d %v", status, v)
	}
	if status, _ := analyst.do(t, "GET", "/v1/audit", ""); status != 403 {
		t.Errorf("an analyst reads the chain: %d", status)
	}
	status, v := auditor.do(t, "GET", "/v1/audit?action=add-list-entries&limit=1", "")
	if items := v["items"].([]any); status != 200 || len(items) != 1 || items[0].(map[string]any)["request"] == "" {
		t.Fatalf("%d %v", status, v)
	}
	status, head := auditor.do(t, "GET", "/v1/audit/head", "")
	if status != 200 || head["n"].(float64) < 1 || head["signature"] == "" {
		t.Errorf("%d %v", status, head)
	}
	status, text := h.ask("GET", "/v1/audit/export?after=0", "", http.Header{"Cookie": {auditor.cookie}}, ctx)
	verdict, err := audit.VerifyExport(strings.NewReader(string(text)))
	if status != 200 || err != nil || len(verdict.Faults) > 0 || verdict.Entries != int64(head["n"].(float64)) {
		t.Errorf("%d %v %+v", status, err, verdict)
	}
	if strings.Contains(string(text), "13800138000") {
		t.Error("the chain holds a phone number")
	}
}
