package evidence

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"

	"qingyuan"
	"qingyuan/internal/handle/evidence/tlog"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
)

// fileKind is the kind under which raw hashes are blinded, so that a file is found again without its hash being stored.
const fileKind qingyuan.EntityKind = "file"

// Config says what the service stands on.
type Config struct {
	DB   *store.DB
	Keys *keys.Ring
	Log  *tlog.Log // nil: nothing is proven; records wait
	Slog *slog.Logger

	// Holds tells whether this process works for a tenant; nil: for every one. Another server's records are another log's.
	Holds func(qingyuan.Tenant) bool
}

// Service records exhibits and what happens to them.
type Service struct{ cfg Config }

// NewService makes a service.
func NewService(cfg Config) (*Service, error) {
	if cfg.DB == nil || cfg.Keys == nil {
		return nil, qingyuan.Errorf(qingyuan.Internal, "evidence needs a record and keys")
	}
	if cfg.Slog == nil {
		cfg.Slog = slog.Default()
	}
	if cfg.Holds == nil {
		cfg.Holds = func(qingyuan.Tenant) bool { return true }
	}
	return &Service{cfg: cfg}, nil
}

func newSalt() (salt [32]byte) {
	rand.Read(salt[:])
	return salt
}

// Record holds a file and returns once it is on disk. The same file may be held many times: each holding has its own
// capture. Errors: invalid; not_found where it is made from an exhibit that is not there.
func (s *Service) Record(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, n New) (*Exhibit, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	if n.MediaType == "" {
		n.MediaType = http.DetectContentType(n.Bytes)
	}
	sha, sm := hashes(n.Bytes)
	if n.Derivation != nil {
		parent, err := s.Exhibit(ctx, t, n.Derivation.Parent)
		if err != nil {
			return nil, err
		}
		if parent.First == nil {
			return nil, qingyuan.Errorf(qingyuan.Conflict, "the exhibit it was made from is erased")
		}
		d := *n.Derivation
		d.ParentHash = parent.First.SHA256
		n.Derivation, n.Person, n.Matter = &d, parent.Person, parent.Matter
	}
	fileKey, err := s.cfg.Keys.Blind(ctx, t, fileKind, sha)
	if err != nil {
		return nil, err
	}
	key, err := s.cfg.Keys.Person(ctx, t, n.Person)
	if err != nil {
		return nil, err
	}
	e := &Exhibit{ID: qingyuan.NewID("exh", s.cfg.DB.Now()), Person: n.Person, Matter: n.Matter, Size: int64(len(n.Bytes)),
		MediaType: n.MediaType, State: Open}
	if n.Derivation != nil {
		e.Parent = n.Derivation.Parent
	}
	body := key.Seal(n.Bytes, bodyOf(e.ID))
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		e.ReceivedAt = tx.Now().UTC()
		e.First = &Record{Exhibit: e.ID, Action: Recorded, Actor: actor, SHA256: sha, SM3: sm, Size: e.Size, MediaType: e.MediaType,
			Matter: e.Matter, Capture: &n.Capture, Derivation: n.Derivation}
		if err := key.Persist(tx); err != nil {
			return err
		}
		if e.Seq, err = s.append(tx, key, e.First); err != nil {
			return err
		}
		tx.Insert(exhibitRow, e.ID, e.Seq, e.Person, e.Matter, e.Parent, fileKey, e.Size, e.MediaType, string(e.State), e.ReceivedAt.UnixMicro(), body)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// append writes one record of an exhibit's chain of custody and returns its seq.
func (s *Service) append(tx *store.Tx, key *keys.Person, r *Record) (seq int64, err error) {
	r.Version, r.ID, r.At = 1, qingyuan.NewID("rec", tx.Now()), tx.Now().UTC()
	kind := "exhibit.custody"
	if r.Action == Recorded {
		kind = "exhibit.recorded"
	} else if r.Previous, err = lastCommitment(tx, r.Exhibit); err != nil {
		return 0, err
	}
	w, err := r.write(newSalt())
	if err != nil {
		return 0, err
	}
	if seq, err = tx.Emit(kind, r.Exhibit, nil); err != nil {
		return 0, err
	}
	tx.Insert(recordRow, r.ID, r.Exhibit, seq, w.commitment[:], key.Seal(w.plain(), recordAs(r.ID)))
	return seq, nil
}

// Exhibit reads one exhibit. Errors: not_found.
func (s *Service) Exhibit(ctx context.Context, t qingyuan.Tenant, id string) (e *Exhibit, err error) {
	var first storedRecord
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		all, err := readExhibits(tx, `id = $2`, id)
		if err == nil && len(all) == 0 {
			err = qingyuan.Errorf(qingyuan.NotFound, "there is no exhibit %q", id)
		}
		if err != nil {
			return err
		}
		records, err := readRecords(tx, id)
		if err == nil && len(records) == 0 {
			err = qingyuan.Errorf(qingyuan.Internal, "exhibit %s has no record", id)
		}
		if err != nil {
			return err
		}
		e, first = all[0], records[0]
		return nil
	})
	if err != nil || e.State == Erased {
		return e, err
	}
	w, err := s.open(ctx, t, first)
	if qingyuan.CodeOf(err) == qingyuan.NotFound {
		e.State = Erased
		return e, nil
	}
	if err != nil {
		return nil, err
	}
	e.First = &w.Record
	return e, nil
}

// open opens a stored record and checks that it is what was committed to.
// Errors: not_found where it is erased.
func (s *Service) open(ctx context.Context, t qingyuan.Tenant, r storedRecord) (*written, error) {
	if len(r.sealed) == 0 {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "the record is erased")
	}
	plain, err := s.cfg.Keys.Open(ctx, t, r.sealed, recordAs(r.id))
	if err != nil {
		return nil, err
	}
	w, err := readWritten(plain)
	if err != nil {
		return nil, err
	}
	if w.commitment != r.commitment || w.Exhibit != r.exhibit {
		return nil, qingyuan.Errorf(qingyuan.Internal, "record %s is not what the log committed to", r.id)
	}
	return w, nil
}

// List reads exhibits of a matter, or all where it is empty, newest first, and the cursor of the next page. Their first
// records are not read.
func (s *Service) List(ctx context.Context, t qingyuan.Tenant, matter string, page qingyuan.Page) (all []*Exhibit, next string, err error) {
	before, _, ok, err := page.Keyset()
	if err != nil {
		return nil, "", err
	}
	if !ok {
		before = 1 << 62
	}
	rows := page.Rows()
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		if matter == "" {
			all, err = readExhibits(tx, `seq < $2 ORDER BY seq DESC LIMIT $3`, before, rows+1)
		} else {
			all, err = readExhibits(tx, `matter = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4`, matter, before, rows+1)
		}
		return err
	})
	if len(all) > rows {
		all = all[:rows]
		next = qingyuan.CursorOf(all[rows-1].Seq, "")
	}
	return all, next, err
}

// Use is a look at an exhibit's bytes that becomes part of its chain of custody.
type Use struct {
	Exhibit string
	Actor   qingyuan.Actor
	Action  Action // Viewed, Copied, Transferred or Verified
	Purpose string // 4–500 characters; where it left, also to whom
}

// Bytes returns the raw bytes of an exhibit after the use is on record. Errors: not_found; invalid; conflict where the exhibit
// is erased; internal where the bytes are not what was recorded.
func (s *Service) Bytes(ctx context.Context, t qingyuan.Tenant, u Use) ([]byte, error) {
	switch u.Action {
	case Viewed, Copied, Transferred, Verified:
	default:
		return nil, qingyuan.FieldErrorf("action", "must be viewed, copied, transferred or verified")
	}
	if n := len([]rune(u.Purpose)); n < 4 || n > 500 {
		return nil, qingyuan.FieldErrorf("purpose", "must have 4 to 500 characters")
	}
	e, err := s.Exhibit(ctx, t, u.Exhibit)
	if err != nil {
		return nil, err
	}
	if e.First == nil {
		return nil, qingyuan.Errorf(qingyuan.Conflict, "the exhibit is erased")
	}
	var body []byte
	found, err := s.cfg.DB.Get(ctx, t, `SELECT body FROM exhibit WHERE tenant = $1 AND id = $2`, []any{e.ID}, &body)
	if err != nil || !found {
		return nil, err
	}
	raw, err := s.cfg.Keys.Open(ctx, t, body, bodyOf(e.ID))
	if err != nil {
		return nil, err
	}
	if sha, sm := hashes(raw); sha != e.First.SHA256 || sm != e.First.SM3 {
		return nil, qingyuan.Errorf(qingyuan.Internal, "the bytes of exhibit %s are not what was recorded", e.ID)
	}
	return bytes.Clone(raw), s.custody(ctx, t, e, Record{Action: u.Action, Actor: u.Actor, Purpose: u.Purpose})
}

// custody adds a record to an exhibit's chain.
func (s *Service) custody(ctx context.Context, t qingyuan.Tenant, e *Exhibit, r Record) error {
	key, err := s.cfg.Keys.Person(ctx, t, e.Person)
	if err != nil {
		return err
	}
	return s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		if err := key.Persist(tx); err != nil {
			return err
		}
		return s.follow(tx, key, e, r)
	})
}

// follow adds a record to the chain of e in a command of somebody's.
func (s *Service) follow(tx *store.Tx, key *keys.Person, e *Exhibit, r Record) error {
	r.Exhibit, r.SHA256, r.SM3, r.Size, r.Matter = e.ID, e.First.SHA256, e.First.SM3, e.Size, e.Matter
	_, err := s.append(tx, key, &r)
	return err
}

// Link is a record of an exhibit's chain of custody with its place in the log.
type Link struct {
	Record
	Commitment string  // hex
	Leaf       *uint64 // nil until the log holds it
}

// Custody reads the chain of custody of an exhibit, oldest first, and checks that each record names the one before. Errors:
// not_found; conflict where the exhibit is erased; internal where the chain is broken.
func (s *Service) Custody(ctx context.Context, t qingyuan.Tenant, exhibit string) ([]Link, error) {
	var stored []storedRecord
	err := s.cfg.DB.Read(ctx, t, func(tx *store.Tx) (err error) {
		stored, err = readRecords(tx, exhibit)
		return err
	})
	if err == nil && len(stored) == 0 {
		err = qingyuan.Errorf(qingyuan.NotFound, "there is no exhibit %q", exhibit)
	}
	if err != nil {
		return nil, err
	}
	links := make([]Link, len(stored))
	before := ""
	for i, r := range stored {
		w, err := s.open(ctx, t, r)
		if qingyuan.CodeOf(err) == qingyuan.NotFound {
			err = qingyuan.Errorf(qingyuan.Conflict, "the exhibit is erased")
		}
		if err != nil {
			return nil, err
		}
		if w.Previous != before {
			return nil, qingyuan.Errorf(qingyuan.Internal, "the chain of custody of exhibit %s is broken at %s", exhibit, r.id)
		}
		before = hexOf(r.commitment)
		links[i] = Link{Record: w.Record, Commitment: before, Leaf: r.leaf}
	}
	return links, nil
}
