package judge

import (
	"time"

	"qingyuan"
	"qingyuan/internal/simulate/leaf"
)

// form is how an application is filled in; what is empty is the customer's own.
type form struct {
	at        time.Time
	from      via
	work      *plant
	workLine  string
	home      string
	people    []leaf.Person // contacts
	surety    *leaf.Person
	amount    float64
	income    float64
	seconds   float64
	asked     int // queries of the credit record in the last month
	referrer  *clerk
	statement string
	remote    bool
	shop      *store // where the money is paid to
	to        *clerk // or to whom
	of        *firm
	paid      func(*debt)
}

// apply asks for a loan; what is granted is paid out on the same day or on one of the next.
func (m *Model) apply(s *soul, f *form) {
	if f.amount == 0 {
		f.amount = float64(m.r.Between(2, 40)) * 1000
	}
	if f.income == 0 {
		f.income = s.income * m.r.Float(0.9, 1.3)
	}
	if f.seconds == 0 {
		f.seconds = 290
	}
	term, no := leaf.Pick(m.r, []int{6, 12, 12, 18, 24}), m.number("SQ")
	w := m.write(qingyuan.ApplicationSubmitted, f.at, s).Str("application_no", no).Str("product", leaf.Pick(m.r, []string{"信用贷", "场景分期", "精英贷"}))
	channel := leaf.Pick(m.r, []string{"app", "app", "mini_program", "h5"})
	if f.referrer != nil {
		channel = leaf.Pick(m.r, []string{"partner", "broker", "h5", "app"})
	}
	w.Str("channel", channel).Int("amount", fen(f.amount)).Int("term_months", int64(term)).Str("purpose", leaf.Pick(m.r, []string{"consumption", "renovation", "medical", "education", "business", "other"}))
	w.Int("monthly_income", fen(f.income)).Str("email", s.mail).Str("home_address", either(f.home, s.Home)).Str("bank_card", s.account).Int("fill_seconds", int64(m.r.LogNormal(f.seconds, 0.5)))
	w.Str("face_check", "pass")
	if f.from.handset == "" {
		f.from = via{s.handset, s.network, ""}
	}
	m.trace(f.from, s.os)
	if f.remote {
		w.Open("device_flags").Bool("remote_control", true).Close()
	}
	m.people(s, f)
	w.Text("statement", qingyuan.AuthorCustomer, f.statement)
	if f.of != nil {
		m.note(f.of, s, f.at, 0)
	}
	m.ship(f.at, 0)
	if f.of == nil && m.r.Chance(0.22) {
		m.incomePaper(s, f.at)
	}
	if f.of == nil && m.r.Chance(0.35) {
		return // declined by the lender's own book
	}
	m.payOut(s, f, no, m.lend(f.amount, term))
}

// applyAlone is an application without an agent. Some have a spouse who signs as well, a colleague who recommended the
// lender, a shop that is paid, a word of explanation, or have asked many lenders.
func (m *Model) applyAlone(s *soul) {
	f := &form{at: m.leisure()}
	if m.r.Chance(0.05) {
		p := leaf.NewPerson(m.r, s.City, m.today, m.r.Between(24, 58))
		f.surety = &p
	}
	if s.work != nil && len(s.work.hands) > 0 && m.r.Chance(0.08) {
		mate := leaf.Pick(m.r, s.work.hands)
		f.referrer = &clerk{Person: mate.Person, phone: mate.Phone}
		if m.r.Chance(0.4) { // the shop where it is to be spent
			f.referrer.house = leaf.Pick(m.r, m.plants).Name
		}
	}
	switch m.r.Weighted(0.87, 0.10, 0.03) {
	case 1:
		f.shop = leaf.Pick(m.r, m.markets[s.City])
	case 2:
		f.to = m.newClerk(s.City)
	}
	if m.r.Chance(0.1) {
		f.statement = leaf.Spin(m.r, leaf.Pick(m.r, explanations), m.facts(s))
	}
	if m.r.Chance(0.05) {
		f.asked = m.r.Between(3, 9)
	}
	m.apply(s, f)
	if m.r.Chance(0.35) {
		m.phone(s, talk{at: f.at.Add(time.Duration(m.r.Between(4, 60)) * time.Minute), out: true, line: "verification", say: leaf.Spin(m.r, leaf.Pick(m.r, unrehearsed), m.facts(s)), check: "pass", seconds: 85})
	}
}

// people writes who stands around the applicant.
func (m *Model) people(s *soul, f *form) {
	w := m.pen
	work := f.work
	if work == nil {
		work = s.work
	}
	if work != nil {
		w.Open("employer").Str("name", work.Name).Str("phone", either(f.workLine, work.Phone)).Str("position", s.job)
		if m.r.Chance(0.3) {
			w.Str("address", work.Address)
		}
		w.Close()
	}
	list := f.people
	for _, k := range s.kin {
		if list == nil {
			list = append(list, k.Person)
		}
	}
	if len(list) == 0 || m.r.Chance(0.5) && f.people == nil {
		list = append(list, leaf.Person{Name: leaf.Name(m.r, m.r.Chance(0.5), 1978), Phone: leaf.Mobile(m.r)})
	}
	w.List("contacts")
	for _, p := range list {
		w.Open("").Str("name", p.Name).Str("phone", p.Phone).Str("relation", leaf.Pick(m.r, []string{"parent", "spouse", "relative", "friend", "colleague"})).Close()
	}
	w.EndList()
	if p := f.surety; p != nil {
		w.Open("guarantor").Str("name", p.Name).Str("id_no", p.IDNo).Str("phone", p.Phone).Str("capacity", leaf.Pick(m.r, []string{"co_borrower", "guarantor", "other"})).Close()
	}
	if a := f.referrer; a != nil {
		w.Open("referrer").Str("name", a.Name).Str("phone", a.phone).Str("organisation", a.house).Close()
	}
	w.Open("credit_report").Int("queries_1m", int64(f.asked+m.r.Poisson(1))).Int("queries_3m", int64(f.asked+m.r.Poisson(3)+1)).Int("lenders", int64(m.r.Poisson(2.4))).Int("overdue_accounts", int64(m.r.Poisson(0.1))).Close()
}

func (m *Model) payOut(s *soul, f *form, application string, d *debt) {
	at := f.at.Add(time.Duration(m.r.LogNormal(45, 1)) * time.Minute)
	d.fresh, d.dueDay = m.day, min(at.In(f.at.Location()).Day(), 28)
	w := m.write(qingyuan.LoanDrawn, at, s).Str("loan_no", d.no).Str("application_no", application).Int("amount", d.principal).Int("term_months", int64(d.term)).Float("annual_rate", d.rate).Date("first_due_on", at.AddDate(0, 1, 0))
	w.Open("payee")
	switch {
	case f.shop != nil:
		w.Str("name", f.shop.title).Str("kind", "merchant").Close().Str("merchant_id", f.shop.id)
	case f.to != nil:
		w.Str("name", f.to.Name).Str("bank_card", f.to.account).Str("kind", "other_person").Close()
	default:
		w.Str("name", s.Name).Str("bank_card", s.account).Str("bank", s.bank).Str("kind", "own").Close()
		s.cash += float64(d.principal) / 100 * 0.6
	}
	m.trace(f.from, s.os)
	if f.of != nil {
		m.note(f.of, s, at, d.principal)
	}
	m.ship(at, 0)
	s.debts = append(s.debts, d)
	if f.paid != nil {
		f.paid(d)
	}
}

func (m *Model) incomePaper(s *soul, at time.Time) {
	issuer, line := s.bank, "95533"
	kind, text := "bank_statement", paperFlow
	if s.work != nil {
		issuer, line = s.work.Name, s.work.Phone
		kind, text = leaf.Pick(m.r, []string{"income", "payslip"}), paperIncome
	}
	m.submit(s, proof{at: at.Add(time.Duration(m.r.Between(3, 50)) * time.Minute), kind: kind, purpose: "application", channel: "app", issuer: issuer, line: line, issued: at.AddDate(0, 0, -m.r.Between(1, 20)), stated: fen(s.income), text: leaf.Spin(m.r, text, m.facts(s))})
}

// ownStory is the first word about the trouble: a call, a message, or the lender's form.
func (m *Model) ownStory(s *soul) {
	facts := m.facts(s)
	why := leaf.Spin(m.r, leaf.Pick(m.r, reasons[s.cause]), facts)
	text := leaf.Spin(m.r, leaf.Pick(m.r, openings), facts) + why + leaf.Spin(m.r, leaf.Pick(m.r, requests), facts)
	demands := []string{leaf.Pick(m.r, []string{"affordable_plan", "extension", "explanation"})}
	if s.slang {
		text += leaf.Spin(m.r, leaf.Pick(m.r, overheard), facts)
		demands = append(demands, leaf.Pick(m.r, []string{"stop_interest", "principal_only", "long_instalments"}))
	}
	switch at := m.clock(8.5, 20); m.r.IntN(4) {
	case 0, 1:
		m.phone(s, talk{at: at, line: "service", say: text, check: "pass", demands: demands, seconds: 230})
	case 2:
		m.chat(s, at, text)
	default:
		m.chat(s, at, leaf.Spin(m.r, lenderForm, append(facts, "why", why)))
	}
}

// proof hands in a paper that can be checked.
func (m *Model) proof(s *soul) {
	p := proof{at: m.leisure(), purpose: "hardship", no: leaf.Pick(m.r, []string{"", m.r.Digits(8), m.today.Format("2006") + "-" + m.r.Digits(3)}), sender: via{"", "", leaf.Pick(m.r, []string{"", s.Phone})}, issued: m.today.AddDate(0, 0, -m.r.Between(0, 25))}
	hospital := s.City.Name + leaf.Pick(m.r, []string{"人民医院", "第四医院", "妇幼保健院", s.District.Name + "医院"})
	text := ""
	switch s.cause {
	case "ill", "kin":
		p.kind, p.issuer, p.line, text = leaf.Pick(m.r, []string{"diagnosis", "hospitalisation"}), hospital, leaf.Landline(m.r, s.City), paperHospital
		p.event = s.since
	case "trade":
		p.kind, p.issuer, text = "other", s.City.Name+s.District.Name+"行政审批局", paperShut
	case "flood":
		p.kind, p.issuer, text = "other", s.City.Name+s.District.Name+"应急管理局", paperFlood
	default:
		p.kind, p.issuer, text = "bank_statement", s.bank, paperFlow
		if s.work != nil && m.r.Chance(0.75) {
			p.kind, p.issuer, p.line, p.uscc, text = "unemployment", s.work.Name, s.work.Phone, s.work.USCC, paperLeave
		}
	}
	p.text = leaf.Spin(m.r, text, append(m.facts(s), "issuer", p.issuer))
	m.submit(s, p)
}

// settlePlan is a plan agreed with the lender.
func (m *Model) settlePlan(s *soul) {
	s.plan = true
	for _, d := range s.debts {
		d.since = -1
	}
	m.present(s, pact{at: m.clock(9, 18), signed: m.today, kind: "repayment_plan", origin: "own", author: qingyuan.AuthorLender, text: leaf.Spin(m.r, planWording, m.facts(s))})
}

// plea is a complaint of somebody in hardship.
func (m *Model) plea(s *soul) {
	facts := m.facts(s)
	text := leaf.Spin(m.r, leaf.Pick(m.r, reasons[s.cause]), facts) + leaf.Spin(m.r, leaf.Pick(m.r, pleas), facts)
	if m.r.Chance(0.12) { // the sample letter of a consumer council, filled in
		text = leaf.Spin(m.r, councilSample, append(facts, "why", text))
	}
	c := claim{at: m.leisure(), channel: leaf.Pick(m.r, []string{"own", "own", "12378", "heimao", "12345", "consumer_association"}), text: text, demands: []string{leaf.Pick(m.r, []string{"affordable_plan", "extension"})}, mail: s.mail}
	if s.slang {
		c.text += leaf.Spin(m.r, leaf.Pick(m.r, overheard), facts)
		c.demands = append(c.demands, leaf.Pick(m.r, []string{"stop_interest", "long_instalments", "principal_only", "principal_only", "stop_collection"}))
	}
	if m.r.Chance(0.3) {
		c.accuses = []string{leaf.Pick(m.r, []string{"harassing_third_party", "refused_negotiation"})}
	}
	if m.r.Chance(0.1) && len(s.kin) > 0 {
		c.by, c.from.phone = leaf.Pick(m.r, []string{"spouse", "child", "parent", "relative"}), s.kin[0].Phone
	} else if m.r.Chance(0.06) {
		c.by = leaf.Pick(m.r, []string{"friend", "relative"})
	}
	m.lodge(s, c)
}

// grumble is a complaint out of an ordinary life.
func (m *Model) grumble(s *soul) {
	c := claim{at: m.leisure(), channel: leaf.Pick(m.r, []string{"own", "own", "own", "own", "12378", "heimao", "cyberspace", "petition", "regulator", "pboc", "court"}), text: leaf.Spin(m.r, leaf.Pick(m.r, grumbles), m.facts(s)), mail: s.mail,
		demands: []string{leaf.Pick(m.r, []string{"explanation", "explanation", "refund_interest", "compensation", "stop_collection", "written_only", "stop_interest"})}}
	if m.r.Chance(0.1) {
		c.handle = leaf.Handle(m.r, "wechat")
	}
	if m.r.Chance(0.15) {
		c.accuses = []string{leaf.Pick(m.r, []string{"wrong_credit_record", "not_own_loan"})}
		c.category, c.text, c.demands = "credit_objection", leaf.Spin(m.r, leaf.Pick(m.r, objections), m.facts(s)), []string{"delete_credit_record"}
	} else if m.r.Chance(0.15) {
		c.text, c.demands, c.amount = leaf.Spin(m.r, leaf.Pick(m.r, premiums), m.facts(s)), []string{"refund_premium"}, fen(float64(m.r.Between(100, 3000)))
	}
	if c.accuses == nil && m.r.Chance(0.4) {
		c.accuses = []string{leaf.Pick(m.r, []string{"hidden_fees", "privacy", "violent_collection", "misleading_sale", "harassing_third_party"})}
	}
	if c.amount == 0 && m.r.Chance(0.2) {
		c.amount = fen(float64(m.r.Between(1, 40)) * 100)
	}
	m.lodge(s, c)
}

// lawfulCounsel is a lawyer of legal aid who may act, and proves it.
func (m *Model) lawfulCounsel(s *soul) {
	if m.counsel == nil {
		m.counsel = m.newClerk(s.City)
		m.counsel.house, m.counsel.uscc = s.City.Province+leaf.Company(m.r)+"律师事务所", leaf.USCC(m.r, "31", s.District.Code)
		m.counsel.phone = leaf.Landline(m.r, s.City)
	}
	s.counsel = true
	s.truth.Look = "lawyer"
	a, at := m.counsel, m.clock(9, 17)
	facts := append(m.facts(s), "lawyer", a.Name, "house", a.house)
	m.submit(s, proof{at: at, kind: "power_of_attorney", purpose: "complaint", channel: "post", issuer: a.house, uscc: a.uscc, line: a.phone, issued: m.today.AddDate(0, 0, -m.r.Between(1, 9)), by: "lawyer", text: leaf.Spin(m.r, paperMandate, facts)})
	m.lodge(s, claim{at: at.Add(hours(m.r.Float(0.2, 3))), channel: "own", text: leaf.Spin(m.r, counselLetter, facts), author: qingyuan.AuthorAgent, by: "lawyer", agent: a, lawful: true, from: via{"", "", a.phone}, demands: []string{"affordable_plan", "explanation"}})
}

// passAway is a real death: the account falls silent, and weeks later the family brings the certificate.
func (m *Model) passAway(s *soul) {
	s.gone, s.truth.Look = true, "deceased"
	at := m.today.AddDate(0, 0, m.r.Between(7, 35)).Add(hours(m.r.Float(9, 17)))
	phone, _ := leaf.Device(m.r)
	m.submit(s, proof{at: at, kind: "death", purpose: "estate", channel: leaf.Pick(m.r, []string{"counter", "app", "post"}), issuer: s.City.Name + leaf.Pick(m.r, []string{"急救中心", "人民医院", "中医院"}), line: leaf.Landline(m.r, s.City), no: m.r.Digits(10),
		issued: m.today.AddDate(0, 0, 1), event: m.today, by: leaf.Pick(m.r, []string{"spouse", "child", "heir", "parent"}), sender: via{phone, leaf.IP(m.r), leaf.Mobile(m.r)}, text: leaf.Spin(m.r, paperDeath, m.facts(s))})
}
