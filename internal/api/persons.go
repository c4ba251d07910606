package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/rights"
	"qingyuan/internal/store"
)

// PersonInput names a person by a blind key: no personal value stands in an address.
type PersonInput struct {
	Person string `path:"person" pattern:"^[0-9a-f]{32}$" doc:"Blind key, from a search"`
}

// persons registers the desk of people's rights.
func (s *Server) persons() {
	see, write, erase := auth.Permission{Resource: auth.Persons, Action: auth.Read}, auth.Permission{Resource: auth.Persons, Action: auth.Write},
		auth.Permission{Resource: auth.Persons, Action: auth.Erase}
	tag := []string{"people's rights"}
	guarded(s, huma.Operation{OperationID: "search-persons", Method: http.MethodPost, Path: "/v1/persons:search", Tags: tag,
		Summary: "Find the people of whom a phone, ID, card or customer number is their own; exact, by blind index"}, see, s.searchPersons)
	guarded(s, huma.Operation{OperationID: "get-person", Method: http.MethodGet, Path: "/v1/persons/{person}", Tags: tag, Errors: []int{404, 409},
		Summary: "What is held of a person, what forbids to erase it, and what was asked"}, see, s.getPerson)
	guarded(s, huma.Operation{OperationID: "export-person", Method: http.MethodPost, Path: "/v1/persons/{person}/export", Tags: tag, Errors: []int{404, 409},
		Summary: "Everything held of a person, in clear, as JSON lines"}, erase, s.exportPerson)
	guarded(s, huma.Operation{OperationID: "restrict-person", Method: http.MethodPost, Path: "/v1/persons/{person}/restriction", Tags: tag, Errors: []int{404, 409},
		Summary: "Keep a person's data from every use but being stored (PIPL art. 47)", DefaultStatus: http.StatusNoContent}, write, s.restrictPerson)
	guarded(s, huma.Operation{OperationID: "unrestrict-person", Method: http.MethodDelete, Path: "/v1/persons/{person}/restriction", Tags: tag, Errors: []int{404, 409},
		Summary: "End a restriction", DefaultStatus: http.StatusNoContent}, erase, s.unrestrictPerson)
	guarded(s, huma.Operation{OperationID: "erase-person", Method: http.MethodPost, Path: "/v1/persons/{person}/erasure", Tags: tag, Errors: []int{404, 409},
		Summary:       "Ask for a person to be erased; a second person must agree. 409 names what the law or a case wants kept",
		DefaultStatus: http.StatusAccepted}, erase, s.erasePerson)
	guarded(s, huma.Operation{OperationID: "hold-person", Method: http.MethodPost, Path: "/v1/persons/{person}/holds", Tags: tag, Errors: []int{404, 409},
		Summary: "Forbid the erasure of a person, for a case or an inquiry", DefaultStatus: http.StatusCreated}, write, s.holdPerson)
	guarded(s, huma.Operation{OperationID: "lift-person-hold", Method: http.MethodDelete, Path: "/v1/person-holds/{id}", Tags: tag, Errors: []int{404},
		Summary: "Lift such a hold", DefaultStatus: http.StatusNoContent}, erase, s.liftPersonHold)
	guarded(s, huma.Operation{OperationID: "add-legal-basis", Method: http.MethodPost, Path: "/v1/persons/{person}/bases", Tags: tag, Errors: []int{404, 409},
		Summary: "Record a consent, or another lawful basis, for a purpose", DefaultStatus: http.StatusCreated}, write, s.addBasis)
	guarded(s, huma.Operation{OperationID: "withdraw-legal-basis", Method: http.MethodDelete, Path: "/v1/person-bases/{id}", Tags: tag, Errors: []int{404},
		Summary: "Record that a consent was withdrawn", DefaultStatus: http.StatusNoContent}, write, s.withdrawBasis)
	guarded(s, huma.Operation{OperationID: "get-retention", Method: http.MethodGet, Path: "/v1/retention", Tags: tag,
		Summary: "How long what is held must and may be kept, with sources"}, see, s.getRetention)
	s.voteOn(rights.KindErasure, erase, s.cfg.Rights.ApproveErasure)
}

type searchPersonsInput struct {
	Body struct {
		Kind  string `json:"kind" enum:"person,phone,customer,bank_card,email,handle,address" doc:"person: an ID number"`
		Value string `json:"value" minLength:"1" maxLength:"300" doc:"In clear; it is neither stored nor logged"`
	}
}

// PersonView is a person in a list, masked.
type PersonView struct {
	Person  string      `json:"person" doc:"Blind key"`
	Subject SubjectView `json:"subject"`
	Events  int         `json:"events"`
}

type personsOutput struct {
	Body struct {
		Items []PersonView `json:"items"`
	}
}

func (s *Server) searchPersons(ctx context.Context, p auth.Principal, in *searchPersonsInput) (*personsOutput, error) {
	people, err := s.cfg.Rights.Search(ctx, p.Tenant, qingyuan.EntityKind(in.Body.Kind), in.Body.Value)
	if err != nil {
		return nil, err
	}
	out := &personsOutput{}
	out.Body.Items = []PersonView{}
	for _, person := range people {
		v := PersonView{Person: person}
		err := s.cfg.DB.Read(ctx, p.Tenant, func(tx *store.Tx) error {
			events, err := s.cfg.Events.Find(tx, person, 0, 50)
			for _, e := range events {
				if e.Subject.Key == person && v.Subject == (SubjectView{}) {
					v.Subject = subjectView(e)
				}
			}
			v.Events = len(events)
			return err
		})
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, v)
	}
	return out, nil
}

type personOutput struct {
	Body struct {
		Person     string              `json:"person"`
		Events     int                 `json:"events"`
		Holdings   []rights.Holding    `json:"holdings"`
		Holds      []rights.Hold       `json:"holds" doc:"What forbids to erase the person now"`
		Restricted *rights.Restriction `json:"restricted,omitempty"`
		Bases      []rights.Basis      `json:"bases"`
		Requests   []PersonRequestView `json:"requests"`
	}
}

func (s *Server) getPerson(ctx context.Context, p auth.Principal, in *PersonInput) (*personOutput, error) {
	d, err := s.cfg.Rights.Dossier(ctx, p.Tenant, in.Person)
	if err != nil {
		return nil, err
	}
	out := &personOutput{}
	b := &out.Body
	b.Person, b.Events, b.Holdings, b.Holds, b.Restricted, b.Bases = d.Person, d.Events, d.Holdings, d.Holds, d.Restricted, d.Bases
	b.Requests = []PersonRequestView{}
	for _, r := range d.Requests {
		b.Requests = append(b.Requests, requestView(r))
	}
	return out, nil
}

// ReasonBody says why.
type ReasonBody struct {
	Reason string `json:"reason" minLength:"4" maxLength:"500"`
}

type personReasonInput struct {
	PersonInput
	Body ReasonBody
}

type linesOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (s *Server) exportPerson(ctx context.Context, p auth.Principal, in *personReasonInput) (*linesOutput, error) {
	var out bytes.Buffer
	if err := s.cfg.Rights.Export(ctx, p.Tenant, p.Actor, in.Person, &out); err != nil {
		return nil, err
	}
	return &linesOutput{"application/jsonl", out.Bytes()}, nil
}

func (s *Server) restrictPerson(ctx context.Context, p auth.Principal, in *personReasonInput) (*struct{}, error) {
	return nil, s.cfg.Rights.Restrict(ctx, p.Tenant, p.Actor, in.Person, in.Body.Reason, true)
}

type unrestrictInput struct {
	PersonInput
	Reason string `query:"reason" required:"true" minLength:"4" maxLength:"500"`
}

func (s *Server) unrestrictPerson(ctx context.Context, p auth.Principal, in *unrestrictInput) (*struct{}, error) {
	return nil, s.cfg.Rights.Restrict(ctx, p.Tenant, p.Actor, in.Person, in.Reason, false)
}

func (s *Server) erasePerson(ctx context.Context, p auth.Principal, in *personReasonInput) (*approvalOutput, error) {
	a, err := s.cfg.Rights.RequestErasure(ctx, p.Tenant, p.Actor, in.Person, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return &approvalOutput{http.StatusAccepted, approvalView(a)}, nil
}

type holdPersonInput struct {
	PersonInput
	Body struct {
		Reason string    `json:"reason" minLength:"4" maxLength:"500"`
		Basis  string    `json:"basis" minLength:"1" maxLength:"200" doc:"The case or the article"`
		Until  time.Time `json:"until,omitempty" doc:"Until it is lifted where empty"`
	}
}

type idOutput struct {
	Body struct {
		ID string `json:"id"`
	}
}

func (s *Server) holdPerson(ctx context.Context, p auth.Principal, in *holdPersonInput) (*idOutput, error) {
	id, err := s.cfg.Rights.PlaceHold(ctx, p.Tenant, p.Actor, in.Person, rights.Hold{Reason: in.Body.Reason, Basis: in.Body.Basis, Until: in.Body.Until})
	out := &idOutput{}
	out.Body.ID = id
	return out, err
}

type endInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Server) liftPersonHold(ctx context.Context, p auth.Principal, in *endInput) (*struct{}, error) {
	return nil, s.cfg.Rights.LiftHold(ctx, p.Tenant, p.Actor, in.ID)
}

type basisInput struct {
	PersonInput
	Body struct {
		Purpose  string    `json:"purpose" minLength:"2" maxLength:"200"`
		Basis    string    `json:"basis" enum:"consent,separate_consent,contract,legal_duty,emergency,public_interest,published,other_law" doc:"PIPL art. 13, 29"`
		Evidence string    `json:"evidence,omitempty" maxLength:"200" doc:"Where the proof lies: a document's number, an exhibit's id"`
		GivenAt  time.Time `json:"given_at,omitempty"`
	}
}

func (s *Server) addBasis(ctx context.Context, p auth.Principal, in *basisInput) (*idOutput, error) {
	id, err := s.cfg.Rights.AddBasis(ctx, p.Tenant, p.Actor, in.Person,
		rights.Basis{Purpose: in.Body.Purpose, Basis: in.Body.Basis, Evidence: in.Body.Evidence, GivenAt: in.Body.GivenAt})
	out := &idOutput{}
	out.Body.ID = id
	return out, err
}

func (s *Server) withdrawBasis(ctx context.Context, p auth.Principal, in *endInput) (*struct{}, error) {
	return nil, s.cfg.Rights.WithdrawBasis(ctx, p.Tenant, p.Actor, in.ID)
}

// RetentionView is how long one class is kept.
type RetentionView struct {
	Kinds     []string `json:"kinds"`
	AtLeast   string   `json:"at_least,omitempty" doc:"Such as 10y or 6m"`
	AtMost    string   `json:"at_most,omitempty"`
	Source    string   `json:"source"`
	Confirmed bool     `json:"confirmed" doc:"Checked against the text of the law"`
}

type retentionOutput struct {
	Body struct {
		Version string          `json:"version"`
		AsOf    string          `json:"as_of"`
		Classes []RetentionView `json:"classes"`
	}
}

func (s *Server) getRetention(_ context.Context, _ auth.Principal, _ *struct{}) (*retentionOutput, error) {
	policy := s.cfg.Rights.Policy()
	out := &retentionOutput{}
	out.Body.Version, out.Body.AsOf, out.Body.Classes = policy.Version, policy.AsOf, []RetentionView{}
	text := func(p rights.Period) string {
		if p == 0 {
			return ""
		}
		b, _ := p.MarshalText() // never fails
		return string(b)
	}
	for _, c := range policy.Classes {
		v := RetentionView{Kinds: []string{}, AtLeast: text(c.AtLeast), AtMost: text(c.AtMost), Source: c.Source, Confirmed: c.Confirmed}
		for _, k := range c.Kinds {
			v.Kinds = append(v.Kinds, string(k))
		}
		out.Body.Classes = append(out.Body.Classes, v)
	}
	return out, nil
}
