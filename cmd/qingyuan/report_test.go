package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"qingyuan"
	"qingyuan/internal/api"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/store/storetest"
)

// rawDecision is one decision with its event, as the tables have it.
type rawDecision struct {
	seq      int64
	event    string // the lender's id of the event
	customer string // empty where the event concerns none
	outcome  string
	rules    []string
	latency  int64
}

// rawRule is what the text of the ruleset says of a rule.
type rawRule struct {
	ID       string            `yaml:"id"`
	Typology string            `yaml:"typology"`
	Polarity string            `yaml:"polarity"`
	Title    map[string]string `yaml:"title"`
}

// rawTruth is the truth file.
type rawTruth struct {
	world  map[string]any
	people []map[string]any
	labels []rawLabel
}

type rawLabel struct {
	Event    string  `json:"event"`
	Customer string  `json:"customer"`
	Typology string  `json:"typology"`
	Stake    float64 `json:"stake"`
}

var severities = map[string]int{"pass": 0, "review": 1, "warn": 2, "challenge": 3, "hold": 4, "reject": 5}

// TestReportFromRawTables plays a small quarter of either model and counts every figure of the printed report again: from the
// tables by plain SQL, from the text of the ruleset and from the truth file, with none of the platform's own tallies.
func TestReportFromRawTables(t *testing.T) {
	for _, behaviour := range []string{"dev", "judge"} {
		t.Run(behaviour, func(t *testing.T) {
			dir := t.TempDir()
			s, report := playSmall(t, installation{Data: dir, LogLevel: "error"}, quarter{Seed: 5, Days: 40, Customers: 260, Behaviour: behaviour})
			var printed bytes.Buffer
			if err := json.NewEncoder(&printed).Encode(report); err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal(printed.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			truth := readRawTruth(t, filepath.Join(dir, "simulated-truth.jsonl"))
			blind := map[string]string{}
			for _, p := range truth.people {
				if no, ok := p["customer"].(string); ok {
					key, err := s.keys.Blind(ctx, api.DefaultTenant, qingyuan.Customer, no)
					if err != nil {
						t.Fatal(err)
					}
					blind[key] = no
				}
			}
			decisions, rules := readRawTables(t, filepath.Join(dir, "qingyuan.db"), blind)
			want := expected(decisions, rules, truth, got)
			want["address"] = s.url
			compare(t, "report", got, want)
			flagged := want["governance"].(map[string]any)["all"].(map[string]any)["caught"].(float64)
			if flagged < 3 || len(decisions) < 2000 {
				t.Errorf("%v cases caught by %d decisions: the test shows little", flagged, len(decisions))
			}
		})
	}
}

// playSmall starts a server and plays a simulated stretch through it.
func playSmall(t *testing.T, in installation, q quarter) (*server, *demoReport) {
	c := demoCommand{serveCommand: serveCommand{installation: in, founding: founding{Ruleset: "default"}, Listen: "127.0.0.1:0", Every: time.Hour}, Workers: 8, quarter: q}
	s, err := c.start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop() })
	report, err := c.importAll(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	return s, report
}

// TestQuarterReplays plays a stretch of either model on either engine; the replay
// gives every decision as it was, and so does a backtest of the version that decided.
func TestQuarterReplays(t *testing.T) {
	for _, behaviour := range []string{"dev", "judge"} {
		t.Run(behaviour, func(t *testing.T) {
			storetest.EachURL(t, func(t *testing.T, url string) {
				in := installation{Data: t.TempDir(), Database: url, LogLevel: "error"}
				s, report := playSmall(t, in, quarter{Seed: 9, Days: 20, Customers: 120, Behaviour: behaviour})
				if r := report.Replay; r.Identical != r.Decisions || int64(r.Decisions) != report.Decisions || r.Decisions < 500 {
					t.Fatalf("%+v of %d decisions", r, report.Decisions)
				}
				again, err := s.decisions.Replay(ctx, api.DefaultTenant, nil)
				if err != nil {
					t.Fatal(err)
				}
				late := again.Fallbacks // on a slow machine some pass their deadline; a backtest has none
				b, err := s.decisions.Backtest(ctx, api.DefaultTenant, decision.BacktestRequest{ID: "default", Version: 1})
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range b.Recorded {
					if v.Decisions != again.Decisions-late || v.Identical != v.Decisions {
						t.Errorf("a backtest of %s gives %d of %d decisions as they were, %d were made in time", v.Version, v.Identical, v.Decisions, again.Decisions-late)
					}
				}
				outcomes := map[string]int64{}
				for _, o := range b.Outcomes {
					if o.Live != o.Candidate {
						t.Errorf("one version, two outcomes: %+v", o)
					}
					outcomes[string(o.Live)] += int64(o.Events)
				}
				if len(b.Recorded) == 0 || late == 0 && !maps.Equal(outcomes, report.ByOutcome) || len(outcomes) < 2 {
					t.Errorf("%d versions, outcomes %v, decided %v", len(b.Recorded), outcomes, report.ByOutcome)
				}
			})
		})
	}
}

func readRawTruth(t *testing.T, name string) (truth rawTruth) {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		var line struct {
			World  map[string]any `json:"world"`
			Person map[string]any `json:"person"`
			Label  *rawLabel      `json:"label"`
		}
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		switch {
		case line.World != nil:
			truth.world = line.World
		case line.Person != nil:
			truth.people = append(truth.people, line.Person)
		default:
			truth.labels = append(truth.labels, *line.Label)
		}
	}
	return truth
}

// readRawTables opens the demo's database by itself.
func readRawTables(t *testing.T, name string, blind map[string]string) ([]rawDecision, []rawRule) {
	db, err := sql.Open("sqlite", "file:"+name+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT d.seq, e.external_id, e.entities, d.outcome, d.rules, d.latency_us FROM decision d
		JOIN event e ON e.tenant = d.tenant AND e.seq = d.seq ORDER BY d.seq`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []rawDecision
	for rows.Next() {
		var d rawDecision
		var entities, codes string
		if err := rows.Scan(&d.seq, &d.event, &entities, &d.outcome, &codes, &d.latency); err != nil {
			t.Fatal(err)
		}
		for _, e := range strings.Fields(entities) {
			if parts := strings.Split(e, ":"); parts[0] == "customer" {
				d.customer = blind[parts[2]]
			}
		}
		d.rules = strings.FieldsFunc(codes, func(c rune) bool { return c == '|' })
		all = append(all, d)
	}
	var events int
	var text string
	if err := db.QueryRow(`SELECT (SELECT count(*) FROM event), (SELECT text FROM ruleset)`).Scan(&events, &text); err != nil {
		t.Fatal(err)
	}
	if events != len(all) {
		t.Errorf("%d events, %d decisions", events, len(all))
	}
	var ruleset struct{ Rules []rawRule }
	if err := yaml.Unmarshal([]byte(text), &ruleset); err != nil {
		t.Fatal(err)
	}
	return all, ruleset.Rules
}

// object is a JSON object.
type object = map[string]any

func over(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

// expected is the whole report as the raw data has it. got gives the words that are no figures.
func expected(decisions []rawDecision, rules []rawRule, truth rawTruth, got object) object {
	outcomes, byRule, latencies := object{}, map[string]float64{}, []int64{}
	for _, d := range decisions {
		n, _ := outcomes[d.outcome].(float64)
		outcomes[d.outcome] = n + 1
		for _, r := range d.rules {
			byRule[r]++
		}
		latencies = append(latencies, d.latency)
	}
	var spoke []any
	for _, r := range rules {
		if byRule[r.ID] > 0 {
			spoke = append(spoke, object{"rule": r.ID, "n": byRule[r.ID], "title": object{"zh": r.Title["zh"], "en": r.Title["en"]}})
		}
	}
	sort.Slice(spoke, func(i, j int) bool {
		a, b := spoke[i].(object), spoke[j].(object)
		return a["n"].(float64) > b["n"].(float64) || a["n"] == b["n"] && a["rule"].(string) < b["rule"].(string)
	})
	slices.Sort(latencies)
	at := func(q float64) float64 { return float64(latencies[int(q*float64(len(latencies)))]) / 1000 }
	n := float64(len(decisions))
	behaviour := truth.world["Behaviour"].(string)
	played := object{"file": "simulated " + behaviour, "rows": n, "decided": n, "repeated": 0., "refused": 0.}
	return object{"imported": []any{played}, "simulated": played, "events": n, "decisions": n, "by_outcome": outcomes, "by_rule": spoke,
		"latency_ms": object{"p50": at(.5), "p95": at(.95), "p99": at(.99)}, "replay": object{"decisions": n, "identical": n},
		"governance": governance(decisions, rules, truth, got["governance"].(object))}
}

// finding is one decision with what it accuses of, and what is true of its event.
type finding struct {
	rawDecision
	who     string // the customer, or the event of a post
	post    bool
	accused map[string]bool // typologies that suspicious rules named
	flagged bool
	early   bool // before the first event of the scheme
}

func governance(decisions []rawDecision, rules []rawRule, truth rawTruth, got object) object {
	typologyOf := map[string]string{}
	for _, r := range rules {
		if r.Polarity != "hardship" {
			typologyOf[r.ID] = r.Typology
		}
	}
	labelled, first := map[string]bool{}, map[string]int64{}
	for _, l := range truth.labels {
		labelled[l.Event] = true
	}
	var all []finding
	var alerts, interventions float64
	for _, d := range decisions {
		f := finding{rawDecision: d, who: d.customer, accused: map[string]bool{}}
		if f.post = d.customer == ""; f.post {
			f.who = d.event
		}
		for _, r := range d.rules {
			f.accused[typologyOf[r]] = true
		}
		severity := severities[d.outcome]
		f.flagged = severity >= severities["warn"] || f.post && severity >= severities["review"]
		if severity >= severities["review"] {
			alerts++
		}
		if severity >= severities["warn"] {
			interventions++
		}
		if seq, ok := first[f.who]; labelled[d.event] && (!ok || d.seq < seq) {
			first[f.who] = d.seq
		}
		all = append(all, f)
	}
	for i := range all {
		all[i].early = all[i].seq < first[all[i].who]
	}
	days := truth.world["Days"].(float64)
	out := object{"config": truth.world, "decisions": float64(len(decisions)), "alerts_per_day": over(alerts, days), "interventions_per_day": over(interventions, days),
		"levels": object{"alert": "review", "post": "review", "intervene": "warn", "stop": "hold", "suspect": "reject"}, "left_out": got["left_out"]}
	hidden := map[string]bool{}
	for _, l := range got["left_out"].([]any) {
		hidden[l.(object)["typology"].(string)] = true
	}
	var rows []any
	for _, t := range []string{"T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9"} {
		r := score(all, truth.labels, t, func(finding) bool { return true }, func(rawLabel) bool { return true })
		r["typology"] = t
		rows = append(rows, r)
	}
	plainly := map[string]bool{} // cases with a label that is not hidden
	isCase := map[string]bool{}
	for _, l := range truth.labels {
		isCase[whoOf(l)] = true
		plainly[whoOf(l)] = plainly[whoOf(l)] || !hidden[l.Typology]
	}
	out["typologies"] = rows
	out["all"] = score(all, truth.labels, "", func(finding) bool { return true }, func(rawLabel) bool { return true })
	out["people"] = score(all, truth.labels, "", func(f finding) bool { return !f.post }, func(l rawLabel) bool { return l.Customer != "" })
	out["posts"] = score(all, truth.labels, "", func(f finding) bool { return f.post }, func(l rawLabel) bool { return l.Customer == "" })
	out["visible"] = score(all, truth.labels, "", func(f finding) bool { return plainly[f.who] || !isCase[f.who] }, func(l rawLabel) bool { return plainly[whoOf(l)] })
	treatment(out, all, truth)
	return out
}

func whoOf(l rawLabel) string {
	if l.Customer == "" {
		return l.Event
	}
	return l.Customer
}

// score is one row: of a typology, or of all where it is empty.
func score(all []finding, labels []rawLabel, typology string, takes func(finding) bool, counts func(rawLabel) bool) object {
	cases := map[string]bool{}
	for _, l := range labels {
		if counts(l) && (typology == "" || l.Typology == typology) {
			cases[whoOf(l)] = true
		}
	}
	flagged, caught := map[string]bool{}, map[string]bool{}
	var alerts, right float64
	for _, f := range all {
		if !f.flagged || !takes(f) || typology != "" && !f.accused[typology] {
			continue
		}
		alerts++
		flagged[f.who] = true
		if cases[f.who] && !f.early {
			right++
			caught[f.who] = true
		}
	}
	// money: what moved with a stopped event of the case and the labelled events after it
	seqOf := map[string]rawDecision{}
	for _, f := range all {
		seqOf[f.event] = f.rawDecision
	}
	ordered := slices.Clone(labels)
	sort.SliceStable(ordered, func(i, j int) bool { return seqOf[ordered[i].Event].seq < seqOf[ordered[j].Event].seq })
	halted := map[string]bool{}
	var stake, stopped float64
	for _, l := range ordered {
		if !counts(l) || typology != "" && l.Typology != typology {
			continue
		}
		key := whoOf(l) + l.Typology
		halted[key] = halted[key] || severities[seqOf[l.Event].outcome] >= severities["hold"]
		stake += l.Stake
		if halted[key] {
			stopped += l.Stake
		}
	}
	n, c, w := float64(len(cases)), float64(len(caught)), float64(len(flagged))
	return object{"cases": n, "caught": c, "flagged": w, "recall": over(c, n), "precision": over(c, w), "alerts": alerts, "true_alerts": right, "ppv": over(right, alerts),
		"at_stake": stake, "stopped": stopped, "stopped_rate": over(stopped, stake)}
}

// treatment counts people by population and by what makes them look like a ring, and the innocent who were flagged.
func treatment(out object, all []finding, truth rawTruth) {
	worst, accused := map[string]int{}, map[string]map[string]bool{}
	for _, f := range all {
		if f.post {
			continue
		}
		worst[f.who] = max(worst[f.who], severities[f.outcome])
		if f.flagged {
			if accused[f.who] == nil {
				accused[f.who] = map[string]bool{}
			}
			for t := range f.accused {
				accused[f.who][t] = true
			}
		}
	}
	populations, looks, wrongly := object{}, object{}, object{}
	add := func(to object, name string, no string) {
		g, ok := to[name].(object)
		if !ok {
			g = object{"people": 0., "alerted": 0., "flagged": 0., "stopped": 0., "suspects": 0., "flagged_rate": 0.}
			to[name] = g
		}
		g["people"] = g["people"].(float64) + 1
		for field, level := range map[string]string{"alerted": "review", "flagged": "warn", "stopped": "hold", "suspects": "reject"} {
			if worst[no] >= severities[level] {
				g[field] = g[field].(float64) + 1
			}
		}
		g["flagged_rate"] = over(g["flagged"].(float64), g["people"].(float64))
	}
	for _, p := range truth.people {
		no, _ := p["customer"].(string)
		if no == "" {
			continue
		}
		population := p["population"].(string)
		innocent := population == "honest" || population == "hardship"
		add(populations, population, no)
		if look, _ := p["look_alike"].(string); look != "" && innocent {
			add(looks, look, no)
		}
		for t := range accused[no] {
			if innocent && t != "" {
				by, ok := wrongly[population].(object)
				if !ok {
					by = object{}
					wrongly[population] = by
				}
				n, _ := by[t].(float64)
				by[t] = n + 1
			}
		}
	}
	out["populations"], out["look_alikes"], out["wrongly"] = populations, looks, wrongly
	rate := func(population, field string) float64 {
		g, ok := populations[population].(object)
		if !ok {
			return 0
		}
		return over(g[field].(float64), g["people"].(float64))
	}
	out["hardship_flagged_rate"], out["misled_suspect_rate"] = rate("hardship", "flagged"), rate("misled", "suspects")
}

// compare reports every value that is not the same, and every name that only one side has.
func compare(t *testing.T, path string, got, want any) {
	t.Helper()
	switch w := want.(type) {
	case object:
		g, ok := got.(object)
		if !ok {
			t.Errorf("%s is %v, want an object", path, got)
			return
		}
		for name := range g {
			if _, ok := w[name]; !ok {
				t.Errorf("%s.%s is printed and was not counted again", path, name)
			}
		}
		for name := range w {
			compare(t, path+"."+name, g[name], w[name])
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			t.Errorf("%s has other items: %v, want %v", path, got, want)
			return
		}
		for i := range w {
			compare(t, fmt.Sprintf("%s[%d]", path, i), g[i], w[i])
		}
	case float64:
		if g, ok := got.(float64); !ok || math.Abs(g-w) > 1e-9*max(1, math.Abs(w)) {
			t.Errorf("%s is %v, want %v", path, got, w)
		}
	default:
		if got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
}
