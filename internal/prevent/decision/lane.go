package decision

import (
	"fmt"

	"qingyuan"
	"qingyuan/internal/prevent/velocity"
	"qingyuan/internal/store"
)

// The kinds of outbox entries that change what later decisions read.
const (
	EventRecorded    = "event.recorded"    // subject: event id
	DecisionMade     = "decision.made"     // subject: event id; data: Made
	RulesetActivated = "ruleset.activated" // subject: id@version
	ListChanged      = "list.changed"      // subject: list name
)

// lane is everything one tenant's decisions depend on, as of one seq. Live decisions, replay and rebuild drive the same
// lane through the same steps; only a command (or the one goroutine of a replay) touches it.
type lane struct {
	record  *record
	applied int64 // the seq up to which the record is in memory
	program *Program
	eval    *Evaluator
	windows *velocity.Windows
	lists   *ListIndex
	prior   map[priorKey]velocity.Result // what the windows held before the event that is being decided
}

type priorKey struct {
	aggregate int
	key       velocity.Key
}

func newLane(r *record) *lane {
	return &lane{record: r, lists: NewListIndex(), prior: map[priorKey]velocity.Result{}}
}

// lanePoint is a state of a lane to go back to.
type lanePoint struct {
	lane    lane
	windows velocity.Mark
	lists   int
}

func (l *lane) point() lanePoint {
	p := lanePoint{lane: *l, lists: l.lists.Mark()}
	if l.windows != nil {
		p.windows = l.windows.Mark()
	}
	return p
}

// back returns to p. Windows that were replaced since are simply dropped.
func (l *lane) back(p lanePoint) {
	*l = p.lane
	l.lists.RollbackTo(p.lists)
	if l.windows != nil {
		l.windows.RollbackTo(p.windows)
	}
}

// settle lets go of the ways back.
func (l *lane) settle() {
	l.lists.Forget(l.lists.Mark())
	if l.windows != nil {
		l.windows.Forget(l.windows.Mark())
	}
}

// page is how many outbox entries a lane reads at once.
const page = 2000

// sync brings the lane up to the record's seq upTo.
func (l *lane) sync(tx *store.Tx, upTo int64) error {
	for l.applied < upTo {
		entries, err := tx.Outbox(l.applied, int(min(page, upTo-l.applied)))
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			return qingyuan.Errorf(qingyuan.Internal, "the outbox ends at %d, before %d", l.applied, upTo)
		}
		last := entries[len(entries)-1].Seq
		events, err := l.record.events.Range(tx, l.applied, last, len(entries))
		if err != nil {
			return err
		}
		for _, e := range entries {
			var event *qingyuan.Event
			if len(events) > 0 && events[0].Seq == e.Seq {
				event, events = events[0], events[1:]
			}
			if err := l.step(tx, e, event); err != nil {
				return fmt.Errorf("apply %s at seq %d: %w", e.Kind, e.Seq, err)
			}
		}
	}
	return nil
}

// step applies one outbox entry: an event goes into the windows, a list change into the lists, an activation replaces
// the program. Other kinds change nothing a decision reads.
func (l *lane) step(tx *store.Tx, e store.Entry, event *qingyuan.Event) error {
	switch e.Kind {
	case EventRecorded, DecisionMade:
		if event == nil {
			return qingyuan.Errorf(qingyuan.Internal, "the event is missing from the record")
		}
		if err := l.reabsorb(tx, event); err != nil {
			return err
		}
	case ListChanged:
		if err := l.changeLists(tx, e.Seq); err != nil {
			return err
		}
	case RulesetActivated:
		program, err := l.record.activated(tx, e.Seq)
		if err != nil {
			return err
		}
		if err := l.load(tx, program, e.Seq); err != nil {
			return err
		}
	}
	l.applied = e.Seq
	return nil
}

func (l *lane) changeLists(tx *store.Tx, seq int64) error {
	added, removed, err := l.record.listChanges(tx, seq)
	if err != nil {
		return err
	}
	for _, id := range removed {
		if _, err := l.lists.Remove(id); err != nil {
			return err
		}
	}
	for _, entry := range added {
		if err := l.lists.Add(entry); err != nil {
			return err
		}
	}
	return nil
}

// absorb puts an event into the windows, after taking out the one it corrects.
func (l *lane) absorb(event, corrected *qingyuan.Event) {
	if l.program == nil || event.Data == nil {
		return
	}
	if corrected != nil && corrected.Data != nil {
		for _, c := range l.program.Contributions(corrected) {
			l.windows.Remove(velocity.Stream(c.Stream), c.Key, item(corrected, c))
		}
	}
	for _, c := range l.program.Contributions(event) {
		l.windows.Add(velocity.Stream(c.Stream), c.Key, item(event, c))
	}
}

// reabsorb absorbs an event of the record.
func (l *lane) reabsorb(tx *store.Tx, event *qingyuan.Event) error {
	var corrected *qingyuan.Event
	if event.CorrectsSeq != 0 {
		var err error
		if corrected, err = l.record.events.EventAt(tx, event.CorrectsSeq); err != nil {
			return err
		}
	}
	l.absorb(event, corrected)
	return nil
}

func item(e *qingyuan.Event, c Contribution) velocity.Item {
	return velocity.Item{At: e.EffectiveAt.UnixMicro(), Seq: e.Seq, Value: c.Value, Distinct: c.Distinct}
}

// load makes program the lane's, with windows built from all events recorded before seq: what a program counts does not
// depend on when it became active.
func (l *lane) load(tx *store.Tx, program *Program, seq int64) error {
	windows, err := velocity.New(windowsOf(program))
	if err != nil {
		return err
	}
	l.program, l.eval, l.windows = program, program.NewEvaluator(), windows
	for after := int64(0); after < seq-1; {
		events, err := l.record.events.Range(tx, after, seq-1, page)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return nil
		}
		for _, e := range events {
			if err := l.reabsorb(tx, e); err != nil {
				return err
			}
		}
		after = events[len(events)-1].Seq
	}
	return nil
}

// windowsOf says which windows a program reads.
func windowsOf(p *Program) (cfg velocity.Config) {
	for _, s := range p.Streams() {
		cfg.Streams = append(cfg.Streams, velocity.StreamConfig{ID: s.ID, Longest: max(s.Window, velocity.MinLongest)})
	}
	return cfg
}

// survey reads, before an event is absorbed, every aggregate that its rules may ask for and that leaves the event out.
// Everything recorded before counts that took effect no later than the event: systems that tell time in seconds give many
// events one time.
func (l *lane) survey(event *qingyuan.Event) {
	clear(l.prior)
	if l.program == nil || event.Data == nil {
		return
	}
	aggregates := l.program.Aggregates()
	for _, i := range l.program.AggregatesFor(event.Kind) {
		a := aggregates[i]
		if a.Include {
			continue
		}
		selected(event, a.Lookup, func(key [16]byte) {
			l.prior[priorKey{i, key}] = read(l.windows, a, key, event.EffectiveAt.UnixMicro()+1)
		})
	}
}

// decide evaluates an event that was surveyed and then absorbed.
func (l *lane) decide(event *qingyuan.Event, signals []qingyuan.Signal) Result {
	aggregates := l.program.Aggregates()
	return l.eval.Decide(Input{
		Event: event,
		Velocity: func(v int, key [16]byte) (int64, bool) {
			r, ok := l.prior[priorKey{v, key}]
			if !ok {
				r = read(l.windows, aggregates[v], key, event.EffectiveAt.UnixMicro()+1)
			}
			return r.N, r.Exact
		},
		Lists:   l.lists,
		Signals: signals,
		ListNow: event.ObservedAt,
	})
}

func read(w *velocity.Windows, a Aggregate, key velocity.Key, asOf int64) velocity.Result {
	s := velocity.Stream(a.Stream)
	switch a.Agg {
	case Sum:
		return w.Sum(s, key, asOf, a.Window)
	case Distinct:
		return w.Distinct(s, key, asOf, a.Window)
	}
	return w.Count(s, key, asOf, a.Window)
}
