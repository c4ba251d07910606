package notify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"qingyuan"
	"qingyuan/internal/jobs"
	"qingyuan/internal/store"
)

// deliver is the handler of deliveries that a target refused once.
func (s *Service) deliver(ctx context.Context, r *jobs.Run) error {
	var p deliverPayload
	if err := r.Decode(&p); err != nil {
		return err
	}
	e, d, entry, err := s.load(ctx, r.Tenant, p)
	if err != nil {
		return err
	}
	if e == nil || d == nil {
		return nil // deleted meanwhile
	}
	if !e.Active {
		d.State = DeliveryDropped
		return r.Commit(ctx, d.put)
	}
	if wait := e.PauseUntil.Sub(s.cfg.DB.Now()); wait > 0 {
		return jobs.Later(jobs.Jitter(wait + time.Second))
	}
	d, err = s.try(ctx, e, d, *entry)
	if err == nil {
		return r.Commit(ctx, d.put)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if r.Attempt >= r.MaxAttempts {
		d.State = DeliveryFailed
	}
	return errors.Join(r.Step(ctx, nil, d.put), err)
}

// load reads what a delivery needs; e or d is nil where it was deleted.
func (s *Service) load(ctx context.Context, t qingyuan.Tenant, p deliverPayload) (e *Endpoint, d *Delivery, entry *store.Entry, err error) {
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		if e, err = s.endpoint(tx, p.Endpoint); qingyuan.CodeOf(err) == qingyuan.NotFound {
			e = nil
			return nil
		}
		if err != nil {
			return err
		}
		all, err := deliveries(tx, `endpoint = $2 AND seq = $3`, p.Endpoint, p.Seq)
		if err != nil || len(all) == 0 {
			return err
		}
		d = all[0]
		entries, err := tx.Outbox(p.Seq-1, 1)
		if err == nil && (len(entries) == 0 || entries[0].Seq != p.Seq) {
			err = qingyuan.Errorf(qingyuan.NotFound, "the outbox does not hold seq %d", p.Seq)
		}
		if err == nil {
			entry = &entries[0]
		}
		return err
	})
	return e, d, entry, err
}

// try makes one attempt and returns d with how it went.
func (s *Service) try(ctx context.Context, e *Endpoint, d *Delivery, entry store.Entry) (*Delivery, error) {
	d.Attempts++
	d.TriedAt = s.cfg.DB.Now().UTC()
	status, err := s.post(ctx, e, d.ID(), entry)
	d.Status, d.Took = status, s.cfg.DB.Now().Sub(d.TriedAt)
	d.State, d.Error = DeliveryDelivered, ""
	if err != nil {
		d.State, d.Error = DeliveryWaiting, qingyuan.AsError(err).Message
	}
	return d, err
}

// maxAnswer bounds what is read of a target's answer, in bytes.
const maxAnswer = 64 << 10

// post sends one entry. Errors say what is wrong without the URL and the target's own words.
func (s *Service) post(ctx context.Context, e *Endpoint, id string, entry store.Entry) (status int, err error) {
	text, err := body(entry)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(text))
	if err != nil {
		return 0, qingyuan.Errorf(qingyuan.Unavailable, "the URL cannot be used")
	}
	now := s.cfg.DB.Now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Qingyuan-Webhooks/1")
	req.Header.Set("webhook-id", id)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	req.Header.Set("webhook-signature", e.secrets.sign(id, now, text))
	resp, err := s.client.Do(req)
	if err != nil {
		var inner *url.Error // it names the URL, which may hold a token
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return 0, qingyuan.Wrap(qingyuan.Unavailable, err, plainly(err))
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return resp.StatusCode, nil
	}
	return resp.StatusCode, qingyuan.Errorf(qingyuan.Unavailable, "the target answered %d", resp.StatusCode)
}

// Test sends a test entry to an endpoint, active or not, and waits for the answer. Nothing is stored or retried.
func (s *Service) Test(ctx context.Context, t qingyuan.Tenant, id string) (*Delivery, error) {
	e, err := s.Endpoint(ctx, t, id)
	if err != nil {
		return nil, err
	}
	now := s.cfg.DB.Now().UTC()
	d, err := s.try(ctx, e, &Delivery{Endpoint: id, Kind: WebhookTest, CreatedAt: now}, store.Entry{Kind: WebhookTest, Subject: id, At: now})
	if err != nil {
		d.State = DeliveryFailed
	}
	return d, nil
}
