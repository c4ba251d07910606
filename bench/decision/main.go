package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// config says what is measured and how long.
type config struct {
	history     int
	hotEvents   int
	curve       []int // past events, ascending
	clients     []int
	repetitions int
	stretch     time.Duration
	engines     []string
	postgres    string // URL of a server to make databases on
	dir         string
	seed        uint64
	templates   int // different loans sent
}

// Report is everything that was measured. The three figures at the top are those of SQLite with most clients.
type Report struct {
	Rate    float64  `json:"decisions_per_second"`
	CPU     float64  `json:"cpu_ms_per_decision"`
	P99     float64  `json:"p99_ms"`
	Machine Machine  `json:"machine"`
	Settled Settings `json:"settings"`
	Points  []Point  `json:"points"`      // medians over the repetitions, each figure on its own; counts are those of the last one
	Every   []Point  `json:"repetitions"` // what they are medians of
	Loading []Load   `json:"past_events"` // how fast the past was recorded
	Hot     []*Hot   `json:"hot"`         // one device with many events
	Curve   []Point  `json:"curve"`       // cost by number of past events
	Skipped []string `json:"skipped"`
}

// Settings are those the figures were taken with.
type Settings struct {
	History     int     `json:"history"`
	Devices     int     `json:"devices"`
	Phones      int     `json:"phones"`
	Listed      int     `json:"listed_devices"`
	Seconds     float64 `json:"seconds"`
	Repetitions int     `json:"repetitions"`
	Seed        uint64  `json:"seed"`
}

// Load is the recording of past events in batches.
type Load struct {
	Engine string  `json:"engine"`
	Events int     `json:"events"`
	Rate   float64 `json:"events_per_second"`
	CPU    float64 `json:"cpu_ms_per_event"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c, err := parse(os.Args[1:])
	if err == nil {
		var report *Report
		if report, err = run(ctx, c); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(report)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "decision:", err)
		os.Exit(1)
	}
}

func parse(args []string) (c config, err error) {
	flags := flag.NewFlagSet("decision", flag.ContinueOnError)
	seconds := flags.Float64("seconds", 10, "length of one stretch of measuring")
	engines := flags.String("engines", "sqlite,postgres", "databases; PostgreSQL needs QINGYUAN_TEST_POSTGRES")
	curve := flags.Bool("curve", true, "measure the cost at 10^4, 10^5 and 10^6 past events, on SQLite")
	full := flags.Bool("full", false, "carry the curve on to 10^7: about an hour and 15 GB")
	quick := flags.Bool("quick", false, "small numbers, to see that it works")
	flags.IntVar(&c.history, "history", 310_000, "past loans")
	flags.IntVar(&c.hotEvents, "hot", 50_000, "loans on the one busy device; 0: leave that out")
	flags.IntVar(&c.repetitions, "repetitions", 3, "stretches per point; medians are reported")
	flags.Uint64Var(&c.seed, "seed", 20261120, "of the loans")
	flags.StringVar(&c.dir, "dir", "", "where databases are made, on the disk to be measured; the system's temporary directory where empty")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if flags.NArg() > 0 || *seconds <= 0 || c.history < 1 || c.hotEvents < 0 || c.repetitions < 1 {
		return c, errors.New("see -help: a flag has a value it cannot have")
	}
	c.stretch, c.engines, c.postgres = time.Duration(*seconds*float64(time.Second)), strings.Split(*engines, ","), os.Getenv("QINGYUAN_TEST_POSTGRES")
	c.clients, c.templates = []int{1, 16, 64}, 50_000
	if *curve {
		c.curve = []int{10_000, 100_000, 1_000_000}
	}
	if *full {
		c.curve = []int{10_000, 100_000, 1_000_000, 10_000_000}
	}
	if *quick {
		c.history, c.hotEvents, c.curve, c.clients = 2000, 1000, nil, []int{1, 16}
		c.repetitions, c.stretch, c.templates = 1, 500*time.Millisecond, 1000
		if *curve {
			c.curve = []int{1000}
		}
	}
	for _, e := range c.engines {
		if e != "sqlite" && e != "postgres" {
			return c, fmt.Errorf("no engine %q: sqlite or postgres", e)
		}
	}
	return c, nil
}

// run measures everything.
func run(ctx context.Context, c config) (*Report, error) {
	dir, err := os.MkdirTemp(c.dir, "qingyuan-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	r := &Report{Skipped: []string{}, Settled: Settings{History: c.history, Devices: devices, Phones: phones, Listed: listed,
		Seconds: c.stretch.Seconds(), Repetitions: c.repetitions, Seed: c.seed}}
	if r.Machine, err = machine(dir); err != nil {
		return nil, err
	}
	progress("building the server")
	bin, err := build(ctx, dir)
	if err != nil {
		return nil, err
	}
	for _, engine := range c.engines {
		if engine == "postgres" && c.postgres == "" {
			r.Skipped = append(r.Skipped, "postgres: QINGYUAN_TEST_POSTGRES is not set")
			progress("skipped %s", r.Skipped[len(r.Skipped)-1])
			continue
		}
		if err := r.mixed(ctx, c, bin, dir, engine); err != nil {
			return nil, fmt.Errorf("%s: %w", engine, err)
		}
	}
	if len(c.curve) > 0 && slices.Contains(c.engines, "sqlite") {
		if err := r.costs(ctx, c, bin, dir); err != nil {
			return nil, fmt.Errorf("curve: %w", err)
		}
	}
	for _, p := range r.Points {
		if p.Engine == "sqlite" && p.Clients == slices.Max(c.clients) {
			r.Rate, r.CPU, r.P99 = p.Rate, p.CPU, p.P99
		}
	}
	return r, nil
}

// mixed measures the scenario on one engine.
func (r *Report) mixed(ctx context.Context, c config, bin, dir, engine string) (err error) {
	b, err := open(ctx, bin, filepath.Join(dir, engine), engine, c.postgres)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	p := newPopulation(c.seed)
	if err := r.load(ctx, b, c.history, p); err != nil {
		return err
	}
	loans := p.loans(c.templates)
	if _, err := b.decide(ctx, slices.Max(c.clients), loans, c.stretch/5); err != nil { // caches fill, statements are prepared
		return err
	}
	for range c.repetitions {
		for _, clients := range c.clients {
			point, err := b.point(ctx, clients, loans, c.stretch)
			if err != nil {
				return err
			}
			r.Every = append(r.Every, point)
		}
	}
	for _, clients := range c.clients {
		r.Points = append(r.Points, medians(r.Every, engine, clients))
	}
	if c.hotEvents > 0 {
		hot, err := b.hot(ctx, c, p)
		if err != nil {
			return err
		}
		r.Hot = append(r.Hot, hot)
	}
	return b.verify(ctx)
}

// load records the past and notes how fast that went.
func (r *Report) load(ctx context.Context, b *bench, n int, p population) error {
	progress("%s: recording %d past loans", b.engine, n)
	before, err := b.usage()
	if err != nil {
		return err
	}
	if err := b.past(ctx, n, p); err != nil {
		return err
	}
	after, err := b.usage()
	if err != nil {
		return err
	}
	r.Loading = append(r.Loading, Load{Engine: b.engine, Events: n, Rate: rounded(float64(n)/after.at.Sub(before.at).Seconds(), 1),
		CPU: rounded(float64((after.server-before.server).Microseconds())/1000/float64(n), 4)})
	return nil
}

// costs measures the cost of a decision by the number of past events, each on a fresh server.
func (r *Report) costs(ctx context.Context, c config, bin, dir string) error {
	for _, past := range c.curve {
		if err := r.cost(ctx, c, past, bin, filepath.Join(dir, fmt.Sprint("curve-", past))); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) cost(ctx context.Context, c config, past int, bin, dir string) (err error) {
	b, err := open(ctx, bin, dir, "sqlite", "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.stop(), os.RemoveAll(dir)) }()
	p := newPopulation(c.seed)
	if err := r.load(ctx, b, past, p); err != nil {
		return err
	}
	loans, clients := p.loans(c.templates), slices.Max(c.clients)
	if _, err := b.decide(ctx, clients, loans, c.stretch/5); err != nil {
		return err
	}
	point, err := b.point(ctx, clients, loans, c.stretch/2) // short: it adds to the past itself
	if err != nil {
		return err
	}
	r.Curve = append(r.Curve, point)
	return b.verify(ctx)
}

// medians are those of each figure over the repetitions of a point.
func medians(every []Point, engine string, clients int) Point {
	same := slices.DeleteFunc(slices.Clone(every), func(p Point) bool { return p.Engine != engine || p.Clients != clients })
	m := same[len(same)-1]
	for _, f := range []func(*Point) *float64{
		func(p *Point) *float64 { return &p.Rate }, func(p *Point) *float64 { return &p.P50 }, func(p *Point) *float64 { return &p.P99 },
		func(p *Point) *float64 { return &p.Max }, func(p *Point) *float64 { return &p.CPU }, func(p *Point) *float64 { return &p.Database },
		func(p *Point) *float64 { return &p.Generator }, func(p *Point) *float64 { return &p.Rows }, func(p *Point) *float64 { return &p.Bytes },
		func(p *Point) *float64 { return &p.Written }, func(p *Point) *float64 { return &p.RSS }, func(p *Point) *float64 { return &p.Anonymous },
		func(p *Point) *float64 { return &p.Load },
	} {
		*f(&m) = median(same, func(p Point) float64 { return *f(&p) })
	}
	return m
}

func median(points []Point, figure func(Point) float64) float64 {
	all := make([]float64, len(points))
	for i, p := range points {
		all[i] = figure(p)
	}
	slices.Sort(all)
	if n := len(all); n%2 == 0 {
		return (all[n/2-1] + all[n/2]) / 2
	}
	return all[len(all)/2]
}

func rounded(x float64, places int) float64 {
	unit := math.Pow10(places)
	return math.Round(x*unit) / unit
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
