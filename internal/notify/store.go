package notify

import (
	"embed"
	"io/fs"
	"time"

	"qingyuan/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the package's migration line.
func Migrations() store.Line {
	files, _ := fs.Sub(migrations, "migrations")
	return store.Line{Name: "notify", Files: files}
}

func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func at(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func (e *Endpoint) insert(tx *store.Tx, sealed []byte) error {
	_, err := tx.Exec(`INSERT INTO webhook_endpoint (tenant, id, description, kinds, sealed, active, reason, cursor, failures, failing_since, pause_until, created_by, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, '', $7, 0, 0, 0, $8, $9)`, e.ID, e.Description, joinKinds(e.Kinds), sealed, e.Active, e.cursor, e.CreatedBy, micro(e.CreatedAt))
	return err
}

// update stores what a person changed.
func (e *Endpoint) update(tx *store.Tx, sealed []byte) error {
	if _, err := tx.Exec(`UPDATE webhook_endpoint SET description = $3, kinds = $4, sealed = $5 WHERE tenant = $1 AND id = $2`,
		e.ID, e.Description, joinKinds(e.Kinds), sealed); err != nil {
		return err
	}
	return e.updateHealth(tx)
}

// updateHealth stores how the target does, and the cursor.
func (e *Endpoint) updateHealth(tx *store.Tx) error {
	_, err := tx.Exec(`UPDATE webhook_endpoint SET active = $3, reason = $4, failures = $5, failing_since = $6, pause_until = $7, cursor = $8 WHERE tenant = $1 AND id = $2`,
		e.ID, e.Active, e.Reason, int64(e.Failures), micro(e.FailingSince), micro(e.PauseUntil), e.cursor)
	return err
}

// scan reads endpoints, still sealed.
func scan(tx *store.Tx, more string, args ...any) (all []*Endpoint, sealed [][]byte, err error) {
	rows, err := tx.Query(`SELECT id, description, kinds, sealed, active, reason, cursor, failures, failing_since, pause_until, created_by, created_at
		FROM webhook_endpoint WHERE tenant = $1 `+more, args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		e := &Endpoint{}
		var kinds string
		var box []byte
		var failing, pause, created int64
		if err := rows.Scan(&e.ID, &e.Description, &kinds, &box, &e.Active, &e.Reason, &e.cursor, &e.Failures, &failing, &pause, &e.CreatedBy, &created); err != nil {
			return nil, nil, err
		}
		e.Kinds, e.FailingSince, e.PauseUntil, e.CreatedAt = splitKinds(kinds), at(failing), at(pause), at(created)
		all, sealed = append(all, e), append(sealed, box)
	}
	return all, sealed, rows.Err()
}

func (s *Service) endpoints(tx *store.Tx, more string, args ...any) ([]*Endpoint, error) {
	all, sealed, err := scan(tx, more, args...)
	if err != nil {
		return nil, err
	}
	for i, e := range all {
		if err := s.unseal(tx.Context(), tx.Tenant(), sealed[i], place(e.ID), &e.secrets); err != nil {
			return nil, err
		}
		e.URL = e.secrets.URL
	}
	return all, nil
}

func (s *Service) endpoint(tx *store.Tx, id string) (*Endpoint, error) {
	all, err := s.endpoints(tx, `AND id = $2`, id)
	if err == nil && len(all) == 0 {
		err = noEndpoint(id)
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func deliveries(tx *store.Tx, where string, args ...any) ([]*Delivery, error) {
	rows, err := tx.Query(`SELECT endpoint, seq, kind, state, attempts, status, error, took_us, created_at, tried_at FROM webhook_delivery WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Delivery
	for rows.Next() {
		d := &Delivery{}
		var took, created, tried int64
		if err := rows.Scan(&d.Endpoint, &d.Seq, &d.Kind, &d.State, &d.Attempts, &d.Status, &d.Error, &took, &created, &tried); err != nil {
			return nil, err
		}
		d.Took, d.CreatedAt, d.TriedAt = time.Duration(took)*time.Microsecond, at(created), at(tried)
		all = append(all, d)
	}
	return all, rows.Err()
}

// put stores how one more attempt went.
func (d *Delivery) put(tx *store.Tx) error {
	_, err := tx.Exec(`INSERT INTO webhook_delivery (tenant, endpoint, seq, kind, state, attempts, status, error, took_us, created_at, tried_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (tenant, endpoint, seq) DO UPDATE SET state = excluded.state,
		attempts = webhook_delivery.attempts + 1, status = excluded.status, error = excluded.error, took_us = excluded.took_us, tried_at = excluded.tried_at`,
		d.Endpoint, d.Seq, d.Kind, string(d.State), int64(d.Attempts), int64(d.Status), d.Error, d.Took.Microseconds(), micro(d.CreatedAt), micro(d.TriedAt))
	return err
}
