package auth

import (
	"context"
	"slices"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// How long a session lasts without use and at most (ASVS 5.0 7.3.1 and 7.3.2 ask for both limits; the figures are ours),
// and how often its use is stored.
const (
	sessionIdle  = 30 * time.Minute
	sessionLife  = 12 * time.Hour
	sessionTouch = time.Minute
)

// A lock begins at this many failures in a row and doubles with each further one.
const (
	lockAfter = 5
	lockFirst = 15 * time.Second
	lockMost  = 15 * time.Minute
)

// lockFor is how long sign-in pauses after that many failures in a row.
func lockFor(failed int64) time.Duration {
	if failed < lockAfter {
		return 0
	}
	return min(lockFirst<<min(failed-lockAfter, 10), lockMost)
}

// Session is a signed-in person.
type Session struct {
	Principal Principal
	CSRF      string    // see CheckCSRF
	ExpiresAt time.Time // at the latest: without use it ends earlier
}

func refused() error {
	return qingyuan.Errorf(qingyuan.Unauthorized, "the name or the password is wrong, or sign-in to this account is paused after failures: wait up to 15 minutes")
}

func ended() error {
	return qingyuan.Errorf(qingyuan.Unauthorized, "the session has ended: sign in")
}

// SignIn checks a name and password and opens a session; token is what the browser keeps, in a cookie that is Secure,
// HttpOnly and SameSite. Errors: unauthorized, always in the same words; too_many where too many people sign in at once.
func (s *Service) SignIn(ctx context.Context, t qingyuan.Tenant, name, password string) (_ Session, token string, err error) {
	return s.Enter(ctx, t, Credentials{Name: name, Password: password})
}

// Credentials are what a person signs in with.
type Credentials struct {
	Name, Password string
	Code           string // of the second factor, or a recovery code; empty where there is none
}

// Enter is SignIn with a second factor. An account that has one and sends no code gets unauthorized with Field code, which tells those
// who know the password that it was right; a wrong code counts as a failure.
func (s *Service) Enter(ctx context.Context, t qingyuan.Tenant, c Credentials) (_ Session, token string, err error) {
	name, password := c.Name, c.Password
	var a account
	known, err := s.tenantExists(ctx, t)
	if name = foldName(name); err == nil && known && checkName(name) == nil {
		err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) (err error) {
			a, _, err = accountBy(tx, "name", name)
			return err
		})
	}
	if err != nil {
		return Session{}, "", err
	}
	if known && s.cfg.LDAP != nil && (a.ID == "" || a.external != "") {
		who, err := s.cfg.LDAP.vouch(ctx, name, password)
		if err != nil {
			return Session{}, "", err
		}
		return s.admit(ctx, t, who)
	}
	match, err := s.hasher.matches(ctx, password[:min(len(password), maxPasswordBytes+1)], a.hash)
	if err != nil {
		return Session{}, "", err
	}
	if !known {
		return Session{}, "", refused()
	}
	var open Session
	err = s.settle(ctx, t, a, &attempt{match: match, second: true, code: c.Code}, func(tx *store.Tx, a account) error {
		open, token = s.openSession(tx, a)
		return emit(tx, "session.opened", a.ID, open.Principal.Actor)
	})
	if err != nil {
		return Session{}, "", err
	}
	return open, token, nil
}

// tenantExists keeps names that strangers send away from the store's writers, of which it makes one for each tenant.
func (s *Service) tenantExists(ctx context.Context, t qingyuan.Tenant) (bool, error) {
	all, err := s.cfg.DB.Tenants(ctx)
	return slices.Contains(all, t), err
}

// attempt is what is known of an attempt before its command: whether the password was right, and what came with it.
type attempt struct {
	match  bool
	second bool // ask for the second factor
	code   string
}

// settle counts an attempt on the account as it is now, and runs then in the same command where it succeeded. An account
// that does not exist costs the same statements. During a lock nothing is counted and nothing succeeds.
func (s *Service) settle(ctx context.Context, t qingyuan.Tenant, seen account, try *attempt, then func(*store.Tx, account) error) error {
	accepted := false
	err := s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		now := s.cfg.Now()
		a, found, err := accountBy(tx, "id", seen.ID)
		if err != nil {
			return err
		}
		locked := now.Before(a.LockedUntil)
		match := try.match
		accepted = found && match && !locked && a.DisabledAt.IsZero() && a.hash == seen.hash
		if accepted && try.second {
			if len(a.totp) > 0 && try.code == "" {
				return needCode()
			}
			if accepted, err = s.second(tx, a, try.code); err != nil {
				return err
			}
			match = accepted
		}
		switch {
		case accepted:
			a.failed, a.LockedUntil = 0, time.UnixMicro(0)
		case !match && !locked:
			a.failed++
			a.LockedUntil = now.Add(lockFor(a.failed))
		}
		if _, err := tx.Exec(`UPDATE account SET failed = $3, locked_until = $4 WHERE tenant = $1 AND id = $2`, a.ID, a.failed, a.LockedUntil.UnixMicro()); err != nil {
			return err
		}
		if accepted {
			return then(tx, a)
		}
		return emit(tx, "session.refused", a.ID, qingyuan.Actor{Kind: qingyuan.ActorUser, ID: a.ID})
	})
	if err == nil && !accepted {
		return refused()
	}
	return err
}

var sessionRow = store.Into("session", "hash", "account", "created_at", "last_seen_at", "expires_at")

// openSession makes a session of the account in its command.
func (s *Service) openSession(tx *store.Tx, a account) (Session, string) {
	return s.openSessionFor(tx, a, sessionLife)
}

func (s *Service) openSessionFor(tx *store.Tx, a account, life time.Duration) (Session, string) {
	text := newSessionToken(tx.Tenant())
	hash := hashOf(text)
	now := s.cfg.Now().UTC()
	tx.Insert(sessionRow, hash[:], a.ID, now.UnixMicro(), now.UnixMicro(), now.Add(life).UnixMicro())
	return s.sessionOf(tx.Tenant(), a, text, now.Add(life)), text
}

func (s *Service) sessionOf(t qingyuan.Tenant, a account, text string, expires time.Time) Session {
	return Session{
		Principal: Principal{Tenant: t, Actor: qingyuan.Actor{Kind: qingyuan.ActorUser, ID: a.ID}, Name: a.Name, Role: a.Role, MustChange: a.MustChange, MustEnrol: s.mustEnrol(a)},
		CSRF:      csrfOf(text),
		ExpiresAt: expires,
	}
}

// Session finds the session of a token and notes that it is in use. Errors: unauthorized for whatever is no session, or
// no longer one.
func (s *Service) Session(ctx context.Context, text string) (Session, error) {
	tok, ok := parseSession(text)
	if !ok {
		return Session{}, ended()
	}
	var a account
	var seen, expires int64
	now, found := s.cfg.Now(), false
	err := s.cfg.DB.Read(ctx, tok.tenant, func(tx *store.Tx) (err error) {
		found, err = tx.Get(`SELECT a.id, a.name, a.role, a.must_change, a.totp, coalesce(a.external, ''), s.last_seen_at, s.expires_at
			FROM session s JOIN account a ON a.id = s.account
			WHERE s.tenant = $1 AND a.tenant = $1 AND s.hash = $2 AND a.disabled_at IS NULL AND s.expires_at > $3 AND s.last_seen_at > $4`,
			[]any{tok.hash[:], now.UnixMicro(), now.Add(-sessionIdle).UnixMicro()}, &a.ID, &a.Name, &a.Role, &a.MustChange, &a.totp, &a.external, &seen, &expires)
		return err
	})
	if err != nil {
		return Session{}, err
	}
	if !found {
		return Session{}, ended()
	}
	if stored := time.UnixMicro(seen); now.Sub(stored) >= sessionTouch {
		err := s.cfg.DB.Write(ctx, tok.tenant, func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE session SET last_seen_at = $3 WHERE tenant = $1 AND hash = $2 AND last_seen_at < $3`, tok.hash[:], now.UnixMicro())
			return err
		})
		if err != nil { // the session stands; it ends a little early if this goes on
			s.cfg.Log.WarnContext(ctx, "cannot store that a session is in use", "tenant", tok.tenant, "error", err)
		}
	}
	return s.sessionOf(tok.tenant, a, text, time.UnixMicro(expires).UTC()), nil
}

// SignOut ends the session of a token. What is no session is passed over.
func (s *Service) SignOut(ctx context.Context, text string) error {
	open, err := s.Session(ctx, text)
	if qingyuan.CodeOf(err) == qingyuan.Unauthorized {
		return nil
	}
	if err != nil {
		return err
	}
	hash, actor := hashOf(text), open.Principal.Actor
	return s.cfg.DB.Write(ctx, open.Principal.Tenant, func(tx *store.Tx) error {
		n, err := tx.Exec(`DELETE FROM session WHERE tenant = $1 AND hash = $2`, hash[:])
		if err != nil || n == 0 {
			return err
		}
		return emit(tx, "session.closed", actor.ID, actor)
	})
}

// ChangePassword replaces the password of a signed-in person who knows the present one, ends every session of the
// account and opens a new one, whose token is returned. Wrong guesses count as failed sign-ins. Errors: unauthorized for
// the session; invalid with Field current or password; too_many.
func (s *Service) ChangePassword(ctx context.Context, text, current, password string) (_ Session, token string, err error) {
	was, err := s.Session(ctx, text)
	if err != nil {
		return Session{}, "", err
	}
	p := was.Principal
	if err := checkPassword(password, p.Name, p.Tenant); err != nil {
		return Session{}, "", err
	}
	if password == current {
		return Session{}, "", qingyuan.FieldErrorf("password", "must differ from the present one")
	}
	var a account
	err = s.cfg.DB.Read(ctx, p.Tenant, func(tx *store.Tx) (err error) {
		a, _, err = accountBy(tx, "id", p.Actor.ID)
		return err
	})
	if err != nil {
		return Session{}, "", err
	}
	match, err := s.hasher.matches(ctx, current[:min(len(current), maxPasswordBytes+1)], a.hash)
	if err != nil {
		return Session{}, "", err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return Session{}, "", err
	}
	var open Session
	err = s.settle(ctx, p.Tenant, a, &attempt{match: match}, func(tx *store.Tx, a account) error {
		if err := setPassword(tx, a.ID, hash, false); err != nil {
			return err
		}
		a.MustChange = false
		open, token = s.openSession(tx, a)
		return emit(tx, "account.password_changed", a.ID, p.Actor)
	})
	if qingyuan.CodeOf(err) == qingyuan.Unauthorized {
		return Session{}, "", qingyuan.FieldErrorf("current", "is not the present password, or too many guesses were wrong: wait up to 15 minutes")
	}
	if err != nil {
		return Session{}, "", err
	}
	return open, token, nil
}
