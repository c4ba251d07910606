package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// batch is how many past loans go in one request.
const batch = 500

// driver sends loans to one server.
type driver struct {
	server *server
	next   atomic.Int64 // number of the next loan: ids must differ
	asked  atomic.Int64 // decisions acknowledged
	made   atomic.Int64 // decisions seen on the stream
}

// record sends n past loans, drawn by draw, that end at until and are spread evenly over span. Two connections send at once, so that the
// order of arrival is nearly that of time.
func (d *driver) record(ctx context.Context, n int, until time.Time, span time.Duration, draw func() loan) error {
	const senders = 2
	work := make(chan []byte, senders)
	failed := make(chan error, senders)
	for range senders {
		w, err := dial(d.server.host, d.server.key)
		if err != nil {
			return err
		}
		go func() {
			defer w.close()
			var err error
			for body := range work {
				if err == nil {
					err = recordBatch(w, body)
				}
			}
			failed <- err
		}()
	}
	began := time.Now()
	for sent := 0; sent < n && ctx.Err() == nil; {
		body := []byte{'['}
		for size := min(batch, n-sent); size > 0; size-- {
			if len(body) > 1 {
				body = append(body, ',')
			}
			body = draw().stamp(body, d.next.Add(1), until.Add(-span+span*time.Duration(sent)/time.Duration(n)))
			sent++
		}
		work <- append(body, ']')
		if sent%50_000 == 0 {
			progress("  %d of %d past loans, %.0f/s", sent, n, float64(sent)/time.Since(began).Seconds())
		}
	}
	close(work)
	err := ctx.Err()
	for range senders {
		if e := <-failed; e != nil {
			err = e
		}
	}
	return err
}

func recordBatch(w *wire, body []byte) error {
	answer, err := w.post("/v1/events", "application/cloudevents-batch+json", body)
	if err != nil {
		return err
	}
	var got struct {
		Repeated, Refused int
		Items             []json.RawMessage
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return err
	}
	if got.Refused+got.Repeated > 0 {
		return fmt.Errorf("of a batch of past loans %d were refused and %d repeated; the first: %s", got.Refused, got.Repeated, got.Items[0])
	}
	return nil
}

// list puts every device of a regular choice on the list.
func (d *driver) list(ctx context.Context) error {
	type entry struct {
		Kind   string `json:"kind"`
		Match  string `json:"match"`
		Value  string `json:"value"`
		Reason string `json:"reason"`
	}
	var all []entry
	for i := range listed {
		all = append(all, entry{"device", "exact", deviceName(i * devices / listed), "measuring"})
	}
	body, err := json.Marshal(map[string]any{"entries": all})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+d.server.host+"/v1/lists/bench_devices/entries", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+d.server.key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		text, _ := io.ReadAll(resp.Body)
		return fmt.Errorf("POST /v1/lists: %s %s", resp.Status, text)
	}
	return nil
}

// follow reads the stream of decisions until ctx ends, as a console or a lender's relay does. It returns once the stream has begun.
func (d *driver) follow(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.server.host+"/v1/stream", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+d.server.key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return fmt.Errorf("GET /v1/stream: %s", resp.Status)
	}
	go func() {
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			if bytes.HasPrefix(lines.Bytes(), []byte("event: decision.made")) {
				d.made.Add(1)
			}
		}
	}()
	return nil
}

// answers is what one client got.
type answers struct {
	latencies []time.Duration
	outcomes  map[string]int
	fallbacks int
	err       error
}

// decide lets clients ask for decisions on loans, in turn, for that long.
func (d *driver) decide(ctx context.Context, clients int, loans []loan, how time.Duration) (answers, error) {
	var wires []*wire
	for range clients {
		w, err := dial(d.server.host, d.server.key)
		if err != nil {
			return answers{}, err
		}
		defer w.close()
		wires = append(wires, w)
	}
	each := make([]answers, clients)
	until := time.Now().Add(how)
	var all sync.WaitGroup
	for i, w := range wires {
		all.Go(func() { each[i] = d.client(ctx, w, loans, i*len(loans)/clients, until) })
	}
	all.Wait()
	sum := answers{outcomes: map[string]int{}}
	for _, a := range each {
		if a.err != nil {
			return sum, a.err
		}
		sum.latencies = append(sum.latencies, a.latencies...)
		sum.fallbacks += a.fallbacks
		for outcome, n := range a.outcomes {
			sum.outcomes[outcome] += n
		}
	}
	slices.Sort(sum.latencies)
	return sum, nil
}

func (d *driver) client(ctx context.Context, w *wire, loans []loan, at int, until time.Time) answers {
	a := answers{outcomes: map[string]int{}}
	for {
		now := time.Now()
		if now.After(until) || ctx.Err() != nil {
			a.err = ctx.Err()
			return a
		}
		l := loans[at%len(loans)]
		at++
		w.begin("/v1/decisions", "application/cloudevents+json", len(l))
		w.out = l.stamp(w.out, d.next.Add(1), now)
		began := time.Now()
		status, body, err := w.send()
		a.latencies = append(a.latencies, time.Since(began))
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("POST /v1/decisions: %d %s", status, body)
		}
		if err != nil {
			a.err = err
			return a
		}
		d.asked.Add(1)
		_, rest, _ := bytes.Cut(body, []byte(`"outcome":"`))
		outcome, _, found := bytes.Cut(rest, []byte{'"'})
		if !found {
			a.err = fmt.Errorf("an answer without an outcome: %s", body)
			return a
		}
		a.outcomes[string(outcome)]++
		if bytes.Contains(body, []byte(`"fallback":`)) {
			a.fallbacks++
		} else if !bytes.Contains(body, []byte(`"not_evaluable":[]`)) {
			a.err = fmt.Errorf("a rule was not evaluable: %s", body)
			return a
		}
	}
}

// percentile of sorted latencies, in milliseconds.
func percentile(sorted []time.Duration, p float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[min(len(sorted)-1, int(p*float64(len(sorted))))].Microseconds()) / 1000
}
