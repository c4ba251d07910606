package decision

import (
	"maps"
	"slices"
	"testing"
	"time"

	"qingyuan"
)

func compileEmbedded(t testing.TB, text []byte) *Program {
	t.Helper()
	rs, problems := Parse(text)
	if problems == nil {
		var p *Program
		if p, problems = Compile(rs, EventFields{}); problems == nil {
			return p
		}
	}
	t.Fatal(problems)
	return nil
}

func TestEmbeddedRulesets(t *testing.T) {
	first, mixed := compileEmbedded(t, First()), compileEmbedded(t, BenchMixed())
	byTypology := map[qingyuan.Typology]int{}
	hardship := 0
	for _, r := range first.Ruleset().Rules {
		byTypology[r.Typology]++
		if r.Polarity == qingyuan.Hardship {
			hardship++
		}
		if r.FalsePositive == "" && r.Polarity == qingyuan.Suspicion {
			t.Errorf("%s names no false positive", r.ID)
		}
	}
	t.Logf("first: %d rules %v, of them %d hardship; %d velocities on %d streams", len(first.rules), byTypology, hardship, len(first.aggregates), len(first.streams))
	if n := len(mixed.RulesFor(qingyuan.LoanDrawn)); n != 10 || len(mixed.aggregates) != 3 || len(mixed.Ruleset().Lists) != 1 {
		t.Errorf("bench_mixed has %d rules, %d aggregates, %d lists", n, len(mixed.aggregates), len(mixed.Ruleset().Lists))
	}
}

// situation is an event as one rule of the first ruleset meets it.
type situation struct {
	kind     qingyuan.EventKind
	data     map[string]any
	velocity map[string]int64
	signals  map[string]float64
	listed   string // a list that every value is in
	hour     int    // local
}

// with is s with some fields and velocities changed.
func (s situation) with(data map[string]any, velocity map[string]int64) situation {
	s.data, s.velocity = maps.Clone(s.data), maps.Clone(s.velocity)
	maps.Copy(s.data, data)
	if s.velocity == nil {
		s.velocity = map[string]int64{}
	}
	maps.Copy(s.velocity, velocity)
	return s
}

type allIn string

func (l allIn) Match(list string, _ qingyuan.EntityKind, _ string, _ time.Time) (string, bool) {
	return "lst_1", list == string(l)
}

// input is the situation with an entity for every selector that any velocity looks up.
func (s situation) input(p *Program) Input {
	e := &qingyuan.Event{Kind: s.kind, EffectiveAt: time.Date(2026, 3, 2, s.hour, 30, 0, 0, time.FixedZone("", 8*3600)), Data: s.data,
		Subject: qingyuan.Entity{Kind: qingyuan.Person, Key: personKey}}
	for _, k := range entityKinds[1:] {
		e.Entities = append(e.Entities, qingyuan.Entity{Kind: k, Key: phoneKey})
	}
	for _, a := range p.Aggregates() {
		if a.Lookup.Kind != Subject {
			e.Entities = append(e.Entities, qingyuan.Entity{Kind: a.Lookup.Kind, Role: a.Lookup.Role, Key: phoneKey})
		}
	}
	in := Input{Event: e, Lists: allIn(s.listed), ListNow: e.EffectiveAt}
	in.Velocity = func(v int, _ [16]byte) (int64, bool) { return s.velocity[p.aggregates[v].ID], true }
	for code, score := range s.signals {
		in.Signals = append(in.Signals, qingyuan.Signal{Code: code, Score: score})
	}
	return in
}

// TestFirstRules has each rule of the first ruleset fire on the case it is for and stay silent on its neighbour.
func TestFirstRules(t *testing.T) {
	p := compileEmbedded(t, First())
	ev := p.NewEvaluator()
	cases := firstCases()
	for _, r := range p.rules {
		c, ok := cases[r.ID]
		if !ok {
			t.Errorf("%s has no test case", r.ID)
			continue
		}
		for name, s := range map[string]situation{"fires": c.fires, "silent": c.silent} {
			in := s.input(p)
			got := ev.Decide(in)
			if i := slices.IndexFunc(got.NotEvaluable, func(n NotEvaluable) bool { return n.Rule == r.ID }); i >= 0 {
				t.Errorf("%s %s: not evaluable, %s", r.ID, name, got.NotEvaluable[i].Missing)
			}
			fired := slices.ContainsFunc(got.Reasons, func(x qingyuan.Reason) bool { return x.Rule == r.ID })
			if fired != (name == "fires") {
				t.Errorf("%s %s: fired = %v", r.ID, name, fired)
			}
			delete(cases, r.ID+name)
		}
	}
	if len(cases) != len(p.rules) {
		t.Errorf("%d cases for %d rules", len(cases), len(p.rules))
	}
}

type firstCase struct{ fires, silent situation }

func firstCases() map[string]firstCase {
	type data = map[string]any
	type counts = map[string]int64
	on := func(kind qingyuan.EventKind, d data) situation { return situation{kind: kind, data: d, hour: 12} }
	// pair is a case that differs in velocities only.
	pair := func(s situation, id string, silent, fires int64) firstCase {
		return firstCase{fires: s.with(nil, counts{id: fires}), silent: s.with(nil, counts{id: silent})}
	}
	// field is a case that differs in one field only.
	field := func(s situation, name string, silent, fires any) firstCase {
		return firstCase{fires: s.with(data{name: fires}, nil), silent: s.with(data{name: silent}, nil)}
	}
	listed := func(s situation, list string) firstCase {
		c := firstCase{fires: s, silent: s}
		c.fires.listed, c.silent.listed = list, "another"
		return c
	}
	signalled := func(s situation, code string, silent, fires float64) firstCase {
		c := firstCase{fires: s, silent: s}
		c.fires.signals, c.silent.signals = map[string]float64{code: fires}, map[string]float64{code: silent}
		return c
	}
	application, drawn, repaid := on(qingyuan.ApplicationSubmitted, data{}), on(qingyuan.LoanDrawn, data{"ip": "192.0.2.1"}), on(qingyuan.RepaymentPosted, data{})
	complaint, call := on(qingyuan.ComplaintReceived, data{}), on(qingyuan.CallRecorded, data{})
	paper, card, change := on(qingyuan.DocumentSubmitted, data{}), on(qingyuan.CardTransaction, data{}), on(qingyuan.AccountChanged, data{})
	agreement, message := on(qingyuan.AgreementSubmitted, data{}), on(qingyuan.MessageReceived, data{})
	missed := repaid.with(data{"status": "missed", "failure": "mandate_cancelled", "other_lenders": "current"}, nil)
	nearLimit := card.with(data{"type": "purchase", "amount": int64(4_600_000), "credit_limit": int64(5_000_000)}, nil)
	night := firstCase{fires: nearLimit, silent: nearLimit}
	night.fires.hour, night.silent.hour = 2, 14
	returned := card.with(data{"type": "transfer_in", "amount": int64(95), "counterparty": data{"kind": "other_person"}}, nil)
	verified := call.with(data{"direction": "inbound", "claimed_identity": "self"}, nil)
	return map[string]firstCase{
		"T1-AGENT-LIST":           listed(application, "agent_phones"),
		"T1-AGENT-NETWORK":        listed(drawn, "agent_networks"),
		"T1-DEVICE":               pair(drawn, "device_subjects_7d", 2, 3),
		"T1-DEVICE-BURST":         pair(application, "device_applications_24h", 2, 3),
		"T1-CONTACT":              pair(application, "contact_subjects_30d", 1, 2),
		"T1-APPLICANT-IS-CONTACT": pair(application, "applicant_as_contact_30d", 1, 2),
		"T1-WORK-PHONE":           pair(application, "work_phone_subjects_30d", 3, 4),
		"T1-REFERRER":             pair(application, "referrer_subjects_7d", 2, 3),
		"T1-FORWARDING":           field(application.with(data{"call_forwarding": data{"state": "on"}}, nil), "sim_tenure_days", int64(30), int64(29)),
		"T1-FORWARDING-SHARED":    pair(change, "forwarding_subjects_30d", 1, 2),
		"T1-QUERY-BURST":          field(application, "credit_report", data{"queries_1m": int64(7)}, data{"queries_1m": int64(8)}),
		"T1-REMOTE-CONTROL":       field(application, "device_flags", data{"remote_control": false}, data{"remote_control": true}),
		"T1-PAYEE-OTHER":          field(drawn, "payee", data{"kind": "own"}, data{"kind": "other_person"}),
		"T1-PAYEE-SHARED":         pair(drawn.with(data{"payee": data{"kind": "other_person"}}, nil), "payee_subjects_30d", 1, 2),
		"T1-FIRST-PAYMENT":        field(repaid.with(data{"status": "missed"}, nil), "instalment", int64(2), int64(1)),
		"T1-BROKER-FEE":           field(agreement.with(data{"agreement_type": "loan_brokerage"}, nil), "fee_rate", 0.02, 0.15),
		"T2-CLEAN-STOP":           pair(missed, "paid_on_time_90d", 1, 2),
		"T2-CASH-OUT-BEFORE":      pair(missed, "near_limit_7d", 0, 1),
		"T2-SUBMITTER":            pair(paper, "document_submitter_subjects_30d", 1, 2),
		"T2-PAPER-DEVICE":         pair(paper, "paper_device_subjects_30d", 2, 3),
		"T2-EDITED-IMAGE":         field(paper, "exif", data{"software": "HDR+ 1.0"}, data{"software": "Adobe Photoshop 24.0"}),
		"T2-CONTROL-HANDED-OVER":  field(agreement.with(data{"agreement_type": "debt_service"}, nil), "hands_over", []any{"id_card"}, []any{"id_card", "sim_card"}),
		"T2-REACHABILITY":         field(change.with(data{"change": "phone", "sim_tenure_days": int64(2)}, nil), "call_forwarding", data{"state": "off"}, data{"state": "on"}),
		"T3-AGENT-LIST":           listed(message, "agent_phones"),
		"T3-COMPLAINT-PHONE":      pair(complaint, "complaint_phone_subjects_90d", 1, 2),
		"T3-COMPLAINT-EMAIL":      pair(complaint, "complaint_email_subjects_90d", 1, 2),
		"T3-LADDER":               pair(complaint, "complaint_channels_7d", 1, 2),
		"T3-SCRIPTED-DEMANDS":     field(call, "demands", []any{"stop_interest", "affordable_plan"}, []any{"stop_interest", "long_instalments"}),
		"T3-TEMPLATE":             signalled(complaint, "C1", 0.79, 0.8),
		"T3-PAY-TO-WITHDRAW":      signalled(message, "P1", 0.5, 0.9),
		"T3-BAITED":               pair(complaint, "baited_calls_24h", 0, 1),
		"T3-ANSWERED-BY-OTHER":    field(call.with(data{"claimed_identity": "self", "forwarding_tone": true}, nil), "identity_check", "pass", "fail"),
		"T5-TERMINAL":             pair(nearLimit, "terminal_near_limit_cards_24h", 2, 3),
		"T5-NIGHT-NEAR-LIMIT":     night,
		"T5-OWN-MERCHANT":         field(card.with(data{"type": "purchase", "id_no": "1"}, nil), "merchant_owner_id_no", "2", "1"),
		"T5-MONEY-RETURNS":        pair(returned, "card_purchases_24h", 0, 100),
		"T5-PROBE":                pair(card.with(data{"type": "purchase", "amount": int64(298_000)}, nil), "card_probes_30m", 0, 2),
		"H-PARTIAL-PAYMENTS":      pair(paper, "partial_payments_90d", 0, 1),
		"H-AFFORDABLE-PLAN":       field(complaint, "demands", []any{"stop_interest"}, []any{"affordable_plan"}),
		"H-OWN-CONTACT":           field(complaint.with(data{"phone": "1"}, nil), "contact_phone", "2", "1"),
		"H-VERIFIED-CALL":         field(verified, "identity_check", "fail", "pass"),
		"H-OWN-PAPER":             field(paper.with(data{"submitted_by": "self", "phone": "1"}, nil), "submitter_phone", "2", "1"),
		"H-ALL-LENDERS":           field(repaid.with(data{"status": "partial"}, nil), "other_lenders", "current", "partly_overdue"),
		"H-PLAN-KEPT":             field(repaid.with(data{"status": "paid"}, nil), "plan", "none", "hardship_plan"),
	}
}
