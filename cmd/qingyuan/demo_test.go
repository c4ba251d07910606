package main

import (
	"strings"
	"testing"
	"time"

	"qingyuan/client"
	"qingyuan/internal/api"
)

// TestImportTwice sends the authored events and the first rows of the UCI file through the API twice: every row is
// stored once, and the second import adds nothing.
func TestImportTwice(t *testing.T) {
	c := demoCommand{serveCommand: serveCommand{installation: installation{Data: t.TempDir(), LogLevel: "error"}, founding: founding{Ruleset: "first"},
		Listen: "127.0.0.1:0", Every: time.Hour}, Workers: 16}
	s, err := c.start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	secret, err := s.systemKey(ctx, api.DefaultTenant, "test", []string{"events:write", "decisions:write"})
	if err != nil {
		t.Fatal(err)
	}
	lender, err := client.New(client.Config{URL: s.url, Key: secret})
	if err != nil {
		t.Fatal(err)
	}
	const rows = 1500
	first := func(all source, n int) source {
		return func(yield func([]byte, error) bool) {
			for body, err := range all {
				if n--; n < 0 || !yield(body, err) {
					return
				}
			}
		}
	}
	total := 0
	for round := range 2 {
		for _, file := range []struct {
			name    string
			rows    func() (source, int, error)
			workers int
		}{{"authored", authoredRows, 1}, {"uci", uciRows, 16}} {
			all, _, err := file.rows()
			if err != nil {
				t.Fatal(err)
			}
			done, err := c.importRows(ctx, lender, file.name, first(all, rows), rows, file.workers)
			if err != nil {
				t.Fatal(err)
			}
			if done.Refused != 0 || round == 0 && done.Decided != done.Rows || round == 1 && done.Repeated != done.Rows {
				t.Errorf("round %d: %+v", round, *done)
			}
			if round == 0 {
				total += done.Rows
			}
		}
		sum, err := s.decisions.Summary(ctx, api.DefaultTenant, time.UnixMicro(0), time.Now().Add(time.Hour))
		if err != nil || sum.Events != int64(total) || sum.Decisions != int64(total) {
			t.Errorf("round %d: %d events, %d decisions on record, want %d each; %v", round, sum.Events, sum.Decisions, total, err)
		}
	}
}

// TestQuarter plays a small simulated quarter and measures it against the truth.
func TestQuarter(t *testing.T) {
	c := demoCommand{serveCommand: serveCommand{installation: installation{Data: t.TempDir(), LogLevel: "error"}, founding: founding{Ruleset: "first"},
		Listen: "127.0.0.1:0", Every: time.Hour}, Workers: 8, quarter: quarter{Seed: 7, Days: 20, Customers: 60, Behaviour: "dev"}}
	s, err := c.start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	report, err := c.importAll(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	if g := report.Governance; g == nil || g.Decisions != report.Simulated.Decided || report.Simulated.Refused != 0 || g.Decisions == 0 {
		t.Fatalf("%+v, %+v", report.Simulated, report.Governance)
	}
	if report.Decisions != int64(report.Simulated.Decided) {
		t.Errorf("%d decisions on record, %d made", report.Decisions, report.Simulated.Decided)
	}
}

// TestPlanted lets the demo plant its slogan and its template: both are found, silent until two people confirm them, and named by the next
// decision.
func TestPlanted(t *testing.T) {
	c := demoCommand{serveCommand: serveCommand{installation: installation{Data: t.TempDir(), LogLevel: "error"}, founding: founding{Ruleset: "default"},
		Listen: "127.0.0.1:0", Every: time.Hour}, Workers: 4, Planted: true}
	s, err := c.start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	report, err := c.importAll(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	p := report.Planted
	if p.Slogan.Rank == 0 || p.Slogan.Rank > 5 || p.Slogan.Before || !strings.Contains(p.Slogan.Reason.ZH, plantedSlogan) {
		t.Errorf("slogan: %+v", p.Slogan)
	}
	if p.Template.Rank == 0 || p.Template.Before || !strings.Contains(p.Template.Reason.ZH, "七日书面答复") {
		t.Errorf("template: %+v", p.Template)
	}
	db := openRaw(t, c.Data)
	for sort, told := range map[string]plantedFind{"slogan": p.Slogan, "template": p.Template} { // the same figures from the raw table
		var writers, rank int
		if err := db.QueryRow(`SELECT writers, (SELECT COUNT(*) FROM text_candidate o WHERE o.state <> 'rejected' AND (o.score > c.score OR o.score = c.score AND o.id <= c.id))
			FROM text_candidate c WHERE c.state = 'confirmed' AND (c.kind = 'template') = ?`, sort == "template").Scan(&writers, &rank); err != nil {
			t.Fatal(err)
		}
		if writers != told.Writers || rank != told.Rank {
			t.Errorf("%s: the report says rank %d and %d writers, the table rank %d and %d", sort, told.Rank, told.Writers, rank, writers)
		}
	}
}
