package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// Hash is a SHA-256; the zero Hash stands for none. Its text form is hex, and empty for none.
type Hash [sha256.Size]byte

// HashBytes is the hash of b.
func HashBytes(b []byte) Hash { return sha256.Sum256(b) }

// MarshalText gives hex.
func (h Hash) MarshalText() ([]byte, error) {
	if h == (Hash{}) {
		return nil, nil
	}
	return []byte(hex.EncodeToString(h[:])), nil
}

// UnmarshalText reads hex.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*h = Hash{}
		return nil
	}
	if n, err := hex.Decode(h[:], text); err != nil || n != len(h) || len(text) != 2*len(h) {
		return qingyuan.Errorf(qingyuan.Invalid, "not a SHA-256 in hex")
	}
	return nil
}

// Entry is one link of a tenant's chain: who did what to whom, why and when.
type Entry struct {
	N       int64          `json:"n"` // 1, 2, 3, … within the tenant
	At      time.Time      `json:"at"`
	Actor   qingyuan.Actor `json:"actor"`
	Action  string         `json:"action"`            // an operation such as release-hold; OutboxSealed
	Subject string         `json:"subject"`           // an id, a blind key or a code; nothing personal
	Reason  string         `json:"reason,omitempty"`  // long numbers and e-mail addresses are blotted out
	Request string         `json:"request,omitempty"` // the API's request id
	// Before and After are hashes of the subject's state as far as the action knows it. Where Before is not given it is the After of the
	// last entry on the subject.
	Before Hash `json:"before"`
	After  Hash `json:"after"`
	Prev   Hash `json:"prev"` // Hash of the entry before; none for the first
	Hash   Hash `json:"hash"`
}

// sum is the hash of an entry: over Prev and every field but N and Hash, each with its length.
func (e *Entry) sum() (h Hash) {
	var stack [512]byte
	b := append(stack[:0], "qingyuan audit entry 1\x00"...)
	b = append(b, e.Prev[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.At.UnixMicro()))
	for _, s := range [...]string{string(e.Actor.Kind), e.Actor.ID, e.Action, e.Subject, e.Reason, e.Request} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = append(b, e.Before[:]...)
	b = append(b, e.After[:]...)
	return sha256.Sum256(b)
}

var entryRow = store.Into("audit_entry", "n", "at", "actor_kind", "actor", "action", "subject", "reason", "request", "before", "after", "prev", "hash")

// Append adds an entry to the tenant's chain within a command: it stands or falls with the change it tells of. N, At, Prev and Hash are
// set here. Errors: internal where actor or action is missing.
func Append(tx *store.Tx, e Entry) (*Entry, error) {
	if e.Actor.Kind == "" || e.Action == "" {
		return nil, qingyuan.Errorf(qingyuan.Internal, "an audit entry needs an actor and an action")
	}
	if _, err := tx.LastSeq(); err != nil { // locks the tenant's counter: one chain, one writer
		return nil, err
	}
	head, err := Last(tx)
	if err != nil {
		return nil, err
	}
	if e.Before == (Hash{}) && e.Subject != "" {
		var last []byte
		if _, err := tx.Get(`SELECT after FROM audit_entry WHERE tenant = $1 AND subject = $2 ORDER BY n DESC LIMIT 1`, []any{e.Subject}, &last); err != nil {
			return nil, err
		}
		copy(e.Before[:], last)
	}
	e.N, e.At, e.Prev, e.Reason = head.N+1, tx.Now().UTC().Truncate(time.Microsecond), head.Hash, Blot(e.Reason)
	e.Hash = e.sum()
	insert(tx, &e)
	return &e, nil
}

func insert(tx *store.Tx, e *Entry) {
	tx.Insert(entryRow, e.N, e.At.UnixMicro(), string(e.Actor.Kind), e.Actor.ID, e.Action, e.Subject, e.Reason, e.Request,
		column(e.Before), column(e.After), column(e.Prev), e.Hash[:])
}

// column is a hash as it is stored: none takes no room.
func column(h Hash) []byte {
	if h == (Hash{}) {
		return []byte{}
	}
	return h[:]
}

// numbers are what a reason must not hold: the chain cannot forget. A person may still write a name.
var numbers = regexp.MustCompile(`[0-9０-９](?:[ \-]?[0-9０-９]){6,}[XxＸｘ]?|[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}`)

// Blot takes long numbers and e-mail addresses out of a reason that a person wrote: reasons are kept in clear, some of them for ever.
func Blot(reason string) string {
	if r := []rune(reason); len(r) > 500 {
		reason = string(r[:500])
	}
	return numbers.ReplaceAllString(strings.TrimSpace(reason), "***")
}

const entryColumns = `n, at, actor_kind, actor, action, subject, reason, request, before, after, prev, hash`

func scanEntry(rows *sql.Rows, e *Entry) error {
	var at int64
	var kind string
	var before, after, prev, hash sql.RawBytes
	if err := rows.Scan(&e.N, &at, &kind, &e.Actor.ID, &e.Action, &e.Subject, &e.Reason, &e.Request, &before, &after, &prev, &hash); err != nil {
		return err
	}
	e.Actor.Kind, e.At = qingyuan.ActorKind(kind), time.UnixMicro(at).UTC()
	e.Before, e.After, e.Prev, e.Hash = Hash{}, Hash{}, Hash{}, Hash{}
	copy(e.Before[:], before)
	copy(e.After[:], after)
	copy(e.Prev[:], prev)
	copy(e.Hash[:], hash)
	return nil
}

// Last is the newest entry of the chain; the zero Entry where there is none.
func Last(tx *store.Tx) (e Entry, err error) {
	all, err := entries(tx, `n > 0 ORDER BY n DESC LIMIT 1`)
	if err == nil && len(all) > 0 {
		e = all[0]
	}
	return e, err
}

func entries(tx *store.Tx, where string, args ...any) ([]Entry, error) {
	rows, err := tx.Query(`SELECT `+entryColumns+` FROM audit_entry WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Entry
	for rows.Next() {
		var e Entry
		if err := scanEntry(rows, &e); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// EntryFilter narrows a list of entries; empty fields do not.
type EntryFilter struct {
	Actor, Action, Subject string
	From, To               time.Time // From ≤ at < To
	Before                 int64     // n: only older ones
	Limit                  int
}

// Entries reads entries, newest first.
func Entries(tx *store.Tx, f EntryFilter) ([]Entry, error) {
	if f.Before <= 0 {
		f.Before = 1 << 62
	}
	where, args := "n < $2", []any{f.Before}
	add := func(term string, arg any) {
		args = append(args, arg)
		where += fmt.Sprintf(" AND "+term, len(args)+1)
	}
	for column, v := range map[string]string{"actor": f.Actor, "action": f.Action, "subject": f.Subject} {
		if v != "" {
			add(column+" = $%d", v)
		}
	}
	if !f.From.IsZero() {
		add("at >= $%d", f.From.UnixMicro())
	}
	if !f.To.IsZero() {
		add("at < $%d", f.To.UnixMicro())
	}
	args = append(args, f.Limit)
	return entries(tx, where+fmt.Sprintf(" ORDER BY n DESC LIMIT $%d", len(args)+1), args...)
}

// Intent is what a caller is about to do. Each command that carries it out gets an entry; see [Acting].
type Intent struct {
	Actor   qingyuan.Actor // empty: the one that the outbox entry names
	Action  string
	Request string

	mu            sync.Mutex
	reason        string
	before, after Hash
}

// Explain adds why, and what changed, for the entries to come. Empty values change nothing. Nil is no intent.
func (i *Intent) Explain(reason string, before, after Hash) {
	if i == nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if reason != "" {
		i.reason = reason
	}
	if before != (Hash{}) {
		i.before = before
	}
	if after != (Hash{}) {
		i.after = after
	}
}

// Reason is the reason given so far.
func (i *Intent) Reason() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.reason
}

type intentKey struct{}

// Acting returns a context under which every command that changes the record leaves an entry in the same transaction: by the intent's
// actor, about the subject of the first outbox entry, with the hash of all that was emitted as After unless the intent says another.
func Acting(ctx context.Context, i *Intent) context.Context {
	return store.Then(context.WithValue(ctx, intentKey{}, i), i.record)
}

// IntentOf is the intent that ctx carries; nil where there is none.
func IntentOf(ctx context.Context) *Intent {
	i, _ := ctx.Value(intentKey{}).(*Intent)
	return i
}

func (i *Intent) record(tx *store.Tx, emitted []store.Entry) error {
	i.mu.Lock()
	e := Entry{Actor: i.Actor, Action: i.Action, Subject: emitted[0].Subject, Reason: i.reason, Request: i.Request, Before: i.before, After: i.after}
	i.mu.Unlock()
	if e.Actor.Kind == "" {
		e.Actor = actorOf(emitted)
	}
	if e.After == (Hash{}) {
		e.After = hashEntries(emitted)
	}
	_, err := Append(tx, e)
	return err
}

// actorOf is the actor that an outbox entry names in its data, else the platform.
func actorOf(emitted []store.Entry) qingyuan.Actor {
	for _, e := range emitted {
		var named struct {
			Actor qingyuan.Actor `json:"actor"`
		}
		if bytes.Contains(e.Data, []byte(`"actor"`)) && json.Unmarshal(e.Data, &named) == nil && named.Actor.Kind != "" {
			return named.Actor
		}
	}
	return qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "platform"}
}

// hashEntries is a hash over outbox entries in order, every field with its length.
func hashEntries(all []store.Entry) Hash {
	h := sha256.New()
	var b []byte
	for _, e := range all {
		b = binary.BigEndian.AppendUint64(b[:0], uint64(e.Seq))
		b = binary.BigEndian.AppendUint64(b, uint64(e.At.UnixMicro()))
		for _, s := range [...]string{e.Kind, e.Subject, string(e.Data)} {
			b = binary.AppendUvarint(b, uint64(len(s)))
			b = append(b, s...)
		}
		h.Write(b)
	}
	return Hash(h.Sum(nil))
}
