package intake

import "qingyuan"

// loanDrawn: money is paid out.
func loanDrawn() Schema {
	return Schema{Kind: qingyuan.LoanDrawn, Title: zhen("放款", "Loan drawn"), Fields: group(
		person("customer"),
		[]Field{
			{Name: "loan_no", Type: TypeCode, Required: true, Title: zhen("借据号", "Loan number")},
			{Name: "application_no", Type: TypeCode, Title: zhen("申请编号", "Application number")},
			{Name: "product", Type: TypeString, MaxLen: 60, Title: zhen("产品", "Product")},
			{Name: "amount", Type: TypeMoney, Required: true, Title: zhen("放款金额", "Amount paid out")},
			currency(),
			{Name: "term_months", Type: TypeInt, Max: 600, Title: zhen("期限（月）", "Term in months")},
			{Name: "annual_rate", Type: TypeFloat, Max: 10, Title: zhen("年化利率（小数）", "Annual rate as a fraction")},
			{Name: "first_due_on", Type: TypeDate, Title: zhen("首期应还日", "First due on")},
			payee("payee", "payee", zhen("收款方", "Payee")),
			{Name: "merchant_id", Type: TypeCode, Entity: qingyuan.Merchant, Role: "merchant", Title: zhen("商户号", "Merchant number")},
			{Name: "outstanding_before", Type: TypeMoney, Title: zhen("放款前在贷余额", "Outstanding before")},
			guarantor(),
		},
		cardBinding(), presence("customer"), line(), freeColumns(),
	)}
}

// repaymentPosted: one line of the repayment ledger; a due date that passed without money is a line with status "missed".
func repaymentPosted() Schema {
	return Schema{Kind: qingyuan.RepaymentPosted, Title: zhen("还款入账", "Repayment posted"), Fields: group(
		person("customer"),
		[]Field{
			{Name: "loan_no", Type: TypeCode, Required: true, Title: zhen("借据号", "Loan number")},
			{Name: "status", Type: TypeEnum, Required: true, Enum: []string{"paid", "partial", "prepaid", "missed", "failed", "reversed"}, Title: zhen("状态", "Status")},
			{Name: "amount", Type: TypeMoney, Required: true, Title: zhen("还款金额", "Amount paid")},
			currency(),
			{Name: "due_on", Type: TypeDate, Title: zhen("应还日", "Due on")},
			{Name: "due_amount", Type: TypeMoney, Title: zhen("应还金额", "Amount due")},
			{Name: "principal", Type: TypeMoney, Title: zhen("其中本金", "Of which principal")},
			{Name: "interest", Type: TypeMoney, Title: zhen("其中利息", "Of which interest")},
			{Name: "fees", Type: TypeMoney, Title: zhen("其中费用", "Of which fees")},
			{Name: "instalment", Type: TypeInt, Max: 600, Title: zhen("期次", "Instalment number")},
			{Name: "overdue_days", Type: TypeInt, Max: 36500, Title: zhen("逾期天数", "Days overdue")},
			{Name: "balance", Type: TypeMoney, Title: zhen("剩余本金", "Principal left")},
			{Name: "method", Type: TypeEnum, Enum: []string{"auto_debit", "transfer", "card", "wallet", "counter", "offset", "other"}, Title: zhen("还款方式", "Method")},
			{Name: "failure", Type: TypeEnum, Enum: []string{"insufficient_funds", "card_closed", "mandate_cancelled", "limit", "frozen", "technical", "other"}, Title: zhen("扣款失败原因", "Why the debit failed")},
			payee("payer", "payer", zhen("付款方", "Payer")),
			{Name: "other_lenders", Type: TypeEnum, Enum: []string{"current", "partly_overdue", "overdue"}, Title: zhen("他行还款情况", "Standing with other lenders (credit report)")},
			{Name: "plan", Type: TypeEnum, Enum: []string{"none", "hardship_plan", "instalment_plan", "extension"}, Title: zhen("还款安排", "Repayment arrangement")},
		},
		freeColumns(),
	)}
}

// cardTransaction: a credit card is used.
func cardTransaction() Schema {
	return Schema{Kind: qingyuan.CardTransaction, Title: zhen("信用卡交易", "Card transaction"), Fields: group(
		person("customer"),
		[]Field{
			{Name: "card", Type: TypeBankCard, Required: true, Personal: true, Entity: qingyuan.BankCard, Role: "card", Title: zhen("卡号", "Card number")},
			{Name: "transaction_no", Type: TypeCode, Title: zhen("交易流水号", "Transaction number")},
			{Name: "type", Type: TypeEnum, Required: true, Title: zhen("交易类型", "Type"),
				Enum: []string{"purchase", "cash_advance", "transfer_in", "transfer_out", "refund", "reversal", "pre_authorisation", "fee", "other"}},
			{Name: "result", Type: TypeEnum, Enum: []string{"approved", "declined"}, Title: zhen("结果", "Result")},
			{Name: "decline_reason", Type: TypeString, MaxLen: 60, Title: zhen("拒绝原因", "Reason of decline")},
			{Name: "amount", Type: TypeMoney, Required: true, Title: zhen("金额", "Amount")},
			currency(),
			{Name: "entry_mode", Type: TypeEnum, Enum: []string{"chip", "contactless", "magnetic_stripe", "keyed", "qr", "online", "recurring", "other"}, Title: zhen("受理方式", "Entry mode")},
			{Name: "merchant_id", Type: TypeCode, Entity: qingyuan.Merchant, Role: "merchant", Title: zhen("商户号", "Merchant number")},
			{Name: "merchant_name", Type: TypeOrganisation, Title: zhen("商户名称", "Merchant name")},
			{Name: "merchant_uscc", Type: TypeUSCC, Entity: qingyuan.Organisation, Role: "merchant", Title: zhen("商户统一社会信用代码", "The merchant's unified social credit code")},
			{Name: "merchant_owner_id_no", Type: TypeIDNo, Personal: true, Entity: qingyuan.Person, Role: "merchant_owner", Title: zhen("商户法人身份证号", "ID number of the merchant's owner")},
			{Name: "mcc", Type: TypeCode, MaxLen: 4, Title: zhen("商户类别码", "Merchant category code (ISO 18245)")},
			{Name: "terminal_id", Type: TypeCode, Entity: qingyuan.Terminal, Role: "terminal", Title: zhen("终端号", "Terminal number")},
			{Name: "country", Type: TypeCode, MaxLen: 3, Title: zhen("国家或地区", "Country (ISO 3166)")},
			{Name: "city", Type: TypeString, MaxLen: 60, Title: zhen("城市", "City")},
			{Name: "credit_limit", Type: TypeMoney, Title: zhen("信用额度", "Credit limit")},
			{Name: "balance_before", Type: TypeMoney, Title: zhen("交易前已用额度", "Balance before")},
			payee("counterparty", "counterparty", zhen("交易对手", "Counterparty")),
		},
		presence("customer"), freeColumns(),
	)}
}
