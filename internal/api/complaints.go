package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/handle/complaint"
	"qingyuan/internal/law"
)

// ComplaintView is one complaint as lists show it.
type ComplaintView struct {
	ID          string     `json:"id"`
	EventID     string     `json:"event_id" doc:"complaint.received: text and fields"`
	Item        int        `json:"item,omitempty" doc:"Number of an item that was split off"`
	Category    string     `json:"category" enum:"complaint,report,petition,credit_objection,suit,public_post"`
	Channel     string     `json:"channel"`
	Stage       string     `json:"stage" enum:"registered,verified,classified,investigated,decided,informed,closed,merged"`
	Assignee    string     `json:"assignee,omitempty"`
	ReceivedAt  time.Time  `json:"received_at"`
	Clock       string     `json:"clock,omitempty" doc:"That runs out first: a clock of the law data, or transfer.sheet"`
	DueAt       *time.Time `json:"due_at,omitempty" doc:"The instant at which it is too late"`
	Late        bool       `json:"late"`
	Provisional bool       `json:"provisional,omitempty" doc:"The calendar of a year it takes is not published yet"`
	AnsweredAt  *time.Time `json:"answered_at,omitempty"`
	ClosedAt    *time.Time `json:"closed_at,omitempty"`
	MergedInto  string     `json:"merged_into,omitempty"`
}

func (s *Server) complaintView(c *complaint.Complaint) ComplaintView {
	return ComplaintView{c.ID, c.Event, c.Item, string(c.Category), c.Channel, string(c.Stage), c.Assignee, c.ReceivedAt, c.Clock, timeOrNil(c.DueAt),
		c.Late(s.cfg.DB.Now()), c.Provisional, timeOrNil(c.AnsweredAt), timeOrNil(c.ClosedAt), c.MergedInto}
}

// DutyView is one clock of a complaint.
type DutyView struct {
	Clock       string    `json:"clock"`
	Title       *TextView `json:"title,omitempty"`
	LastDay     string    `json:"last_day" format:"date"`
	DueAt       time.Time `json:"due_at"`
	Confirmed   bool      `json:"confirmed" doc:"The text of the clock was read"`
	Provisional bool      `json:"provisional,omitempty"`
}

// ActView is one thing that was done about a complaint.
type ActView struct {
	ID         string     `json:"id"`
	Kind       string     `json:"kind"`
	Actor      string     `json:"actor"`
	At         time.Time  `json:"at"`
	HappenedAt *time.Time `json:"happened_at,omitempty"`
	Text       string     `json:"text,omitempty" doc:"••• without the permission personal:reveal"`
	Authority  string     `json:"authority,omitempty"`
	Category   string     `json:"category,omitempty"`
	Extension  string     `json:"extension,omitempty"`
	Approval   string     `json:"approval,omitempty"`
	Day        string     `json:"day,omitempty" format:"date"`
	Decision   string     `json:"decision,omitempty"`
	Method     string     `json:"method,omitempty"`
	Proof      string     `json:"proof,omitempty"`
	Other      string     `json:"other,omitempty"`
	Assignee   string     `json:"assignee,omitempty"`
}

// ComplaintFileView is a complaint with everything that was done about it.
type ComplaintFileView struct {
	ComplaintView
	Represented bool            `json:"represented"`
	Authority   string          `json:"authority,omitempty" enum:"self,authorised,unproven,unauthorised"`
	Decision    string          `json:"decision,omitempty"`
	Portal      bool            `json:"portal" doc:"The channel's portal is to be answered too"`
	Duties      []DutyView      `json:"duties" doc:"First to run out at the front"`
	Extensions  []ExtensionView `json:"extensions" doc:"That the law has for it now"`
	Acts        []ActView       `json:"acts" doc:"Oldest first"`
	Erased      bool            `json:"erased,omitempty" doc:"The person's data was erased"`
}

// complaints registers the operations on complaints.
func (s *Server) complaints() {
	see := auth.Permission{Resource: auth.Complaints, Action: auth.Read}
	write := auth.Permission{Resource: auth.Complaints, Action: auth.Write}
	s.voteOn(complaint.KindExtension, auth.Permission{Resource: auth.Complaints, Action: auth.Release}, s.cfg.Complaints.ApproveExtension)
	tag := []string{"complaints"}
	guarded(s, huma.Operation{OperationID: "list-complaints", Method: http.MethodGet, Path: "/v1/complaints", Tags: tag,
		Summary: "Complaints, the first to run out at the front"}, see, s.listComplaints)
	guarded(s, huma.Operation{OperationID: "count-complaints", Method: http.MethodGet, Path: "/v1/complaints/loads", Tags: tag,
		Summary: "Open, late and nearly late complaints by channel"}, see, s.complaintLoads)
	guarded(s, huma.Operation{OperationID: "get-complaint", Method: http.MethodGet, Path: "/v1/complaints/{id}", Tags: tag,
		Summary: "A complaint with its clocks and everything that was done about it", Errors: []int{404}}, see, s.getComplaint)
	guarded(s, huma.Operation{OperationID: "act-on-complaint", Method: http.MethodPost, Path: "/v1/complaints/{id}/acts", Tags: tag, Errors: []int{404, 409},
		Summary: "Do one thing about a complaint; what the stage does not allow is refused"}, write, s.actOnComplaint)
	guarded(s, huma.Operation{OperationID: "merge-complaint", Method: http.MethodPost, Path: "/v1/complaints/{id}/merge", Tags: tag, Errors: []int{404, 409},
		Summary: "Merge a repeat into an earlier complaint of the same person, which takes over an earlier date"}, write, s.mergeComplaint)
	guarded(s, huma.Operation{OperationID: "split-complaint", Method: http.MethodPost, Path: "/v1/complaints/{id}/split", Tags: tag, Errors: []int{404, 409},
		DefaultStatus: http.StatusCreated, Summary: "Make an item of another category out of a complaint; its clock runs from the same day"}, write, s.splitComplaint)
	guarded(s, huma.Operation{OperationID: "extend-complaint", Method: http.MethodPost, Path: "/v1/complaints/{id}/extension", Tags: tag, Errors: []int{404, 409},
		DefaultStatus: http.StatusAccepted, Summary: "Ask for an extension that the law ties to an approval; a second person must agree"}, write, s.extendComplaint)
}

type complaintsInput struct {
	PageInput
	Channel  string `query:"channel" maxLength:"40"`
	Stage    string `query:"stage" enum:"registered,verified,classified,investigated,decided,informed,closed,merged"`
	Assignee string `query:"assignee" maxLength:"64"`
	Late     bool   `query:"late" doc:"Only those whose duty is not done and whose time is over"`
	Open     bool   `query:"open" doc:"Only those not closed and not merged"`
}

type complaintsPage struct {
	Body struct {
		Items      []ComplaintView `json:"items"`
		NextCursor string          `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listComplaints(ctx context.Context, p auth.Principal, in *complaintsInput) (*complaintsPage, error) {
	all, next, err := s.cfg.Complaints.List(ctx, p.Tenant, complaint.Filter{Channel: in.Channel, Stage: complaint.Stage(in.Stage), Assignee: in.Assignee,
		Late: in.Late, Open: in.Open, Page: qingyuan.Page{Cursor: in.Cursor, Limit: in.Limit}})
	if err != nil {
		return nil, err
	}
	out := &complaintsPage{}
	out.Body.NextCursor, out.Body.Items = next, make([]ComplaintView, len(all))
	for i, c := range all {
		out.Body.Items[i] = s.complaintView(c)
	}
	return out, nil
}

// LoadView is how much there is to do on one channel.
type LoadView struct {
	Channel string `json:"channel"`
	Open    int    `json:"open"`
	Late    int    `json:"late"`
	Nearly  int    `json:"nearly" doc:"To be answered within three days"`
}

type loadsOutput struct {
	Body struct {
		Items []LoadView `json:"items"`
	}
}

func (s *Server) complaintLoads(ctx context.Context, p auth.Principal, _ *struct{}) (*loadsOutput, error) {
	all, err := s.cfg.Complaints.Loads(ctx, p.Tenant)
	if err != nil {
		return nil, err
	}
	out := &loadsOutput{}
	out.Body.Items = []LoadView{}
	for _, l := range all {
		out.Body.Items = append(out.Body.Items, LoadView(l))
	}
	return out, nil
}

// ComplaintInput names a complaint.
type ComplaintInput struct {
	ID string `path:"id" maxLength:"64"`
}

type complaintFileOutput struct{ Body ComplaintFileView }

func (s *Server) getComplaint(ctx context.Context, p auth.Principal, in *ComplaintInput) (*complaintFileOutput, error) {
	f, err := s.cfg.Complaints.File(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	possible, err := s.cfg.Complaints.Extensions(f)
	if err != nil {
		return nil, err
	}
	v := ComplaintFileView{ComplaintView: s.complaintView(&f.Complaint), Represented: f.State.Represented, Authority: string(f.State.Authority),
		Decision: f.State.Decision, Portal: s.cfg.Complaints.Portal(f.Channel), Erased: f.Erased, Duties: []DutyView{}, Extensions: []ExtensionView{}, Acts: []ActView{}}
	for _, d := range f.Duties {
		duty := DutyView{Clock: d.Clock, LastDay: d.LastDay.String(), DueAt: d.Due, Confirmed: d.Confirmed, Provisional: d.Provisional}
		if clock, err := s.cfg.Law.Clock(d.Clock, law.DateOf(d.From)); err == nil {
			duty.Title = &TextView{clock.Title.ZH, clock.Title.EN}
		}
		v.Duties = append(v.Duties, duty)
	}
	for _, e := range possible {
		v.Extensions = append(v.Extensions, extensionView(e))
	}
	for _, a := range f.Acts {
		v.Acts = append(v.Acts, actView(p, a))
	}
	return &complaintFileOutput{v}, nil
}

func actView(p auth.Principal, a complaint.RecordedAct) ActView {
	v := ActView{ID: a.ID, Kind: string(a.Kind), Actor: a.Actor.ID, At: a.At, HappenedAt: timeOrNil(a.Happened), Text: a.Text, Authority: string(a.Authority),
		Category: string(a.Category), Extension: a.Extension, Approval: a.Approval, Decision: a.Decision, Method: a.Method, Proof: a.Proof, Other: a.Other, Assignee: a.Assignee}
	if a.Day != 0 {
		v.Day = a.Day.String()
	}
	if v.Text != "" && !p.Can(auth.Reveal, auth.Personal) {
		v.Text = hidden
	}
	return v
}

type actInput struct {
	ComplaintInput
	Body struct {
		Kind       string    `json:"kind" enum:"verified,classified,found,negotiated,extended,moved,decided,delivered,replied,withdrawn,assigned,noted,closed,review"`
		HappenedAt time.Time `json:"happened_at,omitempty" doc:"Where it took place before now"`
		Text       string    `json:"text,omitempty" maxLength:"5000" doc:"Finding, reasons, note"`
		Authority  string    `json:"authority,omitempty" enum:"self,authorised,unproven,unauthorised"`
		Original   bool      `json:"original,omitempty" doc:"The letter of authority was seen in the original"`
		CalledBack bool      `json:"called_back,omitempty" doc:"The person was called at the enrolled number"`
		Category   string    `json:"category,omitempty" enum:"complaint,report,petition,credit_objection,suit,public_post"`
		Extension  string    `json:"extension,omitempty" maxLength:"40"`
		Day        string    `json:"day,omitempty" format:"date" doc:"Last day by another transfer sheet"`
		Decision   string    `json:"decision,omitempty" enum:"upheld,partly_upheld,not_upheld,settled,declined"`
		Method     string    `json:"method,omitempty" enum:"registered_post,in_person,sms,email,app,recorded_call,portal,public_notice"`
		Proof      string    `json:"proof,omitempty" maxLength:"200" doc:"Number of the receipt, id of the exhibit"`
		Assignee   string    `json:"assignee,omitempty" maxLength:"64"`
	}
}

type complaintOutput struct{ Body ComplaintView }

func (s *Server) actOnComplaint(ctx context.Context, p auth.Principal, in *actInput) (*complaintOutput, error) {
	b := &in.Body
	a := complaint.Act{Kind: complaint.ActKind(b.Kind), Actor: p.Actor, Happened: b.HappenedAt.UTC(), Text: b.Text, Authority: complaint.Authority(b.Authority),
		Original: b.Original, CalledAt: b.CalledBack, Category: complaint.Category(b.Category), Extension: b.Extension, Decision: b.Decision, Method: b.Method,
		Proof: b.Proof, Assignee: b.Assignee}
	if b.Day != "" {
		var err error
		if a.Day, err = law.ParseDate(b.Day); err != nil {
			return nil, err
		}
	}
	c, err := s.cfg.Complaints.Do(ctx, p.Tenant, in.ID, a)
	if err != nil {
		return nil, err
	}
	return &complaintOutput{s.complaintView(c)}, nil
}

type mergeInput struct {
	ComplaintInput
	Body struct {
		Into string `json:"into" minLength:"1" maxLength:"64" doc:"The earlier complaint"`
	}
}

func (s *Server) mergeComplaint(ctx context.Context, p auth.Principal, in *mergeInput) (*complaintOutput, error) {
	c, err := s.cfg.Complaints.Merge(ctx, p.Tenant, p.Actor, in.ID, in.Body.Into)
	if err != nil {
		return nil, err
	}
	return &complaintOutput{s.complaintView(c)}, nil
}

type splitInput struct {
	ComplaintInput
	Body struct {
		Category string `json:"category" enum:"complaint,report,petition,credit_objection,suit,public_post"`
	}
}

func (s *Server) splitComplaint(ctx context.Context, p auth.Principal, in *splitInput) (*complaintOutput, error) {
	c, err := s.cfg.Complaints.Split(ctx, p.Tenant, p.Actor, in.ID, complaint.Category(in.Body.Category))
	if err != nil {
		return nil, err
	}
	return &complaintOutput{s.complaintView(c)}, nil
}

type extensionInput struct {
	ComplaintInput
	Body struct {
		Extension string `json:"extension" minLength:"1" maxLength:"40"`
		Reason    string `json:"reason" minLength:"4" maxLength:"500" doc:"What the complainant is told"`
	}
}

func (s *Server) extendComplaint(ctx context.Context, p auth.Principal, in *extensionInput) (*approvalOutput, error) {
	a, err := s.cfg.Complaints.RequestExtension(ctx, p.Tenant, p.Actor, in.ID, in.Body.Extension, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return &approvalOutput{http.StatusAccepted, approvalView(a)}, nil
}
