package agreement

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/ledongthuc/pdf"
	"golang.org/x/text/unicode/norm"

	"qingyuan"
)

// readPDF reads a PDF in a goroutine of its own, so that neither its panics nor its endless loops reach the caller.
func (x *Extractor) readPDF(ctx context.Context, file []byte) (string, error) {
	if err := checkStreams(file); err != nil {
		return "", qingyuan.Wrap(qingyuan.Invalid, err, "the PDF file is over a limit")
	}
	ctx, cancel := context.WithTimeout(ctx, x.timeout)
	defer cancel()
	late := qingyuan.Errorf(qingyuan.Unavailable, "the PDF took too long to read; try again or send its text")
	select {
	case x.slots <- struct{}{}:
	case <-ctx.Done():
		return "", late
	}
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		defer func() { <-x.slots }()
		text, err := pages(ctx, file)
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		if ctx.Err() != nil {
			return "", late
		}
		return r.text, r.err
	case <-ctx.Done():
		return "", late
	}
}

func pages(ctx context.Context, file []byte) (text string, err error) {
	defer func() {
		if r := recover(); r != nil {
			text, err = "", qingyuan.FieldErrorf("file", "is a damaged PDF")
		}
	}()
	r, err := pdf.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return "", qingyuan.Wrap(qingyuan.Invalid, err, "the PDF file is damaged or encrypted")
	}
	n := r.NumPage()
	if n > maxPages {
		return "", qingyuan.FieldErrorf("file", "has more than %d pages", maxPages)
	}
	var b strings.Builder
	for i := 1; i <= n && ctx.Err() == nil && b.Len() <= maxText; i++ {
		readPage(r.Page(i), &b)
		b.WriteByte('\n')
	}
	if strings.TrimSpace(b.String()) == "" {
		return "", qingyuan.FieldErrorf("file", "has no text; a scanned agreement goes through recognition first")
	}
	return strings.Map(noRadical, strings.ToValidUTF8(b.String(), "\ufffd")), nil
}

// noRadical writes a radical (U+2E80–2FDF) as the character it stands for: many fonts map characters to the radicals that
// look the same.
func noRadical(r rune) rune {
	if r < 0x2e80 || r > 0x2fdf {
		return r
	}
	c, _ := utf8.DecodeRuneInString(norm.NFKC.String(string(r)))
	return c
}

var streamStart = regexp.MustCompile(`stream\r?\n`)

// checkStreams inflates every deflated stream of a PDF into nothing and refuses a file that would grow too large.
func checkStreams(file []byte) error {
	var all int64
	for _, m := range streamStart.FindAllIndex(file, -1) {
		z, err := zlib.NewReader(bytes.NewReader(file[m[1]:]))
		if err != nil {
			continue
		}
		end := bytes.Index(file[m[1]:], []byte("endstream"))
		if end < 0 {
			end = len(file) - m[1]
		}
		c := &inflation{r: z, compressed: int64(end), of: all}
		if _, err := io.Copy(io.Discard, c); errors.Is(err, errInflated) {
			return err
		}
		all += c.so
	}
	return nil
}

// canvas follows the text operators of a page (ISO 32000-1, 9.4) as far as lines need: the height of the text, and the
// encoding that decodes it.
type canvas struct {
	out                   *strings.Builder
	fonts                 map[string]pdf.TextEncoding
	encoding              pdf.TextEncoding
	line, lead, up, below float64 // height of the line in text space; leading; scale and origin of the text matrix
	shown                 float64 // height of what was shown last
	any                   bool
}

// readPage appends the text of a page, a line for each change of height. Text in form objects is not read.
func readPage(p pdf.Page, out *strings.Builder) {
	contents := p.V.Key("Contents")
	if p.V.IsNull() || contents.Kind() == pdf.Null {
		return
	}
	c := &canvas{out: out, fonts: map[string]pdf.TextEncoding{}, up: 1}
	for _, name := range p.Fonts() {
		f := p.Font(name)
		if m := readToUnicode(f); m != nil {
			c.fonts[name] = m
			continue
		}
		c.fonts[name] = f.Encoder()
	}
	pdf.Interpret(contents, func(stack *pdf.Stack, op string) {
		args := make([]pdf.Value, stack.Len())
		for i := len(args) - 1; i >= 0; i-- {
			args[i] = stack.Pop()
		}
		c.do(op, args)
	})
}

// operands is how many operands the operators that matter need.
var operands = map[string]int{"Tf": 2, "TL": 1, "Td": 2, "TD": 2, "Tm": 6, "T*": 0, "BT": 0, "Tj": 1, "TJ": 1, "'": 1, `"`: 3}

func (c *canvas) do(op string, args []pdf.Value) {
	if n, ok := operands[op]; !ok || len(args) < n {
		return
	}
	switch op {
	case "BT":
		c.line, c.up, c.below = 0, 1, 0
	case "Tf":
		c.encoding = c.fonts[args[0].Name()]
	case "TL":
		c.lead = args[0].Float64()
	case "TD":
		c.lead = -args[1].Float64()
		c.line += args[1].Float64()
	case "Td":
		c.line += args[1].Float64()
	case "Tm":
		c.line, c.up, c.below = 0, args[3].Float64(), args[5].Float64()
	case "T*":
		c.line -= c.lead
	case "Tj":
		c.show(args[0])
	case "'", `"`:
		c.line -= c.lead
		c.show(args[len(args)-1])
	case "TJ":
		for i := range args[0].Len() {
			c.show(args[0].Index(i))
		}
	}
}

// show appends a string in the font that is set.
func (c *canvas) show(v pdf.Value) {
	if v.Kind() != pdf.String || c.encoding == nil || c.out.Len() > maxText {
		return
	}
	height := c.below + c.up*c.line
	if c.any && math.Abs(height-c.shown) > 1 {
		c.out.WriteByte('\n')
	}
	c.shown, c.any = height, true
	c.out.WriteString(c.encoding.Decode(v.RawString()))
}
