package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"qingyuan"
	"qingyuan/internal/improve/tuning"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/prevent/model"
)

// trainRecordCommand trains from the record and judges out of time.
type trainRecordCommand struct {
	installation
	Tenant     string `default:"main" help:"Tenant."`
	Target     string `required:"" help:"What to foresee: agent_complaint, forged_proof, agent_first_payment_default, or one of your own."`
	Targets    string `type:"existingfile" help:"File of targets; those that ship with the product where empty."`
	File       string `name:"ruleset" required:"" type:"existingfile" env:"-" help:"YAML file of a ruleset that declares the model."`
	Model      string `required:"" help:"Id of the model in the ruleset: its kinds of event are scored, its inputs are the columns."`
	From       string `help:"Train on events from here on: YYYY-MM-DD or RFC 3339."`
	Cutoff     string `required:"" help:"Train on what was known here; judge on events after it."`
	To         string `help:"Judge by what was known here; now where empty."`
	Analysts   int    `default:"2" help:"How many people look at alerts."`
	PerDay     int    `default:"10" help:"How many alerts one of them can look at in a day."`
	Out        string `type:"path" help:"Directory for the model."`
	Table      string `type:"path" help:"Write the training table to this CSV file."`
	Add        bool   `help:"Keep the model, so that a ruleset can name it."`
	Seed       uint64 `default:"1" help:"Seed of everything random."`
	Fast       bool   `help:"A smaller search and a single booster."`
	AllowLeaky bool   `help:"Train on columns that look as if they knew the future."`
	JSON       bool   `name:"json" help:"Print one JSON object."`
}

// Run trains, judges, and prints the report.
func (c *trainRecordCommand) Run(ctx context.Context) error {
	req, err := c.request()
	if err != nil {
		return err
	}
	p, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	on, tenant := tuning.Config{DB: p.db, Events: p.events, Decisions: p.decisions, Labels: p.labels}, qingyuan.Tenant(c.Tenant)
	if c.Table != "" {
		if err := c.table(ctx, on, tenant, req); err != nil {
			return err
		}
	}
	a, report, err := tuning.Train(ctx, on, tenant, req)
	if err != nil {
		if report != nil {
			printRecord(report)
		}
		return err
	}
	if c.Out != "" {
		if err := a.Save(c.Out); err != nil {
			return err
		}
	}
	if c.Add {
		if err := c.add(ctx, p, a); err != nil {
			return err
		}
	}
	if c.JSON {
		return printJSON(report)
	}
	return printRecord(report)
}

func (c *trainRecordCommand) request() (req tuning.Request, err error) {
	targets, err := tuning.ShippedTargets()
	if c.Targets != "" {
		text, failed := os.ReadFile(c.Targets)
		if failed != nil {
			return req, failed
		}
		targets, err = tuning.ReadTargets(text)
	}
	if err != nil {
		return req, err
	}
	req = tuning.Request{Model: c.Model, Analysts: c.Analysts, PerDay: c.PerDay, Seed: c.Seed, Fast: c.Fast, AllowLeaky: c.AllowLeaky,
		Progress: func(step string) { fmt.Fprintln(os.Stderr, step) }}
	for _, t := range targets {
		if t.ID == c.Target {
			req.Target = t
		}
	}
	if req.Target.ID == "" {
		return req, qingyuan.FieldErrorf("target", "there is no target %q", c.Target)
	}
	if req.Ruleset, err = os.ReadFile(c.File); err != nil {
		return req, err
	}
	program, problems := decision.Check(req.Ruleset)
	if len(problems) > 0 {
		return req, qingyuan.FieldErrorf("ruleset", "%s", problems[0])
	}
	local := time.FixedZone("", int(program.Ruleset().UTCOffset.Seconds()))
	for name, at := range map[string]struct {
		text string
		to   *time.Time
	}{"from": {c.From, &req.From}, "cutoff": {c.Cutoff, &req.Cutoff}, "to": {c.To, &req.To}} {
		if *at.to, err = timeFlag(name, at.text, local); err != nil {
			return req, err
		}
	}
	return req, nil
}

func (c *trainRecordCommand) table(ctx context.Context, on tuning.Config, tenant qingyuan.Tenant, req tuning.Request) error {
	tables, _, err := tuning.Prepare(ctx, on, tenant, req)
	if err != nil {
		return err
	}
	f, err := os.Create(c.Table)
	if err != nil {
		return err
	}
	if err := tuning.WriteCSV(f, tables.Train); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func (c *trainRecordCommand) add(ctx context.Context, p *platform, a *model.Artefact) error {
	archive, err := a.Archive()
	if err != nil {
		return err
	}
	_, _, err = p.models.Add(ctx, qingyuan.Tenant(c.Tenant), qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "operator"}, archive, "trained from the record: "+c.Target)
	return err
}

// printRecord prints the report as tables.
func printRecord(r *tuning.Report) error {
	w := tabwriter.NewWriter(os.Stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintf(w, "%s by %s of %s: %d rows; %d of %d decided by this version come out identical\n", r.Target, r.Model, r.Rows.Ruleset, r.Rows.Rows, r.Rows.Identical, r.Rows.Decided)
	fmt.Fprintf(w, "not mature %d, known before %d, median delay %.1f days\n\n", r.Immature, r.KnownBefore, r.MedianDelay)
	for name, s := range map[string]tuning.Split{"train": r.Train, "test": r.Test} {
		fmt.Fprintf(w, "%s\t%d rows\t%d positives\t%.2f %%\t%.0f days\n", name, s.Rows, s.Positives, 100*s.Rate, s.Days)
	}
	if r.OutOfFold != nil {
		fmt.Fprintf(w, "out of fold\tAUC %.4f\tKS %.4f\tAP %.4f\n", r.OutOfFold.AUC, r.OutOfFold.KS, r.OutOfFold.AP)
	}
	if m, c := r.OutOfTime, r.Capacity; m != nil && c != nil {
		fmt.Fprintf(w, "out of time\tAUC %.4f\tKS %.4f\tAP %.4f\tPSI %.3f\n\n", m.AUC, m.KS, m.AP, r.PSI)
		fmt.Fprintf(w, "%d analysts, %d a day each: %d alerts (%.1f per analyst-day), PPV %.3f (by chance %.3f), recall %.3f\n\n", c.Analysts, c.PerDay, c.Alerts, c.PerAnalyst, c.PPV, c.PPVByChance, c.Recall)
		fmt.Fprintf(w, "from probability\talerts\tper analyst-day\tPPV\trecall\n")
		for _, t := range r.Thresholds {
			fmt.Fprintf(w, "%.2f\t%d\t%.2f\t%.3f\t%.3f\n", t.Probability, t.Alerts, t.PerAnalyst, t.PPV, t.Recall)
		}
	} else {
		fmt.Fprintf(w, "no positives after the cutoff: not judged\n")
	}
	fmt.Fprintf(w, "model %s\n", r.Version)
	return w.Flush()
}
