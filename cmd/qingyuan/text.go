package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"qingyuan"
	"qingyuan/internal/prevent/text/agreement"
	"qingyuan/internal/prevent/text/classify"
	"qingyuan/internal/prevent/text/contact"
	"qingyuan/internal/prevent/text/discourse"
	"qingyuan/internal/prevent/text/lexicon"
	"qingyuan/internal/prevent/text/normal"
)

// textCommand groups what is done with texts.
type textCommand struct {
	Scan textScanCommand `cmd:"" help:"Find the terms, intents, contacts and clauses of the black/grey market in a text."`
}

// textScanCommand reads one text, or one a line, and prints what stands in it as JSON.
type textScanCommand struct {
	File    string   `arg:"" help:"Text, DOCX or PDF; - reads standard input."`
	Author  string   `default:"public" enum:"customer,operator,speech,ocr,public,agent,lender" help:"Who wrote it."`
	Lines   bool     `help:"Each line is a text of its own, and is answered by a line."`
	Lexicon []string `type:"existingfile" help:"YAML lexicon to use besides the shipped ones."`
}

// scanned is what stands in one text. Spans are bytes of it, or, of a DOCX or PDF file, of the text that was read from it.
type scanned struct {
	Line      int                   `json:"line,omitempty"`
	Format    agreement.Format      `json:"format"`
	Bytes     int                   `json:"bytes"`
	ValidUTF8 bool                  `json:"valid_utf8"`
	Truncated bool                  `json:"truncated"` // so many terms stand in it that not all are listed
	Versions  []string              `json:"versions"`
	Hits      []lexicon.Hit         `json:"hits"`
	Annex     []lexicon.Explanation `json:"annex"` // 暗语说明
	Signals   []qingyuan.Signal     `json:"signals"`
	Contacts  []foundContact        `json:"contacts"`
	Agreement *agreement.Report     `json:"agreement,omitempty"` // where clauses were found
}

type foundContact struct {
	Kind    contact.Kind  `json:"kind"`
	Value   string        `json:"value"`
	Span    qingyuan.Span `json:"span"`
	Evasive bool          `json:"evasive"`
}

// Run scans and prints.
func (c *textScanCommand) Run(ctx context.Context) error {
	r, err := newTextReader(c.Lexicon)
	if err != nil {
		return err
	}
	in := io.Reader(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return qingyuan.Wrap(qingyuan.NotFound, err, "cannot open "+c.File)
		}
		defer f.Close()
		in = f
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	if !c.Lines {
		out.SetIndent("", "  ")
		s, err := r.file(ctx, in, qingyuan.AuthorKind(c.Author))
		if err != nil {
			return err
		}
		return out.Encode(s)
	}
	lines := bufio.NewReaderSize(in, 64<<10)
	for n := 1; ; n++ {
		text, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return qingyuan.Wrap(qingyuan.CodeOf(err), err, "line "+strconv.Itoa(n))
		}
		s, err := r.scan(ctx, text, qingyuan.AuthorKind(c.Author))
		if err != nil {
			return err
		}
		s.Line, s.Format = n, agreement.PlainText
		if err := out.Encode(s); err != nil {
			return err
		}
	}
}

// readLine reads a line without its end. One that is longer than is scanned is refused before it is held.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > lexicon.MaxText {
			return "", qingyuan.FieldErrorf("text", "is longer than %d bytes", lexicon.MaxText)
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return string(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))), nil
		case errors.Is(err, io.EOF) && len(line) > 0:
			return string(line), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", err
		}
	}
}

// textReader holds all that reads a text.
type textReader struct {
	words    *lexicon.Matcher
	ways     *discourse.Detector
	intents  *classify.Detector
	contacts *contact.Reader
	clauses  *agreement.Reviewer
	files    *agreement.Extractor
}

func newTextReader(own []string) (*textReader, error) {
	views, err := normal.New()
	if err != nil {
		return nil, err
	}
	lexicons, err := lexicon.Shipped()
	if err != nil {
		return nil, err
	}
	for _, path := range own {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, qingyuan.Wrap(qingyuan.NotFound, err, "cannot read "+path)
		}
		l, err := lexicon.Parse(data)
		if err != nil {
			return nil, qingyuan.Wrap(qingyuan.CodeOf(err), err, path)
		}
		lexicons = append(lexicons, l)
	}
	r := &textReader{files: agreement.NewExtractor(30 * time.Second)}
	if r.words, err = lexicon.New(lexicon.Config{Normalizer: views, Lexicons: lexicons}); err != nil {
		return nil, err
	}
	if r.ways, err = discourse.New(views, discourse.ShippedPatterns()); err != nil {
		return nil, err
	}
	if r.intents, err = classify.NewDetector(views); err != nil {
		return nil, err
	}
	if r.contacts, err = contact.New(views); err != nil {
		return nil, err
	}
	r.clauses, err = agreement.New(views, agreement.ShippedRules())
	return r, err
}

// file reads a whole file, whatever its format.
func (r *textReader) file(ctx context.Context, in io.Reader, author qingyuan.AuthorKind) (*scanned, error) {
	var b strings.Builder
	_, err := io.Copy(&b, io.LimitReader(in, lexicon.MaxText+1))
	switch {
	case err != nil:
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the text cannot be read")
	case b.Len() > lexicon.MaxText:
		return nil, qingyuan.FieldErrorf("text", "is longer than %d MB; send it in parts, or with --lines", lexicon.MaxText>>20)
	}
	text, format := b.String(), agreement.PlainText
	if strings.HasPrefix(text, "PK\x03\x04") || strings.HasPrefix(text, "%PDF-") {
		if text, format, err = r.files.Extract(ctx, []byte(text)); err != nil {
			return nil, err
		}
	}
	s, err := r.scan(ctx, text, author)
	if err != nil {
		return nil, err
	}
	s.Format = format
	return s, nil
}

// scan reads one text.
func (r *textReader) scan(ctx context.Context, text string, author qingyuan.AuthorKind) (*scanned, error) {
	found, err := r.words.Scan(ctx, text)
	if err != nil {
		return nil, err
	}
	s := &scanned{Bytes: len(text), ValidUTF8: utf8.ValidString(text), Truncated: found.Truncated, Hits: append([]lexicon.Hit{}, found.Hits...),
		Annex: append([]lexicon.Explanation{}, r.words.Annex(found)...), Signals: append([]qingyuan.Signal{}, found.Signals(author)...), Contacts: []foundContact{}}
	ways, err := r.ways.Signals(text, author)
	if err != nil {
		return nil, err
	}
	s.Signals = append(append(s.Signals, ways...), r.intents.Signals(text, author)...)
	for _, m := range r.contacts.Read(text) {
		s.Contacts = append(s.Contacts, foundContact{m.Kind, m.Value, m.Span, m.Evasive})
	}
	report, err := r.clauses.Review(text)
	if err != nil {
		return nil, err
	}
	if len(report.Findings) > 0 {
		s.Agreement = &report
	}
	s.Versions = []string{"lexicon@" + found.Version, r.ways.Version(), r.intents.Intent.Version(), r.contacts.Version(), report.Reviewer}
	return s, nil
}
