package auth_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

const T = storetest.Tenant

var ctx = context.Background()

// clock is a time that a test moves.
type clock struct{ micros atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMicro(c.micros.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.micros.Add(d.Microseconds()) }

func service(t testing.TB, db *store.DB) (*auth.Service, *clock) {
	t.Helper()
	c := &clock{}
	c.micros.Store(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC).UnixMicro())
	s, err := auth.New(auth.Config{DB: db, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func each(t *testing.T, fn func(t *testing.T, db *store.DB, s *auth.Service, c *clock)) {
	t.Helper()
	storetest.Each(t, []store.Line{auth.Migrations()}, func(t *testing.T, db *store.DB) {
		s, c := service(t, db)
		fn(t, db, s, c)
	})
}

const good = "a good enough secret"

// admin makes the first administrator, who has chosen a password of their own.
func admin(t testing.TB, s *auth.Service) (auth.Session, string) {
	t.Helper()
	name, password, created, err := s.Bootstrap(ctx, T)
	if err != nil || !created {
		t.Fatalf("bootstrap: %v, %v", created, err)
	}
	_, token, err := s.SignIn(ctx, T, name, password)
	if err != nil {
		t.Fatal(err)
	}
	open, token, err := s.ChangePassword(ctx, token, password, good)
	if err != nil {
		t.Fatal(err)
	}
	return open, token
}

func wantCode(t *testing.T, what string, err error, want qingyuan.Code) {
	t.Helper()
	if got := qingyuan.CodeOf(err); got != want {
		t.Errorf("%s: %v, want code %q", what, err, want)
	}
}

// emitted lists "kind subject" of the outbox; it checks that nothing in it is a secret or a name.
func emitted(t *testing.T, db *store.DB) []string {
	t.Helper()
	var all []string
	err := db.Read(ctx, T, func(tx *store.Tx) error {
		entries, err := tx.Outbox(0, 1000)
		for _, e := range entries {
			all = append(all, e.Kind+" "+e.Subject)
			if !strings.HasPrefix(string(e.Data), `{"actor":{"kind":"`) || len(e.Data) > 80 {
				t.Errorf("%s: %s", e.Kind, e.Data)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestBootstrap(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, s *auth.Service, _ *clock) {
		name, password, created, err := s.Bootstrap(ctx, T)
		if err != nil || !created || name != "admin" {
			t.Fatalf("%s %v %v", name, created, err)
		}
		if _, again, created, err := s.Bootstrap(ctx, T); created || again != "" || err != nil {
			t.Errorf("second time: %v %v", created, err)
		}
		_, _, _, err = s.Bootstrap(ctx, "nobody")
		wantCode(t, "unknown tenant", err, qingyuan.NotFound)
		open, token, err := s.SignIn(ctx, T, " Admin ", password)
		if err != nil {
			t.Fatal(err)
		}
		p := open.Principal
		if p.Tenant != T || p.Role != auth.Admin || p.Name != "admin" || p.Actor.Kind != qingyuan.ActorUser || !p.MustChange {
			t.Errorf("%+v", p)
		}
		if p.Can(auth.Manage, auth.Accounts) {
			t.Error("the printed password is good for more than its change")
		}
		_, _, err = s.ChangePassword(ctx, token, password, "short")
		wantCode(t, "short", err, qingyuan.Invalid)
		_, _, err = s.ChangePassword(ctx, token, password, password)
		wantCode(t, "the same", err, qingyuan.Invalid)
		_, _, err = s.ChangePassword(ctx, token, "not the present one", good)
		wantCode(t, "wrong present", err, qingyuan.Invalid)
		open, fresh, err := s.ChangePassword(ctx, token, password, good)
		if err != nil || !open.Principal.Can(auth.Manage, auth.Accounts) {
			t.Fatalf("%+v, %v", open, err)
		}
		_, err = s.Session(ctx, token)
		wantCode(t, "session from before the change", err, qingyuan.Unauthorized)
		if _, err := s.Session(ctx, fresh); err != nil {
			t.Error(err)
		}
		id := p.Actor.ID
		want := []string{"account.created " + id, "session.opened " + id, "session.refused " + id, "account.password_changed " + id}
		if got := emitted(t, db); !slices.Equal(got, want) {
			t.Errorf("emitted %q, want %q", got, want)
		}
	})
}

func TestConcurrentBootstrapMakesOneAccount(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, s *auth.Service, _ *clock) {
		made := make(chan bool, 6)
		for range cap(made) {
			go func() {
				_, _, created, err := s.Bootstrap(ctx, T)
				if err != nil {
					t.Error(err)
				}
				made <- created
			}()
		}
		n := 0
		for range cap(made) {
			if <-made {
				n++
			}
		}
		if n != 1 || len(emitted(t, db)) != 1 {
			t.Errorf("%d administrators, %q", n, emitted(t, db))
		}
	})
}

func TestSession(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, s *auth.Service, c *clock) {
		first, token := admin(t, s)
		open, second, err := s.SignIn(ctx, T, "admin", good)
		if err != nil || second == token {
			t.Fatalf("the token was not renewed: %v", err)
		}
		if open.CSRF == first.CSRF || auth.CheckCSRF(second, open.CSRF) != nil || auth.CheckCSRF(token, open.CSRF) == nil {
			t.Error("the anti-forgery value does not belong to its session")
		}
		if got, err := s.Session(ctx, second); err != nil || got.CSRF != open.CSRF || !got.ExpiresAt.Equal(c.now().Add(12*time.Hour)) {
			t.Errorf("%+v, %v", got, err)
		}
		for _, bad := range []string{"", "x", token[:len(token)-1] + "0", strings.Replace(token, "_t1_", "_t2_", 1), strings.Repeat("a", 1<<16)} {
			if bad != token {
				_, err := s.Session(ctx, bad)
				wantCode(t, bad[:min(len(bad), 20)], err, qingyuan.Unauthorized)
			}
		}
		if err := s.SignOut(ctx, second); err != nil {
			t.Error(err)
		}
		_, err = s.Session(ctx, second)
		wantCode(t, "signed out", err, qingyuan.Unauthorized)
		if err := s.SignOut(ctx, second); err != nil {
			t.Errorf("signed out twice: %v", err)
		}
		for range 3 { // use keeps it alive
			c.advance(29 * time.Minute)
			if _, err := s.Session(ctx, token); err != nil {
				t.Fatal(err)
			}
		}
		c.advance(31 * time.Minute)
		_, err = s.Session(ctx, token)
		wantCode(t, "idle", err, qingyuan.Unauthorized)

		_, third, err := s.SignIn(ctx, T, "admin", good)
		if err != nil {
			t.Fatal(err)
		}
		for range 36 { // 12 hours of use
			if _, err = s.Session(ctx, third); err != nil {
				break
			}
			c.advance(20 * time.Minute)
		}
		if err != nil {
			t.Errorf("ended early: %v", err)
		}
		_, err = s.Session(ctx, third)
		wantCode(t, "after 12 hours", err, qingyuan.Unauthorized)
		if err := s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if n := count(t, db, "session"); n != 0 {
			t.Errorf("%d sessions left", n)
		}
	})
}

func count(t *testing.T, db *store.DB, table string) (n int) {
	t.Helper()
	err := db.Read(ctx, T, func(tx *store.Tx) error {
		_, err := tx.Get(`SELECT count(*) FROM `+table+` WHERE tenant = $1`, nil, &n)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSignInSaysTheSameWhateverIsWrong(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, s *auth.Service, c *clock) {
		boss, _ := admin(t, s)
		gone, password, err := s.CreateAccount(ctx, boss.Principal, "gone", auth.Clerk)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.DisableAccount(ctx, boss.Principal, gone.ID); err != nil {
			t.Fatal(err)
		}
		before := len(emitted(t, db))
		var words []string
		for _, c := range []struct{ tenant, name, password string }{
			{"t1", "admin", "wrong"}, {"t1", "nobody", good}, {"t1", "gone", password}, {"t9", "admin", good}, {"no tenant!", "admin", good},
			{"t1", "", good}, {"t1", "a\x00b", good}, {"t1", "\xff", good}, {"t1", strings.Repeat("x", 1<<16), good}, {"t1", "admin", strings.Repeat("x", 1<<20)},
		} {
			_, token, err := s.SignIn(ctx, qingyuan.Tenant(c.tenant), c.name, c.password)
			wantCode(t, fmt.Sprintf("%.20q", c), err, qingyuan.Unauthorized)
			if err != nil {
				words = append(words, err.Error()+token)
			}
		}
		if len(slices.Compact(words)) != 1 {
			t.Errorf("different words: %q", words)
		}
		if got := emitted(t, db)[before:]; len(got) != 8 || got[1] != "session.refused " || got[2] != "session.refused "+gone.ID {
			t.Errorf("emitted %q", got)
		}
	})
}

// The least of several times: the work must be the same, whatever else runs here.
func TestUnknownNameTakesAsLong(t *testing.T) {
	each(t, func(t *testing.T, _ *store.DB, s *auth.Service, c *clock) {
		admin(t, s)
		known, unknown := time.Hour, time.Hour
		for range 8 {
			start := time.Now()
			s.SignIn(ctx, T, "admin", "wrong")
			middle := time.Now()
			s.SignIn(ctx, T, "nobody", "wrong")
			known, unknown = min(known, middle.Sub(start)), min(unknown, time.Since(middle))
		}
		if unknown < known/4 || known < unknown/4 {
			t.Errorf("known %v, unknown %v", known, unknown)
		}
	})
}

func TestLockout(t *testing.T) {
	each(t, func(t *testing.T, _ *store.DB, s *auth.Service, c *clock) {
		boss, _ := admin(t, s)
		try := func(what, password string, want qingyuan.Code) {
			t.Helper()
			_, _, err := s.SignIn(ctx, T, "admin", password)
			wantCode(t, what, err, want)
		}
		for i := range 4 {
			try(fmt.Sprint("failure ", i), "wrong", qingyuan.Unauthorized)
		}
		try("before the fifth failure", good, "") // and the count begins anew
		for i := range 5 {
			try(fmt.Sprint("failure ", i), "wrong", qingyuan.Unauthorized)
		}
		for _, wait := range []time.Duration{15 * time.Second, 30 * time.Second, time.Minute} {
			try("locked", good, qingyuan.Unauthorized)
			c.advance(wait - time.Millisecond)
			try("just before", good, qingyuan.Unauthorized)
			try("wrong while locked counts nothing", "wrong", qingyuan.Unauthorized)
			c.advance(time.Millisecond)
			if wait < time.Minute {
				try("wrong again", "wrong", qingyuan.Unauthorized)
			}
		}
		try("after the lock", good, "")

		other, password, err := s.CreateAccount(ctx, boss.Principal, "other", auth.Clerk)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			s.SignIn(ctx, T, "other", "wrong")
		}
		try("another account", good, "")
		if list, _, err := s.Accounts(ctx, boss.Principal, qingyuan.Page{}); err != nil || !list[1].LockedUntil.After(c.now()) || list[0].LockedUntil.After(c.now()) {
			t.Errorf("%+v, %v", list, err)
		}
		if password, err = s.ResetPassword(ctx, boss.Principal, other.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.SignIn(ctx, T, "other", password); err != nil {
			t.Errorf("a reset lifts the lock: %v", err)
		}
	})
}

// Guesses sent all at once get no more tries than guesses one by one.
func TestParallelGuessesAreCounted(t *testing.T) {
	each(t, func(t *testing.T, _ *store.DB, s *auth.Service, c *clock) {
		boss, _ := admin(t, s)
		done := make(chan error, 12)
		for i := range cap(done) {
			go func() {
				_, _, err := s.SignIn(ctx, T, "admin", fmt.Sprint("wrong ", i))
				done <- err
			}()
		}
		for range cap(done) {
			wantCode(t, "guess", <-done, qingyuan.Unauthorized)
		}
		list, _, err := s.Accounts(ctx, boss.Principal, qingyuan.Page{})
		if err != nil || !list[0].LockedUntil.Equal(c.now().Add(15*time.Second)) {
			t.Errorf("%v, %v: want the lock of exactly five failures", list[0].LockedUntil, err)
		}
	})
}

func TestAccounts(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, s *auth.Service, c *clock) {
		boss, bossToken := admin(t, s)
		by := boss.Principal
		c.advance(time.Second)
		zhang, password, err := s.CreateAccount(ctx, by, " Ｚhang.Wei ", auth.Analyst)
		if err != nil || zhang.Name != "zhang.wei" || !zhang.MustChange {
			t.Fatalf("%+v, %v", zhang, err)
		}
		for what, c := range map[string]struct {
			name string
			role auth.Role
			code qingyuan.Code
		}{
			"taken": {"ZHANG.WEI", auth.Clerk, qingyuan.Conflict}, "empty": {" ", auth.Clerk, qingyuan.Invalid}, "space": {"zhang wei", auth.Clerk, qingyuan.Invalid},
			"control": {"a\x00", auth.Clerk, qingyuan.Invalid}, "not utf-8": {"a\xff", auth.Clerk, qingyuan.Invalid}, "long": {strings.Repeat("张", 65), auth.Clerk, qingyuan.Invalid},
			"no role": {"li", "", qingyuan.Invalid}, "role of systems": {"li", auth.System, qingyuan.Invalid}, "Chinese": {"李四", auth.Legal, ""},
		} {
			_, _, err := s.CreateAccount(ctx, by, c.name, c.role)
			wantCode(t, what, err, c.code)
		}
		_, token, err := s.SignIn(ctx, T, "zhang.wei", password)
		if err != nil {
			t.Fatal(err)
		}
		open, token, err := s.ChangePassword(ctx, token, password, good)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = s.CreateAccount(ctx, open.Principal, "x", auth.Clerk)
		wantCode(t, "an analyst makes an account", err, qingyuan.Forbidden)
		_, _, err = s.Accounts(ctx, open.Principal, qingyuan.Page{})
		wantCode(t, "an analyst lists accounts", err, qingyuan.Forbidden)
		wantCode(t, "an analyst disables", s.DisableAccount(ctx, open.Principal, by.Actor.ID), qingyuan.Forbidden)
		_, err = s.ResetPassword(ctx, open.Principal, by.Actor.ID)
		wantCode(t, "an analyst resets", err, qingyuan.Forbidden)

		first, next, err := s.Accounts(ctx, by, qingyuan.Page{Limit: 2})
		if err != nil || len(first) != 2 || next == "" || first[0].Name != "admin" {
			t.Fatalf("%+v %q %v", first, next, err)
		}
		rest, end, err := s.Accounts(ctx, by, qingyuan.Page{Limit: 2, Cursor: next})
		if err != nil || len(rest) != 1 || end != "" || rest[0].ID == first[1].ID {
			t.Fatalf("%+v %q %v", rest, end, err)
		}
		_, _, err = s.Accounts(ctx, by, qingyuan.Page{Cursor: qingyuan.CursorOf(1, "\x00\xff")})
		wantCode(t, "foreign cursor", err, qingyuan.Invalid)

		if fresh, err := s.ResetPassword(ctx, by, zhang.ID); err != nil || fresh == password {
			t.Errorf("reset: %v", err)
		} else if _, err := s.Session(ctx, token); qingyuan.CodeOf(err) != qingyuan.Unauthorized {
			t.Errorf("a session outlived the reset: %v", err)
		} else if open, token, err = s.SignIn(ctx, T, "zhang.wei", fresh); err != nil || !open.Principal.MustChange {
			t.Errorf("after the reset: %+v, %v", open, err)
		}
		if err := s.DisableAccount(ctx, by, zhang.ID); err != nil {
			t.Fatal(err)
		}
		_, err = s.Session(ctx, token)
		wantCode(t, "session of a disabled account", err, qingyuan.Unauthorized)
		if n := count(t, db, "session"); n != 1 {
			t.Errorf("%d sessions", n)
		}
		if err := s.DisableAccount(ctx, by, zhang.ID); err != nil {
			t.Errorf("disabled twice: %v", err)
		}
		_, err = s.ResetPassword(ctx, by, zhang.ID)
		wantCode(t, "reset of a disabled account", err, qingyuan.Conflict)
		wantCode(t, "last administrator", s.DisableAccount(ctx, by, by.Actor.ID), qingyuan.Conflict)
		for _, id := range []string{"", "usr_", "x\x00", qingyuan.NewID("usr", c.now())} {
			wantCode(t, "unknown account", s.DisableAccount(ctx, by, id), qingyuan.NotFound)
		}
		err = db.Write(ctx, T, func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE account SET disabled_at = 1 WHERE tenant = $1 AND role = $2`, string(auth.Admin))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Session(ctx, bossToken)
		wantCode(t, "session of an account that was disabled by other means", err, qingyuan.Unauthorized)
	})
}

func TestTenantsAreApart(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, s *auth.Service, _ *clock) {
		if err := db.CreateTenant(ctx, "t2", "two"); err != nil {
			t.Fatal(err)
		}
		boss, token := admin(t, s)
		_, password, created, err := s.Bootstrap(ctx, "t2")
		if err != nil || !created {
			t.Fatal(err)
		}
		other, _, err := s.SignIn(ctx, "t2", "admin", password)
		if err != nil {
			t.Fatal(err)
		}
		foreign := other.Principal
		foreign.MustChange = false
		_, _, err = s.SignIn(ctx, "t2", "admin", good)
		wantCode(t, "password of another tenant", err, qingyuan.Unauthorized)
		wantCode(t, "disable", s.DisableAccount(ctx, foreign, boss.Principal.Actor.ID), qingyuan.NotFound)
		_, err = s.ResetPassword(ctx, foreign, boss.Principal.Actor.ID)
		wantCode(t, "reset", err, qingyuan.NotFound)
		_, err = s.Session(ctx, strings.Replace(token, "qys_t1_", "qys_t2_", 1))
		wantCode(t, "session under another tenant", err, qingyuan.Unauthorized)
		secret, key, err := s.CreateKey(ctx, boss.Principal, spec)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Key(ctx, secret); err != nil {
			t.Fatal(err)
		}
		_, err = s.Key(ctx, strings.Replace(secret, "qyk_t1_", "qyk_t2_", 1))
		wantCode(t, "key under another tenant", err, qingyuan.Unauthorized)
		wantCode(t, "revoke", s.RevokeKey(ctx, foreign, key.ID), qingyuan.NotFound)
		if list, _, err := s.Keys(ctx, foreign, qingyuan.Page{}); err != nil || len(list) != 0 {
			t.Errorf("keys %+v, %v", list, err)
		}
		if list, _, err := s.Accounts(ctx, foreign, qingyuan.Page{}); err != nil || len(list) != 1 {
			t.Errorf("accounts %+v, %v", list, err)
		}
	})
}

// No file of the database holds a password or a secret, nor half of one.
func TestSecretsAreNotStored(t *testing.T) {
	dir := t.TempDir()
	db := storetest.Open(t, filepath.Join(dir, "q.db"), auth.Migrations())
	s, _ := service(t, db)
	boss, token := admin(t, s)
	_, password, err := s.CreateAccount(ctx, boss.Principal, "li", auth.Clerk)
	if err != nil {
		t.Fatal(err)
	}
	secret, _, err := s.CreateKey(ctx, boss.Principal, spec)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(dir + "/*")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	stored := 0
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		stored += bytes.Count(raw, []byte("$argon2id$v=19$m=19456,t=2,p=1$"))
		for _, s := range []string{token, secret, password, good, boss.CSRF, token[len(token)-26:], secret[len(secret)-26:], password[:11]} {
			if bytes.Contains(raw, []byte(s)) {
				t.Errorf("%s holds %q", filepath.Base(f), s)
			}
		}
	}
	if stored == 0 {
		t.Error("no hash found either: the test reads the wrong files")
	}
}
