package law

import (
	"qingyuan"
)

// Text is a sentence in both languages.
type Text struct {
	ZH string `yaml:"zh" json:"zh"`
	EN string `yaml:"en" json:"en"`
}

// Source says where an entry is written.
type Source struct {
	Text    string `yaml:"text" json:"text"` // title and number of the document
	Article string `yaml:"article,omitempty" json:"article,omitempty"`
	Issued  string `yaml:"issued,omitempty" json:"issued,omitempty"` // date
	URL     string `yaml:"url,omitempty" json:"url,omitempty"`
	Via     string `yaml:"via,omitempty" json:"via,omitempty"` // where it was read, if not in the document itself
}

// Head is what every entry has.
type Head struct {
	ID        string `yaml:"id"`
	Title     Text   `yaml:"title"`
	Source    Source `yaml:"source"`
	From      Date   `yaml:"from"`         // in force from this day on
	To        Date   `yaml:"to,omitempty"` // and before this one; 0: until a later version
	Confirmed bool   `yaml:"confirmed"`    // the text was read
	Own       bool   `yaml:"-"`            // from the operator's files
	Summary   Text   `yaml:"summary,omitempty"`
	Note      Text   `yaml:"note,omitempty"`
}

func (h *Head) head() *Head { return h }

func (h *Head) in(d Date) bool { return h.From <= d && (h.To == 0 || d < h.To) }

// Unit is what a clock counts.
type Unit string

// The units.
const (
	Hour       Unit = "hour"
	Day        Unit = "day" // natural days
	WorkingDay Unit = "working_day"
	Month      Unit = "month"
	Year       Unit = "year"
)

// Clock is a term within which something must be done.
type Clock struct {
	Head       `yaml:",inline"`
	Category   string      `yaml:"category"`          // complaint, tip_off, petition, credit_dispute, criminal, administrative
	Channel    string      `yaml:"channel,omitempty"` // where it holds for one channel only
	Whose      string      `yaml:"whose"`             // who has to act: lender, complainant, regulator, police, reporter
	Begins     Text        `yaml:"begins"`
	Unit       Unit        `yaml:"unit"`
	Length     int         `yaml:"length"`
	Roll       string      `yaml:"roll,omitempty"` // working_day: a last day that is none moves to the next one
	Extensions []Extension `yaml:"extensions,omitempty"`
}

// Extension lengthens a clock, in the clock's unit: to a length from the beginning, or by an addition.
type Extension struct {
	ID       string `yaml:"id"`
	Title    Text   `yaml:"title"`
	After    string `yaml:"after,omitempty"` // only on top of this one
	To       int    `yaml:"to,omitempty"`
	Add      int    `yaml:"add,omitempty"`
	Approval bool   `yaml:"approval,omitempty"` // somebody above must approve
}

// Article is a provision that others refer to.
type Article struct {
	Head `yaml:",inline"`
}

// Charge is an offence with the facts that make its threshold.
type Charge struct {
	Head       `yaml:",inline"`
	Basis      Source      `yaml:"basis,omitempty"` // of the thresholds
	Thresholds []Threshold `yaml:"thresholds,omitempty"`
}

// Threshold is one fact. Provinces set their own amount from Low to High.
type Threshold struct {
	ID     string `yaml:"id" json:"id"`
	Title  Text   `yaml:"title" json:"title"`
	Low    int64  `yaml:"low,omitempty" json:"low,omitempty"`   // fen
	High   int64  `yaml:"high,omitempty" json:"high,omitempty"` // fen
	Count  int64  `yaml:"count,omitempty" json:"count,omitempty"`
	Within string `yaml:"within,omitempty" json:"within,omitempty"`
}

// Conduct is a rule that the lender's own conduct is checked against.
type Conduct struct {
	Head   `yaml:",inline"`
	Within string `yaml:"within,omitempty"` // the heading it belongs to
}

// CalendarYear is one year's notice.
type CalendarYear struct {
	Year      int    `yaml:"year"`
	Source    Source `yaml:"source"`
	Confirmed bool   `yaml:"confirmed"`
	Off       []Span `yaml:"off"`
	Work      []Date `yaml:"work"`
	Own       bool   `yaml:"-"`

	days map[Date]bool // working or not, where it differs from the plain week
}

// check finds what is wrong within a clock.
func (c *Clock) check() error {
	switch c.Unit {
	case Hour, Day, WorkingDay, Month, Year:
	default:
		return qingyuan.Errorf(qingyuan.Invalid, "clock %s: unknown unit %q", c.ID, c.Unit)
	}
	if c.Length < 1 || c.Length > 10_000 || c.Roll != "" && c.Roll != string(WorkingDay) {
		return qingyuan.Errorf(qingyuan.Invalid, "clock %s: length or roll", c.ID)
	}
	seen := map[string]bool{"": true}
	for _, e := range c.Extensions {
		if e.ID == "" || seen[e.ID] || !seen[e.After] || (e.To == 0) == (e.Add == 0) || e.To < 0 || e.Add < 0 || e.To != 0 && e.To <= c.Length || e.To+e.Add > 10_000 {
			return qingyuan.Errorf(qingyuan.Invalid, "clock %s: extension %q", c.ID, e.ID)
		}
		seen[e.ID] = true
	}
	return nil
}
