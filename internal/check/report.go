package check

import (
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"qingyuan"
)

// Report is what a consumer has agreed to hand over. It holds nothing of who handed it over, and its time is that of the hour.
type Report struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Text    string    `json:"text"`
	Lang    string    `json:"lang"`
	Level   Level     `json:"level"`   // what the check said of it
	Consent string    `json:"consent"` // version of the wording that was agreed to
}

// The bounds of reports.
const (
	maxReport  = 16 << 10 // bytes of a text
	maxReports = 10_000   // waiting in the directory
)

// reportInfo binds a sealed report to its purpose.
const reportInfo = "qingyuan public check report 1"

// Outbox takes reports in: each is sealed to a public key (RFC 9180, X25519, HKDF-SHA256, AES-256-GCM) and written to a file of its own, which
// this process cannot read again.
type Outbox struct {
	dir string
	key hpke.PublicKey

	mu   sync.Mutex
	held int // files in the directory when last counted, and those written since
}

// NewOutbox takes a directory that is there and the public key of those who read reports, as [NewReportKey] writes it.
func NewOutbox(dir, publicKey string) (*Outbox, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(publicKey))
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the key of reports is not base64")
	}
	point, err := ecdh.X25519().NewPublicKey(raw)
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the key of reports is not an X25519 public key")
	}
	key, err := hpke.NewDHKEMPublicKey(point)
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the key of reports cannot be used")
	}
	o := &Outbox{dir: dir, key: key}
	return o, o.count()
}

// count counts the reports that wait.
func (o *Outbox) count() error {
	names, err := filepath.Glob(filepath.Join(o.dir, "*.report"))
	if err != nil {
		return err
	}
	if info, err := os.Stat(o.dir); err != nil || !info.IsDir() {
		return qingyuan.Errorf(qingyuan.Invalid, "the directory of reports is not there")
	}
	o.held = len(names)
	return nil
}

// Put seals and writes a report; its ID and At are set. Where as many wait as may it is Unavailable.
func (o *Outbox) Put(r Report) (Report, error) {
	var id [12]byte
	rand.Read(id[:])
	r.ID, r.At = hex.EncodeToString(id[:]), r.At.UTC().Truncate(time.Hour)
	plain, err := json.Marshal(r)
	if err != nil {
		return r, err
	}
	sealed, err := hpke.Seal(o.key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(reportInfo), plain)
	if err != nil {
		return r, qingyuan.Wrap(qingyuan.Internal, err, "sealing a report")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.held >= maxReports {
		if err := o.count(); err != nil || o.held >= maxReports {
			return r, qingyuan.Errorf(qingyuan.Unavailable, "too many reports wait to be read")
		}
	}
	path := filepath.Join(o.dir, r.ID+".report")
	if err := os.WriteFile(path+".part", sealed, 0o600); err != nil {
		return r, qingyuan.Wrap(qingyuan.Unavailable, err, "writing a report")
	}
	if err := os.Rename(path+".part", path); err != nil {
		return r, qingyuan.Wrap(qingyuan.Unavailable, err, "writing a report")
	}
	o.held++
	return r, nil
}

// NewReportKey makes the pair of keys of those who read reports, in base64. The private one never comes near the public check.
func NewReportKey() (private, public string, err error) {
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return "", "", err
	}
	return base64.StdEncoding.EncodeToString(k.Bytes()), base64.StdEncoding.EncodeToString(k.PublicKey().Bytes()), nil
}

// OpenReport reads a sealed report with the private key.
func OpenReport(privateKey string, sealed []byte) (r Report, err error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(privateKey))
	if err != nil {
		return r, qingyuan.Wrap(qingyuan.Invalid, err, "the key of reports is not base64")
	}
	scalar, err := ecdh.X25519().NewPrivateKey(raw)
	if err != nil {
		return r, qingyuan.Wrap(qingyuan.Invalid, err, "the key of reports is not an X25519 private key")
	}
	key, err := hpke.NewDHKEMPrivateKey(scalar)
	if err != nil {
		return r, qingyuan.Wrap(qingyuan.Invalid, err, "the key of reports cannot be used")
	}
	plain, err := hpke.Open(key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(reportInfo), sealed)
	if err != nil {
		return r, qingyuan.Wrap(qingyuan.Invalid, err, "the report was not sealed to this key")
	}
	return r, json.Unmarshal(plain, &r)
}

// report takes what a consumer hands over, with consent, and says so.
func (s *Server) report(w http.ResponseWriter, r *http.Request) {
	if s.Reports == nil {
		s.refuse(w, r, refusal{http.StatusNotFound, qingyuan.NotFound, "no_reports", 0})
		return
	}
	given, answer, bad := s.answer(w, r)
	switch {
	case bad != nil:
		s.refuse(w, r, *bad)
		return
	case !given.consent:
		s.refuse(w, r, refusal{http.StatusUnprocessableEntity, qingyuan.Invalid, "no_consent", 0})
		return
	case len(given.text) > maxReport:
		s.refuse(w, r, refusal{http.StatusRequestEntityTooLarge, qingyuan.Invalid, "report_oversize", 0})
		return
	}
	kept, err := s.Reports.Put(Report{At: s.Now(), Text: given.text, Lang: language(r), Level: answer.Level, Consent: s.reviewer.Load().says.Consent.Version})
	switch {
	case err != nil:
		s.Log.Error("a report was not kept", "code", qingyuan.CodeOf(err))
		s.refuse(w, r, refusal{http.StatusServiceUnavailable, qingyuan.Unavailable, "fault", patience})
	case wantsJSON(r):
		writeJSON(w, http.StatusCreated, "application/json", map[string]string{"id": kept.ID})
	default:
		s.page.write(w, http.StatusCreated, s.view(r, view{Reported: kept.ID}))
	}
}
