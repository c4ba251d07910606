package education

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/intake"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

const tenant = storetest.Tenant

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func programme() Programme {
	return Programme{Title: qingyuan.Text{ZH: "还款遇到困难？", EN: "Trouble repaying?"}, Body: qingyuan.Text{ZH: "可以直接找我们协商，免费。", EN: "Talk to us directly; it is free."},
		Link: "https://bank.example/help", From: 1, To: 7, Holdout: 300, Window: 30, Pause: 90, Late: 30}
}

func TestValidate(t *testing.T) {
	p := programme()
	must(t, p.Validate())
	for name, change := range map[string]func(*Programme){
		"one language":       func(p *Programme) { p.Body.EN = " " },
		"no holdout":         func(p *Programme) { p.Holdout = 0 },
		"half held out":      func(p *Programme) { p.Holdout = 501 },
		"pause below window": func(p *Programme) { p.Pause = 29 },
		"plain http":         func(p *Programme) { p.Link = "http://bank.example" },
		"days":               func(p *Programme) { p.From = 8 },
		"late":               func(p *Programme) { p.Late = 7 },
	} {
		bad := programme()
		if change(&bad); qingyuan.CodeOf(bad.Validate()) != qingyuan.Invalid {
			t.Errorf("%s: taken", name)
		}
	}
}

// TestArmIsStable: an arm depends on the draw alone, shares are kept, and a larger holdout only adds.
func TestArmIsStable(t *testing.T) {
	held := map[int]int{}
	const people = 20_000
	for n := range people {
		draw := audit.HashOf(fmt.Sprint(n))
		small, err := armOf(draw, 100)
		must(t, err)
		large, err := armOf(draw, 300)
		must(t, err)
		if small == Holdout && large != Holdout {
			t.Fatalf("%d leaves the holdout when it grows", n)
		}
		for share, arm := range map[int]Arm{100: small, 300: large} {
			if arm == Holdout {
				held[share]++
			}
		}
	}
	for share, n := range held {
		if got := float64(n) / people * 1000; math.Abs(got-float64(share)) > 15 {
			t.Errorf("%d ‰ were asked for, %.0f ‰ are held out", share, got)
		}
	}
	if _, err := armOf("short", 100); err == nil {
		t.Error("a short draw is taken")
	}
}

// TestCompare compares with the examples of Newcombe's paper (Statistics in Medicine 17, 1998, table II, method 10).
func TestCompare(t *testing.T) {
	for _, tt := range []struct {
		x1, n1, x2, n2 int
		low, high      float64
		told           bool
	}{
		{56, 70, 48, 80, .0524, .3339, true},
		{9, 10, 3, 10, .1705, .8090, true},
		{6, 7, 2, 7, .0582, .8062, true},
		{5, 56, 0, 29, -.0381, .1926, false},
		{0, 10, 0, 20, -.1611, .2775, false},
		{0, 10, 0, 10, -.2775, .2775, false},
		{10, 10, 0, 20, .6791, 1, true},
	} {
		d := compare(tt.x1, tt.n1, tt.x2, tt.n2)
		if math.Abs(d.Low-tt.low) > 5e-5 || math.Abs(d.High-tt.high) > 5e-5 || d.Told != tt.told {
			t.Errorf("%d/%d − %d/%d: %.4f to %.4f, want %.4f to %.4f", tt.x1, tt.n1, tt.x2, tt.n2, d.Low, d.High, tt.low, tt.high)
		}
	}
	if d := compare(0, 0, 1, 2); d.Told || d.Low != -1 || d.High != 1 {
		t.Errorf("an empty arm: %+v", d)
	}
}

// lender is a service over a record whose clock the test moves.
type lender struct {
	*Service
	now    time.Time
	events *intake.Service
	sent   int
}

func open(t *testing.T, db *store.DB) *lender {
	t.Helper()
	l := &lender{now: time.Now().UTC().AddDate(0, 0, -60)}
	ring, err := keys.New(keys.Config{DB: db, KEK: make([]byte, 32)})
	must(t, err)
	must(t, ring.CreateTenant(t.Context(), tenant))
	l.events, err = intake.New(intake.Config{DB: db, Keys: ring, Now: func() time.Time { return l.now }})
	must(t, err)
	l.Service, err = New(Config{DB: db, Keys: ring, Events: l.events})
	must(t, err)
	return l
}

// record appends one event of a customer.
func (l *lender) record(t *testing.T, customer int, kind qingyuan.EventKind, data map[string]any) {
	t.Helper()
	l.sent++
	data["customer_no"] = fmt.Sprint("K", customer)
	raw, err := json.Marshal(map[string]any{"specversion": "1.0", "id": fmt.Sprint("e", l.sent), "source": "/test", "type": kind, "time": l.now.Format(time.RFC3339), "data": data})
	must(t, err)
	p, err := l.events.Prepare(t.Context(), tenant, raw, "")
	must(t, err)
	must(t, l.cfg.DB.Write(t.Context(), tenant, func(tx *store.Tx) error { return l.events.Append(tx, p, nil, "event.recorded", nil) }))
}

func (l *lender) missed(t *testing.T, customer, days int) {
	t.Helper()
	l.record(t, customer, qingyuan.RepaymentPosted, map[string]any{"loan_no": fmt.Sprint("L", customer), "status": "missed", "amount": 0, "overdue_days": days})
}

func (l *lender) complain(t *testing.T, customer int, more map[string]any) {
	t.Helper()
	data := map[string]any{"channel": "own", "category": "complaint", "text": map[string]any{"author": "customer", "text": "扣款不对"}}
	for k, v := range more {
		data[k] = v
	}
	l.record(t, customer, qingyuan.ComplaintReceived, data)
}

// catchUp has the record read to its end.
func (l *lender) catchUp(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { l.follow(ctx, tenant); close(done) }()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var cursor, last int64
		must(t, l.cfg.DB.Read(t.Context(), tenant, func(tx *store.Tx) error {
			if _, err := tx.Get(`SELECT cursor FROM consumer WHERE tenant = $1 AND name = $2`, []any{"education"}, &cursor); err != nil {
				return err
			}
			var err error
			last, err = tx.LastSeq()
			return err
		}))
		if cursor == last {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("read to %d of %d", cursor, last)
		}
	}
	cancel()
	<-done
}

func (l *lender) agree(t *testing.T, p Programme) {
	t.Helper()
	a, err := l.Request(t.Context(), tenant, qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "qa"}, p, "first material")
	must(t, err)
	b := audit.Ballot{Tenant: tenant, Approval: a.ID, Voter: qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "qa"}}
	if _, err := l.Approve(t.Context(), b); qingyuan.CodeOf(err) != qingyuan.Forbidden {
		t.Errorf("one person asks and approves: %v", err)
	}
	b.Voter.ID = "compliance"
	_, err = l.Approve(t.Context(), b)
	must(t, err)
}

func (l *lender) enrolled(t *testing.T) map[string]Enrolment {
	t.Helper()
	all, err := l.Enrolments(t.Context(), tenant, 0, 1000)
	must(t, err)
	by := map[string]Enrolment{}
	for _, n := range all {
		if _, twice := by[n.Subject]; twice {
			t.Errorf("%s is enrolled twice", n.Subject)
		}
		by[n.Subject] = n
	}
	return by
}

// announced lists the ids of education.due in the outbox, and checks that it holds ids only.
func (l *lender) announced(t *testing.T) (ids []string) {
	t.Helper()
	must(t, l.cfg.DB.Read(t.Context(), tenant, func(tx *store.Tx) error {
		all, err := tx.Outbox(0, 10_000)
		for _, e := range all {
			if e.Kind != "education.due" {
				continue
			}
			var data map[string]any
			must(t, json.Unmarshal(e.Data, &data))
			if len(data) != 3 || data["enrolment"] != e.Subject || !strings.HasPrefix(fmt.Sprint(data["event"]), "evt_") || data["version"] != 1.0 {
				t.Errorf("announced %s %s", e.Subject, e.Data)
			}
			ids = append(ids, e.Subject)
		}
		return err
	}))
	return ids
}

var lines = []store.Line{keys.Migrations(), audit.Migrations(), intake.Migrations(), Migrations()}

// TestProgramme is a quarter in small: who falls overdue is enrolled once, the held out hear nothing, and what the material changed is measured.
func TestProgramme(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		l := open(t, db)
		l.missed(t, 1, 3) // before there is a programme
		l.agree(t, programme())
		l.catchUp(t)
		if all := l.enrolled(t); len(all) != 0 {
			t.Errorf("enrolled before there was a programme: %v", all)
		}
		const people = 150
		for n := range people {
			l.missed(t, 100+n, 1+n%7)
		}
		l.missed(t, 900, 8) // too late
		l.missed(t, 901, 0) // not overdue
		l.missed(t, 100, 5) // again
		l.record(t, 902, qingyuan.RepaymentPosted, map[string]any{"loan_no": "L", "status": "paid", "amount": 100, "overdue_days": 2})
		l.catchUp(t)
		all := l.enrolled(t)
		var taught, held int
		for _, n := range all {
			if n.Arm == Taught {
				taught++
			} else {
				held++
			}
		}
		if len(all) != people || held < 25 || held > 65 || len(l.announced(t)) != taught {
			t.Fatalf("%d enrolled, %d held out, %d announced", len(all), held, len(l.announced(t)))
		}
		l.outcomes(t, all)
		e, err := l.Effect(t.Context(), tenant, 1)
		must(t, err)
		if e.Waiting != 0 || e.Taught.People != taught || e.Holdout.People != held || e.Complaints.Taught != 0 || e.Complaints.Holdout != 1 || !e.Complaints.Told || e.Complaints.High >= 0 {
			t.Errorf("effect %+v", e)
		}
		if e.Agents.Holdout != 1 || e.Overdue.Taught != 1 || e.Overdue.Holdout != 1 || e.Overdue.Told {
			t.Errorf("effect %+v", e)
		}
		if e, err := l.Effect(t.Context(), tenant, 2); err != nil || e.Taught.People+e.Holdout.People != 0 || e.Complaints.Told {
			t.Errorf("of a version nobody was enrolled in: %+v %v", e, err)
		}
	})
}

// outcomes plants what happens next: the held out complain with an agent, everybody stays overdue, and what comes after the window is not counted.
func (l *lender) outcomes(t *testing.T, all map[string]Enrolment) {
	t.Helper()
	arms := map[int]Arm{}
	must(t, l.cfg.DB.Read(t.Context(), tenant, func(tx *store.Tx) error {
		for _, n := range all {
			e, err := l.events.Event(tx, n.Event)
			if err != nil {
				return err
			}
			var customer int
			fmt.Sscanf(e.Data["customer_no"].(string), "K%d", &customer)
			arms[customer] = n.Arm
		}
		return nil
	}))
	l.now = l.now.AddDate(0, 0, 20)
	for customer, arm := range arms {
		if l.missed(t, customer, 30); arm == Holdout {
			l.complain(t, customer, map[string]any{"agent": map[string]any{"name": "张某"}})
		}
	}
	l.catchUp(t)
	if e, err := l.Effect(t.Context(), tenant, 1); err != nil || e.Waiting != 0 {
		t.Logf("%+v %v", e, err)
	}
	l.now = l.now.AddDate(0, 0, 20)
	for customer, arm := range arms {
		if arm == Taught {
			l.complain(t, customer, nil) // after the window
		}
	}
	l.catchUp(t)
}

// TestPausedProgrammeEnrolsNobody: a new version takes over at once.
func TestPausedProgrammeEnrolsNobody(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		l := open(t, db)
		l.agree(t, programme())
		p := programme()
		p.Paused = true
		l.agree(t, p)
		l.missed(t, 1, 3)
		l.catchUp(t)
		if all := l.enrolled(t); len(all) != 0 {
			t.Errorf("%v", all)
		}
		v, err := l.Programme(t.Context(), tenant, 0)
		if err != nil || v.Version != 2 || !v.Paused {
			t.Errorf("%+v %v", v, err)
		}
		if first, err := l.Programme(t.Context(), tenant, 1); err != nil || first.Paused || first.Hash == v.Hash {
			t.Errorf("%+v %v", first, err)
		}
		if _, err := l.Programme(t.Context(), tenant, 3); qingyuan.CodeOf(err) != qingyuan.NotFound {
			t.Error(err)
		}
		if _, err := l.Enrolment(t.Context(), tenant, "edu_x"); qingyuan.CodeOf(err) != qingyuan.NotFound {
			t.Error(err)
		}
	})
}
