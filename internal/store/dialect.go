package store

import (
	"errors"
	"regexp"
	"strings"

	"qingyuan"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Dialect is the SQL engine behind a DB. Its methods are all the places where the two engines' texts differ.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// ForUpdate is the suffix that locks the selected rows until commit; SQLite's single writer needs none.
func (d Dialect) ForUpdate() string {
	if d == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// SkipLocked is the suffix that locks the selected rows and passes over rows locked by others.
func (d Dialect) SkipLocked() string {
	if d == Postgres {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

var sqliteOnly = regexp.MustCompile(`/\*sqlite:([^*]*)\*/`)

// expand replaces /*sqlite: … */ by its content on SQLite; elsewhere it stays a comment.
func (d Dialect) expand(text string) string {
	if d == SQLite {
		return sqliteOnly.ReplaceAllString(text, "$1")
	}
	return text
}

// classify turns a driver's error into the error a caller can act on. Errors that already are qingyuan's stay as they are.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var known *qingyuan.Error
	if errors.As(err, &known) {
		return err
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
			return qingyuan.Wrap(qingyuan.Conflict, err, "such a record exists already or refers to one that does not")
		}
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			return qingyuan.Wrap(qingyuan.Unavailable, err, "the database is full; nothing was stored")
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
			return qingyuan.Wrap(qingyuan.Unavailable, err, "the database cannot be written; nothing was stored")
		}
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case pg.Code == "23505", pg.Code == "23503":
			return qingyuan.Wrap(qingyuan.Conflict, err, "such a record exists already or refers to one that does not")
		case strings.HasPrefix(pg.Code, "53"), strings.HasPrefix(pg.Code, "57"), strings.HasPrefix(pg.Code, "58"),
			pg.Code == "25006", pg.Code == "40001", pg.Code == "40P01":
			return qingyuan.Wrap(qingyuan.Unavailable, err, "the database cannot take the request")
		}
		return err
	}
	if isConnectionError(err) {
		return qingyuan.Wrap(qingyuan.Unavailable, err, "the database cannot be reached")
	}
	return err
}
