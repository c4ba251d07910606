package rights_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/intake"
	"qingyuan/internal/jobs"
	"qingyuan/internal/keys"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/prevent/model/registry"
	"qingyuan/internal/rights"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

const tenant = storetest.Tenant

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func user(id string) qingyuan.Actor { return qingyuan.Actor{Kind: qingyuan.ActorUser, ID: id} }

// office is a platform with a desk.
type office struct {
	db        *store.DB
	ring      *keys.Ring
	events    *intake.Service
	decisions *decision.Service
	desk      *rights.Service
	dir       string
}

// open opens the platform on a database; dir holds what is kept outside it.
func open(t *testing.T, url, dir string) *office {
	t.Helper()
	db, err := store.Open(ctx, store.Config{URL: url})
	must(t, err)
	t.Cleanup(func() { db.Close() })
	must(t, db.Migrate(ctx, keys.Migrations(), audit.Migrations(), jobs.Migrations(), intake.Migrations(), registry.Migrations(), decision.Migrations(), rights.Migrations()))
	if err := db.CreateTenant(ctx, tenant, "Test"); err != nil && qingyuan.CodeOf(err) != qingyuan.Conflict {
		t.Fatal(err)
	}
	o := &office{db: db, dir: dir}
	o.ring, err = keys.New(keys.Config{DB: db, KEK: bytes.Repeat([]byte{5}, 32)})
	must(t, err)
	must(t, o.ring.CreateTenant(ctx, tenant))
	o.events, err = intake.New(intake.Config{DB: db, Keys: o.ring})
	must(t, err)
	o.decisions, err = decision.New(decision.Config{DB: db, Keys: o.ring, Events: o.events, Models: registry.New(db), Snapshots: filepath.Join(dir, "windows")})
	must(t, err)
	must(t, o.decisions.Bootstrap(ctx, tenant, "first"))
	policy, err := rights.ParsePolicy([]byte(testPolicy))
	must(t, err)
	o.desk, err = rights.New(rights.Config{DB: db, Keys: o.ring, Directory: &intake.People{Events: o.events, Policy: policy},
		Holders: []rights.Holder{decision.Erasure{Service: o.decisions}}, Policy: policy, Ledger: filepath.Join(dir, "erasures.jsonl")})
	must(t, err)
	return o
}

// testPolicy keeps loans, and call records no longer than a month.
const testPolicy = `
version: test
classes:
  - {kinds: [loan.drawn], at_least: 10y, source: "an article"}
  - {kinds: [post.observed], at_most: 1m, source: "a policy"}
answers:
  - {request: [erase], days: 15, source: "a policy"}
`

var (
	annID, annPhone, annName = "11010519900307283X", "13912345678", "欧阳安然"
	annCard, annDevice       = "6217000010000000017", "device-of-ann-01"
)

func (o *office) decide(t *testing.T, id, kind, data string) *decision.Decision {
	t.Helper()
	body := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/test","type":%q,"time":%q,"data":%s}`, id, kind,
		time.Now().Add(-time.Hour).UTC().Format(time.RFC3339), data)
	d, _, err := o.decisions.Decide(ctx, decision.Request{Tenant: tenant, Body: []byte(body)})
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	return d
}

// live plays a little: ann alone and with others, others alone.
func (o *office) live(t *testing.T) {
	t.Helper()
	ann := fmt.Sprintf(`"customer_no":"C-ann","id_no":%q,"name":%q,"phone":%q`, annID, annName, annPhone)
	for i := range 4 {
		o.decide(t, fmt.Sprint("ann-app-", i), "application.submitted", fmt.Sprintf(`{%s,"amount":%d,"bank_card":%q,"device_id":"device-shared-01","ip":"203.0.113.7"}`, ann, 100000+i, annCard))
	}
	o.decide(t, "ann-login", "account.login", fmt.Sprintf(`{"customer_no":"C-ann","phone":%q,"device_id":%q,"result":"success"}`, annPhone, annDevice))
	o.decide(t, "ann-call", "call.recorded", fmt.Sprintf(`{%s,"direction":"inbound","transcript":{"author":"asr","text":"我是%s"}}`, ann, annName))
	for i := range 6 {
		name := fmt.Sprint("other-", i)
		o.decide(t, name+"-app", "application.submitted", fmt.Sprintf(`{"customer_no":%q,"id_no":"","phone":"1380013%04d","amount":200000,"device_id":"device-shared-01","ip":"203.0.113.7"}`, name, i))
	}
	o.decide(t, "bob-app", "application.submitted", fmt.Sprintf(`{"customer_no":"C-bob","phone":"13700137000","amount":300000,"device_id":"device-shared-01",
		"contacts":[{"name":%q,"phone":%q,"relation":"friend"},{"name":"李四海","phone":"13600136000","relation":"friend"}],"statement":{"author":"customer","text":"联系人%s，电话%s"}}`,
		annName, annPhone, annName, annPhone))
	o.decide(t, "bob-login", "account.login", `{"customer_no":"C-bob","phone":"13700137000","device_id":"device-shared-01","result":"success"}`)
	_, _, err := o.decisions.AddEntries(ctx, tenant, qingyuan.Actor{Kind: qingyuan.ActorKey, ID: "key"}, "agent_phones",
		[]decision.NewEntry{{Kind: qingyuan.Phone, Match: "exact", Value: annPhone, Reason: "for the test"}})
	must(t, err)
	o.decide(t, "ann-late", "application.submitted", fmt.Sprintf(`{%s,"amount":50000,"device_id":"device-shared-01"}`, ann))
	o.decide(t, "other-late", "application.submitted", `{"customer_no":"other-9","phone":"13800130009","amount":200000,"device_id":"device-shared-01"}`)
	for i := range 3 {
		must(t, o.db.Write(audit.Acting(ctx, &audit.Intent{Actor: user("usr_a"), Action: "look"}), tenant, func(tx *store.Tx) error {
			_, err := tx.Emit("thing.done", fmt.Sprint("thing", i), nil)
			return err
		}))
	}
	_, err = audit.Seal(ctx, o.db, tenant)
	must(t, err)
	must(t, o.decisions.Snapshot(ctx, tenant))
}

func (o *office) search(t *testing.T, kind qingyuan.EntityKind, value string) []string {
	t.Helper()
	people, err := o.desk.Search(ctx, tenant, kind, value)
	must(t, err)
	return people
}

// blinds are ann's blind keys.
func (o *office) blinds(t *testing.T) []string {
	t.Helper()
	var all []string
	for kind, v := range map[qingyuan.EntityKind]string{qingyuan.Person: annID, qingyuan.Phone: annPhone, qingyuan.Customer: "C-ann", qingyuan.BankCard: annCard, qingyuan.Device: annDevice} {
		v, err := intake.NormaliseEntity(kind, v)
		must(t, err)
		k, err := o.ring.Blind(ctx, tenant, kind, v)
		must(t, err)
		all = append(all, k)
	}
	return all
}

// traces looks for ann in every column of every table and in every file beside the database.
func (o *office) traces(t *testing.T) (found []string) {
	t.Helper()
	var needles [][]byte
	for _, k := range o.blinds(t) {
		raw, err := hex.DecodeString(k)
		must(t, err)
		needles = append(needles, []byte(k), raw, raw[:8])
	}
	has := func(where string, b []byte) {
		for _, n := range needles {
			if bytes.Contains(b, n) {
				found = append(found, where)
				return
			}
		}
	}
	names := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if o.db.Dialect() == store.Postgres {
		names = `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`
	}
	must(t, o.read(func(q func(string) *sql.Rows) {
		var tables []string
		rows := q(names)
		for rows.Next() {
			var n string
			must(t, rows.Scan(&n))
			tables = append(tables, n)
		}
		rows.Close()
		for _, table := range tables {
			rows := q(`SELECT * FROM ` + table)
			columns, err := rows.Columns()
			must(t, err)
			for rows.Next() {
				vals := make([]any, len(columns))
				for i := range vals {
					vals[i] = new(any)
				}
				must(t, rows.Scan(vals...))
				for i, v := range vals {
					switch v := (*v.(*any)).(type) {
					case string:
						has(table+"."+columns[i], []byte(v))
					case []byte:
						has(table+"."+columns[i], v)
					case int64:
						has(table+"."+columns[i], []byte{byte(v >> 56), byte(v >> 48), byte(v >> 40), byte(v >> 32), byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
					}
				}
			}
			rows.Close()
		}
	}))
	must(t, filepath.WalkDir(o.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			b, rerr := os.ReadFile(path)
			has(filepath.Base(path), b)
			err = rerr
		}
		return err
	}))
	return found
}

// read gives plain queries past the tenant check.
func (o *office) read(fn func(q func(string) *sql.Rows)) error {
	return o.db.Inspect(ctx, func(tx *sql.Tx) error {
		var failed error
		fn(func(text string) *sql.Rows {
			rows, err := tx.QueryContext(ctx, text)
			if err != nil {
				panic(err)
			}
			return rows
		})
		return failed
	})
}

// gone holds that ann can be neither decrypted, searched nor matched, and that everything else stands.
func (o *office) gone(t *testing.T, others int) {
	t.Helper()
	for kind, v := range map[qingyuan.EntityKind]string{qingyuan.Person: annID, qingyuan.Phone: annPhone, qingyuan.Customer: "C-ann", qingyuan.BankCard: annCard} {
		if people := o.search(t, kind, v); len(people) != 0 {
			t.Errorf("%s finds %v", kind, people)
		}
	}
	if found := o.traces(t); len(found) > 0 {
		t.Errorf("ann's blind keys are still in %v", found)
	}
	must(t, o.db.Read(ctx, tenant, func(tx *store.Tx) error {
		all, err := o.events.Range(tx, 0, 1<<60, 1000)
		must(t, err)
		for _, e := range all {
			switch ann := strings.HasPrefix(e.ExternalID, "ann-"); {
			case ann && e.Data != nil:
				t.Errorf("%s can be read: %v", e.ExternalID, e.Data)
			case !ann && e.Data == nil:
				t.Errorf("%s cannot be read", e.ExternalID)
			case e.ExternalID == "bob-app":
				text := fmt.Sprint(e.Data)
				if strings.Contains(text, annName) || strings.Contains(text, annPhone) || !strings.Contains(text, "李四海") {
					t.Errorf("bob's application: %s", text)
				}
			}
		}
		return nil
	}))
	must(t, o.decisions.Verify(ctx, tenant))
	report, err := o.decisions.Replay(ctx, tenant, nil)
	must(t, err)
	if report.Identical != report.Decisions || report.Decisions != others || report.Erased != 7 || report.Redacted != 1 || len(report.Skipped) != 8 {
		t.Errorf("replay: %d of %d identical (want %d), %d erased, %d redacted: %+v", report.Identical, report.Decisions, others, report.Erased, report.Redacted, report.Differences)
	}
	v, err := audit.Verify(ctx, o.db, tenant, nil, nil)
	must(t, err)
	if len(v.Faults) > 0 || v.Entries < 4 {
		t.Errorf("audit: %+v", v)
	}
}

// TestErasureSurvivesRestore erases a person, restores a copy from before, and wants the person gone there too, and everything else whole.
func TestErasureSurvivesRestore(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		o := open(t, url, dir)
		o.live(t)
		before, err := o.decisions.Replay(ctx, tenant, nil)
		must(t, err)
		if before.Identical != before.Decisions || before.Decisions != 16 {
			t.Fatalf("%+v", before)
		}
		must(t, o.db.Close())
		backup := copyOf(t, url)
		windows, err := os.ReadFile(filepath.Join(dir, "windows", string(tenant)+".windows"))
		must(t, err)

		o = open(t, url, dir)
		if found := o.traces(t); len(found) < 5 {
			t.Fatalf("the search for traces finds nothing before either: %v", found)
		}
		o.erase(t)
		o.gone(t, 8)
		o.decide(t, "other-after", "application.submitted", `{"customer_no":"other-10","phone":"13800130010","amount":200000,"device_id":"device-shared-01"}`)
		o.decide(t, "ann-again", "application.submitted", fmt.Sprintf(`{"customer_no":"C-new","phone":%q,"amount":200000}`, annPhone))
		report, err := o.decisions.Replay(ctx, tenant, nil)
		must(t, err)
		if report.Identical != report.Decisions || report.Decisions != 10 {
			t.Errorf("decisions after the erasure: %+v", report)
		}
		must(t, o.decisions.Verify(ctx, tenant))
		must(t, o.db.Close())

		must(t, os.WriteFile(filepath.Join(dir, "windows", string(tenant)+".windows"), windows, 0o600)) // it comes back with the copy
		r := open(t, backup, dir)
		if len(r.search(t, qingyuan.Phone, annPhone)) != 1 {
			t.Fatal("the copy does not know ann: the test proves nothing")
		}
		again, err := r.desk.Reapply(audit.Acting(ctx, &audit.Intent{Actor: qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "operator"}, Action: "reapply-erasures"}))
		must(t, err)
		if again != 1 {
			t.Fatalf("%d erased again", again)
		}
		r.gone(t, 8)
		if again, err := r.desk.Reapply(ctx); err != nil || again != 0 {
			t.Errorf("once more: %d, %v", again, err)
		}
	})
}

func (o *office) erase(t *testing.T) {
	t.Helper()
	person := o.search(t, qingyuan.Phone, annPhone)
	if len(person) != 1 || o.search(t, qingyuan.Person, annID)[0] != person[0] {
		t.Fatalf("%v", person)
	}
	hold, err := o.desk.PlaceHold(ctx, tenant, user("usr_a"), person[0], rights.Hold{Reason: "a suit is pending", Basis: "case 7"})
	must(t, err)
	if _, err := o.desk.RequestErasure(ctx, tenant, user("usr_a"), person[0], "she asked for it"); qingyuan.CodeOf(err) != qingyuan.Conflict || !strings.Contains(err.Error(), "a suit is pending") {
		t.Errorf("under a hold: %v", err)
	}
	must(t, o.desk.LiftHold(ctx, tenant, user("usr_a"), hold))
	var out strings.Builder
	must(t, o.desk.Export(ctx, tenant, user("usr_a"), person[0], &out))
	for _, want := range []string{annName, annID, `"decision"`, `"list_entry"`, "我是"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the export lacks %s", want)
		}
	}
	a, err := o.desk.RequestErasure(ctx, tenant, user("usr_a"), person[0], "she asked for it")
	must(t, err)
	if _, err := o.desk.ApproveErasure(ctx, audit.Ballot{Tenant: tenant, Voter: user("usr_a"), Approval: a.ID}); qingyuan.CodeOf(err) != qingyuan.Forbidden {
		t.Errorf("approved by oneself: %v", err)
	}
	if _, err := o.desk.ApproveErasure(ctx, audit.Ballot{Tenant: tenant, Voter: user("usr_b"), Approval: a.ID}); err != nil {
		t.Fatal(err)
	}
}

// copyOf copies a closed database.
func copyOf(t *testing.T, from string) string {
	t.Helper()
	u, err := url.Parse(from)
	if err == nil && u.Scheme == "postgres" {
		to := storetest.PostgresURL(t) // an empty one, whose name is free once it is dropped
		v, err := url.Parse(to)
		must(t, err)
		name, source := strings.TrimPrefix(v.Path, "/"), strings.TrimPrefix(u.Path, "/")
		admin, err := sql.Open("pgx", os.Getenv("QINGYUAN_TEST_POSTGRES"))
		must(t, err)
		defer admin.Close()
		for _, text := range []string{"DROP DATABASE " + name, "CREATE DATABASE " + name + " TEMPLATE " + source} {
			if _, err := admin.Exec(text); err != nil {
				t.Fatal(err)
			}
		}
		return to
	}
	to := filepath.Join(t.TempDir(), "copy.db")
	for _, end := range []string{"", "-wal"} {
		in, err := os.Open(from + end)
		if err != nil {
			continue
		}
		out, err := os.Create(to + end)
		must(t, err)
		_, err = io.Copy(out, in)
		must(t, err)
		must(t, in.Close())
		must(t, out.Close())
	}
	return to
}

// TestHoldsOfTheLaw refuses to erase whom the law wants kept, with the article and the date.
func TestHoldsOfTheLaw(t *testing.T) {
	o := open(t, filepath.Join(t.TempDir(), "q.db"), t.TempDir())
	o.decide(t, "loan", "loan.drawn", `{"customer_no":"C1","phone":"13700137000","loan_no":"L1","amount":500000}`)
	person := o.search(t, qingyuan.Customer, "C1")[0]
	d, err := o.desk.Dossier(ctx, tenant, person)
	must(t, err)
	if len(d.Holds) != 1 || d.Holds[0].Basis != "an article" || d.Holds[0].Until.Year() != time.Now().Year()+10 && d.Holds[0].Until.Year() != time.Now().Add(-time.Hour).Year()+10 {
		t.Errorf("%+v", d.Holds)
	}
	if _, err := o.desk.RequestErasure(ctx, tenant, user("usr_a"), person, "because"); qingyuan.CodeOf(err) != qingyuan.Conflict {
		t.Errorf("%v", err)
	}
	must(t, o.desk.Restrict(ctx, tenant, user("usr_a"), person, "until 2036", true))
	must(t, o.db.Read(ctx, tenant, func(tx *store.Tx) error {
		if is, err := rights.Restricted(tx, person); err != nil || !is {
			t.Errorf("not restricted: %v", err)
		}
		return nil
	}))
}

// TestPurge takes out what is beyond its period, and nothing of whom a hold keeps.
func TestPurge(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		o := open(t, url, t.TempDir())
		post := func(id, at string) {
			body := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/test","type":"post.observed","time":%q,"data":{"platform":"weibo","text":{"author":"public","text":"停息挂账找我"},"handle":"weibo:agent_01"}}`, id, at)
			if _, _, err := o.decisions.Record(ctx, tenant, []byte(body), ""); err != nil {
				t.Fatal(err)
			}
		}
		now := time.Now().UTC()
		post("old", now.AddDate(0, -2, 0).Format(time.RFC3339))
		post("new", now.AddDate(0, 0, -2).Format(time.RFC3339))
		o.decide(t, "app", "application.submitted", `{"customer_no":"C1","phone":"13700137000","amount":500000}`)
		for want := 1; want >= 0; want-- {
			if n, err := o.desk.Purge(ctx, tenant); err != nil || n != want {
				t.Fatalf("%d purged, want %d: %v", n, want, err)
			}
		}
		must(t, o.db.Read(ctx, tenant, func(tx *store.Tx) error {
			all, err := o.events.Range(tx, 0, 1<<60, 10)
			must(t, err)
			for _, e := range all {
				if (e.Data == nil) != (e.ExternalID == "old") {
					t.Errorf("%s: %v", e.ExternalID, e.Data)
				}
			}
			return nil
		}))
		must(t, o.decisions.Verify(ctx, tenant))
		if r, err := o.decisions.Replay(ctx, tenant, nil); err != nil || r.Identical != r.Decisions || r.Decisions != 1 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(testPolicy))
	f.Fuzz(func(t *testing.T, b []byte) { rights.ParsePolicy(b) })
}
