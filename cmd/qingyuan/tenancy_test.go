package main

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"qingyuan/internal/store/storetest"
)

// until sends loans until one is answered with want, and returns how long that took.
func (r *running) until(t *testing.T, key, prefix string, want int) time.Duration {
	t.Helper()
	began := time.Now()
	client := &http.Client{Timeout: 5 * time.Second}
	for n := 0; time.Since(began) < 30*time.Second; n++ {
		if send(client, r.url, key, fmt.Sprint(prefix, "-", n)) == want {
			return time.Since(began)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s: no answer %d within 30 s", prefix, want)
	return 0
}

// during loads a server for a while.
func (r *running) during(key, prefix string, d time.Duration, end func()) []string {
	stop, done := make(chan struct{}), make(chan []string, 1)
	go func() { done <- load(r.url, key, prefix, stop) }()
	time.Sleep(d)
	end()
	close(stop)
	return <-done
}

// TestTakeOver runs two servers on one PostgreSQL database: the second refuses to decide while the first one lives, takes
// over when it is killed, when it hangs and when it stops, and nothing that either acknowledged is lost.
func TestTakeOver(t *testing.T) {
	dir := t.TempDir()
	in := installation{Data: filepath.Join(dir, "a"), Database: storetest.PostgresURL(t), KEK: filepath.Join(dir, "kek.key")}
	at := func(name string) []string {
		return []string{"--data", filepath.Join(dir, name), "--database", in.Database, "--kek", in.KEK}
	}
	key := newKey(t, at("a"))
	const lease = time.Second
	serve := func(name string) *running { return launch(t, append(at(name), "--lease", lease.String())) }
	kill := func(r *running) func() { return func() { r.cmd.Process.Kill(); r.cmd.Wait() } }
	client := &http.Client{Timeout: 5 * time.Second}
	var acknowledged []string

	a := serve("a")
	b := serve("b")
	if out, err := serveAgain(t, at("a")); err == nil || !strings.Contains(out, "data directory of its own") {
		t.Errorf("two servers in one data directory: %v\n%s", err, out)
	}
	req, err := http.NewRequest("POST", b.url+"/v1/decisions", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	if resp, err := client.Do(req); err != nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Fatalf("the second server: %v %v", resp, err)
	}

	// Killed: the other takes over once the lease has run out.
	acknowledged = append(acknowledged, a.during(key, "a1", 300*time.Millisecond, kill(a))...)
	t.Logf("after a kill, %s", b.until(t, key, "b1", 200).Round(time.Millisecond))

	// Killed and started again in its data directory: at once, before any other server can.
	acknowledged = append(acknowledged, b.during(key, "b2", 300*time.Millisecond, kill(b))...)
	b = serve("b")
	if took := b.until(t, key, "b3", 200); took > lease {
		t.Errorf("a restart took %s to decide again", took)
	}

	// Hangs: the other takes over; what the first one says when it comes back is refused, though its own memory says it may.
	a = serve("a")
	if status := send(client, a.url, key, "early"); status != 503 {
		t.Fatalf("a standby decides: %d", status)
	}
	syscall.Kill(b.cmd.Process.Pid, syscall.SIGSTOP)
	t.Logf("after a hang, %s", a.until(t, key, "a2", 200).Round(time.Millisecond))
	acknowledged = append(acknowledged, a.during(key, "a3", 200*time.Millisecond, func() {})...)
	syscall.Kill(b.cmd.Process.Pid, syscall.SIGCONT)
	for n := range 20 {
		if status := send(client, b.url, key, fmt.Sprint("stale-", n)); status != 503 {
			t.Errorf("a server that hung and came back decides: %d", status)
		}
	}

	// Stopped: it gives its lease back, and the other need not wait until it has run out.
	acknowledged = append(acknowledged, a.during(key, "a4", 200*time.Millisecond, func() { a.stop(t) })...)
	b.until(t, key, "b4", 200)
	acknowledged = append(acknowledged, b.during(key, "b5", 200*time.Millisecond, func() { b.stop(t) })...)
	if len(acknowledged) < 50 {
		t.Fatalf("only %d events were acknowledged: the test proves nothing", len(acknowledged))
	}
	check(t, in, acknowledged)
}

// serveAgain starts a server that is not expected to live, and returns what it says.
func serveAgain(t *testing.T, args []string) (string, error) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, append([]string{"serve", "--listen", "127.0.0.1:0", "--log-level", "error"}, args...)...).CombinedOutput()
	return string(out), err
}
