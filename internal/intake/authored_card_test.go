package intake_test

import (
	"fmt"

	"qingyuan"
)

// cashOut is a point of sale that sells nothing: cards near their limit, by night, at one terminal.
func (a *author) cashOut() {
	const story = "t5"
	sale := fields{
		"type": "purchase", "result": "approved", "entry_mode": "magnetic_stripe", "merchant_id": "M500001", "merchant_name": "示例汇通百货店", "merchant_uscc": uscc(55),
		"merchant_owner_id_no": idNo(600), "mcc": "5311", "terminal_id": "T5000017", "country": "CN", "city": "示例市", "credit_limit": 5000000,
	}
	for i := range 6 {
		n := 600 + i // the first card is the owner's own
		a.add(story, qingyuan.CardTransaction, at(74, fmt.Sprintf("%02d:%02d", 1+i/3, 4+6*(i%3))), person(n).with(sale).with(fields{
			"card": card(n), "amount": 4980000 - 1300*i, "balance_before": 12000 + 900*i, "transaction_no": fmt.Sprintf("TX5%04d", i),
		}))
	}
	for i := range 3 {
		a.add(story, qingyuan.CardTransaction, at(74, fmt.Sprintf("15:%02d", 10*i)), person(601+i).with(fields{
			"card": card(601 + i), "type": "transfer_in", "result": "approved", "amount": 4930000 - 1300*i, "country": "CN", "city": "示例市",
			"counterparty": fields{"name": person(600)["name"], "bank_card": card(9600), "kind": "other_person"},
		}))
	}
	stolen := person(610).with(fields{"card": card(610), "type": "purchase", "country": "US", "city": "Exampleville", "currency": "USD", "credit_limit": 5000000})
	for i, amount := range []int{100, 100, 298000} {
		a.add(story, qingyuan.CardTransaction, at(80, fmt.Sprintf("03:%02d", 2+3*i)), stolen.with(fields{
			"amount": amount, "entry_mode": "online", "merchant_id": fmt.Sprintf("M59000%d", i/2), "mcc": "5732", "result": "approved", "ip": "203.0.113.199",
		}))
	}
	a.add(story, qingyuan.CardTransaction, at(80, "03:20"), person(610).with(fields{
		"card": card(610), "type": "purchase", "result": "approved", "amount": 4200, "entry_mode": "chip", "merchant_id": "M700001", "mcc": "5411", "terminal_id": "T7000011",
		"country": "CN", "city": "示例市", "gps": fields{"lat": 39.9, "lng": 116.4},
	}))
	for i := range 3 {
		a.add(story, qingyuan.RepaymentPosted, at(88, fmt.Sprintf("08:%02d", i)), person(601+i).with(fields{
			"loan_no": fmt.Sprintf("K%05d", 601+i), "status": "partial", "amount": 50000, "due_amount": 498000, "due_on": on(88), "method": "card",
			"payer": fields{"name": person(600)["name"], "bank_card": card(9600), "kind": "other_person"},
		}))
	}
}

// hardship are three people who cannot pay and say so themselves.
func (a *author) hardship() {
	const story = "hs"
	said := []string{
		"我上个月厂里停工了，工资只发了一半，这个月先还八百行不行，下个月找到活再补上。",
		"我妈住院花了不少，现在每个月最多能还一千二，能不能帮我把期限拉长一点，我不想逾期。",
		"店关了，我在跑外卖，收入不稳，能先还利息吗？等过年前结了账我一次补齐。",
	}
	wrote := []string{
		"您好，我在服装厂上班，八月起停工，附上厂里的停工通知和解除合同证明，厂里电话可以打过去核实。我现在打零工，每月能还八百。",
		"我母亲九月做手术，住院发票在附件里。以前一直按时还，这次实在周转不开，希望每月还一千二，麻烦尽快答复，谢谢。",
		"小吃店十月关门，执照已经注销，注销通知书编号写在下面。我跑外卖，能还一部分，不是不想还。",
	}
	for i := range 3 {
		n := 700 + i
		ledger := person(n).with(fields{"loan_no": loan(n), "due_amount": 160000, "method": "transfer", "other_lenders": "partly_overdue"})
		for k, paid := range []int{160000, 110000, 60000} {
			a.add(story, qingyuan.RepaymentPosted, at(8+30*k+i, "19:40"), ledger.with(fields{
				"status": []string{"paid", "partial", "partial"}[k], "amount": paid, "due_on": on(6 + 30*k + i), "instalment": 4 + k, "overdue_days": 2, "balance": 1900000 - 100000*k,
				"payer": fields{"name": person(n)["name"], "kind": "own"},
			}))
		}
		a.add(story, qingyuan.CallRecorded, at(37+i, "10:25"), person(n).with(fields{
			"direction": "inbound", "line": "service", "caller": phone(n), "operator_id": "S05", "duration_s": 380, "answered": true, "forwarding_tone": false,
			"claimed_identity": "self", "identity_check": "pass", "demands": []string{"affordable_plan"},
			"transcript": words(qingyuan.AuthorSpeech, said[i]), "sim_tenure_days": 2400 + 100*i, "sim_tenure_source": "carrier",
		}))
		a.add(story, qingyuan.DocumentSubmitted, at(41+2*i, "20:15"), person(n).with(fields{
			"document_type": []string{"unemployment", "hospitalisation", "other"}[i], "channel": "app", "purpose": "hardship", "issued_on": on(39 + i),
			"issuer":       fields{"name": []string{"示例服装有限公司", "示例市第一医院", "示例市市场监督管理局"}[i], "uscc": uscc(70 + i), "phone": fmt.Sprintf("010-6666007%d", i)},
			"named_person": fields{"name": person(n)["name"], "id_no": idNo(n)}, "submitted_by": "self", "submitter_phone": phone(n), "device_id": device(700 + i), "ip": fmt.Sprintf("192.0.2.%d", 70+i),
		}))
		a.add(story, qingyuan.MessageReceived, at(42+2*i, "21:00"), person(n).with(fields{
			"channel": "app_chat", "origin": "to_lender", "text": words(qingyuan.AuthorCustomer, wrote[i]),
		}))
		a.add(story, qingyuan.AgreementSubmitted, at(50+i, "14:00"), person(n).with(fields{
			"agreement_type": "repayment_plan", "origin": "own", "signed_on": on(50 + i), "loan_no": loan(n), "fee": 0,
			"parties": []fields{{"role": "lender", "organisation": "示例消费金融有限公司"}, {"role": "principal", "name": person(n)["name"], "id_no": idNo(n), "phone": phone(n)}},
			"text":    words(qingyuan.AuthorLender, "个性化分期还款方案：每月还款额按客户确认的可负担金额执行，期间不催收，按期履行不再加收费用。"),
		}))
		a.add(story, qingyuan.RepaymentPosted, at(84+i, "09:30"), ledger.with(fields{
			"status": "paid", "amount": 80000, "due_amount": 80000, "due_on": on(84 + i), "instalment": 1, "overdue_days": 0, "plan": "hardship_plan", "balance": 1620000,
		}))
	}
	a.add(story, qingyuan.ComplaintReceived, at(46, "16:30"), person(701).with(fields{
		"channel": "own", "category": "complaint", "contact_phone": phone(701), "submitted_by": "self", "demands": []string{"affordable_plan", "explanation"},
		"allegations": []string{"refused_negotiation"}, "device_id": device(701), "ip": "192.0.2.71",
		"text": words(qingyuan.AuthorCustomer, "我上周打电话问能不能少还一点，说会回电，到现在没人联系我。我不是赖账，就想问清楚流程，发票都给你们了。"),
	}))
}
