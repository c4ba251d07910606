package keys

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// The kinds of outbox entry of a rotation; the subject names the key and version.
const (
	KEKRotated       = "kek.rotated"
	TenantKeyRotated = "tenant_key.rotated"
)

// rewrapBatch is how many data keys one command rewraps: decisions wait for it.
const rewrapBatch = 200

// RotateKEK wraps every tenant's keys with next. Whatever was not done when it ends is done when it is called again; until then the
// old KEK is needed beside next, and afterwards next alone opens the record. The service goes on meanwhile. It returns how many keys it
// wrapped anew.
func (r *Ring) RotateKEK(ctx context.Context, next KEK) (done int, err error) {
	r.mu.Lock()
	r.keks = append([]KEK{next}, slices.DeleteFunc(slices.Clone(r.keks), func(k KEK) bool { return k.ID() == next.ID() })...)
	r.mu.Unlock()
	all, err := r.cfg.DB.Tenants(ctx)
	if err != nil {
		return 0, err
	}
	for _, t := range all {
		n, err := r.rewrapTenant(ctx, t, next)
		if done += n; err != nil {
			return done, fmt.Errorf("tenant %s: %w", t, err)
		}
	}
	return done, nil
}

func (r *Ring) rewrapTenant(ctx context.Context, t qingyuan.Tenant, next KEK) (done int, err error) {
	var rows []tenantRow
	err = r.cfg.DB.Read(ctx, t, func(tx *store.Tx) (err error) {
		rows, err = tenantRows(tx)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		if row.kek == next.ID() {
			continue
		}
		b, err := r.unwrap(ctx, t, row)
		if err != nil {
			return done, err
		}
		wrapped, err := next.Wrap(ctx, b, bindTenant(t, row.purpose, row.version))
		if err != nil {
			return done, err
		}
		if again, err := next.Unwrap(ctx, wrapped, bindTenant(t, row.purpose, row.version)); err != nil || string(again) != string(b) {
			return done, qingyuan.Errorf(qingyuan.Unavailable, "the new key-encryption key does not open what it sealed; nothing was changed")
		}
		err = r.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
			n, err := tx.Exec(`UPDATE tenant_key SET kek_id = $2, wrapped = $3 WHERE tenant = $1 AND purpose = $4 AND version = $5 AND kek_id = $6`,
				next.ID(), wrapped, row.purpose, row.version, row.kek)
			if err != nil || n == 0 {
				return err
			}
			_, err = tx.Emit(KEKRotated, fmt.Sprintf("%s@%d %s", row.purpose, row.version, next.ID()), nil)
			return err
		})
		if err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// RotateTenant gives the tenant a new wrapping key and wraps every person's data key with it, in batches beside the service. A rotation
// that was broken off is finished first, and then no new key is made. Data keys that another process stores meanwhile under the version
// before stay readable and are taken along by the next rotation: old versions are kept. It returns how many data keys it wrapped anew.
func (r *Ring) RotateTenant(ctx context.Context, t qingyuan.Tenant) (done int, err error) {
	k, err := r.load(ctx, t)
	if err != nil {
		return 0, err
	}
	pending, err := r.pending(ctx, t, k.current)
	if err != nil {
		return 0, err
	}
	if pending == 0 {
		if k, err = r.newVersion(ctx, t, k.current+1); err != nil {
			return 0, err
		}
	}
	for pass := 0; pass < 3; pass++ { // commands that were under way with the version before are in the second
		n, err := r.rewrapPersons(ctx, t, k)
		if done += n; err != nil {
			return done, err
		}
		if pending, err = r.pending(ctx, t, k.current); err != nil || pending == 0 {
			return done, err
		}
	}
	return done, nil
}

func (r *Ring) rewrapPersons(ctx context.Context, t qingyuan.Tenant, k *tenantKeys) (done int, err error) {
	var cursor []byte
	for {
		var batch []storedKey
		err := r.cfg.DB.Read(ctx, t, func(tx *store.Tx) (err error) {
			batch, err = staleKeys(tx, cursor, k.current)
			return err
		})
		if err != nil || len(batch) == 0 {
			return done, err
		}
		if err := r.rewrap(ctx, t, k, batch); err != nil {
			return done, err
		}
		done += len(batch)
		cursor = batch[len(batch)-1].id
	}
}

func (r *Ring) pending(ctx context.Context, t qingyuan.Tenant, version uint32) (n int64, err error) {
	_, err = r.cfg.DB.Get(ctx, t, `SELECT count(*) FROM person_key WHERE tenant = $1 AND wrap_version < $2`, []any{int64(version)}, &n)
	return n, err
}

// newVersion makes a wrapping key, which wraps from its commit on.
func (r *Ring) newVersion(ctx context.Context, t qingyuan.Tenant, version uint32) (*tenantKeys, error) {
	b := make([]byte, keySize)
	rand.Read(b)
	kek := r.wrapping()
	wrapped, err := kek.Wrap(ctx, b, bindTenant(t, "wrap", version))
	if err != nil {
		return nil, err
	}
	err = r.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO tenant_key (tenant, purpose, version, kek_id, wrapped, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			"wrap", int64(version), kek.ID(), wrapped, tx.Now().UnixMicro())
		if err != nil {
			return err
		}
		_, err = tx.Emit(TenantKeyRotated, fmt.Sprintf("wrap@%d", version), nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r.load(ctx, t)
}

func staleKeys(tx *store.Tx, after []byte, version uint32) (all []storedKey, err error) {
	if after == nil {
		after = []byte{}
	}
	rows, err := tx.Query(`SELECT person, id, wrapped FROM person_key WHERE tenant = $1 AND id > $2 AND wrap_version < $3 ORDER BY id LIMIT $4`, after, int64(version), rewrapBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var k storedKey
		if err := rows.Scan(&k.person, &k.id, &k.wrapped); err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, rows.Err()
}

func (r *Ring) rewrap(ctx context.Context, t qingyuan.Tenant, k *tenantKeys, batch []storedKey) error {
	for i := range batch {
		p, err := r.openPerson(ctx, t, k, batch[i])
		if err != nil {
			return err
		}
		batch[i].wrapped = k.wraps[k.current].wrap(p.key.bytes[:], k.current, bindPerson(t, p.person, p.id[:]))
	}
	return r.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		for _, s := range batch {
			_, err := tx.Exec(`UPDATE person_key SET wrapped = $2, wrap_version = $3 WHERE tenant = $1 AND id = $4`, s.wrapped, int64(k.current), s.id)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Status is how a tenant's keys stand.
type Status struct {
	Tenant    qingyuan.Tenant `json:"tenant"`
	Algorithm string          `json:"algorithm"` // of what is sealed from now on
	KEK       string          `json:"kek"`       // id of the KEK that wraps
	Keys      []KeyStatus     `json:"keys"`
	Persons   int64           `json:"persons"` // data keys
	Pending   int64           `json:"pending"` // data keys that wait to be wrapped by the newest version
}

// KeyStatus is one version of a tenant's key.
type KeyStatus struct {
	Purpose   string    `json:"purpose"` // wrap or blind
	Version   uint32    `json:"version"`
	KEK       string    `json:"kek"` // id of the KEK that wraps it
	CreatedAt time.Time `json:"created_at"`
}

// Status reads how the tenant's keys stand.
func (r *Ring) Status(ctx context.Context, t qingyuan.Tenant) (*Status, error) {
	s := &Status{Tenant: t, Algorithm: r.cfg.Algorithm.String(), KEK: r.wrapping().ID(), Keys: []KeyStatus{}}
	var current uint32
	err := r.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		rows, err := tenantRows(tx)
		if err != nil {
			return err
		}
		for _, row := range rows {
			s.Keys = append(s.Keys, KeyStatus{row.purpose, row.version, row.kek, time.UnixMicro(row.createdAt).UTC()})
			if row.purpose == "wrap" {
				current = max(current, row.version)
			}
		}
		_, err = tx.Get(`SELECT count(*) FROM person_key WHERE tenant = $1`, nil, &s.Persons)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.Pending, err = r.pending(ctx, t, current)
	return s, err
}
