package audit_test

import (
	"context"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

const tenant = storetest.Tenant

var (
	ctx   = context.Background()
	lines = []store.Line{audit.Migrations()}
)

func user(id string) qingyuan.Actor { return qingyuan.Actor{Kind: qingyuan.ActorUser, ID: id} }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func request(t testing.TB, db *store.DB, p audit.Proposal) (a *audit.Approval) {
	t.Helper()
	must(t, db.Write(ctx, tenant, func(tx *store.Tx) (err error) {
		a, err = audit.Request(tx, p)
		return err
	}))
	return a
}

func vote(db *store.DB, id string, by qingyuan.Actor, approve bool) (a *audit.Approval, err error) {
	err = db.Write(ctx, tenant, func(tx *store.Tx) (err error) {
		if approve {
			a, err = audit.Approve(tx, id, by, "seen")
		} else {
			a, err = audit.Reject(tx, id, by, "no")
		}
		return err
	})
	return a, err
}

// TestFourEyes closes approvals by quorum, rejection and time.
func TestFourEyes(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		a := request(t, db, audit.Proposal{Kind: "k", Subject: "s", Payload: "{}", Requester: user("ann"), Maker: "bob", Reason: "because", Quorum: 2})
		for _, by := range []qingyuan.Actor{user("ann"), user("bob"), {Kind: qingyuan.ActorKey, ID: "key"}, {Kind: qingyuan.ActorSystem, ID: "x"}, user("")} {
			if _, err := vote(db, a.ID, by, true); qingyuan.CodeOf(err) != qingyuan.Forbidden {
				t.Errorf("%v approved: %v", by, err)
			}
		}
		b, err := vote(db, a.ID, user("cid"), true)
		must(t, err)
		if b.State != audit.Pending {
			t.Fatalf("one of two closed it: %s", b.State)
		}
		if _, err := vote(db, a.ID, user("cid"), true); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("voted twice: %v", err)
		}
		b, err = vote(db, a.ID, user("dora"), true)
		must(t, err)
		if b.State != audit.Approved || b.ClosedAt.IsZero() {
			t.Fatalf("two of two did not close it: %+v", b)
		}
		if _, err := vote(db, a.ID, user("eve"), false); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("a closed one took a vote: %v", err)
		}
		taken := request(t, db, audit.Proposal{Kind: "k", Subject: "s", Requester: user("ann"), Reason: "because"})
		if b, err = vote(db, taken.ID, user("ann"), false); err != nil || b.State != audit.Rejected {
			t.Errorf("the requester could not take it back: %v", err)
		}
		short := request(t, db, audit.Proposal{Kind: "k", Subject: "s", Requester: user("ann"), Reason: "because", Expires: time.Microsecond})
		time.Sleep(2 * time.Millisecond)
		if _, err := vote(db, short.ID, user("cid"), true); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("an expired one took a vote: %v", err)
		}
		must(t, db.Read(ctx, tenant, func(tx *store.Tx) error {
			for state, n := range map[audit.State]int{audit.Pending: 0, audit.Expired: 1, audit.Approved: 1, audit.Rejected: 1, "": 3} {
				all, err := audit.List(tx, audit.Filter{State: state, Limit: 10})
				if err != nil || len(all) != n {
					t.Errorf("%q: %d, want %d (%v)", state, len(all), n, err)
				}
			}
			return nil
		}))
	})
}

// TestDatabaseRefusesSelfApproval writes votes past the package: the database itself refuses them.
func TestDatabaseRefusesSelfApproval(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		a := request(t, db, audit.Proposal{Kind: "k", Subject: "s", Requester: user("ann"), Maker: "bob", Reason: "because"})
		insert := func(requester, maker, voter string) error {
			return db.Write(ctx, tenant, func(tx *store.Tx) error {
				_, err := tx.Exec(`INSERT INTO approval_vote (tenant, approval, requester, maker, voter, verdict, comment, at) VALUES ($1, $2, $3, $4, $5, 'approve', '', 0)`,
					a.ID, requester, maker, voter)
				return err
			})
		}
		for name, row := range map[string][3]string{
			"by the requester":                 {"ann", "bob", "ann"},
			"by the maker":                     {"ann", "bob", "bob"},
			"by the requester, copies forged":  {"zoe", "bob", "ann"},
			"by the maker, copies forged":      {"ann", "zoe", "bob"},
			"by nobody":                        {"ann", "bob", ""},
			"by the requester, all forged too": {"x", "y", "ann"},
		} {
			if err := insert(row[0], row[1], row[2]); err == nil {
				t.Errorf("%s: the database took the vote", name)
			}
		}
		must(t, insert("ann", "bob", "cid"))
		if insert("ann", "bob", "cid") == nil {
			t.Error("the database took a second vote of one person")
		}
		if db.Write(ctx, tenant, func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE approval_vote SET voter = 'ann' WHERE tenant = $1 AND approval = $2`, a.ID)
			return err
		}) == nil {
			t.Error("the database let a vote become the requester's")
		}
	})
}
