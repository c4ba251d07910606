package notify

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/jobs"
	"qingyuan/internal/store"
)

// Endpoint is where one party wants to be told.
type Endpoint struct {
	ID           string
	URL          string
	Description  string
	Kinds        []string // of outbox entries: exact, or a prefix such as "decision.*"; "*" is all
	Active       bool
	Reason       string // why it was disabled
	Failures     int    // in a row
	FailingSince time.Time
	PauseUntil   time.Time // nothing is sent before
	CreatedBy    string
	CreatedAt    time.Time

	cursor  int64 // seq up to which everything was sent, set aside or not wanted
	secrets secrets
}

// secrets are sealed with the URL.
type secrets struct {
	URL      string
	Current  []byte
	Previous []byte    `json:",omitempty"` // signs too, until Until
	Until    time.Time `json:",omitzero"`
}

// Bounds of endpoints.
const (
	maxEndpoints = 50
	maxKinds     = 50
	overlap      = 24 * time.Hour // for which a rotated secret goes on signing
)

// secretPrefix is that of Standard Webhooks.
const secretPrefix = "whsec_"

func newSecret() []byte {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	return b
}

func secretText(b []byte) string { return secretPrefix + base64.StdEncoding.EncodeToString(b) }

// Sign makes the value of one signature of Standard Webhooks 1.0: v1 and the base64 of HMAC-SHA-256 over id.timestamp.body.
func Sign(secret []byte, id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// sign gives every signature that holds at a time.
func (s secrets) sign(id string, at time.Time, body []byte) string {
	all := Sign(s.Current, id, at, body)
	if len(s.Previous) > 0 && at.Before(s.Until) {
		all += " " + Sign(s.Previous, id, at, body)
	}
	return all
}

// wants reports whether the endpoint asked for entries of the kind.
func (e *Endpoint) wants(kind string) bool {
	for _, k := range e.Kinds {
		prefix, some := strings.CutSuffix(k, "*")
		if k == kind || some && strings.HasPrefix(kind, prefix) {
			return true
		}
	}
	return false
}

// checkKinds finds what is wrong with the kinds an endpoint asks for.
func checkKinds(kinds []string) error {
	if len(kinds) == 0 || len(kinds) > maxKinds {
		return qingyuan.FieldErrorf("kinds", "must have 1 to %d entries", maxKinds)
	}
	for _, k := range kinds {
		name := strings.TrimSuffix(k, "*")
		if len(k) > 64 || k == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" {
			return qingyuan.FieldErrorf("kinds", "%q is not a kind such as decision.made, decision.* or *", k)
		}
	}
	return nil
}

// body is what is sent of an outbox entry.
func body(e store.Entry) ([]byte, error) {
	data := map[string]any{"seq": e.Seq, "subject": e.Subject}
	if len(e.Data) > 0 && json.Valid(e.Data) {
		data["detail"] = json.RawMessage(e.Data)
	}
	return json.Marshal(struct {
		Type      string         `json:"type"`
		Timestamp time.Time      `json:"timestamp"`
		Data      map[string]any `json:"data"`
	}{e.Kind, e.At, data})
}

// DeliveryState is where a delivery stands.
type DeliveryState string

// The states.
const (
	DeliveryWaiting   DeliveryState = "waiting"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryFailed    DeliveryState = "failed"
	DeliveryDropped   DeliveryState = "dropped" // the endpoint was disabled or deleted meanwhile
)

// Delivery is one entry on its way to one endpoint.
type Delivery struct {
	Endpoint  string
	Seq       int64
	Kind      string
	State     DeliveryState
	Attempts  int
	Status    int    // HTTP status of the last attempt; 0: there was no answer
	Error     string // of the last attempt
	Took      time.Duration
	CreatedAt time.Time
	TriedAt   time.Time
}

// ID is the webhook-id: the same whenever the entry is sent to the endpoint.
func (d *Delivery) ID() string { return messageID(d.Endpoint, d.Seq) }

func messageID(endpoint string, seq int64) string {
	return "msg_" + strings.TrimPrefix(endpoint, "whe_") + "_" + strconv.FormatInt(seq, 10)
}

// retries are the pauses between attempts that Standard Webhooks recommends: ten attempts over about three days.
var retries = [...]time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

func retryAfter(attempt int) time.Duration {
	return jobs.Jitter(retries[min(max(attempt, 1), len(retries))-1])
}
