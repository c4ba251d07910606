package model

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"qingyuan"
)

// leakyTable has a target and columns that know more or less of it.
func leakyTable(t *testing.T) *Table {
	rng := rand.New(rand.NewPCG(1, 1))
	n := 4000
	y := make([]bool, n)
	for i := range y {
		y[i] = rng.Float64() < .05
	}
	asOf := time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC)
	signal := func(i int, strength float64) float64 {
		if y[i] {
			return strength + rng.NormFloat64()
		}
		return rng.NormFloat64()
	}
	return tableOf(t, n, map[string]func(i int) any{
		"y":      func(i int) any { return map[bool]any{true: 1.0, false: 0.0}[y[i]] },
		"noise":  func(int) any { return rng.NormFloat64() },
		"honest": func(i int) any { return signal(i, 2.4) }, // AUC ≈ .955
		"future": func(i int) any { return -signal(i, 5) },  // AUC ≈ .9998, falling
		"middle": func(i int) any { // knows the answer, but not by its order
			if y[i] {
				return 50 + rng.Float64()
			}
			return 100*float64(rng.IntN(2)) + rng.Float64()
		},
		"absent": func(i int) any { // is missing where the loan was never repaid, and nearly nowhere else
			if y[i] || rng.Float64() < .0005 {
				return nil
			}
			return rng.NormFloat64()
		},
		"status": func(i int) any {
			if y[i] {
				return []string{"written off", "sued"}[rng.IntN(2)]
			}
			if rng.Float64() < .001 {
				return "sued"
			}
			return []string{"open", "paid", "new"}[rng.IntN(3)]
		},
		"rowid": func(i int) any {
			return "r" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		},
		"as of":      func(i int) any { return asOf.AddDate(0, 0, i%200) },
		"applied at": func(i int) any { return asOf.AddDate(0, 0, i%200-i%7) },
		"paid at": func(i int) any { // one payment was seen after the row's own moment
			if i == 77 {
				return asOf.AddDate(0, 0, 400)
			}
			return asOf.AddDate(0, 0, i%200-i%5)
		},
	})
}

func TestLeakCheckCatchesWhatKnowsTheFuture(t *testing.T) {
	table := leakyTable(t)
	var names []string
	for _, c := range table.Columns() {
		if c.Name != "y" && c.Name != "as of" {
			names = append(names, c.Name)
		}
	}
	leaks, alone, err := LeakCheck(table, names, "y", "as of")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Leak{}
	for _, l := range leaks {
		found[l.Column] = l
	}
	for _, name := range []string{"future", "middle", "absent", "status"} {
		if l := found[name]; !l.Refuse || l.AUC < leakRefused {
			t.Errorf("%s is let through: %+v, AUC alone %.4f", name, l, alone[name])
		}
	}
	if l := found["paid at"]; !l.Refuse || l.Later != 1 {
		t.Errorf("a time after the as-of time is let through: %+v", l)
	}
	for _, name := range []string{"noise", "honest", "rowid", "applied at"} {
		if l, ok := found[name]; ok {
			t.Errorf("%s is suspected: %+v", name, l)
		}
	}
	if a := alone["honest"]; a < .94 || a > .97 {
		t.Errorf("the honest column has AUC %.4f; the test means it to be near .955", a)
	}
	if a := alone["rowid"]; a > .6 {
		t.Errorf("a column of ids reaches AUC %.4f out of fold", a)
	}
}

func TestTrainRefusesLeaks(t *testing.T) {
	table := leakyTable(t)
	c := Config{Table: table, Target: "y", AsOf: "as of", Now: time.Now, Library: "/does/not/exist.so"}
	_, err := Train(t.Context(), c)
	if qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Fatalf("training on leaks gave %v", err)
	}
	for _, name := range []string{"future", "middle", "absent", "status", "paid at"} {
		if !strings.Contains(err.Error(), `"`+name+`"`) {
			t.Errorf("the error does not name %q: %v", name, err)
		}
	}
	c.AllowLeaky = true
	if _, err := Train(t.Context(), c); qingyuan.CodeOf(err) != qingyuan.Unavailable {
		t.Errorf("with leaks allowed and no library: %v, want unavailable", err)
	}
}
