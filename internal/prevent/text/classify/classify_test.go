package classify

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"qingyuan"
	"qingyuan/internal/prevent/text/classify/attack"
	"qingyuan/internal/prevent/text/normal"
)

var update = flag.Bool("update", false, "train the shipped models again")

const authored = "../../../../testdata/text/"

func mustNormal(t testing.TB) *normal.Normalizer {
	t.Helper()
	n, err := normal.New()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestShippedModels trains the shipped models with -update, and says how they do on the authored test split.
func TestShippedModels(t *testing.T) {
	n := mustNormal(t)
	if *update {
		for label, out := range map[string]string{"label": "models/intent.qym", "typology": "models/typology.qym"} {
			_, err := Train(t.Context(), n, slog.Default(), TrainOptions{Out: out, Options: ShippedOptions(label),
				Data: []string{authored + "intents_train.jsonl", authored + "intents_dev.jsonl"}})
			if err != nil {
				t.Fatal(err)
			}
		}
		t.Skip("trained; run again to measure")
	}
	intent, err := LoadIntent(n)
	if err != nil {
		t.Fatal(err)
	}
	data, err := readFile(t.Context(), authored+"intents_test.jsonl", "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := intent.Evaluate(t.Context(), data.Rows)
	if err != nil {
		t.Fatal(err)
	}
	genuine, education := r.PerClass[GenuineComplaint], r.PerClass[EducationNews]
	falseRate := ratio(genuine.Suspected+education.Suspected, genuine.Rows+education.Rows)
	t.Logf("intents: macro F1 %.4f on %d authored test rows; false suspicion on genuine complaints and education %.4f; recall of suspicion %.4f, of %d cross-validated %.4f",
		r.MacroF1, r.Rows, falseRate, *r.Recall, intent.manifest.Clean.Rows, intent.manifest.Clean.MacroF1)
	for _, row := range data.Rows {
		if p := intent.Classify(row.Text); p.Label != row.Label {
			t.Logf("  %s taken for %s (%.2f, suspicion %.2f): %s", row.Label, p.Label, p.Probability, p.Suspicion, row.Text)
		}
	}
	if r.MacroF1 < 0.88 || falseRate > 0.02 { // bars against regression; the measured figures stand in docs/text-models.md
		t.Errorf("macro F1 %.4f, want .88; false suspicion %.4f, want at most .02", r.MacroF1, falseRate)
	}
	typology, err := LoadTypology(n)
	if err != nil {
		t.Fatal(err)
	}
	if data, err = readFile(t.Context(), authored+"intents_test.jsonl", "typology"); err != nil {
		t.Fatal(err)
	}
	if r, err = typology.Evaluate(t.Context(), data.Rows); err != nil {
		t.Fatal(err)
	}
	t.Logf("typologies: accuracy %.4f, macro F1 %.4f on %d rows", r.Accuracy, r.MacroF1, r.Rows)
	if r.Accuracy < 0.75 {
		t.Errorf("accuracy of typologies %.4f, want .75", r.Accuracy)
	}
}

func TestDetector(t *testing.T) {
	d, err := NewDetector(mustNormal(t))
	if err != nil {
		t.Fatal(err)
	}
	ad := "征信逾期别着急，内部渠道帮你修复，不成功不收费，想做的私我，加薇详谈"
	got := d.Signals(ad, qingyuan.AuthorPublic)
	if len(got) != 1 || got[0].Code != "text.promotion" || got[0].Polarity != qingyuan.Suspicion || got[0].Typology != qingyuan.T9 || len(got[0].Spans) == 0 {
		t.Fatalf("an advertisement gave %+v", got)
	}
	for _, s := range got[0].Spans {
		if s.Start >= s.End || s.End > len(ad) {
			t.Errorf("span %v", s)
		}
	}
	plea := "我上个月失业了，孩子还在上学，能不能先每个月还五百，找到工作马上正常还，求你们别再打给我妈了"
	if got := d.Signals(plea, qingyuan.AuthorCustomer); len(got) != 1 || got[0].Polarity != qingyuan.Hardship {
		t.Errorf("a plea gave %+v", got)
	}
	if got := d.Signals(ad, qingyuan.AuthorOperator); got != nil {
		t.Errorf("an operator's note gave %+v", got)
	}
	if got := d.Signals("", qingyuan.AuthorCustomer); len(got) != 0 {
		t.Errorf("an empty text gave %+v", got)
	}
}

// unsure says of every text that it is suspicious with that probability, below the threshold.
type unsure float64

func (unsure) Labels() []string { return []string{Promotion, Neutral} }
func (unsure) Version() string  { return "unsure@1" }
func (u unsure) Classify(string) Prediction {
	return Prediction{Label: Neutral, Probability: 1 - float64(u), Probabilities: []float64{float64(u), 1 - float64(u)}, Suspicion: float64(u)}
}

// TestLeaning: a public text more probably suspicious than not is worth a look, a customer's is not.
func TestLeaning(t *testing.T) {
	for _, c := range []struct {
		suspicion float64
		author    qingyuan.AuthorKind
		want      int
	}{{0.5, qingyuan.AuthorPublic, 1}, {0.49, qingyuan.AuthorPublic, 0}, {0.8, qingyuan.AuthorCustomer, 0}, {0.8, qingyuan.AuthorAgent, 0}} {
		d := &Detector{Intent: unsure(c.suspicion), Typology: unsure(0)}
		got := d.Signals("x", c.author)
		if len(got) != c.want || c.want == 1 && (got[0].Code != "text.leaning" || got[0].Polarity != qingyuan.Suspicion || got[0].Score != c.suspicion) {
			t.Errorf("%v of a text by %s gave %+v", c.suspicion, c.author, got)
		}
	}
}

// toy is a small corpus of two classes that share no words.
func toy() []Row {
	var rows []Row
	for i := range 60 {
		rows = append(rows, Row{fmt.Sprint("退还全部息费否则投诉", i%7, "号"), "fraud", fmt.Sprint(i)}, Row{fmt.Sprint("今天的饭菜味道不错", i%7, "号"), "normal", fmt.Sprint("n", i)})
	}
	return rows
}

func TestTrainingIsDeterministic(t *testing.T) {
	n := mustNormal(t)
	var files [2]bytes.Buffer
	for i := range files {
		m, err := Fit(t.Context(), n, toy(), Options{Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Save(&files[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0].Bytes(), files[1].Bytes()) {
		t.Fatal("two trainings gave two artefacts")
	}
	m, err := Load(&files[0], n)
	if err != nil {
		t.Fatal(err)
	}
	if p := m.Classify("请退还息费，否则投诉"); p.Label != "fraud" || !p.Suspicious || m.manifest.Positive[0] != "fraud" {
		t.Fatalf("prediction %+v", p)
	}
	e := m.Explain("今天的饭菜，退还息费", "fraud", 1)
	if len(e) != 1 || e[0].Span.Start < len("今天的饭菜") || e[0].Contribution <= 0 {
		t.Fatalf("explanation %+v", e)
	}
	if m.Version() == "" || !strings.HasPrefix(m.Version(), "text@") {
		t.Errorf("version %q", m.Version())
	}
}

func TestEvaluate(t *testing.T) {
	m, err := Fit(t.Context(), mustNormal(t), toy(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Evaluate(t.Context(), []Row{{Text: "退还息费投诉", Label: "fraud"}, {Text: "饭菜不错", Label: "normal"}, {Text: "饭菜不错", Label: "fraud"}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Rows != 3 || *r.F1 != 2.0/3 || *r.Recall != 0.5 || *r.Precision != 1 || r.MacroF1 != 2.0/3 || r.Confusion["fraud"]["normal"] != 1 {
		t.Errorf("report %+v", r)
	}
	if _, err := m.Evaluate(t.Context(), []Row{{Text: "x", Label: "other"}}); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Errorf("an unknown label: %v", err)
	}
}

func TestReadRows(t *testing.T) {
	ctx := t.Context()
	got, err := ReadRows(ctx, strings.NewReader("{\"text\":\"a\",\"label\":1,\"dup_cluster\":7}\n\n{\"text\":\"b\",\"label\":\"x\",\"extra\":[]}\n"), "label")
	if err != nil || len(got.Rows) != 2 || got.Rows[0] != (Row{"a", "1", "dup_cluster:7"}) || got.Rows[1].Group != "text:b" || len(got.SHA256) != 64 {
		t.Fatalf("rows %+v, %v", got, err)
	}
	for _, bad := range []string{"", "{", "{\"text\":\"a\"}", "{\"label\":\"a\"}", "[]", "{\"text\":\"" + strings.Repeat("a", maxLine) + "\"}"} {
		if _, err := ReadRows(ctx, strings.NewReader(bad), "label"); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%.30q: %v", bad, err)
		}
	}
	if got, err := ReadRows(ctx, strings.NewReader("{\"text\":\"a\",\"typology\":\"T1\"}\n{\"text\":\"b\"}"), "typology"); err != nil || len(got.Rows) != 1 {
		t.Errorf("rows with a typology: %+v, %v", got, err)
	}
}

func TestTrainErrors(t *testing.T) {
	n := mustNormal(t)
	for name, c := range map[string]struct {
		rows []Row
		o    Options
	}{
		"one label":        {[]Row{{"a", "x", "1"}}, Options{}},
		"unknown positive": {toy(), Options{Positive: []string{"spam"}}},
		"long grams":       {toy(), Options{Grams: Grams{Chars: 9, Sounds: 2}}},
	} {
		if _, err := Fit(t.Context(), n, c.rows, c.o); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Eval(t.Context(), n, EvalOptions{Model: "none"}); qingyuan.CodeOf(err) != qingyuan.NotFound {
		t.Errorf("no model: %v", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	n := mustNormal(t)
	m, err := Fit(t.Context(), n, toy(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := m.Save(&b); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-1] ^= 1
	for name, file := range map[string][]byte{
		"empty": nil, "other file": []byte("PK\x03\x04 and more text"), "cut": whole[:len(whole)-1], "longer": append(bytes.Clone(whole), 0), "one bit off": flipped,
		"another label": bytes.Replace(whole, []byte(`"fraud","normal"`), []byte(`"normal","fraud"`), 1),
	} {
		if _, err := Load(bytes.NewReader(file), n); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	n := mustNormal(f)
	m, err := Fit(context.Background(), n, toy()[:40], Options{Copies: -1})
	if err != nil {
		f.Fatal(err)
	}
	var b bytes.Buffer
	if err := m.Save(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(magic)
	f.Fuzz(func(t *testing.T, file []byte) {
		if m, err := Load(bytes.NewReader(file), n); err == nil {
			m.Classify("退还息费")
			m.Explain("退还息费", m.manifest.Labels[0], 3)
		}
	})
}

func FuzzReadRows(f *testing.F) {
	f.Add([]byte("{\"text\":\"a\",\"label\":1}\n{\"text\":\"b\",\"label\":\"x\",\"family\":true}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ReadRows(context.Background(), bytes.NewReader(b), "label")
	})
}

func FuzzClassify(f *testing.F) {
	n := mustNormal(f)
	m, err := LoadIntent(n)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("债务优化，加薇")
	f.Add("\xff\xfe\u200b")
	f.Fuzz(func(t *testing.T, text string) {
		p := m.Classify(text)
		if p.Probability < 0 || p.Probability > 1 || p.Label == "" {
			t.Fatalf("prediction %+v", p)
		}
		for _, e := range m.Explain(text, p.Label, 3) {
			if e.Span.Start >= e.Span.End || e.Span.End > len(text) {
				t.Fatalf("span %v of %d bytes", e.Span, len(text))
			}
		}
	})
}

// sharedData is the folder of sets that are not shipped.
func sharedData(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("QINGYUAN_DATA")
	if dir == "" {
		dir = "../../../../../shared/data"
	}
	path := filepath.Join(dir, "text", name)
	if _, err := os.Stat(path); err != nil {
		t.Skip("the set is not here (QINGYUAN_DATA names its folder): ", err)
	}
	return path
}

// TestPublicSets trains on 70 % of the groups of each public set and measures on the rest, clean and with the key
// characters of positives attacked, at the threshold fixed on clean cross-validated rows. Run with -timeout 30m -v and QINGYUAN_EVAL=1.
func TestPublicSets(t *testing.T) {
	if os.Getenv("QINGYUAN_EVAL") == "" {
		t.Skip("set QINGYUAN_EVAL=1 to train on the public sets")
	}
	n := mustNormal(t)
	for _, c := range []struct {
		file     string
		positive []string
		bar      float64
	}{
		{"fbs_sms4.jsonl", []string{"FR", "IL"}, 0.970},
		{"teleanti_dialogues.jsonl", nil, 0.99},
	} {
		data, err := readFile(t.Context(), sharedData(t, c.file), "")
		if err != nil {
			t.Fatal(err)
		}
		var train, test []Row
		for _, r := range data.Rows {
			h := uint64(0)
			for _, b := range []byte(r.Group) {
				h = mix(h, uint64(b))
			}
			if h%10 < 7 {
				train = append(train, r)
			} else {
				test = append(test, r)
			}
		}
		m, err := Fit(t.Context(), n, train, Options{Positive: c.positive})
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.Evaluate(t.Context(), test)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d train, %d test: weighted F1 %.4f, macro F1 %.4f, F1 of %v %.4f, recall %.4f, false %.4f", c.file, len(train), r.Rows, r.WeightedF1, r.MacroF1, r.Positive, *r.F1, *r.Recall, *r.FalseRate)
		if r.WeightedF1 < c.bar {
			t.Errorf("%s: weighted F1 %.4f, want %.3f", c.file, r.WeightedF1, c.bar)
		}
		attacked(t, m, n, train, test)
	}
}

// attacked logs the recall of positives under attack: by our own attacker, on its key characters and on all, and with the
// substitutions of the CNTP set, which others made.
func attacked(t *testing.T, m *Model, n *normal.Normalizer, train, test []Row) {
	var texts []string
	var labels []int
	for _, r := range train {
		texts = append(texts, r.Text)
		labels = append(labels, map[bool]int{true: 1}[m.isPositive(r.Label)])
	}
	keys := attack.KeysOf(texts, labels, 500)
	own := attack.New(n)
	foreign := foreignSubstitutes(t)
	for _, rate := range []float64{0.3, 1} {
		for name, rewrite := range map[string]func(*rand.Rand, string) string{
			"own attack, key characters":                func(rng *rand.Rand, s string) string { return own.Text(rng, s, keys, rate, nil) },
			"own attack, all characters":                func(rng *rand.Rand, s string) string { return own.Text(rng, s, nil, rate, nil) },
			"CNTP substitutions, all characters it has": func(rng *rand.Rand, s string) string { return foreign.rewrite(rng, s, rate) },
		} {
			rng := rand.New(rand.NewPCG(11, 11))
			var rows, both []Row
			for _, r := range test {
				changed := r
				changed.Text = rewrite(rng, r.Text)
				both = append(both, changed)
				if m.isPositive(r.Label) {
					r = changed
				}
				rows = append(rows, r)
			}
			r, err := m.Evaluate(t.Context(), rows)
			if err != nil {
				t.Fatal(err)
			}
			all, err := m.Evaluate(t.Context(), both)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("  %s at %.0f %%: recall %.4f, F1 %.4f; where the other rows are attacked too, false %.4f", name, 100*rate, *r.Recall, *r.F1, *all.FalseRate)
			if want := map[float64]float64{0.3: 0.98, 1: 0.95}[rate]; strings.Contains(name, "key") && *r.Recall < want {
				t.Errorf("recall %.4f at %.0f %%, want %.2f", *r.Recall, 100*rate, want)
			}
		}
	}
}

func (m *Model) isPositive(label string) bool {
	for k, l := range m.manifest.Labels {
		if l == label {
			return m.positive[k]
		}
	}
	return false
}

func BenchmarkClassify(b *testing.B) {
	m, err := LoadIntent(mustNormal(b))
	if err != nil {
		b.Fatal(err)
	}
	text := strings.Repeat("本人因经济下行导致收入中断，要求停止计收利息，本金分六十期归还，否则将逐级反映。", 6)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		m.Classify(text)
	}
}
