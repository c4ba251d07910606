package contact

import (
	"regexp"
	"slices"
	"strings"

	"qingyuan"
)

// shift restates offsets in the window as offsets in the text.
func (w window) shift(m []int) []int {
	for i := range m {
		if m[i] >= 0 {
			m[i] += w.from
		}
	}
	return m
}

// emails reads addresses; at and dot may be words.
func (r *Reader) emails(f *folded, w window) []Mention {
	var out []Mention
	if !r.at.MatchString(w.text) {
		return nil
	}
	for _, m := range r.email.FindAllStringIndex(w.text, MaxMentions) {
		m = w.shift(m)
		s := f.text[m[0]:m[1]]
		at := r.at.FindStringIndex(s)
		value := s[:at[0]] + "@" + r.dot.ReplaceAllString(s[at[1]:], ".")
		out = append(out, Mention{Email, value, f.span(m[0], m[1]), f.evasive(m[0], m[1]) || value != s})
	}
	return out
}

// urls reads web addresses with or without a scheme. The value has neither scheme nor www.
func (r *Reader) urls(f *folded, w window) []Mention {
	var out []Mention
	for _, m := range r.url.FindAllStringIndex(w.text, MaxMentions) {
		m = w.shift(m)
		if m[0] > 0 && (f.text[m[0]-1] == '@' || f.text[m[0]-1] == '.') {
			continue
		}
		s := strings.TrimRight(f.text[m[0]:m[1]], ".,;:!?'")
		end := m[0] + len(s)
		s = strings.Replace(s, "hxxp", "http", 1)
		_, rest, scheme := strings.Cut(s, "://")
		if !scheme {
			rest = s
		}
		host, path, _ := strings.Cut(rest, "/")
		plain := r.dot.ReplaceAllString(host, ".")
		if !letters.MatchString(strings.TrimPrefix(plain, "www.")) {
			continue
		}
		value := strings.TrimPrefix(plain, "www.")
		if path != "" {
			value += "/" + path
		}
		out = append(out, Mention{URL, value, f.span(m[0], end), f.evasive(m[0], end) || plain != host})
	}
	return out
}

// letters is a host with a name: 3.14.cc is none.
var letters = regexp.MustCompile(`^[^.]*[a-z]`)

// handles reads accounts after the words that introduce them.
func (r *Reader) handles(f *folded, w window) []Mention {
	var out []Mention
	for _, a := range r.accounts {
		for _, m := range a.re.FindAllStringSubmatchIndex(w.text, MaxMentions) {
			m = w.shift(m)
			i, j := m[2], m[3]
			value := strings.TrimRight(f.text[i:j], "-_ .*·")
			j = i + len(value)
			word := f.text[m[0]:i]
			if !r.introduces(f.text, m[0], word, value) {
				continue
			}
			if value[0] >= '0' && value[0] <= '9' {
				value = onlyDigits(value)
			}
			if a.kind == WeChat && (followedByName(f.text, j) || len(value) < 5) {
				continue
			}
			evasive := f.evasive(i, j) || r.evasiveWord(word)
			out = append(out, Mention{a.kind, value, f.span(i, j), evasive})
		}
	}
	return out
}

// followedByName says that the account goes on with an @ or a domain: it is an address.
func followedByName(text string, i int) bool {
	return i < len(text) && (text[i] == '@' || text[i] == '.')
}

// introduces guards an account without a colon or the like: a word of letters alone may be any word, and a single
// character such as 薇 may be part of a name.
func (r *Reader) introduces(text string, start int, word, value string) bool {
	digits := strings.ContainsAny(value, "0123456789_")
	explicit := strings.ContainsAny(word, ":：号=") || strings.Contains(word, "id")
	if !digits && !(explicit && len(value) >= 6) {
		return false
	}
	if word[0] < 0x80 && start > 0 && isLetter(text[start-1]) { // "wx" inside a Latin word
		return false
	}
	return !strings.HasPrefix(value, "http") && !strings.HasPrefix(value, "www")
}

func (r *Reader) evasiveWord(word string) bool {
	word = strings.TrimSpace(word)
	for w := range r.evasive {
		if strings.HasPrefix(word, w) {
			return true
		}
	}
	return false
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' }

func onlyDigits(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= '0' && c <= '9' {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// numbers are groups of digits joined by at most two signs or one space.
var numbers = regexp.MustCompile(`[0-9](?:[\-.*·_/|~+丶]{0,2}[0-9])*`)

// phones reads mobile and fixed numbers.
func (r *Reader) phones(f *folded) []Mention {
	groups := numbers.FindAllStringIndex(f.text, 4*MaxMentions)
	var out []Mention
	for i := 0; i < len(groups); i++ {
		for _, n := range []int{11, 3, 2, 1} { // one digit a group; 3-4-4; 3-8; one group
			if i+n > len(groups) || !adjoining(f.text, groups[i:i+n]) {
				continue
			}
			from, to := groups[i][0], groups[i+n-1][1]
			digits := onlyDigits(f.text[from:to])
			if n > 1 && !split344(f.text, groups[i:i+n]) || !r.isPhone(f.text, from, to, digits) {
				continue
			}
			out = append(out, Mention{Phone, digits, f.span(from, to), f.evasive(from, to) || evasiveSigns(f.text[from:to])})
			if r.sharesAccount(f.text, from, to) {
				out = append(out, Mention{WeChat, digits, f.span(from, to), f.evasive(from, to)})
			}
			i += n - 1
			break
		}
	}
	return out
}

// evasiveSigns says that signs other than - and space stand between digits.
func evasiveSigns(s string) bool { return strings.ContainsAny(s, ".*·_/|~+丶") }

// adjoining says that only one or two spaces stand between each two groups.
func adjoining(text string, groups [][]int) bool {
	for i := 1; i < len(groups); i++ {
		gap := text[groups[i-1][1]:groups[i][0]]
		if strings.TrimLeft(gap, " ") != "" || len(gap) > 2 {
			return false
		}
	}
	return true
}

// split344 says that groups with spaces between are one number: single digits, or 3-4-4, 3-8 and the like for a mobile number.
func split344(text string, groups [][]int) bool {
	var sizes []int
	for _, g := range groups {
		sizes = append(sizes, len(onlyDigits(text[g[0]:g[1]])))
	}
	switch len(sizes) {
	case 11:
		return slices.Max(sizes) == 1
	case 2:
		return sizes[0] == 3 && sizes[1] == 8 || sizes[0] == 7 && sizes[1] == 4 || sizes[0] == 3 && sizes[1] == 7 || sizes[0] == 4 && sizes[1] >= 7
	case 3:
		return sizes[0] == 3 && sizes[1] == 4 && sizes[2] == 4 || sizes[0] == 3 && sizes[1] == 3 && sizes[2] == 4 || sizes[0] == 4 && sizes[1] == 3 && sizes[2] == 4
	}
	return false
}

var (
	mobile   = regexp.MustCompile(`^(?:86|0086)?1[3-9][0-9]{9}$`)
	fixed    = regexp.MustCompile(`^0(?:10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}$`)
	toll     = regexp.MustCompile(`^[48]00[0-9]{7}$`)
	areaMark = regexp.MustCompile(`^(?:0[0-9]{2,3}[\- ]|[48]00[\- ]?[0-9]{3,4}[\- ]?[0-9]{3,4}$)`)
)

// isPhone decides on digits at [from, to) of the text.
func (r *Reader) isPhone(text string, from, to int, digits string) bool {
	before := text[max(0, from-60):from]
	if from > 0 && isLetter(text[from-1]) && !letterWord.MatchString(before) || to < len(text) && isLetter(text[to]) && !strings.HasPrefix(text[to:], "v") {
		return false // part of a code of letters and digits
	}
	if strings.HasSuffix(before, "¥") || strings.HasSuffix(before, "$") || r.units.MatchString(text[to:]) || r.against.MatchString(before) {
		return false
	}
	switch {
	case mobile.MatchString(digits):
		return true
	case fixed.MatchString(digits), toll.MatchString(digits):
		return areaMark.MatchString(text[from:to]) || r.phone.MatchString(before)
	}
	return false
}

// letterWord is a Latin word that introduces a number.
var letterWord = regexp.MustCompile(`(?:^|[^a-z])(?:tel|phone|wx|vx|v|weixin|wechat|mob|call)$`)

// sharesAccount says that the words beside a phone name it as a WeChat account too.
func (r *Reader) sharesAccount(text string, from, to int) bool {
	near := text[max(0, from-24):min(len(text), to+24)]
	return r.same.MatchString(near)
}

// Signals makes S1 — a public advertisement with a contact that appears in a case — of the mentions of a post. known says
// whether a contact appears in a case; promotion is the probability that the post promotes or recruits.
func (r *Reader) Signals(mentions []Mention, promotion float64, known func(Kind, string) bool) []qingyuan.Signal {
	var out []qingyuan.Signal
	for _, m := range mentions {
		if !known(m.Kind, m.Value) {
			continue
		}
		out = append(out, qingyuan.Signal{Code: "S1", Family: qingyuan.FamilySocial, Polarity: qingyuan.Suspicion, Score: promotion,
			Author: qingyuan.AuthorPublic, Spans: []qingyuan.Span{m.Span}, Detail: map[string]string{"kind": string(m.Kind)}, Detector: r.version})
	}
	return out
}
