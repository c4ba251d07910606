package notify

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/jobs"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
)

// Outbox kinds.
const (
	WebhookCreated  = "webhook.created"
	WebhookChanged  = "webhook.changed"
	WebhookDeleted  = "webhook.deleted"
	WebhookDisabled = "webhook.disabled"
	WebhookTest     = "webhook.test" // sent to one endpoint when a person asks for it; not in the outbox
)

// Kinds of jobs.
const (
	deliverKind = "webhook.deliver"
	replayKind  = "webhook.replay"
	emailKind   = "email.send"
)

// Config says what the service stands on.
type Config struct {
	DB           *store.DB
	Keys         *keys.Ring
	Jobs         *jobs.Service
	Log          *slog.Logger
	Allow        []netip.Prefix // networks of the operator's own that webhooks may reach
	PlainHTTP    bool           // webhooks may go over http
	Roots        *tls.Config    // nil: the system's certificate authorities
	Timeout      time.Duration  // of one attempt; 0: 15 s
	DisableAfter time.Duration  // of failing; 0: a day
	Mail         Mail           // without a host nothing is mailed
	Notices      []string       // who is mailed when a webhook is disabled
}

// Service keeps endpoints and sends.
type Service struct {
	cfg    Config
	guard  guard
	client *http.Client

	retryAfter func(attempt int) time.Duration  // pauses between attempts at one entry
	breather   func(failures int) time.Duration // pauses of a target
}

// New makes a service and registers its jobs.
func New(cfg Config) (*Service, error) {
	if cfg.DB == nil || cfg.Keys == nil || cfg.Jobs == nil {
		return nil, qingyuan.Errorf(qingyuan.Internal, "notify needs a database, keys and jobs")
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 15 * time.Second
	}
	if cfg.DisableAfter <= 0 {
		cfg.DisableAfter = 24 * time.Hour
	}
	s := &Service{cfg: cfg, guard: guard{cfg.Allow, cfg.PlainHTTP}, retryAfter: retryAfter, breather: breather}
	s.client = s.guard.client(cfg.Timeout, cfg.Roots)
	// Half the workers of a process at most: the other jobs go on while targets are slow.
	err := cfg.Jobs.Register(deliverKind, s.deliver, jobs.Concurrency(4), jobs.Pauses(func(attempt int) time.Duration { return s.retryAfter(attempt + 1) }), jobs.Timeout(cfg.Timeout+10*time.Second))
	if err == nil {
		err = cfg.Jobs.Register(replayKind, s.replay, jobs.Concurrency(1))
	}
	if err == nil {
		err = cfg.Jobs.Register(emailKind, s.sendEmail, jobs.Concurrency(2), jobs.Timeout(time.Minute))
	}
	return s, err
}

// seal seals the URL and the secrets of an endpoint.
func (s *Service) seal(ctx context.Context, t qingyuan.Tenant, place string, v any) (sealed []byte, key *keys.Person, err error) {
	if key, err = s.cfg.Keys.Person(ctx, t, ""); err != nil {
		return nil, nil, err
	}
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, nil, err
	}
	return key.Seal(plain, place), key, nil
}

func (s *Service) unseal(ctx context.Context, t qingyuan.Tenant, sealed []byte, place string, v any) error {
	plain, err := s.cfg.Keys.Open(ctx, t, sealed, place)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, v)
}

// Create adds an endpoint, which is told of what happens from now on, and returns its secret, which is not shown again. Errors:
// invalid; conflict beyond 50 endpoints.
func (s *Service) Create(ctx context.Context, t qingyuan.Tenant, by qingyuan.Actor, url, description string, kinds []string) (e *Endpoint, secret string, err error) {
	if err := s.guard.check(url); err != nil {
		return nil, "", err
	}
	if err := checkKinds(kinds); err != nil {
		return nil, "", err
	}
	e = &Endpoint{ID: qingyuan.NewID("whe", s.cfg.DB.Now()), URL: url, Description: description, Kinds: kinds, Active: true, CreatedBy: by.ID,
		secrets: secrets{URL: url, Current: newSecret()}}
	sealed, key, err := s.seal(ctx, t, place(e.ID), e.secrets)
	if err != nil {
		return nil, "", err
	}
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		var n int
		if _, err := tx.Get(`SELECT count(*) FROM webhook_endpoint WHERE tenant = $1`, nil, &n); err != nil {
			return err
		}
		if n >= maxEndpoints {
			return qingyuan.Errorf(qingyuan.Conflict, "there are %d webhooks already, the most there can be", n)
		}
		if err := key.Persist(tx); err != nil {
			return err
		}
		if _, err := tx.Emit(WebhookCreated, e.ID, nil); err != nil {
			return err
		}
		if e.cursor, err = tx.LastSeq(); err != nil {
			return err
		}
		e.CreatedAt = tx.Now().UTC()
		return e.insert(tx, sealed)
	})
	return e, secretText(e.secrets.Current), err
}

func place(id string) string { return "webhook_endpoint/" + id }

// Change is what of an endpoint is changed; nil fields are not.
type Change struct {
	URL, Description *string
	Kinds            []string
	Active           *bool
}

// Update changes an endpoint. One that is made active again is told of what happens from then on; the rest can be replayed.
// Errors: not_found, invalid.
func (s *Service) Update(ctx context.Context, t qingyuan.Tenant, id string, c Change) (e *Endpoint, err error) {
	if c.URL != nil {
		if err := s.guard.check(*c.URL); err != nil {
			return nil, err
		}
	}
	if c.Kinds != nil {
		if err := checkKinds(c.Kinds); err != nil {
			return nil, err
		}
	}
	return s.change(ctx, t, id, WebhookChanged, func(tx *store.Tx, e *Endpoint) error {
		if c.URL != nil {
			e.URL, e.secrets.URL = *c.URL, *c.URL
		}
		if c.Description != nil {
			e.Description = *c.Description
		}
		if c.Kinds != nil {
			e.Kinds = c.Kinds
		}
		if c.Active == nil || *c.Active == e.Active {
			return nil
		}
		if e.Active = *c.Active; !e.Active {
			e.Reason = "disabled by a person"
			return nil
		}
		e.Reason, e.Failures, e.FailingSince, e.PauseUntil = "", 0, time.Time{}, time.Time{}
		e.cursor, err = tx.LastSeq()
		return err
	})
}

// Rotate gives an endpoint a new secret and returns it. The old one goes on signing for a day, beside the new one.
func (s *Service) Rotate(ctx context.Context, t qingyuan.Tenant, id string) (secret string, err error) {
	fresh := newSecret()
	_, err = s.change(ctx, t, id, WebhookChanged, func(tx *store.Tx, e *Endpoint) error {
		e.secrets.Previous, e.secrets.Until, e.secrets.Current = e.secrets.Current, tx.Now().Add(overlap).UTC(), fresh
		return nil
	})
	return secretText(fresh), err
}

// change reads an endpoint, lets f change it and stores it. The sealing happens within the command: it touches no disk but
// through tx, and the keys are in memory.
func (s *Service) change(ctx context.Context, t qingyuan.Tenant, id, kind string, f func(*store.Tx, *Endpoint) error) (e *Endpoint, err error) {
	key, err := s.cfg.Keys.Person(ctx, t, "")
	if err != nil {
		return nil, err
	}
	if _, err := s.Endpoint(ctx, t, id); err != nil { // brings the key that opens it into memory
		return nil, err
	}
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		if e, err = s.endpoint(tx, id); err != nil {
			return err
		}
		if err := f(tx, e); err != nil {
			return err
		}
		plain, err := json.Marshal(e.secrets)
		if err != nil {
			return err
		}
		if err := key.Persist(tx); err != nil {
			return err
		}
		if err := e.update(tx, key.Seal(plain, place(id))); err != nil {
			return err
		}
		_, err = tx.Emit(kind, id, nil)
		return err
	})
	return e, err
}

// Delete removes an endpoint with its deliveries; what is on its way is dropped.
func (s *Service) Delete(ctx context.Context, t qingyuan.Tenant, id string) error {
	return s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		n, err := tx.Exec(`DELETE FROM webhook_endpoint WHERE tenant = $1 AND id = $2`, id)
		if err == nil && n == 0 {
			err = noEndpoint(id)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM webhook_delivery WHERE tenant = $1 AND endpoint = $2`, id); err != nil {
			return err
		}
		_, err = tx.Emit(WebhookDeleted, id, nil)
		return err
	})
}

func noEndpoint(id string) error {
	return qingyuan.Errorf(qingyuan.NotFound, "there is no webhook %q", id)
}

// Endpoint reads one endpoint. Errors: not_found.
func (s *Service) Endpoint(ctx context.Context, t qingyuan.Tenant, id string) (e *Endpoint, err error) {
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		e, err = s.endpoint(tx, id)
		return err
	})
	return e, err
}

// Endpoints lists the endpoints, oldest first.
func (s *Service) Endpoints(ctx context.Context, t qingyuan.Tenant) (all []*Endpoint, err error) {
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		all, err = s.endpoints(tx, `ORDER BY created_at, id`)
		return err
	})
	return all, err
}

// Range says which entries are sent again: by seq where one is given, else by time; both ends within, zero is no bound.
type Range struct {
	FromSeq, ToSeq int64
	From, To       time.Time
}

type replayPayload struct {
	Endpoint string `json:"endpoint"`
	From     int64  `json:"from"` // the next seq
	To       int64  `json:"to"`
}

// Replay adds a job that sends entries to an endpoint again, those it was sent before too. Errors: not_found; conflict where the
// endpoint is disabled; invalid for a range without entries.
func (s *Service) Replay(ctx context.Context, t qingyuan.Tenant, by qingyuan.Actor, id string, r Range) (job jobs.Job, err error) {
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		var active bool
		found, err := tx.Get(`SELECT active FROM webhook_endpoint WHERE tenant = $1 AND id = $2`, []any{id}, &active)
		switch {
		case err != nil:
			return err
		case !found:
			return noEndpoint(id)
		case !active:
			return qingyuan.Errorf(qingyuan.Conflict, "the webhook is disabled: make it active first")
		}
		p := replayPayload{Endpoint: id, From: max(r.FromSeq, 1), To: r.ToSeq}
		last, err := tx.LastSeq()
		if err != nil {
			return err
		}
		if p.To == 0 || p.To > last {
			p.To = last
		}
		if !r.From.IsZero() {
			if p.From, err = seqAt(tx, r.From, last); err != nil {
				return err
			}
		}
		if !r.To.IsZero() {
			after, err := seqAt(tx, r.To.Add(time.Microsecond), last)
			if err != nil {
				return err
			}
			p.To = after - 1
		}
		if p.From > p.To {
			return qingyuan.FieldErrorf("from", "there is nothing in this range")
		}
		payload, err := json.Marshal(p)
		if err != nil {
			return err
		}
		job, err = s.cfg.Jobs.Enqueue(tx, jobs.Spec{Kind: replayKind, Payload: payload, By: by})
		return err
	})
	return job, err
}

// seqAt is the first seq at or after a time, by bisection: times of the outbox do not go back. It is last+1 where there is none.
func seqAt(tx *store.Tx, at time.Time, last int64) (int64, error) {
	low, high := int64(1), last+1
	for low < high {
		mid := (low + high) / 2
		page, err := tx.Outbox(mid-1, 1)
		if err != nil {
			return 0, err
		}
		if len(page) == 0 || !page[0].At.Before(at) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low, nil
}

// Deliveries lists an endpoint's deliveries, newest entry first: those with a seq before before, where that is not 0.
func (s *Service) Deliveries(ctx context.Context, t qingyuan.Tenant, endpoint string, state DeliveryState, before int64, limit int) (all []*Delivery, err error) {
	where, args := `endpoint = $2 AND seq < $3`, []any{endpoint, before}
	if before <= 0 {
		args[1] = int64(1) << 62
	}
	if state != "" {
		where += ` AND state = $4`
		args = append(args, string(state))
	}
	args = append(args, int64(limit))
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		all, err = deliveries(tx, where+fmt.Sprintf(` ORDER BY seq DESC LIMIT $%d`, len(args)+1), args...)
		return err
	})
	return all, err
}

// joinKinds and splitKinds are how kinds are stored.
func joinKinds(kinds []string) string { return strings.Join(kinds, ",") }
func splitKinds(s string) []string    { return strings.Split(s, ",") }
