package intake

import (
	"strings"
	"time"

	"qingyuan"
)

// Flaw is the code of a quality remark: the value has the right form, but something about it is wrong or says little.
type Flaw string

// The flaws.
const (
	FlawChecksum  Flaw = "checksum"   // the check digit does not fit
	FlawBirthDate Flaw = "birth_date" // the birth date in an ID number is no day, or lies after the event
	FlawRegion    Flaw = "region"     // the province code of an ID number was never given out
	FlawOldForm   Flaw = "old_form"   // a 15-digit ID number, invalid as a document since 2013-01-01
	FlawLuhn      Flaw = "luhn"       // the card number fails ISO/IEC 7812-1 Annex B
	FlawNotPublic Flaw = "not_public" // a private, shared or loopback address identifies nobody and names no entity
)

// idWeights and idChecks are the weights and check characters of GB 11643-1999 (ISO 7064 MOD 11-2).
var (
	idWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	idChecks  = "10X98765432"
)

// NormaliseIDNo checks a citizen identification number after GB 11643-1999: 6 digits of region (GB/T 2260), 8 of birth
// date, 3 of sequence (odd for men) and one check character. The 15-digit form in use until 1999 is converted by
// inserting the century 19 and computing the check character. Full-width digits and a small x are folded.
//
// A wrong length or character is an Invalid error. A number of the right form that fails a check is returned all the
// same with its flaws: an OCR slip and a forgery both look like that, and both must be seen.
func NormaliseIDNo(s string) (string, []Flaw, error) {
	id := compact(s)
	if len(id) > 0 && id[len(id)-1] == 'x' {
		id = id[:len(id)-1] + "X"
	}
	var flaws []Flaw
	switch {
	case len(id) == 15 && digits(id):
		id = id[:6] + "19" + id[6:]
		id += string(idCheck(id))
		flaws = append(flaws, FlawOldForm)
	case len(id) != 18 || !digits(id[:17]) || !digits(id[17:]) && id[17] != 'X':
		return "", nil, qingyuan.Errorf(qingyuan.Invalid, "must be an ID number: 17 digits and a check character, or the old 15 digits")
	}
	if idCheck(id) != id[17] {
		flaws = append(flaws, FlawChecksum)
	}
	if _, ok := idBirth(id); !ok {
		flaws = append(flaws, FlawBirthDate)
	}
	if !idRegion(id) {
		flaws = append(flaws, FlawRegion)
	}
	return id, flaws, nil
}

func idCheck(id string) byte {
	sum := 0
	for i, w := range idWeights {
		sum += int(id[i]-'0') * w
	}
	return idChecks[sum%11]
}

// idBirth is the birth date in an 18-character ID number; ok is false where there is no such day since 1900.
func idBirth(id string) (time.Time, bool) {
	year, month, day := atoi(id[6:10]), time.Month(atoi(id[10:12])), atoi(id[12:14])
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return t, year >= 1900 && t.Year() == year && t.Month() == month && t.Day() == day
}

// idRegion reports whether the first two digits are a province code: 11–15, 21–23, 31–37, 41–46, 50–54, 61–65 and 71
// of GB/T 2260-2007, 81–83 of the residence permits for Hong Kong, Macao and Taiwan residents (in use since 2018), and
// 91 of the foreigners' permanent residence card of 2023.
func idRegion(id string) bool {
	p := atoi(id[:2])
	switch {
	case p >= 11 && p <= 15, p >= 21 && p <= 23, p >= 31 && p <= 37, p >= 41 && p <= 46, p >= 50 && p <= 54, p >= 61 && p <= 65:
		return true
	}
	return p == 71 || p >= 81 && p <= 83 || p == 91
}

// NormaliseBankCard checks a card or account number: 12 to 19 digits (ISO/IEC 7812-1 allows up to 19; Chinese cards
// have 16 to 19, passbooks fewer) with the Luhn check digit of its Annex B. A failed check digit is a flaw, not an
// error: older Chinese accounts have none.
func NormaliseBankCard(s string) (string, []Flaw, error) {
	card := compact(s)
	if len(card) < 12 || len(card) > 19 || !digits(card) {
		return "", nil, qingyuan.Errorf(qingyuan.Invalid, "must be a card or account number of 12 to 19 digits")
	}
	if !luhn(card) {
		return card, []Flaw{FlawLuhn}, nil
	}
	return card, nil, nil
}

func luhn(card string) bool {
	sum := 0
	for i := range len(card) {
		d := int(card[len(card)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// usccAlphabet is the character set of GB 32100-2015 in the order of its values: no I, O, S, V, Z.
const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// NormaliseUSCC checks a unified social credit code after GB 32100-2015: 18 characters, the last one
// (31 − Σ cᵢ·3ⁱ mod 31) mod 31 over the first 17. Small letters and full-width forms are folded. A wrong length or
// character is an Invalid error; a failed check character is a flaw.
func NormaliseUSCC(s string) (string, []Flaw, error) {
	code := strings.ToUpper(compact(s))
	if len(code) != 18 {
		return "", nil, errUSCC()
	}
	sum, weight := 0, 1
	for i := range 18 {
		v := strings.IndexByte(usccAlphabet, code[i])
		if v < 0 {
			return "", nil, errUSCC()
		}
		if i < 17 {
			sum += v * weight
			weight = weight * 3 % 31
		}
	}
	if usccAlphabet[(31-sum%31)%31] != code[17] {
		return code, []Flaw{FlawChecksum}, nil
	}
	return code, nil, nil
}

func errUSCC() error {
	return qingyuan.Errorf(qingyuan.Invalid, "must be a unified social credit code of 18 characters out of 0-9 and A-Z without I, O, S, V, Z")
}

// NormalisePhone turns a telephone number into E.164 (ITU-T E.164: "+", country code, at most 15 digits). Without a
// country code a number is Chinese: mobile 1[3-9] and 9 digits; landline 0, area code and 7 or 8 digits; 400 and 800
// numbers; short codes such as 95588 or 12378 (MIIT numbering plan, 2017 edition), which get +86 too so that one
// service has one form. Spaces, hyphens, brackets, full-width digits and a leading 0086, 86 or "tel:" are folded; an
// extension is dropped, since the line is what calls share.
func NormalisePhone(s string) (string, error) {
	s = strings.TrimPrefix(nfkc(strings.TrimSpace(s)), "tel:")
	var buf [24]byte
	n, plus := 0, false
scan:
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			if n == len(buf) {
				return "", errPhone()
			}
			buf[n] = byte(r)
			n++
		case r == '+' && i == 0:
			plus = true
		case r == ' ' || r == '-' || r == '(' || r == ')' || r == '.' || r == '\u2010' || r == '\u2013' || r == '\u2014':
		case n >= 7 && (r == 'x' || r == 'X' || r == '转' || r == '#' || r == ';' || r == ',' || r == '分'):
			break scan
		default:
			return "", errPhone()
		}
	}
	d := string(buf[:n])
	if rest, ok := strings.CutPrefix(d, "00"); ok && !plus {
		d, plus = rest, true
	}
	if plus {
		rest, china := strings.CutPrefix(d, "86")
		if !china {
			return foreignPhone(d)
		}
		return chinesePhone(rest)
	}
	if len(d) == 12 || len(d) == 13 {
		d = strings.TrimPrefix(d, "86") // no area code begins with 86
	}
	return chinesePhone(d)
}

func foreignPhone(d string) (string, error) {
	if len(d) < 7 || len(d) > 15 || d[0] == '0' {
		return "", errPhone()
	}
	return "+" + d, nil
}

// chinesePhone takes the digits after +86, with or without the trunk 0.
func chinesePhone(d string) (string, error) {
	trunk := strings.TrimPrefix(d, "0")
	switch {
	case len(d) == 11 && d[0] == '1' && d[1] >= '3': // mobile
		return "+86" + d, nil
	case len(trunk) == 11 && trunk[0] == '1' && trunk[1] >= '3' && len(d) == 12: // long-distance prefix before a mobile
		return "+86" + trunk, nil
	case len(d) == 10 && (strings.HasPrefix(d, "400") || strings.HasPrefix(d, "800")):
		return "+86" + d, nil
	case len(trunk) >= 9 && len(trunk) <= 11 && landline(trunk):
		return "+86" + trunk, nil
	case len(d) >= 3 && len(d) <= 8 && (d[0] == '1' || d[:2] == "95" || d[:2] == "96"): // 110, 10086, 12378, 95588, 955xxxxx
		return "+86" + d, nil
	}
	return "", errPhone()
}

// landline reports whether area code and subscriber number fit: 10 and 2x take 8 digits, three-digit codes 7 or 8.
func landline(d string) bool {
	if strings.HasPrefix(d, "10") || d[0] == '2' {
		return len(d) == 10 && d[2] >= '2'
	}
	return d[0] >= '3' && (len(d) == 10 || len(d) == 11) && d[3] >= '2'
}

func errPhone() error {
	return qingyuan.Errorf(qingyuan.Invalid, "must be a telephone number: a Chinese mobile, landline with area code or service number, or + and a country code")
}

// compact is s without spaces and hyphens, full-width forms folded.
func compact(s string) string {
	s = nfkc(s)
	if strings.IndexByte(s, ' ') < 0 && strings.IndexByte(s, '-') < 0 {
		return s
	}
	return strings.NewReplacer(" ", "", "-", "").Replace(s)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// atoi reads a short run of digits.
func atoi(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
