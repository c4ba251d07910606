package agreement

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"qingyuan"
)

// docx packs a document.xml.
func docx(t testing.TB, document string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, document); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func word(body string) string {
	return `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` + body + `</w:body></w:document>`
}

// makePDF writes a PDF of one page whose lines are shown in a font with a ToUnicode map, as word processors do.
func makePDF(lines []string) []byte {
	var show, chars strings.Builder
	glyph := 0
	show.WriteString("BT /F1 12 Tf 14 TL 50 780 Td\n")
	for _, line := range lines {
		show.WriteString("<")
		for _, r := range line {
			glyph++
			fmt.Fprintf(&show, "%04x", glyph)
			fmt.Fprintf(&chars, "<%04x> <", glyph)
			for _, u := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&chars, "%04x", u)
			}
			chars.WriteString(">\n")
		}
		show.WriteString("> Tj T*\n")
	}
	show.WriteString("ET")
	cmap := "/CIDInit /ProcSet findresource begin begincmap\n1 begincodespacerange <0000> <ffff> endcodespacerange\n" +
		fmt.Sprintf("%d beginbfchar\n%sendbfchar\nendcmap end", glyph, chars.String())
	return assemble([]string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R >>",
		stream(show.String()),
		"<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /ToUnicode 6 0 R >>",
		stream(cmap),
	})
}

func stream(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return fmt.Sprintf("<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream", b.Len(), b.String())
}

func assemble(objects []string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, a := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", a)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}

func TestExtract(t *testing.T) {
	x := NewExtractor(5 * time.Second)
	for _, c := range []struct {
		name   string
		file   []byte
		format Format
		want   string
	}{
		{"text", []byte("\ufeff第一条 服务"), PlainText, "第一条 服务"},
		{"docx", docx(t, word(`<w:p><w:r><w:t>第一条 </w:t></w:r><w:r><w:t>债务优化</w:t></w:r></w:p><w:p><w:r><w:delText>删去</w:delText></w:r><w:r><w:t>第二条</w:t><w:tab/><w:t>费用</w:t></w:r></w:p>`)), DOCX, "第一条 债务优化\n第二条 费用\n"},
		{"pdf", makePDF([]string{"第一条 甲方委托乙方提供债务优", "化服务。", "第二条 费用为减免金额的30%。"}), PDF, "第一条 甲方委托乙方提供债务优化服务。\n第二条 费用为减免金额的30%。"},
	} {
		got, format, err := x.Extract(t.Context(), c.file)
		if err != nil || got != c.want || format != c.format {
			t.Errorf("%s: got %q (%s), %v", c.name, got, format, err)
		}
	}
}

func TestExtractRefuses(t *testing.T) {
	x := NewExtractor(5 * time.Second)
	scan := assemble([]string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", "<< /Type /Page /Parent 2 0 R >>"})
	for name, file := range map[string][]byte{
		"an image":          []byte("\x89PNG\r\n\x1a\n\x00"),
		"too large":         make([]byte, maxFile+1),
		"a zip without xml": docxWithout(t),
		"a DOCX bomb":       docx(t, word("<w:p><w:r><w:t>"+strings.Repeat("a", 40<<20)+"</w:t></w:r></w:p>")),
		"nested XML":        docx(t, word(strings.Repeat("<w:a>", 300))),
		"cut XML":           docx(t, "<w:document><w:p>"),
		"a PDF bomb":        assemble([]string{stream(strings.Repeat("x", 80<<20))}),
		"a cut PDF":         makePDF([]string{"服务"})[:300],
		"a scanned PDF":     scan,
		"a PDF of nothing":  []byte("%PDF-1.4\n"),
	} {
		if _, _, err := x.Extract(t.Context(), file); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func docxWithout(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.Create("other.xml"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestExtractHasADeadline(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	x := NewExtractor(time.Minute)
	if _, _, err := x.Extract(ctx, makePDF([]string{"服务"})); qingyuan.CodeOf(err) != qingyuan.Unavailable {
		t.Fatalf("a cancelled reading: %v", err)
	}
	// pages that are their own parents: whatever the library does, the caller is back in time
	loop := assemble([]string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R] /Count 100 >>"})
	x = NewExtractor(200 * time.Millisecond)
	start := time.Now()
	for range maxStuck + 2 {
		if _, _, err := x.Extract(t.Context(), loop); err == nil {
			t.Fatal("a circular PDF has text")
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Fatalf("circular PDFs took %v", took)
	}
}

func FuzzExtract(f *testing.F) {
	f.Add(docx(f, word(`<w:p><w:r><w:t>第一条</w:t></w:r></w:p>`)))
	f.Add(makePDF([]string{"第一条 服务", "第二条"}))
	f.Add([]byte("服务"))
	x := NewExtractor(2 * time.Second)
	f.Fuzz(func(t *testing.T, file []byte) {
		text, _, err := x.Extract(t.Context(), file)
		if err == nil && len(text) > 8*MaxText {
			t.Fatalf("%d bytes of text", len(text))
		}
	})
}
