package intake

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
)

// Config says what the door stands on.
type Config struct {
	DB     *store.DB
	Keys   *keys.Ring
	Limits Limits           // zero: DefaultLimits
	Now    func() time.Time // nil: time.Now
}

// Service records events.
type Service struct{ cfg Config }

// New makes a service.
func New(cfg Config) (*Service, error) {
	if cfg.DB == nil || cfg.Keys == nil {
		return nil, qingyuan.Errorf(qingyuan.Internal, "intake needs a database and keys")
	}
	if cfg.Limits == (Limits{}) {
		cfg.Limits = DefaultLimits()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg: cfg}, nil
}

// Limits are the limits of one call.
func (s *Service) Limits() Limits { return s.cfg.Limits }

// Prepared is a validated, sealed event that waits for its seq.
type Prepared struct {
	Event    qingyuan.Event
	Key      *keys.Person // the data key of the event's subject
	BodyHash [32]byte
	keyHash  []byte // of the Idempotency-Key; nil where none was sent
	sealed   []byte
}

// Prepare does everything that needs no order: parsing, blind indexes, sealing. Many may run at once.
func (s *Service) Prepare(ctx context.Context, t qingyuan.Tenant, raw []byte, idempotencyKey string) (*Prepared, error) {
	parsed, err := Parse(raw, s.cfg.Now().UTC(), s.cfg.Limits)
	if err != nil {
		return nil, err
	}
	return s.Seal(ctx, t, parsed, raw, idempotencyKey)
}

// PrepareBatch prepares the events of a JSON array; each has its own error.
func (s *Service) PrepareBatch(ctx context.Context, t qingyuan.Tenant, raw []byte) ([]*Prepared, []error, error) {
	items, err := ParseBatch(raw, s.cfg.Now().UTC(), s.cfg.Limits)
	if err != nil {
		return nil, nil, err
	}
	all, errs := make([]*Prepared, len(items)), make([]error, len(items))
	for i, item := range items {
		if errs[i] = item.Err; item.Err != nil {
			continue
		}
		body, err := EncodeData(item.Parsed.Event.Data)
		if err == nil {
			all[i], err = s.Seal(ctx, t, item.Parsed, body, "")
		}
		errs[i] = err
	}
	return all, errs, nil
}

// Seal gives a parsed event its id, blind keys and sealed form. body is what a repetition must equal.
func (s *Service) Seal(ctx context.Context, t qingyuan.Tenant, p *Parsed, body []byte, idempotencyKey string) (*Prepared, error) {
	out := &Prepared{Event: p.Event, BodyHash: sha256.Sum256(body)}
	e := &out.Event
	e.Tenant = t
	e.ID = qingyuan.NewID("evt", e.ObservedAt)
	for i, m := range p.Mentions {
		key, err := s.cfg.Keys.Blind(ctx, t, m.Kind, m.Value)
		if err != nil {
			return nil, err
		}
		e.Entities[i].Key = key
	}
	if p.Subject.Kind != "" {
		key, err := s.cfg.Keys.Blind(ctx, t, p.Subject.Kind, p.Subject.Value)
		if err != nil {
			return nil, err
		}
		e.Subject = qingyuan.Entity{Kind: p.Subject.Kind, Role: p.Subject.Role, Key: key}
	}
	if idempotencyKey != "" {
		sum := sha256.Sum256([]byte(idempotencyKey))
		out.keyHash = sum[:16]
	}
	var err error
	if out.Key, err = s.cfg.Keys.Person(ctx, t, e.Subject.Key); err != nil {
		return nil, err
	}
	data, err := EncodeData(e.Data)
	if err != nil {
		return nil, err
	}
	out.sealed = out.Key.Seal(data, sealedAs(e.ID))
	return out, nil
}

func sealedAs(id string) string { return "event|" + id }

var (
	eventRow = store.Into("event", "seq", "id", "kind", "source", "external_id", "subject", "entities",
		"effective_at", "observed_at", "corrects", "body_hash", "key_hash", "sealed")
	entityRow     = store.IntoOrIgnore("event_entity", "key", "seq", "kind")
	correctionRow = store.Into("correction", "seq", "replaced_by")
)

// Append records p within a command and emits one outbox entry of the given kind, whose subject is the event's id;
// corrected is the event p replaces, from [Service.Corrected], or nil. Errors: conflict (at the latest at commit) for a
// repeated external id or idempotency key: see [Service.Repeated].
func (s *Service) Append(tx *store.Tx, p *Prepared, corrected *qingyuan.Event, kind string, data []byte) (err error) {
	e := &p.Event
	var replaces any
	if corrected != nil {
		replaces, e.CorrectsSeq = corrected.Seq, corrected.Seq
	}
	if e.Seq, err = tx.Emit(kind, e.ID, data); err != nil {
		return err
	}
	if err := p.Key.Persist(tx); err != nil {
		return err
	}
	var keyHash any
	if p.keyHash != nil {
		keyHash = p.keyHash
	}
	tx.Insert(eventRow, e.Seq, e.ID, string(e.Kind), e.Source, e.ExternalID, subjectText(e.Subject), entitiesText(e.Entities),
		e.EffectiveAt.UnixMicro(), e.ObservedAt.UnixMicro(), replaces, p.BodyHash[:], keyHash, p.sealed)
	for i, n := range e.Entities {
		if !mentionedBefore(e.Entities[:i], n) {
			tx.Insert(entityRow, blindBytes(n.Key), e.Seq, string(n.Kind))
		}
	}
	if corrected != nil {
		tx.Insert(correctionRow, corrected.Seq, e.Seq)
	}
	return nil
}

func mentionedBefore(earlier []qingyuan.Entity, n qingyuan.Entity) bool {
	for _, m := range earlier {
		if m.Key == n.Key {
			return true
		}
	}
	return false
}

// Corrected finds the event that e says it corrects. Errors: invalid where that is no event of the same source and kind,
// or was corrected before; conflict where it was corrected by e itself, sent once more.
func (s *Service) Corrected(tx *store.Tx, e *qingyuan.Event) (*qingyuan.Event, error) {
	was, err := s.one(tx, `source = $2 AND external_id = $3`, e.Source, e.Corrects)
	if qingyuan.CodeOf(err) == qingyuan.NotFound {
		return nil, qingyuan.FieldErrorf("corrects", "names no recorded event of this source")
	}
	if err != nil {
		return nil, err
	}
	if was.Kind != e.Kind {
		return nil, qingyuan.FieldErrorf("corrects", "names an event of kind %s", was.Kind)
	}
	var by int64
	switch found, err := tx.Get(`SELECT replaced_by FROM correction WHERE tenant = $1 AND seq = $2`, []any{was.Seq}, &by); {
	case err != nil:
		return nil, err
	case found:
		other, err := s.EventAt(tx, by)
		if err != nil {
			return nil, err
		}
		if other.ExternalID == e.ExternalID {
			return nil, qingyuan.Errorf(qingyuan.Conflict, "this correction is on record already")
		}
		return nil, qingyuan.FieldErrorf("corrects", "names an event that was already corrected: correct the correction")
	}
	return was, nil
}

// Repeated explains a conflict: it finds the recorded event that has p's idempotency key or external id. Errors: invalid
// where the idempotency key was used with another body; conflict where the external id was; not_found where neither is
// known, so that the conflict came from elsewhere.
func (s *Service) Repeated(ctx context.Context, p *Prepared) (*qingyuan.Event, error) {
	var e *qingyuan.Event
	err := s.cfg.DB.Read(ctx, p.Event.Tenant, func(tx *store.Tx) (err error) {
		if p.keyHash != nil {
			e, err = s.same(tx, p, `key_hash = $2`, p.keyHash)
			if err == nil || qingyuan.CodeOf(err) != qingyuan.NotFound {
				if qingyuan.CodeOf(err) == qingyuan.Conflict {
					return qingyuan.FieldErrorf("Idempotency-Key", "was used before with another body")
				}
				return err
			}
		}
		e, err = s.same(tx, p, `source = $2 AND external_id = $3`, p.Event.Source, p.Event.ExternalID)
		return err
	})
	return e, err
}

func (s *Service) same(tx *store.Tx, p *Prepared, where string, args ...any) (*qingyuan.Event, error) {
	var hash []byte
	found, err := tx.Get(`SELECT body_hash FROM event WHERE tenant = $1 AND `+where, args, &hash)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "no such event")
	}
	if string(hash) != string(p.BodyHash[:]) {
		return nil, qingyuan.Errorf(qingyuan.Conflict, "source %q has already sent an event with id %q and other content; send a correction (corrects) under a new id", p.Event.Source, p.Event.ExternalID)
	}
	return s.one(tx, where, args...)
}

func subjectText(e qingyuan.Entity) string {
	if e.Kind == "" {
		return ""
	}
	return string(e.Kind) + ":" + e.Role + ":" + e.Key
}

func entitiesText(all []qingyuan.Entity) string {
	parts := make([]string, len(all))
	for i, e := range all {
		parts[i] = subjectText(e)
	}
	return strings.Join(parts, " ")
}
