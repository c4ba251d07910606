package judge

import (
	"fmt"
	"time"

	"qingyuan"
	"qingyuan/internal/simulate/leaf"
	"qingyuan/internal/simulate/scene"
)

// clerk is somebody who works on files, or a lawful lawyer.
type clerk struct {
	leaf.Person
	phone, handle, account string
	handset, network       string
	house, uscc            string
	caution                float64 // chance that a job is done from the client's own handset or a fresh one
}

// firm is a business of the trade.
type firm struct {
	id      string
	trade   qingyuan.Typology
	city    *leaf.City
	name    string
	uscc    string
	rooms   string // address
	mail    string
	clerks  []*clerk
	quota   float64
	files   []*file
	clients []*soul
	heat    float64
	moves   int
	voice   *voice
	shells  []*plant
	tills   []*store
	press   *press
}

// press is who makes papers for several firms.
type press struct {
	names  []string
	line   string
	tool   string
	layout int
	made   int
}

// file is a client with what is to be done.
type file struct {
	s     *soul
	steps []step
	ready int // day of the play
}

// step is a job and how many days the next one has to wait.
type step struct {
	rest int
	do   func(c *clerk, at time.Time)
}

// trades says how clients spread and how firms of each trade are named.
var trades = []struct {
	trade  qingyuan.Typology
	weight float64
	names  []string
}{
	{qingyuan.T1, 0.18, []string{"信息技术服务部", "助贷咨询有限公司", "企业服务有限公司"}}, {qingyuan.T2, 0.14, []string{"减负事务所", "财税咨询有限公司"}},
	{qingyuan.T3, 0.18, []string{"商务信息工作室", "消费权益咨询有限公司"}}, {qingyuan.T4, 0.08, []string{"保单管理咨询有限公司", "退费服务中心"}},
	{qingyuan.T5, 0.12, []string{"贸易有限公司", "百货商行"}}, {qingyuan.T6, 0.08, []string{"法律事务服务有限公司", "法援中心"}},
	{qingyuan.T7, 0.06, []string{"职业技能培训有限公司", "轻创业学院"}}, {qingyuan.T8, 0.08, []string{"文印店", "广告图文设计部"}}, {qingyuan.T9, 0.08, []string{"信用服务有限公司", "数据咨询有限公司"}},
}

// foundFirms makes the firms, with clients to be found as the play goes.
func (m *Model) foundFirms() {
	presses := []*press{m.newPress(), m.newPress()}
	for _, t := range trades {
		quota := m.cfg.Rings * float64(m.cfg.Customers) * t.weight
		n := max(1, int(quota/6+0.5))
		for i := range n {
			f := &firm{id: fmt.Sprintf("judge-%s-%d", t.trade, i+1), trade: t.trade, city: leaf.Pick(m.r, m.cities), quota: quota / float64(n), press: leaf.Pick(m.r, presses)}
			f.voice = m.newVoice(t.trade)
			m.firms = append(m.firms, f)
			m.move(f)
		}
	}
}

func (m *Model) newClerk(city *leaf.City) *clerk {
	c := &clerk{Person: leaf.NewPerson(m.r, city, m.cfg.Start, m.r.Between(21, 44)), handle: leaf.Handle(m.r, "wechat"), network: leaf.IP(m.r), caution: m.r.Float(0.2, 0.8)}
	c.phone = c.Phone
	if m.r.Chance(0.6) {
		c.phone = leaf.VirtualMobile(m.r)
	}
	c.handset, _ = leaf.Device(m.r)
	c.account, _ = leaf.BankCard(m.r, false)
	return c
}

func (m *Model) newPress() *press {
	p := &press{line: leaf.VirtualMobile(m.r), tool: leaf.Pick(m.r, []string{"Adobe Photoshop 2023", "Adobe Photoshop 22.1", "GIMP 2.10"}), layout: m.r.IntN(4)}
	for range 3 {
		c := leaf.Pick(m.r, m.cities)
		d := leaf.Pick(m.r, c.Districts)
		p.names = append(p.names, c.Name+d.Name+leaf.Pick(m.r, []string{"安平社区居民委员会", "永安街道办事处", "人民医院", "黄土村村民委员会", "社会事务办公室"}))
	}
	return p
}

// move gives a firm new rooms, a new name, and clerks with new handsets and numbers; half of the clerks stay.
func (m *Model) move(f *firm) {
	if f.moves > 0 && m.r.Chance(0.4) {
		f.city = leaf.Pick(m.r, m.cities)
	}
	f.moves++
	f.heat = 0
	d := leaf.Pick(m.r, f.city.Districts)
	for _, t := range trades {
		if t.trade == f.trade {
			f.name = f.city.Name[:len(f.city.Name)-len("市")] + leaf.Company(m.r) + leaf.Pick(m.r, t.names)
		}
	}
	f.uscc, f.rooms, f.mail = leaf.USCC(m.r, "91", d.Code), leaf.Office(m.r, f.city, d), leaf.Email(m.r)
	network := leaf.IP(m.r)
	staff := m.r.Between(1, 4)
	for i := range staff {
		if i >= len(f.clerks) || m.r.Chance(0.5) {
			c := m.newClerk(f.city)
			role := scene.RoleAgent
			if len(f.clerks) == 0 {
				role = scene.RoleOrganiser
			}
			m.truth.People = append(m.truth.People, &scene.Person{Name: c.Name, Population: scene.Agent, Typology: f.trade, Ring: f.id, Role: role})
			f.clerks = append(f.clerks, c)
		}
	}
	f.clerks = f.clerks[len(f.clerks)-staff:]
	for _, c := range f.clerks {
		c.network, c.house, c.uscc = network, f.name, f.uscc
		c.handset, _ = leaf.Device(m.r)
	}
	f.shells = nil
	for range 2 {
		f.shells = append(f.shells, &plant{Employer: leaf.NewEmployer(m.r, f.city), network: network})
	}
	f.tills = nil
	for range m.r.Between(2, 4) {
		x := leaf.Pick(m.r, retail)
		f.tills = append(f.tills, &store{"M" + m.r.Digits(12), leaf.Company(m.r) + x.title, x.code, "T" + m.r.Digits(7), x.ticket, f.city})
	}
	if f.moves > 1 {
		m.mutate(f.voice, 0.5)
	}
}

// work is a firm's day: clients are found, clerks work through the files, and when it gets hot the firm moves.
func (m *Model) work(f *firm) {
	rate := 1.12 * f.quota / float64(m.cfg.Days)
	if n := float64(len(f.clients)); n < 1.3*f.quota {
		rate *= 0.8 + 0.4*n/(1+f.quota)
		for range m.r.Poisson(rate) {
			if s := m.prospect(f); s != nil {
				m.sign(f, s)
			}
		}
	}
	weekday := m.today.Weekday()
	if weekday == time.Sunday || weekday == time.Saturday && m.r.Chance(0.5) {
		return
	}
	for _, c := range f.clerks {
		at := m.clock(9, 11)
		for range m.r.Between(1, 3) {
			if !m.nextJob(f, c, at) {
				break
			}
			at = at.Add(time.Duration(m.r.Between(20, 160)) * time.Minute)
			f.heat += m.r.Float(0.02, 0.09)
		}
	}
	if m.r.Chance(0.11) {
		m.publish(f)
	}
	if f.heat > 1.5 && m.r.Chance(0.2) {
		m.move(f)
	}
}

// nextJob lets the clerk do the first job that is ready.
func (m *Model) nextJob(f *firm, c *clerk, at time.Time) bool {
	for i, one := range f.files {
		if one.ready > m.day {
			continue
		}
		job := one.steps[0]
		one.steps = one.steps[1:]
		one.ready = m.day + job.rest
		if len(one.steps) == 0 {
			f.files = append(f.files[:i], f.files[i+1:]...)
		}
		job.do(c, at)
		return true
	}
	return false
}

// prospect finds who comes to the firm: kin and workmates of clients, or the neediest of those its advertising reaches.
func (m *Model) prospect(f *firm) *soul {
	free := func(s *soul) bool {
		return s.firm == nil && !s.gone && s.joins <= m.day && s.truth.Look != "factory_closure" && s.truth.Look != "flood" && s.truth.Look != "lawyer"
	}
	if len(f.clients) > 0 && m.r.Chance(0.22) {
		friend := leaf.Pick(m.r, f.clients)
		ties := friend.kin
		if friend.work != nil && m.r.Chance(0.6) {
			ties = friend.work.hands
		}
		if len(ties) > 0 {
			if s := leaf.Pick(m.r, ties); free(s) {
				return s
			}
		}
	}
	var best *soul
	most := -1.0
	for range 9 {
		s := leaf.Pick(m.r, m.souls)
		need := s.stress*0.6 + s.gullible + 0.7*s.greed + m.r.Float(0, 0.8)
		if s.sick && m.r.Chance(0.7) { // most in real trouble stay away, or go to the lender first
			need -= 1
		}
		if f.trade == qingyuan.T5 && s.card == "" {
			need -= 2
		}
		if free(s) && need > most {
			best, most = s, need
		}
	}
	return best
}

// sign makes s a client.
func (m *Model) sign(f *firm, s *soul) {
	s.firm = f
	f.clients = append(f.clients, s)
	t := s.truth
	if t.Population == scene.Hardship {
		t.Look = "was_in_hardship"
	}
	t.Onset, t.Stake, t.Tactic = time.Time{}, 0, ""
	t.Typology, t.Ring = f.trade, f.id
	knows := s.greed*m.r.Float(0.3, 1.2) > s.gullible*m.r.Float(0.3, 1.2)
	switch f.trade {
	case qingyuan.T6:
		knows = false
	case qingyuan.T7, qingyuan.T8:
		knows = m.r.Chance(0.85)
	}
	t.Population, t.Role = scene.Misled, scene.RoleMisled
	if knows {
		t.Population, t.Role = scene.Colluding, scene.RoleColluding
		if m.r.Chance(0.1) || f.trade == qingyuan.T7 && m.r.Chance(0.25) {
			t.Population, t.Role = scene.Agent, scene.RoleAgent
		}
	}
	one := &file{s: s, ready: m.day + m.r.Between(0, 5)}
	if m.r.Chance(0.2) && m.cfg.Days > 60 { // kept warm until the time seems right
		one.ready += m.r.Between(18, 40)
		t.Tactic = "patient "
	}
	one.steps = m.steps(f, s)
	f.files = append(f.files, one)
}

// hand is the handset, network and number a job is done from.
func (m *Model) hand(c *clerk, s *soul) via {
	switch {
	case m.r.Chance(c.caution):
		return via{s.handset, s.network, ""} // the client is told what to press
	case m.r.Chance(0.25):
		fresh, _ := leaf.Device(m.r) // a phone in a cloud
		return via{fresh, c.network, c.phone}
	}
	return via{c.handset, c.network, c.phone}
}

// facts are what texts say about s.
func (m *Model) facts(s *soul) leaf.Slots {
	left, rate, no := int64(m.r.Between(8, 300))*10000, int64(60000), ""
	if len(s.debts) > 0 {
		left, rate, no = s.debts[0].left, s.debts[0].instalment, s.debts[0].no
	}
	work := "公司"
	if s.work != nil {
		work = s.work.Name
	}
	return leaf.Slots{"name", s.Name, "sur", string([]rune(s.Name)[:1]), "city", s.City.Name, "left", fmt.Sprint(left / 100), "rate", fmt.Sprint(rate / 100), "no", no, "work", work, "job", s.job,
		"ago", fmt.Sprint(m.r.Between(2, 9)), "day", m.today.AddDate(0, 0, -m.r.Between(1, 30)).Format("1月2号"), "small", fmt.Sprint(m.r.Between(2, 12) * 100), "id", s.IDNo, "tail", s.IDNo[14:],
		"x", m.r.Digits(1), "xx", fmt.Sprint(m.r.Between(11, 60)), "kid", leaf.Name(m.r, m.r.Chance(0.5), 2014)}
}

func (m *Model) firmFacts(f *firm, c *clerk, s *soul) leaf.Slots {
	account := c.handle[len("wechat:"):]
	return append(m.facts(s), "firm", f.name, "clerk", string([]rune(c.Name)[:1]), "wx", account, "tel", c.phone, "cut", fmt.Sprint(m.r.Between(8, 35)), "fee", fmt.Sprint(m.r.Between(5, 60)*100), "shell", f.shells[0].Name)
}
