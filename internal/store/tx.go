package store

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strings"
	"sync"
	"time"

	"qingyuan"
)

// Tx is one tenant's view of a transaction: a command's (from Write) or a reader's (from Read). It is not safe for
// concurrent use and must not be kept after the function it was given to returns.
type Tx struct {
	db     *DB
	ctx    context.Context
	tenant qingyuan.Tenant
	now    time.Time
	b      *batch  // nil for a reader
	read   *sql.Tx // nil for a command

	emitted *[]Entry // what the command emits, for those who asked with Then
}

// Tenant is the tenant whose rows tx sees.
func (tx *Tx) Tenant() qingyuan.Tenant { return tx.tenant }

// Now is one time for the whole command.
func (tx *Tx) Now() time.Time { return tx.now }

// Context is the transaction's own context, never a caller's in a command.
func (tx *Tx) Context() context.Context { return tx.ctx }

// Dialect is the engine the transaction runs on.
func (tx *Tx) Dialect() Dialect { return tx.db.dialect }

// Insert adds a row, which reaches the database at the latest when the transaction commits, and before any other
// statement of this or a later command. vals are the Inserter's columns in order, the tenant left out. A constraint
// violation fails this command alone.
func (tx *Tx) Insert(ins *Inserter, vals ...any) {
	tx.b.buffer(ins, string(tx.tenant), vals)
}

// Exec runs a statement with the tenant as $1 and args from $2 on, and returns the number of rows affected.
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	if err := tx.check(query); err != nil {
		return 0, err
	}
	if tx.b == nil {
		return 0, qingyuan.Errorf(qingyuan.Internal, "a reader cannot write")
	}
	if err := tx.b.direct(); err != nil {
		return 0, err
	}
	tx.b.written++
	res, err := tx.b.exec(query, tx.bind(args)...)
	if err != nil {
		return 0, classify(err)
	}
	return res.RowsAffected()
}

// Query runs a query with the tenant as $1 and args from $2 on. The caller closes the rows.
func (tx *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	if err := tx.check(query); err != nil {
		return nil, err
	}
	var rows *sql.Rows
	var err error
	if tx.b != nil {
		if err := tx.b.direct(); err != nil {
			return nil, err
		}
		rows, err = tx.b.query(query, tx.bind(args)...)
	} else {
		rows, err = tx.read.QueryContext(tx.ctx, query, tx.bind(args)...)
	}
	return rows, classify(err)
}

// Get runs a query for one row and scans it into dest. ok is false where there is no such row.
func (tx *Tx) Get(query string, args []any, dest ...any) (ok bool, err error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return false, classify(rows.Err())
	}
	if err := rows.Scan(dest...); err != nil {
		return false, err
	}
	return true, classify(rows.Err())
}

// Emit appends a row to the outbox under the tenant's next seq. data holds ids, blind keys and codes only.
func (tx *Tx) Emit(kind, subject string, data []byte) (seq int64, err error) {
	last, err := tx.LastSeq()
	if err != nil {
		return 0, err
	}
	if data == nil {
		data = []byte{}
	}
	seq = last + 1
	tx.b.seqs[tx.tenant].last = seq
	if tx.emitted != nil {
		*tx.emitted = append(*tx.emitted, Entry{Seq: seq, Kind: kind, Subject: subject, At: tx.now, Data: data})
	}
	tx.Insert(outboxRow, seq, kind, subject, tx.now.UnixMicro(), data)
	return seq, nil
}

var outboxRow = Into("outbox", "seq", "kind", "subject", "at", "data")

// LastSeq is the tenant's last seq, this transaction's own included. In a command no one else can move it until commit.
func (tx *Tx) LastSeq() (int64, error) {
	if tx.b == nil {
		var last int64
		_, err := tx.Get(`SELECT last FROM sequence WHERE tenant = $1`, nil, &last)
		return last, err
	}
	return tx.b.sequence(tx.tenant)
}

// OnUndo registers the way back from a change to memory. Undos run in reverse order.
func (tx *Tx) OnUndo(f func()) { tx.b.undo = append(tx.b.undo, f) }

// OnCommit registers what is to happen in memory once the rows are on disk, before the caller is answered.
func (tx *Tx) OnCommit(f func()) { tx.b.after = append(tx.b.after, f) }

func (tx *Tx) bind(args []any) []any {
	return append([]any{string(tx.tenant)}, args...)
}

var (
	checked    sync.Map // statement text → error or nil: the check is pure, so this is a cache and not state
	tableRef   = regexp.MustCompile(`(?i)\b(?:from|join|update)\s+([a-z_][a-z_0-9]*)`)
	tenantTerm = regexp.MustCompile(`(?i)\btenant\s*=\s*\$1\b`)
	insertHead = regexp.MustCompile(`(?is)^\s*insert\s+into\s+[a-z_0-9]+\s*\(\s*tenant\b[^)]*\)\s*(values\s*\(\s*\$1\b|select\b)`)
)

// check refuses a statement that could touch another tenant's rows: every table named after FROM, JOIN or UPDATE needs
// its own "tenant = $1", and an INSERT must begin with the tenant column bound to $1.
func (tx *Tx) check(query string) error {
	if known, ok := checked.Load(query); ok {
		err, _ := known.(error)
		return err
	}
	err := checkTenant(query)
	if err != nil {
		checked.Store(query, err)
	} else {
		checked.Store(query, nil)
	}
	return err
}

func checkTenant(query string) error {
	text := strings.ReplaceAll(query, "DO UPDATE SET", "DO SET")
	tables := 0
	for _, m := range tableRef.FindAllStringSubmatch(text, -1) {
		if name := strings.ToLower(m[1]); name != "of" && name != "skip" && !strings.HasPrefix(name, "cte_") && !strings.HasPrefix(name, "json_") {
			tables++
		}
	}
	head := strings.ToLower(strings.TrimSpace(text))
	if strings.HasPrefix(head, "insert") && !insertHead.MatchString(text) {
		return qingyuan.Errorf(qingyuan.Internal, "statement refused: an INSERT must begin with (tenant, …) VALUES ($1, …): %s", query)
	}
	if got := len(tenantTerm.FindAllString(text, -1)); got < tables {
		return qingyuan.Errorf(qingyuan.Internal, "statement refused: %d tables but %d × \"tenant = $1\": %s", tables, got, query)
	}
	return nil
}

// Read runs fn on a snapshot of the tenant's rows.
func (db *DB) Read(ctx context.Context, tenant qingyuan.Tenant, fn func(*Tx) error) error {
	if !tenant.Valid() {
		return qingyuan.Errorf(qingyuan.Invalid, "not a tenant name")
	}
	opts := &sql.TxOptions{ReadOnly: true}
	if db.dialect == Postgres {
		opts.Isolation = sql.LevelRepeatableRead
	}
	read, err := db.read.BeginTx(ctx, opts)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return classify(err)
	}
	defer read.Rollback()
	return fn(&Tx{db: db, ctx: ctx, tenant: tenant, now: db.Now(), read: read})
}

// Get reads at most one row of the tenant's in a statement of its own, far cheaper than a [DB.Read] of one query. The statement stays
// prepared, so its text must be a constant. ok is false where there is no such row.
func (db *DB) Get(ctx context.Context, tenant qingyuan.Tenant, query string, args []any, dest ...any) (ok bool, err error) {
	if !tenant.Valid() {
		return false, qingyuan.Errorf(qingyuan.Invalid, "not a tenant name")
	}
	prepared, known := db.prepared.Load(query)
	if !known {
		if err := checkTenant(query); err != nil {
			return false, err
		}
		s, err := db.read.PrepareContext(ctx, query)
		if err != nil {
			return false, classify(err)
		}
		if prepared, known = db.prepared.LoadOrStore(query, s); known {
			s.Close()
		}
	}
	err = prepared.(*sql.Stmt).QueryRowContext(ctx, append([]any{string(tenant)}, args...)...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, classify(err)
}

// System runs fn in a transaction outside every tenant: for the tenants themselves and for what belongs to the
// installation. It must not touch a table with a tenant column.
func (db *DB) System(ctx context.Context, fn func(*sql.Tx) error) error {
	sys, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return classify(err)
	}
	defer sys.Rollback()
	if err := fn(sys); err != nil {
		return classify(err)
	}
	return classify(sys.Commit())
}

// CreateTenant adds a tenant. Errors: invalid for a bad name, conflict where it exists.
func (db *DB) CreateTenant(ctx context.Context, t qingyuan.Tenant, title string) error {
	if !t.Valid() {
		return qingyuan.FieldErrorf("tenant", "must be 1–40 of a–z, 0–9 and '-'")
	}
	return db.System(ctx, func(sys *sql.Tx) error {
		_, err := sys.ExecContext(ctx, `INSERT INTO tenant (name, title, created_at) VALUES ($1, $2, $3)`, string(t), title, db.Now().UnixMicro())
		if err != nil {
			return err
		}
		_, err = sys.ExecContext(ctx, `INSERT INTO sequence (tenant, last) VALUES ($1, 0)`, string(t))
		return err
	})
}

// Tenants lists the tenants by name.
func (db *DB) Tenants(ctx context.Context) ([]qingyuan.Tenant, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT name FROM tenant ORDER BY name`)
	if err != nil {
		return nil, classify(err)
	}
	defer rows.Close()
	var all []qingyuan.Tenant
	for rows.Next() {
		var t qingyuan.Tenant
		if err := rows.Scan(&t); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, classify(rows.Err())
}

// Inspect runs fn in a read-only transaction over all tenants: for tests and tools that look at the whole record.
func (db *DB) Inspect(ctx context.Context, fn func(*sql.Tx) error) error {
	read, err := db.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return classify(err)
	}
	defer read.Rollback()
	return fn(read)
}
