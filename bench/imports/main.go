package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Report is what is printed.
type Report struct {
	Rows            int64   `json:"rows"`
	Bytes           int64   `json:"bytes"`
	Stored          int64   `json:"stored"`
	Refused         int64   `json:"refused"`
	Repeated        int64   `json:"repeated"`
	Counted         int64   `json:"counted_on_record"`
	Listed          int64   `json:"refused_rows_listed"`
	Kills           int     `json:"kills"`
	UploadSeconds   float64 `json:"upload_seconds"`
	DryRunSeconds   float64 `json:"dry_run_seconds"`
	RunSeconds      float64 `json:"run_seconds"` // restarts and leases of the killed included
	RowsPerSecond   float64 `json:"rows_per_second"`
	ServerCPU       float64 `json:"server_cpu_seconds"` // of processes that were not killed, and what was seen of those that were
	CPUMillis       float64 `json:"cpu_ms_per_row"`
	PeakMemoryMiB   float64 `json:"peak_memory_mib"`
	StartMemoryMiB  float64 `json:"start_memory_mib"`
	ReconciledExact bool    `json:"reconciled"`
}

type settings struct {
	rows  int64
	kills int
	dir   string
}

func main() {
	var s settings
	flag.Int64Var(&s.rows, "rows", 1_000_000, "rows of the file")
	flag.IntVar(&s.kills, "kills", 3, "how often the server is killed")
	flag.StringVar(&s.dir, "dir", "", "where to work; a temporary directory where empty")
	flag.Parse()
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "qingyuan-imports")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		defer os.RemoveAll(dir)
		s.dir = dir
	}
	report, err := s.run(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(report)
}

const mapping = `
version: 1
name: bench_loans
kind: loan.drawn
source: /import/bench
id: "loan-{loan}"
time: {column: at, layout: "2006-01-02 15:04:05"}
fields:
  - {field: loan_no, column: loan}
  - {field: customer_no, column: customer}
  - {field: name, column: name}
  - {field: phone, column: phone}
  - {field: device_id, column: device}
  - {field: amount, column: amount, unit: yuan}
`

// write makes the file: every twentieth row is bad, in one of three ways.
func (s settings) write(path string) (size int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "loan,customer,name,phone,device,amount,at")
	at := time.Now().Add(-72 * time.Hour).Format("2006-01-02")
	for i := range s.rows {
		amount, cells := "1000.50", ""
		if i%20 == 7 {
			switch i / 20 % 3 {
			case 0:
				amount = "一千"
			case 1:
				amount = "1.005"
			case 2:
				cells = ",more"
			}
		}
		fmt.Fprintf(w, "L%d,C%d,张三,138%08d,device-%06d,%s,%s %02d:%02d:%02d%s\n", i, i%50_000, i%80_000, i%30_000, amount, at, i/3600%24, i/60%60, i%60, cells)
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		return 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// bad is the number of rows that must be refused.
func (s settings) bad() int64 { return (s.rows + 12) / 20 }

// server is the running program.
type server struct {
	cmd *exec.Cmd
	url string
}

var listens = regexp.MustCompile(`listens on (http://\S+)`)

func (s settings) binary() string { return filepath.Join(s.dir, "qingyuan") }
func (s settings) flags() []string {
	return []string{"--data", filepath.Join(s.dir, "data"), "--log-level", "error", "--job-lease", "2s"}
}

func (s settings) start() (*server, error) {
	cmd := exec.Command(s.binary(), append([]string{"serve", "--listen", "127.0.0.1:0"}, s.flags()...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for scan := bufio.NewScanner(out); scan.Scan(); {
		if m := listens.FindStringSubmatch(scan.Text()); m != nil {
			go io.Copy(io.Discard, out)
			return &server{cmd, m[1]}, nil
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	return nil, fmt.Errorf("the server did not start: %s", errs.String())
}

// end stops the server with a signal and waits for it; cpu is what it has used.
func (v *server) end(sig os.Signal) (cpu float64) {
	v.cmd.Process.Signal(sig)
	v.cmd.Wait()
	state := v.cmd.ProcessState
	return (state.UserTime() + state.SystemTime()).Seconds()
}

// memory reads a size of /proc/PID/status in MiB.
func (v *server) memory(name string) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.cmd.Process.Pid))
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, name+":"); found {
			n, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return n / 1024
		}
	}
	return 0
}

// caller asks the API.
type caller struct {
	url, key string
}

type view struct {
	ID     string                        `json:"id"`
	State  string                        `json:"state"`
	Error  string                        `json:"error"`
	Dry    struct{ Rows, Refused int64 } `json:"dry_run"`
	Result struct{ Rows, Stored, Repeated, Refused int64 }
	Count  int64 `json:"counted"`
}

func (c caller) ask(method, path string, body io.Reader, out any) error {
	req, err := http.NewRequest(method, c.url+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
		return fmt.Errorf("%s %s: %s %s", method, path, resp.Status, text)
	}
	if lines, count := out.(*int64); count {
		for scan := bufio.NewScanner(resp.Body); scan.Scan(); {
			*lines++
		}
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// until asks for the import until it has left the state or has reached the rows; it gives up after the context.
func (c caller) until(ctx context.Context, id, state string, rows int64) (v view, err error) {
	for {
		if err := c.ask("GET", "/v1/imports/"+id, nil, &v); err != nil {
			return v, err
		}
		if v.State != state || v.Result.Rows >= rows {
			return v, nil
		}
		select {
		case <-ctx.Done():
			return v, fmt.Errorf("the import stays %s at row %d", v.State, v.Result.Rows)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s settings) run(ctx context.Context) (*Report, error) {
	r := &Report{Rows: s.rows, Kills: s.kills}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", s.binary(), "qingyuan/cmd/qingyuan").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w\n%s", err, out)
	}
	file := filepath.Join(s.dir, "loans.csv")
	var err error
	if r.Bytes, err = s.write(file); err != nil {
		return nil, err
	}
	v, err := s.start() // makes the tenant
	if err != nil {
		return nil, err
	}
	r.ServerCPU += v.end(syscall.SIGTERM)
	args := append([]string{"admin", "key", "bench", "--scopes", "imports:read,imports:write"}, s.flags()...)
	key, err := exec.CommandContext(ctx, s.binary(), args...).Output()
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	if v, err = s.start(); err != nil {
		return nil, err
	}
	defer func() { v.end(syscall.SIGKILL) }()
	r.StartMemoryMiB = v.memory("VmRSS")
	c := caller{v.url, strings.TrimSpace(string(key))}
	id, err := s.check(ctx, c, file, r)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	for n := range s.kills {
		if _, err := c.until(ctx, id, "running", s.rows*int64(n+1)/int64(s.kills+1)); err != nil {
			return nil, err
		}
		r.PeakMemoryMiB = max(r.PeakMemoryMiB, v.memory("VmHWM"))
		r.ServerCPU += v.end(syscall.SIGKILL)
		if v, err = s.start(); err != nil {
			return nil, err
		}
		c.url = v.url
	}
	done, err := c.until(ctx, id, "running", s.rows+1)
	if err != nil {
		return nil, err
	}
	r.RunSeconds = time.Since(began).Seconds()
	r.PeakMemoryMiB = max(r.PeakMemoryMiB, v.memory("VmHWM"))
	if err := c.ask("GET", "/v1/imports/"+id+"/refused", nil, &r.Listed); err != nil {
		return nil, err
	}
	r.Listed-- // the header
	r.ServerCPU += v.end(syscall.SIGTERM)
	r.Stored, r.Refused, r.Repeated, r.Counted = done.Result.Stored, done.Result.Refused, done.Result.Repeated, done.Count
	r.RowsPerSecond, r.CPUMillis = float64(s.rows)/r.RunSeconds, r.ServerCPU*1000/float64(s.rows)
	r.ReconciledExact = done.State == "done" && done.Result.Rows == s.rows && r.Refused == s.bad() && r.Stored == s.rows-s.bad() && r.Repeated == 0 && r.Counted == r.Stored && r.Listed == r.Refused
	if !r.ReconciledExact {
		return nil, fmt.Errorf("the figures do not meet: %+v, %+v", done, r)
	}
	return r, nil
}

// check publishes the mapping, sends the file, waits for the dry run and confirms it.
func (s settings) check(ctx context.Context, c caller, file string, r *Report) (id string, err error) {
	text, err := json.Marshal(map[string]string{"text": mapping})
	if err != nil {
		return "", err
	}
	var v view
	if err := c.ask("POST", "/v1/mappings", bytes.NewReader(text), &v); err != nil {
		return "", err
	}
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	began := time.Now()
	if err := c.ask("POST", "/v1/imports?name=loans.csv&mapping=bench_loans", f, &v); err != nil {
		return "", err
	}
	r.UploadSeconds = time.Since(began).Seconds()
	began = time.Now()
	if v, err = c.until(ctx, v.ID, "checking", s.rows); err != nil {
		return "", err
	}
	r.DryRunSeconds = time.Since(began).Seconds()
	if v.State != "checked" || v.Dry.Rows != s.rows || v.Dry.Refused != s.bad() {
		return "", fmt.Errorf("dry run: %+v, want %d bad rows", v, s.bad())
	}
	return v.ID, c.ask("POST", "/v1/imports/"+v.ID+"/confirm", strings.NewReader(fmt.Sprintf(`{"refused":%d}`, v.Dry.Refused)), &v)
}
