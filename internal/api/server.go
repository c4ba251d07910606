package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/handle/complaint"
	"qingyuan/internal/handle/evidence"
	"qingyuan/internal/improve/education"
	"qingyuan/internal/improve/intel"
	"qingyuan/internal/improve/label"
	"qingyuan/internal/intake"
	"qingyuan/internal/intake/imports"
	"qingyuan/internal/jobs"
	"qingyuan/internal/keys"
	"qingyuan/internal/law"
	"qingyuan/internal/notify"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/prevent/model/registry"
	"qingyuan/internal/prevent/text"
	"qingyuan/internal/rights"
	"qingyuan/internal/store"
	"qingyuan/internal/telemetry"
)

// Config says what the server stands on.
type Config struct {
	DB         *store.DB
	Keys       *keys.Ring
	Auth       *auth.Service
	Events     *intake.Service
	Decisions  *decision.Service
	Evidence   *evidence.Service
	Rights     *rights.Service
	NextKEK    func(context.Context) (keys.KEK, error) // of a rotation; nil: there is none
	Complaints *complaint.Service
	Jobs       *jobs.Service
	Imports    *imports.Service
	MaxUpload  int64 // bytes of an upload; 0: 4 GiB
	Models     *registry.Service
	Labels     *label.Service
	Law        *law.Book
	Texts      *text.Detector
	Intel      *intel.Service
	Education  *education.Service
	Metrics    *telemetry.Metrics
	Console    http.Handler // nil: no console
	Log        *slog.Logger
	Version    string
	Secure     bool // the console is reached over HTTPS: cookies say so
	Rate       Rate
	Admission  Admission
	Ready      func() error // nil: ready once the database answers
	Notify     *notify.Service
}

// Server answers HTTP requests.
type Server struct {
	cfg     Config
	mux     *http.ServeMux
	api     huma.API
	limiter *limiter
	signIns *limiter
	gates   gates
	ballots map[string]ballotBox // by kind of approval
}

// New makes a server with all operations.
func New(cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	s := &Server{cfg: cfg, mux: http.NewServeMux(), limiter: newLimiter(cfg.Rate), signIns: newLimiter(signInRate), gates: newGates(cfg.Admission), ballots: map[string]ballotBox{}}
	humaErrors()
	hc := huma.DefaultConfig("Qingyuan", cfg.Version)
	hc.Info.Description = "Governance of the financial black/grey market for consumer lenders (清源)."
	hc.Info.License = &huma.License{Name: "Apache-2.0"}
	hc.DocsPath, hc.SchemasPath, hc.CreateHooks = "", "", nil
	hc.OpenAPIPath = "/openapi"
	hc.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key":     {Type: "http", Scheme: "bearer", Description: "API key"},
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "Session of a signed-in person; mutations also send X-CSRF-Token"},
	}
	s.api = humago.New(s.mux, hc)
	s.health()
	s.sessions()
	s.ownSessions()
	s.oidc()
	s.decisions()
	s.events()
	s.rulesets()
	s.stages()
	s.backtests()
	s.jobs()
	s.models()
	s.closedCases()
	s.modelScores()
	s.law()
	s.webhooks()
	s.approvals()
	s.texts()
	s.education()
	s.snoozes()
	s.contacts()
	s.lists()
	s.exhibits()
	s.complaints()
	s.listEntries()
	s.overview()
	s.colleagues()
	s.auditTrail()
	s.encryption()
	s.reveals()
	s.persons()
	s.personRequests()
	s.imports()
	s.exports()
	s.accessKeys()
	s.accounts()
	s.stream()
	s.problems()
	if cfg.Console != nil {
		s.mux.Handle("/", cfg.Console)
	}
	return s, nil
}

// OpenAPI is the document of all operations.
func (s *Server) OpenAPI() *huma.OpenAPI { return s.api.OpenAPI() }

type contextKey int

const (
	keyRequestID contextKey = iota
	keyPrincipal
)

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(keyRequestID).(string)
	return id
}

// ServeHTTP gives every request an id, a recovery, security headers and a place in the metrics.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	id := qingyuan.NewID("req", began)
	h := w.Header()
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	rec := &recorder{ResponseWriter: w, status: http.StatusOK}
	r = r.WithContext(context.WithValue(r.Context(), keyRequestID, id))
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			s.cfg.Log.ErrorContext(r.Context(), "request panicked", "request_id", id, "panic", p, "stack", string(debug.Stack()))
			if !rec.wrote {
				fail(rec, r, qingyuan.Errorf(qingyuan.Internal, "panic"))
			}
		}
		s.cfg.Metrics.Request(r.Pattern, rec.status, time.Since(began))
	}()
	if r.Method == http.MethodPost && r.URL.Path == "/v1/session" && s.signIns.takeFor(hostOf(r)) > 0 {
		fail(rec, r, qingyuan.Errorf(qingyuan.TooMany, "too many sign-ins from this address; wait a little"))
		return
	}
	if g := s.gateOf(r); g != nil {
		leave, err := g.enter()
		if err != nil {
			fail(rec, r, err)
			return
		}
		defer leave()
	}
	s.mux.ServeHTTP(rec, r)
}

// hostOf is the address a request comes from, without the port.
func hostOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

type recorder struct {
	http.ResponseWriter
	status int
	wrote  bool
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write notes that the answer has begun.
func (r *recorder) Write(b []byte) (int, error) {
	r.wrote = true
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer beneath.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// read reads a body within a limit.
func read(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	tooLarge := &qingyuan.Error{Code: qingyuan.Invalid, Field: bodyTooLarge, Message: "the body is larger than this operation takes"}
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	var buf []byte
	if r.ContentLength > 0 {
		buf = make([]byte, 0, r.ContentLength+1)
	}
	body, err := appendAll(buf, http.MaxBytesReader(w, r.Body, limit))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, tooLarge
	case err != nil:
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the body could not be read")
	}
	return body, nil
}

func appendAll(buf []byte, r io.Reader) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// principal finds who is asking, by API key or session, and checks the permission. A session's mutation needs its
// anti-forgery token.
func (s *Server) principal(r *http.Request, need auth.Permission) (auth.Principal, error) {
	p, err := s.identify(r)
	if err != nil {
		return p, err
	}
	if err := p.Require(need.Action, need.Resource); err != nil {
		return p, err
	}
	if wait := s.limiter.take(p); wait > 0 {
		return p, qingyuan.Errorf(qingyuan.TooMany, "this caller sends too many requests; wait %s", wait.Round(time.Millisecond))
	}
	return p, nil
}

func (s *Server) identify(r *http.Request) (auth.Principal, error) {
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return s.cfg.Auth.Key(r.Context(), bearer)
	}
	cookie, err := r.Cookie(s.sessionCookie())
	if err != nil {
		return auth.Principal{}, qingyuan.Errorf(qingyuan.Unauthorized, "sign in, or send an API key as a bearer token")
	}
	sess, err := s.cfg.Auth.Session(r.Context(), cookie.Value)
	if err != nil {
		return auth.Principal{}, err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if err := auth.CheckCSRF(cookie.Value, r.Header.Get("X-CSRF-Token")); err != nil {
			return auth.Principal{}, err
		}
	}
	return sess.Principal, nil
}

// guarded registers a huma operation that needs a permission; the principal is in the context.
func guarded[I, O any](s *Server, op huma.Operation, need auth.Permission, fn func(context.Context, auth.Principal, *I) (*O, error)) {
	op.Security = []map[string][]string{{"key": {}}, {"session": {}}}
	op.Extensions = map[string]any{"x-permission": need.String()}
	chained := changes(&op)
	op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity,
		http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable)
	op.Middlewares = huma.Middlewares{func(hc huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(hc)
		p, err := s.principal(r, need)
		if err != nil {
			fail(w, r, err)
			return
		}
		next(huma.WithValue(hc, keyPrincipal, p))
	}}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		p := ctx.Value(keyPrincipal).(auth.Principal)
		if chained {
			ctx = acting(ctx, op.OperationID, p.Actor, in)
		}
		out, err := fn(ctx, p, in)
		if err != nil {
			return nil, problemOf(ctx, err)
		}
		return out, nil
	})
}
