package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/client"
	"qingyuan/internal/api"
	"qingyuan/internal/intake"
	"qingyuan/internal/simulate"
	"qingyuan/testdata"
)

// demoCommand plays real and authored data through the API of a server it starts.
type demoCommand struct {
	serveCommand
	quarter
	Once    bool `help:"Exit after the report."`
	JSON    bool `name:"json" help:"Print the report as one JSON object."`
	Planted bool `default:"true" negatable:"" help:"Let a new slogan and a new template appear, be found, be confirmed and speak."`
	Workers int  `default:"32" help:"Requests at once."`
}

// demoReport is what the demo prints. Every figure of it can be counted again from the tables of the record, together with the
// truth file for governance.
type demoReport struct {
	Imported  []imported       `json:"imported"`
	Events    int64            `json:"events"`
	Decisions int64            `json:"decisions"`
	ByOutcome map[string]int64 `json:"by_outcome"`
	ByRule    []ruleCount      `json:"by_rule"`
	Latency   latency          `json:"latency_ms"`
	Replay    replayed         `json:"replay"`
	Address   string           `json:"address"`
	// Governance measures a simulated quarter against the truth that the platform never saw; absent where none was played.
	Governance *simulate.Report `json:"governance,omitempty"`
	Simulated  *imported        `json:"simulated,omitempty"`
	Planted    *plantedReport   `json:"planted,omitempty"`
}

// imported says what became of one file.
type imported struct {
	File     string `json:"file"`
	Rows     int    `json:"rows"`
	Decided  int    `json:"decided"`
	Repeated int    `json:"repeated"`
	Refused  int    `json:"refused"`
	seconds  float64
}

// latency holds quantiles of the time from an event's arrival until it was decided, in milliseconds; the commit follows.
type latency struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
}

// replayed says how many decisions came out the same when the record was decided once more.
type replayed struct {
	Decisions int `json:"decisions"`
	Identical int `json:"identical"`
}

type ruleCount struct {
	Rule  string        `json:"rule"`
	N     int64         `json:"n"`
	Title qingyuan.Text `json:"title"`
}

// Run starts the server, plays the data and prints the report; it goes on serving unless told otherwise.
func (c *demoCommand) Run(ctx context.Context) error {
	if c.LogLevel == "info" {
		c.LogLevel = "warn" // the report is what the reader came for
	}
	s, err := c.start(ctx)
	if err != nil {
		return err
	}
	report, err := c.importAll(ctx, s)
	if err == nil {
		err = c.print(report, s)
	}
	if err == nil && !c.Once {
		<-ctx.Done()
	}
	if stopped := s.stop(); err == nil {
		err = stopped
	}
	return err
}

func (c *demoCommand) importAll(ctx context.Context, s *server) (*demoReport, error) {
	secret, err := s.systemKey(ctx, api.DefaultTenant, "demo", []string{"events:write", "decisions:write"})
	if err != nil {
		return nil, err
	}
	lender, err := client.New(client.Config{URL: s.url, Key: secret})
	if err != nil {
		return nil, err
	}
	report := &demoReport{ByOutcome: map[string]int64{}, Address: s.url}
	for _, file := range []struct {
		name    string
		rows    func() (source, int, error)
		workers int
	}{
		{"authored_events.jsonl", authoredRows, 1}, // its stories are told in order
		{"uci_credit_default.csv", uciRows, c.Workers},
	} {
		if !c.Files {
			break
		}
		rows, total, err := file.rows()
		if err != nil {
			return nil, err
		}
		done, err := c.importRows(ctx, lender, file.name, rows, total, file.workers)
		if err != nil {
			return nil, err
		}
		report.Imported = append(report.Imported, *done)
	}
	if c.Days > 0 {
		p, err := c.quarter.play(ctx, lender, c.Workers, cmp.Or(c.Truth, filepath.Join(c.Data, "simulated-truth.jsonl")))
		if err != nil {
			return nil, err
		}
		report.Governance, report.Simulated = &p.report, &p.imported
		report.Imported = append(report.Imported, *report.Simulated)
	}
	if c.Planted {
		if err := c.plant(ctx, s, lender, report); err != nil {
			return nil, err
		}
	}
	return report, c.fill(ctx, s, report)
}

// source yields events, or the error of a row.
type source = iter.Seq2[[]byte, error]

// authoredRows are the authored events of every kind.
func authoredRows() (source, int, error) {
	raw, err := testdata.Files.ReadFile("authored_events.jsonl")
	if err != nil {
		return nil, 0, err
	}
	lines := bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
	return func(yield func([]byte, error) bool) {
		for _, l := range lines {
			if !yield(l, nil) {
				return
			}
		}
	}, len(lines), nil
}

// uciRows are the rows of the UCI file as a lender's applications.
func uciRows() (source, int, error) {
	raw, err := testdata.Files.ReadFile("uci_credit_default.csv")
	if err != nil {
		return nil, 0, err
	}
	mapping, err := intake.ShippedMapping("uci_credit_default")
	if err != nil {
		return nil, 0, err
	}
	return mapping.Rows(bytes.NewReader(raw)), bytes.Count(raw, []byte("\n")) - 1, nil
}

// importRows decides every row, several at once, and shows how far it is. Rows are sent in order, so that the record is
// nearly in the order of the file.
func (c *demoCommand) importRows(ctx context.Context, lender *client.Client, name string, rows source, total, workers int) (*imported, error) {
	out := &imported{File: name}
	began := time.Now()
	var mu sync.Mutex
	var failed error
	work := make(chan []byte, workers)
	var busy sync.WaitGroup
	for range workers {
		busy.Go(func() {
			for body := range work {
				d, err := lender.Decide(ctx, body)
				mu.Lock()
				switch code := qingyuan.CodeOf(err); {
				case err == nil && d.Repeated:
					out.Repeated++
				case err == nil:
					out.Decided++
				case code == qingyuan.Invalid, code == qingyuan.Conflict:
					out.Refused++
					fmt.Fprintf(os.Stderr, "\n%s: %v\n", name, err)
				default:
					failed = err
				}
				mu.Unlock()
			}
		})
	}
	bar := newProgress(os.Stderr, name, total)
	rows(func(body []byte, err error) bool {
		out.Rows++
		if err != nil {
			mu.Lock()
			out.Refused++
			mu.Unlock()
			fmt.Fprintf(os.Stderr, "\n%s: %v\n", name, err)
			return true
		}
		work <- body
		bar.show(out.Rows)
		mu.Lock()
		defer mu.Unlock()
		return failed == nil && ctx.Err() == nil
	})
	close(work)
	busy.Wait()
	bar.end(out.Rows)
	out.seconds = time.Since(began).Seconds()
	if failed == nil {
		failed = ctx.Err()
	}
	return out, failed
}

func (c *demoCommand) fill(ctx context.Context, s *server, report *demoReport) error {
	sum, err := s.decisions.Summary(ctx, api.DefaultTenant, time.UnixMicro(0), time.Now().Add(time.Minute))
	if err != nil {
		return err
	}
	live, err := s.decisions.Ruleset(ctx, api.DefaultTenant, "", 0)
	if err != nil {
		return err
	}
	titles := map[string]qingyuan.Text{}
	for _, r := range live.Program.Ruleset().Rules {
		titles[r.ID] = r.Title
	}
	report.Events, report.Decisions = sum.Events, sum.Decisions
	for o, n := range sum.ByOutcome {
		report.ByOutcome[string(o)] = n
	}
	for id, n := range sum.ByRule {
		report.ByRule = append(report.ByRule, ruleCount{id, n, titles[id]})
	}
	sort.Slice(report.ByRule, func(i, j int) bool {
		a, b := report.ByRule[i], report.ByRule[j]
		return a.N > b.N || a.N == b.N && a.Rule < b.Rule
	})
	report.Latency = latency{milliseconds(sum.P50), milliseconds(sum.P95), milliseconds(sum.P99)}
	again, err := s.decisions.Replay(ctx, api.DefaultTenant, nil)
	if err != nil {
		return err
	}
	report.Replay = replayed{again.Decisions, again.Identical}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (c *demoCommand) print(r *demoReport, s *server) error {
	if c.JSON {
		return printJSON(r)
	}
	w := bufio.NewWriter(os.Stdout)
	fmt.Fprintf(w, "\n清源 Qingyuan — 首次运行报告 / first report\n\n")
	for _, f := range r.Imported {
		fmt.Fprintf(w, "  %-24s %6d 行 rows: %d 已决策 decided, %d 重复 repeated, %d 拒收 refused, %.1f s\n", f.File, f.Rows, f.Decided, f.Repeated, f.Refused, f.seconds)
	}
	fmt.Fprintf(w, "\n  记录事件 events on record    %d\n  决策 decisions               %d\n", r.Events, r.Decisions)
	for _, o := range qingyuan.Outcomes {
		if n := r.ByOutcome[string(o)]; n > 0 {
			fmt.Fprintf(w, "    %-12s %8d\n", o, n)
		}
	}
	fmt.Fprintf(w, "\n  规则命中 rules that spoke\n")
	for _, rule := range r.ByRule {
		fmt.Fprintf(w, "    %-10s %7d  %s / %s\n", rule.Rule, rule.N, rule.Title.ZH, rule.Title.EN)
	}
	fmt.Fprintf(w, "\n  决策时延（到达至决定，%d 路并发） arrival to decision, %d at once: p50 %.2f ms, p95 %.2f ms, p99 %.2f ms\n", c.Workers, c.Workers,
		r.Latency.P50, r.Latency.P95, r.Latency.P99)
	fmt.Fprintf(w, "  重放 replay: %d / %d 一致 identical\n", r.Replay.Identical, r.Replay.Decisions)
	if r.Governance != nil {
		printGovernance(w, r.Governance)
	}
	if r.Planted != nil {
		printPlanted(w, r.Planted)
	}
	fmt.Fprintf(w, "\n  UCI 数据为真实数据；authored_events 与模拟季度为合成数据，不能说明真实世界。\n  The UCI rows are real; authored_events and the simulated quarter are synthetic and say nothing about the world.\n")
	fmt.Fprintf(w, "\n  控制台 console  %s\n", s.url)
	if s.password != "" {
		fmt.Fprintf(w, "  用户 user       %s\n  密码 password   %s   (仅显示一次 shown this once)\n", s.user, s.password)
	}
	if !c.Once {
		fmt.Fprintf(w, "\n  Ctrl-C 停止 stops.\n")
	}
	return w.Flush()
}

// progress is one line that is drawn over itself.
type progress struct {
	w     io.Writer
	name  string
	total int
	last  time.Time
}

func newProgress(w io.Writer, name string, total int) *progress {
	return &progress{w: w, name: name, total: total}
}

func (p *progress) show(done int) {
	if time.Since(p.last) < 200*time.Millisecond {
		return
	}
	p.last = time.Now()
	p.draw(done)
}

func (p *progress) draw(done int) {
	const width = 30
	filled := width
	if p.total > 0 {
		filled = min(width, width*done/p.total)
	}
	fmt.Fprintf(p.w, "\r  %-24s [%s%s] %d/%d", p.name, strings.Repeat("#", filled), strings.Repeat(".", width-filled), done, p.total)
}

func (p *progress) end(done int) {
	p.draw(done)
	fmt.Fprintln(p.w)
}
