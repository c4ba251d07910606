package rights

import (
	"context"
	"database/sql"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// PlaceHold forbids the erasure of a person: for a case, a suit or an inquiry. Basis names it. Errors: invalid; not_found.
func (s *Service) PlaceHold(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, person string, h Hold) (id string, err error) {
	if len([]rune(h.Reason)) < 4 || h.Basis == "" {
		return "", qingyuan.FieldErrorf("reason", "a hold needs a reason of 4 characters and a basis: the case or the article")
	}
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		if _, err := s.cfg.Directory.Subject(tx, person); err != nil {
			return err
		}
		id = qingyuan.NewID("phd", tx.Now())
		var until any
		if !h.Until.IsZero() {
			until = h.Until.UnixMicro()
		}
		if _, err := tx.Exec(`INSERT INTO person_hold (tenant, id, person, reason, basis, actor, created_at, until, ended_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '')`,
			id, person, h.Reason, h.Basis, actor.ID, tx.Now().UnixMicro(), until); err != nil {
			return err
		}
		return emit(tx, "person.hold", id, actor)
	})
	return id, err
}

// LiftHold ends a hold. Errors: not_found where there is none in force.
func (s *Service) LiftHold(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, id string) error {
	return s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		n, err := tx.Exec(`UPDATE person_hold SET ended_at = $2, ended_by = $3 WHERE tenant = $1 AND id = $4 AND ended_at IS NULL`, tx.Now().UnixMicro(), actor.ID, id)
		if err == nil && n == 0 {
			err = qingyuan.Errorf(qingyuan.NotFound, "there is no hold %q in force", id)
		}
		if err != nil {
			return err
		}
		return emit(tx, "person.hold", id, actor)
	})
}

func holdsOf(tx *store.Tx, persons []string) (all []Hold, err error) {
	rows, err := tx.Query(`SELECT id, reason, basis, until FROM person_hold WHERE tenant = $1 AND ended_at IS NULL AND `+in("person", persons), anys(persons)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		h := Hold{Holder: "desk"}
		var until sql.NullInt64
		if err := rows.Scan(&h.ID, &h.Reason, &h.Basis, &until); err != nil {
			return nil, err
		}
		if until.Valid {
			if h.Until = time.UnixMicro(until.Int64).UTC(); !h.Until.After(tx.Now()) {
				continue
			}
		}
		all = append(all, h)
	}
	return all, rows.Err()
}

// Restriction keeps a person's data from every use but being stored (PIPL art. 47): nothing of it is shown in clear or given out.
type Restriction struct {
	Reason string    `json:"reason"`
	Actor  string    `json:"actor"`
	At     time.Time `json:"at"`
}

// Restrict restricts a person's data, or ends that where on is false. Errors: not_found.
func (s *Service) Restrict(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, person, reason string, on bool) error {
	return s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		sub, err := s.cfg.Directory.Subject(tx, person)
		if err != nil {
			return err
		}
		if !on {
			if _, err := tx.Exec(`DELETE FROM person_restriction WHERE tenant = $1 AND `+in("person", sub.Persons), anys(sub.Persons)...); err != nil {
				return err
			}
			return emit(tx, "person.released", qingyuan.NewID("rst", tx.Now()), actor)
		}
		for _, p := range sub.Persons {
			if _, err := tx.Exec(`INSERT INTO person_restriction (tenant, person, reason, actor, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
				p, reason, actor.ID, tx.Now().UnixMicro()); err != nil {
				return err
			}
		}
		return emit(tx, "person.restricted", qingyuan.NewID("rst", tx.Now()), actor)
	})
}

// Restricted reports whether the person's data may not be used. person is the subject of an event; empty is nobody.
func Restricted(tx *store.Tx, person string) (bool, error) {
	if person == "" {
		return false, nil
	}
	r, err := restrictionOf(tx, []string{person})
	return r != nil, err
}

func restrictionOf(tx *store.Tx, persons []string) (*Restriction, error) {
	var r Restriction
	var at int64
	found, err := tx.Get(`SELECT reason, actor, at FROM person_restriction WHERE tenant = $1 AND `+in("person", persons)+` ORDER BY at LIMIT 1`, anys(persons), &r.Reason, &r.Actor, &at)
	if err != nil || !found {
		return nil, err
	}
	r.At = time.UnixMicro(at).UTC()
	return &r, nil
}

// Basis is the lawful basis on which a person's data are used for a purpose (PIPL art. 13): consent, or another.
type Basis struct {
	ID          string    `json:"id"`
	Purpose     string    `json:"purpose"`
	Basis       string    `json:"basis"`    // consent, separate_consent, contract, legal_duty, emergency, public_interest, published, other_law
	Evidence    string    `json:"evidence"` // where the proof lies: a document's number, an exhibit's id
	GivenAt     time.Time `json:"given_at"`
	WithdrawnAt time.Time `json:"withdrawn_at,omitzero"`
}

// AddBasis records a basis. Errors: invalid; not_found.
func (s *Service) AddBasis(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, person string, b Basis) (id string, err error) {
	if b.Purpose == "" || b.Basis == "" {
		return "", qingyuan.FieldErrorf("purpose", "a basis needs a purpose")
	}
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		if _, err := s.cfg.Directory.Subject(tx, person); err != nil {
			return err
		}
		if id = qingyuan.NewID("pbs", tx.Now()); b.GivenAt.IsZero() {
			b.GivenAt = tx.Now()
		}
		if _, err := tx.Exec(`INSERT INTO person_basis (tenant, id, person, purpose, basis, evidence, actor, given_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			id, person, b.Purpose, b.Basis, b.Evidence, actor.ID, b.GivenAt.UnixMicro()); err != nil {
			return err
		}
		return emit(tx, "person.basis", id, actor)
	})
	return id, err
}

// WithdrawBasis ends a basis, such as a consent. Errors: not_found where there is none in force.
func (s *Service) WithdrawBasis(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, id string) error {
	return s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		n, err := tx.Exec(`UPDATE person_basis SET withdrawn_at = $2 WHERE tenant = $1 AND id = $3 AND withdrawn_at IS NULL`, tx.Now().UnixMicro(), id)
		if err == nil && n == 0 {
			err = qingyuan.Errorf(qingyuan.NotFound, "there is no basis %q in force", id)
		}
		if err != nil {
			return err
		}
		return emit(tx, "person.basis", id, actor)
	})
}

func basesOf(tx *store.Tx, persons []string) ([]Basis, error) {
	rows, err := tx.Query(`SELECT id, purpose, basis, evidence, given_at, withdrawn_at FROM person_basis WHERE tenant = $1 AND `+in("person", persons)+` ORDER BY given_at`, anys(persons)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := []Basis{}
	for rows.Next() {
		var b Basis
		var given int64
		var withdrawn sql.NullInt64
		if err := rows.Scan(&b.ID, &b.Purpose, &b.Basis, &b.Evidence, &given, &withdrawn); err != nil {
			return nil, err
		}
		b.GivenAt = time.UnixMicro(given).UTC()
		if withdrawn.Valid {
			b.WithdrawnAt = time.UnixMicro(withdrawn.Int64).UTC()
		}
		all = append(all, b)
	}
	return all, rows.Err()
}

// purgeBatch is how many events one command of a purge takes out.
const purgeBatch = 200

// Purge takes out events that are beyond their retention period, in batches, and returns how many. Those of people on whom a hold of the
// desk stands stay. It is for a periodic job.
func (s *Service) Purge(ctx context.Context, t qingyuan.Tenant) (done int, err error) {
	for _, c := range s.cfg.Policy.Classes {
		for _, kind := range c.Kinds {
			for c.AtMost > 0 {
				n, err := s.purge(ctx, t, kind, c.AtMost)
				if done += n; err != nil {
					return done, err
				}
				if n < purgeBatch {
					break
				}
			}
		}
	}
	return done, nil
}

func (s *Service) purge(ctx context.Context, t qingyuan.Tenant, kind qingyuan.EventKind, period Period) (n int, err error) {
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		keep := func(person string) (bool, error) {
			holds, err := holdsOf(tx, []string{person})
			return len(holds) > 0, err
		}
		e, err := s.cfg.Directory.PlanPurge(tx, Purge{Kind: kind, Before: period.Before(tx.Now()), Keep: keep, Limit: purgeBatch})
		if err != nil {
			return err
		}
		if n = len(e.Erased); n == 0 {
			return nil
		}
		e.ID = qingyuan.NewID("prg", tx.Now())
		for _, h := range s.holders() {
			if err := h.Erase(tx, e); err != nil {
				return err
			}
		}
		_, err = tx.Emit(PersonErased, e.ID, nil)
		return err
	})
	return n, err
}
