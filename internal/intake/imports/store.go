package imports

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"io/fs"
	"time"

	"qingyuan"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the package's migration line.
func Migrations() store.Line {
	files, _ := fs.Sub(migrations, "migrations")
	return store.Line{Name: "imports", Files: files}
}

func nameOf(id string) string    { return "import|name|" + id }
func errorOf(id string) string   { return "import|error|" + id }
func refusalOf(id string) string { return "import_refusal|" + id }

func (s *Service) insert(tx *store.Tx, i *Import, key *keys.Person) error {
	_, err := tx.Exec(`INSERT INTO import (tenant, id, mapping, revision, source, state, blob, size, name, actor_kind, actor, confirmed_by, created_at,
		dry_rows, dry_refused, rows_in, stored, repeated, refused) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', $12, 0, 0, 0, 0, 0, 0)`,
		i.ID, i.Mapping, i.Revision, i.Source, string(i.State), i.blob, i.Size, key.Seal([]byte(i.Name), nameOf(i.ID)), string(i.By.Kind), i.By.ID, i.CreatedAt.UnixMicro())
	return err
}

const columns = `id, mapping, revision, source, state, blob, size, name, error, actor_kind, actor, confirmed_by, created_at, checked_at, finished_at,
	dry_rows, dry_refused, rows_in, stored, repeated, refused, first_seq, last_seq, counted`

func (s *Service) read(tx *store.Tx, where string, args ...any) ([]*Import, error) {
	rows, err := tx.Query(`SELECT `+columns+` FROM import WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Import
	for rows.Next() {
		i := &Import{}
		var name, reason []byte
		var created int64
		var checked, finished, first, last, counted sql.NullInt64
		err := rows.Scan(&i.ID, &i.Mapping, &i.Revision, &i.Source, &i.State, &i.blob, &i.Size, &name, &reason, &i.By.Kind, &i.By.ID, &i.ConfirmedBy, &created, &checked, &finished,
			&i.Dry.Rows, &i.Dry.Refused, &i.Tally.Rows, &i.Tally.Stored, &i.Tally.Repeated, &i.Tally.Refused, &first, &last, &counted)
		if err != nil {
			return nil, err
		}
		i.CreatedAt, i.CheckedAt, i.FinishedAt = time.UnixMicro(created).UTC(), moment(checked), moment(finished)
		i.firstSeq, i.lastSeq, i.Counted = first.Int64, last.Int64, -1
		if counted.Valid {
			i.Counted = counted.Int64
		}
		if i.Name, err = s.text(tx, name, nameOf(i.ID)); err != nil {
			return nil, err
		}
		if i.Error, err = s.text(tx, reason, errorOf(i.ID)); err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, rows.Err()
}

// text opens a sealed text; empty where there is none.
func (s *Service) text(tx *store.Tx, sealed []byte, place string) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	plain, err := s.cfg.Keys.Open(tx.Context(), tx.Tenant(), sealed, place)
	return string(plain), err
}

func moment(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.UnixMicro(n.Int64).UTC()
}

func (s *Service) get(tx *store.Tx, id string) (*Import, error) {
	all, err := s.read(tx, `id = $2`, id)
	if err == nil && len(all) == 0 {
		err = qingyuan.Errorf(qingyuan.NotFound, "there is no such import")
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Get reads one import. Errors: not_found.
func (s *Service) Get(ctx context.Context, t qingyuan.Tenant, id string) (i *Import, err error) {
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		i, err = s.get(tx, id)
		return err
	})
	return i, err
}

// List reads imports, newest first, and gives the cursor of the next page, empty at the end.
func (s *Service) List(ctx context.Context, t qingyuan.Tenant, page qingyuan.Page) (all []*Import, next string, err error) {
	before, id, given, err := page.Keyset()
	if err != nil {
		return nil, "", err
	}
	if !given {
		before = 1 << 62
	}
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		all, err = s.read(tx, `(created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4`, before, id, page.Rows()+1)
		return err
	})
	if len(all) > page.Rows() {
		all = all[:page.Rows()]
		last := all[len(all)-1]
		next = qingyuan.CursorOf(last.CreatedAt.UnixMicro(), last.ID)
	}
	return all, next, err
}

// Refusals calls fn for each refused row, in the order of the file: of the dry run, or of the run. Errors: not_found; fn's own.
func (s *Service) Refusals(ctx context.Context, t qingyuan.Tenant, id string, dry bool, fn func(Refusal) error) error {
	if _, err := s.Get(ctx, t, id); err != nil {
		return err
	}
	const page = 1000
	for after := int64(-1); ; {
		var some []Refusal
		err := s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
			rows, err := tx.Query(`SELECT n, sealed FROM import_refusal WHERE tenant = $1 AND import = $2 AND dry = $3 AND n > $4 ORDER BY n LIMIT $5`, id, dry, after, page)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var sealed []byte
				if err := rows.Scan(&after, &sealed); err != nil {
					return err
				}
				plain, err := s.cfg.Keys.Open(ctx, t, sealed, refusalOf(id))
				if err != nil {
					return err
				}
				var r Refusal
				if err := json.Unmarshal(plain, &r); err != nil {
					return err
				}
				some = append(some, r)
			}
			return rows.Err()
		})
		if err != nil {
			return err
		}
		for _, r := range some {
			if err := fn(r); err != nil {
				return err
			}
		}
		if len(some) < page {
			return nil
		}
	}
}
