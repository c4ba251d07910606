package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

const T = storetest.Tenant

var lines = []store.Line{{Name: "test", Files: fstest.MapFS{"0001_item.sql": {Data: []byte(
	`CREATE TABLE item (tenant text NOT NULL, id text NOT NULL, n bigint NOT NULL, PRIMARY KEY (tenant, id))`)}}}}

var itemRow = store.Into("item", "id", "n")

func add(db *store.DB, id string, n int64) error {
	return db.Write(context.Background(), T, func(tx *store.Tx) error {
		tx.Insert(itemRow, id, n)
		_, err := tx.Emit("item.added", id, []byte("{}"))
		return err
	})
}

func count(t *testing.T, db *store.DB, query string) (n int64) {
	t.Helper()
	err := db.Read(context.Background(), T, func(tx *store.Tx) error {
		_, err := tx.Get(query, nil, &n)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func entries(t *testing.T, db *store.DB) (all []store.Entry) {
	t.Helper()
	err := db.Read(context.Background(), T, func(tx *store.Tx) (err error) {
		all, err = tx.Outbox(0, 100000)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func checkGapFree(t *testing.T, db *store.DB, want int) {
	t.Helper()
	all := entries(t, db)
	if len(all) != want {
		t.Fatalf("outbox has %d entries, want %d", len(all), want)
	}
	for i, e := range all {
		if e.Seq != int64(i+1) {
			t.Fatalf("entry %d has seq %d", i, e.Seq)
		}
	}
}

// TestOneFailsAlone puts good and bad commands into the same commits: every good one is stored, no bad one is, memory
// follows, and the sequence has no gap.
func TestOneFailsAlone(t *testing.T) {
	bad := map[string]func(tx *store.Tx) error{
		"error":               func(*store.Tx) error { return qingyuan.Errorf(qingyuan.Invalid, "no") },
		"panic":               func(*store.Tx) error { panic("boom") },
		"duplicate, buffered": func(tx *store.Tx) error { tx.Insert(itemRow, "seed", int64(2)); return nil },
		"duplicate, direct": func(tx *store.Tx) error {
			_, err := tx.Exec(`INSERT INTO item (tenant, id, n) VALUES ($1, $2, $3)`, "seed", 2)
			return err
		},
		"error after a direct statement": func(tx *store.Tx) error {
			if _, err := tx.Exec(`UPDATE item SET n = 99 WHERE tenant = $1 AND id = 'seed'`); err != nil {
				return err
			}
			return errors.New("late")
		},
		"statement the engine refuses": func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE item SET nosuch = 1 WHERE tenant = $1`)
			return err
		},
	}
	for name, spoil := range bad {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
				if err := add(db, "seed", 1); err != nil {
					t.Fatal(err)
				}
				memory := 0 // touched by the writer only, one command at a time
				var wg sync.WaitGroup
				errs := make([]error, 64)
				hold, held := make(chan struct{}), make(chan struct{})
				go db.Write(context.Background(), T, func(*store.Tx) error { close(held); <-hold; return nil })
				<-held
				for i := range errs {
					wg.Go(func() {
						errs[i] = db.Write(context.Background(), T, func(tx *store.Tx) error {
							memory++
							tx.OnUndo(func() { memory-- })
							tx.Insert(itemRow, fmt.Sprint("i", i), int64(i))
							if _, err := tx.Emit("item.added", fmt.Sprint(i), []byte("{}")); err != nil {
								return err
							}
							if i%16 == 7 {
								return spoil(tx)
							}
							return nil
						})
					})
				}
				for db.QueueLength(T) < len(errs) {
					time.Sleep(time.Millisecond)
				}
				close(hold)
				wg.Wait()
				for i, err := range errs {
					if (err != nil) != (i%16 == 7) {
						t.Errorf("command %d: %v", i, err)
					}
				}
				if n := count(t, db, `SELECT count(*) FROM item WHERE tenant = $1`); n != 61 {
					t.Errorf("stored %d items, want 61", n)
				}
				if n := count(t, db, `SELECT n FROM item WHERE tenant = $1 AND id = 'seed'`); n != 1 {
					t.Errorf("seed is %d: a failed command left its mark", n)
				}
				if memory != 60 {
					t.Errorf("memory counts %d, want 60", memory)
				}
				checkGapFree(t, db, 61)
			})
		})
	}
}

func TestCancelledCaller(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		hold, started := make(chan struct{}), make(chan struct{})
		first := make(chan error, 1)
		go func() {
			first <- db.Write(context.Background(), T, func(tx *store.Tx) error {
				close(started)
				<-hold
				tx.Insert(itemRow, "first", int64(1))
				return nil
			})
		}()
		<-started
		ctx, cancel := context.WithCancel(context.Background())
		second := make(chan error, 1)
		go func() {
			second <- db.Write(ctx, T, func(tx *store.Tx) error { tx.Insert(itemRow, "second", int64(2)); return nil })
		}()
		for db.QueueLength(T) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
		if err := <-second; !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled caller got %v", err)
		}
		close(hold)
		if err := <-first; err != nil {
			t.Fatalf("its neighbour got %v", err)
		}
		if n := count(t, db, `SELECT count(*) FROM item WHERE tenant = $1`); n != 1 {
			t.Fatalf("%d items, want the neighbour's only", n)
		}
	})
}

func TestReadsItsOwnWrites(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		err := db.Write(context.Background(), T, func(tx *store.Tx) error {
			tx.Insert(itemRow, "a", int64(41))
			if _, err := tx.Exec(`UPDATE item SET n = n + 1 WHERE tenant = $1 AND id = $2`, "a"); err != nil {
				return err
			}
			var n int64
			if ok, err := tx.Get(`SELECT n FROM item WHERE tenant = $1 AND id = $2`, []any{"a"}, &n); err != nil || !ok || n != 42 {
				return fmt.Errorf("read %d, %v, %w", n, ok, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestTenantIsEnforced(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		if err := db.CreateTenant(context.Background(), "other", "Other"); err != nil {
			t.Fatal(err)
		}
		if err := add(db, "mine", 1); err != nil {
			t.Fatal(err)
		}
		refused := []string{
			`SELECT n FROM item`,
			`SELECT n FROM item WHERE tenant = 't1'`,
			`SELECT a.n FROM item a JOIN item b ON a.id = b.id WHERE a.tenant = $1`,
			`UPDATE item SET n = 0`,
			`DELETE FROM item`,
			`INSERT INTO item (id, n) VALUES ('x', 1)`,
			`INSERT INTO item (tenant, id, n) VALUES ('other', 'x', 1)`,
			`INSERT INTO item (tenant, id, n) SELECT 'other', id, n FROM item`,
		}
		for _, q := range refused {
			err := db.Write(context.Background(), T, func(tx *store.Tx) error { _, err := tx.Exec(q); return err })
			if err == nil || !strings.Contains(err.Error(), "statement refused") {
				t.Errorf("%s: %v", q, err)
			}
		}
		var n int64
		err := db.Read(context.Background(), "other", func(tx *store.Tx) error {
			_, err := tx.Get(`SELECT count(*) FROM item WHERE tenant = $1`, nil, &n)
			return err
		})
		if err != nil || n != 0 {
			t.Fatalf("the other tenant sees %d items, %v", n, err)
		}
		if err := db.Write(context.Background(), "nobody", func(tx *store.Tx) error { _, err := tx.LastSeq(); return err }); qingyuan.CodeOf(err) != qingyuan.NotFound {
			t.Errorf("unknown tenant: %v", err)
		}
	})
}

// TestConsumerSkipsNothing has two processes (two DBs on the same PostgreSQL) write at once, each holding its
// transaction open for a while, and a consumer that must see every entry once and in order.
func TestConsumerSkipsNothing(t *testing.T) {
	url := storetest.PostgresURL(t)
	a := storetest.Open(t, url, lines...)
	b := storetest.Open(t, url, lines...)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var seen []int64
	done := make(chan struct{})
	const total = 400
	go b.Consume(ctx, T, store.Consumer{Name: "test", Batch: 7, Poll: 5 * time.Millisecond, Apply: func(tx *store.Tx, es []store.Entry) error {
		n := len(seen)
		tx.OnUndo(func() { seen = seen[:n] })
		for _, e := range es {
			seen = append(seen, e.Seq)
		}
		if len(seen) == total {
			tx.OnCommit(func() { close(done) })
		}
		return nil
	}})
	var wg sync.WaitGroup
	for w, db := range []*store.DB{a, b} {
		for g := range 4 {
			wg.Go(func() {
				for i := range total / 8 {
					err := db.Write(context.Background(), T, func(tx *store.Tx) error {
						if _, err := tx.Emit("x", "", nil); err != nil {
							return err
						}
						if i%5 == 0 {
							time.Sleep(3 * time.Millisecond) // a slow transaction between seq and commit
						}
						return nil
					})
					if err != nil {
						t.Errorf("writer %d/%d: %v", w, g, err)
					}
				}
			})
		}
	}
	wg.Wait()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("the consumer saw %d of %d", len(seen), total)
	}
	for i, s := range seen {
		if s != int64(i+1) {
			t.Fatalf("place %d has seq %d", i, s)
		}
	}
}

func TestConsumerEffectsOnce(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		for i := range 10 {
			if err := add(db, fmt.Sprint(i), 1); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		fails := 3
		go db.Consume(ctx, T, store.Consumer{Name: "sum", Batch: 4, Pause: func(error, int) time.Duration { return time.Millisecond },
			Apply: func(tx *store.Tx, es []store.Entry) error {
				for _, e := range es {
					if _, err := tx.Exec(`UPDATE item SET n = n + 1 WHERE tenant = $1 AND id = $2`, e.Subject); err != nil {
						return err
					}
				}
				if fails > 0 {
					fails--
					return errors.New("not yet")
				}
				return nil
			}})
		deadline := time.Now().Add(10 * time.Second)
		for count(t, db, `SELECT sum(n) FROM item WHERE tenant = $1`) < 20 && time.Now().Before(deadline) {
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(20 * time.Millisecond)
		if n := count(t, db, `SELECT sum(n) FROM item WHERE tenant = $1`); n != 20 {
			t.Fatalf("sum %d, want 20: each effect once", n)
		}
	})
}

// TestFullDatabase fills a SQLite file to its page limit: the refusal is clear, nothing is half-stored, and the service
// recovers when there is room.
func TestFullDatabase(t *testing.T) {
	db := storetest.Open(t, t.TempDir()+"/q.db", lines...)
	if err := add(db, "first", 1); err != nil {
		t.Fatal(err)
	}
	if err := store.SetMaxPages(db, 60); err != nil {
		t.Fatal(err)
	}
	stored, refused := 1, 0
	big := strings.Repeat("x", 2000)
	for i := range 200 {
		switch err := add(db, fmt.Sprint(i, big), 1); {
		case err == nil:
			stored++
		case qingyuan.CodeOf(err) == qingyuan.Unavailable:
			refused++
		default:
			t.Fatalf("a full database gave %v", err)
		}
	}
	if stored == 0 || refused == 0 {
		t.Fatalf("stored %d, refused %d", stored, refused)
	}
	if err := store.SetMaxPages(db, 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := add(db, "after", 1); err != nil {
		t.Fatalf("no recovery: %v", err)
	}
	if n := count(t, db, `SELECT count(*) FROM item WHERE tenant = $1`); n != int64(stored+1) {
		t.Fatalf("%d items, acknowledged %d", n, stored+1)
	}
	checkGapFree(t, db, stored+1)
}

func TestMigrateRefusesChangedHistory(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		changed := store.Line{Name: "test", Files: fstest.MapFS{"0001_item.sql": {Data: []byte(`CREATE TABLE other (tenant text)`)}}}
		if err := db.Migrate(context.Background(), changed); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Fatalf("changed migration: %v", err)
		}
		if err := db.Migrate(context.Background(), store.Line{Name: "test", Files: fstest.MapFS{}}); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Fatalf("database ahead of the program: %v", err)
		}
		if err := db.Migrate(context.Background(), lines...); err != nil {
			t.Fatalf("again: %v", err)
		}
	})
}

func TestOneProcessPerFile(t *testing.T) {
	path := t.TempDir() + "/q.db"
	storetest.Open(t, path)
	if _, err := store.Open(context.Background(), store.Config{URL: path}); qingyuan.CodeOf(err) != qingyuan.Unavailable {
		t.Fatalf("second opening: %v", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	db := storetest.Open(b, b.TempDir()+"/q.db", lines...)
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := add(db, qingyuan.NewID("itm", time.Now()), 1); err != nil {
				b.Fatal(err)
			}
		}
	})
}
