package intake

import "qingyuan"

// documentSubmitted: a proof is handed in. What is printed on it stands here as keyed or read; the image is a file.
func documentSubmitted() Schema {
	return Schema{Kind: qingyuan.DocumentSubmitted, Title: zhen("材料提交", "Document submitted"), Fields: group(
		person("customer"),
		[]Field{
			{Name: "document_type", Type: TypeEnum, Required: true, Title: zhen("材料类型", "Type of document"),
				Enum: []string{"death", "quarantine", "no_income", "poverty", "social_aid", "unemployment", "diagnosis", "hospitalisation", "critical_illness",
					"income", "payslip", "bank_statement", "settlement", "lawyer_letter", "power_of_attorney", "id_card", "business_licence", "residence", "other"}},
			{Name: "channel", Type: TypeEnum, Enum: []string{"app", "email", "post", "counter", "complaint", "chat", "other"}, Title: zhen("提交渠道", "Channel")},
			{Name: "purpose", Type: TypeEnum, Enum: []string{"application", "hardship", "complaint", "credit_objection", "estate", "other"}, Title: zhen("提交目的", "Purpose")},
			files("files", false, zhen("影像", "Images")),
			{Name: "document_no", Type: TypeCode, Title: zhen("文号", "Number on the document")},
			{Name: "issuer", Type: TypeObject, Title: zhen("出具单位", "Claimed issuer"), Fields: []Field{
				{Name: "name", Type: TypeOrganisation, Entity: qingyuan.Organisation, Role: "issuer", Title: zhen("名称", "Name")},
				{Name: "uscc", Type: TypeUSCC, Entity: qingyuan.Organisation, Role: "issuer", Title: zhen("统一社会信用代码", "Unified social credit code")},
				{Name: "phone", Type: TypePhone, Entity: qingyuan.Phone, Role: "issuer", Title: zhen("电话", "Phone")},
				{Name: "address", Type: TypeAddress, Entity: qingyuan.Address, Role: "issuer", Title: zhen("地址", "Address")},
			}},
			{Name: "issued_on", Type: TypeDate, Title: zhen("出具日期", "Issued on")},
			{Name: "event_on", Type: TypeDate, Title: zhen("所证事实日期", "Date of the fact certified")},
			{Name: "period_from", Type: TypeDate, Title: zhen("起始日期", "Period from")},
			{Name: "period_to", Type: TypeDate, Title: zhen("截止日期", "Period to")},
			{Name: "seal_no", Type: TypeCode, Title: zhen("印章编码", "Filing code of the seal")},
			{Name: "named_person", Type: TypeObject, Title: zhen("材料所载人员", "Person named on the document"), Fields: []Field{
				{Name: "name", Type: TypeName, Personal: true, Title: zhen("姓名", "Name")},
				{Name: "id_no", Type: TypeIDNo, Personal: true, Entity: qingyuan.Person, Role: "named", Title: zhen("身份证号", "ID number")},
			}},
			{Name: "stated_amount", Type: TypeMoney, Title: zhen("所载金额", "Amount stated")},
			{Name: "submitted_by", Type: TypeEnum, Enum: relations, Title: zhen("提交人身份", "Who handed it in")},
			{Name: "submitter_phone", Type: TypePhone, Personal: true, Entity: qingyuan.Phone, Role: "submitter", Title: zhen("提交人电话", "Submitter's phone")},
			{Name: "exif", Type: TypeObject, Title: zhen("影像元数据", "Image metadata"), Fields: []Field{
				{Name: "taken_at", Type: TypeTime, Title: zhen("拍摄时间", "Taken at")},
				{Name: "camera", Type: TypeString, MaxLen: 100, Title: zhen("拍摄设备", "Camera")},
				{Name: "software", Type: TypeString, MaxLen: 100, Title: zhen("处理软件", "Software")},
			}},
			{Name: "text", Type: TypeText, Title: zhen("识别文字", "Text read from the image")},
		},
		presence("submitter"), freeColumns(),
	)}
}

// agreementSubmitted: a contract between a customer and an agent, or a plan with the lender.
func agreementSubmitted() Schema {
	return Schema{Kind: qingyuan.AgreementSubmitted, Title: zhen("协议提交", "Agreement submitted"), Fields: group(
		person("customer"),
		[]Field{
			{Name: "agreement_type", Type: TypeEnum, Required: true, Title: zhen("协议类型", "Type of agreement"),
				Enum: []string{"debt_service", "loan_brokerage", "complaint_proxy", "surrender_proxy", "credit_repair", "power_of_attorney", "guarantee", "repayment_plan", "other"}},
			{Name: "origin", Type: TypeEnum, Enum: []string{"handed_in_by_customer", "from_agent", "own", "other"}, Title: zhen("取得方式", "How it was obtained")},
			{Name: "signed_on", Type: TypeDate, Title: zhen("签订日期", "Signed on")},
			{Name: "loan_no", Type: TypeCode, Title: zhen("涉及借据号", "Loan number concerned")},
			{Name: "parties", Type: TypeList, MaxLen: 20, Title: zhen("当事人", "Parties"), Fields: []Field{
				{Name: "role", Type: TypeEnum, Required: true, Enum: []string{"principal", "agent", "guarantor", "witness", "lender", "other"}, Title: zhen("身份", "Role")},
				{Name: "name", Type: TypeName, Personal: true, Title: zhen("姓名", "Name")},
				{Name: "id_no", Type: TypeIDNo, Personal: true, Entity: qingyuan.Person, Role: "party", Title: zhen("身份证号", "ID number")},
				{Name: "phone", Type: TypePhone, Personal: true, Entity: qingyuan.Phone, Role: "party", Title: zhen("电话", "Phone")},
				{Name: "organisation", Type: TypeOrganisation, Entity: qingyuan.Organisation, Role: "party", Title: zhen("机构", "Organisation")},
				{Name: "uscc", Type: TypeUSCC, Entity: qingyuan.Organisation, Role: "party", Title: zhen("统一社会信用代码", "Unified social credit code")},
			}},
			representative("agent", zhen("受托方", "The agent")),
			{Name: "fee", Type: TypeMoney, Title: zhen("服务费", "Fee")},
			{Name: "fee_rate", Type: TypeFloat, Max: 10, Title: zhen("费率（小数）", "Fee as a fraction")},
			{Name: "fee_basis", Type: TypeEnum, Enum: []string{"debt", "principal", "loan", "refund", "premium", "fixed", "other"}, Title: zhen("计费基数", "What the fee is a fraction of")},
			{Name: "deposit", Type: TypeMoney, Title: zhen("预付款", "Paid in advance")},
			payee("fee_payee", "fee_payee", zhen("服务费收款方", "Who is paid the fee")),
			{Name: "hands_over", Type: TypeList, Of: TypeEnum, MaxLen: 10, Title: zhen("要求交付", "What the customer must hand over"),
				Enum: []string{"sim_card", "phone", "bank_card", "id_card", "passwords", "call_forwarding", "other"}},
			{Name: "text", Type: TypeText, Title: zhen("协议文字", "Text of the agreement")},
			files("files", false, zhen("影像", "Images")),
		},
		freeColumns(),
	)}
}

// postObserved: a public post, advertisement, course or job ad. It has no subject: nobody's loan is concerned.
func postObserved() Schema {
	return Schema{Kind: qingyuan.PostObserved, Title: zhen("公开信息", "Post observed"), Fields: group(
		[]Field{
			{Name: "platform", Type: TypeEnum, Required: true, Title: zhen("平台", "Platform"),
				Enum: []string{"douyin", "kuaishou", "xiaohongshu", "wechat", "weibo", "zhihu", "bilibili", "tieba", "search_ad", "job_board", "marketplace", "other"}},
			{Name: "post_type", Type: TypeEnum, Enum: []string{"article", "video", "live", "comment", "advert", "course", "job_ad", "profile", "other"}, Title: zhen("类型", "Type")},
			{Name: "handle", Type: TypeHandle, Entity: qingyuan.Handle, Role: "author", Title: zhen("发布账号", "Author's account")},
			{Name: "certified_body", Type: TypeOrganisation, Entity: qingyuan.Organisation, Role: "certified", Title: zhen("认证主体", "Body the account is certified for")},
			{Name: "url", Type: TypeString, MaxLen: 2000, Title: zhen("链接", "URL")},
			{Name: "posted_at", Type: TypeTime, Title: zhen("发布时间", "Posted at")},
			{Name: "city", Type: TypeString, MaxLen: 60, Title: zhen("城市", "City")},
			{Name: "text", Type: TypeText, Required: true, Title: zhen("内容", "Text")},
			{Name: "contact_phones", Type: TypeList, Of: TypePhone, MaxLen: 20, Entity: qingyuan.Phone, Role: "published", Title: zhen("公布电话", "Published phones")},
			{Name: "contact_handles", Type: TypeList, Of: TypeHandle, MaxLen: 20, Entity: qingyuan.Handle, Role: "published", Title: zhen("公布账号", "Published accounts")},
			{Name: "organisation", Type: TypeOrganisation, Entity: qingyuan.Organisation, Role: "advertiser", Title: zhen("机构", "Organisation")},
			{Name: "uscc", Type: TypeUSCC, Entity: qingyuan.Organisation, Role: "advertiser", Title: zhen("统一社会信用代码", "Unified social credit code")},
			{Name: "address", Type: TypeAddress, Entity: qingyuan.Address, Role: "advertiser", Title: zhen("地址", "Address")},
			{Name: "fee_rate", Type: TypeFloat, Max: 10, Title: zhen("标价费率（小数）", "Fee quoted, as a fraction")},
			{Name: "fee", Type: TypeMoney, Title: zhen("标价", "Price quoted")},
			{Name: "followers", Type: TypeInt, Title: zhen("粉丝数", "Followers")},
			{Name: "likes", Type: TypeInt, Title: zhen("点赞数", "Likes")},
			files("captures", false, zhen("取证截图", "Captures")),
		},
		freeColumns(),
	)}
}
