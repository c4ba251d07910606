package check

import (
	"context"
	"log/slog"
	"math"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/text/agreement"
)

// The bounds of the process.
const (
	maxFile        = 2 << 20             // bytes of an upload
	maxBody        = maxFile + 4*MaxText // bytes of a request: a text grows where it is sent percent-encoded
	maxBodies      = 64                  // requests that may be read at once; each holds at most a few times maxBody
	maxConnections = 2000                //
	patience       = 2 * time.Second     // how long a request waits for its turn
	maxReading     = 5 * time.Second     // how long a PDF may take
	policy         = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// Config says what a Server is made of.
type Config struct {
	Log         *slog.Logger
	Now         func() time.Time // time.Now where nil
	PerSecond   float64          // checks of one address; 0.5 where 0
	Burst       int              // checks that an address may make at once; 10 where 0
	BehindProxy bool             // count by what the proxy appended to X-Forwarded-For
	Hotline     string           // the lender's own public number, shown first; may be empty
	Reports     *Outbox          // where consumers' reports go; nil: none are taken
}

// Server answers the public check over HTTP.
type Server struct {
	Config
	reviewer atomic.Pointer[Reviewer]
	files    *agreement.Extractor
	page     *page
	flood    *flood
	bodies   gate // being read
	work     gate // being checked
}

// New makes a server with the rules of this build.
func New(c Config) (*Server, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.PerSecond <= 0 {
		c.PerSecond = 0.5
	}
	if c.Burst <= 0 {
		c.Burst = 10
	}
	s := &Server{Config: c, files: agreement.NewExtractor(maxReading), flood: newFlood(c.PerSecond, c.Burst, c.Now),
		bodies: make(gate, maxBodies), work: make(gate, 2*runtime.GOMAXPROCS(0))}
	var err error
	if s.page, err = newPage(); err != nil {
		return nil, err
	}
	reviewer, err := NewReviewer(c.Hotline)
	if err != nil {
		return nil, err
	}
	s.reviewer.Store(reviewer)
	return s, nil
}

// Publish uses a publication from the next check on. Checks under way keep what they began with; a publication that cannot be used changes
// nothing.
func (s *Server) Publish(p *Published) error {
	next, err := s.reviewer.Load().With(p)
	if err != nil {
		return err
	}
	s.reviewer.Store(next)
	return nil
}

// HTTP is a server with the timeouts and bounds of this process, ready to serve a listener.
func (s *Server) HTTP() *http.Server {
	var open atomic.Int64
	return &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		ConnState: func(c net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				if open.Add(1) > maxConnections {
					c.Close()
				}
			case http.StateClosed, http.StateHijacked:
				open.Add(-1)
			}
		}}
}

// Handler is everything that the process answers: the page, its style, the check and a sign of life.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		s.page.write(w, http.StatusOK, s.view(r, view{}))
	})
	mux.HandleFunc("POST /check", s.check)
	mux.HandleFunc("POST /report", s.report)
	for _, path := range []string{"GET /check", "GET /report"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/?lang="+language(r), http.StatusSeeOther)
		})
	}
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Header().Set("Cache-Control", "max-age=3600")
		w.Write(style)
	})
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	return s.guard(mux)
}

// guard sets the headers of every answer and keeps what a fault has in its hands out of the log.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		defer func() {
			if recover() != nil { // the value may quote the text: the stack holds places only
				s.Log.Error("a check failed", "stack", string(debug.Stack()))
				s.refuse(w, r, refusal{http.StatusInternalServerError, qingyuan.Internal, "fault", 0})
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// view fills in what every page shows.
func (s *Server) view(r *http.Request, v view) view {
	v.Lang, v.says = language(r), &s.reviewer.Load().says
	v.Reports = s.Reports != nil
	return v
}

// check answers one text, with JSON to a program and with the page to a person.
func (s *Server) check(w http.ResponseWriter, r *http.Request) {
	given, answer, bad := s.answer(w, r)
	switch {
	case bad != nil:
		s.refuse(w, r, *bad)
	case wantsJSON(r):
		writeJSON(w, http.StatusOK, "application/json", answer)
	default:
		v := view{Answer: answer, Marked: mark(head(given.text), answer.Findings)}
		if len(given.text) <= maxReport {
			v.Given = given.text
		}
		s.page.write(w, http.StatusOK, s.view(r, v))
	}
}

// answer reads a request and checks its text, when it is its turn.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) (*given, *Answer, *refusal) {
	if wait := s.flood.take(addressOf(r, s.BehindProxy)); wait > 0 {
		return nil, nil, &refusal{http.StatusTooManyRequests, qingyuan.TooMany, "flood", wait}
	}
	busy := &refusal{http.StatusTooManyRequests, qingyuan.TooMany, "busy", patience}
	if !s.bodies.try() {
		return nil, nil, busy
	}
	defer s.bodies.leave()
	given, bad := read(w, r)
	if bad != nil {
		return nil, nil, bad
	}
	turn, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	if !s.work.wait(turn) {
		return nil, nil, busy
	}
	defer s.work.leave()
	if bad := s.readFile(r.Context(), given); bad != nil {
		return nil, nil, bad
	}
	answer, err := s.reviewer.Load().Review(r.Context(), given.text)
	if err != nil {
		return nil, nil, &refusal{http.StatusServiceUnavailable, qingyuan.Unavailable, "fault", patience}
	}
	return given, answer, nil
}

// refusal is a request that is not answered, with the word that says why.
type refusal struct {
	status int
	code   qingyuan.Code
	word   string
	wait   time.Duration // until it is worth trying again; 0: no telling
}

// problem is a refusal as programs see it (RFC 9457).
type problem struct {
	Type   string        `json:"type"`
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Code   qingyuan.Code `json:"code"`
	Detail string        `json:"detail"`
}

func (s *Server) refuse(w http.ResponseWriter, r *http.Request, why refusal) {
	if why.wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(why.wait.Seconds()))))
	}
	lang := language(r)
	if wantsJSON(r) {
		writeJSON(w, why.status, "application/problem+json", problem{why.code.Type(), why.code.Title(), why.status, why.code, s.page.words[why.word].In(lang)})
		return
	}
	s.page.write(w, why.status, s.view(r, view{Refused: why.word}))
}
