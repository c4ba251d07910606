package api

import (
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
