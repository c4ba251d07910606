package decision

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"qingyuan"
)

// benchInput is a drawn loan as the benchmark scenario sends it, with a list of 200 devices.
func benchInput(tb testing.TB) Input {
	e := loan(map[string]any{
		"loan_no": "L1", "amount": int64(3_000_000), "term_months": int64(12), "annual_rate": 0.18, "outstanding_before": int64(100_000), "product": "cash-loan",
		"payee": map[string]any{"kind": "own"}, "sim_tenure_days": int64(900), "os": "android", "device_id": "d", "phone": "13900000001", "ip": "192.0.2.1",
	})
	index := NewListIndex()
	for i := range 200 {
		err := index.Add(ListEntry{ID: fmt.Sprintf("lst_%d", i), List: "bench_devices", Kind: qingyuan.Device, Match: MatchExact, Value: fmt.Sprintf("%032x", i+1000)})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return Input{Event: e, Lists: index, ListNow: e.EffectiveAt, Velocity: func(v int, key [16]byte) (int64, bool) { return []int64{2, 1, 900_000}[v], true }}
}

func cpuTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchmark(b *testing.B, f func()) {
	b.ReportAllocs()
	start := cpuTime(b)
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
}

// BenchmarkMixed evaluates the ten rules of the scenario "mixed", once with what they make of an ordinary loan, and with all that is
// done for a decision.
func BenchmarkMixed(b *testing.B) {
	rs, problems := Parse(BenchMixed())
	if problems != nil {
		b.Fatal(problems)
	}
	p, problems := Compile(rs, EventFields{})
	if problems != nil {
		b.Fatal(problems)
	}
	in, ev := benchInput(b), p.NewEvaluator()
	if r := ev.Decide(in); len(r.NotEvaluable) > 0 {
		b.Fatal(r.NotEvaluable)
	}
	b.Run("decide", func(b *testing.B) { benchmark(b, func() { ev.Decide(in) }) })
	b.Run("contributions", func(b *testing.B) { benchmark(b, func() { p.Contributions(in.Event) }) })
	r := ev.Decide(in)
	b.Run("trace", func(b *testing.B) { benchmark(b, func() { EncodeTrace(r) }) })
	b.Run("digest", func(b *testing.B) { benchmark(b, func() { Digest(r) }) })
	b.Logf("trace of %d bytes: %s", len(EncodeTrace(r)), EncodeTrace(r))
}

// BenchmarkFirst decides an application with the first ruleset: one with most fields, and one with hardly any, where most rules are
// not evaluable.
func BenchmarkFirst(b *testing.B) {
	rs, problems := Parse(First())
	if problems != nil {
		b.Fatal(problems)
	}
	b.Run("compile", func(b *testing.B) { benchmark(b, func() { Compile(rs, EventFields{}) }) })
	p, problems := Compile(rs, EventFields{})
	if problems != nil {
		b.Fatal(problems)
	}
	ev := p.NewEvaluator()
	full := situation{kind: qingyuan.ApplicationSubmitted, data: map[string]any{"ip": "192.0.2.1", "sim_tenure_days": int64(700), "amount": int64(1),
		"call_forwarding": map[string]any{"state": "off"}, "credit_report": map[string]any{"queries_1m": int64(1)}, "device_flags": map[string]any{"remote_control": false}}}.input(p)
	sparse := Input{Event: &qingyuan.Event{Kind: qingyuan.ApplicationSubmitted, Data: map[string]any{"amount": int64(1)}}, Lists: NewListIndex()}
	b.Run("full", func(b *testing.B) { benchmark(b, func() { ev.Decide(full) }) })
	b.Run("sparse", func(b *testing.B) { benchmark(b, func() { ev.Decide(sparse) }) })
}
