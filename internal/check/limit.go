package check

import (
	"context"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// maxAddresses bounds the memory of the flood guard. Addresses beyond it share one bucket.
const maxAddresses = 50_000

// flood holds one token bucket per address. A bucket that has filled up again says nothing and is forgotten.
type flood struct {
	perSecond, burst float64
	now              func() time.Time

	mu      sync.Mutex
	buckets map[netip.Prefix]*bucket
	others  bucket    // of all addresses beyond maxAddresses
	swept   time.Time // when full buckets were last forgotten
}

type bucket struct {
	spent float64 // tokens short of full
	at    time.Time
}

func newFlood(perSecond float64, burst int, now func() time.Time) *flood {
	return &flood{perSecond: perSecond, burst: float64(burst), now: now, buckets: map[netip.Prefix]*bucket{}}
}

// take counts one request of an address and returns how long it has to wait, 0 where it may go on.
func (f *flood) take(from netip.Prefix) time.Duration {
	now := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.bucket(from, now)
	b.spent = f.left(b, now)
	b.at = now
	if b.spent+1 > f.burst {
		return time.Duration((b.spent + 1 - f.burst) / f.perSecond * float64(time.Second))
	}
	b.spent++
	return 0
}

// left is what a bucket is still short of.
func (f *flood) left(b *bucket, now time.Time) float64 {
	return math.Max(0, b.spent-now.Sub(b.at).Seconds()*f.perSecond)
}

func (f *flood) bucket(from netip.Prefix, now time.Time) *bucket {
	if b := f.buckets[from]; b != nil {
		return b
	}
	if len(f.buckets) >= maxAddresses && now.Sub(f.swept) >= time.Second {
		f.swept = now
		for k, b := range f.buckets {
			if f.left(b, now) == 0 {
				delete(f.buckets, k)
			}
		}
	}
	if len(f.buckets) >= maxAddresses {
		return &f.others
	}
	b := &bucket{at: now}
	f.buckets[from] = b
	return b
}

// addressOf is the address a request counts for: an IPv4 address, or the /64 that one IPv6 subscriber has. Behind a proxy it is
// the address that the proxy itself appended to X-Forwarded-For; what stands before it anybody can write.
func addressOf(r *http.Request, behindProxy bool) netip.Prefix {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	if forwarded := r.Header.Values("X-Forwarded-For"); behindProxy && len(forwarded) > 0 {
		last := forwarded[len(forwarded)-1]
		host = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{} // all unknown ones together
	}
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

// gate lets so many in at once.
type gate chan struct{}

// try enters where there is room.
func (g gate) try() bool {
	select {
	case g <- struct{}{}:
		return true
	default:
		return false
	}
}

// wait enters as soon as there is room, and gives up when ctx ends.
func (g gate) wait(ctx context.Context) bool {
	select {
	case g <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (g gate) leave() { <-g }
