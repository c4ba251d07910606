package main

import (
	"strings"

	"qingyuan"
	"qingyuan/internal/auth"
)

// directories says where people sign in besides the accounts kept here.
type directories struct {
	SecondFactor []auth.Role `help:"Roles that may do nothing before they have set up a second factor, such as admin,dpo." name:"second-factor" env:"QINGYUAN_SECOND_FACTOR"`
	OIDCIssuer   string      `help:"Address of an OpenID Connect provider." name:"oidc-issuer" env:"QINGYUAN_OIDC_ISSUER"`
	OIDCClient   string      `help:"Client id at the provider." name:"oidc-client" env:"QINGYUAN_OIDC_CLIENT"`
	OIDCSecret   string      `help:"Client secret at the provider; better in the environment." name:"oidc-secret" env:"QINGYUAN_OIDC_SECRET"`
	OIDCRedirect string      `help:"Address of /v1/session/oidc/callback as browsers see it." name:"oidc-redirect" env:"QINGYUAN_OIDC_REDIRECT"`
	LDAPURL      string      `help:"Directory: ldaps://…, or ldap://…, which StartTLS makes safe." name:"ldap-url" env:"QINGYUAN_LDAP_URL"`
	LDAPBindDN   string      `help:"Name a person binds as, %s being what they typed, such as uid=%s,ou=people,dc=example." name:"ldap-bind-dn" env:"QINGYUAN_LDAP_BIND_DN"`
	LDAPBase     string      `help:"Where people's entries are." name:"ldap-base" env:"QINGYUAN_LDAP_BASE"`
	LDAPFilter   string      `help:"Filter that finds a person's entry." name:"ldap-filter" default:"(uid=%s)" env:"QINGYUAN_LDAP_FILTER"`
	GroupRoles   []string    `help:"group=role, in order: the first that fits decides. Parted by semicolons." name:"group-roles" sep:";" env:"QINGYUAN_GROUP_ROLES"`
}

// rules reads group=role; the group itself may hold the sign.
func (d directories) rules() (all []auth.RoleRule, err error) {
	for _, text := range d.GroupRoles {
		at := strings.LastIndexByte(text, '=')
		if at < 1 {
			return nil, qingyuan.FieldErrorf("group-roles", "must be group=role: %s", text)
		}
		all = append(all, auth.RoleRule{Group: text[:at], Role: auth.Role(text[at+1:])})
	}
	return all, nil
}

// into fills in the configuration of package auth.
func (d directories) into(c *auth.Config) error {
	rules, err := d.rules()
	if err != nil {
		return err
	}
	c.SecondFactor = d.SecondFactor
	if d.OIDCIssuer != "" {
		c.OIDC = &auth.OIDC{Issuer: d.OIDCIssuer, ClientID: d.OIDCClient, ClientSecret: d.OIDCSecret, Redirect: d.OIDCRedirect, Roles: rules}
	}
	if d.LDAPURL != "" {
		c.LDAP = &auth.LDAP{URL: d.LDAPURL, BindDN: d.LDAPBindDN, Base: d.LDAPBase, Filter: d.LDAPFilter, Roles: rules}
	}
	return nil
}
