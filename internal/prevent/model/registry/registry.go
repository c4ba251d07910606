package registry

import (
	"context"
	"embed"
	"encoding/json"
	"io/fs"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/model"
	"qingyuan/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the package's migration line.
func Migrations() store.Line {
	files, _ := fs.Sub(migrations, "migrations")
	return store.Line{Name: "model", Files: files}
}

// ModelAdded is the outbox entry of a new model; subject: its version.
const ModelAdded = "model.added"

// maxNote is the length of a note in bytes.
const maxNote = 500

// Service keeps models. It is safe for concurrent use.
type Service struct {
	db     *store.DB
	loaded sync.Map // tenant/version → *model.Model; models are immutable and never go
}

// New makes a service.
func New(db *store.DB) *Service { return &Service{db: db} }

// Entry is one model in the registry.
type Entry struct {
	Version string
	Note    string // what whoever added it says of it
	Summary Summary
	Author  string
	AddedAt time.Time
}

// Summary is what a list shows of a model's card. The figures are out of fold.
type Summary struct {
	Target    string        `json:"target"`
	TrainedAt time.Time     `json:"trained_at"`
	Rows      int           `json:"rows"`
	Positives int           `json:"positives"`
	Columns   []string      `json:"columns"`
	Metrics   model.Metrics `json:"metrics"`
}

func summaryOf(m *model.Model) Summary {
	c := m.Card()
	return Summary{Target: c.Data.Target, TrainedAt: c.TrainedAt, Rows: c.Data.Labelled, Positives: c.Data.Positives, Columns: m.Columns(), Metrics: c.Metrics}
}

// Add verifies an archive ([model.Archive]) and keeps it. A version that is there already is left as it is, and added is false.
// Errors: invalid where the archive is damaged.
func (s *Service) Add(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, archive []byte, note string) (e *Entry, added bool, err error) {
	if len(note) > maxNote {
		return nil, false, qingyuan.FieldErrorf("note", "has at most %d bytes", maxNote)
	}
	m, err := model.ReadArchive(archive)
	if err != nil {
		return nil, false, err
	}
	summary, err := json.Marshal(summaryOf(m))
	if err != nil {
		return nil, false, err
	}
	err = s.db.Write(ctx, tenant, func(tx *store.Tx) error {
		all, err := entries(tx, `version = $2`, m.Version())
		if err != nil {
			return err
		}
		if len(all) > 0 {
			e, added = &all[0].Entry, false
			return nil
		}
		seq, err := tx.Emit(ModelAdded, m.Version(), nil)
		if err != nil {
			return err
		}
		now := tx.Now().UTC()
		_, err = tx.Exec(`INSERT INTO model (tenant, version, seq, note, summary, author, created_at, archive) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			m.Version(), seq, note, string(summary), actor.ID, now.UnixMicro(), archive)
		e, added = &Entry{Version: m.Version(), Note: note, Summary: summaryOf(m), Author: actor.ID, AddedAt: now}, true
		return err
	})
	return e, added, err
}

// Model is the tenant's model of that version, loaded. Errors: not_found.
func (s *Service) Model(tx *store.Tx, version string) (*model.Model, error) {
	key := string(tx.Tenant()) + "/" + version
	if m, ok := s.loaded.Load(key); ok {
		return m.(*model.Model), nil
	}
	archive, err := archiveOf(tx, version)
	if err != nil {
		return nil, err
	}
	m, err := model.ReadArchive(archive)
	if err != nil {
		return nil, err
	}
	m.Prepare()
	s.loaded.Store(key, m)
	return m, nil
}

// Get is one model with its entry. Errors: not_found.
func (s *Service) Get(ctx context.Context, tenant qingyuan.Tenant, version string) (e *Entry, m *model.Model, err error) {
	err = s.db.Read(ctx, tenant, func(tx *store.Tx) error {
		if m, err = s.Model(tx, version); err != nil {
			return err
		}
		all, err := entries(tx, `version = $2`, version)
		if err == nil {
			e = &all[0].Entry
		}
		return err
	})
	return e, m, err
}

// Archive is the model as it was added. Errors: not_found.
func (s *Service) Archive(ctx context.Context, tenant qingyuan.Tenant, version string) (archive []byte, err error) {
	err = s.db.Read(ctx, tenant, func(tx *store.Tx) error {
		archive, err = archiveOf(tx, version)
		return err
	})
	return archive, err
}

// List gives a page of the tenant's models, newest first, and the cursor of the next page, empty at the end.
func (s *Service) List(ctx context.Context, tenant qingyuan.Tenant, page qingyuan.Page) (out []Entry, next string, err error) {
	before, _, ok, err := page.Keyset()
	if err != nil {
		return nil, "", err
	}
	if !ok {
		before = 1 << 62
	}
	err = s.db.Read(ctx, tenant, func(tx *store.Tx) error {
		all, err := entries(tx, `seq < $2 ORDER BY seq DESC LIMIT $3`, before, page.Rows()+1)
		for i, e := range all {
			if i == page.Rows() {
				next = qingyuan.CursorOf(all[i-1].seq, all[i-1].Version)
				break
			}
			out = append(out, e.Entry)
		}
		return err
	})
	return out, next, err
}
