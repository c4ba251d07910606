package dev

import (
	"time"

	"qingyuan"
	"qingyuan/internal/simulate/leaf"
	"qingyuan/internal/simulate/scene"
)

// habits books the first turn of what everybody does now and then. Means are in days.
func (m *Model) habits(p *person) {
	m.habit(p, m.r.LogNormal(8, 0.5), m.login)
	m.habit(p, 75, m.write)
	m.habit(p, 90, m.call)
	m.habit(p, 420, m.change)
	m.habit(p, 260, func(p *person) { m.apply(p, nil) })
	m.habit(p, 1500, m.grievance)
	m.habit(p, 60000, m.death)
	if p.credit != "" {
		m.habit(p, m.r.LogNormal(2.6, 0.5), m.spend)
	}
}

// habit books do for p again and again, after p has appeared.
func (m *Model) habit(p *person, mean float64, do func(*person)) {
	var again func()
	again = func() {
		if p.dead {
			return
		}
		if m.now.After(p.appears) {
			do(p)
		}
		m.in(m.r.Exp(mean), again)
	}
	m.in(m.r.Exp(mean)+m.r.Float64(), again)
}

// presence writes the device and the network of p.
func (m *Model) presence(p *person) { m.presenceOf(p, p.device, p.ip, 0.002) }

// presenceOf writes a device and a network, which may be the mobile one instead. Remote is the chance that the screen is
// steered from elsewhere: by an agent, or by the daughter who knows about phones.
func (m *Model) presenceOf(p *person, device, ip string, remote float64) {
	if m.r.Chance(0.4) && ip == p.ip {
		ip = leaf.IP(m.r)
	}
	os := p.os
	if device != p.device && len(device) == 16 {
		os = "android"
	}
	m.pen.Str("device_id", device).Str("os", os).Str("app_version", leaf.Pick(m.r, []string{"6.8.0", "6.8.2", "6.9.1", "7.0.0"})).Str("ip", ip)
	if m.r.Chance(remote) {
		m.pen.Open("device_flags").Bool("remote_control", true).Close()
	} else if m.r.Chance(0.03) {
		m.pen.Open("device_flags").Bool(leaf.Pick(m.r, []string{"vpn", "rooted", "vpn"}), true).Close()
	}
	if m.r.Chance(0.25) {
		lat, lng := p.City.GPS(m.r)
		m.pen.Open("gps").Float("lat", lat).Float("lng", lng).Close()
	}
}

func (m *Model) login(p *person) { m.loginLooking(p, 0) }

// loginLooking is a session in which the pages about hardship were read that often.
func (m *Model) loginLooking(p *person, hardship int) {
	w := m.begin(qingyuan.AccountLogin, p)
	result := "success"
	if m.r.Chance(0.04) {
		result = "failure"
	}
	w.Str("result", result).Str("method", leaf.Pick(m.r, []string{"fingerprint", "face", "sms_code", "password", "one_tap"}))
	w.Str("channel", leaf.Pick(m.r, []string{"app", "app", "app", "mini_program", "h5"})).Int("session_seconds", int64(m.r.LogNormal(95, 0.8)))
	if hardship == 0 && m.r.Chance(0.03) {
		hardship = m.r.Between(1, 3)
	}
	if hardship > 0 {
		w.Int("hardship_page_views", int64(hardship))
	}
	if m.r.Chance(0.2) {
		w.Int("loan_page_views", int64(m.r.Between(1, 6)))
	}
	m.presence(p)
	m.send(m.lag())
}

// write is a message of everyday business.
func (m *Model) write(p *person) {
	if m.r.Chance(0.08) { // what friends, shops and other lenders send is shown to the lender, too
		w := m.begin(qingyuan.MessageReceived, p).Str("channel", leaf.Pick(m.r, []string{"sms", "wechat", "wechat", "qq"})).Str("origin", "handed_in_by_customer")
		if m.r.Chance(0.6) {
			w.Str("sender_handle", leaf.Handle(m.r, "wechat"))
		}
		w.Str("sender_phone", leaf.Mobile(m.r)).Text("text", qingyuan.AuthorPublic, leaf.Spin(m.r, leaf.Pick(m.r, shownMessages), m.slots(p)))
		m.send(m.lag())
		return
	}
	if m.r.Chance(0.25) { // the lender's own form letters come back quoted
		m.message(p, qingyuan.AuthorLender, leaf.Spin(m.r, leaf.Pick(m.r, lenderLetters), m.slots(p)), "app_chat")
		return
	}
	m.message(p, qingyuan.AuthorCustomer, leaf.Spin(m.r, leaf.Pick(m.r, everydayMessages), m.slots(p)), leaf.Pick(m.r, []string{"app_chat", "app_chat", "app_chat", "wecom", "email"}))
}

// message is a text p sends to the lender.
func (m *Model) message(p *person, author qingyuan.AuthorKind, text, channel string) {
	m.begin(qingyuan.MessageReceived, p).Str("channel", channel).Str("origin", "to_lender").Text("text", author, text)
	m.send(m.lag())
}

func (m *Model) call(p *person) {
	w := m.begin(qingyuan.CallRecorded, p)
	w.Str("direction", "inbound").Str("line", leaf.Pick(m.r, []string{"service", "service", "service", "service", "collection", "complaint"})).Str("operator_id", m.clerk("K")).Int("duration_s", int64(m.r.LogNormal(130, 0.6)))
	caller, claims, check := p.Phone, "self", "pass"
	if m.r.Chance(0.05) { // from another phone, or a relative
		caller, claims, check = leaf.Mobile(m.r), leaf.Pick(m.r, []string{"self", "spouse", "child"}), leaf.Pick(m.r, []string{"pass", "fail", "not_done"})
	}
	w.Str("caller", caller).Bool("answered", true).Str("claimed_identity", claims).Str("identity_check", check)
	w.Text("transcript", qingyuan.AuthorSpeech, leaf.Spin(m.r, leaf.Pick(m.r, everydayCalls), m.slots(p)))
	if m.r.Chance(0.5) {
		w.Text("summary", qingyuan.AuthorOperator, leaf.Spin(m.r, leaf.Pick(m.r, clerkNotes), m.slots(p)))
	}
	m.send(m.lag())
}

func (m *Model) clerk(desk string) string { return desk + m.r.Digits(2) }

// change is a new phone, a move, another card: what happens in every life.
func (m *Model) change(p *person) {
	w := m.begin(qingyuan.AccountChanged, p)
	switch m.r.Weighted(0.3, 0.35, 0.2, 0.1, 0.05) {
	case 0:
		old := p.device
		p.device, p.os = leaf.Device(m.r)
		w.Str("change", "device").Str("old_device", old).Str("new_device", p.device)
	case 1:
		old := p.debit
		p.debit, p.bank = leaf.BankCard(m.r, false)
		w.Str("change", "bank_card").Str("old_card", old).Str("new_card", p.debit).Time("card_bound_at", m.now).Str("card_bound_source", "own")
	case 2:
		old := p.Home
		p.Home = leaf.Address(m.r, p.City, leaf.Pick(m.r, p.City.Districts))
		w.Str("change", "address").Str("old_address", old).Str("new_address", p.Home)
	case 3:
		m.newNumber(p, leaf.Mobile(m.r), m.r.Between(1, 60))
		if m.r.Chance(0.06) { // drivers and shopkeepers forward to a second phone
			w.Open("call_forwarding").Str("state", "on").Str("source", leaf.Pick(m.r, []string{"carrier", "dial_tone"})).Date("observed_on", m.now).Str("target", leaf.Mobile(m.r)).Close()
		}
	default:
		w.Str("change", "password")
	}
	w.Str("initiated_by", "customer").Str("verified_by", leaf.Pick(m.r, []string{"face", "sms_old", "sms_new"}))
	m.presence(p)
	m.send(m.lag())
}

// newNumber writes the change of p's phone number into the event at hand.
func (m *Model) newNumber(p *person, number string, tenure int) {
	m.pen.Str("change", "phone").Str("old_phone", p.Phone).Str("new_phone", number).Int("sim_tenure_days", int64(tenure)).Str("sim_tenure_source", "carrier")
	p.Phone, p.simDays = number, tenure
}

// spend is a purchase with the credit card; the bill is paid as months go by.
func (m *Model) spend(p *person) {
	city := p.City
	if m.r.Chance(0.05) {
		city = leaf.Pick(m.r, m.cities)
	}
	s := leaf.Pick(m.r, m.shops[city])
	amount := yuan(m.r.LogNormal(s.median, 0.6)) + int64(m.r.IntN(100))
	if m.r.Chance(0.01) {
		amount = p.limit * int64(m.r.Between(60, 95)) / 100 // a wedding, a flat to furnish
	}
	m.purchase(p, s, amount)
}

// purchase is one transaction at the shop; it is declined beyond the limit.
func (m *Model) purchase(p *person, s *shop, amount int64) {
	amount = max(amount, 100)
	w := m.begin(qingyuan.CardTransaction, p)
	result := "approved"
	if p.used+amount > p.limit {
		result = "declined"
	}
	w.Str("card", p.credit).Str("type", "purchase").Str("result", result).Int("amount", amount)
	w.Str("entry_mode", leaf.Pick(m.r, []string{"qr", "qr", "qr", "chip", "chip", "contactless", "online", "online", "magnetic_stripe", "keyed"}))
	if m.r.Chance(0.004) { // on a journey
		country := leaf.Pick(m.r, []string{"TH", "JP", "MY", "HK", "VN", "GB"})
		w.Str("merchant_id", "M"+m.r.Digits(8)).Str("merchant_name", leaf.Pick(m.r, []string{"DUTY FREE ", "7-ELEVEN ", "HOTEL "})+country).Str("mcc", leaf.Pick(m.r, []string{"5309", "5411", "7011"})).Str("country", country)
	} else {
		w.Str("merchant_id", s.id).Str("merchant_name", s.name).Str("mcc", s.mcc).Str("terminal_id", s.terminal).Str("city", s.city.Name).Str("country", "CN")
	}
	w.Int("credit_limit", p.limit).Int("balance_before", p.used)
	if result == "approved" {
		p.used += amount
	}
	if p.used > p.limit/3 && m.r.Chance(0.5) {
		p.used = int64(float64(p.used) * m.r.Float(0.1, 0.6))
	}
	m.send(m.lag())
}

// grievance is a complaint of an honest customer: about a fee, a call, an entry in the credit record.
func (m *Model) grievance(p *person) {
	if p.truth.Population != scene.Honest && p.truth.Population != scene.Hardship {
		return
	}
	c := complaint{text: leaf.Spin(m.r, leaf.Pick(m.r, m.w.honestComplaints), m.slots(p)), author: qingyuan.AuthorCustomer,
		channel: leaf.Pick(m.r, []string{"own", "own", "own", "own", "12378", "heimao", "12345", "petition", "regulator", "pboc"}), demands: []string{leaf.Pick(m.r, []string{"explanation", "explanation", "refund_interest", "stop_collection", "compensation", "refund_premium", "written_only", "stop_interest"})}}
	if m.r.Chance(0.4) {
		c.claims = []string{leaf.Pick(m.r, []string{"hidden_fees", "harassing_third_party", "excessive_interest", "violent_collection", "privacy", "misleading_sale"})}
	}
	if m.r.Chance(0.25) {
		c.amount = yuan(float64(m.r.Between(1, 30)) * 100)
	}
	if m.r.Chance(0.12) {
		c.home = p.Home
	}
	if m.r.Chance(0.12) {
		c.claims = []string{leaf.Pick(m.r, []string{"wrong_credit_record", "not_own_loan"})}
		c.text, c.category, c.demands = leaf.Spin(m.r, leaf.Pick(m.r, m.w.honestObjections), m.slots(p)), "credit_objection", []string{"delete_credit_record"}
	}
	m.complain(p, c)
	if m.r.Chance(0.15) { // nobody answered in time
		m.in(m.r.Float(3, 10), func() {
			c.channel, c.text = "12378", leaf.Spin(m.r, leaf.Pick(m.r, m.w.honestAgain), m.slots(p))
			m.complain(p, c)
		})
	}
}

// complaint is what a complaint says and from where.
type complaint struct {
	channel, category   string
	text                string
	author              qingyuan.AuthorKind
	demands             []string
	claims              []string // what is alleged
	amount              int64
	phone, email, home  string // where they differ from the customer's
	device, ip          string
	by                  string // who handed it in
	agent               *agent
	lawful              bool
	stake               int64
	lateDays            float64
	handle, transferred string
}

// complain hands in a complaint about p's affairs.
func (m *Model) complain(p *person, c complaint) {
	w := m.begin(qingyuan.ComplaintReceived, p)
	w.Str("channel", c.channel).Str("category", orElse(c.category, "complaint")).Str("claimed_name", p.Name)
	if c.channel != "own" {
		w.Str("transferred_no", "ZB"+m.r.Digits(9))
	}
	if len(p.loans) > 0 {
		w.Str("loan_no", p.loans[0].no)
	}
	w.Str("contact_phone", orElse(c.phone, p.Phone)).Str("contact_email", orElse(c.email, p.email)).Str("contact_address", c.home).Str("contact_handle", c.handle)
	w.Str("submitted_by", orElse(c.by, "self"))
	m.agentObject("agent", c.agent, c.lawful)
	w.Text("text", c.author, c.text).Strs("demands", c.demands...).Strs("allegations", c.claims...)
	if c.amount > 0 {
		w.Int("demanded_amount", c.amount)
	}
	if c.channel == "own" {
		w.Str("device_id", orElse(c.device, p.device)).Str("ip", orElse(c.ip, p.ip))
	}
	if p.ring != nil {
		m.mark(p, c.stake)
	}
	delay := m.lag()
	if c.channel != "own" { // passed on by another body some days later
		delay = days(m.r.Float(0.5, 5))
	}
	m.send(delay)
}

func orElse(v, otherwise string) string {
	if v == "" {
		return otherwise
	}
	return v
}

// slots are what texts say about p.
func (m *Model) slots(p *person) leaf.Slots {
	amount := int64(m.r.Between(3, 60)) * 100000
	due := amount / 12
	no := ""
	if len(p.loans) > 0 {
		amount, due, no = p.loans[0].balance, p.loans[0].due, p.loans[0].no
	}
	child := leaf.Name(m.r, m.r.Chance(0.5), 2016)
	employer := "厂里"
	if p.employer != nil {
		employer = p.employer.Name
	}
	return leaf.Slots{"name", p.Name, "city", p.City.Name, "district", p.District.Name, "amount", money(amount), "due", money(due), "loan", no, "tail", p.Phone[7:],
		"employer", employer, "job", p.position, "surname", string([]rune(p.Name)[:1]), "month", month(m.now, -m.r.Between(1, 5)), "date", m.now.AddDate(0, 0, -m.r.Between(2, 40)).In(scene.Zone()).Format("1月2日"),
		"n", m.r.Digits(1), "time", m.r.Digits(1) + "点多", "child", child, "id", p.IDNo}
}

func month(t time.Time, add int) string {
	return t.AddDate(0, add, 0).In(scene.Zone()).Format("1月份")
}
