package auth

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"qingyuan"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the package's migration line.
func Migrations() store.Line {
	files, _ := fs.Sub(migrations, "migrations")
	return store.Line{Name: "auth", Files: files}
}

// Config says what the service stands on.
type Config struct {
	DB *store.DB
	// Keys seals second factors; nil: there are none.
	Keys *keys.Ring
	// SecondFactor lists the roles that may do nothing before they have one.
	SecondFactor []Role
	OIDC         *OIDC            // nil: none
	LDAP         *LDAP            // nil: none; local accounts go on working beside it
	Now          func() time.Time // nil: time.Now
	Log          *slog.Logger     // nil: slog.Default()
}

// Service knows the accounts, sessions and API keys of every tenant. It is safe for concurrent use.
type Service struct {
	cfg    Config
	hasher *hasher
	keys   *keyCache
	oidc   *oidcClient // nil: none
}

// New makes a service.
func New(cfg Config) (*Service, error) {
	if cfg.DB == nil {
		return nil, qingyuan.Errorf(qingyuan.Internal, "auth needs a database")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	h, err := newHasher()
	if err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg, hasher: h, keys: newKeyCache()}
	if cfg.OIDC != nil {
		s.oidc = &oidcClient{cfg: *cfg.OIDC}
	}
	return s, nil
}

// Run does the housekeeping of [Service.Sweep] once a minute until ctx ends, and once more then. Wait for it to
// return before closing the database.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
		if err := s.Sweep(context.WithoutCancel(ctx)); err != nil {
			s.cfg.Log.WarnContext(ctx, "auth housekeeping failed", "error", err)
		}
	}
}

// Sweep deletes sessions that have ended and stores when API keys were last used.
func (s *Service) Sweep(ctx context.Context) error {
	tenants, err := s.cfg.DB.Tenants(ctx)
	if err != nil {
		return err
	}
	now := s.cfg.Now()
	used := s.keys.sweep(now)
	var failed []error
	for _, t := range tenants {
		err := s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
			_, err := tx.Exec(`DELETE FROM session WHERE tenant = $1 AND (expires_at <= $2 OR last_seen_at <= $3)`,
				now.UnixMicro(), now.Add(-sessionIdle).UnixMicro())
			for id, at := range used[t] {
				if err == nil {
					_, err = tx.Exec(`UPDATE api_key SET last_used_at = $3 WHERE tenant = $1 AND id = $2`, id, at)
				}
			}
			return err
		})
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// emit appends an outbox entry that says who did it.
func emit(tx *store.Tx, kind, subject string, by qingyuan.Actor) error {
	data, err := json.Marshal(struct {
		Actor qingyuan.Actor `json:"actor"`
	}{by})
	if err != nil {
		return err
	}
	_, err = tx.Emit(kind, subject, data)
	return err
}

// moment is the time of a nullable column in microseconds; zero where it is null.
func moment(micros *int64) time.Time {
	if micros == nil {
		return time.Time{}
	}
	return time.UnixMicro(*micros).UTC()
}
