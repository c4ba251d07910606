package decision

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"qingyuan"
)

const streamRules = `id: streams
title: {zh: 流, en: Streams}
parameters: [{id: small, value: %d, source: s, date: 2026-01-01}]
velocities:
  - {id: a, on: [loan.drawn, application.submitted], key: device, agg: count, window: 24h}
  - {id: b, on: [application.submitted, loan.drawn], key: device, agg: count, window: 7d}
  - {id: c, on: loan.drawn, key: device, agg: sum, of: amount, window: 1h}
  - {id: d, on: loan.drawn, key: device, agg: distinct, of: amount, window: 30d}
  - {id: e, on: loan.drawn, key: device, agg: count, window: 30d, where: event.amount <= param.small}
  - {id: f, on: application.submitted, key: "phone:contact", agg: distinct, of: subject, window: 90d}
  - {id: g, on: application.submitted, key: "phone:contact", lookup: "phone:applicant", agg: distinct, of: subject, window: 1d, current: include}
  - {id: h, on: application.submitted, key: subject, agg: distinct, of: "phone:contact", window: 1d}
  - {id: i, on: loan.drawn, key: device, agg: count, window: 30d, where: event.sim_tenure_days < 30}
thresholds: {review: 10}
rules:
  - {id: R, title: {zh: 规, en: Rule}, on: loan.drawn, typology: T1, family: link, weight: 1, when: velocity.b > 1 && velocity.c > 1, reason: {zh: 因, en: Why}, source: s}
`

func TestStreams(t *testing.T) {
	p := compileText(t, fmt.Sprintf(streamRules, 100))
	var got []string
	for _, s := range p.Streams() {
		got = append(got, fmt.Sprintf("%s of %q %v count=%v sum=%v distinct=%v", s.Key, s.Of, s.Window, s.Count, s.Sum, s.Distinct))
	}
	want := []string{
		`device of "" 168h0m0s count=true sum=false distinct=false`,
		`device of "amount" 720h0m0s count=false sum=true distinct=true`,
		`device of "" 720h0m0s count=true sum=false distinct=false`,
		`phone:contact of "subject" 2160h0m0s count=false sum=false distinct=true`,
		`subject of "phone:contact" 24h0m0s count=false sum=false distinct=true`,
		`device of "" 720h0m0s count=true sum=false distinct=false`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if a := p.Aggregates()[6]; a.Stream != 3 || !a.Include || a.Lookup.Role != "applicant" || a.Window != 24*time.Hour {
		t.Errorf("%+v", a)
	}
	if got := p.AggregatesFor(qingyuan.LoanDrawn); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("aggregates read on loan.drawn: %v", got)
	}
	other := compileText(t, fmt.Sprintf(streamRules, 200))
	for i, s := range p.Streams() {
		if same := s.ID == other.Streams()[i].ID; same != (i != 2) {
			t.Errorf("stream %d keeps its id through a changed parameter: %v", i, same)
		}
	}
	if id := p.Streams()[0].ID; id != "a3f534b79d37c23bb5da8b4ae014e9f9" {
		t.Errorf("the id of a stream changed to %s: windows kept under the old one are lost", id)
	}
}

func TestContributions(t *testing.T) {
	p := compileText(t, fmt.Sprintf(streamRules, 100))
	show := func(e *qingyuan.Event) string {
		var out []string
		for _, c := range p.Contributions(e) {
			distinct := fmt.Sprintf("%x", c.Distinct)
			if c.Distinct > 0 && p.streams[c.Stream].Of == "amount" {
				distinct = "hash"
			}
			out = append(out, fmt.Sprintf("%d:%s %d %s", c.Stream, strings.TrimLeft(hex.EncodeToString(c.Key[:]), "0"), c.Value, distinct))
		}
		return strings.Join(out, ", ")
	}
	drawn := loan(map[string]any{"amount": int64(100)})
	application := loan(map[string]any{"amount": int64(100)})
	application.Kind = qingyuan.ApplicationSubmitted
	application.Subject.Key = "00000000000000070000000000000e01"
	for _, key := range []string{"0000000000000009000000000000c002", "0000000000000008000000000000c001", "0000000000000008000000000000c001"} {
		application.Entities = append(application.Entities, qingyuan.Entity{Kind: qingyuan.Phone, Role: "contact", Key: key})
	}
	twoDevices := loan(map[string]any{"amount": int64(5000), "sim_tenure_days": int64(3)})
	twoDevices.Entities = append(twoDevices.Entities, qingyuan.Entity{Kind: qingyuan.Device, Key: "00000000000000000000000000000d02"},
		qingyuan.Entity{Kind: qingyuan.Device, Key: deviceKey, Role: "other"}, qingyuan.Entity{Kind: qingyuan.Device, Key: "xyz"})
	for _, tt := range []struct {
		name string
		e    *qingyuan.Event
		want string
	}{
		{"loan", drawn, "0:d01 0 0, 1:d01 100 hash, 2:d01 0 0"},
		{"application", application, "0:d01 0 0, 3:8000000000000c001 0 7, 3:9000000000000c002 0 7, 4:70000000000000e01 0 8, 4:70000000000000e01 0 9"},
		{"two devices", twoDevices, "0:d01 0 0, 0:d02 0 0, 1:d01 5000 hash, 1:d02 5000 hash, 5:d01 0 0, 5:d02 0 0"},
		{"no amount", loan(map[string]any{}), "0:d01 0 0"},
		{"amount of another type", loan(map[string]any{"amount": "100"}), "0:d01 0 0"},
		{"another kind", &qingyuan.Event{Kind: qingyuan.AccountLogin}, ""},
		{"no kind", &qingyuan.Event{}, ""},
	} {
		if got := show(tt.e); got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}
