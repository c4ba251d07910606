package evidence_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/handle/evidence"
	"qingyuan/internal/handle/evidence/tlog"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

const tenant = storetest.Tenant

var (
	lines = []store.Line{keys.Migrations(), evidence.Migrations()}
	alice = qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "acc_alice"}
	shot  = evidence.Capture{Name: "截图.png", Channel: "hotline", Origin: "https://example.org/post/1", By: "acc_alice", Device: "PC-17",
		At: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Clock: "ntp", Method: "screenshot"}
)

// bench is a service over a database and a log of its own.
type bench struct {
	*evidence.Service
	t   *testing.T
	db  *store.DB
	log *tlog.Log
}

func newBench(t *testing.T, db *store.DB, dir string) *bench {
	t.Helper()
	ring, err := keys.New(keys.Config{DB: db, KEK: bytes.Repeat([]byte{9}, 32)})
	if err == nil {
		err = ring.CreateTenant(t.Context(), tenant)
	}
	if err != nil {
		t.Fatal(err)
	}
	log, err := tlog.Open(t.Context(), tlog.Config{Dir: filepath.Join(dir, "tiles"), Key: filepath.Join(dir, "log.key"), Origin: "log.test/evidence"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := evidence.NewService(evidence.Config{DB: db, Keys: ring, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{s, t, db, log}
}

// feed runs the feeder until the log holds n entries and their places are stored.
func (b *bench) feed(n int) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Feed(ctx) }()
	defer func() { cancel(); <-done }()
	for range 500 {
		var placed int
		if _, err := b.db.Get(ctx, tenant, `SELECT COUNT(*) FROM exhibit_leaf WHERE tenant = $1`, nil, &placed); err != nil {
			b.t.Fatal(err)
		}
		if placed == n {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatalf("the log does not hold %d records", n)
}

func (b *bench) close() {
	if err := b.log.Close(context.Background()); err != nil {
		b.t.Error(err)
	}
}

func (b *bench) record(raw string, person string) *evidence.Exhibit {
	b.t.Helper()
	e, err := b.Record(b.t.Context(), tenant, alice, evidence.New{Bytes: []byte(raw), Person: person, Matter: "case_1", Capture: shot})
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

// TestReceipts: what is held can be checked with the receipt alone; one bit of file, record or salt refuses; the chain of
// custody names its links; a derived file names its parent.
func TestReceipts(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		b := newBench(t, db, t.TempDir())
		defer b.close()
		raw := "一份原件 " + t.Name()
		e := b.record(raw, "p1")
		if got, err := b.Bytes(t.Context(), tenant, evidence.Use{Exhibit: e.ID, Actor: alice, Action: evidence.Copied, Purpose: "for the case file"}); err != nil || string(got) != raw {
			t.Fatalf("read %q: %v", got, err)
		}
		text, err := b.Record(t.Context(), tenant, alice, evidence.New{Bytes: []byte("transcript"), Capture: shot,
			Derivation: &evidence.Derivation{Parent: e.ID, Tool: "asr", Version: "1.2", Parameters: map[string]string{"lang": "zh"}}})
		if err != nil {
			t.Fatal(err)
		}
		if text.Parent != e.ID || text.First.Derivation.ParentHash != e.First.SHA256 || text.Matter != "case_1" {
			t.Errorf("derived: %+v", text.First)
		}
		if _, err := b.Receipts(t.Context(), tenant, e.ID); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("a receipt before the log holds it: %v", err)
		}
		b.feed(3)
		receipts, err := b.Receipts(t.Context(), tenant, e.ID)
		if err != nil || len(receipts) != 2 {
			t.Fatalf("%d receipts: %v", len(receipts), err)
		}
		record, proven, err := receipts[0].Check([]byte(raw))
		if err != nil || record.Exhibit != e.ID || record.Capture.Name != "截图.png" || proven.Size != 3 {
			t.Fatalf("check: %+v %+v %v", record, proven, err)
		}
		for bit := range len(raw) * 8 {
			changed := []byte(raw)
			changed[bit/8] ^= 1 << (bit % 8)
			if _, _, err := receipts[0].Check(changed); qingyuan.CodeOf(err) != qingyuan.Invalid {
				t.Fatalf("bit %d of the file changed: %v", bit, err)
			}
		}
		for name, change := range map[string]func(*evidence.Receipt){
			"record": func(r *evidence.Receipt) { r.Record[len(r.Record)/2] ^= 1 },
			"salt":   func(r *evidence.Receipt) { r.Salt[5] ^= 1 },
			"proof":  func(r *evidence.Receipt) { r.Proof[30] ^= 1 },
			"other":  func(r *evidence.Receipt) { r.Proof = receipts[1].Proof },
		} {
			r := &evidence.Receipt{Record: slices.Clone(receipts[0].Record), Salt: slices.Clone(receipts[0].Salt), Proof: slices.Clone(receipts[0].Proof), Key: receipts[0].Key}
			change(r)
			if _, _, err := r.Check([]byte(raw)); qingyuan.CodeOf(err) != qingyuan.Invalid {
				t.Errorf("%s changed: %v", name, err)
			}
		}
		links, err := b.Custody(t.Context(), tenant, e.ID)
		if err != nil || len(links) != 2 || links[1].Previous != links[0].Commitment || links[1].Action != evidence.Copied || links[1].Purpose != "for the case file" {
			t.Errorf("custody: %+v, %v", links, err)
		}
	})
}

// TestFeedAfterCrash: a process that dies between the log and the row leaves records the log holds already; the next one
// finds them and logs none twice, wherever the batch was cut.
func TestFeedAfterCrash(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		dir := t.TempDir()
		b := newBench(t, db, dir)
		for i := range 20 {
			b.record(fmt.Sprintf("file %d", i), "p1")
		}
		var lost []tlog.Commitment // appended, but the process died before it could say so
		err := db.Read(t.Context(), tenant, func(tx *store.Tx) error {
			rows, err := tx.Query(`SELECT commitment FROM exhibit_record WHERE tenant = $1 ORDER BY seq`)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var c []byte
				if err := rows.Scan(&c); err != nil {
					return err
				}
				lost = append(lost, tlog.Commitment(c))
			}
			return rows.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
		lost = slices.Concat(lost[:7], lost[9:11]) // a pushed-back entry leaves a gap
		if _, err := b.log.Append(t.Context(), lost); err != nil {
			t.Fatal(err)
		}
		b.close()
		b = newBench(t, db, dir)
		defer b.close()
		b.feed(20)
		all, err := b.log.Entries(t.Context(), 0, 100)
		if err != nil || len(all) != 20 {
			t.Fatalf("the log holds %d entries: %v", len(all), err)
		}
		seen := map[tlog.Commitment]bool{}
		for _, c := range all {
			if seen[c] {
				t.Fatal("a record was logged twice")
			}
			seen[c] = true
		}
	})
}

// TestErasure: without the person's key neither file nor record can be read, and every other proof still verifies.
func TestErasure(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		dir := t.TempDir()
		b := newBench(t, db, dir)
		gone, stays := b.record("hers", "p1"), b.record("his", "p2")
		b.feed(2)
		b.close()
		err := db.Write(t.Context(), tenant, func(tx *store.Tx) error {
			_, err := tx.Exec(`DELETE FROM person_key WHERE tenant = $1 AND person = $2`, "p1")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		b = newBench(t, db, dir)
		defer b.close()
		e, err := b.Exhibit(t.Context(), tenant, gone.ID)
		if err != nil || e.State != evidence.Erased || e.First != nil {
			t.Errorf("erased: %+v, %v", e, err)
		}
		if _, err := b.Receipts(t.Context(), tenant, gone.ID); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("receipt of what is erased: %v", err)
		}
		receipts, err := b.Receipts(t.Context(), tenant, stays.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := receipts[0].Check([]byte("his")); err != nil {
			t.Errorf("another's proof: %v", err)
		}
	})
}

// TestSeal: two people seal; the requester alone cannot; what is sealed stays readable and every look at it is on record.
func TestSeal(t *testing.T) {
	storetest.Each(t, append(lines, audit.Migrations()), func(t *testing.T, db *store.DB) {
		b := newBench(t, db, t.TempDir())
		defer b.close()
		e := b.record("sealed", "p1")
		a, err := b.RequestSeal(t.Context(), tenant, alice, []string{e.ID, e.ID}, "for the prosecutor")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.ApproveSeal(t.Context(), audit.Ballot{Tenant: tenant, Voter: alice, Approval: a.ID}); qingyuan.CodeOf(err) != qingyuan.Forbidden {
			t.Fatalf("sealed alone: %v", err)
		}
		bob := qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "acc_bob"}
		if a, err = b.ApproveSeal(t.Context(), audit.Ballot{Tenant: tenant, Voter: bob, Approval: a.ID}); err != nil || a.State != audit.Approved {
			t.Fatalf("%+v, %v", a, err)
		}
		if e, err = b.Exhibit(t.Context(), tenant, e.ID); err != nil || e.State != evidence.Sealed {
			t.Fatalf("%+v, %v", e, err)
		}
		if _, err := b.RequestSeal(t.Context(), tenant, alice, []string{e.ID}, "once more"); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("sealed twice: %v", err)
		}
		if _, err := b.Bytes(t.Context(), tenant, evidence.Use{Exhibit: e.ID, Actor: bob, Action: evidence.Viewed, Purpose: "review"}); err != nil {
			t.Error(err)
		}
		links, err := b.Custody(t.Context(), tenant, e.ID)
		if err != nil || len(links) != 3 || links[1].Action != evidence.SealedUp || links[1].Approval != a.ID || links[2].Action != evidence.Viewed {
			t.Errorf("custody: %+v, %v", links, err)
		}
	})
}

// TestHold: a legal hold on the matter refuses erasure until it is lifted.
func TestHold(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		b := newBench(t, db, t.TempDir())
		defer b.close()
		e := b.record("held", "p1")
		h, err := b.PlaceHold(t.Context(), tenant, alice, "case_1", "court order")
		if err != nil {
			t.Fatal(err)
		}
		erase := func() error {
			return db.Write(t.Context(), tenant, func(tx *store.Tx) error { return evidence.Erase(tx, "p1") })
		}
		if err := erase(); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Fatalf("erased under a hold: %v", err)
		}
		if err := b.LiftHold(t.Context(), tenant, alice, h.ID); err != nil {
			t.Fatal(err)
		}
		if err := b.LiftHold(t.Context(), tenant, alice, h.ID); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("lifted twice: %v", err)
		}
		if err := erase(); err != nil {
			t.Fatal(err)
		}
		if e, err = b.Exhibit(t.Context(), tenant, e.ID); err != nil || e.State != evidence.Erased || e.First != nil {
			t.Errorf("%+v, %v", e, err)
		}
		if _, err := b.Bytes(t.Context(), tenant, evidence.Use{Exhibit: e.ID, Actor: alice, Action: evidence.Viewed, Purpose: "review"}); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("read after erasure: %v", err)
		}
	})
}

func TestRecordRefuses(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		b := newBench(t, db, t.TempDir())
		defer b.close()
		for field, n := range map[string]evidence.New{
			"bytes":          {Capture: shot},
			"capture.at":     {Bytes: []byte("x")},
			"capture.name":   {Bytes: []byte("x"), Capture: evidence.Capture{At: shot.At}},
			"capture.origin": {Bytes: []byte("x"), Capture: evidence.Capture{At: shot.At, Name: "a", Channel: "b", Origin: "a\x00b"}},
			"derivation":     {Bytes: []byte("x"), Capture: shot, Derivation: &evidence.Derivation{Tool: "t", Version: "1"}},
		} {
			if _, err := b.Record(t.Context(), tenant, alice, n); qingyuan.CodeOf(err) != qingyuan.Invalid || qingyuan.AsError(err).Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		_, err := b.Record(t.Context(), tenant, alice, evidence.New{Bytes: []byte("x"), Capture: shot, Derivation: &evidence.Derivation{Parent: "exh_no", Tool: "t", Version: "1"}})
		if qingyuan.CodeOf(err) != qingyuan.NotFound {
			t.Errorf("no parent: %v", err)
		}
	})
}
