package dev

import (
	"qingyuan"
	"qingyuan/internal/simulate/leaf"
	"qingyuan/internal/simulate/scene"
)

// means is the device and network p is handled from: the ring's, or p's own.
func (m *Model) means(g *ring, p *person) (device, ip string) {
	if p.style == careless || p.style == late && m.r.Chance(0.4) {
		i := m.r.IntN(len(g.devices))
		return g.devices[i], g.ips[i]
	}
	return p.device, p.ip
}

// brokered is T1: the ring files the application.
func (m *Model) brokered(g *ring, p *person) {
	a := leaf.Pick(m.r, g.agents)
	if m.r.Chance(0.45) {
		m.in(m.r.Float(0, 3), func() { m.contract(g, p, "loan_brokerage") })
	}
	device, ip := m.means(g, p)
	q := &request{device: device, ip: ip, amount: float64(m.r.Between(30, 180)) * 1000, income: m.r.Float(14000, 30000), queries: m.r.Between(4, 14), fill: m.r.Between(60, 170)}
	if m.varied { // takes its time, and asks few lenders
		q.queries, q.fill = m.r.Between(1, 9), m.r.Between(90, 600)
	}
	if m.r.Chance(0.75) {
		q.employer, q.workPhone = g.front, a.phone
		if m.r.Chance(m.either(0, 0.5)) {
			q.workPhone = g.front.Phone
		}
	}
	if m.r.Chance(m.either(0.6, 0.35)) {
		q.contacts = []leaf.Person{{Name: a.name, Phone: a.phone}, {Name: leaf.Name(m.r, true, 1975), Phone: leaf.Mobile(m.r)}}
	}
	if p.truth.Population == scene.Misled && m.r.Chance(0.6) { // the B of an AB loan
		p.truth.Tactic += "/ab"
		friend := leaf.NewPerson(m.r, p.City, m.cfg.Start, m.r.Between(25, 50))
		q.guarantor = &friend
		q.payee, q.payeeCard = &a.Person, a.card
		q.remote = p.style != careless && m.r.Chance(0.5)
		q.statement = leaf.Spin(m.r, leaf.Pick(m.r, m.w.statements), m.slots(p))
	}
	if p.truth.Population != scene.Misled && m.stage() > 0 {
		q.payee, q.payeeCard = &a.Person, a.card
	}
	q.drawn = func(l *loan) { m.brokeredAfter(g, p, l) }
	m.in(m.r.Float(1, 6), func() {
		if p.style == careless && m.r.Chance(0.4) {
			m.numberToAgent(g, p)
		}
		m.apply(p, q)
		m.soon(m.r.Float(10, 50), func() { m.verification(g, p, a) })
	})
}

// verification is the call that checks an application; coached answers come in one order.
func (m *Model) verification(g *ring, p *person, a *agent) {
	w := m.begin(qingyuan.CallRecorded, p).Str("direction", "outbound").Str("line", "verification").Str("callee", p.Phone).Str("operator_id", m.clerk("D"))
	w.Bool("answered", true).Int("duration_s", int64(m.r.Between(60, 160))).Str("claimed_identity", "self").Str("identity_check", leaf.Pick(m.r, []string{"pass", "pass", "fail"}))
	w.Text("transcript", qingyuan.AuthorSpeech, leaf.Spin(m.r, m.w.coached[m.stage()], append(m.slots(p), "front", g.front.Name)))
	m.mark(p, 0)
	m.send(0)
}

// brokeredAfter is what follows the money: nothing is paid, and the misled find out.
func (m *Model) brokeredAfter(g *ring, p *person, l *loan) {
	p.stopped = true
	p.others = "overdue"
	if p.truth.Population != scene.Misled {
		return
	}
	m.in(m.r.Float(20, 45), func() {
		m.complain(p, complaint{channel: leaf.Pick(m.r, []string{"own", "12378"}), author: qingyuan.AuthorCustomer, claims: []string{"not_own_loan"}, demands: []string{"explanation"},
			text: leaf.Spin(m.r, leaf.Pick(m.r, m.w.deceived), m.slots(p))})
		if m.r.Chance(0.7) {
			m.in(m.r.Float(0.5, 4), func() { m.handIn(g, p, m.w.chat(g.typology, m.stage()), 0) })
		}
	})
}

// numberToAgent is a new SIM card that forwards to the ring.
func (m *Model) numberToAgent(g *ring, p *person) {
	a := leaf.Pick(m.r, g.agents)
	m.begin(qingyuan.AccountChanged, p)
	m.newNumber(p, leaf.VirtualMobile(m.r), m.r.Between(0, 9))
	m.pen.Str("initiated_by", "customer").Str("verified_by", leaf.Pick(m.r, []string{"sms_new", "face"}))
	m.presenceOf(p, g.devices[0], g.ips[0], 0.002)
	if m.r.Chance(0.6) {
		m.pen.Open("call_forwarding").Str("state", "on").Str("source", "carrier").Date("observed_on", m.now).Str("target", a.phone).Close()
	}
	m.mark(p, 0)
	m.send(0)
}

// contract is an agreement with the ring, as the customer later shows it.
func (m *Model) contract(g *ring, p *person, kind string) {
	a := leaf.Pick(m.r, g.agents)
	signed := m.now
	fee := yuan(float64(m.r.Between(8, 60)) * 100)
	m.in(m.r.Float(0, 25), func() {
		w := m.begin(qingyuan.AgreementSubmitted, p).Str("agreement_type", kind).Str("origin", "handed_in_by_customer").Date("signed_on", signed)
		m.agentObject("agent", a, false)
		w.Float("fee_rate", float64(m.r.Between(3, 30))/100).Str("fee_basis", leaf.Pick(m.r, []string{"debt", "principal", "loan", "refund"})).Int("deposit", fee)
		if m.r.Chance(m.either(0, 0.5)) {
			w.Open("fee_payee").Str("name", g.org).Str("kind", "company").Close()
		} else {
			w.Open("fee_payee").Str("name", a.Name).Str("bank_card", a.card).Str("kind", "other_person").Close()
		}
		if m.r.Chance(0.4) {
			w.Strs("hands_over", leaf.Pick(m.r, []string{"sim_card", "call_forwarding", "passwords"}))
		}
		w.Text("text", qingyuan.AuthorOCR, leaf.Spin(m.r, m.w.contracts[kind], m.ringSlots(g, p, a)))
		m.mark(p, fee)
		m.send(m.lag())
	})
}

// evade is T2: use up the card, stop on the day of the wave, let the agent answer.
func (m *Model) evade(g *ring, p *person) {
	if len(p.loans) == 0 {
		m.oldLoan(p)
	}
	if p.credit != "" && m.r.Chance(0.7) {
		m.in(m.r.Float(0, 3), func() {
			for range m.r.Between(1, 3) {
				m.purchase(p, leaf.Pick(m.r, g.shops), p.limit*int64(m.r.Between(25, 45))/100)
			}
		})
	}
	if m.r.Chance(0.5) {
		m.in(m.r.Float(0, 4), func() { m.contract(g, p, "debt_service") })
	}
	m.in(m.r.Float(2, 6), func() {
		p.stopped = true
		if p.style == careless && m.r.Chance(0.7) {
			m.numberToAgent(g, p)
		}
	})
	for range m.r.Between(1, 3) {
		m.in(m.r.Float(6, 40), func() { m.collectionAgainstRing(p, p.loans[0]) })
	}
	if m.r.Chance(0.6) {
		m.in(m.r.Float(5, 30), func() { m.poverty(g, p) })
	}
	if m.r.Chance(0.7) {
		m.in(m.r.Float(8, 35), func() {
			stake := int64(0)
			for _, l := range p.loans {
				stake += l.balance
			}
			c := complaint{channel: "own", author: qingyuan.AuthorCustomer, demands: []string{"stop_interest", "long_instalments", "stop_collection"}, stake: stake,
				text: m.scripted(m.w.debt, g, p)}
			c.device, c.ip = m.means(g, p)
			m.complain(p, c)
		})
	}
}

// poverty is a paper from the den, bought with the advice.
func (m *Model) poverty(g *ring, p *person) {
	d := g.den
	s := m.sold(d, leaf.Pick(m.r, []string{"no_income", "poverty", "unemployment"}))
	s.text = leaf.Spin(m.r, m.w.den[d.script%len(m.w.den)], append(m.slots(p), "issuer", d.issuer))
	s.purpose = "hardship"
	if p.style == careless {
		s.device, s.ip = m.means(g, p)
	}
	m.paper(p, s)
}

// collectionAgainstRing is a call that the ring has prepared the customer for, or answers itself.
func (m *Model) collectionAgainstRing(p *person, l *loan) {
	g := p.ring
	var other *agent
	if p.style == careless && m.r.Chance(m.either(0.5, 0.25)) {
		other = leaf.Pick(m.r, g.agents)
	}
	text := leaf.Spin(m.r, m.w.call[m.stage()], m.ringSlots(g, p, g.agents[0]))
	if p.style != careless && m.r.Chance(0.4) {
		text = leaf.Spin(m.r, leaf.Pick(m.r, m.w.hardshipCalls), m.slots(p))
	}
	m.collectionCall(p, l, text, other)
}

// scripted is the text a ring sends for p: the script it bought, in the wording of the present stage. Later stages are
// worded anew for each customer, and some customers write a part themselves.
func (m *Model) scripted(scripts [3]string, g *ring, p *person) string {
	a := leaf.Pick(m.r, g.agents)
	i := (g.script + m.stage()) % len(scripts)
	if m.stage() == 2 && m.r.Chance(0.3) {
		i = m.r.IntN(len(scripts))
	}
	text := leaf.Spin(m.r, scripts[i], m.ringSlots(g, p, a))
	if p.style != careless && m.r.Chance(0.35) {
		text = leaf.Spin(m.r, leaf.Pick(m.r, hardshipWords["job"]), m.slots(p)) + text
	}
	return text
}

// cards is T5: cash-out at the ring's shops for those who take part; for a victim, strangers use the card's data.
func (m *Model) cards(g *ring, p *person) {
	if p.credit == "" {
		p.credit, _ = leaf.BankCard(m.r, true)
		p.limit = yuan(float64(m.r.Between(10, 60)) * 1000)
	}
	if p.truth.Population == scene.Misled {
		m.cloned(g, p)
		return
	}
	p.truth.Tactic += "/cash_out"
	for month := range 3 {
		for range m.r.Between(1, 3) {
			m.in(float64(month)*29+m.r.Float(0, 5), func() {
				s := leaf.Pick(m.r, g.shops)
				amount := (p.limit-p.used)*int64(m.r.Between(30, 49))/100 + int64(m.r.IntN(9000))
				if p.style == careful || m.varied && m.r.Chance(0.4) {
					amount /= 3
				}
				if amount > 20000 {
					m.swipe(p, s, amount)
				}
			})
		}
		m.in(float64(month)*29+m.r.Float(19, 25), func() { // the ring repays, and takes the limit out again
			p.used /= 10
		})
	}
	if m.r.Chance(0.3) {
		m.in(m.r.Float(1, 20), func() { m.handIn(g, p, m.w.chat(g.typology, m.stage()), 0) })
	}
}

// swipe is a sale that never was.
func (m *Model) swipe(p *person, s *shop, amount int64) {
	w := m.begin(qingyuan.CardTransaction, p)
	w.Str("card", p.credit).Str("type", "purchase").Str("result", "approved").Int("amount", amount).Str("entry_mode", leaf.Pick(m.r, []string{"chip", "magnetic_stripe", "qr"}))
	w.Str("merchant_id", s.id).Str("merchant_name", s.name).Str("mcc", s.mcc).Str("terminal_id", s.terminal).Str("city", s.city.Name).Str("country", "CN")
	w.Int("credit_limit", p.limit).Int("balance_before", p.used)
	p.used += amount
	m.mark(p, amount)
	m.send(0)
}

// cloned is card data in strangers' hands: small probes abroad, then the whole limit, while the customer is at home.
func (m *Model) cloned(g *ring, p *person) {
	p.truth.Role, p.truth.Tactic = scene.RoleVictim, "cloned"
	country, city := "TH", "Bangkok"
	if m.varied && m.r.Chance(0.5) {
		country, city = "CN", g.city.Name
	} else if m.stage() > 0 {
		country, city = leaf.Pick(m.r, []string{"VN", "MY", "GB"}), ""
	}
	abroad := func(amount int64, result, mode string) {
		w := m.begin(qingyuan.CardTransaction, p).Str("card", p.credit).Str("type", "purchase").Str("result", result).Int("amount", amount).Str("entry_mode", mode)
		w.Str("merchant_id", "M"+g.shops[0].terminal).Str("merchant_name", "DUTY FREE "+country).Str("mcc", "5309").Str("country", country).Str("city", city).Int("credit_limit", p.limit).Int("balance_before", p.used)
		stake := amount
		if result == "declined" {
			stake = 0
		}
		m.mark(p, stake)
		m.send(0)
	}
	mode := leaf.Pick(m.r, []string{"keyed", "online", "magnetic_stripe"})
	for i := range m.r.Between(1, 4) {
		m.soon(float64(i)*m.r.Float(1, 4), func() { abroad(int64(m.r.Between(100, 900)), leaf.Pick(m.r, []string{"approved", "declined"}), mode) })
	}
	for i := range m.r.Between(1, 3) {
		m.soon(m.r.Float(20, 300)+float64(i)*6, func() { abroad((p.limit-p.used)*int64(m.r.Between(40, 70))/100+1, "approved", mode) })
	}
	m.in(m.r.Float(0.3, 4), func() {
		m.complain(p, complaint{channel: "own", author: qingyuan.AuthorCustomer, demands: []string{"explanation", "refund_interest"}, text: leaf.Spin(m.r, leaf.Pick(m.r, stolenCard), m.slots(p))})
	})
}
