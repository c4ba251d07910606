package dev

import (
	"fmt"
	"time"

	"qingyuan"
	"qingyuan/internal/simulate/leaf"
	"qingyuan/internal/simulate/scene"
)

// front is how a ring's complaint names itself: its own mailbox and numbers for the careless, the customer's else.
func (m *Model) front(g *ring, p *person, c complaint) complaint {
	a := leaf.Pick(m.r, g.agents)
	c.device, c.ip = m.means(g, p)
	if p.style == careless {
		c.phone = a.phone
		if m.r.Chance(m.either(0, 0.5)) { // a number for each customer
			c.phone = leaf.VirtualMobile(m.r)
		}
		if m.r.Chance(m.either(0.6, 0.3)) {
			c.email = g.email
		}
		if m.r.Chance(0.4) {
			c.home = g.office
		}
	}
	if p.style == late && m.r.Chance(0.5) {
		c.email = g.email
	}
	if m.r.Chance(m.either(0.2, 0.35)) {
		c.by = "agent"
		c.agent = a
	}
	return c
}

// mill is T3: a provoked call, then one text through every channel, then a price for silence.
func (m *Model) mill(g *ring, p *person) {
	if len(p.loans) == 0 {
		m.oldLoan(p)
	}
	if m.r.Chance(0.4) {
		m.in(m.r.Float(0, 2), func() { m.contract(g, p, "complaint_proxy") })
	}
	if m.r.Chance(0.6) {
		m.in(m.r.Float(0.5, 2), func() { m.provoke(g, p) })
	}
	claim := yuan(float64(m.r.Between(20, 90)) * 100)
	at := m.r.Float(1, 4)
	for i, channel := range []string{"own", "12378", "heimao", "petition", "12345"}[:m.r.Between(2, 5)] {
		m.in(at, func() {
			c := complaint{channel: channel, author: qingyuan.AuthorCustomer, amount: claim, text: m.scripted(m.w.complaint, g, p),
				demands: []string{"stop_collection", "stop_interest", "refund_interest", "compensation"}, claims: []string{"violent_collection", "harassing_third_party"}}
			if i == 0 {
				c.stake = claim
			}
			m.complain(p, m.front(g, p, c))
		})
		at += m.r.Float(0.5, 4)
	}
	if m.r.Chance(0.55) {
		m.in(at+m.r.Float(1, 8), func() { m.handIn(g, p, m.w.withdrawal[m.stage()], 0) })
	}
	if m.r.Chance(0.5) {
		m.in(at, func() { p.stopped = true })
	}
}

// provoke is a call that tries to get a wrong word out of the clerk.
func (m *Model) provoke(g *ring, p *person) {
	caller := p.Phone
	if p.style == careless {
		caller = leaf.Pick(m.r, g.agents).phone
	}
	w := m.begin(qingyuan.CallRecorded, p).Str("direction", "inbound").Str("line", "collection").Str("caller", caller).Str("operator_id", m.clerk("S")).Bool("answered", true)
	w.Int("duration_s", int64(m.r.Between(200, 600))).Str("claimed_identity", "self").Str("identity_check", leaf.Pick(m.r, []string{"pass", "fail", "not_done"}))
	w.Text("transcript", qingyuan.AuthorSpeech, leaf.Spin(m.r, m.w.provocation[m.stage()], m.slots(p)))
	m.mark(p, 0)
	m.send(0)
}

// surrender is T4: the premium of the credit insurance, back in full, through a proxy.
func (m *Model) surrender(g *ring, p *person) {
	if m.r.Chance(0.55) {
		m.in(m.r.Float(0, 5), func() { m.contract(g, p, "surrender_proxy") })
	}
	premium := yuan(float64(m.r.Between(15, 160)) * 100)
	at := m.r.Float(1, 6)
	for i, channel := range []string{"own", "12378", "regulator"}[:m.r.Between(1, 3)] {
		m.in(at, func() {
			c := complaint{channel: channel, author: qingyuan.AuthorCustomer, amount: premium, demands: []string{"refund_premium", "compensation"}, claims: []string{"misleading_sale", "hidden_fees"},
				text: m.scripted(m.w.surrender, g, p)}
			if i == 0 {
				c.stake = premium
			}
			m.complain(p, m.front(g, p, c))
		})
		at += m.r.Float(2, 8)
	}
}

// falseLawyer is T6: a consulting firm that writes lawyer's letters.
func (m *Model) falseLawyer(g *ring, p *person) {
	a := leaf.Pick(m.r, g.agents)
	m.in(m.r.Float(0, 4), func() { m.contract(g, p, "power_of_attorney") })
	m.in(m.r.Float(2, 9), func() {
		s := sheet{kind: "lawyer_letter", purpose: "complaint", channel: "email", issuer: g.org, phone: a.phone, issued: m.now.AddDate(0, 0, -1), by: "lawyer",
			no: fmt.Sprintf("(%d)%s律函字第%s号", m.now.Year(), string([]rune(g.org)[2:3]), m.r.Digits(3))}
		if (m.stage() > 0 || m.varied) && m.r.Chance(m.either(0.5, 0.7)) { // borrows a firm's name
			s.issuer = g.city.Province + leaf.Company(m.r) + "律师事务所"
		}
		if p.style == careless {
			s.submitter = a.phone
		}
		s.text = m.scripted(m.w.lawyer, g, p)
		m.paper(p, s)
	})
	m.in(m.r.Float(4, 14), func() {
		c := complaint{channel: leaf.Pick(m.r, []string{"own", "12378"}), author: qingyuan.AuthorAgent, by: "lawyer", agent: a, stake: yuan(float64(m.r.Between(10, 50)) * 100),
			demands: []string{"stop_collection", "written_only", "principal_only"}, text: m.scripted(m.w.lawyer, g, p)}
		c.phone = a.phone
		m.complain(p, c)
	})
}

// downline is T7: a customer is taught the trade, then brings others.
func (m *Model) downline(g *ring, p *person) {
	m.in(m.r.Float(0, 4), func() { m.handIn(g, p, m.w.recruit[m.stage()], 0) })
	if m.r.Chance(0.6) {
		m.in(m.r.Float(1, 8), func() { m.contract(g, p, "other") })
	}
	own := &agent{Person: p.Person, name: p.Name, phone: p.Phone, handle: leaf.Handle(m.r, "wechat"), org: g.org, relation: "agent"}
	for range m.r.Between(1, 3) { // speaks for others of the ring, from the own phone
		other := leaf.Pick(m.r, g.members)
		if other == p {
			continue
		}
		m.in(m.r.Float(8, 40), func() {
			c := complaint{channel: "own", by: "friend", author: qingyuan.AuthorAgent, agent: own, phone: p.Phone, device: p.device, ip: p.ip, demands: []string{"stop_interest", "refund_interest"},
				text: m.scripted(m.w.complaint, g, other), stake: yuan(500)}
			m.complain(other, c)
		})
	}
}

func (m *Model) newDen() *den {
	city := leaf.Pick(m.r, m.cities)
	d := &den{issuer: city.Name + leaf.Pick(m.r, city.Districts).Name + leaf.Pick(m.r, []string{"柳河社区居民委员会", "石桥村村民委员会", "新集街道办事处"}), phone: leaf.Landline(m.r, city),
		no: leaf.Pick(m.r, []string{"民证", "社证", "居证"}), software: leaf.Pick(m.r, []string{"Adobe Photoshop 24.0", "Adobe Photoshop CS6", "CorelDRAW"}), script: m.r.IntN(30)}
	if m.r.Chance(m.either(0, 0.6)) { // a hospital or a firm is asked less
		d.issuer = city.Name + leaf.Company(m.r) + leaf.Pick(m.r, []string{"医院", "有限公司", "社区卫生服务中心"})
	}
	return d
}

// sold is the den's next paper of that kind. A den changes the issuer's name after some dozen, seldom the layout.
func (m *Model) sold(d *den, kind string) sheet {
	if d.sold++; d.sold%14 == 0 {
		fresh := m.newDen()
		d.issuer, d.phone = fresh.issuer, fresh.phone
	}
	s := sheet{kind: kind, issuer: d.issuer, phone: d.phone, no: fmt.Sprintf("%s字第%04d号", d.no, 17+d.sold/3), issued: m.now.AddDate(0, 0, -m.r.Between(1, 12)), by: leaf.Pick(m.r, []string{"self", "self", "agent"})}
	if m.r.Chance(m.either(0.45, 0.2)) {
		s.software = d.software
	}
	return s
}

// papers is T8: the death that never was, the isolation of years ago, the illness bought by post.
func (m *Model) papers(g *ring, p *person) {
	if len(p.loans) == 0 {
		m.oldLoan(p)
	}
	kind := leaf.Pick(m.r, []string{"death", "quarantine", "diagnosis", "unemployment", "critical_illness"})
	p.truth.Tactic += "/" + kind
	m.in(m.r.Float(0, 5), func() {
		p.stopped = true
		s := m.sold(g.den, kind)
		s.purpose = "hardship"
		switch kind {
		case "death":
			s.event, s.by, s.purpose = m.now.AddDate(0, 0, -m.r.Between(10, 60)), leaf.Pick(m.r, []string{"sibling", "relative", "child"}), "estate"
		case "quarantine":
			s.from = time.Date(2021, time.Month(m.r.Between(1, 12)), m.r.Between(1, 28), 0, 0, 0, 0, scene.Zone())
			s.to = s.from.AddDate(0, 0, 14)
			if m.stage() > 0 {
				s.from, s.to = m.now.AddDate(0, 0, -30), m.now.AddDate(0, 0, -9)
			}
		case "diagnosis", "critical_illness":
			s.event = m.now.AddDate(0, 0, -m.r.Between(3, 20))
			s.issuer = g.city.Name + leaf.Pick(m.r, []string{"第二人民医院", "肿瘤医院"})
		}
		s.text = leaf.Spin(m.r, m.w.forged[kind][g.den.script%2], append(m.slots(p), "issuer", s.issuer))
		if p.style != careful {
			s.submitter = leaf.Pick(m.r, g.agents).phone
			s.device, s.ip = m.means(g, p)
		}
		for _, l := range p.loans {
			s.stake += l.balance
		}
		m.paper(p, s)
	})
	if m.r.Chance(0.5) {
		m.in(m.r.Float(6, 20), func() {
			m.complain(p, m.front(g, p, complaint{channel: "own", author: qingyuan.AuthorCustomer, demands: []string{"waive_debt", "stop_collection"}, text: m.scripted(m.w.paper, g, p)}))
		})
	}
}

// repair is T9: an objection against a record that is true.
func (m *Model) repair(g *ring, p *person) {
	if m.r.Chance(0.45) {
		m.in(m.r.Float(0, 4), func() { m.contract(g, p, "credit_repair") })
	}
	fee := yuan(float64(m.r.Between(20, 80)) * 100)
	at := m.r.Float(1, 6)
	for i, channel := range []string{"own", "pboc", "12378"}[:m.r.Between(1, 3)] {
		m.in(at, func() {
			c := complaint{channel: channel, category: "credit_objection", author: qingyuan.AuthorCustomer, demands: []string{"delete_credit_record"}, claims: []string{"wrong_credit_record"},
				text: m.scripted(m.w.objection, g, p)}
			if i == 0 {
				c.stake = fee
			}
			if m.r.Chance(0.4) {
				c.claims = append(c.claims, "not_own_loan")
			}
			m.complain(p, m.front(g, p, c))
		})
		at += m.r.Float(3, 12)
	}
	if m.r.Chance(0.4) {
		m.in(at, func() {
			s := m.sold(g.den, leaf.Pick(m.r, []string{"quarantine", "hospitalisation"}))
			s.purpose = "credit_objection"
			s.from = time.Date(2021, time.Month(m.r.Between(1, 12)), m.r.Between(1, 28), 0, 0, 0, 0, scene.Zone())
			s.to = s.from.AddDate(0, 0, 21)
			s.text = leaf.Spin(m.r, m.w.forged["quarantine"][g.den.script%2], append(m.slots(p), "issuer", s.issuer))
			m.paper(p, s)
		})
	}
	if p.style == careless {
		m.in(m.r.Float(0, 3), func() { // the ring looks into the account from its own phone
			device, os := p.device, p.os
			p.device, p.os = g.devices[0], "android"
			m.loginLooking(p, m.r.Between(1, 3))
			p.device, p.os = device, os
		})
	}
}
