package auth_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

// codeAt computes RFC 6238's code of a time apart from the package.
func codeAt(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(at.Unix()/30))
	mac := hmac.New(sha1.New, raw)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&0xf:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

// TestCodesOfTheRFC checks the values of RFC 6238, appendix B, cut to six digits.
func TestCodesOfTheRFC(t *testing.T) {
	secret := base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := codeAt(t, secret, time.Unix(at, 0)); got != want {
			t.Errorf("%d: %s, want %s", at, got, want)
		}
	}
}

func TestSecondFactor(t *testing.T) {
	storetest.Each(t, []store.Line{keys.Migrations(), auth.Migrations()}, func(t *testing.T, db *store.DB) {
		now := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
		ring := ringOf(t, db)
		s, err := auth.New(auth.Config{DB: db, Keys: ring, Now: func() time.Time { return now }, SecondFactor: []auth.Role{auth.Admin}})
		if err != nil {
			t.Fatal(err)
		}
		name, pass, _, err := s.Bootstrap(ctx, T)
		if err != nil {
			t.Fatal(err)
		}
		_, token, err := s.SignIn(ctx, T, name, pass)
		if err != nil {
			t.Fatal(err)
		}
		const good = "correct horse 电池 staple"
		open, token, err := s.ChangePassword(ctx, token, pass, good)
		if err != nil || !open.Principal.MustEnrol || open.Principal.Can(auth.Manage, auth.Accounts) {
			t.Fatalf("the policy asks for a second factor: %+v, %v", open, err)
		}
		e, err := s.BeginTOTP(ctx, token)
		if err != nil {
			t.Fatal(err)
		}
		if u, err := url.Parse(e.URL); err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Query().Get("secret") != e.Secret || u.Query().Get("issuer") != "Qingyuan" {
			t.Errorf("%s: %v", e.URL, err)
		}
		if _, err := s.ConfirmTOTP(ctx, token, "000000"); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("a wrong code: %v", err)
		}
		recovery, err := s.ConfirmTOTP(ctx, token, codeAt(t, e.Secret, now))
		if err != nil || len(recovery) != 10 {
			t.Fatalf("%v %v", recovery, err)
		}
		if open, err := s.Session(ctx, token); err != nil || open.Principal.MustEnrol || !open.Principal.Can(auth.Manage, auth.Accounts) {
			t.Errorf("after enrolment: %+v, %v", open, err)
		}
		enter := func(code string) error {
			_, _, err := s.Enter(ctx, T, auth.Credentials{Name: name, Password: good, Code: code})
			return err
		}
		refused := func(what string, err error, field string) {
			t.Helper()
			if qingyuan.CodeOf(err) != qingyuan.Unauthorized || qingyuan.AsError(err).Field != field {
				t.Errorf("%s: %v", what, err)
			}
		}
		refused("no code", enter(""), "code")
		refused("the enrolment's code again", enter(codeAt(t, e.Secret, now)), "")
		now = now.Add(time.Minute)
		refused("an old code", enter(codeAt(t, e.Secret, now.Add(-90*time.Second))), "")
		if err := enter(codeAt(t, e.Secret, now)); err != nil {
			t.Fatalf("the present code: %v", err)
		}
		refused("the same code", enter(codeAt(t, e.Secret, now)), "")
		if err := enter(strings.ToUpper(recovery[3])); err != nil {
			t.Errorf("a recovery code: %v", err)
		}
		refused("the same recovery code", enter(recovery[3]), "")
		_, _, err = s.Enter(ctx, T, auth.Credentials{Name: name, Password: "wrong", Code: recovery[4]})
		refused("a wrong password", err, "")
		now = now.Add(time.Hour)
		for range 5 {
			refused("a wrong code", enter("123456"), "")
		}
		now = now.Add(time.Second)
		refused("the right code, paused", enter(codeAt(t, e.Secret, now)), "")
		now = now.Add(20 * time.Minute)
		_, fresh, err := s.Enter(ctx, T, auth.Credentials{Name: name, Password: good, Code: codeAt(t, e.Secret, now)})
		if err != nil {
			t.Fatal(err)
		}
		sessionsOf(t, s, fresh)
	})
}

// sessionsOf lists the sessions of a person and ends one.
func sessionsOf(t *testing.T, s *auth.Service, token string) {
	t.Helper()
	all, err := s.Sessions(ctx, token)
	if err != nil || len(all) != 1 || !all[0].Current {
		t.Fatalf("%+v, %v", all, err)
	}
	if err := s.EndSession(ctx, token, "0000000000000000"); qingyuan.CodeOf(err) != qingyuan.NotFound {
		t.Errorf("a session that is none: %v", err)
	}
	if err := s.EndSession(ctx, token, all[0].ID); err != nil {
		t.Error(err)
	}
	if _, err := s.Session(ctx, token); qingyuan.CodeOf(err) != qingyuan.Unauthorized {
		t.Errorf("an ended session: %v", err)
	}
}

func ringOf(t *testing.T, db *store.DB) *keys.Ring {
	t.Helper()
	r, err := keys.New(keys.Config{DB: db, KEK: make([]byte, 32)})
	if err == nil {
		err = r.CreateTenant(ctx, T)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}
