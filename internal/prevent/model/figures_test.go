package model

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// evalData opens a file of the evaluation data, which does not ship, or skips the test.
func evalData(t *testing.T, name string) *Table {
	t.Helper()
	dir := os.Getenv("QINGYUAN_EVAL_DATA")
	if dir == "" {
		dir = "../../../../shared/data"
	}
	f, err := os.Open(filepath.Join(dir, "tabular", name+".csv"))
	if err != nil {
		t.Skipf("the evaluation data is not here (QINGYUAN_EVAL_DATA names its directory): %v", err)
	}
	defer f.Close()
	table, err := ReadCSV(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// outerSplit deals the labelled rows 70 to 30 by seed.
func outerSplit(t *testing.T, table *Table, target string, seed uint64) (train, test *Table) {
	t.Helper()
	positive, rows, err := labels(table, target)
	if err != nil {
		t.Fatal(err)
	}
	var in, out []int
	for i, p := range foldsOf(rows, positive, nil, 10, seed) {
		if p < 7 {
			in = append(in, rows[i])
		} else {
			out = append(out, rows[i])
		}
	}
	return table.Take(in), table.Take(out)
}

// TestFigures trains on 70 % of each real set and judges on the other 30 %, for as many splits as QINGYUAN_FIGURES says.
func TestFigures(t *testing.T) {
	splits, _ := strconv.Atoi(os.Getenv("QINGYUAN_FIGURES"))
	if splits == 0 {
		t.Skip("takes minutes; QINGYUAN_FIGURES names the number of splits")
	}
	for _, name := range []string{"uci_credit_default", "vehicle_claim_fraud"} {
		t.Run(name, func(t *testing.T) {
			table := evalData(t, name)
			var auc, ks, ap []float64
			for s := range uint64(splits) {
				train, test := outerSplit(t, table, "y", 2026+s)
				a, err := Train(t.Context(), Config{Table: train, Target: "y", Seed: s + 1, Fast: os.Getenv("QINGYUAN_FAST") != "", Now: time.Now})
				if err != nil {
					t.Fatal(err)
				}
				r, err := Eval(t.Context(), a.Model, test, "y")
				if err != nil {
					t.Fatal(err)
				}
				auc, ks, ap = append(auc, r.AUC), append(ks, r.KS), append(ap, r.AP)
				t.Logf("split %d: held out AUC %.4f KS %.4f AP %.4f Brier %.4f mean %.4f of %.4f; out of fold AUC %.4f KS %.4f; %d trees, %d nodes, %.0f s",
					2026+s, r.AUC, r.KS, r.AP, r.Brier, r.Mean, float64(r.Positives)/float64(r.N), a.card.Metrics.AUC, a.card.Metrics.KS,
					len(a.forest.roots), len(a.forest.nodes), a.card.Seconds)
			}
			t.Logf("%d splits: AUC %s, KS %s, AP %s", splits, spread(auc), spread(ks), spread(ap))
		})
	}
}

// spread writes mean ± standard deviation.
func spread(values []float64) string {
	m, s := mean(values), 0.0
	for _, v := range values {
		s += (v - m) * (v - m) / float64(max(1, len(values)-1))
	}
	return fmt.Sprintf("%.4f ± %.4f", m, math.Sqrt(s))
}
