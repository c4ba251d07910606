package decision

import (
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/internal/intake"
	"qingyuan/internal/keys"
	"qingyuan/internal/prevent/model/registry"
	"qingyuan/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the package's migration line.
func Migrations() store.Line {
	files, _ := fs.Sub(migrations, "migrations")
	return store.Line{Name: "decision", Files: files}
}

// record reads what was decided and published. Programs are compiled once per version.
type record struct {
	events   *intake.Service
	keys     *keys.Ring
	models   *registry.Service // nil: none are kept
	programs sync.Map          // tenant/id@version → *Program; versions are immutable
}

var (
	decisionRow = store.Into("decision", "seq", "event_id", "kind", "outcome", "score", "ruleset", "version", "rules", "point", "fallback",
		"latency_us", "decided_at", "digest", "trace")
	releaseRow = store.Into("release", "seq", "actor", "reason", "at")
	shadowRow  = store.Into("shadow_result", "seq", "ruleset", "version", "outcome", "score", "rules", "digest")
	listRow    = store.Into("list_entry", "id", "list", "kind", "match", "value", "expires_at", "reason", "added_seq", "added_by")
)

// Program is a published version of a ruleset, compiled. Errors: not_found.
func (r *record) program(tx *store.Tx, id string, version int) (*Program, error) {
	key := string(tx.Tenant()) + "/" + id + "@" + strconv.Itoa(version)
	if p, ok := r.programs.Load(key); ok {
		return p.(*Program), nil
	}
	var text string
	found, err := tx.Get(`SELECT text FROM ruleset WHERE tenant = $1 AND id = $2 AND version = $3`, []any{id, version}, &text)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "there is no version %d of ruleset %q", version, id)
	}
	rs, problems := Parse([]byte(text))
	if len(problems) == 0 {
		rs.Version = version
		var p *Program
		if p, problems = Compile(rs, EventFields{}); len(problems) == 0 {
			if _, err := r.bind(tx, p); err != nil { // a model that cannot be bound is not evaluable, and the trace says so
				return nil, err
			}
			r.programs.Store(key, p)
			return p, nil
		}
	}
	return nil, qingyuan.Errorf(qingyuan.Internal, "ruleset %s@%d no longer compiles: %s", id, version, problems[0])
}

// corrected is the event that e replaces; nil where it replaces none.
func (r *record) corrected(tx *store.Tx, e *qingyuan.Event) (*qingyuan.Event, error) {
	if e.CorrectsSeq == 0 {
		return nil, nil
	}
	return r.events.EventAt(tx, e.CorrectsSeq)
}

const listColumns = `id, list, kind, match, value, expires_at, added_seq`

func scanEntries(rows *sql.Rows) ([]ListEntry, error) {
	defer rows.Close()
	var all []ListEntry
	for rows.Next() {
		var e ListEntry
		var expires sql.NullInt64
		if err := rows.Scan(&e.ID, &e.List, &e.Kind, &e.Match, &e.Value, &expires, &e.Seq); err != nil {
			return nil, err
		}
		if expires.Valid {
			e.ExpiresAt = time.UnixMicro(expires.Int64).UTC()
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// listChanges are the entries added and the ids removed at seq.
func (r *record) listChanges(tx *store.Tx, seq int64) (added []ListEntry, removed []string, err error) {
	rows, err := tx.Query(`SELECT `+listColumns+` FROM list_entry WHERE tenant = $1 AND added_seq = $2 ORDER BY id`, seq)
	if err != nil {
		return nil, nil, err
	}
	if added, err = scanEntries(rows); err != nil {
		return nil, nil, err
	}
	gone, err := tx.Query(`SELECT id FROM list_entry WHERE tenant = $1 AND removed_seq = $2 ORDER BY id`, seq)
	if err != nil {
		return nil, nil, err
	}
	defer gone.Close()
	for gone.Next() {
		var id string
		if err := gone.Scan(&id); err != nil {
			return nil, nil, err
		}
		removed = append(removed, id)
	}
	return added, removed, gone.Err()
}

// entriesAt are the list entries in force after seq.
func (r *record) entriesAt(tx *store.Tx, seq int64) ([]ListEntry, error) {
	rows, err := tx.Query(`SELECT `+listColumns+` FROM list_entry WHERE tenant = $1 AND added_seq <= $2
		AND (removed_seq IS NULL OR removed_seq > $2) ORDER BY added_seq, id`, seq)
	if err != nil {
		return nil, err
	}
	return scanEntries(rows)
}

// Decision is one recorded decision.
type Decision struct {
	ID         string // dec_…, with the same tail as its event's id
	EventID    string
	Seq        int64
	Kind       qingyuan.EventKind
	Outcome    qingyuan.Outcome
	Score      int
	Ruleset    string
	Version    int
	Point      string
	Fallback   string        // why the declared fallback was given; empty for a decision
	Latency    time.Duration // from arrival until it was decided; the commit follows
	DecidedAt  time.Time
	Digest     [32]byte
	Rules      []string
	Reasons    []qingyuan.Reason
	Missing    []NotEvaluable
	Values     []qingyuan.Value
	Typologies []TypologyScore
	Release    *Release
}

// Release is a person's word that ended a hold.
type Release struct {
	Actor  string
	Reason string
	At     time.Time
}

// IDOf is the id of the decision on the event with that id.
func IDOf(eventID string) string { return "dec_" + strings.TrimPrefix(eventID, "evt_") }

// EventOf is the id of the event that the decision with that id is about.
func EventOf(id string) string { return "evt_" + strings.TrimPrefix(id, "dec_") }

func tracedAs(eventID string) string { return "decision|" + eventID }

// insert records a result for an event that was appended in the same command.
func (r *record) insert(tx *store.Tx, p *intake.Prepared, res ruling, point string, began time.Time) *Decision {
	e := &p.Event
	codes := codesOf(res.Result)
	d := &Decision{ID: IDOf(e.ID), EventID: e.ID, Seq: e.Seq, Kind: e.Kind, Outcome: res.Outcome, Score: res.Score,
		Ruleset: res.Ruleset, Version: res.Version, Point: point, Fallback: res.Fallback, DecidedAt: tx.Now().UTC(),
		Latency: tx.Now().Sub(began), Digest: Digest(res.Result), Rules: codes, Reasons: res.Reasons, Missing: res.NotEvaluable,
		Values: res.Values, Typologies: res.Typologies}
	trace := p.Key.Seal(EncodeTrace(res.Result), tracedAs(e.ID))
	tx.Insert(decisionRow, e.Seq, e.ID, string(e.Kind), string(d.Outcome), int64(d.Score), d.Ruleset, int64(d.Version), joinCodes(codes),
		point, d.Fallback, d.Latency.Microseconds(), d.DecidedAt.UnixMicro(), d.Digest[:], trace)
	for _, beside := range res.shadows {
		digest := Digest(beside)
		tx.Insert(shadowRow, e.Seq, beside.Ruleset, int64(beside.Version), string(beside.Outcome), int64(beside.Score), joinCodes(codesOf(beside)), digest[:])
	}
	return d
}

// codesOf lists the rules that spoke, in the order of the reasons.
func codesOf(res Result) []string {
	codes := make([]string, len(res.Reasons))
	for i, reason := range res.Reasons {
		codes[i] = reason.Rule
	}
	return codes
}

var signalRow = store.Into("signal", "seq", "sealed")

func signalledAs(eventID string) string { return "signal|" + eventID }

// keepSignals records what detectors found in an event that was appended in the same command.
func (r *record) keepSignals(tx *store.Tx, p *intake.Prepared, signals []qingyuan.Signal) error {
	if len(signals) == 0 {
		return nil
	}
	plain, err := json.Marshal(signals)
	if err != nil {
		return err
	}
	tx.Insert(signalRow, p.Event.Seq, p.Key.Seal(plain, signalledAs(p.Event.ID)))
	return nil
}

// signals reads what detectors found in the events with after < seq ≤ upTo, of which events holds those in question.
// Those of erased persons are left out.
func (r *record) signals(tx *store.Tx, after, upTo int64, events []*qingyuan.Event) (map[int64][]qingyuan.Signal, error) {
	rows, err := tx.Query(`SELECT seq, sealed FROM signal WHERE tenant = $1 AND seq > $2 AND seq <= $3`, after, upTo)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sealed := map[int64][]byte{}
	for rows.Next() {
		var seq int64
		var b []byte
		if err := rows.Scan(&seq, &b); err != nil {
			return nil, err
		}
		sealed[seq] = b
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	all := map[int64][]qingyuan.Signal{}
	for _, e := range events {
		b, ok := sealed[e.Seq]
		if !ok {
			continue
		}
		plain, err := r.keys.Open(tx.Context(), tx.Tenant(), b, signalledAs(e.ID))
		if qingyuan.CodeOf(err) == qingyuan.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		var found []qingyuan.Signal
		if err := json.Unmarshal(plain, &found); err != nil {
			return nil, err
		}
		all[e.Seq] = found
	}
	return all, nil
}

func joinCodes(codes []string) string {
	if len(codes) == 0 {
		return ""
	}
	return "|" + strings.Join(codes, "|") + "|"
}

const decisionColumns = `seq, event_id, kind, outcome, score, ruleset, version, rules, point, fallback, latency_us, decided_at, digest, trace`

// decisions reads decisions with their reasons.
func (r *record) decisions(tx *store.Tx, where string, args ...any) ([]*Decision, error) {
	rows, err := tx.Query(`SELECT `+decisionColumns+` FROM decision WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Decision
	var traces [][]byte
	for rows.Next() {
		d := &Decision{}
		var rules string
		var latency, at int64
		var digest, trace []byte
		err := rows.Scan(&d.Seq, &d.EventID, &d.Kind, &d.Outcome, &d.Score, &d.Ruleset, &d.Version, &rules, &d.Point, &d.Fallback, &latency, &at, &digest, &trace)
		if err != nil {
			return nil, err
		}
		if len(digest) != sha256.Size {
			return nil, qingyuan.Errorf(qingyuan.Internal, "the digest at seq %d has %d bytes", d.Seq, len(digest))
		}
		d.Digest = [32]byte(digest)
		d.Latency, d.DecidedAt = time.Duration(latency)*time.Microsecond, time.UnixMicro(at).UTC()
		d.Rules = strings.FieldsFunc(rules, func(c rune) bool { return c == '|' })
		all, traces = append(all, d), append(traces, trace)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	for i, d := range all {
		if err := r.complete(tx, d, traces[i]); err != nil {
			return nil, fmt.Errorf("decision at seq %d: %w", d.Seq, err)
		}
	}
	return all, nil
}

// complete adds what is not in the decision's own row: the release, and the trace with its texts. An erased person's
// decision keeps its codes only.
func (r *record) complete(tx *store.Tx, d *Decision, sealed []byte) error {
	d.ID = IDOf(d.EventID)
	if d.Outcome == qingyuan.Hold {
		var rel Release
		var at int64
		found, err := tx.Get(`SELECT actor, reason, at FROM release WHERE tenant = $1 AND seq = $2`, []any{d.Seq}, &rel.Actor, &rel.Reason, &at)
		if err != nil {
			return err
		}
		if found {
			rel.At = time.UnixMicro(at).UTC()
			d.Release = &rel
		}
	}
	plain, err := r.keys.Open(tx.Context(), tx.Tenant(), sealed, tracedAs(d.EventID))
	if qingyuan.CodeOf(err) == qingyuan.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	trace, err := DecodeTrace(plain)
	if err != nil {
		return err
	}
	program, err := r.program(tx, d.Ruleset, d.Version)
	if err != nil {
		return err
	}
	d.Reasons, d.Missing, d.Values = Render(trace, program), trace.NotEvaluable, trace.Values
	return nil
}

func hashText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
