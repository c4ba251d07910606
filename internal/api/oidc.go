package api

import (
	"net/http"

	"qingyuan"
	"qingyuan/internal/audit"
)

// oidcCookie keeps a sign-in while its person is at the identity provider.
const oidcCookie = "qy_oidc"

// oidc registers the two addresses by which browsers sign in at an identity provider. They answer with redirects and are no operations of
// the document.
func (s *Server) oidc() {
	s.mux.HandleFunc("GET /v1/session/oidc", s.beginOIDC)
	s.mux.HandleFunc("GET /v1/session/oidc/callback", s.finishOIDC)
}

func (s *Server) beginOIDC(w http.ResponseWriter, r *http.Request) {
	tenant := qingyuan.Tenant(r.URL.Query().Get("tenant"))
	if tenant == "" {
		tenant = DefaultTenant
	}
	if s.signIns.takeFor(hostOf(r)) > 0 {
		fail(w, r, qingyuan.Errorf(qingyuan.TooMany, "too many sign-ins from this address; wait a little"))
		return
	}
	where, kept, err := s.cfg.Auth.BeginOIDC(r.Context(), tenant)
	if err != nil {
		fail(w, r, err)
		return
	}
	// Lax: the way back from the provider comes from another site.
	http.SetCookie(w, &http.Cookie{Name: oidcCookie, Value: kept, Path: "/v1/session/oidc", HttpOnly: true, Secure: s.cfg.Secure, SameSite: http.SameSiteLaxMode, MaxAge: 600})
	http.Redirect(w, r, where, http.StatusFound)
}

func (s *Server) finishOIDC(w http.ResponseWriter, r *http.Request) {
	kept := ""
	if c, err := r.Cookie(oidcCookie); err == nil {
		kept = c.Value
	}
	http.SetCookie(w, &http.Cookie{Name: oidcCookie, Path: "/v1/session/oidc", HttpOnly: true, Secure: s.cfg.Secure, MaxAge: -1})
	q := r.URL.Query()
	if q.Get("error") != "" {
		fail(w, r, qingyuan.Errorf(qingyuan.Unauthorized, "the identity provider refused the sign-in"))
		return
	}
	ctx := audit.Acting(r.Context(), &audit.Intent{Actor: qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "oidc"}, Action: "sign-in-oidc", Request: requestID(r.Context())})
	_, token, err := s.cfg.Auth.FinishOIDC(ctx, kept, q.Get("state"), q.Get("code"))
	if err != nil {
		fail(w, r, err)
		return
	}
	session := s.cookie(token, 0)
	http.SetCookie(w, &session)
	// A page of our own, and not a redirect: a strict cookie set on a way that began at another site would not be sent along it.
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.Write([]byte(`<!doctype html><meta http-equiv="refresh" content="0; url=/"><a href="/">清源 Qingyuan</a>`))
}
