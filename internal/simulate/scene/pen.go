package scene

import (
	"strconv"
	"time"
	"unicode/utf8"

	"qingyuan"
)

// Zone is the lender's time zone: UTC+8, no summer time.
func Zone() *time.Location { return time.FixedZone("CST", 8*3600) }

// sources names the lender's system that reports a kind of event.
var sources = map[qingyuan.EventKind]string{
	qingyuan.ApplicationSubmitted: "lender/origination", qingyuan.AccountLogin: "lender/app", qingyuan.AccountChanged: "lender/app",
	qingyuan.LoanDrawn: "lender/core", qingyuan.RepaymentPosted: "lender/core", qingyuan.CardTransaction: "lender/cards",
	qingyuan.CallRecorded: "lender/contact-centre", qingyuan.ComplaintReceived: "lender/care", qingyuan.DocumentSubmitted: "lender/documents",
	qingyuan.PostObserved: "lender/watch", qingyuan.MessageReceived: "lender/contact-centre", qingyuan.AgreementSubmitted: "lender/documents",
}

// Pen writes one event after the other as CloudEvents JSON. Empty strings are left out: a field that is not known is
// absent. It is not safe for concurrent use.
type Pen struct {
	b     []byte
	zone  *time.Location
	comma bool
	made  int

	id       string
	kind     qingyuan.EventKind
	customer string
	label    *Label
}

// NewPen makes a pen.
func NewPen() *Pen { return &Pen{zone: Zone()} }

// Begin starts an event of that kind which happened at that time, and returns its id. Corrects is the id of the event
// it replaces, or empty.
func (p *Pen) Begin(kind qingyuan.EventKind, happened time.Time, corrects string) string {
	p.made++
	p.kind, p.customer, p.label = kind, "", nil
	p.id = strconv.FormatInt(happened.Unix()/86400, 10) + "-" + strconv.FormatUint(uint64(p.made)*2654435761%(1<<40), 36)
	p.b, p.comma = append(p.b[:0], '{'), false
	p.Str("specversion", "1.0").Str("type", string(kind)).Str("id", p.id).Str("source", sources[kind])
	p.Str("corrects", corrects).Time("time", happened)
	p.Open("data")
	return p.id
}

// Customer writes the customer number of the event.
func (p *Pen) Customer(no string) *Pen {
	p.customer = no
	return p.Str("customer_no", no)
}

// Mark keeps the truth about the event at hand apart from it.
func (p *Pen) Mark(l Label) { p.label = &l }

// End finishes the event that arrives at that time. The label is nil where the event belongs to no scheme.
func (p *Pen) End(arrives time.Time) (Event, *Label) {
	p.b = append(p.b, '}', '}')
	e := Event{At: arrives, Kind: p.kind, ID: p.id, Customer: p.customer, Body: append([]byte(nil), p.b...)}
	if p.label != nil {
		p.label.ID, p.label.Kind, p.label.Customer = p.id, p.kind, p.customer
	}
	return e, p.label
}

func (p *Pen) name(s string) {
	if p.comma {
		p.b = append(p.b, ',')
	}
	p.comma = true
	if s != "" {
		p.b = append(p.b, '"')
		p.b = append(p.b, s...)
		p.b = append(p.b, '"', ':')
	}
}

// Str writes a string; an empty one is left out.
func (p *Pen) Str(name, v string) *Pen {
	if v != "" {
		p.name(name)
		p.b = appendString(p.b, v)
	}
	return p
}

// Int writes a whole number.
func (p *Pen) Int(name string, v int64) *Pen {
	p.name(name)
	p.b = strconv.AppendInt(p.b, v, 10)
	return p
}

// Float writes a number.
func (p *Pen) Float(name string, v float64) *Pen {
	p.name(name)
	p.b = strconv.AppendFloat(p.b, v, 'g', 8, 64)
	return p
}

// Bool writes a truth value.
func (p *Pen) Bool(name string, v bool) *Pen {
	p.name(name)
	p.b = strconv.AppendBool(p.b, v)
	return p
}

// Date writes the calendar day of t at the lender; the zero time is left out.
func (p *Pen) Date(name string, t time.Time) *Pen {
	if t.IsZero() {
		return p
	}
	return p.Str(name, t.In(p.zone).Format(time.DateOnly))
}

// Time writes an instant to the second; the zero time is left out.
func (p *Pen) Time(name string, t time.Time) *Pen {
	if t.IsZero() {
		return p
	}
	p.name(name)
	p.b = append(p.b, '"')
	p.b = t.In(p.zone).AppendFormat(p.b, time.RFC3339)
	p.b = append(p.b, '"')
	return p
}

// Strs writes a list of strings; an empty one is left out.
func (p *Pen) Strs(name string, items ...string) *Pen {
	if len(items) == 0 {
		return p
	}
	p.name(name)
	p.b = append(p.b, '[')
	for i, s := range items {
		if i > 0 {
			p.b = append(p.b, ',')
		}
		p.b = appendString(p.b, s)
	}
	p.b = append(p.b, ']')
	return p
}

// Text writes a free text with its author; an empty text is left out.
func (p *Pen) Text(name string, author qingyuan.AuthorKind, text string) *Pen {
	if text == "" {
		return p
	}
	return p.Open(name).Str("author", string(author)).Str("text", text).Close()
}

// Open begins an object; the name is empty for an item of a list.
func (p *Pen) Open(name string) *Pen {
	p.name(name)
	p.b, p.comma = append(p.b, '{'), false
	return p
}

// Close ends an object.
func (p *Pen) Close() *Pen {
	p.b, p.comma = append(p.b, '}'), true
	return p
}

// List begins a list.
func (p *Pen) List(name string) *Pen {
	p.name(name)
	p.b, p.comma = append(p.b, '['), false
	return p
}

// EndList ends a list.
func (p *Pen) EndList() *Pen {
	p.b, p.comma = append(p.b, ']'), true
	return p
}

// appendString writes a JSON string (RFC 8259 §7). Invalid UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	const figures = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(b, s[start:i]...)
				b = append(b, "\ufffd"...)
				start = i + 1
			}
			i += n
			continue
		}
		if c < ' ' || c == '"' || c == '\\' {
			b = append(b, s[start:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			default:
				b = append(b, '\\', 'u', '0', '0', figures[c>>4], figures[c&15])
			}
			start = i + 1
		}
		i++
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
