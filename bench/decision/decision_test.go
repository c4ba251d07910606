package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/intake"
)

// TestQuick measures a little on SQLite. That every acknowledged decision is on record is checked by run itself, which fails otherwise.
func TestQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts the server")
	}
	c, err := parse([]string{"-quick", "-engines", "sqlite", "-dir", t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	report, err := run(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"decisions_per_second", "cpu_ms_per_decision", "p99_ms"} {
		if v, ok := got[key].(float64); !ok || v <= 0 {
			t.Errorf("%s is %v", key, got[key])
		}
	}
	for _, key := range []string{"machine", "settings", "points", "repetitions", "past_events", "hot", "curve", "skipped"} {
		if got[key] == nil {
			t.Errorf("the report lacks %s", key)
		}
	}
	if len(report.Points) != 2 || len(report.Hot) != 1 || len(report.Curve) != 1 {
		t.Fatalf("%d points, %d hot, %d on the curve", len(report.Points), len(report.Hot), len(report.Curve))
	}
	for _, p := range append(report.Points, report.Curve...) {
		if p.Decisions == 0 || p.P50 <= 0 || p.P99 < p.P50 || p.CPU <= 0 || p.RSS <= 0 || p.Outcomes["pass"] == 0 {
			t.Errorf("a point that cannot be: %+v", p)
		}
		if p.Rows < 7 || p.Rows > 8 { // the entry of the outbox, the event, its four entities, the decision, and the key of a new customer
			t.Errorf("%.2f rows per decision", p.Rows)
		}
	}
}

// TestLoan has the door read what is sent.
func TestLoan(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 30, 0, 123456000, time.UTC)
	p := newPopulation(1)
	for n := range int64(200) {
		parsed, err := intake.Parse(p.loan().stamp(nil, n+1, now), now, intake.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		e := parsed.Event
		if e.Kind != qingyuan.LoanDrawn || !e.EffectiveAt.Equal(now) || !strings.HasSuffix(e.ExternalID, e.Data["loan_no"].(string)[1:]) {
			t.Fatalf("not the loan that was sent: %+v", e)
		}
		delete(e.Data, "derived")
		if len(e.Data) != 17 || len(parsed.Mentions) != 4 {
			t.Fatalf("%d fields, %d entities: %+v", len(e.Data), len(parsed.Mentions), e.Data)
		}
	}
}

// TestSeed wants the same loans from the same seed, and a device for two customers each.
func TestSeed(t *testing.T) {
	one, two, other := newPopulation(7).loans(100), newPopulation(7).loans(100), newPopulation(8).loans(100)
	same := func(a, b loan) bool { return bytes.Equal(a, b) }
	if !slices.EqualFunc(one, two, same) || slices.EqualFunc(one, other, same) {
		t.Fatal("loans do not follow the seed")
	}
	names := map[string]bool{}
	for i := range devices {
		names[deviceName(i)] = true
	}
	if len(names) != devices {
		t.Fatalf("%d names for %d devices", len(names), devices)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, args := range [][]string{{"-engines", "oracle"}, {"-history", "0"}, {"-seconds", "0"}, {"-repetitions", "0"}, {"more"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}

func TestMedians(t *testing.T) {
	every := []Point{{Engine: "sqlite", Clients: 1, Rate: 3, P99: 1}, {Engine: "sqlite", Clients: 1, Rate: 1, P99: 9},
		{Engine: "sqlite", Clients: 1, Rate: 2, P99: 2}, {Engine: "sqlite", Clients: 64, Rate: 100}, {Engine: "postgres", Clients: 1, Rate: 50}}
	if m := medians(every, "sqlite", 1); m.Rate != 2 || m.P99 != 2 {
		t.Fatalf("medians %+v", m)
	}
}
