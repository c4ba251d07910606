package stamp

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/digitorus/timestamp"

	"qingyuan"
	"qingyuan/internal/handle/evidence/tlog"
)

// TestAuthority is a time-stamping authority inside the process, for development. Its name and its policy say so.
type TestAuthority struct {
	now    func() time.Time
	root   *x509.Certificate
	signer *x509.Certificate
	key    *ecdsa.PrivateKey
}

// NewTestAuthority makes one with a new root. now is its clock.
func NewTestAuthority(now func() time.Time) (*TestAuthority, error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	from := now().Add(-time.Hour)
	root, err := issue(&x509.Certificate{Subject: pkix.Name{CommonName: "Qingyuan TEST root, proves nothing"}, NotBefore: from, NotAfter: from.AddDate(30, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, &rootKey.PublicKey, rootKey)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{oidTimeStamping})
	if err != nil {
		return nil, err
	}
	signer, err := issue(&x509.Certificate{Subject: pkix.Name{CommonName: "Qingyuan TEST time stamps, prove nothing"}, NotBefore: from, NotAfter: from.AddDate(20, 0, 0),
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: oidExtKeyUsage, Critical: true, Value: usage}}}, root, &key.PublicKey, rootKey)
	return &TestAuthority{now: now, root: root, signer: signer, key: key}, err
}

// LoadTestAuthority reads a test authority from a file, or makes it there at first run. Errors: invalid where the file is none.
func LoadTestAuthority(path string, now func() time.Time) (*TestAuthority, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		a, err := NewTestAuthority(now)
		if err != nil {
			return nil, err
		}
		text, err := a.marshal()
		if err != nil {
			return nil, err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		return a, tlog.WriteDurably(path, text, 0o600)
	}
	if err != nil {
		return nil, err
	}
	a := &TestAuthority{now: now}
	for _, read := range []func([]byte) error{
		func(der []byte) (err error) { a.root, err = x509.ParseCertificate(der); return err },
		func(der []byte) (err error) { a.signer, err = x509.ParseCertificate(der); return err },
		func(der []byte) (err error) { a.key, err = x509.ParseECPrivateKey(der); return err },
	} {
		var block *pem.Block
		if block, raw = pem.Decode(raw); block == nil {
			return nil, qingyuan.Errorf(qingyuan.Invalid, "not the file of a test authority")
		}
		if err := read(block.Bytes); err != nil {
			return nil, qingyuan.Wrap(qingyuan.Invalid, err, "not the file of a test authority")
		}
	}
	return a, nil
}

func (a *TestAuthority) marshal() ([]byte, error) {
	key, err := x509.MarshalECPrivateKey(a.key)
	if err != nil {
		return nil, err
	}
	signer := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.signer.Raw})
	return slices.Concat(a.RootPEM(), signer, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: key})), nil
}

// issue makes a certificate; a nil issuer means that it signs itself.
func issue(c, issuer *x509.Certificate, public crypto.PublicKey, by crypto.Signer) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	c.SerialNumber = serial
	if issuer == nil {
		issuer = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, issuer, public, by)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// Roots is the root of this authority.
func (a *TestAuthority) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

// RootPEM is the root as a PEM file.
func (a *TestAuthority) RootPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw})
}

// Stamp stamps data with the process's own clock.
func (a *TestAuthority) Stamp(_ context.Context, data []byte) ([]byte, error) {
	query, nonce, err := newQuery(data)
	if err != nil {
		return nil, err
	}
	response, err := a.Answer(query)
	if err != nil {
		return nil, err
	}
	return response, answers(response, data, nonce, a.Roots())
}

// Answer answers a TimeStampReq in DER, as an authority does over HTTP. Errors: invalid.
func (a *TestAuthority) Answer(query []byte) ([]byte, error) {
	req, err := timestamp.ParseRequest(query)
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "not a time-stamp query")
	}
	return (&timestamp.Timestamp{HashAlgorithm: req.HashAlgorithm, HashedMessage: req.HashedMessage, Time: a.now(), Nonce: req.Nonce, Policy: testPolicy,
		AddTSACertificate: req.Certificates, Accuracy: time.Second}).CreateResponseWithOpts(a.signer, a.key, crypto.SHA256)
}
