package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/law"
)

// LawEntryView is one version of an entry of the law data.
type LawEntryView struct {
	Kind       string          `json:"kind" enum:"clock,article,charge,conduct"`
	ID         string          `json:"id"`
	Title      TextView        `json:"title"`
	Source     law.Source      `json:"source"`
	From       string          `json:"from" format:"date" doc:"In force from this day on"`
	To         string          `json:"to,omitempty" format:"date" doc:"And before this one; empty: until the next version"`
	Confirmed  bool            `json:"confirmed" doc:"The text itself was read; false: confirm before you rely on it"`
	Own        bool            `json:"own" doc:"From the operator's own files"`
	Summary    *TextView       `json:"summary,omitempty"`
	Note       *TextView       `json:"note,omitempty"`
	Clock      *ClockView      `json:"clock,omitempty"`
	Basis      *law.Source     `json:"basis,omitempty" doc:"Of the thresholds"`
	Thresholds []law.Threshold `json:"thresholds,omitempty" doc:"Amounts in fen; provinces set their own from low to high"`
	Within     string          `json:"within,omitempty" doc:"Heading of a rule of conduct"`
}

// ClockView is a term.
type ClockView struct {
	Category   string          `json:"category"`
	Channel    string          `json:"channel,omitempty"`
	Whose      string          `json:"whose" doc:"Who has to act"`
	Begins     TextView        `json:"begins"`
	Unit       string          `json:"unit" enum:"hour,day,working_day,month,year"`
	Length     int             `json:"length"`
	Rolls      bool            `json:"rolls" doc:"A last day that is no working day moves to the next one"`
	Extensions []ExtensionView `json:"extensions"`
}

// ExtensionView lengthens a clock, in its unit.
type ExtensionView struct {
	ID       string   `json:"id"`
	Title    TextView `json:"title"`
	After    string   `json:"after,omitempty" doc:"Only on top of this one"`
	To       int      `json:"to,omitempty" doc:"To this length from the beginning"`
	Add      int      `json:"add,omitempty" doc:"By this much"`
	Approval bool     `json:"approval" doc:"Somebody above must approve"`
}

func extensionView(e law.Extension) ExtensionView {
	return ExtensionView{e.ID, TextView(e.Title), e.After, e.To, e.Add, e.Approval}
}

func entryView(kind string, h law.Head) LawEntryView {
	v := LawEntryView{Kind: kind, ID: h.ID, Title: TextView(h.Title), Source: h.Source, From: h.From.String(), Confirmed: h.Confirmed, Own: h.Own,
		Summary: textOrNil(h.Summary), Note: textOrNil(h.Note)}
	if h.To != 0 {
		v.To = h.To.String()
	}
	return v
}

func textOrNil(t law.Text) *TextView {
	if t == (law.Text{}) {
		return nil
	}
	v := TextView(t)
	return &v
}

func clockView(c *law.Clock) LawEntryView {
	v := entryView("clock", c.Head)
	v.Clock = &ClockView{Category: c.Category, Channel: c.Channel, Whose: c.Whose, Begins: TextView(c.Begins), Unit: string(c.Unit), Length: c.Length,
		Rolls: c.Roll != "", Extensions: []ExtensionView{}}
	for _, e := range c.Extensions {
		v.Clock.Extensions = append(v.Clock.Extensions, extensionView(e))
	}
	return v
}

func chargeView(c *law.Charge) LawEntryView {
	v := entryView("charge", c.Head)
	v.Thresholds = c.Thresholds
	if c.Basis != (law.Source{}) {
		v.Basis = &c.Basis
	}
	return v
}

// law registers the operations on law data.
func (s *Server) law() {
	see := auth.Permission{Resource: auth.Law, Action: auth.Read}
	tag := []string{"law"}
	guarded(s, huma.Operation{OperationID: "list-law", Method: http.MethodGet, Path: "/v1/law", Tags: tag,
		Summary: "Clocks, articles, charges and rules of conduct, every version or those in force on a day"}, see, s.listLaw)
	guarded(s, huma.Operation{OperationID: "law-calendar", Method: http.MethodGet, Path: "/v1/law/calendar", Tags: tag,
		Summary: "Years whose working days are known, with days off and days that are worked instead"}, see, s.lawCalendar)
	guarded(s, huma.Operation{OperationID: "law-deadline", Method: http.MethodGet, Path: "/v1/law/deadline", Tags: tag, Errors: []int{404},
		Summary:     "When a clock runs out",
		Description: "503 where it takes a year whose working days are not known, unless a provisional answer is asked for."}, see, s.lawDeadline)
}

type lawInput struct {
	Kind string `query:"kind" enum:"clock,article,charge,conduct"`
	ID   string `query:"id" maxLength:"100"`
	At   string `query:"at" format:"date" doc:"Only what is in force on this day; every version where empty"`
}

type lawOutput struct {
	Body struct {
		Items []LawEntryView `json:"items"`
	}
}

func (s *Server) listLaw(_ context.Context, _ auth.Principal, in *lawInput) (*lawOutput, error) {
	b := s.cfg.Law
	var all []LawEntryView
	for _, c := range b.Clocks() {
		all = append(all, clockView(c))
	}
	for _, a := range b.Articles() {
		all = append(all, entryView("article", a.Head))
	}
	for _, c := range b.Charges() {
		all = append(all, chargeView(c))
	}
	for _, c := range b.Conduct() {
		v := entryView("conduct", c.Head)
		v.Within = c.Within
		all = append(all, v)
	}
	out := &lawOutput{}
	out.Body.Items = []LawEntryView{}
	for i, v := range all {
		superseded := i+1 < len(all) && all[i+1].Kind == v.Kind && all[i+1].ID == v.ID && all[i+1].From <= in.At
		switch {
		case in.Kind != "" && v.Kind != in.Kind, in.ID != "" && v.ID != in.ID:
		case in.At != "" && (v.From > in.At || v.To != "" && v.To <= in.At || superseded):
		default:
			out.Body.Items = append(out.Body.Items, v)
		}
	}
	return out, nil
}

// CalendarYearView is one year's notice.
type CalendarYearView struct {
	Year      int        `json:"year"`
	Source    law.Source `json:"source"`
	Confirmed bool       `json:"confirmed"`
	Own       bool       `json:"own"`
	Off       []string   `json:"off" doc:"Days off beyond the plain weekends: a date, or first/last"`
	Work      []string   `json:"work" doc:"Weekend days that are worked"`
}

type calendarOutput struct {
	Body struct {
		Items []CalendarYearView `json:"items"`
	}
}

func (s *Server) lawCalendar(context.Context, auth.Principal, *struct{}) (*calendarOutput, error) {
	out := &calendarOutput{}
	out.Body.Items = []CalendarYearView{}
	for _, y := range s.cfg.Law.Years() {
		v := CalendarYearView{Year: y.Year, Source: y.Source, Confirmed: y.Confirmed, Own: y.Own, Off: []string{}, Work: []string{}}
		for _, span := range y.Off {
			text, _ := span.MarshalText()
			v.Off = append(v.Off, string(text))
		}
		for _, d := range y.Work {
			v.Work = append(v.Work, d.String())
		}
		out.Body.Items = append(out.Body.Items, v)
	}
	return out, nil
}

type deadlineInput struct {
	Clock       string    `query:"clock" required:"true" maxLength:"100"`
	From        time.Time `query:"from" required:"true" doc:"When the clock begins"`
	Extension   []string  `query:"extension" maxItems:"8" doc:"That were granted, in order"`
	Provisional bool      `query:"provisional" doc:"Take years whose notice is not known as plain weeks"`
}

// DeadlineView is when a clock runs out.
type DeadlineView struct {
	Clock       string    `json:"clock"`
	From        time.Time `json:"from"`
	LastDay     string    `json:"last_day" format:"date" doc:"On which it may still be done"`
	Due         time.Time `json:"due" doc:"From this instant on it is too late"`
	Length      int       `json:"length" doc:"With extensions, in the clock's unit"`
	Rolled      bool      `json:"rolled" doc:"The last day was no working day"`
	Confirmed   bool      `json:"confirmed"`
	Provisional bool      `json:"provisional"`
}

type deadlineOutput struct{ Body DeadlineView }

func (s *Server) lawDeadline(_ context.Context, _ auth.Principal, in *deadlineInput) (*deadlineOutput, error) {
	book := s.cfg.Law
	if y := in.From.Year(); y < 1950 || y > 2200 {
		return nil, qingyuan.FieldErrorf("from", "must be between 1950 and 2200")
	}
	if in.Provisional {
		book = book.Provisional()
	}
	d, err := book.Deadline(in.Clock, in.From, in.Extension...)
	if err != nil {
		return nil, err
	}
	return &deadlineOutput{DeadlineView{d.Clock, d.From.UTC(), d.LastDay.String(), d.Due.UTC(), d.Length, d.Rolled, d.Confirmed, d.Provisional}}, nil
}
