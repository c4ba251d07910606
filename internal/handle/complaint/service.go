package complaint

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/intake"
	"qingyuan/internal/keys"
	"qingyuan/internal/law"
	"qingyuan/internal/store"
)

// Config says what the service stands on.
type Config struct {
	DB     *store.DB
	Keys   *keys.Ring
	Events *intake.Service
	Law    *law.Book
	Routes *Routes // nil: the shipped ones
}

// Service keeps complaints.
type Service struct {
	cfg  Config
	book *law.Book // answers for years whose notice is not there yet, and says so
}

// New makes a service. Errors: internal where the routes name a clock that the law data lacks.
func New(cfg Config) (*Service, error) {
	if cfg.DB == nil || cfg.Keys == nil || cfg.Events == nil || cfg.Law == nil {
		return nil, qingyuan.Errorf(qingyuan.Internal, "complaints need a record, keys, events and the law")
	}
	s := &Service{cfg: cfg, book: cfg.Law.Provisional()}
	if s.cfg.Routes == nil {
		var err error
		if s.cfg.Routes, err = ShippedRoutes(cfg.Law); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Portal reports whether the channel's portal is to be answered too.
func (s *Service) Portal(channel string) bool { return s.cfg.Routes.Portal(channel) }

// Consume opens complaints from the tenant's events until ctx ends.
func (s *Service) Consume(ctx context.Context, t qingyuan.Tenant) error {
	return s.cfg.DB.Consume(ctx, t, store.Consumer{Name: "complaint.open", Apply: s.take})
}

// take opens the complaints among a batch of the outbox.
func (s *Service) take(tx *store.Tx, entries []store.Entry) error {
	events, err := s.cfg.Events.Of(tx, []qingyuan.EventKind{qingyuan.ComplaintReceived}, entries[0].Seq-1, entries[len(entries)-1].Seq, len(entries))
	if err != nil {
		return err
	}
	for _, e := range events {
		if err := s.open(tx, e); err != nil {
			return err
		}
	}
	return nil
}

// open makes the complaint of an event; a correction points the complaint at the event that corrects it.
func (s *Service) open(tx *store.Tx, e *qingyuan.Event) error {
	if e.CorrectsSeq > 0 {
		before, err := s.cfg.Events.IDOf(tx, e.CorrectsSeq)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE complaint SET event = $3 WHERE tenant = $1 AND event = $2`, before, e.ID)
		return err
	}
	a := Act{Kind: ActOpened, Actor: qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "intake"}, Happened: e.EffectiveAt, Category: OwnRight,
		Channel: text(e, "channel"), Represented: represented(e)}
	if c := text(e, "category"); c != "" {
		a.Category = Category(c)
	}
	if day := text(e, "answer_by"); day != "" {
		var err error
		if a.Day, err = law.ParseDate(day); err != nil {
			return err
		}
	}
	return s.begin(tx, &Complaint{Event: e.ID, Person: e.Subject.Key}, a)
}

// begin stores a new complaint with its first act.
func (s *Service) begin(tx *store.Tx, c *Complaint, a Act) error {
	c.ID = qingyuan.NewID("cmp", tx.Now())
	state := begin(a)
	if err := s.project(c, &state); err != nil {
		return err
	}
	var err error
	if c.Seq, err = s.append(tx, c, &a, "complaint.opened"); err != nil {
		return err
	}
	tx.Insert(complaintRow, c.ID, c.Seq, c.Event, c.Item, c.Person, string(c.Category), c.Channel, string(c.Stage), c.Assignee, string(c.Triage),
		c.ReceivedAt.UnixMicro(), c.Clock, microsOr(c.DueAt, never), c.Provisional, microsOrNull(c.AnsweredAt), microsOrNull(c.ClosedAt), c.MergedInto)
	return nil
}

func text(e *qingyuan.Event, field string) string {
	v, _ := e.Data[field].(string)
	return v
}

// represented reports whether somebody else than the customer handed the complaint in.
func represented(e *qingyuan.Event) bool {
	if by := text(e, "submitted_by"); by != "" && by != "self" {
		return true
	}
	_, agent := e.Data["agent"].(map[string]any)
	return agent
}

// append stores one act and returns its seq.
func (s *Service) append(tx *store.Tx, c *Complaint, a *Act, kind string) (seq int64, err error) {
	a.At = tx.Now().UTC()
	plain, err := json.Marshal(a)
	if err != nil {
		return 0, err
	}
	key, err := s.cfg.Keys.Person(tx.Context(), tx.Tenant(), c.Person)
	if err != nil {
		return 0, err
	}
	key.Persist(tx)
	if seq, err = tx.Emit(kind, c.ID, nil); err != nil {
		return 0, err
	}
	id := qingyuan.NewID("act", tx.Now())
	tx.Insert(actRow, id, c.ID, seq, string(a.Kind), a.Actor.ID, a.At.UnixMicro(), key.Seal(plain, actAs(id)))
	return seq, nil
}

// project writes a state into the row of a complaint.
func (s *Service) project(c *Complaint, state *State) error {
	duties, err := s.cfg.Routes.Duties(s.book, state.Facts)
	if err != nil {
		return err
	}
	c.Category, c.Channel, c.Stage, c.Assignee, c.ReceivedAt = state.Category, state.Channel, state.Stage, state.Assignee, state.ReceivedAt
	c.Clock, c.DueAt, c.Provisional = "", time.Time{}, false
	if len(duties) > 0 {
		c.Clock, c.DueAt, c.Provisional = duties[0].Clock, duties[0].Due, duties[0].Provisional
	}
	c.AnsweredAt, c.ClosedAt, c.MergedInto = state.Answered(s.cfg.Routes.Portal(state.Channel)), state.ClosedAt, state.MergedInto
	return nil
}

// state folds the acts of a complaint. Errors: conflict where the person's data was erased.
func (s *Service) state(tx *store.Tx, id string) (state State, acts []RecordedAct, err error) {
	stored, err := readActs(tx, id)
	if err != nil {
		return state, nil, err
	}
	for i, a := range stored {
		plain, err := s.cfg.Keys.Open(tx.Context(), tx.Tenant(), a.sealed, actAs(a.ID))
		if qingyuan.CodeOf(err) == qingyuan.NotFound {
			err = qingyuan.Errorf(qingyuan.Conflict, "the person's data was erased")
		}
		if err != nil {
			return state, nil, err
		}
		if err := json.Unmarshal(plain, &a.Act); err != nil {
			return state, nil, err
		}
		if i == 0 {
			state = begin(a.Act)
		} else if state, err = s.apply(state, a.Act); err != nil {
			return state, nil, qingyuan.Wrap(qingyuan.Internal, err, "act "+a.ID+" does not follow")
		}
		acts = append(acts, a.RecordedAct)
	}
	return state, acts, nil
}

func (s *Service) apply(state State, a Act) (State, error) {
	duties, err := s.cfg.Routes.Duties(s.book, state.Facts)
	if err != nil {
		return state, err
	}
	r := rules{portal: s.cfg.Routes.Portal(state.Channel)}
	if len(duties) > 0 {
		r.due = duties[0].Due
	}
	next, err := state.Apply(a, r)
	if err != nil {
		return state, err
	}
	_, err = s.cfg.Routes.Duties(s.book, next.Facts) // an act must leave facts that clocks can be counted from
	return next, err
}

// Do does one act. Acts that need more than one complaint or a second person have methods of their own. Errors: not_found;
// invalid; conflict where the act cannot be done now.
func (s *Service) Do(ctx context.Context, t qingyuan.Tenant, id string, a Act) (c *Complaint, err error) {
	switch a.Kind {
	case ActOpened, ActMerged, ActAbsorbed:
		return nil, qingyuan.FieldErrorf("kind", "is no act that can be done alone")
	case ActExtended:
		if needs, err := s.needsApproval(ctx, t, id, a.Extension); err != nil || needs {
			if err == nil {
				err = qingyuan.Errorf(qingyuan.Forbidden, "this extension needs a second person's agreement")
			}
			return nil, err
		}
	}
	return c, s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		c, err = s.do(tx, id, a)
		return err
	})
}

// do does one act in a command.
func (s *Service) do(tx *store.Tx, id string, a Act) (*Complaint, error) {
	c, err := readComplaint(tx, id)
	if err != nil {
		return nil, err
	}
	state, _, err := s.state(tx, id)
	if err != nil {
		return nil, err
	}
	a.At = tx.Now().UTC()
	a.Text = strings.TrimSpace(a.Text)
	if len(a.Text) > 16<<10 {
		return nil, qingyuan.FieldErrorf("text", "must have at most 16 KiB")
	}
	if state, err = s.apply(state, a); err != nil {
		return nil, err
	}
	if err := s.project(c, &state); err != nil {
		return nil, err
	}
	if _, err := s.append(tx, c, &a, "complaint.acted"); err != nil {
		return nil, err
	}
	return c, s.update(tx, c)
}

func (s *Service) update(tx *store.Tx, c *Complaint) error {
	_, err := tx.Exec(`UPDATE complaint SET category = $3, stage = $4, assignee = $5, received_at = $6, clock = $7, due_at = $8, provisional = $9,
		answered_at = $10, closed_at = $11, merged_into = $12 WHERE tenant = $1 AND id = $2`, c.ID, string(c.Category), string(c.Stage), c.Assignee,
		c.ReceivedAt.UnixMicro(), c.Clock, microsOr(c.DueAt, never), c.Provisional, microsOrNull(c.AnsweredAt), microsOrNull(c.ClosedAt), c.MergedInto)
	return err
}

// Merge merges a repeat into an earlier complaint of the same person, which takes over an earlier last day of the repeat. Errors:
// not_found; conflict where they are of different people, or the earlier one is decided.
func (s *Service) Merge(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, repeat, earlier string) (c *Complaint, err error) {
	return c, s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		r, err := readComplaint(tx, repeat)
		if err != nil {
			return err
		}
		e, err := readComplaint(tx, earlier)
		if err != nil {
			return err
		}
		if r.ID == e.ID || r.Person == "" || r.Person != e.Person || r.Category != e.Category || e.Seq > r.Seq {
			return qingyuan.Errorf(qingyuan.Conflict, "only a later complaint of the same person and category merges into an earlier one")
		}
		var day law.Date
		if !r.DueAt.IsZero() {
			day = law.DateOf(r.DueAt.Add(-time.Microsecond))
		}
		if c, err = s.do(tx, earlier, Act{Kind: ActAbsorbed, Actor: actor, Other: repeat, Day: day}); err != nil {
			return err
		}
		_, err = s.do(tx, repeat, Act{Kind: ActMerged, Actor: actor, Other: earlier})
		return err
	})
}

// Split makes an item of its own out of what a complaint says of another category; its clock runs from the same day. Errors:
// not_found; conflict where the complaint is decided or was split often enough.
func (s *Service) Split(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, id string, category Category) (item *Complaint, err error) {
	return item, s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		c, err := readComplaint(tx, id)
		if err != nil {
			return err
		}
		if c.Stage.past(Decided) || c.Stage == Merged {
			return tooEarly("it is decided already")
		}
		state, _, err := s.state(tx, id)
		if err != nil {
			return err
		}
		var items int
		if _, err := tx.Get(`SELECT COUNT(*) FROM complaint WHERE tenant = $1 AND event = $2`, []any{c.Event}, &items); err != nil {
			return err
		}
		if items > 9 {
			return qingyuan.Errorf(qingyuan.Conflict, "it was split into %d items already", items)
		}
		item = &Complaint{Event: c.Event, Item: items, Person: c.Person}
		if err := s.begin(tx, item, Act{Kind: ActOpened, Actor: actor, Happened: state.ReceivedAt, Category: category, Channel: c.Channel,
			Day: state.AnswerBy, Represented: state.Represented}); err != nil {
			return err
		}
		_, err = s.do(tx, id, Act{Kind: ActNoted, Actor: actor, Text: "split: " + string(category), Other: item.ID})
		return err
	})
}
