package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
)

const sessionCookie = "qy_session"

// DefaultTenant is the tenant of a sign-in that names none.
const DefaultTenant qingyuan.Tenant = "main"

// UserView is the person who is signed in.
type UserView struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Role       string `json:"role"`
	Tenant     string `json:"tenant"`
	MustChange bool   `json:"must_change" doc:"The password was made by the platform: nothing else is allowed before it is changed"`
}

// SessionView is a session.
type SessionView struct {
	User        UserView  `json:"user"`
	CSRF        string    `json:"csrf" doc:"Send it as X-CSRF-Token with every change"`
	ExpiresAt   time.Time `json:"expires_at"`
	Permissions []string  `json:"permissions" doc:"What this person may do, as resource:action"`
}

type sessionOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      SessionView
}

func sessionView(sess auth.Session) SessionView {
	p := sess.Principal
	v := SessionView{User: UserView{ID: p.Actor.ID, Name: p.Name, Role: string(p.Role), Tenant: string(p.Tenant), MustChange: p.MustChange},
		CSRF: sess.CSRF, ExpiresAt: sess.ExpiresAt.UTC(), Permissions: []string{}}
	for _, perm := range auth.Permissions() {
		if p.Can(perm.Action, perm.Resource) {
			v.Permissions = append(v.Permissions, perm.String())
		}
	}
	return v
}

func (s *Server) cookie(token string, maxAge int) http.Cookie {
	return http.Cookie{Name: sessionCookie, Value: token, Path: "/", HttpOnly: true, Secure: s.cfg.Secure, SameSite: http.SameSiteStrictMode, MaxAge: maxAge}
}

type signInInput struct {
	Session string `cookie:"qy_session"`
	Body    struct {
		Tenant   string `json:"tenant,omitempty" maxLength:"40" doc:"main where empty"`
		Username string `json:"username" minLength:"1" maxLength:"64"`
		Password string `json:"password" minLength:"1" maxLength:"128"`
	}
}

type changePasswordInput struct {
	Session string `cookie:"qy_session"`
	CSRF    string `header:"X-CSRF-Token"`
	Body    struct {
		Current  string `json:"current" minLength:"1" maxLength:"128"`
		Password string `json:"password" minLength:"12" maxLength:"128"`
	}
}

type withSession struct {
	Session string `cookie:"qy_session"`
	CSRF    string `header:"X-CSRF-Token"`
}

// sessions registers sign-in and what a person does to their own session.
func (s *Server) sessions() {
	tag := []string{"session"}
	refusals := []int{400, 401, 403, 422, 429, 500, 503}
	register(s, huma.Operation{OperationID: "sign-in", Method: http.MethodPost, Path: "/v1/session", Tags: tag,
		Summary: "Sign in with a local account", Errors: refusals}, s.signIn)
	register(s, huma.Operation{OperationID: "get-session", Method: http.MethodGet, Path: "/v1/session", Tags: tag,
		Summary: "Who is signed in", Errors: refusals}, s.getSession)
	register(s, huma.Operation{OperationID: "sign-out", Method: http.MethodDelete, Path: "/v1/session", Tags: tag,
		Summary: "Sign out", Errors: refusals, DefaultStatus: http.StatusNoContent}, s.signOut)
	register(s, huma.Operation{OperationID: "change-password", Method: http.MethodPost, Path: "/v1/session/password", Tags: tag,
		Summary: "Change one's own password; all other sessions end", Errors: refusals}, s.changePassword)
}

// register adds an operation that checks its caller itself.
func register[I, O any](s *Server, op huma.Operation, fn func(context.Context, *I) (*O, error)) {
	chained := changes(&op)
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		if chained {
			ctx = acting(ctx, op.OperationID, qingyuan.Actor{}, in)
		}
		out, err := fn(ctx, in)
		if err != nil {
			return nil, problemOf(ctx, err)
		}
		return out, nil
	})
}

func (s *Server) signIn(ctx context.Context, in *signInInput) (*sessionOutput, error) {
	tenant := qingyuan.Tenant(in.Body.Tenant)
	if tenant == "" {
		tenant = DefaultTenant
	}
	sess, token, err := s.cfg.Auth.SignIn(ctx, tenant, in.Body.Username, in.Body.Password)
	if err != nil {
		return nil, err
	}
	if in.Session != "" { // whoever signs in anew leaves the session they came with
		if err := s.cfg.Auth.SignOut(ctx, in.Session); err != nil && qingyuan.CodeOf(err) != qingyuan.Unauthorized {
			return nil, err
		}
	}
	return &sessionOutput{SetCookie: s.cookie(token, 0), Body: sessionView(sess)}, nil
}

type sessionBody struct{ Body SessionView }

func (s *Server) getSession(ctx context.Context, in *withSession) (*sessionBody, error) {
	if in.Session == "" {
		return nil, qingyuan.Errorf(qingyuan.Unauthorized, "no one is signed in")
	}
	sess, err := s.cfg.Auth.Session(ctx, in.Session)
	if err != nil {
		return nil, err
	}
	return &sessionBody{Body: sessionView(sess)}, nil
}

type cookieOnly struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (s *Server) signOut(ctx context.Context, in *withSession) (*cookieOnly, error) {
	if in.Session != "" {
		if err := auth.CheckCSRF(in.Session, in.CSRF); err != nil {
			return nil, err
		}
		if err := s.cfg.Auth.SignOut(ctx, in.Session); err != nil && qingyuan.CodeOf(err) != qingyuan.Unauthorized {
			return nil, err
		}
	}
	return &cookieOnly{SetCookie: s.cookie("", -1)}, nil
}

func (s *Server) changePassword(ctx context.Context, in *changePasswordInput) (*sessionOutput, error) {
	if err := auth.CheckCSRF(in.Session, in.CSRF); err != nil {
		return nil, err
	}
	sess, token, err := s.cfg.Auth.ChangePassword(ctx, in.Session, in.Body.Current, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return &sessionOutput{SetCookie: s.cookie(token, 0), Body: sessionView(sess)}, nil
}
