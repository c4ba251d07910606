package intake_test

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"qingyuan/internal/intake"
)

// TestShippedMappingReadsUCI runs the whole real file through the shipped mapping and the parser.
func TestShippedMappingReadsUCI(t *testing.T) {
	m, err := intake.ShippedMapping("uci_credit_default")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open("../../testdata/uci_credit_default.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ids := map[string]bool{}
	for raw, err := range m.Rows(f) {
		if err != nil {
			t.Fatal(err)
		}
		p, err := intake.Parse(raw, now, intake.DefaultLimits())
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		if ids[p.Event.ExternalID] {
			t.Fatalf("id %s stands twice", p.Event.ExternalID)
		}
		ids[p.Event.ExternalID] = true
		attributes := p.Event.Data["attributes"].(map[string]any)
		if _, leaked := attributes["y"]; leaked {
			t.Fatal("the label entered the event")
		}
		if p.Event.ExternalID == "uci-2" {
			want := map[string]any{"limit": int64(12000000), "pay": float64(-1), "customer": "2"}
			got := map[string]any{"limit": p.Event.Data["amount"], "pay": attributes["pay_0"], "customer": p.Subject.Value}
			for k := range want {
				if got[k] != want[k] {
					t.Errorf("row 2: %s = %v, want %v", k, got[k], want[k])
				}
			}
		}
	}
	if len(ids) != 20999 {
		t.Errorf("%d events, want 20999", len(ids))
	}
}

// small is a mapping that uses every transform.
const small = `
version: 1
name: small
kind: application.submitted
source: /import/small
id: "app-{NO}"
time: {column: 时间, layout: "2006/01/02 15:04"}
ignore: [备注]
fields:
  - {field: application_no, column: NO}
  - {field: name, column: 姓名}
  - {field: amount, column: 金额, unit: yuan}
  - {field: channel, column: 渠道, values: {"1": app, "2": branch, "*": other}}
  - {field: term_months, column: 期限}
  - {field: currency, constant: CNY}
  - {field: "contacts[0].phone", column: 联系人1}
  - {field: "contacts[0].relation", constant: friend}
  - {field: "contacts[1].phone", column: 联系人2}
  - {field: device_flags.rooted, column: ROOT}
  - {field: employer.since, column: 入职, layout: 2006/1/2}
  - {field: scores.own, column: 评分}
  - {field: attributes.branch, column: 网点, as: text}
`

const smallHeader = "NO,时间,姓名,金额,渠道,期限,联系人1,联系人2,ROOT,入职,评分,网点,备注\n"

func TestMappingTransforms(t *testing.T) {
	m, err := intake.LoadMapping([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	csv := smallHeader +
		"7,2026/11/01 08:30,张三,\"12,345.60\",1,12,,19900001111,是,2020/3/1,61.5,001,x\n" +
		"8,2026/11/01 08:31,李四,100,9,,,,,,,,\n"
	var got []string
	for raw, err := range m.Rows(strings.NewReader(csv)) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := intake.Parse(raw, now, intake.DefaultLimits()); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		got = append(got, string(raw))
	}
	want := []string{
		`{"specversion":"1.0","id":"app-7","source":"/import/small","type":"application.submitted","time":"2026-11-01T08:30:00+08:00","data":{"amount":1234560,"application_no":"7","attributes":{"branch":"001"},"channel":"app","contacts":[{"phone":"19900001111"}],"currency":"CNY","device_flags":{"rooted":true},"employer":{"since":"2020-03-01"},"name":"张三","scores":{"own":61.5},"term_months":12}}`,
		`{"specversion":"1.0","id":"app-8","source":"/import/small","type":"application.submitted","time":"2026-11-01T08:31:00+08:00","data":{"amount":10000,"application_no":"8","channel":"other","currency":"CNY","name":"李四"}}`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestMappingEncodings(t *testing.T) {
	m, err := intake.LoadMapping([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	plain := smallHeader + "7,2026/11/01 08:30,张三,100,1,12,,,,,,,\n"
	gb, _ := simplifiedchinese.GB18030.NewEncoder().String(plain)
	utf16, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(plain)
	for name, file := range map[string]string{"utf-8": plain, "bom": "\ufeff" + plain, "gb18030": gb, "utf-16": utf16,
		"crlf": strings.ReplaceAll(plain, "\n", "\r\n")} {
		n := 0
		for raw, err := range m.Rows(strings.NewReader(file)) {
			if err != nil || !strings.Contains(string(raw), "张三") {
				t.Errorf("%s: %s %v", name, raw, err)
			}
			n++
		}
		if n != 1 {
			t.Errorf("%s: %d rows", name, n)
		}
	}
}

func TestMappingRowErrors(t *testing.T) {
	m, err := intake.LoadMapping([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	good := "7,2026/11/01 08:30,张三,100,1,12,,,,,,,\n"
	for _, tt := range []struct{ name, csv, want string }{
		{"empty", "", "the file is empty"},
		{"missing column", strings.Replace(smallHeader, "金额", "额度", 1) + good, `no column "金额"`},
		{"new column", strings.Replace(smallHeader, "NO,", "NO,新列,", 1) + "1," + good, `column "新列"`},
		{"column twice", strings.Replace(smallHeader, "备注", "NO", 1) + good, "twice"},
		{"cells", smallHeader + good + "7,x\n" + good, "line 3: the number of cells"},
		{"amount", smallHeader + strings.Replace(good, "100", "一百", 1), "line 2: column 金额: must be a number"},
		{"third decimal", smallHeader + strings.Replace(good, "100", "1.005", 1), "line 2: column 金额: must be a whole number"},
		{"time", smallHeader + strings.Replace(good, "2026/11/01", "01.11.2026", 1), "line 2: column 时间: is not a time"},
		{"no id", smallHeader + strings.Replace(good, "7,", ",", 1), "line 2: column NO: is empty"},
		{"quote", smallHeader + good + "7,\"a\"b,\n", "line 3: a stray"},
		{"bytes", smallHeader + strings.Repeat(good, 3000) + strings.Replace(good, "张三", "\xd5\xc5", 1), "not text in the encoding"},
		{"huge row", smallHeader + "7,\"" + strings.Repeat("x", 3<<20) + "\"", "must not be larger"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var errs []string
			for raw, err := range m.Rows(strings.NewReader(tt.csv)) {
				if err != nil {
					errs = append(errs, err.Error())
				} else if len(raw) == 0 {
					t.Error("neither event nor error")
				}
			}
			if len(errs) == 0 || !strings.Contains(errs[0], tt.want) {
				t.Errorf("errors %q, want one with %q", errs, tt.want)
			}
		})
	}
}

// TestMappingGoesOnAfterABadRow holds that one bad row costs one row.
func TestMappingGoesOnAfterABadRow(t *testing.T) {
	m, err := intake.LoadMapping([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	row := "7,2026/11/01 08:30,张三,100,1,12,,,,,,,\n"
	events, errs := 0, 0
	for _, err := range m.Rows(strings.NewReader(smallHeader + row + "1,2\n" + strings.Replace(row, "100", "x", 1) + row)) {
		if err != nil {
			errs++
		} else {
			events++
		}
	}
	if events != 2 || errs != 2 {
		t.Errorf("%d events and %d errors, want 2 and 2", events, errs)
	}
}

func TestLoadMappingRefuses(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"yaml", "fields:", "fields: [", "not a mapping"},
		{"unknown key", "version: 1", "version: 1\nspeed: 2", "speed"},
		{"version", "version: 1", "version: 2", "version"},
		{"kind", "application.submitted", "application", "kind"},
		{"one id for all", `"app-{NO}"`, `"app-{NO"`, "id of its own"},
		{"no unit", "unit: yuan", "unit: dollar", "unit"},
		{"field", "field: name", "field: nam", "no such field"},
		{"case", "field: name", "field: Name", "did you mean name"},
		{"object", "field: name", "field: employer", "plain field"},
		{"list", "contacts[0].phone", "contacts.phone", "index"},
		{"twice", "field: name", "field: application_no", "filled twice"},
		{"derived", "field: name", "field: derived.age", "computed"},
		{"both", "constant: CNY", "constant: CNY, column: NO", "either a column or a constant"},
		{"time", `column: 时间, layout: "2006/01/02 15:04"`, `step: 6m`, "either a column or a start"},
		{"step", `column: 时间, layout: "2006/01/02 15:04"`, `start: "2026-01-01T00:00:00Z", step: -1m`, "step"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(small, tt.old) {
				t.Fatalf("the mapping has no %q", tt.old)
			}
			_, err := intake.LoadMapping([]byte(strings.Replace(small, tt.old, tt.new, 1)))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func FuzzMapping(f *testing.F) {
	f.Add([]byte(small), []byte(smallHeader+"7,2026/11/01 08:30,张三,100,1,12,,,,,,,\n"))
	f.Fuzz(func(t *testing.T, yaml, csv []byte) {
		m, err := intake.LoadMapping(yaml)
		if err != nil {
			return
		}
		for range m.Rows(strings.NewReader(string(csv))) {
		}
	})
}
