package auth_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

// provider is an identity provider within the test.
type provider struct {
	*httptest.Server
	key       *rsa.PrivateKey
	groups    []string
	subject   string
	nonce     string // of the last authorization
	challenge string
	spoil     func(claims map[string]any) // changes what the token says
	signer    *rsa.PrivateKey             // another key than the published one
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{key: key, signer: key, groups: []string{"risk"}, subject: "42"}
	mux := http.NewServeMux()
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		e := big.NewInt(int64(key.E)).Bytes()
		answer(w, map[string]any{"keys": []any{map[string]string{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": text(key.N.Bytes()), "e": text(e)}}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		sum := sha256.Sum256([]byte(r.Form.Get("code_verifier")))
		if r.Form.Get("code") != "good" || text(sum[:]) != p.challenge {
			w.WriteHeader(400)
			answer(w, map[string]string{"error": "invalid_grant"})
			return
		}
		answer(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": p.token()})
	})
	return p
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// token is a signed ID token.
func (p *provider) token() string {
	claims := map[string]any{"iss": p.URL, "aud": "qingyuan", "sub": p.subject, "nonce": p.nonce, "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(),
		"preferred_username": "wang.wu", "groups": p.groups}
	if p.spoil != nil {
		p.spoil(claims)
	}
	head, _ := json.Marshal(map[string]string{"alg": "RS256", "kid": "1"})
	body, _ := json.Marshal(claims)
	signed := text(head) + "." + text(body)
	sum := sha256.Sum256([]byte(signed))
	sig, _ := rsa.SignPKCS1v15(rand.Reader, p.signer, crypto.SHA256, sum[:])
	return signed + "." + text(sig)
}

func TestOIDC(t *testing.T) {
	storetest.Each(t, []store.Line{keys.Migrations(), auth.Migrations()}, func(t *testing.T, db *store.DB) {
		p := newProvider(t)
		s, err := auth.New(auth.Config{DB: db, Keys: ringOf(t, db), SecondFactor: []auth.Role{auth.Analyst}, OIDC: &auth.OIDC{Issuer: p.URL, ClientID: "qingyuan", ClientSecret: "secret",
			Redirect: "https://qy.example/v1/session/oidc/callback", Roles: []auth.RoleRule{{Group: "risk", Role: auth.Analyst}, {Group: "audit", Role: auth.Auditor}}}})
		if err != nil {
			t.Fatal(err)
		}
		// begin goes to the provider as a browser does, and comes back with the state.
		begin := func() (kept, state string) {
			t.Helper()
			where, kept, err := s.BeginOIDC(ctx, T)
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(where)
			if err != nil || u.Query().Get("code_challenge_method") != "S256" || u.Query().Get("response_type") != "code" {
				t.Fatalf("%s: %v", where, err)
			}
			p.nonce, p.challenge = u.Query().Get("nonce"), u.Query().Get("code_challenge")
			return kept, u.Query().Get("state")
		}
		kept, state := begin()
		open, token, err := s.FinishOIDC(ctx, kept, state, "good")
		if err != nil || open.Principal.Role != auth.Analyst || open.Principal.Name != "wang.wu" || !open.Principal.Can(auth.Read, auth.Events) {
			t.Fatalf("%+v, %v", open, err)
		}
		if open.ExpiresAt.After(time.Now().Add(61 * time.Minute)) {
			t.Errorf("the provider is asked again at %v only", open.ExpiresAt)
		}
		other, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			change func(kept, state *string)
			spoil  func(map[string]any)
			code   string
			signer *rsa.PrivateKey
			want   qingyuan.Code
		}{
			"another state":    {change: func(_, state *string) { *state = "x" }, want: qingyuan.Unauthorized},
			"another browser":  {change: func(kept, _ *string) { *kept = "" }, want: qingyuan.Unauthorized},
			"changed cookie":   {change: func(kept, _ *string) { *kept = (*kept)[:len(*kept)-4] + "AAAA" }, want: qingyuan.Unauthorized},
			"wrong code":       {code: "bad", want: qingyuan.Unauthorized},
			"another nonce":    {spoil: func(c map[string]any) { c["nonce"] = "x" }, want: qingyuan.Unauthorized},
			"another audience": {spoil: func(c map[string]any) { c["aud"] = "x" }, want: qingyuan.Unauthorized},
			"another issuer":   {spoil: func(c map[string]any) { c["iss"] = "x" }, want: qingyuan.Unauthorized},
			"expired":          {spoil: func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }, want: qingyuan.Unauthorized},
			"forged":           {signer: other, want: qingyuan.Unauthorized},
			"no group":         {spoil: func(c map[string]any) { c["groups"] = []string{"cooks"} }, want: qingyuan.Forbidden},
		} {
			kept, state := begin()
			p.spoil, p.signer = c.spoil, p.key
			if c.change != nil {
				c.change(&kept, &state)
			}
			if c.signer != nil {
				p.signer = c.signer
			}
			code := "good"
			if c.code != "" {
				code = c.code
			}
			if _, _, err := s.FinishOIDC(ctx, kept, state, code); qingyuan.CodeOf(err) != c.want {
				t.Errorf("%s: %v", name, err)
			}
			p.spoil, p.signer = nil, p.key
		}
		p.groups = []string{"audit"}
		kept, state = begin()
		if open, _, err := s.FinishOIDC(ctx, kept, state, "good"); err != nil || open.Principal.Role != auth.Auditor {
			t.Errorf("after a change of groups: %+v, %v", open, err)
		}
		if open, err := s.Session(ctx, token); err != nil || open.Principal.Role != auth.Auditor {
			t.Errorf("the open session has the old role: %+v, %v", open, err)
		}
		admin := auth.Principal{Tenant: T, Actor: qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "x"}, Role: auth.Admin}
		if err := s.DisableAccount(ctx, admin, open.Principal.Actor.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Session(ctx, token); qingyuan.CodeOf(err) != qingyuan.Unauthorized {
			t.Errorf("a leaver's session: %v", err)
		}
		kept, state = begin()
		if _, _, err := s.FinishOIDC(ctx, kept, state, "good"); qingyuan.CodeOf(err) != qingyuan.Unauthorized {
			t.Errorf("a leaver comes back: %v", err)
		}
	})
}

// directory is an LDAP server within the test: one person, one password. It speaks what a sign-in needs: bind, search, StartTLS.
type directory struct {
	tls    *tls.Config
	groups []string
	binds  []string
}

func (d *directory) serve(conn net.Conn, secure bool) {
	defer conn.Close()
	for {
		p, err := ber.ReadPacket(conn)
		if err != nil || len(p.Children) < 2 {
			return
		}
		id, op := p.Children[0].Value.(int64), p.Children[1]
		send := func(kind ber.Tag, children ...*ber.Packet) {
			out := ber.NewSequence("")
			out.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
			body := ber.Encode(ber.ClassApplication, ber.TypeConstructed, kind, nil, "")
			for _, c := range children {
				body.AppendChild(c)
			}
			out.AppendChild(body)
			conn.Write(out.Bytes())
		}
		result := func(kind ber.Tag, code int64) {
			send(kind, ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""), word(""), word(""))
		}
		switch op.Tag {
		case 0: // bind
			dn, password := op.Children[1].Value.(string), op.Children[2].Data.String()
			d.binds = append(d.binds, dn)
			if !secure || dn != "uid=zhao,ou=people,dc=x" || password != "open sesame" {
				result(1, 49)
				continue
			}
			result(1, 0)
		case 3: // search
			groups := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
			for _, g := range d.groups {
				groups.AppendChild(word(g))
			}
			attribute, all := ber.NewSequence(""), ber.NewSequence("")
			attribute.AppendChild(word("memberOf"))
			attribute.AppendChild(groups)
			all.AppendChild(attribute)
			send(4, word("uid=zhao,ou=people,dc=x"), all)
			result(5, 0)
		case 23: // StartTLS
			result(24, 0)
			conn, secure = tls.Server(conn, d.tls), true
		default:
			return
		}
	}
}

func word(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func TestLDAP(t *testing.T) {
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	t.Cleanup(certified.Close)
	pool := x509.NewCertPool()
	pool.AddCert(certified.Certificate())
	for _, scheme := range []string{"ldaps", "ldap"} {
		t.Run(scheme, func(t *testing.T) {
			d := &directory{tls: &tls.Config{Certificates: certified.TLS.Certificates}, groups: []string{"CN=Risk,DC=x"}}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					if scheme == "ldaps" {
						conn = tls.Server(conn, d.tls)
					}
					go d.serve(conn, scheme == "ldaps")
				}
			}()
			db := storetest.Open(t, t.TempDir()+"/q.db", keys.Migrations(), auth.Migrations())
			config := &auth.LDAP{URL: scheme + "://" + l.Addr().String(), TLS: &tls.Config{RootCAs: pool, ServerName: "example.com"}, BindDN: "uid=%s,ou=people,dc=x",
				Base: "dc=x", Filter: "(uid=%s)", Roles: []auth.RoleRule{{Group: "cn=risk,dc=x", Role: auth.Analyst}}}
			s, err := auth.New(auth.Config{DB: db, LDAP: config})
			if err != nil {
				t.Fatal(err)
			}
			open, _, err := s.SignIn(ctx, T, "Zhao", "open sesame")
			if err != nil || open.Principal.Role != auth.Analyst || open.Principal.Name != "zhao" {
				t.Fatalf("%+v, %v", open, err)
			}
			if again, _, err := s.SignIn(ctx, T, "zhao", "open sesame"); err != nil || again.Principal.Actor != open.Principal.Actor {
				t.Errorf("the second time: %+v, %v", again, err)
			}
			for name, c := range map[string][2]string{"wrong password": {"zhao", "x"}, "no password": {"zhao", ""}, "nobody": {"nobody", "open sesame"}, "injected": {"zhao,ou=people,dc=x", "open sesame"}} {
				if _, _, err := s.SignIn(ctx, T, c[0], c[1]); qingyuan.CodeOf(err) != qingyuan.Unauthorized {
					t.Errorf("%s: %v", name, err)
				}
			}
			d.groups = []string{"CN=Cooks,DC=x"}
			if _, _, err := s.SignIn(ctx, T, "zhao", "open sesame"); qingyuan.CodeOf(err) != qingyuan.Forbidden {
				t.Errorf("out of the group: %v", err)
			}
			config.TLS = &tls.Config{ServerName: "example.com"}
			if _, _, err := s.SignIn(ctx, T, "zhao", "open sesame"); qingyuan.CodeOf(err) != qingyuan.Unavailable {
				t.Errorf("an unknown certificate: %v", err)
			}
			if strings.Contains(strings.Join(d.binds, " "), "uid=zhao,ou=people,dc=x,ou") {
				t.Errorf("a name became part of another: %v", d.binds)
			}
		})
	}
}
