package auth

import (
	"context"
	"crypto/subtle"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"qingyuan"
	"qingyuan/internal/store"
)

// How long a key is valid where its maker does not say, and at most.
const (
	keyLife    = 365 * 24 * time.Hour
	keyLifeMax = 2 * keyLife
)

// KeySpec says what an API key is to be.
type KeySpec struct {
	Name      string       // what people know it by, 1–64 characters
	Role      Role         // whose permissions bound its scopes
	Scopes    []Permission // at least one, within the role's; none that manages
	ExpiresAt time.Time    // at most two years ahead; zero: one year
}

// Key is an API key without its secret.
type Key struct {
	ID         string // key_…
	Name       string
	Role       Role
	Scopes     []Permission
	CreatedAt  time.Time
	CreatedBy  string // the id of the account
	ExpiresAt  time.Time
	LastUsedAt time.Time // to about a minute; zero where it never was
	RevokedAt  time.Time // zero where it is in force
}

// check fills in and validates a specification.
func (k *KeySpec) check(now time.Time) error {
	k.Name = strings.TrimSpace(k.Name)
	if n := utf8.RuneCountInString(k.Name); n == 0 || n > maxName || strings.ContainsFunc(k.Name, unprintable) {
		return qingyuan.FieldErrorf("name", "must have 1–%d printable characters", maxName)
	}
	if !slices.Contains(Roles, k.Role) {
		return qingyuan.FieldErrorf("role", "is not a role")
	}
	if len(k.Scopes) == 0 {
		return qingyuan.FieldErrorf("scopes", "must name at least one permission")
	}
	for _, p := range k.Scopes {
		if p.Action == Manage {
			return qingyuan.FieldErrorf("scopes", "%s is for people only", p)
		}
		if !k.Role.Allows(p) {
			return qingyuan.FieldErrorf("scopes", "%s is not a permission of the role %s", p, k.Role)
		}
	}
	k.Scopes = slices.DeleteFunc(Permissions(), func(p Permission) bool { return !slices.Contains(k.Scopes, p) })
	if k.ExpiresAt.IsZero() {
		k.ExpiresAt = now.Add(keyLife)
	}
	if !k.ExpiresAt.After(now) || k.ExpiresAt.After(now.Add(keyLifeMax)) {
		return qingyuan.FieldErrorf("expires_at", "must be ahead, by at most two years")
	}
	return nil
}

func unprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

var keyRow = store.Into("api_key", "id", "hash", "name", "role", "scopes", "created_at", "created_by", "expires_at")

// CreateKey makes an API key and returns its secret, which is stored nowhere. Errors: forbidden; invalid.
func (s *Service) CreateKey(ctx context.Context, by Principal, spec KeySpec) (secret string, _ Key, err error) {
	if err := by.Require(Manage, APIKeys); err != nil {
		return "", Key{}, err
	}
	now := s.cfg.Now().UTC().Truncate(time.Microsecond)
	if err := spec.check(now); err != nil {
		return "", Key{}, err
	}
	k := Key{ID: qingyuan.NewID("key", now), Name: spec.Name, Role: spec.Role, Scopes: spec.Scopes,
		CreatedAt: now, CreatedBy: by.Actor.ID, ExpiresAt: spec.ExpiresAt.UTC().Truncate(time.Microsecond)}
	secret = newKeySecret(by.Tenant, k.ID)
	hash := hashOf(secret)
	err = s.cfg.DB.Write(ctx, by.Tenant, func(tx *store.Tx) error {
		tx.Insert(keyRow, k.ID, hash[:], k.Name, string(k.Role), scopesText(k.Scopes), now.UnixMicro(), k.CreatedBy, k.ExpiresAt.UnixMicro())
		return emit(tx, "key.created", k.ID, by.Actor)
	})
	if err != nil {
		return "", Key{}, err
	}
	return secret, k, nil
}

func scopesText(list []Permission) string {
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = p.String()
	}
	return strings.Join(texts, " ")
}

// scopesOf reads what scopesText wrote. A permission that no longer exists is left out: it allows nothing.
func scopesOf(text string) []Permission {
	var list []Permission
	for _, one := range strings.Fields(text) {
		if p, err := ParsePermission(one); err == nil {
			list = append(list, p)
		}
	}
	return list
}

// Keys lists API keys, oldest first, those that ended too, and gives the cursor of the next page, empty at the end.
// Errors: forbidden.
func (s *Service) Keys(ctx context.Context, by Principal, page qingyuan.Page) (list []Key, next string, err error) {
	if err := by.Require(Manage, APIKeys); err != nil {
		return nil, "", err
	}
	after, id, err := keyset(page, "key")
	if err != nil {
		return nil, "", err
	}
	err = s.cfg.DB.Read(ctx, by.Tenant, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT id, name, role, scopes, created_at, created_by, expires_at, last_used_at, revoked_at FROM api_key
			WHERE tenant = $1 AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4`, after, id, page.Rows()+1)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var k Key
			var scopes string
			var created, expires int64
			var used, revoked *int64
			if err := rows.Scan(&k.ID, &k.Name, &k.Role, &scopes, &created, &k.CreatedBy, &expires, &used, &revoked); err != nil {
				return err
			}
			k.Scopes, k.CreatedAt, k.ExpiresAt = scopesOf(scopes), moment(&created), moment(&expires)
			k.LastUsedAt, k.RevokedAt = moment(used), moment(revoked)
			list = append(list, k)
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

// RevokeKey ends an API key; once it returns this process refuses the key. Revoking it again changes nothing. Errors:
// forbidden; not_found.
func (s *Service) RevokeKey(ctx context.Context, by Principal, id string) error {
	if err := by.Require(Manage, APIKeys); err != nil {
		return err
	}
	if !qingyuan.ValidID("key", id) {
		return unknownKey()
	}
	return s.cfg.DB.Write(ctx, by.Tenant, func(tx *store.Tx) error {
		n, err := tx.Exec(`UPDATE api_key SET revoked_at = $3 WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL`, id, s.cfg.Now().UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			var one int
			if found, err := tx.Get(`SELECT 1 FROM api_key WHERE tenant = $1 AND id = $2`, []any{id}, &one); err != nil || found {
				return err
			}
			return unknownKey()
		}
		tx.OnCommit(func() { s.keys.forget(keyRef{by.Tenant, id}) })
		return emit(tx, "key.revoked", id, by.Actor)
	})
}

// Key finds the principal of an API key's secret. It is made for every request of a busy system: a key verified within
// the last five seconds costs one hash and no statement. Errors: unauthorized, always in the same words.
func (s *Service) Key(ctx context.Context, secret string) (Principal, error) {
	tok, ok := parseKey(secret)
	if !ok {
		return Principal{}, noKey()
	}
	now := s.cfg.Now()
	if p, ok := s.keys.find(tok.hash, now); ok {
		return p, nil
	}
	generation := s.keys.mark()
	p := Principal{Tenant: tok.tenant, Actor: qingyuan.Actor{Kind: qingyuan.ActorKey, ID: tok.id}}
	var hash []byte
	var scopes string
	var expires int64
	var revoked *int64
	found := false
	err := s.cfg.DB.Read(ctx, tok.tenant, func(tx *store.Tx) (err error) {
		found, err = tx.Get(`SELECT hash, name, role, scopes, expires_at, revoked_at FROM api_key WHERE tenant = $1 AND id = $2`,
			[]any{tok.id}, &hash, &p.Name, &p.Role, &scopes, &expires, &revoked)
		return err
	})
	if err != nil {
		return Principal{}, err
	}
	if !found || subtle.ConstantTimeCompare(hash, tok.hash[:]) != 1 || revoked != nil || now.UnixMicro() >= expires {
		return Principal{}, noKey()
	}
	p.Scopes = scopesOf(scopes)
	s.keys.keep(tok.hash, p, now, time.UnixMicro(expires), generation)
	p.Scopes = slices.Clone(p.Scopes)
	return p, nil
}

// endOwnKeys revokes the keys that an account made for people's roles.
func (s *Service) endOwnKeys(tx *store.Tx, account string) error {
	rows, err := tx.Query(`SELECT id FROM api_key WHERE tenant = $1 AND created_by = $2 AND role <> $3 AND revoked_at IS NULL`, account, string(System))
	if err != nil {
		return err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	for _, id := range ids {
		if _, err := tx.Exec(`UPDATE api_key SET revoked_at = $3 WHERE tenant = $1 AND id = $2`, id, s.cfg.Now().UnixMicro()); err != nil {
			return err
		}
		tx.OnCommit(func() { s.keys.forget(keyRef{tx.Tenant(), id}) })
	}
	return nil
}

func unknownKey() error { return qingyuan.Errorf(qingyuan.NotFound, "there is no such key") }

func noKey() error {
	return qingyuan.Errorf(qingyuan.Unauthorized, "the API key is not valid: it may have expired or been revoked")
}
