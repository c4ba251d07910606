package decision

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/intake"
)

// window is the plainest possible velocity: every contribution is kept and counted again for each question.
type window map[windowKey][]contributed

type windowKey struct {
	stream int
	key    [16]byte
}

type contributed struct {
	at int64
	Contribution
}

func (w window) add(p *Program, e *qingyuan.Event) {
	for _, c := range p.Contributions(e) {
		k := windowKey{c.Stream, c.Key}
		w[k] = append(w[k], contributed{e.EffectiveAt.UnixMicro(), c})
	}
}

func (w window) read(p *Program, asOf time.Time) func(int, [16]byte) (int64, bool) {
	return func(v int, key [16]byte) (int64, bool) {
		a := p.aggregates[v]
		to := asOf.UnixMicro()
		from := to - a.Window.Microseconds()
		var n, sum int64
		distinct := map[uint64]bool{}
		for _, c := range w[windowKey{a.Stream, key}] {
			if c.at >= from && c.at < to {
				n, sum, distinct[c.Distinct] = n+1, sum+c.Value, true
			}
		}
		return map[Aggregation]int64{Count: n, Sum: sum, Distinct: int64(len(distinct))}[a.Agg], true
	}
}

// authored reads the authored events as intake hands them on, with keys that stand in for blind ones.
func authored(t *testing.T) []*qingyuan.Event {
	t.Helper()
	f, err := os.Open("../../../testdata/authored_events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []*qingyuan.Event
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		parsed, err := intake.Parse(lines.Bytes(), time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), intake.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		e := parsed.Event
		for i, m := range parsed.Mentions {
			e.Entities[i].Key = standIn(m.Kind, m.Value)
		}
		if parsed.Subject.Kind != "" {
			e.Subject.Key = standIn(parsed.Subject.Kind, parsed.Subject.Value)
		}
		out = append(out, &e)
	}
	slices.SortStableFunc(out, func(a, b *qingyuan.Event) int { return a.EffectiveAt.Compare(b.EffectiveAt) })
	return out
}

func standIn(kind qingyuan.EntityKind, value string) string {
	sum := sha256.Sum256([]byte(string(kind) + "|" + value))
	return hex.EncodeToString(sum[:16])
}

// TestStories decides the authored events in their order. They are invented, so that this proves the machinery only: that each scheme
// is noticed for its own typology, and that hardship, the dormitory and ordinary customers are not stopped.
func TestStories(t *testing.T) {
	p := compileEmbedded(t, First())
	ev, w := p.NewEvaluator(), window{}
	worst, counts := map[string]qingyuan.Outcome{}, map[string]map[qingyuan.Outcome]int{}
	fired, typologies := map[string]map[string]int{}, map[string]map[qingyuan.Typology]int{}
	decided, bytes := 0, 0
	for _, e := range authored(t) {
		r := ev.Decide(Input{Event: e, Velocity: w.read(p, e.EffectiveAt), Lists: NewListIndex(), ListNow: e.EffectiveAt})
		w.add(p, e)
		story, _, _ := strings.Cut(e.ExternalID, "-")
		if worst[story] == "" {
			worst[story], counts[story], fired[story], typologies[story] = qingyuan.Pass, map[qingyuan.Outcome]int{}, map[string]int{}, map[qingyuan.Typology]int{}
		}
		worst[story] = sterner(worst[story], r.Outcome)
		counts[story][r.Outcome]++
		for _, reason := range r.Reasons {
			fired[story][reason.Rule]++
			typologies[story][reason.Typology]++
		}
		for _, n := range r.NotEvaluable {
			if strings.HasPrefix(n.Missing, "!") {
				t.Errorf("%s: %s failed: %s", e.ExternalID, n.Rule, n.Missing)
			}
		}
		trace := EncodeTrace(r)
		bytes += len(trace)
		if len(trace) > 1200 {
			t.Errorf("%s: trace of %d bytes: %s", e.ExternalID, len(trace), trace)
		}
		decided++
	}
	for _, story := range []string{"t1", "t2", "t3", "t5", "hs", "hub", "ord"} {
		t.Logf("%-4s %v %v", story, counts[story], fired[story])
	}
	for story, want := range map[string]struct {
		typology qingyuan.Typology
		outcome  qingyuan.Outcome
	}{"t1": {qingyuan.T1, qingyuan.Hold}, "t2": {qingyuan.T2, qingyuan.Warn}, "t3": {qingyuan.T3, qingyuan.Review}, "t5": {qingyuan.T5, qingyuan.Warn}} {
		if worst[story].Severity() < want.outcome.Severity() || typologies[story][want.typology] == 0 {
			t.Errorf("%s: at most %s, reasons %v", story, worst[story], typologies[story])
		}
	}
	for _, story := range []string{"hs", "hub", "ord"} {
		if worst[story] != qingyuan.Pass {
			t.Errorf("%s reaches %s", story, worst[story])
		}
	}
	if decided < 100 || bytes/decided > 400 {
		t.Errorf("%d events with %d bytes of trace each", decided, bytes/decided)
	}
	t.Logf("%d bytes of trace on average", bytes/decided)
}
