package api_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/model"
	"qingyuan/internal/store/storetest"
)

// TestHoldout trains on 70 % of a table, names the model in a ruleset, sends the other 30 % as events through the API, and measures
// the probabilities that the decisions were made with. QINGYUAN_HOLDOUT names the CSV file, QINGYUAN_HOLDOUT_TARGET its target and
// QINGYUAN_HOLDOUT_SEED the split; all columns must be numbers.
func TestHoldout(t *testing.T) {
	path := os.Getenv("QINGYUAN_HOLDOUT")
	if path == "" {
		t.Skip("takes minutes; scripts/holdout.sh api runs it")
	}
	target := os.Getenv("QINGYUAN_HOLDOUT_TARGET")
	seed, _ := strconv.ParseUint(os.Getenv("QINGYUAN_HOLDOUT_SEED"), 10, 64)
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	table, err := model.ReadCSV(ctx, f, nil)
	must(t, err)
	var in, out []int
	rng := rand.New(rand.NewPCG(seed, 70))
	for row := range table.Rows() {
		if rng.Float64() < .7 {
			in = append(in, row)
		} else {
			out = append(out, row)
		}
	}
	a, err := model.Train(ctx, model.Config{Table: table.Take(in), Target: target, Seed: seed})
	must(t, err)
	archive, err := a.Archive()
	must(t, err)

	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	h.secret = h.key(t, "models:read", "models:write", "decisions:write", "decisions:read")
	if status, body, _ := h.call(t, "POST", "/v1/models", string(archive), "Content-Type", "application/zip"); status != 201 {
		t.Fatalf("%d %v", status, body)
	}
	_, version, err := h.decisions.Publish(ctx, tenant, qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "ann"}, []byte(holdoutRuleset(a.Version(), a.Columns())))
	must(t, err)
	must(t, h.decisions.Activate(ctx, tenant, qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "test"}, "holdout", version, "test"))
	var scores []float64
	var truth []bool
	held := table.Take(out)
	began := time.Now()
	for i, row := range held.All() {
		columns := map[string]any{}
		for _, name := range a.Columns() {
			if v, ok := row[name]; ok {
				columns[strings.ToLower(name)] = v
			}
		}
		text, _ := json.Marshal(columns)
		body := fmt.Sprintf(`{"specversion":"1.0","id":"row-%d","source":"/holdout","type":"loan.drawn","time":%q,"data":{"customer_no":"C%06d","loan_no":"L%06d","amount":1,"attributes":%s}}`,
			i, began.UTC().Format(time.RFC3339), i, i, text)
		status, d, _ := h.call(t, "POST", "/v1/decisions", body)
		if status/100 != 2 {
			t.Fatalf("row %d: %d %v", i, status, d)
		}
		scores, truth = append(scores, probabilityIn(t, d)), append(truth, row[target].(float64) == 1)
		if want, err := a.Probability(row); err != nil || want != scores[i] {
			t.Fatalf("row %d: the decision had %v, the model says %v: %v", i, scores[i], want, err)
		}
	}
	m := model.Measure(scores, truth)
	report, _ := json.Marshal(map[string]any{"auc": m.AUC, "ks": m.KS, "ap": m.AP, "n": m.N, "positives": m.Positives, "trained_on": len(in), "seed": seed,
		"through": "POST /v1/decisions", "model": a.Version(), "decisions_per_second": float64(m.N) / time.Since(began).Seconds()})
	fmt.Printf("holdout: %s\n", report)
	replayed, err := h.decisions.Replay(ctx, tenant, nil)
	must(t, err)
	if replayed.Identical != replayed.Decisions || replayed.Decisions != m.N {
		t.Errorf("replay: %d of %d identical", replayed.Identical, replayed.Decisions)
	}
}

// holdoutRuleset has one rule, which always speaks and shows the probability.
func holdoutRuleset(version string, columns []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "id: holdout\ntitle: {zh: 留出, en: Held out}\nmodels:\n  - id: m\n    title: {zh: 模型, en: Model}\n    on: loan.drawn\n    version: %s\n    inputs:\n", version)
	for _, c := range slices.Sorted(slices.Values(columns)) {
		fmt.Fprintf(&b, "      %s: number(event.attributes.%s)\n", c, strings.ToLower(c))
	}
	b.WriteString("rules:\n  - id: SHOW\n    title: {zh: 显示, en: Show}\n    on: loan.drawn\n    typology: T2\n    family: behaviour\n    when: model.m.probability >= 0.0\n" +
		"    weight: 1\n    reason: {zh: \"{model.m.because}\", en: \"{model.m.because}\"}\n    source: test\nthresholds: {review: 100}\n")
	return b.String()
}

func probabilityIn(t *testing.T, d map[string]any) float64 {
	t.Helper()
	for _, r := range d["reasons"].([]any) {
		for _, v := range r.(map[string]any)["values"].([]any) {
			if v := v.(map[string]any); v["name"] == "model.m.probability" {
				return v["value"].(float64)
			}
		}
	}
	t.Fatalf("no probability in %v", d)
	return 0
}
