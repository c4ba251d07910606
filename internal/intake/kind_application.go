package intake

import "qingyuan"

// applicationSubmitted: a person asks for credit.
func applicationSubmitted() Schema {
	return Schema{Kind: qingyuan.ApplicationSubmitted, Title: zhen("进件", "Application submitted"), Fields: group(
		person("applicant"),
		[]Field{
			{Name: "application_no", Type: TypeCode, Title: zhen("申请编号", "Application number")},
			{Name: "product", Type: TypeString, MaxLen: 60, Title: zhen("产品", "Product")},
			{Name: "channel", Type: TypeEnum, Enum: []string{"app", "h5", "mini_program", "branch", "broker", "partner", "phone", "api", "other"}, Title: zhen("渠道", "Channel")},
			{Name: "amount", Type: TypeMoney, Required: true, Title: zhen("申请金额", "Amount asked for")},
			currency(),
			{Name: "term_months", Type: TypeInt, Max: 600, Title: zhen("期限（月）", "Term in months")},
			{Name: "purpose", Type: TypeEnum, Enum: []string{"consumption", "renovation", "education", "medical", "travel", "car", "business", "refinance", "other"}, Title: zhen("用途", "Purpose")},
			{Name: "monthly_income", Type: TypeMoney, Title: zhen("月收入", "Monthly income")},
			{Name: "email", Type: TypeEmail, Personal: true, Entity: qingyuan.Email, Role: "applicant", Title: zhen("电子邮箱", "E-mail")},
			{Name: "home_address", Type: TypeAddress, Personal: true, Entity: qingyuan.Address, Role: "home", Title: zhen("居住地址", "Home address")},
			{Name: "bank_card", Type: TypeBankCard, Personal: true, Entity: qingyuan.BankCard, Role: "payout", Title: zhen("收款卡", "Payout card")},
			{Name: "fill_seconds", Type: TypeInt, Max: 864000, Title: zhen("填写用时（秒）", "Seconds spent on the form")},
			{Name: "face_check", Type: TypeEnum, Enum: []string{"pass", "fail", "not_done"}, Title: zhen("人脸核验", "Face check")},
		},
		cardBinding(), presence("applicant"), line(),
		[]Field{employer(), contacts(), guarantor(), referrer(), creditReport(),
			{Name: "statement", Type: TypeText, Title: zhen("申请说明", "The applicant's statement")}},
		freeColumns(),
	)}
}

func employer() Field {
	return Field{Name: "employer", Type: TypeObject, Title: zhen("工作单位", "Employer"), Fields: []Field{
		{Name: "name", Type: TypeOrganisation, Personal: true, Entity: qingyuan.Employer, Role: "employer", Title: zhen("单位名称", "Name")},
		{Name: "uscc", Type: TypeUSCC, Entity: qingyuan.Organisation, Role: "employer", Title: zhen("统一社会信用代码", "Unified social credit code")},
		{Name: "phone", Type: TypePhone, Personal: true, Entity: qingyuan.Phone, Role: "work", Title: zhen("单位电话", "Work phone")},
		{Name: "address", Type: TypeAddress, Personal: true, Entity: qingyuan.Address, Role: "work", Title: zhen("单位地址", "Work address")},
		{Name: "position", Type: TypeString, MaxLen: 60, Title: zhen("职务", "Position")},
		{Name: "since", Type: TypeDate, Title: zhen("入职日期", "Since")},
	}}
}

func contacts() Field {
	return Field{Name: "contacts", Type: TypeList, MaxLen: 20, Title: zhen("联系人", "Contacts"), Fields: []Field{
		{Name: "name", Type: TypeName, Personal: true, Title: zhen("姓名", "Name")},
		{Name: "phone", Type: TypePhone, Required: true, Personal: true, Entity: qingyuan.Phone, Role: "contact", Title: zhen("电话", "Phone")},
		{Name: "relation", Type: TypeEnum, Enum: relations, Title: zhen("关系", "Relation")},
	}}
}

// guarantor is the B of an AB loan, by whatever name the agent gave the role (担保人, 加分人, 见证人).
func guarantor() Field {
	return Field{Name: "guarantor", Type: TypeObject, Title: zhen("担保人或共同借款人", "Guarantor or co-borrower"), Fields: []Field{
		{Name: "name", Type: TypeName, Personal: true, Title: zhen("姓名", "Name")},
		{Name: "id_no", Type: TypeIDNo, Personal: true, Entity: qingyuan.Person, Role: "guarantor", Title: zhen("身份证号", "ID number")},
		{Name: "phone", Type: TypePhone, Personal: true, Entity: qingyuan.Phone, Role: "guarantor", Title: zhen("电话", "Phone")},
		{Name: "capacity", Type: TypeEnum, Enum: []string{"guarantor", "co_borrower", "witness", "other"}, Title: zhen("身份", "Capacity")},
	}}
}

func referrer() Field {
	return Field{Name: "referrer", Type: TypeObject, Title: zhen("推荐人", "Referrer"), Fields: []Field{
		{Name: "code", Type: TypeCode, Title: zhen("推荐码", "Referral code")},
		{Name: "name", Type: TypeName, Personal: true, Title: zhen("姓名", "Name")},
		{Name: "phone", Type: TypePhone, Personal: true, Entity: qingyuan.Phone, Role: "referrer", Title: zhen("电话", "Phone")},
		{Name: "handle", Type: TypeHandle, Personal: true, Entity: qingyuan.Handle, Role: "referrer", Title: zhen("社交账号", "Social account")},
		{Name: "organisation", Type: TypeOrganisation, Entity: qingyuan.Organisation, Role: "referrer", Title: zhen("机构", "Organisation")},
	}}
}

func creditReport() Field {
	return Field{Name: "credit_report", Type: TypeObject, Title: zhen("征信摘要", "Credit report summary"), Fields: []Field{
		{Name: "queried_on", Type: TypeDate, Title: zhen("查询日期", "Queried on")},
		{Name: "queries_1m", Type: TypeInt, Max: 1e5, Title: zhen("近一月查询次数", "Queries in the last month")},
		{Name: "queries_3m", Type: TypeInt, Max: 1e5, Title: zhen("近三月查询次数", "Queries in the last three months")},
		{Name: "lenders", Type: TypeInt, Max: 1e5, Title: zhen("授信机构数", "Lenders with an open account")},
		{Name: "balance", Type: TypeMoney, Title: zhen("贷款余额合计", "Total balance elsewhere")},
		{Name: "overdue_accounts", Type: TypeInt, Max: 1e5, Title: zhen("逾期账户数", "Accounts overdue")},
	}}
}
