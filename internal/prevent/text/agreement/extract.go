package agreement

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"qingyuan"
)

// Format is the format of a file.
type Format string

// The formats.
const (
	PlainText Format = "text"
	DOCX      Format = "docx"
	PDF       Format = "pdf"
)

// The limits of a file.
const (
	maxFile     = 20 << 20 // bytes
	maxInflated = 64 << 20 // bytes of all compressed parts of a file together
	maxRatio    = 200      // of a compressed part, once it is over a megabyte
	maxEntries  = 2000     // of a DOCX archive
	maxDepth    = 256      // of XML elements
	maxPages    = 200
	maxText     = 4 << 20 // bytes of text
	maxStuck    = 4       // PDF readings that may be under way at once, abandoned ones included
)

// Extractor reads the text of files. PDF readings that pass their deadline are abandoned; no more than four run at a time.
type Extractor struct {
	timeout time.Duration
	slots   chan struct{}
}

// NewExtractor makes an extractor that gives a PDF at most timeout.
func NewExtractor(timeout time.Duration) *Extractor {
	return &Extractor{timeout, make(chan struct{}, maxStuck)}
}

// Extract returns the text of a file and its format. Lines broken by the layout are joined. What is not DOCX, PDF or
// UTF-8 text, or is over a limit, is an Invalid error; a reading that takes too long is Unavailable.
func (x *Extractor) Extract(ctx context.Context, file []byte) (string, Format, error) {
	switch {
	case len(file) > maxFile:
		return "", "", qingyuan.FieldErrorf("file", "is larger than %d MB", maxFile>>20)
	case bytes.HasPrefix(file, []byte("PK\x03\x04")):
		text, err := readDOCX(file)
		return text, DOCX, err
	case bytes.HasPrefix(file, []byte("%PDF-")):
		text, err := x.readPDF(ctx, file)
		return joinLines(text), PDF, err
	case utf8.Valid(file) && bytes.IndexByte(file, 0) < 0:
		return string(bytes.TrimPrefix(file, []byte("\ufeff"))), PlainText, nil
	}
	return "", "", qingyuan.FieldErrorf("file", "is neither DOCX nor PDF nor UTF-8 text; photographs go through recognition first")
}

// inflation counts what compressed parts become and says when it is too much.
type inflation struct {
	r                  io.Reader
	compressed, so, of int64 // size of the part; read of it; read of all parts
}

var errInflated = errors.New("a compressed part grows too large")

func (i *inflation) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	i.so += int64(n)
	if i.so+i.of > maxInflated || i.so > 1<<20 && i.so > maxRatio*i.compressed {
		return n, errInflated
	}
	return n, err
}

func readDOCX(file []byte) (string, error) {
	bad := func(err error) error {
		return qingyuan.Wrap(qingyuan.Invalid, err, "the DOCX file is damaged or over a limit")
	}
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return "", bad(err)
	}
	if len(archive.File) > maxEntries {
		return "", bad(errors.New("too many entries"))
	}
	for _, f := range archive.File {
		if f.Name != "word/document.xml" {
			continue
		}
		part, err := f.Open()
		if err != nil {
			return "", bad(err)
		}
		defer part.Close()
		text, err := wordText(&inflation{r: part, compressed: int64(f.CompressedSize64)})
		if err != nil {
			return "", bad(err)
		}
		return text, nil
	}
	return "", bad(errors.New("no document in it"))
}

// wordText reads the paragraphs of a WordprocessingML document; deleted text stands in other elements and is left out.
func wordText(r io.Reader) (string, error) {
	d := xml.NewDecoder(r)
	var b strings.Builder
	depth, inText := 0, false
	for {
		token, err := d.Token()
		if err == io.EOF {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return "", errors.New("elements are nested too deep")
			}
			switch t.Name.Local {
			case "t":
				inText = true
			case "tab":
				b.WriteByte(' ')
			case "br", "cr":
				b.WriteByte('\n')
			}
		case xml.EndElement:
			depth--
			inText = false
			if t.Name.Local == "p" {
				b.WriteByte('\n')
			}
		case xml.CharData:
			if inText {
				b.Write(t)
			}
		}
		if b.Len() > maxText {
			return "", errors.New("too much text")
		}
	}
}

// joinLines joins the lines that the layout broke: where the line above does not end a sentence and the next begins no clause.
func joinLines(text string) string {
	var b strings.Builder
	open := false
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if b.Len() > 0 && (!open || number.MatchString(line)) {
			b.WriteByte('\n')
		}
		b.WriteString(line)
		last, _ := utf8.DecodeLastRuneInString(line)
		open = !strings.ContainsRune("。；;：:！!？?", last)
	}
	return b.String()
}
