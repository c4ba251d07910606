package decision

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse has any text parsed and, where it is a ruleset, compiled and run: no panic, and every problem in both languages.
func FuzzParse(f *testing.F) {
	f.Add(First())
	f.Add(BenchMixed())
	f.Add([]byte(oneRule("loan.drawn", `any(signals, .score > 0.5) && event.amount in [1, 2] ? has(event.ip) : event.product matches "^a"`)))
	files, _ := filepath.Glob("testdata/problems/*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
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
