package leaf

import (
	"fmt"
	"time"
)

// IDNo makes a citizen identification number after GB 11643-1999 for that region code, day of birth and sex.
func IDNo(r *Rand, region string, birth time.Time, male bool) string {
	sequence := r.Between(1, 499) * 2
	if male {
		sequence++
	}
	id := fmt.Sprintf("%s%s%03d", region, birth.Format("20060102"), sequence)
	sum := 0
	for i, w := range [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(id[i]-'0') * w
	}
	return id + "10X98765432"[sum%11:sum%11+1]
}

// BankCard makes a card number with a Luhn check digit: 19 digits for a debit card, 16 for a credit card.
func BankCard(r *Rand, credit bool) (number, bank string) {
	b := Pick(r, banks)
	prefix, length := b.debit, 19
	if credit {
		prefix, length = b.credit, 16
	}
	n := prefix + r.Digits(length-1-len(prefix))
	sum := 0
	for i := range len(n) {
		d := int(n[len(n)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return n + string(byte('0'+(10-sum%10)%10)), b.name
}

// banks are issuers with the leading digits of one of their card series.
var banks = []struct{ name, debit, credit string }{
	{"中国工商银行", "622202", "622230"}, {"中国建设银行", "621700", "622280"}, {"中国农业银行", "622848", "622836"}, {"中国银行", "621660", "622760"},
	{"招商银行", "621486", "622575"}, {"交通银行", "622262", "622252"}, {"中国邮政储蓄银行", "621799", "622812"}, {"平安银行", "622986", "622525"},
	{"中信银行", "621771", "622680"}, {"浦发银行", "622521", "622177"}, {"兴业银行", "622908", "622901"}, {"中国民生银行", "622615", "622600"},
}

// USCC makes a unified social credit code after GB 32100-2015. Prefix is its first two characters: 91 a company, 31 a
// law practice, 12 a public institution, 52 a private non-enterprise body.
func USCC(r *Rand, prefix, region string) string {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	code := []byte(prefix + region)
	for len(code) < 17 {
		code = append(code, alphabet[r.IntN(len(alphabet))])
	}
	sum, weight := 0, 1
	for _, c := range code {
		v := 0
		for alphabet[v] != c {
			v++
		}
		sum += v * weight
		weight = weight * 3 % 31
	}
	return string(append(code, alphabet[(31-sum%31)%31]))
}

// Mobile makes a mobile number of the MIIT numbering plan; one in twenty is of a virtual operator.
func Mobile(r *Rand) string {
	if r.Chance(0.05) {
		return VirtualMobile(r)
	}
	return Pick(r, mobilePrefixes) + r.Digits(8)
}

var mobilePrefixes = []string{"130", "131", "132", "134", "135", "136", "137", "138", "139", "150", "151", "152", "155", "156", "157", "158", "159", "166",
	"173", "176", "177", "178", "180", "181", "182", "183", "185", "186", "187", "188", "189", "191", "198", "199"}

// VirtualMobile makes a number of a virtual operator or of a data-card series, such as are bought by the dozen.
func VirtualMobile(r *Rand) string {
	return Pick(r, []string{"162", "165", "167", "170", "171", "192", "197"}) + r.Digits(8)
}

// Landline makes a fixed line in that city, with the trunk 0.
func Landline(r *Rand, c *City) string {
	return c.Area + "-" + string(byte('2'+r.IntN(7))) + r.Digits(7)
}

// Device makes a device identifier and its operating system.
func Device(r *Rand) (id, os string) {
	switch r.Weighted(0.62, 0.28, 0.10) {
	case 0:
		return r.Hex(16), "android"
	case 1:
		return r.Hex(8) + "-" + r.Hex(4) + "-4" + r.Hex(3) + "-a" + r.Hex(3) + "-" + r.Hex(12), "ios"
	}
	return r.Hex(32), "harmony"
}

// IP makes a public IPv4 address out of blocks that operators in China use for customers.
func IP(r *Rand) string {
	return fmt.Sprintf("%s.%d.%d", Pick(r, ipBlocks), r.Between(0, 255), r.Between(1, 254))
}

var ipBlocks = []string{"113.87", "113.110", "183.14", "183.192", "223.104", "117.136", "112.97", "120.229", "116.25", "114.86", "58.33", "61.169", "219.136",
	"125.71", "171.88", "222.212", "182.149", "110.52", "36.56", "60.176", "115.192", "122.224", "218.0", "39.144", "27.17", "59.172", "119.96", "106.120"}

// Email makes an address at a consumer host.
func Email(r *Rand) string {
	if r.Chance(0.55) {
		return r.Digits(r.Between(8, 10)) + "@qq.com"
	}
	return Letters(r, r.Between(4, 8)) + r.Digits(r.Between(2, 4)) + Pick(r, []string{"@163.com", "@126.com", "@sina.com", "@139.com", "@foxmail.com"})
}

// Letters draws n letters of pronounceable pinyin, roughly.
func Letters(r *Rand, n int) string {
	var b []byte
	for len(b) < n {
		b = append(b, Pick(r, []string{"x", "l", "zh", "sh", "m", "h", "j", "d", "g", "y", "w", "c", "t"})...)
		b = append(b, Pick(r, []string{"ia", "i", "an", "ao", "ei", "u", "ong", "in", "ang", "e"})...)
	}
	return string(b[:n])
}

// Handle makes a social account on that platform, such as wechat:linan_8812.
func Handle(r *Rand, platform string) string {
	return platform + ":" + Letters(r, r.Between(4, 9)) + Pick(r, []string{"", "_", "-"}) + r.Digits(r.Between(2, 5))
}

// SHA256 makes the hexadecimal name of a stored file that does not exist.
func SHA256(r *Rand) string { return r.Hex(64) }
