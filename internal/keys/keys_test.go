package keys_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"qingyuan"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

const T = storetest.Tenant

var ctx = context.Background()

func ring(t *testing.T, db *store.DB, kek []byte) *keys.Ring {
	t.Helper()
	r, err := keys.New(keys.Config{DB: db, KEK: kek})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealedValuesSurviveRestartAndErasureEndsThem(t *testing.T) {
	kek := bytes.Repeat([]byte{7}, 32)
	storetest.Each(t, []store.Line{keys.Migrations()}, func(t *testing.T, db *store.DB) {
		r := ring(t, db, kek)
		if err := r.CreateTenant(ctx, T); err != nil {
			t.Fatal(err)
		}
		p, err := r.Person(ctx, T, "abc")
		if err != nil {
			t.Fatal(err)
		}
		sealed := p.Seal([]byte("secret"), "event|1")
		if bytes.Contains(sealed, []byte("secret")) {
			t.Fatal("sealed value is readable")
		}
		if err := db.Write(ctx, T, func(tx *store.Tx) error { p.Persist(tx); return nil }); err != nil {
			t.Fatal(err)
		}
		again := ring(t, db, kek)
		if plain, err := again.Open(ctx, T, sealed, "event|1"); err != nil || string(plain) != "secret" {
			t.Fatalf("after restart: %q, %v", plain, err)
		}
		if _, err := again.Open(ctx, T, sealed, "event|2"); qingyuan.CodeOf(err) != qingyuan.Internal {
			t.Errorf("moved to another row: %v", err)
		}
		flipped := bytes.Clone(sealed)
		flipped[len(flipped)-1] ^= 1
		if _, err := again.Open(ctx, T, flipped, "event|1"); qingyuan.CodeOf(err) != qingyuan.Internal {
			t.Errorf("changed: %v", err)
		}
		if q, err := again.Person(ctx, T, "abc"); err != nil || !bytes.Equal(q.Seal(nil, "x")[1:9], sealed[1:9]) {
			t.Errorf("the person got another key: %v", err)
		}
		err = db.Write(ctx, T, func(tx *store.Tx) error {
			_, err := tx.Exec(`DELETE FROM person_key WHERE tenant = $1 AND person = $2`, "abc")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ring(t, db, kek).Open(ctx, T, sealed, "event|1"); qingyuan.CodeOf(err) != qingyuan.NotFound {
			t.Errorf("after erasure: %v", err)
		}
		if err := ring(t, db, bytes.Repeat([]byte{8}, 32)).Check(ctx); qingyuan.CodeOf(err) != qingyuan.Invalid || !strings.Contains(err.Error(), "does not open this database") {
			t.Errorf("wrong KEK: %v", err)
		}
	})
}

func TestBlind(t *testing.T) {
	db := storetest.Open(t, t.TempDir()+"/q.db", keys.Migrations())
	r := ring(t, db, bytes.Repeat([]byte{7}, 32))
	if err := db.CreateTenant(ctx, "t2", "two"); err != nil {
		t.Fatal(err)
	}
	for _, tenant := range []qingyuan.Tenant{T, "t2"} {
		if err := r.CreateTenant(ctx, tenant); err != nil {
			t.Fatal(err)
		}
	}
	blind := func(tenant qingyuan.Tenant, k qingyuan.EntityKind, v string) string {
		s, err := r.Blind(ctx, tenant, k, v)
		if err != nil || len(s) != 32 {
			t.Fatalf("%q, %v", s, err)
		}
		return s
	}
	a := blind(T, qingyuan.Phone, "+8613800000000")
	if a != blind(T, qingyuan.Phone, "+8613800000000") {
		t.Error("equal values, different indexes")
	}
	for name, b := range map[string]string{
		"other value":  blind(T, qingyuan.Phone, "+8613800000001"),
		"other kind":   blind(T, qingyuan.Person, "+8613800000000"),
		"other tenant": blind("t2", qingyuan.Phone, "+8613800000000"),
	} {
		if a == b {
			t.Error(name, "has the same index")
		}
	}
}

func TestKEKFile(t *testing.T) {
	path := t.TempDir() + "/k/kek.key"
	a, err := keys.LoadKEK(path)
	if err != nil || len(a) != 32 {
		t.Fatal(err)
	}
	if b, err := keys.LoadKEK(path); err != nil || !bytes.Equal(a, b) {
		t.Fatalf("second load: %v", err)
	}
	os.Chmod(path, 0o644)
	if _, err := keys.LoadKEK(path); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Errorf("readable by all: %v", err)
	}
	os.Chmod(path, 0o600)
	os.WriteFile(path, []byte("rubbish"), 0o600)
	if _, err := keys.LoadKEK(path); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Errorf("rubbish: %v", err)
	}
}

func BenchmarkSeal(b *testing.B) {
	db := storetest.Open(b, b.TempDir()+"/q.db", keys.Migrations())
	r, _ := keys.New(keys.Config{DB: db, KEK: make([]byte, 32)})
	r.CreateTenant(ctx, T)
	p, _ := r.Person(ctx, T, "x")
	body := make([]byte, 800)
	for b.Loop() {
		p.Seal(body, "event|evt_01")
		r.Blind(ctx, T, qingyuan.Phone, "+8613800000000")
	}
}
