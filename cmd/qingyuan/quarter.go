package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"slices"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/client"
	"qingyuan/internal/simulate"
)

// quarter says which simulated stretch of a lender's business the demo plays.
type quarter struct {
	Seed      uint64 `default:"1" help:"Seed of the simulated lender."`
	Days      int    `default:"90" help:"Days of simulated business; 0 plays none."`
	Customers int    `default:"1200" help:"Customers of the simulated lender."`
	Behaviour string `default:"dev" enum:"dev,dev-varied,judge" help:"Model of behaviour: dev and dev-varied, on which rules may be developed, or judge, on which they are only judged."`
	Truth     string `help:"File for the truth about the simulated people, which the platform never reads; simulated-truth.jsonl among the data where empty."`
	Files     bool   `default:"true" negatable:"" help:"Play the real and the authored files as well."`
}

// played is a simulated quarter after it was decided.
type played struct {
	report   simulate.Report
	imported imported
}

// simulated is a decision or a refusal on one event of the world.
type simulated struct {
	event simulate.Event
	made  *client.Decision
	err   error
}

// play sends the world's events as they arrive, and writes the truth about them to a file of that name. Events of one customer go
// through one worker, so that they stay in order.
func (q quarter) play(ctx context.Context, lender *client.Client, workers int, truth string) (*played, error) {
	end := time.Now().UTC().Truncate(24 * time.Hour)
	world, err := simulate.New(simulate.Config{Seed: q.Seed, Start: end.AddDate(0, 0, -q.Days), Days: q.Days, Customers: q.Customers, Behaviour: q.Behaviour})
	if err != nil {
		return nil, err
	}
	results := make(chan simulated, workers)
	lanes := make([]chan simulate.Event, workers)
	var busy sync.WaitGroup
	for i := range lanes {
		lanes[i] = make(chan simulate.Event, 16)
		busy.Go(func() {
			for e := range lanes[i] {
				d, err := lender.Decide(ctx, e.Body)
				results <- simulated{e, d, err}
			}
		})
	}
	go func() {
		for e := range world.Events() {
			h := fnv.New32a()
			h.Write([]byte(e.Customer))
			lanes[h.Sum32()%uint32(workers)] <- e
			if ctx.Err() != nil {
				break
			}
		}
		for _, l := range lanes {
			close(l)
		}
		busy.Wait()
		close(results)
	}()
	out, decisions, err := q.collect(results)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	out.report = simulate.Judge(world.Truth(), slices.Values(decisions), simulate.Levels{})
	return out, writeTruth(world, truth)
}

func writeTruth(world *simulate.World, name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(world.WriteTruth(f), f.Close())
}

// collect takes the results in and shows how far it is.
func (q quarter) collect(results <-chan simulated) (*played, []simulate.Decision, error) {
	out := &played{imported: imported{File: "simulated " + q.Behaviour}}
	count := &out.imported
	var decisions []simulate.Decision
	var failed error
	began := time.Now()
	bar := newProgress(os.Stderr, fmt.Sprintf("simulated days (%s)", q.Behaviour), q.Days)
	day := 0
	for r := range results {
		count.Rows++
		switch code := qingyuan.CodeOf(r.err); {
		case r.err == nil:
			if r.made.Repeated {
				count.Repeated++
			} else {
				count.Decided++
			}
			decisions = append(decisions, decisionOf(r))
		case code == qingyuan.Invalid, code == qingyuan.Conflict:
			count.Refused++
			fmt.Fprintf(os.Stderr, "\nsimulated event %s: %v\n", r.event.ID, r.err)
		default:
			failed = r.err
		}
		day = max(day, int(r.event.At.Sub(time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -q.Days))/(24*time.Hour)))
		bar.show(min(day, q.Days))
	}
	bar.end(q.Days)
	count.seconds = time.Since(began).Seconds()
	return out, decisions, failed
}

func decisionOf(r simulated) simulate.Decision {
	d := simulate.Decision{EventID: r.event.ID, Customer: r.event.Customer, Seq: r.made.Seq, Outcome: r.made.Outcome}
	for _, reason := range r.made.Reasons {
		d.Reasons = append(d.Reasons, qingyuan.Reason{Rule: reason.Rule, Typology: reason.Typology, Family: reason.Family,
			Polarity: reason.Polarity, Weight: reason.Weight, Text: reason.Text})
	}
	return d
}

// printGovernance writes the governance report of a simulated quarter.
func printGovernance(w *bufio.Writer, r *simulate.Report) {
	fmt.Fprintf(w, "\n  治理报告（模拟数据，行为模型 %s，种子 %d） governance of a simulated quarter (synthetic, model %s, seed %d)\n",
		r.Config.Behaviour, r.Config.Seed, r.Config.Behaviour, r.Config.Seed)
	fmt.Fprintf(w, "    %-10s %6s %6s %8s %10s %8s %12s %10s\n", "typology", "cases", "caught", "recall", "precision", "PPV", "at stake ¥", "stopped")
	row := func(name string, s simulate.Score) {
		fmt.Fprintf(w, "    %-10s %6d %6d %7.1f%% %9.1f%% %7.1f%% %12.0f %9.1f%%\n", name, s.Cases, s.Caught, 100*s.Recall, 100*s.Precision,
			100*s.PPV, float64(s.AtStake)/100, 100*s.StoppedRate)
	}
	for _, s := range r.Typologies {
		if s.Cases > 0 || s.Flagged > 0 {
			row(string(s.Typology), s)
		}
	}
	for _, s := range []struct {
		name  string
		score simulate.Score
	}{{"people", r.People}, {"posts", r.Posts}, {"all", r.All}, {"visible", r.Visible}} {
		row(s.name, s.score)
	}
	for _, l := range r.LeftOut {
		fmt.Fprintf(w, "    visible 不含 leaves out %s: %s / %s\n", l.Typology, l.Why.ZH, l.Why.EN)
	}
	h := r.Populations["hardship"]
	fmt.Fprintf(w, "    真实困难客户被误标 hardship people wrongly flagged: %d of %d (%.2f%%)\n", h.Flagged, h.People, 100*r.HardshipFlagged)
	fmt.Fprintf(w, "    被误导客户被当作嫌疑人 misled people turned away as suspects: %.2f%%\n", 100*r.MisledSuspects)
	fmt.Fprintf(w, "    每日提示 alerts a day: %.1f, 其中干预 interventions: %.1f\n", r.AlertsPerDay, r.PerDay)
}
