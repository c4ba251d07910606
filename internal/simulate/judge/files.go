package judge

import (
	"time"

	"qingyuan"
	"qingyuan/internal/simulate/leaf"
	"qingyuan/internal/simulate/scene"
)

// steps is the plan of a file: what the firm means to do for, or with, the client. What is left out by chance differs
// from file to file, and so no two files look alike.
func (m *Model) steps(f *firm, s *soul) []step {
	switch f.trade {
	case qingyuan.T1:
		return m.loanSteps(f, s)
	case qingyuan.T2:
		return m.evasionSteps(f, s)
	case qingyuan.T3:
		return m.complaintSteps(f, s)
	case qingyuan.T4:
		return m.premiumSteps(f, s)
	case qingyuan.T5:
		return m.cardSteps(f, s)
	case qingyuan.T6:
		return m.lawyerSteps(f, s)
	case qingyuan.T7:
		return m.academySteps(f, s)
	case qingyuan.T8:
		return m.paperSteps(f, s)
	}
	return m.recordSteps(f, s)
}

// maybe is a list of one step, or of none.
func (m *Model) maybe(p float64, rest int, do func(c *clerk, at time.Time)) []step {
	if !m.r.Chance(p) {
		return nil
	}
	return []step{{rest, do}}
}

func chain(parts ...[]step) (all []step) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// contract is the firm's agreement with the client, as it reaches the lender one day; misled clients show it more often.
func (m *Model) contract(f *firm, s *soul, kind, basis string) []step {
	p := 0.2
	if s.truth.Population == scene.Misled {
		p = 0.55
	}
	return m.maybe(p, m.r.Between(1, 6), func(c *clerk, at time.Time) {
		hands := []string(nil)
		if m.r.Chance(0.35) {
			hands = []string{leaf.Pick(m.r, []string{"sim_card", "phone", "id_card", "passwords", "bank_card"})}
		}
		m.present(s, pact{at: at, signed: m.today.AddDate(0, 0, -m.r.Between(1, 12)), kind: kind, origin: leaf.Pick(m.r, []string{"handed_in_by_customer", "from_agent"}), author: qingyuan.AuthorOCR,
			text: leaf.Spin(m.r, pacts[f.trade], m.firmFacts(f, c, s)), agent: c, rate: float64(m.r.Between(2, 35)) / 100, basis: basis, deposit: fen(float64(m.r.Between(3, 40)) * 100), hands: hands, of: f})
	})
}

// confession is a chat the client shows to the lender.
func (m *Model) confession(f *firm, s *soul, p float64) []step {
	if s.truth.Population != scene.Misled {
		p /= 3
	}
	return m.maybe(p, m.r.Between(0, 3), func(c *clerk, at time.Time) {
		m.shown(s, at.Add(hours(m.r.Float(0, 8))), f, c, leaf.Spin(m.r, leaf.Pick(m.r, whispers[f.trade]), m.firmFacts(f, c, s)))
	})
}

// loanSteps is T1: files of one evening, whose applicants vouch for each other; shell employers; goods that never come.
func (m *Model) loanSteps(f *firm, s *soul) []step {
	friend := s.truth.Population == scene.Misled && m.r.Chance(0.55)
	apply := step{m.r.Between(20, 40), func(c *clerk, at time.Time) {
		at = m.clock(19, 23.5)
		x := &form{at: at, from: m.hand(c, s), amount: float64(m.r.Between(20, 200)) * 1000, income: m.r.Float(11000, 28000), seconds: m.r.Float(80, 240), asked: m.r.Poisson(5), of: f}
		if m.r.Chance(0.7) {
			x.work, x.workLine = leaf.Pick(m.r, f.shells), leaf.Pick(m.r, f.clerks).phone
		}
		if m.r.Chance(0.35) {
			x.home = f.rooms
		}
		if m.r.Chance(0.4) {
			x.referrer = c
		}
		if len(f.clients) > 1 && m.r.Chance(0.6) {
			x.people = []leaf.Person{leaf.Pick(m.r, f.clients).Person, {Name: c.Name, Phone: c.phone}}
		}
		if friend {
			p := leaf.NewPerson(m.r, s.City, m.today, m.r.Between(24, 52))
			x.surety, x.to = &p, c
			x.remote = m.r.Chance(0.45)
			x.statement = leaf.Spin(m.r, leaf.Pick(m.r, statements), m.facts(s))
		} else if m.r.Chance(0.5) {
			x.shop = leaf.Pick(m.r, f.tills)
		}
		x.paid = func(*debt) { s.defiant = true }
		m.apply(s, x)
		if m.r.Chance(0.7) {
			m.phone(s, talk{at: at.Add(time.Duration(m.r.Between(5, 40)) * time.Minute), out: true, line: "verification", say: leaf.Spin(m.r, leaf.Pick(m.r, rehearsed), m.firmFacts(f, c, s)),
				check: leaf.Pick(m.r, []string{"pass", "pass", "not_done"}), of: f, seconds: 80})
		}
	}}
	found := m.maybe(0.7, 2, func(c *clerk, at time.Time) {
		m.lodge(s, claim{at: at, channel: leaf.Pick(m.r, []string{"own", "12345", "12378"}), text: leaf.Spin(m.r, leaf.Pick(m.r, awakened), m.facts(s)), accuses: []string{"not_own_loan"}, demands: []string{"explanation"}, of: f})
	})
	if !friend {
		found = nil
	}
	return chain(m.contract(f, s, "loan_brokerage", "loan"), []step{apply}, found, m.confession(f, s, 0.5))
}

// evasionSteps is T2: what the card still gives is taken out, then nothing is paid, and papers come by post.
func (m *Model) evasionSteps(f *firm, s *soul) []step {
	drain := m.maybe(0.6, 2, func(c *clerk, at time.Time) {
		if s.card == "" {
			return
		}
		for i := range m.r.Between(1, 4) {
			x := leaf.Pick(m.r, m.markets[s.City])
			m.swipe(s, swipe{at: at.Add(hours(float64(i))), where: x, amount: max((s.limit-s.owed)*int64(m.r.Between(25, 60))/100, 500), mode: leaf.Pick(m.r, []string{"online", "qr", "chip"}), of: f})
		}
	})
	stop := step{m.r.Between(6, 16), func(c *clerk, at time.Time) {
		s.defiant = true
		if m.r.Chance(0.45) {
			v := m.hand(c, s)
			m.newLine(s, at, m.r.Between(0, 14), v, f)
		}
	}}
	paper := m.maybe(0.55, m.r.Between(2, 9), func(c *clerk, at time.Time) {
		m.submit(s, m.pressed(f, s, c, at, leaf.Pick(m.r, []string{"poverty", "no_income", "unemployment", "social_aid"})))
	})
	demand := step{m.r.Between(8, 20), func(c *clerk, at time.Time) {
		stake := int64(0)
		for _, d := range s.debts {
			stake += d.left
		}
		m.lodge(s, claim{at: at, channel: leaf.Pick(m.r, []string{"own", "own", "12378"}), text: m.compose(f, s, c), demands: []string{"stop_interest", "principal_only", leaf.Pick(m.r, []string{"long_instalments", "written_only", "stop_collection"})},
			from: m.hand(c, s), stake: stake, mail: s.mail, of: f})
	}}
	return chain(m.contract(f, s, "debt_service", "debt"), drain, []step{stop}, paper, []step{demand}, m.confession(f, s, 0.4))
}

// collectFromClient is collection calling a client: nobody answers, or somebody does who has been told what to say.
func (m *Model) collectFromClient(s *soul, at time.Time) {
	f := s.firm
	c := leaf.Pick(m.r, f.clerks)
	t := talk{at: at, out: true, line: "collection", miss: m.r.Chance(0.45), check: "pass", of: f, say: leaf.Spin(m.r, leaf.Pick(m.r, coachedAnswers), m.firmFacts(f, c, s))}
	if m.r.Chance(0.3) {
		t.say = leaf.Spin(m.r, leaf.Pick(m.r, answersForgot), m.facts(s))
	}
	if m.r.Chance(1 - c.caution) {
		t.check, t.tone, t.claims = leaf.Pick(m.r, []string{"fail", "not_done"}), m.r.Chance(0.4), leaf.Pick(m.r, []string{"self", "self", "relative"})
		if m.r.Chance(0.3) {
			t.speaker = c
		}
	}
	m.phone(s, t)
}

// complaintSteps is T3: a call that fishes for a sentence, letters by turns to whoever will take them, a price in the end.
func (m *Model) complaintSteps(f *firm, s *soul) []step {
	fish := m.maybe(0.55, m.r.Between(0, 2), func(c *clerk, at time.Time) {
		v := m.hand(c, s)
		m.phone(s, talk{at: at, line: leaf.Pick(m.r, []string{"service", "collection"}), say: leaf.Spin(m.r, leaf.Pick(m.r, fishing), m.facts(s)), check: leaf.Pick(m.r, []string{"pass", "fail", "not_done"}), number: v.phone, of: f, seconds: 380})
	})
	all := chain(m.contract(f, s, "complaint_proxy", "refund"), fish)
	amount := fen(float64(m.r.Between(15, 120)) * 100)
	for i := range m.r.Between(1, 5) {
		all = append(all, step{m.r.Between(1, 6), func(c *clerk, at time.Time) {
			x := claim{at: at, channel: leaf.Pick(m.r, []string{"own", "12378", "heimao", "cyberspace", "12345", "petition", "consumer_association"}), text: m.compose(f, s, c), from: m.hand(c, s), amount: amount, of: f,
				demands: []string{"compensation", leaf.Pick(m.r, []string{"refund_interest", "stop_interest"}), "stop_collection"}, accuses: []string{leaf.Pick(m.r, []string{"violent_collection", "privacy", "harassing_third_party"})}}
			if i == 0 {
				x.channel, x.stake = "own", amount
			}
			m.dress(f, s, c, &x)
			m.lodge(s, x)
		}})
	}
	price := m.maybe(0.45, 3, func(c *clerk, at time.Time) {
		if m.r.Chance(0.6) {
			m.phone(s, talk{at: at, line: "complaint", say: leaf.Spin(m.r, leaf.Pick(m.r, bargains), m.firmFacts(f, c, s)), check: leaf.Pick(m.r, []string{"pass", "fail"}), number: m.hand(c, s).phone, of: f, demands: []string{"withdraw_for_payment", "compensation"}})
			return
		}
		m.shown(s, at, f, c, leaf.Spin(m.r, leaf.Pick(m.r, whispers[f.trade]), m.firmFacts(f, c, s)))
	})
	return chain(all, price)
}

// dress gives a complaint the firm's mailbox, address and account, as far as the clerk is careless.
func (m *Model) dress(f *firm, s *soul, c *clerk, x *claim) {
	if m.r.Chance(c.caution) {
		x.mail = s.mail
		return
	}
	if m.r.Chance(0.6) {
		x.mail = f.mail
	}
	if m.r.Chance(0.35) {
		x.home = f.rooms
	}
	if m.r.Chance(0.3) {
		x.handle = c.handle
	}
	if m.r.Chance(0.2) {
		x.agent, x.by = c, leaf.Pick(m.r, []string{"agent", "friend", "relative"})
	}
}

// premiumSteps is T4: the premium of the insurance sold with the loan.
func (m *Model) premiumSteps(f *firm, s *soul) []step {
	premium := fen(float64(m.r.Between(8, 200)) * 100)
	all := m.contract(f, s, "surrender_proxy", "premium")
	for i := range m.r.Between(1, 3) {
		all = append(all, step{m.r.Between(3, 12), func(c *clerk, at time.Time) {
			x := claim{at: at, channel: leaf.Pick(m.r, []string{"own", "12378", "regulator"}), text: m.compose(f, s, c), from: m.hand(c, s), amount: premium, of: f, demands: []string{"refund_premium"}, accuses: []string{"misleading_sale"}}
			if i == 0 {
				x.stake = premium
			}
			m.dress(f, s, c, &x)
			m.lodge(s, x)
		}})
	}
	return chain(all, m.confession(f, s, 0.45))
}

// cardSteps is T5: sales that never were, month by month; for the misled, an account taken over by remote control.
func (m *Model) cardSteps(f *firm, s *soul) []step {
	if s.card == "" {
		s.card, _ = leaf.BankCard(m.r, true)
		s.limit = fen(float64(m.r.Between(8, 50)) * 1000)
	}
	if s.truth.Population == scene.Misled {
		s.truth.Role = scene.RoleVictim
		return m.takeover(f, s)
	}
	var all []step
	for range m.r.Between(3, 9) {
		all = append(all, step{leaf.Pick(m.r, []int{0, 1, 2, 9, 20}), func(c *clerk, at time.Time) {
			if s.owed*10 > s.limit*8 { // the firm pays the bill before it takes the limit out again
				s.owed /= 12
			}
			amount := (s.limit-s.owed)*int64(m.r.Between(35, 95))/100 - int64(m.r.IntN(4000))
			if amount > 30000 {
				m.swipe(s, swipe{at: at.Add(hours(m.r.Float(0, 11))), where: leaf.Pick(m.r, f.tills), amount: amount, mode: leaf.Pick(m.r, []string{"chip", "contactless", "qr", "magnetic_stripe"}), of: f})
			}
		}})
	}
	return chain(all, m.confession(f, s, 0.3))
}

// takeover is a victim whose phone is steered from afar: a new handset, then the money goes.
func (m *Model) takeover(f *firm, s *soul) []step {
	take := step{1, func(c *clerk, at time.Time) {
		thief, _ := leaf.Device(m.r)
		old := s.handset
		w := m.write(qingyuan.AccountChanged, at, s).Str("change", "device").Str("old_device", old).Str("new_device", thief).Str("verified_by", "sms_old")
		m.trace(via{thief, c.network, ""}, "android")
		if m.r.Chance(0.5) {
			w.Open("device_flags").Bool("remote_control", true).Close()
		}
		m.note(f, s, at, 0)
		m.ship(at, 0)
		for i := range m.r.Between(2, 5) {
			when := at.Add(time.Duration(8*(i+1)) * time.Minute)
			x := swipe{at: when, amount: max((s.limit-s.owed)*int64(m.r.Between(20, 55))/100, 200), mode: "online", kind: leaf.Pick(m.r, []string{"transfer_out", "cash_advance"}), counter: c, of: f, handset: thief}
			if m.r.Chance(0.4) { // the card read out on a phone, tapped at a counter far away
				x.kind, x.mode, x.counter, x.where = "purchase", "contactless", nil, leaf.Pick(m.r, f.tills)
			}
			m.swipe(s, x)
		}
	}}
	cry := step{3, func(c *clerk, at time.Time) {
		m.lodge(s, claim{at: at, channel: "own", text: leaf.Spin(m.r, leaf.Pick(m.r, robbed), m.facts(s)), demands: []string{"explanation", "compensation"}, of: f})
	}}
	return []step{take, cry}
}

// lawyerSteps is T6: letters on paper that looks like a law firm's.
func (m *Model) lawyerSteps(f *firm, s *soul) []step {
	letter := step{m.r.Between(2, 8), func(c *clerk, at time.Time) {
		p := proof{at: at, kind: "lawyer_letter", purpose: "complaint", channel: leaf.Pick(m.r, []string{"post", "email"}), issuer: f.name, line: c.phone, issued: m.today.AddDate(0, 0, -m.r.Between(0, 4)), text: m.compose(f, s, c), by: leaf.Pick(m.r, []string{"lawyer", "agent"}), sender: m.hand(c, s), of: f}
		if m.r.Chance(0.35) {
			p.issuer = f.city.Province + leaf.Company(m.r) + "律师事务所"
		}
		m.submit(s, p)
	}}
	speak := m.maybe(0.6, 4, func(c *clerk, at time.Time) {
		m.phone(s, talk{at: at, line: "service", number: c.phone, say: leaf.Spin(m.r, leaf.Pick(m.r, borrowedRobe), m.firmFacts(f, c, s)), check: "fail", claims: "lawyer", speaker: c, of: f})
	})
	lodge := step{4, func(c *clerk, at time.Time) {
		m.lodge(s, claim{at: at, channel: leaf.Pick(m.r, []string{"own", "12378", "court"}), text: m.compose(f, s, c), author: qingyuan.AuthorAgent, by: "lawyer", agent: c, from: m.hand(c, s), demands: []string{"written_only", "refund_interest", "stop_collection"},
			stake: fen(float64(m.r.Between(10, 60)) * 100), of: f})
	}}
	return chain(m.contract(f, s, "power_of_attorney", "fixed"), []step{letter}, speak, []step{lodge}, m.confession(f, s, 0.4))
}

// academySteps is T7: somebody learns the trade and practises on kin and workmates.
func (m *Model) academySteps(f *firm, s *soul) []step {
	own := &clerk{Person: s.Person, phone: s.Phone, handle: leaf.Handle(m.r, "wechat"), account: s.account, handset: s.handset, network: s.network, house: f.name, caution: 0.3}
	practise := func(c *clerk, at time.Time) {
		var other *soul
		if len(s.kin) > 0 && m.r.Chance(0.4) {
			other = s.kin[0]
		} else {
			other = leaf.Pick(m.r, f.clients)
		}
		if other == s || other.firm != f && other.firm != nil {
			return
		}
		if other.firm == nil {
			other.firm = f
			f.clients = append(f.clients, other)
			other.truth.Typology, other.truth.Ring, other.truth.Population, other.truth.Role = f.trade, f.id, scene.Misled, scene.RoleMisled
			other.truth.Onset, other.truth.Stake = time.Time{}, 0
		}
		m.lodge(other, claim{at: at, channel: leaf.Pick(m.r, []string{"own", "12378"}), text: m.compose(f, other, own), from: m.hand(own, other), by: leaf.Pick(m.r, []string{"friend", "relative", "agent"}), agent: own, demands: []string{"stop_interest", "refund_interest"}, stake: fen(400), of: f})
	}
	learn := step{m.r.Between(3, 10), func(c *clerk, at time.Time) {
		m.shown(s, at, f, c, leaf.Spin(m.r, leaf.Pick(m.r, whispers[f.trade]), m.firmFacts(f, c, s)))
	}}
	return chain([]step{learn}, m.contract(f, s, "other", "fixed"), []step{{7, practise}}, m.maybe(0.6, 6, practise), m.maybe(0.4, 6, practise))
}

// pressed is the press's next paper of that kind for s.
func (m *Model) pressed(f *firm, s *soul, c *clerk, at time.Time, kind string) proof {
	p := f.press
	p.made++
	if p.made%20 == 0 {
		p.layout++
	}
	x := proof{at: at, kind: kind, purpose: "hardship", issuer: p.names[p.made/7%len(p.names)], line: "", no: m.serialOf(p), issued: m.today.AddDate(0, 0, -m.r.Between(0, 9)), sender: m.hand(c, s), of: f}
	if m.r.Chance(0.5) {
		x.line = p.line
	}
	if m.r.Chance(0.35) {
		x.tool = p.tool
	}
	layouts := sheets[kind]
	x.text = leaf.Spin(m.r, layouts[p.layout%len(layouts)], append(m.facts(s), "issuer", x.issuer))
	return x
}

func (m *Model) serialOf(p *press) string {
	return m.today.Format("2006") + "-" + string(rune('A'+p.layout%4)) + "0" + m.r.Digits(1) + string(rune('0'+p.made%10))
}

// paperSteps is T8: who only buys a paper, and hands it in alone.
func (m *Model) paperSteps(f *firm, s *soul) []step {
	kind := leaf.Pick(m.r, []string{"death", "hospitalisation", "social_aid", "no_income", "income", "quarantine", "settlement"})
	s.truth.Tactic += kind
	hand := step{m.r.Between(3, 9), func(c *clerk, at time.Time) {
		x := m.pressed(f, s, c, at, kind)
		for _, d := range s.debts {
			x.stake += d.left
		}
		switch kind {
		case "death":
			x.purpose, x.by, x.event = "estate", leaf.Pick(m.r, []string{"spouse", "sibling", "relative"}), m.today.AddDate(0, 0, -m.r.Between(4, 50))
			s.defiant = true
		case "quarantine":
			x.from = time.Date(2022, time.Month(m.r.Between(1, 12)), m.r.Between(1, 28), 0, 0, 0, 0, scene.Zone())
			x.to, x.purpose = x.from.AddDate(0, 0, leaf.Pick(m.r, []int{14, 21, 28})), "credit_objection"
		case "income":
			x.purpose, x.stated, x.issuer = "application", fen(m.r.Float(12000, 30000)), f.shells[0].Name
			m.apply(s, &form{at: at.Add(-time.Hour), from: x.sender, work: f.shells[0], income: float64(x.stated) / 100, of: f})
		case "settlement":
			x.purpose, x.stated = "credit_objection", 0
		default:
			s.defiant = true
		}
		m.submit(s, x)
	}}
	again := m.maybe(0.35, 4, func(c *clerk, at time.Time) {
		m.lodge(s, claim{at: at, channel: "own", text: m.compose(f, s, c), demands: []string{leaf.Pick(m.r, []string{"waive_debt", "stop_collection", "delete_credit_record"})}, from: m.hand(c, s), of: f})
	})
	return chain([]step{hand}, again, m.confession(f, s, 0.25))
}

// recordSteps is T9: objections by turns, to the lender and above it.
func (m *Model) recordSteps(f *firm, s *soul) []step {
	fee := fen(float64(m.r.Between(10, 90)) * 100)
	look := m.maybe(0.5, 1, func(c *clerk, at time.Time) { m.signIn(s, at, m.hand(c, s)) })
	all := chain(m.contract(f, s, "credit_repair", "fixed"), look)
	for i := range m.r.Between(1, 4) {
		all = append(all, step{m.r.Between(4, 14), func(c *clerk, at time.Time) {
			x := claim{at: at, channel: leaf.Pick(m.r, []string{"own", "pboc", "own", "12378"}), category: "credit_objection", text: m.compose(f, s, c), from: m.hand(c, s), of: f, demands: []string{"delete_credit_record"},
				accuses: []string{leaf.Pick(m.r, []string{"wrong_credit_record", "not_own_loan"})}}
			if i == 0 {
				x.stake = fee
			}
			m.dress(f, s, c, &x)
			m.lodge(s, x)
		}})
	}
	paper := m.maybe(0.4, 2, func(c *clerk, at time.Time) {
		x := m.pressed(f, s, c, at, leaf.Pick(m.r, []string{"quarantine", "settlement", "hospitalisation"}))
		x.purpose = "credit_objection"
		m.submit(s, x)
	})
	return chain(all, paper, m.confession(f, s, 0.35))
}

// publish is a public post of the firm.
func (m *Model) publish(f *firm) {
	c := leaf.Pick(m.r, f.clerks)
	at := m.clock(8, 24)
	platform := leaf.Pick(m.r, []string{"kuaishou", "douyin", "xiaohongshu", "wechat", "bilibili", "zhihu", "marketplace"})
	kind := leaf.Pick(m.r, []string{"live", "video", "comment", "profile", "article"})
	if f.trade == qingyuan.T7 {
		platform, kind = leaf.Pick(m.r, []string{"job_board", "xiaohongshu", "douyin"}), leaf.Pick(m.r, []string{"job_ad", "course", "live"})
	}
	m.pen.Begin(qingyuan.PostObserved, at, "")
	w := m.pen.Str("platform", platform).Str("post_type", kind).Str("handle", leaf.Handle(m.r, platform)).Time("posted_at", at).Str("city", f.city.Name)
	w.Text("text", qingyuan.AuthorPublic, leaf.Spin(m.r, leaf.Pick(m.r, bait[f.trade]), m.firmFacts(f, c, m.souls[0])))
	if m.r.Chance(0.75) {
		w.Strs("contact_handles", c.handle)
	}
	if m.r.Chance(0.25) {
		w.Strs("contact_phones", c.phone)
	}
	if m.r.Chance(0.3) {
		w.Str("certified_body", f.name)
	}
	w.Int("followers", int64(m.r.LogNormal(600, 1.5)))
	m.note(f, nil, at, 0)
	m.ship(at, hours(m.r.Exp(30)))
}

// watch is public talk about debts that is nobody's trade.
func (m *Model) watch() {
	for range m.r.Poisson(0.7) {
		at := m.clock(7, 24)
		platform := leaf.Pick(m.r, []string{"weibo", "zhihu", "douyin", "xiaohongshu", "tieba", "kuaishou", "bilibili", "wechat", "marketplace", "job_board"})
		m.pen.Begin(qingyuan.PostObserved, at, "")
		m.pen.Str("platform", platform).Str("post_type", leaf.Pick(m.r, []string{"article", "comment", "video", "live", "profile", "job_ad", "course"})).Str("handle", leaf.Handle(m.r, platform)).Time("posted_at", at)
		m.pen.Text("text", qingyuan.AuthorPublic, leaf.Spin(m.r, leaf.Pick(m.r, publicTalk), nil))
		if m.r.Chance(0.2) {
			m.pen.Strs("contact_handles", leaf.Handle(m.r, "wechat"))
		}
		if m.r.Chance(0.1) { // a shop, an agency, a real law firm
			p := leaf.Pick(m.r, m.plants)
			m.pen.Strs("contact_phones", p.Phone).Str("certified_body", p.Name).Str("city", p.City.Name)
		}
		m.pen.Int("followers", int64(m.r.LogNormal(900, 1.7)))
		m.ship(at, hours(m.r.Exp(20)))
	}
}
