package auth

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"qingyuan"
)

// LDAP is a directory (LDAP, Active Directory) whose people sign in with their password there.
type LDAP struct {
	URL      string // ldaps://…; or ldap://…, which is made safe by StartTLS before anything is sent
	TLS      *tls.Config
	BindDN   string // of a person, %s being the name: uid=%s,ou=people,dc=example, or %s@example.com
	Base     string // below which the person's entry is looked for
	Filter   string // of the entry, %s being the name: (uid=%s)
	Groups   string // attribute that names groups; empty: memberOf
	Roles    []RoleRule
	Deadline time.Duration // of the whole sign-in; 0: 10 s
}

// vouch signs in at the directory as the person and reads their groups. Errors: unauthorized; forbidden where no group has a role;
// unavailable.
func (d *LDAP) vouch(ctx context.Context, name, password string) (who external, err error) {
	if password == "" || name == "" { // a bind without a password succeeds for everybody (RFC 4513 §5.1.2)
		return who, refused()
	}
	conn, err := d.dial(ctx)
	if err != nil {
		return who, qingyuan.Wrap(qingyuan.Unavailable, err, "the directory cannot be reached")
	}
	defer conn.Close()
	if err := conn.Bind(strings.ReplaceAll(d.BindDN, "%s", ldap.EscapeDN(name)), password); err != nil {
		if ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
			return who, refused()
		}
		return who, qingyuan.Wrap(qingyuan.Unavailable, err, "the directory did not answer the sign-in")
	}
	attribute := d.Groups
	if attribute == "" {
		attribute = "memberOf"
	}
	found, err := conn.Search(&ldap.SearchRequest{BaseDN: d.Base, Scope: ldap.ScopeWholeSubtree, SizeLimit: 2, TimeLimit: 5,
		Filter: strings.ReplaceAll(d.Filter, "%s", ldap.EscapeFilter(name)), Attributes: []string{attribute}})
	if err != nil {
		return who, qingyuan.Wrap(qingyuan.Unavailable, err, "the directory did not answer the search")
	}
	if len(found.Entries) != 1 {
		return who, refused()
	}
	who.id, who.name = "ldap|"+strings.ToLower(found.Entries[0].DN), name
	who.role, err = roleOf(d.Roles, found.Entries[0].GetAttributeValues(attribute), strings.EqualFold)
	return who, err
}

// dial connects over TLS, one way or the other.
func (d *LDAP) dial(ctx context.Context) (*ldap.Conn, error) {
	u, err := url.Parse(d.URL)
	if err != nil || u.Scheme != "ldaps" && u.Scheme != "ldap" {
		return nil, fmt.Errorf("the directory's address must be ldaps:// or ldap://")
	}
	deadline := d.Deadline
	if deadline <= 0 {
		deadline = 10 * time.Second
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if d.TLS != nil {
		settings = d.TLS.Clone()
	}
	if settings.ServerName == "" {
		settings.ServerName = u.Hostname()
	}
	if until, ok := ctx.Deadline(); ok {
		deadline = min(deadline, time.Until(until))
	}
	conn, err := ldap.DialURL(d.URL, ldap.DialWithDialer(&net.Dialer{Timeout: deadline}), ldap.DialWithTLSConfig(settings))
	if err != nil {
		return nil, err
	}
	conn.SetTimeout(deadline)
	if u.Scheme == "ldap" {
		if err := conn.StartTLS(settings); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return conn, nil
}
