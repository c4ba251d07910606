package intake

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"qingyuan"
)

const (
	maxRow     = 1 << 20  // bytes of one row
	maxColumns = 1000     // columns of a file
	sniffed    = 64 << 10 // bytes looked at to tell the encoding
)

// Rows reads a CSV file and yields one CloudEvents event for each row, ready for [Parse], or the error of that row.
// An error of a row names its line and column and does not end the reading; a header that does not fit, a row beyond
// 1 MiB and a failing reader do. Empty cells are fields not given. The yielded bytes are the caller's to keep.
func (m *Mapping) Rows(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		plain, err := decoded(r, m.Encoding)
		if err != nil {
			yield(nil, err)
			return
		}
		limited := &rowReader{r: plain, left: maxRow}
		c := csv.NewReader(limited)
		c.ReuseRecord = true
		if m.Delimiter != "" {
			c.Comma, _ = utf8.DecodeRuneInString(m.Delimiter)
		}
		columns, herr := m.header(c)
		if herr != nil {
			yield(nil, herr)
			return
		}
		for row := 0; ; row++ {
			limited.left = maxRow
			record, err := c.Read()
			if err == io.EOF {
				return
			}
			if err != nil {
				var p *csv.ParseError
				goesOn := errors.As(err, &p)
				if !yield(nil, rowError(err)) || !goesOn {
					return
				}
				continue
			}
			line, _ := c.FieldPos(0)
			event, ferr := m.event(record, columns, row)
			if ferr != nil {
				if !yield(nil, bad("line %d: %s", line, explained(ferr))) {
					return
				}
				continue
			}
			if !yield(event, nil) {
				return
			}
		}
	}
}

// explained is the field and message of err in one sentence.
func explained(err *qingyuan.Error) string {
	if err.Field == "" {
		return err.Message
	}
	return "column " + err.Field + ": " + err.Message
}

func rowError(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		if errors.Is(err, csv.ErrFieldCount) {
			return bad("line %d: the number of cells is not that of the header", p.Line)
		}
		return bad("line %d: a stray or missing quotation mark", p.Line)
	}
	var e *qingyuan.Error
	if errors.As(err, &e) {
		return e
	}
	return qingyuan.Wrap(qingyuan.Unavailable, err, "the file could not be read to its end")
}

// rowReader refuses a row of more than maxRow bytes, whatever quotation marks it opens. left is reset for every row;
// what the CSV reader has read ahead makes the bound one buffer too strict at worst, never too loose.
type rowReader struct {
	r    io.Reader
	left int
}

func (r *rowReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, bad("a row must not be larger than %d bytes", maxRow)
	}
	n, err := r.r.Read(p)
	r.left -= n
	return n, err
}

// decoded is r as UTF-8. With encoding auto (or "") a byte order mark decides, else the first 64 KiB: UTF-8 where they
// are valid UTF-8, GB18030 (which contains GBK and GB 2312) where they are not.
func decoded(r io.Reader, encoding string) (io.Reader, error) {
	b := bufio.NewReaderSize(r, sniffed)
	head, err := b.Peek(sniffed)
	if err != nil && err != io.EOF {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "the file could not be read")
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, err = b.Discard(3)
		return b, err
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(b), nil
	case encoding == "gb18030", encoding != "utf-8" && !validPrefix(head):
		return simplifiedchinese.GB18030.NewDecoder().Reader(b), nil
	}
	return b, nil
}

// validPrefix reports whether b is UTF-8, but for a character cut off at its end.
func validPrefix(b []byte) bool {
	for cut := 0; cut < utf8.UTFMax && cut <= len(b); cut++ {
		if utf8.Valid(b[:len(b)-cut]) {
			return cut == 0 || !utf8.FullRune(b[len(b)-cut:])
		}
	}
	return false
}

// header reads the first row and finds the place of every column the mapping uses.
func (m *Mapping) header(c *csv.Reader) (map[string]int, *qingyuan.Error) {
	record, err := c.Read()
	if err == io.EOF {
		return nil, bad("the file is empty")
	}
	if err != nil {
		return nil, qingyuan.AsError(rowError(err))
	}
	if len(record) > maxColumns {
		return nil, bad("the file must not have more than %d columns", maxColumns)
	}
	columns := make(map[string]int, len(record))
	for i, name := range record {
		name = strings.Clone(strings.TrimSpace(name))
		if _, again := columns[name]; again {
			return nil, bad("the column %q stands twice in the header", name)
		}
		columns[name] = i
	}
	wanted := m.columns()
	for _, name := range wanted {
		if _, ok := columns[name]; !ok {
			return nil, bad("the file has no column %q, which mapping %s uses", name, m.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		if !slices.Contains(wanted, name) && !slices.Contains(m.Ignore, name) {
			return nil, bad("the file has a column %q that mapping %s neither uses nor ignores", name, m.Name)
		}
	}
	return columns, nil
}

// columns are the columns the mapping reads or ignores.
func (m *Mapping) columns() []string {
	out := slices.Clone(m.Ignore)
	if m.Time.Column != "" {
		out = append(out, m.Time.Column)
	}
	for _, f := range m.Fields {
		if f.Column != "" {
			out = append(out, f.Column)
		}
	}
	for _, name := range placeholders(m.ID) {
		if name != "row" {
			out = append(out, name)
		}
	}
	return out
}

// placeholders are the names in braces of a template.
func placeholders(template string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(template, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			return out
		}
		out = append(out, name)
		template = after
	}
}

// event makes the event of one row.
func (m *Mapping) event(record []string, columns map[string]int, row int) ([]byte, *qingyuan.Error) {
	for i, cell := range record {
		if !utf8.ValidString(cell) || strings.ContainsRune(cell, utf8.RuneError) {
			return nil, bad("cell %d is not text in the encoding of the file; set encoding in the mapping", i+1)
		}
	}
	id := m.ID
	for _, name := range placeholders(m.ID) {
		value := strconv.Itoa(row)
		if name != "row" {
			value = strings.TrimSpace(record[columns[name]])
		}
		if value == "" {
			return nil, within(bad("is empty, but the event's id is made of it"), name)
		}
		id = strings.ReplaceAll(id, "{"+name+"}", value)
	}
	at, err := m.Time.at(record, columns, row)
	if err != nil {
		return nil, err
	}
	data, err := m.data(record, columns)
	if err != nil {
		return nil, err
	}
	b := []byte(`{"specversion":"1.0","id":`)
	for _, part := range []struct{ value, next string }{
		{id, `,"source":`}, {m.Source, `,"type":`}, {string(m.Kind), `,"time":`}, {at.Format(time.RFC3339Nano), `,"data":`},
	} {
		var qerr error
		if b, qerr = jsontext.AppendQuote(b, part.value); qerr != nil {
			return nil, bad("is not text")
		}
		b = append(b, part.next...)
	}
	b, eerr := appendObject(b, data)
	if eerr != nil {
		return nil, bad("the row cannot be written as JSON")
	}
	return append(b, '}'), nil
}

func (t *MappedTime) at(record []string, columns map[string]int, row int) (time.Time, *qingyuan.Error) {
	if t.Column == "" {
		return t.start.Add(time.Duration(row) * t.step), nil
	}
	at, err := time.ParseInLocation(t.Layout, strings.TrimSpace(record[columns[t.Column]]), t.zone)
	if err != nil {
		return time.Time{}, within(bad("is not a time of the layout %q", t.Layout), t.Column)
	}
	return at, nil
}

// data fills the fields: columns first, then constants, which alone do not bring an object into being.
func (m *Mapping) data(record []string, columns map[string]int) (map[string]any, *qingyuan.Error) {
	data := map[string]any{}
	for i := range m.Fields {
		f := &m.Fields[i]
		if f.Column == "" {
			continue
		}
		cell := strings.TrimSpace(record[columns[f.Column]])
		v, err := f.convert(cell, m.Time.zone)
		if err != nil {
			return nil, within(err, f.Column)
		}
		if v != nil {
			place(data, f.steps, v, true)
		}
	}
	for i := range m.Fields {
		f := &m.Fields[i]
		if f.Constant == "" {
			continue
		}
		v, err := f.convert(f.Constant, m.Time.zone)
		if err != nil {
			return nil, within(err, f.Field)
		}
		place(data, f.steps, v, false)
	}
	return compacted(data), nil
}

// place puts v at the path. Objects on the way are made only where create is set.
func place(at map[string]any, path []step, v any, create bool) {
	s := path[0]
	if s.index < 0 && len(path) == 1 {
		at[s.name] = v
		return
	}
	if s.index < 0 {
		child, ok := at[s.name].(map[string]any)
		if !ok {
			if !create {
				return
			}
			child = map[string]any{}
			at[s.name] = child
		}
		place(child, path[1:], v, create)
		return
	}
	list, _ := at[s.name].([]any)
	for len(list) <= s.index {
		if !create {
			return
		}
		list = append(list, nil)
	}
	at[s.name] = list
	if len(path) == 1 {
		list[s.index] = v
		return
	}
	child, ok := list[s.index].(map[string]any)
	if !ok {
		if !create {
			return
		}
		child = map[string]any{}
		list[s.index] = child
	}
	place(child, path[1:], v, create)
}

// compacted drops the places of lists that nothing filled.
func compacted(data map[string]any) map[string]any {
	for name, v := range data {
		switch v := v.(type) {
		case []any:
			data[name] = slices.DeleteFunc(v, func(x any) bool { return x == nil })
		case map[string]any:
			compacted(v)
		}
	}
	return data
}

// convert makes the JSON value of a cell; nil for an empty one.
func (f *MappedField) convert(cell string, zone *time.Location) (any, *qingyuan.Error) {
	if cell == "" {
		return nil, nil
	}
	if f.Values != nil {
		mapped, ok := f.Values[cell]
		if !ok {
			if mapped, ok = f.Values["*"]; !ok {
				return nil, bad("holds a value that the mapping does not list")
			}
		}
		if cell = mapped; cell == "" {
			return nil, nil
		}
	}
	switch f.typ {
	case TypeMoney:
		return money(cell, f.Unit)
	case TypeInt:
		return money(cell, "fen")
	case TypeFloat:
		return float(cell)
	case TypeMap:
		if f.As == "text" {
			return cell, nil
		}
		return float(cell)
	case TypeBool:
		return boolean(cell)
	case TypeTime, TypeDate:
		return f.day(cell, zone)
	}
	return cell, nil
}

// money reads an exact decimal number of yuan or of minor units.
func money(cell, unit string) (any, *qingyuan.Error) {
	if len(cell) > 40 || strings.ContainsAny(cell, "eE/xXpP_") {
		return nil, bad("must be a number")
	}
	n, ok := new(big.Rat).SetString(strings.ReplaceAll(cell, ",", ""))
	if !ok {
		return nil, bad("must be a number")
	}
	if unit == "yuan" {
		n.Mul(n, big.NewRat(100, 1))
	}
	if !n.IsInt() || !n.Num().IsInt64() {
		return nil, bad("must be a whole number of minor units")
	}
	return n.Num().Int64(), nil
}

func float(cell string) (any, *qingyuan.Error) {
	x, err := strconv.ParseFloat(cell, 64)
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
		return nil, bad("must be a number")
	}
	return x, nil
}

func boolean(cell string) (any, *qingyuan.Error) {
	switch strings.ToLower(cell) {
	case "true", "1", "y", "yes", "是":
		return true, nil
	case "false", "0", "n", "no", "否":
		return false, nil
	}
	return nil, bad("must be true or false, 1 or 0, Y or N, 是 or 否")
}

// day reads a time or a date after the layout and writes it as the event wants it.
func (f *MappedField) day(cell string, zone *time.Location) (any, *qingyuan.Error) {
	layout, out := f.Layout, time.RFC3339Nano
	if f.typ == TypeDate {
		out = time.DateOnly
	}
	if layout == "" {
		layout = out
	}
	t, err := time.ParseInLocation(layout, cell, zone)
	if err != nil {
		return nil, bad("is not of the layout %q", layout)
	}
	return t.Format(out), nil
}
