package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/notify"
)

// WebhookView is an endpoint that is told what happens, without its secret.
type WebhookView struct {
	ID           string     `json:"id"`
	URL          string     `json:"url"`
	Description  string     `json:"description"`
	Kinds        []string   `json:"kinds" doc:"Of events: exact, a prefix such as decision.*, or *"`
	Active       bool       `json:"active"`
	Reason       string     `json:"reason,omitempty" doc:"Why it was disabled"`
	Failures     int        `json:"failures" doc:"In a row"`
	FailingSince *time.Time `json:"failing_since,omitempty"`
	PauseUntil   *time.Time `json:"pause_until,omitempty" doc:"It is left alone until then"`
	CreatedBy    string     `json:"created_by"`
	CreatedAt    time.Time  `json:"created_at"`
}

func webhookView(e *notify.Endpoint) WebhookView {
	return WebhookView{ID: e.ID, URL: e.URL, Description: e.Description, Kinds: e.Kinds, Active: e.Active, Reason: e.Reason, Failures: e.Failures,
		FailingSince: timeOrNil(e.FailingSince), PauseUntil: timeOrNil(e.PauseUntil), CreatedBy: e.CreatedBy, CreatedAt: e.CreatedAt}
}

// DeliveryView is one event on its way to one endpoint.
type DeliveryView struct {
	ID        string     `json:"id,omitempty" doc:"webhook-id: the same at each attempt"`
	Seq       int64      `json:"seq"`
	Kind      string     `json:"kind"`
	State     string     `json:"state" enum:"waiting,delivered,failed,dropped"`
	Attempts  int        `json:"attempts"`
	Status    int        `json:"status,omitempty" doc:"HTTP status of the last attempt; none: there was no answer"`
	Error     string     `json:"error,omitempty"`
	TookMS    int64      `json:"took_ms"`
	CreatedAt time.Time  `json:"created_at"`
	TriedAt   *time.Time `json:"tried_at,omitempty"`
}

func deliveryView(d *notify.Delivery) DeliveryView {
	return DeliveryView{ID: d.ID(), Seq: d.Seq, Kind: d.Kind, State: string(d.State), Attempts: d.Attempts, Status: d.Status, Error: d.Error,
		TookMS: d.Took.Milliseconds(), CreatedAt: d.CreatedAt, TriedAt: timeOrNil(d.TriedAt)}
}

// webhooks registers the operations on webhooks.
func (s *Server) webhooks() {
	manage := auth.Permission{Resource: auth.Webhooks, Action: auth.Manage}
	tag := []string{"webhooks"}
	guarded(s, huma.Operation{OperationID: "list-webhooks", Method: http.MethodGet, Path: "/v1/webhooks", Tags: tag,
		Summary: "Endpoints that are told what happens, oldest first"}, manage, s.listWebhooks)
	guarded(s, huma.Operation{OperationID: "create-webhook", Method: http.MethodPost, Path: "/v1/webhooks", Tags: tag, DefaultStatus: http.StatusCreated, Errors: []int{409},
		Summary:     "Add an endpoint; its secret is shown this once",
		Description: "Standard Webhooks 1.0: webhook-id, webhook-timestamp, webhook-signature (v1, HMAC-SHA-256). It is told of what happens from now on."}, manage, s.createWebhook)
	guarded(s, huma.Operation{OperationID: "change-webhook", Method: http.MethodPatch, Path: "/v1/webhooks/{id}", Tags: tag, Errors: []int{404},
		Summary: "Change an endpoint, disable it, or make it active again"}, manage, s.changeWebhook)
	guarded(s, huma.Operation{OperationID: "delete-webhook", Method: http.MethodDelete, Path: "/v1/webhooks/{id}", Tags: tag, DefaultStatus: http.StatusNoContent, Errors: []int{404},
		Summary: "Remove an endpoint with its deliveries"}, manage, s.deleteWebhook)
	guarded(s, huma.Operation{OperationID: "rotate-webhook", Method: http.MethodPost, Path: "/v1/webhooks/{id}/rotate", Tags: tag, Errors: []int{404},
		Summary: "Give an endpoint a new secret, shown this once; the old one signs too for a day"}, manage, s.rotateWebhook)
	guarded(s, huma.Operation{OperationID: "test-webhook", Method: http.MethodPost, Path: "/v1/webhooks/{id}/test", Tags: tag, Errors: []int{404},
		Summary: "Send a test event and wait for the answer"}, manage, s.testWebhook)
	guarded(s, huma.Operation{OperationID: "replay-webhook", Method: http.MethodPost, Path: "/v1/webhooks/{id}/replay", Tags: tag, DefaultStatus: http.StatusAccepted, Errors: []int{404, 409},
		Summary: "Send events again, by seq or time; answers with the job that does it"}, manage, s.replayWebhook)
	guarded(s, huma.Operation{OperationID: "list-deliveries", Method: http.MethodGet, Path: "/v1/webhooks/{id}/deliveries", Tags: tag,
		Summary: "Deliveries of an endpoint, newest event first"}, manage, s.listDeliveries)
}

type webhooksOutput struct {
	Body struct {
		Items []WebhookView `json:"items"`
	}
}

func (s *Server) listWebhooks(ctx context.Context, p auth.Principal, _ *struct{}) (*webhooksOutput, error) {
	all, err := s.cfg.Notify.Endpoints(ctx, p.Tenant)
	out := &webhooksOutput{}
	out.Body.Items = make([]WebhookView, len(all))
	for i, e := range all {
		out.Body.Items[i] = webhookView(e)
	}
	return out, err
}

type createWebhookInput struct {
	Body struct {
		URL         string   `json:"url" minLength:"1" maxLength:"2000"`
		Description string   `json:"description,omitempty" maxLength:"200"`
		Kinds       []string `json:"kinds" minItems:"1" maxItems:"50" doc:"Such as decision.made, decision.*, or *"`
	}
}

type createdWebhook struct {
	Body struct {
		WebhookView
		Secret string `json:"secret" doc:"Shown this once"`
	}
}

func (s *Server) createWebhook(ctx context.Context, p auth.Principal, in *createWebhookInput) (*createdWebhook, error) {
	e, secret, err := s.cfg.Notify.Create(ctx, p.Tenant, p.Actor, in.Body.URL, in.Body.Description, in.Body.Kinds)
	if err != nil {
		return nil, err
	}
	out := &createdWebhook{}
	out.Body.WebhookView, out.Body.Secret = webhookView(e), secret
	return out, nil
}

// WebhookInput names an endpoint.
type WebhookInput struct {
	ID string `path:"id" maxLength:"64"`
}

type changeWebhookInput struct {
	WebhookInput
	Body struct {
		URL         *string  `json:"url,omitempty" minLength:"1" maxLength:"2000"`
		Description *string  `json:"description,omitempty" maxLength:"200"`
		Kinds       []string `json:"kinds,omitempty" maxItems:"50"`
		Active      *bool    `json:"active,omitempty"`
	}
}

type webhookOutput struct{ Body WebhookView }

func (s *Server) changeWebhook(ctx context.Context, p auth.Principal, in *changeWebhookInput) (*webhookOutput, error) {
	e, err := s.cfg.Notify.Update(ctx, p.Tenant, in.ID, notify.Change{URL: in.Body.URL, Description: in.Body.Description, Kinds: in.Body.Kinds, Active: in.Body.Active})
	if err != nil {
		return nil, err
	}
	return &webhookOutput{webhookView(e)}, nil
}

func (s *Server) deleteWebhook(ctx context.Context, p auth.Principal, in *WebhookInput) (*struct{}, error) {
	return nil, s.cfg.Notify.Delete(ctx, p.Tenant, in.ID)
}

type rotatedWebhook struct {
	Body struct {
		Secret string `json:"secret" doc:"Shown this once"`
	}
}

func (s *Server) rotateWebhook(ctx context.Context, p auth.Principal, in *WebhookInput) (*rotatedWebhook, error) {
	out := &rotatedWebhook{}
	var err error
	out.Body.Secret, err = s.cfg.Notify.Rotate(ctx, p.Tenant, in.ID)
	return out, err
}

type deliveryOutput struct{ Body DeliveryView }

func (s *Server) testWebhook(ctx context.Context, p auth.Principal, in *WebhookInput) (*deliveryOutput, error) {
	d, err := s.cfg.Notify.Test(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	return &deliveryOutput{deliveryView(d)}, nil
}

type replayInput struct {
	WebhookInput
	Body struct {
		FromSeq int64     `json:"from_seq,omitempty" minimum:"0"`
		ToSeq   int64     `json:"to_seq,omitempty" minimum:"0" doc:"The last one where 0"`
		From    time.Time `json:"from,omitempty" doc:"Instead of from_seq"`
		To      time.Time `json:"to,omitempty" doc:"Instead of to_seq"`
	}
}

func (s *Server) replayWebhook(ctx context.Context, p auth.Principal, in *replayInput) (*jobOutput, error) {
	j, err := s.cfg.Notify.Replay(ctx, p.Tenant, p.Actor, in.ID, notify.Range{FromSeq: in.Body.FromSeq, ToSeq: in.Body.ToSeq, From: in.Body.From, To: in.Body.To})
	if err != nil {
		return nil, err
	}
	return &jobOutput{jobView(&j)}, nil
}

type deliveriesInput struct {
	WebhookInput
	PageInput
	State string `query:"state" enum:"waiting,delivered,failed,dropped"`
}

type deliveriesPage struct {
	Body struct {
		Items      []DeliveryView `json:"items"`
		NextCursor string         `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listDeliveries(ctx context.Context, p auth.Principal, in *deliveriesInput) (*deliveriesPage, error) {
	before, rows, err := in.before()
	if err != nil {
		return nil, err
	}
	all, err := s.cfg.Notify.Deliveries(ctx, p.Tenant, in.ID, notify.DeliveryState(in.State), before, rows+1)
	if err != nil {
		return nil, err
	}
	out := &deliveriesPage{}
	if len(all) > rows {
		all = all[:rows]
		out.Body.NextCursor = qingyuan.CursorOf(all[rows-1].Seq, "")
	}
	out.Body.Items = make([]DeliveryView, len(all))
	for i, d := range all {
		out.Body.Items[i] = deliveryView(d)
	}
	return out, nil
}
