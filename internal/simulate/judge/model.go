package judge

import (
	"strconv"
	"time"

	"qingyuan"
	"qingyuan/internal/simulate/leaf"
	"qingyuan/internal/simulate/scene"
)

// The default shares of the populations.
const (
	defaultHardship = 0.055
	defaultRings    = 0.018
)

// pending is an event on its way to the platform.
type pending struct {
	event scene.Event
	label *scene.Label
}

// Model is one world under way.
type Model struct {
	cfg   scene.Config
	r     *leaf.Rand
	pen   *scene.Pen
	truth *scene.Truth
	post  scene.Queue[pending] // what is on its way
	day   int
	today time.Time // midnight of the day being played

	souls    []*soul
	cities   []*leaf.City
	markets  map[*leaf.City][]*store
	plants   []*plant
	firms    []*firm
	counsel  *clerk // a lawful one
	closures []closure
	serial   int
}

// New furnishes a world. The configuration has been checked.
func New(cfg scene.Config) *Model {
	if cfg.Hardship == 0 {
		cfg.Hardship = defaultHardship
	}
	if cfg.Rings == 0 {
		cfg.Rings = defaultRings
	}
	m := &Model{cfg: cfg, r: leaf.NewRand(cfg.Seed, "judge"), pen: scene.NewPen(), truth: &scene.Truth{Config: cfg}, cities: leaf.Cities(), markets: map[*leaf.City][]*store{}}
	y, mo, d := cfg.Start.In(scene.Zone()).Date()
	m.today = time.Date(y, mo, d, 0, 0, 0, 0, scene.Zone())
	m.populate()
	m.tieUp()
	m.foundFirms()
	return m
}

// Truth is what is known of the world so far; it is whole after Run.
func (m *Model) Truth() *scene.Truth { return m.truth }

// Run plays the world day by day, until yield declines. It may be called once.
func (m *Model) Run(yield func(scene.Event) bool) {
	for m.day = 0; m.day < m.cfg.Days; m.day++ {
		m.misfortunes()
		for _, s := range m.souls {
			m.live(s)
		}
		for _, f := range m.firms {
			m.work(f)
		}
		m.watch()
		m.today = m.today.AddDate(0, 0, 1)
		for {
			at, ok := m.post.Next()
			if !ok || !at.Before(m.today) {
				break
			}
			p := m.post.Take()
			if p.label != nil {
				m.truth.Labels = append(m.truth.Labels, *p.label)
			}
			if !yield(p.event) {
				return
			}
		}
	}
}

// clock is a time of the present day between the hours, not before the start of the world.
func (m *Model) clock(from, to float64) time.Time {
	t := m.today.Add(time.Duration(m.r.Float(from, to)*3600) * time.Second)
	if t.Before(m.cfg.Start) {
		t = m.cfg.Start.Add(time.Duration(m.r.Between(1, 3600)) * time.Second)
	}
	return t
}

// leisure is a time of the day at which people look at their phones: noon, and most of all the evening.
func (m *Model) leisure() time.Time {
	switch m.r.Weighted(0.2, 0.3, 0.4, 0.1) {
	case 0:
		return m.clock(7, 10)
	case 1:
		return m.clock(11.5, 14)
	case 2:
		return m.clock(18, 23)
	}
	return m.clock(0, 24)
}

// write begins an event about s.
func (m *Model) write(kind qingyuan.EventKind, at time.Time, s *soul) *scene.Pen {
	m.pen.Begin(kind, at, "")
	return m.who(s)
}

func (m *Model) who(s *soul) *scene.Pen {
	return m.pen.Customer(s.no).Str("id_no", s.IDNo).Str("name", s.Name).Str("phone", s.Phone)
}

// ship sends the event at hand on its way, so long after it happened.
func (m *Model) ship(at time.Time, delay time.Duration) {
	e, label := m.pen.End(at.Add(delay))
	m.post.Put(e.At, pending{e, label})
}

// batch is how long a core system keeps an event: some systems report at once, some in runs every quarter of an hour, and
// now and then a run is missed.
func (m *Model) batch() time.Duration {
	switch x := m.r.Float64(); {
	case x < 0.70:
		return 0
	case x < 0.96:
		return time.Duration(m.r.Between(1, 15)) * time.Minute
	case x < 0.995:
		return time.Duration(m.r.Between(60, 20*60)) * time.Minute
	}
	return time.Duration(m.r.Between(20, 70)) * time.Hour
}

// note keeps the truth about the event at hand: it belongs to the firm's dealings with s.
func (m *Model) note(f *firm, s *soul, at time.Time, stake int64) {
	l := scene.Label{Typology: f.trade, Ring: f.id, Role: scene.RoleAgent, Stake: stake}
	if s != nil {
		l.Role = s.truth.Role
		s.truth.Stake += stake
		if s.truth.Onset.IsZero() {
			s.truth.Onset = at
		}
	}
	m.pen.Mark(l)
}

func (m *Model) number(prefix string) string {
	m.serial++
	return prefix + m.today.Format("060102") + strconv.Itoa(10000+m.serial)
}

func hours(n float64) time.Duration { return time.Duration(n * float64(time.Hour)) }

// fen turns yuan into minor units, rounded to whole yuan.
func fen(yuan float64) int64 { return int64(yuan+0.5) * 100 }
