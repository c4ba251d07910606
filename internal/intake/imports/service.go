package imports

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"unicode/utf8"

	"qingyuan"
	"qingyuan/internal/blob"
	"qingyuan/internal/intake"
	"qingyuan/internal/intake/sheet"
	"qingyuan/internal/jobs"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
)

// Recorder puts prepared events on the record within a command.
type Recorder interface {
	Detect(ctx context.Context, e *qingyuan.Event) []qingyuan.Signal
	RecordWithin(tx *store.Tx, p *intake.Prepared, signals []qingyuan.Signal) error
}

// Config says what the service stands on.
type Config struct {
	DB       *store.DB
	Keys     *keys.Ring
	Events   *intake.Service
	Recorder Recorder
	Blobs    *blob.Store
	Jobs     *jobs.Service
	Limits   sheet.Limits // zero: sheet.DefaultLimits
	Piece    int          // rows of one transaction; 0: 256
	Log      *slog.Logger
}

// Service imports files. It is safe for concurrent use.
type Service struct{ cfg Config }

// The kinds of job.
const (
	jobCheck     = "import.check"
	jobRun       = "import.run"
	jobReconcile = "import.reconcile"
)

// New makes a service and registers its jobs.
func New(cfg Config) (*Service, error) {
	if cfg.DB == nil || cfg.Keys == nil || cfg.Events == nil || cfg.Recorder == nil || cfg.Blobs == nil || cfg.Jobs == nil {
		return nil, qingyuan.Errorf(qingyuan.Internal, "imports need a database, keys, intake, a recorder, blobs and jobs")
	}
	if cfg.Limits == (sheet.Limits{}) {
		cfg.Limits = sheet.DefaultLimits()
	}
	if cfg.Piece <= 0 {
		cfg.Piece = 256
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	s := &Service{cfg}
	if err := cfg.Jobs.Register(jobCheck, s.check, jobs.Concurrency(1)); err != nil {
		return nil, err
	}
	if err := cfg.Jobs.Register(jobRun, s.run, jobs.Concurrency(1), jobs.WhereHeld()); err != nil {
		return nil, err
	}
	if err := cfg.Jobs.Register(jobReconcile, s.reconcileJob); err != nil {
		return nil, err
	}
	cfg.Jobs.Every(jobs.Daily(1, 0, zone()), jobs.Spec{Kind: jobReconcile})
	return s, nil
}

// workers is how many rows are prepared at once.
func workers() int { return max(1, runtime.GOMAXPROCS(0)) }

// Upload is a new file.
type Upload struct {
	Name    string // what its sender calls it
	Mapping string // name, or name@revision; empty: CloudEvents as JSON lines
	Body    io.Reader
}

// Receive stores an upload and begins its dry run. Errors: invalid for the name, for what is larger than a blob may be; not_found for
// the mapping.
func (s *Service) Receive(ctx context.Context, t qingyuan.Tenant, by qingyuan.Actor, u Upload) (*Import, error) {
	u.Name = strings.TrimSpace(u.Name)
	if u.Name == "" || len(u.Name) > 255 || !utf8.ValidString(u.Name) {
		return nil, qingyuan.FieldErrorf("name", "must have 1 to 255 bytes of UTF-8")
	}
	now := s.cfg.DB.Now()
	i := &Import{ID: qingyuan.NewID("imp", now), Name: u.Name, State: Checking, By: by, CreatedAt: now.UTC(), Counted: -1}
	if u.Mapping != "" {
		m, err := s.mapping(ctx, t, u.Mapping)
		if err != nil {
			return nil, err
		}
		i.Mapping, i.Revision, i.Source = m.Name, m.revision, m.Source
	}
	key, err := s.cfg.Keys.Person(ctx, t, "")
	if err != nil {
		return nil, err
	}
	if err := s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error { key.Persist(tx); return nil }); err != nil {
		return nil, err // the key must be on record before anything that only it opens
	}
	ref, err := s.cfg.Blobs.Put(ctx, t, key.Seal, u.Body)
	if err != nil {
		return nil, err
	}
	i.Size, i.blob = ref.Size, ref.Address
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		if err := s.insert(tx, i, key); err != nil {
			return err
		}
		if _, err := s.cfg.Jobs.Enqueue(tx, jobs.Spec{Kind: jobCheck, Key: i.ID, By: by}); err != nil {
			return err
		}
		return emit(tx, "import.uploaded", i.ID, by)
	})
	if err != nil {
		if err := s.cfg.Blobs.Delete(t, ref.Address); err != nil {
			s.cfg.Log.WarnContext(ctx, "an upload that was not recorded stays on disk, sealed", "error", err)
		}
		return nil, err
	}
	return i, nil
}

// Confirm begins the run of a checked import. refused is the number of rows that the dry run would refuse: who confirms has seen it.
// Errors: not_found; conflict where the import is not checked, or refused is another number.
func (s *Service) Confirm(ctx context.Context, t qingyuan.Tenant, by qingyuan.Actor, id string, refused int64) (*Import, error) {
	err := s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		i, err := s.get(tx, id)
		if err != nil {
			return err
		}
		if i.State != Checked {
			return qingyuan.Errorf(qingyuan.Conflict, "the import is %s: only one that was checked can be confirmed", i.State)
		}
		if refused != i.Dry.Refused {
			return qingyuan.Errorf(qingyuan.Conflict, "the dry run refuses %d rows, not %d: look at them first", i.Dry.Refused, refused)
		}
		if _, err := tx.Exec(`UPDATE import SET state = 'running', confirmed_by = $3 WHERE tenant = $1 AND id = $2`, id, by.ID); err != nil {
			return err
		}
		if _, err := s.cfg.Jobs.Enqueue(tx, jobs.Spec{Kind: jobRun, Key: id, By: by}); err != nil {
			return err
		}
		return emit(tx, "import.confirmed", id, by)
	})
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, t, id)
}

// Cancel ends an import that has not ended; what was stored stays. Errors: not_found; conflict where it has ended.
func (s *Service) Cancel(ctx context.Context, t qingyuan.Tenant, by qingyuan.Actor, id string) error {
	address := ""
	err := s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		i, err := s.get(tx, id)
		if err != nil {
			return err
		}
		if i.State != Checking && i.State != Checked && i.State != Running {
			return qingyuan.Errorf(qingyuan.Conflict, "the import is %s already", i.State)
		}
		address = i.blob
		_, err = tx.Exec(`UPDATE import SET state = 'cancelled', finished_at = $3, blob = '' WHERE tenant = $1 AND id = $2`, id, tx.Now().UnixMicro())
		if err != nil {
			return err
		}
		return emit(tx, "import.cancelled", id, by)
	})
	if err != nil {
		return err
	}
	return s.cfg.Blobs.Delete(t, address)
}

// emit appends an outbox entry that says who did it.
func emit(tx *store.Tx, kind, subject string, by qingyuan.Actor) error {
	data, err := json.Marshal(map[string]qingyuan.Actor{"actor": by})
	if err != nil {
		return err
	}
	_, err = tx.Emit(kind, subject, data)
	return err
}
