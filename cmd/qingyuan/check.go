package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"qingyuan"
	publiccheck "qingyuan/internal/check"
	"qingyuan/internal/telemetry"
)

// checkCommand runs the public check: a process of its own that has no database, no keys and no data directory.
type checkCommand struct {
	Listen  string  `help:"Address to listen on." default:"127.0.0.1:8090" env:"QINGYUAN_CHECK_LISTEN"`
	Proxy   bool    `help:"Requests come through a proxy of ours only: count them by the last address of X-Forwarded-For." env:"QINGYUAN_CHECK_PROXY"`
	Rate    float64 `help:"Checks per second that one address may make." default:"0.5" env:"QINGYUAN_CHECK_RATE"`
	Burst   int     `help:"Checks that one address may make at once." default:"10" env:"QINGYUAN_CHECK_BURST"`
	Hotline string  `help:"The lender's own public hotline, shown first." env:"QINGYUAN_CHECK_HOTLINE"`
}

// Run serves until ctx ends.
func (c *checkCommand) Run(ctx context.Context) error {
	log := telemetry.Log(os.Stderr, slog.LevelInfo, false)
	s, err := publiccheck.New(publiccheck.Config{Log: log, PerSecond: c.Rate, Burst: c.Burst, BehindProxy: c.Proxy, Hotline: c.Hotline})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return qingyuan.Wrap(qingyuan.Unavailable, err, "cannot listen on "+c.Listen)
	}
	server := s.HTTP()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Printf("\nQingyuan public check listens on http://%s\n", listener.Addr())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(end); err != nil {
		server.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
