package audit

import (
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the package's migration line.
func Migrations() store.Line {
	files, _ := fs.Sub(migrations, "migrations")
	return store.Line{Name: "audit", Files: files}
}

// State is where an approval stands.
type State string

// The states. Expired is what a pending approval is past its time; it is not stored.
const (
	Pending  State = "pending"
	Approved State = "approved"
	Rejected State = "rejected"
	Expired  State = "expired"
)

// Approval is something asked for that others must agree to.
type Approval struct {
	ID        string // apr_…
	Seq       int64  // of the outbox entry of the request: order
	Kind      string // such as ruleset.stage: who asked knows what it means
	Subject   string // what it is about: ids and codes
	Payload   string // what takes effect, in the asker's own form; no personal data in clear
	Hash      string // SHA-256 of Payload, hex
	Requester string // account id
	Maker     string // who made what is asked for; empty: the requester
	Reason    string
	Quorum    int // how many people must agree
	State     State
	CreatedAt time.Time
	ExpiresAt time.Time
	ClosedAt  time.Time // zero while pending
	Votes     []Vote    // in order of time
}

// Vote is one person's word.
type Vote struct {
	Voter   string
	Approve bool
	Comment string
	At      time.Time
}

// Proposal is what Request needs to know.
type Proposal struct {
	Kind, Subject, Payload string
	Requester              qingyuan.Actor
	Maker                  string
	Reason                 string        // 4–500 characters
	Quorum                 int           // 0: 1
	Expires                time.Duration // from now; 0: a week
}

// Life is how long an approval stays open where the proposal does not say.
const Life = 7 * 24 * time.Hour

// MaxPayload bounds what may be asked for, in bytes.
const MaxPayload = 1 << 20

// HashOf is the hash of a payload.
func HashOf(payload string) string {
	sum := sha256.Sum256([]byte(payload))
	return hex.EncodeToString(sum[:])
}

// Request opens an approval. Errors: invalid.
func Request(tx *store.Tx, p Proposal) (*Approval, error) {
	if p.Quorum == 0 {
		p.Quorum = 1
	}
	if p.Expires == 0 {
		p.Expires = Life
	}
	reason := strings.TrimSpace(p.Reason)
	switch n := len([]rune(reason)); {
	case n < 4 || n > 500:
		return nil, qingyuan.FieldErrorf("reason", "must have 4 to 500 characters")
	case p.Requester.ID == "":
		return nil, qingyuan.Errorf(qingyuan.Internal, "an approval needs a requester")
	case len(p.Payload) > MaxPayload:
		return nil, qingyuan.Errorf(qingyuan.Invalid, "too much is asked for at once; ask in parts")
	case p.Quorum < 1 || p.Quorum > 9:
		return nil, qingyuan.FieldErrorf("quorum", "must be 1 to 9")
	case p.Expires < 0 || p.Expires > 90*24*time.Hour:
		return nil, qingyuan.FieldErrorf("expires_at", "must be within 90 days")
	}
	if p.Maker == "" {
		p.Maker = p.Requester.ID
	}
	a := &Approval{ID: qingyuan.NewID("apr", tx.Now()), Kind: p.Kind, Subject: p.Subject, Payload: p.Payload, Hash: HashOf(p.Payload),
		Requester: p.Requester.ID, Maker: p.Maker, Reason: Blot(reason), Quorum: p.Quorum, State: Pending,
		CreatedAt: tx.Now().UTC(), ExpiresAt: tx.Now().Add(p.Expires).UTC()}
	var err error
	if a.Seq, err = tx.Emit("approval.requested", a.ID, nil); err != nil {
		return nil, err
	}
	_, err = tx.Exec(`INSERT INTO approval (tenant, id, kind, subject, payload, hash, requester, maker, reason, quorum, state, seq, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`, a.ID, a.Kind, a.Subject, a.Payload, a.Hash, a.Requester, a.Maker,
		a.Reason, a.Quorum, string(a.State), a.Seq, a.CreatedAt.UnixMicro(), a.ExpiresAt.UnixMicro())
	return a, err
}

// Approve adds the voter's agreement and closes the approval where the quorum is reached: then State is Approved, and the
// caller must make what was asked for take effect in the same transaction. Errors: not_found; conflict where it is closed
// or has expired, or the voter has voted; forbidden where the voter asked for it, made it, or is no person.
func Approve(tx *store.Tx, id string, voter qingyuan.Actor, comment string) (*Approval, error) {
	return vote(tx, id, voter, true, comment)
}

// Reject adds the voter's refusal, which closes the approval. The requester may take a request back so. Errors: as of
// Approve, but the requester and the maker may reject.
func Reject(tx *store.Tx, id string, voter qingyuan.Actor, comment string) (*Approval, error) {
	return vote(tx, id, voter, false, comment)
}

func vote(tx *store.Tx, id string, voter qingyuan.Actor, approve bool, comment string) (*Approval, error) {
	if voter.Kind != qingyuan.ActorUser || voter.ID == "" {
		return nil, qingyuan.Errorf(qingyuan.Forbidden, "only people approve or reject")
	}
	if len([]rune(comment)) > 500 {
		return nil, qingyuan.FieldErrorf("comment", "must have at most 500 characters")
	}
	a, err := Get(tx, id)
	if err != nil {
		return nil, err
	}
	if a.State != Pending {
		return nil, qingyuan.Errorf(qingyuan.Conflict, "the request is %s already", a.State)
	}
	if approve && (voter.ID == a.Requester || voter.ID == a.Maker) {
		return nil, qingyuan.Errorf(qingyuan.Forbidden, "a second person must approve: not who asked for it or made it")
	}
	if HashOf(a.Payload) != a.Hash {
		return nil, qingyuan.Errorf(qingyuan.Conflict, "the request was changed after it was made")
	}
	verdict := "reject"
	if approve {
		verdict = "approve"
	}
	_, err = tx.Exec(`INSERT INTO approval_vote (tenant, approval, requester, maker, voter, verdict, comment, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		a.ID, a.Requester, a.Maker, voter.ID, verdict, Blot(comment), tx.Now().UnixMicro())
	if qingyuan.CodeOf(err) == qingyuan.Conflict {
		return nil, qingyuan.Errorf(qingyuan.Conflict, "you have voted already")
	}
	if err != nil {
		return nil, err
	}
	a.Votes = append(a.Votes, Vote{Voter: voter.ID, Approve: approve, Comment: comment, At: tx.Now().UTC()})
	return a, a.settle(tx)
}

// settle closes the approval where its votes decide it, and emits what happened.
func (a *Approval) settle(tx *store.Tx) error {
	agreed := 0
	for _, v := range a.Votes {
		if !v.Approve {
			a.State = Rejected
			break
		}
		if agreed++; agreed >= a.Quorum {
			a.State = Approved
		}
	}
	if a.State == Pending {
		_, err := tx.Emit("approval.voted", a.ID, nil)
		return err
	}
	a.ClosedAt = tx.Now().UTC()
	n, err := tx.Exec(`UPDATE approval SET state = $3, closed_at = $4 WHERE tenant = $1 AND id = $2 AND state = 'pending'`, a.ID, string(a.State), a.ClosedAt.UnixMicro())
	if err == nil && n == 0 {
		err = qingyuan.Errorf(qingyuan.Conflict, "the request was closed meanwhile")
	}
	if err != nil {
		return err
	}
	_, err = tx.Emit("approval."+string(a.State), a.ID, nil)
	return err
}

const columns = `id, seq, kind, subject, payload, hash, requester, maker, reason, quorum, state, created_at, expires_at, closed_at`

// Get reads one approval. Errors: not_found.
func Get(tx *store.Tx, id string) (*Approval, error) {
	all, err := read(tx, `id = $2`, id)
	if err == nil && len(all) == 0 {
		err = qingyuan.Errorf(qingyuan.NotFound, "there is no approval %q", id)
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Filter narrows a list of approvals; empty fields do not.
type Filter struct {
	State  State
	Kind   string
	Before int64 // seq: only older ones
	Limit  int
}

// List reads approvals, newest first.
func List(tx *store.Tx, f Filter) ([]*Approval, error) {
	if f.Before <= 0 {
		f.Before = 1 << 62
	}
	where, args := "seq < $2", []any{f.Before}
	add := func(term string, arg any) {
		args = append(args, arg)
		where += fmt.Sprintf(" AND "+term, len(args)+1)
	}
	switch f.State {
	case Pending, Expired:
		where += " AND state = 'pending'"
		if f.State == Pending {
			add("expires_at > $%d", tx.Now().UnixMicro())
		} else {
			add("expires_at <= $%d", tx.Now().UnixMicro())
		}
	case Approved, Rejected:
		add("state = $%d", string(f.State))
	}
	if f.Kind != "" {
		add("kind = $%d", f.Kind)
	}
	args = append(args, f.Limit)
	return read(tx, where+fmt.Sprintf(" ORDER BY seq DESC LIMIT $%d", len(args)+1), args...)
}

func read(tx *store.Tx, where string, args ...any) ([]*Approval, error) {
	rows, err := tx.Query(`SELECT `+columns+` FROM approval WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Approval
	for rows.Next() {
		a := &Approval{}
		var created, expires int64
		var closed sql.NullInt64
		err := rows.Scan(&a.ID, &a.Seq, &a.Kind, &a.Subject, &a.Payload, &a.Hash, &a.Requester, &a.Maker, &a.Reason, &a.Quorum, &a.State, &created, &expires, &closed)
		if err != nil {
			return nil, err
		}
		a.CreatedAt, a.ExpiresAt = time.UnixMicro(created).UTC(), time.UnixMicro(expires).UTC()
		if closed.Valid {
			a.ClosedAt = time.UnixMicro(closed.Int64).UTC()
		}
		if a.State == Pending && !tx.Now().Before(a.ExpiresAt) {
			a.State = Expired
		}
		all = append(all, a)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	for _, a := range all {
		if err := a.votes(tx); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (a *Approval) votes(tx *store.Tx) error {
	rows, err := tx.Query(`SELECT voter, verdict, comment, at FROM approval_vote WHERE tenant = $1 AND approval = $2 ORDER BY at, voter`, a.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var v Vote
		var verdict string
		var at int64
		if err := rows.Scan(&v.Voter, &verdict, &v.Comment, &at); err != nil {
			return err
		}
		v.Approve, v.At = verdict == "approve", time.UnixMicro(at).UTC()
		a.Votes = append(a.Votes, v)
	}
	return rows.Err()
}
