package jobs_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"qingyuan/internal/jobs"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

// effects is a table that counts what jobs did: every row is an effect.
var effects = store.Line{Name: "effects", Files: fstest.MapFS{"0001_effect.sql": {Data: []byte(`
	CREATE TABLE effect (tenant text NOT NULL, n bigint NOT NULL, job text NOT NULL, step bigint NOT NULL)`)}}}

var effectRow = store.Into("effect", "n", "job", "step")

func effect(tx *store.Tx, job string, step int) error {
	tx.Insert(effectRow, rand.Int64(), job, int64(step))
	return nil
}

// effectsOf counts effects by job and step.
func effectsOf(t testing.TB, db *store.DB) map[string]map[int]int {
	t.Helper()
	all := map[string]map[int]int{}
	must(t, db.Read(ctx, tenant, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT job, step FROM effect WHERE tenant = $1`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var job string
			var step int
			if err := rows.Scan(&job, &step); err != nil {
				return err
			}
			if all[job] == nil {
				all[job] = map[int]int{}
			}
			all[job][step]++
		}
		return rows.Err()
	}))
	return all
}

const killLease = 2 * time.Second

// TestMain is the program of a worker process where the test runs itself as one.
func TestMain(m *testing.M) {
	if url := os.Getenv("QINGYUAN_TEST_WORKER"); url != "" {
		work(url)
		return
	}
	os.Exit(m.Run())
}

func work(url string) {
	db, err := store.Open(ctx, store.Config{URL: url})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s, _ := jobs.New(jobs.Config{DB: db, Lease: killLease, Poll: 50 * time.Millisecond})
	s.Register("work", func(ctx context.Context, r *jobs.Run) error {
		if rand.IntN(50) == 0 {
			return fmt.Errorf("bad luck")
		}
		for step := len(r.Checkpoint); step < 2 && r.Key[len(r.Key)-1] == '7'; step++ { // some work in pieces
			if err := r.Step(ctx, make([]byte, step+1), func(tx *store.Tx) error { return effect(tx, r.ID, step) }); err != nil {
				return err
			}
		}
		return r.Commit(ctx, func(tx *store.Tx) error { return effect(tx, r.ID, 9) })
	}, jobs.Pauses(func(int) time.Duration { return 10 * time.Millisecond }))
	s.Run(ctx)
}

// TestKill runs jobs in four processes on PostgreSQL and kills them at random: each effect is there exactly once, no job is
// left over, and no lease is held past its time. bench/jobs does the same with 100,000 jobs.
func TestKill(t *testing.T) {
	url := storetest.PostgresURL(t)
	db := storetest.Open(t, url, jobs.Migrations(), effects)
	s, err := jobs.New(jobs.Config{DB: db})
	must(t, err)
	const n, processes = 2000, 4
	must(t, db.Write(ctx, tenant, func(tx *store.Tx) error {
		for i := range n {
			if _, err := s.Enqueue(tx, jobs.Spec{Kind: "work", Key: fmt.Sprint(i), MaxAttempts: 50}); err != nil {
				return err
			}
		}
		return nil
	}))
	var mu sync.Mutex
	var workers [processes]*exec.Cmd
	launch := func(i int) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "QINGYUAN_TEST_WORKER="+url)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		cmd.Stderr = os.Stderr
		must(t, cmd.Start())
		workers[i] = cmd
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, w := range workers {
			w.Process.Kill()
			w.Wait()
		}
	})
	for i := range workers {
		launch(i)
	}
	kills, late := 0, time.Duration(0)
	for end := time.Now().Add(60 * time.Second); ; {
		time.Sleep(time.Duration(100+rand.IntN(300)) * time.Millisecond)
		var left int
		var until int64
		must(t, db.Read(ctx, tenant, func(tx *store.Tx) error {
			_, err := tx.Get(`SELECT count(*), coalesce(min(CASE WHEN state = 'running' THEN lease_until END), 0) FROM job WHERE tenant = $1 AND state <> 'done'`, nil, &left, &until)
			return err
		}))
		if until > 0 {
			late = max(late, time.Since(time.UnixMicro(until)))
		}
		if left == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d jobs are left over", left)
		}
		if kills < 12 {
			i := rand.IntN(processes)
			workers[i].Process.Kill()
			workers[i].Wait()
			launch(i)
			kills++
		}
	}
	got := effectsOf(t, db)
	wrong := 0
	for _, steps := range got {
		for _, times := range steps {
			if times != 1 {
				wrong++
			}
		}
		if steps[9] != 1 || len(steps) != 1 && len(steps) != 3 {
			wrong++
		}
	}
	if len(got) != n || wrong > 0 {
		t.Errorf("%d of %d jobs took effect, %d wrongly", len(got), n, wrong)
	}
	if late > killLease {
		t.Errorf("a lease was held %s past its time", late)
	}
	if kills < 4 {
		t.Errorf("only %d kills: the test proves nothing", kills)
	}
	t.Logf("%d jobs, %d kills, leases freed at most %s past their time", n, kills, late.Round(time.Millisecond))
}
