package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"qingyuan"
)

// mixedTable has a column of every kind and method, with gaps.
func mixedTable(t *testing.T, n int) *Table {
	rng := rand.New(rand.NewPCG(3, 3))
	gap := func(v any) any {
		if rng.Float64() < .1 {
			return nil
		}
		return v
	}
	risk := make([]float64, n)
	for i := range risk {
		risk[i] = rng.NormFloat64()
	}
	return tableOf(t, n, map[string]func(i int) any{
		"y": func(i int) any {
			return map[bool]any{true: 1.0, false: 0.0}[rng.Float64() < sigmoid(1.5*risk[i]-1.5)]
		},
		"amount":  func(i int) any { return gap(math.Round(100*risk[i]) + 20*rng.NormFloat64()) },
		"channel": func(int) any { return gap([]string{"app", "web", "shop"}[rng.IntN(3)]) },
		"month": func(int) any {
			return gap([]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}[rng.IntN(12)])
		},
		"city": func(i int) any { return gap(fmt.Sprintf("city %d", int(20+5*risk[i]+5*rng.Float64()))) },
		"shop": func(int) any { return gap(fmt.Sprintf("shop %d", rng.IntN(60))) },
		"at": func(int) any {
			return gap(time.Date(2024, 1, 1+rng.IntN(90), rng.IntN(24), rng.IntN(60), 0, 0, time.UTC))
		},
	})
}

// fitted fits an encoder to all of a table's columns but y.
func fitted(t *testing.T, table *Table) (*Encoder, []float32, []bool) {
	t.Helper()
	positive, rows, err := labels(table, "y")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range table.Columns() {
		if c.Name != "y" {
			names = append(names, c.Name)
		}
	}
	e, features, err := fitEncoder(table, names, rows, positive, foldsOf(rows, positive, nil, innerFolds, 1))
	if err != nil {
		t.Fatal(err)
	}
	return e, features, positive
}

func TestEncoderMethods(t *testing.T) {
	e, _, _ := fitted(t, mixedTable(t, 2000))
	want := map[string]Method{"amount": AsNumber, "channel": AsLevels, "month": AsOrder, "city": AsRate, "shop": AsRate, "at": AsTime}
	for _, c := range e.Columns {
		if c.Method != want[c.Name] {
			t.Errorf("%s is encoded as %s with %d levels, want %s", c.Name, c.Method, len(c.Levels), want[c.Name])
		}
	}
	if e.width != 1+4+1+1+1+3 || len(e.owners()) != e.width {
		t.Errorf("width %d", e.width)
	}
}

// TestOneRowEncodesAsATable: what a decision sees of a row equals what training and evaluation see of it.
func TestOneRowEncodesAsATable(t *testing.T) {
	table := mixedTable(t, 1000)
	e, _, _ := fitted(t, table)
	features, err := e.encode(table, table.all())
	if err != nil {
		t.Fatal(err)
	}
	one := make([]float32, e.width)
	for i, row := range table.All() {
		if err := e.encodeRow(one, row); err != nil {
			t.Fatal(err)
		}
		for k, v := range features[i*e.width:][:e.width] {
			if math.Float32bits(v) != math.Float32bits(one[k]) && (v == v || one[k] == one[k]) {
				t.Fatalf("row %d %v, feature %d: %v in the table, %v alone", i, row, k, v, one[k])
			}
		}
	}
}

func TestEncodeRowValues(t *testing.T) {
	e, _, _ := fitted(t, mixedTable(t, 2000))
	encode := func(row map[string]any) []float32 {
		t.Helper()
		out := make([]float32, e.width)
		if err := e.encodeRow(out, row); err != nil {
			t.Fatal(err)
		}
		return out
	}
	nan := func(v float32) bool { return v != v }
	empty := encode(map[string]any{})
	spelled := encode(map[string]any{"amount": "NA", "channel": "null", "month": "", "city": "N/A", "shop": nil, "at": "?"})
	for k := range empty {
		if empty[k] != spelled[k] && !(nan(empty[k]) && nan(spelled[k])) {
			t.Errorf("feature %d: absent %v, spelled as missing %v", k, empty[k], spelled[k])
		}
	}
	at := func(name string) int {
		return slices.Index(e.owners(), slices.IndexFunc(e.Columns, func(c ColumnEncoder) bool { return c.Name == name }))
	}
	for _, v := range []any{"12.5", 12.5} {
		if got := encode(map[string]any{"amount": v})[at("amount")]; got != 12.5 {
			t.Errorf("amount %T gives %v", v, got)
		}
	}
	if got := encode(map[string]any{"amount": int64(7)})[at("amount")]; got != 7 {
		t.Errorf("amount 7 gives %v", got)
	}
	for _, v := range []any{math.Inf(1), math.NaN(), "seven"} {
		if got := encode(map[string]any{"amount": v})[at("amount")]; !nan(got) {
			t.Errorf("amount %v gives %v, want missing", v, got)
		}
	}
	if got := encode(map[string]any{"amount": 1e300})[at("amount")]; got != math.MaxFloat32 {
		t.Errorf("a number beyond float32 gives %v", got)
	}
	new := encode(map[string]any{"channel": "fax", "city": "Atlantis", "month": "Brumaire"})
	if k := at("channel"); slices.Max(new[k:k+4]) != 0 || empty[k+3] != 1 {
		t.Error("an unseen channel must be no level, a missing one the last")
	}
	city := e.Columns[slices.IndexFunc(e.Columns, func(c ColumnEncoder) bool { return c.Name == "city" })]
	if new[at("city")] != float32(city.UnseenRate) || !nan(new[at("month")]) {
		t.Error("an unseen city must have the overall rate, an unseen month none")
	}
	when := encode(map[string]any{"at": time.Date(2024, 2, 3, 18, 30, 0, 0, time.FixedZone("", 8*3600))})
	if k := at("at"); when[k+1] != 10.5 || when[k+2] != 6 || math.Abs(float64(when[k])-19756.4375) > .01 {
		t.Errorf("a time gives %v", when[k:k+3])
	}
	err := e.encodeRow(make([]float32, e.width), map[string]any{"city": []string{"x"}})
	if qingyuan.CodeOf(err) != qingyuan.Invalid || qingyuan.AsError(err).Field != "city" {
		t.Errorf("a list as a city: %v", err)
	}
}

// TestRatesDoNotLeak: the rate of a column of noise with many levels must tell nothing of the training rows' own labels,
// and the plain in-sample rate would.
func TestRatesDoNotLeak(t *testing.T) {
	table := mixedTable(t, 2000)
	e, features, positive := fitted(t, table)
	shop := slices.IndexFunc(e.Columns, func(c ColumnEncoder) bool { return c.Name == "shop" })
	k := slices.Index(e.owners(), shop)
	fold, plain := make([]float64, table.Rows()), make([]float64, table.Rows())
	inSample, err := e.encode(table, table.all())
	if err != nil {
		t.Fatal(err)
	}
	for i := range fold {
		fold[i], plain[i] = float64(features[i*e.width+k]), float64(inSample[i*e.width+k])
	}
	if auc := Measure(fold, positive).AUC; auc > .53 {
		t.Errorf("the out-of-fold rate of noise reaches AUC %.3f on its own rows", auc)
	}
	if auc := Measure(plain, positive).AUC; auc < .56 {
		t.Errorf("the in-sample rate of noise reaches only AUC %.3f: this test proves nothing", auc)
	}
}

func TestCalendarOrder(t *testing.T) {
	for _, c := range []struct {
		levels []string
		order  []float64
	}{
		{[]string{"Jan", "December", "Sept"}, []float64{1, 12, 9}},
		{[]string{"mon", "Sunday", "THU"}, []float64{1, 7, 4}},
		{[]string{"周一", "周日", "周三"}, []float64{1, 7, 3}},
		{[]string{"星期二", "星期六", "星期五"}, []float64{2, 6, 5}},
		{[]string{"一月", "十月", "十二月"}, []float64{1, 10, 12}},
		{[]string{"Jan", "Monday", "Feb"}, nil},
		{[]string{"May", "June"}, nil},
		{[]string{"Jan", "Feb", "Honda"}, nil},
		{[]string{"Ma", "Fe", "Ja"}, nil},
	} {
		order, ok := calendarOrder(c.levels)
		if ok != (c.order != nil) || ok && !slices.Equal(order, c.order) {
			t.Errorf("%v gives %v", c.levels, order)
		}
	}
}

func TestFolds(t *testing.T) {
	n := 1000
	rows, positive := make([]int, n), make([]bool, n)
	group := Column{Name: "id", Kind: Number, Numbers: make([]float64, n)}
	for i := range rows {
		rows[i], positive[i], group.Numbers[i] = i, i%50 == 0, float64(i/4)
	}
	part := foldsOf(rows, positive, nil, 5, 1)
	var count, positives [5]int
	for i, p := range part {
		count[p]++
		if positive[i] {
			positives[p]++
		}
	}
	if count != [5]int{200, 200, 200, 200, 200} || positives != [5]int{4, 4, 4, 4, 4} {
		t.Errorf("folds of %v rows with %v positives", count, positives)
	}
	part = foldsOf(rows, positive, &group, 5, 1)
	for i := range rows {
		if part[i] != part[i/4*4] {
			t.Fatalf("rows of id %d are in folds %d and %d", i/4, part[i/4*4], part[i])
		}
	}
	if slices.Equal(part, foldsOf(rows, positive, &group, 5, 2)) {
		t.Error("the seed does not matter")
	}
}

func TestSample(t *testing.T) {
	n := 1000
	task := &task{positive: make([]bool, n)}
	for i := range n {
		task.rows = append(task.rows, i)
		task.positive[i] = i%100 == 0
	}
	got := task.sample(100, 1)
	if len(got.rows) != 100 || !slices.IsSorted(got.rows) || math.Abs(got.base()-.1) > 1e-9 {
		t.Errorf("%d rows with base %v, want 100 with all ten positives", len(got.rows), got.base())
	}
	if task.sample(2000, 1) != task {
		t.Error("small data must not be sampled")
	}
	for i := range task.positive {
		task.positive[i] = i%100 != 0
	}
	if got := task.sample(100, 1); len(got.rows) != 100 || got.base() != .9 {
		t.Errorf("mostly positives: %d rows, base %v", len(got.rows), got.base())
	}
}
