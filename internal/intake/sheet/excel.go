package sheet

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// workbook reports whether an archive is an Excel workbook.
func workbook(z *zip.Reader) bool {
	types, book := false, false
	for _, f := range z.File {
		types = types || f.Name == "[Content_Types].xml"
		book = book || strings.HasPrefix(f.Name, "xl/")
	}
	return types && book
}

// safeWorkbook refuses what can carry code, whatever the file's name is.
func safeWorkbook(z *zip.Reader, name string) error {
	for _, f := range z.File {
		lower := strings.ToLower(f.Name)
		if strings.Contains(lower, "vbaproject") || strings.Contains(lower, "macrosheets/") || strings.Contains(lower, "activex") || strings.Contains(lower, "embeddings/") {
			return refuse(name, "holds macros or embedded objects: save it as a plain xlsx or CSV")
		}
		if f.Name != "[Content_Types].xml" {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return refuse(name, "cannot be unpacked")
		}
		types, err := io.ReadAll(io.LimitReader(r, 1<<20))
		r.Close()
		if err != nil {
			return refuse(name, "cannot be unpacked")
		}
		if bytes.Contains(bytes.ToLower(types), []byte("macroenabled")) {
			return refuse(name, "is a workbook with macros: save it as a plain xlsx or CSV")
		}
	}
	return nil
}

// excelTable reads a workbook: the sheet that the options name, or its only one with anything on it. Cells are as stored: dates are
// serial numbers (layout excel of a mapping), formulas the value they had when the file was saved.
func excelTable(src io.ReaderAt, size int64, name string, o Options) (*Table, error) {
	if size > o.Limits.Workbook {
		return nil, refuse(name, "workbooks must not be larger than %d bytes: save it as CSV", o.Limits.Workbook)
	}
	// Both limits alike: what is beyond the second would be unpacked into a file in clear.
	f, err := excelize.OpenReader(io.NewSectionReader(src, 0, size), excelize.Options{RawCellValue: true, UnzipSizeLimit: o.Limits.Workbook, UnzipXMLSizeLimit: o.Limits.Workbook})
	if err != nil {
		return nil, refuse(name, "is not a workbook that can be read, or it unpacks to more than %d bytes", o.Limits.Workbook)
	}
	sheet, err := theSheet(f, name, o.Sheet)
	if err != nil {
		f.Close()
		return nil, err
	}
	rows, err := f.Rows(sheet)
	if err != nil {
		f.Close()
		return nil, refuse(name, "the sheet %q cannot be read", shown(sheet))
	}
	t := &Table{Name: name + "/" + sheet, Format: Excel}
	if rows.Next() {
		header, err := rows.Columns()
		if err != nil {
			return nil, refuse(name, "the sheet %q cannot be read", shown(sheet))
		}
		t.Header = trimmed(header)
	}
	if len(t.Header) == 0 {
		f.Close()
		return nil, refuse(name, "the first row of sheet %q is empty: it must hold the names of the columns", shown(sheet))
	}
	t.Rows = func(yield func(Row, error) bool) {
		defer f.Close()
		defer rows.Close()
		excelRows(rows, t, yield)
	}
	return t, nil
}

func excelRows(rows *excelize.Rows, t *Table, yield func(Row, error) bool) {
	for line := 2; rows.Next(); line++ {
		cells, err := rows.Columns()
		if err != nil {
			yield(Row{}, refuse(t.Name, "row %d cannot be read", line))
			return
		}
		row := Row{Line: line}
		if empty(cells) {
			continue
		}
		if len(cells) > len(t.Header) && !empty(cells[len(t.Header):]) {
			row.Err = bad("there are cells beyond the columns of the header")
		}
		for len(cells) < len(t.Header) {
			cells = append(cells, "")
		}
		row.Cells = cells[:len(t.Header)]
		if !yield(row, nil) {
			return
		}
	}
	if rows.Error() != nil {
		yield(Row{}, refuse(t.Name, "the sheet is damaged"))
	}
}

func empty(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// theSheet is the sheet to be read. Errors: invalid where it is not there, or several could be meant.
func theSheet(f *excelize.File, name, want string) (string, error) {
	var filled []string
	for _, s := range f.GetSheetList() {
		if s == want {
			return s, nil
		}
		rows, err := f.Rows(s)
		if err != nil {
			return "", refuse(name, "the sheet %q cannot be read", shown(s))
		}
		if rows.Next() {
			filled = append(filled, s)
		}
		rows.Close()
	}
	switch {
	case want != "":
		return "", refuse(name, "has no sheet %q", shown(want))
	case len(filled) == 0:
		return "", refuse(name, "the workbook is empty")
	case len(filled) > 1:
		return "", refuse(name, "has %d sheets with something on them: name one in the mapping (sheet:)", len(filled))
	}
	return filled[0], nil
}
