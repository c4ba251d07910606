package audit_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

// secret signs heads.
type secret [32]byte

func (s secret) Derive(context.Context, qingyuan.Tenant, string) ([32]byte, error) { return s, nil }

// acted writes n commands by a person, of which each emits an entry.
func acted(t testing.TB, db *store.DB, n int) {
	t.Helper()
	for i := range n {
		in := &audit.Intent{Actor: user("ann"), Action: "do", Request: fmt.Sprint("req", i)}
		in.Explain("because 13800138000 said so", audit.Hash{}, audit.Hash{})
		must(t, db.Write(audit.Acting(ctx, in), tenant, func(tx *store.Tx) error {
			_, err := tx.Emit("thing.done", fmt.Sprint("thing", i%3), nil)
			return err
		}))
	}
}

func verify(t testing.TB, db *store.DB, heads ...audit.Head) *audit.Verdict {
	t.Helper()
	v, err := audit.Verify(ctx, db, tenant, heads, nil)
	must(t, err)
	return v
}

func list(t testing.TB, db *store.DB) (all []audit.Entry) {
	t.Helper()
	must(t, db.Read(ctx, tenant, func(tx *store.Tx) (err error) {
		all, err = audit.Entries(tx, audit.EntryFilter{Limit: 1000})
		return err
	}))
	return all
}

// TestEveryChangeIsChained writes as a person and as a machine, seals, exports and verifies.
func TestEveryChangeIsChained(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		acted(t, db, 5)
		quiet := audit.Acting(ctx, &audit.Intent{Actor: user("ann"), Action: "look"})
		must(t, db.Write(quiet, tenant, func(*store.Tx) error { return nil }))
		failed := db.Write(quiet, tenant, func(tx *store.Tx) error {
			tx.Emit("thing.done", "x", nil)
			return qingyuan.Errorf(qingyuan.Conflict, "no")
		})
		if qingyuan.CodeOf(failed) != qingyuan.Conflict {
			t.Fatal(failed)
		}
		for range 20 { // a machine: no entry of its own
			must(t, db.Write(ctx, tenant, func(tx *store.Tx) error {
				_, err := tx.Emit("decision.made", "evt", []byte(`{"outcome":"pass"}`))
				return err
			}))
		}
		if upTo, err := audit.Seal(ctx, db, tenant); err != nil || upTo != 25 {
			t.Fatalf("sealed up to %d: %v", upTo, err)
		}
		if upTo, err := audit.Seal(ctx, db, tenant); err != nil || upTo != 25 {
			t.Fatalf("sealed twice: %d, %v", upTo, err)
		}
		all := list(t, db)
		if len(all) != 6 || all[0].Action != audit.OutboxSealed || all[0].Subject != "1-25" {
			t.Fatalf("%d entries, last %+v", len(all), all[0])
		}
		if e := all[1]; e.Actor != user("ann") || e.Subject != "thing1" || e.Reason != "because *** said so" || e.Request != "req4" || e.Before != all[4].After || e.After == e.Before {
			t.Errorf("%+v", e)
		}
		if v := verify(t, db); len(v.Faults) != 0 || v.Entries != 6 || v.Sealed != 25 {
			t.Errorf("%+v", v)
		}
		var out bytes.Buffer
		must(t, audit.Export(ctx, db, tenant, audit.Stretch{}, &out))
		if v, err := audit.VerifyExport(bytes.NewReader(out.Bytes())); err != nil || len(v.Faults) != 0 || v.Entries != 6 || v.Last != all[0].Hash {
			t.Errorf("export: %+v, %v", v, err)
		}
		forged := strings.Replace(out.String(), `"request":"req2"`, `"request":"req9"`, 1)
		if v, _ := audit.VerifyExport(strings.NewReader(forged)); len(v.Faults) != 1 || v.Faults[0].N != 3 {
			t.Errorf("a forged export: %+v", v)
		}
	})
}

// TestDatabaseRefusesChangesOfTheChain tries to change entries past the package.
func TestDatabaseRefusesChangesOfTheChain(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		acted(t, db, 3)
		for _, text := range []string{
			`UPDATE audit_entry SET reason = 'x' WHERE tenant = $1 AND n = 2`,
			`DELETE FROM audit_entry WHERE tenant = $1 AND n = 3`,
			`INSERT INTO audit_entry (tenant, n, at, actor_kind, actor, action, subject, reason, request, before, after, prev, hash)
				SELECT tenant, 9, at, actor_kind, actor, action, subject, reason, request, before, after, prev, hash FROM audit_entry WHERE tenant = $1 AND n = 1`,
		} {
			if err := db.Write(ctx, tenant, func(tx *store.Tx) error { _, err := tx.Exec(text); return err }); err == nil {
				t.Errorf("the database took: %s", text)
			}
		}
		if v := verify(t, db); len(v.Faults) != 0 || v.Entries != 3 {
			t.Errorf("%+v", v)
		}
	})
}

// TestTamperingIsNamed takes the guards away, as one with all rights of the database could, changes the chain, and wants each change named.
func TestTamperingIsNamed(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		acted(t, db, 20)
		_, err := audit.Seal(ctx, db, tenant)
		must(t, err)
		dir := t.TempDir()
		k := audit.Keeper{DB: db, Signs: secret{7}, Dir: dir, Log: slog.Default()}
		must(t, k.Keep(ctx))
		heads, err := audit.ReadHeads(audit.HeadsFile(dir, tenant))
		must(t, err)
		if v := verify(t, db, heads...); len(v.Faults) != 0 || v.Heads != 1 {
			t.Fatalf("%+v", v)
		}
		disarm(t, db)
		tampered := func(name string, want int64, what string, statements ...string) {
			t.Helper()
			undo := fmt.Errorf("undo")
			saved := list(t, db)
			must(t, db.Write(ctx, tenant, func(tx *store.Tx) error {
				for _, s := range statements {
					if _, err := tx.Exec(s); err != nil {
						return err
					}
				}
				return nil
			}))
			v := verify(t, db, heads...)
			found := false
			for _, f := range v.Faults {
				found = found || f.N == want && strings.Contains(f.What, what)
			}
			if !found {
				t.Errorf("%s: want entry %d %q: %+v", name, want, what, v.Faults)
			}
			restore(t, db, saved)
			if v := verify(t, db, heads...); len(v.Faults) != 0 {
				t.Fatalf("%v: not restored: %+v", undo, v.Faults)
			}
		}
		tampered("changed", 7, "changed", `UPDATE audit_entry SET reason = 'other' WHERE tenant = $1 AND n = 7`)
		tampered("changed hash", 7, "changed", `UPDATE audit_entry SET hash = prev WHERE tenant = $1 AND n = 7`)
		tampered("removed", 7, "removed", `DELETE FROM audit_entry WHERE tenant = $1 AND n = 7`)
		tampered("removed and renumbered", 7, "another order, or one between them was removed", `DELETE FROM audit_entry WHERE tenant = $1 AND n = 7`,
			`UPDATE audit_entry SET n = n - 1000 WHERE tenant = $1 AND n > 7`, `UPDATE audit_entry SET n = n + 999 WHERE tenant = $1 AND n < 0`)
		tampered("reordered", 7, "another order", `UPDATE audit_entry SET n = 1000 WHERE tenant = $1 AND n = 7`,
			`UPDATE audit_entry SET n = 7 WHERE tenant = $1 AND n = 8`, `UPDATE audit_entry SET n = 8 WHERE tenant = $1 AND n = 1000`)
		tampered("tail", 21, "removed at its end", `DELETE FROM audit_entry WHERE tenant = $1 AND n > 18`)
		tampered("all", 21, "removed at its end", `DELETE FROM audit_entry WHERE tenant = $1`)
		must(t, db.Write(ctx, tenant, func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE outbox SET subject = 'other' WHERE tenant = $1 AND seq = 4`)
			return err
		}))
		if v := verify(t, db, heads...); len(v.Faults) != 1 || v.Faults[0].N != 21 || !strings.Contains(v.Faults[0].What, "outbox") {
			t.Errorf("outbox: %+v", v.Faults)
		}
		forged := heads[0]
		forged.N = 18
		if v := verify(t, db, forged); len(v.Faults) == 0 || v.Heads != 0 {
			t.Errorf("a forged head: %+v", v)
		}
	})
}

// disarm drops the triggers.
func disarm(t *testing.T, db *store.DB) {
	t.Helper()
	if db.Dialect() == store.Postgres {
		must(t, db.System(ctx, func(sys *sql.Tx) error {
			_, err := sys.Exec(`ALTER TABLE audit_entry DISABLE TRIGGER ALL`)
			return err
		}))
		return
	}
	must(t, db.Write(ctx, tenant, func(tx *store.Tx) error {
		for _, name := range []string{"update", "insert", "delete"} {
			if _, err := tx.Exec(`DROP TRIGGER audit_entry_` + name); err != nil {
				return err
			}
		}
		return nil
	}))
}

// restore puts the entries back.
func restore(t *testing.T, db *store.DB, all []audit.Entry) {
	t.Helper()
	hash := func(h audit.Hash) []byte {
		if h == (audit.Hash{}) {
			return []byte{}
		}
		return h[:]
	}
	must(t, db.Write(ctx, tenant, func(tx *store.Tx) error {
		if _, err := tx.Exec(`DELETE FROM audit_entry WHERE tenant = $1`); err != nil {
			return err
		}
		for _, e := range all {
			_, err := tx.Exec(`INSERT INTO audit_entry (tenant, n, at, actor_kind, actor, action, subject, reason, request, before, after, prev, hash)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, e.N, e.At.UnixMicro(), string(e.Actor.Kind), e.Actor.ID, e.Action, e.Subject,
				e.Reason, e.Request, hash(e.Before), hash(e.After), hash(e.Prev), hash(e.Hash))
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

func FuzzVerifyExport(f *testing.F) {
	f.Add([]byte(`{"n":1,"at":"2026-01-01T00:00:00Z","actor":{"kind":"user","id":"x"},"action":"a","subject":"","before":"","after":"","prev":"","hash":""}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, err := audit.VerifyExport(bytes.NewReader(b)); err == nil {
			json.Marshal(v)
		}
	})
}

// BenchmarkVerify checks a chain of a million entries: go test -run - -bench Verify -benchtime 1x ./internal/audit
func BenchmarkVerify(b *testing.B) {
	db := storetest.Open(b, b.TempDir()+"/q.db", lines...)
	const n = 1_000_000
	must(b, audit.Fill(ctx, db, tenant, n))
	b.ResetTimer()
	for b.Loop() {
		if v := verify(b, db); v.Entries != n || len(v.Faults) > 0 {
			b.Fatalf("%+v", v)
		}
	}
}
