package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/text/agreement"
	"qingyuan/internal/prevent/text/lexicon"
)

const everyday = "今天下午三点在二楼会议室开会，请带上上个月的报表，晚上一起吃饭。"

// scanText runs the real program on a text and returns what it printed, its error output and the most memory it held, in bytes.
func scanText(t *testing.T, in io.Reader, args ...string) (out []byte, problem string, memory int64) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := exec.Command(must(binary())(t), append([]string{"text", "scan"}, args...)...)
	c.Stdin, c.Stdout, c.Stderr = in, &stdout, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for {
		select {
		case err := <-ended:
			if (err != nil) != (stderr.Len() > 0) {
				t.Fatalf("%v: %s", err, &stderr)
			}
			return stdout.Bytes(), stderr.String(), memory
		case <-time.After(5 * time.Millisecond):
			memory = max(memory, mostMemory(c.Process.Pid))
		}
	}
}

// mostMemory is the most memory that a running process ever had, in bytes. What wait(2) tells of an ended one would count the
// memory of the process that started it, too.
func mostMemory(pid int) (n int64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
		fmt.Sscanf(rest, "%d", &n)
	}
	return n << 10
}

// TestScanOfHugeTexts: time and memory are bounded, and what is beyond the bounds is refused in plain words.
func TestScanOfHugeTexts(t *testing.T) {
	const size = 50_000_000
	text := strings.Repeat(everyday, size/len(everyday)) + "停西挂帐"
	start := time.Now()
	out, problem, memory := scanText(t, strings.NewReader(text), "-")
	var s scanned
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatalf("%v: %s", err, problem)
	}
	if len(s.Hits) != 1 || s.Hits[0].Span.End != len(text) || len(s.Annex) != 1 || s.Annex[0].Raw[0] != "停西挂帐" || len(s.Signals) == 0 {
		t.Errorf("%+v", s)
	}
	took := time.Since(start)
	t.Logf("%d bytes: %v, %d MB", len(text), took, memory/1e6)
	if took > 2*time.Minute || memory > 500e6 {
		t.Errorf("took %v and %d MB", took, memory/1e6)
	}
	_, problem, memory = scanText(t, io.LimitReader(endless{}, 10*lexicon.MaxText), "-")
	if !strings.Contains(problem, "is longer than 64 MB") || memory > 500e6 {
		t.Errorf("beyond the limit: %d MB, %s", memory/1e6, problem)
	}
	_, problem, memory = scanText(t, io.LimitReader(endless{}, 10*lexicon.MaxText), "-", "--lines")
	if !strings.Contains(problem, "line 1: ") || !strings.Contains(problem, "is longer than") || memory > 500e6 {
		t.Errorf("a line beyond the limit: %d MB, %s", memory/1e6, problem)
	}
}

// endless reads as spaces for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestScanLineByLine(t *testing.T) {
	lines := []string{"专业停息挂账", strings.Repeat("好", 1_000_000) + "停西挂帐", "\xff\xfe停息\u200b挂账\xc0", "", everyday}
	out, problem, _ := scanText(t, strings.NewReader(strings.Join(lines, "\n")), "-", "--lines")
	rows := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if len(rows) != len(lines) {
		t.Fatalf("%d rows for %d lines: %s", len(rows), len(lines), problem)
	}
	for i, row := range rows {
		var s scanned
		if err := json.Unmarshal(row, &s); err != nil {
			t.Fatal(err)
		}
		want := 0
		if i < 3 {
			want = 1
		}
		if s.Line != i+1 || s.Bytes != len(lines[i]) || len(s.Hits) != want || s.ValidUTF8 == (i == 2) {
			t.Errorf("line %d: %d bytes, %d hits, valid %v", s.Line, s.Bytes, len(s.Hits), s.ValidUTF8)
		}
		for _, h := range s.Hits {
			if raw := lines[i][h.Span.Start:h.Span.End]; raw != h.Raw || h.Text != "停息挂账" {
				t.Errorf("line %d: %q at %v", s.Line, raw, h.Span)
			}
		}
	}
}

func TestScanOfFiles(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, `<w:document xmlns:w="urn:w"><w:body><w:p><w:r><w:t>债务委托服务协议 第一条 乙方提供停息挂账服务。</w:t></w:r></w:p>`+
		`<w:p><w:r><w:t>第二条 甲方按减免金额的30%支付服务费，转入乙方经理个人账户。</w:t></w:r></w:p></w:body></w:document>`)
	z.Close()
	docx, own := filepath.Join(dir, "a.docx"), filepath.Join(dir, "own.yaml")
	for _, err := range []error{os.WriteFile(docx, b.Bytes(), 0o600), os.WriteFile(own, []byte("name: own\nversion: 1\ntypology: T3\nterms: [{id: own-1, term: 服务费, sense: {zh: 甲, en: a}, source: own}]"), 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	out, problem, _ := scanText(t, nil, docx, "--lexicon", own)
	var s scanned
	if err := json.Unmarshal(out, &s); err != nil || s.Format != agreement.DOCX || s.Agreement == nil || !slices.ContainsFunc(s.Annex, func(e lexicon.Explanation) bool { return e.Source == "own" }) {
		t.Errorf("%v %s: %s", err, problem, out)
	}
	if _, problem, _ := scanText(t, strings.NewReader("%PDF-1.7 broken"), "-"); problem == "" {
		t.Error("a broken PDF is read")
	}
	if code := run(ctx, []string{"text", "scan", filepath.Join(dir, "none")}); code != qingyuan.NotFound.Exit() {
		t.Errorf("a file that is not there: status %d", code)
	}
}
