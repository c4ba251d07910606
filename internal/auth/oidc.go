package auth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"qingyuan"
	"qingyuan/internal/store"
)

// OIDC is an identity provider at which people sign in (OpenID Connect, authorization code flow with PKCE).
type OIDC struct {
	Issuer, ClientID, ClientSecret string
	Redirect                       string // the address of GET /v1/session/oidc/callback as browsers see it
	NameClaim                      string // empty: preferred_username
	GroupsClaim                    string // empty: groups
	Roles                          []RoleRule
	HTTP                           *http.Client // nil: one with a timeout of 10 s
}

// oidcTime is how long a person may take at the provider.
const oidcTime = 10 * time.Minute

const oidcPlace = "oidc|sign-in"

// oidcClient finds the provider when it is first needed: a provider that is down must not keep the service from starting.
type oidcClient struct {
	cfg      OIDC
	mu       sync.Mutex
	provider *oidc.Provider
}

func (c *oidcClient) context(ctx context.Context) context.Context {
	client := c.cfg.HTTP
	if client == nil {
		client = &http.Client{Timeout: 10 * time.Second}
	}
	return oidc.ClientContext(ctx, client)
}

func (c *oidcClient) find(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.provider == nil {
		p, err := oidc.NewProvider(context.WithoutCancel(ctx), c.cfg.Issuer)
		if err != nil {
			return nil, nil, qingyuan.Wrap(qingyuan.Unavailable, err, "the identity provider cannot be reached")
		}
		c.provider = p
	}
	return c.provider, &oauth2.Config{ClientID: c.cfg.ClientID, ClientSecret: c.cfg.ClientSecret, Endpoint: c.provider.Endpoint(), RedirectURL: c.cfg.Redirect,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email", "groups"}}, nil
}

// waiting is what is remembered of a sign-in while the person is at the provider; the browser keeps it, sealed.
type waiting struct {
	Tenant                 qingyuan.Tenant
	State, Nonce, Verifier string
	Until                  time.Time
}

func noOIDC() error { return qingyuan.Errorf(qingyuan.NotFound, "no identity provider is set up") }

// BeginOIDC is where the browser is sent to sign in, and what it keeps meanwhile. Errors: not_found where no provider is set up or there
// is no such tenant; unavailable.
func (s *Service) BeginOIDC(ctx context.Context, t qingyuan.Tenant) (url, kept string, err error) {
	if s.oidc == nil || s.cfg.Keys == nil {
		return "", "", noOIDC()
	}
	if known, err := s.tenantExists(ctx, t); err != nil || !known {
		if err == nil {
			err = noOIDC()
		}
		return "", "", err
	}
	_, client, err := s.oidc.find(s.oidc.context(ctx))
	if err != nil {
		return "", "", err
	}
	w := waiting{t, newSecret(), newSecret(), oauth2.GenerateVerifier(), s.cfg.Now().Add(oidcTime)}
	plain, err := json.Marshal(w)
	if err != nil {
		return "", "", err
	}
	key, err := s.cfg.Keys.Person(ctx, t, "")
	if err != nil {
		return "", "", err
	}
	if err := s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error { key.Persist(tx); return nil }); err != nil {
		return "", "", err
	}
	kept = string(t) + "." + base64.RawURLEncoding.EncodeToString(key.Seal(plain, oidcPlace))
	return client.AuthCodeURL(w.State, oidc.Nonce(w.Nonce), oauth2.S256ChallengeOption(w.Verifier)), kept, nil
}

// FinishOIDC opens a session for who comes back from the provider with a state and a code, to the browser that kept what BeginOIDC gave
// it. Errors: unauthorized where anything does not fit; forbidden where no group has a role; those of admission; unavailable.
func (s *Service) FinishOIDC(ctx context.Context, kept, state, code string) (Session, string, error) {
	if s.oidc == nil {
		return Session{}, "", noOIDC()
	}
	w, err := s.kept(ctx, kept, state)
	if err != nil {
		return Session{}, "", err
	}
	ctx = s.oidc.context(ctx)
	provider, client, err := s.oidc.find(ctx)
	if err != nil {
		return Session{}, "", err
	}
	tokens, err := client.Exchange(ctx, code, oauth2.VerifierOption(w.Verifier))
	if err != nil {
		return Session{}, "", qingyuan.Wrap(qingyuan.Unauthorized, err, "the identity provider did not accept the sign-in: try again")
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: s.oidc.cfg.ClientID, Now: s.cfg.Now}).Verify(ctx, raw)
	if err != nil || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(w.Nonce)) != 1 {
		return Session{}, "", qingyuan.Wrap(qingyuan.Unauthorized, err, "what the identity provider said could not be verified: try again")
	}
	who, err := s.oidc.person(id)
	if err != nil {
		return Session{}, "", err
	}
	return s.admit(ctx, w.Tenant, who)
}

// kept opens what the browser kept and holds it against the state that came back.
func (s *Service) kept(ctx context.Context, kept, state string) (w waiting, err error) {
	again := qingyuan.Errorf(qingyuan.Unauthorized, "the sign-in took too long or began elsewhere: try again")
	name, text, ok := cutToken(kept)
	if !ok {
		return w, again
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return w, again
	}
	plain, err := s.cfg.Keys.Open(ctx, name, sealed, oidcPlace)
	if err != nil || json.Unmarshal(plain, &w) != nil || w.Tenant != name {
		return w, again
	}
	if subtle.ConstantTimeCompare([]byte(w.State), []byte(state)) != 1 || s.cfg.Now().After(w.Until) {
		return w, again
	}
	return w, nil
}

// cutToken parts tenant.rest.
func cutToken(text string) (t qingyuan.Tenant, rest string, ok bool) {
	for i := range text {
		if text[i] == '.' {
			t = qingyuan.Tenant(text[:i])
			return t, text[i+1:], t.Valid() && len(text) < 4096
		}
	}
	return "", "", false
}

// person reads the claims.
func (c *oidcClient) person(id *oidc.IDToken) (who external, err error) {
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return who, qingyuan.Wrap(qingyuan.Unauthorized, err, "the identity provider's answer cannot be read")
	}
	claim := func(name, otherwise string) any {
		if name == "" {
			name = otherwise
		}
		return claims[name]
	}
	var groups []string
	switch v := claim(c.cfg.GroupsClaim, "groups").(type) {
	case string:
		groups = []string{v}
	case []any:
		for _, g := range v {
			if text, ok := g.(string); ok {
				groups = append(groups, text)
			}
		}
	}
	who.name, _ = claim(c.cfg.NameClaim, "preferred_username").(string)
	who.id = "oidc|" + id.Issuer + "|" + id.Subject
	who.role, err = roleOf(c.cfg.Roles, groups, func(a, b string) bool { return a == b })
	return who, err
}
