package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"qingyuan"
)

// Encodings lists what [Options].Encoding may say.
var Encodings = []string{"auto", "utf-8", "gbk", "gb18030", "utf-16", "utf-16le", "utf-16be"}

// decoded is r as UTF-8. Where nothing is declared, a byte order mark decides, else the first 64 KiB: UTF-16 where every other byte
// is nought, UTF-8 where they are valid UTF-8, GB18030 (which contains GBK and GB 2312) where they are not. A mark that contradicts
// what is declared is an error.
func decoded(r io.Reader, declared string) (io.Reader, error) {
	b := bufio.NewReaderSize(r, sniffed)
	head, err := b.Peek(sniffed)
	if err != nil && err != io.EOF {
		return nil, unreadable(err)
	}
	mark := ""
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		mark = "utf-8"
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		mark = "utf-16le"
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		mark = "utf-16be"
	}
	if declared == "" || declared == "auto" {
		declared = mark
	}
	if declared == "" {
		declared = guess(head)
	}
	if declared == "utf-16" {
		if declared = mark; declared == "" {
			declared = "utf-16le"
		}
	}
	if mark != "" && mark != declared {
		return nil, qingyuan.FieldErrorf("encoding", "is declared as %s, but the file begins with the mark of %s", declared, mark)
	}
	switch declared {
	case "utf-16le", "utf-16be":
		order := unicode.LittleEndian
		if declared == "utf-16be" {
			order = unicode.BigEndian
		}
		return unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(b), nil
	case "gbk", "gb18030":
		return simplifiedchinese.GB18030.NewDecoder().Reader(b), nil
	}
	if mark != "" {
		if _, err := b.Discard(3); err != nil {
			return nil, unreadable(err)
		}
	}
	return b, nil
}

// guess tells an encoding without a mark.
func guess(head []byte) string {
	var noughts [2]int
	for i, c := range head {
		if c == 0 {
			noughts[i&1]++
		}
	}
	switch half := len(head) / 2; {
	case noughts[1] > half/4 && noughts[0] == 0:
		return "utf-16le"
	case noughts[0] > half/4 && noughts[1] == 0:
		return "utf-16be"
	case !validPrefix(head):
		return "gb18030"
	}
	return "utf-8"
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

func unreadable(err error) error {
	var known *qingyuan.Error
	if errors.As(err, &known) {
		return err
	}
	return qingyuan.Wrap(qingyuan.Unavailable, err, "the file could not be read to its end")
}

func bad(format string, args ...any) error { return qingyuan.Errorf(qingyuan.Invalid, format, args...) }

// rowReader refuses a row of more than limit bytes, whatever quotation marks it opens. left is reset for every row; what the CSV
// reader has read ahead makes the bound one buffer too strict at worst, never too loose.
type rowReader struct {
	r           io.Reader
	left, limit int
}

// Read reads within the bound.
func (r *rowReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, bad("a row must not be larger than %d bytes", r.limit)
	}
	n, err := r.r.Read(p)
	r.left -= n
	return n, err
}

// Text reads CSV as it comes. Errors: invalid for a file without a header.
func Text(r io.Reader, name string, o Options) (*Table, error) {
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	plain, err := decoded(r, o.Encoding)
	if err != nil {
		return nil, err
	}
	limited := &rowReader{r: plain, left: o.Limits.Row, limit: o.Limits.Row}
	c := csv.NewReader(limited)
	c.ReuseRecord = true
	if o.Delimiter != 0 {
		c.Comma = o.Delimiter
	}
	record, err := c.Read()
	if err == io.EOF {
		return nil, bad("the file is empty")
	}
	if err != nil {
		return nil, csvError(err)
	}
	t := &Table{Name: name, Format: CSV, Header: trimmed(record)}
	t.Rows = func(yield func(Row, error) bool) {
		for {
			limited.left = limited.limit
			record, err := c.Read()
			if err == io.EOF {
				return
			}
			var p *csv.ParseError
			if errors.As(err, &p) {
				if !yield(Row{Line: p.Line, Err: csvError(err)}, nil) {
					return
				}
				continue
			}
			if err != nil {
				yield(Row{}, csvError(err))
				return
			}
			line, _ := c.FieldPos(0)
			if !yield(Row{Line: line, Cells: record}, nil) {
				return
			}
		}
	}
	return t, nil
}

func trimmed(header []string) []string {
	out := make([]string, len(header))
	for i, name := range header {
		out[i] = strings.Clone(strings.TrimSpace(name))
	}
	return out
}

func csvError(err error) error {
	var p *csv.ParseError
	switch {
	case errors.As(err, &p) && errors.Is(err, csv.ErrFieldCount):
		return bad("the number of cells is not that of the header")
	case errors.As(err, &p):
		return bad("a stray or missing quotation mark")
	}
	return unreadable(err)
}

// linesTable reads JSON lines. Empty lines are passed over; one beyond the limit costs itself only.
func linesTable(r io.Reader, name string, o Options) (*Table, error) {
	plain, err := decoded(r, o.Encoding)
	if err != nil {
		return nil, err
	}
	return &Table{Name: name, Format: JSONLines, Rows: lines(plain, o.Limits.Row)}, nil
}

func lines(plain io.Reader, limit int) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		b := bufio.NewReaderSize(plain, limit)
		for n := 1; ; n++ {
			line, err := b.ReadSlice('\n')
			row := Row{Line: n, Raw: bytes.TrimSpace(line)}
			long := len(line) > limit
			for err == bufio.ErrBufferFull {
				long = true
				_, err = b.ReadSlice('\n')
			}
			if long {
				row = Row{Line: n, Err: bad("a line must not be larger than %d bytes", limit)}
			}
			if (len(row.Raw) > 0 || row.Err != nil) && !yield(row, nil) {
				return
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Row{}, unreadable(err))
				return
			}
		}
	}
}
