package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"qingyuan"
)

// forbidden are networks that no target on the internet is in, beyond what netip knows by itself. Source: IANA special-purpose
// address registries, as of 2026-11; the last two are addresses at which clouds serve machines' own credentials.
var forbidden = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "fec0::/10", "100.100.100.200/32", "168.63.129.16/32")

// embedding are IPv6 networks that carry an IPv4 address, and at which byte.
var embedding = []struct {
	prefix netip.Prefix
	at     int
}{{netip.MustParsePrefix("64:ff9b::/96"), 12}, {netip.MustParsePrefix("2002::/16"), 2}}

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, t := range texts {
		all = append(all, netip.MustParsePrefix(t))
	}
	return all
}

// guard says which addresses may be connected to.
type guard struct {
	allowed   []netip.Prefix // of the operator's own networks
	plainHTTP bool
}

// permits reports whether a connection to the address may be made.
func (g *guard) permits(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range g.allowed {
		if p.Contains(a) {
			return true
		}
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range forbidden {
		if p.Contains(a) {
			return false
		}
	}
	for _, e := range embedding {
		if e.prefix.Contains(a) {
			b := a.As16()
			inner, _ := netip.AddrFromSlice(b[e.at : e.at+4])
			return g.permits(inner)
		}
	}
	return true
}

var errForbidden = errors.New("the address is not one that may be connected to")

// control refuses a connection at the moment it is made, when the address is final.
func (g *guard) control(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !g.permits(a.Addr()) {
		return errForbidden
	}
	return nil
}

// maxURL bounds the URL of an endpoint, in bytes.
const maxURL = 2000

// check finds what is wrong with the URL of an endpoint, as far as can be seen without looking up its name.
func (g *guard) check(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || len(text) > maxURL || u.Hostname() == "" || u.Opaque != "":
		return qingyuan.FieldErrorf("url", "is not a URL such as https://example.com/hook")
	case u.Scheme != "https" && (u.Scheme != "http" || !g.plainHTTP):
		return qingyuan.FieldErrorf("url", "must begin with https://")
	case u.User != nil || u.Fragment != "":
		return qingyuan.FieldErrorf("url", "must have neither a user nor a fragment")
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && !g.permits(a) {
		return qingyuan.FieldErrorf("url", "is within a network that may not be reached; the operator can allow it")
	}
	return nil
}

// client makes an HTTP client that the guard watches.
func (g *guard) client(timeout time.Duration, roots *tls.Config) *http.Client {
	dial := &net.Dialer{Timeout: timeout, Control: g.control}
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			Proxy: nil,
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				return dial.DialContext(ctx, network, addr)
			},
			TLSClientConfig:        roots,
			TLSHandshakeTimeout:    timeout,
			ResponseHeaderTimeout:  timeout,
			MaxResponseHeaderBytes: 64 << 10,
			MaxConnsPerHost:        4,
			MaxIdleConns:           32,
			IdleConnTimeout:        30 * time.Second,
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// plainly says what went wrong with a connection, without addresses.
func plainly(err error) string {
	var lookup *net.DNSError
	var unknown *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.Is(err, errForbidden):
		return errForbidden.Error()
	case errors.As(err, &lookup):
		return "the name could not be resolved"
	case errors.As(err, &unknown):
		return "the certificate could not be verified"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	}
	return fmt.Sprintf("the connection failed (%T)", errors.Unwrap(err))
}
