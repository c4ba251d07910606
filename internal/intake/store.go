package intake

import (
	"context"
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
	return store.Line{Name: "intake", Files: files}
}

const eventColumns = `seq, id, kind, source, external_id, subject, entities, effective_at, observed_at, corrects, sealed`

func (s *Service) scan(tx *store.Tx, rows *sql.Rows) (*qingyuan.Event, error) {
	e := &qingyuan.Event{Tenant: tx.Tenant()}
	var subject, entities string
	var effective, observed int64
	var corrects sql.NullInt64
	var sealed []byte
	err := rows.Scan(&e.Seq, &e.ID, &e.Kind, &e.Source, &e.ExternalID, &subject, &entities, &effective, &observed, &corrects, &sealed)
	if err != nil {
		return nil, err
	}
	e.EffectiveAt, e.ObservedAt = time.UnixMicro(effective).UTC(), time.UnixMicro(observed).UTC()
	e.CorrectsSeq = corrects.Int64
	e.Subject = entityOf(subject)
	for _, part := range strings.Fields(entities) {
		e.Entities = append(e.Entities, entityOf(part))
	}
	data, err := s.cfg.Keys.Open(tx.Context(), tx.Tenant(), sealed, sealedAs(e.ID))
	if qingyuan.CodeOf(err) == qingyuan.NotFound {
		return e, nil // erased: Data stays nil
	}
	if err != nil {
		return nil, fmt.Errorf("open event %s: %w", e.ID, err)
	}
	e.Data, err = DecodeData(data)
	return e, err
}

func entityOf(text string) qingyuan.Entity {
	kind, rest, _ := strings.Cut(text, ":")
	role, key, _ := strings.Cut(rest, ":")
	return qingyuan.Entity{Kind: qingyuan.EntityKind(kind), Role: role, Key: key}
}

func blindBytes(key string) []byte {
	b, err := hex.DecodeString(key)
	if err != nil {
		return nil
	}
	return b
}

func (s *Service) one(tx *store.Tx, where string, args ...any) (*qingyuan.Event, error) {
	all, err := s.many(tx, where, args...)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "no such event")
	}
	return all[0], nil
}

func (s *Service) many(tx *store.Tx, where string, args ...any) ([]*qingyuan.Event, error) {
	rows, err := tx.Query(`SELECT `+eventColumns+` FROM event WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*qingyuan.Event
	for rows.Next() {
		e, err := s.scan(tx, rows)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// Event reads one event by its id. Data is nil where the person was erased. Errors: not_found.
func (s *Service) Event(tx *store.Tx, id string) (*qingyuan.Event, error) {
	return s.one(tx, `id = $2`, id)
}

// SeqOf is the seq of the event with that id. Errors: not_found.
func (s *Service) SeqOf(tx *store.Tx, id string) (seq int64, err error) {
	found, err := tx.Get(`SELECT seq FROM event WHERE tenant = $1 AND id = $2`, []any{id}, &seq)
	if err == nil && !found {
		err = qingyuan.Errorf(qingyuan.NotFound, "no such event")
	}
	return seq, err
}

// IDOf is the id of the event with that seq. Errors: not_found.
func (s *Service) IDOf(tx *store.Tx, seq int64) (id string, err error) {
	found, err := tx.Get(`SELECT id FROM event WHERE tenant = $1 AND seq = $2`, []any{seq}, &id)
	if err == nil && !found {
		err = qingyuan.Errorf(qingyuan.NotFound, "no such event")
	}
	return id, err
}

// Known tells, of external ids of one source, those on record, each with the hash of the body it came with.
func (s *Service) Known(tx *store.Tx, source string, ids []string) (map[string][32]byte, error) {
	args, marks := []any{source}, make([]string, len(ids))
	for i, id := range ids {
		args, marks[i] = append(args, id), fmt.Sprintf("$%d", i+3)
	}
	rows, err := tx.Query(`SELECT external_id, body_hash FROM event WHERE tenant = $1 AND source = $2 AND external_id IN (`+strings.Join(marks, ", ")+`)`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[string][32]byte{}
	for rows.Next() {
		var id string
		var hash []byte
		if err := rows.Scan(&id, &hash); err != nil {
			return nil, err
		}
		if len(hash) != 32 {
			return nil, qingyuan.Errorf(qingyuan.Internal, "an event has a hash of %d bytes", len(hash))
		}
		known[id] = [32]byte(hash)
	}
	return known, rows.Err()
}

// CountOf counts the events of a source with after < seq ≤ upTo.
func (s *Service) CountOf(tx *store.Tx, source string, after, upTo int64) (n int64, err error) {
	_, err = tx.Get(`SELECT count(*) FROM event WHERE tenant = $1 AND source = $2 AND seq > $3 AND seq <= $4`, []any{source, after, upTo}, &n)
	return n, err
}

// EventAt reads one event by its seq.
func (s *Service) EventAt(tx *store.Tx, seq int64) (*qingyuan.Event, error) {
	return s.one(tx, `seq = $2`, seq)
}

// Range reads the events with after < seq ≤ upTo, at most limit, in order of seq.
func (s *Service) Range(tx *store.Tx, after, upTo int64, limit int) ([]*qingyuan.Event, error) {
	return s.many(tx, `seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4`, after, upTo, limit)
}

// Sharing asks for the events that mention an entity.
type Sharing struct {
	Key      string               // blind key
	Kinds    []qingyuan.EventKind // empty: all
	From, To time.Time            // effective time, From ≤ t < To
	Before   int64                // seq: events recorded before it; 0: all
	Limit    int
}

// Sharing reads the events that mention an entity, newest seq first.
func (s *Service) Sharing(tx *store.Tx, q Sharing) ([]*qingyuan.Event, error) {
	if q.Before == 0 {
		q.Before = 1 << 62
	}
	where := `seq IN (SELECT seq FROM event_entity WHERE tenant = $1 AND key = $2 AND seq < $3)
		AND effective_at >= $4 AND effective_at < $5`
	args := []any{blindBytes(q.Key), q.Before, q.From.UnixMicro(), q.To.UnixMicro()}
	if len(q.Kinds) > 0 {
		var in []string
		for _, k := range q.Kinds {
			args = append(args, string(k))
			in = append(in, fmt.Sprintf("$%d", len(args)+1))
		}
		where += ` AND kind IN (` + strings.Join(in, ", ") + `)`
	}
	args = append(args, q.Limit)
	return s.many(tx, where+fmt.Sprintf(` ORDER BY seq DESC LIMIT $%d`, len(args)+1), args...)
}

// Find reads the newest events, before seq before, that mention the entity with that blind key.
func (s *Service) Find(tx *store.Tx, key string, before int64, limit int) ([]*qingyuan.Event, error) {
	return s.Sharing(tx, Sharing{Key: key, From: time.UnixMicro(0), To: time.UnixMicro(1 << 60), Before: before, Limit: limit})
}

// Each calls fn for every event of a kind that took effect at or after since, in order of seq.
func (s *Service) Each(ctx context.Context, t qingyuan.Tenant, kind qingyuan.EventKind, since time.Time, fn func(*qingyuan.Event)) error {
	for after := int64(0); ; {
		var page []*qingyuan.Event
		err := s.cfg.DB.Read(ctx, t, func(tx *store.Tx) (err error) {
			page, err = s.many(tx, `seq > $2 AND kind = $3 AND effective_at >= $4 ORDER BY seq LIMIT 1000`, after, string(kind), since.UnixMicro())
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			fn(e)
		}
		after = page[len(page)-1].Seq
	}
}

// Of reads the events of some kinds with after < seq ≤ upTo, at most limit, in order of seq.
func (s *Service) Of(tx *store.Tx, kinds []qingyuan.EventKind, after, upTo int64, limit int) ([]*qingyuan.Event, error) {
	args := []any{after, upTo, limit}
	var in []string
	for _, k := range kinds {
		args = append(args, string(k))
		in = append(in, fmt.Sprintf("$%d", len(args)+1))
	}
	return s.many(tx, `seq > $2 AND seq <= $3 AND kind IN (`+strings.Join(in, ", ")+`) ORDER BY seq LIMIT $4`, args...)
}

// Count is the number of events observed within [from, to).
func (s *Service) Count(tx *store.Tx, from, to time.Time) (n int64, err error) {
	_, err = tx.Get(`SELECT count(*) FROM event WHERE tenant = $1 AND observed_at >= $2 AND observed_at < $3`, []any{from.UnixMicro(), to.UnixMicro()}, &n)
	return n, err
}
