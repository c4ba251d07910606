package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/rights"
	"qingyuan/internal/store"
)

// reveals registers the operations that show personal data in clear: each needs personal:reveal and a reason, and is on the audit chain
// before anything is shown.
func (s *Server) reveals() {
	need := auth.Permission{Resource: auth.Personal, Action: auth.Reveal}
	tag := []string{"personal data"}
	guarded(s, huma.Operation{OperationID: "reveal-event", Method: http.MethodPost, Path: "/v1/events/{id}/reveal", Tags: tag, Errors: []int{404, 409},
		Summary: "The fields of an event in clear"}, need, s.revealEvent)
	guarded(s, huma.Operation{OperationID: "reveal-decision", Method: http.MethodPost, Path: "/v1/decisions/{id}/reveal", Tags: tag, Errors: []int{404, 409},
		Summary: "The fields of a decision's event, and what was said to the customer, in clear"}, need, s.revealDecision)
}

type revealInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Reason string `json:"reason" minLength:"4" maxLength:"500" doc:"Why it must be seen; it goes on the audit chain"`
	}
}

type revealOutput struct {
	Body struct {
		EventID  string         `json:"event_id"`
		Data     map[string]any `json:"data" doc:"The event's fields in clear"`
		Contacts []ContactView  `json:"contacts,omitempty"`
	}
}

func (s *Server) revealEvent(ctx context.Context, p auth.Principal, in *revealInput) (*revealOutput, error) {
	out := &revealOutput{}
	err := s.reveal(ctx, p, in.ID, out)
	return out, err
}

func (s *Server) revealDecision(ctx context.Context, p auth.Principal, in *revealInput) (*revealOutput, error) {
	d, err := s.cfg.Decisions.Decision(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	out := &revealOutput{}
	if err := s.reveal(ctx, p, decision.EventOf(d.ID), out); err != nil {
		return nil, err
	}
	contacts, err := s.cfg.Decisions.Contacts(ctx, p.Tenant, in.ID)
	for i := range contacts {
		out.Body.Contacts = append(out.Body.Contacts, contactView(&contacts[i]))
	}
	return out, err
}

// PersonalRevealed is the outbox entry of a reveal; subject: the event's id.
const PersonalRevealed = "personal.revealed"

// reveal reads an event in clear within the command that says so.
func (s *Server) reveal(ctx context.Context, p auth.Principal, event string, out *revealOutput) error {
	if strings.TrimSpace(reasonOf(ctx)) == "" {
		return qingyuan.FieldErrorf("reason", "must not be empty")
	}
	who, err := json.Marshal(map[string]qingyuan.Actor{"actor": p.Actor})
	if err != nil {
		return err
	}
	return s.cfg.DB.Write(ctx, p.Tenant, func(tx *store.Tx) error {
		e, err := s.cfg.Events.Event(tx, event)
		if err != nil {
			return err
		}
		if e.Data == nil {
			return qingyuan.Errorf(qingyuan.Conflict, "the person's data was erased")
		}
		switch restricted, err := rights.Restricted(tx, e.Subject.Key); {
		case err != nil:
			return err
		case restricted:
			return qingyuan.Errorf(qingyuan.Conflict, "the use of this person's data is restricted")
		}
		out.Body.EventID, out.Body.Data = e.ID, e.Data
		_, err = tx.Emit(PersonalRevealed, e.ID, who)
		return err
	})
}
