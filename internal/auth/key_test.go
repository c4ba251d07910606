package auth_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

var (
	writeEvents = auth.Permission{Resource: auth.Events, Action: auth.Write}
	decide      = auth.Permission{Resource: auth.Decisions, Action: auth.Write}
	spec        = auth.KeySpec{Name: "core banking", Role: auth.System, Scopes: []auth.Permission{decide, writeEvents, decide}}
)

func TestKey(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, s *auth.Service, c *clock) {
		boss, _ := admin(t, s)
		before := len(emitted(t, db))
		secret, key, err := s.CreateKey(ctx, boss.Principal, spec)
		if err != nil || !strings.HasPrefix(secret, "qyk_t1_"+key.ID[4:]+"_") || key.CreatedBy != boss.Principal.Actor.ID {
			t.Fatalf("%s %+v %v", secret, key, err)
		}
		for range 2 { // from the database, then from memory
			p, err := s.Key(ctx, secret)
			if err != nil || p.Tenant != T || p.Actor != (qingyuan.Actor{Kind: qingyuan.ActorKey, ID: key.ID}) || p.Name != "core banking" || p.Role != auth.System ||
				!slices.Equal(p.Scopes, []auth.Permission{writeEvents, decide}) {
				t.Fatalf("%+v, %v", p, err)
			}
			if !p.Can(auth.Write, auth.Decisions) || p.Can(auth.Read, auth.Decisions) {
				t.Error("scopes do not bound the key")
			}
			p.Scopes[0] = auth.Permission{Resource: auth.Decisions, Action: auth.Read} // what a caller does to its copy stays there
		}
		flip := func(s string, i int) string {
			return s[:i] + map[bool]string{true: "1", false: "0"}[s[i] == '0'] + s[i+1:]
		}
		for _, bad := range []string{"", "Bearer", flip(secret, len(secret)-2), flip(secret, len(secret)-60), strings.ToUpper(secret), secret + " "} {
			_, err := s.Key(ctx, bad)
			wantCode(t, bad, err, qingyuan.Unauthorized)
		}
		if err := s.RevokeKey(ctx, boss.Principal, key.ID); err != nil {
			t.Fatal(err)
		}
		_, err = s.Key(ctx, secret)
		wantCode(t, "revoked", err, qingyuan.Unauthorized)
		if err := s.RevokeKey(ctx, boss.Principal, key.ID); err != nil {
			t.Errorf("revoked twice: %v", err)
		}
		for _, id := range []string{"", "key_x", "a\x00", qingyuan.NewID("key", c.now())} {
			wantCode(t, "unknown key", s.RevokeKey(ctx, boss.Principal, id), qingyuan.NotFound)
		}
		if got := emitted(t, db)[before:]; !slices.Equal(got, []string{"key.created " + key.ID, "key.revoked " + key.ID}) {
			t.Errorf("emitted %q", got)
		}
		_, _, err = s.Keys(ctx, user(auth.Analyst), qingyuan.Page{})
		wantCode(t, "an analyst lists keys", err, qingyuan.Forbidden)
		wantCode(t, "an analyst revokes", s.RevokeKey(ctx, user(auth.Analyst), key.ID), qingyuan.Forbidden)
	})
}

func TestKeySpec(t *testing.T) {
	db := storetest.Open(t, t.TempDir()+"/q.db", auth.Migrations())
	s, c := service(t, db)
	boss, _ := admin(t, s)
	for what, change := range map[string]func(*auth.KeySpec){
		"no name":         func(k *auth.KeySpec) { k.Name = " " },
		"long name":       func(k *auth.KeySpec) { k.Name = strings.Repeat("x", 65) },
		"control":         func(k *auth.KeySpec) { k.Name = "a\x00b" },
		"not utf-8":       func(k *auth.KeySpec) { k.Name = "a\xffb" },
		"no role":         func(k *auth.KeySpec) { k.Role = "" },
		"no scopes":       func(k *auth.KeySpec) { k.Scopes = nil },
		"beyond the role": func(k *auth.KeySpec) { k.Role = auth.Auditor },
		"unknown scope":   func(k *auth.KeySpec) { k.Scopes = []auth.Permission{{}} },
		"managing": func(k *auth.KeySpec) {
			k.Role, k.Scopes = auth.Admin, []auth.Permission{{Resource: auth.APIKeys, Action: auth.Manage}}
		},
		"expired already": func(k *auth.KeySpec) { k.ExpiresAt = c.now() },
		"without end":     func(k *auth.KeySpec) { k.ExpiresAt = c.now().Add(731 * 24 * time.Hour) },
	} {
		k := spec
		change(&k)
		_, _, err := s.CreateKey(ctx, boss.Principal, k)
		wantCode(t, what, err, qingyuan.Invalid)
	}
	_, _, err := s.CreateKey(ctx, user(auth.Analyst), spec)
	wantCode(t, "by an analyst", err, qingyuan.Forbidden)
	for range 3 {
		if _, _, err := s.CreateKey(ctx, boss.Principal, spec); err != nil {
			t.Fatal(err)
		}
	}
	first, next, err := s.Keys(ctx, boss.Principal, qingyuan.Page{Limit: 2})
	if err != nil || len(first) != 2 || next == "" {
		t.Fatalf("%+v %v", first, err)
	}
	rest, end, err := s.Keys(ctx, boss.Principal, qingyuan.Page{Limit: 2, Cursor: next})
	if err != nil || len(rest) != 1 || end != "" || rest[0].ID == first[1].ID || rest[0].ID == first[0].ID {
		t.Fatalf("%+v %v", rest, err)
	}
}

func TestKeyExpiresWhileItIsRemembered(t *testing.T) {
	each(t, func(t *testing.T, _ *store.DB, s *auth.Service, c *clock) {
		boss, _ := admin(t, s)
		short := spec
		short.ExpiresAt = c.now().Add(3 * time.Second)
		secret, _, err := s.CreateKey(ctx, boss.Principal, short)
		if err != nil {
			t.Fatal(err)
		}
		c.advance(2 * time.Second)
		if _, err := s.Key(ctx, secret); err != nil {
			t.Fatal(err)
		}
		c.advance(time.Second)
		for range 2 {
			_, err = s.Key(ctx, secret)
			wantCode(t, "expired", err, qingyuan.Unauthorized)
		}
	})
}

// A second process does not hear of a revocation, but asks again after five seconds.
func TestRevocationReachesOtherProcesses(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, s *auth.Service, _ *clock) {
		boss, _ := admin(t, s)
		other, c := service(t, db)
		secret, key, err := s.CreateKey(ctx, boss.Principal, spec)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Key(ctx, secret); err != nil {
			t.Fatal(err)
		}
		if err := s.RevokeKey(ctx, boss.Principal, key.ID); err != nil {
			t.Fatal(err)
		}
		c.advance(5 * time.Second)
		_, err = other.Key(ctx, secret)
		wantCode(t, "after five seconds", err, qingyuan.Unauthorized)
	})
}

func TestLastUseIsStoredByTheSweep(t *testing.T) {
	each(t, func(t *testing.T, _ *store.DB, s *auth.Service, c *clock) {
		boss, _ := admin(t, s)
		secret, _, err := s.CreateKey(ctx, boss.Principal, spec)
		if err != nil {
			t.Fatal(err)
		}
		lastUse := func() time.Time {
			t.Helper()
			list, _, err := s.Keys(ctx, boss.Principal, qingyuan.Page{})
			if err != nil || len(list) != 1 {
				t.Fatalf("%+v, %v", list, err)
			}
			return list[0].LastUsedAt
		}
		use := func() time.Time {
			t.Helper()
			if _, err := s.Key(ctx, secret); err != nil {
				t.Fatal(err)
			}
			return c.now()
		}
		sweep := func() {
			t.Helper()
			if err := s.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
		}
		use()
		c.advance(time.Second)
		at := use()
		if !lastUse().IsZero() {
			t.Error("a use was written at once")
		}
		sweep()
		if got := lastUse(); !got.Equal(at) {
			t.Errorf("%v, want %v", got, at)
		}
		c.advance(time.Minute)
		sweep()
		if got := lastUse(); !got.Equal(at) {
			t.Errorf("without use: %v, want %v", got, at)
		}
		at = use()
		sweep()
		if got := lastUse(); !got.Equal(at) {
			t.Errorf("used again: %v, want %v", got, at)
		}
	})
}

// Whatever runs beside it, a key is refused from the moment its revocation has returned.
func TestRevocationIsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, _ *store.DB, s *auth.Service, c *clock) {
		boss, _ := admin(t, s)
		var mu sync.Mutex
		revoked := map[string]bool{}
		for range 20 {
			secret, key, err := s.CreateKey(ctx, boss.Principal, spec)
			if err != nil {
				t.Fatal(err)
			}
			stop := make(chan struct{})
			var callers sync.WaitGroup
			for range 4 {
				callers.Go(func() {
					for {
						mu.Lock()
						over := revoked[key.ID]
						mu.Unlock()
						_, err := s.Key(ctx, secret)
						if over && qingyuan.CodeOf(err) != qingyuan.Unauthorized {
							t.Errorf("taken after its revocation: %v", err)
						}
						c.advance(time.Second) // what is remembered becomes stale all the time
						select {
						case <-stop:
							return
						default:
						}
					}
				})
			}
			time.Sleep(2 * time.Millisecond)
			if err := s.RevokeKey(ctx, boss.Principal, key.ID); err != nil {
				t.Error(err)
			}
			mu.Lock()
			revoked[key.ID] = true
			mu.Unlock()
			time.Sleep(2 * time.Millisecond)
			close(stop)
			callers.Wait()
		}
	})
}

func BenchmarkKey(b *testing.B) {
	db := storetest.Open(b, b.TempDir()+"/q.db", auth.Migrations())
	s, _ := service(b, db)
	boss, _ := admin(b, s)
	secret, _, err := s.CreateKey(ctx, boss.Principal, spec)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		p, err := s.Key(ctx, secret)
		if err != nil || !p.Can(auth.Write, auth.Decisions) {
			b.Fatal(err)
		}
	}
}
