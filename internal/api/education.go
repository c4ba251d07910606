package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/improve/education"
)

// The permissions of education.
var (
	seeEducation   = auth.Permission{Resource: auth.Education, Action: auth.Read}
	writeEducation = auth.Permission{Resource: auth.Education, Action: auth.Write}
)

// education registers the operations on what the newly overdue are told.
func (s *Server) education() {
	tag := []string{"education"}
	guarded(s, huma.Operation{OperationID: "get-education-programme", Method: http.MethodGet, Path: "/v1/education/programme", Tags: tag,
		Summary: "What newly overdue customers are told, to whom it goes, and who is held out", Errors: []int{404}}, seeEducation, s.getProgramme)
	guarded(s, huma.Operation{OperationID: "propose-education-programme", Method: http.MethodPost, Path: "/v1/education/programme", Tags: tag,
		Summary: "Ask for the next version of the programme", Description: secondPerson, DefaultStatus: http.StatusAccepted}, writeEducation, s.proposeProgramme)
	guarded(s, huma.Operation{OperationID: "list-education-enrolments", Method: http.MethodGet, Path: "/v1/education/enrolments", Tags: tag,
		Summary: "Who fell overdue and was assigned to an arm, newest first"}, seeEducation, s.listEnrolments)
	guarded(s, huma.Operation{OperationID: "get-education-enrolment", Method: http.MethodGet, Path: "/v1/education/enrolments/{id}", Tags: tag,
		Summary:     "One enrolment with the event that led to it and the material: what a channel reads on education.due",
		Description: "Of the held out the material is left out: they are told nothing.", Errors: []int{404}}, seeEducation, s.getEnrolment)
	guarded(s, huma.Operation{OperationID: "get-education-effect", Method: http.MethodGet, Path: "/v1/education/effect", Tags: tag,
		Summary:     "What the material changed: complaints, contact with agents and staying overdue, taught less held out",
		Description: "People are counted as they were assigned, once their window is over. Intervals are Newcombe's, at 95 %."}, seeEducation, s.getEffect)
	s.voteOn(education.KindProgramme, writeEducation, s.cfg.Education.Approve)
}

// ProgrammeFields are what a version of the programme says.
type ProgrammeFields struct {
	Title   TextView `json:"title"`
	Body    TextView `json:"body"`
	Link    string   `json:"link,omitempty" maxLength:"300" doc:"https, the lender's own"`
	From    int      `json:"from" minimum:"1" maximum:"60" doc:"Days overdue at which a customer is due"`
	To      int      `json:"to" minimum:"1" maximum:"60" doc:"Days overdue beyond which it is too late"`
	Holdout int      `json:"holdout" minimum:"50" maximum:"500" doc:"Of a thousand customers, held out"`
	Window  int      `json:"window" minimum:"7" maximum:"180" doc:"Days in which effects are looked for"`
	Pause   int      `json:"pause" minimum:"7" maximum:"720" doc:"Days before the same customer may be due again; at least the window"`
	Late    int      `json:"late" minimum:"2" maximum:"180" doc:"Days overdue that count as staying overdue; more than to"`
	Paused  bool     `json:"paused,omitempty" doc:"Nobody is enrolled"`
}

// ProgrammeView is one version of the programme.
type ProgrammeView struct {
	ProgrammeFields
	Version   int       `json:"version"`
	Seq       int64     `json:"seq"`
	Hash      string    `json:"hash" doc:"SHA-256 of what is stored"`
	Requester string    `json:"requester"`
	Approval  string    `json:"approval"`
	Reason    string    `json:"reason"`
	CreatedAt time.Time `json:"created_at"`
}

func programmeView(v *education.Version) ProgrammeView {
	return ProgrammeView{ProgrammeFields{TextView(v.Title), TextView(v.Body), v.Link, v.From, v.To, v.Holdout, v.Window, v.Pause, v.Late, v.Paused},
		v.Version, v.Seq, v.Hash, v.Requester, v.Approval, v.Reason, v.CreatedAt}
}

type programmeInput struct {
	Version int `query:"version" minimum:"0" doc:"0: the one in force"`
}

type programmeOutput struct{ Body ProgrammeView }

func (s *Server) getProgramme(ctx context.Context, p auth.Principal, in *programmeInput) (*programmeOutput, error) {
	v, err := s.cfg.Education.Programme(ctx, p.Tenant, in.Version)
	if err != nil {
		return nil, err
	}
	return &programmeOutput{programmeView(v)}, nil
}

type proposeProgrammeInput struct {
	Body struct {
		ProgrammeFields
		Reason string `json:"reason" minLength:"4" maxLength:"500"`
	}
}

func (s *Server) proposeProgramme(ctx context.Context, p auth.Principal, in *proposeProgrammeInput) (*approvalOutput, error) {
	f := in.Body.ProgrammeFields
	a, err := s.cfg.Education.Request(ctx, p.Tenant, p.Actor, education.Programme{Title: qingyuan.Text(f.Title), Body: qingyuan.Text(f.Body), Link: f.Link, From: f.From, To: f.To,
		Holdout: f.Holdout, Window: f.Window, Pause: f.Pause, Late: f.Late, Paused: f.Paused}, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return &approvalOutput{http.StatusAccepted, approvalView(a)}, nil
}

// EnrolmentView is one customer who fell overdue, by ids.
type EnrolmentView struct {
	ID           string         `json:"id"`
	Version      int            `json:"version" doc:"Of the programme"`
	Subject      string         `json:"subject" doc:"Blind key"`
	Event        string         `json:"event" doc:"The repayment"`
	Arm          string         `json:"arm" enum:"taught,holdout"`
	EnrolledAt   time.Time      `json:"enrolled_at"`
	Until        time.Time      `json:"until" doc:"Effects are looked for up to here"`
	ComplainedAt *time.Time     `json:"complained_at,omitempty"`
	AgentAt      *time.Time     `json:"agent_at,omitempty"`
	OverdueAt    *time.Time     `json:"overdue_at,omitempty"`
	Material     *ProgrammeView `json:"material,omitempty" doc:"For one enrolment of those who are taught"`
}

func enrolmentView(n *education.Enrolment) EnrolmentView {
	return EnrolmentView{ID: n.ID, Version: n.Version, Subject: n.Subject, Event: n.Event, Arm: string(n.Arm), EnrolledAt: n.EnrolledAt, Until: n.Until,
		ComplainedAt: timeOrNil(n.ComplainedAt), AgentAt: timeOrNil(n.AgentAt), OverdueAt: timeOrNil(n.OverdueAt)}
}

type enrolmentsPage struct {
	Body struct {
		Items      []EnrolmentView `json:"items"`
		NextCursor string          `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listEnrolments(ctx context.Context, p auth.Principal, in *PageInput) (*enrolmentsPage, error) {
	before, rows, err := in.before()
	if err != nil {
		return nil, err
	}
	all, err := s.cfg.Education.Enrolments(ctx, p.Tenant, before, rows+1)
	if err != nil {
		return nil, err
	}
	out := &enrolmentsPage{}
	if out.Body.Items = []EnrolmentView{}; len(all) > rows {
		all = all[:rows]
		out.Body.NextCursor = qingyuan.CursorOf(all[rows-1].Seq, all[rows-1].ID)
	}
	for i := range all {
		out.Body.Items = append(out.Body.Items, enrolmentView(&all[i]))
	}
	return out, nil
}

type enrolmentInput struct {
	ID string `path:"id" maxLength:"40"`
}

type enrolmentOutput struct{ Body EnrolmentView }

func (s *Server) getEnrolment(ctx context.Context, p auth.Principal, in *enrolmentInput) (*enrolmentOutput, error) {
	n, err := s.cfg.Education.Enrolment(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	out := &enrolmentOutput{enrolmentView(n)}
	if n.Arm == education.Taught {
		v, err := s.cfg.Education.Programme(ctx, p.Tenant, n.Version)
		if err != nil {
			return nil, err
		}
		material := programmeView(v)
		out.Body.Material = &material
	}
	return out, nil
}

// DifferenceView compares one outcome between the arms.
type DifferenceView struct {
	Taught     float64 `json:"taught" doc:"Rate"`
	Holdout    float64 `json:"holdout" doc:"Rate"`
	Difference float64 `json:"difference" doc:"Taught less held out: below zero the material helped"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Told       bool    `json:"told" doc:"The interval does not hold zero"`
}

// EffectView is what the programme changed.
type EffectView struct {
	Taught     int            `json:"taught" doc:"People whose window is over"`
	Holdout    int            `json:"holdout"`
	Waiting    int            `json:"waiting" doc:"Enrolled, and their window is not over"`
	Complaints DifferenceView `json:"complaints"`
	Agents     DifferenceView `json:"agents" doc:"An agent was named in a complaint, agreement, message or call"`
	Overdue    DifferenceView `json:"overdue" doc:"Stayed overdue"`
}

type effectOutput struct{ Body EffectView }

func (s *Server) getEffect(ctx context.Context, p auth.Principal, in *programmeInput) (*effectOutput, error) {
	e, err := s.cfg.Education.Effect(ctx, p.Tenant, in.Version)
	if err != nil {
		return nil, err
	}
	difference := func(d education.Difference) DifferenceView {
		return DifferenceView{d.Taught, d.Holdout, d.By, d.Low, d.High, d.Told}
	}
	return &effectOutput{EffectView{e.Taught.People, e.Holdout.People, e.Waiting, difference(e.Complaints), difference(e.Agents), difference(e.Overdue)}}, nil
}
