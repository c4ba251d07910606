package lexicon

import (
	"encoding/json"
	"os"
	"testing"
)

// data opens a file of the evaluation data, or skips the test: the data is not part of the repository.
func data(t testing.TB, name string) *os.File {
	t.Helper()
	dir := os.Getenv("QINGYUAN_EVAL_DATA")
	if dir == "" {
		dir = "../../../../../shared/data"
	}
	f, err := os.Open(dir + "/text/" + name)
	if err != nil {
		t.Skipf("evaluation data not found (set QINGYUAN_EVAL_DATA): %v", err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestEvalMeetsItsBars(t *testing.T) {
	r, err := Eval(t.Context(), EvalOptions{Data: data(t, "cntp_perturbed.jsonl")})
	if err != nil {
		t.Fatal(err)
	}
	out, _ := json.MarshalIndent(r, "", " ")
	t.Logf("%s", out)
	for perturb, bar := range map[string]float64{"chaizi": .88, "Traditional": .97, "homo_toxi": .88, "pinyin_full": .95, "radical": .60,
		"pinyin": .70, "Swap": .50} {
		if got := r.Perturb[perturb]; got == nil || got.Rate < bar {
			t.Errorf("%s: %+v, want a rate of at least %v", perturb, got, bar)
		}
	}
	if r.FalseRate > 1 {
		t.Errorf("false hits %v per 1,000 clean texts and 100 terms, want at most 1", r.FalseRate)
	}
}
