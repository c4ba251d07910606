package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
)

// KeyView is an API key, without its secret.
type KeyView struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Role       string     `json:"role"`
	Scopes     []string   `json:"scopes"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  time.Time  `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty" doc:"To about a minute"`
	RevokedAt  *time.Time `json:"revoked_at,omitempty"`
}

func keyView(k auth.Key) KeyView {
	v := KeyView{ID: k.ID, Name: k.Name, Role: string(k.Role), CreatedAt: k.CreatedAt.UTC(), ExpiresAt: k.ExpiresAt.UTC(),
		LastUsedAt: timeOrNil(k.LastUsedAt), RevokedAt: timeOrNil(k.RevokedAt), Scopes: []string{}}
	for _, p := range k.Scopes {
		v.Scopes = append(v.Scopes, p.String())
	}
	return v
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// accessKeys registers the operations on API keys.
func (s *Server) accessKeys() {
	manage := auth.Permission{Resource: auth.APIKeys, Action: auth.Manage}
	guarded(s, huma.Operation{OperationID: "list-keys", Method: http.MethodGet, Path: "/v1/keys", Tags: []string{"access"},
		Summary: "API keys, newest first"}, manage, s.listKeys)
	guarded(s, huma.Operation{OperationID: "create-key", Method: http.MethodPost, Path: "/v1/keys", Tags: []string{"access"},
		Summary: "Make an API key; its secret is shown this once", DefaultStatus: http.StatusCreated}, manage, s.createKey)
	guarded(s, huma.Operation{OperationID: "revoke-key", Method: http.MethodDelete, Path: "/v1/keys/{id}", Tags: []string{"access"},
		Summary: "Revoke an API key at once", DefaultStatus: http.StatusNoContent, Errors: []int{404}}, manage, s.revokeKey)
}

// accounts registers the operations on the accounts of people.
func (s *Server) accounts() {
	manage := auth.Permission{Resource: auth.Accounts, Action: auth.Manage}
	tag := []string{"access"}
	guarded(s, huma.Operation{OperationID: "list-accounts", Method: http.MethodGet, Path: "/v1/accounts", Tags: tag,
		Summary: "Accounts of people, newest first"}, manage, s.listAccounts)
	guarded(s, huma.Operation{OperationID: "create-account", Method: http.MethodPost, Path: "/v1/accounts", Tags: tag, Errors: []int{409},
		Summary: "Make an account; its first password is shown this once and must be changed", DefaultStatus: http.StatusCreated}, manage, s.createAccount)
	guarded(s, huma.Operation{OperationID: "disable-account", Method: http.MethodDelete, Path: "/v1/accounts/{id}", Tags: tag,
		Summary: "Disable an account; its sessions end at once", DefaultStatus: http.StatusNoContent, Errors: []int{404, 409}}, manage, s.disableAccount)
	guarded(s, huma.Operation{OperationID: "reset-password", Method: http.MethodPost, Path: "/v1/accounts/{id}/password", Tags: tag,
		Summary: "Give an account a new first password", Errors: []int{404, 409}}, manage, s.resetPassword)
	guarded(s, huma.Operation{OperationID: "reset-second-factor", Method: http.MethodDelete, Path: "/v1/accounts/{id}/second-factor", Tags: tag,
		Summary: "Take the second factor from an account whose owner has lost it; its sessions end", DefaultStatus: http.StatusNoContent, Errors: []int{404}},
		manage, s.resetSecondFactor)
}

// AccountView is one person's account.
type AccountView struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Role        string     `json:"role"`
	CreatedAt   time.Time  `json:"created_at"`
	DisabledAt  *time.Time `json:"disabled_at,omitempty"`
	LockedUntil *time.Time `json:"locked_until,omitempty"`
	MustChange  bool       `json:"must_change"`
	Second      bool       `json:"second_factor" doc:"It has a second factor"`
}

func accountView(a auth.Account) AccountView {
	return AccountView{ID: a.ID, Name: a.Name, Role: string(a.Role), CreatedAt: a.CreatedAt.UTC(), DisabledAt: timeOrNil(a.DisabledAt),
		LockedUntil: timeOrNil(a.LockedUntil), MustChange: a.MustChange, Second: a.TOTP}
}

type accountsPage struct {
	Body struct {
		Items      []AccountView `json:"items"`
		NextCursor string        `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listAccounts(ctx context.Context, p auth.Principal, in *PageInput) (*accountsPage, error) {
	all, next, err := s.cfg.Auth.Accounts(ctx, p, qingyuan.Page{Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &accountsPage{}
	out.Body.NextCursor, out.Body.Items = next, make([]AccountView, len(all))
	for i, a := range all {
		out.Body.Items[i] = accountView(a)
	}
	return out, nil
}

type createAccountInput struct {
	Body struct {
		Name string `json:"name" minLength:"2" maxLength:"64"`
		Role string `json:"role" enum:"admin,clerk,handler,collections_qa,analyst,reviewer,legal,taskforce_lead,compliance,dpo,validator,auditor,partner"`
	}
}

type createdAccount struct {
	Body struct {
		AccountView
		Password string `json:"password" doc:"Shown this once"`
	}
}

func (s *Server) createAccount(ctx context.Context, p auth.Principal, in *createAccountInput) (*createdAccount, error) {
	a, password, err := s.cfg.Auth.CreateAccount(ctx, p, in.Body.Name, auth.Role(in.Body.Role))
	if err != nil {
		return nil, err
	}
	out := &createdAccount{}
	out.Body.AccountView, out.Body.Password = accountView(a), password
	return out, nil
}

func (s *Server) disableAccount(ctx context.Context, p auth.Principal, in *keyInput) (*struct{}, error) {
	return nil, s.cfg.Auth.DisableAccount(ctx, p, in.ID)
}

func (s *Server) resetSecondFactor(ctx context.Context, p auth.Principal, in *keyInput) (*struct{}, error) {
	return nil, s.cfg.Auth.ResetSecondFactor(ctx, p, in.ID)
}

type firstPassword struct {
	Body struct {
		Password string `json:"password" doc:"Shown this once; it must be changed"`
	}
}

func (s *Server) resetPassword(ctx context.Context, p auth.Principal, in *keyInput) (*firstPassword, error) {
	out := &firstPassword{}
	var err error
	out.Body.Password, err = s.cfg.Auth.ResetPassword(ctx, p, in.ID)
	return out, err
}

type keysPage struct {
	Body struct {
		Items      []KeyView `json:"items"`
		NextCursor string    `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listKeys(ctx context.Context, p auth.Principal, in *PageInput) (*keysPage, error) {
	all, next, err := s.cfg.Auth.Keys(ctx, p, qingyuan.Page{Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &keysPage{}
	out.Body.NextCursor, out.Body.Items = next, make([]KeyView, len(all))
	for i, k := range all {
		out.Body.Items[i] = keyView(k)
	}
	return out, nil
}

type createKeyInput struct {
	Body struct {
		Name      string    `json:"name" minLength:"1" maxLength:"64"`
		Role      string    `json:"role,omitempty" doc:"system where empty"`
		Scopes    []string  `json:"scopes" minItems:"1" maxItems:"32" doc:"Such as events:write, decisions:write"`
		ExpiresAt time.Time `json:"expires_at,omitempty" doc:"One year from now where empty"`
	}
}

type createdKey struct {
	Body struct {
		KeyView
		Secret string `json:"secret" doc:"Shown this once: send it as a bearer token"`
	}
}

func (s *Server) createKey(ctx context.Context, p auth.Principal, in *createKeyInput) (*createdKey, error) {
	spec := auth.KeySpec{Name: in.Body.Name, Role: auth.Role(in.Body.Role), ExpiresAt: in.Body.ExpiresAt}
	if spec.Role == "" {
		spec.Role = auth.System
	}
	for _, text := range in.Body.Scopes {
		scope, err := auth.ParsePermission(text)
		if err != nil {
			return nil, err
		}
		spec.Scopes = append(spec.Scopes, scope)
	}
	secret, key, err := s.cfg.Auth.CreateKey(ctx, p, spec)
	if err != nil {
		return nil, err
	}
	out := &createdKey{}
	out.Body.KeyView, out.Body.Secret = keyView(key), secret
	return out, nil
}

type keyInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Server) revokeKey(ctx context.Context, p auth.Principal, in *keyInput) (*struct{}, error) {
	return nil, s.cfg.Auth.RevokeKey(ctx, p, in.ID)
}
