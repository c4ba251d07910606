package education

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"qingyuan"
)

// KindProgramme is the kind of approval that this package asks for.
const KindProgramme = "education.programme"

// Programme is what is sent to whom.
type Programme struct {
	Title   qingyuan.Text `json:"title"`
	Body    qingyuan.Text `json:"body"`
	Link    string        `json:"link,omitempty"` // https, of the lender's own
	From    int           `json:"from"`           // days overdue at which a customer is due
	To      int           `json:"to"`             // and beyond which it is too late
	Holdout int           `json:"holdout"`        // of a thousand customers, held out
	Window  int           `json:"window"`         // days in which effects are looked for
	Pause   int           `json:"pause"`          // days before the same customer may be due again
	Late    int           `json:"late"`           // days overdue that count as an effect
	Paused  bool          `json:"paused"`         // nobody is enrolled
}

// Validate reports the first thing that is wrong.
func (p *Programme) Validate() error {
	for field, t := range map[string]qingyuan.Text{"title": p.Title, "body": p.Body} {
		if strings.TrimSpace(t.ZH) == "" || strings.TrimSpace(t.EN) == "" {
			return qingyuan.FieldErrorf(field, "is needed in both languages")
		}
	}
	switch {
	case utf8.RuneCountInString(p.Title.ZH) > 60 || utf8.RuneCountInString(p.Title.EN) > 120:
		return qingyuan.FieldErrorf("title", "is too long")
	case utf8.RuneCountInString(p.Body.ZH) > 2000 || utf8.RuneCountInString(p.Body.EN) > 4000:
		return qingyuan.FieldErrorf("body", "is too long")
	case p.Link != "" && !strings.HasPrefix(p.Link, "https://"):
		return qingyuan.FieldErrorf("link", "must begin with https://")
	case p.From < 1 || p.To < p.From || p.To > 60:
		return qingyuan.FieldErrorf("from", "and to must be days overdue, 1 ≤ from ≤ to ≤ 60")
	case p.Holdout < 50 || p.Holdout > 500:
		return qingyuan.FieldErrorf("holdout", "must be 50 to 500 of a thousand: without a holdout group no effect can be told")
	case p.Window < 7 || p.Window > 180:
		return qingyuan.FieldErrorf("window", "must be 7 to 180 days")
	case p.Pause < p.Window || p.Pause > 720:
		return qingyuan.FieldErrorf("pause", "must be from the window to 720 days: else one enrolment's effects are another's")
	case p.Late <= p.To || p.Late > 180:
		return qingyuan.FieldErrorf("late", "must be more than to, and at most 180")
	}
	return nil
}

// Version is one approved programme.
type Version struct {
	Programme
	Version   int
	Seq       int64
	Hash      string // SHA-256 of the content as stored, hex
	Requester string
	Approval  string
	Reason    string
	CreatedAt time.Time
}

// Arm is what a customer was assigned to.
type Arm string

// The arms.
const (
	Taught  Arm = "taught"
	Holdout Arm = "holdout"
)

// armOf is the arm of a customer: draw is a keyed hash of the customer, in hex. It is even to within 2⁻³².
func armOf(draw string, holdout int) (Arm, error) {
	if len(draw) < 16 {
		return "", qingyuan.Errorf(qingyuan.Internal, "a draw has 16 hexadecimal digits")
	}
	n, err := strconv.ParseUint(draw[:16], 16, 64)
	if err != nil {
		return "", qingyuan.Wrap(qingyuan.Internal, err, "a draw has 16 hexadecimal digits")
	}
	if int(n>>32*1000>>32) < holdout {
		return Holdout, nil
	}
	return Taught, nil
}

// Enrolment is one customer who fell overdue, and what happened since.
type Enrolment struct {
	ID           string // edu_…
	Seq          int64
	Version      int // of the programme
	Subject      string
	Event        string // id of the repayment
	Arm          Arm
	EnrolledAt   time.Time
	Until        time.Time // effects are looked for up to here
	ComplainedAt time.Time // zero: did not happen
	AgentAt      time.Time
	OverdueAt    time.Time
}

// due says whether an event makes its customer due under the programme.
func (v *Version) due(e *qingyuan.Event) bool {
	if v == nil || v.Paused || e.Kind != qingyuan.RepaymentPosted || e.Subject.Key == "" || e.Seq <= v.Seq {
		return false
	}
	days, known := e.Data["overdue_days"].(int64)
	switch e.Data["status"] {
	case "missed", "partial", "failed":
		return known && int(days) >= v.From && int(days) <= v.To
	}
	return false
}

// shows says which effects an event shows.
type shows struct{ complained, agent, overdue bool }

// shown are the effects that an event shows on an enrolment under a programme with these late days.
func shown(e *qingyuan.Event, late int) (s shows) {
	switch e.Kind {
	case qingyuan.ComplaintReceived:
		s.complained = true
	case qingyuan.AgreementSubmitted: // with an agent; a plan is with the lender
		switch e.Data["agreement_type"] {
		case "debt_service", "loan_brokerage", "complaint_proxy", "surrender_proxy", "credit_repair", "power_of_attorney":
			s.agent = true
		}
	case qingyuan.RepaymentPosted:
		days, _ := e.Data["overdue_days"].(int64)
		s.overdue = int(days) >= late && e.Data["status"] != "paid"
	}
	for _, n := range e.Entities {
		s.agent = s.agent || n.Kind == qingyuan.Agent
	}
	return s
}

func parse(content string) (p Programme, err error) {
	if err := json.Unmarshal([]byte(content), &p); err != nil {
		return p, qingyuan.Wrap(qingyuan.Internal, err, "a stored programme is damaged")
	}
	return p, nil
}
