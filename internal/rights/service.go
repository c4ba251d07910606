package rights

import (
	"context"
	"embed"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the package's migration line.
func Migrations() store.Line {
	files, _ := fs.Sub(migrations, "migrations")
	return store.Line{Name: "rights", Files: files}
}

// Config says what the desk stands on.
type Config struct {
	DB        *store.DB
	Keys      *keys.Ring
	Directory Directory
	Holders   []Holder // besides the directory, in the order in which they erase
	Policy    *Policy
	Ledger    string // file of tombstones, outside every backup of the record; empty: none
}

// Service is the desk.
type Service struct{ cfg Config }

// New makes a desk.
func New(cfg Config) (*Service, error) {
	if cfg.DB == nil || cfg.Keys == nil || cfg.Directory == nil || cfg.Policy == nil {
		return nil, qingyuan.Errorf(qingyuan.Internal, "the desk of people's rights needs a database, keys, a directory and a policy")
	}
	return &Service{cfg}, nil
}

// Policy is the policy in force.
func (s *Service) Policy() *Policy { return s.cfg.Policy }

// holders are all, the directory last.
func (s *Service) holders() []Holder {
	return append(s.cfg.Holders[:len(s.cfg.Holders):len(s.cfg.Holders)], s.cfg.Directory)
}

// Search finds the people of whom value is an own identifier. Errors: invalid.
func (s *Service) Search(ctx context.Context, t qingyuan.Tenant, kind qingyuan.EntityKind, value string) (people []string, err error) {
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		people, err = s.cfg.Directory.Candidates(tx, kind, value)
		return err
	})
	return people, err
}

// Dossier is what is held of a person and what stands in the way of erasing it.
type Dossier struct {
	Person     string       `json:"person"`
	Events     int          `json:"events"`
	Holdings   []Holding    `json:"holdings"`
	Holds      []Hold       `json:"holds"`
	Restricted *Restriction `json:"restricted,omitempty"`
	Bases      []Basis      `json:"bases"`
	Requests   []*Request   `json:"requests"`
}

// Dossier counts what is held of a person. Errors: not_found.
func (s *Service) Dossier(ctx context.Context, t qingyuan.Tenant, person string) (d *Dossier, err error) {
	d = &Dossier{Person: person, Holdings: []Holding{}, Holds: []Hold{}}
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		sub, err := s.cfg.Directory.Subject(tx, person)
		if err != nil {
			return err
		}
		d.Events = len(sub.Events)
		for _, h := range s.holders() {
			found, err := h.Find(tx, sub)
			if err != nil {
				return err
			}
			d.Holdings = append(d.Holdings, found...)
		}
		if d.Holds, err = s.holds(tx, sub); err != nil {
			return err
		}
		if d.Restricted, err = restrictionOf(tx, sub.Persons); err != nil {
			return err
		}
		if d.Bases, err = basesOf(tx, sub.Persons); err != nil {
			return err
		}
		d.Requests, err = requests(tx, in("person", sub.Persons)+` ORDER BY seq DESC LIMIT 200`, anys(sub.Persons)...)
		return err
	})
	return d, err
}

// holds are all reasons against erasure, the desk's own first.
func (s *Service) holds(tx *store.Tx, sub *Subject) (all []Hold, err error) {
	if all, err = holdsOf(tx, sub.Persons); err != nil {
		return nil, err
	}
	for _, h := range s.holders() {
		more, err := h.Holds(tx, sub)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	if all == nil {
		all = []Hold{}
	}
	return all, nil
}

// Export writes everything held of a person as JSON lines {"class", "record"}, in clear, and leaves an outbox entry under the request's id.
// Errors: not_found.
func (s *Service) Export(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, person string, w io.Writer) error {
	err := s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error { // who exports is on record before the first byte leaves
		return emit(tx, "person.exported", qingyuan.NewID("exp", tx.Now()), actor)
	})
	if err != nil {
		return err
	}
	lines := json.NewEncoder(w)
	return s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		sub, err := s.cfg.Directory.Subject(tx, person)
		if err != nil {
			return err
		}
		put := func(class string, record any) error {
			return lines.Encode(map[string]any{"class": class, "record": record})
		}
		for _, h := range s.holders() {
			if err := h.Export(tx, sub, put); err != nil {
				return err
			}
		}
		bases, err := basesOf(tx, sub.Persons)
		if err == nil && len(bases) > 0 {
			err = put("legal_basis", bases)
		}
		return err
	})
}

// KindErasure is the kind of an approval to erase a person.
const KindErasure = "person.erase"

// erasurePayload is what an approval of that kind keeps. The blind key in it is replaced when the person is erased.
type erasurePayload struct {
	Person  string `json:"person"`
	Request string `json:"request"`
}

// RequestErasure asks for a person to be erased; it happens when a second person approves. Errors: not_found; conflict where a hold stands:
// the message names the first, and the dossier all.
func (s *Service) RequestErasure(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, person, reason string) (a *audit.Approval, err error) {
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		sub, err := s.cfg.Directory.Subject(tx, person)
		if err != nil {
			return err
		}
		if err := s.mayErase(tx, sub); err != nil {
			return err
		}
		req, err := s.open(tx, actor, NewRequest{Kind: Erase, Person: person})
		if err != nil {
			return err
		}
		payload, err := json.Marshal(erasurePayload{person, req.ID})
		if err != nil {
			return err
		}
		if a, err = audit.Request(tx, audit.Proposal{Kind: KindErasure, Subject: req.ID, Payload: string(payload), Requester: actor, Reason: reason}); err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE person_request SET approval = $2 WHERE tenant = $1 AND id = $3`, a.ID, req.ID)
		return err
	})
	return a, err
}

func (s *Service) mayErase(tx *store.Tx, sub *Subject) error {
	holds, err := s.holds(tx, sub)
	if err != nil || len(holds) == 0 {
		return err
	}
	h := holds[0]
	until := "until it is lifted"
	if !h.Until.IsZero() {
		until = "until " + h.Until.Format(time.DateOnly)
	}
	return qingyuan.Errorf(qingyuan.Conflict, "the data must be kept %s: %s (%s), and %d more reasons; restrict its use instead", until, h.Reason, h.Basis, len(holds)-1)
}

// ApproveErasure adds an agreement to a request of kind KindErasure; with the last one the person is erased in the same transaction.
// Errors: those of [audit.Approve]; conflict where a hold was placed since.
func (s *Service) ApproveErasure(ctx context.Context, b audit.Ballot) (*audit.Approval, error) {
	return b.Cast(ctx, s.cfg.DB, func(tx *store.Tx, a *audit.Approval) error {
		var p erasurePayload
		if err := json.Unmarshal([]byte(a.Payload), &p); err != nil {
			return err
		}
		sub, err := s.cfg.Directory.Subject(tx, p.Person)
		if err != nil {
			return err
		}
		if err := s.mayErase(tx, sub); err != nil {
			return err
		}
		if err := s.erase(tx, sub, p.Request); err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE person_request SET state = 'answered', answer = 'erased', answered_by = $2, answered_at = $3 WHERE tenant = $1 AND id = $4`,
			b.Voter.ID, tx.Now().UnixMicro(), p.Request)
		return err
	})
}

// erase takes a person out, under the id of the erasure.
func (s *Service) erase(tx *store.Tx, sub *Subject, id string) error {
	stone := Tombstone{ID: id, Tenant: tx.Tenant(), At: tx.Now().UTC()}
	for _, person := range sub.Persons {
		ids, err := keys.KeyIDs(tx, person)
		if err != nil {
			return err
		}
		for _, k := range ids {
			stone.Keys = append(stone.Keys, hex.EncodeToString(k))
		}
	}
	e, err := s.cfg.Directory.Plan(tx, sub)
	if err != nil {
		return err
	}
	e.ID = id
	for _, h := range s.holders() {
		if err := h.Erase(tx, e); err != nil {
			return err
		}
	}
	for _, person := range sub.Persons {
		if err := s.cfg.Keys.Destroy(tx, person); err != nil {
			return err
		}
	}
	if err := s.forget(tx, e); err != nil {
		return err
	}
	return s.bury(tx, stone)
}

// forget takes the person out of the desk's own tables and of approvals.
func (s *Service) forget(tx *store.Tx, e *Erasure) error {
	for _, person := range e.Subject.Persons {
		p := e.Pseudonym(person)
		for _, table := range []string{"person_request", "person_basis", "person_hold", "person_restriction"} {
			if _, err := tx.Exec(`UPDATE `+table+` SET person = $2 WHERE tenant = $1 AND person = $3`, p, person); err != nil {
				return err
			}
		}
	}
	return audit.Redact(tx, e.Pseudonyms)
}

func emit(tx *store.Tx, kind, subject string, actor qingyuan.Actor) error {
	data, err := json.Marshal(struct {
		Actor qingyuan.Actor `json:"actor"`
	}{actor})
	if err != nil {
		return err
	}
	_, err = tx.Emit(kind, subject, data)
	return err
}
