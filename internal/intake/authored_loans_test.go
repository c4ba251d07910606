package intake_test

import (
	"fmt"

	"qingyuan"
)

// intermediary is the AB loan: a referrer brings six people who are told to apply "only to add points" for others.
func (a *author) intermediary() {
	const story, agentPhone, agentHandle = "t1", "19900009001", "wechat:shili_zhudai"
	a.add(story, qingyuan.PostObserved, at(38, "20:15"), fields{
		"platform": "douyin", "post_type": "advert", "handle": "douyin:shili_rongzi", "certified_body": "示例文化传媒有限公司",
		"text":           words(qingyuan.AuthorPublic, "【虚构样例】征信花了别急着放弃，银行长期合作渠道，白户黑户都能谈，不成功不收费。加微 shili_zhudai，备注：资金。"),
		"contact_phones": []string{agentPhone}, "contact_handles": []string{agentHandle}, "organisation": "示例融信咨询有限公司", "fee_rate": 0.15,
	})
	employer := fields{"name": "示例星程商贸有限公司", "uscc": uscc(11), "phone": "010-66660001", "address": "示例省示例市东湖区商务路9号301室", "position": "部门经理"}
	for i := range 6 {
		n := 100 + i
		application := person(n).with(fields{
			"application_no": fmt.Sprintf("AP1%03d", i), "product": "现金贷", "channel": "h5", "amount": 5000000 + i*10000, "term_months": 24, "purpose": "renovation",
			"monthly_income": 1500000, "device_id": device(1), "os": "android", "ip": "198.51.100.21", "fill_seconds": 95 + i,
			"sim_tenure_days": 9 + i, "sim_tenure_source": "carrier", "bank_card": card(n), "card_bound_at": at(45+i/3, "09:00"), "card_bound_source": "unionpay",
			"employer": employer, "referrer": fields{"code": "SL88", "phone": agentPhone, "handle": agentHandle},
			"contacts":      []fields{{"name": "刘例经理", "phone": agentPhone, "relation": "colleague"}, {"phone": phone(900 + i), "relation": "friend"}},
			"guarantor":     fields{"name": person(n + 50)["name"], "id_no": idNo(n + 50), "phone": phone(n + 50), "capacity": "co_borrower"},
			"credit_report": fields{"queried_on": on(45 + i/3), "queries_1m": 9 + i, "queries_3m": 14 + i, "lenders": 6, "overdue_accounts": 0},
			"face_check":    "pass", "statement": words(qingyuan.AuthorCustomer, "装修使用，收入稳定，按时还款。"),
		})
		if i%2 == 0 {
			application["call_forwarding"] = fields{"state": "on", "source": "dial_tone", "observed_on": on(45 + i/3), "target": agentPhone}
		}
		a.add(story, qingyuan.ApplicationSubmitted, at(45+i/3, fmt.Sprintf("%02d:%02d", 10+i, 7*i)), application)
	}
	for i := range 2 {
		a.add(story, qingyuan.CallRecorded, at(45+i, "17:40"), person(100+i*3).with(fields{
			"direction": "outbound", "line": "verification", "callee": phone(100 + i*3), "operator_id": "V07", "duration_s": 141, "answered": true, "forwarding_tone": i == 0,
			"identity_check": "pass", "claimed_identity": "self",
			"transcript": words(qingyuan.AuthorSpeech, "对，是我本人申请的。钱是用来装修的，房子在东湖区。单位是星程商贸，部门经理，月薪一万五。不是别人让我来办的，没有交过费用。"),
		}))
	}
	for i := range 5 {
		n := 100 + i
		a.add(story, qingyuan.LoanDrawn, at(47+i/3, fmt.Sprintf("11:%02d", 5*i)), person(n).with(fields{
			"loan_no": loan(n), "application_no": fmt.Sprintf("AP1%03d", i), "amount": 5000000, "term_months": 24, "annual_rate": 0.1788, "first_due_on": on(78),
			"payee": fields{"name": "刘例经理", "bank_card": card(9001), "bank": "示例银行", "kind": "other_person"}, "device_id": device(1), "ip": "198.51.100.21",
		}))
	}
	for i := range 4 {
		a.add(story, qingyuan.RepaymentPosted, at(79, fmt.Sprintf("02:%02d", i)), person(100+i).with(fields{
			"loan_no": loan(100 + i), "status": "missed", "amount": 0, "due_on": on(78), "due_amount": 249800, "instalment": 1, "overdue_days": 1, "balance": 5000000,
			"method": "auto_debit", "failure": "insufficient_funds",
		}))
	}
	a.add(story, qingyuan.AgreementSubmitted, at(82, "15:20"), person(101).with(fields{
		"agreement_type": "loan_brokerage", "origin": "handed_in_by_customer", "signed_on": on(44), "fee": 750000, "fee_rate": 0.15, "fee_basis": "loan", "deposit": 100000,
		"fee_payee":  fields{"name": "刘例经理", "bank_card": card(9001), "kind": "other_person"},
		"agent":      fields{"name": "刘例经理", "phone": agentPhone, "handle": agentHandle, "organisation": "示例融信咨询有限公司", "relation": "agent"},
		"parties":    []fields{{"role": "principal", "name": person(101)["name"], "id_no": idNo(101)}, {"role": "agent", "organisation": "示例融信咨询有限公司"}},
		"hands_over": []string{"sim_card", "bank_card"},
		"text":       words(qingyuan.AuthorOCR, "【虚构样例】甲方委托乙方代办贷款事宜，放款后按到账金额百分之十五支付服务费。办理期间甲方手机卡交由乙方保管，不得自行接听银行来电。"),
	}))
}

// dormitory is the innocent hub: eight people who share an address and a campus exit and nothing else.
func (a *author) dormitory() {
	const story = "hub"
	for i := range 8 {
		n := 400 + i
		a.add(story, qingyuan.ApplicationSubmitted, at(20+i, fmt.Sprintf("%02d:%02d", 12+i, 6*i)), person(n).with(fields{
			"application_no": fmt.Sprintf("AP4%03d", i), "product": "现金贷", "channel": "app", "amount": 300000 + i*50000, "term_months": 6, "purpose": "education",
			"device_id": device(400 + i), "os": []string{"android", "ios", "harmony"}[i%3], "ip": "203.0.113.80", "fill_seconds": 300 + 41*i,
			"sim_tenure_days": 700 + 90*i, "sim_tenure_source": "carrier", "bank_card": card(n), "home_address": "示例省示例市学府路1号 南苑宿舍3号楼",
			"contacts":      []fields{{"phone": phone(420 + i), "relation": "parent"}, {"phone": phone(440 + i), "relation": "friend"}},
			"credit_report": fields{"queried_on": on(20 + i), "queries_1m": i % 2, "queries_3m": 1, "lenders": 1, "overdue_accounts": 0}, "face_check": "pass",
		}))
	}
	for i := range 4 {
		a.add(story, qingyuan.AccountLogin, at(40+3*i, "21:30"), person(400+i).with(fields{
			"result": "success", "method": "fingerprint", "channel": "app", "device_id": device(400 + i), "ip": "203.0.113.80", "new_device": false, "session_seconds": 80,
		}))
		a.add(story, qingyuan.RepaymentPosted, at(51+i, "08:00"), person(400+i).with(fields{
			"loan_no": loan(400 + i), "status": "paid", "amount": 53000, "due_on": on(51 + i), "due_amount": 53000, "instalment": 1, "overdue_days": 0, "method": "auto_debit",
		}))
	}
}

// flawedAuthored is the one event with a remark on its data: a slip of one figure in an ID number.
const flawedAuthored = "ord-004"

// ordinary customers do ordinary things.
func (a *author) ordinary() {
	const story = "ord"
	wrong := a.add(story, qingyuan.ApplicationSubmitted, at(10, "10:12"), person(500).with(fields{
		"application_no": "AP5000", "channel": "app", "amount": 80000000, "term_months": 12, "purpose": "car", "device_id": device(500), "ip": "192.0.2.50",
		"home_address": "示例省示例市西河区云溪路20号2-501", "email": "shi.li@example.com", "monthly_income": 1100000,
	}))
	a.add(story, qingyuan.ApplicationSubmitted, at(10, "10:12"), person(500).with(fields{
		"application_no": "AP5000", "channel": "app", "amount": 8000000, "term_months": 12, "purpose": "car", "device_id": device(500), "ip": "192.0.2.50",
		"home_address": "示例省示例市西河区云溪路20号2-501", "email": "shi.li@example.com", "monthly_income": 1100000,
	}))
	a.events[len(a.events)-1].Corrects = wrong
	a.add(story, qingyuan.LoanDrawn, at(11, "14:00"), person(500).with(fields{
		"loan_no": loan(500), "application_no": "AP5000", "amount": 8000000, "term_months": 12, "annual_rate": 0.098, "first_due_on": on(42),
		"payee": fields{"name": person(500)["name"], "bank_card": card(500), "kind": "own"}, "device_id": device(500), "ip": "192.0.2.50",
	}))
	slip := person(501)
	id := slip["id_no"].(string)
	slip["id_no"] = id[:16] + string('0'+('9'-id[16])) + id[17:]
	a.add(story, qingyuan.ApplicationSubmitted, at(30, "16:45"), slip.with(fields{
		"application_no": "AP5001", "channel": "branch", "amount": 2000000, "term_months": 6, "purpose": "medical", "face_check": "pass", "ip": "192.0.2.60",
	}))
	a.add(story, qingyuan.AccountChanged, at(33, "11:05"), person(502).with(fields{
		"change": "phone", "initiated_by": "customer", "verified_by": "branch", "operator_id": "B12", "old_phone": phone(502), "new_phone": phone(562),
		"note": words(qingyuan.AuthorOperator, "客户到店称手机遗失，已核对身份证原件并拍照，变更手机号。"), "sim_tenure_days": 1, "sim_tenure_source": "carrier",
	}))
	a.add(story, qingyuan.MessageReceived, at(35, "09:10"), person(502).with(fields{
		"channel": "app_chat", "origin": "to_lender", "text": words(qingyuan.AuthorCustomer, "你好，换了新号码，请问自动扣款会受影响吗？"),
	}))
	a.add(story, qingyuan.CardTransaction, at(50, "19:20"), person(503).with(fields{
		"card": card(503), "type": "purchase", "result": "approved", "amount": 23650, "entry_mode": "chip", "merchant_id": "M700001", "merchant_name": "示例超市", "mcc": "5411",
		"terminal_id": "T7000011", "country": "CN", "city": "示例市", "credit_limit": 2000000, "balance_before": 310000,
	}))
	a.add(story, qingyuan.RepaymentPosted, at(42, "08:00"), person(500).with(fields{
		"loan_no": loan(500), "status": "paid", "amount": 701400, "due_on": on(42), "due_amount": 701400, "instalment": 1, "overdue_days": 0, "method": "auto_debit",
	}))
}
