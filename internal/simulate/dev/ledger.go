package dev

import (
	"strconv"
	"time"

	"qingyuan"
	"qingyuan/internal/simulate/leaf"
	"qingyuan/internal/simulate/scene"
)

// money writes minor units as people do: whole yuan.
func money(minor int64) string { return strconv.FormatInt(minor/100, 10) }

// payment is one line of the ledger.
type payment struct {
	status, failure, method string
	amount                  int64
	overdue                 int
	payer                   *leaf.Person
	payerCard, payerKind    string
}

// fallsDue is a due date of the loan.
func (m *Model) fallsDue(p *person, l *loan) {
	due := l.nextDue
	l.nextDue = l.nextDue.AddDate(0, 1, 0)
	m.at(m.dueHour(l.nextDue), func() {
		if l.balance > 0 {
			m.fallsDue(p, l)
		}
	})
	switch {
	case p.stopped:
		m.post(p, l, payment{status: "missed", failure: m.stopReason(p), overdue: m.overdueDays(l, due)}, due)
		m.chase(p, l)
	case p.squeeze > 0:
		m.squeezed(p, l, due)
	case m.r.Chance(p.punctual):
		m.post(p, l, payment{status: "paid", amount: l.due, method: "auto_debit"}, due)
	case m.r.Chance(0.15):
		m.post(p, l, payment{status: "failed", failure: "technical"}, due)
		m.in(m.r.Float(0, 2), func() { m.post(p, l, payment{status: "paid", amount: l.due, method: "transfer", overdue: 1}, due) })
	default: // forgot, or was short for some days
		m.post(p, l, payment{status: "missed", failure: "insufficient_funds", overdue: 1}, due)
		late := m.r.Exp(5) + 0.5
		m.in(late, func() {
			m.post(p, l, payment{status: "paid", amount: l.due, method: "transfer", overdue: int(late) + 1}, due)
		})
		if late > 3 {
			m.in(2, func() { m.collectionCall(p, l, leaf.Spin(m.r, leaf.Pick(m.r, reminderCalls), m.slots(p)), nil) })
		}
	}
}

func (m *Model) stopReason(p *person) string {
	if p.ring != nil && m.r.Chance(m.either(0.4, 0.15)) || m.r.Chance(0.06) {
		return "mandate_cancelled"
	}
	return "insufficient_funds"
}

func (m *Model) overdueDays(l *loan, due time.Time) int {
	if l.missedSince.IsZero() {
		l.missedSince = due
	}
	return int(m.now.Sub(l.missedSince)/(24*time.Hour)) + 1
}

// squeezed pays what there is.
func (m *Model) squeezed(p *person, l *loan, due time.Time) {
	amount := int64(float64(l.due) * p.squeeze * m.r.Float(0.7, 1.2))
	if amount < 5000 {
		m.post(p, l, payment{status: "missed", failure: "insufficient_funds", overdue: m.overdueDays(l, due)}, due)
		m.chase(p, l)
		return
	}
	m.in(m.r.Float(0, 6), func() {
		if p.plan != "" {
			m.post(p, l, payment{status: "paid", amount: amount, method: "transfer"}, due)
			return
		}
		m.post(p, l, payment{status: "partial", amount: amount, method: "transfer", overdue: m.r.Between(1, 6)}, due)
	})
}

// post writes one line of the ledger. Now and then the clerk mistypes, and a correction follows.
func (m *Model) post(p *person, l *loan, pay payment, due time.Time) {
	if pay.status == "paid" || pay.status == "partial" {
		l.balance = max(0, l.balance-pay.amount*4/5)
		l.paid++
		if pay.status == "paid" && p.plan == "" {
			l.missedSince = time.Time{}
		}
	}
	happened := m.now
	line := func(amount int64) {
		w := m.who(p).Str("loan_no", l.no).Str("status", pay.status).Int("amount", amount).Date("due_on", due).Int("due_amount", l.due)
		w.Int("instalment", int64(min(l.paid+1, 599))).Int("overdue_days", int64(pay.overdue)).Int("balance", l.balance).Str("method", pay.method).Str("failure", pay.failure)
		if pay.payerCard != "" {
			w.Open("payer").Str("name", pay.payer.Name).Str("bank_card", pay.payerCard).Str("kind", pay.payerKind).Close()
		}
		w.Str("other_lenders", p.others).Str("plan", p.plan)
	}
	slip := pay.amount > 0 && m.r.Chance(0.004)
	id := m.pen.Begin(qingyuan.RepaymentPosted, happened, "")
	if slip {
		line(pay.amount / 10)
	} else {
		line(pay.amount)
	}
	if p.stopped && p.ring != nil && p.ring.typology == qingyuan.T2 {
		m.mark(p, 0)
	}
	m.send(m.lag())
	if slip {
		m.in(m.r.Float(0.5, 3), func() {
			m.pen.Begin(qingyuan.RepaymentPosted, happened, id)
			line(pay.amount)
			m.send(0)
		})
	}
}

// chase is what collection does about a missed instalment.
func (m *Model) chase(p *person, l *loan) {
	for range m.r.Between(1, 3) {
		m.in(m.r.Float(1, 18), func() {
			if p.dead {
				return
			}
			if p.ring != nil {
				m.collectionAgainstRing(p, l)
				return
			}
			m.collectionCall(p, l, leaf.Spin(m.r, leaf.Pick(m.r, m.w.hardshipCalls), m.slots(p)), nil)
		})
	}
}

// collectionCall is a call of collection to p; the other person is who really answers, nil for p.
func (m *Model) collectionCall(p *person, l *loan, transcript string, other *agent) {
	w := m.begin(qingyuan.CallRecorded, p)
	w.Str("direction", "outbound").Str("line", "collection").Str("callee", p.Phone).Str("operator_id", m.clerk("S"))
	if m.r.Chance(0.3) {
		w.Str("vendor", leaf.Pick(m.r, []string{"恒信资产服务", "安达商务服务", "诚通信息"}))
	}
	if other == nil && m.r.Chance(0.35) {
		w.Bool("answered", false).Int("duration_s", int64(m.r.Between(0, 28)))
		m.send(m.lag())
		return
	}
	w.Bool("answered", true).Int("duration_s", int64(m.r.LogNormal(110, 0.6))).Str("claimed_identity", "self")
	check := "pass"
	if other != nil && m.r.Chance(0.6) || m.r.Chance(0.05) {
		check = "fail"
	}
	w.Str("identity_check", check)
	if other != nil && m.r.Chance(0.5) || m.r.Chance(0.015) {
		w.Bool("forwarding_tone", true)
	}
	w.Text("transcript", qingyuan.AuthorSpeech, transcript)
	if p.ring != nil {
		m.mark(p, 0)
	}
	m.send(m.lag())
}

// request is how an application is filled in where it is not simply the customer's own.
type request struct {
	device, ip, workPhone string
	employer              *leaf.Employer
	contacts              []leaf.Person
	guarantor             *leaf.Person
	amount, income        float64
	queries, fill         int
	statement             string
	referrer              *agent
	remote                bool
	drawn                 func(*loan)
	shop                  *shop // who is paid, where goods are bought with the loan
	payee                 *leaf.Person
	payeeCard             string
}

// apply is an application for a loan. A nil request is a customer's own.
func (m *Model) apply(p *person, q *request) {
	if q == nil {
		q = m.ordinary(p)
	}
	amount := q.amount
	if amount == 0 {
		amount = float64(m.r.Between(3, 60)) * 1000
	}
	term := leaf.Pick(m.r, []int{6, 12, 12, 24, 36})
	no := "AP" + m.r.Digits(10)
	w := m.begin(qingyuan.ApplicationSubmitted, p)
	w.Str("application_no", no).Str("product", leaf.Pick(m.r, []string{"消费贷", "循环贷", "备用金"})).Str("channel", leaf.Pick(m.r, []string{"app", "app", "h5", "mini_program", "partner"}))
	w.Int("amount", yuan(amount)).Int("term_months", int64(term)).Str("purpose", leaf.Pick(m.r, []string{"consumption", "renovation", "education", "medical", "travel", "business", "refinance"}))
	income := q.income
	if income == 0 {
		income = p.income * m.r.Float(0.9, 1.25)
	}
	w.Int("monthly_income", yuan(income)).Str("email", p.email).Str("home_address", p.Home).Str("bank_card", p.debit)
	fill := q.fill
	if fill == 0 {
		fill = int(m.r.LogNormal(340, 0.55))
	}
	w.Int("fill_seconds", int64(fill)).Str("face_check", "pass")
	m.applicationPresence(p, q)
	w.Int("sim_tenure_days", int64(p.simDays)).Str("sim_tenure_source", "carrier")
	m.applicationPeople(p, q)
	w.Text("statement", qingyuan.AuthorCustomer, q.statement)
	if p.ring != nil && q.drawn != nil {
		m.mark(p, 0)
	}
	m.send(0)
	if q.drawn == nil && m.r.Chance(0.2) {
		m.soon(m.r.Float(1, 30), func() { m.incomePaper(p) })
	}
	if q.drawn == nil && m.r.Chance(0.3) {
		m.soon(m.r.Float(8, 55), func() { m.ordinaryVerification(p) })
	}
	if m.r.Chance(0.75) || q.drawn != nil {
		m.soon(m.r.LogNormal(60, 1.1), func() { m.draw(p, q, no, newLoan(m, amount, term)) })
	}
}

func (m *Model) applicationPresence(p *person, q *request) {
	if q.device == "" {
		m.presence(p)
		return
	}
	remote := 0.002
	if q.remote {
		remote = 1
	}
	m.presenceOf(p, q.device, q.ip, remote)
}

func (m *Model) applicationPeople(p *person, q *request) {
	w := m.pen
	e := q.employer
	if e == nil {
		e = p.employer
	}
	if e != nil {
		w.Open("employer").Str("name", e.Name).Str("phone", orElse(q.workPhone, e.Phone)).Str("position", p.position)
		if m.r.Chance(0.4) {
			w.Str("uscc", e.USCC).Str("address", e.Address)
		}
		w.Close()
	}
	contacts := q.contacts
	if contacts == nil {
		for _, c := range p.contacts {
			contacts = append(contacts, c.Person)
		}
		for len(contacts) < 2 {
			contacts = append(contacts, leaf.Person{Name: leaf.Name(m.r, m.r.Chance(0.5), 1980), Phone: leaf.Mobile(m.r)})
		}
	}
	w.List("contacts")
	for _, c := range contacts[:min(len(contacts), 3)] {
		w.Open("").Str("name", c.Name).Str("phone", c.Phone).Str("relation", leaf.Pick(m.r, []string{"spouse", "parent", "sibling", "friend", "colleague"})).Close()
	}
	w.EndList()
	if g := q.guarantor; g != nil {
		w.Open("guarantor").Str("name", g.Name).Str("id_no", g.IDNo).Str("phone", g.Phone).Str("capacity", leaf.Pick(m.r, []string{"guarantor", "witness"})).Close()
	}
	if a := q.referrer; a != nil {
		w.Open("referrer").Str("name", a.name).Str("phone", a.phone).Close()
	}
	queries := q.queries
	if queries == 0 {
		queries = m.r.Poisson(1.3)
	}
	w.Open("credit_report").Int("queries_1m", int64(queries)).Int("queries_3m", int64(queries+m.r.Poisson(2.2))).Int("lenders", int64(m.r.Poisson(2.6)))
	w.Int("balance", yuan(m.r.LogNormal(38000, 0.9))).Close()
}

// draw pays the loan out.
func (m *Model) draw(p *person, q *request, application string, l *loan) {
	w := m.begin(qingyuan.LoanDrawn, p)
	first := m.now.AddDate(0, 1, 0)
	w.Str("loan_no", l.no).Str("application_no", application).Int("amount", l.amount).Int("term_months", int64(l.term)).Float("annual_rate", l.rate).Date("first_due_on", first)
	w.Open("payee")
	switch {
	case q.shop != nil:
		w.Str("name", q.shop.name).Str("kind", "merchant").Close().Str("merchant_id", q.shop.id)
	case q.payee != nil:
		w.Str("name", q.payee.Name).Str("bank_card", q.payeeCard).Str("kind", "other_person").Close()
	default:
		w.Str("name", p.Name).Str("bank_card", p.debit).Str("bank", p.bank).Str("kind", "own").Close()
	}
	m.applicationPresence(p, q)
	if p.ring != nil && q.drawn != nil {
		m.mark(p, l.amount)
	}
	m.send(0)
	l.nextDue = first.In(scene.Zone())
	p.loans = append(p.loans, l)
	m.at(m.dueHour(first), func() { m.fallsDue(p, l) })
	if q.drawn != nil {
		q.drawn(l)
	}
}
