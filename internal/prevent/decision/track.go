package decision

import (
	"strconv"

	"qingyuan"
	"qingyuan/internal/prevent/velocity"
	"qingyuan/internal/store"
)

// ref names a published version of a ruleset; the zero ref names none.
type ref struct {
	id      string
	version int
}

func (r ref) String() string { return r.id + "@" + strconv.Itoa(r.version) }

func refOf(p *Program) ref { return ref{p.ruleset.ID, p.ruleset.Version} }

// track is one program with the windows it reads. Windows are not shared between programs: what a program counts must not
// depend on which others are deployed beside it.
type track struct {
	program *Program
	eval    *Evaluator
	windows *velocity.Windows
	prior   map[priorKey]velocity.Result // what the windows held before the event that is being decided
}

type priorKey struct {
	aggregate int
	key       velocity.Key
}

func newTrack(p *Program) (*track, error) {
	windows, err := velocity.New(windowsOf(p))
	if err != nil {
		return nil, err
	}
	return trackOn(p, windows), nil
}

func trackOn(p *Program, windows *velocity.Windows) *track {
	return &track{program: p, eval: p.NewEvaluator(), windows: windows, prior: map[priorKey]velocity.Result{}}
}

// windowsOf says which windows a program reads.
func windowsOf(p *Program) (cfg velocity.Config) {
	for _, s := range p.Streams() {
		cfg.Streams = append(cfg.Streams, velocity.StreamConfig{ID: s.ID, Longest: max(s.Window, velocity.MinLongest)})
	}
	return cfg
}

// load puts the events with after < seq ≤ upTo into the windows.
func (t *track) load(tx *store.Tx, r *record, after, upTo int64) error {
	left, err := residues(tx)
	if err != nil {
		return err
	}
	for after < upTo {
		events, err := r.events.Range(tx, after, upTo, page)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return nil
		}
		for _, e := range events {
			corrected, err := r.corrected(tx, e)
			if err != nil {
				return err
			}
			t.absorb(e, corrected, left)
		}
		after = events[len(events)-1].Seq
	}
	return nil
}

// absorb puts an event into the windows, after taking out the one it corrects. Of an event that was erased or redacted it is what is left.
func (t *track) absorb(event, corrected *qingyuan.Event, left residue) {
	if corrected != nil {
		t.remove(corrected, t.contributions(corrected, left))
	}
	t.add(event, t.contributions(event, left))
}

func (t *track) contributions(e *qingyuan.Event, left residue) []Contribution {
	if _, ok := left[e.Seq]; ok {
		return left.on(t.program, e.Seq)
	}
	if e.Data == nil {
		return nil
	}
	return t.program.Contributions(e)
}

func (t *track) add(e *qingyuan.Event, all []Contribution) {
	for i := range all {
		t.windows.Add(velocity.Stream(all[i].Stream), all[i].Key, item(e, &all[i]))
	}
}

func (t *track) remove(e *qingyuan.Event, all []Contribution) {
	for i := range all {
		t.windows.Remove(velocity.Stream(all[i].Stream), all[i].Key, item(e, &all[i]))
	}
}

func item(e *qingyuan.Event, c *Contribution) velocity.Item {
	return velocity.Item{At: e.EffectiveAt.UnixMicro(), Seq: e.Seq, Value: c.Value, Distinct: c.Distinct}
}

// survey reads, before an event is absorbed, every aggregate that its rules may ask for and that leaves the event out.
// Everything recorded before counts that took effect no later than the event: systems that tell time in seconds give many
// events one time.
func (t *track) survey(event *qingyuan.Event) {
	clear(t.prior)
	if event.Data == nil {
		return
	}
	aggregates := t.program.Aggregates()
	for _, i := range t.program.AggregatesFor(event.Kind) {
		a := aggregates[i]
		if a.Include {
			continue
		}
		selected(event, a.Lookup, func(key [16]byte) {
			t.prior[priorKey{i, key}] = read(t.windows, a, key, event.EffectiveAt.UnixMicro()+1)
		})
	}
}

// decide evaluates an event that was surveyed and then absorbed.
func (t *track) decide(l *lane, event *qingyuan.Event, signals []qingyuan.Signal) Result {
	aggregates := t.program.Aggregates()
	in := Input{
		Event: event,
		Velocity: func(v int, key [16]byte) (int64, bool) {
			r, ok := t.prior[priorKey{v, key}]
			if !ok {
				r = read(t.windows, aggregates[v], key, event.EffectiveAt.UnixMicro()+1)
			}
			return r.N, r.Exact
		},
		Lists:   l.lists,
		Signals: signals,
		ListNow: event.ObservedAt,
	}
	if len(l.snoozes) > 0 {
		in.Snoozed = func(rule string) bool { return l.snoozes.holds(rule, event) }
	}
	return t.eval.Decide(in)
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
