package decision_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/store/storetest"
)

// creditModel is the archive of the committed credit model with its calibration moved by shift, which makes another version of it.
func creditModel(t testing.TB, shift float64) []byte {
	t.Helper()
	hash := func(b []byte) string { sum := sha256.Sum256(b); return hex.EncodeToString(sum[:]) }
	files := map[string][]byte{}
	for _, name := range []string{"manifest.json", "model.json", "encoder.json", "calibration.json", "card.json", "card.md"} {
		b, err := os.ReadFile(filepath.Join("../model/testdata/golden", name))
		must(t, err)
		files[name] = b
	}
	var c struct{ Slope, Offset float64 }
	must(t, json.Unmarshal(files["calibration.json"], &c))
	files["calibration.json"] = fmt.Appendf(nil, `{"slope":%v,"offset":%v}`, c.Slope, c.Offset+shift)
	var m map[string]any
	must(t, json.Unmarshal(files["manifest.json"], &m))
	all := sha256.New()
	for _, name := range []string{"model.json", "encoder.json", "calibration.json"} {
		fmt.Fprintf(all, "%s %s\n", hash(files[name]), name)
	}
	m["version"] = "mdl_" + hex.EncodeToString(all.Sum(nil))[:32]
	for name := range m["sha256"].(map[string]any) {
		m["sha256"].(map[string]any)[name] = hash(files[name])
	}
	var err error
	files["manifest.json"], err = json.Marshal(m)
	must(t, err)
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, b := range files {
		w, err := z.Create(name)
		must(t, err)
		_, err = w.Write(b)
		must(t, err)
	}
	must(t, z.Close())
	return out.Bytes()
}

// creditColumns are the columns of the credit model.
var creditColumns = strings.Fields("LIMIT_BAL SEX EDUCATION MARRIAGE AGE PAY_0 PAY_2 PAY_3 PAY_4 PAY_5 PAY_6 BILL_AMT1 BILL_AMT2 BILL_AMT3 BILL_AMT4 " +
	"BILL_AMT5 BILL_AMT6 PAY_AMT1 PAY_AMT2 PAY_AMT3 PAY_AMT4 PAY_AMT5 PAY_AMT6")

// withModel is the first ruleset with the credit model on loans; AGE is how many loans the device drew.
func withModel(t testing.TB, version, challenger string) string {
	t.Helper()
	text, err := decision.ShippedRuleset("first")
	must(t, err)
	var b strings.Builder
	b.WriteString("models:\n  - id: credit\n    title: {zh: 信用模型, en: Credit model}\n    on: [loan.drawn]\n")
	if version != "" {
		b.WriteString("    version: " + version + "\n")
	}
	if challenger != "" {
		b.WriteString("    challenger: " + challenger + "\n")
	}
	b.WriteString("    inputs:\n      amount: event.amount\n")
	for _, c := range creditColumns {
		fact := "number(event.attributes." + strings.ToLower(c) + ")"
		if c == "AGE" {
			fact = "velocity.device_subjects_7d"
		}
		fmt.Fprintf(&b, "      %s: %s\n", c, fact)
	}
	rule := `
rules:
  - id: T2-MODEL
    title: {zh: 模型高分, en: The model warns}
    on: loan.drawn
    typology: T2
    family: behaviour
    when: model.credit.probability >= 0.3
    weight: 40
    reason: {zh: "概率 {model.credit.probability|percent}：{model.credit.because}", en: "probability {model.credit.probability|percent}: {model.credit.because}"}
    source: test
`
	return strings.Replace(string(text), "\nrules:\n", "\n"+b.String()+rule, 1)
}

// scored is a loan with the columns of the credit model; every third has late payments, every fifth no history.
func scored(n int, at time.Time) []byte {
	columns := map[string]any{"limit_bal": 20000 + 10000*(n%9), "pay_0": n%3 - 1, "pay_2": n%3 - 1, "bill_amt1": 3000 * (n % 7), "pay_amt1": 100 * (n % 11)}
	if n%3 == 0 {
		columns["pay_0"], columns["pay_2"] = 3, 2
	}
	if n%5 == 0 {
		delete(columns, "pay_0")
	}
	text, _ := json.Marshal(columns)
	return []byte(strings.Replace(string(loan(n, at)), `"loan_no"`, `"attributes":`+string(text)+`,"loan_no"`, 1))
}

func valueOf(values []qingyuan.Value, name string) any {
	for _, v := range values {
		if v.Name == name {
			return v.Value
		}
	}
	return nil
}

// TestModelsReplay decides with models, with a challenger and with a model in shadow, restarts, and replays and backtests: decisions,
// probabilities and reasons come out as they were. A challenger changes nothing.
func TestModelsReplay(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		base := time.Now().UTC().Truncate(time.Hour).Add(-48 * time.Hour)
		db := storetest.Open(t, url, lines...)
		h := build(t, db, "")
		var versions [2]string
		for i := range versions {
			e, added, err := h.models.Add(ctx, tenant, user("ann"), creditModel(t, float64(i)), "test")
			must(t, err)
			if !added {
				t.Fatal("not added")
			}
			versions[i] = e.Version
		}
		if _, added, err := h.models.Add(ctx, tenant, user("bob"), creditModel(t, 0), "again"); err != nil || added {
			t.Errorf("a version added twice: %v %v", added, err)
		}
		n := 0
		some := func(count int, check func(d *decision.Decision)) {
			for range count {
				d := decide(t, h, scored(n, base.Add(time.Duration(n)*time.Minute)))
				check(d)
				kept, err := h.svc.Decision(ctx, tenant, d.ID)
				must(t, err)
				if fmt.Sprint(kept.Reasons) != fmt.Sprint(d.Reasons) {
					t.Fatalf("reasons were\n%v\nand are read as\n%v", d.Reasons, kept.Reasons)
				}
				n++
			}
		}
		live := func(text string) int {
			t.Helper()
			_, v, err := h.svc.Publish(ctx, tenant, user("ann"), []byte(text))
			must(t, err)
			must(t, h.svc.Activate(ctx, tenant, user("bob"), "first", v, "test"))
			return v
		}
		live(withModel(t, "", ""))
		some(10, func(d *decision.Decision) {
			if !silent(d) || valueOf(d.Values, "model.credit.absent") != decision.ErrUntrained {
				t.Fatalf("an untrained model is missed silently: %+v %+v", d.Missing, d.Values)
			}
		})
		alone := live(withModel(t, versions[0], ""))
		fired := map[string]bool{}
		both := func(d *decision.Decision) {
			p, ok := valueOf(d.Values, "model.credit.probability").(float64)
			if !ok || silent(d) {
				t.Fatalf("no probability: %+v", d.Values)
			}
			spoke := false
			for _, r := range d.Reasons {
				if r.Rule == "T2-MODEL" {
					spoke = true
					because, _ := valueOf(r.Values, "model.credit.because").(string)
					if because == "" || !strings.Contains(r.Text.EN, because) || !strings.Contains(because, "PAY_") {
						t.Fatalf("reason without what moved the model: %+v", r)
					}
				}
			}
			if spoke != (p >= .3) {
				t.Fatalf("probability %v, rule spoke: %v", p, spoke)
			}
			fired[fmt.Sprint(spoke)] = true
		}
		some(40, both)
		if len(fired) != 2 {
			t.Fatal("the rule always or never speaks: the test shows nothing")
		}
		challenged := live(withModel(t, versions[0], versions[1]))
		some(30, func(d *decision.Decision) {
			both(d)
			if p, c := valueOf(d.Values, "model.credit.probability").(float64), valueOf(d.Values, "model.credit.challenger").(float64); c <= p {
				t.Fatalf("champion %v, challenger %v", p, c)
			}
		})
		for i, v := range versions {
			said, err := h.svc.ModelScores(ctx, tenant, v)
			must(t, err)
			if len(said.Uses) != 1 || said.Uses[0].Challenger != (i == 1) || said.Uses[0].Beside != versions[1-i] || len(said.Scores) != 30 || len(said.Pairs) != 30 {
				t.Fatalf("scores of model %d: %+v", i, said)
			}
			for _, p := range said.Pairs {
				if p[i] >= p[1-i] {
					t.Fatalf("champion and challenger are mixed up: %v", p)
				}
			}
		}
		replay(t, h)
		for _, v := range []int{alone, challenged} {
			r, err := h.svc.Backtest(ctx, tenant, decision.BacktestRequest{ID: "first", Version: v})
			must(t, err)
			for _, as := range r.Recorded {
				if as.Decisions == 0 || as.Identical != as.Decisions {
					t.Errorf("backtest of %d: %+v", v, as)
				}
			}
			for _, o := range r.Outcomes {
				if o.Live != o.Candidate {
					t.Errorf("the challenger changes outcomes: %+v", o)
				}
			}
		}
		must(t, db.Close())
		db = storetest.Open(t, url, lines...)
		h = build(t, db, "")
		some(10, both)
		replay(t, h)
		lost := without(t, h)
		d, _, err := lost.Decide(ctx, decision.Request{Tenant: tenant, Body: scored(n, base)})
		must(t, err)
		if !silent(d) {
			t.Errorf("a model that cannot be loaded is missed silently: %+v", d.Missing)
		}
	})
}

// silent reports whether the model's rule could not be evaluated for want of the model.
func silent(d *decision.Decision) bool {
	for _, m := range d.Missing {
		if m.Rule == "T2-MODEL" {
			return m.Missing == "model.credit.probability"
		}
	}
	return false
}

// without is a service on the same record that cannot load models.
func without(t testing.TB, h house) *decision.Service {
	t.Helper()
	svc, err := decision.New(decision.Config{DB: h.db, Keys: h.ring, Events: h.events})
	must(t, err)
	return svc
}

// TestModelsAreChecked publishes rulesets that name models wrongly.
func TestModelsAreChecked(t *testing.T) {
	const other = qingyuan.Tenant("other")
	db := storetest.Open(t, t.TempDir()+"/q.db", lines...)
	must(t, db.CreateTenant(ctx, other, "Other"))
	h := build(t, db, "")
	e, _, err := h.models.Add(ctx, tenant, user("ann"), creditModel(t, 0), "")
	must(t, err)
	good := withModel(t, e.Version, "")
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown version":     {e.Version, "mdl_" + strings.Repeat("0", 32), "there is no model"},
		"a column is missing": {"      PAY_3: number(event.attributes.pay_3)\n", "", "columns that inputs do not name: PAY_3"},
		"unknown fact":        {"amount: event.amount", "amount: event.amont", "has no field event.amont"},
		"personal fact":       {"amount: event.amount", "amount: event.phone", "is personal"},
		"a constant":          {"amount: event.amount", "amount: param.shared_device", "constant"},
		"an object":           {"amount: event.amount", "amount: event.attributes", "is an object"},
		"open type":           {"number(event.attributes.pay_2)", "event.attributes.pay_2", "the type of event.attributes.pay_2 is open"},
		"a formula":           {"amount: event.amount", "amount: event.amount + 1", "fields are read by name only"},
		"unknown model":       {"model.credit.probability >=", "model.kredit.probability >=", "the model kredit is not declared"},
		"unknown reading":     {"model.credit.probability >=", "model.credit.score >=", "model.credit.probability"},
		"because in a rule":   {"when: model.credit.probability >= 0.3", `when: model.credit.because == "x"`, "in texts of reasons"},
		"another kind":        {"on: loan.drawn\n    typology: T2\n    family: behaviour\n    when: model", "on: account.login\n    typology: T2\n    family: behaviour\n    when: model", "guard it with"},
		"lone challenger":     {"    version: " + e.Version, "    challenger: " + e.Version, "stand beside"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Fatalf("%s: the substitution changes nothing", name)
		}
		if _, _, err := h.svc.Publish(ctx, tenant, user("ann"), []byte(text)); qingyuan.CodeOf(err) != qingyuan.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, _, err := h.svc.Publish(ctx, tenant, user("ann"), []byte(good)); err != nil {
		t.Error(err)
	}
	// Another tenant has no such model.
	if _, _, err := h.svc.Publish(ctx, other, user("ann"), []byte(good)); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Errorf("another tenant's model: %v", err)
	}
	if _, _, err := h.models.Get(ctx, other, e.Version); qingyuan.CodeOf(err) != qingyuan.NotFound {
		t.Errorf("another tenant's model is read: %v", err)
	}
}
