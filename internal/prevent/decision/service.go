package decision

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/internal/intake"
	"qingyuan/internal/keys"
	"qingyuan/internal/prevent/model/registry"
	"qingyuan/internal/store"
)

// Config says what the decision service stands on.
type Config struct {
	DB        *store.DB
	Keys      *keys.Ring
	Events    *intake.Service
	Models    *registry.Service // nil: rulesets can name no trained models
	Snapshots string            // directory for snapshots of the windows; empty: none are kept
	Log       *slog.Logger
	// Holds says whether this process decides for the tenant; nil: it always does. It saves the work for a request that the
	// tenant's lease would refuse.
	Holds func(qingyuan.Tenant) bool
	// Detectors look at every event before it is recorded; what they find is recorded with it, so that a replay does not
	// depend on their version.
	Detectors []Detector
}

// Detector turns an event into signals. It must be safe for concurrent use.
type Detector interface {
	Detect(e *qingyuan.Event) []qingyuan.Signal
}

// Withdrawer is a detector that keeps something of the events it looks at. It is told of those that were not recorded in the end,
// such as an event that was sent twice.
type Withdrawer interface {
	Withdraw(e *qingyuan.Event)
}

// Service records events and decides them. One process at a time may run it for a tenant.
type Service struct {
	cfg    Config
	record *record

	mu    sync.Mutex
	lanes map[qingyuan.Tenant]*lane
}

// New makes a service.
func New(cfg Config) (*Service, error) {
	if cfg.DB == nil || cfg.Keys == nil || cfg.Events == nil {
		return nil, qingyuan.Errorf(qingyuan.Internal, "decision needs a database, keys and intake")
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Holds == nil {
		cfg.Holds = func(qingyuan.Tenant) bool { return true }
	}
	return &Service{cfg: cfg, record: &record{events: cfg.Events, keys: cfg.Keys, models: cfg.Models}, lanes: map[qingyuan.Tenant]*lane{}}, nil
}

// Request asks for one decision.
type Request struct {
	Tenant         qingyuan.Tenant
	Body           []byte // one CloudEvents event
	IdempotencyKey string
	Point          string        // decision point; empty: the one declared for the event kind
	Deadline       time.Duration // from now; 0: the decision point's
}

// DefaultDeadline is used where neither the request nor the ruleset says one.
const DefaultDeadline = 2 * time.Second

// Made is the outbox data of a decision: codes only.
type Made struct {
	Kind    qingyuan.EventKind `json:"kind"`
	Outcome qingyuan.Outcome   `json:"outcome"`
	Score   int                `json:"score"`
}

// Decide records the event and decides it in one transaction. A repetition (same idempotency key, or same source and id,
// with the same body) gives the decision that was made, with repeated set. Past the deadline the decision point's
// fallback is recorded and given instead. Errors: those of intake; conflict where the id was used for another event;
// unavailable or too_many where nothing was recorded.
func (s *Service) Decide(ctx context.Context, req Request) (d *Decision, repeated bool, err error) {
	began := s.cfg.DB.Now()
	if !s.cfg.Holds(req.Tenant) {
		return nil, false, elsewhere
	}
	p, err := s.cfg.Events.Prepare(ctx, req.Tenant, req.Body, req.IdempotencyKey)
	if err != nil {
		return nil, false, err
	}
	signals := s.detect(ctx, &p.Event)
	err = s.cfg.DB.Write(ctx, req.Tenant, func(tx *store.Tx) error {
		l, err := s.laneFor(tx)
		if err != nil {
			return err
		}
		judge := func() ruling { return l.judge(p, signals, req, tx.Now().Sub(began)) }
		res, err := s.append(tx, l, p, signals, judge)
		if err != nil {
			return err
		}
		d = s.record.insert(tx, p, *res, req.Point, began)
		return nil
	})
	s.unless(err == nil, &p.Event)
	if qingyuan.CodeOf(err) == qingyuan.Conflict {
		return s.repeat(ctx, p, err)
	}
	return d, false, err
}

// judge decides an absorbed event, or gives the fallback where waited is beyond the deadline.
func (l *lane) judge(p *intake.Prepared, signals []qingyuan.Signal, req Request, waited time.Duration) ruling {
	by, _ := l.deciding(&p.Event)
	deadline := req.Deadline
	if deadline <= 0 {
		deadline = DefaultDeadline
		if point, ok := by.program.DecisionPoint(req.Point, p.Event.Kind); ok && point.Deadline > 0 {
			deadline = point.Deadline
		}
	}
	if waited > deadline {
		return ruling{Result: by.program.Fallback(req.Point, p.Event.Kind, "deadline")}
	}
	return l.decide(&p.Event, signals)
}

// append puts p on the record and into the windows, and evaluates it where judge is given. The outbox entry tells the
// outcome, so evaluation comes first; an event's own seq is the next one.
func (s *Service) append(tx *store.Tx, l *lane, p *intake.Prepared, signals []qingyuan.Signal, judge func() ruling) (*ruling, error) {
	from := l.point()
	tx.OnUndo(func() { l.back(from) })
	tx.OnCommit(l.settle)
	var corrected *qingyuan.Event
	var err error
	if p.Event.Corrects != "" {
		if corrected, err = s.cfg.Events.Corrected(tx, &p.Event); err != nil {
			return nil, err
		}
	}
	p.Event.Seq = l.applied + 1
	if judge != nil {
		l.survey(&p.Event)
	}
	l.absorb(&p.Event, corrected)
	var res *ruling
	var data []byte
	kind := EventRecorded
	if judge != nil {
		kind = DecisionMade
		r := judge()
		res = &r
		if data, err = json.Marshal(Made{Kind: p.Event.Kind, Outcome: r.Outcome, Score: r.Score}); err != nil {
			return nil, err
		}
	}
	if err := s.cfg.Events.Append(tx, p, corrected, kind, data); err != nil {
		return nil, err
	}
	if err := s.record.keepSignals(tx, p, signals); err != nil {
		return nil, err
	}
	l.applied = p.Event.Seq
	return res, nil
}

// unless has detectors withdraw an event that was not recorded.
func (s *Service) unless(recorded bool, e *qingyuan.Event) {
	if recorded {
		return
	}
	for _, d := range s.cfg.Detectors {
		if w, ok := d.(Withdrawer); ok {
			w.Withdraw(e)
		}
	}
}

// detect asks every detector. One that panics finds nothing, and the log says so.
func (s *Service) detect(ctx context.Context, e *qingyuan.Event) (all []qingyuan.Signal) {
	for _, d := range s.cfg.Detectors {
		func() {
			defer func() {
				if p := recover(); p != nil {
					s.cfg.Log.ErrorContext(ctx, "detector panicked", "event", e.ID, "detector", fmt.Sprintf("%T", d), "panic", p)
				}
			}()
			all = append(all, d.Detect(e)...)
		}()
	}
	return all
}

// Record records the event without deciding it. It returns the recorded event; repeated as in Decide.
func (s *Service) Record(ctx context.Context, tenant qingyuan.Tenant, body []byte, idempotencyKey string) (e *qingyuan.Event, repeated bool, err error) {
	if !s.cfg.Holds(tenant) {
		return nil, false, elsewhere
	}
	p, err := s.cfg.Events.Prepare(ctx, tenant, body, idempotencyKey)
	if err != nil {
		return nil, false, err
	}
	return s.recordPrepared(ctx, p)
}

func (s *Service) recordPrepared(ctx context.Context, p *intake.Prepared) (*qingyuan.Event, bool, error) {
	signals := s.detect(ctx, &p.Event)
	err := s.cfg.DB.Write(ctx, p.Event.Tenant, func(tx *store.Tx) error {
		l, err := s.laneFor(tx)
		if err != nil {
			return err
		}
		_, err = s.append(tx, l, p, signals, nil)
		return err
	})
	s.unless(err == nil, &p.Event)
	if qingyuan.CodeOf(err) == qingyuan.Conflict {
		e, err := s.cfg.Events.Repeated(ctx, p)
		return e, true, err
	}
	return &p.Event, false, err
}

// BatchItem is the result of one event of a batch.
type BatchItem struct {
	Event    *qingyuan.Event
	Repeated bool
	Err      error
}

// RecordBatch records the events of a JSON array, each on its own: one bad event does not harm its neighbours.
func (s *Service) RecordBatch(ctx context.Context, tenant qingyuan.Tenant, body []byte) ([]BatchItem, error) {
	if !s.cfg.Holds(tenant) {
		return nil, elsewhere
	}
	prepared, errs, err := s.cfg.Events.PrepareBatch(ctx, tenant, body)
	if err != nil {
		return nil, err
	}
	out := make([]BatchItem, len(prepared))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 256)
	for i, p := range prepared {
		if out[i].Err = errs[i]; errs[i] != nil {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			out[i].Event, out[i].Repeated, out[i].Err = s.recordPrepared(ctx, p)
		})
	}
	wg.Wait()
	return out, nil
}

// repeat answers a conflict with the decision on record.
func (s *Service) repeat(ctx context.Context, p *intake.Prepared, conflict error) (*Decision, bool, error) {
	e, err := s.cfg.Events.Repeated(ctx, p)
	if qingyuan.CodeOf(err) == qingyuan.NotFound {
		return nil, false, conflict
	}
	if err != nil {
		return nil, false, err
	}
	d, err := s.Decision(ctx, p.Event.Tenant, IDOf(e.ID))
	if qingyuan.CodeOf(err) == qingyuan.NotFound {
		return nil, false, qingyuan.Errorf(qingyuan.Conflict, "the event was recorded before without a decision")
	}
	return d, true, err
}

// laneFor is the tenant's lane, brought up to the record as this command sees it. Errors: unavailable where nothing is live.
func (s *Service) laneFor(tx *store.Tx) (*lane, error) {
	l, err := s.lane(tx)
	if err == nil && l.live() == nil {
		err = qingyuan.Errorf(qingyuan.Unavailable, "no ruleset is active for this tenant")
	}
	return l, err
}

// elsewhere refuses what another process does.
var elsewhere = qingyuan.Errorf(qingyuan.Unavailable, "another server decides for this tenant at present")

// lane is laneFor where nothing need be live. Errors: unavailable where another process holds the tenant's lease.
func (s *Service) lane(tx *store.Tx) (*lane, error) {
	if err := tx.Held(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	l := s.lanes[tx.Tenant()]
	s.mu.Unlock()
	last, err := tx.LastSeq()
	if err != nil {
		return nil, err
	}
	if l == nil || l.applied > last {
		if l, err = s.open(tx, last); err != nil {
			return nil, err
		}
	}
	if l.applied < last {
		from := l.point()
		tx.OnUndo(func() { l.back(from) })
		tx.OnCommit(l.settle)
		if err := l.sync(tx, last); err != nil {
			return nil, err
		}
		if l.stale {
			return s.open(tx, last)
		}
	}
	return l, nil
}

// open builds the tenant's lane from the newest snapshot that fits, else from the record alone.
func (s *Service) open(tx *store.Tx, last int64) (*lane, error) {
	l := newLane(s.record)
	if err := l.restore(tx, s.snapshotPath(tx.Tenant()), last); err != nil {
		s.cfg.Log.Info("windows are rebuilt from the record", "tenant", tx.Tenant(), "why", err)
		l = newLane(s.record)
		if err := l.rebuild(tx, last); err != nil {
			return nil, err
		}
	}
	s.keep(tx.Tenant(), l)
	tx.OnUndo(func() { s.keep(tx.Tenant(), nil) }) // it may hold what earlier commands of the commit have not stored yet
	return l, nil
}

func (s *Service) keep(t qingyuan.Tenant, l *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lanes[t] = l
}

// Open brings the tenant's lane into memory before the first request does.
func (s *Service) Open(ctx context.Context, tenant qingyuan.Tenant) error {
	return s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		_, err := s.laneFor(tx)
		return err
	})
}

func (s *Service) snapshotPath(t qingyuan.Tenant) string {
	if s.cfg.Snapshots == "" {
		return ""
	}
	return filepath.Join(s.cfg.Snapshots, string(t)+".windows")
}

// Decision reads one decision. Errors: not_found.
func (s *Service) Decision(ctx context.Context, tenant qingyuan.Tenant, id string) (d *Decision, err error) {
	if !qingyuan.ValidID("dec", id) {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "there is no decision %q", id)
	}
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		seq, err := s.cfg.Events.SeqOf(tx, EventOf(id))
		if err != nil {
			return err
		}
		all, err := s.record.decisions(tx, `seq = $2`, seq)
		if err == nil && len(all) == 0 {
			err = qingyuan.Errorf(qingyuan.NotFound, "there is no decision %q", id)
		}
		if err == nil {
			d = all[0]
		}
		return err
	})
	return d, err
}
