package sheet_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"qingyuan"
	"qingyuan/internal/intake/sheet"
)

// all reads everything: "table: cell|cell" for each row, its error instead of the cells where it has one.
func all(raw []byte, name string, o sheet.Options) (rows []string, err error) {
	for t, err := range sheet.Tables(context.Background(), bytes.NewReader(raw), int64(len(raw)), name, o) {
		if err != nil {
			return rows, err
		}
		rows = append(rows, t.Name+": "+strings.Join(t.Header, "|"))
		for r, err := range t.Rows {
			switch {
			case err != nil:
				return rows, err
			case r.Err != nil:
				rows = append(rows, fmt.Sprintf("%d! %v", r.Line, r.Err))
			case r.Raw != nil:
				rows = append(rows, fmt.Sprintf("%d %s", r.Line, r.Raw))
			default:
				rows = append(rows, fmt.Sprintf("%d %s", r.Line, strings.Join(r.Cells, "|")))
			}
		}
	}
	return rows, nil
}

type member struct {
	name string
	body []byte
}

func zipped(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		w, err := z.Create(m.name)
		if err == nil {
			_, err = w.Write(m.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func workbook(t testing.TB, sheets ...string) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, name := range sheets {
		if i == 0 {
			f.SetSheetName("Sheet1", name)
		} else {
			f.NewSheet(name)
		}
		f.SetSheetRow(name, "A1", &[]any{"姓名", "金额", "日期"})
		f.SetSheetRow(name, "A2", &[]any{"张三", 12.5, time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)})
		f.SetSheetRow(name, "A4", &[]any{"李四"})
		f.SetSheetRow(name, "A5", &[]any{"王五", 1, 2, "beyond"})
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFormats(t *testing.T) {
	const csv = "姓名,金额\n张三,1\n\"李\n四\",2\n"
	gbk, _ := simplifiedchinese.GBK.NewEncoder().String(csv)
	utf16, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(csv)
	bare, _ := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().String("NAME,AMOUNT\nZhang San,1\n")
	type row struct {
		Name string    `parquet:"name"`
		N    int64     `parquet:"n,optional"`
		At   time.Time `parquet:"at,timestamp(millisecond)"`
		Cent int64     `parquet:"cent,decimal(2:18)"`
	}
	var pq bytes.Buffer
	w := parquet.NewGenericWriter[row](&pq)
	w.Write([]row{{"张三", 7, time.Date(2026, 11, 1, 0, 0, 0, 5e6, time.UTC), -1205}, {"李四", 0, time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), 7}})
	w.Close()
	plain := []string{"f: 姓名|金额", "2 张三|1", "3 李\n四|2"}
	for _, c := range []struct {
		name string
		raw  []byte
		o    sheet.Options
		want []string
	}{
		{"csv", []byte(csv), sheet.Options{}, plain},
		{"bom", []byte("\ufeff" + csv), sheet.Options{}, plain},
		{"gbk found", []byte(gbk), sheet.Options{}, plain},
		{"gbk declared", []byte(gbk), sheet.Options{Encoding: "gbk"}, plain},
		{"utf-16", []byte(utf16), sheet.Options{}, plain},
		{"utf-16 without mark", []byte(bare), sheet.Options{}, []string{"f: NAME|AMOUNT", "2 Zhang San|1"}},
		{"jsonl", []byte("{\"a\":1}\n\n{\"a\":2}"), sheet.Options{}, []string{"f: ", `1 {"a":1}`, `3 {"a":2}`}},
		{"parquet", pq.Bytes(), sheet.Options{}, []string{"f: name|n|at|cent", "2 张三|7|2026-11-01T00:00:00.005Z|-12.05", "3 李四||2026-11-02T00:00:00Z|0.07"}},
		{"xlsx", workbook(t, "明细"), sheet.Options{}, []string{"f/明细: 姓名|金额|日期", "2 张三|12.5|46327.5", "4 李四||", "5! invalid: there are cells beyond the columns of the header"}},
		{"xlsx, one of two", workbook(t, "a", "b"), sheet.Options{Sheet: "b"}, []string{"f/b: 姓名|金额|日期", "2 张三|12.5|46327.5", "4 李四||", "5! invalid: there are cells beyond the columns of the header"}},
		{"zip", zipped(t, member{"dir/", nil}, member{"dir/a.csv", []byte(csv)}, member{"__MACOSX/x", []byte("x")}, member{"in.zip", zipped(t, member{"b.csv", []byte(gbk)})}), sheet.Options{},
			[]string{"f/dir/a.csv: 姓名|金额", "2 张三|1", "3 李\n四|2", "f/in.zip/b.csv: 姓名|金额", "2 张三|1", "3 李\n四|2"}},
	} {
		got, err := all(c.raw, "f", c.o)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v\n got %q\nwant %q", c.name, err, got, c.want)
		}
	}
}

// TestRefused holds that what is hostile or not meant is refused, with the name and the reason.
func TestRefused(t *testing.T) {
	small := sheet.DefaultLimits()
	small.Files, small.Unpacked, small.Held, small.Row, small.Columns = 5, 3<<20, 1<<20, 1000, 10
	csv := member{"a.csv", []byte("a\n1\n")}
	nested := zipped(t, csv)
	for range 3 {
		nested = zipped(t, member{"in.zip", nested})
	}
	many := []member{}
	for i := range 6 {
		many = append(many, member{fmt.Sprint(i, ".csv"), []byte("a\n")})
	}
	with := func(raw []byte, name, body string) []byte {
		z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			t.Fatal(err)
		}
		members := []member{{name, []byte(body)}}
		for _, f := range z.File {
			r, _ := f.Open()
			b, _ := io.ReadAll(r)
			if f.Name != name {
				members = append(members, member{f.Name, b})
			}
		}
		return zipped(t, members...)
	}
	utf8 := []byte("\ufeffa\n1\n")
	for _, c := range []struct {
		name, file string
		raw        []byte
		o          sheet.Options
		want       string
	}{
		{"macro workbook by name", "x.XLSM", workbook(t, "a"), sheet.Options{}, "macros"},
		{"macro workbook by content", "x.xlsx", with(workbook(t, "a"), "xl/vbaProject.bin", "x"), sheet.Options{}, "macros"},
		{"macro workbook by type", "x.xlsx", with(workbook(t, "a"), "[Content_Types].xml", "application/vnd.ms-excel.sheet.macroEnabled.main+xml"), sheet.Options{}, "macros"},
		{"embedded object", "x.xlsx", with(workbook(t, "a"), "xl/embeddings/oleObject1.bin", "x"), sheet.Options{}, "embedded"},
		{"OLE", "x.xlsx", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on"), sheet.Options{}, "binary Office"},
		{"macro in a zip", "x.zip", zipped(t, member{"b.xlsm", workbook(t, "a")}), sheet.Options{}, "b.xlsm"},
		{"PDF", "x", []byte("%PDF-1.7"), sheet.Options{}, "format"},
		{"gzip", "x", []byte("\x1f\x8b\x08"), sheet.Options{}, "format"},
		{"two sheets", "x.xlsx", workbook(t, "a", "b"), sheet.Options{}, "2 sheets"},
		{"no such sheet", "x.xlsx", workbook(t, "a"), sheet.Options{Sheet: "c"}, `no sheet "c"`},
		{"slip", "x.zip", zipped(t, member{"../../etc/passwd", csv.body}), sheet.Options{}, "leads out"},
		{"absolute", "x.zip", zipped(t, member{"/etc/passwd", csv.body}), sheet.Options{}, "leads out"},
		{"drive", "x.zip", zipped(t, member{`C:\x`, csv.body}), sheet.Options{}, "leads out"},
		{"right to left", "x.zip", zipped(t, member{"a\u202egpj.csv", csv.body}), sheet.Options{}, "control"},
		{"twice", "x.zip", zipped(t, csv, csv), sheet.Options{}, "twice"},
		{"too deep", "x.zip", nested, sheet.Options{}, "deep"},
		{"too many", "x.zip", zipped(t, many...), sheet.Options{Limits: small}, "more than 5 files"},
		{"ratio", "x.zip", zipped(t, member{"a.csv", bytes.Repeat([]byte("a"), 2<<20)}), sheet.Options{}, "200 times"},
		{"ratio, size denied", "x.zip", lying(t, bytes.Repeat([]byte("a\n"), 2<<20)), sheet.Options{}, "is damaged"},
		{"unpacked", "x.zip", zipped(t, member{"a.csv", random(2 << 20)}, member{"b.csv", random(2 << 20)}), sheet.Options{Limits: small}, "unpacks to more"},
		{"held", "x.zip", zipped(t, member{"a.parquet", append([]byte("PAR1"), random(1<<20)...)}), sheet.Options{Limits: small}, "by itself"},
		{"overlapping", "x.zip", overlapping(t), sheet.Options{}, "overlap"},
		{"truncated", "x.zip", zipped(t, csv)[:40], sheet.Options{}, "whole zip"},
		{"bomb of a workbook", "x.xlsx", with(workbook(t, "a"), "xl/media/x.bin", strings.Repeat("a", 4<<20)), sheet.Options{}, "200 times"},
		{"columns", "x", []byte(strings.Repeat("a,", 20) + "\n"), sheet.Options{Limits: small}, "10 columns"},
		{"declared otherwise", "x", utf8, sheet.Options{Encoding: "gbk"}, "mark of utf-8"},
		{"damaged parquet", "x", append([]byte("PAR1"), random(2000)...), sheet.Options{}, "Parquet"},
		{"huge row", "x", []byte("a\n\"" + strings.Repeat("x", 70_000)), sheet.Options{Limits: small}, "1000 bytes"},
	} {
		rows, err := all(c.raw, c.file, c.o)
		if qingyuan.CodeOf(err) != qingyuan.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q (%d rows)", c.name, err, c.want, len(rows))
		}
	}
	long := "{\"a\":1}\n{\"b\":\"" + strings.Repeat("x", 5000) + "\"}\n{\"c\":1}\n"
	rows, err := all([]byte(long), "x", sheet.Options{Limits: small})
	if err != nil || len(rows) != 4 || !strings.HasPrefix(rows[2], "2! ") || rows[3] != `3 {"c":1}` {
		t.Errorf("a long line: %v %q", err, rows)
	}
}

// random is bytes that do not pack.
func random(n int) []byte {
	b, x := make([]byte, n), uint32(7)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// lying is an archive whose directory says that its only file is small.
func lying(t *testing.T, body []byte) []byte {
	t.Helper()
	raw := zipped(t, member{"a.csv", body})
	at := bytes.LastIndex(raw, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(raw[at+24:], 1<<19)
	return raw
}

// overlapping is an archive whose directory names the same bytes many times, after Fifield.
func overlapping(t *testing.T) []byte {
	t.Helper()
	body := random(10_000)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "a", CRC32: crc32.ChecksumIEEE(body), CompressedSize64: 10_000, UncompressedSize64: 10_000})
	if err == nil {
		_, err = w.Write(body)
	}
	if err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	raw := b.Bytes()
	at, end := bytes.LastIndex(raw, []byte("PK\x01\x02")), bytes.LastIndex(raw, []byte("PK\x05\x06"))
	entry := bytes.Clone(raw[at:end])
	out := bytes.Clone(raw[:at])
	for i := range 9 {
		entry[46] = 'a' + byte(i)
		out = append(out, entry...)
	}
	tail := bytes.Clone(raw[end:])
	binary.LittleEndian.PutUint16(tail[8:], 9)
	binary.LittleEndian.PutUint16(tail[10:], 9)
	binary.LittleEndian.PutUint32(tail[12:], uint32(9*len(entry)))
	return append(out, tail...)
}

func FuzzTables(f *testing.F) {
	f.Add([]byte("a,b\n1,2\n"), "x.csv")
	f.Add([]byte("{\"a\":1}\n"), "x.jsonl")
	f.Add(zipped(f, member{"a.csv", []byte("a\n1\n")}), "x.zip")
	f.Add(workbook(f, "a"), "x.xlsx")
	limits := sheet.DefaultLimits()
	limits.Unpacked, limits.Held, limits.Workbook = 4<<20, 1<<20, 4<<20
	f.Fuzz(func(t *testing.T, raw []byte, name string) {
		if len(raw) > 1<<20 {
			return
		}
		all(raw, name, sheet.Options{Limits: limits})
	})
}
