package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"qingyuan"
	publiccheck "qingyuan/internal/check"
	"qingyuan/internal/telemetry"
)

// checkCommand groups what checks.
type checkCommand struct {
	Serve   checkServeCommand   `cmd:"" help:"Run the public check: a process apart, without any case data."`
	Publish checkPublishCommand `cmd:"" help:"Check a publication for the public check and put it in place at once."`
	Key     checkKeyCommand     `cmd:"" help:"Make the pair of keys with which consumers' reports are sealed and read."`
	Reports checkReportsCommand `cmd:"" help:"Print the reports that consumers have handed over, one JSON object a line."`
}

// checkServeCommand runs the public check: a process of its own that has no database, no keys and no data directory.
type checkServeCommand struct {
	Listen    string  `help:"Address to listen on." default:"127.0.0.1:8090" env:"QINGYUAN_CHECK_LISTEN"`
	Proxy     bool    `help:"Requests come through a proxy of ours only: count them by the last address of X-Forwarded-For." env:"QINGYUAN_CHECK_PROXY"`
	Rate      float64 `help:"Checks per second that one address may make." default:"0.5" env:"QINGYUAN_CHECK_RATE"`
	Burst     int     `help:"Checks that one address may make at once." default:"10" env:"QINGYUAN_CHECK_BURST"`
	Hotline   string  `help:"The lender's own public hotline, shown first." env:"QINGYUAN_CHECK_HOTLINE"`
	Published string  `help:"File of what has been published for the check: lexicons, contacts of organisations. Read again when it changes." type:"path" env:"QINGYUAN_CHECK_PUBLISHED"`
	Reports   string  `help:"Directory for consumers' reports; none are taken where empty." type:"path" env:"QINGYUAN_CHECK_REPORTS"`
	ReportKey string  `help:"Public key that reports are sealed to, as 'check key' prints it." env:"QINGYUAN_CHECK_REPORT_KEY"`
}

// Run serves until ctx ends.
func (c *checkServeCommand) Run(ctx context.Context) error {
	log := telemetry.Log(os.Stderr, slog.LevelInfo, false)
	config := publiccheck.Config{Log: log, PerSecond: c.Rate, Burst: c.Burst, BehindProxy: c.Proxy, Hotline: c.Hotline}
	if c.Reports != "" {
		var err error
		if config.Reports, err = publiccheck.NewOutbox(c.Reports, c.ReportKey); err != nil {
			return err
		}
	}
	s, err := publiccheck.New(config)
	if err != nil {
		return err
	}
	if c.Published != "" {
		seen, err := publish(s, c.Published, edition{})
		if err != nil {
			return err
		}
		go watch(ctx, log, s, c.Published, seen)
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

// lookAgain is how often a publication is looked at.
const lookAgain = 2 * time.Second

// edition tells one state of a file from another.
type edition struct {
	size int64
	at   time.Time
}

// watch uses each new publication. One that cannot be used is told once and changes nothing.
func watch(ctx context.Context, log *slog.Logger, s *publiccheck.Server, path string, seen edition) {
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now, err := publish(s, path, seen)
		switch {
		case now == seen:
		case err != nil:
			log.Error("the publication cannot be used; the one before it stays", "error", err)
		default:
			log.Info("a new publication is used")
		}
		seen = now
	}
}

// publish uses the publication at path where it is not the one seen, and returns which it is.
func publish(s *publiccheck.Server, path string, seen edition) (edition, error) {
	info, err := os.Stat(path)
	if err != nil {
		return edition{size: -1}, qingyuan.Wrap(qingyuan.NotFound, err, "the publication cannot be read")
	}
	now := edition{info.Size(), info.ModTime()}
	if now == seen {
		return now, nil
	}
	p, err := readPublished(path)
	if err != nil {
		return now, err
	}
	return now, s.Publish(p)
}

func readPublished(path string) (*publiccheck.Published, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > publiccheck.MaxPublished {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "%s is larger than %d MB", path, publiccheck.MaxPublished>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.NotFound, err, "cannot read "+path)
	}
	return publiccheck.ParsePublished(data)
}

// checkPublishCommand puts a publication in place.
type checkPublishCommand struct {
	File string `arg:"" type:"existingfile" help:"YAML file: version, date, lexicons, organisations."`
	To   string `required:"" type:"path" help:"Where the public check reads it (--published)."`
}

// Run checks the file, refuses one that is not newer than what is in place, and replaces that in one step.
func (c *checkPublishCommand) Run() error {
	next, err := readPublished(c.File)
	if err != nil {
		return err
	}
	if _, err := os.Stat(c.To); err == nil {
		if old, err := readPublished(c.To); err == nil && old.Version >= next.Version {
			return qingyuan.Errorf(qingyuan.Conflict, "version %d is in place; the next one must be higher than that", old.Version)
		}
	}
	data, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	part := c.To + ".part"
	if err := os.WriteFile(part, data, 0o644); err != nil {
		return qingyuan.Wrap(qingyuan.Internal, err, "cannot write "+part)
	}
	if err := os.Rename(part, c.To); err != nil {
		return qingyuan.Wrap(qingyuan.Internal, err, "cannot write "+c.To)
	}
	fmt.Printf("version %d: %d lexicons, %d organisations\n", next.Version, len(next.Lexicons), len(next.Organisations))
	return nil
}

// checkKeyCommand makes the keys of reports.
type checkKeyCommand struct {
	Out string `required:"" type:"path" help:"File for the private key, which must not be there yet. Keep it away from the public check."`
}

// Run writes the private key and prints the public one.
func (c *checkKeyCommand) Run() error {
	private, public, err := publiccheck.NewReportKey()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return qingyuan.Wrap(qingyuan.Conflict, err, "cannot make "+c.Out)
	}
	if _, err := f.WriteString(private + "\n"); err != nil {
		f.Close()
		return err
	}
	fmt.Println(public)
	return f.Close()
}

// checkReportsCommand reads reports.
type checkReportsCommand struct {
	Dir string `arg:"" type:"existingdir" help:"Directory of the reports."`
	Key string `required:"" type:"existingfile" help:"File of the private key."`
}

// Run prints every report, the oldest first. One that cannot be read is named and fails the command at the end.
func (c *checkReportsCommand) Run() error {
	key, err := os.ReadFile(c.Key)
	if err != nil {
		return err
	}
	paths, err := filepath.Glob(filepath.Join(c.Dir, "*.report"))
	if err != nil {
		return err
	}
	var all []publiccheck.Report
	bad := 0
	for _, path := range paths {
		sealed, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		r, err := publiccheck.OpenReport(string(key), sealed)
		if err != nil {
			bad++
			fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(path), err)
			continue
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b publiccheck.Report) int { return a.At.Compare(b.At) })
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for _, r := range all {
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	if bad > 0 {
		return qingyuan.Errorf(qingyuan.Invalid, "%d of %d reports cannot be read", bad, len(paths))
	}
	return nil
}
