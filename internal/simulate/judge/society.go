package judge

import (
	"strconv"
	"time"

	"qingyuan/internal/simulate/leaf"
	"qingyuan/internal/simulate/scene"
)

// soul is a customer with a purse, a mood and ties.
type soul struct {
	leaf.Person
	no            string
	handset, os   string
	network       string
	mail          string
	account, bank string
	card          string // credit card, or empty
	limit, owed   int64

	cash, income float64 // yuan; income a month
	thrift       float64 // share of the income that is spent by living
	payday       int
	stress       float64 // 0–1
	trust        float64 // in the lender, 0–1
	gullible     float64
	greed        float64
	chatty       float64 // how much is done in the app

	work      *plant
	job       string
	kin       []*soul
	debts     []*debt
	sick      bool // in a blow of fate
	since     time.Time
	cause     string
	told      bool // has told the lender
	plan      bool
	gone      bool // has died
	defiant   bool // does not pay any more, on advice
	elsewhere string
	joins     int // day on which the first application is made; -1 for old customers
	firm      *firm
	truth     *scene.Person
	slang     bool
	counsel   bool
}

// debt is a loan.
type debt struct {
	no         string
	principal  int64
	rate       float64
	instalment int64
	term, no2  int // instalments in all, and settled
	left       int64
	dueDay     int // day of the month
	since      int // day of the play on which arrears began, -1 for none
	fresh      int // day of the play on which it was paid out, -1 for old ones
}

// plant is an employer.
type plant struct {
	*leaf.Employer
	network string
	hands   []*soul
}

// closure is a blow to many at once.
type closure struct {
	day   int
	plant *plant
	area  string // district code, for a flood
}

type store struct {
	id, title, code, till string
	ticket                float64
	place                 *leaf.City
}

// lines of retail: name, merchant category code, mean ticket in yuan.
var retail = []struct {
	title, code string
	ticket      float64
}{{"生鲜", "5422", 55}, {"面馆", "5812", 28}, {"咖啡", "5814", 31}, {"数码专营", "5732", 1900}, {"百货", "5311", 240}, {"加油城", "5541", 230}, {"口腔门诊", "8021", 900},
	{"洗车行", "7542", 60}, {"运动馆", "7941", 120}, {"书城", "5942", 75}, {"黄金饰品", "5944", 3100}, {"宠物店", "5995", 140}, {"五金建材", "5251", 420}, {"旅行社", "4722", 1600}}

// populate makes the places and the people.
func (m *Model) populate() {
	for _, c := range m.cities {
		for range 10 {
			x := leaf.Pick(m.r, retail)
			m.markets[c] = append(m.markets[c], &store{"M" + m.r.Digits(12), leaf.Company(m.r) + x.title, x.code, "T" + m.r.Digits(7), x.ticket, c})
		}
	}
	for range max(10, m.cfg.Customers/22) {
		m.plants = append(m.plants, &plant{Employer: leaf.NewEmployer(m.r, leaf.Pick(m.r, m.cities)), network: leaf.IP(m.r)})
	}
	for len(m.souls) < m.cfg.Customers {
		m.born(leaf.Pick(m.r, m.cities))
	}
}

func (m *Model) born(city *leaf.City) *soul {
	age := 20 + int(m.r.Exp(13))
	s := &soul{Person: leaf.NewPerson(m.r, city, m.cfg.Start, min(age, 64)), handset: "", network: leaf.IP(m.r), income: m.r.LogNormal(6100, 0.5), payday: leaf.Pick(m.r, []int{5, 8, 10, 15, 15, 20, 25}),
		thrift: m.r.Float(0.45, 0.85), trust: m.r.Float(0.2, 0.9), gullible: m.r.Float64() * m.r.Float64(), greed: m.r.Float64() * m.r.Float64(), chatty: m.r.LogNormal(0.09, 0.5), elsewhere: "current", joins: -1}
	s.no = "8" + strconv.Itoa(20000000+len(m.souls)*13+m.r.IntN(13))
	s.handset, s.os = leaf.Device(m.r)
	s.account, s.bank = leaf.BankCard(m.r, false)
	s.cash = s.income * m.r.Float(0.2, 2.5)
	s.job = leaf.Pick(m.r, jobs)
	if m.r.Chance(0.4) {
		s.mail = leaf.Email(m.r)
	}
	if m.r.Chance(0.38) {
		s.card, _ = leaf.BankCard(m.r, true)
		s.limit = fen(float64(m.r.Between(4, 50)) * 1000)
		s.owed = int64(float64(s.limit) * m.r.Float(0, 0.5))
	}
	if w := leaf.Pick(m.r, m.plants); m.r.Chance(0.8) {
		s.work = w
		w.hands = append(w.hands, s)
		s.City, s.District = w.City, leaf.Pick(m.r, w.City.Districts)
		s.Home = leaf.Address(m.r, s.City, s.District)
	}
	if m.r.Chance(0.17) {
		s.joins = m.r.IntN(m.cfg.Days)
	} else {
		m.oldDebt(s)
	}
	s.truth = &scene.Person{Customer: s.no, Population: scene.Honest}
	m.souls = append(m.souls, s)
	m.truth.People = append(m.truth.People, s.truth)
	return s
}

var jobs = []string{"操作工", "配送员", "收银", "行政", "质检", "电工", "出纳", "店长", "保洁", "幼师", "护理", "厨工", "测试", "渠道", "叉车工", "剪辑", "施工员", "话务员"}

func (m *Model) oldDebt(s *soul) {
	principal := float64(m.r.Between(2, 45)) * 1000
	d := m.lend(principal, leaf.Pick(m.r, []int{6, 9, 12, 18, 24}))
	d.no2 = m.r.IntN(d.term)
	d.left = d.principal * int64(d.term-d.no2) / int64(d.term)
	s.debts = append(s.debts, d)
}

func (m *Model) lend(principal float64, term int) *debt {
	rate := m.r.Float(0.07, 0.24)
	return &debt{no: m.number("JJ"), principal: fen(principal), left: fen(principal), rate: rate, term: term, dueDay: m.r.Between(1, 28), since: -1, fresh: -1,
		instalment: fen(principal/float64(term) + principal*rate/24)}
}

// tieUp makes kin and the hubs that are innocent: hostels of dispatched labour, a hotline office, a campus, households
// that share a handset, a plant that will close and a district that will be flooded.
func (m *Model) tieUp() {
	for i := 0; i+1 < len(m.souls); i++ {
		a, b := m.souls[i], m.souls[i+1]
		if len(a.kin) > 0 || !m.r.Chance(0.13) {
			continue
		}
		a.kin, b.kin = append(a.kin, b), append(b.kin, a)
		b.Home, b.City, b.District, b.network = a.Home, a.City, a.District, a.network
		if m.r.Chance(0.2) {
			b.handset, b.os, b.truth.Look = a.handset, a.os, "family_device"
		}
	}
	n := len(m.souls)
	for range max(1, n/1200) {
		m.hub("dormitory", min(n/30, m.r.Between(9, 20)))
		m.hub("call_centre", min(n/30, m.r.Between(7, 15)))
		m.hub("campus", min(n/30, m.r.Between(10, 30)))
	}
	var largest *plant
	for _, p := range m.plants {
		if largest == nil || len(p.hands) > len(largest.hands) && len(p.hands) <= 30 {
			largest = p
		}
	}
	m.closures = append(m.closures, closure{day: m.cfg.Days * m.r.Between(30, 50) / 100, plant: largest})
	if m.r.Chance(0.7) {
		m.closures = append(m.closures, closure{day: m.cfg.Days * m.r.Between(15, 70) / 100, area: leaf.Pick(m.r, m.souls).District.Code})
	}
}

// hub puts people of one place together.
func (m *Model) hub(look string, size int) {
	at := m.r.IntN(len(m.souls) - size)
	first := m.souls[at]
	p := &plant{Employer: leaf.NewEmployer(m.r, first.City), network: leaf.IP(m.r)}
	if look == "dormitory" {
		p.Name = first.City.Name + leaf.Company(m.r) + "劳务派遣有限公司"
	}
	home := leaf.Address(m.r, first.City, first.District)
	for i, s := range m.souls[at : at+size] {
		if s.truth.Look != "" {
			continue
		}
		s.truth.Look = look
		s.City, s.District = first.City, first.District
		switch look {
		case "dormitory":
			s.work, s.network, s.job = p, p.network, "操作工"
			if m.r.Chance(0.85) {
				s.Home = home
			}
			if i > 0 && m.r.Chance(0.05) {
				s.handset = m.souls[at+i-1].handset
			}
		case "call_centre":
			s.work, s.job = p, "话务员"
			if m.r.Chance(0.6) {
				s.network = p.network
			}
		case "campus":
			s.work, s.network, s.income = nil, p.network, m.r.LogNormal(1700, 0.25)
		}
		if s.work == p {
			p.hands = append(p.hands, s)
		}
	}
	m.plants = append(m.plants, p)
}
