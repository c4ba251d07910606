package decision_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/store/storetest"
)

// TestBacktestEqualsLive backtests versions that decided live, over corrections, late events, list changes, a snooze and a
// change of versions: every decision comes out as it was made.
func TestBacktestEqualsLive(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		base := time.Now().UTC().Truncate(time.Hour).Add(-72 * time.Hour)
		h := build(t, storetest.Open(t, url, lines...), "")
		other := build(t, storetest.Open(t, t.TempDir()+"/other.db", lines...), "") // where the candidate decides from the start
		candidate := publish(t, h, stern...)
		must(t, other.svc.Stage(ctx, tenant, user("bob"), decision.StageChange{ID: "first", Version: publish(t, other, stern...), Stage: decision.StageLive, Reason: "test"}))
		want, live := map[qingyuan.Outcome]int{}, map[qingyuan.Outcome]int{}
		n := 0
		some := func(count int) {
			for range count {
				at := base.Add(time.Duration(n) * time.Minute)
				if n%9 == 4 {
					at = at.Add(-3 * time.Hour)
				}
				live[decide(t, h, loan(n, at)).Outcome]++
				want[decide(t, other, loan(n, at)).Outcome]++
				n++
			}
		}
		both := func(f func(h house)) { f(h); f(other) }
		some(60)
		both(func(h house) {
			d := decide(t, h, []byte(strings.NewReplacer(`"id":"loan-7"`, `"id":"loan-7b","corrects":"loan-7"`, "dev-0000", "dev-1111").Replace(string(loan(7, base)))))
			if d.Version == 1 {
				live[d.Outcome]++
			} else {
				want[d.Outcome]++
			}
			_, _, err := h.svc.AddEntries(ctx, tenant, user("u"), firstList(t), []decision.NewEntry{
				{Kind: qingyuan.Phone, Match: decision.MatchExact, Value: "13800130003", Reason: "test"}})
			must(t, err)
		})
		some(50)
		both(func(h house) {
			z, err := h.svc.RequestSnooze(ctx, tenant, user("ann"), decision.NewSnooze{Rule: "T1-DEVICE", ExpiresAt: time.Now().Add(time.Hour), Reason: "test"})
			must(t, err)
			_, err = h.svc.Approve(ctx, audit.Ballot{Tenant: tenant, Voter: user("bob"), Approval: z.ID, Comment: ""})
			must(t, err)
		})
		some(50)

		r, err := h.svc.Backtest(ctx, tenant, decision.BacktestRequest{ID: "first", Version: candidate})
		must(t, err)
		if r.Events != 161 || r.Customers != 40 || len(r.Recorded) != 2 || r.Recorded[0].Decisions != 161 || r.Recorded[0].Identical != 161 {
			t.Fatalf("%+v", r)
		}
		gotLive, got := map[qingyuan.Outcome]int{}, map[qingyuan.Outcome]int{}
		for _, o := range r.Outcomes {
			gotLive[o.Live] += o.Events
			got[o.Candidate] += o.Events
		}
		for _, o := range qingyuan.Outcomes {
			if got[o] != want[o] || gotLive[o] != live[o] {
				t.Errorf("%s: candidate %d, decided live elsewhere %d; live %d, decided %d", o, got[o], want[o], gotLive[o], live[o])
			}
		}
		if want[qingyuan.Pass] == live[qingyuan.Pass] {
			t.Error("candidate and live version do not differ: the test shows nothing")
		}

		must(t, h.svc.Activate(ctx, tenant, user("bob"), "first", candidate, "test"))
		some(40)
		r, err = h.svc.Backtest(ctx, tenant, decision.BacktestRequest{ID: "first", Version: 1, From: base.Add(time.Hour), Decided: true})
		must(t, err)
		for _, v := range r.Recorded {
			if v.Decisions == 0 || v.Identical != v.Decisions {
				t.Errorf("%s: %d of %d identical", v.Version, v.Identical, v.Decisions)
			}
		}
		if r.Live != "first@"+strconv.Itoa(candidate) || r.Events >= 201 || r.Events < 100 {
			t.Errorf("live %s, %d events", r.Live, r.Events)
		}
	})
}

// TestBacktestCases counts caught, missed and hurt against labels, and rules against each other.
func TestBacktestCases(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db", lines...), "")
	base := time.Now().UTC().Truncate(time.Hour).Add(-72 * time.Hour)
	flagged := map[int]bool{}
	for n := range 120 {
		if d := decide(t, h, loan(n, base.Add(time.Duration(n)*time.Minute))); d.Outcome != qingyuan.Pass {
			flagged[n%40] = true
		}
	}
	var csv strings.Builder
	csv.WriteString("customer_no,event,population,typology,as_of,comment\n")
	csv.WriteString("C00001,,colluding,T1,,x\nC00002,,honest,,,\nC00003,,hardship,,,\nC99999,,agent,T3,,never seen\n,loan-5,agent,T5,2020-01-01,known before\n")
	labels, err := decision.ReadLabels(strings.NewReader(csv.String()))
	must(t, err)
	r, err := h.svc.Backtest(ctx, tenant, decision.BacktestRequest{ID: "first", Version: 1, Labels: labels})
	must(t, err)
	c := r.Cases
	if c.Labels != 5 || c.Seen != 4 || c.Caught.Candidate+c.Missed.Candidate != 2 || c.Caught != (decision.PairCount{Candidate: c.Caught.Live, Live: c.Caught.Candidate}) {
		t.Fatalf("%+v", c)
	}
	if (c.Caught.Candidate == 1) != flagged[1] {
		t.Errorf("caught %d, customer 1 flagged: %v", c.Caught.Candidate, flagged[1])
	}
	if r.Alerted.Candidate != len(flagged) {
		t.Errorf("%d customers alerted, decided %d", r.Alerted.Candidate, len(flagged))
	}
	hits := 0
	for _, rule := range r.Rules {
		hits += rule.Hits
		if rule.Hits != rule.LiveHits || rule.Unique > rule.Hits || rule.Customers > 40 || (rule.Precision == nil) != (rule.Adverse+rule.Innocent == 0) {
			t.Errorf("%+v", rule)
		}
	}
	if hits == 0 {
		t.Error("no rule fired: the test shows nothing")
	}
	if _, err := h.svc.Backtest(ctx, tenant, decision.BacktestRequest{Text: []byte("id: x\nrules: 7\n")}); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Errorf("a broken candidate: %v", err)
	}
	if _, err := h.svc.Backtest(ctx, tenant, decision.BacktestRequest{ID: "none", Version: 1}); qingyuan.CodeOf(err) != qingyuan.NotFound {
		t.Errorf("an unknown candidate: %v", err)
	}
}

func TestReadLabels(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		n    int // -1: refused
	}{
		"empty":           {"", 0},
		"blank":           {"\n \n", 0},
		"csv":             {"customer_no,typology\nC1,T1\nC2,\n", 2},
		"csv with mark":   {"\xef\xbb\xbfcustomer,population\nC1,honest\n", 1},
		"lines":           {`{"customer":"C1","population":"agent","typology":"T3","onset":"2026-01-01T00:00:00Z"}` + "\n\n" + `{"event":"e1","as_of":"2026-02-03"}`, 2},
		"agent outside":   {`{"name":"x","population":"agent"}`, 0},
		"no header":       {"C1,T1\n", -1},
		"bad typology":    {"customer_no,typology\nC1,T10\n", -1},
		"bad date":        {"customer_no,as_of\nC1,soon\n", -1},
		"bad line":        {"{\n", -1},
		"unclosed quotes": {"customer_no\n\"C1\n", -1},
		"too long":        {"customer_no\n" + strings.Repeat("C", 65) + "\n", -1},
	} {
		all, err := decision.ReadLabels(strings.NewReader(tt.text))
		if tt.n < 0 && qingyuan.CodeOf(err) != qingyuan.Invalid || tt.n >= 0 && (err != nil || len(all) != tt.n) {
			t.Errorf("%s: %d labels, %v", name, len(all), err)
		}
	}
}

func FuzzReadLabels(f *testing.F) {
	f.Add("customer_no,typology\nC1,T1\n")
	f.Add(`{"customer":"C1"}`)
	f.Fuzz(func(t *testing.T, text string) {
		all, err := decision.ReadLabels(strings.NewReader(text))
		if err != nil && qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Fatal(err)
		}
		for _, l := range all {
			if l.Customer == "" && l.Event == "" || len(l.Customer) > 64 {
				t.Fatalf("%+v", l)
			}
		}
	})
}

// BenchmarkBacktest backtests a changed first ruleset over a record of loans; QINGYUAN_BENCH_EVENTS says how many.
func BenchmarkBacktest(b *testing.B) {
	events := 20_000
	if n, err := strconv.Atoi(os.Getenv("QINGYUAN_BENCH_EVENTS")); err == nil {
		events = n
	}
	h := build(b, storetest.Open(b, b.TempDir()+"/q.db", lines...), "")
	fill(b, h, events)
	text, err := decision.ShippedRuleset("first")
	must(b, err)
	text = []byte(strings.NewReplacer(stern...).Replace(string(text)))
	runtime.GC()
	began, cpu := time.Now(), cpuOf(b)
	for b.Loop() {
		r, err := h.svc.Backtest(ctx, tenant, decision.BacktestRequest{Text: text})
		must(b, err)
		if r.Events != events {
			b.Fatalf("%d events", r.Events)
		}
	}
	n := float64(b.N) * float64(events)
	b.ReportMetric(n/time.Since(began).Seconds(), "events/s")
	b.ReportMetric(float64((cpuOf(b)-cpu).Microseconds())/n, "cpu-µs/event")
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys>>20), "sys-MiB")
}

func fill(b *testing.B, h house, events int) {
	at := time.Now().Add(-60 * 24 * time.Hour)
	next := make(chan int)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for n := range next {
				body := strings.NewReplacer(fmt.Sprintf(`"C%05d"`, n%40), fmt.Sprintf(`"C%d"`, n%(events/10+1)), "dev-", "dev-"+strconv.Itoa(n%(events/12+1))).
					Replace(string(loan(n, at.Add(time.Duration(n)*50*24*time.Hour/time.Duration(events)))))
				if _, _, err := h.svc.Decide(ctx, decision.Request{Tenant: tenant, Body: []byte(body), Deadline: time.Minute}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	for n := range events {
		next <- n
	}
	close(next)
	wg.Wait()
}

func cpuOf(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
