package intake

import "qingyuan"

// The groups of fields that several kinds share. Each call makes its own copy, so that a role can differ.

// person is the customer an event is about. The ID number, else the customer number, is the event's subject.
func person(role string) []Field {
	return []Field{
		{Name: "customer_no", Type: TypeCode, Personal: true, Entity: qingyuan.Customer, Role: role, Title: zhen("客户号", "Customer number")},
		{Name: "id_no", Type: TypeIDNo, Personal: true, Entity: qingyuan.Person, Role: role, Title: zhen("身份证号", "ID number")},
		{Name: "name", Type: TypeName, Personal: true, Title: zhen("姓名", "Name")},
		{Name: "phone", Type: TypePhone, Personal: true, Entity: qingyuan.Phone, Role: role, Title: zhen("手机号", "Phone")},
	}
}

// presence is the device and network an action came from.
func presence(role string) []Field {
	return []Field{
		{Name: "device_id", Type: TypeDevice, Personal: true, Entity: qingyuan.Device, Role: role, Title: zhen("设备号", "Device id")},
		{Name: "device_flags", Type: TypeObject, Title: zhen("设备环境", "Device environment"), Fields: []Field{
			{Name: "rooted", Type: TypeBool, Title: zhen("已越狱或 Root", "Rooted or jailbroken")},
			{Name: "emulator", Type: TypeBool, Title: zhen("模拟器", "Emulator")},
			{Name: "vpn", Type: TypeBool, Title: zhen("使用代理或 VPN", "Proxy or VPN")},
			{Name: "remote_control", Type: TypeBool, Title: zhen("远程控制或屏幕共享", "Remote control or screen sharing")},
			{Name: "mock_location", Type: TypeBool, Title: zhen("虚拟定位", "Mocked location")},
		}},
		{Name: "os", Type: TypeEnum, Enum: []string{"android", "ios", "harmony", "windows", "macos", "other"}, Title: zhen("操作系统", "Operating system")},
		{Name: "app_version", Type: TypeString, MaxLen: 40, Title: zhen("客户端版本", "App version")},
		{Name: "ip", Type: TypeIP, Personal: true, Entity: qingyuan.IP, Role: role, Title: zhen("IP 地址", "IP address")},
		gps(),
	}
}

func gps() Field {
	return Field{Name: "gps", Type: TypeObject, Title: zhen("定位", "Location (WGS 84)"), Fields: []Field{
		{Name: "lat", Type: TypeFloat, Required: true, Personal: true, Min: -90, Max: 90, Title: zhen("纬度", "Latitude")},
		{Name: "lng", Type: TypeFloat, Required: true, Personal: true, Min: -180, Max: 180, Title: zhen("经度", "Longitude")},
		{Name: "accuracy_m", Type: TypeFloat, Max: 1e6, Title: zhen("精度（米）", "Accuracy in metres")},
	}}
}

// line is what is known of the customer's SIM card: optional, and unknown is never suspicious.
func line() []Field {
	return []Field{
		{Name: "sim_tenure_days", Type: TypeInt, Max: 36500, Title: zhen("在网天数", "Days the number has been in use")},
		{Name: "sim_tenure_source", Type: TypeEnum, Enum: []string{"carrier", "vendor", "declared", "other"}, Title: zhen("在网时长来源", "Source of the SIM tenure")},
		{Name: "call_forwarding", Type: TypeObject, Title: zhen("呼叫转移", "Call forwarding"), Fields: []Field{
			{Name: "state", Type: TypeEnum, Required: true, Enum: []string{"on", "off"}, Title: zhen("状态", "State")},
			{Name: "source", Type: TypeEnum, Required: true, Enum: []string{"carrier", "sdk", "dial_tone", "operator", "declared", "other"}, Title: zhen("来源", "Source")},
			{Name: "observed_on", Type: TypeDate, Required: true, Title: zhen("观察日期", "Observed on")},
			{Name: "target", Type: TypePhone, Personal: true, Entity: qingyuan.Phone, Role: "forwarding", Title: zhen("转移目标号码", "Forwarded to")},
		}},
	}
}

// cardBinding is when a bank card was bound to the account and who says so.
func cardBinding() []Field {
	return []Field{
		{Name: "card_bound_at", Type: TypeTime, Title: zhen("绑卡时间", "Card bound at")},
		{Name: "card_bound_source", Type: TypeEnum, Enum: []string{"own", "unionpay", "nucc", "bank", "declared", "other"}, Title: zhen("绑卡时间来源", "Source of the binding time")},
	}
}

// freeColumns carry what only this lender has: results of its own models, and its own columns.
func freeColumns() []Field {
	return []Field{
		{Name: "scores", Type: TypeMap, Title: zhen("机构自有评分", "The lender's own scores")},
		{Name: "attributes", Type: TypeMap, Title: zhen("机构自有字段", "The lender's own columns")},
	}
}

// files are stored pieces of evidence, named by the SHA-256 of their bytes.
func files(name string, required bool, title qingyuan.Text) Field {
	return Field{Name: name, Type: TypeList, Required: required, MaxLen: 50, Title: title, Fields: []Field{
		{Name: "sha256", Type: TypeCode, Required: true, MaxLen: 64, Title: zhen("SHA-256（十六进制）", "SHA-256, hex")},
		{Name: "media_type", Type: TypeString, MaxLen: 100, Title: zhen("媒体类型", "Media type")},
		{Name: "bytes", Type: TypeInt, Title: zhen("字节数", "Size in bytes")},
		{Name: "blob", Type: TypeCode, MaxLen: 128, Title: zhen("存储编号", "Blob id")},
		{Name: "file_name", Type: TypeString, Personal: true, Title: zhen("原文件名", "Original file name")},
	}}
}

// payee is where money goes.
func payee(name, role string, title qingyuan.Text) Field {
	return Field{Name: name, Type: TypeObject, Title: title, Fields: []Field{
		{Name: "name", Type: TypeName, Personal: true, Title: zhen("户名", "Account name")},
		{Name: "bank_card", Type: TypeBankCard, Personal: true, Entity: qingyuan.BankCard, Role: role, Title: zhen("账号", "Card or account number")},
		{Name: "bank", Type: TypeString, MaxLen: 60, Title: zhen("开户行", "Bank")},
		{Name: "kind", Type: TypeEnum, Enum: []string{"own", "merchant", "company", "other_person"}, Title: zhen("账户性质", "Whose account")},
	}}
}

// representative is someone who acts, or claims to act, for the customer.
func representative(name string, title qingyuan.Text) Field {
	return Field{Name: name, Type: TypeObject, Title: title, Fields: []Field{
		{Name: "name", Type: TypeName, Personal: true, Entity: qingyuan.Agent, Role: "agent", Title: zhen("姓名", "Name")},
		{Name: "id_no", Type: TypeIDNo, Personal: true, Entity: qingyuan.Person, Role: "agent", Title: zhen("身份证号", "ID number")},
		{Name: "phone", Type: TypePhone, Personal: true, Entity: qingyuan.Phone, Role: "agent", Title: zhen("电话", "Phone")},
		{Name: "handle", Type: TypeHandle, Personal: true, Entity: qingyuan.Handle, Role: "agent", Title: zhen("社交账号", "Social account")},
		{Name: "organisation", Type: TypeOrganisation, Entity: qingyuan.Organisation, Role: "agent", Title: zhen("所属机构", "Organisation")},
		{Name: "uscc", Type: TypeUSCC, Entity: qingyuan.Organisation, Role: "agent", Title: zhen("统一社会信用代码", "Unified social credit code")},
		{Name: "relation", Type: TypeEnum, Enum: relations, Title: zhen("与客户关系", "Relation to the customer")},
		{Name: "authorised", Type: TypeBool, Title: zhen("有授权委托书原件", "Original power of attorney shown")},
	}}
}

var relations = []string{"self", "spouse", "parent", "child", "sibling", "relative", "friend", "colleague", "lawyer", "agent", "heir", "social_worker", "other", "unknown"}

func currency() Field {
	return Field{Name: "currency", Type: TypeCode, MaxLen: 3, Title: zhen("币种", "Currency (ISO 4217), CNY where absent")}
}
