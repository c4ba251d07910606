package intake_test

import (
	"testing"
	"time"

	"qingyuan/internal/intake"
)

// now is the moment of arrival in these tests.
var now = time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)

const application = `{"specversion":"1.0","id":"a-1","source":"/core/loans","type":"application.submitted","time":"2026-11-20T09:30:00+08:00",
"data":{"customer_no":"C1001","id_no":"11010119900307803X","name":"张三","phone":"199 0000 1234","application_no":"AP1","product":"现金贷","channel":"app",
"amount":2000000,"term_months":12,"purpose":"consumption","monthly_income":800000,"device_id":"A1B2C3D4E5F6A7B8","ip":"203.0.113.7","os":"android",
"home_address":"北京市 东城区 示例路1号","bank_card":"6222021234567890128","contacts":[{"name":"李四","phone":"19900005678","relation":"spouse"}]}}`

func TestParse(t *testing.T) {
	p, err := intake.Parse([]byte(application), now, intake.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v\n%+v\n%+v", p.Event.Data, p.Mentions, p.Subject)
}

func BenchmarkParse(b *testing.B) {
	raw := []byte(application)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := intake.Parse(raw, now, intake.DefaultLimits()); err != nil {
			b.Fatal(err)
		}
	}
}
