package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"os"
	"path/filepath"
	"sync"
	"time"

	"k8s.io/klog/v2"

	"qingyuan"
	"qingyuan/internal/handle/evidence"
	"qingyuan/internal/handle/evidence/stamp"
	"qingyuan/internal/handle/evidence/tlog"
)

// proof says how evidence is proven.
type proof struct {
	Origin     string        `help:"Name of the evidence log, such as the lender's domain with a path; it stands in every proof and cannot be changed later." name:"log-origin" default:"qingyuan.local/evidence" env:"QINGYUAN_LOG_ORIGIN"`
	TSA        string        `help:"URL of the time-stamping authority (RFC 3161); a test authority, whose stamps prove nothing, where empty." name:"tsa" env:"QINGYUAN_TSA"`
	TSARoots   string        `help:"PEM file of the roots that the authority's certificate chains to." name:"tsa-roots" type:"existingfile" env:"QINGYUAN_TSA_ROOTS"`
	StampEvery time.Duration `help:"How often the log's checkpoint is stamped while exhibits come." name:"stamp-every" default:"1m" env:"QINGYUAN_STAMP_EVERY"`
}

// authority is the configured time-stamping authority.
func (c proof) authority(keys string) (stamp.Authority, error) {
	if c.TSA == "" {
		return stamp.LoadTestAuthority(filepath.Join(keys, "tsa-test.pem"), time.Now)
	}
	roots := x509.NewCertPool()
	pem, err := os.ReadFile(c.TSARoots)
	if err != nil || !roots.AppendCertsFromPEM(pem) {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "--tsa needs --tsa-roots, a PEM file of certificates")
	}
	return &stamp.TSA{URL: c.TSA, Trusted: roots}, nil
}

// openEvidence opens the evidence log in the data directory and begins to feed and to stamp it until ctx ends.
func (p *platform) openEvidence(ctx context.Context, c proof, data string, running *sync.WaitGroup) (*tlog.Log, error) {
	klog.SetSlogLogger(p.log.With("part", "evidence log"))
	keyDir := filepath.Join(data, "keys")
	log, err := tlog.Open(ctx, tlog.Config{Dir: filepath.Join(data, "evidence", "tiles"), Key: filepath.Join(keyDir, "evidence.key"), Origin: cmp.Or(c.Origin, "qingyuan.local/evidence")})
	if err != nil {
		return nil, err
	}
	authority, err := c.authority(keyDir)
	if err != nil {
		return nil, err
	}
	archive, err := stamp.OpenArchive(filepath.Join(data, "evidence", "stamped"), log.Key(), authority.Roots())
	if err != nil {
		return nil, err
	}
	if p.evidence, err = evidence.NewService(evidence.Config{DB: p.db, Keys: p.keys, Log: log, Slog: p.log, Holds: p.tenancy.holds}); err != nil {
		return nil, err
	}
	running.Go(func() { p.evidence.Feed(ctx) })
	running.Go(func() {
		p.stamp(ctx, cmp.Or(c.StampEvery, time.Minute), func() error { _, err := archive.Extend(ctx, log, authority); return err })
	})
	return log, nil
}

// stamp has the log's checkpoint stamped from time to time. A log that was rewritten is an error that does not go away: it
// is said every time.
func (p *platform) stamp(ctx context.Context, every time.Duration, extend func() error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := extend(); err != nil && ctx.Err() == nil {
				p.log.ErrorContext(ctx, "the evidence log's checkpoint was not stamped", "error", err)
			}
		}
	}
}
