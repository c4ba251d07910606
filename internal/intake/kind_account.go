package intake

import "qingyuan"

// accountLogin: a customer signs in, or fails to.
func accountLogin() Schema {
	return Schema{Kind: qingyuan.AccountLogin, Title: zhen("登录", "Account login"), Fields: group(
		person("customer"),
		[]Field{
			{Name: "result", Type: TypeEnum, Required: true, Enum: []string{"success", "failure"}, Title: zhen("结果", "Result")},
			{Name: "method", Type: TypeEnum, Enum: []string{"password", "sms_code", "face", "fingerprint", "one_tap", "third_party", "other"}, Title: zhen("方式", "Method")},
			{Name: "channel", Type: TypeEnum, Enum: []string{"app", "h5", "mini_program", "web", "other"}, Title: zhen("渠道", "Channel")},
			{Name: "face_check", Type: TypeEnum, Enum: []string{"pass", "fail", "not_done"}, Title: zhen("人脸核验", "Face check")},
			{Name: "new_device", Type: TypeBool, Title: zhen("新设备", "Device not seen before")},
			{Name: "session_seconds", Type: TypeInt, Max: 864000, Title: zhen("会话时长（秒）", "Length of the session in seconds")},
			{Name: "hardship_page_views", Type: TypeInt, Max: 1e5, Title: zhen("协商页面浏览次数", "Views of the hardship and negotiation pages")},
			{Name: "loan_page_views", Type: TypeInt, Max: 1e5, Title: zhen("借款页面浏览次数", "Views of the borrowing pages")},
		},
		presence("customer"), line(), freeColumns(),
	)}
}

// accountChanged: something that identifies or reaches the customer was changed.
func accountChanged() Schema {
	phone := func(name string, zh, en string) Field {
		return Field{Name: name, Type: TypePhone, Personal: true, Entity: qingyuan.Phone, Role: name, Title: zhen(zh, en)}
	}
	device := func(name string, zh, en string) Field {
		return Field{Name: name, Type: TypeDevice, Personal: true, Entity: qingyuan.Device, Role: name, Title: zhen(zh, en)}
	}
	card := func(name string, zh, en string) Field {
		return Field{Name: name, Type: TypeBankCard, Personal: true, Entity: qingyuan.BankCard, Role: name, Title: zhen(zh, en)}
	}
	address := func(name string, zh, en string) Field {
		return Field{Name: name, Type: TypeAddress, Personal: true, Entity: qingyuan.Address, Role: name, Title: zhen(zh, en)}
	}
	email := func(name string, zh, en string) Field {
		return Field{Name: name, Type: TypeEmail, Personal: true, Entity: qingyuan.Email, Role: name, Title: zhen(zh, en)}
	}
	return Schema{Kind: qingyuan.AccountChanged, Title: zhen("账户变更", "Account changed"), Fields: group(
		person("customer"),
		[]Field{
			{Name: "change", Type: TypeEnum, Required: true, Title: zhen("变更内容", "What was changed"),
				Enum: []string{"phone", "sim", "device", "bank_card", "address", "email", "password", "contact", "employer", "call_forwarding", "mandate", "other"}},
			{Name: "initiated_by", Type: TypeEnum, Enum: []string{"customer", "operator", "representative", "system"}, Title: zhen("发起方", "Initiated by")},
			{Name: "operator_id", Type: TypeCode, Title: zhen("经办人工号", "Clerk's staff number")},
			{Name: "verified_by", Type: TypeEnum, Enum: []string{"sms_old", "sms_new", "face", "branch", "call_back", "none", "other"}, Title: zhen("核验方式", "Verified by")},
			phone("old_phone", "原手机号", "Old phone"), phone("new_phone", "新手机号", "New phone"),
			device("old_device", "原设备", "Old device"), device("new_device", "新设备", "New device"),
			card("old_card", "原银行卡", "Old card"), card("new_card", "新银行卡", "New card"),
			address("old_address", "原地址", "Old address"), address("new_address", "新地址", "New address"),
			email("old_email", "原邮箱", "Old e-mail"), email("new_email", "新邮箱", "New e-mail"),
			{Name: "note", Type: TypeText, Title: zhen("备注", "Note")},
		},
		cardBinding(), presence("customer"), line(), freeColumns(),
	)}
}
