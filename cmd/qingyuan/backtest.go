package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/decision"
)

// backtestCommand runs a ruleset over the record and compares it with the live version.
type backtestCommand struct {
	installation

	Tenant  string `default:"main" help:"Tenant."`
	File    string `name:"ruleset" required:"" type:"existingfile" env:"-" help:"YAML file of the ruleset."`
	From    string `help:"Decide events from here on: YYYY-MM-DD in the ruleset's local time, or RFC 3339. The beginning where empty."`
	To      string `help:"Decide events before this time. The end where empty."`
	Labels  string `type:"existingfile" help:"What is known of customers or events: CSV with a header, or JSON lines, with customer_no or event, population, typology, as_of."`
	Closed  bool   `name:"closed-cases" help:"Count against the closed cases on record."`
	Decided bool   `help:"Only events that were decided when they came, without imported history."`
	JSON    bool   `name:"json" help:"Print one JSON object."`
}

// Run prints the report.
func (c *backtestCommand) Run(ctx context.Context) error {
	req, err := c.request()
	if err != nil {
		return err
	}
	p, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	if c.Closed {
		cases, err := p.labels.Cases(ctx, qingyuan.Tenant(c.Tenant))
		if err != nil {
			return err
		}
		req.Labels = append(cases, req.Labels...)
	}
	began := time.Now()
	req.Progress = func(done, total int64) {
		fmt.Fprintf(os.Stderr, "\r%d of %d (%.0f/s)", done, total, float64(done)/time.Since(began).Seconds())
	}
	report, err := p.decisions.Backtest(ctx, qingyuan.Tenant(c.Tenant), req)
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(report)
	}
	return printBacktest(report)
}

func (c *backtestCommand) request() (req decision.BacktestRequest, err error) {
	req.Decided = c.Decided
	if req.Text, err = os.ReadFile(c.File); err != nil {
		return req, err
	}
	program, problems := decision.Check(req.Text)
	if len(problems) > 0 {
		for _, p := range problems {
			fmt.Fprintf(os.Stderr, "%s:%s\n", c.File, p)
		}
		return req, qingyuan.Errorf(qingyuan.Invalid, "%d problems", len(problems))
	}
	local := time.FixedZone("", int(program.Ruleset().UTCOffset.Seconds()))
	if req.From, err = timeFlag("from", c.From, local); err != nil {
		return req, err
	}
	if req.To, err = timeFlag("to", c.To, local); err != nil || c.Labels == "" {
		return req, err
	}
	f, err := os.Open(c.Labels)
	if err != nil {
		return req, err
	}
	defer f.Close()
	req.Labels, err = decision.ReadLabels(f)
	return req, err
}

func timeFlag(name, text string, local *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, local); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, qingyuan.FieldErrorf(name, "must be YYYY-MM-DD or RFC 3339")
	}
	return t, nil
}

// printBacktest prints the report as tables.
func printBacktest(r *decision.BacktestReport) error {
	w := tabwriter.NewWriter(os.Stdout, 2, 8, 2, ' ', 0)
	row := func(name string, p decision.PairCount) { fmt.Fprintf(w, "%s\t%d\t%d\n", name, p.Candidate, p.Live) }
	fmt.Fprintf(w, "%d events of %d customers on %d days, %d erased, in %.1f s\n\n", r.Events, r.Customers, r.Days, r.Erased, r.Seconds)
	fmt.Fprintf(w, "\t%s\tlive %s\n", r.Candidate, r.Live)
	fmt.Fprintf(w, "alerts a day\t%.1f\t%.1f\n", r.AlertsPerDay.Candidate, r.AlertsPerDay.Live)
	row("customers alerted", r.Alerted)
	row("customers stopped (warn or sterner)", r.Stopped)
	row("of these with a sign of hardship", r.Hardship)
	fmt.Fprintf(w, "newly alerted\t%d\nno longer alerted\t%d\n", r.Newly, r.Relieved)
	if c := r.Cases; c != nil {
		fmt.Fprintf(w, "\n%d labels, %d with events\n", c.Labels, c.Seen)
		row("caught", c.Caught)
		row("missed", c.Missed)
		row("wrongly hurt (nothing wrong, warn or sterner)", c.Hurt)
		fmt.Fprintf(w, "\npopulation\ttypology\tcases\tflagged\tlive\tstopped\tlive\n")
		for _, g := range c.Groups {
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\n", g.Population, g.Typology, g.Cases, g.Flagged.Candidate, g.Flagged.Live, g.Stopped.Candidate, g.Stopped.Live)
		}
	}
	fmt.Fprintf(w, "\nlive\tcandidate\tevents\n")
	for _, o := range r.Outcomes {
		fmt.Fprintf(w, "%s\t%s\t%d\n", o.Live, o.Candidate, o.Events)
	}
	fmt.Fprintf(w, "\nrule\thits\tunique\tcustomers\tlive hits\tnot evaluable\tprecision\n")
	for _, u := range r.Rules {
		precision := "-"
		if u.Precision != nil {
			precision = fmt.Sprintf("%.2f of %d", *u.Precision, u.Adverse+u.Innocent)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%s\n", u.Rule, u.Hits, u.Unique, u.Customers, u.LiveHits, u.NotEvaluable, precision)
	}
	for _, v := range r.Recorded {
		if v.Decisions > 0 {
			fmt.Fprintf(w, "\n%s decided %d of these events when they came; %d come out the same\n", v.Version, v.Decisions, v.Identical)
		}
	}
	return w.Flush()
}
