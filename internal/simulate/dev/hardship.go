package dev

import (
	"time"

	"qingyuan"
	"qingyuan/internal/simulate/leaf"
	"qingyuan/internal/simulate/scene"
)

// hardship gives p a blow at some time: income falls first, then the payments do.
func (m *Model) hardship(p *person) {
	p.truth.Population = scene.Hardship
	onset := m.cfg.Start.Add(days(m.r.Float(-20, 0.75*float64(m.cfg.Days))))
	if len(p.loans) == 0 {
		m.oldLoan(p)
	}
	m.at(onset, func() {
		m.in(0, func() { m.blow(p, leaf.Pick(m.r, []string{"job", "job", "illness", "family", "business"})) })
	})
}

// blow is the day the money gets short.
func (m *Model) blow(p *person, cause string) {
	p.truth.Onset = m.now
	p.others = "partly_overdue"
	for _, l := range p.loans {
		p.truth.Stake += l.balance
	}
	p.squeeze = m.r.Float(0.25, 0.75)
	quiet := m.r.Chance(0.28) // hides from it: no early word, no partial payment
	if quiet {
		p.squeeze = 0.01
	}
	if !quiet || m.r.Chance(0.3) {
		m.in(m.r.Float(2, 14), func() { m.confide(p, cause) })
	}
	m.in(m.r.Float(8, 30), func() { m.loginLooking(p, m.r.Between(2, 7)) })
	if m.r.Chance(0.55) {
		m.in(m.r.Float(10, 35), func() { m.provesHardship(p, cause) })
	}
	if m.r.Chance(0.5) {
		m.in(m.r.Float(20, 50), func() { m.planAgreed(p) })
	}
	m.looksBad(p)
}

// confide is the early call or letter, in the customer's own words.
func (m *Model) confide(p *person, cause string) {
	text := leaf.Spin(m.r, leaf.Pick(m.r, hardshipWords[cause]), m.slots(p)) + leaf.Spin(m.r, leaf.Pick(m.r, hardshipAsks), m.slots(p))
	if m.r.Chance(0.2) { // repeats what is being said online
		text += leaf.Spin(m.r, leaf.Pick(m.r, m.w.hearsay), m.slots(p))
	}
	switch m.r.Weighted(0.45, 0.35, 0.2) {
	case 0:
		w := m.begin(qingyuan.CallRecorded, p)
		w.Str("direction", "inbound").Str("line", leaf.Pick(m.r, []string{"service", "service", "collection"})).Str("caller", p.Phone).Str("operator_id", m.clerk("K")).Int("duration_s", int64(m.r.LogNormal(260, 0.5))).Bool("answered", true)
		w.Str("claimed_identity", "self").Str("identity_check", "pass").Strs("demands", "affordable_plan").Text("transcript", qingyuan.AuthorSpeech, text)
		m.send(m.lag())
	case 1:
		m.message(p, qingyuan.AuthorCustomer, text, "app_chat")
	default: // the form in the app asks everybody the same
		m.message(p, qingyuan.AuthorCustomer, leaf.Spin(m.r, hardshipForm, append(m.slots(p), "own", text)), "app_chat")
	}
}

// provesHardship hands in a paper once, on request, from an issuer that can be asked.
func (m *Model) provesHardship(p *person, cause string) {
	kind, issuer, text := "unemployment", "", ocrDismissal
	phone := leaf.Landline(m.r, p.City)
	switch cause {
	case "illness", "family":
		kind, issuer, text = "diagnosis", p.City.Name+leaf.Pick(m.r, []string{"第一人民医院", "中心医院", "中医院", "第三人民医院"}), ocrDiagnosis
	case "business":
		kind, issuer, text = "business_licence", p.City.Name+p.District.Name+"市场监督管理局", ocrClosure
	default:
		if p.employer == nil {
			kind, issuer, text = "bank_statement", p.bank, ocrStatement
			break
		}
		issuer, phone = p.employer.Name, p.employer.Phone
	}
	m.paper(p, sheet{kind: kind, purpose: "hardship", issuer: issuer, phone: phone, text: leaf.Spin(m.r, text, m.slots(p)), issued: m.now.AddDate(0, 0, -m.r.Between(1, 30)), no: leaf.Pick(m.r, []string{"", m.r.Digits(6), m.now.Format("2006") + "-" + m.r.Digits(4)}),
		submitter: leaf.Pick(m.r, []string{"", "", p.Phone}), event: leaf.Pick(m.r, []time.Time{{}, p.truth.Onset})})
}

// sheet is a document handed in.
type sheet struct {
	kind, purpose, channel string
	issuer, phone, no      string
	issued, event          time.Time
	from, to               time.Time
	text, software, by     string
	submitter, device, ip  string
	uscc                   string
	stake                  int64
}

func (m *Model) paper(p *person, s sheet) {
	w := m.begin(qingyuan.DocumentSubmitted, p)
	w.Str("document_type", s.kind).Str("channel", orElse(s.channel, leaf.Pick(m.r, []string{"app", "app", "email", "chat"}))).Str("purpose", s.purpose)
	w.List("files").Open("").Str("sha256", leaf.SHA256(m.r)).Str("media_type", "image/jpeg").Int("bytes", int64(m.r.Between(180000, 3600000))).Close().EndList()
	w.Str("document_no", s.no).Open("issuer").Str("name", s.issuer).Str("uscc", s.uscc).Str("phone", s.phone).Close()
	w.Date("issued_on", s.issued).Date("event_on", s.event).Date("period_from", s.from).Date("period_to", s.to)
	w.Open("named_person").Str("name", p.Name).Str("id_no", p.IDNo).Close()
	w.Str("submitted_by", orElse(s.by, "self")).Str("submitter_phone", s.submitter)
	if s.software != "" {
		w.Open("exif").Str("software", s.software).Close()
	} else if m.r.Chance(0.25) {
		w.Open("exif").Str("camera", leaf.Pick(m.r, []string{"HUAWEI Mate 60", "iPhone 15", "Redmi K70", "OPPO Reno11"})).Time("taken_at", m.now.Add(-time.Duration(m.r.Between(3, 4000))*time.Minute)).Close()
	} else if m.r.Chance(0.04) { // a picture shrunk before it was sent
		w.Open("exif").Str("software", leaf.Pick(m.r, []string{"美图秀秀", "Adobe Photoshop 25.0", "WPS Office"})).Close()
	}
	w.Text("text", qingyuan.AuthorOCR, s.text)
	m.presenceOf(p, orElse(s.device, p.device), orElse(s.ip, p.ip), 0.002)
	if p.ring != nil {
		m.mark(p, s.stake)
	}
	m.send(m.lag())
}

// planAgreed is a plan with the lender, most of which are kept.
func (m *Model) planAgreed(p *person) {
	if len(p.loans) == 0 {
		return
	}
	w := m.begin(qingyuan.AgreementSubmitted, p).Str("agreement_type", "repayment_plan").Str("origin", "own").Date("signed_on", m.now).Str("loan_no", p.loans[0].no)
	w.List("parties").Open("").Str("role", "lender").Str("organisation", "本机构").Close().Open("").Str("role", "principal").Str("name", p.Name).Str("id_no", p.IDNo).Str("phone", p.Phone).Close().EndList()
	w.Text("text", qingyuan.AuthorLender, leaf.Spin(m.r, planText, m.slots(p)))
	m.send(m.lag())
	p.plan, p.squeeze = "hardship_plan", m.r.Float(0.3, 0.6)
	if m.r.Chance(0.15) { // the plan turns out too dear
		m.in(m.r.Float(20, 60), func() { p.plan, p.squeeze = "", 0.2 })
	}
}

// looksBad gives some of those in hardship what agents' customers show too.
func (m *Model) looksBad(p *person) {
	if m.r.Chance(0.3) {
		m.in(m.r.Float(15, 60), func() { m.hardshipComplaint(p, "own", false) })
	}
	if m.r.Chance(m.either(0.12, 0.25)) { // tries every door
		for i, channel := range []string{"own", "12378", "heimao", "12345"}[:m.r.Between(2, 4)] {
			m.in(m.r.Float(20, 30)+float64(i)*m.r.Float(0.5, 5), func() { m.hardshipComplaint(p, channel, i > 0) })
		}
	}
	if m.r.Chance(0.1) { // gives up the dear contract for a cheaper number
		m.in(m.r.Float(10, 50), func() {
			m.begin(qingyuan.AccountChanged, p)
			m.newNumber(p, leaf.Mobile(m.r), m.r.Between(1, 12))
			m.pen.Str("initiated_by", "customer").Str("verified_by", leaf.Pick(m.r, []string{"face", "sms_new"}))
			m.presence(p)
			m.send(m.lag())
		})
	}
	if m.r.Chance(0.08) && len(p.contacts) > 0 { // sold the phone, uses a relative's
		m.in(m.r.Float(5, 40), func() { p.device, p.os = p.contacts[0].device, p.contacts[0].os })
	}
	if m.r.Chance(0.1) && p.credit != "" { // lived off the card before
		for range m.r.Between(1, 3) {
			m.in(m.r.Float(0, 6), func() { m.purchase(p, leaf.Pick(m.r, m.shops[p.City]), p.limit/4) })
		}
	}
}

func (m *Model) hardshipComplaint(p *person, channel string, again bool) {
	pattern := leaf.Pick(m.r, m.w.hardshipComplaints)
	if again {
		pattern = leaf.Pick(m.r, m.w.honestAgain)
	}
	text := leaf.Spin(m.r, pattern, m.slots(p))
	demands := []string{"affordable_plan"}
	if m.r.Chance(m.either(0, 0.4)) { // asks for relief, not for a plan
		demands[0] = leaf.Pick(m.r, []string{"extension", "explanation", "stop_collection", "refund_interest", "compensation"})
	}
	if m.r.Chance(m.either(0.3, 0.45)) {
		text += leaf.Spin(m.r, leaf.Pick(m.r, m.w.hearsay), m.slots(p))
		demands = append(demands, leaf.Pick(m.r, []string{"stop_interest", "principal_only", "long_instalments"}))
		if m.r.Chance(m.either(0, 0.4)) {
			demands = append(demands, "long_instalments")
		}
	}
	if m.r.Chance(0.3) {
		demands = append(demands, "stop_collection")
	}
	c := complaint{channel: channel, text: text, author: qingyuan.AuthorCustomer, demands: demands}
	if m.r.Chance(0.12) { // a relative writes
		c.by, c.phone = leaf.Pick(m.r, []string{"spouse", "child", "sibling", "friend"}), leaf.Mobile(m.r)
	} else if m.r.Chance(m.either(0, 0.12)) { // the own phone is cut off
		c.phone = leaf.Mobile(m.r)
	}
	m.complain(p, c)
}

// factoryClosure lets one employer shut: its workers stop paying together, with the same paper, and all of them are in
// genuine hardship.
func (m *Model) factoryClosure() {
	var factory *leaf.Employer
	for _, p := range m.people {
		if p.truth.Look == "dormitory" {
			factory = p.employer
			break
		}
	}
	if factory == nil {
		return
	}
	day := m.cfg.Start.Add(days(m.r.Float(0.3, 0.5) * float64(m.cfg.Days)))
	for _, p := range m.people {
		if p.employer != factory {
			continue
		}
		p.truth.Population, p.truth.Look = scene.Hardship, "factory_closure"
		if len(p.loans) == 0 {
			m.oldLoan(p)
		}
		m.at(day.Add(days(m.r.Float(0, 4))), func() {
			p.truth.Onset, p.stopped, p.others = m.now, true, "overdue"
			m.in(m.r.Float(1, 12), func() { m.confide(p, "job") })
			m.in(m.r.Float(3, 20), func() { m.provesHardship(p, "job") })
			if m.r.Chance(0.6) {
				m.in(m.r.Float(25, 45), func() { p.stopped = false; m.planAgreed(p) })
			}
			if m.r.Chance(0.4) {
				m.in(m.r.Float(10, 40), func() { m.hardshipComplaint(p, "own", false) })
			}
		})
	}
}

// lawyer is a lawful one: a real firm, a signed power of attorney, several clients in hardship.
func (m *Model) lawyer() {
	city := leaf.Pick(m.r, m.cities)
	d := leaf.Pick(m.r, city.Districts)
	a := &agent{Person: leaf.NewPerson(m.r, city, m.cfg.Start, m.r.Between(30, 50)), org: city.Province + leaf.Company(m.r) + "律师事务所", uscc: leaf.USCC(m.r, "31", d.Code), relation: "lawyer"}
	a.name, a.phone = a.Name, leaf.Landline(m.r, city)
	clients := 0
	for _, p := range m.people {
		if p.truth.Population != scene.Hardship || p.truth.Look != "" || clients >= 5 || m.r.Chance(0.6) {
			continue
		}
		clients++
		p.truth.Look = "lawyer"
		m.at(m.cfg.Start.Add(days(m.r.Float(0.3, 0.85)*float64(m.cfg.Days))), func() {
			m.at(m.office(0), func() {
				m.paper(p, sheet{kind: "power_of_attorney", purpose: "complaint", issuer: a.org, uscc: a.uscc, phone: a.phone, issued: m.now.AddDate(0, 0, -3), by: "lawyer", text: leaf.Spin(m.r, ocrAttorney, append(m.slots(p), "lawyer", a.name, "firm", a.org))})
				m.complain(p, complaint{channel: "own", by: "lawyer", author: qingyuan.AuthorAgent, phone: a.phone, agent: a, lawful: true, demands: []string{"affordable_plan", "explanation"},
					text: leaf.Spin(m.r, lawyerLetter, append(m.slots(p), "lawyer", a.name, "firm", a.org))})
			})
		})
	}
	m.innocentPosts()
}
