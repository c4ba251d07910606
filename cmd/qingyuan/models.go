package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"qingyuan"
	"qingyuan/internal/prevent/model"
	"qingyuan/internal/prevent/text/classify"
	"qingyuan/internal/prevent/text/lexicon"
	"qingyuan/internal/prevent/text/normal"
	"qingyuan/internal/telemetry"
)

// trainCommand groups what can be trained.
type trainCommand struct {
	Model  trainModelCommand  `cmd:"" help:"Boosted trees on a table (needs libxgboost)."`
	Record trainRecordCommand `cmd:"" help:"A model from the record, judged out of time (needs libxgboost)."`
	Text   trainTextCommand   `cmd:"" help:"A text classifier on labelled texts."`
}

type trainModelCommand struct {
	Data       string `required:"" type:"existingfile" help:"CSV file with a header line."`
	Target     string `required:"" help:"Column that holds 0 and 1."`
	ID         string `name:"id" help:"Column that says whom a row is about: never a feature."`
	AsOf       string `name:"as-of" help:"Column of the moment at which a row's features were known."`
	Out        string `required:"" type:"path" help:"Directory for the model."`
	Seed       uint64 `default:"1" help:"Seed of everything random."`
	Fast       bool   `help:"A smaller search and a single booster."`
	AllowLeaky bool   `help:"Train on columns that look as if they knew the future."`
}

// Run trains and saves the model, and prints its card's figures.
func (c *trainModelCommand) Run(ctx context.Context) error {
	table, err := readTable(ctx, c.Data)
	if err != nil {
		return err
	}
	a, err := model.Train(ctx, model.Config{Table: table, Target: c.Target, ID: c.ID, AsOf: c.AsOf, Seed: c.Seed, Fast: c.Fast,
		AllowLeaky: c.AllowLeaky, Progress: func(step string) { fmt.Fprintln(os.Stderr, step) }})
	if err != nil {
		return err
	}
	if err := a.Save(c.Out); err != nil {
		return err
	}
	fmt.Printf("model written to %s; its card is card.md\n", c.Out)
	return nil
}

func readTable(ctx context.Context, path string) (*model.Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.NotFound, err, "cannot open "+path)
	}
	defer f.Close()
	return model.ReadCSV(ctx, f, nil)
}

type trainTextCommand struct {
	Data     []string `required:"" type:"existingfile" help:"JSON lines with text and label."`
	Out      string   `required:"" type:"path" help:"File for the model."`
	Name     string   `help:"Name of the model."`
	Label    string   `default:"label" help:"Field of the label."`
	Positive []string `help:"Classes that count as suspicious; with two classes found by name where empty."`
	MaxFalse float64  `help:"Largest share of clean negative rows at the threshold; 0 is no limit."`
	Seed     uint64   `default:"1" help:"Seed of everything random."`
}

// Run trains and saves the classifier, and prints its cross-validated figures.
func (c *trainTextCommand) Run(ctx context.Context) error {
	n, err := normal.New()
	if err != nil {
		return err
	}
	report, err := classify.Train(ctx, n, telemetry.Log(os.Stderr, 0, true), classify.TrainOptions{Data: c.Data, Out: c.Out,
		Options: classify.Options{Name: c.Name, Label: c.Label, Positive: c.Positive, MaxFalse: c.MaxFalse, Seed: c.Seed}})
	if err != nil {
		return err
	}
	return printJSON(report)
}

// evalCommand groups what can be evaluated.
type evalCommand struct {
	Model   evalModelCommand   `cmd:"" help:"A model on a labelled table."`
	Text    evalTextCommand    `cmd:"" help:"A text classifier on labelled texts."`
	Lexicon evalLexiconCommand `cmd:"" help:"The lexicon engine on disguised terms and clean texts."`
}

type evalModelCommand struct {
	Model  string `required:"" type:"existingdir" help:"Directory of the model."`
	Data   string `required:"" type:"existingfile" help:"CSV file with a header line."`
	Target string `required:"" help:"Column that holds 0 and 1."`
	JSON   bool   `name:"json" help:"Print one JSON object."`
}

// Run prints AUC, KS and AP.
func (c *evalModelCommand) Run(ctx context.Context) error {
	m, err := model.Load(c.Model)
	if err != nil {
		return err
	}
	table, err := readTable(ctx, c.Data)
	if err != nil {
		return err
	}
	report, err := model.Eval(ctx, m, table, c.Target)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(report)
	}
	fmt.Printf("AUC %.4f  KS %.4f  AP %.4f\n", report.AUC, report.KS, report.AP)
	return nil
}

type evalTextCommand struct {
	Model string `required:"" type:"existingfile" help:"File of the model."`
	Data  string `required:"" type:"existingfile" help:"JSON lines with text and label."`
	Label string `default:"label" help:"Field of the label."`
	JSON  bool   `name:"json" help:"Print one JSON object; there is no other form."`
}

// Run prints F1 by class and as a whole.
func (c *evalTextCommand) Run(ctx context.Context) error {
	n, err := normal.New()
	if err != nil {
		return err
	}
	report, err := classify.Eval(ctx, n, classify.EvalOptions{Model: c.Model, Data: c.Data, Label: c.Label})
	if err != nil {
		return err
	}
	return printJSON(report)
}

type evalLexiconCommand struct {
	Data string `required:"" type:"existingfile" help:"JSON lines with text, entities, perturb and label; the terms are the file's entities."`
	JSON bool   `name:"json" help:"Print one JSON object; there is no other form."`
}

// Run prints recovery by disguise and false hits, from one run.
func (c *evalLexiconCommand) Run(ctx context.Context) error {
	f, err := os.Open(c.Data)
	if err != nil {
		return qingyuan.Wrap(qingyuan.NotFound, err, "cannot open "+c.Data)
	}
	defer f.Close()
	report, err := lexicon.Eval(ctx, lexicon.EvalOptions{Data: f})
	if err != nil {
		return err
	}
	return printJSON(report)
}

func printJSON(v any) error {
	enc := json.NewEncoder(os.Stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
