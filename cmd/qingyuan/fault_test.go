package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/api"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

var ctx = context.Background()

// binary builds the program once for all tests of this file.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "qingyuan-fault")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "qingyuan")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %v\n%s", err, out)
	}
	return path, nil
})

// running is a started server.
type running struct {
	cmd *exec.Cmd
	url string
}

var listens = regexp.MustCompile(`listens on (http://\S+)`)

// launch starts the real program and waits until it listens. wrap is put in front of the command line.
func launch(t *testing.T, args []string, wrap ...string) *running {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	line := append(append(wrap, path, "serve", "--listen", "127.0.0.1:0", "--log-level", "error"), args...)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); cmd.Wait() })
	found := make(chan string, 1)
	go func() {
		scan := bufio.NewScanner(out)
		for scan.Scan() {
			if m := listens.FindStringSubmatch(scan.Text()); m != nil {
				found <- m[1]
			}
		}
		close(found)
	}()
	select {
	case url := <-found:
		if url == "" {
			cmd.Wait()
			t.Fatalf("the server did not start: %s", errs.String())
		}
		return &running{cmd, url}
	case <-time.After(60 * time.Second):
		t.Fatalf("the server does not listen: %s", errs.String())
	}
	return nil
}

// newKey makes an API key while no server runs; without scopes it may do what a lender's system does.
func newKey(t *testing.T, args []string, scopes ...string) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	launch(t, args).stop(t)
	line := append([]string{"admin", "key", "test"}, args...)
	if len(scopes) > 0 {
		line = append(line, "--scopes", strings.Join(scopes, ","))
	}
	out, err := exec.Command(path, line...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func (r *running) stop(t *testing.T) {
	t.Helper()
	r.cmd.Process.Signal(syscall.SIGTERM)
	if err := r.cmd.Wait(); err != nil {
		t.Fatalf("stop: %v", err)
	}
}

// send posts one loan and returns the status, 0 where there was no answer.
func send(client *http.Client, url, key, id string) int {
	body := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/fault","type":"loan.drawn","time":%q,"data":{"customer_no":"C%d","loan_no":%q,"amount":%d,"device_id":"device-%04d","phone":"1380013%04d"}}`,
		id, time.Now().UTC().Format(time.RFC3339Nano), rand.IntN(500), id, 1000+rand.IntN(1e6), rand.IntN(50), rand.IntN(80))
	req, err := http.NewRequest("POST", url+"/v1/decisions", strings.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	var v struct {
		ID string `json:"id"`
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode == 200 && json.Unmarshal(text, &v) != nil {
		return 0
	}
	return resp.StatusCode
}

// load sends loans from several clients until stop is closed and returns the ids that were acknowledged.
func load(url, key, prefix string, stop <-chan struct{}) []string {
	var mu sync.Mutex
	var acknowledged []string
	var wg sync.WaitGroup
	for c := range 8 {
		wg.Go(func() {
			client := &http.Client{Timeout: 10 * time.Second}
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprintf("%s-%d-%d", prefix, c, n)
				if send(client, url, key, id) == 200 {
					mu.Lock()
					acknowledged = append(acknowledged, id)
					mu.Unlock()
				} else {
					time.Sleep(5 * time.Millisecond)
				}
			}
		})
	}
	wg.Wait()
	return acknowledged
}

// check opens the record and proves: every acknowledged event is there once, the outbox has no gap, every decision
// replays the same, and the windows that a restart makes equal a rebuild.
func check(t *testing.T, in installation, acknowledged []string) {
	t.Helper()
	in.LogLevel = "error"
	p, err := in.open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	count := map[string]int{}
	err = p.db.Read(ctx, api.DefaultTenant, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT external_id FROM event WHERE tenant = $1`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			count[id]++
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
		var n, last, first int64
		if _, err := tx.Get(`SELECT count(*), max(seq), min(seq) FROM outbox WHERE tenant = $1`, nil, &n, &last, &first); err != nil {
			return err
		}
		if first != 1 || last != n {
			t.Errorf("the outbox holds %d entries from seq %d to %d", n, first, last)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	lost := 0
	for _, id := range acknowledged {
		if count[id] != 1 {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d acknowledged events are not there exactly once", lost, len(acknowledged))
	}
	if err := p.decisions.Open(ctx, api.DefaultTenant); err != nil {
		t.Fatal(err)
	}
	if err := p.decisions.Verify(ctx, api.DefaultTenant); err != nil {
		t.Error(err)
	}
	report, err := p.decisions.Replay(ctx, api.DefaultTenant, nil)
	if err != nil {
		t.Fatal(err)
	}
	if report.Identical != report.Decisions {
		t.Errorf("%d of %d decisions replay the same: %+v", report.Identical, report.Decisions, report.Differences[0])
	}
	t.Logf("%d acknowledged, %d on record, all replayed the same", len(acknowledged), report.Events)
}

// TestKill kills the server twenty times under load, without warning.
func TestKill(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			in := installation{Data: t.TempDir()}
			kills := 20
			if engine == "postgres" {
				in.Database = storetest.PostgresURL(t)
				kills = 5
			}
			args := []string{"--data", in.Data, "--database", in.Database}
			key := newKey(t, args)
			var acknowledged []string
			for k := range kills {
				r := launch(t, append(args, "--snapshot-every", "100ms"))
				stop := make(chan struct{})
				done := make(chan []string, 1)
				go func() { done <- load(r.url, key, fmt.Sprint("k", k), stop) }()
				time.Sleep(time.Duration(150+rand.IntN(250)) * time.Millisecond)
				r.cmd.Process.Kill()
				r.cmd.Wait()
				close(stop)
				acknowledged = append(acknowledged, <-done...)
			}
			if len(acknowledged) < kills {
				t.Fatalf("only %d events were acknowledged: the test proves nothing", len(acknowledged))
			}
			check(t, in, acknowledged)
		})
	}
}

// TestPostgresRestart restarts PostgreSQL as a crash would, under load, three times: the service refuses meanwhile,
// recovers by itself, and nothing acknowledged is lost.
func TestPostgresRestart(t *testing.T) {
	storetest.PostgresURL(t) // skips or fails where there is no PostgreSQL
	script, err := filepath.Abs("../../scripts/postgres.sh")
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprint("fault-", os.Getpid())
	postgres := func(action string) string {
		cmd := exec.Command(script, action, name)
		cmd.Env = append(os.Environ(), "QINGYUAN_POSTGRES_FSYNC=on")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", action, err)
		}
		return strings.TrimSpace(string(out))
	}
	url := postgres("start")
	defer exec.Command(script, "stop", name).Run()
	in := installation{Data: t.TempDir(), Database: url}
	args := []string{"--data", in.Data, "--database", url}
	key := newKey(t, args)
	r := launch(t, args)
	stop := make(chan struct{})
	done := make(chan []string, 1)
	go func() { done <- load(r.url, key, "p", stop) }()
	for range 3 {
		time.Sleep(400 * time.Millisecond)
		postgres("restart")
	}
	client := &http.Client{Timeout: 5 * time.Second}
	recovered := false
	for try := 0; try < 50 && !recovered; try++ {
		recovered = send(client, r.url, key, fmt.Sprint("after-", try)) == 200
		time.Sleep(100 * time.Millisecond)
	}
	close(stop)
	acknowledged := <-done
	if !recovered {
		t.Error("the service does not recover")
	}
	r.stop(t)
	check(t, in, acknowledged)
}

// TestSyncBeforeResponse watches the system calls: between a request's arrival and its answer the log of the database
// is forced to disk.
func TestSyncBeforeResponse(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("strace is missing: make setup installs it")
		}
		t.Skip("strace is missing: make setup installs it")
	}
	dir := t.TempDir()
	args := []string{"--data", dir}
	key := newKey(t, args)
	trace := filepath.Join(dir, "trace")
	r := launch(t, args, strace, "-f", "-o", trace, "-s", "64", "-e", "trace=read,write,fsync,fdatasync")
	client := &http.Client{Timeout: 10 * time.Second}
	const requests = 20
	for n := range requests {
		if status := send(client, r.url, key, fmt.Sprint("s", n)); status != 200 {
			t.Fatalf("request %d: %d", n, status)
		}
	}
	syscall.Kill(-r.cmd.Process.Pid, syscall.SIGTERM) // strace itself passes over it and ends with the program
	r.cmd.Wait()
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	answered, synced, open := 0, false, false
	for _, line := range strings.Split(string(text), "\n") {
		switch {
		case strings.Contains(line, `OST /v1/decisions`): // the first byte may be read apart
			open, synced = true, false
		case strings.Contains(line, "fsync(") || strings.Contains(line, "fdatasync("):
			synced = true
		case strings.Contains(line, `"HTTP/1.1 200`) && open:
			open = false
			answered++
			if !synced {
				t.Errorf("answer %d went out before the database was forced to disk", answered)
			}
		}
	}
	if answered != requests {
		t.Errorf("saw %d of %d answers in the trace", answered, requests)
	}
}

// TestWrongKEK starts with another key: the program refuses, says why, and damages nothing.
func TestWrongKEK(t *testing.T) {
	dir := t.TempDir()
	args := []string{"--data", dir}
	key := newKey(t, args)
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.key")
	out, err := exec.Command(path, "serve", "--data", dir, "--listen", "127.0.0.1:0", "--kek", other).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != qingyuan.NotFound.Exit() || !strings.Contains(string(out), "is missing") {
		t.Fatalf("a key file that is not there: %v: %s", err, out)
	}
	if out, err := exec.Command(path, "admin", "keys", "make", other).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err = exec.Command(path, "serve", "--data", dir, "--listen", "127.0.0.1:0", "--kek", other).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != qingyuan.Invalid.Exit() || !strings.Contains(string(out), "does not open this database") {
		t.Fatalf("%v: %s", err, out)
	}
	r := launch(t, args)
	if status := send(&http.Client{Timeout: 5 * time.Second}, r.url, key, "after"); status != 200 {
		t.Fatalf("with the right key again: %d", status)
	}
}
