package model

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"qingyuan"
)

var update = flag.Bool("update", false, "train the golden model anew; needs libxgboost")

// library skips the test where XGBoost is not installed.
func library(t testing.TB) *xgboost {
	t.Helper()
	x, err := openXGBoost(os.Getenv("QINGYUAN_XGBOOST"))
	if err != nil {
		t.Skipf("the XGBoost library is not here: %v", err)
	}
	return x
}

// noon is the clock of tests.
func noon() time.Time { return time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC) }

// credit is the first n rows of the credit card clients that ship with the product.
func credit(t testing.TB, n int) *Table {
	t.Helper()
	f, err := os.Open("../../../testdata/uci_credit_default.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, err := ReadCSV(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	return table.Take(table.all()[:n])
}

// xgbPredict is what the library makes of a model's file: margins and contributions (with the start), row after row.
func xgbPredict(t testing.TB, x *xgboost, file []byte, features []float32, rows int) (margins, contributions []float32) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	margins, contributions, err := x.predictFile(file, features, rows)
	if err != nil {
		t.Fatal(err)
	}
	return margins, contributions
}

// compare holds this package against XGBoost: margins and probabilities to 1e-6, contributions to 1e-5.
func compare(t *testing.T, f *forest, features, margins, contributions []float32) {
	t.Helper()
	explainer, start := newExplainer(f, f.newTables()), f.expected()
	var worst [3]float64
	for i, want := range margins {
		x := features[i*f.features:][:f.features]
		got := f.margin(x)
		worst[0] = max(worst[0], math.Abs(float64(got)-float64(want)))
		worst[1] = max(worst[1], math.Abs(sigmoid(float64(got))-sigmoid(float64(want))))
		phi := make([]float64, f.features)
		explainer.explain(x, phi)
		for k, v := range append(phi, start) {
			worst[2] = max(worst[2], math.Abs(v-float64(contributions[i*(f.features+1)+k])))
		}
	}
	t.Logf("%d rows, %d trees: margins %.1e, probabilities %.1e, contributions %.1e", len(margins), len(f.roots), worst[0], worst[1], worst[2])
	if worst[0] > 1e-6 || worst[1] > 1e-6 || worst[2] > 1e-5 {
		t.Errorf("margins differ by %.1e, probabilities by %.1e, contributions by %.1e", worst[0], worst[1], worst[2])
	}
}

// TestParity trains on real and on mixed data with gaps and compares every row with the library.
func TestParity(t *testing.T) {
	x := library(t)
	for name, table := range map[string]*Table{"credit": credit(t, 3000), "mixed": mixedTable(t, 2000)} {
		t.Run(name, func(t *testing.T) {
			a, err := Train(t.Context(), Config{Table: table, Target: "y", Seed: 1, Fast: name == "mixed", Now: noon})
			if err != nil {
				t.Fatal(err)
			}
			features, err := a.encoder.encode(table, table.all())
			if err != nil {
				t.Fatal(err)
			}
			margins, contributions := xgbPredict(t, x, a.files[fileModel], features, table.Rows())
			compare(t, a.forest, features, margins, contributions)
			if name == "credit" && len(a.card.Members) != members {
				t.Errorf("the model has %d members, want %d", len(a.card.Members), members)
			}
		})
	}
}

// TestTrainIsReproducible: the same seed gives the same model with one thread and with two; another seed another one.
func TestTrainIsReproducible(t *testing.T) {
	library(t)
	train := func(seed uint64, threads int) string {
		a, err := Train(t.Context(), Config{Table: mixedTable(t, 1000), Target: "y", Seed: seed, Fast: true, Threads: threads, Now: noon})
		if err != nil {
			t.Fatal(err)
		}
		return a.Version()
	}
	one := train(1, 1)
	if two := train(1, 2); one != two {
		t.Errorf("one thread gives %s, two %s", one, two)
	}
	if other := train(2, 2); one == other {
		t.Error("the seed does not matter")
	}
}

func TestTrainRefuses(t *testing.T) {
	table := mixedTable(t, 400)
	few := tableOf(t, 400, map[string]func(int) any{
		"y": func(i int) any { return map[bool]any{true: 1.0, false: 0.0}[i < 5] },
		"x": func(i int) any { return float64(i % 7) },
	})
	for name, c := range map[string]struct {
		Config
		field string
	}{
		"no such target": {Config{Table: table, Target: "z"}, "target"},
		"no such id":     {Config{Table: table, Target: "y", ID: "z"}, "id"},
		"id is target":   {Config{Table: table, Target: "y", ID: "y"}, "id"},
		"no such as-of":  {Config{Table: table, Target: "y", AsOf: "z"}, "as_of"},
		"as-of no time":  {Config{Table: table, Target: "y", AsOf: "amount"}, "as_of"},
		"few positives":  {Config{Table: few, Target: "y"}, "data"},
		"nothing left":   {Config{Table: few, Target: "y", ID: "x"}, "data"},
	} {
		c.Now = noon
		_, err := Train(t.Context(), c.Config)
		if qingyuan.CodeOf(err) != qingyuan.Invalid || qingyuan.AsError(err).Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := Train(t.Context(), Config{Table: table, Target: "y", Now: noon, Library: filepath.Join(t.TempDir(), "libxgboost.so")})
	if qingyuan.CodeOf(err) != qingyuan.Unavailable || !strings.Contains(qingyuan.AsError(err).Message, "libxgboost0") {
		t.Errorf("without the library: %v", err)
	}
}

// TestTrainWithAFoldOfOneClass: all positives are one customer's, so that they share a fold and the others have none.
func TestTrainWithAFoldOfOneClass(t *testing.T) {
	library(t)
	table := tableOf(t, 600, map[string]func(int) any{
		"y":        func(i int) any { return map[bool]any{true: 1.0, false: 0.0}[i%20 == 0] },
		"customer": func(i int) any { return float64(map[bool]int{true: -1, false: i}[i%20 == 0]) },
		"x":        func(i int) any { return float64(i * 37 % 101) },
	})
	a, err := Train(t.Context(), Config{Table: table, Target: "y", ID: "customer", Fast: true, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := a.Probability(map[string]any{"x": 3.0}); err != nil || !(p > 0 && p < 1) {
		t.Errorf("probability %v: %v", p, err)
	}
}

func TestTrainStopsWhenCancelled(t *testing.T) {
	library(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := Train(ctx, Config{Table: mixedTable(t, 500), Target: "y", Fast: true, Now: noon, Progress: func(step string) {
		if step == "cross-validate the best" {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled training gave %v", err)
	}
}

// golden is what XGBoost said of the golden model when it was trained.
type golden struct {
	Rows          int       `json:"rows"` // from the end of the training rows on
	Margins       []float32 `json:"margins"`
	Contributions []float32 `json:"contributions"`
}

const goldenRows, goldenDir = 1200, "testdata/golden"

// TestGolden scores and explains with a committed model, without the library, as XGBoost did.
func TestGolden(t *testing.T) {
	if *update {
		makeGolden(t)
	}
	m, err := Load(goldenDir)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var want golden
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	table := credit(t, goldenRows+want.Rows)
	features, err := m.encoder.encode(table, table.all()[goldenRows:])
	if err != nil {
		t.Fatal(err)
	}
	compare(t, m.forest, features, want.Margins, want.Contributions)
	r, err := Eval(t.Context(), m, credit(t, 6000).Take(table.all()[goldenRows:]), "y")
	if err != nil {
		t.Fatal(err)
	}
	if r.N != want.Rows || r.Version != m.Version() || r.AUC < .6 {
		t.Errorf("the golden model's report: %+v", r)
	}
}

// makeGolden trains the golden model and asks XGBoost about the rows that follow.
func makeGolden(t *testing.T) {
	x := library(t)
	a, err := Train(t.Context(), Config{Table: credit(t, goldenRows), Target: "y", ID: "ID", Seed: 1, Fast: true, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Save(goldenDir); err != nil {
		t.Fatal(err)
	}
	g := golden{Rows: 40}
	table := credit(t, goldenRows+g.Rows)
	features, err := a.encoder.encode(table, table.all()[goldenRows:])
	if err != nil {
		t.Fatal(err)
	}
	g.Margins, g.Contributions = xgbPredict(t, x, a.files[fileModel], features, g.Rows)
	raw, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("testdata/golden.json", raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

// goldenFiles are the files of the golden model.
func goldenFiles(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range append(decisive[:], fileCard, fileCardText, fileManifest) {
		raw, err := os.ReadFile(filepath.Join(goldenDir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: raw}
	}
	return files
}

func TestLoadRefuses(t *testing.T) {
	good := goldenFiles(t)
	if _, err := LoadFS(good); err != nil {
		t.Fatal(err)
	}
	for name := range good {
		files := maps.Clone(good)
		delete(files, name)
		if _, err := LoadFS(files); qingyuan.CodeOf(err) != qingyuan.NotFound {
			t.Errorf("without %s: %v", name, err)
		}
		spoiled := bytes.Clone(good[name].Data)
		spoiled[len(spoiled)/2] ^= 1
		files[name] = &fstest.MapFile{Data: spoiled}
		if _, err := LoadFS(files); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("one bit of %s: %v", name, err)
		}
	}
}

// forge gives files with one of them replaced and a manifest that fits, as a careless hand would make it.
func forge(t testing.TB, name string, file []byte) fstest.MapFS {
	t.Helper()
	files := goldenFiles(t)
	files[name] = &fstest.MapFile{Data: file}
	list := manifest{Format: manifestFormat, SHA256: map[string]string{}}
	plain := map[string][]byte{}
	for name, f := range files {
		plain[name], list.SHA256[name] = f.Data, hashOf(f.Data)
	}
	list.Version = versionOf(plain)
	raw, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	files[fileManifest] = &fstest.MapFile{Data: raw}
	return files
}

func TestLoadRefusesWhatDoesNotFit(t *testing.T) {
	for name, c := range map[string]struct{ file, text string }{
		"another encoder":     {fileEncoder, `{"columns":[{"name":"a","kind":"number","method":"number"}]}`},
		"a method unknown":    {fileEncoder, `{"columns":[{"name":"a","kind":"number","method":"guess"}]}`},
		"a method unfit":      {fileEncoder, `{"columns":[{"name":"a","kind":"time","method":"number"}]}`},
		"levels without rate": {fileEncoder, `{"columns":[{"name":"a","kind":"category","method":"rate","levels":["x"]}]}`},
		"a level twice":       {fileEncoder, `{"columns":[{"name":"a","kind":"category","method":"one_hot","levels":["x","x"]}]}`},
		"a falling curve":     {fileCalibration, `{"slope":-1,"offset":0}`},
		"no curve":            {fileCalibration, `{}`},
		"a damaged baseline":  {fileCard, `{"baseline":{"score":{"kind":"number","cuts":[1,2],"counts":[1]}}}`},
		"no JSON":             {fileCard, `{`},
	} {
		if _, err := LoadFS(forge(t, c.file, []byte(c.text))); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzLoadEncoder: whatever encoder loads beside the golden trees can score any row.
func FuzzLoadEncoder(f *testing.F) {
	f.Add(goldenFiles(f)[fileEncoder].Data, 1.5, "x")
	f.Fuzz(func(t *testing.T, file []byte, number float64, word string) {
		m, err := LoadFS(forge(t, fileEncoder, file))
		if err != nil {
			return
		}
		row := map[string]any{}
		for i, name := range m.Columns() {
			row[name] = []any{number, word, nil}[i%3]
		}
		if p, _, err := m.Score(row); err == nil && !(p >= 0 && p <= 1) {
			t.Fatalf("probability %v", p)
		}
	})
}

func TestSaveOverAnOlderModel(t *testing.T) {
	m, err := Load(goldenDir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for name, f := range goldenFiles(t) {
		files[name] = f.Data
	}
	dir := filepath.Join(t.TempDir(), "deep", "model")
	for range 2 {
		if err := (&Artefact{Model: m, files: files}).Save(dir); err != nil {
			t.Fatal(err)
		}
	}
	if again, err := Load(dir); err != nil || again.Version() != m.Version() {
		t.Errorf("saved twice and loaded: %v", err)
	}
}

// TestCommands goes the whole way by files: train, save, load, evaluate, as JSON with the agreed keys.
func TestCommands(t *testing.T) {
	library(t)
	dir := t.TempDir()
	source, err := os.ReadFile("../../../testdata/uci_credit_default.csv")
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(source, []byte("\n"))
	for name, part := range map[string][][]byte{"train.csv": lines[1:2001], "test.csv": lines[2001:4001]} {
		if err := os.WriteFile(filepath.Join(dir, name), append(bytes.Clone(lines[0]), bytes.Join(part, nil)...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, log strings.Builder
	o := TrainOptions{Data: filepath.Join(dir, "train.csv"), Target: "y", ID: "ID", Out: filepath.Join(dir, "model"), Seed: 1, Fast: true, Categorical: []string{"SEX"}}
	if err := RunTrain(t.Context(), o, &out, &log); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "mdl_") || !strings.Contains(log.String(), "search") {
		t.Errorf("said %q and logged %q", out.String(), log.String())
	}
	out.Reset()
	e := EvalOptions{Model: o.Out, Data: filepath.Join(dir, "test.csv"), Target: "y", JSON: true}
	if err := RunEval(t.Context(), e, &out); err != nil {
		t.Fatal(err)
	}
	var report map[string]any
	if err := json.Unmarshal([]byte(out.String()), &report); err != nil {
		t.Fatal(err)
	}
	if auc, ok := report["auc"].(float64); !ok || auc < .7 || auc > .85 {
		t.Errorf("auc is %v", report["auc"])
	}
	if ks, ok := report["ks"].(float64); !ok || ks < .3 || report["ap"].(float64) < .35 || report["n"].(float64) != 2000 {
		t.Errorf("the report is %v", report)
	}
	e.JSON = false
	if err := RunEval(t.Context(), e, io.Discard); err != nil {
		t.Error(err)
	}
	o.Categorical = []string{"nothing"}
	if err := RunTrain(t.Context(), o, io.Discard, io.Discard); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Errorf("a categorical column that is not there: %v", err)
	}
	e.Data = filepath.Join(dir, "absent.csv")
	if err := RunEval(t.Context(), e, io.Discard); qingyuan.CodeOf(err) != qingyuan.NotFound {
		t.Errorf("an absent file: %v", err)
	}
}
