package keys_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"qingyuan"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

// hsm is a KEK whose bytes never leave it: it stands for a token or a key-management service. It can be told to fail.
type hsm struct {
	keys.KEK
	failAfter atomic.Int64 // calls; 0: never
}

func newHSM(t testing.TB, b byte) *hsm {
	t.Helper()
	local, err := keys.LocalKEK(bytes.Repeat([]byte{b}, 32), keys.SM4GCM)
	if err != nil {
		t.Fatal(err)
	}
	return &hsm{KEK: local}
}

func (h *hsm) Wrap(ctx context.Context, b []byte, bind string) ([]byte, error) {
	if h.failAfter.Add(-1) == 0 {
		return nil, errors.New("the token was pulled out")
	}
	return h.KEK.Wrap(ctx, b, bind)
}

func withKEKs(t testing.TB, db *store.DB, a keys.Algorithm, all ...keys.KEK) *keys.Ring {
	t.Helper()
	r, err := keys.New(keys.Config{DB: db, KEKs: all, Algorithm: a})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sealNew seals a value of a person and stores the person's key.
func sealNew(t testing.TB, db *store.DB, r *keys.Ring, person string) []byte {
	t.Helper()
	p, err := r.Person(ctx, T, person)
	if err != nil {
		t.Fatal(err)
	}
	sealed := p.Seal([]byte("secret of "+person), "x")
	if err := db.Write(ctx, T, func(tx *store.Tx) error { return p.Persist(tx) }); err != nil {
		t.Fatal(err)
	}
	return sealed
}

func opens(t testing.TB, r *keys.Ring, person string, sealed []byte) {
	t.Helper()
	if plain, err := r.Open(ctx, T, sealed, "x"); err != nil || string(plain) != "secret of "+person {
		t.Fatalf("%s: %q, %v", person, plain, err)
	}
}

// TestRotation changes every key while clients seal and open, breaks the change of the KEK off in the middle, and goes on.
func TestRotation(t *testing.T) {
	storetest.Each(t, []store.Line{keys.Migrations()}, func(t *testing.T, db *store.DB) {
		old, next := newHSM(t, 1), newHSM(t, 2)
		r := withKEKs(t, db, keys.AES256GCM, old)
		if err := db.CreateTenant(ctx, "t2", "two"); err != nil {
			t.Fatal(err)
		}
		for _, tenant := range []qingyuan.Tenant{T, "t2"} {
			if err := r.CreateTenant(ctx, tenant); err != nil {
				t.Fatal(err)
			}
		}
		var mu sync.Mutex
		all := map[string][]byte{}
		stop, stopped := make(chan struct{}), sync.Once{}
		end := func() { stopped.Do(func() { close(stop) }) }
		defer end()
		var load sync.WaitGroup
		for c := range 4 {
			load.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					name := fmt.Sprint("p", c, "-", n)
					sealed := sealNew(t, db, r, name)
					opens(t, r, name, sealed)
					mu.Lock()
					all[name] = sealed
					mu.Unlock()
				}
			})
		}
		blind, err := r.Blind(ctx, T, qingyuan.Phone, "1")
		if err != nil {
			t.Fatal(err)
		}
		next.failAfter.Store(2)
		if done, err := r.RotateKEK(ctx, next); err == nil || done != 1 {
			t.Fatalf("%d, %v", done, err)
		}
		if err := withKEKs(t, db, keys.AES256GCM, next).Check(ctx); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("half way the old KEK is needed: %v", err)
		}
		if err := withKEKs(t, db, keys.AES256GCM, next, old).Check(ctx); err != nil {
			t.Errorf("half way both open: %v", err)
		}
		if done, err := r.RotateKEK(ctx, next); err != nil || done != 3 {
			t.Fatalf("%d, %v", done, err)
		}
		for range 3 {
			if _, err := r.RotateTenant(ctx, T); err != nil {
				t.Fatal(err)
			}
		}
		end()
		load.Wait()
		if _, err := r.RotateTenant(ctx, T); err != nil {
			t.Fatal(err)
		}
		alone := withKEKs(t, db, keys.SM4GCM, next)
		if err := alone.Check(ctx); err != nil {
			t.Fatal(err)
		}
		if len(all) < 50 {
			t.Errorf("only %d values were sealed meanwhile", len(all))
		}
		for name, sealed := range all {
			opens(t, alone, name, sealed)
		}
		if again, err := alone.Blind(ctx, T, qingyuan.Phone, "1"); err != nil || again != blind {
			t.Errorf("the blind index changed: %v", err)
		}
		s, err := alone.Status(ctx, T)
		if err != nil || s.Pending != 0 || s.Persons != int64(len(all)) || s.KEK != next.ID() {
			t.Errorf("%+v, %v", s, err)
		}
		for _, k := range s.Keys {
			if k.KEK != next.ID() {
				t.Errorf("%+v", k)
			}
		}
		if err := withKEKs(t, db, keys.AES256GCM, old).Check(ctx); qingyuan.CodeOf(err) != qingyuan.Invalid || !strings.Contains(err.Error(), old.ID()) || !strings.Contains(err.Error(), next.ID()) {
			t.Errorf("the old KEK: %v", err)
		}
	})
}

// TestAlgorithms reads what both algorithms sealed, whichever seals now.
func TestAlgorithms(t *testing.T) {
	db := storetest.Open(t, t.TempDir()+"/q.db", keys.Migrations())
	kek := bytes.Repeat([]byte{9}, 32)
	aes, err := keys.New(keys.Config{DB: db, KEK: kek})
	if err != nil {
		t.Fatal(err)
	}
	sm4, err := keys.New(keys.Config{DB: db, KEK: kek, Algorithm: keys.SM4GCM})
	if err != nil {
		t.Fatal(err)
	}
	if err := aes.CreateTenant(ctx, T); err != nil {
		t.Fatal(err)
	}
	a, b := sealNew(t, db, aes, "ann"), sealNew(t, db, sm4, "bob")
	if a[0] != byte(keys.AES256GCM) || b[0] != byte(keys.SM4GCM) {
		t.Fatalf("%d, %d", a[0], b[0])
	}
	c := sealNew(t, db, sm4, "ann")
	if !bytes.Equal(a[1:9], c[1:9]) || c[0] != byte(keys.SM4GCM) {
		t.Error("the same person got another key")
	}
	for _, r := range []*keys.Ring{aes, sm4} {
		opens(t, r, "ann", a)
		opens(t, r, "bob", b)
		opens(t, r, "ann", c)
	}
	c[0] = 3
	if _, err := aes.Open(ctx, T, c, "x"); qingyuan.CodeOf(err) != qingyuan.Internal {
		t.Errorf("an unknown algorithm: %v", err)
	}
}

// TestDestroy ends a person while a handle is in use: what was sealed is gone, and nothing new is lost silently.
func TestDestroy(t *testing.T) {
	storetest.Each(t, []store.Line{keys.Migrations()}, func(t *testing.T, db *store.DB) {
		r := ring(t, db, bytes.Repeat([]byte{7}, 32))
		if err := r.CreateTenant(ctx, T); err != nil {
			t.Fatal(err)
		}
		a, b := sealNew(t, db, r, "ann"), sealNew(t, db, r, "bob")
		held, err := r.Person(ctx, T, "ann")
		if err != nil {
			t.Fatal(err)
		}
		no := errors.New("no")
		if err := db.Write(ctx, T, func(tx *store.Tx) error {
			if err := r.Destroy(tx, "ann"); err != nil {
				return err
			}
			return no
		}); !errors.Is(err, no) {
			t.Fatal(err)
		}
		opens(t, r, "ann", a)
		if err := db.Write(ctx, T, func(tx *store.Tx) error { return r.Destroy(tx, "ann") }); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Open(ctx, T, a, "x"); qingyuan.CodeOf(err) != qingyuan.NotFound {
			t.Errorf("after destruction: %v", err)
		}
		opens(t, r, "bob", b)
		if err := db.Write(ctx, T, func(tx *store.Tx) error { return held.Persist(tx) }); qingyuan.CodeOf(err) != qingyuan.Unavailable {
			t.Errorf("a handle from before: %v", err)
		}
		opens(t, r, "ann", sealNew(t, db, r, "ann"))
	})
}

func TestTokens(t *testing.T) {
	db := storetest.Open(t, t.TempDir()+"/q.db", keys.Migrations())
	r := ring(t, db, bytes.Repeat([]byte{7}, 32))
	if err := r.CreateTenant(ctx, T); err != nil {
		t.Fatal(err)
	}
	tokens := func(field, text string) map[string]bool {
		all, err := r.Tokens(ctx, T, field, text)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]bool{}
		for _, b := range all {
			out[string(b)] = true
		}
		return out
	}
	within := func(part, whole map[string]bool) bool {
		for b := range part {
			if !whole[b] {
				return false
			}
		}
		return len(part) > 0
	}
	address := tokens("address", "上海市 浦东新区张江路 88号")
	for part, want := range map[string]bool{"浦东新区": true, "张江路88": true, "浦西": false, "北京市": false} {
		if within(tokens("address", part), address) != want {
			t.Errorf("%s: want %v", part, want)
		}
	}
	if within(tokens("name", "浦东新区"), address) {
		t.Error("fields share tokens")
	}
	if len(tokens("name", "王")) != 1 || len(tokens("name", "——")) != 0 {
		t.Error("one character, none")
	}
}

// TestSources reads KEKs from a file, the environment and a program.
func TestSources(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "kek.key")
	if _, err := keys.Source(file).Load(ctx, keys.AES256GCM, false); qingyuan.CodeOf(err) != qingyuan.NotFound {
		t.Errorf("a missing file: %v", err)
	}
	a, err := keys.Source(file).Load(ctx, keys.AES256GCM, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.MakeKEK(file); qingyuan.CodeOf(err) != qingyuan.Conflict {
		t.Errorf("made over another: %v", err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("QY_TEST_KEK", string(text))
	b, err := keys.Source("env:QY_TEST_KEK").Load(ctx, keys.SM4GCM, false)
	if err != nil || a.ID() != b.ID() {
		t.Fatalf("%v", err)
	}
	if _, err := keys.Source("env:QY_TEST_NO_KEK").Load(ctx, keys.AES256GCM, true); qingyuan.CodeOf(err) != qingyuan.NotFound {
		t.Errorf("a missing variable: %v", err)
	}
	program := filepath.Join(dir, "token")
	script := "#!/bin/sh\ncase $1 in id) echo token-1;; wrap) read b; read bind; printf '%s %s' \"$bind\" \"$b\" | base64 -w0;; unwrap) read b; read bind; set -- $(echo \"$b\" | base64 -d); [ \"$1\" = \"$bind\" ] && echo \"$2\";; esac\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	c, err := keys.Source("command:"+program).Load(ctx, keys.AES256GCM, false)
	if err != nil || c.ID() != "token-1" {
		t.Fatalf("%v", err)
	}
	w, err := c.Wrap(ctx, []byte("key"), "here")
	if err != nil {
		t.Fatal(err)
	}
	if back, err := c.Unwrap(ctx, w, "here"); err != nil || string(back) != "key" {
		t.Errorf("%q, %v", back, err)
	}
	if _, err := c.Unwrap(ctx, w, "elsewhere"); err == nil {
		t.Error("moved, and it opens")
	}
	if _, err := keys.Source("command:"+dir+"/none").Load(ctx, keys.AES256GCM, false); qingyuan.CodeOf(err) != qingyuan.Unavailable {
		t.Errorf("no program: %v", err)
	}
	mixed, err := keys.LocalKEK(bytes.Repeat([]byte{3}, 32), keys.SM4GCM)
	if err != nil {
		t.Fatal(err)
	}
	if w, err = mixed.Wrap(ctx, bytes.Repeat([]byte{1}, 32), "here"); err != nil {
		t.Fatal(err)
	}
	plain, err := keys.LocalKEK(bytes.Repeat([]byte{3}, 32), keys.AES256GCM)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plain.Unwrap(ctx, w, "here"); err != nil {
		t.Errorf("wrapped with SM4: %v", err)
	}
}
