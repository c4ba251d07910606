package model

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"qingyuan"
)

// Limits on a CSV file.
const (
	maxCSVBytes   = 8 << 30
	maxFieldBytes = 64 << 10
)

// numberShare is the share of a column's values that must read as numbers (or as times) for the column to be one; the
// rest become missing values and are counted in the notes.
const numberShare = 0.99

// missingTokens are the spellings of "no value" that common tools write. "none" and "unknown" are not among them: they
// are answers.
var missingTokens = []string{"", "NA", "N/A", "#N/A", "NaN", "nan", "NAN", "-nan", "NULL", "null", "<NA>", "?", `\N`}

// timeLayouts are the spellings of a date or a time that are recognised.
var timeLayouts = []string{time.DateOnly, time.DateTime, time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04", "2006/01/02", "2006/1/2", "2006/01/02 15:04:05", "2006/1/2 15:04", "2006年1月2日"}

// ReadCSV reads a table from comma-separated values with a header line, in two passes: the first finds out what each
// column is, the second reads it. kinds, which may be nil, declares the kind of columns by name where it is known; an
// undeclared column is Number or Time if at least 99 % of its values read as one, else Category. Columns without a name
// are called column_1, column_2, … by their place, and a name used again gets a suffix.
func ReadCSV(ctx context.Context, r io.ReadSeeker, kinds map[string]Kind) (*Table, error) {
	h := sha256.New()
	names, shapes, err := surveyCSV(ctx, io.TeeReader(r, h))
	if err != nil {
		return nil, err
	}
	columns := make([]Column, len(names))
	for k, name := range names {
		kind, declared := kinds[name]
		if !declared {
			kind = shapes[k].kind()
		}
		columns[k] = Column{Name: name, Kind: kind}
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read the CSV file again: %w", err)
	}
	if err := fillColumns(ctx, r, columns); err != nil {
		return nil, err
	}
	t, err := NewTable(columns)
	if err != nil {
		return nil, err
	}
	t.hash = "sha256:" + hex.EncodeToString(h.Sum(nil))
	return t, nil
}

// eachRecord calls fn with every record of r, the header first (n = 0). The record is valid during the call only.
func eachRecord(ctx context.Context, r io.Reader, fn func(n int, record []string) error) error {
	limited := &io.LimitedReader{R: r, N: maxCSVBytes + 1}
	cr := csv.NewReader(bufio.NewReaderSize(limited, 1<<20))
	cr.ReuseRecord = true
	for n := 0; ; n++ {
		record, err := cr.Read()
		switch {
		case errors.Is(err, io.EOF) && limited.N <= 0:
			return qingyuan.FieldErrorf("data", "is larger than %d bytes", int64(maxCSVBytes))
		case errors.Is(err, io.EOF) && n == 0:
			return qingyuan.FieldErrorf("data", "is empty; the first line must name the columns")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return csvError(err)
		case n > maxRows:
			return qingyuan.FieldErrorf("data", "has more than %d rows", maxRows)
		}
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for _, field := range record {
			if len(field) > maxFieldBytes {
				return qingyuan.FieldErrorf("data", "has a value longer than %d bytes in record %d", maxFieldBytes, n+1)
			}
		}
		if err := fn(n, record); err != nil {
			return err
		}
	}
}

// csvError says where the file is not CSV, without quoting it.
func csvError(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return qingyuan.FieldErrorf("data", "is not comma-separated values: line %d: %v", p.Line, p.Err)
	}
	return fmt.Errorf("read the CSV file: %w", err)
}

// shape counts how the values of one column read.
type shape struct{ numbers, times, others int }

// add counts one value.
func (s *shape) add(v string) {
	if missing(v) {
		return
	}
	if _, ok := parseNumber(v); ok {
		s.numbers++
	} else if _, ok := parseTime(v); ok {
		s.times++
	} else {
		s.others++
	}
}

// kind is the kind of a column with these counts. A column without any value is a number that is always missing.
func (s *shape) kind() Kind {
	all := float64(s.numbers + s.times + s.others)
	switch {
	case float64(s.numbers) >= numberShare*all:
		return Number
	case float64(s.times) >= numberShare*all:
		return Time
	}
	return Category
}

// surveyCSV reads the header and counts how the values read.
func surveyCSV(ctx context.Context, r io.Reader) (names []string, shapes []shape, err error) {
	err = eachRecord(ctx, r, func(n int, record []string) error {
		if n == 0 {
			if len(record) > maxColumns {
				return qingyuan.FieldErrorf("data", "has more than %d columns", maxColumns)
			}
			names, shapes = columnNames(record), make([]shape, len(record))
			return nil
		}
		for k, v := range record {
			shapes[k].add(strings.TrimSpace(v))
		}
		return nil
	})
	return names, shapes, err
}

// columnNames cleans the header: no byte order mark, no empty name, no name twice.
func columnNames(header []string) []string {
	names := make([]string, 0, len(header))
	for k, name := range header {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		if name == "" {
			name = "column_" + strconv.Itoa(k+1)
		}
		unique := name
		for i := 2; slices.Contains(names, unique); i++ {
			unique = name + "." + strconv.Itoa(i)
		}
		names = append(names, unique)
	}
	return names
}

// fillColumns reads the values into columns whose names and kinds are set.
func fillColumns(ctx context.Context, r io.Reader, columns []Column) error {
	codes := make([]map[string]int32, len(columns))
	for k := range codes {
		codes[k] = map[string]int32{}
	}
	return eachRecord(ctx, r, func(n int, record []string) error {
		if n == 0 {
			return nil
		}
		for k, v := range record {
			c := &columns[k]
			v = strings.TrimSpace(v)
			switch c.Kind {
			case Number:
				f, _ := parseNumber(v)
				c.Numbers = append(c.Numbers, f)
			case Time:
				f, _ := parseTime(v)
				c.Numbers = append(c.Numbers, f)
			default:
				c.Codes = append(c.Codes, c.code(codes[k], v))
			}
		}
		return nil
	})
}

// code is the place of level v, which is added to c where it is new.
func (c *Column) code(known map[string]int32, v string) int32 {
	if missing(v) {
		return -1
	}
	code, ok := known[v]
	if !ok {
		v = strings.Clone(v) // a field of a reused record shares one string with its whole line
		code = int32(len(c.Levels))
		known[v] = code
		c.Levels = append(c.Levels, v)
	}
	return code
}

// missing reports whether v spells "no value".
func missing(v string) bool { return slices.Contains(missingTokens, v) }

// parseNumber reads a finite number; NaN and false where v is none.
func parseNumber(v string) (float64, bool) {
	if v == "" || v[0] > '9' { // quick: no number starts with a letter (inf and nan are not wanted)
		return math.NaN(), false
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return math.NaN(), false
	}
	return f, true
}

// parseTime reads a date or time as seconds since 1970 UTC; NaN and false where v is none.
func parseTime(v string) (float64, bool) {
	if len(v) < len("2006/1/2") || v[0] < '1' || v[0] > '2' {
		return math.NaN(), false
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, v); err == nil {
			return secondsOf(t), true
		}
	}
	return math.NaN(), false
}
