package dev

import (
	"fmt"
	"time"

	"qingyuan"
	"qingyuan/internal/simulate/leaf"
	"qingyuan/internal/simulate/scene"
)

// style is how a ring handles one customer.
type style int

const (
	careless style = iota // everything through the ring's own means
	careful               // the customer's own phone and numbers; only the text and the money lead back
	late                  // nothing to be seen until the last weeks
)

// agent is somebody who works for a ring, or a lawful lawyer.
type agent struct {
	leaf.Person
	name, phone, handle, org, uscc string
	card                           string
	relation                       string
}

// ring is a group that lives off one typology.
type ring struct {
	id       string
	typology qingyuan.Typology
	org      string
	uscc     string
	office   string
	city     *leaf.City
	agents   []*agent
	devices  []string
	ips      []string
	email    string
	script   int // which of the texts the ring bought
	shops    []*shop
	front    *leaf.Employer // an employer that exists on paper
	den      *den
	members  []*person
	waves    []time.Time
}

// den makes papers for whoever pays.
type den struct {
	issuer, phone, no string
	software          string
	script, sold      int
}

// shares says how the customers of rings spread over the typologies, and who they are to a ring.
var shares = []struct {
	typology                 qingyuan.Typology
	weight                   float64
	misled, colluding, agent float64
}{
	{qingyuan.T1, 0.17, 0.50, 0.42, 0.08}, {qingyuan.T2, 0.15, 0.40, 0.55, 0.05}, {qingyuan.T3, 0.18, 0.50, 0.42, 0.08},
	{qingyuan.T4, 0.08, 0.60, 0.32, 0.08}, {qingyuan.T5, 0.12, 0.30, 0.60, 0.10}, {qingyuan.T6, 0.07, 0.88, 0.04, 0.08},
	{qingyuan.T7, 0.06, 0.10, 0.70, 0.20}, {qingyuan.T8, 0.09, 0.12, 0.82, 0.06}, {qingyuan.T9, 0.08, 0.62, 0.30, 0.08},
}

// plan decides who will be in hardship and whom a ring reaches. Nothing of it shows before its time.
func (m *Model) plan() {
	m.factoryClosure()
	var free []*person
	for _, p := range m.people {
		if p.truth.Population == scene.Honest {
			free = append(free, p)
		}
	}
	m.r.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
	take := func() *person {
		if len(free) == 0 {
			return nil
		}
		p := free[0]
		free = free[1:]
		return p
	}
	for range 2 {
		m.dens = append(m.dens, m.newDen())
	}
	m.planRings(take)
	planned := 0
	for _, p := range m.people {
		if p.truth.Population == scene.Hardship {
			planned++
		}
	}
	for want := int(m.cfg.Hardship*float64(m.cfg.Customers)) - planned; want > 0; want-- {
		if p := take(); p != nil {
			m.hardship(p)
		}
	}
	m.lawyer()
}

func (m *Model) planRings(take func() *person) {
	total := m.cfg.Rings * float64(m.cfg.Customers)
	for _, s := range shares {
		left := int(total*s.weight + 0.5)
		if total >= 1 {
			left = max(left, 1)
		}
		for left > 0 {
			size := min(left, m.r.Between(3, 9))
			left -= size
			g := m.newRing(s.typology)
			for range size {
				p := take()
				if p == nil {
					return
				}
				m.join(g, p, m.r.Weighted(s.misled, s.colluding, s.agent))
			}
			m.advertise(g)
		}
	}
}

var orgWords = map[qingyuan.Typology][]string{
	qingyuan.T1: {"金融信息服务", "商务咨询", "企业管理咨询"}, qingyuan.T2: {"法律咨询", "债务咨询", "信用管理"}, qingyuan.T3: {"法律咨询", "信息咨询", "商务服务"},
	qingyuan.T4: {"信息咨询", "企业管理"}, qingyuan.T5: {"电子商务", "商贸", "网络科技"}, qingyuan.T6: {"法律咨询服务", "法务咨询"},
	qingyuan.T7: {"文化传媒", "教育咨询"}, qingyuan.T8: {"图文设计", "文印服务"}, qingyuan.T9: {"信用管理", "企业征信咨询"},
}

func (m *Model) newRing(t qingyuan.Typology) *ring {
	city := leaf.Pick(m.r, m.cities)
	d := leaf.Pick(m.r, city.Districts)
	g := &ring{id: fmt.Sprintf("dev-%s-%d", t, len(m.rings)+1), typology: t, city: city, uscc: leaf.USCC(m.r, "91", d.Code), office: leaf.Office(m.r, city, d),
		org: city.Name[:len(city.Name)-len("市")] + leaf.Company(m.r) + leaf.Pick(m.r, orgWords[t]) + "有限公司", script: m.r.IntN(97), den: leaf.Pick(m.r, m.dens),
		front: leaf.NewEmployer(m.r, city), email: leaf.Email(m.r)}
	for range m.r.Between(1, 3) {
		a := &agent{Person: leaf.NewPerson(m.r, city, m.cfg.Start, m.r.Between(23, 42)), handle: leaf.Handle(m.r, "wechat"), org: g.org, uscc: g.uscc, relation: "agent"}
		a.name, a.phone = a.Name, leaf.VirtualMobile(m.r)
		a.card, _ = leaf.BankCard(m.r, false)
		role := scene.RoleAgent
		if len(g.agents) == 0 {
			role = scene.RoleOrganiser
		}
		g.agents = append(g.agents, a)
		m.truth.People = append(m.truth.People, &scene.Person{Name: a.Name, Population: scene.Agent, Typology: t, Ring: g.id, Role: role})
	}
	for range m.r.Between(2, 4) {
		g.shops = append(g.shops, &shop{id: "8" + m.r.Digits(14), name: city.Name + leaf.Company(m.r) + leaf.Pick(m.r, []string{"商行", "经营部", "电器商行", "珠宝行"}),
			mcc: leaf.Pick(m.r, []string{"5732", "5944", "5211", "5411"}), terminal: m.r.Digits(8), city: city})
	}
	for range m.r.Between(1, 3) {
		g.waves = append(g.waves, m.cfg.Start.Add(days(m.r.Float(0.03, 0.72)*float64(m.cfg.Days))))
	}
	m.rings = append(m.rings, g)
	m.refresh(g)
	return g
}

// refresh replaces the ring's devices, networks and telephone numbers, and books the next time.
func (m *Model) refresh(g *ring) {
	g.devices, g.ips = nil, nil
	for range m.r.Between(1, 3) {
		id, _ := leaf.Device(m.r)
		g.devices, g.ips = append(g.devices, id), append(g.ips, leaf.IP(m.r))
	}
	for _, a := range g.agents {
		if m.r.Chance(0.5) {
			a.phone = leaf.VirtualMobile(m.r)
		}
		if m.r.Chance(0.2) {
			a.handle = leaf.Handle(m.r, "wechat")
		}
	}
	m.at(m.now.Add(days(m.r.Float(25, 50))), func() { m.refresh(g) })
}

// stage is the generation of a ring's texts and habits: they change after about five and ten weeks.
func (m *Model) stage() int { return min(m.week()/5, 2) }

// join makes p one of those the ring reaches; kind is 0 for misled, 1 for colluding, 2 for an agent who is a customer.
func (m *Model) join(g *ring, p *person, kind int) {
	p.ring = g
	p.truth.Typology, p.truth.Ring = g.typology, g.id
	p.truth.Population = []scene.Population{scene.Misled, scene.Colluding, scene.Agent}[kind]
	p.truth.Role = []scene.Role{scene.RoleMisled, scene.RoleColluding, scene.RoleAgent}[kind]
	p.style = style(m.r.Weighted(0.45, 0.35, 0.20))
	begins := leaf.Pick(m.r, g.waves).Add(days(m.r.Float(0, 7)))
	if p.style == late {
		begins = m.cfg.Start.Add(days(m.r.Float(0.66, 0.86) * float64(m.cfg.Days)))
	}
	p.truth.Tactic = [...]string{"careless", "careful", "late"}[p.style]
	g.members = append(g.members, p)
	m.at(begins, func() { m.in(0, func() { m.play(g, p) }) })
}

// play begins the scheme with p.
func (m *Model) play(g *ring, p *person) {
	if m.r.Chance(0.5) {
		m.hear(g, p)
	}
	switch g.typology {
	case qingyuan.T1:
		m.brokered(g, p)
	case qingyuan.T2:
		m.evade(g, p)
	case qingyuan.T3:
		m.mill(g, p)
	case qingyuan.T4:
		m.surrender(g, p)
	case qingyuan.T5:
		m.cards(g, p)
	case qingyuan.T6:
		m.falseLawyer(g, p)
	case qingyuan.T7:
		m.downline(g, p)
	case qingyuan.T8:
		m.papers(g, p)
	case qingyuan.T9:
		m.repair(g, p)
	}
}

// hear is what many do who have read an advertisement: they look at the hardship pages and ask whether it is true.
func (m *Model) hear(g *ring, p *person) {
	m.loginLooking(p, m.r.Between(1, 4))
	if p.truth.Population == scene.Misled && m.r.Chance(0.4) {
		m.in(m.r.Float(0.2, 3), func() { m.handIn(g, p, m.w.chat(g.typology, m.stage()), 0) })
	}
}

// handIn is a chat with the agent that the customer shows to the lender.
func (m *Model) handIn(g *ring, p *person, pattern string, stake int64) {
	a := leaf.Pick(m.r, g.agents)
	w := m.begin(qingyuan.MessageReceived, p).Str("channel", leaf.Pick(m.r, []string{"wechat", "wechat", "sms", "qq"})).Str("origin", "handed_in_by_customer")
	w.Str("sender_phone", a.phone).Str("sender_handle", a.handle)
	w.Text("text", qingyuan.AuthorAgent, leaf.Spin(m.r, pattern, m.ringSlots(g, p, a)))
	m.mark(p, stake)
	m.send(m.lag())
}

func (m *Model) ringSlots(g *ring, p *person, a *agent) leaf.Slots {
	_, account, _ := cut(a.handle)
	return append(m.slots(p), "agent", a.name[:len("王")]+"老师", "org", g.org, "handle", account, "phone", a.phone, "fee", money(yuan(float64(m.r.Between(3, 12))*100)),
		"price", money(yuan(float64(m.r.Between(20, 90))*100)), "percent", fmt.Sprint(m.r.Between(5, 30)))
}

func cut(handle string) (platform, account string, ok bool) {
	for i := range len(handle) {
		if handle[i] == ':' {
			return handle[:i], handle[i+1:], true
		}
	}
	return "", handle, false
}

// agentObject writes who acts for the customer.
func (m *Model) agentObject(name string, a *agent, lawful bool) {
	if a == nil {
		return
	}
	m.pen.Open(name).Str("name", a.name).Str("phone", a.phone).Str("handle", a.handle).Str("organisation", a.org).Str("uscc", a.uscc).Str("relation", a.relation)
	if lawful {
		m.pen.Str("id_no", a.IDNo).Bool("authorised", true)
	}
	m.pen.Close()
}

// advertise books the ring's public posts.
func (m *Model) advertise(g *ring) {
	var again func()
	again = func() {
		a := leaf.Pick(m.r, g.agents)
		platform := leaf.Pick(m.r, []string{"douyin", "kuaishou", "xiaohongshu", "wechat", "tieba"})
		kind := leaf.Pick(m.r, []string{"video", "article", "comment", "advert"})
		if g.typology == qingyuan.T7 {
			kind = leaf.Pick(m.r, []string{"course", "job_ad"})
		}
		m.pen.Begin(qingyuan.PostObserved, m.now, "")
		w := m.pen.Str("platform", platform).Str("post_type", kind).Str("handle", leaf.Handle(m.r, platform)).Str("city", g.city.Name).Time("posted_at", m.now)
		w.Text("text", qingyuan.AuthorPublic, leaf.Spin(m.r, leaf.Pick(m.r, m.w.post(g.typology, m.stage())), m.ringSlots(g, m.people[0], a)))
		if m.r.Chance(m.either(0.35, 0.2)) {
			w.Strs("contact_phones", a.phone)
		}
		if m.r.Chance(m.either(0.7, 0.45)) {
			w.Strs("contact_handles", a.handle)
		}
		if m.r.Chance(m.either(0.4, 0.2)) {
			w.Str("organisation", g.org)
		}
		w.Int("followers", int64(m.r.LogNormal(900, 1.4))).Int("likes", int64(m.r.LogNormal(20, 1.2)))
		m.pen.Mark(scene.Label{Typology: g.typology, Ring: g.id, Role: scene.RoleAgent})
		m.send(days(m.r.Exp(1.5)))
		m.in(m.r.Exp(9)+0.5, again)
	}
	m.in(m.r.Float(0, 8), again)
}

// innocentPosts books public posts that only talk about debt: news, advice of consumer bodies, people's own stories.
func (m *Model) innocentPosts() {
	var again func()
	again = func() {
		platform := leaf.Pick(m.r, []string{"douyin", "xiaohongshu", "weibo", "zhihu", "tieba", "kuaishou", "wechat"})
		m.pen.Begin(qingyuan.PostObserved, m.now, "")
		m.pen.Str("platform", platform).Str("post_type", leaf.Pick(m.r, []string{"article", "article", "comment", "comment", "video", "video", "advert", "job_ad", "course"})).Str("handle", leaf.Handle(m.r, platform)).Time("posted_at", m.now)
		if m.r.Chance(0.5) {
			m.pen.Str("city", leaf.Pick(m.r, m.cities).Name)
		}
		if m.r.Chance(0.2) {
			m.pen.Strs("contact_handles", leaf.Handle(m.r, "wechat"))
		}
		if m.r.Chance(0.1) {
			m.pen.Strs("contact_phones", leaf.Mobile(m.r)).Str("organisation", leaf.Pick(m.r, m.firms).Name)
		}
		m.pen.Text("text", qingyuan.AuthorPublic, leaf.Spin(m.r, leaf.Pick(m.r, m.w.harmlessPosts), nil)).Int("followers", int64(m.r.LogNormal(900, 1.4))).Int("likes", int64(m.r.LogNormal(30, 1.4)))
		m.send(days(m.r.Exp(1.2)))
		m.in(m.r.Exp(1.6), again)
	}
	m.in(m.r.Float64(), again)
}
