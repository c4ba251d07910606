package intake_test

import (
	"strings"
	"testing"

	"qingyuan/internal/intake"
)

func TestNormaliseIP(t *testing.T) {
	for in, want := range map[string]string{
		"203.0.113.7":          "203.0.113.7",
		" 203.0.113.7 ":        "203.0.113.7",
		"::ffff:203.0.113.7":   "203.0.113.7",
		"2001:DB8:0:0:0:0:0:1": "2001:db8::1",
		"10.1.2.3":             "10.1.2.3 [not_public]",
		"192.168.1.1":          "192.168.1.1 [not_public]",
		"100.64.0.1":           "100.64.0.1 [not_public]",
		"100.128.0.1":          "100.128.0.1",
		"127.0.0.1":            "127.0.0.1 [not_public]",
		"fd00::1":              "fd00::1 [not_public]",
		"fe80::1%eth0":         refused,
		"0.0.0.0":              refused,
		"203.0.113.7/32":       refused,
		"203.0.113.007":        refused,
		"203.0.113.256":        refused,
		"203.0.113.7:443":      refused,
		"example.com":          refused,
	} {
		if got := flagged(intake.NormaliseIP(in)); got != want {
			t.Errorf("NormaliseIP(%q) = %s, want %s", in, got, want)
		}
	}
}

// TestNormaliseDevice holds that a placeholder is unknown: else every phone without consent would be one device.
func TestNormaliseDevice(t *testing.T) {
	for in, want := range map[string]string{
		"A1B2C3D4E5F6A7B8":                     "a1b2c3d4e5f6a7b8",
		"6D92078A-8246-4BA4-AE5B-76104861E7DC": "6d92078a-8246-4ba4-ae5b-76104861e7dc",
		"fp_Zm9vYmFy+/==":                      "fp_Zm9vYmFy+/==",
		"00000000-0000-0000-0000-000000000000": "",
		"000000000000000":                      "",
		"AAAAAaAAA":                            "",
		"9774d56d682e549c":                     "",
		"02:00:00:00:00:00":                    "",
		"Unknown":                              "",
		"NULL":                                 "",
		"":                                     "",
		"ab12":                                 refused,
		"a1b2 c3d4":                            refused,
		"设备一二三四":                               refused,
		strings.Repeat("a1", 65):               refused,
	} {
		if got := result(intake.NormaliseDevice(in)); got != want {
			t.Errorf("NormaliseDevice(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestNormaliseEmail(t *testing.T) {
	for in, want := range map[string]string{
		" Shi.Li@Example.COM ":                   "shi.li@example.com",
		"ｓｈｉ＠ｅｘａｍｐｌｅ．ｃｏｍ":                        "shi@example.com",
		"shi+loan@example.com":                   "shi+loan@example.com",
		"示例@example.com":                         "示例@example.com",
		"shi@example":                            refused,
		"@example.com":                           refused,
		"shi@@example.com":                       refused,
		"shi@.com":                               refused,
		"shi@example.":                           refused,
		"a b@example.com":                        refused,
		"<shi@example.com>":                      refused,
		strings.Repeat("a", 65) + "@example.com": refused,
	} {
		if got := result(intake.NormaliseEmail(in)); got != want {
			t.Errorf("NormaliseEmail(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestNormaliseAddress(t *testing.T) {
	const one = "示例省示例市东湖区商务路9号A座3-301"
	for in, want := range map[string]string{
		one: one,
		" 示例省 示例市，东湖区。商务路９号ａ座 3-301 ": one,
		"示例省示例市东湖区商务路9号(a座)3-301":     one,
		"12  High   Street, Flat 3":   "12 HIGH STREET FLAT 3",
		"示例路1号\t2栋":                   "示例路1号2栋",
		"，。":                          "",
		"示例路\x00":                     refused,
	} {
		if got := result(intake.NormaliseAddress(in)); got != want {
			t.Errorf("NormaliseAddress(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNormaliseNames(t *testing.T) {
	for in, want := range map[string]string{
		"张三":                    "张三",
		"　张 三 ":                 "张三",
		"买买提・艾力":                "买买提·艾力",
		"买买提•艾力":                "买买提·艾力",
		"买买提 · 艾力":              "买买提·艾力",
		"买买提.艾力":                "买买提·艾力",
		"Zhang   San":           "Zhang San",
		"J. Smith":              "J. Smith",
		"123":                   refused,
		"张\x07三":                refused,
		strings.Repeat("张", 65): refused,
	} {
		if got := result(intake.NormaliseName(in)); got != want {
			t.Errorf("NormaliseName(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"示例（中国） 有限公司":            "示例(中国)有限公司",
		"Example Co.， ltd":       "EXAMPLE CO., LTD",
		"１２３４５":                  "12345",
		strings.Repeat("司", 121): refused,
	} {
		if got := result(intake.NormaliseOrganisation(in)); got != want {
			t.Errorf("NormaliseOrganisation(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"WeChat: ABC_123": "wechat:abc_123",
		"douyin:@示例":      "douyin:示例",
		"abc_123":         refused,
		"wechat:":         refused,
		"we chat:abc":     refused,
	} {
		if got := result(intake.NormaliseHandle(in)); got != want {
			t.Errorf("NormaliseHandle(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzNormalisers holds that every normaliser is idempotent and finds no new flaw in its own output.
func FuzzNormalisers(f *testing.F) {
	for _, s := range []string{"11010519491231002X", "110105491231002", "+8619900001234", "010-66660001转8", "A座 3-301，示例路", "J. Smith", "买买提・艾力", "wechat:@x", "2001:DB8::1", "ŉ@ß.com", "ﬃ¼㈱"} {
		f.Add(s)
	}
	plain := map[string]func(string) (string, error){
		"phone": intake.NormalisePhone, "device": intake.NormaliseDevice, "email": intake.NormaliseEmail, "address": intake.NormaliseAddress,
		"name": intake.NormaliseName, "organisation": intake.NormaliseOrganisation, "handle": intake.NormaliseHandle,
	}
	checked := map[string]func(string) (string, []intake.Flaw, error){
		"id_no": intake.NormaliseIDNo, "bank_card": intake.NormaliseBankCard, "uscc": intake.NormaliseUSCC, "ip": intake.NormaliseIP,
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, normalise := range plain {
			once, err := normalise(s)
			if err != nil || once == "" {
				continue
			}
			if twice, err := normalise(once); err != nil || twice != once {
				t.Errorf("%s: %q → %q → %q, %v", name, s, once, twice, err)
			}
		}
		for name, normalise := range checked {
			once, flaws, err := normalise(s)
			if err != nil {
				continue
			}
			twice, again, err := normalise(once)
			if err != nil || twice != once || len(again) > len(flaws) {
				t.Errorf("%s: %q → %q %v → %q %v, %v", name, s, once, flaws, twice, again, err)
			}
		}
	})
}
