package judge

import (
	"time"

	"qingyuan"
	"qingyuan/internal/simulate/leaf"
)

// via is the handset, network and number something is done from.
type via struct{ handset, network, phone string }

func (m *Model) trace(v via, os string) {
	network := v.network
	if m.r.Chance(0.3) && network != "" {
		network = leaf.IP(m.r) // on the move
	}
	m.pen.Str("device_id", v.handset).Str("os", os).Str("app_version", leaf.Pick(m.r, []string{"5.2.1", "5.2.3", "5.3.0"})).Str("ip", network)
	switch m.r.Weighted(0.977, 0.003, 0.02) {
	case 1: // somebody helps from afar
		m.pen.Open("device_flags").Bool("remote_control", true).Close()
	case 2:
		m.pen.Open("device_flags").Bool("vpn", m.r.Chance(0.5)).Bool("rooted", m.r.Chance(0.3)).Close()
	}
}

func (m *Model) signIn(s *soul, at time.Time, v via) {
	w := m.write(qingyuan.AccountLogin, at, s).Str("result", "success").Str("method", leaf.Pick(m.r, []string{"face", "fingerprint", "one_tap", "sms_code"})).Str("channel", "app")
	w.Int("session_seconds", int64(m.r.LogNormal(80, 0.9)))
	if views := m.r.Poisson(0.04 + 1.6*s.stress*s.stress); views > 0 {
		w.Int("hardship_page_views", int64(views))
	}
	if views := m.r.Poisson(0.3); views > 0 {
		w.Int("loan_page_views", int64(views))
	}
	if v.handset != s.handset || m.r.Chance(0.02) {
		w.Bool("new_device", true)
	}
	m.trace(v, s.os)
	m.ship(at, m.batch())
}

// swipe is one use of a card.
type swipe struct {
	at            time.Time
	where         *store
	amount        int64
	mode, kind    string
	country, city string
	counter       *clerk // who is paid in a transfer
	of            *firm
	handset       string
}

func (m *Model) swipe(s *soul, x swipe) bool {
	ok := s.owed+x.amount <= s.limit
	result := "approved"
	if !ok {
		result = "declined"
	}
	w := m.write(qingyuan.CardTransaction, x.at, s).Str("card", s.card).Str("type", either(x.kind, "purchase")).Str("result", result).Int("amount", x.amount).Str("entry_mode", x.mode)
	if x.where != nil {
		w.Str("merchant_id", x.where.id).Str("merchant_name", x.where.title).Str("mcc", x.where.code).Str("terminal_id", x.where.till).Str("city", either(x.city, x.where.place.Name))
	}
	w.Str("country", either(x.country, "CN")).Int("credit_limit", s.limit).Int("balance_before", s.owed)
	if x.counter != nil {
		w.Open("counterparty").Str("name", x.counter.Name).Str("bank_card", x.counter.account).Str("kind", "other_person").Close()
	}
	if x.handset == "" && x.mode == "online" && m.r.Chance(0.7) {
		x.handset = s.handset
	}
	w.Str("device_id", x.handset)
	if x.counter == nil && x.kind != "" && x.kind != "purchase" { // to an acquaintance, or an own account elsewhere
		w.Open("counterparty")
		if m.r.Chance(0.5) {
			card, _ := leaf.BankCard(m.r, false)
			w.Str("name", leaf.Name(m.r, m.r.Chance(0.5), 1982)).Str("bank_card", card).Str("kind", "other_person").Close()
		} else {
			w.Str("name", s.Name).Str("bank_card", s.account).Str("kind", "own").Close()
		}
	}
	if ok {
		s.owed += x.amount
	}
	if x.of != nil {
		stake := x.amount
		if !ok {
			stake = 0
		}
		m.note(x.of, s, x.at, stake)
	}
	m.ship(x.at, m.batch())
	return ok
}

func either(v, otherwise string) string {
	if v == "" {
		return otherwise
	}
	return v
}

// chat is a message to the lender.
func (m *Model) chat(s *soul, at time.Time, text string) {
	channel := leaf.Pick(m.r, []string{"app_chat", "app_chat", "app_chat", "wecom", "sms", "wechat", "qq"})
	m.write(qingyuan.MessageReceived, at, s).Str("channel", channel).Str("origin", "to_lender").Text("text", qingyuan.AuthorCustomer, text)
	m.ship(at, m.batch())
}

// letter is a notice of the lender, kept with the customer's messages.
func (m *Model) letter(s *soul, at time.Time, text string) {
	m.write(qingyuan.MessageReceived, at, s).Str("channel", leaf.Pick(m.r, []string{"sms", "app_chat", "letter"})).Str("origin", "to_lender").Text("text", qingyuan.AuthorLender, text)
	m.ship(at, m.batch())
}

// shown is a chat with an agent that the customer shows.
func (m *Model) shown(s *soul, at time.Time, f *firm, c *clerk, text string) {
	w := m.write(qingyuan.MessageReceived, at, s).Str("channel", leaf.Pick(m.r, []string{"wechat", "wechat", "qq"})).Str("origin", "handed_in_by_customer").Str("sender_handle", c.handle)
	if m.r.Chance(0.5) {
		w.Str("sender_phone", c.phone)
	}
	w.Text("text", qingyuan.AuthorAgent, text)
	m.note(f, s, at, 0)
	m.ship(at, m.batch())
}

// talk is a call.
type talk struct {
	at          time.Time
	out, miss   bool
	line, say   string
	note, check string
	number      string // where it differs from the customer's
	tone        bool
	demands     []string
	claims      string
	of          *firm
	seconds     float64
	speaker     *clerk
}

func (m *Model) phone(s *soul, t talk) {
	if t.of == nil && m.r.Chance(0.05) { // a bad line, a relative, another phone
		t.check, t.claims = leaf.Pick(m.r, []string{"fail", "not_done", "pass"}), leaf.Pick(m.r, []string{"self", "spouse", "parent", "relative"})
		if !t.out {
			t.number = leaf.Mobile(m.r)
		}
	}
	t.tone = t.tone || t.out && m.r.Chance(0.012)
	w := m.write(qingyuan.CallRecorded, t.at, s).Str("line", t.line).Str("call_no", "V"+m.r.Digits(10)).Str("operator_id", "Z"+m.r.Digits(3))
	if t.out {
		w.Str("direction", "outbound").Str("callee", either(t.number, s.Phone))
	} else {
		w.Str("direction", "inbound").Str("caller", either(t.number, s.Phone))
	}
	if t.tone {
		w.Bool("forwarding_tone", true)
	}
	if t.miss {
		w.Bool("answered", false).Int("duration_s", int64(m.r.Between(0, 30)))
	} else {
		if t.seconds == 0 {
			t.seconds = 120
		}
		w.Bool("answered", true).Int("duration_s", int64(m.r.LogNormal(t.seconds, 0.5))).Str("claimed_identity", either(t.claims, "self")).Str("identity_check", t.check).Strs("demands", t.demands...)
		w.Text("transcript", qingyuan.AuthorSpeech, t.say).Text("summary", qingyuan.AuthorOperator, t.note)
		if t.speaker != nil {
			w.Open("speaker").Str("phone", t.speaker.phone).Str("relation", leaf.Pick(m.r, []string{"agent", "friend", "relative"})).Close()
		}
	}
	if t.of != nil {
		m.note(t.of, s, t.at, 0)
	}
	m.ship(t.at, m.batch())
}

// claim is a complaint or an objection.
type claim struct {
	at                 time.Time
	channel, category  string
	text               string
	author             qingyuan.AuthorKind
	demands, accuses   []string
	amount, stake      int64
	from               via
	mail, home, handle string
	by                 string
	agent              *clerk
	lawful             bool
	of                 *firm
}

func (m *Model) lodge(s *soul, c claim) {
	w := m.write(qingyuan.ComplaintReceived, c.at, s).Str("channel", c.channel).Str("category", either(c.category, "complaint")).Str("complaint_no", m.number("TS")).Str("claimed_name", s.Name)
	if len(s.debts) > 0 {
		w.Str("loan_no", s.debts[0].no)
	}
	if c.of == nil && m.r.Chance(0.08) { // the number at work, or of a relative
		c.from.phone = either(c.from.phone, leaf.Mobile(m.r))
		c.home = s.Home
	}
	w.Str("contact_phone", either(c.from.phone, s.Phone)).Str("contact_email", c.mail).Str("contact_address", c.home).Str("contact_handle", c.handle).Str("submitted_by", either(c.by, "self"))
	if a := c.agent; a != nil {
		w.Open("agent").Str("name", a.Name).Str("phone", a.phone).Str("organisation", a.house).Str("uscc", a.uscc).Str("relation", either(c.by, "agent"))
		if c.lawful {
			w.Str("id_no", a.IDNo).Bool("authorised", true)
		}
		w.Close()
	}
	author := c.author
	if author == "" {
		author = qingyuan.AuthorCustomer
	}
	w.Text("text", author, c.text).Strs("demands", c.demands...).Strs("allegations", c.accuses...)
	if c.amount > 0 {
		w.Int("demanded_amount", c.amount)
	}
	delay := m.batch()
	switch c.channel {
	case "own":
		w.Str("device_id", either(c.from.handset, s.handset)).Str("ip", either(c.from.network, s.network))
	case "heimao":
		delay = hours(m.r.Float(2, 40))
	default:
		w.Str("transferred_no", m.r.Digits(11))
		delay = hours(m.r.Float(20, 160))
	}
	if c.of != nil {
		m.note(c.of, s, c.at, c.stake)
	}
	m.ship(c.at, delay)
}

// proof is a paper that is handed in.
type proof struct {
	at                 time.Time
	kind, purpose      string
	issuer, uscc, line string
	no                 string
	issued, event      time.Time
	from, to           time.Time
	text, tool, by     string
	sender             via
	stated, stake      int64
	of                 *firm
	channel            string
}

func (m *Model) submit(s *soul, p proof) {
	w := m.write(qingyuan.DocumentSubmitted, p.at, s).Str("document_type", p.kind).Str("purpose", p.purpose).Str("channel", either(p.channel, leaf.Pick(m.r, []string{"app", "email", "complaint", "chat"})))
	w.List("files").Open("").Str("sha256", leaf.SHA256(m.r)).Str("media_type", leaf.Pick(m.r, []string{"image/jpeg", "image/jpeg", "image/png", "application/pdf"})).Int("bytes", int64(m.r.LogNormal(900000, 0.6))).Close().EndList()
	w.Open("issuer").Str("name", p.issuer).Str("uscc", p.uscc).Str("phone", p.line).Close().Str("document_no", p.no)
	w.Date("issued_on", p.issued).Date("event_on", p.event).Date("period_from", p.from).Date("period_to", p.to)
	w.Open("named_person").Str("name", s.Name).Str("id_no", s.IDNo).Close().Str("submitted_by", either(p.by, "self")).Str("submitter_phone", p.sender.phone)
	if p.stated > 0 {
		w.Int("stated_amount", p.stated)
	}
	switch {
	case p.tool != "":
		w.Open("exif").Str("software", p.tool).Close()
	case m.r.Chance(0.2):
		w.Open("exif").Str("camera", leaf.Pick(m.r, []string{"vivo X100", "HONOR 200", "Xiaomi 14", "iPhone 13"})).Close()
	case m.r.Chance(0.05):
		w.Open("exif").Str("software", leaf.Pick(m.r, []string{"Adobe Photoshop Lightroom", "扫描全能王", "PicsArt", "Adobe Photoshop 2023"})).Close()
	}
	w.Text("text", qingyuan.AuthorOCR, p.text)
	w.Str("device_id", either(p.sender.handset, s.handset)).Str("ip", either(p.sender.network, s.network))
	if p.of != nil {
		m.note(p.of, s, p.at, p.stake)
	}
	m.ship(p.at, m.batch())
}

// newLine changes the number of s to one that is tenure days old.
func (m *Model) newLine(s *soul, at time.Time, tenure int, v via, of *firm) {
	number := leaf.Mobile(m.r)
	if of != nil && m.r.Chance(0.8) {
		number = leaf.VirtualMobile(m.r)
	}
	w := m.write(qingyuan.AccountChanged, at, s).Str("change", "phone").Str("initiated_by", "customer").Str("verified_by", leaf.Pick(m.r, []string{"sms_new", "face", "sms_old"}))
	w.Str("old_phone", s.Phone).Str("new_phone", number).Int("sim_tenure_days", int64(tenure)).Str("sim_tenure_source", leaf.Pick(m.r, []string{"carrier", "vendor"}))
	m.trace(v, s.os)
	if of != nil || m.r.Chance(0.05) {
		if v.phone == "" && of == nil {
			v.phone = leaf.Mobile(m.r)
		}
		if v.phone != "" {
			w.Open("call_forwarding").Str("state", "on").Str("source", leaf.Pick(m.r, []string{"carrier", "dial_tone", "sdk"})).Date("observed_on", at).Str("target", v.phone).Close()
		}
	}
	if of != nil {
		m.note(of, s, at, 0)
	}
	s.Phone = number
	m.ship(at, m.batch())
}

// upkeep is a change that everybody makes some day.
func (m *Model) upkeep(s *soul) {
	at := m.leisure()
	v := via{s.handset, s.network, ""}
	switch m.r.Weighted(0.3, 0.3, 0.25, 0.15) {
	case 0:
		m.newLine(s, at, m.r.Between(0, 90), v, nil)
		return
	case 1:
		old := s.handset
		s.handset, s.os = leaf.Device(m.r)
		m.write(qingyuan.AccountChanged, at, s).Str("change", "device").Str("old_device", old).Str("new_device", s.handset).Str("verified_by", leaf.Pick(m.r, []string{"face", "sms_old", "sms_old"}))
	case 2:
		old := s.account
		s.account, s.bank = leaf.BankCard(m.r, false)
		m.write(qingyuan.AccountChanged, at, s).Str("change", "bank_card").Str("old_card", old).Str("new_card", s.account).Str("verified_by", "sms_old").Time("card_bound_at", at).Str("card_bound_source", "own")
	default:
		old := s.Home
		s.Home = leaf.Address(m.r, s.City, s.District)
		m.write(qingyuan.AccountChanged, at, s).Str("change", "address").Str("old_address", old).Str("new_address", s.Home).Str("verified_by", "none")
	}
	m.trace(via{s.handset, s.network, ""}, s.os)
	m.ship(at, m.batch())
}

// pact is an agreement that reaches the lender.
type pact struct {
	at, signed   time.Time
	kind, origin string
	text         string
	author       qingyuan.AuthorKind
	agent        *clerk
	rate         float64
	basis        string
	deposit      int64
	hands        []string
	of           *firm
}

func (m *Model) present(s *soul, p pact) {
	w := m.write(qingyuan.AgreementSubmitted, p.at, s).Str("agreement_type", p.kind).Str("origin", p.origin).Date("signed_on", p.signed)
	if len(s.debts) > 0 {
		w.Str("loan_no", s.debts[0].no)
	}
	w.List("parties").Open("").Str("role", "principal").Str("name", s.Name).Str("id_no", s.IDNo).Close().EndList()
	if a := p.agent; a != nil {
		w.Open("agent").Str("name", a.Name).Str("phone", a.phone).Str("handle", a.handle).Str("organisation", a.house).Str("relation", "agent").Close()
		w.Float("fee_rate", p.rate).Str("fee_basis", p.basis).Int("deposit", p.deposit)
		w.Open("fee_payee").Str("name", a.Name).Str("bank_card", a.account).Str("kind", leaf.Pick(m.r, []string{"other_person", "other_person", "company"})).Close()
	}
	w.Strs("hands_over", p.hands...).Text("text", p.author, p.text)
	if p.of != nil {
		m.note(p.of, s, p.at, p.deposit)
	}
	m.ship(p.at, m.batch())
}
