package intake

import "qingyuan"

// demands are what a customer, or whoever speaks for the customer, asks for.
var demands = []string{"stop_interest", "principal_only", "long_instalments", "affordable_plan", "extension", "refund_interest", "refund_premium",
	"delete_credit_record", "compensation", "waive_debt", "stop_collection", "written_only", "withdraw_for_payment", "explanation", "other"}

// callRecorded: a call of customer service, collection or telephone verification (电核).
func callRecorded() Schema {
	return Schema{Kind: qingyuan.CallRecorded, Title: zhen("通话录音", "Call recorded"), Fields: group(
		person("customer"),
		[]Field{
			{Name: "call_no", Type: TypeCode, Title: zhen("通话编号", "Call number")},
			{Name: "direction", Type: TypeEnum, Required: true, Enum: []string{"inbound", "outbound"}, Title: zhen("方向", "Direction")},
			{Name: "line", Type: TypeEnum, Enum: []string{"service", "collection", "verification", "complaint", "sales", "other"}, Title: zhen("条线", "Line of business")},
			{Name: "caller", Type: TypePhone, Personal: true, Entity: qingyuan.Phone, Role: "caller", Title: zhen("主叫号码", "Calling number (ANI)")},
			{Name: "callee", Type: TypePhone, Personal: true, Entity: qingyuan.Phone, Role: "callee", Title: zhen("被叫号码", "Called number (DNIS)")},
			{Name: "operator_id", Type: TypeCode, Title: zhen("坐席工号", "Clerk's staff number")},
			{Name: "vendor", Type: TypeString, MaxLen: 60, Title: zhen("外包机构", "Vendor")},
			{Name: "ended_at", Type: TypeTime, Title: zhen("结束时间", "Ended at")},
			{Name: "duration_s", Type: TypeInt, Max: 86400, Title: zhen("时长（秒）", "Duration in seconds")},
			{Name: "answered", Type: TypeBool, Title: zhen("接通", "Answered")},
			{Name: "forwarding_tone", Type: TypeBool, Title: zhen("呼叫转移提示音", "Forwarding tone heard")},
			{Name: "claimed_identity", Type: TypeEnum, Enum: relations, Title: zhen("对方自称", "Who the other side claims to be")},
			{Name: "identity_check", Type: TypeEnum, Enum: []string{"pass", "fail", "not_done"}, Title: zhen("身份核对", "Identity check")},
			{Name: "voiceprint_enrolled", Type: TypeBool, Title: zhen("已登记声纹", "Voiceprint on file with consent")},
			{Name: "demands", Type: TypeList, Of: TypeEnum, Enum: demands, MaxLen: 20, Title: zhen("诉求", "Demands")},
			files("recording", false, zhen("录音", "Recording")),
			{Name: "transcript", Type: TypeText, Title: zhen("语音转写", "Transcript")},
			{Name: "summary", Type: TypeText, Title: zhen("坐席小结", "Clerk's summary")},
			representative("speaker", zhen("代为通话者", "Who spoke for the customer")),
		},
		line(), freeColumns(),
	)}
}

// complaintReceived: a complaint, report, petition or credit objection, from whatever channel.
func complaintReceived() Schema {
	return Schema{Kind: qingyuan.ComplaintReceived, Title: zhen("投诉", "Complaint received"), Fields: group(
		person("customer"),
		[]Field{
			{Name: "complaint_no", Type: TypeCode, Title: zhen("投诉编号", "Complaint number")},
			{Name: "channel", Type: TypeEnum, Required: true, Title: zhen("渠道", "Channel"),
				Enum: []string{"own", "12378", "12345", "heimao", "consumer_association", "petition", "pboc", "cyberspace", "regulator", "court", "other"}},
			{Name: "category", Type: TypeEnum, Title: zhen("类别", "Category"),
				Enum: []string{"complaint", "report", "petition", "credit_objection", "suit", "public_post"}},
			{Name: "transferred_no", Type: TypeCode, Title: zhen("转办编号", "Number given by the transferring body")},
			{Name: "answer_by", Type: TypeDate, Title: zhen("转办单要求的答复日", "Last day to answer by the transfer sheet")},
			{Name: "loan_no", Type: TypeCode, Title: zhen("涉及借据号", "Loan number concerned")},
			{Name: "claimed_name", Type: TypeName, Personal: true, Title: zhen("投诉人自称姓名", "Name the complainant gives")},
			{Name: "contact_phone", Type: TypePhone, Personal: true, Entity: qingyuan.Phone, Role: "complainant", Title: zhen("联系电话", "Contact phone")},
			{Name: "contact_email", Type: TypeEmail, Personal: true, Entity: qingyuan.Email, Role: "complainant", Title: zhen("联系邮箱", "Contact e-mail")},
			{Name: "contact_address", Type: TypeAddress, Personal: true, Entity: qingyuan.Address, Role: "complainant", Title: zhen("联系地址", "Contact address")},
			{Name: "contact_handle", Type: TypeHandle, Personal: true, Entity: qingyuan.Handle, Role: "complainant", Title: zhen("社交账号", "Social account")},
			{Name: "submitted_by", Type: TypeEnum, Enum: relations, Title: zhen("提交人身份", "Who handed it in")},
			representative("agent", zhen("代理人", "Representative")),
			{Name: "text", Type: TypeText, Required: true, Title: zhen("投诉内容", "Text of the complaint")},
			{Name: "summary", Type: TypeText, Title: zhen("受理摘要", "Clerk's summary")},
			{Name: "demands", Type: TypeList, Of: TypeEnum, Enum: demands, MaxLen: 20, Title: zhen("诉求", "Demands")},
			{Name: "demanded_amount", Type: TypeMoney, Title: zhen("索赔金额", "Amount demanded")},
			{Name: "allegations", Type: TypeList, Of: TypeEnum, MaxLen: 20, Title: zhen("指称事项", "What is alleged"),
				Enum: []string{"violent_collection", "harassing_third_party", "privacy", "excessive_interest", "hidden_fees", "misleading_sale", "not_own_loan", "wrong_credit_record", "refused_negotiation", "other"}},
			{Name: "alleged_call_at", Type: TypeTime, Title: zhen("所指通话时间", "Time of the call complained of")},
			files("attachments", false, zhen("附件", "Attachments")),
		},
		presence("complainant"), freeColumns(),
	)}
}

// messageReceived: a chat, SMS or e-mail that reached the lender or was handed in by a customer.
func messageReceived() Schema {
	return Schema{Kind: qingyuan.MessageReceived, Title: zhen("消息", "Message received"), Fields: group(
		person("customer"),
		[]Field{
			{Name: "channel", Type: TypeEnum, Required: true, Enum: []string{"sms", "wechat", "wecom", "qq", "email", "app_chat", "letter", "other"}, Title: zhen("渠道", "Channel")},
			{Name: "origin", Type: TypeEnum, Enum: []string{"to_lender", "handed_in_by_customer"}, Title: zhen("取得方式", "How it was obtained")},
			{Name: "thread", Type: TypeCode, Title: zhen("会话编号", "Thread")},
			{Name: "sender_name", Type: TypeName, Personal: true, Title: zhen("发送者名称", "Sender's name")},
			{Name: "sender_phone", Type: TypePhone, Personal: true, Entity: qingyuan.Phone, Role: "sender", Title: zhen("发送者电话", "Sender's phone")},
			{Name: "sender_handle", Type: TypeHandle, Personal: true, Entity: qingyuan.Handle, Role: "sender", Title: zhen("发送者账号", "Sender's account")},
			{Name: "sender_email", Type: TypeEmail, Personal: true, Entity: qingyuan.Email, Role: "sender", Title: zhen("发送者邮箱", "Sender's e-mail")},
			{Name: "text", Type: TypeText, Required: true, Title: zhen("内容", "Text")},
			files("files", false, zhen("截图或附件", "Screenshots or attachments")),
		},
		freeColumns(),
	)}
}
