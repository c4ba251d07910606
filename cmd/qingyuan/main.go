// Command qingyuan is the platform in one binary: the server, the demo, and the tools of its operators and validators.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
	kongyaml "github.com/alecthomas/kong-yaml"

	"qingyuan"
)

// cli is the command line. Every flag may also stand in the environment (QINGYUAN_…) or in a YAML file.
type cli struct {
	Config kong.ConfigFlag `help:"Read flags from a YAML file." type:"existingfile"`

	Serve    serveCommand    `cmd:"" help:"Run the server."`
	Demo     demoCommand     `cmd:"" help:"Run the server with real and authored data, print a report, keep serving."`
	Check    checkCommand    `cmd:"" help:"The public check: serve it, publish to it, read what consumers report."`
	Import   importCommand   `cmd:"" help:"Send a file to a running server: dry run, confirmation, report."`
	Replay   replayCommand   `cmd:"" help:"Run the record again and compare every decision with what was decided."`
	Backtest backtestCommand `cmd:"" help:"Run a ruleset over the record and compare it with the live version."`
	Text     textCommand     `cmd:"" help:"Read texts."`
	Cases    casesCommand    `cmd:"" help:"Import closed cases: for backtests against a lender's own history, and for training."`
	Train    trainCommand    `cmd:"" help:"Train a model."`
	Eval     evalCommand     `cmd:"" help:"Evaluate a model, a lexicon or a text classifier on a file."`
	Admin    adminCommand    `cmd:"" help:"Tenants, accounts and keys, on the machine itself."`

	OpenAPI openAPICommand   `cmd:"" name:"openapi" help:"Print the OpenAPI document."`
	Rules   rulesCommand     `cmd:"" help:"Check a ruleset file and print every problem with its line."`
	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

// run is main with its outcome as a value: the exit status is that of the error's code.
func run(ctx context.Context, args []string) int {
	var c cli
	parser, err := kong.New(&c,
		kong.Name("qingyuan"),
		kong.Description("Qingyuan (清源): governance of the financial black/grey market for consumer lenders.\n\nExit status: 0 done, 1 internal, 2 invalid, 3 unauthorized, 4 forbidden, 5 not found, 6 conflict, 7 too many, 8 unavailable."),
		kong.UsageOnError(),
		kong.DefaultEnvars("QINGYUAN"),
		kong.Configuration(kongyaml.Loader),
		kong.Vars{"version": version()},
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		panic(err) // the cli struct itself is wrong
	}
	k, err := parser.Parse(args)
	if err != nil {
		parser.Errorf("%s", err)
		return qingyuan.Invalid.Exit()
	}
	if err := k.Run(); err != nil {
		e := qingyuan.AsError(err)
		fmt.Fprintln(os.Stderr, "qingyuan:", e)
		return e.Code.Exit()
	}
	return 0
}

// version is the commit the binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, modified := "development", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "+changes"
		}
	}
	return revision + modified
}
