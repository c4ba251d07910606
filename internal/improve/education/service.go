package education

import (
	"context"
	"encoding/json"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/intake"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
)

// Config says what the service stands on.
type Config struct {
	DB     *store.DB
	Keys   *keys.Ring
	Events *intake.Service
	Log    *slog.Logger
}

// Service enrols and measures.
type Service struct{ cfg Config }

// New makes a service.
func New(cfg Config) (*Service, error) {
	if cfg.DB == nil || cfg.Keys == nil || cfg.Events == nil {
		return nil, qingyuan.Errorf(qingyuan.Internal, "education needs a database, keys and intake")
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Service{cfg}, nil
}

// proposal is what an approval asks for.
type proposal struct {
	Programme Programme `json:"programme"`
	Reason    string    `json:"reason"`
}

// Request asks for the next version of the programme. It takes effect when a second person approves. Errors: invalid.
func (s *Service) Request(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, p Programme, reason string) (a *audit.Approval, err error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	payload, err := json.Marshal(proposal{p, reason})
	if err != nil {
		return nil, err
	}
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		a, err = audit.Request(tx, audit.Proposal{Kind: KindProgramme, Subject: "education", Payload: string(payload), Requester: actor, Reason: reason})
		return err
	})
	return a, err
}

// Approve adds the voter's agreement; with the last one needed the version is in force from the next event on. Errors: those of [audit.Approve].
func (s *Service) Approve(ctx context.Context, b audit.Ballot) (*audit.Approval, error) {
	return b.Cast(ctx, s.cfg.DB, func(tx *store.Tx, a *audit.Approval) error {
		var p proposal
		if err := json.Unmarshal([]byte(a.Payload), &p); err != nil {
			return qingyuan.Wrap(qingyuan.Internal, err, "the approval's payload is damaged")
		}
		content, err := json.Marshal(p.Programme)
		if err != nil {
			return err
		}
		last, err := newest(tx)
		if err != nil {
			return err
		}
		v := &Version{Version: 1, Hash: audit.HashOf(string(content)), Requester: a.Requester, Approval: a.ID, Reason: p.Reason}
		if last != nil {
			v.Version = last.Version + 1
		}
		if v.Seq, err = tx.Emit("education.programme", strconv.Itoa(v.Version), nil); err != nil {
			return err
		}
		return add(tx, v, string(content))
	})
}

// Programme reads a version of the programme; 0 is the newest. Errors: not_found.
func (s *Service) Programme(ctx context.Context, t qingyuan.Tenant, version int) (v *Version, err error) {
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		if version == 0 {
			v, err = newest(tx)
		} else {
			v, err = versionOf(tx, version)
		}
		if err == nil && v == nil {
			err = qingyuan.Errorf(qingyuan.NotFound, "there is no such programme")
		}
		return err
	})
	return v, err
}

// Enrolments reads those with seq < before, newest first; before 0 is all.
func (s *Service) Enrolments(ctx context.Context, t qingyuan.Tenant, before int64, limit int) (all []Enrolment, err error) {
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		if before == 0 {
			before = 1 << 62
		}
		all, err = enrolments(tx, `seq < $2 ORDER BY seq DESC LIMIT $3`, before, limit)
		return err
	})
	return all, err
}

// Enrolment reads one. Errors: not_found.
func (s *Service) Enrolment(ctx context.Context, t qingyuan.Tenant, id string) (*Enrolment, error) {
	var all []Enrolment
	err := s.cfg.DB.Read(ctx, t, func(tx *store.Tx) (err error) {
		all, err = enrolments(tx, `id = $2`, id)
		return err
	})
	if err == nil && len(all) == 0 {
		err = qingyuan.Errorf(qingyuan.NotFound, "there is no such enrolment")
	}
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

// Effect compares the arms of a version; 0 is all versions together.
func (s *Service) Effect(ctx context.Context, t qingyuan.Tenant, version int) (e *Effect, err error) {
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		e, err = count(tx, version)
		return err
	})
	if err == nil {
		e.conclude()
	}
	return e, err
}

// lookForTenants is how often new tenants are looked for.
const lookForTenants = 5 * time.Second

// Run follows every tenant's record until ctx ends.
func (s *Service) Run(ctx context.Context) {
	var following sync.WaitGroup
	defer following.Wait()
	known := map[qingyuan.Tenant]bool{}
	tick := time.NewTicker(lookForTenants)
	defer tick.Stop()
	for {
		tenants, err := s.cfg.DB.Tenants(ctx)
		if err != nil && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "education will look for tenants again", "error", err)
		}
		for _, t := range tenants {
			if known[t] {
				continue
			}
			known[t] = true
			following.Go(func() { s.follow(ctx, t) })
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// follow reads one tenant's record until ctx ends.
func (s *Service) follow(ctx context.Context, t qingyuan.Tenant) {
	err := s.cfg.DB.Consume(ctx, t, store.Consumer{Name: "education", Apply: s.apply})
	if err != nil && ctx.Err() == nil {
		s.cfg.Log.WarnContext(ctx, "education stopped following a tenant", "tenant", t, "error", err)
	}
}

// kinds are the events that matter here.
var kinds = []qingyuan.EventKind{qingyuan.RepaymentPosted, qingyuan.ComplaintReceived, qingyuan.AgreementSubmitted, qingyuan.MessageReceived, qingyuan.CallRecorded}

// apply enrols who is due and notes effects. Entries that are no events are passed over.
func (s *Service) apply(tx *store.Tx, entries []store.Entry) error {
	v, err := newest(tx)
	if err != nil || v == nil {
		return err
	}
	last := entries[len(entries)-1].Seq
	events, err := s.cfg.Events.Of(tx, kinds, entries[0].Seq-1, last, len(entries))
	if err != nil {
		return err
	}
	for _, e := range events {
		if e.Data == nil || e.Subject.Key == "" {
			continue
		}
		if err := s.note(tx, e); err != nil {
			return err
		}
		if v.due(e) {
			if err := s.enrol(tx, v, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// note adds what an event shows to the customer's enrolment that is under way.
func (s *Service) note(tx *store.Tx, e *qingyuan.Event) error {
	at := e.ObservedAt.UnixMicro()
	all, err := enrolments(tx, `subject = $2 AND enrolled_at < $3 AND until >= $3`, e.Subject.Key, at)
	if err != nil {
		return err
	}
	for i := range all {
		v, err := versionOf(tx, all[i].Version)
		if err != nil || v == nil {
			return err
		}
		if err := mark(tx, all[i].ID, at, shown(e, v.Late)); err != nil {
			return err
		}
	}
	return nil
}

// enrol assigns a customer to an arm and announces those who are to be taught.
func (s *Service) enrol(tx *store.Tx, v *Version, e *qingyuan.Event) error {
	before, err := enrolments(tx, `subject = $2 AND enrolled_at > $3`, e.Subject.Key, e.ObservedAt.AddDate(0, 0, -v.Pause).UnixMicro())
	if err != nil || len(before) > 0 {
		return err
	}
	draw, err := s.cfg.Keys.Blind(tx.Context(), tx.Tenant(), "education.arm", e.Subject.Key)
	if err != nil {
		return err
	}
	n := Enrolment{ID: qingyuan.NewID("edu", tx.Now()), Version: v.Version, Subject: e.Subject.Key, Event: e.ID, EnrolledAt: e.ObservedAt,
		Until: e.ObservedAt.AddDate(0, 0, v.Window)}
	if n.Arm, err = armOf(draw, v.Holdout); err != nil {
		return err
	}
	kind, data := "education.held", []byte(nil)
	if n.Arm == Taught {
		kind = "education.due"
		if data, err = json.Marshal(map[string]any{"enrolment": n.ID, "event": n.Event, "version": n.Version}); err != nil {
			return err
		}
	}
	if n.Seq, err = tx.Emit(kind, n.ID, data); err != nil {
		return err
	}
	return enter(tx, &n)
}
