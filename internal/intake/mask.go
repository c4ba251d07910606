package intake

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"qingyuan"
)

// Mask is data as a person may see it on a screen: a copy in which every personal field is shortened after the usual
// Chinese practice, and every text is free of the numbers in it.
//
//	mobile    138****1234           ID number   310***********1234
//	name      张*                   card        ***************1234
//	address   上海市****            e-mail      z***@example.com
//	device    a1b2****              IP          203.0.113.*
//	location  one decimal (≈ 11 km) other       the last third, at most 4 characters
//
// In texts, runs of seven and more figures, e-mail addresses and the event's own personal values are blotted out
// character by character with marks of the same length in UTF-8, so that byte spans of signals still fit. Fields that
// the schema does not know are left out.
func Mask(s *Schema, data map[string]any) map[string]any {
	m := masker{own: ownValues(s.root, data)}
	return m.object(s.root, data)
}

type masker struct{ own []string }

func (m *masker) object(n *node, data map[string]any) map[string]any {
	out := make(map[string]any, len(data))
	for name, v := range data {
		i, ok := n.names[name]
		if !ok {
			continue
		}
		out[name] = m.value(n.fields[i], n.children[i], v)
	}
	return out
}

func (m *masker) value(f *Field, child *node, v any) any {
	switch v := v.(type) {
	case map[string]any:
		if child != nil {
			return m.object(child, v)
		}
		free := make(map[string]any, len(v))
		for name, x := range v {
			if s, ok := x.(string); ok {
				x = m.scrub(s)
			}
			free[m.scrub(name)] = x
		}
		return free
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = m.value(f, child, x)
		}
		return list
	case string:
		t := f.Type
		if t == TypeList {
			t = f.Of
		}
		switch {
		case f.Personal:
			return maskValue(t, v)
		case t == TypeString || t == TypeOrganisation || t == TypeAddress || t == TypeHandle:
			return m.scrub(v)
		case t != TypeEnum && t != TypeDate:
			return blot(v, m.own)
		}
	case float64:
		if f.Personal {
			return math.Round(v*10) / 10
		}
	}
	return v
}

// MaskText blots long numbers and e-mail addresses out of a text that belongs to no event, keeping its length in bytes.
func MaskText(s string) string { return (&masker{}).scrub(s) }

// MaskEntity shortens the normalised value of an entity as [Mask] does.
func MaskEntity(kind qingyuan.EntityKind, value string) string {
	switch kind {
	case qingyuan.Phone:
		return maskValue(TypePhone, value)
	case qingyuan.Email:
		return maskValue(TypeEmail, value)
	case qingyuan.Handle:
		platform, account, _ := strings.Cut(value, ":")
		return platform + ":" + keepEnds(account, 1, 2, 3)
	}
	return maskValue(TypeCode, value)
}

// maskValue shortens one personal value of type t.
func maskValue(t FieldType, v string) string {
	switch t {
	case TypePhone:
		if v = strings.TrimPrefix(v, "+86"); len(v) == 11 && v[0] == '1' {
			return keepEnds(v, 3, 4, 4)
		}
		return keepEnds(v, 0, 4, 4)
	case TypeIDNo:
		return keepEnds(v, 3, 4, 11)
	case TypeBankCard:
		return keepEnds(v, 0, 4, len(v)-4)
	case TypeName:
		first, size := utf8.DecodeRuneInString(v)
		if size == len(v) {
			return "*"
		}
		return string(first) + strings.Repeat("*", min(utf8.RuneCountInString(v)-1, 2))
	case TypeOrganisation:
		return keepEnds(v, 2, 0, 4)
	case TypeAddress:
		return maskAddress(v)
	case TypeEmail:
		local, domain, _ := strings.Cut(v, "@")
		first, _ := utf8.DecodeRuneInString(local)
		return string(first) + "***@" + domain
	case TypeIP:
		return maskIP(v)
	case TypeDevice:
		return keepEnds(v, min(4, len(v)/2), 0, 4)
	case TypeHandle:
		platform, _, _ := strings.Cut(v, ":")
		return platform + ":***"
	case TypeCode:
		return keepEnds(v, 0, min(4, utf8.RuneCountInString(v)/3), 4)
	}
	return "****"
}

// keepEnds shows the first and last characters of v with stars between, and stars alone where less than a third of
// the characters would be hidden.
func keepEnds(v string, first, last, stars int) string {
	r := []rune(v)
	hidden := len(r) - first - last
	if hidden*3 < len(r) || hidden <= 0 {
		return strings.Repeat("*", max(stars, 4))
	}
	return string(r[:first]) + strings.Repeat("*", stars) + string(r[len(r)-last:])
}

// maskAddress shows an address down to its city, or to its province where no city is named.
func maskAddress(v string) string {
	end := 0
	for _, mark := range []string{"自治州", "地区", "盟", "市"} {
		if i := strings.Index(v, mark); i > 0 && i <= 30 {
			end = i + len(mark)
			break
		}
	}
	if end == 0 {
		for _, mark := range []string{"自治区", "省"} {
			if i := strings.Index(v, mark); i > 0 && i <= 24 {
				end = i + len(mark)
				break
			}
		}
	}
	if end == len(v) {
		return "****"
	}
	return v[:end] + "****"
}

func maskIP(v string) string {
	if i := strings.LastIndexByte(v, '.'); i > 0 {
		return v[:i+1] + "*"
	}
	groups := strings.SplitN(v, ":", 3)
	return groups[0] + ":" + groups[1] + ":*"
}

// figures are runs of seven and more figures, plain or full-width, with single spaces or hyphens between, and a final X
// as ID numbers have; mail is an e-mail address.
var (
	figures = regexp.MustCompile(`[0-9０-９](?:[ \-]?[0-9０-９]){6,}[XxＸｘ]?`)
	mail    = regexp.MustCompile(`[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}`)
)

// scrub blots the event's own values, long numbers and e-mail addresses out of a text, keeping its length in bytes.
func (m *masker) scrub(s string) string {
	s = blot(s, m.own)
	s = mail.ReplaceAllStringFunc(s, marks)
	return figures.ReplaceAllStringFunc(s, marks)
}

func blot(s string, values []string) string {
	for _, v := range values {
		if strings.Contains(s, v) {
			s = strings.ReplaceAll(s, v, marks(v))
		}
	}
	return s
}

// marks has one mark for each character of s, of the same length in UTF-8.
func marks(s string) string {
	return strings.Map(func(r rune) rune { return [...]rune{'*', '*', '×', '＊', '🞶'}[utf8.RuneLen(r)] }, s)
}

// ownValues are the personal values of an event that texts could repeat, longest first.
func ownValues(n *node, data map[string]any) []string {
	var out []string
	for name, v := range data {
		if i, ok := n.names[name]; ok {
			out = appendOwn(out, n.fields[i], n.children[i], v)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(out)
}

func appendOwn(out []string, f *Field, child *node, v any) []string {
	switch v := v.(type) {
	case map[string]any:
		if child != nil {
			out = append(out, ownValues(child, v)...)
		}
	case []any:
		for _, x := range v {
			out = appendOwn(out, f, child, x)
		}
	case string:
		if f.Personal && len(v) >= 4 {
			out = append(out, v)
			if national, ok := strings.CutPrefix(v, "+86"); ok && f.Type == TypePhone {
				out = append(out, national)
			}
			if _, account, ok := strings.Cut(v, ":"); ok && f.Entity == qingyuan.Handle && len(account) >= 4 {
				out = append(out, account)
			}
		}
	}
	return out
}
