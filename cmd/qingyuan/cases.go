package main

import (
	"context"
	"fmt"
	"os"

	"qingyuan"
	"qingyuan/internal/improve/label"
)

// casesCommand imports a lender's closed cases.
type casesCommand struct {
	installation
	Tenant string `default:"main" help:"Tenant."`
	File   string `arg:"" type:"existingfile" help:"CSV with a header, or JSON lines: case_no, customer_no or event, disposition, typology, population, opened_on, closed_on."`
	Source string `default:"case-desk" help:"The lender's system they come from."`
	DryRun bool   `help:"Only look: what is wrong, and how many customers are known."`
}

// Run imports the file and prints the report. Where a line is wrong nothing is imported.
func (c *casesCommand) Run(ctx context.Context) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	p, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	operator := qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "operator"}
	report, err := p.labels.Import(ctx, qingyuan.Tenant(c.Tenant), operator, label.Import{Source: c.Source, In: f, DryRun: c.DryRun})
	if err != nil {
		return err
	}
	for _, e := range report.Errors {
		fmt.Fprintf(os.Stderr, "%s:%d: %s: %s\n", c.File, e.Line, e.Column, e.Message.EN)
	}
	report.Errors = report.Errors[:0]
	if err := printJSON(report); err != nil {
		return err
	}
	if report.Wrong > 0 && !c.DryRun {
		return qingyuan.Errorf(qingyuan.Invalid, "%d lines are wrong; nothing was imported", report.Wrong)
	}
	return nil
}
