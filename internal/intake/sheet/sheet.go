package sheet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"qingyuan"
)

// Format is what a file is.
type Format string

// The formats.
const (
	CSV       Format = "csv"
	JSONLines Format = "jsonl"
	Parquet   Format = "parquet"
	Excel     Format = "xlsx"
	Zip       Format = "zip"
)

// Row is one row of a table.
type Row struct {
	Line  int      // of the file, from 1; the row's number, header included, where the format has no lines
	Cells []string // as many as the header has; valid until the next row
	Raw   []byte   // of JSON lines, instead of Cells: one line, valid until the next row
	Err   error    // the row cannot be read; the others can
}

// Table is one file with rows.
type Table struct {
	Name   string // of the file; within an archive, the way to it
	Format Format
	Header []string // nil for JSON lines
	// Rows may be read once. An error ends the table; a row's own is in Row.Err.
	Rows iter.Seq2[Row, error]
}

// Options say how a file is to be read.
type Options struct {
	Encoding  string // auto (or empty), utf-8, gbk, gb18030, utf-16, utf-16le, utf-16be
	Delimiter rune   // of CSV; 0: a comma
	Sheet     string // of a workbook; empty: its only one
	Limits    Limits // zero: DefaultLimits
}

// Limits bound what a file may ask of the machine.
type Limits struct {
	Depth    int   // archives within archives
	Files    int   // in all archives together
	Ratio    int64 // unpacked to packed bytes, of one file of an archive beyond 1 MiB
	Unpacked int64 // bytes out of all archives together
	Held     int64 // bytes of a file in an archive that must be held in memory: an archive, a workbook, Parquet
	Workbook int64 // unpacked bytes of a workbook, which is held in memory
	Row      int   // bytes of a row or a line
	Columns  int
	Name     int // bytes of a name
}

// DefaultLimits suit a month of a large lender's records in one file.
func DefaultLimits() Limits {
	return Limits{Depth: 2, Files: 1000, Ratio: 200, Unpacked: 8 << 30, Held: 64 << 20, Workbook: 256 << 20, Row: 1 << 20, Columns: 1000, Name: 255}
}

// refuse is an error that names the file.
func refuse(name, format string, args ...any) error {
	return qingyuan.FieldErrorf("file", "%s: %s", shown(name), fmt.Sprintf(format, args...))
}

// shown is a name that harms no log and no terminal.
func shown(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == '\ufffd' {
			return '?'
		}
		return r
	}, name)
	if r := []rune(clean); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return clean
}

const sniffed = 64 << 10 // bytes looked at to tell format and encoding

var (
	zipMark = []byte("PK\x03\x04")
	noFiles = []byte("PK\x05\x06") // an archive without any
	oleMark = []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
)

// macros are endings of files that can carry code, or that are of a binary format which can.
var macros = []string{".xlsm", ".xltm", ".xlam", ".xlsb", ".xls", ".xlt", ".doc", ".docm", ".exe", ".dll", ".vbs", ".js", ".lnk"}

// formatOf tells a file by its first bytes and its name. Errors: invalid for what may carry code or is none of the formats.
func formatOf(head []byte, name string) (Format, error) {
	lower := strings.ToLower(name)
	for _, ending := range macros {
		if strings.HasSuffix(lower, ending) {
			return "", refuse(name, "files that can carry macros or code are not taken: save it as xlsx or CSV")
		}
	}
	switch {
	case bytes.HasPrefix(head, oleMark):
		return "", refuse(name, "old binary Office files are not taken, they can carry macros, and so can encrypted workbooks: save it as xlsx or CSV")
	case bytes.HasPrefix(head, zipMark), bytes.HasPrefix(head, noFiles):
		return Zip, nil
	case bytes.HasPrefix(head, []byte("PAR1")):
		return Parquet, nil
	case bytes.HasPrefix(head, []byte("\x1f\x8b")), bytes.HasPrefix(head, []byte("7z\xbc\xaf")), bytes.HasPrefix(head, []byte("Rar!")), bytes.HasPrefix(head, []byte("%PDF")):
		return "", refuse(name, "is of a format that is not taken: CSV, JSON lines, Parquet, xlsx, or a zip of them")
	}
	text, err := decoded(bytes.NewReader(head), "auto")
	if err != nil {
		return "", err
	}
	first := make([]byte, 512)
	n, _ := io.ReadFull(text, first)
	if start := bytes.TrimLeft(first[:n], " \t\r\n"); bytes.HasPrefix(start, []byte("{")) {
		return JSONLines, nil
	}
	return CSV, nil
}

// Tables yields the tables of a file, one after the other; each must be read to the end, or not at all, before the next. An error
// ends it. src is read at any place; name is what its sender called it.
func Tables(ctx context.Context, src io.ReaderAt, size int64, name string, o Options) iter.Seq2[*Table, error] {
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	return func(yield func(*Table, error) bool) {
		w := &walk{ctx: ctx, o: o, yield: yield, left: o.Limits.Unpacked, files: o.Limits.Files}
		if err := w.file(src, size, path.Base(strings.ReplaceAll(name, `\`, "/")), 0); err != nil && err != errEnough {
			yield(nil, err)
		}
	}
}

// walk goes through a file and what is in it.
type walk struct {
	ctx   context.Context
	o     Options
	yield func(*Table, error) bool
	left  int64 // bytes that may still come out of archives
	files int   // files that may still come out of archives
}

// errEnough ends a walk that its caller broke off.
var errEnough = fmt.Errorf("enough")

func (w *walk) give(t *Table, err error) error {
	if err != nil {
		return err
	}
	if w.ctx.Err() != nil {
		return w.ctx.Err()
	}
	if len(t.Header) > w.o.Limits.Columns {
		return refuse(t.Name, "has more than %d columns", w.o.Limits.Columns)
	}
	if !w.yield(t, nil) {
		return errEnough
	}
	return nil
}

// file reads one file that may be read at any place.
func (w *walk) file(src io.ReaderAt, size int64, name string, depth int) error {
	head := make([]byte, min(size, sniffed))
	if _, err := io.ReadFull(io.NewSectionReader(src, 0, size), head); err != nil {
		return err
	}
	format, err := formatOf(head, name)
	if err != nil {
		return err
	}
	switch format {
	case Zip:
		return w.archive(src, size, name, depth)
	case Parquet:
		return w.give(parquetTable(src, size, name))
	}
	return w.text(io.NewSectionReader(src, 0, size), format, name)
}

// text reads CSV or JSON lines.
func (w *walk) text(r io.Reader, format Format, name string) error {
	if format == JSONLines {
		return w.give(linesTable(r, name, w.o))
	}
	t, err := Text(r, name, w.o)
	return w.give(t, err)
}
