package model

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"iter"
	"math"
	"time"

	"qingyuan"
)

// Kind is the type of a column.
type Kind string

// The kinds of column.
const (
	Number   Kind = "number"
	Category Kind = "category"
	Time     Kind = "time"
)

// Column is one named column of a table. Number and Time columns fill Numbers (Time: seconds since 1970 UTC), with NaN
// where the value is missing. Category columns fill Codes with places in Levels, and −1 where the value is missing.
type Column struct {
	Name    string
	Kind    Kind
	Numbers []float64
	Levels  []string
	Codes   []int32
}

// Len is the number of rows.
func (c *Column) Len() int {
	if c.Kind == Category {
		return len(c.Codes)
	}
	return len(c.Numbers)
}

// Missing reports whether row i has no value.
func (c *Column) Missing(i int) bool {
	if c.Kind == Category {
		return c.Codes[i] < 0
	}
	return math.IsNaN(c.Numbers[i])
}

// Value is the value of row i: float64, string, time.Time, or nil where it is missing.
func (c *Column) Value(i int) any {
	switch {
	case c.Missing(i):
		return nil
	case c.Kind == Category:
		return c.Levels[c.Codes[i]]
	case c.Kind == Time:
		return timeOf(c.Numbers[i])
	}
	return c.Numbers[i]
}

// timeOf turns seconds since 1970 UTC into a time with the precision of a microsecond.
func timeOf(seconds float64) time.Time {
	return time.UnixMicro(int64(math.Round(seconds * 1e6))).UTC()
}

// secondsOf is the inverse of timeOf.
func secondsOf(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

// Table is a set of columns of equal length: what a model learns from and is judged on. A CSV file makes one
// ([ReadCSV]); the point-in-time features of the record make one too ([NewTable]). A Table is not changed once made.
type Table struct {
	columns []Column
	index   map[string]int
	rows    int
	hash    string
}

// Limits on a table. They bound memory, not usefulness.
const (
	maxColumns = 4_000
	maxRows    = 20_000_000
	maxCells   = 2_000_000_000
)

// NewTable makes a table of columns. The names must be distinct and the lengths equal.
func NewTable(columns []Column) (*Table, error) {
	if len(columns) == 0 {
		return nil, qingyuan.FieldErrorf("data", "has no columns")
	}
	t := &Table{columns: columns, index: make(map[string]int, len(columns)), rows: columns[0].Len()}
	if len(columns) > maxColumns || t.rows > maxRows || t.rows*len(columns) > maxCells {
		return nil, qingyuan.FieldErrorf("data", "is too large: at most %d columns, %d rows and %d cells", maxColumns, maxRows, maxCells)
	}
	for i := range columns {
		c := &columns[i]
		if _, twice := t.index[c.Name]; twice {
			return nil, qingyuan.FieldErrorf("data", "names the column %q twice", c.Name)
		}
		if c.Len() != t.rows {
			return nil, qingyuan.FieldErrorf("data", "has %d rows in column %q, %d in the first", c.Len(), c.Name, t.rows)
		}
		for _, code := range c.Codes {
			if int(code) >= len(c.Levels) {
				return nil, qingyuan.FieldErrorf("data", "has a level out of range in column %q", c.Name)
			}
		}
		t.index[c.Name] = i
	}
	t.hash = t.sum()
	return t, nil
}

// Rows is the number of rows.
func (t *Table) Rows() int { return t.rows }

// Columns are the columns in order. They must not be changed.
func (t *Table) Columns() []Column { return t.columns }

// Column is the column of that name, or nil.
func (t *Table) Column(name string) *Column {
	if i, ok := t.index[name]; ok {
		return &t.columns[i]
	}
	return nil
}

// Hash is "sha256:" and 64 hex digits: of the file's bytes for a table read from CSV, of names and values otherwise.
func (t *Table) Hash() string { return t.hash }

// Row is row i as a map without the missing values: what [Model.Score] takes.
func (t *Table) Row(i int) map[string]any {
	row := make(map[string]any, len(t.columns))
	for k := range t.columns {
		if v := t.columns[k].Value(i); v != nil {
			row[t.columns[k].Name] = v
		}
	}
	return row
}

// All gives the rows in order, each as [Table.Row] does.
func (t *Table) All() iter.Seq2[int, map[string]any] {
	return func(yield func(int, map[string]any) bool) {
		for i := range t.rows {
			if !yield(i, t.Row(i)) {
				return
			}
		}
	}
}

// all is the places of all rows.
func (t *Table) all() []int {
	rows := make([]int, t.rows)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// Take is the table of the given rows in the given order. It shares the levels of categories.
func (t *Table) Take(rows []int) *Table {
	columns := make([]Column, len(t.columns))
	for k := range t.columns {
		c := &t.columns[k]
		columns[k] = Column{Name: c.Name, Kind: c.Kind, Levels: c.Levels}
		if c.Kind == Category {
			columns[k].Codes = pick(c.Codes, rows)
		} else {
			columns[k].Numbers = pick(c.Numbers, rows)
		}
	}
	part := &Table{columns: columns, index: t.index, rows: len(rows)}
	part.hash = part.sum()
	return part
}

// pick is the elements of s at the given places.
func pick[T any](s []T, at []int) []T {
	out := make([]T, len(at))
	for i, k := range at {
		out[i] = s[k]
	}
	return out
}

// sum hashes names, kinds and values.
func (t *Table) sum() string {
	h := sha256.New()
	var b [8]byte
	put := func(v uint64) {
		binary.LittleEndian.PutUint64(b[:], v)
		h.Write(b[:])
	}
	text := func(s string) {
		put(uint64(len(s)))
		h.Write([]byte(s))
	}
	for k := range t.columns {
		c := &t.columns[k]
		text(c.Name)
		text(string(c.Kind))
		for _, v := range c.Numbers {
			put(math.Float64bits(v))
		}
		for _, code := range c.Codes {
			if code >= 0 {
				text(c.Levels[code])
			} else {
				put(math.MaxUint64)
			}
		}
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
