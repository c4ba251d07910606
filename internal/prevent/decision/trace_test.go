package decision

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"qingyuan"
)

// suspectLoan is an input of the benchmark's ruleset on which most rules fire.
func suspectLoan(t testing.TB) Input {
	in := benchInput(t)
	in.Event.Data["amount"], in.Event.Data["payee"], in.Event.Data["sim_tenure_days"] = int64(9_000_000), map[string]any{"kind": "other_person"}, int64(3)
	in.Velocity = func(v int, key [16]byte) (int64, bool) { return []int64{7, 4, 30_000_000}[v], v != 1 }
	return in
}

func TestTrace(t *testing.T) {
	p := compileEmbedded(t, BenchMixed())
	p.ruleset.Version = 3
	ordinary, suspect := benchInput(t), suspectLoan(t)
	bare := benchInput(t)
	bare.Event.Data = map[string]any{"amount": int64(1)}
	bare.Event.Entities = nil
	for name, in := range map[string]Input{"ordinary": ordinary, "suspect": suspect, "bare": bare} {
		t.Run(name, func(t *testing.T) {
			r := p.NewEvaluator().Decide(in)
			text := EncodeTrace(r)
			t.Logf("%d bytes: %s", len(text), text)
			if name == "ordinary" && len(text) > 400 {
				t.Errorf("a typical trace has %d bytes", len(text))
			}
			tr, err := DecodeTrace(text)
			if err != nil {
				t.Fatal(err)
			}
			if tr.Ruleset != "bench_mixed" || tr.Version != 3 || tr.Kind != r.Kind || tr.Outcome != r.Outcome || tr.Score != r.Score {
				t.Errorf("%+v", tr)
			}
			if !reflect.DeepEqual(tr.NotEvaluable, r.NotEvaluable) {
				t.Errorf("not evaluable %v, want %v", tr.NotEvaluable, r.NotEvaluable)
			}
			if got := Render(tr, p); !reflect.DeepEqual(got, r.Reasons) {
				t.Errorf("rendered %+v\nwant %+v", got, r.Reasons)
			}
		})
	}
	r := p.NewEvaluator().Decide(suspect)
	if len(r.Reasons) < 5 || !strings.Contains(r.Reasons[0].Text.EN, "4 persons") {
		t.Errorf("reasons %+v", r.Reasons)
	}
	if !bytes.Contains(EncodeTrace(r), []byte(`"velocity.device_persons_7d.approximate":true`)) {
		t.Error("the trace does not say that the count is an estimate")
	}
}

// TestPersonalValuesStayOut looks for a person's data in everything a decision leaves behind.
func TestPersonalValuesStayOut(t *testing.T) {
	p := compileText(t, oneRule("loan.drawn", `event.phone == "13987654321" && event.name contains "赵" && len(event.phone) == 11`))
	r := p.NewEvaluator().Decide(input(loan(map[string]any{"phone": "13987654321", "name": "赵示一"})))
	if verdict(r) != "yes" {
		t.Fatal(r.NotEvaluable)
	}
	text := string(EncodeTrace(r))
	for _, v := range append(r.Values, r.Reasons[0].Values...) {
		if s, ok := v.Value.(string); ok {
			text += s
		}
	}
	if strings.Contains(text, "1398") || strings.Contains(text, "赵") {
		t.Errorf("personal values in %s", text)
	}
}

// TestSeveralKeys has a velocity looked up for several entities: the largest counts, and the trace says whose it is.
func TestSeveralKeys(t *testing.T) {
	p := compileText(t, oneRule("application.submitted", "velocity.by_contact >= 3"))
	e := loan(map[string]any{})
	e.Kind = qingyuan.ApplicationSubmitted
	for _, key := range []string{"0000000000000000000000000000c001", "0000000000000000000000000000c009", "0000000000000000000000000000c009", "bad"} {
		e.Entities = append(e.Entities, qingyuan.Entity{Kind: qingyuan.Phone, Role: "contact", Key: key})
	}
	in := input(e)
	asked := 0
	in.Velocity = func(v int, key [16]byte) (int64, bool) { asked++; return int64(key[15]), key[15] != 9 }
	r := p.NewEvaluator().Decide(in)
	got := map[string]any{}
	for _, v := range r.Reasons[0].Values {
		got[v.Name] = v.Value
	}
	want := map[string]any{"velocity.by_contact": int64(9), "velocity.by_contact.key": "0000000000000000000000000000c009", "velocity.by_contact.approximate": true}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, asked %d times", got, asked)
	}
}

// TestDigest holds the digest to what it says: it is equal for equal decisions and differs for any other, and it never changes.
func TestDigest(t *testing.T) {
	p := compileEmbedded(t, BenchMixed())
	ev := p.NewEvaluator()
	first := Digest(ev.Decide(suspectLoan(t)))
	if Digest(ev.Decide(benchInput(t))) == first {
		t.Error("another decision has the same digest")
	}
	if Digest(ev.Decide(suspectLoan(t))) != first || Digest(compileEmbedded(t, BenchMixed()).NewEvaluator().Decide(suspectLoan(t))) != first {
		t.Error("the same decision has another digest")
	}
	const pinned = "e43065cc600080f7"
	if got := hex.EncodeToString(first[:8]); got != pinned {
		t.Errorf("digest %s, want %s: records made before can no longer be compared", got, pinned)
	}
	r := ev.Decide(suspectLoan(t))
	for name, change := range map[string]func(*Result){
		"outcome":  func(r *Result) { r.Outcome = qingyuan.Pass },
		"score":    func(r *Result) { r.Score++ },
		"weight":   func(r *Result) { r.Reasons[0].Weight++ },
		"rule":     func(r *Result) { r.Reasons[0].Rule += "x" },
		"value":    func(r *Result) { r.Values[0].Value = int64(1) },
		"missing":  func(r *Result) { r.NotEvaluable = append(r.NotEvaluable, NotEvaluable{"x", "y"}) },
		"fallback": func(r *Result) { r.Fallback = "deadline" },
	} {
		x := r
		x.Reasons = append([]qingyuan.Reason(nil), r.Reasons...)
		x.Values = append([]qingyuan.Value(nil), r.Values...)
		change(&x)
		if Digest(x) == first {
			t.Errorf("the digest does not cover the %s", name)
		}
	}
}

func TestDecodeTraceRefuses(t *testing.T) {
	for _, text := range []string{"", "null", "[]", `{"r":"x"}`, `{"r":"x@y"}`, `{"r":"x@1","v":{"a":[1]}}`, `{"r":"x@1","v":{"a":1e999}}`, `{"r":"x@1"}{}`, `{"r":1}`,
		strings.Repeat(" ", MaxTrace+1)} {
		if tr, err := DecodeTrace([]byte(text)); err == nil {
			t.Errorf("%.20q gives %+v", text, tr)
		}
	}
}
