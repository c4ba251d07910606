package auth

import (
	"context"
	"testing"

	"qingyuan"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"

	"github.com/alexedwards/argon2id"
)

// A password that is replaced while it is being compared opens nothing.
func TestPasswordReplacedDuringSignIn(t *testing.T) {
	storetest.Each(t, []store.Line{Migrations()}, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		s, err := New(Config{DB: db})
		if err != nil {
			t.Fatal(err)
		}
		name, password, _, err := s.Bootstrap(ctx, storetest.Tenant)
		if err != nil {
			t.Fatal(err)
		}
		open, _, err := s.SignIn(ctx, storetest.Tenant, name, password)
		if err != nil {
			t.Fatal(err)
		}
		by := open.Principal
		by.MustChange = false
		s.hasher.compare = func(password, hash string) (bool, error) {
			if _, err := s.ResetPassword(ctx, by, by.Actor.ID); err != nil {
				t.Error(err)
			}
			return argon2id.ComparePasswordAndHash(password, hash)
		}
		if _, _, err := s.SignIn(ctx, storetest.Tenant, name, password); qingyuan.CodeOf(err) != qingyuan.Unauthorized {
			t.Errorf("signed in with the old password: %v", err)
		}
	})
}
