package dev

import (
	"fmt"
	"math"
	"time"

	"qingyuan"
	"qingyuan/internal/simulate/leaf"
	"qingyuan/internal/simulate/scene"
)

// Varied is the behaviour with the second wording and other habits of rings.
const Varied = "dev-varied"

// The default shares of the populations.
const (
	defaultHardship = 0.06
	defaultRings    = 0.02
)

// Model is one world under way.
type Model struct {
	cfg    scene.Config
	w      *wording
	varied bool // rings with other habits, in other words
	r      *leaf.Rand
	pen    *scene.Pen
	queue  scene.Queue[func()]
	now    time.Time
	end    time.Time
	yield  func(scene.Event) bool
	done   bool
	truth  *scene.Truth
	people []*person
	cities []*leaf.City
	shops  map[*leaf.City][]*shop
	firms  []*leaf.Employer
	rings  []*ring
	dens   []*den // forgers, who sell to several rings
	loans  int
}

// New furnishes a world. The configuration has been checked.
func New(cfg scene.Config) *Model {
	if cfg.Hardship == 0 {
		cfg.Hardship = defaultHardship
	}
	if cfg.Rings == 0 {
		cfg.Rings = defaultRings
	}
	m := &Model{cfg: cfg, w: &firstWording, r: leaf.NewRand(cfg.Seed, "dev"), pen: scene.NewPen(), now: cfg.Start, end: cfg.Start.AddDate(0, 0, cfg.Days),
		truth: &scene.Truth{Config: cfg}, shops: map[*leaf.City][]*shop{}, cities: leaf.Cities()}
	if m.varied = cfg.Behaviour == Varied; m.varied {
		m.w = &secondWording
	}
	m.furnish()
	m.settle()
	m.plan()
	return m
}

// either is the first of two shares, or the second where rings have other habits.
func (m *Model) either(plain, varied float64) float64 {
	if m.varied {
		return varied
	}
	return plain
}

// Truth is what is known of the world so far; it is whole after Run.
func (m *Model) Truth() *scene.Truth { return m.truth }

// Run plays the world to its end, or until yield declines. It may be called once.
func (m *Model) Run(yield func(scene.Event) bool) {
	m.yield = yield
	for !m.done {
		at, ok := m.queue.Next()
		if !ok || !at.Before(m.end) {
			return
		}
		m.now = at
		m.queue.Take()()
	}
}

// at books something for a time, which is not before now.
func (m *Model) at(t time.Time, do func()) {
	if t.Before(m.now) {
		t = m.now
	}
	if t.Before(m.end) {
		m.queue.Put(t, do)
	}
}

// in books something for a number of days from now, at a waking hour.
func (m *Model) in(days float64, do func()) { m.at(m.hour(days), do) }

// soon books something for a number of minutes from now.
func (m *Model) soon(minutes float64, do func()) {
	m.at(m.now.Add(time.Duration(minutes*float64(time.Minute))), do)
}

// wakeful is how much happens in each hour of the day.
var wakeful = [24]float64{2, 1, 0.5, 0.3, 0.3, 0.6, 2, 4, 7, 9, 9, 8, 9, 7, 7, 8, 8, 8, 8, 9, 10, 9, 7, 4}

// hour is a time that many days from now, moved to an hour people are awake and, one day in three, away from Sunday.
func (m *Model) hour(days float64) time.Time {
	day := m.now.Add(time.Duration(days * 24 * float64(time.Hour))).In(scene.Zone())
	if day.Weekday() == time.Sunday && m.r.Chance(0.34) {
		day = day.AddDate(0, 0, 1)
	}
	y, mo, d := day.Date()
	t := time.Date(y, mo, d, m.r.Weighted(wakeful[:]...), m.r.IntN(60), m.r.IntN(60), 0, scene.Zone())
	if !t.After(m.now) {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// office is a time that many days from now within office hours.
func (m *Model) office(days float64) time.Time {
	day := m.now.Add(time.Duration(days * 24 * float64(time.Hour))).In(scene.Zone())
	for day.Weekday() == time.Sunday || day.Weekday() == time.Saturday && m.r.Chance(0.7) {
		day = day.AddDate(0, 0, 1)
	}
	y, mo, d := day.Date()
	t := time.Date(y, mo, d, m.r.Between(9, 17), m.r.IntN(60), m.r.IntN(60), 0, scene.Zone())
	if !t.After(m.now) {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// begin starts an event about p that happens now, with who p is.
func (m *Model) begin(kind qingyuan.EventKind, p *person) *scene.Pen {
	m.pen.Begin(kind, m.now, "")
	return m.who(p)
}

func (m *Model) who(p *person) *scene.Pen {
	return m.pen.Customer(p.no).Str("id_no", p.IDNo).Str("name", p.Name).Str("phone", p.Phone)
}

// mark notes that the event at hand belongs to p's scheme, and how much money leaves or is claimed with it.
func (m *Model) mark(p *person, stake int64) {
	if p.ring == nil {
		return
	}
	m.pen.Mark(scene.Label{Typology: p.ring.typology, Ring: p.ring.id, Role: p.truth.Role, Stake: stake})
	if p.truth.Onset.IsZero() {
		p.truth.Onset = m.now
	}
	p.truth.Stake += stake
}

// send ends the event at hand; it arrives after the delay.
func (m *Model) send(delay time.Duration) {
	e, label := m.pen.End(m.now.Add(delay))
	if delay == 0 {
		m.out(e, label)
		return
	}
	m.at(e.At, func() { m.out(e, label) })
}

func (m *Model) out(e scene.Event, label *scene.Label) {
	if label != nil {
		m.truth.Labels = append(m.truth.Labels, *label)
	}
	if !m.yield(e) {
		m.done = true
	}
}

// lag is how late a system reports: mostly at once, sometimes with the night's batch, seldom days later.
func (m *Model) lag() time.Duration {
	switch m.r.Weighted(0.93, 0.06, 0.01) {
	case 1:
		return time.Duration(m.r.Between(20, 600)) * time.Minute
	case 2:
		return time.Duration(m.r.Between(24, 96)) * time.Hour
	}
	return 0
}

func days(n float64) time.Duration { return time.Duration(n * 24 * float64(time.Hour)) }

// week is how many weeks have passed; tactics age by it.
func (m *Model) week() int { return int(m.now.Sub(m.cfg.Start) / (7 * 24 * time.Hour)) }

// yuan rounds an amount in yuan to minor units.
func yuan(x float64) int64 { return int64(math.Round(x)) * 100 }

func (m *Model) loanNo() string {
	m.loans++
	return fmt.Sprintf("LN%s%06d", m.now.In(scene.Zone()).Format("0601"), m.loans)
}
