package decision

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"qingyuan"
)

// CaseLabel is what is known, from elsewhere, about a customer or about one event: a closed case, or a confirmed honest
// customer. A label with a typology is adverse: something should have been caught.
type CaseLabel struct {
	Customer   string            // customer number; empty: the label is of an event
	Key        string            // the customer's blind key, where it is known instead of the number
	Event      string            // external id of an event
	Population string            // such as honest, hardship, misled, colluding, agent
	Typology   qingyuan.Typology // empty: nothing was wrong
	AsOf       time.Time         // when it was found out: what is flagged later is not caught by it; zero: at the end
}

// MaxLabels bounds a file of labels, in rows.
const MaxLabels = 2_000_000

// maxLabelLine bounds one row, in bytes.
const maxLabelLine = 16 << 10

// ReadLabels reads labels as CSV with a header, or as one JSON object per line. Columns: customer_no (or customer), event,
// population, typology, as_of (RFC 3339 or YYYY-MM-DD); others are ignored. Errors: invalid, with the row.
func ReadLabels(in io.Reader) (all []CaseLabel, err error) {
	err = EachCaseRow(in, func(n int, get func(string) string, bad error) error {
		if bad == nil {
			all, bad = appendLabel(all, get)
		}
		if bad != nil {
			return qingyuan.FieldErrorf("labels", "line %d: %v", n, bad)
		}
		return nil
	})
	return all, err
}

// EachCaseRow reads rows about cases as CSV with a header, or as one JSON object per line, and calls each with the number of the line and a function
// that gives a column of it, empty where there is none; bad tells why a line cannot be read. It ends with the first error that
// each returns. Errors besides: invalid where the rest cannot be read.
func EachCaseRow(in io.Reader, each func(line int, get func(column string) string, bad error) error) error {
	r := bufio.NewReaderSize(in, 64<<10)
	head, err := r.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return qingyuan.Wrap(qingyuan.Invalid, err, "the rows cannot be read")
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		r.Discard(3)
	}
	for {
		b, err := r.Peek(1)
		if err != nil {
			return nil
		}
		if !strings.ContainsRune(" \t\r\n", rune(b[0])) {
			if b[0] == '{' {
				return eachLine(r, each)
			}
			return eachRow(r, each)
		}
		r.Discard(1)
	}
}

func eachLine(r io.Reader, each func(int, func(string) string, error) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLabelLine)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		fields := map[string]any{}
		bad := json.Unmarshal(line, &fields)
		if bad != nil {
			bad = errors.New("is not a JSON object")
		}
		get := func(name string) string {
			s, _ := fields[name].(string)
			return s
		}
		if err := each(n, get, bad); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return qingyuan.Wrap(qingyuan.Invalid, err, "a line is too long")
	}
	return nil
}

func eachRow(r io.Reader, each func(int, func(string) string, error) error) error {
	table := csv.NewReader(r)
	table.ReuseRecord, table.TrimLeadingSpace, table.FieldsPerRecord = true, true, -1
	header, err := table.Read()
	if err != nil {
		return qingyuan.FieldErrorf("labels", "has no header of CSV")
	}
	header = slices.Clone(header)
	if len(header) > 100 || !slices.ContainsFunc(header, func(s string) bool { return s == "customer_no" || s == "customer" || s == "event" }) {
		return qingyuan.FieldErrorf("labels", "the header must name customer_no or event")
	}
	for {
		row, bad := table.Read()
		if errors.Is(bad, io.EOF) {
			return nil
		}
		n := 0
		var parse *csv.ParseError
		switch {
		case bad == nil:
			n, _ = table.FieldPos(0)
		case errors.As(bad, &parse):
			n, bad, row = parse.StartLine, errors.New("is not CSV"), nil
		default:
			return qingyuan.Wrap(qingyuan.Invalid, bad, "the rows cannot be read")
		}
		get := func(name string) string {
			if i := slices.Index(header, name); i >= 0 && i < len(row) {
				return strings.Clone(row[i])
			}
			return ""
		}
		if err := each(n, get, bad); err != nil {
			return err
		}
	}
}

func appendLabel(all []CaseLabel, get func(string) string) ([]CaseLabel, error) {
	l := CaseLabel{Customer: get("customer_no"), Event: get("event"), Population: get("population"), Typology: qingyuan.Typology(get("typology"))}
	if l.Customer == "" {
		l.Customer = get("customer")
	}
	if l.Event != "" {
		l.Customer = ""
	}
	switch {
	case len(all) >= MaxLabels:
		return nil, fmt.Errorf("there are more than %d", MaxLabels)
	case l.Customer == "" && l.Event == "":
		return all, nil // about somebody who is no customer
	case len(l.Customer) > 64 || len(l.Event) > 256 || len(l.Population) > 64:
		return nil, errors.New("a value is too long")
	case l.Typology != "" && !slices.Contains(qingyuan.Typologies, l.Typology):
		return nil, fmt.Errorf("%q is no typology; want T1 to T9 or nothing", l.Typology)
	}
	var err error
	if l.AsOf, err = CaseDate("as_of", get("as_of")); err != nil {
		return nil, err
	}
	return append(all, l), nil
}

// CaseDate reads a date (YYYY-MM-DD, its first instant UTC) or a time (RFC 3339) of a row about cases; zero where there is none.
func CaseDate(column, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		if t, err = time.Parse(time.DateOnly, text); err != nil {
			return t, fmt.Errorf("%s is no date such as 2026-03-31", column)
		}
	}
	return t, nil
}
