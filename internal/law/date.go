package law

import (
	"strings"
	"time"

	"qingyuan"
)

// China is China Standard Time, UTC+8 without daylight saving.
var China = time.FixedZone("CST", 8*3600)

// Date is a day of the calendar, as the number of days since 1970-01-01.
type Date int

// DateOf is the day in China on which t falls.
func DateOf(t time.Time) Date {
	t = t.In(China)
	return NewDate(t.Year(), t.Month(), t.Day())
}

// NewDate makes a date; like time.Date it carries over what is too large.
func NewDate(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDate reads 2006-01-02. Errors: invalid.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, qingyuan.Errorf(qingyuan.Invalid, "%q is not a date such as 2026-01-31", s)
	}
	return NewDate(t.Date()), nil
}

func (d Date) utc() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// Year is the year of d.
func (d Date) Year() int { return d.utc().Year() }

// Weekday is the day of the week of d.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// String is d as 2006-01-02.
func (d Date) String() string { return d.utc().Format(time.DateOnly) }

// MarshalText gives 2006-01-02.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads 2006-01-02.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDate(string(text))
	return err
}

// Begin is the first instant of d in China.
func (d Date) Begin() time.Time { return time.Unix(int64(d)*86400-8*3600, 0).UTC() }

// End is the instant at which d is over in China.
func (d Date) End() time.Time { return (d + 1).Begin() }

// addMonths is the same day n months later, or that month's last day where it has none.
func (d Date) addMonths(n int) Date {
	y, m, day := d.utc().Date()
	last := NewDate(y, m+time.Month(n)+1, 0)
	return min(NewDate(y, m+time.Month(n), 1)+Date(day)-1, last)
}

// Span is a stretch of days, both ends within. In YAML it is one date or first/last.
type Span struct{ First, Last Date }

// UnmarshalText reads 2006-01-02 or 2006-01-02/2006-01-09.
func (s *Span) UnmarshalText(text []byte) (err error) {
	first, last, two := strings.Cut(string(text), "/")
	if !two {
		last = first
	}
	if s.First, err = ParseDate(first); err == nil {
		s.Last, err = ParseDate(last)
	}
	if err == nil && (s.Last < s.First || s.Last-s.First > 31) {
		err = qingyuan.Errorf(qingyuan.Invalid, "%q is not a stretch of days", text)
	}
	return err
}

// MarshalText gives what UnmarshalText reads.
func (s Span) MarshalText() ([]byte, error) {
	if s.First == s.Last {
		return s.First.MarshalText()
	}
	return []byte(s.First.String() + "/" + s.Last.String()), nil
}
