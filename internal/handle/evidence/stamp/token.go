package stamp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"

	"qingyuan"
)

// Authority stamps data and returns the DER of an RFC 3161 TimeStampResp that was checked.
type Authority interface {
	Stamp(ctx context.Context, data []byte) ([]byte, error)
	Roots() *x509.CertPool // that its tokens chain to
}

// Token is what a time stamp says.
type Token struct {
	Time      time.Time
	Authority string // common name of the signer
	Policy    string // OID
	Test      bool   // of a test authority: no proof of anything
}

var (
	oidExtKeyUsage  = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidTimeStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	// testPolicy is in the arc for examples (ITU-T X.660), which no real authority uses.
	testPolicy = asn1.ObjectIdentifier{2, 999, 3161, 1}
)

// maxResponse bounds an authority's answer, in bytes.
const maxResponse = 256 << 10

// Check checks a response against the data it is about. Errors: invalid, with what does not fit.
func Check(response, data []byte, roots *x509.CertPool) (*Token, error) {
	bad := func(format string, args ...any) (*Token, error) {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "not a time stamp of this: "+format, args...)
	}
	ts, err := timestamp.ParseResponse(response)
	if err != nil {
		return bad("%v", err)
	}
	if ts.HashAlgorithm != crypto.SHA256 {
		return bad("its hash is not SHA-256")
	}
	h := crypto.SHA256.New()
	h.Write(data)
	if !bytes.Equal(ts.HashedMessage, h.Sum(nil)) {
		return bad("it is about something else")
	}
	p7, err := pkcs7.Parse(ts.RawToken)
	if err != nil {
		return bad("%v", err)
	}
	signer := p7.GetOnlySigner()
	if signer == nil {
		return bad("it does not name one signer")
	}
	if !forTimeStampingOnly(signer) {
		return bad("its signer is not for time stamping alone")
	}
	between := x509.NewCertPool()
	for _, c := range p7.Certificates {
		between.AddCert(c)
	}
	known := *signer
	known.UnhandledCriticalExtensions = nil // the key usage above
	if _, err := known.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: ts.Time,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}}); err != nil {
		return bad("its signer is not trusted: %v", err)
	}
	if err := p7.Verify(); err != nil {
		return bad("%v", err)
	}
	return &Token{Time: ts.Time.UTC(), Authority: signer.Subject.CommonName, Policy: ts.Policy.String(), Test: ts.Policy.Equal(testPolicy)}, nil
}

// forTimeStampingOnly: the extended key usage is there once, critical, and names time stamping alone (RFC 3161 §2.3).
func forTimeStampingOnly(c *x509.Certificate) bool {
	for _, e := range c.Extensions {
		if e.Id.Equal(oidExtKeyUsage) {
			return e.Critical && len(c.ExtKeyUsage) == 1 && c.ExtKeyUsage[0] == x509.ExtKeyUsageTimeStamping && len(c.UnknownExtKeyUsage) == 0
		}
	}
	return false
}

// TSA is a time-stamping authority reached over HTTP.
type TSA struct {
	URL     string
	Trusted *x509.CertPool
	Client  *http.Client // nil: one with a timeout of 20 s
}

// Roots are those that tokens must chain to.
func (a *TSA) Roots() *x509.CertPool { return a.Trusted }

// Stamp asks for a token and checks it. Errors: unavailable; invalid where the answer is no good token.
func (a *TSA) Stamp(ctx context.Context, data []byte) ([]byte, error) {
	query, nonce, err := newQuery(data)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL, bytes.NewReader(query))
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the address of the time-stamping authority is wrong")
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	client := a.Client
	if client == nil {
		client = &http.Client{Timeout: 20 * time.Second}
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "the time-stamping authority does not answer")
	}
	defer res.Body.Close()
	response, err := io.ReadAll(io.LimitReader(res.Body, maxResponse))
	if err != nil || res.StatusCode != http.StatusOK {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, fmt.Errorf("status %d: %w", res.StatusCode, err), "the time-stamping authority does not answer")
	}
	return response, answers(response, data, nonce, a.Trusted)
}

// newQuery makes a TimeStampReq with a nonce, which the library leaves out.
func newQuery(data []byte) (query []byte, nonce *big.Int, err error) {
	h := crypto.SHA256.New()
	h.Write(data)
	if nonce, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63)); err != nil {
		return nil, nil, err
	}
	query, err = (&timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: h.Sum(nil), Certificates: true, Nonce: nonce}).Marshal()
	return query, nonce, err
}

// answers checks that a response is a good token for our own query.
func answers(response, data []byte, nonce *big.Int, roots *x509.CertPool) error {
	if _, err := Check(response, data, roots); err != nil {
		return err
	}
	ts, err := timestamp.ParseResponse(response)
	if err != nil {
		return err
	}
	if ts.Nonce == nil || ts.Nonce.Cmp(nonce) != 0 {
		return qingyuan.Errorf(qingyuan.Invalid, "the time-stamping authority answered another question")
	}
	return nil
}
