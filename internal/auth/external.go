package auth

import (
	"context"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// externalLife is how long a session lasts that an identity provider or a directory vouched for: then it is asked again, so that who
// left there, or changed roles, has no more than this here.
const externalLife = time.Hour

// external is somebody whom an identity provider or a directory vouches for.
type external struct {
	id   string // stable there: issuer and subject, or the distinguished name
	name string
	role Role
}

// RoleRule gives a role to those of a group. The first rule that fits decides.
type RoleRule struct {
	Group string
	Role  Role
}

// roleOf is the role of somebody in those groups. Errors: forbidden where no rule fits.
func roleOf(rules []RoleRule, groups []string, equal func(a, b string) bool) (Role, error) {
	for _, r := range rules {
		for _, g := range groups {
			if equal(r.Group, g) {
				return r.Role, nil
			}
		}
	}
	return "", qingyuan.Errorf(qingyuan.Forbidden, "none of your groups has a role here: ask the administrator")
}

// admit opens a session for who is vouched for. The account is made the first time, and its role follows what is vouched. Errors:
// unauthorized for a disabled account; conflict where a local account has the name; invalid for a name that cannot be one.
func (s *Service) admit(ctx context.Context, t qingyuan.Tenant, who external) (open Session, token string, err error) {
	name := foldName(who.name)
	if err := checkName(name); err != nil {
		return Session{}, "", err
	}
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		a, found, err := accountBy(tx, "external", who.id)
		if err != nil {
			return err
		}
		now := s.cfg.Now().UTC().Truncate(time.Microsecond)
		self := qingyuan.Actor{Kind: qingyuan.ActorUser, ID: a.ID}
		switch {
		case found && !a.DisabledAt.IsZero():
			return refused()
		case !found:
			if _, taken, err := accountBy(tx, "name", name); err != nil {
				return err
			} else if taken {
				return qingyuan.Errorf(qingyuan.Conflict, "there is a local account of your name: ask the administrator")
			}
			a = account{external: who.id, Account: Account{ID: qingyuan.NewID("usr", now), Name: name, Role: who.role, CreatedAt: now}}
			self.ID = a.ID
			_, err := tx.Exec(`INSERT INTO account (tenant, id, name, role, password_hash, must_change, failed, locked_until, created_at, external) VALUES ($1, $2, $3, $4, '', $5, 0, 0, $6, $7)`,
				a.ID, a.Name, string(a.Role), false, now.UnixMicro(), who.id)
			if err != nil {
				return err
			}
			if err := emit(tx, "account.created", a.ID, self); err != nil {
				return err
			}
		case a.Role != who.role:
			a.Role = who.role
			if _, err := tx.Exec(`UPDATE account SET role = $3 WHERE tenant = $1 AND id = $2`, a.ID, string(a.Role)); err != nil {
				return err
			}
			if err := emit(tx, "account.role_changed", a.ID, self); err != nil {
				return err
			}
		}
		open, token = s.openSessionFor(tx, a, externalLife)
		return emit(tx, "session.opened", a.ID, self)
	})
	return open, token, err
}
