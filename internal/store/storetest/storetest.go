// Package storetest runs one test on both SQL engines.
//
// PostgreSQL is found through QINGYUAN_TEST_POSTGRES, the URL of a server on which databases may be made
// (scripts/postgres.sh starts a throw-away one). Without it the PostgreSQL half is skipped, except with CI=true, where
// that is an error.
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// Tenant is the tenant that Each and Open make.
const Tenant qingyuan.Tenant = "t1"

// Each runs fn on a new SQLite database and on a new PostgreSQL database, each with tenant [Tenant] and lines applied.
func Each(t *testing.T, lines []store.Line, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	EachURL(t, func(t *testing.T, url string) { fn(t, Open(t, url, lines...)) })
}

// EachURL runs fn with the URL of a new, empty database on each engine, for tests that open and reopen it themselves.
func EachURL(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		fn(t, filepath.Join(t.TempDir(), "q.db"))
	})
	t.Run("postgres", func(t *testing.T) { fn(t, PostgresURL(t)) })
}

// Open opens url, applies lines and makes the tenant where it is missing. The database is closed with the test.
func Open(t testing.TB, url string, lines ...store.Line) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), store.Config{URL: url})
	if err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(context.Background(), lines...); err != nil {
		t.Fatalf("migrate: %v", err)
	}
	if err := db.CreateTenant(context.Background(), Tenant, "Test"); err != nil && qingyuan.CodeOf(err) != qingyuan.Conflict {
		t.Fatalf("create tenant: %v", err)
	}
	return db
}

var databases atomic.Int64 // names must differ within one test process

// PostgresURL makes an empty database on the test server and returns its URL; it is dropped with the test.
func PostgresURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv("QINGYUAN_TEST_POSTGRES")
	if server == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("QINGYUAN_TEST_POSTGRES is not set: run through make test, which starts PostgreSQL")
		}
		t.Skip("QINGYUAN_TEST_POSTGRES is not set: run through make test, or eval \"$(scripts/postgres.sh start)\"")
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	name := fmt.Sprintf("qy_%d_%d_%d", os.Getpid(), time.Now().UnixNano()%1e9, databases.Add(1))
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		admin, err := sql.Open("pgx", server)
		if err == nil {
			defer admin.Close()
			_, err = admin.Exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)")
		}
		if err != nil {
			t.Logf("drop database %s: %v", name, err)
		}
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
