package decision_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/intake"
	"qingyuan/internal/keys"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/prevent/model/registry"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

const tenant = storetest.Tenant

var (
	ctx   = context.Background()
	lines = []store.Line{keys.Migrations(), audit.Migrations(), intake.Migrations(), registry.Migrations(), decision.Migrations()}
	kek   = bytes.Repeat([]byte{3}, 32)
)

// house is the part of the platform that records and decides.
type house struct {
	db     *store.DB
	ring   *keys.Ring
	events *intake.Service
	models *registry.Service
	svc    *decision.Service
}

func build(t testing.TB, db *store.DB, snapshots string) house {
	t.Helper()
	ring, err := keys.New(keys.Config{DB: db, KEK: kek})
	must(t, err)
	must(t, ring.CreateTenant(ctx, tenant))
	events, err := intake.New(intake.Config{DB: db, Keys: ring})
	must(t, err)
	models := registry.New(db)
	svc, err := decision.New(decision.Config{DB: db, Keys: ring, Events: events, Models: models, Snapshots: snapshots})
	must(t, err)
	must(t, svc.Bootstrap(ctx, tenant, "first"))
	return house{db, ring, events, models, svc}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// loan is a loan.drawn event; every seventh device is shared.
func loan(n int, at time.Time) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":"loan-%d","source":"/test","type":"loan.drawn","time":%q,"data":{
		"customer_no":"C%05d","loan_no":"L%06d","amount":%d,"currency":"CNY","device_id":"dev-%08d","phone":"1380013%04d","ip":"203.0.114.%d"}}`,
		n, at.UTC().Format(time.RFC3339Nano), n%40, n, 100000+n*1000, n%7, n%11, n%250)
}

func decide(t testing.TB, h house, body []byte) *decision.Decision {
	t.Helper()
	d, _, err := h.svc.Decide(ctx, decision.Request{Tenant: tenant, Body: body})
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return d
}

func replay(t testing.TB, h house) *decision.ReplayReport {
	t.Helper()
	r, err := h.svc.Replay(ctx, tenant, nil)
	must(t, err)
	must(t, h.svc.Verify(ctx, tenant))
	if r.Identical != r.Decisions || r.Decisions == 0 {
		t.Fatalf("replay: %d of %d identical; first differences %+v", r.Identical, r.Decisions, r.Differences[:min(3, len(r.Differences))])
	}
	return r
}

// TestReplayEqualsLive decides a stream with late events, corrections, list changes and a new ruleset version, restarts
// with and without a snapshot, and replays: all the same, and the same on both engines.
func TestReplayEqualsLive(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		snapshots := t.TempDir()
		base := time.Now().UTC().Truncate(time.Hour).Add(-48 * time.Hour)
		db := storetest.Open(t, url, lines...)
		h := build(t, db, snapshots)
		n := 0
		some := func(h house, count int) {
			for range count {
				at := base.Add(time.Duration(n) * time.Minute)
				if n%9 == 4 {
					at = at.Add(-3 * time.Hour) // late
				}
				decide(t, h, loan(n, at))
				n++
			}
		}
		some(h, 60)
		body := strings.Replace(string(loan(7, base)), `"id":"loan-7"`, `"id":"loan-7b","corrects":"loan-7"`, 1)
		decide(t, h, []byte(body))
		_, _, err := h.svc.AddEntries(ctx, tenant, qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "u"}, firstList(t), []decision.NewEntry{
			{Kind: qingyuan.Phone, Match: decision.MatchExact, Value: "13800130003", Reason: "test"}})
		must(t, err)
		some(h, 40)
		text, err := decision.ShippedRuleset("first")
		must(t, err)
		id, version, err := h.svc.Publish(ctx, tenant, qingyuan.Actor{ID: "u"}, append(text, "\n# second version\n"...))
		must(t, err)
		if version != 2 {
			t.Fatalf("second text got version %d", version)
		}
		must(t, h.svc.Activate(ctx, tenant, qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "v"}, id, version, "test"))
		some(h, 40)
		first := replay(t, h)
		must(t, h.svc.Snapshot(ctx, tenant))
		some(h, 20)
		must(t, db.Close())

		db = storetest.Open(t, url, lines...)
		h = build(t, db, snapshots) // from the snapshot and the record after it
		some(h, 20)
		replay(t, h)
		must(t, db.Close())

		must(t, os.RemoveAll(filepath.Join(snapshots)))
		db = storetest.Open(t, url, lines...)
		h = build(t, db, "") // from the record alone
		some(h, 20)
		last := replay(t, h)
		if first.Digest == last.Digest || last.Decisions != 201 {
			t.Fatalf("the digest does not grow with the record: %d decisions", last.Decisions)
		}
	})
}

// firstList is a list of the first ruleset that takes phones.
func firstList(t testing.TB) string {
	text, err := decision.ShippedRuleset("first")
	must(t, err)
	p, problems := decision.Check(text)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, l := range p.Ruleset().Lists {
		if l.Kind == qingyuan.Phone && l.Match == decision.MatchExact {
			return l.ID
		}
	}
	t.Fatal("the first ruleset has no list of phones")
	return ""
}

func TestIdempotency(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		h := build(t, db, "")
		at := time.Now().Add(-time.Hour)
		var wg sync.WaitGroup
		ids := make([]string, 32)
		for i := range ids {
			wg.Go(func() {
				d, _, err := h.svc.Decide(ctx, decision.Request{Tenant: tenant, Body: loan(1, at), IdempotencyKey: "k1"})
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = d.ID
			})
		}
		wg.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Fatalf("one key, two decisions: %v", ids)
			}
		}
		_, _, err := h.svc.Decide(ctx, decision.Request{Tenant: tenant, Body: loan(2, at), IdempotencyKey: "k1"})
		if qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("same key, other body: %v", err)
		}
		other := strings.Replace(string(loan(1, at)), `"amount":101000`, `"amount":1`, 1)
		_, _, err = h.svc.Decide(ctx, decision.Request{Tenant: tenant, Body: []byte(other)})
		if qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("same event id, other content: %v", err)
		}
		if r := replay(t, h); r.Events != 1 {
			t.Errorf("%d events recorded, want 1", r.Events)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	db := storetest.Open(b, b.TempDir()+"/q.db", lines...)
	h := build(b, db, "")
	at := time.Now().Add(-time.Hour)
	var mu sync.Mutex
	n := 0
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			mu.Lock()
			n++
			body := loan(n, at.Add(time.Duration(n)*time.Millisecond))
			mu.Unlock()
			decide(b, h, body)
		}
	})
}
