package simulate_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/intake"
	"qingyuan/internal/simulate"
	"qingyuan/internal/simulate/scene"
)

// The varied model differs from dev in words and shares only, so that most tests leave it out.
var (
	behaviours = []string{simulate.Dev, simulate.Judging}
	all        = []string{simulate.Dev, simulate.Varied, simulate.Judging}
)

func world(t testing.TB, behaviour string, seed uint64, customers int) *simulate.World {
	t.Helper()
	w, err := simulate.New(simulate.Config{Seed: seed, Start: time.Date(2026, 1, 5, 0, 0, 0, 0, scene.Zone()), Days: 90, Customers: customers, Behaviour: behaviour})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestIntakeTakesEveryEvent holds every event to the door's own rules.
func TestIntakeTakesEveryEvent(t *testing.T) {
	for _, behaviour := range all {
		t.Run(behaviour, func(t *testing.T) {
			kinds := map[qingyuan.EventKind]int{}
			flaws, n := 0, 0
			for e := range world(t, behaviour, 7, 1200).Events() {
				n++
				p, err := intake.Parse(e.Body, e.At, intake.DefaultLimits())
				if err != nil {
					t.Fatalf("%v\n%s", err, e.Body)
				}
				kinds[e.Kind]++
				if p.Event.Kind != e.Kind || p.Event.ExternalID != e.ID {
					t.Fatalf("event says %s %s, its body %s %s", e.Kind, e.ID, p.Event.Kind, p.Event.ExternalID)
				}
				if no, _ := p.Event.Data["customer_no"].(string); no != e.Customer {
					t.Fatalf("event says customer %q, its body %q", e.Customer, no)
				}
				if p.Event.Data["quality"] != nil {
					flaws++
				}
			}
			for _, k := range qingyuan.EventKinds {
				if kinds[k] == 0 {
					t.Errorf("no %s", k)
				}
			}
			if flaws > 0 {
				t.Errorf("%d of %d events have numbers whose check digits fail", flaws, n)
			}
			t.Logf("%d events: %v", n, kinds)
		})
	}
}

func digest(w *simulate.World) [32]byte {
	h := sha256.New()
	for e := range w.Events() {
		h.Write([]byte(e.At.Format(time.RFC3339Nano)))
		h.Write(e.Body)
	}
	return [32]byte(h.Sum(nil))
}

func TestSameSeedSameWorld(t *testing.T) {
	for _, behaviour := range behaviours {
		w := world(t, behaviour, 3, 300)
		first := digest(w)
		if digest(w) != first || digest(world(t, behaviour, 3, 300)) != first {
			t.Errorf("%s: the same seed gave other events", behaviour)
		}
		if digest(world(t, behaviour, 4, 300)) == first {
			t.Errorf("%s: another seed gave the same events", behaviour)
		}
		var a, b bytes.Buffer
		if err := errors.Join(w.WriteTruth(&a), world(t, behaviour, 3, 300).WriteTruth(&b)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: the same seed gave another truth", behaviour)
		}
	}
}

func TestOrder(t *testing.T) {
	for _, behaviour := range behaviours {
		w := world(t, behaviour, 5, 800)
		var last, latest time.Time
		seen := map[string]bool{}
		late, disordered, corrections, n := 0, 0, 0, 0
		for e := range w.Events() {
			var head struct {
				Time     time.Time `json:"time"`
				Corrects string    `json:"corrects"`
			}
			if err := json.Unmarshal(e.Body, &head); err != nil {
				t.Fatal(err)
			}
			n++
			switch {
			case e.At.Before(last):
				t.Fatalf("%s: an event arrives at %v after one at %v", behaviour, e.At, last)
			case head.Time.After(e.At):
				t.Fatalf("%s: an event arrives at %v before it happened at %v", behaviour, e.At, head.Time)
			case seen[e.ID]:
				t.Fatalf("%s: %s twice", behaviour, e.ID)
			case head.Corrects != "" && !seen[head.Corrects]:
				// a correction may overtake a late original; it must be rare
				disordered++
			}
			if head.Corrects != "" {
				corrections++
			}
			if head.Time.Before(latest) {
				disordered++
			}
			if e.At.Sub(head.Time) > time.Hour {
				late++
			}
			last, seen[e.ID] = e.At, true
			if head.Time.After(latest) {
				latest = head.Time
			}
		}
		if late*200 < n || late*5 > n {
			t.Errorf("%s: %d of %d events are more than an hour late, want 0.5%% to 20%%", behaviour, late, n)
		}
		if disordered == 0 || corrections == 0 {
			t.Errorf("%s: %d out of order, %d corrections: want some of both", behaviour, disordered, corrections)
		}
		t.Logf("%s: %d events, %d late, %d out of order, %d corrections", behaviour, n, late, disordered, corrections)
	}
}

func TestBaseRates(t *testing.T) {
	for _, behaviour := range behaviours {
		truth := world(t, behaviour, 11, 3000).Truth()
		count := map[simulate.Population]int{}
		typologies := map[qingyuan.Typology]int{}
		customers := 0
		for _, p := range truth.People {
			if p.Customer == "" {
				continue
			}
			customers++
			count[p.Population]++
			if p.Ring != "" {
				typologies[p.Typology]++
			}
		}
		rings := count[scene.Misled] + count[scene.Colluding] + count[scene.Agent]
		if customers != 3000 {
			t.Errorf("%s: %d customers", behaviour, customers)
		}
		if rings < 15 || rings > 90 {
			t.Errorf("%s: %d of %d customers with rings, want 0.5%% to 3%%", behaviour, rings, customers)
		}
		if h := count[scene.Hardship]; h < 90 || h > 300 {
			t.Errorf("%s: %d of %d in hardship, want 3%% to 10%%", behaviour, h, customers)
		}
		for _, p := range scene.Populations {
			if count[p] == 0 {
				t.Errorf("%s: nobody is %s", behaviour, p)
			}
		}
		labelled := map[qingyuan.Typology]bool{}
		for _, l := range truth.Labels {
			labelled[l.Typology] = true
		}
		for _, typology := range qingyuan.Typologies {
			if !labelled[typology] {
				t.Errorf("%s: no event of %s", behaviour, typology)
			}
		}
		t.Logf("%s: %v, %v, %d labels", behaviour, count, typologies, len(truth.Labels))
	}
}

// TestTruthStaysApart looks for any word of the truth inside the events.
func TestTruthStaysApart(t *testing.T) {
	for _, behaviour := range behaviours {
		w := world(t, behaviour, 13, 600)
		words := []string{"population", "typology", `"ring"`, "misled", "colluding", "hardship_victim", "organiser", "tactic", "look_alike", "stake", "dormitory", "simulat", "synthetic", "虚构", "样例", behaviour + "-"}
		for _, p := range w.Truth().People {
			if p.Ring != "" {
				words = append(words, p.Ring)
			}
		}
		for e := range w.Events() {
			for _, word := range words {
				if strings.Contains(string(e.Body), word) {
					t.Fatalf("%s: an event holds %q:\n%s", behaviour, word, e.Body)
				}
			}
		}
	}
}

func TestTruthFile(t *testing.T) {
	w := world(t, simulate.Dev, 17, 200)
	var b bytes.Buffer
	if err := w.WriteTruth(&b); err != nil {
		t.Fatal(err)
	}
	got, err := simulate.ReadTruth(&b)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.People) != len(w.Truth().People) || len(got.Labels) != len(w.Truth().Labels) || got.Config.Seed != 17 {
		t.Errorf("read %d people and %d labels of %d and %d", len(got.People), len(got.Labels), len(w.Truth().People), len(w.Truth().Labels))
	}
	if _, err := simulate.ReadTruth(strings.NewReader("{")); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Errorf("a broken file gave %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	good := simulate.Config{Start: time.Unix(0, 0), Days: 1, Customers: 20, Behaviour: simulate.Dev}
	for field, spoil := range map[string]func(*simulate.Config){
		"start": func(c *simulate.Config) { c.Start = time.Time{} }, "days": func(c *simulate.Config) { c.Days = 0 },
		"customers": func(c *simulate.Config) { c.Customers = 19 }, "behaviour": func(c *simulate.Config) { c.Behaviour = "other" },
		"hardship": func(c *simulate.Config) { c.Hardship = 0.6 }, "rings": func(c *simulate.Config) { c.Rings = -1 },
	} {
		cfg := good
		spoil(&cfg)
		if _, err := simulate.New(cfg); err == nil || qingyuan.AsError(err).Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := simulate.New(good); err != nil {
		t.Error(err)
	}
}

func BenchmarkEvents(b *testing.B) {
	for _, behaviour := range behaviours {
		b.Run(behaviour, func(b *testing.B) {
			n, size := 0, 0
			for b.Loop() {
				for e := range world(b, behaviour, 1, 3000).Events() {
					n++
					size += len(e.Body)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(n)/float64(b.N), "events/world")
			b.ReportMetric(float64(size)/float64(n), "bytes/event")
		})
	}
}

// TestExtremeWorlds plays worlds at the edge of what is allowed.
func TestExtremeWorlds(t *testing.T) {
	start := time.Date(2026, 2, 27, 13, 5, 7, 0, time.UTC)
	for _, behaviour := range behaviours {
		for i, cfg := range []simulate.Config{
			{Days: 1, Customers: 20}, {Days: 3, Customers: 31, Rings: 0.5, Hardship: 0.5}, {Days: 400, Customers: 40, Rings: 0.3}, {Days: 60, Customers: 300, Rings: 0.5, Hardship: 0.01},
			{Days: 120, Customers: 150, Rings: 1e-9, Hardship: 1e-9},
		} {
			for seed := range uint64(3) {
				cfg.Seed, cfg.Start, cfg.Behaviour = seed, start, behaviour
				w, err := simulate.New(cfg)
				if err != nil {
					t.Fatal(err)
				}
				for e := range w.Events() {
					if _, err := intake.Parse(e.Body, e.At, intake.DefaultLimits()); err != nil {
						t.Fatalf("%s %d: %v\n%s", behaviour, i, err, e.Body)
					}
					if e.At.Before(start) || !e.At.Before(start.AddDate(0, 0, cfg.Days+1)) {
						t.Fatalf("%s %d: an event at %v", behaviour, i, e.At)
					}
				}
			}
		}
		for e := range world(t, behaviour, 1, 100).Events() { // a reader may leave
			if e.Kind != "" {
				break
			}
		}
	}
}
