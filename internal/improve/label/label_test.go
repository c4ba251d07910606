package label_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/improve/label"
	"qingyuan/internal/intake"
	"qingyuan/internal/keys"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

const tenant = storetest.Tenant

var (
	ctx = context.Background()
	ann = qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "ann"}
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const head = "case_no,customer_no,event,disposition,typology,population,opened_on,closed_on\n"

func TestReadCases(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	good := "A1,C1,,confirmed,T1,colluding,2026-01-02,2026-02-03\nA2,,loan-7,unfounded,,honest,2026-01-02T08:00:00+08:00,2026-01-02T09:00:00+08:00\nA3,C3,,undetermined,,,2026-01-02,2026-01-02\n"
	all, wrong, lines, err := label.ReadCases(strings.NewReader("\ufeff"+head+good), now)
	if err != nil || len(wrong) > 0 || lines != 3 || len(all) != 3 || all[0].Typology != qingyuan.T1 || all[1].Event != "loan-7" || !all[1].ClosedAt.Equal(time.Date(2026, 1, 2, 1, 0, 0, 0, time.UTC)) {
		t.Fatalf("%+v %v %d %v", all, wrong, lines, err)
	}
	json := `{"case_no":"A1","customer_no":"C1","disposition":"confirmed","typology":"T8","opened_on":"2026-01-02","closed_on":"2026-01-03"}` + "\nnonsense\n"
	if all, wrong, _, err := label.ReadCases(strings.NewReader(json), now); err != nil || len(all) != 1 || len(wrong) != 1 || wrong[0].Line != 2 {
		t.Errorf("JSON lines: %+v %+v %v", all, wrong, err)
	}
	for bad, column := range map[string]string{
		",C1,,confirmed,T1,,2026-01-02,2026-02-03":                                             "case_no",
		"A1,,,confirmed,T1,,2026-01-02,2026-02-03":                                             "customer_no",
		"A1,C1,E1,confirmed,T1,,2026-01-02,2026-02-03":                                         "customer_no",
		"A1,C1,,guilty,T1,,2026-01-02,2026-02-03":                                              "disposition",
		"A1,C1,,confirmed,,,2026-01-02,2026-02-03":                                             "typology",
		"A1,C1,,unfounded,T2,,2026-01-02,2026-02-03":                                           "typology",
		"A1,C1,,confirmed,T10,,2026-01-02,2026-02-03":                                          "typology",
		"A1,C1,,confirmed,T1,,2026-02-30,2026-02-03":                                           "opened_on",
		"A1,C1,,confirmed,T1,,2026-01-02,":                                                     "closed_on",
		"A1,C1,,confirmed,T1,,2026-01-02,2026-01-01":                                           "closed_on",
		"A1,C1,,confirmed,T1,,2026-01-02,2027-01-01":                                           "closed_on",
		"A2,C1,,confirmed,T1,,2026-01-02,2026-02-03\nA2,C2,,unfounded,,,2026-01-02,2026-02-03": "case_no",
		"A1,\"C1,,confirmed":                                                                   "",
	} {
		_, wrong, _, err := label.ReadCases(strings.NewReader(head+bad+"\n"), now)
		if err != nil || len(wrong) != 1 || wrong[0].Column != column || wrong[0].Line < 2 || wrong[0].Message.ZH == "" {
			t.Errorf("%s: %+v %v, want column %q", bad, wrong, err, column)
		}
	}
	if _, _, _, err := label.ReadCases(strings.NewReader("name,age\nx,1\n"), now); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Errorf("a table of something else: %v", err)
	}
}

func FuzzReadCases(f *testing.F) {
	f.Add(head + "A1,C1,,confirmed,T1,colluding,2026-01-02,2026-02-03\n")
	f.Add(`{"case_no":"A1"}`)
	f.Fuzz(func(t *testing.T, text string) {
		all, wrong, lines, err := label.ReadCases(strings.NewReader(text), time.Now())
		if err == nil && len(all)+len(wrong) > lines {
			t.Errorf("%d cases and %d errors on %d lines", len(all), len(wrong), lines)
		}
	})
}

// TestHistory imports a lender's closed cases and backtests against them (上线前回放).
func TestHistory(t *testing.T) {
	lines := []store.Line{keys.Migrations(), audit.Migrations(), intake.Migrations(), decision.Migrations(), label.Migrations()}
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		ring, err := keys.New(keys.Config{DB: db, KEK: bytes.Repeat([]byte{3}, 32)})
		must(t, err)
		must(t, ring.CreateTenant(ctx, tenant))
		events, err := intake.New(intake.Config{DB: db, Keys: ring})
		must(t, err)
		decisions, err := decision.New(decision.Config{DB: db, Keys: ring, Events: events})
		must(t, err)
		must(t, decisions.Bootstrap(ctx, tenant, "first"))
		labels := label.New(db, ring, events)
		base := time.Now().UTC().Truncate(24 * time.Hour).Add(-100 * 24 * time.Hour)
		for n := range 60 { // recorded as history, not decided; customers 0 to 5 share a device
			device := fmt.Sprintf("dev-%08d", n%20)
			if n%20 < 6 {
				device = "dev-99999999"
			}
			body := fmt.Appendf(nil, `{"specversion":"1.0","id":"loan-%d","source":"/test","type":"loan.drawn","time":%q,"data":{"customer_no":"C%05d","loan_no":"L%06d","amount":100000,"device_id":%q}}`,
				n, base.Add(time.Duration(n)*time.Hour).Format(time.RFC3339), n%20, n, device)
			_, _, err := decisions.Record(ctx, tenant, body, "")
			must(t, err)
		}
		day := func(n int) string { return base.AddDate(0, 0, n).Format(time.DateOnly) }
		row := func(no, customer, event, disposition, typology string) string {
			return strings.Join([]string{no, customer, event, disposition, typology, "", day(10), day(30)}, ",") + "\n"
		}
		file := head + row("1", "C00000", "", "confirmed", "T1") + row("2", "C00001", "", "confirmed", "T1") + row("3", "C00012", "", "confirmed", "T3") +
			row("4", "C00005", "", "unfounded", "") + row("5", "C00013", "", "unfounded", "") + row("6", "C99999", "", "confirmed", "T2") + row("7", "C00002", "", "undetermined", "")
		load := func(text string, dry bool) *label.Report {
			t.Helper()
			r, err := labels.Import(ctx, tenant, ann, label.Import{Source: "desk", In: strings.NewReader(text), DryRun: dry})
			must(t, err)
			return r
		}
		if r := load(file, true); r.Cases != 7 || r.Customers != 7 || r.Known != 6 || r.Confirmed != 4 || r.Imported != 0 || r.MedianDelay != 20 {
			t.Errorf("dry run: %+v", r)
		}
		if r := load(file+"8,C1,,guilty,,,,\n", false); r.Wrong != 1 || r.Imported != 0 || r.Errors[0].Line != 9 {
			t.Errorf("a wrong line: %+v", r)
		}
		if all, err := labels.All(ctx, tenant); err != nil || len(all) != 0 {
			t.Fatalf("a dry run and a wrong file left %d labels: %v", len(all), err)
		}
		if r := load(file, false); r.Imported != 7 || r.Repeated != 0 {
			t.Errorf("import: %+v", r)
		}
		if r := load(file, false); r.Imported != 0 || r.Repeated != 7 {
			t.Errorf("again: %+v", r)
		}
		if r := load(head+row("3", "C00012", "", "unfounded", ""), false); r.Imported != 1 {
			t.Errorf("a changed case: %+v", r)
		}
		page, next, err := labels.List(ctx, tenant, qingyuan.Page{Limit: 4})
		must(t, err)
		rest, end, err := labels.List(ctx, tenant, qingyuan.Page{Limit: 4, Cursor: next})
		must(t, err)
		if len(page) != 4 || len(rest) != 3 || end != "" || page[0].Case != "3" || page[0].Disposition != label.Unfounded || page[0].Actor != "ann" {
			t.Errorf("%+v\n%+v %q", page, rest, end)
		}
		cases, err := labels.Cases(ctx, tenant)
		must(t, err)
		r, err := decisions.Backtest(ctx, tenant, decision.BacktestRequest{ID: "first", Version: 1, Labels: cases})
		must(t, err)
		if c := r.Cases; c == nil || c.Labels != 6 || c.Seen != 5 || c.Caught.Live+c.Missed.Live != 2 || c.Caught.Live == 0 {
			t.Errorf("%+v", c)
		}
	})
}
