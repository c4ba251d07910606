package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan/internal/auth"
	"qingyuan/internal/prevent/decision"
)

// ContactView is one attempt to talk to the customer about a decision (劝阻).
type ContactView struct {
	ID      string    `json:"id"`
	Channel string    `json:"channel"`
	Script  string    `json:"script" doc:"••• but where the decision is revealed"`
	Answer  string    `json:"answer,omitempty" doc:"••• but where the decision is revealed"`
	Result  string    `json:"result"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// contacts registers the operations on contacts.
func (s *Server) contacts() {
	see := auth.Permission{Resource: auth.Decisions, Action: auth.Read}
	guarded(s, huma.Operation{OperationID: "add-contact", Method: http.MethodPost, Path: "/v1/decisions/{id}/contacts", Tags: []string{"decisions"},
		Summary:     "Record a contact with the customer about a decision: script, answer and result",
		Description: "For a warn or anything sterner. It needs decisions:release of people and decisions:write of systems.",
		Errors:      []int{404, 409}, DefaultStatus: http.StatusCreated}, see, s.addContact)
	guarded(s, huma.Operation{OperationID: "list-contacts", Method: http.MethodGet, Path: "/v1/decisions/{id}/contacts", Tags: []string{"decisions"},
		Summary: "Contacts about a decision, oldest first", Errors: []int{404}}, see, s.listContacts)
}

type contactInput struct {
	DecisionInput
	Body struct {
		Channel string `json:"channel" enum:"sms,call,app,letter"`
		Script  string `json:"script" minLength:"1" maxLength:"8000" doc:"What was sent or said"`
		Answer  string `json:"answer,omitempty" maxLength:"8000" doc:"What the customer said"`
		Result  string `json:"result" enum:"dissuaded,proceeded,verified,refused,unreachable,pending"`
	}
}

type contactOutput struct{ Body ContactView }

func contactView(c *decision.Contact) ContactView {
	return ContactView{c.ID, c.Channel, c.Script, c.Answer, c.Result, c.Actor, c.At}
}

// contactViews hides what was said: it is shown by revealing the decision.
func contactViews(all []decision.Contact) []ContactView {
	out := make([]ContactView, len(all))
	for i := range all {
		out[i] = contactView(&all[i])
		if out[i].Script = hidden; out[i].Answer != "" {
			out[i].Answer = hidden
		}
	}
	return out
}

// hidden stands for a text that is not shown.
const hidden = "•••"

func (s *Server) addContact(ctx context.Context, p auth.Principal, in *contactInput) (*contactOutput, error) {
	if !p.Can(auth.Write, auth.Decisions) {
		if err := p.Require(auth.Release, auth.Decisions); err != nil {
			return nil, err
		}
	}
	c, err := s.cfg.Decisions.AddContact(ctx, p.Tenant, p.Actor, in.ID,
		decision.Contact{Channel: in.Body.Channel, Script: in.Body.Script, Answer: in.Body.Answer, Result: in.Body.Result})
	if err != nil {
		return nil, err
	}
	return &contactOutput{contactView(c)}, nil
}

type contactsOutput struct {
	Body struct {
		Items []ContactView `json:"items"`
	}
}

func (s *Server) listContacts(ctx context.Context, p auth.Principal, in *DecisionInput) (*contactsOutput, error) {
	all, err := s.cfg.Decisions.Contacts(ctx, p.Tenant, in.ID)
	out := &contactsOutput{}
	out.Body.Items = contactViews(all)
	return out, err
}
