package decision

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"qingyuan"
)

func shippedDefault(t testing.TB) *Program {
	t.Helper()
	text, err := ShippedRuleset("default")
	if err != nil {
		t.Fatal(err)
	}
	return compileEmbedded(t, text)
}

// TestDefaultRuleset holds the default ruleset to its promises: all typologies, sources, both languages, no fewer rules
// and velocities than said, and nothing that stops a complaint, a paper or a payment.
func TestDefaultRuleset(t *testing.T) {
	rs := shippedDefault(t).Ruleset()
	rules := map[qingyuan.Typology]int{}
	for _, r := range rs.Rules {
		rules[r.Typology]++
		if r.Source == "" || r.Reason.ZH == "" || r.Reason.EN == "" || r.Title.ZH == "" || r.Title.EN == "" {
			t.Errorf("%s lacks a source, a reason or a title", r.ID)
		}
		if r.FalsePositive == "" && r.Polarity == qingyuan.Suspicion {
			t.Errorf("%s names no false positive", r.ID)
		}
	}
	for _, typology := range qingyuan.Typologies {
		if rules[typology] < 2 {
			t.Errorf("%s has %d rules", typology, rules[typology])
		}
	}
	if len(rs.Rules) < 40 || len(rs.Velocities) < 15 {
		t.Errorf("%d rules, %d velocities", len(rs.Rules), len(rs.Velocities))
	}
	for _, kind := range []qingyuan.EventKind{qingyuan.ComplaintReceived, qingyuan.MessageReceived, qingyuan.CallRecorded, qingyuan.RepaymentPosted, qingyuan.DocumentSubmitted} {
		if at := rs.DecisionPoints[string(kind)].AtMost; at != qingyuan.Warn {
			t.Errorf("%s may go as far as %q", kind, at)
		}
	}
}

// heard is the situation with signals that name a typology, written code/typology.
func (s situation) heard(signals ...string) situation {
	s.signals = map[string]float64{}
	for _, name := range signals {
		s.signals[name] = 1
	}
	return s
}

// withTypologies moves the typology out of the code of each signal.
func withTypologies(in Input) Input {
	for i := range in.Signals {
		code, typology, _ := strings.Cut(in.Signals[i].Code, "/")
		in.Signals[i].Code, in.Signals[i].Typology = code, qingyuan.Typology(typology)
	}
	return in
}

// TestDefaultRules has each rule of the default ruleset fire on the case it is for and stay silent on its neighbour.
func TestDefaultRules(t *testing.T) {
	p := shippedDefault(t)
	ev := p.NewEvaluator()
	cases := defaultCases()
	for _, r := range p.rules {
		c, ok := cases[r.ID]
		if !ok {
			t.Errorf("%s has no test case", r.ID)
			continue
		}
		for name, s := range map[string]situation{"fires": c.fires, "silent": c.silent} {
			got := ev.Decide(withTypologies(s.input(p)))
			if i := slices.IndexFunc(got.NotEvaluable, func(n NotEvaluable) bool { return n.Rule == r.ID }); i >= 0 {
				t.Errorf("%s %s: not evaluable, %s", r.ID, name, got.NotEvaluable[i].Missing)
			}
			fired := slices.ContainsFunc(got.Reasons, func(x qingyuan.Reason) bool { return x.Rule == r.ID })
			if fired != (name == "fires") {
				t.Errorf("%s %s: fired = %v", r.ID, name, fired)
			}
		}
		delete(cases, r.ID)
	}
	for id := range cases {
		t.Errorf("%s has a case and no rule", id)
	}
}

// defaultCases are the cases of the first ruleset, less those it does not share, and those of its own rules.
func defaultCases() map[string]firstCase {
	all := firstCases()
	for _, id := range []string{"T2-EDITED-IMAGE", "T3-ANSWERED-BY-OTHER", "T3-COMPLAINT-PHONE", "T3-COMPLAINT-EMAIL"} {
		delete(all, id)
	}
	for _, id := range []string{"T3-LADDER", "T3-TEMPLATE"} { // they read what the complaint is about
		c := all[id]
		c.fires, c.silent = c.fires.with(aboutCollection, nil), c.silent.with(aboutCollection, nil)
		all[id] = c
	}
	c := all["T3-SCRIPTED-DEMANDS"]
	c.fires.data = map[string]any{"demands": []any{"stop_interest", "compensation"}}
	all["T3-SCRIPTED-DEMANDS"] = c
	for _, more := range []map[string]firstCase{postCases(), agreementCases(), messageCases(), loanCases(), complaintCases(), callCases(), paperCases(), cardCases(), confirmedCases()} {
		maps.Copy(all, more)
	}
	return all
}

type fields = map[string]any

type tallies = map[string]int64

var aboutCollection = fields{"category": "complaint", "demands": []any{"stop_collection", "compensation"}, "submitted_by": "self",
	"text": wrote("请停止催收"), "allegations": []any{"other"}}

func wrote(text string) map[string]any { return map[string]any{"text": text} }

func plain(kind qingyuan.EventKind, d fields) situation {
	return situation{kind: kind, data: d, hour: 12}
}

// either is a case that differs in some fields only.
func either(s situation, silent, fires fields) firstCase {
	return firstCase{fires: s.with(fires, nil), silent: s.with(silent, nil)}
}

// counted is a case that differs in one velocity only.
func counted(s situation, velocity string, silent, fires int64) firstCase {
	return firstCase{fires: s.with(nil, tallies{velocity: fires}), silent: s.with(nil, tallies{velocity: silent})}
}

var allTypologies = []string{"T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9"}

func postCases() map[string]firstCase {
	out := map[string]firstCase{}
	post := plain(qingyuan.PostObserved, fields{"text": wrote("看看"), "contact_handles": []any{"wechat:a1"}})
	for _, typology := range allTypologies {
		offer := post.heard("text.promotion/" + typology)
		slang := post.heard("C2/" + typology)
		out[typology+"-POST-OFFER"] = firstCase{fires: offer, silent: slang.with(fields{"text": wrote("警方提醒：谨慎")}, nil)}
		out[typology+"-POST-SOLICITS"] = firstCase{fires: slang, silent: slang.with(fields{"contact_handles": []any{}}, nil)}
	}
	out["T3-POST-CONTACT-REPEATED"] = counted(post, "offers_same_phone_90d", 0, 1)
	out["T3-POST-CONTACT-KNOWN"] = counted(post, "post_handle_agent_90d", 0, 1)
	return out
}

func confirmedCases() map[string]firstCase {
	out := map[string]firstCase{}
	message := plain(qingyuan.MessageReceived, fields{"text": wrote("看看")})
	for i, typology := range qingyuan.Typologies {
		other := qingyuan.Typologies[(i+1)%len(qingyuan.Typologies)]
		out[string(typology)+"-CONFIRMED-TEXT"] = firstCase{fires: message.heard("confirmed/" + string(typology)), silent: message.heard("confirmed/" + string(other))}
		out[string(typology)+"-CONFIRMED-CONTACT"] = firstCase{fires: message.heard("S1/" + string(typology)), silent: message.heard("S1/" + string(other))}
	}
	return out
}

func agreementCases() map[string]firstCase {
	out := map[string]firstCase{}
	kinds := map[string]string{"T1": "loan_brokerage", "T2": "debt_service", "T3": "complaint_proxy", "T4": "surrender_proxy", "T9": "credit_repair"}
	private, company := fields{"fee_payee": fields{"kind": "other_person"}}, fields{"fee_payee": fields{"kind": "company"}}
	for typology, kind := range kinds {
		a := plain(qingyuan.AgreementSubmitted, fields{"agreement_type": kind})
		out[typology+"-AGREEMENT"] = either(a, fields{"agreement_type": "repayment_plan"}, nil)
		out[typology+"-AGREEMENT-TERMS"] = either(a, company, fields{"fee_rate": 0.02})
	}
	attorney := plain(qingyuan.AgreementSubmitted, fields{"agreement_type": "power_of_attorney"})
	out["T6-AGREEMENT-CLAUSES"] = either(attorney, fields{"agent": fields{"organisation": "海天律师事务所"}}, fields{"agent": fields{"organisation": "海天法务咨询有限公司"}})
	out["T6-AGREEMENT-PAYEE"] = either(attorney, company, private)
	course := plain(qingyuan.AgreementSubmitted, fields{"agreement_type": "other"})
	out["T7-AGREEMENT-LEVELS"] = firstCase{fires: course.heard("C2/T7"), silent: course.heard("C2/T3")}
	out["T7-AGREEMENT-PAYEE"] = either(course.heard("C2/T7"), company, private)
	return out
}

func messageCases() map[string]firstCase {
	out := map[string]firstCase{}
	shown := plain(qingyuan.MessageReceived, fields{"origin": "handed_in_by_customer", "text": wrote("在吗")})
	for _, typology := range allTypologies {
		heard := shown.heard("text.recruitment/" + typology)
		out[typology+"-MESSAGE-OFFER"] = firstCase{fires: heard, silent: heard.with(fields{"origin": "to_lender"}, nil)}
	}
	out["T3-MESSAGE-AGENT"] = either(shown, fields{"text": fields{"text": "在吗", "author": "public"}}, fields{"text": fields{"text": "在吗", "author": "agent"}})
	out["T3-MESSAGE-SENDER-SHARED"] = counted(shown.with(nil, tallies{"shown_messages_90d": 1}), "shown_handle_subjects_90d", 1, 2)
	return out
}

func loanCases() map[string]firstCase {
	application := plain(qingyuan.ApplicationSubmitted, fields{"employer": fields{"phone": "+8621555501"}, "contacts": []any{fields{"phone": "+8613800000001"}}})
	mobile := fields{"employer": fields{"phone": "+8613800000001"}}
	deceived := plain(qingyuan.ComplaintReceived, fields{"allegations": []any{"not_own_loan"}, "text": wrote("中介办的")})
	return map[string]firstCase{
		"T1-CONTACT-IS-WORK": either(application, nil, mobile),
		"T1-WORK-MOBILE":     either(application, nil, mobile),
		"T1-FAST-FORM": either(application, fields{"fill_seconds": int64(180), "credit_report": fields{"queries_1m": int64(4)}},
			fields{"fill_seconds": int64(179), "credit_report": fields{"queries_1m": int64(4)}}),
		"T1-WORK-ADVERTISED": counted(application, "ad_phone_work_90d", 0, 1),
		"T1-CONTACT-TWO":     counted(application, "contact_subjects_30d", 0, 1),
		"T1-WORK-AS-CONTACT": counted(application, "work_as_contact_30d", 0, 1),
		"T1-DECEIVED":        either(deceived, fields{"text": wrote("我没有借过")}, nil),
		"T1-DECEIVED-RECENT": counted(deceived, "loans_drawn_90d", 0, 1),

		"T1-DECEIVED-PAID-AWAY": counted(deceived, "paid_to_others_90d", 0, 1),
		"T1-COACHED-PAID-AWAY":  counted(plain(qingyuan.CallRecorded, fields{"line": "verification"}), "paid_to_others_90d", 0, 1),
		"T1-DRAWN-COACHED":      counted(plain(qingyuan.LoanDrawn, fields{}), "coached_calls_14d", 0, 1),
		"T1-DRAWN-ODD":          counted(plain(qingyuan.LoanDrawn, fields{}), "odd_applications_90d", 0, 1),
		"T1-PAYEE-TWO":          counted(plain(qingyuan.LoanDrawn, fields{"payee": fields{"kind": "other_person"}}).with(nil, tallies{"paid_to_others_90d": 1}), "payee_subjects_90d", 1, 2),
		"T1-FIRST-AFTER-OTHER":  counted(missed.with(fields{"instalment": int64(1)}, nil), "paid_to_others_90d", 0, 1),
		"T1-FIRST-AFTER-ODD":    counted(missed.with(fields{"instalment": int64(1)}, nil), "odd_applications_90d", 0, 1),
		"T2-STOP":               either(missed.with(nil, tallies{"paid_on_time_90d": 1}), fields{"other_lenders": "overdue"}, nil),
		"T2-STOP-SHOWN":         counted(missed, "agents_messages_90d", 0, 1),
	}
}

var missed = plain(qingyuan.RepaymentPosted, fields{"status": "missed", "overdue_days": int64(3), "other_lenders": "current"})

func complaintCases() map[string]firstCase {
	out := map[string]firstCase{}
	collection := plain(qingyuan.ComplaintReceived, aboutCollection)
	for typology, c := range map[string]situation{"T3": collection, "T4": collection.with(fields{"demands": []any{"refund_premium"}}, nil),
		"T9": collection.with(fields{"category": "credit_objection"}, nil)} {
		out[typology+"-COMPLAINT-SCRIPT"] = firstCase{fires: c.heard("text.coached_complaint/T2"), silent: c.heard("C2/" + typology)}
		out[typology+"-COMPLAINT-SLANG"] = firstCase{fires: c.heard("C2/" + typology), silent: c.heard("C2/"+typology, "text.coached_complaint/T3")}
		out[typology+"-COMPLAINT-HAND"] = counted(c, "complaint_email_subjects_90d", 0, 1)
		out[typology+"-COMPLAINT-PRESSURE"] = counted(c, "complaints_30d", 0, 1)
		out[typology+"-COMPLAINT-ADVERTISED"] = counted(c, "ad_phone_complainant_90d", 0, 1)
		out[typology+"-COMPLAINT-CONTRACT"] = counted(c, "agents_contracts_90d", 0, 1)
		out[typology+"-COMPLAINT-SHOWN"] = counted(c, "agents_messages_90d", 0, 1)
		out[typology+"-COMPLAINT-REACH"] = counted(c, "reach_changes_60d", 0, 1)
		out[typology+"-COMPLAINT-THIRD"] = either(c.with(fields{"submitted_by": "friend"}, nil), fields{"agent": fields{"authorised": true}}, nil)
		own := c.with(fields{"phone": "+8613800000001", "contact_phone": "+8613800000001"}, nil)
		out[typology+"-COMPLAINT-CONTACT"] = either(own, nil, fields{"contact_phone": "+8613800000002"})
		if typology != "T3" {
			out[typology+"-TEMPLATE"] = firstCase{fires: c.heard("C1"), silent: c}
		}
	}
	out["H-ALL-LENDERS-BEFORE"] = counted(collection, "others_unpaid_90d", 0, 1)
	out["H-CALLED-BEFORE"] = counted(collection, "verified_calls_90d", 0, 1)
	out["H-PLAN-BEFORE"] = counted(collection, "plans_agreed_90d", 0, 1)
	out["H-OWN-WORDS"] = firstCase{fires: collection.heard("text.genuine_complaint"), silent: collection.heard("text.genuine_complaint", "C3")}
	out["T3-COMPLAINT-CALLED"] = counted(collection, "collection_calls_3d", 0, 1)
	out["T2-COMPLAINT-AFTER-STOP"] = counted(collection.with(nil, tallies{"paid_on_time_90d": 1}), "stopped_while_current_60d", 0, 1)
	lawyer := collection.with(fields{"submitted_by": "lawyer", "agent": fields{"organisation": "某法务咨询有限公司"}, "contact_phone": "+8617000000001"}, nil)
	out["T6-FALSE-LAWYER"] = either(lawyer, fields{"agent": fields{"organisation": "海天律师事务所"}}, nil)
	out["T6-LAWYER-SCRIPT"] = firstCase{fires: lawyer.heard("C2/T3"), silent: lawyer.with(fields{"agent": fields{"authorised": true}}, nil).heard("C2/T3")}
	out["T6-LAWYER-CONTACT"] = either(lawyer, fields{"contact_phone": "+862155550100"}, nil)
	denied := collection.with(fields{"category": "credit_objection", "allegations": []any{"not_own_loan"}}, nil)
	out["T9-RECORD-TRUE"] = counted(denied, "missed_payments_90d", 0, 1)
	out["T9-DENIES-OWN"] = counted(denied, "paid_on_time_90d", 0, 1)
	out["T2-STOP-SCRIPT"] = either(collection, fields{"demands": []any{"stop_interest", "long_instalments", "affordable_plan"}}, fields{"demands": []any{"stop_interest", "long_instalments"}})
	return out
}

func callCases() map[string]firstCase {
	paid := tallies{"paid_on_time_90d": 1}
	check := plain(qingyuan.CallRecorded, fields{"line": "verification", "transcript": wrote("是我本人，没有中介")})
	chase := plain(qingyuan.CallRecorded, fields{"line": "collection", "transcript": wrote("请联系我的代理人"), "claimed_identity": "self"}).with(nil, paid)
	fresh := plain(qingyuan.AccountChanged, fields{"change": "phone"})
	return map[string]firstCase{
		"T1-COACHED":            either(check, fields{"transcript": wrote("装修用")}, nil),
		"T1-COACHED-AFTER-FAST": counted(check, "odd_applications_90d", 0, 1),
		"T2-ANSWERED-BY-OTHER":  either(chase, fields{"identity_check": "pass"}, fields{"identity_check": "fail"}),
		"T2-CALL-SCRIPT":        {fires: chase.heard("text.coached_complaint/T3"), silent: chase.heard("C2/T1")},
		"T2-CALL-FORWARDED":     either(chase, fields{"forwarding_tone": false}, fields{"forwarding_tone": true}),
		"T2-CALL-SPEAKER":       either(chase, fields{"speaker": fields{"relation": "spouse"}}, fields{"speaker": fields{"relation": "agent"}}),
		"T2-CALL-CHANGED":       counted(chase.with(fields{"identity_check": "fail"}, nil), "reach_changes_60d", 0, 1),
		"T2-CALL-CONTRACT":      counted(chase, "agents_contracts_90d", 0, 1),
		"T2-AFTER-PACKAGE":      counted(chase, "package_complaints_60d", 0, 1),
		"T2-REACH-DEVICE":       counted(fresh, "acting_device_subjects_60d", 1, 2),
		"T2-REACH-NEW":          either(fresh, fields{"sim_tenure_days": int64(30)}, fields{"sim_tenure_days": int64(29)}),
		"T2-STOP-WHILE-CURRENT": counted(chase, "stopped_while_current_60d", 0, 1),
	}
}

func paperCases() map[string]firstCase {
	out := map[string]firstCase{}
	paper := func(d fields) situation {
		return plain(qingyuan.DocumentSubmitted, d).with(fields{"issuer": fields{"name": "第一医院", "phone": "+8613800000001"}}, nil)
	}
	for typology, s := range map[string]situation{"T8": paper(fields{"document_type": "diagnosis", "purpose": "hardship"}),
		"T2": paper(fields{"document_type": "poverty"}), "T9": paper(fields{"document_type": "quarantine", "purpose": "credit_objection"})} {
		out[typology+"-PAPER-ISSUER"] = counted(s, "issuer_phone_subjects_90d", 0, 1)
		out[typology+"-PAPER-FORM"] = either(s, nil, fields{"issuer": fields{"name": "柳河社区居民委员会"}})
		out[typology+"-PAPER-STOP"] = counted(s, "stopped_while_current_60d", 0, 1)
	}
	out["T8-DEAD-ACTIVE"] = counted(paper(fields{"document_type": "death", "event_on": "2026-02-01"}), "activity_7d", 0, 1)
	out["T8-PAPER-TALKS-DEBT"] = either(paper(fields{"document_type": "diagnosis", "text": wrote("建议休息两周")}), nil, fields{"text": wrote("建议避免催收")})
	out["T9-PAPER-OLD"] = either(paper(fields{"document_type": "quarantine", "purpose": "credit_objection"}), fields{"period_to": "2026-01-15"}, fields{"period_to": "2021-05-15"})
	sick := paper(fields{"document_type": "diagnosis"})
	out["T8-PAPER-HAND"] = counted(sick.with(nil, tallies{"papers_90d": 1}), "paper_device_subjects_30d", 1, 2)
	out["T8-PAPER-THIRD"] = either(sick, fields{"submitted_by": "child"}, fields{"submitted_by": "agent"})
	letter := paper(fields{"document_type": "lawyer_letter"})
	out["T6-LETTER-SCRIPT"] = firstCase{fires: letter.heard("C2/T3"), silent: letter}
	out["T6-LETTER-NO-AUTHORITY"] = counted(letter, "authorities_90d", 1, 0)
	out["T6-LETTER-NO-FIRM"] = either(letter, fields{"issuer": fields{"name": "海天律师事务所"}}, nil)
	out["T6-LETTER-MOBILE"] = either(letter, fields{"issuer": fields{"name": "海天律师事务所", "phone": "+862155550100"}}, nil)
	return out
}

func cardCases() map[string]firstCase {
	large := plain(qingyuan.CardTransaction, fields{"type": "purchase", "amount": int64(1_000_000), "credit_limit": int64(5_000_000), "country": "TH"})
	terminal := large.with(nil, tallies{"terminal_cards_30d": 4})
	return map[string]firstCase{
		"T5-TERMINAL-LARGE":  counted(terminal, "terminal_large_cards_30d", 2, 3),
		"T5-DRAINED":         counted(large, "card_large_7d", 2_999_999, 3_000_000),
		"T5-FOREIGN-PROBE":   counted(large, "foreign_probes_24h", 0, 1),
		"T5-REPEATED":        counted(large, "card_cash_count_7d", 0, 1),
		"T5-REMOTE-PROBE":    counted(large.with(fields{"entry_mode": "online", "amount": int64(1_500_000)}, nil), "remote_probes_24h", 1, 2),
		"T5-TERMINAL-RETURN": counted(large.with(nil, tallies{"terminal_cash_cards_90d": 3, "terminal_cards_90d": 4}), "terminal_cash_sales_90d", 5, 6),
	}
}
