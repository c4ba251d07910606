package dev

import (
	"fmt"
	"time"

	"qingyuan/internal/simulate/leaf"
	"qingyuan/internal/simulate/scene"
)

// person is one customer.
type person struct {
	leaf.Person
	no           string
	device, os   string
	ip           string // the network at home or at work
	email        string
	debit, bank  string
	credit       string // credit card, empty for most
	limit, used  int64
	income       float64 // yuan a month
	employer     *leaf.Employer
	position     string
	simDays      int
	contacts     []*person // relatives who are customers too
	loans        []*loan
	punctual     float64 // chance that a due date is kept
	appears      time.Time
	stopped      bool // pays nothing any more
	plan         string
	squeeze      float64 // share of a due amount that can be paid, 0 where all of it
	others       string  // standing with other lenders
	ring         *ring
	style        style
	truth        *scene.Person
	formComplain bool
	dead         bool // no more calls on this person by habits
}

type loan struct {
	no             string
	amount, due    int64 // minor units
	term, paid     int
	balance        int64
	rate           float64
	nextDue        time.Time
	missedSince    time.Time
	firstDefaulted bool
}

type shop struct {
	id, name, mcc, terminal string
	median                  float64
	city                    *leaf.City
}

// trades are kinds of shop with the merchant category code and a usual ticket in yuan.
var trades = []struct {
	suffix, mcc string
	median      float64
}{
	{"超市", "5411", 86}, {"便利店", "5411", 24}, {"餐饮店", "5812", 72}, {"加油站", "5541", 260}, {"药房", "5912", 65}, {"服装店", "5651", 210}, {"电器商行", "5732", 1300},
	{"珠宝行", "5944", 2600}, {"酒店", "7011", 320}, {"母婴用品店", "5641", 180}, {"汽车维修部", "7538", 640}, {"建材经营部", "5211", 1500}, {"烟酒商行", "5921", 380}, {"影城", "7832", 60},
}

// furnish makes cities' shops and employers.
func (m *Model) furnish() {
	for _, c := range m.cities {
		for range 14 {
			t := leaf.Pick(m.r, trades)
			m.shops[c] = append(m.shops[c], &shop{id: "8" + m.r.Digits(14), name: c.Name + leaf.Company(m.r) + t.suffix, mcc: t.mcc,
				terminal: m.r.Digits(8), median: t.median, city: c})
		}
	}
	for range max(12, m.cfg.Customers/14) {
		e := leaf.NewEmployer(m.r, leaf.Pick(m.r, m.cities))
		m.firms = append(m.firms, e)
	}
}

var positions = []string{"普工", "销售", "司机", "店员", "文员", "技术员", "会计", "主管", "保安", "教师", "护士", "厨师", "程序员", "业务员", "仓管", "设计师", "工程师", "客服"}

// newPerson makes a customer who lives in the city.
func (m *Model) newPerson(city *leaf.City, age int) *person {
	p := &person{Person: leaf.NewPerson(m.r, city, m.cfg.Start, age), income: m.r.LogNormal(6500, 0.45), simDays: m.r.Between(40, 4200), others: "current"}
	p.no = fmt.Sprintf("C%07d", 1000000+len(m.people)*7+m.r.IntN(7))
	p.device, p.os = leaf.Device(m.r)
	p.ip = leaf.IP(m.r)
	p.debit, p.bank = leaf.BankCard(m.r, false)
	if m.r.Chance(0.3) {
		p.email = leaf.Email(m.r)
	}
	if m.r.Chance(0.35) {
		p.credit, _ = leaf.BankCard(m.r, true)
		p.limit = yuan(float64(m.r.Between(5, 60)) * 1000)
	}
	p.position = leaf.Pick(m.r, positions)
	p.punctual = 1 - m.r.Float(0, 0.09)
	p.truth = &scene.Person{Customer: p.no, Population: scene.Honest}
	for k := 0; k < 3 && (p.employer == nil || p.employer.City != city); k++ {
		p.employer = leaf.Pick(m.r, m.firms)
	}
	if p.employer.City != city {
		p.employer = nil // self-employed, or did not say
	}
	m.people = append(m.people, p)
	m.truth.People = append(m.truth.People, p.truth)
	return p
}

// settle makes the customers: singles and families, and the hubs that are innocent.
func (m *Model) settle() {
	n := m.cfg.Customers
	for range max(1, n/1000) {
		m.dormitory(min(n/30, m.r.Between(10, 18)))
		m.callCentre(min(n/30, m.r.Between(8, 14)))
		m.campus(min(n/30, m.r.Between(12, 24)))
	}
	for len(m.people) < n {
		city := leaf.Pick(m.r, m.cities)
		size := 1 + m.r.Weighted(0.80, 0.15, 0.05)
		m.family(city, min(size, n-len(m.people)))
	}
	for _, p := range m.people {
		m.start(p)
	}
}

// family makes people of one household: address, network, and now and then the phone in common.
func (m *Model) family(city *leaf.City, size int) {
	var members []*person
	for range size {
		members = append(members, m.newPerson(city, m.r.Between(20, 58)))
	}
	head := members[0]
	for _, p := range members[1:] {
		p.Home, p.District, p.ip = head.Home, head.District, head.ip
		if m.r.Chance(0.22) {
			p.device, p.os = head.device, head.os
			p.truth.Look = "family_device"
		}
		if m.r.Chance(0.06) {
			p.Phone = head.Phone
			p.truth.Look = "family_phone"
		}
		p.contacts = append(p.contacts, head)
		head.contacts = append(head.contacts, p)
	}
}

// dormitory makes workers of one factory who live at one address behind one network.
func (m *Model) dormitory(size int) {
	city := leaf.Pick(m.r, m.cities)
	factory := leaf.NewEmployer(m.r, city)
	m.firms = append(m.firms, factory)
	home, ip := leaf.Office(m.r, city, leaf.Pick(m.r, city.Districts))+"员工宿舍", leaf.IP(m.r)
	for range size {
		p := m.newPerson(city, m.r.Between(19, 45))
		p.employer, p.position, p.ip, p.truth.Look = factory, "普工", ip, "dormitory"
		if m.r.Chance(0.8) {
			p.Home = home
		}
		if m.r.Chance(0.06) && len(m.people) > 2 { // a phone lent in the room
			p.device = m.people[len(m.people)-2].device
		}
	}
}

// callCentre makes colleagues who give one switchboard and sit behind one office network.
func (m *Model) callCentre(size int) {
	city := leaf.Pick(m.r, m.cities)
	firm := leaf.NewEmployer(m.r, city)
	m.firms = append(m.firms, firm)
	ip := leaf.IP(m.r)
	for range size {
		p := m.newPerson(city, m.r.Between(21, 35))
		p.employer, p.position, p.truth.Look = firm, "客服", "call_centre"
		if m.r.Chance(0.7) {
			p.ip = ip
		}
	}
}

// campus makes students behind the network of one university.
func (m *Model) campus(size int) {
	city := leaf.Pick(m.r, m.cities)
	ip, home := leaf.IP(m.r), city.Province+city.Name+leaf.Pick(m.r, city.Districts).Name+"大学路"+m.r.Digits(2)+"号学生公寓"
	for range size {
		p := m.newPerson(city, m.r.Between(18, 24))
		p.ip, p.employer, p.income, p.truth.Look = ip, nil, m.r.LogNormal(1800, 0.3), "campus"
		if m.r.Chance(0.5) {
			p.Home = home + m.r.Digits(3)
		}
	}
}

// start gives a customer a past: most have a loan running, the others will ask for one in the time to come.
func (m *Model) start(p *person) {
	p.appears = m.cfg.Start
	switch {
	case m.r.Chance(0.80):
		m.oldLoan(p)
		if m.r.Chance(0.15) {
			m.oldLoan(p)
		}
	case p.credit != "" && m.r.Chance(0.5): // a card only
	default:
		p.appears = m.cfg.Start.Add(time.Duration(m.r.Float64() * float64(m.end.Sub(m.cfg.Start))))
		m.at(p.appears, func() { m.in(0, func() { m.apply(p, nil) }) })
	}
	m.habits(p)
}

func (m *Model) oldLoan(p *person) {
	term := leaf.Pick(m.r, []int{6, 12, 12, 24, 36})
	l := newLoan(m, float64(m.r.Between(3, 60))*1000, term)
	l.paid = m.r.Between(0, term-1)
	l.balance = l.amount * int64(term-l.paid) / int64(term)
	l.nextDue = m.cfg.Start.Add(days(m.r.Float(0, 30)))
	p.loans = append(p.loans, l)
	m.at(m.dueHour(l.nextDue), func() { m.fallsDue(p, l) })
}

func newLoan(m *Model, amount float64, term int) *loan {
	rate := leaf.Pick(m.r, []float64{0.072, 0.108, 0.144, 0.18, 0.2376})
	due := amount/float64(term) + amount*rate/12*0.55
	return &loan{no: m.loanNo(), amount: yuan(amount), balance: yuan(amount), due: yuan(due), term: term, rate: rate}
}

// dueHour is the hour of the day at which the ledger collects.
func (m *Model) dueHour(day time.Time) time.Time {
	y, mo, d := day.In(scene.Zone()).Date()
	return time.Date(y, mo, d, 8, m.r.IntN(50), m.r.IntN(60), 0, scene.Zone())
}
