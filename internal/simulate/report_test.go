package simulate_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/simulate"
	"qingyuan/internal/simulate/scene"
)

// trial is a small world: a ring of T3 around A (misled) and B (colluding), C with T1, a post of T3, D in hardship, E and F honest.
func trial() *simulate.Truth {
	begin := time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)
	return &simulate.Truth{Config: simulate.Config{Days: 10},
		People: []*simulate.Person{
			{Customer: "A", Population: scene.Misled, Typology: qingyuan.T3, Ring: "r", Onset: begin}, {Customer: "B", Population: scene.Colluding, Typology: qingyuan.T3, Ring: "r", Onset: begin},
			{Customer: "C", Population: scene.Colluding, Typology: qingyuan.T1, Ring: "s", Onset: begin}, {Customer: "D", Population: scene.Hardship, Onset: begin, Look: "factory_closure"},
			{Customer: "E", Population: scene.Honest}, {Customer: "F", Population: scene.Honest, Look: "dormitory"}, {Name: "agent", Population: scene.Agent, Ring: "r"},
		},
		Labels: []simulate.Label{
			{ID: "a1", Customer: "A", Typology: qingyuan.T3, Stake: 100}, {ID: "a2", Customer: "A", Typology: qingyuan.T3, Stake: 300}, {ID: "b1", Customer: "B", Typology: qingyuan.T3, Stake: 50},
			{ID: "c1", Customer: "C", Typology: qingyuan.T1}, {ID: "c2", Customer: "C", Typology: qingyuan.T1, Stake: 9000}, {ID: "p1", Typology: qingyuan.T3},
		}}
}

func verdict(event, customer string, day int, o qingyuan.Outcome, ts ...qingyuan.Typology) simulate.Decision {
	d := simulate.Decision{EventID: event, Customer: customer, Seq: int64(day), Outcome: o}
	for _, t := range ts {
		d.Reasons = append(d.Reasons, qingyuan.Reason{Typology: t, Polarity: qingyuan.Suspicion, Weight: 10})
	}
	return d
}

func TestJudge(t *testing.T) {
	decisions := []simulate.Decision{
		verdict("a0", "A", 5, qingyuan.Warn, qingyuan.T3),    // before it began: a false alert, and the person is not yet caught
		verdict("a1", "A", 11, qingyuan.Review, qingyuan.T3), // an alert only
		verdict("a2", "A", 12, qingyuan.Hold, qingyuan.T3),   // caught, 300 stopped
		verdict("b1", "B", 12, qingyuan.Pass),
		verdict("c1", "C", 12, qingyuan.Hold, qingyuan.T1, qingyuan.T3), // T1 right, T3 wrong; 9000 stopped
		verdict("c2", "C", 12, qingyuan.Warn, qingyuan.T1),
		verdict("p1", "", 12, qingyuan.Warn, qingyuan.T3),
		verdict("d1", "D", 12, qingyuan.Warn, qingyuan.T2),
		verdict("e1", "E", 12, qingyuan.Review, qingyuan.T2),
		verdict("f1", "F", 12, qingyuan.Reject, qingyuan.T5),
	}
	r := simulate.Judge(trial(), slices.Values(decisions), simulate.Levels{})
	if r.Decisions != 10 || r.AlertsPerDay != 0.9 || r.PerDay != 0.7 {
		t.Errorf("%d decisions, %v alerts and %v interventions a day", r.Decisions, r.AlertsPerDay, r.PerDay)
	}
	want := map[qingyuan.Typology]simulate.Score{
		qingyuan.T1: {Cases: 1, Caught: 1, Flagged: 1, Recall: 1, Precision: 1, Alerts: 2, TrueAlerts: 2, PPV: 1, AtStake: 9000, Stopped: 9000, StoppedRate: 1},
		qingyuan.T2: {Flagged: 1, Alerts: 1},
		qingyuan.T3: {Cases: 3, Caught: 2, Flagged: 3, Recall: 2. / 3, Precision: 2. / 3, Alerts: 4, TrueAlerts: 2, PPV: 0.5, AtStake: 450, Stopped: 300, StoppedRate: 2. / 3},
		qingyuan.T5: {Flagged: 1, Alerts: 1},
	}
	for _, got := range r.Typologies {
		w := want[got.Typology]
		w.Typology = got.Typology
		if got != w {
			t.Errorf("got  %+v\nwant %+v", got, w)
		}
	}
	all := simulate.Score{Cases: 4, Caught: 3, Flagged: 5, Recall: 0.75, Precision: 0.6, Alerts: 7, TrueAlerts: 4, PPV: 4. / 7, AtStake: 9450, Stopped: 9300, StoppedRate: 9300. / 9450}
	if r.All != all {
		t.Errorf("got  %+v\nwant %+v", r.All, all)
	}
	people := map[simulate.Population]simulate.Hurt{
		scene.Misled: {People: 1, Alerted: 1, Flagged: 1, Stopped: 1, FlaggedRate: 1}, scene.Colluding: {People: 2, Alerted: 1, Flagged: 1, Stopped: 1, FlaggedRate: 0.5},
		scene.Hardship: {People: 1, Alerted: 1, Flagged: 1, FlaggedRate: 1}, scene.Honest: {People: 2, Alerted: 2, Flagged: 1, Stopped: 1, Suspects: 1, FlaggedRate: 0.5},
	}
	if !reflect.DeepEqual(r.Populations, people) {
		t.Errorf("got  %+v\nwant %+v", r.Populations, people)
	}
	if r.HardshipFlagged != 1 || r.MisledSuspects != 0 || r.Wrongly[scene.Hardship][qingyuan.T2] != 1 || r.Wrongly[scene.Honest][qingyuan.T5] != 1 || r.Wrongly[scene.Honest][qingyuan.T2] != 0 {
		t.Errorf("hardship %v, misled %v, wrongly %v", r.HardshipFlagged, r.MisledSuspects, r.Wrongly)
	}
	if r.Looks["dormitory"].Flagged != 1 || r.Looks["factory_closure"].Flagged != 1 {
		t.Errorf("look-alikes %+v", r.Looks)
	}
}

// TestJudgeLevels moves the levels, and reads reasons of hardship as no accusation.
func TestJudgeLevels(t *testing.T) {
	plea := verdict("d1", "D", 12, qingyuan.Review, qingyuan.T2)
	plea.Reasons[0].Polarity, plea.Reasons[0].Weight = qingyuan.Hardship, -20
	decisions := slices.Values([]simulate.Decision{verdict("a2", "A", 12, qingyuan.Review, qingyuan.T3), verdict("a2", "A", 12, qingyuan.Challenge, qingyuan.T3), plea})
	r := simulate.Judge(trial(), decisions, simulate.Levels{Intervene: qingyuan.Review, Suspect: qingyuan.Challenge})
	if r.Typologies[2].Caught != 1 || r.Typologies[2].Alerts != 2 || r.MisledSuspects != 1 {
		t.Errorf("%+v, misled %v", r.Typologies[2], r.MisledSuspects)
	}
	if r.Typologies[1].Flagged != 0 || r.HardshipFlagged != 1 {
		t.Errorf("a reason of hardship accused: %+v; flagged %v", r.Typologies[1], r.HardshipFlagged)
	}
	if empty := simulate.Judge(&simulate.Truth{}, slices.Values([]simulate.Decision(nil)), simulate.Levels{}); empty.All.Recall != 0 || empty.AlertsPerDay != 0 {
		t.Errorf("nothing gave %+v", empty.All)
	}
}

// TestJudgeOfAWorld lets somebody who knows the truth decide: everything must come out as 1, and nobody innocent be hurt.
// Somebody who stops everybody must come out with the base rate.
func TestJudgeOfAWorld(t *testing.T) {
	for _, behaviour := range behaviours {
		w := world(t, behaviour, 37, 1500)
		truth := w.Truth()
		typologies := map[string]qingyuan.Typology{}
		for _, l := range truth.Labels {
			typologies[l.ID] = l.Typology
		}
		decide := func(all bool) func(func(simulate.Decision) bool) {
			return func(yield func(simulate.Decision) bool) {
				n := int64(0)
				for e := range w.Events() {
					n++
					d := simulate.Decision{EventID: e.ID, Customer: e.Customer, Seq: n, Outcome: qingyuan.Pass}
					if typology, ok := typologies[e.ID]; ok || all {
						d.Outcome, d.Reasons = qingyuan.Hold, []qingyuan.Reason{{Typology: typology, Polarity: qingyuan.Suspicion, Weight: 1}}
					}
					if !yield(d) {
						return
					}
				}
			}
		}
		r := simulate.Judge(truth, decide(false), simulate.Levels{})
		if r.All.Recall != 1 || r.All.Precision != 1 || r.All.PPV != 1 || r.All.StoppedRate != 1 || r.HardshipFlagged != 0 || r.Populations[scene.Honest].Flagged != 0 {
			t.Errorf("%s: who knows the truth gets %+v, hardship %v, honest %+v", behaviour, r.All, r.HardshipFlagged, r.Populations[scene.Honest])
		}
		for _, s := range r.Typologies {
			if s.Cases > 0 && (s.Recall != 1 || s.Precision != 1) {
				t.Errorf("%s: %+v", behaviour, s)
			}
		}
		if r = simulate.Judge(truth, decide(true), simulate.Levels{}); r.HardshipFlagged != 1 || r.All.Precision > 0.2 {
			t.Errorf("%s: who stops everybody gets %+v, hardship %v", behaviour, r.All, r.HardshipFlagged)
		}
	}
}
