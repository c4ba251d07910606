package main

import (
	"bufio"
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestCheckCommandImports: the command's own file knows the public check and the log, and nothing that leads to the record.
func TestCheckCommandImports(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "check.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"qingyuan", "qingyuan/internal/check", "qingyuan/internal/telemetry"}
	for _, i := range f.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		if strings.HasPrefix(path, "qingyuan") && !slices.Contains(allowed, path) {
			t.Errorf("check.go imports %s", path)
		}
	}
}

// publicCheck is a started public check.
type publicCheck struct {
	cmd    *exec.Cmd
	url    string
	output *bytes.Buffer // standard error
}

var checkListens = regexp.MustCompile(`public check listens on (http://\S+)`)

// launchCheck starts the real program in dir, beside a data directory that nobody may read. Run by root, it becomes nobody
// first: permissions do not bind root. wrap is put in front of the command line.
func launchCheck(t *testing.T, become bool, wrap ...string) *publicCheck {
	t.Helper()
	built, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "qingyuan-check") // t.TempDir stands in a directory that is the tester's alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	path, data := filepath.Join(dir, "qingyuan"), filepath.Join(dir, "data")
	for _, err := range []error{os.WriteFile(path, program, 0o755), os.Chmod(dir, 0o755), os.Mkdir(data, 0o700),
		os.WriteFile(filepath.Join(data, "qingyuan.db"), []byte("not a database"), 0o600), os.Chmod(data, 0)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	line := append(wrap, path, "check", "serve", "--listen", "127.0.0.1:0")
	p := &publicCheck{cmd: exec.Command(line[0], line[1:]...), output: &bytes.Buffer{}}
	p.cmd.Dir = dir
	p.cmd.Env = []string{"QINGYUAN_DATA=" + data, "QINGYUAN_KEK=" + filepath.Join(data, "kek.key")}
	p.cmd.Stderr = p.output
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if become && os.Geteuid() == 0 {
		p.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL); p.cmd.Wait() })
	late := time.AfterFunc(60*time.Second, func() { syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) })
	defer late.Stop()
	for scan := bufio.NewScanner(out); scan.Scan(); {
		if m := checkListens.FindStringSubmatch(scan.Text()); m != nil {
			p.url = m[1]
			return p
		}
	}
	t.Fatal("the public check did not start")
	return nil
}

const pasted = "专业停息挂账、债务优化，不成功退全款"

// ask checks one text and wants an answer.
func (p *publicCheck) ask(t *testing.T) {
	t.Helper()
	answer, err := http.Post(p.url+"/check", "application/json", strings.NewReader(`{"text":"`+pasted+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(`"level":"risk"`)) {
		t.Fatalf("%d: %s", answer.StatusCode, body)
	}
}

// TestCheckHoldsItsListenerOnly looks at what the running process holds open, after it has answered: one listening socket, its
// standard streams, what the runtime needs, and no file.
func TestCheckHoldsItsListenerOnly(t *testing.T) {
	p := launchCheck(t, true)
	held := heldBy(t, p.cmd.Process.Pid)
	if len(held) < 4 {
		t.Skip("what a process holds open cannot be seen here")
	}
	p.ask(t)
	http.DefaultClient.CloseIdleConnections()
	proc := fmt.Sprintf("/proc/%d", p.cmd.Process.Pid)
	inherited := append(heldBy(t, os.Getpid()), held[:3]...)
	var sockets []string
	for _, target := range heldBy(t, p.cmd.Process.Pid) {
		switch {
		case slices.Contains(inherited, target): // its standard streams, and what the test itself was started with
		case strings.HasPrefix(target, "socket:["):
			sockets = append(sockets, strings.Trim(target, "socket:[]"))
		case strings.HasPrefix(target, "anon_inode:") || strings.HasPrefix(target, "/sys/fs/cgroup/"): // the runtime's poller and its share of the processor
		default:
			t.Errorf("the public check holds %s open", target)
		}
	}
	if n := listening(t, proc, sockets); n != 1 {
		t.Errorf("%d listening sockets, want its own alone", n)
	}
	syscall.Kill(p.cmd.Process.Pid, syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("it does not end well: %v", err)
	}
	if p.output.Len() > 0 {
		t.Errorf("it wrote %q", p.output)
	}
}

// heldBy lists what a process holds open, by descriptor.
func heldBy(t *testing.T, pid int) (all []string) {
	t.Helper()
	for n := range 256 {
		if target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, n)); err == nil {
			all = append(all, target)
		}
	}
	return all
}

// listening counts the sockets, by inode, that listen.
func listening(t *testing.T, proc string, sockets []string) (n int) {
	t.Helper()
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(proc + "/net/" + table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			const listen = "0A"
			if f := strings.Fields(line); len(f) > 9 && f[3] == listen && slices.Contains(sockets, f[9]) {
				n++
			}
		}
	}
	return n
}

// TestCheckOpensNoFile watches the system calls from start to answer: nothing is opened but the runtime's own view of the
// machine, nothing is written, made or connected to.
func TestCheckOpensNoFile(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("strace is missing: make setup installs it")
		}
		t.Skip("strace is missing: make setup installs it")
	}
	trace := filepath.Join(t.TempDir(), "trace")
	p := launchCheck(t, false, strace, "-f", "-o", trace, "-e", "trace=open,openat,openat2,creat,mkdir,mkdirat,connect")
	p.ask(t)
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
	p.cmd.Wait()
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	itself := regexp.MustCompile(`openat\(AT_FDCWD, "` + regexp.QuoteMeta(p.cmd.Dir) + `/qingyuan", O_RDONLY`) // a library takes the hash of the program
	system := regexp.MustCompile(`openat\(AT_FDCWD, "(/sys/|/proc/|/dev/null|/etc/ld\.so\.cache|/lib|/usr/lib|/etc/localtime|/usr/share/zoneinfo)[^"]*", O_RDONLY`)
	seen := 0
	for line := range strings.Lines(string(text)) {
		call := regexp.MustCompile(`\b(open|openat|openat2|creat|mkdir|mkdirat|connect)\(`).FindString(line)
		switch {
		case call == "":
		case system.MatchString(line) || itself.MatchString(line):
			seen++
		default:
			t.Errorf("the public check calls %s", strings.TrimSpace(line))
		}
	}
	if seen == 0 {
		t.Error("the trace is empty: nothing was watched")
	}
}

// TestCheckPublishesAndTakesReports runs the public check with a publication, replaces it, reports a text and reads the report.
func TestCheckPublishesAndTakesReports(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	term := func(version int, word string) string {
		return fmt.Sprintf("version: %d\ndate: d\nlexicons:\n  - {name: n, version: 1, typology: T3, terms: [{id: n-1, term: %s, sense: {zh: 甲, en: a}, source: own}]}", version, word)
	}
	publication, reports := filepath.Join(dir, "published.yaml"), filepath.Join(dir, "reports")
	if err := os.Mkdir(reports, 0o700); err != nil {
		t.Fatal(err)
	}
	run1 := func(args ...string) string {
		t.Helper()
		c := exec.Command(must(binary())(t), append([]string{"check"}, args...)...)
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	public := run1("key", "--out", filepath.Join(dir, "private.key"))
	run1("publish", file("1.yaml", term(1, "青鸟上岸计划")), "--to", publication)
	p := startCheck(t, "--published", publication, "--reports", reports, "--report-key", public, "--burst", "1000")
	p.finds(t, "青鸟上岸计划", true)
	p.finds(t, "金凤归巢方案", false)
	run1("publish", file("2.yaml", term(2, "金凤归巢方案")), "--to", publication)
	for end := time.Now().Add(20 * time.Second); !p.asks(t, "金凤归巢方案"); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the new publication is not used")
		}
	}
	if err := exec.Command(must(binary())(t), "check", "publish", filepath.Join(dir, "1.yaml"), "--to", publication).Run(); err == nil {
		t.Error("an older publication replaces a newer one")
	}
	answer, err := http.Post(p.url+"/report", "application/json", strings.NewReader(`{"text":"`+pasted+`","consent":true}`))
	if err != nil || answer.StatusCode != http.StatusCreated {
		t.Fatalf("%v %v", answer, err)
	}
	answer.Body.Close()
	if got := run1("reports", reports, "--key", filepath.Join(dir, "private.key")); !strings.Contains(got, pasted) || strings.Contains(got, "127.0.0.1") {
		t.Errorf("reports %s", got)
	}
}

// startCheck starts the public check with these flags.
func startCheck(t *testing.T, flags ...string) *publicCheck {
	t.Helper()
	p := &publicCheck{cmd: exec.Command(must(binary())(t), append([]string{"check", "serve", "--listen", "127.0.0.1:0"}, flags...)...), output: &bytes.Buffer{}}
	p.cmd.Stderr = p.output
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill(); p.cmd.Wait() })
	for scan := bufio.NewScanner(out); scan.Scan(); {
		if m := checkListens.FindStringSubmatch(scan.Text()); m != nil {
			p.url = m[1]
			return p
		}
	}
	t.Fatalf("the public check did not start: %s", p.output)
	return nil
}

// asks says whether a term of ours is found in the text.
func (p *publicCheck) asks(t *testing.T, text string) bool {
	t.Helper()
	answer, err := http.Post(p.url+"/check", "application/json", strings.NewReader(`{"text":"`+text+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	return bytes.Contains(body, []byte(`"n-1"`))
}

func (p *publicCheck) finds(t *testing.T, text string, want bool) {
	t.Helper()
	if p.asks(t, text) != want {
		t.Errorf("%s: found %v", text, !want)
	}
}

func must(path string, err error) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
}
