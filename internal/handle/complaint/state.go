package complaint

import (
	"slices"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/law"
)

// Stage is how far a complaint has come.
type Stage string

// The stages, in order (登记、核验、分类、核查、协商、决定、告知、办结). Merged stands beside them.
const (
	Registered   Stage = "registered"
	Verified     Stage = "verified"     // identity and authorisation were checked
	Classified   Stage = "classified"   // category and items are settled
	Investigated Stage = "investigated" // facts were checked, the lender's own conduct included
	Decided      Stage = "decided"
	Informed     Stage = "informed" // the decision was delivered, with proof
	Closed       Stage = "closed"
	Merged       Stage = "merged" // into an earlier complaint, with which it closes
)

// stages in the order in which they are reached.
var stages = []Stage{Registered, Verified, Classified, Investigated, Decided, Informed, Closed}

func (s Stage) past(t Stage) bool { return slices.Index(stages, s) >= slices.Index(stages, t) }

// ActKind is what was done.
type ActKind string

// The kinds of act.
const (
	ActOpened     ActKind = "opened"
	ActVerified   ActKind = "verified"
	ActClassified ActKind = "classified"
	ActFound      ActKind = "found"      // what the check of the facts came to
	ActNegotiated ActKind = "negotiated" // a talk with the complainant
	ActExtended   ActKind = "extended"
	ActMoved      ActKind = "moved" // the transferring body named another last day
	ActDecided    ActKind = "decided"
	ActDelivered  ActKind = "delivered" // 送达
	ActReplied    ActKind = "replied"   // the portal was answered
	ActWithdrawn  ActKind = "withdrawn"
	ActMerged     ActKind = "merged"
	ActAbsorbed   ActKind = "absorbed" // another one was merged into this
	ActAssigned   ActKind = "assigned"
	ActNoted      ActKind = "noted"
	ActClosed     ActKind = "closed"
	ActReview     ActKind = "review" // the complainant asks the superior body to review the decision (核查)
)

// Authority is whether whoever hands in may speak for the complainant.
type Authority string

// The authorities.
const (
	Self         Authority = "self"
	Authorised   Authority = "authorised" // original letter seen, and the person says so at the enrolled number
	Unproven     Authority = "unproven"
	Unauthorised Authority = "unauthorised"
)

// DeliveryMethods are the ways of delivery that leave a proof.
var DeliveryMethods = []string{"registered_post", "in_person", "sms", "email", "app", "recorded_call", "portal", "public_notice"}

// Decisions are what a complaint may come to.
var Decisions = []string{"upheld", "partly_upheld", "not_upheld", "settled", "declined", "withdrawn"}

// Act is one thing that was done about a complaint. Only the fields of its kind are set.
type Act struct {
	Kind     ActKind        `json:"kind"`
	Actor    qingyuan.Actor `json:"actor"`
	At       time.Time      `json:"at"`                 // when it was recorded
	Happened time.Time      `json:"happened,omitempty"` // when it took place, where that was before

	Channel     string `json:"channel,omitempty"`     // of the first act
	Represented bool   `json:"represented,omitempty"` // of the first act: somebody else handed it in

	Text      string    `json:"text,omitempty"` // finding, note, talk, reasons; may be personal
	Authority Authority `json:"authority,omitempty"`
	Original  bool      `json:"original,omitempty"`    // the letter of authority was seen in the original
	CalledAt  bool      `json:"called_back,omitempty"` // the person was called at the enrolled number
	Category  Category  `json:"category,omitempty"`
	Extension string    `json:"extension,omitempty"`
	Approval  string    `json:"approval,omitempty"`
	Day       law.Date  `json:"day,omitempty"` // a last day by a transfer sheet
	Decision  string    `json:"decision,omitempty"`
	Method    string    `json:"method,omitempty"` // of delivery
	Proof     string    `json:"proof,omitempty"`  // number of the receipt, id of the exhibit
	Other     string    `json:"other,omitempty"`  // complaint merged, or merged into
	Assignee  string    `json:"assignee,omitempty"`
}

// State is what the acts of a complaint come to.
type State struct {
	Facts
	Stage       Stage
	Represented bool // somebody else handed it in
	Authority   Authority
	Decision    string
	DecidedAt   time.Time
	DeliveredAt time.Time
	RepliedAt   time.Time
	ClosedAt    time.Time
	MergedInto  string
	Assignee    string
}

// Answered is when the duty to answer was done: delivered, and the portal answered where the channel has one; for what was
// withdrawn, when it was. Zero before.
func (s *State) Answered(portal bool) time.Time {
	switch {
	case s.Decision == "withdrawn":
		return s.DecidedAt
	case s.DeliveredAt.IsZero() || portal && s.RepliedAt.IsZero():
		return time.Time{}
	case portal && s.RepliedAt.After(s.DeliveredAt):
		return s.RepliedAt
	}
	return s.DeliveredAt
}

// rules is what Apply needs to know of the law at one complaint.
type rules struct {
	portal bool
	due    time.Time // when the first clock runs out; zero where none runs
}

// begin is the state after the first act.
func begin(a Act) State {
	return State{Facts: Facts{Category: a.Category, Channel: a.Channel, ReceivedAt: a.Happened, AnswerBy: a.Day}, Stage: Registered, Represented: a.Represented}
}

// Apply checks an act against the state and gives the state after it. Errors: conflict where the act cannot be done at this
// stage; invalid where it lacks something.
func (s State) Apply(a Act, r rules) (State, error) {
	if (s.Stage == Closed && a.Kind != ActReview && a.Kind != ActNoted) || s.Stage == Merged {
		return s, qingyuan.Errorf(qingyuan.Conflict, "the complaint is %s", s.Stage)
	}
	apply, ok := appliers[a.Kind]
	if !ok {
		return s, qingyuan.FieldErrorf("kind", "is no act that can be done")
	}
	return s, apply(&s, a, r)
}

func need(ok bool, field, what string) error {
	if ok {
		return nil
	}
	return qingyuan.FieldErrorf(field, "%s", what)
}

func tooEarly(what string) error { return qingyuan.Errorf(qingyuan.Conflict, "%s", what) }

// appliers has one rule for each kind of act that a person may do.
var appliers = map[ActKind]func(s *State, a Act, r rules) error{
	ActVerified:   (*State).verify,
	ActClassified: (*State).classify,
	ActFound:      (*State).found,
	ActNegotiated: func(s *State, a Act, _ rules) error {
		return need(written(a.Text), "text", "must say what was talked about")
	},
	ActNoted:     func(s *State, a Act, _ rules) error { return need(written(a.Text), "text", "must not be empty") },
	ActExtended:  (*State).extend,
	ActMoved:     (*State).move,
	ActDecided:   (*State).decide,
	ActDelivered: (*State).deliver,
	ActReplied:   (*State).reply,
	ActWithdrawn: (*State).withdraw,
	ActMerged:    (*State).merge,
	ActAbsorbed:  (*State).absorb,
	ActAssigned:  func(s *State, a Act, _ rules) error { s.Assignee = a.Assignee; return nil },
	ActClosed:    (*State).close,
	ActReview:    (*State).review,
}

func written(text string) bool { return strings.TrimSpace(text) != "" }

func (s *State) reach(stage Stage) {
	if !s.Stage.past(stage) {
		s.Stage = stage
	}
}

func (s *State) verify(a Act, _ rules) error {
	switch a.Authority {
	case Self, Unproven, Unauthorised:
	case Authorised:
		if !a.Original || !a.CalledAt {
			return qingyuan.FieldErrorf("authority", "needs the original letter of authority and a call to the enrolled number")
		}
	default:
		return qingyuan.FieldErrorf("authority", "must be self, authorised, unproven or unauthorised")
	}
	s.Authority = a.Authority
	s.reach(Verified)
	return nil
}

func (s *State) classify(a Act, _ rules) error {
	if !s.Stage.past(Verified) {
		return tooEarly("identity and authorisation come first")
	}
	s.Category = a.Category // whether it is one is seen when the clocks are counted
	s.reach(Classified)
	return nil
}

func (s *State) found(a Act, _ rules) error {
	if !s.Stage.past(Classified) {
		return tooEarly("the category comes first")
	}
	s.reach(Investigated)
	return need(written(a.Text), "text", "must say what was found")
}

func (s *State) extend(a Act, r rules) error {
	switch {
	case s.Stage.past(Decided):
		return tooEarly("it is decided already")
	case !r.due.IsZero() && !a.At.Before(r.due):
		return tooEarly("the clock has run out: it cannot be extended any more")
	case slices.Contains(s.Extensions, a.Extension):
		return tooEarly("it was extended so already")
	}
	s.Extensions = append(slices.Clone(s.Extensions), a.Extension)
	return need(written(a.Text), "text", "must give the reason, which the complainant is told")
}

func (s *State) move(a Act, _ rules) error {
	if err := need(a.Day != 0, "day", "must be the last day by the transfer sheet"); err != nil {
		return err
	}
	s.AnswerBy = a.Day
	return need(written(a.Proof), "proof", "must name the sheet")
}

func (s *State) decide(a Act, _ rules) error {
	switch {
	case !slices.Contains(Decisions, a.Decision) || a.Decision == "withdrawn":
		return qingyuan.FieldErrorf("decision", "must be one of %s", strings.Join(Decisions[:5], ", "))
	case a.Decision == "declined":
		if s.Authority != Unauthorised {
			return tooEarly("only what nobody entitled has raised may be declined")
		}
	case s.Represented && s.Authority != Authorised:
		return tooEarly("the representative's authority is not proven: check it, or decline")
	case !s.Stage.past(Investigated):
		return tooEarly("the facts come first")
	}
	if s.Stage.past(Informed) {
		return tooEarly("the complainant was told already")
	}
	s.Decision, s.DecidedAt = a.Decision, a.At
	s.reach(Decided)
	return need(written(a.Text), "text", "must give the reasons")
}

func (s *State) deliver(a Act, _ rules) error {
	if !s.Stage.past(Decided) {
		return tooEarly("there is no decision to deliver yet")
	}
	if err := need(slices.Contains(DeliveryMethods, a.Method), "method", "must be one of "+strings.Join(DeliveryMethods, ", ")); err != nil {
		return err
	}
	when := a.when()
	if when.After(a.At) || when.Before(s.ReceivedAt) {
		return qingyuan.FieldErrorf("happened", "must be between the complaint and now")
	}
	s.DeliveredAt = when
	s.reach(Informed)
	return need(written(a.Proof), "proof", "must name what proves the delivery")
}

// when is when an act took place.
func (a *Act) when() time.Time {
	if a.Happened.IsZero() {
		return a.At
	}
	return a.Happened
}

func (s *State) reply(a Act, r rules) error {
	if !r.portal {
		return tooEarly("this channel has no portal to answer")
	}
	if !s.Stage.past(Decided) {
		return tooEarly("there is nothing decided to answer with yet")
	}
	s.RepliedAt = a.when()
	return need(written(a.Proof), "proof", "must name what the portal confirmed")
}

func (s *State) withdraw(a Act, _ rules) error {
	if s.Stage.past(Decided) {
		return tooEarly("it is decided already")
	}
	s.Decision, s.DecidedAt = "withdrawn", a.when()
	s.reach(Decided)
	return need(written(a.Proof), "proof", "must name how the complainant withdrew it")
}

func (s *State) merge(a Act, _ rules) error {
	if s.Stage.past(Decided) {
		return tooEarly("it is decided already")
	}
	s.MergedInto, s.Stage = a.Other, Merged
	return need(a.Other != "", "other", "must name the earlier complaint")
}

// absorb takes over the earlier last day of a complaint that was merged into this one.
func (s *State) absorb(a Act, _ rules) error {
	if s.Stage.past(Decided) {
		return tooEarly("it is decided already: the repeat stands alone")
	}
	if a.Day != 0 && (s.AnswerBy == 0 || a.Day < s.AnswerBy) {
		s.AnswerBy = a.Day
	}
	return nil
}

func (s *State) close(a Act, r rules) error {
	if s.DeliveredAt.IsZero() {
		return tooEarly("nothing closes without proof of delivery (送达)")
	}
	if r.portal && s.RepliedAt.IsZero() {
		return tooEarly("nothing closes before the portal is answered")
	}
	s.Stage, s.ClosedAt = Closed, a.At
	return nil
}

// review reopens a complaint whose decision the complainant wants reviewed.
func (s *State) review(a Act, _ rules) error {
	if !s.Stage.past(Informed) {
		return tooEarly("only a decision that was delivered can be reviewed")
	}
	if s.Review {
		return tooEarly("the decision was reviewed already")
	}
	s.Review, s.Stage = true, Classified
	s.Decision, s.DecidedAt, s.DeliveredAt, s.RepliedAt, s.ClosedAt = "", time.Time{}, time.Time{}, time.Time{}, time.Time{}
	s.ReceivedAt, s.AnswerBy, s.Extensions = a.when(), 0, nil
	return need(written(a.Text), "text", "must say what is to be reviewed")
}
