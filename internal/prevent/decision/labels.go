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
func ReadLabels(in io.Reader) ([]CaseLabel, error) {
	r := bufio.NewReaderSize(in, 64<<10)
	head, err := r.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the labels cannot be read")
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		r.Discard(3)
	}
	for {
		b, err := r.Peek(1)
		if err != nil {
			return nil, nil
		}
		if !strings.ContainsRune(" \t\r\n", rune(b[0])) {
			if b[0] == '{' {
				return readLabelLines(r)
			}
			return readLabelTable(r)
		}
		r.Discard(1)
	}
}

func readLabelLines(r io.Reader) (all []CaseLabel, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLabelLine)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		fields := map[string]any{}
		if err := json.Unmarshal(line, &fields); err != nil {
			return nil, qingyuan.FieldErrorf("labels", "line %d is not a JSON object", n)
		}
		get := func(name string) string {
			s, _ := fields[name].(string)
			return s
		}
		if all, err = appendLabel(all, get); err != nil {
			return nil, qingyuan.FieldErrorf("labels", "line %d: %v", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the labels cannot be read")
	}
	return all, nil
}

func readLabelTable(r io.Reader) (all []CaseLabel, err error) {
	table := csv.NewReader(r)
	table.ReuseRecord, table.TrimLeadingSpace, table.FieldsPerRecord = true, true, -1
	header, err := table.Read()
	if err != nil {
		return nil, qingyuan.FieldErrorf("labels", "has no header of CSV")
	}
	header = slices.Clone(header)
	if len(header) > 100 || !slices.ContainsFunc(header, func(s string) bool { return s == "customer_no" || s == "customer" || s == "event" }) {
		return nil, qingyuan.FieldErrorf("labels", "the header must name customer_no or event, and may name population, typology and as_of")
	}
	for n := 2; ; n++ {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, qingyuan.FieldErrorf("labels", "row %d is not CSV", n)
		}
		get := func(name string) string {
			if i := slices.Index(header, name); i >= 0 && i < len(row) {
				return strings.Clone(row[i])
			}
			return ""
		}
		if all, err = appendLabel(all, get); err != nil {
			return nil, qingyuan.FieldErrorf("labels", "row %d: %v", n, err)
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
	if text := get("as_of"); text != "" {
		var err error
		if l.AsOf, err = time.Parse(time.RFC3339, text); err != nil {
			if l.AsOf, err = time.Parse(time.DateOnly, text); err != nil {
				return nil, errors.New("as_of is no date such as 2026-03-31")
			}
		}
	}
	return append(all, l), nil
}
