package model

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"qingyuan"
)

// csvTable reads a table from text.
func csvTable(t *testing.T, text string, kinds map[string]Kind) *Table {
	t.Helper()
	table, err := ReadCSV(t.Context(), strings.NewReader(text), kinds)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestReadCSVKinds(t *testing.T) {
	text := "\ufeffn,n,,when,word,\"odd, [name] <x>\",code\n" +
		"1,-2.5e3,x,2024-03-01,none,NA,007\n" +
		"2,,y,2024-03-02 10:30:00,,0.5,008\n" +
		"NaN,7,x,,是,1,007\n"
	table := csvTable(t, text, map[string]Kind{"code": Category})
	want := []struct {
		name string
		kind Kind
		row1 any
	}{
		{"n", Number, 2.0}, {"n.2", Number, nil}, {"column_3", Category, "y"},
		{"when", Time, time.Date(2024, 3, 2, 10, 30, 0, 0, time.UTC)}, {"word", Category, nil}, {"odd, [name] <x>", Number, .5},
		{"code", Category, "008"},
	}
	for i, w := range want {
		c := table.Columns()[i]
		if c.Name != w.name || c.Kind != w.kind || c.Value(1) != w.row1 {
			t.Errorf("column %d is %q %s %v, want %q %s %v", i, c.Name, c.Kind, c.Value(1), w.name, w.kind, w.row1)
		}
	}
	if !table.Column("n").Missing(2) || table.Column("word").Value(0) != "none" {
		t.Error("NaN must be missing and none must be an answer")
	}
	if row := table.Row(1); len(row) != 5 || row["code"] != "008" {
		t.Errorf("row 1 is %v", row)
	}
	if table.Hash() != "sha256:"+hashOf([]byte(text)) {
		t.Error("the hash is not the file's")
	}
}

func TestReadCSVStrays(t *testing.T) {
	var b strings.Builder
	b.WriteString("mostly,half\n")
	for i := range 300 {
		if i%150 == 0 {
			b.WriteString("oops,x\n")
		} else {
			b.WriteString("1.5,2\n")
		}
	}
	b.WriteString("1.5,x\n1.5,x\n1.5,x\n1.5,x\n")
	table := csvTable(t, b.String(), nil)
	if c := table.Column("mostly"); c.Kind != Number || !c.Missing(0) {
		t.Error("two strays in three hundred numbers must be missing numbers")
	}
	if c := table.Column("half"); c.Kind != Category || !slices.Equal(c.Levels, []string{"x", "2"}) {
		t.Error("two words in a hundred values make a category")
	}
}

func TestReadCSVRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty":      "",
		"ragged":     "a,b\n1,2\n3\n",
		"bad quotes": "a,b\n\"1,2\n",
		"huge field": "a\n" + strings.Repeat("x", maxFieldBytes+1) + "\n",
		"too wide":   strings.Repeat("c,", maxColumns) + "c\n",
	} {
		if _, err := ReadCSV(t.Context(), strings.NewReader(text), nil); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("a,b\n1,x\n,2024-01-01\n")
	f.Add("\ufeff\"q\"\"\",,\r\n1e999,-,?\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := ReadCSV(t.Context(), strings.NewReader(text), nil)
		if err != nil {
			return
		}
		for i, row := range table.All() {
			for name, v := range row {
				if table.Column(name).Missing(i) {
					t.Fatalf("row %d has a missing %q: %v", i, name, v)
				}
				if n, ok := v.(float64); ok && (math.IsNaN(n) || math.IsInf(n, 0)) {
					t.Fatalf("row %d has %v in %q", i, n, name)
				}
			}
		}
	})
}

func TestNewTable(t *testing.T) {
	good := Column{Name: "a", Kind: Number, Numbers: []float64{1, 2}}
	for name, columns := range map[string][]Column{
		"no columns": nil,
		"twice":      {good, good},
		"lengths":    {good, {Name: "b", Kind: Number, Numbers: []float64{1}}},
		"levels":     {good, {Name: "b", Kind: Category, Levels: []string{"x"}, Codes: []int32{0, 1}}},
	} {
		if _, err := NewTable(columns); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	table, err := NewTable([]Column{good, {Name: "b", Kind: Category, Levels: []string{"x", "y"}, Codes: []int32{1, -1}}})
	if err != nil {
		t.Fatal(err)
	}
	swapped, err := NewTable([]Column{good, {Name: "b", Kind: Category, Levels: []string{"y", "x"}, Codes: []int32{0, -1}}})
	if err != nil {
		t.Fatal(err)
	}
	if table.Hash() != swapped.Hash() || table.Hash() == table.Take([]int{1, 0}).Hash() {
		t.Error("the hash must follow the values and their order, and nothing else")
	}
}

func TestProfile(t *testing.T) {
	n := 400
	columns := map[string]func(i int) any{
		"y":          func(i int) any { return float64(i % 4 / 3) },
		"x":          func(i int) any { return float64(i*7919%1000) + .5 },
		"serial":     func(i int) any { return float64(1000 + 3*i) },
		"wide ints":  func(i int) any { return float64(i * 1_000_003 % 99_999_989) },
		"counter":    func(i int) any { return float64(i / 2) },
		"name":       func(i int) any { return "person " + string(rune('a'+i%26)) + string(rune('a'+i/26)) },
		"constant":   func(int) any { return "Training" },
		"gone":       func(int) any { return nil },
		"only if":    func(i int) any { return map[bool]any{true: 1.0, false: nil}[i%5 == 0] },
		"copy":       func(i int) any { return []string{"good", "bad"}[i%4/3] },
		"inverse":    func(i int) any { return float64(1 - i%4/3) },
		"after":      func(i int) any { return map[bool]any{true: "charged off", false: nil}[i%4 == 3] },
		"customer":   func(i int) any { return float64(i % 40) },
		"decided at": func(i int) any { return time.Date(2024, 1, 1+i%300, 0, 0, 0, 0, time.UTC) },
	}
	why := map[string]string{
		"y": UseTarget, "x": UseFeature, "serial": "a serial number", "wide ints": UseFeature, "counter": UseFeature, "name": "an identifier",
		"constant": "constant", "gone": "constant", "only if": UseFeature, "copy": "a copy of the target", "inverse": "a copy of the target",
		"after": "a copy of the target", "customer": "the id column", "decided at": "the moment",
	}
	table := tableOf(t, n, columns)
	positive, rows, err := labels(table, "y")
	if err != nil {
		t.Fatal(err)
	}
	for _, note := range profile(table, Config{Target: "y", ID: "customer", AsOf: "decided at"}, positive, rows) {
		if got := note.Use + ": " + note.Why; !strings.Contains(got, why[note.Name]) {
			t.Errorf("%q is %q, want %q", note.Name, got, why[note.Name])
		}
	}
}

// tableOf makes a table of n rows from functions of the row: float64, string, time.Time or nil.
func tableOf(t *testing.T, n int, columns map[string]func(i int) any) *Table {
	t.Helper()
	var out []Column
	for _, name := range slices.Sorted(maps.Keys(columns)) { // in one order: the functions may share a generator
		value := columns[name]
		c := Column{Name: name, Kind: Number}
		codes := map[string]int32{}
		for i := range n {
			switch v := value(i).(type) {
			case float64:
				c.Numbers = append(c.Numbers, v)
			case time.Time:
				c.Kind = Time
				c.Numbers = append(c.Numbers, secondsOf(v))
			case string:
				c.Kind = Category
				c.Codes = append(c.Codes, c.code(codes, v))
			case nil:
				c.Numbers = append(c.Numbers, math.NaN())
				c.Codes = append(c.Codes, -1)
			}
		}
		if c.Kind == Category {
			c.Numbers = nil
		} else {
			c.Codes = nil
		}
		out = append(out, c)
	}
	table, err := NewTable(out)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestLabels(t *testing.T) {
	table := tableOf(t, 6, map[string]func(int) any{
		"words": func(i int) any { return []string{"No", "yes", "NO", "Yes", "n", "y"}[i] },
		"gaps":  func(i int) any { return []any{0.0, 1.0, nil, 1.0, 0.0, nil}[i] },
		"three": func(i int) any { return float64(i % 3) },
		"one":   func(int) any { return 1.0 },
	})
	positive, rows, err := labels(table, "words")
	if err != nil || !slices.Equal(positive, []bool{false, true, false, true, false, true}) || len(rows) != 6 {
		t.Errorf("words: %v %v %v", positive, rows, err)
	}
	if _, rows, err := labels(table, "gaps"); err != nil || !slices.Equal(rows, []int{0, 1, 3, 4}) {
		t.Errorf("rows without a label: %v %v", rows, err)
	}
	for _, bad := range []string{"three", "one", "absent"} {
		if _, _, err := labels(table, bad); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
