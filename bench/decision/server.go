package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	tenant  = "main"
	ruleset = "bench_mixed"
	scopes  = "events:write,decisions:write,decisions:read,lists:write"
)

// build gives the path of the server's binary: that in QINGYUAN_BIN, else one built into dir from the module this program stands in.
func build(ctx context.Context, dir string) (string, error) {
	if bin := os.Getenv("QINGYUAN_BIN"); bin != "" {
		return filepath.Abs(bin)
	}
	bin := filepath.Join(dir, "qingyuan")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", bin, "qingyuan/cmd/qingyuan")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return bin, nil
}

// server is a running server with a fresh database.
type server struct {
	cmd      *exec.Cmd
	host     string // address it listens on
	key      string // API key of the lender's system
	dir      string
	database string // PostgreSQL URL; empty for SQLite
}

// start makes the tenant and the key on a fresh database and starts the server. dir holds its data; database is a PostgreSQL URL or empty.
func start(ctx context.Context, bin, dir, database string) (*server, error) {
	s := &server{dir: dir, database: database}
	flags := []string{"--data", dir, "--log-level", "warn"}
	if database != "" {
		flags = append(flags, "--database", database)
	}
	if _, err := admin(ctx, bin, append([]string{"admin", "tenant", tenant, "--ruleset", ruleset}, flags...)); err != nil {
		return nil, err
	}
	out, err := admin(ctx, bin, append([]string{"admin", "key", "bench", "--scopes", scopes}, flags...))
	if err != nil {
		return nil, err
	}
	s.key = strings.TrimSpace(out)
	s.cmd = exec.Command(bin, append([]string{"serve", "--listen", "127.0.0.1:0"}, flags...)...)
	s.cmd.Stderr = os.Stderr
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if _, address, found := strings.Cut(lines.Text(), "listens on "); found {
			u, err := url.Parse(address)
			if err != nil {
				return nil, errors.Join(err, s.stop())
			}
			s.host = u.Host
			go func() {
				for lines.Scan() {
				}
			}()
			return s, nil
		}
	}
	return nil, errors.Join(errors.New("the server ended before it listened"), s.stop())
}

func admin(ctx context.Context, bin string, args []string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("qingyuan %s: %w: %s", strings.Join(args[:2], " "), err, &stderr)
	}
	return string(out), nil
}

// stop ends the server as an operator would.
func (s *server) stop() error {
	s.cmd.Process.Signal(syscall.SIGTERM)
	ended := make(chan error, 1)
	go func() { ended <- s.cmd.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(60 * time.Second):
		s.cmd.Process.Kill()
		return errors.New("the server did not end within a minute")
	}
}
