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
	MustEnrol  bool   `json:"must_enrol" doc:"A second factor must be set up: nothing else is allowed before"`
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
	v := SessionView{User: UserView{ID: p.Actor.ID, Name: p.Name, Role: string(p.Role), Tenant: string(p.Tenant), MustChange: p.MustChange, MustEnrol: p.MustEnrol},
		CSRF: sess.CSRF, ExpiresAt: sess.ExpiresAt.UTC(), Permissions: []string{}}
	for _, perm := range auth.Permissions() {
		if p.Can(perm.Action, perm.Resource) {
			v.Permissions = append(v.Permissions, perm.String())
		}
	}
	return v
}

// sessionCookie is the name of the session's cookie.
func (s *Server) sessionCookie() string {
	if s.cfg.Secure {
		return "__Host-" + sessionCookie
	}
	return sessionCookie
}

func (s *Server) cookie(token string, maxAge int) http.Cookie {
	return http.Cookie{Name: s.sessionCookie(), Value: token, Path: "/", HttpOnly: true, Secure: s.cfg.Secure, SameSite: http.SameSiteStrictMode, MaxAge: maxAge}
}

type signInInput struct {
	WithSession
	Body struct {
		Tenant   string `json:"tenant,omitempty" maxLength:"40" doc:"main where empty"`
		Username string `json:"username" minLength:"1" maxLength:"64"`
		Password string `json:"password" minLength:"1" maxLength:"128"`
		Code     string `json:"code,omitempty" maxLength:"32" doc:"Of the second factor, or a recovery code. An answer 401 with field code asks for it"`
	}
}

type changePasswordInput struct {
	WithSession
	Body struct {
		Current  string `json:"current" minLength:"1" maxLength:"128"`
		Password string `json:"password" minLength:"12" maxLength:"128"`
	}
}

// WithSession is the caller's session. Its cookie has the prefix __Host- where the console is reached over HTTPS: then the browser takes it
// from this host alone, over HTTPS alone.
type WithSession struct {
	Plain string `cookie:"qy_session"`
	Bound string `cookie:"__Host-qy_session"`
	CSRF  string `header:"X-CSRF-Token"`
}

// token is the session's token; empty where there is none.
func (w WithSession) token(secure bool) string {
	if secure {
		return w.Bound
	}
	return w.Plain
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

// ownSessions registers what people do to their sessions and their second factor.
func (s *Server) ownSessions() {
	tag := []string{"session"}
	refusals := []int{400, 401, 403, 422, 429, 500, 503}
	register(s, huma.Operation{OperationID: "list-sessions", Method: http.MethodGet, Path: "/v1/sessions", Tags: tag,
		Summary: "One's own sessions, newest first", Errors: refusals}, s.listSessions)
	register(s, huma.Operation{OperationID: "end-session", Method: http.MethodDelete, Path: "/v1/sessions/{id}", Tags: tag,
		Summary: "End one of one's own sessions", Errors: append(refusals, 404), DefaultStatus: http.StatusNoContent}, s.endSession)
	register(s, huma.Operation{OperationID: "begin-second-factor", Method: http.MethodPost, Path: "/v1/session/second-factor", Tags: tag,
		Summary: "Make a secret for an authenticator; it counts once a code of it was confirmed", Errors: refusals}, s.beginSecondFactor)
	register(s, huma.Operation{OperationID: "confirm-second-factor", Method: http.MethodPost, Path: "/v1/session/second-factor/confirm", Tags: tag,
		Summary: "Confirm the authenticator with a code; the answer holds recovery codes, shown this once", Errors: append(refusals, 409)}, s.confirmSecondFactor)
}

// OpenSessionView is one of a person's own sessions.
type OpenSessionView struct {
	ID         string    `json:"id"`
	CreatedAt  time.Time `json:"created_at"`
	LastSeenAt time.Time `json:"last_seen_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	Current    bool      `json:"current"`
}

type sessionsOutput struct {
	Body struct {
		Items []OpenSessionView `json:"items"`
	}
}

func (s *Server) listSessions(ctx context.Context, in *WithSession) (*sessionsOutput, error) {
	all, err := s.cfg.Auth.Sessions(ctx, in.token(s.cfg.Secure))
	out := &sessionsOutput{}
	out.Body.Items = make([]OpenSessionView, len(all))
	for i, v := range all {
		out.Body.Items[i] = OpenSessionView(v)
	}
	return out, err
}

type endSessionInput struct {
	WithSession
	ID string `path:"id" maxLength:"64"`
}

func (s *Server) endSession(ctx context.Context, in *endSessionInput) (*struct{}, error) {
	if err := in.check(s.cfg.Secure); err != nil {
		return nil, err
	}
	return nil, s.cfg.Auth.EndSession(ctx, in.token(s.cfg.Secure), in.ID)
}

// check wants a session and its anti-forgery token.
func (w WithSession) check(secure bool) error {
	if w.token(secure) == "" {
		return qingyuan.Errorf(qingyuan.Unauthorized, "no one is signed in")
	}
	return auth.CheckCSRF(w.token(secure), w.CSRF)
}

type factorOutput struct {
	Body struct {
		Secret string `json:"secret" doc:"Base 32, to be typed where no camera is at hand"`
		URL    string `json:"url" doc:"otpauth://, to be shown as a QR code"`
	}
}

func (s *Server) beginSecondFactor(ctx context.Context, in *WithSession) (*factorOutput, error) {
	if err := in.check(s.cfg.Secure); err != nil {
		return nil, err
	}
	e, err := s.cfg.Auth.BeginTOTP(ctx, in.token(s.cfg.Secure))
	out := &factorOutput{}
	out.Body.Secret, out.Body.URL = e.Secret, e.URL
	return out, err
}

type confirmFactorInput struct {
	WithSession
	Body struct {
		Code string `json:"code" minLength:"6" maxLength:"6"`
	}
}

type recoveryOutput struct {
	Body struct {
		RecoveryCodes []string `json:"recovery_codes" doc:"Each is good for one sign-in without the authenticator"`
	}
}

func (s *Server) confirmSecondFactor(ctx context.Context, in *confirmFactorInput) (*recoveryOutput, error) {
	if err := in.check(s.cfg.Secure); err != nil {
		return nil, err
	}
	out := &recoveryOutput{}
	var err error
	out.Body.RecoveryCodes, err = s.cfg.Auth.ConfirmTOTP(ctx, in.token(s.cfg.Secure), in.Body.Code)
	return out, err
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
	sess, token, err := s.cfg.Auth.Enter(ctx, tenant, auth.Credentials{Name: in.Body.Username, Password: in.Body.Password, Code: in.Body.Code})
	if err != nil {
		return nil, err
	}
	if in.token(s.cfg.Secure) != "" { // whoever signs in anew leaves the session they came with
		if err := s.cfg.Auth.SignOut(ctx, in.token(s.cfg.Secure)); err != nil && qingyuan.CodeOf(err) != qingyuan.Unauthorized {
			return nil, err
		}
	}
	return &sessionOutput{SetCookie: s.cookie(token, 0), Body: sessionView(sess)}, nil
}

type sessionBody struct{ Body SessionView }

func (s *Server) getSession(ctx context.Context, in *WithSession) (*sessionBody, error) {
	if in.token(s.cfg.Secure) == "" {
		return nil, qingyuan.Errorf(qingyuan.Unauthorized, "no one is signed in")
	}
	sess, err := s.cfg.Auth.Session(ctx, in.token(s.cfg.Secure))
	if err != nil {
		return nil, err
	}
	return &sessionBody{Body: sessionView(sess)}, nil
}

type cookieOnly struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (s *Server) signOut(ctx context.Context, in *WithSession) (*cookieOnly, error) {
	if in.token(s.cfg.Secure) != "" {
		if err := auth.CheckCSRF(in.token(s.cfg.Secure), in.CSRF); err != nil {
			return nil, err
		}
		if err := s.cfg.Auth.SignOut(ctx, in.token(s.cfg.Secure)); err != nil && qingyuan.CodeOf(err) != qingyuan.Unauthorized {
			return nil, err
		}
	}
	return &cookieOnly{SetCookie: s.cookie("", -1)}, nil
}

func (s *Server) changePassword(ctx context.Context, in *changePasswordInput) (*sessionOutput, error) {
	if err := auth.CheckCSRF(in.token(s.cfg.Secure), in.CSRF); err != nil {
		return nil, err
	}
	sess, token, err := s.cfg.Auth.ChangePassword(ctx, in.token(s.cfg.Secure), in.Body.Current, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return &sessionOutput{SetCookie: s.cookie(token, 0), Body: sessionView(sess)}, nil
}
