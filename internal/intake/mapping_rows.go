package intake

import (
	"bytes"
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
	"qingyuan"
	"qingyuan/internal/intake/sheet"
)

// Rows reads a CSV file and yields one CloudEvents event for each row, ready for [Parse], or the error of that row.
// An error of a row names its line and column and does not end the reading; a header that does not fit, a row beyond
// the limit of package sheet and a failing reader do. Empty cells are fields not given. The yielded bytes are the caller's
// to keep.
func (m *Mapping) Rows(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		t, err := sheet.Text(r, m.Name, m.Options())
		if err != nil {
			yield(nil, err)
			return
		}
		b, err := m.Bind(t.Header)
		if err != nil {
			yield(nil, err)
			return
		}
		n := -1
		for row, err := range t.Rows {
			n++
			if err != nil {
				yield(nil, err)
				return
			}
			event, rerr := []byte(nil), row.Err
			if rerr == nil {
				event, rerr = b.Event(row.Cells, n)
			}
			if rerr != nil {
				rerr = bad("line %d: %s", row.Line, Explained(rerr))
			}
			if !yield(event, rerr) {
				return
			}
		}
	}
}

// Explained is the column, if any, and the message of a row's error in one sentence.
func Explained(err error) string {
	e := qingyuan.AsError(err)
	if e.Field == "" {
		return e.Message
	}
	return "column " + e.Field + ": " + e.Message
}

// Options say how a file of the mapping is to be read.
func (m *Mapping) Options() sheet.Options {
	o := sheet.Options{Encoding: m.Encoding, Sheet: m.Sheet}
	if m.Delimiter != "" {
		o.Delimiter, _ = utf8.DecodeRuneInString(m.Delimiter)
	}
	return o
}

// Binding is a mapping held against the header of one file.
type Binding struct {
	m       *Mapping
	columns map[string]int
}

// Bind holds the mapping against a header. Errors: invalid, naming the column that is missing, new, or there twice.
func (m *Mapping) Bind(header []string) (*Binding, error) {
	columns := make(map[string]int, len(header))
	for i, name := range header {
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
	return &Binding{m, columns}, nil
}

// Event makes the CloudEvents event of the row-th row (from 0) of the file. Errors: invalid; Field is the column.
func (b *Binding) Event(cells []string, row int) ([]byte, error) {
	event, err := b.m.event(cells, b.columns, row)
	if err != nil {
		return nil, err
	}
	return event, nil
}

// Object makes the event of a JSON object whose members are the columns. Members that are absent or null are empty cells.
// Errors: invalid for one that the mapping neither uses nor ignores, or that holds no plain value.
func (m *Mapping) Object(raw []byte, row int) ([]byte, error) {
	names := slices.Compact(slices.Sorted(slices.Values(m.columns())))
	columns := make(map[string]int, len(names))
	for i, name := range names {
		columns[name] = i
	}
	cells := make([]string, len(names))
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return nil, bad("the line is not a JSON object")
	}
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil {
			return nil, bad("the line is not a JSON object, or a name stands twice")
		}
		name := t.String()
		i, known := columns[name]
		if !known {
			return nil, bad("the column %q is neither used nor ignored by mapping %s", name, m.Name)
		}
		v, err := d.ReadToken()
		if err != nil {
			return nil, within(bad("cannot be read"), name)
		}
		switch v.Kind() {
		case 'n':
		case '{', '[':
			return nil, within(bad("must be a plain value"), name)
		default:
			cells[i] = v.String()
		}
	}
	if t, err := d.ReadToken(); err != nil || t.Kind() != '}' {
		return nil, bad("the line is not a JSON object")
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return nil, bad("nothing may follow the object")
	}
	event, ferr := m.event(cells, columns, row)
	if ferr != nil {
		return nil, ferr
	}
	return event, nil
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
	at, err := parseTime(t.Layout, strings.TrimSpace(record[columns[t.Column]]), t.zone)
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
	t, err := parseTime(layout, cell, zone)
	if err != nil {
		return nil, bad("is not of the layout %q", layout)
	}
	return t.Format(out), nil
}

// serial is the layout of the numbers by which workbooks keep dates: days since 1899-12-30, the time of day as a fraction.
const serial = "excel"

// parseTime reads a time after a layout, in zone where the layout has none.
func parseTime(layout, cell string, zone *time.Location) (time.Time, error) {
	if layout != serial {
		return time.ParseInLocation(layout, cell, zone)
	}
	days, err := strconv.ParseFloat(cell, 64)
	if err != nil || !(days >= 1 && days < 2_958_466) { // until the year 9999
		return time.Time{}, bad("is not a date of a workbook")
	}
	whole := math.Floor(days)
	second := math.Round((days - whole) * 86_400)
	return time.Date(1899, 12, 30+int(whole), 0, 0, int(second), 0, zone), nil
}
