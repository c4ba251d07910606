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
