package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"syscall"
	"testing/fstest"
	"time"

	"qingyuan"
	"qingyuan/internal/jobs"
	"qingyuan/internal/store"
)

const (
	tenant qingyuan.Tenant = "bench"
	lease                  = 5 * time.Second
	worker                 = "QINGYUAN_BENCH_WORKER" // holds the database of a worker process
)

// effects holds one row for each effect that was committed; nothing keeps it from holding one twice.
var effects = store.Line{Name: "effects", Files: fstest.MapFS{"0001_effect.sql": {Data: []byte(`CREATE TABLE effect (tenant text NOT NULL, n bigint NOT NULL, job text NOT NULL)`)}}}

var effectRow = store.Into("effect", "n", "job")

type result struct {
	Jobs       int     `json:"jobs"`
	Processes  int     `json:"processes"`
	Kills      int     `json:"kills"`
	Done       int     `json:"done"`
	Missing    int     `json:"effects_missing"`
	Twice      int     `json:"effects_twice"`
	LeftOver   int     `json:"jobs_left_over"`
	LateMS     int64   `json:"lease_held_past_its_time_ms"` // at most, as far as was seen
	Seconds    float64 `json:"seconds"`
	JobsPerSec float64 `json:"jobs_per_second"`
	Attempts   int     `json:"attempts"`
}

func main() {
	if at := os.Getenv(worker); at != "" {
		check(work(at))
		return
	}
	n := flag.Int("jobs", 100_000, "jobs")
	processes := flag.Int("processes", 4, "processes")
	every := flag.Duration("kill", 2*time.Second, "mean time between kills")
	flag.Parse()
	server := os.Getenv("QINGYUAN_TEST_POSTGRES")
	if server == "" {
		check(errors.New("QINGYUAN_TEST_POSTGRES is not set: scripts/postgres.sh with …"))
	}
	at, drop, err := database(server)
	check(err)
	defer drop()
	r, err := run(at, *n, *processes, *every)
	check(err)
	check(json.NewEncoder(os.Stdout).Encode(r))
	if r.Missing+r.Twice+r.LeftOver > 0 || r.LateMS > lease.Milliseconds() {
		check(errors.New("a promise was broken"))
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "jobs:", err)
		os.Exit(1)
	}
}

// database makes an empty database on the server.
func database(server string) (at string, drop func(), err error) {
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", nil, err
	}
	name := fmt.Sprintf("qy_jobs_%d", os.Getpid())
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		return "", nil, err
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() { admin.Exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); admin.Close() }, nil
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// work is a worker process: it runs jobs until it is killed.
func work(at string) error {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{URL: at, Log: quiet()})
	if err != nil {
		return err
	}
	s, err := jobs.New(jobs.Config{DB: db, Log: quiet(), Workers: 32, Lease: lease, Poll: 200 * time.Millisecond})
	if err != nil {
		return err
	}
	err = s.Register("work", func(ctx context.Context, r *jobs.Run) error {
		if rand.IntN(100) == 0 {
			return errors.New("bad luck")
		}
		return r.Commit(ctx, func(tx *store.Tx) error { tx.Insert(effectRow, rand.Int64(), r.ID); return nil })
	}, jobs.Pauses(func(int) time.Duration { return 50 * time.Millisecond }))
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

func launch(at string) (*exec.Cmd, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), worker+"="+at)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	return cmd, cmd.Start()
}

// run adds the jobs, lets processes do them, kills one at a time, and counts.
func run(at string, n, processes int, every time.Duration) (*result, error) {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{URL: at, Log: quiet()})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := errors.Join(db.Migrate(ctx, jobs.Migrations(), effects), db.CreateTenant(ctx, tenant, "Bench")); err != nil {
		return nil, err
	}
	s, err := jobs.New(jobs.Config{DB: db, Log: quiet()})
	if err != nil {
		return nil, err
	}
	for added := 0; added < n; added += 1000 {
		err := db.Write(ctx, tenant, func(tx *store.Tx) error {
			for range min(1000, n-added) {
				if _, err := s.Enqueue(tx, jobs.Spec{Kind: "work", MaxAttempts: 50}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	workers := make([]*exec.Cmd, processes)
	for i := range workers {
		if workers[i], err = launch(at); err != nil {
			return nil, err
		}
	}
	r := &result{Jobs: n, Processes: processes}
	began := time.Now()
	for left := n; left > 0; {
		time.Sleep(every/2 + rand.N(every))
		var until int64
		err := db.Read(ctx, tenant, func(tx *store.Tx) error {
			_, err := tx.Get(`SELECT count(*), coalesce(min(CASE WHEN state = 'running' THEN lease_until END), 0) FROM job WHERE tenant = $1 AND state <> 'done'`, nil, &left, &until)
			return err
		})
		if err != nil {
			return nil, err
		}
		if until > 0 {
			r.LateMS = max(r.LateMS, time.Since(time.UnixMicro(until)).Milliseconds())
		}
		if left == 0 || time.Since(began) > 20*time.Minute {
			r.LeftOver = left
			break
		}
		i := rand.IntN(processes)
		workers[i].Process.Kill()
		workers[i].Wait()
		r.Kills++
		if workers[i], err = launch(at); err != nil {
			return nil, err
		}
	}
	r.Seconds = time.Since(began).Seconds()
	r.JobsPerSec = float64(n) / r.Seconds
	for _, w := range workers {
		w.Process.Kill()
		w.Wait()
	}
	return r, count(db, r)
}

// count reads what was done.
func count(db *store.DB, r *result) error {
	return db.Read(context.Background(), tenant, func(tx *store.Tx) error {
		if _, err := tx.Get(`SELECT count(*), sum(attempt) FROM job WHERE tenant = $1 AND state = 'done'`, nil, &r.Done, &r.Attempts); err != nil {
			return err
		}
		var with int
		_, err := tx.Get(`WITH cte_e AS (SELECT job, count(*) AS n FROM effect WHERE tenant = $1 GROUP BY job)
			SELECT count(*), coalesce(sum(CASE WHEN n > 1 THEN 1 ELSE 0 END), 0) FROM cte_e`, nil, &with, &r.Twice)
		r.Missing = r.Jobs - with
		return err
	})
}
