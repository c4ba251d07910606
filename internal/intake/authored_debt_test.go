package intake_test

import (
	"fmt"
	"strings"

	"qingyuan"
)

// stopPay is the cohort: six borrowers who pay on time, use up their cards and stop on the day an agent told them.
func (a *author) stopPay() {
	const story, agentPhone, agentHandle = "t2", "19900009201", "wechat:shili_shangan"
	for i := range 6 {
		n := 200 + i
		ledger := person(n).with(fields{"loan_no": loan(n), "due_amount": 182000 + 1000*i, "method": "auto_debit"})
		for k, day := range []int{5, 36} {
			a.add(story, qingyuan.RepaymentPosted, at(day, fmt.Sprintf("08:%02d", i)), ledger.with(fields{
				"status": "paid", "amount": 182000 + 1000*i, "due_on": on(day), "instalment": 3 + k, "overdue_days": 0, "balance": 1600000 - 160000*k, "other_lenders": "current",
			}))
		}
		a.add(story, qingyuan.CardTransaction, at(63, fmt.Sprintf("%02d:%02d", 13+i, 9*i)), person(n).with(fields{
			"card": card(n), "type": []string{"cash_advance", "purchase"}[i%2], "result": "approved", "amount": 1890000 + 7300*i, "entry_mode": "chip", "mcc": "5944",
			"merchant_id": "M200900", "merchant_name": "示例珠宝行", "terminal_id": "T2009001", "city": "示例市", "credit_limit": 2000000, "balance_before": 40000,
		}))
		a.add(story, qingyuan.RepaymentPosted, at(66, fmt.Sprintf("08:%02d", i)), ledger.with(fields{
			"status": "missed", "amount": 0, "due_on": on(66), "instalment": 5, "overdue_days": 1, "balance": 1440000, "failure": "mandate_cancelled", "other_lenders": "current",
		}))
	}
	for i := range 3 {
		n := 200 + i
		a.add(story, qingyuan.AccountChanged, at(64, fmt.Sprintf("22:%02d", 10*i)), person(n).with(fields{
			"change": "phone", "initiated_by": "customer", "verified_by": "sms_new", "old_phone": phone(n), "new_phone": phone(920 + i), "device_id": device(20), "ip": "198.51.100.44",
			"sim_tenure_days": 2, "sim_tenure_source": "carrier", "call_forwarding": fields{"state": "on", "source": "carrier", "observed_on": on(64), "target": agentPhone},
		}))
	}
	for i := range 4 {
		n := 200 + i
		a.add(story, qingyuan.DocumentSubmitted, at(71+i%2, fmt.Sprintf("10:%02d", 12*i)), person(n).with(fields{
			"document_type": []string{"no_income", "poverty"}[i%2], "channel": "email", "purpose": "hardship", "document_no": "示民证字第0017号", "issued_on": on(70),
			"issuer":       fields{"name": "示例市东湖区示例村民委员会", "phone": "010-66660017"},
			"named_person": fields{"name": person(n)["name"], "id_no": idNo(n)}, "submitted_by": "agent", "submitter_phone": agentPhone, "device_id": device(20), "ip": "198.51.100.44",
			"exif": fields{"software": "Adobe Photoshop 24.0"},
			"text": words(qingyuan.AuthorOCR, fmt.Sprintf("【虚构样例】证明 兹证明我村村民%s因家庭变故无任何收入来源，生活极度贫困，确无能力偿还网络贷款，特此证明。", person(n)["name"])),
		}))
	}
	for i := range 2 {
		n := 201 + 2*i
		a.add(story, qingyuan.AgreementSubmitted, at(84, fmt.Sprintf("16:%02d", 20*i)), person(n).with(fields{
			"agreement_type": "debt_service", "origin": "handed_in_by_customer", "signed_on": on(61), "fee_rate": 0.08, "fee_basis": "debt", "deposit": 200000,
			"agent":      fields{"name": "孙例老师", "phone": agentPhone, "handle": agentHandle, "organisation": "示例上岸法律咨询有限公司", "uscc": uscc(22), "relation": "agent"},
			"fee_payee":  fields{"name": "孙例老师", "bank_card": card(9201), "kind": "other_person"},
			"hands_over": []string{"sim_card", "call_forwarding"},
			"text":       words(qingyuan.AuthorOCR, "【虚构样例】债务委托服务协议：委托期间甲方停止一切还款，开通呼叫转移，由乙方统一应答银行来电，乙方负责争取停息挂账六十期。"),
		}))
		a.add(story, qingyuan.CallRecorded, at(69+i, "15:10"), person(n).with(fields{
			"direction": "outbound", "line": "collection", "callee": phone(n), "operator_id": "K31", "vendor": "示例催收服务", "duration_s": 96, "answered": true, "forwarding_tone": true,
			"claimed_identity": "self", "identity_check": "fail", "demands": []string{"stop_interest", "long_instalments", "written_only"}, "speaker": fields{"phone": agentPhone},
			"transcript": words(qingyuan.AuthorSpeech, "我就是本人。具体借了多少不记得了，你们发书面材料。我只接受停息挂账分六十期，其他方案都不用谈。你的工号多少，通话我已经录音了。"),
			"summary":    words(qingyuan.AuthorOperator, "接听人自称本人，无法说出借款日期及尾号，要求停息挂账60期，拒绝其他方案。"),
		}))
	}
}

// complaintTemplate is one text for many names; the words in braces change.
const complaintTemplate = "【虚构样例】本人在贵公司借款{amount}元，因行业不景气收入中断，曾多次主动协商均遭拒绝。贵公司委托的催收人员频繁致电本人及家人，严重影响正常生活，" +
	"涉嫌违反个人信息保护及消费者权益保护的有关规定。现要求：一、立即停止催收；二、停息挂账，剩余本金分60期偿还；三、退还已收取的高额利息并赔偿{claim}元；" +
	"四、删除不良征信记录。如三日内不予解决，本人将继续逐级投诉，直至问题解决为止。"

func templated(amount, claim int) string {
	return strings.NewReplacer("{amount}", fmt.Sprint(amount), "{claim}", fmt.Sprint(claim)).Replace(complaintTemplate)
}

// complaints is the complaint mill: one desk writes for six names.
func (a *author) complaints() {
	const story, desk, mail = "t3", "19900009301", "shili-weiquan@example.com"
	a.add(story, qingyuan.PostObserved, at(52, "12:30"), fields{
		"platform": "xiaohongshu", "post_type": "course", "handle": "xiaohongshu:shili_falv", "certified_body": "示例法务咨询有限公司", "city": "示例市", "fee": 98000,
		"text":           words(qingyuan.AuthorPublic, "【虚构样例】催收一骚扰就投诉，三步拿回利息。从零带学，话术全套，在家就能做，学员月入三万。看主页找我。"),
		"contact_phones": []string{desk}, "contact_handles": []string{"wechat:shili_weiquan"}, "organisation": "示例法务咨询有限公司", "uscc": uscc(33),
	})
	for i := range 6 {
		n := 300 + i
		if i < 3 {
			a.add(story, qingyuan.CallRecorded, at(60+i, fmt.Sprintf("09:%02d", 11*i)), person(n).with(fields{
				"direction": "inbound", "line": "collection", "caller": phone(940 + i), "operator_id": "K17", "duration_s": 412, "answered": true, "claimed_identity": "self", "identity_check": "fail",
				"transcript": words(qingyuan.AuthorSpeech, "你们是不是天天给我家里人打电话？你再说一遍，你刚才是不是威胁我？你敢不敢说不还钱会怎么样？我这边都录着呢。"),
				"summary":    words(qingyuan.AuthorOperator, "来电人反复诱导坐席表达后果，坐席按话术应答，未见违规表述。"),
			}))
			a.add(story, qingyuan.AccountLogin, at(60+i, fmt.Sprintf("10:%02d", 7*i)), person(n).with(fields{
				"result": "success", "method": "sms_code", "channel": "h5", "device_id": device(30), "ip": "198.51.100.77", "new_device": true, "hardship_page_views": 6,
			}))
		}
		a.complaint(person(n), "own", at(60+i, fmt.Sprintf("11:%02d", 5*i)), 18000+1700*i, 3000+500*(i%3), fields{"device_id": device(30), "ip": "198.51.100.77"})
	}
	for i, channel := range []string{"12378", "heimao", "petition"} {
		a.complaint(person(300), channel, at(62+2*i, "14:30"), 18000, 5000+1000*i, fields{"transferred_no": fmt.Sprintf("ZB2026%04d", i)})
	}
	for i := range 2 {
		a.add(story, qingyuan.MessageReceived, at(67+i, "20:05"), person(300+i).with(fields{
			"channel": "wechat", "origin": "handed_in_by_customer", "sender_handle": "wechat:shili_weiquan", "sender_phone": desk,
			"text": words(qingyuan.AuthorAgent, "【虚构样例】机构如果愿意给8000补偿，今天就撤诉，不然明天继续往上递材料。到账以后你我四六分。"),
		}))
	}
	a.add(story, qingyuan.DocumentSubmitted, at(68, "09:40"), person(302).with(fields{
		"document_type": "lawyer_letter", "channel": "email", "purpose": "complaint", "document_no": "示律函2026第88号", "issued_on": on(67), "submitted_by": "agent", "submitter_phone": desk,
		"issuer": fields{"name": "示例法务咨询有限公司", "uscc": uscc(33), "phone": desk},
		"text":   words(qingyuan.AuthorOCR, "【虚构样例】律师函 受委托人委托，就贵司暴力催收一事函告如下：请于三日内停止催收、退还利息并赔偿损失，否则将向监管部门举报。"),
	}))
}

func (a *author) complaint(who fields, channel, time string, amount, claim int, more fields) {
	a.add("t3", qingyuan.ComplaintReceived, time, who.with(fields{
		"channel": channel, "category": "complaint", "claimed_name": who["name"], "contact_phone": "19900009301", "contact_email": "shili-weiquan@example.com",
		"contact_address": "示例省示例市东湖区维权路5号", "submitted_by": "self", "text": words(qingyuan.AuthorCustomer, templated(amount, claim)),
		"demands":         []string{"stop_collection", "stop_interest", "long_instalments", "refund_interest", "compensation", "delete_credit_record"},
		"demanded_amount": claim * 100, "allegations": []string{"violent_collection", "harassing_third_party", "excessive_interest"},
	}).with(more))
}
