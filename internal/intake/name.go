package intake

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"qingyuan"
)

// nfkc is Unicode normalisation form KC (UAX #15): full-width forms, ligatures and compatibility ideographs folded.
func nfkc(s string) string {
	for _, r := range s {
		if r >= utf8.RuneSelf && (r < 0x4e00 || r > 0x9fff) { // the common Chinese characters are their own form
			if norm.NFKC.IsNormalString(s) {
				return s
			}
			return norm.NFKC.String(s)
		}
	}
	return s
}

// NormaliseIP parses an IPv4 or IPv6 address (RFC 4291, RFC 5952 on output). IPv4 in IPv6 is unmapped; zones, prefixes
// and the unspecified address are refused. An address that is not public (RFC 1918, RFC 4193, RFC 6598, loopback,
// link-local) is kept with a flaw: it names the lender's own network, not the customer's.
func NormaliseIP(s string) (string, []Flaw, error) {
	ip, err := netip.ParseAddr(strings.TrimSpace(s))
	if err != nil || ip.Zone() != "" || ip.IsUnspecified() || ip.IsMulticast() {
		return "", nil, qingyuan.Errorf(qingyuan.Invalid, "must be an IPv4 or IPv6 address without a zone or prefix")
	}
	ip = ip.Unmap()
	out := ip.String()
	if out == s {
		out = s // keep the caller's string instead of a copy
	}
	if !public(ip) {
		return out, []Flaw{FlawNotPublic}, nil
	}
	return out, nil, nil
}

func public(ip netip.Addr) bool {
	shared := false // 100.64.0.0/10, RFC 6598
	if ip.Is4() {
		b := ip.As4()
		shared = b[0] == 100 && b[1]&0xc0 == 64
	}
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !shared
}

// NormaliseDevice folds a device identifier. Hexadecimal and UUID forms (IMEI, Android id, IDFA, MAC) are lowered,
// other fingerprints keep their case. Placeholders that systems give in place of an identifier come back empty, which
// means unknown: all digits alike (the IDFA of iOS without consent), 9774d56d682e549c (the Android 2.2 id shared by a
// whole build), 02:00:00:00:00:00 (the MAC that Android ≥ 6 and iOS ≥ 7 report), and words such as "unknown".
func NormaliseDevice(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) > 128 {
		return "", qingyuan.Errorf(qingyuan.Invalid, "must be a device identifier of at most 128 characters")
	}
	hex, alike, n := true, true, 0
	var first byte
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f {
			return "", qingyuan.Errorf(qingyuan.Invalid, "must be a device identifier of printable ASCII characters without spaces")
		}
		if c == '-' || c == ':' {
			continue
		}
		if n++; n == 1 {
			first = c
		}
		alike = alike && c|0x20 == first|0x20
		hex = hex && (c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F')
	}
	if alike || s == "02:00:00:00:00:00" || s == "9774d56d682e549c" {
		return "", nil
	}
	lower := strings.ToLower(s)
	switch lower {
	case "unknown", "null", "nil", "none", "undefined", "n/a":
		return "", nil
	}
	if n < 6 {
		return "", qingyuan.Errorf(qingyuan.Invalid, "must be a device identifier of at least 6 characters")
	}
	if hex {
		return lower, nil
	}
	return s, nil
}

// NormaliseEmail folds an e-mail address: NFKC, lower case (RFC 5321 leaves the local part's case to the receiving
// host; no consumer host in China tells cases apart), at most 64 and 255 octets around one "@", a dot in the domain.
func NormaliseEmail(s string) (string, error) {
	s = strings.ToLower(nfkc(strings.TrimSpace(s)))
	local, domain, ok := strings.Cut(s, "@")
	dot := strings.LastIndexByte(domain, '.')
	if !ok || local == "" || len(local) > 64 || len(domain) > 255 || dot < 1 || dot == len(domain)-1 ||
		strings.ContainsFunc(s, notInEmail) || strings.IndexByte(domain, '@') >= 0 {
		return "", qingyuan.Errorf(qingyuan.Invalid, "must be an e-mail address")
	}
	return s, nil
}

func notInEmail(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`<>()[]\,;:"`, r) || unicode.IsSpace(r) || unicode.IsControl(r)
}

// NormaliseAddress folds a postal address so that one place has one form: NFKC, letters in upper case, punctuation and
// spaces beside Chinese characters dropped, other spaces made single. Hyphens, "#" and "/" between figures stay: they
// separate building and room.
func NormaliseAddress(s string) (string, error) {
	s = strings.ToUpper(nfkc(s))
	var b strings.Builder
	b.Grow(len(s))
	var last rune
	gap := false
	for _, r := range s {
		switch {
		case han(r) || unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r) || (r == '-' || r == '#' || r == '/') && b.Len() > 0:
		case unicode.IsControl(r) && !unicode.IsSpace(r):
			return "", errControl()
		default:
			gap = b.Len() > 0
			continue
		}
		if gap && !han(last) && !han(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		last, gap = r, false
	}
	return strings.TrimRight(b.String(), "-#/ "), nil
}

// NormaliseName folds a person's name: NFKC, the many middle dots of transliterated names made U+00B7, spaces inside
// Chinese names dropped, other spaces made single. Case stays. A name has at least one letter.
func NormaliseName(s string) (string, error) {
	out, err := foldName(s)
	if err != nil || out == "" {
		return out, err
	}
	if utf8.RuneCountInString(out) > 64 || !strings.ContainsFunc(out, unicode.IsLetter) {
		return "", qingyuan.Errorf(qingyuan.Invalid, "must be a person's name of at most 64 characters")
	}
	return out, nil
}

// NormaliseOrganisation folds the name of an organisation as NormaliseName does, with letters in upper case; NFKC has
// already made full-width brackets plain.
func NormaliseOrganisation(s string) (string, error) {
	out, err := foldName(s)
	if err != nil || utf8.RuneCountInString(out) > 120 {
		return "", qingyuan.Errorf(qingyuan.Invalid, "must be the name of an organisation of at most 120 characters")
	}
	return strings.ToUpper(out), nil
}

func foldName(s string) (string, error) {
	s = nfkc(strings.TrimSpace(s))
	if plainName(s) {
		return s, nil
	}
	var b strings.Builder
	var last rune
	gap := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			gap = b.Len() > 0
			continue
		case unicode.IsControl(r):
			return "", errControl()
		case isMiddleDot(r) && (r != '.' || han(last)):
			r = '·'
		}
		if gap && !cjk(last) && !cjk(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		last, gap = r, false
	}
	return b.String(), nil
}

// plainName reports whether s is of Chinese characters only, so that there is nothing to fold.
func plainName(s string) bool {
	for _, r := range s {
		if !han(r) {
			return false
		}
	}
	return true
}

func cjk(r rune) bool { return han(r) || r == '·' }

// han reports whether r is a Chinese character, the common ones first.
func han(r rune) bool { return r >= 0x4e00 && r <= 0x9fff || r > 0x2e00 && unicode.Is(unicode.Han, r) }

func isMiddleDot(r rune) bool { return strings.ContainsRune("·•‧∙⋅・.", r) }

// NormaliseHandle folds a social account given as platform:account, such as wechat:abc_123: NFKC, lower case, a
// leading "@" of the account dropped. The platform is 1–20 of a–z, 0–9 and "_"; the account at most 64 characters.
func NormaliseHandle(s string) (string, error) {
	s = strings.ToLower(nfkc(strings.TrimSpace(s)))
	platform, account, ok := strings.Cut(s, ":")
	account = strings.TrimPrefix(strings.TrimSpace(account), "@")
	if !ok || !isKey(platform, 20) || account == "" || utf8.RuneCountInString(account) > 64 || strings.ContainsFunc(account, unicode.IsControl) {
		return "", qingyuan.Errorf(qingyuan.Invalid, "must be a social account written platform:account")
	}
	return platform + ":" + account, nil
}

// isKey reports whether s is 1–n characters of a–z, 0–9 and "_".
func isKey(s string, n int) bool {
	if s == "" || len(s) > n {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

func errControl() error {
	return qingyuan.Errorf(qingyuan.Invalid, "must not contain control characters")
}
