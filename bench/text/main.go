package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// Report is what a run measured. Speeds are in MB (10^6 bytes) per second of processor time.
type Report struct {
	Corpus      string  `json:"corpus"` // where the texts came from
	CorpusTexts int     `json:"corpus_texts"`
	CorpusMB    float64 `json:"corpus_mb"`
	Processors  int     `json:"processors"`

	Matcher5k  float64 `json:"matcher_mb_s_5k"`
	Matcher30k float64 `json:"matcher_mb_s_30k"`

	BobuSumisu5k  float64 `json:"bobusumisu_mb_s_5k"` // github.com/BobuSumisu/aho-corasick
	BobuSumisu30k float64 `json:"bobusumisu_mb_s_30k"`
	Petar5k       float64 `json:"petar_dambovaliev_mb_s_5k"` // github.com/petar-dambovaliev/aho-corasick, DFA
	Petar30k      float64 `json:"petar_dambovaliev_mb_s_30k"`
	Matches5k     int     `json:"matches_5k"`
	Matches30k    int     `json:"matches_30k"`

	ScanTerms int     `json:"scan_terms"` // terms of the shipped lexicons
	Scan      scanned `json:"scan"`       // shipped lexicons
	Scan5k    scanned `json:"scan_5k"`    // and 5,000 terms more
	Scan30k   scanned `json:"scan_30k"`   // and 30,000

	Messages     int     `json:"messages"`          // short messages, of which signatures are made
	MessageBytes float64 `json:"message_bytes"`     // their mean size
	Signatures   float64 `json:"signatures_docs_s"` // from the raw message, views included; of processor time
	MinHashes    float64 `json:"minhashes_docs_s"`  // from the set of shingles
	Families     int     `json:"family_texts"`      // texts put into one index of families
	FamilyMB     float64 `json:"family_mb"`         // live memory of the index
	InsertP50    float64 `json:"family_insert_us_p50"`
	InsertP99    float64 `json:"family_insert_us_p99"`
	InsertMax    float64 `json:"family_insert_us_max"`
}

// scanned is the whole path of a scan with one set of lexicons.
type scanned struct {
	Speed float64 `json:"mb_s"`
	Hits  int     `json:"hits"` // in all texts
}

// config is what to measure, and how long.
type config struct {
	data  string
	mb    float64       // at most this much text
	texts int           // in the index of families
	least time.Duration // processor time of one stretch
}

// measurements fill in the report, each its own part.
var measurements = []func(context.Context, config, *corpus, *Report) error{
	matchers,
	scans,
	signatures,
	families,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	report, err := run(ctx, os.Args[1:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(report)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "text:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (*Report, error) {
	data := os.Getenv("QINGYUAN_EVAL_DATA")
	if data == "" {
		data = "../shared/data"
	}
	flags := flag.NewFlagSet("text", flag.ContinueOnError)
	var c config
	flags.StringVar(&c.data, "data", data, "evaluation data; env QINGYUAN_EVAL_DATA")
	flags.Float64Var(&c.mb, "mb", 10, "megabytes of text")
	flags.IntVar(&c.texts, "texts", 1_000_000, "texts in the index of families")
	flags.DurationVar(&c.least, "least", 2*time.Second, "processor time of one stretch of measuring; the best of three counts")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	texts, err := read(c)
	if err != nil {
		return nil, err
	}
	r := &Report{Corpus: texts.origin, CorpusTexts: len(texts.texts), CorpusMB: float64(texts.size) / 1e6, Processors: runtime.NumCPU()}
	for _, m := range measurements {
		if err := m(ctx, c, texts, r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// speed runs f over and over for a while, three times, and returns the best MB per second of processor time, f having read size bytes.
func speed(ctx context.Context, c config, size int, f func() error) (float64, error) {
	best := 0.0
	for range 3 {
		runtime.GC()
		start, rounds := processor(), 0
		for used := time.Duration(0); used < c.least; used = processor() - start {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			if err := f(); err != nil {
				return 0, err
			}
			rounds++
		}
		best = max(best, float64(rounds)*float64(size)/1e6/(processor()-start).Seconds())
	}
	return best, nil
}

// processor is the processor time of this process so far.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
