// Package client is the Go client of Qingyuan's HTTP API: what a lender's systems use to send events and get decisions.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"qingyuan"
)

// Client talks to one server with one API key. It is safe for concurrent use.
type Client struct {
	base string
	key  string
	http *http.Client
}

// Config says where the server is and who is calling.
type Config struct {
	URL  string // such as https://qingyuan.example
	Key  string // API key
	HTTP *http.Client
}

// New makes a client. Errors: invalid for a URL that is none.
func New(cfg Config) (*Client, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, qingyuan.FieldErrorf("url", "must be http://… or https://…")
	}
	c := &Client{base: strings.TrimSuffix(cfg.URL, "/"), key: cfg.Key, http: cfg.HTTP}
	if c.http == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 256
		c.http = &http.Client{Transport: transport, Timeout: 30 * time.Second}
	}
	return c, nil
}

// Decision is the server's answer to an event.
type Decision struct {
	ID       string           `json:"id"`
	EventID  string           `json:"event_id"`
	Seq      int64            `json:"seq"`
	Outcome  qingyuan.Outcome `json:"outcome"`
	Score    int              `json:"score"`
	Fallback string           `json:"fallback"`
	Reasons  []struct {
		Rule     string            `json:"rule"`
		Typology qingyuan.Typology `json:"typology"`
		Family   qingyuan.Family   `json:"family"`
		Polarity qingyuan.Polarity `json:"polarity"`
		Weight   int               `json:"weight"`
		Text     qingyuan.Text     `json:"text"`
	} `json:"reasons"`
	Repeated  bool      `json:"repeated"`
	DecidedAt time.Time `json:"decided_at"`
}

// Decide records a CloudEvents event and decides it. A repetition gives the decision made before, with Repeated set.
func (c *Client) Decide(ctx context.Context, event []byte) (*Decision, error) {
	var d Decision
	if err := c.post(ctx, "/v1/decisions", event, &d); err != nil {
		return nil, err
	}
	return &d, nil
}

// Recorded is the server's word that an event is on record.
type Recorded struct {
	ID       string `json:"id"`
	Seq      int64  `json:"seq"`
	Repeated bool   `json:"repeated"`
}

// Record records an event without deciding it.
func (c *Client) Record(ctx context.Context, event []byte) (*Recorded, error) {
	var r Recorded
	if err := c.post(ctx, "/v1/events", event, &r); err != nil {
		return nil, err
	}
	return &r, nil
}

// Batch is the result of a batch of events.
type Batch struct {
	Items []struct {
		Recorded
		Error *Problem `json:"error"`
	} `json:"items"`
	Recorded int `json:"recorded"`
	Repeated int `json:"repeated"`
	Refused  int `json:"refused"`
}

// RecordBatch records up to 1,000 events; each stands or falls alone.
func (c *Client) RecordBatch(ctx context.Context, events [][]byte) (*Batch, error) {
	var body bytes.Buffer
	for i, e := range events {
		body.WriteByte("[,"[min(i, 1)])
		body.Write(e)
	}
	body.WriteByte(']')
	var b Batch
	if err := c.post(ctx, "/v1/events", body.Bytes(), &b); err != nil {
		return nil, err
	}
	return &b, nil
}

// Problem is an error as the server tells it.
type Problem struct {
	Status    int           `json:"status"`
	Code      qingyuan.Code `json:"code"`
	Detail    string        `json:"detail"`
	Field     string        `json:"field"`
	RequestID string        `json:"request_id"`
}

// tries is how often a request that the server could not take is sent: events are idempotent, so that is safe.
const tries = 5

func (c *Client) post(ctx context.Context, path string, body []byte, into any) error {
	var err error
	for n := range tries {
		var wait time.Duration
		if wait, err = c.once(ctx, path, body, into); err == nil || wait < 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait << n):
		}
	}
	return err
}

// once sends one request. A wait below 0 says that trying again is of no use.
func (c *Client) once(ctx context.Context, path string, body []byte, into any) (wait time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(body))
	if err != nil {
		return -1, err
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Content-Type", "application/cloudevents+json")
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return -1, ctx.Err()
		}
		return 200 * time.Millisecond, qingyuan.Wrap(qingyuan.Unavailable, err, "the server cannot be reached")
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 200 * time.Millisecond, qingyuan.Wrap(qingyuan.Unavailable, err, "the answer broke off")
	}
	if resp.StatusCode/100 == 2 {
		return 0, json.Unmarshal(text, into)
	}
	var p Problem
	if json.Unmarshal(text, &p) != nil || p.Code == "" {
		return -1, qingyuan.Errorf(qingyuan.Internal, "the server answered %d", resp.StatusCode)
	}
	err = &qingyuan.Error{Code: p.Code, Field: p.Field, Message: fmt.Sprintf("%s (request %s)", p.Detail, p.RequestID)}
	if p.Code == qingyuan.TooMany || p.Code == qingyuan.Unavailable {
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return max(200*time.Millisecond, time.Duration(seconds)*time.Second/4), err
	}
	return -1, err
}
