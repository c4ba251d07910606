package decision

import (
	"os"
	"path/filepath"
	"testing"

	"qingyuan"
)

// FuzzParse has any text parsed and, where it is a ruleset, compiled and run: no panic, and every problem in both languages.
func FuzzParse(f *testing.F) {
	f.Add([]byte("id: a\ntitle: {zh: a, en: b}\nthresholds: {}\nrules: []\n"))
	f.Add([]byte(oneRule("loan.drawn", `any(signals, .score > 0.5) && event.amount in [1, 2] ? has(event.ip) : event.product matches "^a"`)))
	files, _ := filepath.Glob("testdata/problems/*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text[:min(len(text), 3000)])
	}
	in := input(loan(map[string]any{"amount": int64(1), "product": "a"}))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, problems := tryCompile(string(text))
		if (p == nil) != (len(problems) > 0) {
			t.Fatalf("a program %v and %d problems", p != nil, len(problems))
		}
		for _, problem := range problems {
			if problem.Message.ZH == "" || problem.Message.EN == "" || problem.Line < 0 {
				t.Fatalf("%+v", problem)
			}
		}
		if p == nil {
			return
		}
		p.Contributions(in.Event)
		r := p.NewEvaluator().Decide(in)
		if _, err := DecodeTrace(EncodeTrace(r)); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzExpression has any text compiled as the condition of a rule and run on a full and on an empty event.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{`event.amount > 3 && has(event.ip)`, `any(event.payee, # == 1)`, `let x = event.amount ?? 1; x / 2 > 1`, `velocity.by_device in [1]`,
		`list("bad_nets", event.ip) || list("bad_devices", key("device"))`, `(ratio(event.amount, 0) ?? 1) == 1 ? true : event.product matches "^a"`,
		`count(signals, .score > 0.5 && .code in ["C1"]) > 0`, `number(event.attributes.x) * 2 < param.limit`, `local_hour(event.effective_at) % 3 == 0`} {
		f.Add(s)
	}
	text, problems := Parse([]byte(oneRule("loan.drawn", "true")))
	if problems != nil {
		f.Fatal(problems)
	}
	full := input(loan(map[string]any{"amount": int64(1), "product": "a", "ip": "192.0.2.1", "payee": map[string]any{"kind": "own"}, "attributes": map[string]any{"x": 1.5}}))
	empty := Input{Event: &qingyuan.Event{Kind: qingyuan.LoanDrawn}}
	f.Fuzz(func(t *testing.T, when string) {
		rs := *text
		rs.Rules = []Rule{text.Rules[0]}
		rs.Rules[0].When = when
		p, _ := Compile(&rs, EventFields{Profile: profileFields})
		if p == nil {
			return
		}
		for _, in := range []Input{full, empty} {
			r := p.NewEvaluator().Decide(in)
			if len(r.Reasons)+len(r.NotEvaluable) > 1 {
				t.Fatalf("%+v", r)
			}
		}
	})
}

// FuzzDecodeTrace reads any text as a trace and renders what it gives.
func FuzzDecodeTrace(f *testing.F) {
	p := compileEmbedded(f, BenchMixed())
	f.Add(EncodeTrace(p.NewEvaluator().Decide(suspectLoan(f))))
	f.Add([]byte(`{"r":"bench_mixed@1","h":["B09"],"v":{"velocity.device_persons_7d":1.5,"x":null},"n":{"a":["b","c"]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if tr, err := DecodeTrace(text); err == nil {
			Render(tr, p)
		}
	})
}
