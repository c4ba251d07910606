package model

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"qingyuan"
)

// TrainOptions are the flags of "train model".
type TrainOptions struct {
	Data        string   `required:"" help:"CSV file with a header line."`
	Target      string   `required:"" help:"Column that holds 0 and 1."`
	Out         string   `required:"" help:"Directory for the model."`
	ID          string   `help:"Column that says whom a row is about; never a feature, and its rows stay together in validation."`
	AsOf        string   `help:"Column with the moment a row's features were known; a later time in another column is refused as a leak."`
	Categorical []string `help:"Columns of numbers that are names, such as codes."`
	Seed        uint64   `default:"1" help:"Seed of every random choice."`
	Fast        bool     `help:"A smaller search and a single booster."`
	AllowLeaky  bool     `help:"Train even on a column that alone tells the classes apart."`
	Threads     int      `help:"Threads; 0 means one per core."`
	Library     string   `env:"QINGYUAN_XGBOOST" help:"XGBoost library file, where the system does not find it."`
}

// RunTrain trains a model from a CSV file, saves it and writes a short account to out; progress goes to log.
func RunTrain(ctx context.Context, o TrainOptions, out, log io.Writer) error {
	kinds := map[string]Kind{}
	for _, name := range o.Categorical {
		kinds[name] = Category
	}
	t, err := openCSV(ctx, o.Data, kinds)
	if err != nil {
		return err
	}
	for _, name := range o.Categorical {
		if t.Column(name) == nil {
			return qingyuan.FieldErrorf("categorical", "names no column of the data: %q", name)
		}
	}
	a, err := Train(ctx, Config{Table: t, Target: o.Target, ID: o.ID, AsOf: o.AsOf, Seed: o.Seed, Fast: o.Fast, AllowLeaky: o.AllowLeaky,
		Threads: o.Threads, Library: o.Library, Now: time.Now, Progress: func(step string) { fmt.Fprintln(log, step) }})
	if err != nil {
		return err
	}
	if err := a.Save(o.Out); err != nil {
		return err
	}
	c := a.Card()
	_, err = fmt.Fprintf(out, "%s in %s\n%d rows, %d positives; out of fold AUC %.4f, KS %.4f, AP %.4f; %.1f s\n",
		c.Version, o.Out, c.Data.Labelled, c.Data.Positives, c.Metrics.AUC, c.Metrics.KS, c.Metrics.AP, c.Seconds)
	return err
}

// EvalOptions are the flags of "eval model".
type EvalOptions struct {
	Model  string `required:"" help:"Directory of the model."`
	Data   string `required:"" help:"CSV file with a header line."`
	Target string `required:"" help:"Column that holds 0 and 1."`
	JSON   bool   `help:"Write the report as JSON."`
}

// RunEval judges a model on a CSV file and writes the report to out.
func RunEval(ctx context.Context, o EvalOptions, out io.Writer) error {
	m, err := Load(o.Model)
	if err != nil {
		return err
	}
	t, err := openCSV(ctx, o.Data, m.Kinds())
	if err != nil {
		return err
	}
	r, err := Eval(ctx, m, t, o.Target)
	if err != nil {
		return err
	}
	if o.JSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	_, err = fmt.Fprintf(out, "AUC %.4f, KS %.4f, AP %.4f on %d rows with %d positives; Brier %.5f, PSI %.4f; %s\n",
		r.AUC, r.KS, r.AP, r.N, r.Positives, r.Brier, r.PSI, r.Version)
	return err
}

// openCSV reads a CSV file.
func openCSV(ctx context.Context, path string, kinds map[string]Kind) (*Table, error) {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, qingyuan.Wrap(qingyuan.NotFound, err, "there is no such data file")
	case err != nil:
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the data file cannot be opened")
	}
	defer f.Close()
	return ReadCSV(ctx, f, kinds)
}
