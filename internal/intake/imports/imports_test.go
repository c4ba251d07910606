package imports_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/blob"
	"qingyuan/internal/intake"
	"qingyuan/internal/intake/imports"
	"qingyuan/internal/jobs"
	"qingyuan/internal/keys"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

const tenant = storetest.Tenant

var (
	ctx   = context.Background()
	clerk = qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "usr_clerk"}
	boss  = qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "usr_boss"}
)

type house struct {
	*imports.Service
	db   *store.DB
	dir  string
	jobs *jobs.Service
}

func build(t *testing.T, db *store.DB) *house {
	t.Helper()
	must(t, db.Migrate(ctx, keys.Migrations(), audit.Migrations(), jobs.Migrations(), intake.Migrations(), imports.Migrations(), decision.Migrations()))
	ring, err := keys.New(keys.Config{DB: db, KEK: make([]byte, 32)})
	must(t, err)
	must(t, ring.CreateTenant(ctx, tenant))
	events, err := intake.New(intake.Config{DB: db, Keys: ring})
	must(t, err)
	decisions, err := decision.New(decision.Config{DB: db, Keys: ring, Events: events})
	must(t, err)
	must(t, decisions.Bootstrap(ctx, tenant, "first"))
	h := &house{db: db, dir: t.TempDir()}
	h.jobs, err = jobs.New(jobs.Config{DB: db, Poll: 10 * time.Millisecond})
	must(t, err)
	blobs, err := blob.Open(blob.Config{Dir: h.dir})
	must(t, err)
	h.Service, err = imports.New(imports.Config{DB: db, Keys: ring, Events: events, Recorder: decisions, Blobs: blobs, Jobs: h.jobs, Piece: 7})
	must(t, err)
	run, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- h.jobs.Run(run) }()
	t.Cleanup(func() { stop(); <-done })
	return h
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const mapping = `
version: 1
name: loans
kind: loan.drawn
source: /import/loans
id: "loan-{借据号}"
time: {column: 放款时间, layout: "2006-01-02 15:04:05"}
ignore: [备注]
fields:
  - {field: loan_no, column: 借据号}
  - {field: customer_no, column: 客户号}
  - {field: name, column: 姓名}
  - {field: phone, column: 手机}
  - {field: amount, column: 金额, unit: yuan}
`

const header = "借据号,客户号,姓名,手机,金额,放款时间,备注\n"

// loans is a file of n rows, of which every tenth from the fifth on is bad.
func loans(n int) string {
	var b strings.Builder
	b.WriteString(header)
	at := time.Now().Add(-48 * time.Hour).Format("2006-01-02")
	for i := range n {
		amount := "1000.50"
		if i%10 == 5 {
			amount = "一千"
		}
		fmt.Fprintf(&b, "L%d,C%d,张三,1380013%04d,%s,%s 08:00:00,=cmd|'/C calc'!A0\n", i, i%40, i, amount, at)
	}
	return b.String()
}

// send uploads and waits for the dry run.
func (h *house) send(t *testing.T, name, mapping string, body []byte) *imports.Import {
	t.Helper()
	i, err := h.Receive(ctx, tenant, clerk, imports.Upload{Name: name, Mapping: mapping, Body: bytes.NewReader(body)})
	must(t, err)
	return h.wait(t, i.ID, imports.Checking)
}

func (h *house) wait(t *testing.T, id string, while imports.State) *imports.Import {
	t.Helper()
	for began := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		i, err := h.Get(ctx, tenant, id)
		must(t, err)
		if i.State != while {
			return i
		}
		if time.Since(began) > 30*time.Second {
			all, _, _ := h.jobs.List(ctx, tenant, jobs.Filter{})
			t.Fatalf("the import stays %s: %+v", i.State, all[0])
		}
	}
}

func (h *house) confirm(t *testing.T, i *imports.Import) *imports.Import {
	t.Helper()
	_, err := h.Confirm(ctx, tenant, boss, i.ID, i.Dry.Refused)
	must(t, err)
	return h.wait(t, i.ID, imports.Running)
}

func (h *house) refusals(t *testing.T, id string, dry bool) (all []imports.Refusal) {
	t.Helper()
	must(t, h.Refusals(ctx, tenant, id, dry, func(r imports.Refusal) error { all = append(all, r); return nil }))
	return all
}

// TestImport goes the whole way: a GBK file with bad rows, its dry run, the run, the same once more, a correction that is none, the
// day's balance.
func TestImport(t *testing.T) {
	storetest.Each(t, nil, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		p, err := h.Publish(ctx, tenant, boss, mapping)
		must(t, err)
		if p.Name != "loans" || p.Revision != 1 {
			t.Fatalf("%+v", p)
		}
		gbk, err := simplifiedchinese.GBK.NewEncoder().String(loans(100))
		must(t, err)
		i := h.send(t, "放款 11月.csv", "loans", []byte(gbk))
		if i.State != imports.Checked || i.Dry != (imports.Tally{Rows: 100, Refused: 10}) || i.Tally != (imports.Tally{}) {
			t.Fatalf("dry run: %+v", i)
		}
		bad := h.refusals(t, i.ID, true)
		if len(bad) != 10 || bad[0].Line != 7 || !strings.Contains(bad[0].Reason, "column 金额: must be a number") || bad[9].Line != 97 {
			t.Fatalf("refused: %+v", bad)
		}
		if _, err := h.Confirm(ctx, tenant, boss, i.ID, 9); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("confirmed without having seen: %v", err)
		}
		i = h.confirm(t, i)
		if i.State != imports.Done || i.Tally != (imports.Tally{Rows: 100, Stored: 90, Refused: 10}) || i.Counted != 90 || i.Name != "放款 11月.csv" || i.ConfirmedBy != boss.ID {
			t.Fatalf("run: %+v", i)
		}
		if len(h.refusals(t, i.ID, false)) != 10 {
			t.Error("the run's refusals are not kept")
		}
		again := h.confirm(t, h.send(t, "same.csv", "loans@1", []byte(loans(100))))
		if again.Tally != (imports.Tally{Rows: 100, Repeated: 90, Refused: 10}) {
			t.Errorf("sent again: %+v", again)
		}
		other := h.confirm(t, h.send(t, "other.csv", "loans", []byte(strings.Replace(loans(20), "1000.50", "2000.00", 1))))
		if other.Tally != (imports.Tally{Rows: 20, Repeated: 17, Refused: 3}) || !strings.Contains(h.refusals(t, other.ID, false)[0].Reason, "other content") {
			t.Errorf("other content: %+v", other)
		}
		day := time.Now().In(time.FixedZone("", 8*3600)).Format(time.DateOnly)
		must(t, h.Reconcile(ctx, tenant, day))
		must(t, h.Reconcile(ctx, tenant, day))
		all, err := h.Reconciliations(ctx, tenant, day)
		must(t, err)
		if len(all) != 1 || !all[0].Balanced || all[0].Imports != 3 || all[0].Tally != (imports.Tally{Rows: 220, Stored: 90, Repeated: 107, Refused: 23}) || all[0].Counted != 90 {
			t.Errorf("the day: %+v", all)
		}
		h.nothingInClear(t, "13800130001", "张三", "放款 11月", "一千")
	})
}

// nothingInClear looks for planted words in the uploads.
func (h *house) nothingInClear(t *testing.T, words ...string) {
	t.Helper()
	files := 0
	filepath.WalkDir(h.dir, func(path string, d os.DirEntry, _ error) error {
		if d.IsDir() {
			return nil
		}
		files++
		raw, err := os.ReadFile(path)
		must(t, err)
		for _, w := range words {
			if bytes.Contains(raw, []byte(w)) {
				t.Errorf("%s is in clear in %s", w, path)
			}
		}
		return nil
	})
	if files == 0 {
		t.Error("there are no uploads")
	}
}

// TestFilesThatFail fail as a whole, and say why.
func TestFilesThatFail(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	_, err := h.Publish(ctx, tenant, boss, mapping)
	must(t, err)
	for _, c := range []struct{ name, mapping, body, want string }{
		{"renamed column", "loans", strings.Replace(loans(3), "金额", "放款额", 1), `no column "金额"`},
		{"new column", "loans", strings.Replace(loans(3), "备注", "备注,新列", 1), `a column "新列"`},
		{"empty", "loans", "", "empty"},
		{"no mapping", "", loans(3), "name the mapping"},
		{"macros", "loans", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "macros"},
	} {
		i := h.send(t, "x", c.mapping, []byte(c.body))
		if i.State != imports.Failed || !strings.Contains(i.Error, c.want) {
			t.Errorf("%s: %s %q", c.name, i.State, i.Error)
		}
		if _, err := h.Confirm(ctx, tenant, boss, i.ID, 0); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("%s: confirmed: %v", c.name, err)
		}
	}
	for _, ref := range []string{"nosuch", "loans@9", "loans@x", "../x"} {
		if _, err := h.Receive(ctx, tenant, clerk, imports.Upload{Name: "x", Mapping: ref, Body: strings.NewReader("x")}); qingyuan.CodeOf(err) != qingyuan.NotFound {
			t.Errorf("mapping %s: %v", ref, err)
		}
	}
	if _, err := h.Publish(ctx, tenant, boss, strings.Replace(mapping, "unit: yuan", "unit: dollar", 1)); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Errorf("a bad mapping: %v", err)
	}
}

// TestJSONLines imports events as they are, and objects through a mapping.
func TestJSONLines(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	_, err := h.Publish(ctx, tenant, boss, mapping)
	must(t, err)
	at := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	event := func(id, amount string) string {
		return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/core","type":"loan.drawn","time":%q,"data":{"loan_no":"1","customer_no":"C1","amount":%s}}`+"\n", id, at, amount)
	}
	i := h.confirm(t, h.send(t, "events.jsonl", "", []byte(event("a", "100")+event("b", `"x"`)+event("a", "100")+event("c", "7"))))
	if i.Tally != (imports.Tally{Rows: 4, Stored: 2, Repeated: 1, Refused: 1}) {
		t.Errorf("%+v %v", i, h.refusals(t, i.ID, false))
	}
	lines := `{"借据号":"9","客户号":"C1","金额":12.50,"放款时间":"2026-11-01 08:00:00"}` + "\n" + `{"借据号":"10","未知":1}` + "\n" + `{"借据号":"11","金额":[1]}` + "\n[1]\n"
	i = h.confirm(t, h.send(t, "objects.jsonl", "loans", []byte(lines)))
	if i.Tally != (imports.Tally{Rows: 4, Stored: 1, Refused: 3}) {
		t.Errorf("%+v %v", i, h.refusals(t, i.ID, false))
	}
}

// TestCancel ends an import; its upload is gone.
func TestCancel(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	_, err := h.Publish(ctx, tenant, boss, mapping)
	must(t, err)
	i := h.send(t, "x.csv", "loans", []byte(loans(20)))
	must(t, h.Cancel(ctx, tenant, boss, i.ID))
	if _, err := h.Confirm(ctx, tenant, boss, i.ID, 2); qingyuan.CodeOf(err) != qingyuan.Conflict {
		t.Errorf("confirmed after: %v", err)
	}
	if err := h.Cancel(ctx, tenant, boss, i.ID); qingyuan.CodeOf(err) != qingyuan.Conflict {
		t.Errorf("cancelled twice: %v", err)
	}
	filepath.WalkDir(h.dir, func(path string, d os.DirEntry, _ error) error {
		if !d.IsDir() {
			t.Errorf("%s is left", path)
		}
		return nil
	})
}
