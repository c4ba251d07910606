package auth

import (
	"context"
	"encoding/hex"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// OpenSession is one of a person's own sessions.
type OpenSession struct {
	ID         string // names it, and says nothing of its token
	CreatedAt  time.Time
	LastSeenAt time.Time // to about a minute
	ExpiresAt  time.Time
	Current    bool // the one that asks
}

// Sessions lists the sessions of the person of a session, newest first. Errors: unauthorized.
func (s *Service) Sessions(ctx context.Context, text string) (all []OpenSession, err error) {
	open, err := s.Session(ctx, text)
	if err != nil {
		return nil, err
	}
	own, now := hashOf(text), s.cfg.Now()
	err = s.cfg.DB.Read(ctx, open.Principal.Tenant, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT hash, created_at, last_seen_at, expires_at FROM session WHERE tenant = $1 AND account = $2 AND expires_at > $3 AND last_seen_at > $4
			ORDER BY created_at DESC LIMIT 200`, open.Principal.Actor.ID, now.UnixMicro(), now.Add(-sessionIdle).UnixMicro())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var hash []byte
			var created, seen, expires int64
			if err := rows.Scan(&hash, &created, &seen, &expires); err != nil {
				return err
			}
			all = append(all, OpenSession{ID: sessionID(hash), CreatedAt: moment(&created), LastSeenAt: moment(&seen), ExpiresAt: moment(&expires), Current: string(hash) == string(own[:])})
		}
		return rows.Err()
	})
	return all, err
}

func sessionID(hash []byte) string { return hex.EncodeToString(hash[:8]) }

// EndSession ends one of the person's own sessions. Errors: unauthorized; not_found.
func (s *Service) EndSession(ctx context.Context, text, id string) error {
	open, err := s.Session(ctx, text)
	if err != nil {
		return err
	}
	p := open.Principal
	return s.cfg.DB.Write(ctx, p.Tenant, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT hash FROM session WHERE tenant = $1 AND account = $2`, p.Actor.ID)
		if err != nil {
			return err
		}
		defer rows.Close()
		var found []byte
		for rows.Next() {
			var hash []byte
			if err := rows.Scan(&hash); err != nil {
				return err
			}
			if sessionID(hash) == id {
				found = hash
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
		if found == nil {
			return qingyuan.Errorf(qingyuan.NotFound, "there is no such session")
		}
		if _, err := tx.Exec(`DELETE FROM session WHERE tenant = $1 AND hash = $2`, found); err != nil {
			return err
		}
		return emit(tx, "session.closed", p.Actor.ID, p.Actor)
	})
}
