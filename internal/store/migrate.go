package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"qingyuan"
)

// Line is one package's migrations: files NNNN_name.sql, applied in order of name, each once. A file NNNN_name.sqlite.sql
// or NNNN_name.postgres.sql is for that engine only.
type Line struct {
	Name  string
	Files fs.FS
}

// Migrate brings each line up to date, every file in a transaction of its own. A file that was applied and has changed
// since is refused (conflict), as is a database that is ahead of this program.
func (db *DB) Migrate(ctx context.Context, lines ...Line) error {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return classify(err)
	}
	defer conn.Close()
	if db.dialect == Postgres {
		if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(7150001)`); err != nil {
			return classify(err)
		}
		defer conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(7150001)`)
	}
	_, err = conn.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migration (line text NOT NULL, name text NOT NULL, hash text NOT NULL, applied_at bigint NOT NULL, PRIMARY KEY (line, name))`)
	if err != nil {
		return classify(err)
	}
	for _, l := range lines {
		if err := db.migrateLine(ctx, conn, l); err != nil {
			return fmt.Errorf("migrate %s: %w", l.Name, err)
		}
	}
	return nil
}

func (db *DB) migrateLine(ctx context.Context, conn *sql.Conn, l Line) error {
	applied := map[string]string{}
	rows, err := conn.QueryContext(ctx, `SELECT name, hash FROM migration WHERE line = $1`, l.Name)
	if err != nil {
		return classify(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, hash string
		if err := rows.Scan(&name, &hash); err != nil {
			return err
		}
		applied[name] = hash
	}
	if err := rows.Err(); err != nil {
		return classify(err)
	}
	names, err := db.filesOf(l)
	if err != nil {
		return err
	}
	for _, name := range names {
		body, err := fs.ReadFile(l.Files, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		hash := hex.EncodeToString(sum[:])
		switch was, ok := applied[name]; {
		case ok && was != hash:
			return qingyuan.Errorf(qingyuan.Conflict, "migration %s of %s was changed after it was applied", name, l.Name)
		case ok:
			delete(applied, name)
			continue
		}
		if err := db.apply(ctx, conn, l.Name, name, hash, string(body)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for name := range applied {
		return qingyuan.Errorf(qingyuan.Conflict, "the database has migration %s of %s, which this program does not know: it is older than the database", name, l.Name)
	}
	return nil
}

func (db *DB) filesOf(l Line) ([]string, error) {
	all, err := fs.Glob(l.Files, "*.sql")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range all {
		base := strings.TrimSuffix(path.Base(name), ".sql")
		if engine := path.Ext(base); engine != "" && engine != "."+string(db.dialect) {
			continue
		}
		names = append(names, name)
	}
	sort.Strings(names)
	return names, nil
}

func (db *DB) apply(ctx context.Context, conn *sql.Conn, line, name, hash, body string) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return classify(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, db.dialect.expand(body)); err != nil {
		return classify(err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO migration (line, name, hash, applied_at) VALUES ($1, $2, $3, $4)`, line, name, hash, db.Now().UnixMicro()); err != nil {
		return classify(err)
	}
	return classify(tx.Commit())
}
