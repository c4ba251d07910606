package model

import (
	"math"
	"strings"
	"sync"
	"testing"

	"qingyuan"
)

// goldenModel is the committed model and rows it has not seen.
func goldenModel(t *testing.T) (*Model, *Table) {
	t.Helper()
	m, err := Load(goldenDir)
	if err != nil {
		t.Fatal(err)
	}
	table := credit(t, goldenRows+800)
	return m, table.Take(table.all()[goldenRows:])
}

func TestScore(t *testing.T) {
	m, table := goldenModel(t)
	var scorer Scorer = m
	if scorer.Version() != m.card.Version || !strings.HasPrefix(scorer.Version(), "mdl_") {
		t.Errorf("version %q, card %q", scorer.Version(), m.card.Version)
	}
	batch, err := m.Predict(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range table.All() {
		p, reasons, err := scorer.Score(row)
		if err != nil {
			t.Fatal(err)
		}
		alone, err := m.Probability(row)
		if err != nil || p != batch[i] || p != alone {
			t.Fatalf("row %d: %v with reasons, %v without, %v in the table: %v", i, p, alone, batch[i], err)
		}
		if len(reasons) == 0 || len(reasons) > maxReasons {
			t.Fatalf("row %d has %d reasons", i, len(reasons))
		}
		for k, r := range reasons {
			if k > 0 && math.Abs(r.Effect) > math.Abs(reasons[k-1].Effect) {
				t.Fatalf("row %d: reasons are not in order: %+v", i, reasons)
			}
			if strings.Contains(r.Text.EN, "raises") != (r.Effect > 0) || strings.Contains(r.Text.ZH, "推高") != (r.Effect > 0) {
				t.Fatalf("row %d: %+v", i, r)
			}
		}
		_, all, err := m.Explain(row)
		if err != nil {
			t.Fatal(err)
		}
		sum := m.Start()
		for _, r := range all {
			sum += r.Effect
		}
		if logit := math.Log(p / (1 - p)); math.Abs(sum-logit) > 1e-5 {
			t.Fatalf("row %d: start and effects add up to %v, the log-odds are %v", i, sum, logit)
		}
	}
}

func TestScoreIsSafeForConcurrentUse(t *testing.T) {
	m, table := goldenModel(t)
	row := table.Row(0)
	want, reasons, err := m.Score(row)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if p, r, err := m.Score(row); err != nil || p != want || r[0].Effect != reasons[0].Effect {
					t.Errorf("%v %v %v", p, r, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestScoreSaysWhatIsWrong(t *testing.T) {
	m, _ := goldenModel(t)
	if _, _, err := m.Score(map[string]any{"AGE": []any{1}}); qingyuan.AsError(err).Field != "AGE" {
		t.Errorf("a list as AGE: %v", err)
	}
	p, reasons, err := m.Score(nil)
	if err != nil || !(p > 0 && p < 1) {
		t.Fatalf("a row without anything: %v %v", p, err)
	}
	if r := reasons[0]; r.Value != nil || !strings.Contains(r.Text.EN, "is missing") || !strings.Contains(r.Text.ZH, "缺失") {
		t.Errorf("a missing value reads %+v", r.Text)
	}
}

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		Contribution
		want qingyuan.Text
	}{
		{Contribution{Column: "age", Value: 21.5, Effect: .1}, qingyuan.Text{ZH: "age = 21.5，推高风险", EN: "age = 21.5 raises the risk"}},
		{Contribution{Column: "城市", Value: "上海", Effect: -.1}, qingyuan.Text{ZH: "城市 = 上海，降低风险", EN: "城市 = 上海 lowers the risk"}},
		{Contribution{Column: "n", Value: int64(1 << 60), Effect: 1}, qingyuan.Text{ZH: "n = 1152921504606846976，推高风险", EN: "n = 1152921504606846976 raises the risk"}},
		{Contribution{Column: "n", Value: 2e6, Effect: 1}, qingyuan.Text{ZH: "n = 2000000，推高风险", EN: "n = 2000000 raises the risk"}},
		{Contribution{Column: "at", Value: noon(), Effect: 1}, qingyuan.Text{ZH: "at = 2026-01-02 12:00:00，推高风险", EN: "at = 2026-01-02 12:00:00 raises the risk"}},
		{Contribution{Column: "x", Effect: -1}, qingyuan.Text{ZH: "x 缺失，降低风险", EN: "x is missing, which lowers the risk"}},
	} {
		if got := c.text(); got != c.want {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
}

func TestDrift(t *testing.T) {
	m, table := goldenModel(t)
	still, err := m.Drift(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	if still.Rows != 800 || len(still.Columns) != len(m.Columns()) || still.Columns[0].PSI > .15 || still.Score > .1 {
		t.Errorf("the rows that follow drift: %+v", still)
	}
	moved := table.Take(table.all())
	for i := range moved.Column("LIMIT_BAL").Numbers {
		moved.Column("LIMIT_BAL").Numbers[i] *= 3
		moved.Column("AGE").Numbers[i] = math.NaN()
	}
	drift, err := m.Drift(t.Context(), moved)
	if err != nil {
		t.Fatal(err)
	}
	if first, second := drift.Columns[0], drift.Columns[1]; first.Column != "AGE" || second.Column != "LIMIT_BAL" || second.PSI < .25 {
		t.Errorf("drifted most: %+v, %+v", first, second)
	}
}

func TestBinsOfLevels(t *testing.T) {
	table := tableOf(t, 100, map[string]func(int) any{"c": func(i int) any {
		return []any{"a", "a", "b", nil, "rare"}[map[bool]int{true: 4, false: i % 4}[i == 50]]
	}})
	b := columnBins(table.Column("c"), table.all())
	if strings.Join(b.Levels, " ") != "a b" || b.Counts[0] != 50 || b.Counts[2] != 1 || b.Counts[3] != 25 {
		t.Errorf("%+v", b)
	}
	if psi := stability(b.Counts, b.countLevels(table.Column("c"), table.all())); psi != 0 {
		t.Errorf("PSI with itself %v", psi)
	}
}

func TestEvalRefuses(t *testing.T) {
	m, table := goldenModel(t)
	for name, c := range map[string]struct {
		table  *Table
		target string
	}{
		"no such target":   {table, "z"},
		"a column is read": {table, "SEX"},
		"column gone":      {tableOf(t, 10, map[string]func(int) any{"y": func(i int) any { return float64(i % 2) }}), "y"},
	} {
		if _, err := Eval(t.Context(), m, c.table, c.target); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	words := csvTable(t, "y,"+strings.Join(m.Columns(), ",")+"\n1"+strings.Repeat(",x", len(m.Columns()))+"\n0"+strings.Repeat(",y", len(m.Columns()))+"\n", nil)
	if _, err := Eval(t.Context(), m, words, "y"); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Errorf("words where numbers were learned: %v", err)
	}
}

// TestCardFigures recomputes figures of a card from what it says they are.
func TestCardFigures(t *testing.T) {
	m, _ := goldenModel(t)
	c := m.Card()
	if c.TrainedAt != noon() || c.Data.Labelled != goldenRows || c.Data.Hash != credit(t, goldenRows).Hash() {
		t.Errorf("%+v", c.Data)
	}
	var n int
	var expected float64
	for _, r := range c.Reliability {
		n += r.N
		expected += r.Observed * float64(r.N)
	}
	if n != goldenRows || math.Round(expected) != float64(c.Data.Positives) {
		t.Errorf("the reliability table holds %d rows with %.2f positives", n, expected)
	}
	bySex := 0
	for _, s := range c.Segments {
		if s.Column == "SEX" {
			bySex += s.N
		}
	}
	if bySex != goldenRows {
		t.Errorf("the segments of SEX hold %d rows", bySex)
	}
	var count float64
	for _, v := range c.Baseline.Score.Counts {
		count += v
	}
	if count != goldenRows || len(c.Baseline.Columns) != len(m.Columns()) {
		t.Errorf("the baseline holds %v scores and %d columns", count, len(c.Baseline.Columns))
	}
	text := string(c.Markdown())
	for _, want := range []string{c.Version, c.Data.Hash, "## 局限 · Limits", "| SEX | 1 |", "dropped: the id column"} {
		if !strings.Contains(text, want) {
			t.Errorf("the card to read lacks %q", want)
		}
	}
	if hostile := (&Card{Columns: []ColumnNote{{Name: "a|b\n# <script>", Use: UseFeature}}}); strings.Contains(string(hostile.Markdown()), "<script>") {
		t.Error("a column's name writes into the card")
	}
	if late := (&Card{Columns: []ColumnNote{{Name: "at", Kind: Time, Use: UseFeature}}}).limits(); !strings.Contains(strings.Join(late, "\n"), `"at"`) {
		t.Error("a date among the features is not among the limits")
	}
}
