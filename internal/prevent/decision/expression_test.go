package decision

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"qingyuan"
)

var profileFields = []Field{{Path: "tier", Type: TypeString, Enum: []string{"A", "B", "C"}}, {Path: "gang.size", Type: TypeInt}, {Path: "score", Type: TypeFloat}}

// oneRule is a ruleset with one rule on these kinds.
func oneRule(kinds, when string) string {
	return fmt.Sprintf(`id: test
title: {zh: 测试, en: Test}
parameters:
  - {id: limit, value: 50000, source: test, date: 2026-01-01}
  - {id: share, value: 0.5, source: test, date: 2026-01-01}
velocities:
  - {id: by_device, on: loan.drawn, key: device, agg: count, window: 24h}
  - {id: by_contact, on: application.submitted, key: "phone:contact", agg: distinct, of: subject, window: 30d}
lists:
  - {id: bad_devices, title: {zh: 设备, en: Devices}, kind: device}
  - {id: bad_nets, title: {zh: 网段, en: Networks}, kind: ip, match: cidr}
  - {id: bad_products, title: {zh: 产品, en: Products}}
thresholds: {review: 10, warn: 20, hold: 30}
rules:
  - id: R
    title: {zh: 规则, en: Rule}
    on: [%s]
    typology: T1
    family: behaviour
    weight: 10
    when: |-
      %s
    reason: {zh: 理由, en: Reason}
    source: test
`, kinds, strings.ReplaceAll(when, "\n", "\n      "))
}

func compileText(t testing.TB, text string) *Program {
	t.Helper()
	p, problems := tryCompile(text)
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	return p
}

func tryCompile(text string) (*Program, []Problem) {
	rs, problems := Parse([]byte(text))
	if len(problems) > 0 {
		return nil, problems
	}
	return Compile(rs, EventFields{Profile: profileFields})
}

const (
	deviceKey = "00000000000000000000000000000d01"
	phoneKey  = "00000000000000000000000000000f01"
	personKey = "00000000000000000000000000000e01"
)

// loan is a loan.drawn with some fields given.
func loan(data map[string]any) *qingyuan.Event {
	return &qingyuan.Event{
		Tenant: "t", ID: "evt_1", Kind: qingyuan.LoanDrawn, Source: "core", EffectiveAt: time.Date(2026, 3, 1, 1, 30, 0, 0, time.UTC),
		ObservedAt: time.Date(2026, 3, 1, 1, 30, 1, 0, time.UTC),
		Subject:    qingyuan.Entity{Kind: qingyuan.Person, Key: personKey, Role: "customer"},
		Entities: []qingyuan.Entity{{Kind: qingyuan.Person, Key: personKey, Role: "customer"}, {Kind: qingyuan.Device, Key: deviceKey, Role: "customer"},
			{Kind: qingyuan.Phone, Key: phoneKey, Role: "customer"}},
		Data: data,
	}
}

func contacts(relations ...any) []any {
	var out []any
	for i, r := range relations {
		c := map[string]any{"phone": fmt.Sprintf("1390000%04d", i)}
		if r != nil {
			c["relation"] = r
		}
		out = append(out, c)
	}
	return out
}

// TestEvaluation covers what an expression engine gets silently wrong, among plain uses: division by zero, absent fields,
// comparisons of unlike types, nil in == and contains.
func TestEvaluation(t *testing.T) {
	full := map[string]any{
		"amount": int64(60000), "annual_rate": 0.24, "product": "消费贷-中介专享", "term_months": int64(12), "outstanding_before": int64(0),
		"payee": map[string]any{"kind": "own"}, "device_flags": map[string]any{"rooted": true, "vpn": false},
		"attributes":   map[string]any{"pay_0": 2.0, "segment": "x", "vip": true},
		"first_due_on": "2026-03-31", "ip": "203.0.113.9", "phone": "13900000001",
	}
	const yes, no = "yes", "no"
	tests := []struct{ when, want string }{
		{`event.amount > 50000`, yes}, {`event.amount > 50000.5`, yes}, {`event.amount > param.limit`, yes}, {`event.amount / 2 == 30000`, yes},
		{`event.amount % 10000 == 0`, yes}, {`-event.amount < 0`, yes}, {`event.annual_rate > param.share`, no}, {`event.annual_rate * 2 < 1`, yes},
		{`event.product contains "中介"`, yes}, {`event.product startsWith "消费贷"`, yes}, {`event.product matches "^消.贷"`, yes},
		{`not (event.product contains "中介")`, no}, {`event.product not contains "背债"`, yes}, {`len(event.product) == 8`, yes},
		{`contains_any(event.product, ["背债", "中介"])`, yes}, {`lower(event.product) == "x"`, no},
		{`event.amount in [1, 60000]`, yes}, {`event.amount not in [1, 60000]`, no}, {`event.payee.kind in ["own", "merchant"]`, yes}, {`event.payee.kind == "other_person"`, no},
		{`event.amount in [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,60000]`, yes}, {`event.term_months in 6..12`, "compile"},
		// Absent fields: never false, always not evaluable, but where the expression itself does not need them.
		{`event.merchant_id == "m1"`, "event.merchant_id"}, {`event.merchant_id != "m1"`, "event.merchant_id"}, {`!(event.merchant_id == "m1")`, "event.merchant_id"},
		{`event.merchant_id in ["m1"]`, "event.merchant_id"}, {`event.merchant_id contains "m"`, "event.merchant_id"}, {`event.sim_tenure_days < 30`, "event.sim_tenure_days"},
		{`event.payee.bank == "x"`, "event.payee.bank"}, {`event.guarantor.capacity == "witness"`, "event.guarantor.capacity"},
		{`event.device_flags.emulator`, "event.device_flags.emulator"}, {`event.device_flags.rooted`, yes}, {`event.device_flags.vpn`, no},
		{`event.amount > 1 && event.sim_tenure_days < 30`, "event.sim_tenure_days"}, {`event.amount > 90000 && event.sim_tenure_days < 30`, no},
		{`event.amount > 1 || event.sim_tenure_days < 30`, yes}, {`event.sim_tenure_days < 30 || event.amount > 1`, "event.sim_tenure_days"},
		{`event.amount > 1 ? event.amount < 90000 : event.sim_tenure_days < 30`, yes}, {`event.amount < 1 ? true : event.sim_tenure_days < 30`, "event.sim_tenure_days"},
		{`(event.sim_tenure_days ?? 999) < 30`, no}, {`event.sim_tenure_days ?? 0 < 30`, "compile"}, {`(event.merchant_id ?? event.loan_no ?? "none") == "none"`, yes},
		{`has(event.sim_tenure_days)`, no}, {`has(event.amount)`, yes}, {`has(event.guarantor)`, no}, {`has(event.payee)`, yes},
		{`has(event.sim_tenure_days) && event.sim_tenure_days < 30`, no}, {`!has(event.sim_tenure_days) || event.sim_tenure_days < 30`, yes},
		{`let d = event.sim_tenure_days; d < 30`, "event.sim_tenure_days"}, {`let d = event.sim_tenure_days ?? 5; d < 30`, yes},
		{`event.payee?.bank == "x"`, "event.payee.bank"},
		// Division: ratio never gives infinity.
		{`ratio(event.amount, event.outstanding_before) > 1`, ErrDivision}, {`(ratio(event.amount, event.outstanding_before) ?? 0) > 1`, no},
		{`ratio(event.amount, 30000) == 2`, yes}, {`ratio(event.amount, event.sim_tenure_days) > 1`, "event.sim_tenure_days"},
		{`(ratio(event.amount, event.sim_tenure_days) ?? -1) < 0`, yes}, {`ratio(event.amount, event.annual_rate) > 240000`, yes},
		// Open types are read as what the rule says, or not at all.
		{`number(event.attributes.pay_0) >= 2`, yes}, {`number(event.attributes.segment) >= 2`, "event.attributes.segment"}, {`text(event.attributes.segment) == "x"`, yes},
		{`flag(event.attributes.vip)`, yes}, {`number(event.attributes.none) > 1`, "event.attributes.none"}, {`(number(event.attributes.none) ?? 0) > 1`, no},
		// Time.
		{`local_hour(event.effective_at) == 9`, yes}, {`local_weekday(event.effective_at) == 7`, yes}, {`days_between(event.effective_at, event.first_due_on) > 29`, yes},
		{`hours_between(event.effective_at, event.observed_at) < 1`, yes}, {`(days_between(event.card_bound_at, event.effective_at) ?? 999) < 1`, no},
		{`days_between(event.card_bound_at, event.effective_at) < 1`, "event.card_bound_at"}, {`event.kind == "loan.drawn"`, yes}, {`event.source == "core"`, yes},
		// Velocities, lists, profile, signals.
		{`velocity.by_device >= 3`, yes}, {`has(velocity.by_device)`, yes}, {`list("bad_devices", key("device"))`, yes}, {`list("bad_devices", key("device:customer"))`, yes},
		{`list("bad_nets", event.ip)`, yes}, {`list("bad_products", event.product)`, no}, {`list("bad_products", text(event.attributes.segment))`, yes},
		{`profile.tier == "C"`, yes}, {`profile.gang.size > 3`, "profile.gang.size"}, {`(profile.gang.size ?? 0) > 3`, no}, {`profile.score > 0.5`, yes},
		{`signal("C1") > 0.8`, yes}, {`signal("D4") > 0`, no}, {`any(signals, .family == "text" && .score > 0.8)`, yes}, {`count(signals, .polarity == "hardship") == 0`, yes},
		{`abs(-3) == 3 && max(event.amount, 1) == 60000 && round(1.5) == 2`, yes},
		{`int(event.product) > 3`, ErrFailed},
	}
	for _, tt := range tests {
		t.Run(tt.when, func(t *testing.T) {
			p, problems := tryCompile(oneRule("loan.drawn", tt.when))
			if tt.want == "compile" {
				if len(problems) == 0 {
					t.Fatal("compiles")
				}
				return
			}
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if got := verdict(p.NewEvaluator().Decide(input(loan(full)))); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestElements covers reads within loops over lists.
func TestElements(t *testing.T) {
	event := func(list []any) *qingyuan.Event {
		e := loan(map[string]any{"amount": int64(1), "contacts": list})
		e.Kind = qingyuan.ApplicationSubmitted
		return e
	}
	const missing = "event.contacts[].relation"
	tests := []struct {
		when string
		list []any
		want string
	}{
		{`any(event.contacts, .relation == "agent")`, contacts("spouse", "agent"), "yes"},
		{`any(event.contacts, .relation == "agent")`, contacts("spouse", nil, "agent"), missing},
		{`any(event.contacts, .relation == "agent")`, contacts("agent", nil), "yes"},
		{`any(event.contacts, (.relation ?? "unknown") == "agent")`, contacts(nil, "agent"), "yes"},
		{`any(event.contacts, has(.relation) && .relation == "agent")`, contacts(nil, "agent"), "yes"},
		{`none(event.contacts, .relation == "agent")`, contacts(nil), missing},
		{`all(event.contacts, .relation == "friend")`, contacts("friend", "friend"), "yes"},
		{`count(event.contacts, .relation in ["friend", "colleague"]) >= 2`, contacts("friend", "spouse", "colleague"), "yes"},
		{`len(filter(event.contacts, .relation == "friend")) == 1`, contacts("friend", "spouse"), "yes"},
		{`any(filter(event.contacts, .relation == "friend"), .phone endsWith "0000")`, contacts("friend", "spouse"), "yes"},
		{`len(event.contacts) > 1`, nil, "event.contacts"},
		{`any(event.contacts, true)`, []any{}, "no"},
		{`len(event.contacts) == 1`, []any{"not an object"}, "yes"},
		{`any(event.contacts, .relation == "agent")`, []any{"not an object"}, missing},
		{`len(map(event.contacts, .relation)) == 2`, contacts("friend", "spouse"), "yes"},
		{`event.amount > 0 && velocity.by_contact >= 3`, contacts("friend"), "yes"},
	}
	for _, tt := range tests {
		t.Run(tt.when, func(t *testing.T) {
			e := event(tt.list)
			if tt.list == nil {
				delete(e.Data, "contacts")
			}
			e.Entities = append(e.Entities, qingyuan.Entity{Kind: qingyuan.Phone, Key: phoneKey, Role: "contact"})
			if got := verdict(compileText(t, oneRule("application.submitted", tt.when)).NewEvaluator().Decide(input(e))); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// verdict is yes, no, or what was missing, of a result of one rule.
func verdict(r Result) string {
	switch {
	case len(r.NotEvaluable) > 0:
		return r.NotEvaluable[0].Missing
	case len(r.Reasons) > 0:
		return "yes"
	}
	return "no"
}

func input(e *qingyuan.Event) Input {
	index := NewListIndex()
	for i, entry := range []ListEntry{
		{List: "bad_devices", Kind: qingyuan.Device, Match: MatchExact, Value: deviceKey},
		{List: "bad_nets", Kind: qingyuan.IP, Match: MatchCIDR, Value: "203.0.113.0/24"},
		{List: "bad_products", Match: MatchExact, Value: "x"},
	} {
		entry.ID = fmt.Sprintf("lst_%d", i)
		if err := index.Add(entry); err != nil {
			panic(err)
		}
	}
	return Input{
		Event:    e,
		Velocity: func(v int, key [16]byte) (int64, bool) { return 3, true },
		Lists:    index,
		Profile:  map[string]any{"tier": "C", "score": 0.9},
		Signals: []qingyuan.Signal{{Code: "C1", Family: qingyuan.FamilyText, Polarity: qingyuan.Suspicion, Score: 0.7},
			{Code: "C1", Family: qingyuan.FamilyText, Polarity: qingyuan.Suspicion, Score: 0.9}},
		ListNow: e.EffectiveAt,
	}
}

// TestMemoryLimit stops an evaluation that would make too many values.
func TestMemoryLimit(t *testing.T) {
	in := input(loan(map[string]any{"amount": int64(1)}))
	in.Signals = make([]qingyuan.Signal, maxMemory+1)
	if got := verdict(compileText(t, oneRule("loan.drawn", `len(map(signals, .code)) > 3`)).NewEvaluator().Decide(in)); got != ErrLimit {
		t.Errorf("got %s", got)
	}
}

// TestRulesHarmNoOther has rules that fail in every way beside one that holds.
func TestRulesHarmNoOther(t *testing.T) {
	base := oneRule("loan.drawn", `event.amount > 1`)
	text := base
	for i, when := range []string{`event.ip == "x"`, `ratio(1, event.outstanding_before) > 1`, `int(event.product) > 1`} {
		more := strings.Replace(base[strings.Index(base, "  - id: R\n"):], "id: R\n", fmt.Sprintf("id: F%d\n", i), 1)
		text += strings.Replace(more, "event.amount > 1", when, 1)
	}
	r := compileText(t, text).NewEvaluator().Decide(input(loan(map[string]any{"amount": int64(2), "outstanding_before": int64(0), "product": "x"})))
	if got := fmt.Sprint(r.NotEvaluable); got != "[{F0 event.ip} {F1 !division} {F2 !failed}]" || len(r.Reasons) != 1 || r.Outcome != qingyuan.Review {
		t.Errorf("not evaluable %s, reasons %v, %s", got, r.Reasons, r.Outcome)
	}
}
