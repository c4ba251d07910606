package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"qingyuan/internal/check"
)

// Report is what a run measured, in milliseconds by the clock.
type Report struct {
	Texts   int     `json:"texts"`
	Answers int     `json:"answers"`
	P50     float64 `json:"p50_ms"`
	P95     float64 `json:"p95_ms"`
	P99     float64 `json:"p99_ms"`
	Max     float64 `json:"max_ms"`
	LongP95 float64 `json:"long_p95_ms"` // of the agreement alone
}

// clauses are lines of an illegal service agreement, authored.
const clauses = "第一条 乙方为甲方提供债务优化、停息挂账协商等服务。\n第二条 甲方按减免金额的30%支付服务费，转入乙方经理个人账户。\n第三条 甲方应将名下电话卡、银行卡交由乙方保管，不得自行联系银行。\n"

func main() {
	report, err := run(os.Args[1:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(report)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
}

func run(args []string) (*Report, error) {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	rounds := flags.Int("rounds", 10, "times that each text is checked")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	texts, err := read("testdata/text/intents_test.jsonl")
	if err != nil {
		return nil, err
	}
	s, err := check.New(check.Config{Log: slog.New(slog.DiscardHandler), Burst: 1 << 30})
	if err != nil {
		return nil, err
	}
	handler := s.Handler()
	ask := func(text string) (time.Duration, error) {
		r := httptest.NewRequest(http.MethodPost, "/check", strings.NewReader(url.Values{"text": {text}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		start := time.Now()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			return 0, fmt.Errorf("answered %d", w.Code)
		}
		return time.Since(start), nil
	}
	long := strings.Repeat(clauses, 1+8000/len(clauses))
	var all, longs []time.Duration
	for range *rounds {
		for i, text := range texts {
			took, err := ask(text)
			if err != nil {
				return nil, err
			}
			if all = append(all, took); i%20 != 0 {
				continue
			}
			if took, err = ask(long); err != nil {
				return nil, err
			}
			longs = append(longs, took)
		}
	}
	all = append(all, longs...)
	slices.Sort(all)
	slices.Sort(longs)
	at := func(list []time.Duration, share float64) float64 {
		return float64(list[min(len(list)-1, int(share*float64(len(list))))].Microseconds()) / 1000
	}
	return &Report{len(texts), len(all), at(all, .5), at(all, .95), at(all, .99), at(all, 1), at(longs, .95)}, nil
}

func read(name string) (texts []string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var row struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return nil, err
		}
		texts = append(texts, row.Text)
	}
	return texts, lines.Err()
}
