package decision

import (
	"fmt"

	"qingyuan"
	"qingyuan/internal/prevent/velocity"
	"qingyuan/internal/rights"
	"qingyuan/internal/store"
)

// The kinds of outbox entries that change what later decisions read.
const (
	EventRecorded    = "event.recorded"    // subject: event id
	DecisionMade     = "decision.made"     // subject: event id; data: Made
	RulesetActivated = "ruleset.activated" // subject: id@version
	RulesetStaged    = "ruleset.staged"    // subject: id@version; data: stage and percent
	ListChanged      = "list.changed"      // subject: list name
	SnoozeChanged    = "rule.snoozed"      // subject: rule
)

// lane is everything one tenant's decisions depend on, as of one seq. Live decisions, replay, rebuild and backtest drive
// the same lane through the same steps; only a command (or the one goroutine of a replay) touches it.
type lane struct {
	record   *record
	applied  int64 // the seq up to which the record is in memory
	fixed    bool  // a backtest: what the record deploys does not count
	deployed deployment
	tracks   []*track // one for each of deployed.refs(), in that order; never changed in place
	lists    *ListIndex
	snoozes  snoozes // never changed in place
	left     residue // of events that were erased or redacted; nil until it is read; never changed in place
	stale    bool    // someone was erased: the windows hold keys that must go, and are built anew
}

func newLane(r *record) *lane { return &lane{record: r, lists: NewListIndex()} }

// live is the track that decides unless a rollout takes the event; nil where nothing is live.
func (l *lane) live() *track {
	if len(l.tracks) == 0 {
		return nil
	}
	return l.tracks[0]
}

// deciding is the track that decides the event, and those that only look on.
func (l *lane) deciding(event *qingyuan.Event) (by *track, shadows []*track) {
	if len(l.tracks) == 1 {
		return l.tracks[0], nil
	}
	if l.deployed.candidate == (ref{}) {
		return l.tracks[0], l.tracks[1:]
	}
	if InRollout(event.Subject.Key, l.deployed.candidate.id, l.deployed.percent) {
		return l.tracks[1], l.tracks[2:]
	}
	return l.tracks[0], l.tracks[2:]
}

// lanePoint is a state of a lane to go back to.
type lanePoint struct {
	lane    lane
	windows velocity.Mark   // of the first track
	others  []velocity.Mark // of the rest
	lists   int
}

func (l *lane) point() lanePoint {
	p := lanePoint{lane: *l, lists: l.lists.Mark()}
	for i, t := range l.tracks {
		if i == 0 {
			p.windows = t.windows.Mark()
			continue
		}
		p.others = append(p.others, t.windows.Mark())
	}
	return p
}

// back returns to p. Tracks that were added since are simply dropped.
func (l *lane) back(p lanePoint) {
	*l = p.lane
	l.lists.RollbackTo(p.lists)
	for i, t := range l.tracks {
		if i == 0 {
			t.windows.RollbackTo(p.windows)
			continue
		}
		t.windows.RollbackTo(p.others[i-1])
	}
}

// settle lets go of the ways back.
func (l *lane) settle() {
	l.lists.Forget(l.lists.Mark())
	for _, t := range l.tracks {
		t.windows.Forget(t.windows.Mark())
	}
}

// page is how many outbox entries a lane reads at once.
const page = 2000

// sync brings the lane up to the record's seq upTo.
func (l *lane) sync(tx *store.Tx, upTo int64) error {
	if err := l.know(tx); err != nil {
		return err
	}
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

// step applies one outbox entry: an event goes into the windows, a list change into the lists, a snooze among the
// snoozes, and a stage changes which programs there are. Other kinds change nothing a decision reads.
func (l *lane) step(tx *store.Tx, e store.Entry, event *qingyuan.Event) error {
	switch e.Kind {
	case EventRecorded, DecisionMade:
		if event == nil {
			return qingyuan.Errorf(qingyuan.Internal, "the event is missing from the record")
		}
		corrected, err := l.record.corrected(tx, event)
		if err != nil {
			return err
		}
		l.absorb(event, corrected)
	default:
		if err := l.turn(tx, e); err != nil {
			return err
		}
	}
	l.applied = e.Seq
	return nil
}

// turn applies an entry that is no event.
func (l *lane) turn(tx *store.Tx, e store.Entry) (err error) {
	switch e.Kind {
	case ListChanged:
		return l.changeLists(tx, e.Seq)
	case rights.PersonErased:
		l.stale = true
	case SnoozeChanged:
		l.snoozes, err = l.record.snoozesAt(tx, e.Seq)
	case RulesetActivated, RulesetStaged:
		if l.fixed {
			return nil
		}
		var d deployment
		if d, err = l.record.deploymentAt(tx, e.Seq); err == nil {
			err = l.deploy(tx, d, e.Seq, nil)
		}
	}
	return err
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

// deploy gives the lane the tracks that d asks for. Those it has, and ready, are kept; the others get windows built from
// all events recorded up to seq: what a program counts does not depend on when it was deployed.
func (l *lane) deploy(tx *store.Tx, d deployment, seq int64, ready *track) error {
	refs := d.refs()
	tracks := make([]*track, len(refs))
	for i, r := range refs {
		if tracks[i] = l.track(r); tracks[i] == nil && ready != nil && refOf(ready.program) == r {
			tracks[i] = ready
		}
		if tracks[i] != nil {
			continue
		}
		program, err := l.record.program(tx, r.id, r.version)
		if err != nil {
			return err
		}
		if tracks[i], err = newTrack(program); err != nil {
			return err
		}
		if err := tracks[i].load(tx, l.record, 0, seq); err != nil {
			return err
		}
	}
	l.deployed, l.tracks = d, tracks
	return nil
}

// track is the lane's track of that version; nil where it has none.
func (l *lane) track(r ref) *track {
	for _, t := range l.tracks {
		if refOf(t.program) == r {
			return t
		}
	}
	return nil
}

// absorb puts an event into every track's windows.
func (l *lane) absorb(event, corrected *qingyuan.Event) {
	for _, t := range l.tracks {
		t.absorb(event, corrected, l.left)
	}
}

// know reads what is left of erased events, once.
func (l *lane) know(tx *store.Tx) (err error) {
	if l.left == nil {
		l.left, err = residues(tx)
	}
	return err
}

// survey prepares every track for deciding the event that is absorbed next.
func (l *lane) survey(event *qingyuan.Event) {
	for _, t := range l.tracks {
		t.survey(event)
	}
}

// ruling is the result of the version that decided, and those of the versions in shadow.
type ruling struct {
	Result
	shadows []Result
}

// decide evaluates an event that was surveyed and then absorbed.
func (l *lane) decide(event *qingyuan.Event, signals []qingyuan.Signal) ruling {
	by, shadows := l.deciding(event)
	v := ruling{Result: by.decide(l, event, signals)}
	for _, t := range shadows {
		v.shadows = append(v.shadows, t.decide(l, event, signals))
	}
	return v
}
