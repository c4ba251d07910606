package intake_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/intake"
)

// now is the moment of arrival in these tests.
var now = time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)

// application is a usual application of seventeen fields.
const application = `{"specversion":"1.0","id":"a-1","source":"/core/loans","type":"application.submitted","time":"2026-11-20T09:30:00+08:00",
"data":{"customer_no":"C1001","id_no":"11010119900307803X","name":"张三","phone":"199 0000 1234","application_no":"AP1","product":"现金贷","channel":"app",
"amount":2000000,"term_months":12,"purpose":"consumption","monthly_income":800000,"device_id":"A1B2C3D4E5F6A7B8","ip":"203.0.113.7","os":"android",
"home_address":"北京市 东城区 示例路1号","bank_card":"6222021234567890128","contacts":[{"name":"李四","phone":"19900005678","relation":"spouse"}]}}`

// envelope is an event of kind with that data.
func envelope(kind qingyuan.EventKind, data string) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":"e-1","source":"/test","type":%q,"time":"2026-11-20T09:30:00+08:00","data":%s}`, kind, data)
}

func parse(raw string) (*intake.Parsed, error) {
	return intake.Parse([]byte(raw), now, intake.DefaultLimits())
}

func TestParse(t *testing.T) {
	p, err := parse(application)
	if err != nil {
		t.Fatal(err)
	}
	e := p.Event
	if e.Kind != qingyuan.ApplicationSubmitted || e.Source != "/core/loans" || e.ExternalID != "a-1" || e.Tenant != "" || e.ID != "" || e.Seq != 0 {
		t.Errorf("envelope %+v", e)
	}
	if want := time.Date(2026, 11, 20, 1, 30, 0, 0, time.UTC); e.EffectiveAt != want || e.ObservedAt != now {
		t.Errorf("effective %v, observed %v", e.EffectiveAt, e.ObservedAt)
	}
	wantData := map[string]any{
		"customer_no": "C1001", "id_no": "11010119900307803X", "name": "张三", "phone": "+8619900001234", "application_no": "AP1", "product": "现金贷",
		"channel": "app", "amount": int64(2000000), "term_months": int64(12), "purpose": "consumption", "monthly_income": int64(800000),
		"device_id": "a1b2c3d4e5f6a7b8", "ip": "203.0.113.7", "os": "android", "home_address": "北京市东城区示例路1号", "bank_card": "6222021234567890128",
		"contacts": []any{map[string]any{"name": "李四", "phone": "+8619900005678", "relation": "spouse"}},
		"derived":  map[string]any{"hour_local": int64(9), "weekday_local": int64(5), "age": int64(36), "sex": "male", "id_region": "11"},
	}
	if !reflect.DeepEqual(e.Data, wantData) {
		t.Errorf("data\n%v\nwant\n%v", e.Data, wantData)
	}
	wantMentions := []intake.Mention{
		{Kind: qingyuan.Customer, Role: "applicant", Value: "C1001", Path: "customer_no"},
		{Kind: qingyuan.Person, Role: "applicant", Value: "11010119900307803X", Path: "id_no"},
		{Kind: qingyuan.Phone, Role: "applicant", Value: "+8619900001234", Path: "phone"},
		{Kind: qingyuan.Device, Role: "applicant", Value: "a1b2c3d4e5f6a7b8", Path: "device_id"},
		{Kind: qingyuan.IP, Role: "applicant", Value: "203.0.113.7", Path: "ip"},
		{Kind: qingyuan.Address, Role: "home", Value: "北京市东城区示例路1号", Path: "home_address"},
		{Kind: qingyuan.BankCard, Role: "payout", Value: "6222021234567890128", Path: "bank_card"},
		{Kind: qingyuan.Phone, Role: "contact", Value: "+8619900005678", Path: "contacts[0].phone"},
	}
	if !reflect.DeepEqual(p.Mentions, wantMentions) {
		t.Errorf("mentions\n%v\nwant\n%v", p.Mentions, wantMentions)
	}
	if p.Subject != wantMentions[1] {
		t.Errorf("subject %v", p.Subject)
	}
	for i, m := range p.Mentions {
		if e.Entities[i] != (qingyuan.Entity{Kind: m.Kind, Role: m.Role}) {
			t.Errorf("entity %d is %v", i, e.Entities[i])
		}
	}
}

func TestParseValues(t *testing.T) {
	for _, tt := range []struct {
		name string
		kind qingyuan.EventKind
		data string
		path string // of the value looked at
		want any
	}{
		{"null is not given", qingyuan.ApplicationSubmitted, `{"amount":1,"phone":null}`, "phone", nil},
		{"empty is not given", qingyuan.ApplicationSubmitted, `{"amount":1,"phone":" "}`, "phone", nil},
		{"empty object is not given", qingyuan.ApplicationSubmitted, `{"amount":1,"employer":{"name":""}}`, "employer", nil},
		{"placeholder device is not given", qingyuan.ApplicationSubmitted, `{"amount":1,"device_id":"00000000-0000-0000-0000-000000000000"}`, "device_id", nil},
		{"time", qingyuan.ApplicationSubmitted, `{"amount":1,"card_bound_at":"2026-11-01T08:00:00.000001+08:00"}`, "card_bound_at", time.Date(2026, 11, 1, 0, 0, 0, 1000, time.UTC).UnixMicro()},
		{"date", qingyuan.ApplicationSubmitted, `{"amount":1,"credit_report":{"queried_on":"2026-11-01"}}`, "credit_report.queried_on", "2026-11-01"},
		{"escapes", qingyuan.ApplicationSubmitted, `{"amount":1,"product":"\u73b0\u91d1\"\ud83d\ude00"}`, "product", `现金"😀`},
		{"escaped name", qingyuan.ApplicationSubmitted, `{"\u0061mount":7}`, "amount", int64(7)},
		{"free numbers are floats", qingyuan.ApplicationSubmitted, `{"amount":1,"attributes":{"pay_0":-1,"x":null,"b":true,"s":" a "}}`, "attributes", map[string]any{"pay_0": float64(-1), "b": true, "s": "a"}},
		{"text stays as it is", qingyuan.MessageReceived, `{"channel":"sms","text":{"author":"agent","text":" 加Ｖ：１\u200b \n"}}`, "text", map[string]any{"author": "agent", "text": " 加Ｖ：１\u200b \n"}},
		{"list of scalars", qingyuan.PostObserved, `{"platform":"douyin","text":{"author":"public","text":"x"},"contact_phones":["199 0000 1234"]}`, "contact_phones", []any{"+8619900001234"}},
		{"flaw", qingyuan.ApplicationSubmitted, `{"amount":1,"id_no":"110101199003078031"}`, "quality", []any{map[string]any{"path": "id_no", "code": "checksum"}}},
		{"flaw in a list", qingyuan.AgreementSubmitted, `{"agreement_type":"other","parties":[{"role":"agent"},{"role":"agent","id_no":"110101900307803"}]}`, "quality", []any{map[string]any{"path": "parties[1].id_no", "code": "old_form"}}},
		{"born after the event", qingyuan.ApplicationSubmitted, `{"amount":1,"id_no":"110101202703078035"}`, "quality", []any{map[string]any{"path": "id_no", "code": "birth_date"}}},
		{"no age without a birth date", qingyuan.ApplicationSubmitted, `{"amount":1,"id_no":"990101199002300007"}`, "derived.age", nil},
		{"no region without one", qingyuan.ApplicationSubmitted, `{"amount":1,"id_no":"990101199002300007"}`, "derived.id_region", nil},
		{"sex", qingyuan.ApplicationSubmitted, `{"amount":1,"id_no":"11010519491231002X"}`, "derived.sex", "female"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := intake.Parse(envelope(tt.kind, tt.data), now, intake.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			var got any = p.Event.Data
			for name := range strings.SplitSeq(tt.path, ".") {
				m, _ := got.(map[string]any)
				got = m[name]
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%s = %#v, want %#v", tt.path, got, tt.want)
			}
		})
	}
}

// TestEntities holds the finer rules of extraction.
func TestEntities(t *testing.T) {
	for _, tt := range []struct {
		name, data, want string
	}{
		{"customer number where no ID number", `{"amount":1,"customer_no":"C1"}`, "customer:C1 subject customer"},
		{"nobody", `{"amount":1}`, "subject "},
		{"a private address names no entity", `{"amount":1,"ip":"10.0.0.7"}`, "subject "},
		{"same role once", `{"amount":1,"contacts":[{"phone":"19900000001"},{"phone":"+86 19900000001"}]}`, "phone:+8619900000001 subject "},
		{"other role again", `{"amount":1,"phone":"19900000001","contacts":[{"phone":"19900000001"}]}`, "phone:+8619900000001 phone:+8619900000001 subject "},
		{"a flawed number is one all the same", `{"amount":1,"id_no":"110101199003078031"}`, "person:110101199003078031 subject person"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := intake.Parse(envelope(qingyuan.ApplicationSubmitted, tt.data), now, intake.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, m := range p.Mentions {
				fmt.Fprintf(&got, "%s:%s ", m.Kind, m.Value)
			}
			fmt.Fprintf(&got, "subject %s", p.Subject.Kind)
			if got.String() != tt.want {
				t.Errorf("got %s, want %s", got.String(), tt.want)
			}
		})
	}
}

// TestParseRefuses holds the path of every kind of error. No message may repeat what was sent.
func TestParseRefuses(t *testing.T) {
	long := strings.Repeat("x", 70<<10)
	for _, tt := range []struct{ name, data, field, message string }{
		{"unknown", `{"amount":1,"color":"red"}`, "data.color", "no such field"},
		{"case", `{"Amount":1}`, "data.Amount", "did you mean amount"},
		{"camel case", `{"amount":1,"simTenureDays":3}`, "data.simTenureDays", "did you mean sim_tenure_days"},
		{"unknown below", `{"amount":1,"employer":{"Phone":"1"}}`, "data.employer.Phone", "did you mean phone"},
		{"value as a name", `{"amount":1,"19900001234":1}`, "data.(unknown)", "no such field"},
		{"twice", `{"amount":1,"amount":2}`, "data.amount", "twice"},
		{"twice, null first", `{"amount":1,"name":null,"name":"张三"}`, "data.name", "twice"},
		{"twice below", `{"amount":1,"gps":{"lat":1,"lng":1,"lat":2}}`, "data.gps.lat", "twice"},
		{"twice in a map", `{"amount":1,"scores":{"a":1,"a":2}}`, "data.scores.a", "twice"},
		{"missing", `{}`, "data.amount", "is required"},
		{"null for required", `{"amount":null}`, "data.amount", "is required"},
		{"missing below", `{"amount":1,"contacts":[{"phone":"19900000001"},{"name":"张三"}]}`, "data.contacts[1].phone", "is required"},
		{"phone in a list", `{"amount":1,"contacts":[{"phone":"19900000001"},{"phone":"19900000002"},{"phone":"SECRET"}]}`, "data.contacts[2].phone", "telephone"},
		{"null in a list", `{"amount":1,"contacts":[null]}`, "data.contacts[0]", "null"},
		{"type: string", `{"amount":"SECRET"}`, "data.amount", "must be a number"},
		{"type: fraction", `{"amount":100.5}`, "data.amount", "minor units"},
		{"type: exponent", `{"amount":1e5}`, "data.amount", "minor units"},
		{"type: overflow", `{"amount":99999999999999999999}`, "data.amount", "minor units"},
		{"negative", `{"amount":-1}`, "data.amount", "between"},
		{"too large", `{"amount":1000000000000001}`, "data.amount", "between"},
		{"type: number", `{"amount":1,"phone":19900001234}`, "data.phone", "must be a string"},
		{"type: object", `{"amount":1,"phone":{}}`, "data.phone", "must be a string"},
		{"type: list", `{"amount":1,"contacts":{}}`, "data.contacts", "must be a list"},
		{"type: not an object", `{"amount":1,"employer":[]}`, "data.employer", "must be an object"},
		{"type: bool", `{"amount":1,"device_flags":{"vpn":1}}`, "data.device_flags.vpn", "true or false"},
		{"type: data", `[]`, "data", "must be an object"},
		{"float range", `{"amount":1,"gps":{"lat":91,"lng":0}}`, "data.gps.lat", "between -90 and 90"},
		{"float size", `{"amount":1,"scores":{"a":1e999}}`, "data.scores.a", "too large"},
		{"enum", `{"amount":1,"channel":"SECRET"}`, "data.channel", "must be one of app, h5"},
		{"id number", `{"amount":1,"id_no":"SECRET"}`, "data.id_no", "ID number"},
		{"card", `{"amount":1,"bank_card":"SECRET"}`, "data.bank_card", "card"},
		{"ip", `{"amount":1,"ip":"SECRET"}`, "data.ip", "IPv4"},
		{"email", `{"amount":1,"email":"SECRET"}`, "data.email", "e-mail"},
		{"uscc", `{"amount":1,"employer":{"uscc":"SECRET"}}`, "data.employer.uscc", "social credit"},
		{"handle", `{"amount":1,"referrer":{"handle":"SECRET"}}`, "data.referrer.handle", "platform:account"},
		{"name", `{"amount":1,"name":"SECRET\u0007"}`, "data.name", "control"},
		{"long string", `{"amount":1,"product":"` + long + `"}`, "data.product", "bytes"},
		{"long line", `{"amount":1,"product":"` + strings.Repeat("长", 61) + `"}`, "data.product", "60 characters"},
		{"code", `{"amount":1,"application_no":"SEC RET"}`, "data.application_no", "without spaces"},
		{"date", `{"amount":1,"employer":{"since":"2026-02-30"}}`, "data.employer.since", "YYYY-MM-DD"},
		{"absurd date", `{"amount":1,"employer":{"since":"9999-01-01"}}`, "data.employer.since", "1900"},
		{"early date", `{"amount":1,"employer":{"since":"0001-01-01"}}`, "data.employer.since", "1900"},
		{"time without offset", `{"amount":1,"card_bound_at":"2026-11-01T08:00:00"}`, "data.card_bound_at", "RFC 3339"},
		{"future time", `{"amount":1,"card_bound_at":"2026-11-22T08:00:00Z"}`, "data.card_bound_at", "tomorrow"},
		{"map name", `{"amount":1,"attributes":{"LIMIT_BAL":1}}`, "data.attributes.LIMIT_BAL", "a-z"},
		{"map value", `{"amount":1,"attributes":{"a":[1]}}`, "data.attributes.a", "must be a string, a number"},
		{"text as a string", `{"amount":1,"statement":"SECRET"}`, "data.statement", "author"},
		{"text author", `{"amount":1,"statement":{"author":"SECRET","text":"x"}}`, "data.statement.author", "one of"},
		{"text empty", `{"amount":1,"statement":{"author":"customer","text":""}}`, "data.statement.text", "required"},
		{"text unknown", `{"amount":1,"statement":{"author":"customer","Text":"x"}}`, "data.statement.Text", "did you mean text"},
		{"text language", `{"amount":1,"statement":{"author":"customer","text":"x","lang":"中"}}`, "data.statement.lang", "language"},
		{"derived", `{"amount":1,"derived":{"age":20}}`, "data.derived", "computed"},
		{"quality", `{"amount":1,"quality":[]}`, "data.quality", "computed"},
		{"many items", `{"amount":1,"contacts":[` + strings.Repeat(`{"phone":"110"},`, 20) + `{"phone":"110"}]}`, "data.contacts", "more than 20"},
		{"syntax", `{"amount":1,}`, "data", "not valid JSON"},
		{"invalid UTF-8", "{\"amount\":1,\"name\":\"\xff\"}", "data.name", "UTF-8"},
		{"invalid UTF-8 in a name", "{\"amount\":1,\"n\xffme\":\"x\"}", "data", "UTF-8"},
		{"half a surrogate", `{"amount":1,"name":"\ud800"}`, "data.name", "not valid JSON"},
		{"cut off", `{"amount":1,"name":"张`, "data.name", ""},
		{"NaN", `{"amount":NaN}`, "data.amount", "not valid JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := intake.Parse(envelope(qingyuan.ApplicationSubmitted, tt.data), now, intake.DefaultLimits())
			checkRefusal(t, err, tt.field, tt.message)
		})
	}
}

func checkRefusal(t *testing.T, err error, field, message string) {
	t.Helper()
	if err == nil {
		t.Fatal("accepted")
	}
	e := qingyuan.AsError(err)
	if e.Code != qingyuan.Invalid || e.Field != field || !strings.Contains(e.Message, message) {
		t.Errorf("got %s, want %q with %q", e.Error(), field, message)
	}
	for _, sent := range []string{"SECRET", "19900001234", "SEC RET"} {
		if strings.Contains(e.Error(), sent) {
			t.Errorf("the error repeats the value: %s", e.Error())
		}
	}
}

func TestEnvelopeRefuses(t *testing.T) {
	change := func(old, new string) string {
		base := string(envelope(qingyuan.ApplicationSubmitted, `{"amount":1}`))
		if !strings.Contains(base, old) {
			t.Fatalf("the event has no %s", old)
		}
		return strings.Replace(base, old, new, 1)
	}
	for _, tt := range []struct{ name, raw, field, message string }{
		{"empty", "", "", ""},
		{"not JSON", "hello", "", "not valid JSON"},
		{"list", "[]", "", "must be a CloudEvents"},
		{"string", `"x"`, "", "must be a CloudEvents"},
		{"version", change(`"1.0"`, `"0.3"`), "specversion", `"1.0"`},
		{"no version", change(`"specversion":"1.0",`, ""), "specversion", "required"},
		{"no id", change(`"id":"e-1",`, ""), "id", "required"},
		{"empty id", change(`"e-1"`, `""`), "id", "1 to 256"},
		{"id with a space", change(`"e-1"`, `"e 1"`), "id", "spaces"},
		{"number as id", change(`"e-1"`, `1`), "id", "string"},
		{"no data", change(`,"data":{"amount":1}`, ""), "data", "required"},
		{"no type", change(`"type":"application.submitted",`, ""), "type", "required"},
		{"kind", change("application.submitted", "application.sent"), "type", "one of"},
		{"content type", change(`"id"`, `"datacontenttype":"text/xml","id"`), "datacontenttype", "application/json"},
		{"unknown attribute", change(`"id"`, `"color":"red","id"`), "color", "no such attribute"},
		{"cased attribute", change(`"id"`, `"Id"`), "Id", "did you mean id"},
		{"twice", change(`"id":"e-1"`, `"id":"e-1","id":"e-2"`), "id", "twice"},
		{"base64", change(`"data":{"amount":1}`, `"data_base64":"e30="`), "data_base64", "data"},
		{"time", change("2026-11-20T09:30:00+08:00", "yesterday"), "time", "RFC 3339"},
		{"too old", change("2026-11-20T", "2016-11-19T"), "time", "last 10 years"},
		{"in the future", change("2026-11-20T09:30:00+08:00", "2026-11-21T12:00:01+08:00"), "time", "ahead"},
		{"year zero", change("2026-11-20T", "0000-01-01T"), "time", ""},
		{"two events", change(`}}`, `}} {}`), "", "nothing may follow"},
		{"garbage behind", change(`}}`, `}}x`), "", "nothing may follow"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse(tt.raw)
			checkRefusal(t, err, tt.field, tt.message)
		})
	}
}

func TestEnvelopeAccepts(t *testing.T) {
	base := string(envelope(qingyuan.ApplicationSubmitted, `{"amount":1,"customer_no":"C1"}`))
	for name, raw := range map[string]string{
		"white space":        " \n" + base + "\r\n ",
		"content type":       strings.Replace(base, `"id"`, `"datacontenttype":"application/json; charset=utf-8","id"`, 1),
		"tracing":            strings.Replace(base, `"id"`, `"traceparent":"00-x","subject":"s","dataschema":"d","id"`, 1),
		"ten years ago":      strings.Replace(base, "2026-11-20T", "2016-11-21T", 1),
		"nearly a day ahead": strings.Replace(base, "2026-11-20T09:30", "2026-11-21T11:59", 1),
		"data first":         `{"data":{"amount":1,"customer_no":"C1"},` + strings.Replace(base, `,"data":{"amount":1,"customer_no":"C1"}`, "", 1)[1:],
	} {
		p, err := parse(raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Event.Data["amount"] != int64(1) || p.Subject.Value != "C1" {
			t.Errorf("%s: %v %v", name, p.Event.Data, p.Subject)
		}
	}
	p, err := parse(strings.Replace(base, `"id"`, `"corrects":"e-0","id"`, 1))
	if err != nil || p.Event.Corrects != "e-0" {
		t.Errorf("corrects: %v %v", p, err)
	}
}

func TestParseBatch(t *testing.T) {
	good := string(envelope(qingyuan.ApplicationSubmitted, `{"amount":1}`))
	wrong := string(envelope(qingyuan.ApplicationSubmitted, `{"amount":"x"}`))
	items, err := intake.ParseBatch([]byte("["+good+", "+wrong+",\n7,"+good+"]"), now, intake.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, item := range items {
		if item.Index != i || (item.Err == nil) == (item.Parsed == nil) {
			t.Errorf("item %d is %+v", i, item)
		}
		if item.Err != nil {
			got = append(got, qingyuan.AsError(item.Err).Field)
		} else {
			got = append(got, item.Parsed.Event.ExternalID)
		}
	}
	if want := []string{"e-1", "[1].data.amount", "[2]", "e-1"}; !reflect.DeepEqual(got, want) {
		t.Errorf("items %q, want %q", got, want)
	}
	if items, err := intake.ParseBatch([]byte(" [] "), now, intake.DefaultLimits()); err != nil || len(items) != 0 {
		t.Errorf("empty batch: %v %v", items, err)
	}
	many := "[" + strings.Repeat("1,", 1000) + "1]"
	for name, tt := range map[string]struct{ raw, want string }{
		"object":   {good, "array"},
		"many":     {many, "more than 1000"},
		"syntax":   {"[" + good + ",}", "not valid JSON"},
		"cut off":  {"[" + good, "ends too early"},
		"trailing": {"[] []", "nothing may follow"},
		"large":    {strings.Repeat(" ", 9<<20), "larger"},
		"deep":     {"[" + strings.Repeat("[", 33) + strings.Repeat("]", 33) + "]", "deeper"},
	} {
		if _, err := intake.ParseBatch([]byte(tt.raw), now, intake.DefaultLimits()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHostile holds that hostile bytes cost an error and nothing else.
func TestHostile(t *testing.T) {
	deep := strings.Repeat("[", 10000) + strings.Repeat("]", 10000)
	deepObjects := strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000)
	for name, raw := range map[string]string{
		"deep":                 deep,
		"deep data":            string(envelope(qingyuan.ApplicationSubmitted, deep)),
		"deep in a field":      string(envelope(qingyuan.ApplicationSubmitted, `{"amount":1,"employer":`+deepObjects+`}`)),
		"deep in a map":        string(envelope(qingyuan.ApplicationSubmitted, `{"amount":1,"attributes":{"a":`+deep+`}}`)),
		"deep data before":     `{"data":` + deepObjects + `,"type":"application.submitted"}`,
		"open forever":         strings.Repeat(`{"data":`, 1<<18),
		"10 MB of text":        string(envelope(qingyuan.MessageReceived, `{"channel":"sms","text":{"author":"agent","text":"`+strings.Repeat("长", 10<<20/3)+`"}}`)),
		"2 MB of text":         string(envelope(qingyuan.MessageReceived, `{"channel":"sms","text":{"author":"agent","text":"`+strings.Repeat("长", 2<<20/3)+`"}}`)),
		"10 MB of brackets":    strings.Repeat("[", 10<<20),
		"10 MB of white space": strings.Repeat(" ", 10<<20),
		"many map entries":     string(envelope(qingyuan.ApplicationSubmitted, `{"amount":1,"attributes":{`+manyEntries(65)+`}}`)),
		"many nulls in a map":  string(envelope(qingyuan.ApplicationSubmitted, `{"amount":1,"attributes":{`+strings.ReplaceAll(manyEntries(1<<16), "1,", "null,")+`}}`)),
		"nul":                  "\x00",
		"long number":          string(envelope(qingyuan.ApplicationSubmitted, `{"amount":`+strings.Repeat("9", 1<<20)+`}`)),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			if _, err := parse(raw); err == nil || qingyuan.CodeOf(err) != qingyuan.Invalid {
				t.Errorf("error %v", err)
			} else if len(err.Error()) > 2000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
	if _, err := parse(string(envelope(qingyuan.ApplicationSubmitted, `{"amount":1,"attributes":{`+manyEntries(64)+`}}`))); err != nil {
		t.Errorf("64 entries: %v", err)
	}
}

func manyEntries(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"k%d":1,`, i)
	}
	return strings.TrimSuffix(b.String(), ",")
}

// TestParseIsDeterministic holds that quality and mentions follow the input and that two parses agree.
func TestParseIsDeterministic(t *testing.T) {
	var first string
	for range 20 {
		p, err := parse(application)
		if err != nil {
			t.Fatal(err)
		}
		b, err := intake.EncodeData(p.Event.Data)
		if err != nil {
			t.Fatal(err)
		}
		all, _ := json.Marshal([]any{string(b), p.Mentions, p.Event.Entities})
		if first == "" {
			first = string(all)
		}
		if string(all) != first {
			t.Fatalf("%s\n%s", all, first)
		}
	}
}
