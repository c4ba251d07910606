package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/rights"
	"qingyuan/internal/store"
)

// PersonRequestView is what a person asked for, tracked to an answer.
type PersonRequestView struct {
	ID         string     `json:"id"`
	Kind       string     `json:"kind" enum:"find,export,correct,restrict,erase,explain,appeal"`
	Person     string     `json:"person" doc:"Blind key"`
	Subject    string     `json:"subject,omitempty" doc:"Of an appeal the decision, of a correction the event"`
	Channel    string     `json:"channel"`
	State      string     `json:"state" enum:"open,answered"`
	Overdue    bool       `json:"overdue,omitempty"`
	By         string     `json:"by"`
	Answer     string     `json:"answer,omitempty"`
	AnsweredBy string     `json:"answered_by,omitempty"`
	Approval   string     `json:"approval,omitempty"`
	ReceivedAt time.Time  `json:"received_at"`
	DueAt      time.Time  `json:"due_at"`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
}

func requestView(r *rights.Request) PersonRequestView {
	return PersonRequestView{ID: r.ID, Kind: string(r.Kind), Person: r.Person, Subject: r.Subject, Channel: r.Channel, State: r.State,
		Overdue: r.State == "open" && time.Now().After(r.DueAt), By: r.Actor, Answer: r.Answer, AnsweredBy: r.AnsweredBy, Approval: r.Approval,
		ReceivedAt: r.ReceivedAt, DueAt: r.DueAt, AnsweredAt: timeOrNil(r.AnsweredAt)}
}

// personRequests registers the operations on people's requests, and what concerns decisions made by machine (PIPL art. 24).
func (s *Server) personRequests() {
	see, write := auth.Permission{Resource: auth.Persons, Action: auth.Read}, auth.Permission{Resource: auth.Persons, Action: auth.Write}
	tag := []string{"people's rights"}
	guarded(s, huma.Operation{OperationID: "list-person-requests", Method: http.MethodGet, Path: "/v1/person-requests", Tags: tag,
		Summary: "What people asked for, with due dates, newest first"}, see, s.listRequests)
	guarded(s, huma.Operation{OperationID: "open-person-request", Method: http.MethodPost, Path: "/v1/persons/{person}/requests", Tags: tag, Errors: []int{404, 409},
		Summary: "Take a person's request", DefaultStatus: http.StatusCreated}, write, s.openRequest)
	guarded(s, huma.Operation{OperationID: "answer-person-request", Method: http.MethodPost, Path: "/v1/person-requests/{id}/answer", Tags: tag, Errors: []int{404, 409},
		Summary: "Answer a request. An appeal is answered by someone who did not take it in"}, write, s.answerRequest)
	guarded(s, huma.Operation{OperationID: "appeal-decision", Method: http.MethodPost, Path: "/v1/decisions/{id}/appeal", Tags: tag, Errors: []int{404, 409},
		Summary: "Open the review by a person that someone asks for against a decision made by machine", DefaultStatus: http.StatusCreated}, write, s.appealDecision)
	guarded(s, huma.Operation{OperationID: "explain-decision", Method: http.MethodGet, Path: "/v1/decisions/{id}/explanation", Tags: tag, Errors: []int{404},
		Summary: "A decision in plain words, for the person it is about"}, auth.Permission{Resource: auth.Decisions, Action: auth.Read}, s.explainDecision)
}

type requestsInput struct {
	PageInput
	State string `query:"state" enum:"open,answered"`
	Kind  string `query:"kind" enum:"find,export,correct,restrict,erase,explain,appeal"`
}

type requestsPage struct {
	Body struct {
		Items      []PersonRequestView `json:"items"`
		NextCursor string              `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listRequests(ctx context.Context, p auth.Principal, in *requestsInput) (*requestsPage, error) {
	before, rows, err := in.before()
	if err != nil {
		return nil, err
	}
	all, err := s.cfg.Rights.Requests(ctx, p.Tenant, rights.RequestFilter{State: in.State, Kind: rights.RequestKind(in.Kind), Before: before, Limit: rows + 1})
	if err != nil {
		return nil, err
	}
	out := &requestsPage{}
	if len(all) > rows {
		all = all[:rows]
		out.Body.NextCursor = qingyuan.CursorOf(all[rows-1].Seq, "")
	}
	out.Body.Items = []PersonRequestView{}
	for _, r := range all {
		out.Body.Items = append(out.Body.Items, requestView(r))
	}
	return out, nil
}

type openRequestInput struct {
	PersonInput
	Body struct {
		Kind       string    `json:"kind" enum:"find,export,correct,restrict,explain"`
		Subject    string    `json:"subject,omitempty" maxLength:"64"`
		Channel    string    `json:"channel" enum:"counter,phone,app,letter,regulator,other"`
		ReceivedAt time.Time `json:"received_at,omitempty"`
	}
}

type requestOutput struct{ Body PersonRequestView }

func (s *Server) openRequest(ctx context.Context, p auth.Principal, in *openRequestInput) (*requestOutput, error) {
	if _, err := s.cfg.Rights.Dossier(ctx, p.Tenant, in.Person); err != nil {
		return nil, err
	}
	r, err := s.cfg.Rights.Open(ctx, p.Tenant, p.Actor, rights.NewRequest{Kind: rights.RequestKind(in.Body.Kind), Person: in.Person,
		Subject: in.Body.Subject, Channel: in.Body.Channel, ReceivedAt: in.Body.ReceivedAt})
	if err != nil {
		return nil, err
	}
	return &requestOutput{requestView(r)}, nil
}

type answerInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Answer string `json:"answer" enum:"granted,refused,partly,withdrawn,upheld,changed" doc:"Of an appeal upheld or changed"`
		Reason string `json:"reason" minLength:"4" maxLength:"500"`
	}
}

func (s *Server) answerRequest(ctx context.Context, p auth.Principal, in *answerInput) (*requestOutput, error) {
	r, err := s.cfg.Rights.Answer(ctx, p.Tenant, p.Actor, in.ID, in.Body.Answer)
	if err != nil {
		return nil, err
	}
	return &requestOutput{requestView(r)}, nil
}

type appealInput struct {
	DecisionInput
	Body struct {
		Channel string `json:"channel" enum:"counter,phone,app,letter,regulator,other"`
		Reason  string `json:"reason" minLength:"4" maxLength:"500"`
	}
}

func (s *Server) appealDecision(ctx context.Context, p auth.Principal, in *appealInput) (*requestOutput, error) {
	d, err := s.cfg.Decisions.Decision(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	var person string
	err = s.cfg.DB.Read(ctx, p.Tenant, func(tx *store.Tx) error {
		e, err := s.cfg.Events.EventAt(tx, d.Seq)
		if err == nil && e.Data == nil {
			err = qingyuan.Errorf(qingyuan.Conflict, "the person's data was erased")
		}
		if err == nil {
			person = e.Subject.Key
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	r, err := s.cfg.Rights.Open(ctx, p.Tenant, p.Actor, rights.NewRequest{Kind: rights.Appeal, Person: person, Subject: d.ID, Channel: in.Body.Channel})
	if err != nil {
		return nil, err
	}
	return &requestOutput{requestView(r)}, nil
}

// outcomeWords say in plain words what the lender was told to do.
var outcomeWords = map[qingyuan.Outcome]TextView{
	qingyuan.Pass:      {"未发现需要处理的情况，业务照常办理。", "Nothing was found that needs attention; the business went on as usual."},
	qingyuan.Review:    {"由工作人员复核，业务不因此中止。", "A member of staff looks at it; the business does not stop for it."},
	qingyuan.Warn:      {"先与您联系、作出风险提示后再继续办理。", "You are contacted and warned of a risk before the business goes on."},
	qingyuan.Challenge: {"需要再次核实您的身份或授权。", "Your identity or authorisation has to be verified again."},
	qingyuan.Hold:      {"业务暂缓，由工作人员核实后放行。", "The business waits until a member of staff has checked it."},
	qingyuan.Reject:    {"业务未予办理。", "The business was declined."},
}

type explanationOutput struct {
	Body struct {
		Decision  string     `json:"decision"`
		MadeAt    time.Time  `json:"made_at"`
		Automated bool       `json:"automated" doc:"Made by machine alone"`
		Outcome   TextView   `json:"outcome"`
		Against   []TextView `json:"against" doc:"What spoke for caution"`
		For       []TextView `json:"for" doc:"What spoke in the person's favour"`
		Rights    TextView   `json:"rights" doc:"What the person may do"`
	}
}

func (s *Server) explainDecision(ctx context.Context, p auth.Principal, in *DecisionInput) (*explanationOutput, error) {
	d, err := s.cfg.Decisions.Decision(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	out := &explanationOutput{}
	b := &out.Body
	b.Decision, b.MadeAt, b.Automated, b.Outcome = d.ID, d.DecidedAt, d.Release == nil, outcomeWords[d.Outcome]
	b.Against, b.For = []TextView{}, []TextView{}
	for _, r := range d.Reasons {
		if r.Polarity == qingyuan.Hardship {
			b.For = append(b.For, TextView(r.Text))
		} else {
			b.Against = append(b.Against, TextView(r.Text))
		}
	}
	b.Rights = TextView{"您可以要求说明、要求由人工复核，并有权拒绝仅由自动化方式作出的、对您权益有重大影响的决定（《个人信息保护法》第二十四条）。",
		"You may ask for an explanation and for a review by a person, and may refuse a decision that affects your rights considerably and was made by machine alone (Personal Information Protection Law, art. 24)."}
	return out, nil
}
