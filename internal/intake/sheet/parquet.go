package sheet

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// parquetTable reads a Parquet file of plain columns. Dates are 2006-01-02, times RFC 3339.
func parquetTable(src io.ReaderAt, size int64, name string) (t *Table, err error) {
	defer func() {
		if p := recover(); p != nil {
			t, err = nil, refuse(name, "is not a Parquet file that can be read")
		}
	}()
	f, err := parquet.OpenFile(src, size, parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
	if err != nil {
		return nil, refuse(name, "is not a Parquet file that can be read")
	}
	t = &Table{Name: name, Format: Parquet}
	var texts []func(parquet.Value) string
	for _, field := range f.Schema().Fields() {
		if !field.Leaf() || field.Repeated() {
			return nil, refuse(name, "the column %q is nested: only plain columns are taken", shown(field.Name()))
		}
		t.Header = append(t.Header, field.Name())
		texts = append(texts, textOf(field.Type()))
	}
	t.Rows = func(yield func(Row, error) bool) {
		line := 1
		for _, group := range f.RowGroups() {
			if !parquetRows(group, texts, name, &line, yield) {
				return
			}
		}
	}
	return t, nil
}

// parquetRows yields the rows of one group; false where the table ends.
func parquetRows(group parquet.RowGroup, texts []func(parquet.Value) string, name string, line *int, yield func(Row, error) bool) bool {
	rows := group.Rows()
	defer rows.Close()
	buf := make([]parquet.Row, 256)
	cells := make([]string, len(texts))
	for {
		n, err := readRows(rows, buf)
		for _, r := range buf[:n] {
			*line++
			for i := range cells {
				cells[i] = ""
			}
			for _, v := range r {
				if c := v.Column(); c >= 0 && c < len(cells) && !v.IsNull() {
					cells[c] = texts[c](v)
				}
			}
			if !yield(Row{Line: *line, Cells: cells}, nil) {
				return false
			}
		}
		if err == io.EOF {
			return true
		}
		if err != nil {
			yield(Row{}, refuse(name, "is damaged after row %d", *line))
			return false
		}
	}
}

// readRows turns a panic over a damaged file into an error.
func readRows(rows parquet.Rows, buf []parquet.Row) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = 0, fmt.Errorf("parquet: %v", p)
		}
	}()
	return rows.ReadRows(buf)
}

// textOf says how a value of a column is written.
func textOf(t parquet.Type) func(parquet.Value) string {
	var logical format.LogicalTypeValue
	if l := t.LogicalType(); l != nil {
		logical = l.Value
	}
	switch l := logical.(type) {
	case *format.DateType:
		return func(v parquet.Value) string {
			return time.Unix(0, 0).UTC().AddDate(0, 0, int(v.Int32())).Format(time.DateOnly)
		}
	case *format.TimestampType:
		unit := time.Nanosecond
		if l.Unit.Value != nil {
			unit = l.Unit.Value.Duration()
		}
		return func(v parquet.Value) string {
			whole := int64(time.Second / unit)
			n := v.Int64()
			return time.Unix(n/whole, n%whole*int64(unit)).UTC().Format(time.RFC3339Nano)
		}
	case *format.DecimalType:
		if t.Kind() == parquet.Int32 || t.Kind() == parquet.Int64 {
			return func(v parquet.Value) string { return decimal(v, int(l.Scale)) }
		}
	}
	switch t.Kind() {
	case parquet.Boolean:
		return func(v parquet.Value) string { return strconv.FormatBool(v.Boolean()) }
	case parquet.Int32:
		return func(v parquet.Value) string { return strconv.FormatInt(int64(v.Int32()), 10) }
	case parquet.Int64:
		return func(v parquet.Value) string { return strconv.FormatInt(v.Int64(), 10) }
	case parquet.Float:
		return func(v parquet.Value) string { return strconv.FormatFloat(float64(v.Float()), 'f', -1, 32) }
	case parquet.Double:
		return func(v parquet.Value) string { return strconv.FormatFloat(v.Double(), 'f', -1, 64) }
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return func(v parquet.Value) string { return string(v.ByteArray()) }
	}
	return func(v parquet.Value) string { return v.String() }
}

// decimal writes an integer with a decimal point before its last digits.
func decimal(v parquet.Value, scale int) string {
	n := v.Int64()
	if v.Kind() == parquet.Int32 {
		n = int64(v.Int32())
	}
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	digits := fmt.Sprintf("%0*d", scale+1, n)
	if scale == 0 {
		return sign + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}
