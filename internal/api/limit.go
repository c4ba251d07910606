package api

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"qingyuan"
	"qingyuan/internal/auth"
)

// Rate bounds what one caller may send.
type Rate struct {
	PerSecond float64 // requests; 0: no bound
	Burst     int     // 0: one second's worth
}

// limiter holds one token bucket per caller, and forgets callers that have been quiet for a while.
type limiter struct {
	rate Rate

	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	*rate.Limiter
	last time.Time
}

func newLimiter(r Rate) *limiter {
	if r.Burst <= 0 {
		r.Burst = int(r.PerSecond) + 1
	}
	return &limiter{rate: r, buckets: map[string]*bucket{}}
}

// signInRate bounds the sign-ins from one address, so that a stranger can neither keep the password hashing busy nor try
// many passwords.
var signInRate = Rate{PerSecond: 0.5, Burst: 20}

// maxCallers bounds the memory of the limiter.
const maxCallers = 10_000

// take counts one request of the caller and returns how long it has to wait, 0 where it may go on.
func (l *limiter) take(p auth.Principal) time.Duration {
	if p.Actor.Kind == qingyuan.ActorSystem {
		return 0
	}
	return l.takeFor(string(p.Tenant) + "/" + p.Actor.ID)
}

// takeFor is take for a caller known by any name.
func (l *limiter) takeFor(id string) time.Duration {
	if l.rate.PerSecond <= 0 {
		return 0
	}
	now := time.Now()
	l.mu.Lock()
	b := l.buckets[id]
	if b == nil {
		if len(l.buckets) >= maxCallers {
			for k, old := range l.buckets {
				if now.Sub(old.last) > time.Minute {
					delete(l.buckets, k)
				}
			}
		}
		b = &bucket{Limiter: rate.NewLimiter(rate.Limit(l.rate.PerSecond), l.rate.Burst)}
		l.buckets[id] = b
	}
	b.last = now
	l.mu.Unlock()
	r := b.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// Admission bounds what the server works on at once, so that overload costs those who come too late and not everybody: whoever finds no
// place is told so at once (503 with Retry-After), before anything is read or looked up for him.
type Admission struct {
	Decisions int // decisions and events; 0: 128
	Others    int // everything else of the API, streams left out; 0: 64
	Streams   int // open streams; 0: 500
}

// gate lets a bounded number in.
type gate chan struct{}

func newGate(n, otherwise int) gate {
	if n <= 0 {
		n = otherwise
	}
	return make(gate, n)
}

// enter takes a place; leave gives it back. Errors: unavailable where there is none.
func (g gate) enter() (leave func(), err error) {
	select {
	case g <- struct{}{}:
		return func() { <-g }, nil
	default:
		return nil, qingyuan.Errorf(qingyuan.Unavailable, "the server is at its limit; nothing was done: try again after the time in Retry-After")
	}
}

// gates are the server's.
type gates struct{ decisions, others, streams gate }

func newGates(a Admission) gates {
	return gates{newGate(a.Decisions, 128), newGate(a.Others, 64), newGate(a.Streams, 500)}
}

// gateOf is the gate that a request must pass, nil where there is none: who watches the process must get through, and files of the
// console are no work.
func (s *Server) gateOf(r *http.Request) gate {
	switch path := r.URL.Path; {
	case r.Method == http.MethodPost && (path == "/v1/decisions" || path == "/v1/events"):
		return s.gates.decisions
	case path == "/v1/stream":
		return s.gates.streams
	case strings.HasPrefix(path, "/v1/"):
		return s.gates.others
	}
	return nil
}
