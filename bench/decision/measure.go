package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Point is one stretch of measuring.
type Point struct {
	Engine     string         `json:"engine"`
	Clients    int            `json:"clients"`
	Decisions  int            `json:"decisions"`
	PastEvents int64          `json:"past_events"` // recorded before it began
	Rate       float64        `json:"decisions_per_second"`
	P50        float64        `json:"p50_ms"`
	P99        float64        `json:"p99_ms"`
	Max        float64        `json:"max_ms"`
	CPU        float64        `json:"cpu_ms_per_decision"`                    // of the server process
	Database   float64        `json:"database_cpu_ms_per_decision,omitempty"` // of PostgreSQL's processes
	Generator  float64        `json:"generator_cpu_ms_per_decision"`
	Rows       float64        `json:"rows_per_decision"`
	Bytes      float64        `json:"bytes_per_decision"`         // growth of the database, indexes included
	Written    float64        `json:"written_bytes_per_decision"` // to disk by the server process; of PostgreSQL it says nothing
	RSS        float64        `json:"rss_mb"`                     // of it the database file mapped into memory, on SQLite up to its size
	Anonymous  float64        `json:"rss_anonymous_mb"`           // the rest: what the server itself holds
	Outcomes   map[string]int `json:"outcomes"`
	Fallbacks  int            `json:"fallbacks"`
	Load       float64        `json:"load"`
}

// bench is one engine being measured.
type bench struct {
	*driver
	engine     string
	inspector  *inspector
	postmaster int
	recorded   int64 // past loans sent
	stop       func() error
}

// open starts a server on a fresh database with the list and one consumer of its stream.
func open(ctx context.Context, bin, dir, engine, postgres string) (*bench, error) {
	b := &bench{engine: engine}
	drop := func() error { return nil }
	var database string
	var err error
	if engine == "postgres" {
		if database, drop, err = createDatabase(ctx, postgres); err != nil {
			return nil, err
		}
	}
	s, err := start(ctx, bin, dir, database)
	if err != nil {
		return nil, errors.Join(err, drop())
	}
	b.driver = &driver{server: s}
	b.stop = func() error { return errors.Join(s.stop(), drop()) }
	if b.inspector, err = inspect(s); err != nil {
		return nil, errors.Join(err, b.stop())
	}
	b.stop = func() error {
		b.inspector.close()
		return errors.Join(s.stop(), drop())
	}
	b.postmaster = b.inspector.postmaster(ctx)
	if err := errors.Join(b.list(ctx), b.follow(ctx)); err != nil {
		return nil, errors.Join(err, b.stop())
	}
	return b, nil
}

// past records n loans of the last thirty days, up to an hour ago.
func (b *bench) past(ctx context.Context, n int, p population) error {
	b.recorded += int64(n)
	return b.record(ctx, n, time.Now().Add(-time.Hour), history, p.loan)
}

// usage is what has been used up to a moment.
type usage struct {
	server, database, generator time.Duration
	written                     int64
	at                          time.Time
}

func (b *bench) usage() (u usage, err error) {
	pid := b.server.cmd.Process.Pid
	if u.server, err = cpuOf(pid, false); err != nil {
		return u, err
	}
	if b.postmaster != 0 {
		if u.database, err = cpuOfTree(b.postmaster); err != nil {
			return u, err
		}
	}
	u.generator, u.written, u.at = ownCPU(), writtenBytes(pid), time.Now()
	return u, nil
}

// contents are the number of rows and the size of the database.
func (b *bench) contents(ctx context.Context) (rows, size int64, err error) {
	counts, err := b.inspector.rows(ctx)
	if err != nil {
		return 0, 0, err
	}
	for _, n := range counts {
		rows += n
	}
	size, err = b.inspector.bytes(ctx)
	return rows, size, err
}

// point measures one stretch.
func (b *bench) point(ctx context.Context, clients int, loans []loan, how time.Duration) (p Point, err error) {
	p = Point{Engine: b.engine, Clients: clients, PastEvents: b.recorded + b.asked.Load()}
	rows, size, err := b.contents(ctx)
	if err != nil {
		return p, err
	}
	before, err := b.usage()
	if err != nil {
		return p, err
	}
	got, err := b.decide(ctx, clients, loans, how)
	if err != nil {
		return p, err
	}
	after, err := b.usage()
	if err != nil {
		return p, err
	}
	rowsAfter, sizeAfter, err := b.contents(ctx)
	if err != nil {
		return p, err
	}
	p.Decisions, p.Outcomes, p.Fallbacks = len(got.latencies), got.outcomes, got.fallbacks
	n := float64(p.Decisions)
	each := func(d time.Duration) float64 { return rounded(float64(d.Microseconds())/1000/n, 4) }
	p.Rate = rounded(n/after.at.Sub(before.at).Seconds(), 1)
	p.P50, p.P99, p.Max = percentile(got.latencies, 0.5), percentile(got.latencies, 0.99), percentile(got.latencies, 1)
	p.CPU, p.Database, p.Generator = each(after.server-before.server), each(after.database-before.database), each(after.generator-before.generator)
	p.Rows, p.Bytes = rounded(float64(rowsAfter-rows)/n, 3), rounded(float64(sizeAfter-size)/n, 1)
	p.Written = rounded(float64(after.written-before.written)/n, 1)
	p.RSS, p.Anonymous, p.Load = memoryMB(b.server.cmd.Process.Pid, "VmRSS"), memoryMB(b.server.cmd.Process.Pid, "RssAnon"), load()
	progress("  %s, %d clients: %.0f/s, p50 %.2f ms, p99 %.2f ms, %.3f CPU-ms (database %.3f, generator %.3f), %.2f rows, %.0f bytes, %.0f MB, load %.1f",
		b.engine, clients, p.Rate, p.P50, p.P99, p.CPU, p.Database, p.Generator, p.Rows, p.Bytes, p.RSS, p.Load)
	return p, nil
}

// verify compares what was acknowledged with what is on record and what the stream told.
func (b *bench) verify(ctx context.Context) error {
	counts, err := b.inspector.rows(ctx)
	if err != nil {
		return err
	}
	asked := b.asked.Load()
	if counts["decision"] != asked || counts["event"] != asked+b.recorded {
		return fmt.Errorf("%d decisions and %d past loans were acknowledged, but %d decisions and %d events are on record", asked, b.recorded,
			counts["decision"], counts["event"])
	}
	for wait := time.Now().Add(30 * time.Second); b.made.Load() < asked; {
		if time.Now().After(wait) {
			return fmt.Errorf("the stream told of %d decisions out of %d", b.made.Load(), asked)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

// Hot compares decisions on one busy device with ordinary ones.
type Hot struct {
	Engine  string  `json:"engine"`
	Events  int     `json:"events"` // on the device, in its last 24 hours, before measuring
	Clients int     `json:"clients"`
	Hot     float64 `json:"hot_cpu_ms_per_decision"`
	Normal  float64 `json:"normal_cpu_ms_per_decision"`
	HotP99  float64 `json:"hot_p99_ms"`
	P99     float64 `json:"normal_p99_ms"`
	Ratio   float64 `json:"ratio"` // of the CPU times
}

// hot records events on one device and measures turn about, so that both sides see the same machine.
func (b *bench) hot(ctx context.Context, c config, p population) (*Hot, error) {
	const device = "hot-device-0001"
	h := &Hot{Engine: b.engine, Events: c.hotEvents, Clients: slices.Max(c.clients)}
	progress("%s: %d loans on one device", b.engine, c.hotEvents)
	b.recorded += int64(c.hotEvents)
	if err := b.record(ctx, c.hotEvents, time.Now().Add(-time.Minute), 23*time.Hour, func() loan { return p.loanOn(device) }); err != nil {
		return nil, err
	}
	normal, busy := p.loans(c.templates), make([]loan, c.templates)
	for i := range busy {
		busy[i] = p.loanOn(device)
	}
	var all [2][]Point
	for range c.repetitions {
		for i, loans := range [][]loan{busy, normal} {
			point, err := b.point(ctx, h.Clients, loans, c.stretch)
			if err != nil {
				return nil, err
			}
			all[i] = append(all[i], point)
		}
	}
	h.Hot, h.Normal = median(all[0], func(p Point) float64 { return p.CPU }), median(all[1], func(p Point) float64 { return p.CPU })
	h.HotP99, h.P99 = median(all[0], func(p Point) float64 { return p.P99 }), median(all[1], func(p Point) float64 { return p.P99 })
	if h.Normal > 0 {
		h.Ratio = rounded(h.Hot/h.Normal, 3)
	}
	return h, nil
}
