package auth

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"qingyuan"
	"qingyuan/internal/store"

	"golang.org/x/text/unicode/norm"
)

// Account is a person who may sign in.
type Account struct {
	ID          string // usr_…
	Name        string // unique within the tenant, in lower case
	Role        Role
	CreatedAt   time.Time
	DisabledAt  time.Time // zero where it is in use
	LockedUntil time.Time // in the past where sign-in is not paused
	MustChange  bool      // the password in force is one the platform made
	TOTP        bool      // it has a second factor
}

// account is a row with what never leaves the package.
type account struct {
	Account
	hash     string
	failed   int64
	totp     []byte // sealed
	external string // who vouches for it and under which name; empty: the password here
	totpLast int64  // the newest step whose code was used
}

const accountColumns = `id, name, role, password_hash, must_change, failed, locked_until, created_at, disabled_at, totp, totp_last, coalesce(external, '')`

func (a *account) fields() (dest []any, done func()) {
	var locked, created int64
	var disabled *int64
	return []any{&a.ID, &a.Name, &a.Role, &a.hash, &a.MustChange, &a.failed, &locked, &created, &disabled, &a.totp, &a.totpLast, &a.external}, func() {
		a.TOTP = len(a.totp) > 0
		a.LockedUntil, a.CreatedAt, a.DisabledAt = moment(&locked), moment(&created), moment(disabled)
	}
}

// accountBy reads the account whose column (id or name) has that value. The zero account stands for none.
func accountBy(tx *store.Tx, column, value string) (a account, found bool, err error) {
	dest, done := a.fields()
	found, err = tx.Get(`SELECT `+accountColumns+` FROM account WHERE tenant = $1 AND `+column+` = $2`, []any{value}, dest...)
	done()
	return a, found, err
}

var accountRow = store.Into("account", "id", "name", "role", "password_hash", "must_change", "failed", "locked_until", "created_at")

// foldName is the form a name is stored and looked up in.
func foldName(name string) string { return strings.ToLower(norm.NFKC.String(strings.TrimSpace(name))) }

const maxName = 64 // characters

func checkName(name string) error {
	if n := utf8.RuneCountInString(name); n == 0 || n > maxName {
		return qingyuan.FieldErrorf("name", "must have 1–%d characters", maxName)
	}
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-@", r) {
			return qingyuan.FieldErrorf("name", "may have letters, digits, '.', '_', '-' and '@' only")
		}
	}
	return nil
}

// Bootstrap makes the tenant's first account, an administrator named admin, where the tenant has no account at all, and
// returns its password, which is stored nowhere: whoever calls prints it once. Errors: not_found for an unknown tenant.
func (s *Service) Bootstrap(ctx context.Context, t qingyuan.Tenant) (name, password string, created bool, err error) {
	const none = `SELECT 1 FROM account WHERE tenant = $1 LIMIT 1`
	var one int
	var found bool
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) (err error) {
		found, err = tx.Get(none, nil, &one)
		return err
	})
	if err != nil || found {
		return "", "", false, err
	}
	a, password, err := s.newAccount(ctx, "admin", Admin)
	if err != nil {
		return "", "", false, err
	}
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) (err error) {
		if found, err = tx.Get(none, nil, &one); err != nil || found {
			return err
		}
		return insertAccount(tx, a, qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "bootstrap"})
	})
	if err != nil || found {
		return "", "", false, err
	}
	return a.Name, password, true, nil
}

// newAccount makes an account with a password of the platform's, not stored yet.
func (s *Service) newAccount(ctx context.Context, name string, role Role) (a account, password string, err error) {
	password = newPassword()
	hash, err := s.hasher.hash(ctx, password)
	now := s.cfg.Now().UTC().Truncate(time.Microsecond)
	return account{hash: hash, Account: Account{ID: qingyuan.NewID("usr", now), Name: name, Role: role, CreatedAt: now, MustChange: true}}, password, err
}

func insertAccount(tx *store.Tx, a account, by qingyuan.Actor) error {
	tx.Insert(accountRow, a.ID, a.Name, string(a.Role), a.hash, a.MustChange, 0, 0, a.CreatedAt.UnixMicro())
	return emit(tx, "account.created", a.ID, by)
}

// CreateAccount makes an account and returns its first password, which is stored nowhere. Errors: forbidden; invalid for
// the name or the role; conflict where the name is taken.
func (s *Service) CreateAccount(ctx context.Context, by Principal, name string, role Role) (Account, string, error) {
	if err := by.Require(Manage, Accounts); err != nil {
		return Account{}, "", err
	}
	name = foldName(name)
	if err := checkName(name); err != nil {
		return Account{}, "", err
	}
	if !slices.Contains(Roles, role) || role == System {
		return Account{}, "", qingyuan.FieldErrorf("role", "is not a role of a person")
	}
	a, password, err := s.newAccount(ctx, name, role)
	if err != nil {
		return Account{}, "", err
	}
	err = s.cfg.DB.Write(ctx, by.Tenant, func(tx *store.Tx) error {
		if _, taken, err := accountBy(tx, "name", name); err != nil {
			return err
		} else if taken {
			return qingyuan.Errorf(qingyuan.Conflict, "there is an account of that name")
		}
		return insertAccount(tx, a, by.Actor)
	})
	if err != nil {
		return Account{}, "", err
	}
	return a.Account, password, nil
}

// Accounts lists accounts, oldest first, and gives the cursor of the next page, empty at the end. Errors: forbidden.
func (s *Service) Accounts(ctx context.Context, by Principal, page qingyuan.Page) (list []Account, next string, err error) {
	if err := by.Require(Manage, Accounts); err != nil {
		return nil, "", err
	}
	after, id, err := keyset(page, "usr")
	if err != nil {
		return nil, "", err
	}
	err = s.cfg.DB.Read(ctx, by.Tenant, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT `+accountColumns+` FROM account WHERE tenant = $1 AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4`,
			after, id, page.Rows()+1)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var a account
			dest, done := a.fields()
			if err := rows.Scan(dest...); err != nil {
				return err
			}
			done()
			list = append(list, a.Account)
		}
		return rows.Err()
	})
	if err == nil && len(list) > page.Rows() {
		list = list[:page.Rows()]
		last := list[len(list)-1]
		next = qingyuan.CursorOf(last.CreatedAt.UnixMicro(), last.ID)
	}
	return list, next, err
}

// DisableAccount ends an account for good, with its sessions and the API keys it made, but for those of the lender's systems, which go
// on working when their maker leaves: revoke or replace them apart; disabling it again changes nothing. Errors: forbidden;
// not_found; conflict for the last administrator, without whom nobody could manage accounts.
func (s *Service) DisableAccount(ctx context.Context, by Principal, id string) error {
	return s.manage(ctx, by, id, func(tx *store.Tx, a account) error {
		if !a.DisabledAt.IsZero() {
			return nil
		}
		if err := anotherAdmin(tx, a); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE account SET disabled_at = $3 WHERE tenant = $1 AND id = $2`, id, s.cfg.Now().UnixMicro()); err != nil {
			return err
		}
		if err := endSessions(tx, id); err != nil {
			return err
		}
		if err := s.endOwnKeys(tx, id); err != nil {
			return err
		}
		return emit(tx, "account.disabled", id, by.Actor)
	})
}

// anotherAdmin is a conflict where a is the only administrator left.
func anotherAdmin(tx *store.Tx, a account) error {
	var others int
	_, err := tx.Get(`SELECT count(*) FROM account WHERE tenant = $1 AND role = $2 AND disabled_at IS NULL AND id <> $3`,
		[]any{string(Admin), a.ID}, &others)
	if err == nil && a.Role == Admin && others == 0 {
		return qingyuan.Errorf(qingyuan.Conflict, "this is the last administrator: make another one first")
	}
	return err
}

// ResetPassword gives an account a new password of the platform's, which is stored nowhere, ends its sessions and lifts
// its lock. Errors: forbidden; not_found; conflict for a disabled account.
func (s *Service) ResetPassword(ctx context.Context, by Principal, id string) (string, error) {
	if err := by.Require(Manage, Accounts); err != nil {
		return "", err
	}
	password := newPassword()
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return "", err
	}
	err = s.manage(ctx, by, id, func(tx *store.Tx, a account) error {
		if !a.DisabledAt.IsZero() {
			return qingyuan.Errorf(qingyuan.Conflict, "the account is disabled")
		}
		if a.external != "" {
			return qingyuan.Errorf(qingyuan.Conflict, "the account has its password elsewhere")
		}
		if err := setPassword(tx, id, hash, true); err != nil {
			return err
		}
		return emit(tx, "account.password_reset", id, by.Actor)
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

// manage runs fn as a command on one account, for who may manage accounts.
func (s *Service) manage(ctx context.Context, by Principal, id string, fn func(*store.Tx, account) error) error {
	if err := by.Require(Manage, Accounts); err != nil {
		return err
	}
	if !qingyuan.ValidID("usr", id) {
		return noAccount()
	}
	return s.cfg.DB.Write(ctx, by.Tenant, func(tx *store.Tx) error {
		a, found, err := accountBy(tx, "id", id)
		if err != nil {
			return err
		}
		if !found {
			return noAccount()
		}
		return fn(tx, a)
	})
}

func noAccount() error { return qingyuan.Errorf(qingyuan.NotFound, "there is no such account") }

// keyset is where a page of records with that kind of id begins.
func keyset(page qingyuan.Page, prefix string) (after int64, id string, err error) {
	after, id, given, err := page.Keyset()
	if err == nil && given && !qingyuan.ValidID(prefix, id) {
		err = qingyuan.FieldErrorf("cursor", "is not a cursor of this list")
	}
	return after, id, err
}

// setPassword stores a new password, lifts the lock and ends every session.
func setPassword(tx *store.Tx, id, hash string, mustChange bool) error {
	_, err := tx.Exec(`UPDATE account SET password_hash = $3, must_change = $4, failed = 0, locked_until = 0 WHERE tenant = $1 AND id = $2`, id, hash, mustChange)
	if err != nil {
		return err
	}
	return endSessions(tx, id)
}

func endSessions(tx *store.Tx, account string) error {
	_, err := tx.Exec(`DELETE FROM session WHERE tenant = $1 AND account = $2`, account)
	return err
}
