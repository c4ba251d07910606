package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/internal/api"
	"qingyuan/internal/audit"
	"qingyuan/internal/auth"
	"qingyuan/internal/blob"
	"qingyuan/internal/handle/complaint"
	"qingyuan/internal/handle/evidence"
	"qingyuan/internal/handle/evidence/tlog"
	"qingyuan/internal/improve/education"
	"qingyuan/internal/improve/intel"
	"qingyuan/internal/improve/label"
	"qingyuan/internal/intake"
	"qingyuan/internal/intake/imports"
	"qingyuan/internal/jobs"
	"qingyuan/internal/keys"
	"qingyuan/internal/law"
	"qingyuan/internal/notify"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/prevent/model/registry"
	"qingyuan/internal/prevent/text"
	"qingyuan/internal/rights"
	"qingyuan/internal/store"
	"qingyuan/internal/telemetry"
	"qingyuan/web"
)

// installation says where the platform keeps things. Without any flag it starts on the embedded database.
type installation struct {
	Data     string `help:"Directory of everything the platform stores." default:"data" type:"path" env:"QINGYUAN_DATA"`
	Database string `help:"PostgreSQL URL; a SQLite file in the data directory where empty." env:"QINGYUAN_DATABASE"`
	KEK      string `help:"Where the key-encryption key is: a file, env:NAME, or command:PROGRAM that asks an HSM or a key service; a file in the data directory where empty. Keep a copy elsewhere: without it nothing can be read." name:"kek" env:"QINGYUAN_KEK"`
	KEKNext  string `help:"Where the key-encryption key is that a rotation changes to, looked for at start and when it begins; kek.next.key in the data directory's keys where empty." name:"kek-next" env:"QINGYUAN_KEK_NEXT"`
	Cipher   string `help:"What seals from now on: aes-256-gcm or sm4-gcm. What the other sealed stays readable." default:"aes-256-gcm" enum:"aes-256-gcm,sm4-gcm" env:"QINGYUAN_CIPHER"`
	Law      string `help:"Directory of law data of your own (*.yaml): calendar years, clocks, articles, charges. They lie over the shipped ones." type:"path" env:"QINGYUAN_LAW"`
	directories
	JobLease time.Duration `help:"How long a job stays with a process that says nothing; then another takes it." name:"job-lease" default:"30s" env:"QINGYUAN_JOB_LEASE"`
	LogLevel string        `help:"debug, info, warn or error." default:"info" enum:"debug,info,warn,error" env:"QINGYUAN_LOG_LEVEL"`
}

// founding says what a new tenant starts with.
type founding struct {
	Ruleset string `help:"Shipped ruleset that a new tenant starts with." default:"default" env:"QINGYUAN_RULESET"`
}

// platform is everything that runs, wired.
type platform struct {
	log       *slog.Logger
	db        *store.DB
	keys      *keys.Ring
	auth      *auth.Service
	jobs      *jobs.Service
	law       *law.Book
	blobs     *blob.Store
	events    *intake.Service
	imports   *imports.Service
	models    *registry.Service
	labels    *label.Service
	decisions *decision.Service
	texts     *text.Detector
	intel     *intel.Service
	education *education.Service
	evidence  *evidence.Service
	complaint *complaint.Service
	rights    *rights.Service
	metrics   *telemetry.Metrics
	windows   string // directory of what is in memory, as of the last time it was written
	tenancy   *tenancy
	lease     time.Duration // of jobs
	people    directories
	notify    *notify.Service // of a server
}

// open wires the platform, floor by floor. This is the only place where the parts meet.
func (in installation) open(ctx context.Context) (*platform, error) {
	p := &platform{metrics: telemetry.NewMetrics(), lease: in.JobLease, people: in.directories}
	p.tenancy = &tenancy{p: p, open: map[qingyuan.Tenant]context.CancelFunc{}, lost: map[qingyuan.Tenant]bool{}}
	var level slog.Level
	if err := level.UnmarshalText([]byte(in.LogLevel)); err != nil {
		return nil, err
	}
	p.log = telemetry.Log(os.Stderr, level, false)
	slog.SetDefault(p.log)

	// ground: the record, then the keys that open it
	url := in.Database
	if url == "" {
		url = filepath.Join(in.Data, "qingyuan.db")
	}
	var err error
	if p.db, err = store.Open(ctx, store.Config{URL: url, Log: p.log}); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	var own fs.FS
	if in.Law != "" {
		own = os.DirFS(in.Law)
	}
	if p.law, err = law.Load(own); err != nil {
		return nil, errors.Join(err, p.db.Close())
	}
	if p.blobs, err = blob.Open(blob.Config{Dir: filepath.Join(in.Data, "blobs")}); err != nil {
		return nil, errors.Join(err, p.db.Close())
	}
	if err := p.wire(ctx, in); err != nil {
		return nil, errors.Join(err, p.db.Close())
	}
	return p, nil
}

// keks finds the key-encryption keys. A file is made at first run only. The next one, where it is there, wraps what is new.
func (in installation) keks(ctx context.Context, db *store.DB) (all []keys.KEK, a keys.Algorithm, err error) {
	if a, err = keys.ParseAlgorithm(in.Cipher); err != nil {
		return nil, a, err
	}
	empty, err := keys.Empty(ctx, db)
	if err != nil {
		return nil, a, err
	}
	next, err := in.nextKEK(ctx, a)
	switch {
	case err == nil:
		all = append(all, next)
	case qingyuan.CodeOf(err) != qingyuan.NotFound:
		return nil, a, err
	}
	source := keys.Source(in.KEK)
	if source == "" {
		source = keys.Source(filepath.Join(in.Data, "keys", "kek.key"))
	}
	switch kek, err := source.Load(ctx, a, empty); {
	case err == nil:
		return append(all, kek), a, nil
	case len(all) == 0 || qingyuan.CodeOf(err) != qingyuan.NotFound:
		return nil, a, err
	}
	return all, a, nil // the old one was taken away after a rotation
}

// heads is where the heads of the audit chains are published.
func (in installation) heads() string { return filepath.Join(in.Data, "audit") }

// nextKEK is the key-encryption key of the next rotation. Errors: not_found where none is laid out.
func (in installation) nextKEK(ctx context.Context, a keys.Algorithm) (keys.KEK, error) {
	next := in.KEKNext
	if next == "" {
		next = filepath.Join(in.Data, "keys", "kek.next.key")
	}
	return keys.Source(next).Load(ctx, a, false)
}

// tables are the migrations of every package, floor by floor.
func tables() []store.Line {
	return []store.Line{
		rights.Migrations(), keys.Migrations(),
		auth.Migrations(),
		audit.Migrations(),
		jobs.Migrations(),
		notify.Migrations(),
		intake.Migrations(),
		imports.Migrations(),
		registry.Migrations(),
		decision.Migrations(),
		label.Migrations(),
		intel.Migrations(),
		education.Migrations(),
		evidence.Migrations(),
		complaint.Migrations(),
	}
}

func (p *platform) wire(ctx context.Context, in installation) error {
	p.windows = filepath.Join(in.Data, "windows")
	err := p.db.Migrate(ctx, tables()...)
	if err != nil {
		return err
	}
	keks, algorithm, err := in.keks(ctx, p.db)
	if err != nil {
		return err
	}
	if p.keys, err = keys.New(keys.Config{DB: p.db, KEKs: keks, Algorithm: algorithm}); err != nil {
		return err
	}
	if err := p.keys.Check(ctx); err != nil {
		return err
	}

	// services
	people := auth.Config{DB: p.db, Keys: p.keys, Log: p.log}
	if err := p.people.into(&people); err != nil {
		return err
	}
	if p.auth, err = auth.New(people); err != nil {
		return err
	}

	if p.jobs, err = jobs.New(jobs.Config{DB: p.db, Log: p.log, Lease: p.lease, Holds: p.tenancy.holds}); err != nil {
		return err
	}

	// intake, then prevent
	if p.events, err = intake.New(intake.Config{DB: p.db, Keys: p.keys}); err != nil {
		return err
	}
	if p.texts, err = text.New(text.Config{Blind: intel.Blind(p.keys), Secret: intel.Secret(p.keys)}); err != nil {
		return err
	}
	p.models = registry.New(p.db)
	p.labels = label.New(p.db, p.keys, p.events)
	p.decisions, err = decision.New(decision.Config{
		DB:        p.db,
		Keys:      p.keys,
		Events:    p.events,
		Models:    p.models,
		Snapshots: filepath.Join(in.Data, "windows"),
		Log:       p.log,
		Holds:     p.tenancy.holds,
		Detectors: []decision.Detector{p.texts},
	})
	if err != nil {
		return err
	}
	if err := p.decisions.RegisterBacktests(p.jobs); err != nil {
		return err
	}
	p.imports, err = imports.New(imports.Config{DB: p.db, Keys: p.keys, Events: p.events, Recorder: p.decisions, Blobs: p.blobs, Jobs: p.jobs, Log: p.log})
	if err != nil {
		return err
	}

	// handle
	if p.complaint, err = complaint.New(complaint.Config{DB: p.db, Keys: p.keys, Events: p.events, Law: p.law}); err != nil {
		return err
	}

	// improve: what two people confirm of texts goes back to the detector
	if p.intel, err = intel.New(intel.Config{DB: p.db, Keys: p.keys, Events: p.events, Texts: p.texts, Log: p.log}); err != nil {
		return err
	}
	if p.education, err = education.New(education.Config{DB: p.db, Keys: p.keys, Events: p.events, Log: p.log}); err != nil {
		return err
	}
	if err := p.intel.RegisterRuns(p.jobs, discoverEvery); err != nil {
		return err
	}
	return p.openDesk(ctx, in)
}

// discoverEvery is how often the record is read for new words and templates.
const discoverEvery = 6 * time.Hour

// consume does for a tenant what follows from its events, until ctx ends.
func (p *platform) consume(ctx context.Context, t qingyuan.Tenant) {
	if err := p.complaint.Consume(ctx, t); err != nil && ctx.Err() == nil {
		p.log.ErrorContext(ctx, "complaints are no longer opened", "tenant", t, "error", err)
	}
}

// openTenant brings into memory what the tenant's decisions need: the windows, the texts that new ones are compared with, and what is
// confirmed of texts.
func (p *platform) openTenant(ctx context.Context, t qingyuan.Tenant) error {
	if err := p.decisions.Open(ctx, t); err != nil {
		return err
	}
	p.texts.Forget(t)
	if err := p.recallTexts(ctx, t); err != nil {
		return err
	}
	return p.intel.Adopt(ctx, t)
}

// newTenant makes a tenant with its keys, ruleset and first administrator. For a tenant that exists it does what is
// still missing. password is empty where the administrator was there before.
func (f founding) newTenant(ctx context.Context, p *platform, t qingyuan.Tenant, title string) (name, password string, err error) {
	if err := p.db.CreateTenant(ctx, t, title); err != nil && qingyuan.CodeOf(err) != qingyuan.Conflict {
		return "", "", err
	}
	if err := p.keys.CreateTenant(ctx, t); err != nil {
		return "", "", err
	}
	if err := p.decisions.Bootstrap(ctx, t, f.Ruleset); err != nil {
		return "", "", fmt.Errorf("start ruleset: %w", err)
	}
	name, password, created, err := p.auth.Bootstrap(ctx, t)
	if err != nil || !created {
		return "", "", err
	}
	return name, password, nil
}

func (p *platform) close() error { return p.db.Close() }

// serveCommand runs the server.
type serveCommand struct {
	installation
	founding
	proof
	outward
	Listen string        `help:"Address to listen on." default:"127.0.0.1:8080" env:"QINGYUAN_LISTEN"`
	Secure bool          `help:"The console is reached over HTTPS: mark cookies so." env:"QINGYUAN_SECURE"`
	Every  time.Duration `help:"How often the windows are written to disk, so that a start after a crash reads little of the record." name:"snapshot-every" default:"10m" env:"QINGYUAN_SNAPSHOT_EVERY"`
	Lease  time.Duration `help:"On PostgreSQL: how long a tenant waits for another server when the one that decides for it dies." default:"10s" env:"QINGYUAN_LEASE"`
	AtOnce int           `help:"Decisions worked on at once; more are refused with 503 and Retry-After." name:"decisions-at-once" default:"128" env:"QINGYUAN_DECISIONS_AT_ONCE"`
	Rate   float64       `help:"Requests per second that one caller may send; 0 is no bound." default:"0" env:"QINGYUAN_RATE"`
}

// Run serves until ctx ends.
func (c *serveCommand) Run(ctx context.Context) error {
	s, err := c.start(ctx)
	if err != nil {
		return err
	}
	if s.password != "" {
		fmt.Printf("\nFirst start. The administrator, shown this once:\n  user      %s\n  password  %s\n", s.user, s.password)
	}
	fmt.Printf("\nQingyuan listens on %s\n", s.url)
	<-ctx.Done()
	return s.stop()
}

// server is a running platform with its listener.
type server struct {
	*platform
	url            string
	user, password string
	http           *http.Server
	exhibits       *tlog.Log
	cancel         context.CancelFunc
	background     sync.WaitGroup
	failed         chan error
	lock           io.Closer // of the data directory
}

// start opens the platform, the first tenant and the listener, and brings every tenant's windows into memory.
func (c *serveCommand) start(ctx context.Context) (*server, error) {
	p, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	s := &server{platform: p, failed: make(chan error, 1)}
	fail := func(err error) (*server, error) { return nil, errors.Join(err, p.close()) }
	if s.user, s.password, err = c.newTenant(ctx, p, api.DefaultTenant, "Main"); err != nil {
		return fail(err)
	}
	if s.lock, err = p.tenancy.begin(c.Data, c.Lease); err != nil {
		return fail(err)
	}
	if p.notify, err = c.outward.service(p); err != nil {
		return fail(err)
	}
	if err := p.tenancy.tend(ctx); err != nil {
		return fail(err)
	}
	back, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	if s.exhibits, err = p.openEvidence(back, c.proof, c.Data, &s.background); err != nil {
		cancel()
		return fail(err)
	}
	fail = func(err error) (*server, error) { return nil, errors.Join(err, s.stop()) }
	handler, err := api.New(api.Config{
		DB:         p.db,
		Keys:       p.keys,
		Auth:       p.auth,
		Events:     p.events,
		Models:     p.models,
		Labels:     p.labels,
		Decisions:  p.decisions,
		Evidence:   p.evidence,
		Rights:     p.rights,
		NextKEK:    func(ctx context.Context) (keys.KEK, error) { return c.nextKEK(ctx, p.keys.Algorithm()) },
		Complaints: p.complaint,
		Jobs:       p.jobs,
		Imports:    p.imports,
		Law:        p.law,
		Texts:      p.texts,
		Intel:      p.intel,
		Education:  p.education,
		Metrics:    p.metrics,
		Console:    web.Handler(),
		Log:        p.log,
		Version:    version(),
		Secure:     c.Secure,
		Rate:       api.Rate{PerSecond: c.Rate},
		Notify:     p.notify,
	})
	if err != nil {
		return fail(err)
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fail(qingyuan.Wrap(qingyuan.Unavailable, err, "cannot listen on "+c.Listen))
	}
	s.url = "http://" + listener.Addr().String()
	s.http = &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 60 * time.Second, WriteTimeout: 120 * time.Second,
		IdleTimeout: 120 * time.Second, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelWarn)}
	s.background.Go(func() { p.auth.Run(back) })
	s.background.Go(func() { p.snapshots(back, c.Every) })
	s.background.Go(func() { p.intel.Watch(back) })
	s.background.Go(func() { p.education.Run(back) })
	s.background.Go(func() { p.jobs.Run(back) })
	chain := audit.Keeper{DB: p.db, Signs: p.keys, Dir: c.heads(), Log: p.log}
	s.background.Go(func() { chain.Run(back) })
	s.background.Go(func() { p.tenancy.run(back) })
	go func() { s.failed <- s.http.Serve(listener) }()
	return s, nil
}

// stop ends requests, then background work, then writes the windows and closes the record.
func (s *server) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	quick, quickly := context.WithTimeout(ctx, 5*time.Second)
	defer quickly()
	if s.http != nil {
		s.http.RegisterOnShutdown(s.cancel)
		if s.http.Shutdown(quick) != nil {
			s.http.Close() // streams stay open until told otherwise
		}
	}
	s.cancel()
	s.background.Wait()
	s.snapshotAll(ctx)
	return errors.Join(s.exhibits.Close(ctx), s.tenancy.release(ctx), s.close(), s.lock.Close())
}

// snapshots writes every tenant's windows from time to time, so that a start after a crash reads little of the record.
func (p *platform) snapshots(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			p.snapshotAll(ctx)
		}
	}
}

func (p *platform) snapshotAll(ctx context.Context) {
	var err error
	for _, t := range p.tenancy.held() {
		err = errors.Join(err, p.decisions.Snapshot(ctx, t), p.saveTexts(ctx, t))
	}
	if err != nil {
		p.log.WarnContext(ctx, "windows were not written; the next start reads more of the record", "error", err)
	}
}
