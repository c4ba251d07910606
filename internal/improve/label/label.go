package label

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/decision"
)

// Disposition is how a case ended.
type Disposition string

// The dispositions.
const (
	Confirmed    Disposition = "confirmed"    // it was so
	Unfounded    Disposition = "unfounded"    // nothing was wrong
	Undetermined Disposition = "undetermined" // nobody can say
)

// Case is one closed case of the lender's.
type Case struct {
	No          string // in the lender's own system
	Customer    string // customer number; or
	Event       string // external id of an event
	Population  string // what the person turned out to be: honest, hardship, misled, colluding, agent; may be empty
	Typology    qingyuan.Typology
	Disposition Disposition
	OpenedAt    time.Time // when it was noticed
	ClosedAt    time.Time // when it was known
}

// Label is a case on record.
type Label struct {
	Source      string
	Case        string
	Seq         int64
	Customer    string // blind key; empty where it is of an event
	Event       string
	Population  string
	Typology    qingyuan.Typology
	Disposition Disposition
	EffectiveAt time.Time
	ObservedAt  time.Time
	RecordedAt  time.Time
	Actor       string
}

// Delay is how long it took to find out.
func (l *Label) Delay() time.Duration { return l.ObservedAt.Sub(l.EffectiveAt) }

// The limits of an import.
const (
	MaxCases = 500_000
	// maxLineErrors is how many wrong lines a report names.
	maxLineErrors = 200
)

// LineError is what is wrong with one line.
type LineError struct {
	Line    int           `json:"line"`
	Column  string        `json:"column,omitempty"`
	Message qingyuan.Text `json:"message"`
}

// problem is what is wrong with one value.
type problem struct {
	column string
	text   qingyuan.Text
}

func (p *problem) Error() string { return p.column + ": " + p.text.EN }

func wrong(column, zh, en string, args ...any) error {
	return &problem{column, qingyuan.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}}
}

// ReadCases reads closed cases as CSV with a header, or as one JSON object per line. Columns: case_no, customer_no or event, disposition, typology,
// population, opened_on, closed_on (YYYY-MM-DD or RFC 3339); others are ignored. Wrong lines are left out and named, the first 200 of
// them; lines counts all. Errors: invalid where the file cannot be read at all, or is too long.
func ReadCases(in io.Reader, now time.Time) (all []Case, wrong []LineError, lines int, err error) {
	seen := map[string]int{}
	err = decision.EachCaseRow(in, func(line int, get func(string) string, bad error) error {
		if lines++; lines > MaxCases {
			return qingyuan.FieldErrorf("cases", "at most %d at once", MaxCases)
		}
		var c Case
		if bad == nil {
			c, bad = caseOf(get, now)
		}
		if first, twice := seen[c.No]; bad == nil && twice {
			bad = &problem{"case_no", qingyuan.Text{ZH: fmt.Sprintf("与第 %d 行重复", first), EN: fmt.Sprintf("is on line %d already", first)}}
		}
		if bad != nil {
			if len(wrong) < maxLineErrors {
				wrong = append(wrong, lineError(line, bad))
			}
			return nil
		}
		seen[c.No] = line
		all = append(all, c)
		return nil
	})
	return all, wrong, lines, err
}

func lineError(line int, err error) LineError {
	var p *problem
	if errors.As(err, &p) {
		return LineError{line, p.column, p.text}
	}
	return LineError{Line: line, Message: qingyuan.Text{ZH: "无法读取：" + err.Error(), EN: "cannot be read: " + err.Error()}}
}

// caseOf reads one row.
func caseOf(get func(string) string, now time.Time) (c Case, err error) {
	text := func(column string, limit int, required bool) string {
		v := strings.TrimSpace(get(column))
		switch {
		case err != nil:
		case required && v == "":
			err = wrong(column, "缺少", "is missing")
		case len(v) > limit:
			err = wrong(column, "超过 %d 字节", "has more than %d bytes", limit)
		}
		return v
	}
	date := func(column string) time.Time {
		t, bad := decision.CaseDate(column, text(column, 40, true))
		if bad != nil && err == nil {
			err = wrong(column, "应为 2026-03-31 这样的日期", "is no date such as 2026-03-31")
		}
		return t
	}
	c = Case{No: text("case_no", 64, true), Customer: text("customer_no", 64, false), Event: text("event", 256, false), Population: text("population", 64, false),
		Typology: qingyuan.Typology(text("typology", 8, false)), Disposition: Disposition(text("disposition", 20, true))}
	c.OpenedAt, c.ClosedAt = date("opened_on"), date("closed_on")
	if err != nil {
		return c, err
	}
	return c, c.check(now)
}

// check finds what does not fit together.
func (c *Case) check(now time.Time) error {
	switch {
	case (c.Customer == "") == (c.Event == ""):
		return wrong("customer_no", "请填写 customer_no 或 event 之一", "give customer_no or event, one of them")
	case !slices.Contains([]Disposition{Confirmed, Unfounded, Undetermined}, c.Disposition):
		return wrong("disposition", "应为 confirmed、unfounded 或 undetermined", "must be confirmed, unfounded or undetermined")
	case c.Typology != "" && !slices.Contains(qingyuan.Typologies, c.Typology):
		return wrong("typology", "应为 T1 至 T9", "must be T1 to T9")
	case (c.Disposition == Confirmed) != (c.Typology != ""):
		return wrong("typology", "已确认的案件需要类型，其余不填", "a confirmed case needs one, others have none")
	case c.ClosedAt.Before(c.OpenedAt):
		return wrong("closed_on", "早于 opened_on", "is before opened_on")
	case c.ClosedAt.After(now.Add(24 * time.Hour)):
		return wrong("closed_on", "在未来", "lies in the future")
	}
	return nil
}
