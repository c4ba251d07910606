package complaint_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/handle/complaint"
	"qingyuan/internal/intake"
	"qingyuan/internal/keys"
	"qingyuan/internal/law"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

const tenant = storetest.Tenant

var (
	lines = []store.Line{keys.Migrations(), audit.Migrations(), intake.Migrations(), complaint.Migrations()}
	clerk = qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "usr_clerk"}
	boss  = qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "usr_boss"}
)

// desk is a complaint desk over a new database.
type desk struct {
	*complaint.Service
	t      *testing.T
	db     *store.DB
	events *intake.Service
	sent   int
}

func newDesk(t *testing.T, db *store.DB) *desk {
	t.Helper()
	ring, err := keys.New(keys.Config{DB: db, KEK: bytes.Repeat([]byte{3}, 32)})
	must(t, err)
	must(t, ring.CreateTenant(t.Context(), tenant))
	events, err := intake.New(intake.Config{DB: db, Keys: ring})
	must(t, err)
	book, err := law.Load(nil)
	must(t, err)
	s, err := complaint.New(complaint.Config{DB: db, Keys: ring, Events: events, Law: book})
	must(t, err)
	d := &desk{Service: s, t: t, db: db, events: events}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Consume(ctx, tenant) }()
	t.Cleanup(func() { stop(); <-done })
	return d
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// receive records a complaint event and waits until its complaint is there. more is JSON of further fields.
func (d *desk) receive(customer, channel, more string) *complaint.Complaint {
	d.t.Helper()
	d.sent++
	body := fmt.Sprintf(`{"specversion":"1.0","id":"c%d","source":"/desk","type":"complaint.received","time":%q,"data":{"customer_no":%q,"channel":%q,
		"text":{"text":"他们天天给我单位打电话","author":"customer"}%s}}`, d.sent, time.Now().UTC().Format(time.RFC3339), customer, channel, more)
	p, err := d.events.Prepare(d.t.Context(), tenant, []byte(body), "")
	must(d.t, err)
	must(d.t, d.db.Write(d.t.Context(), tenant, func(tx *store.Tx) error { return d.events.Append(tx, p, nil, "event.recorded", nil) }))
	for range 300 {
		all, _, err := d.List(d.t.Context(), tenant, complaint.Filter{Page: qingyuan.Page{Limit: 200}})
		must(d.t, err)
		for _, c := range all {
			if c.Event == p.Event.ID {
				return c
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	d.t.Fatal("the event opens no complaint")
	return nil
}

func (d *desk) do(id string, a complaint.Act) *complaint.Complaint {
	d.t.Helper()
	a.Actor = clerk
	c, err := d.Do(d.t.Context(), tenant, id, a)
	if err != nil {
		d.t.Fatalf("%s: %v", a.Kind, err)
	}
	return c
}

func (d *desk) refuses(code qingyuan.Code, id string, a complaint.Act) {
	d.t.Helper()
	a.Actor = clerk
	if _, err := d.Do(d.t.Context(), tenant, id, a); qingyuan.CodeOf(err) != code {
		d.t.Errorf("%s: want %s, got %v", a.Kind, code, err)
	}
}

// decide brings a complaint from its arrival to a decision.
func (d *desk) decide(id string) {
	d.t.Helper()
	d.do(id, complaint.Act{Kind: complaint.ActVerified, Authority: complaint.Self})
	d.do(id, complaint.Act{Kind: complaint.ActClassified, Category: complaint.OwnRight})
	d.do(id, complaint.Act{Kind: complaint.ActFound, Text: "三次外呼，均在允许时段"})
	d.do(id, complaint.Act{Kind: complaint.ActDecided, Decision: "not_upheld", Text: "理由"})
}

// TestLife: a complaint of a hotline goes from arrival to closing; each step too early is refused, and nothing closes without
// proof of delivery and the portal's answer.
func TestLife(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		c := d.receive("K1", "12378", "")
		if c.Stage != complaint.Registered || c.Clock != "complaint.decide" || c.Late(time.Now()) {
			t.Fatalf("%+v", c)
		}
		d.refuses(qingyuan.Conflict, c.ID, complaint.Act{Kind: complaint.ActClassified, Category: complaint.OwnRight})
		d.refuses(qingyuan.Conflict, c.ID, complaint.Act{Kind: complaint.ActDecided, Decision: "upheld", Text: "x"})
		d.refuses(qingyuan.Conflict, c.ID, complaint.Act{Kind: complaint.ActClosed})
		d.refuses(qingyuan.Invalid, c.ID, complaint.Act{Kind: "opened"})
		d.decide(c.ID)
		d.refuses(qingyuan.Conflict, c.ID, complaint.Act{Kind: complaint.ActClosed})
		d.refuses(qingyuan.Invalid, c.ID, complaint.Act{Kind: complaint.ActDelivered, Method: "pigeon", Proof: "1"})
		d.refuses(qingyuan.Invalid, c.ID, complaint.Act{Kind: complaint.ActDelivered, Method: "sms"})
		d.refuses(qingyuan.Invalid, c.ID, complaint.Act{Kind: complaint.ActDelivered, Method: "sms", Proof: "1", Happened: time.Now().Add(time.Hour)})
		if got := d.do(c.ID, complaint.Act{Kind: complaint.ActDelivered, Method: "registered_post", Proof: "EMS 123"}); !got.AnsweredAt.IsZero() {
			t.Error("answered before the portal was")
		}
		d.refuses(qingyuan.Conflict, c.ID, complaint.Act{Kind: complaint.ActClosed})
		if got := d.do(c.ID, complaint.Act{Kind: complaint.ActReplied, Proof: "portal 9"}); got.AnsweredAt.IsZero() {
			t.Error("not answered after delivery and portal")
		}
		if got := d.do(c.ID, complaint.Act{Kind: complaint.ActClosed}); got.Stage != complaint.Closed {
			t.Errorf("%+v", got)
		}
		d.refuses(qingyuan.Conflict, c.ID, complaint.Act{Kind: complaint.ActFound, Text: "more"})
		f, err := d.File(t.Context(), tenant, c.ID)
		must(t, err)
		if len(f.Acts) != 8 || f.Acts[0].Kind != complaint.ActOpened || f.Acts[4].Text != "理由" || f.Acts[4].Actor != clerk {
			t.Errorf("%d acts: %+v", len(f.Acts), f.Acts)
		}
		if got := d.do(c.ID, complaint.Act{Kind: complaint.ActReview, Text: "结论不对"}); got.Stage != complaint.Classified || got.Clock != "complaint.review.decide" || !got.AnsweredAt.IsZero() {
			t.Errorf("review: %+v", got)
		}
	})
}

// TestExtension: the first extension is the handler's own, the second takes another person, whom the database requires.
func TestExtension(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		c := d.receive("K1", "own", "")
		before := c.DueAt
		d.refuses(qingyuan.Invalid, c.ID, complaint.Act{Kind: complaint.ActExtended, Extension: "special", Text: "too soon"})
		if got := d.do(c.ID, complaint.Act{Kind: complaint.ActExtended, Extension: "complex", Text: "需要调取录音"}); got.DueAt != before.AddDate(0, 0, 15) {
			t.Errorf("due %s, then %s", before, got.DueAt)
		}
		d.refuses(qingyuan.Forbidden, c.ID, complaint.Act{Kind: complaint.ActExtended, Extension: "special", Text: "alone"})
		a, err := d.RequestExtension(t.Context(), tenant, clerk, c.ID, "special", "等待委托机构回函")
		must(t, err)
		if _, err := d.ApproveExtension(t.Context(), audit.Ballot{Tenant: tenant, Voter: clerk, Approval: a.ID}); qingyuan.CodeOf(err) != qingyuan.Forbidden {
			t.Fatalf("approved by the one who asked: %v", err)
		}
		_, err = d.ApproveExtension(t.Context(), audit.Ballot{Tenant: tenant, Voter: boss, Approval: a.ID})
		must(t, err)
		f, err := d.File(t.Context(), tenant, c.ID)
		must(t, err)
		if f.DueAt != before.AddDate(0, 0, 45) || f.Acts[2].Approval != a.ID {
			t.Errorf("due %s after 60 days: %s", before, f.DueAt)
		}
	})
}

// TestMergeSplitWithdraw: a repeat merges into the earlier complaint and hands its earlier date over; another's does not; an item
// of another category has its own clock from the same day; a withdrawal ends the duty on its day and still needs its proof.
func TestMergeSplitWithdraw(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		first, other := d.receive("K1", "own", ""), d.receive("K2", "own", "")
		sheet := law.DateOf(time.Now()) + 4
		repeat := d.receive("K1", "12345", fmt.Sprintf(`,"answer_by":%q`, sheet))
		if repeat.Clock != complaint.TransferSheet || repeat.DueAt != sheet.End() {
			t.Fatalf("the sheet's date does not win: %+v", repeat)
		}
		if _, err := d.Merge(t.Context(), tenant, clerk, repeat.ID, other.ID); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("merged into another person's: %v", err)
		}
		c, err := d.Merge(t.Context(), tenant, clerk, repeat.ID, first.ID)
		must(t, err)
		if c.DueAt != sheet.End() {
			t.Errorf("the earlier date is lost: %+v", c)
		}
		d.refuses(qingyuan.Conflict, repeat.ID, complaint.Act{Kind: complaint.ActNoted, Text: "x"})
		item, err := d.Split(t.Context(), tenant, clerk, other.ID, complaint.CreditObjection)
		must(t, err)
		if item.Clock != "credit.dispute.answer" || item.ReceivedAt != other.ReceivedAt || item.Event != other.Event || item.Item != 1 {
			t.Errorf("item: %+v", item)
		}
		if got := d.do(other.ID, complaint.Act{Kind: complaint.ActWithdrawn, Proof: "录音 77"}); got.AnsweredAt.IsZero() {
			t.Error("a withdrawal does not end the duty")
		}
		d.refuses(qingyuan.Conflict, other.ID, complaint.Act{Kind: complaint.ActClosed})
		d.do(other.ID, complaint.Act{Kind: complaint.ActDelivered, Method: "sms", Proof: "回执 5"})
		d.do(other.ID, complaint.Act{Kind: complaint.ActClosed})
	})
}

// TestRepresentative: what a representative hands in is not decided before the authority is proven, and declined only where there
// is none; the person's own complaint is never declined so.
func TestRepresentative(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		c := d.receive("K1", "own", `,"submitted_by":"agent"`)
		d.refuses(qingyuan.Invalid, c.ID, complaint.Act{Kind: complaint.ActVerified, Authority: complaint.Authorised, Original: true})
		d.do(c.ID, complaint.Act{Kind: complaint.ActVerified, Authority: complaint.Unproven})
		d.do(c.ID, complaint.Act{Kind: complaint.ActClassified, Category: complaint.OwnRight})
		d.do(c.ID, complaint.Act{Kind: complaint.ActFound, Text: "x"})
		d.refuses(qingyuan.Conflict, c.ID, complaint.Act{Kind: complaint.ActDecided, Decision: "upheld", Text: "x"})
		d.refuses(qingyuan.Conflict, c.ID, complaint.Act{Kind: complaint.ActDecided, Decision: "declined", Text: "x"})
		d.do(c.ID, complaint.Act{Kind: complaint.ActVerified, Authority: complaint.Authorised, Original: true, CalledAt: true})
		d.do(c.ID, complaint.Act{Kind: complaint.ActDecided, Decision: "upheld", Text: "x"})
		own := d.receive("K2", "own", "")
		d.do(own.ID, complaint.Act{Kind: complaint.ActVerified, Authority: complaint.Self})
		d.refuses(qingyuan.Conflict, own.ID, complaint.Act{Kind: complaint.ActDecided, Decision: "declined", Text: "x"})
	})
}

// TestList: lists have the first to run out at the front, page, and narrow; loads count by channel.
func TestList(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		for i := range 5 {
			d.receive(fmt.Sprint("K", i), []string{"own", "12345"}[i%2], fmt.Sprintf(`,"answer_by":%q`, law.DateOf(time.Now())+law.Date(9-2*i)))
		}
		var due []time.Time
		cursor := ""
		for {
			all, next, err := d.List(t.Context(), tenant, complaint.Filter{Open: true, Page: qingyuan.Page{Cursor: cursor, Limit: 2}})
			must(t, err)
			for _, c := range all {
				due = append(due, c.DueAt)
			}
			if cursor = next; next == "" {
				break
			}
		}
		if len(due) != 5 {
			t.Fatalf("%d on all pages", len(due))
		}
		for i := 1; i < len(due); i++ {
			if due[i].Before(due[i-1]) {
				t.Error("not in order of the deadline")
			}
		}
		loads, err := d.Loads(t.Context(), tenant)
		must(t, err)
		if len(loads) != 2 || loads[0].Channel != "12345" || loads[0].Open != 2 || loads[1].Open != 3 || loads[1].Nearly != 1 {
			t.Errorf("%+v", loads)
		}
	})
}
