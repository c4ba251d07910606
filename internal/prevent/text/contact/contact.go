package contact

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

//go:embed data/contact.yaml
var words []byte

// Kind is a kind of contact.
type Kind string

// The kinds.
const (
	Phone  Kind = "phone"
	WeChat Kind = "wechat"
	QQ     Kind = "qq"
	Group  Kind = "group" // a QQ or WeChat group by number
	Email  Kind = "email"
	URL    Kind = "url"
)

// Entity is the kind of entity that a contact is, and "" for a web address.
func (k Kind) Entity() qingyuan.EntityKind {
	switch k {
	case Phone:
		return qingyuan.Phone
	case Email:
		return qingyuan.Email
	case WeChat, QQ, Group:
		return qingyuan.Handle
	}
	return ""
}

// Mention is a contact in a text.
type Mention struct {
	Kind    Kind
	Value   string        // normalised: digits of a phone or number, lower-case account or address
	Span    qingyuan.Span // of the contact itself, in bytes of the raw text
	Evasive bool          // spelled, separated or introduced so as to escape
}

// The limits of one reading.
const (
	MaxText     = 1 << 20 // bytes that are read; what follows is ignored
	MaxMentions = 1000
)

// lists is the file of words.
type lists struct {
	Version, Source string
	Digits          map[string]int
	WeChat, QQ      trigger
	Group           trigger
	Same, At, Dot   []string
	Phone, Domains  []string
	Against, Units  []string
}

type trigger struct{ Plain, Evasive []string }

// Reader reads contacts. It is immutable.
type Reader struct {
	views   *normal.Normalizer
	version string
	digits  map[rune]byte
	evasive map[string]bool // triggers that are evasive

	accounts []account
	same     *regexp.Regexp
	email    *regexp.Regexp
	url      *regexp.Regexp
	phone    *regexp.Regexp // a word for a phone at the end of what precedes
	against  *regexp.Regexp // a word against a phone at the end of what precedes
	units    *regexp.Regexp // a unit at the start of what follows
	at, dot  *regexp.Regexp
}

// account is a kind of account with the pattern of its introduction and value.
type account struct {
	kind Kind
	re   *regexp.Regexp
}

// New reads the embedded words and compiles their patterns.
func New(views *normal.Normalizer) (*Reader, error) {
	var w lists
	if err := yaml.UnmarshalWithOptions(words, &w, yaml.Strict()); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Internal, err, "the words around contacts cannot be read")
	}
	r := &Reader{views: views, version: "contact@" + w.Version, digits: map[rune]byte{}, evasive: map[string]bool{}}
	for k, v := range w.Digits {
		r.digits[[]rune(k)[0]] = '0' + byte(v)
	}
	for _, t := range slices.Concat(w.WeChat.Evasive, w.QQ.Evasive, w.Group.Evasive) {
		r.evasive[t] = true
	}
	const link = `[\s:：;是为搜添加号我=~>→»\-—_\[(【（]{0,8}`
	number := `((?:[0-9][\s.\-_*·]{0,2}){4,10}[0-9])`
	r.accounts = []account{ // groups first: qq群 begins like qq
		{Group, regexp.MustCompile(any_(w.Group) + link + number)},
		{QQ, regexp.MustCompile(any_(w.QQ) + link + number)},
		{WeChat, regexp.MustCompile(any_(w.WeChat) + link + `(?:id)?` + link + `([a-z][a-z0-9_\-]{4,19}|` + number + `)`)},
	}
	r.same = regexp.MustCompile(alternatives(w.Same))
	at, dot := alternatives(w.At), alternatives(w.Dot)
	r.at, r.dot = regexp.MustCompile(`\s*`+at+`\s*`), regexp.MustCompile(`\s*`+dot+`\s*`)
	tld := `(?:` + strings.Join(w.Domains, "|") + `)`
	r.email = regexp.MustCompile(`[a-z0-9][a-z0-9._%+\-]{1,40}\s{0,2}` + at + `\s{0,2}[a-z0-9\-]{1,40}(?:\s{0,2}` + dot + `\s{0,2}[a-z0-9\-]{2,20}){0,3}\s{0,2}` + dot + `\s{0,2}` + tld + `\b`)
	r.url = regexp.MustCompile(`(?:h(?:tt|xx)ps?://|\b)(?:[a-z0-9][a-z0-9\-]{0,40}\s?` + dot + `\s?){1,4}` + tld + `\b(?:\.cn\b)?(?::[0-9]{2,5})?(?:/[a-z0-9\-._~%!$&'*+,;=:@/?#]*)?`)
	r.phone = regexp.MustCompile(alternatives(w.Phone) + `[^0-9。；;!！?？\n]{0,8}$`)
	r.against = regexp.MustCompile(alternatives(w.Against) + `[^0-9，,。；;!！?？\n]{0,6}$`)
	r.units = regexp.MustCompile(`^\s?` + alternatives(w.Units))
	return r, nil
}

// Version is the detector's name@version, by the version of its words.
func (r *Reader) Version() string { return r.version }

func any_(t trigger) string { return alternatives(append(slices.Clone(t.Plain), t.Evasive...)) }

// alternatives is a group of literal words, the longest first.
func alternatives(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = regexp.QuoteMeta(w)
	}
	slices.SortStableFunc(quoted, func(a, b string) int { return len(b) - len(a) })
	return `(?:` + strings.Join(quoted, "|") + `)`
}

// Read returns the contacts of a text, in the order of their places. The same value at several places is several mentions.
func (r *Reader) Read(text string) []Mention {
	if len(text) > MaxText {
		text = text[:MaxText]
	}
	f := r.fold(text)
	var out []Mention
	for _, w := range f.windows() {
		out = append(out, r.emails(f, w)...)
		out = append(out, r.urls(f, w)...)
		out = append(out, r.handles(f, w)...)
	}
	out = append(out, r.phones(f)...)
	return settle(out)
}

// settle orders mentions and drops those inside an earlier, longer one of another reading.
func settle(all []Mention) []Mention {
	slices.SortStableFunc(all, func(a, b Mention) int {
		if a.Span.Start != b.Span.Start {
			return a.Span.Start - b.Span.Start
		}
		if a.Span.End != b.Span.End {
			return b.Span.End - a.Span.End
		}
		return strings.Compare(string(a.Kind), string(b.Kind))
	})
	var out []Mention
	for _, m := range all {
		if k := len(out) - 1; k >= 0 && m.Span.Start < out[k].Span.End && !(m.Span == out[k].Span && m.Kind != out[k].Kind && m.Kind != URL) {
			continue
		}
		if out = append(out, m); len(out) == MaxMentions {
			break
		}
	}
	return out
}

// folded is a text in base form, with the raw bytes of each byte of it.
type folded struct {
	raw   string
	text  string
	start []int32 // by byte of text: where its symbol begins in raw
	end   []int32
}

// window is a part of the folded text that holds Latin letters or digits, with what stands around them.
type window struct {
	from int
	text string
}

// around is how far, in bytes, the word that introduces a contact may stand from it.
const around = 48

// windows are the parts of the text that can hold a contact.
func (f *folded) windows() []window {
	var out []window
	for i := 0; i < len(f.text); {
		if !alphanumeric(f.text[i]) {
			i++
			continue
		}
		from := i
		for end := i; i < len(f.text) && i <= end+around; i++ {
			if alphanumeric(f.text[i]) {
				end = i
			}
		}
		for from = max(0, from-around); !utf8.RuneStart(f.text[from]); {
			from++
		}
		for i < len(f.text) && !utf8.RuneStart(f.text[i]) {
			i++
		}
		out = append(out, window{from, f.text[from:i]})
	}
	return out
}

func alphanumeric(b byte) bool { return isLetter(b) || b >= '0' && b <= '9' }

// span is the raw span of bytes [i, j) of the folded text, 0 ≤ i < j.
func (f *folded) span(i, j int) qingyuan.Span {
	return qingyuan.Span{Start: int(f.start[i]), End: int(f.end[j-1])}
}

// evasive says whether bytes [i, j) were not written as the plain ASCII they fold to.
func (f *folded) evasive(i, j int) bool {
	s := f.span(i, j)
	return !strings.EqualFold(f.raw[s.Start:s.End], f.text[i:j])
}

// fold writes the text in base form, simplified, with digits written as characters where they stand among digits.
func (r *Reader) fold(text string) *folded {
	tokens := r.views.Tokens(make([]normal.Token, 0, len(text)/3+8), text)
	for i := range tokens {
		tokens[i].Rune = r.views.Fold(tokens[i].Rune)
	}
	r.digitise(tokens)
	f := &folded{raw: text}
	var b strings.Builder
	for _, t := range tokens {
		n := b.Len()
		b.WriteRune(t.Rune)
		for range b.Len() - n {
			f.start, f.end = append(f.start, t.Start), append(f.end, t.End)
		}
	}
	f.text = b.String()
	return f
}

// spelled is the shortest run of digits in which digits written as characters count as digits.
const spelled = 7

// digitise rewrites digits written as characters in runs of at least spelled digits, signs and spaces in between allowed.
func (r *Reader) digitise(tokens []normal.Token) {
	for i := 0; i < len(tokens); i++ {
		if r.digit(tokens[i]) == 0 {
			continue
		}
		n, gap, j := 0, 0, i
		for ; j < len(tokens) && gap <= 2; j++ {
			switch {
			case r.digit(tokens[j]) != 0:
				n, gap = n+1, 0
			case tokens[j].Class == normal.Sign || tokens[j].Class == normal.Space:
				gap++
			default:
				gap = 3
			}
		}
		if n >= spelled {
			for k := i; k < j; k++ {
				if d := r.digit(tokens[k]); d != 0 {
					tokens[k].Rune, tokens[k].Class = rune(d), normal.Digit
				}
			}
		}
		i = j - 1
	}
}

// digit is the digit a token stands for, or 0.
func (r *Reader) digit(t normal.Token) byte {
	if t.Class == normal.Digit {
		return byte(t.Rune)
	}
	return r.digits[t.Rune]
}
