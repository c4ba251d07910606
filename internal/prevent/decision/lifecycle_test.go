package decision_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/quick"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

func user(id string) qingyuan.Actor { return qingyuan.Actor{Kind: qingyuan.ActorUser, ID: id} }

// publish publishes the first ruleset with the substitutions, by ann.
func publish(t testing.TB, h house, change ...string) int {
	t.Helper()
	text, err := decision.ShippedRuleset("first")
	must(t, err)
	out := strings.NewReplacer(change...).Replace(string(text))
	if out == string(text) {
		t.Fatal("the substitution changes nothing")
	}
	_, version, err := h.svc.Publish(ctx, tenant, user("ann"), []byte(out))
	must(t, err)
	return version
}

// stern is the first ruleset with thresholds so low that nearly everything suspicious stops.
var stern = []string{"thresholds:", "# stern\nthresholds:", "value: 3,", "value: 1,", "value: 2,", "value: 1,", "value: 4,", "value: 1,"}

// TestLifecycleReplays decides with shadow, rollout, snoozes and roll-back, restarts with and without a snapshot, and
// replays: decisions and shadow results all the same.
func TestLifecycleReplays(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		snapshots := t.TempDir()
		base := time.Now().UTC().Truncate(time.Hour).Add(-48 * time.Hour)
		db := storetest.Open(t, url, lines...)
		h := build(t, db, snapshots)
		n := 0
		byVersion := map[int]int{}
		some := func(count int) {
			for range count {
				at := base.Add(time.Duration(n) * time.Minute)
				if n%9 == 4 {
					at = at.Add(-3 * time.Hour)
				}
				byVersion[decide(t, h, loan(n, at)).Version]++
				n++
			}
		}
		stage := func(version int, s decision.Stage, percent int) {
			t.Helper()
			must(t, h.svc.Stage(ctx, tenant, user("bob"), decision.StageChange{ID: "first", Version: version, Stage: s, Percent: percent, Reason: "test"}))
		}
		some(30)
		v2, v3 := publish(t, h, stern...), publish(t, h, "value: 3,", "value: 2,")
		stage(v2, decision.StageShadow, 0)
		some(30)
		stage(v3, decision.StageRollout, 40)
		some(40)
		body := strings.Replace(string(loan(7, base)), `"id":"loan-7"`, `"id":"loan-7b","corrects":"loan-7"`, 1)
		decide(t, h, []byte(body))
		z, err := h.svc.RequestSnooze(ctx, tenant, user("ann"), decision.NewSnooze{Rule: "T1-DEVICE", ExpiresAt: time.Now().Add(time.Hour), Reason: "test"})
		must(t, err)
		_, err = h.svc.Approve(ctx, audit.Ballot{Tenant: tenant, Voter: user("bob"), Approval: z.ID, Comment: ""})
		must(t, err)
		some(20)
		r := replay(t, h)
		if r.Shadows != 30+40+1+20 || r.ShadowsIdentical != r.Shadows {
			t.Fatalf("%d of %d shadow results identical", r.ShadowsIdentical, r.Shadows)
		}
		must(t, h.svc.Snapshot(ctx, tenant))
		stage(v3, decision.StageRollout, 70)
		some(20)
		must(t, db.Close())

		db = storetest.Open(t, url, lines...)
		h = build(t, db, snapshots) // from the snapshot and the record after it
		some(20)
		must(t, h.svc.Snapshot(ctx, tenant))
		must(t, db.Close())
		db = storetest.Open(t, url, lines...)
		h = build(t, db, snapshots) // from the snapshot alone
		if d := decide(t, h, loan(n, base)); !hasMissing(d, "T1-DEVICE") {
			t.Errorf("the snooze is lost: %+v", d.Missing)
		}
		n++
		some(20)
		replay(t, h)
		stage(v2, decision.StageLive, 0) // out of the shadow; ends the rollout
		some(20)
		stage(1, decision.StageLive, 0) // rolled back
		stage(v3, decision.StageShadow, 0)
		some(10)
		r = replay(t, h)
		must(t, db.Close())

		must(t, os.RemoveAll(snapshots))
		db = storetest.Open(t, url, lines...)
		h = build(t, db, "") // from the record alone
		some(10)
		r = replay(t, h)
		if r.Shadows == 0 || r.ShadowsIdentical != r.Shadows {
			t.Fatalf("%d of %d shadow results identical", r.ShadowsIdentical, r.Shadows)
		}
		if byVersion[1] == 0 || byVersion[v2] != 20 || byVersion[v3] == 0 {
			t.Fatalf("who decided: %v", byVersion)
		}
	})
}

// TestShadowChangesNothing decides the same events with and without stern versions in shadow: ids apart, all the same.
func TestShadowChangesNothing(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		base := time.Now().UTC().Truncate(time.Hour).Add(-48 * time.Hour)
		plain := build(t, storetest.Open(t, t.TempDir()+"/plain.db", lines...), "")
		shadowed := build(t, storetest.Open(t, url, lines...), "")
		v := publish(t, shadowed, stern...)
		must(t, shadowed.svc.Stage(ctx, tenant, user("ann"), decision.StageChange{ID: "first", Version: v, Stage: decision.StageShadow, Reason: "test"}))
		for n := range 120 {
			body := loan(n, base.Add(time.Duration(n)*time.Minute))
			a, b := decide(t, plain, body), decide(t, shadowed, body)
			if a.Outcome != b.Outcome || a.Score != b.Score || a.Version != b.Version || strings.Join(a.Rules, " ") != strings.Join(b.Rules, " ") {
				t.Fatalf("event %d: %s %d by %d %v, with a shadow %s %d by %d %v", n, a.Outcome, a.Score, a.Version, a.Rules, b.Outcome, b.Score, b.Version, b.Rules)
			}
		}
		sum, err := shadowed.svc.Shadow(ctx, tenant, "first", v, base, time.Now().Add(time.Hour))
		must(t, err)
		differ := 0
		for decided, row := range sum.Outcomes {
			for beside, n := range row {
				if decided != beside {
					differ += n
				}
			}
		}
		if sum.Decisions != 120 || differ == 0 {
			t.Fatalf("the shadow said nothing else: the test shows nothing. %+v", sum)
		}
	})
}

// TestRolloutShare takes customers by blind key: stable, monotone in the percentage, and within 1 % of it.
func TestRolloutShare(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db", lines...), "")
	const people = 40_000
	keys := make([]string, people)
	for i := range keys {
		var err error
		keys[i], err = h.ring.Blind(ctx, tenant, qingyuan.Customer, fmt.Sprintf("C%06d", i))
		must(t, err)
	}
	for _, ruleset := range []string{"first", "second"} {
		for _, percent := range []int{1, 5, 10, 25, 50, 75, 90, 99} {
			in := 0
			for _, k := range keys {
				if decision.InRollout(k, ruleset, percent) {
					in++
				}
			}
			if share := 100 * float64(in) / people; share < float64(percent)-1 || share > float64(percent)+1 {
				t.Errorf("%s to %d %%: %.2f %% are in", ruleset, percent, share)
			}
		}
	}
	property := func(i uint16, a, b uint8) bool {
		k, low, high := keys[int(i)%people], int(min(a, b))%100, int(max(a, b))%100
		if low > high {
			low, high = high, low
		}
		return decision.InRollout(k, "first", low) == decision.InRollout(k, "first", low) &&
			(!decision.InRollout(k, "first", low) || decision.InRollout(k, "first", high))
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
	if decision.InRollout("", "first", 99) {
		t.Error("an event about nobody is in a rollout")
	}
}

// TestRolloutIsPerCustomer decides many events of the same customers: each customer has one version throughout, also
// through a restart and the next version of the candidate.
func TestRolloutIsPerCustomer(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, lines...)
		h := build(t, db, "")
		roll := func(v int) {
			must(t, h.svc.Stage(ctx, tenant, user("bob"), decision.StageChange{ID: "first", Version: v, Stage: decision.StageRollout, Percent: 50, Reason: "test"}))
		}
		roll(publish(t, h, "value: 3,", "value: 2,"))
		in := map[int]bool{}
		run := func(from int) {
			for n := from; n < from+120; n++ {
				is := decide(t, h, loan(n, time.Now().Add(-time.Hour))).Version != 1
				if was, seen := in[n%40]; seen && was != is {
					t.Fatalf("customer %d changed sides", n%40)
				}
				in[n%40] = is
			}
		}
		run(0)
		taken := 0
		for _, is := range in {
			if is {
				taken++
			}
		}
		if taken < 8 || taken > 32 {
			t.Fatalf("%d of 40 customers are in a rollout to 50 %%", taken)
		}
		roll(publish(t, h, "value: 3,", "value: 1,"))
		run(120)
		must(t, db.Close())
		db = storetest.Open(t, url, lines...)
		h = build(t, db, "")
		run(240)
	})
}

// TestPromotionTakesTwo refuses the author, and people who ask for it themselves; the platform needs nobody.
func TestPromotionTakesTwo(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		h := build(t, db, "")
		v := publish(t, h, stern...)
		live := decision.StageChange{ID: "first", Version: v, Stage: decision.StageLive, Reason: "test"}
		rollout := live
		rollout.Stage, rollout.Percent = decision.StageRollout, 10
		for _, c := range []decision.StageChange{live, rollout} {
			if err := h.svc.Stage(ctx, tenant, user("ann"), c); qingyuan.CodeOf(err) != qingyuan.Forbidden {
				t.Errorf("the author put it on %s: %v", c.Stage, err)
			}
			if err := h.svc.Stage(ctx, tenant, qingyuan.Actor{Kind: qingyuan.ActorKey, ID: "k"}, c); qingyuan.CodeOf(err) != qingyuan.Forbidden {
				t.Errorf("a key put it on %s: %v", c.Stage, err)
			}
		}
		if d := decide(t, h, loan(1, time.Now().Add(-time.Hour))); d.Version != 1 {
			t.Fatalf("a refused promotion took effect: %d", d.Version)
		}
		a, err := h.svc.RequestStage(ctx, tenant, user("cid"), live)
		must(t, err)
		for _, by := range []string{"ann", "cid"} {
			if _, err := h.svc.Approve(ctx, audit.Ballot{Tenant: tenant, Voter: user(by), Approval: a.ID, Comment: ""}); qingyuan.CodeOf(err) != qingyuan.Forbidden {
				t.Errorf("%s approved: %v", by, err)
			}
		}
		err = db.Write(ctx, tenant, func(tx *store.Tx) error {
			_, err := tx.Exec(`INSERT INTO approval_vote (tenant, approval, requester, maker, voter, verdict, comment, at)
				SELECT $1, id, requester, maker, maker, 'approve', '', 0 FROM approval WHERE tenant = $1 AND id = $2`, a.ID)
			return err
		})
		if err == nil {
			t.Error("the database took the author's vote")
		}
		a, err = h.svc.Approve(ctx, audit.Ballot{Tenant: tenant, Voter: user("bob"), Approval: a.ID, Comment: "fine"})
		must(t, err)
		if d := decide(t, h, loan(2, time.Now().Add(-time.Hour))); a.State != audit.Approved || d.Version != v {
			t.Fatalf("%s; version %d decides", a.State, d.Version)
		}
		if _, err := h.svc.Approve(ctx, audit.Ballot{Tenant: tenant, Voter: user("dora"), Approval: a.ID, Comment: ""}); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("approved twice: %v", err)
		}
		var n int
		must(t, db.Read(ctx, tenant, func(tx *store.Tx) error {
			_, err := tx.Get(`SELECT count(*) FROM ruleset_activation WHERE tenant = $1 AND approval = $2`, []any{a.ID}, &n)
			return err
		}))
		if n != 1 {
			t.Errorf("the activation names no approval")
		}
		replay(t, h)
	})
}

// TestStagesFit refuses stages that make no sense.
func TestStagesFit(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db", lines...), "")
	v := publish(t, h, stern...)
	put := func(version int, s decision.Stage, percent int) qingyuan.Code {
		return qingyuan.CodeOf(h.svc.Stage(ctx, tenant, user("bob"), decision.StageChange{ID: "first", Version: version, Stage: s, Percent: percent, Reason: "test"}))
	}
	for _, tt := range []struct {
		version int
		stage   decision.Stage
		percent int
		want    qingyuan.Code
	}{
		{v, "elsewhere", 0, qingyuan.Invalid}, {v, decision.StageRollout, 0, qingyuan.Invalid}, {v, decision.StageRollout, 100, qingyuan.Invalid},
		{v, decision.StageShadow, 5, qingyuan.Invalid}, {99, decision.StageShadow, 0, qingyuan.NotFound}, {1, decision.StageShadow, 0, qingyuan.Conflict},
		{1, decision.StageLive, 0, qingyuan.Conflict}, {v, decision.StageOff, 0, qingyuan.Conflict}, {1, decision.StageOff, 0, qingyuan.Conflict},
		{v, decision.StageShadow, 0, ""}, {v, decision.StageShadow, 0, qingyuan.Conflict}, {v, decision.StageOff, 0, ""},
		{v, decision.StageRollout, 20, ""}, {v, decision.StageRollout, 30, ""}, {v, decision.StageOff, 0, ""},
	} {
		if got := put(tt.version, tt.stage, tt.percent); got != tt.want {
			t.Errorf("%d on %s %d: %q, want %q", tt.version, tt.stage, tt.percent, got, tt.want)
		}
	}
}

// TestListsAndSnoozes goes through requests, approval, reversal and the early end of a snooze.
func TestListsAndSnoozes(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		h := build(t, db, "")
		list := firstList(t)
		entry := decision.NewEntry{Kind: qingyuan.Phone, Match: decision.MatchExact, Value: "13800130003", Reason: "test"}
		n := 0
		outcome := func() *decision.Decision {
			n += 11 // the same phone
			return decide(t, h, loan(n+3, time.Now().Add(-time.Hour)))
		}
		before := outcome()
		a, err := h.svc.RequestEntries(ctx, tenant, user("ann"), list, []decision.NewEntry{entry}, "seen twice")
		must(t, err)
		if strings.Contains(a.Payload, "13800130003") {
			t.Error("the request holds the phone in clear")
		}
		if d := outcome(); d.Outcome != before.Outcome {
			t.Fatal("a request took effect")
		}
		_, err = h.svc.Approve(ctx, audit.Ballot{Tenant: tenant, Voter: user("bob"), Approval: a.ID, Comment: ""})
		must(t, err)
		listed := outcome()
		if strings.Join(listed.Rules, " ") == strings.Join(before.Rules, " ") {
			t.Fatalf("the list entry changes nothing: %v", listed.Rules)
		}
		rule := ""
		for _, r := range listed.Rules {
			if !strings.Contains(strings.Join(before.Rules, " "), r) {
				rule = r
			}
		}
		z, err := h.svc.RequestSnooze(ctx, tenant, user("ann"), decision.NewSnooze{Rule: rule, Kind: qingyuan.Phone, Value: "13800130003",
			ExpiresAt: time.Now().Add(time.Hour), Reason: "a mistake"})
		must(t, err)
		_, err = h.svc.Approve(ctx, audit.Ballot{Tenant: tenant, Voter: user("bob"), Approval: z.ID, Comment: ""})
		must(t, err)
		snoozed := outcome()
		if strings.Contains(strings.Join(snoozed.Rules, " "), rule) || !hasMissing(snoozed, rule) {
			t.Errorf("snoozed: %v, not evaluable %v", snoozed.Rules, snoozed.Missing)
		}
		all, err := h.svc.Snoozes(ctx, tenant)
		must(t, err)
		if len(all) != 1 {
			t.Fatalf("%d snoozes", len(all))
		}
		must(t, h.svc.EndSnooze(ctx, tenant, user("ann"), all[0].ID))
		if d := outcome(); !strings.Contains(strings.Join(d.Rules, " "), rule) {
			t.Error("the ended snooze still holds")
		}
		_, action, err := h.svc.AddEntries(ctx, tenant, user("ann"), list, []decision.NewEntry{entry, entry})
		must(t, err)
		r, err := h.svc.ReverseAction(ctx, tenant, user("ann"), list, action, "wrong file")
		must(t, err)
		if r.Removed != 2 || r.Restored != 0 {
			t.Errorf("reversed %+v", r)
		}
		if r, err = h.svc.ReverseAction(ctx, tenant, user("ann"), list, r.Action, "right file after all"); err != nil || r.Restored != 2 {
			t.Errorf("reversal reversed: %+v %v", r, err)
		}
		if _, err := h.svc.ReverseAction(ctx, tenant, user("ann"), list, 1<<40, "nothing there"); qingyuan.CodeOf(err) != qingyuan.NotFound {
			t.Errorf("an unknown action: %v", err)
		}
		outcome()
		replay(t, h)
	})
}

func hasMissing(d *decision.Decision, rule string) bool {
	for _, m := range d.Missing {
		if m.Rule == rule && m.Missing == decision.ErrSnoozed {
			return true
		}
	}
	return false
}

// TestPreview counts the people behind list entries before they are added.
func TestPreview(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db", lines...), "")
	want := map[int]bool{}
	for n := range 88 {
		decide(t, h, loan(n, time.Now().Add(-time.Hour)))
		if n%11 == 3 {
			want[n%40] = true
		}
	}
	decide(t, h, loan(11*10+3, time.Now().Add(-40*24*time.Hour))) // too long ago
	entries := []decision.NewEntry{{Kind: qingyuan.Phone, Match: decision.MatchExact, Value: "13800130003", Reason: "test"},
		{Kind: qingyuan.Phone, Match: decision.MatchPrefix, Value: "1380013", Reason: "test"}}
	p, err := h.svc.PreviewEntries(ctx, tenant, firstList(t), entries, 30)
	must(t, err)
	events, people := 0, 0
	for _, n := range p.ByOutcome {
		events, people = events+n.Events, people+n.Customers
	}
	if p.Events != 8 || p.Customers != len(want) || events != 8 || people != len(want) || p.Skipped != 1 || p.Truncated {
		t.Fatalf("%+v, want %d customers", p, len(want))
	}
	_, action, err := h.svc.AddEntries(ctx, tenant, user("ann"), firstList(t), entries[:1])
	must(t, err)
	q, err := h.svc.PreviewAction(ctx, tenant, firstList(t), action, 30)
	must(t, err)
	if q.Events != p.Events || q.Customers != p.Customers {
		t.Fatalf("of the action %+v, of the entries %+v", q, p)
	}
}

// TestContacts records a contact about a decision that asks for one; its texts are sealed.
func TestContacts(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		h := build(t, db, "")
		_, _, err := h.svc.AddEntries(ctx, tenant, user("ann"), firstList(t), []decision.NewEntry{
			{Kind: qingyuan.Phone, Match: decision.MatchExact, Value: "13800130003", Reason: "test"}})
		must(t, err)
		var warned, passed *decision.Decision
		for n := range 4 {
			d := decide(t, h, loan(n, time.Now().Add(-time.Hour)))
			if d.Outcome.Severity() >= qingyuan.Warn.Severity() {
				warned = d
			} else {
				passed = d
			}
		}
		if warned == nil || passed == nil {
			t.Fatal("the list stops nobody")
		}
		c := decision.Contact{Channel: "call", Script: "疑似诈骗，请勿转账", Answer: "我不知道他是中介", Result: "dissuaded"}
		_, err = h.svc.AddContact(ctx, tenant, user("ann"), warned.ID, c)
		must(t, err)
		all, err := h.svc.Contacts(ctx, tenant, warned.ID)
		must(t, err)
		if len(all) != 1 || all[0].Script != c.Script || all[0].Answer != c.Answer || all[0].Actor != "ann" {
			t.Fatalf("%+v", all)
		}
		if _, err := h.svc.AddContact(ctx, tenant, user("ann"), passed.ID, c); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("a contact about a %s: %v", passed.Outcome, err)
		}
		for _, bad := range []decision.Contact{{Channel: "pigeon", Script: "x", Result: "refused"}, {Channel: "sms", Script: "x", Result: "?"}, {Channel: "sms", Result: "refused"}} {
			if _, err := h.svc.AddContact(ctx, tenant, user("ann"), warned.ID, bad); qingyuan.CodeOf(err) != qingyuan.Invalid {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		must(t, db.Read(ctx, tenant, func(tx *store.Tx) error {
			var sealed []byte
			_, err := tx.Get(`SELECT sealed FROM contact WHERE tenant = $1`, nil, &sealed)
			if strings.Contains(string(sealed), "中介") || len(sealed) == 0 {
				t.Error("the answer is on disk in clear")
			}
			return err
		}))
	})
}

// TestStagesUnderLoad changes stages while events stream in, some of which fail and make their commit run again: the lane
// and the record agree, and a replay gives every decision and shadow result again.
func TestStagesUnderLoad(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		h := build(t, db, "")
		versions := []int{publish(t, h, stern...), publish(t, h, "value: 3,", "value: 2,")}
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					body := loan(w*10_000+n, time.Now().Add(-time.Hour))
					if n%5 == 4 { // an id that is taken, with other content
						body = []byte(strings.Replace(string(loan(w*10_000+n-1, time.Now().Add(-time.Hour))), `"amount":`, `"amount":1`, 1))
					}
					_, _, err := h.svc.Decide(ctx, decision.Request{Tenant: tenant, Body: body, Deadline: time.Minute})
					if n%5 != 4 && err != nil || n%5 == 4 && qingyuan.CodeOf(err) != qingyuan.Conflict {
						t.Errorf("event %d of %d: %v", n, w, err)
						return
					}
				}
			})
		}
		for i := range 6 {
			for _, c := range []decision.StageChange{{Version: versions[0], Stage: decision.StageShadow}, {Version: versions[1], Stage: decision.StageRollout, Percent: 20 + i},
				{Version: versions[0], Stage: decision.StageLive}, {Version: 1, Stage: decision.StageLive}} {
				c.ID, c.Reason = "first", "test"
				must(t, h.svc.Stage(ctx, tenant, user("bob"), c))
				time.Sleep(5 * time.Millisecond)
			}
		}
		close(stop)
		wg.Wait()
		r := replay(t, h)
		if r.Shadows == 0 || r.ShadowsIdentical != r.Shadows {
			t.Errorf("%d of %d shadow results identical, of %d decisions", r.ShadowsIdentical, r.Shadows, r.Decisions)
		}
	})
}

// TestStageInFailingCommit puts a version on a stage in one commit with events before it and a failing command after it,
// which makes the whole commit run again.
func TestStageInFailingCommit(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		h := build(t, db, "")
		for n := range 30 {
			decide(t, h, loan(n, time.Now().Add(-time.Hour)))
		}
		v := publish(t, h, stern...)
		var wg sync.WaitGroup
		queue := func(f func()) {
			wg.Go(f)
			time.Sleep(40 * time.Millisecond) // what is queued first runs first
		}
		queue(func() {
			must(t, db.Write(ctx, tenant, func(*store.Tx) error { time.Sleep(300 * time.Millisecond); return nil }))
		})
		for n := 30; n < 33; n++ {
			queue(func() { decide(t, h, loan(n, time.Now().Add(-time.Hour))) })
		}
		queue(func() {
			must(t, h.svc.Stage(ctx, tenant, user("ann"), decision.StageChange{ID: "first", Version: v, Stage: decision.StageShadow, Reason: "test"}))
		})
		queue(func() {
			body := strings.Replace(string(loan(30, time.Now().Add(-time.Hour))), `"amount":`, `"amount":1`, 1)
			if _, _, err := h.svc.Decide(ctx, decision.Request{Tenant: tenant, Body: []byte(body)}); qingyuan.CodeOf(err) != qingyuan.Conflict {
				t.Errorf("an id that is taken: %v", err)
			}
		})
		wg.Wait()
		for n := 40; n < 60; n++ {
			decide(t, h, loan(n, time.Now().Add(-time.Hour)))
		}
		if r := replay(t, h); r.Shadows != 20 || r.ShadowsIdentical != 20 {
			t.Errorf("%d of %d shadow results identical", r.ShadowsIdentical, r.Shadows)
		}
	})
}
