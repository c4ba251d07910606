package complaint

import (
	"time"

	"qingyuan"
	"qingyuan/internal/law"
)

// Complaint is one complaint as the rows show it: enough for lists. Its text is the event's.
type Complaint struct {
	ID          string // cmp_…
	Seq         int64  // order of arrival
	Event       string // complaint.received
	Item        int    // 0, or the number of the item that was split off
	Person      string // blind key
	Category    Category
	Channel     string
	Stage       Stage
	Assignee    string // account; empty: nobody yet
	Triage      Side   // empty until triaged
	ReceivedAt  time.Time
	Clock       string    // that runs out first; empty where none runs
	DueAt       time.Time // zero where no clock runs
	Provisional bool      // the calendar of a year it takes is not published yet
	AnsweredAt  time.Time // zero until the duty is done
	ClosedAt    time.Time
	MergedInto  string
}

// Late reports whether the duty was not done in time, as of now.
func (c *Complaint) Late(now time.Time) bool {
	switch {
	case c.DueAt.IsZero():
		return false
	case c.AnsweredAt.IsZero():
		return !now.Before(c.DueAt)
	}
	return !c.AnsweredAt.Before(c.DueAt)
}

// File is a complaint with everything that was done about it.
type File struct {
	Complaint
	State  State
	Duties []law.Deadline // first to run out at the front
	Acts   []RecordedAct  // oldest first
	Event  *qingyuan.Event
	Erased bool // the person's data was erased: acts have no text, the event no fields
}

// RecordedAct is an act with its place.
type RecordedAct struct {
	Act
	ID  string // act_…
	Seq int64
}
