package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"qingyuan"

	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver
)

//go:embed migrations/*.sql
var migrations embed.FS

// Config says which database to open and how the writer behaves.
type Config struct {
	URL      string           // postgres://… or the path of a SQLite file
	Log      *slog.Logger     // nil: slog.Default()
	Now      func() time.Time // nil: time.Now
	MaxBatch int              // commands in one commit; 0: 256
	MaxQueue int              // commands waiting per writer before Write refuses with too_many; 0: 4096
}

// DB is an open database with its writers. It is safe for concurrent use.
type DB struct {
	dialect Dialect
	cfg     Config
	write   *sql.DB
	read    *sql.DB
	watch   watchers
	leases  leases

	prepared sync.Map // text → *sql.Stmt on read, for Get

	mu      sync.Mutex
	writers map[qingyuan.Tenant]*writer
	closed  bool
	lock    io.Closer
}

// Open opens the database, takes the process lock (one process per SQLite file) and applies store's own migrations.
// Other packages' lines are applied with Migrate. Errors: invalid for a bad URL or a PostgreSQL database whose
// collation is not C; unavailable where the database cannot be reached or another process holds it.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.MaxBatch <= 0 {
		cfg.MaxBatch = 256
	}
	if cfg.MaxQueue <= 0 {
		cfg.MaxQueue = 4096
	}
	db := &DB{cfg: cfg, writers: map[qingyuan.Tenant]*writer{}}
	var err error
	if strings.HasPrefix(cfg.URL, "postgres://") || strings.HasPrefix(cfg.URL, "postgresql://") {
		err = db.openPostgres(ctx)
	} else {
		err = db.openSQLite(ctx)
	}
	if err != nil {
		db.closePools()
		return nil, err
	}
	own, _ := fs.Sub(migrations, "migrations")
	if err := db.Migrate(ctx, Line{Name: "store", Files: own}); err != nil {
		db.closePools()
		return nil, err
	}
	return db, nil
}

func (db *DB) openSQLite(ctx context.Context) error {
	path := db.cfg.URL
	if path == "" {
		return qingyuan.Errorf(qingyuan.Invalid, "no database given: want a file path or postgres://…")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return qingyuan.Wrap(qingyuan.Unavailable, err, "cannot make the directory of the database file")
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return err
	}
	db.dialect, db.lock = SQLite, lock
	// Small pages: most of what a commit writes are single rows in the middle of indexes by blind key.
	dsn := func(extra ...string) string {
		q := url.Values{"_pragma": append([]string{"page_size(2048)", "busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)",
			"temp_store(MEMORY)", "mmap_size(268435456)"}, extra...)}
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	}
	if db.write, err = sql.Open("sqlite", dsn("cache_size(-8192)", "wal_autocheckpoint(0)")); err != nil {
		return fmt.Errorf("open SQLite: %w", err)
	}
	db.write.SetMaxOpenConns(1)
	if err := db.write.PingContext(ctx); err != nil {
		return qingyuan.Wrap(qingyuan.Unavailable, err, "cannot open the database file "+filepath.Base(path))
	}
	if db.read, err = sql.Open("sqlite", dsn("query_only(ON)", "cache_size(-16384)")); err != nil {
		return fmt.Errorf("open SQLite for reading: %w", err)
	}
	db.read.SetMaxOpenConns(8)
	db.read.SetMaxIdleConns(8)
	return nil
}

func (db *DB) openPostgres(ctx context.Context) error {
	db.dialect = Postgres
	dsn, err := withSettings(db.cfg.URL)
	if err != nil {
		return err
	}
	pool, err := sql.Open("pgx", dsn)
	if err != nil {
		return qingyuan.Wrap(qingyuan.Invalid, err, "the PostgreSQL URL is not valid")
	}
	pool.SetMaxOpenConns(32)
	pool.SetMaxIdleConns(16)
	db.write, db.read = pool, pool
	var collation string
	err = pool.QueryRowContext(ctx, `SELECT datcollate FROM pg_database WHERE datname = current_database()`).Scan(&collation)
	if err != nil {
		return qingyuan.Wrap(qingyuan.Unavailable, err, "cannot reach PostgreSQL")
	}
	if collation != "C" && collation != "C.UTF-8" && collation != "C.utf8" {
		return qingyuan.Errorf(qingyuan.Invalid, "the PostgreSQL database has collation %q: create it with LC_COLLATE 'C.UTF-8' (TEMPLATE template0), else paging would skip rows", collation)
	}
	return nil
}

// sessionSettings make the server end sessions of processes that hang within a transaction or whose machine is gone, so that
// the rows they lock become free.
var sessionSettings = map[string]string{"idle_in_transaction_session_timeout": "20000", "tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}

// withSettings adds the session settings to a URL that does not set them itself.
func withSettings(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", qingyuan.Errorf(qingyuan.Invalid, "the PostgreSQL URL is not valid") // the cause may hold the password
	}
	q := u.Query()
	for name, value := range sessionSettings {
		if !q.Has(name) {
			q.Set(name, value)
		}
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// Dialect is the engine behind db.
func (db *DB) Dialect() Dialect { return db.dialect }

// Now is the store's clock.
func (db *DB) Now() time.Time { return db.cfg.Now() }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	return classify(db.read.QueryRowContext(ctx, `SELECT 1`).Scan(&one))
}

// Close lets the writers finish what they have taken, then closes the database. Later calls fail with unavailable.
func (db *DB) Close() error {
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return nil
	}
	db.closed = true
	ws := make([]*writer, 0, len(db.writers))
	for _, w := range db.writers {
		ws = append(ws, w)
	}
	db.mu.Unlock()
	for _, w := range ws {
		w.stop()
	}
	return db.closePools()
}

func (db *DB) closePools() error {
	var errs []error
	if db.read != nil && db.read != db.write {
		errs = append(errs, db.read.Close())
	}
	if db.write != nil {
		errs = append(errs, db.write.Close())
	}
	if db.lock != nil {
		errs = append(errs, db.lock.Close())
	}
	return errors.Join(errs...)
}

func isConnectionError(err error) bool {
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, sql.ErrConnDone) || errors.As(err, &network) ||
		strings.Contains(err.Error(), "conn closed")
}
