package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emmansun/gmsm/sm3"

	"qingyuan"
	"qingyuan/internal/handle/evidence/tlog"
)

// State is what may be done with an exhibit.
type State string

// The states.
const (
	Open   State = "open"
	Sealed State = "sealed" // two people closed it: see [Service.RequestSeal]
	Erased State = "erased" // the person's data was erased; only the commitments are left
)

// Action is what a record says was done with an exhibit.
type Action string

// The actions.
const (
	Recorded    Action = "recorded" // it came in, or was made from another
	Viewed      Action = "viewed"
	Copied      Action = "copied" // its bytes left the platform
	Transferred Action = "transferred"
	Verified    Action = "verified"
	SealedUp    Action = "sealed"
)

// MaxExhibit bounds the bytes of one exhibit.
const MaxExhibit = 64 << 20

// Capture says how a file came to be held. Nothing of it is checked against the file: it is the word of who captured it.
type Capture struct {
	Name    string    `json:"name"`              // of the file, as it was given
	Channel string    `json:"channel"`           // hotline, app, portal, court, import …
	Origin  string    `json:"origin"`            // where the original is: address, device, custodian
	By      string    `json:"by"`                // account or system that captured it
	Device  string    `json:"device"`            // what it was captured with
	At      time.Time `json:"at"`                // by the device's clock
	Clock   string    `json:"clock"`             // how that clock is kept: ntp, device, unknown
	Method  string    `json:"method"`            // upload, export, screenshot, recording …
	Process string    `json:"process,omitempty"` // 提取过程: anything else that was done
}

// Derivation says what a file was made from, and how it can be made again.
type Derivation struct {
	Parent     string            `json:"parent"`        // exhibit
	ParentHash string            `json:"parent_sha256"` // of its raw bytes, hex
	Tool       string            `json:"tool"`
	Version    string            `json:"version"`
	Parameters map[string]string `json:"parameters,omitempty"`
}

// Record is one link of an exhibit's chain of custody. Its JSON form is what the log commits to; it is stored as written.
type Record struct {
	Version    int            `json:"v"`
	ID         string         `json:"id"` // rec_…
	Exhibit    string         `json:"exhibit"`
	Action     Action         `json:"action"`
	Actor      qingyuan.Actor `json:"actor"`
	At         time.Time      `json:"at"`                // by the platform's clock
	Purpose    string         `json:"purpose,omitempty"` // why, and to whom where it left
	Approval   string         `json:"approval,omitempty"`
	Previous   string         `json:"previous,omitempty"` // commitment of the exhibit's record before, hex
	SHA256     string         `json:"sha256"`             // of the exhibit's raw bytes, hex, in every record of it
	SM3        string         `json:"sm3"`
	Size       int64          `json:"size"`
	MediaType  string         `json:"media_type,omitempty"`
	Matter     string         `json:"matter,omitempty"`
	Capture    *Capture       `json:"capture,omitempty"`    // of the first record
	Derivation *Derivation    `json:"derivation,omitempty"` // of the first record, where the file was made from another
}

// Exhibit is a file held as evidence.
type Exhibit struct {
	ID         string
	Seq        int64  // order of arrival
	Person     string // blind key of the person it is about; empty where it is about none
	Matter     string // complaint or case it belongs to
	Parent     string // exhibit it was made from
	Size       int64
	MediaType  string
	State      State
	ReceivedAt time.Time
	First      *Record // nil once erased
}

// New is a file to be held.
type New struct {
	Bytes      []byte
	MediaType  string // as declared; recognised from the bytes where empty
	Person     string // blind key
	Matter     string
	Capture    Capture
	Derivation *Derivation // ParentHash is filled in
}

// check refuses what no exhibit can be. Errors: invalid.
func (n *New) check() error {
	c := &n.Capture
	if len(n.Bytes) == 0 || len(n.Bytes) > MaxExhibit {
		return qingyuan.FieldErrorf("bytes", "must have 1 byte to %d MiB", MaxExhibit>>20)
	}
	if c.At.IsZero() || c.At.Year() < 1990 {
		return qingyuan.FieldErrorf("capture.at", "must say when it was captured")
	}
	for _, f := range []struct {
		name     string
		value    string
		required bool
		limit    int
	}{
		{"capture.name", c.Name, true, 255}, {"capture.channel", c.Channel, true, 64}, {"capture.origin", c.Origin, true, 1024},
		{"capture.by", c.By, true, 128}, {"capture.device", c.Device, false, 255}, {"capture.clock", c.Clock, true, 64},
		{"capture.method", c.Method, true, 64}, {"capture.process", c.Process, false, 4096}, {"matter", n.Matter, false, 64},
		{"media_type", n.MediaType, false, 127},
	} {
		switch {
		case f.required && strings.TrimSpace(f.value) == "":
			return qingyuan.FieldErrorf(f.name, "must not be empty")
		case len(f.value) > f.limit || !utf8.ValidString(f.value) || strings.ContainsRune(f.value, 0):
			return qingyuan.FieldErrorf(f.name, "must be text of at most %d bytes", f.limit)
		}
	}
	if d := n.Derivation; d != nil {
		if d.Parent == "" || strings.TrimSpace(d.Tool) == "" || strings.TrimSpace(d.Version) == "" {
			return qingyuan.FieldErrorf("derivation", "must name parent, tool and version")
		}
		if len(d.Parameters) > 64 {
			return qingyuan.FieldErrorf("derivation.parameters", "must be at most 64")
		}
	}
	return nil
}

// written is a record as it is stored and committed to.
type written struct {
	Record
	json       []byte
	salt       [32]byte
	commitment tlog.Commitment
}

// write gives the record its bytes and its commitment.
func (r Record) write(salt [32]byte) (*written, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return &written{Record: r, json: text, salt: salt, commitment: tlog.Commit(salt, text)}, nil
}

// plain is what of a written record is sealed: salt, then record.
func (w *written) plain() []byte { return append(w.salt[:], w.json...) }

func readWritten(plain []byte) (*written, error) {
	if len(plain) < 32 {
		return nil, qingyuan.Errorf(qingyuan.Internal, "a record of an exhibit is too short")
	}
	w := &written{json: plain[32:], salt: [32]byte(plain[:32])}
	w.commitment = tlog.Commit(w.salt, w.json)
	return w, json.Unmarshal(w.json, &w.Record)
}

// hashes are SHA-256 and SM3 of raw bytes, hex.
func hashes(raw []byte) (sha, sm string) {
	a, b := sha256.Sum256(raw), sm3.Sum(raw)
	return hex.EncodeToString(a[:]), hex.EncodeToString(b[:])
}
