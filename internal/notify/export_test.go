package notify

import (
	"net/netip"
	"time"
)

// Hurry makes pauses short.
func (s *Service) Hurry(d time.Duration) {
	s.retryAfter = func(int) time.Duration { return d }
	s.breather = func(int) time.Duration { return d }
}

// Permits asks a guard without exceptions.
func Permits(a netip.Addr, allowed ...netip.Prefix) bool {
	return (&guard{allowed: allowed}).permits(a)
}

// CheckURL asks a guard without exceptions.
func CheckURL(text string) error { return (&guard{}).check(text) }
