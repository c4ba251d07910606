package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver
	_ "modernc.org/sqlite"             // the "sqlite" driver
)

// inspector looks into the database beside the running server.
type inspector struct {
	db       *sql.DB
	postgres bool
}

func inspect(s *server) (*inspector, error) {
	driver, dsn := "sqlite", "file:"+(&url.URL{Path: filepath.Join(s.dir, "qingyuan.db")}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(10000)"
	if s.database != "" {
		driver, dsn = "pgx", s.database
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &inspector{db: db, postgres: s.database != ""}, nil
}

func (i *inspector) close() { i.db.Close() }

// rows counts the rows of every table.
func (i *inspector) rows(ctx context.Context) (map[string]int64, error) {
	query := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
	if i.postgres {
		query = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	names, err := i.db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer names.Close()
	counts := map[string]int64{}
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			return nil, err
		}
		counts[name] = 0
	}
	if err := names.Err(); err != nil {
		return nil, err
	}
	names.Close()
	for name := range counts {
		var n int64
		if err := i.db.QueryRowContext(ctx, `SELECT count(*) FROM "`+name+`"`).Scan(&n); err != nil {
			return nil, err
		}
		counts[name] = n
	}
	return counts, nil
}

// bytes is the size of the database: pages in use, indexes included, the log before it left out.
func (i *inspector) bytes(ctx context.Context) (n int64, err error) {
	query := `SELECT (p.page_count - f.freelist_count) * s.page_size FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s`
	if i.postgres {
		query = `SELECT pg_database_size(current_database())`
	}
	err = i.db.QueryRowContext(ctx, query).Scan(&n)
	return n, err
}

// postmaster is the process that PostgreSQL's others are children of; 0 where it does not run on this machine.
func (i *inspector) postmaster(ctx context.Context) int {
	var backend int
	if !i.postgres || i.db.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&backend) != nil {
		return 0
	}
	fields, err := stat(backend)
	if err != nil {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}

// createDatabase makes an empty database on a PostgreSQL server and returns its URL and the way to drop it.
func createDatabase(ctx context.Context, server string) (database string, drop func() error, err error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, fmt.Errorf("the PostgreSQL URL is not valid: %w", err)
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", nil, err
	}
	name := fmt.Sprintf("bench_%d", time.Now().UnixNano())
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		admin.Close()
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() error {
		defer admin.Close()
		_, err := admin.Exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)")
		return err
	}, nil
}
