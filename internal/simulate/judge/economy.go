package judge

import (
	"time"

	"qingyuan"
	"qingyuan/internal/simulate/leaf"
	"qingyuan/internal/simulate/scene"
)

// misfortunes strikes those whom today's bad luck finds: one by one, and now and then many at once.
func (m *Model) misfortunes() {
	hazard := 0.75 * m.cfg.Hardship / float64(m.cfg.Days)
	for _, s := range m.souls {
		if !s.sick && m.r.Chance(hazard) {
			m.strike(s, leaf.Pick(m.r, []string{"dismissed", "dismissed", "hours", "ill", "kin", "trade"}))
		}
	}
	for _, c := range m.closures {
		lag := m.day - c.day
		if lag < 0 || lag > 5 {
			continue
		}
		for _, s := range m.souls {
			hit := c.plant != nil && s.work == c.plant || c.area != "" && s.District.Code == c.area && m.r.Chance(0.25)
			if hit && !s.sick && m.r.Chance(0.35) {
				look := "flood"
				if c.plant != nil {
					look = "factory_closure"
				}
				m.strike(s, look)
				if s.truth.Population == scene.Hardship {
					s.truth.Look = look
				}
			}
		}
	}
}

// strike takes most of the income of s.
func (m *Model) strike(s *soul, cause string) {
	s.sick, s.since, s.cause, s.stress = true, m.today, cause, m.r.Float(0.5, 1)
	s.income *= m.r.Float(0.05, 0.5)
	s.cash *= m.r.Float(0.1, 0.6)
	s.slang = m.r.Chance(0.4)
	if len(s.debts) == 0 && s.joins < 0 {
		m.oldDebt(s)
	}
	if s.truth.Population != scene.Honest {
		return
	}
	s.truth.Population, s.truth.Onset, s.truth.Tactic = scene.Hardship, m.today, cause
	for _, d := range s.debts {
		s.truth.Stake += d.left
	}
}

// live is one day of s.
func (m *Model) live(s *soul) {
	if s.joins > m.day || s.gone {
		return
	}
	if s.firm == nil && !s.sick && m.r.Chance(1.8e-5) {
		m.passAway(s)
		return
	}
	if s.joins == m.day {
		m.applyAlone(s)
	}
	m.purse(s)
	if m.r.Chance(s.chatty * (1 + s.stress)) {
		m.signIn(s, m.leisure(), via{s.handset, s.network, s.Phone})
	}
	if s.card != "" {
		m.shopping(s)
	}
	for _, d := range s.debts {
		m.owe(s, d)
	}
	m.speak(s)
	if s.sick && m.today.Sub(s.since) > 45*24*time.Hour && m.r.Chance(0.008) { // back on their feet
		s.sick, s.income, s.stress = false, m.r.LogNormal(5200, 0.3), 0.2
	}
}

// purse is what comes in and what living costs.
func (m *Model) purse(s *soul) {
	if m.day == 0 {
		load := 0.0
		for _, d := range s.debts {
			load += float64(d.instalment) / 100
		}
		if load > 0.35*s.income {
			s.income = load / 0.35
		}
		s.thrift = min(s.thrift, 0.93-load/s.income)
	}
	if m.today.Day() == s.payday {
		s.cash += s.income * m.r.Float(0.9, 1.1)
		pay := min(int64(s.cash*40), s.owed)
		s.owed, s.cash = s.owed-pay, s.cash-float64(pay)/100
	}
	s.cash = max(0, s.cash-s.income*s.thrift/30*m.r.Float(0.5, 1.5))
}

// shopping follows mood, weekday and what the card still allows.
func (m *Model) shopping(s *soul) {
	p := 0.30
	if d := m.today.Weekday(); d == time.Saturday || d == time.Sunday {
		p = 0.5
	}
	if s.sick {
		p *= 0.45
	}
	for m.r.Chance(p) {
		place := s.City
		if m.r.Chance(0.04) {
			place = leaf.Pick(m.r, m.cities)
		}
		x := leaf.Pick(m.r, m.markets[place])
		amount := fen(m.r.LogNormal(x.ticket, 0.5)) + int64(m.r.IntN(100))
		if m.r.Chance(0.006) {
			amount = (s.limit - s.owed) * int64(m.r.Between(50, 98)) / 100
		}
		use := swipe{at: m.leisure(), where: x, amount: max(amount, 150), mode: leaf.Pick(m.r, []string{"qr", "qr", "online", "contactless", "chip", "magnetic_stripe"})}
		if m.r.Chance(0.012) {
			use.where, use.mode, use.kind, use.amount = nil, "online", leaf.Pick(m.r, []string{"cash_advance", "transfer_out"}), fen(float64(m.r.Between(3, 60))*100)
		}
		m.swipe(s, use)
		p *= 0.3
	}
}

// owe is what happens to a debt today: it falls due, or it is overdue.
func (m *Model) owe(s *soul, d *debt) {
	if d.left <= 0 || d.fresh >= 0 && m.day-d.fresh < 20 {
		return
	}
	switch {
	case m.today.Day() == d.dueDay && d.since < 0:
		m.fallsDue(s, d)
	case d.since >= 0:
		m.arrears(s, d)
	}
}

func (m *Model) fallsDue(s *soul, d *debt) {
	at := m.clock(6, 7.5)
	need := float64(d.instalment) / 100
	if s.plan {
		need *= 0.4
	}
	switch {
	case s.defiant:
		d.since = m.day
		m.entry(s, d, entry{at: at, status: "missed", failure: m.refusal(s)})
	case s.cash >= need && m.r.Chance(0.965):
		s.cash -= need
		m.entry(s, d, entry{at: at, status: "paid", amount: fen(need), method: "auto_debit"})
	case s.cash >= need || !s.sick && m.r.Chance(0.5): // card changed, or forgotten
		d.since = m.day
		m.entry(s, d, entry{at: at, status: leaf.Pick(m.r, []string{"missed", "failed"}), failure: leaf.Pick(m.r, []string{"card_closed", "limit", "technical", "insufficient_funds"})})
	case s.cash > need*0.25 && m.r.Chance(0.65):
		paid := s.cash * m.r.Float(0.4, 0.9)
		s.cash -= paid
		d.since = m.day
		m.entry(s, d, entry{at: at.Add(hours(m.r.Float(2, 14))), status: "partial", amount: fen(min(paid, need)), method: "transfer"})
	default:
		d.since = m.day
		m.entry(s, d, entry{at: at, status: "missed", failure: "insufficient_funds"})
	}
}

func (m *Model) refusal(s *soul) string {
	if m.r.Chance(0.35) {
		return "mandate_cancelled"
	}
	return leaf.Pick(m.r, []string{"insufficient_funds", "insufficient_funds", "card_closed", "limit"})
}

// arrears is a day of being overdue: it is paid as soon as it can be, and collection calls by a calendar.
func (m *Model) arrears(s *soul, d *debt) {
	late := m.day - d.since
	if !s.defiant && s.cash > float64(d.instalment)/100 && m.r.Chance(0.4) {
		s.cash -= float64(d.instalment) / 100
		d.since = -1
		m.entry(s, d, entry{at: m.leisure(), status: "paid", amount: d.instalment, late: late, method: "transfer"})
		return
	}
	if late > 0 && late%30 == 0 {
		amount, status := int64(0), "missed"
		if !s.defiant && s.cash > 150 {
			amount, status = fen(s.cash*m.r.Float(0.3, 0.8)), "partial"
			s.cash -= float64(amount) / 100
		}
		m.entry(s, d, entry{at: m.clock(6, 8), status: status, amount: amount, late: late, failure: "insufficient_funds"})
	}
	switch late {
	case 1:
		m.letter(s, m.clock(9, 11), leaf.Spin(m.r, leaf.Pick(m.r, reminders), m.facts(s)))
	case 3, 6, 10, 15, 22, 28, 40, 52:
		if m.r.Chance(0.7) {
			m.collect(s)
		}
	}
}

// entry is one line of the ledger.
type entry struct {
	at              time.Time
	status, failure string
	method          string
	amount          int64
	late            int
	payer           *clerk
}

func (m *Model) entry(s *soul, d *debt, e entry) {
	if e.amount > 0 {
		d.left = max(0, d.left-e.amount*85/100)
		d.no2++
	}
	switch {
	case s.defiant && s.firm != nil:
		if s.elsewhere == "current" && m.r.Chance(0.2) {
			s.elsewhere = "partly_overdue"
		}
	case s.sick && d.since >= 0:
		s.elsewhere = leaf.Pick(m.r, []string{"partly_overdue", "overdue"})
	}
	due := time.Date(m.today.Year(), m.today.Month(), d.dueDay, 0, 0, 0, 0, scene.Zone())
	write := func(status, failure string, amount int64) {
		w := m.who(s).Str("loan_no", d.no).Str("status", status).Int("amount", amount).Date("due_on", due).Int("due_amount", d.instalment).Int("instalment", int64(min(d.no2+1, 500)))
		w.Int("overdue_days", int64(e.late)).Int("balance", d.left).Str("failure", failure).Str("method", e.method).Str("other_lenders", s.elsewhere)
		if e.payer != nil {
			w.Open("payer").Str("name", e.payer.Name).Str("bank_card", e.payer.account).Str("kind", "other_person").Close()
		}
		if s.plan {
			w.Str("plan", "hardship_plan")
		}
	}
	id := m.pen.Begin(qingyuan.RepaymentPosted, e.at, "")
	write(e.status, e.failure, e.amount)
	if s.defiant && s.firm != nil && s.firm.trade == qingyuan.T2 {
		m.note(s.firm, s, e.at, 0)
	}
	m.ship(e.at, m.batch())
	if e.status == "paid" && m.r.Chance(0.005) { // the debit bounced after all
		m.pen.Begin(qingyuan.RepaymentPosted, e.at, id)
		write("reversed", "other", 0)
		m.ship(e.at, hours(m.r.Float(80, 120)))
	}
}

// collect is a call of collection.
func (m *Model) collect(s *soul) {
	at := m.clock(9, 20)
	if s.firm != nil && s.defiant {
		m.collectFromClient(s, at)
		return
	}
	say := leaf.Spin(m.r, leaf.Pick(m.r, answersForgot), m.facts(s))
	if s.sick {
		say = leaf.Spin(m.r, leaf.Pick(m.r, answersShort), append(m.facts(s), "why", leaf.Spin(m.r, leaf.Pick(m.r, reasons[s.cause]), m.facts(s))))
		if s.slang {
			say += leaf.Spin(m.r, leaf.Pick(m.r, overheard), nil)
		}
	}
	m.phone(s, talk{at: at, out: true, line: "collection", say: say, check: "pass", miss: m.r.Chance(0.3 + 0.3*s.stress)})
	s.stress = min(1, s.stress+0.05)
}

// speak is what s says to the lender today, if anything.
func (m *Model) speak(s *soul) {
	if s.sick {
		m.speakOfHardship(s)
	}
	switch x := m.r.Float64(); {
	case x < 0.012:
		m.chat(s, m.leisure(), leaf.Spin(m.r, leaf.Pick(m.r, chats), m.facts(s)))
	case x < 0.0128: // what friends and shops send is shown, too
		at := m.leisure()
		m.write(qingyuan.MessageReceived, at, s).Str("channel", leaf.Pick(m.r, []string{"wechat", "sms", "qq"})).Str("origin", "handed_in_by_customer").Str("sender_handle", leaf.Handle(m.r, "wechat"))
		if m.r.Chance(0.4) {
			m.pen.Str("sender_phone", leaf.Mobile(m.r))
		}
		m.pen.Text("text", qingyuan.AuthorPublic, leaf.Spin(m.r, leaf.Pick(m.r, forwarded), m.facts(s)))
		m.ship(at, m.batch())
	case x < 0.020:
		m.phone(s, talk{at: m.clock(9, 18), line: leaf.Pick(m.r, []string{"service", "service", "service", "complaint", "collection"}), say: leaf.Spin(m.r, leaf.Pick(m.r, hotline), m.facts(s)), check: "pass", note: leaf.Spin(m.r, leaf.Pick(m.r, deskNotes), nil)})
	case x < 0.0225:
		m.upkeep(s)
	case x < 0.0255:
		m.letter(s, m.clock(9, 17), leaf.Spin(m.r, leaf.Pick(m.r, notices), m.facts(s)))
	case x < 0.0262 && s.firm == nil:
		m.grumble(s)
	case x < 0.0295 && s.joins != m.day && s.cash < s.income*0.8:
		m.applyAlone(s)
	}
}

// speakOfHardship is the early word, the paper, the plan, and for some the complaint.
func (m *Model) speakOfHardship(s *soul) {
	days := m.today.Sub(s.since).Hours() / 24
	open := s.trust * (1 - 0.3*s.stress)
	switch {
	case !s.told && days > 2 && m.r.Chance(0.10*open):
		s.told = true
		m.ownStory(s)
	case s.told && !s.plan && !s.defiant && m.r.Chance(0.018):
		m.proof(s)
	case s.told && !s.plan && !s.defiant && m.r.Chance(0.014):
		m.settlePlan(s)
	case s.plan && m.r.Chance(0.002):
		s.plan = false
	}
	if !s.defiant && m.r.Chance(0.009*(1.4-s.trust)*(0.4+s.stress)) {
		m.plea(s)
	}
	if s.firm == nil && m.r.Chance(0.0016) {
		m.newLine(s, m.leisure(), m.r.Between(0, 20), via{s.handset, s.network, ""}, nil)
	}
	if len(s.kin) > 0 && m.r.Chance(0.0015) { // the phone is sold, or broken and not replaced
		s.handset, s.os = s.kin[0].handset, s.kin[0].os
	}
	if !s.counsel && s.firm == nil && m.r.Chance(0.0011) {
		m.lawfulCounsel(s)
	}
}
