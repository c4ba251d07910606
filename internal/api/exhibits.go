package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/handle/evidence"
)

// CaptureView says how a file came to be held.
type CaptureView struct {
	Name    string    `json:"name" minLength:"1" maxLength:"255" doc:"Of the file, as it was given"`
	Channel string    `json:"channel" minLength:"1" maxLength:"64" doc:"hotline, app, portal, court, import …"`
	Origin  string    `json:"origin" minLength:"1" maxLength:"1024" doc:"Where the original is: address, device, custodian"`
	By      string    `json:"by,omitempty" maxLength:"128" doc:"Account or system that captured it; the caller where empty"`
	Device  string    `json:"device,omitempty" maxLength:"255"`
	At      time.Time `json:"at" doc:"By the device's clock"`
	Clock   string    `json:"clock" minLength:"1" maxLength:"64" doc:"How that clock is kept: ntp, device, unknown"`
	Method  string    `json:"method" minLength:"1" maxLength:"64" doc:"upload, export, screenshot, recording …"`
	Process string    `json:"process,omitempty" maxLength:"4096" doc:"提取过程: anything else that was done"`
}

// DerivationView says what a file was made from.
type DerivationView struct {
	Parent       string            `json:"parent" maxLength:"64" doc:"Exhibit"`
	ParentSHA256 string            `json:"parent_sha256,omitempty" readOnly:"true"`
	Tool         string            `json:"tool" minLength:"1" maxLength:"128"`
	Version      string            `json:"version" minLength:"1" maxLength:"64"`
	Parameters   map[string]string `json:"parameters,omitempty"`
}

// ExhibitView is a file held as evidence. What may be personal is left out without the permission personal:reveal.
type ExhibitView struct {
	ID         string          `json:"id"`
	Matter     string          `json:"matter,omitempty"`
	Parent     string          `json:"parent,omitempty"`
	Size       int64           `json:"size"`
	MediaType  string          `json:"media_type"`
	State      string          `json:"state" enum:"open,sealed,erased"`
	ReceivedAt time.Time       `json:"received_at"`
	SHA256     string          `json:"sha256,omitempty"`
	SM3        string          `json:"sm3,omitempty"`
	Capture    *CaptureView    `json:"capture,omitempty"`
	Derivation *DerivationView `json:"derivation,omitempty"`
}

func exhibitView(p auth.Principal, e *evidence.Exhibit) ExhibitView {
	v := ExhibitView{ID: e.ID, Matter: e.Matter, Parent: e.Parent, Size: e.Size, MediaType: e.MediaType, State: string(e.State), ReceivedAt: e.ReceivedAt}
	if e.First == nil {
		return v
	}
	v.SHA256, v.SM3 = e.First.SHA256, e.First.SM3
	if d := e.First.Derivation; d != nil {
		v.Derivation = &DerivationView{d.Parent, d.ParentHash, d.Tool, d.Version, d.Parameters}
	}
	if c := e.First.Capture; c != nil {
		v.Capture = &CaptureView{c.Name, c.Channel, c.Origin, c.By, c.Device, c.At, c.Clock, c.Method, c.Process}
		if !p.Can(auth.Reveal, auth.Personal) {
			v.Capture.Name, v.Capture.Origin, v.Capture.Process = hidden, hidden, ""
		}
	}
	return v
}

// LinkView is one record of an exhibit's chain of custody.
type LinkView struct {
	ID         string    `json:"id"`
	Action     string    `json:"action" enum:"recorded,viewed,copied,transferred,verified,sealed"`
	Actor      string    `json:"actor"`
	At         time.Time `json:"at"`
	Purpose    string    `json:"purpose,omitempty"`
	Approval   string    `json:"approval,omitempty"`
	Commitment string    `json:"commitment" doc:"What the log holds of the record, hex"`
	Previous   string    `json:"previous,omitempty" doc:"Commitment of the record before"`
	Leaf       *uint64   `json:"leaf,omitempty" doc:"Place in the log; absent until the log holds it"`
}

// LegalHoldView keeps the exhibits of a matter from being erased.
type LegalHoldView struct {
	ID        string    `json:"id"`
	Matter    string    `json:"matter"`
	Reason    string    `json:"reason"`
	By        string    `json:"by"`
	CreatedAt time.Time `json:"created_at"`
}

// exhibits registers the operations on evidence.
func (s *Server) exhibits() {
	see := auth.Permission{Resource: auth.Exhibits, Action: auth.Read}
	write := auth.Permission{Resource: auth.Exhibits, Action: auth.Write}
	seal := auth.Permission{Resource: auth.Exhibits, Action: auth.Seal}
	s.voteOn(evidence.KindSeal, seal, s.cfg.Evidence.ApproveSeal)
	tag := []string{"evidence"}
	guarded(s, huma.Operation{OperationID: "record-exhibit", Method: http.MethodPost, Path: "/v1/exhibits", Tags: tag, DefaultStatus: http.StatusCreated,
		Summary:      "Hold a file as evidence; the answer means that it is on disk",
		MaxBodyBytes: evidence.MaxExhibit + 1<<20, Errors: []int{404, 409, 413}}, write, s.recordExhibit)
	guarded(s, huma.Operation{OperationID: "list-exhibits", Method: http.MethodGet, Path: "/v1/exhibits", Tags: tag,
		Summary: "Exhibits, newest first"}, see, s.listExhibits)
	guarded(s, huma.Operation{OperationID: "get-exhibit", Method: http.MethodGet, Path: "/v1/exhibits/{id}", Tags: tag,
		Summary: "One exhibit and how it came to be held", Errors: []int{404}}, see, s.getExhibit)
	guarded(s, huma.Operation{OperationID: "get-custody", Method: http.MethodGet, Path: "/v1/exhibits/{id}/custody", Tags: tag,
		Summary: "The chain of custody of an exhibit, oldest first", Errors: []int{404, 409}}, see, s.getCustody)
	guarded(s, huma.Operation{OperationID: "get-receipts", Method: http.MethodGet, Path: "/v1/exhibits/{id}/receipts", Tags: tag,
		Summary: "What a stranger needs to check the records of an exhibit: each record, its salt and its proof", Errors: []int{404, 409}},
		auth.Permission{Resource: auth.Personal, Action: auth.Reveal}, s.getReceipts)
	guarded(s, huma.Operation{OperationID: "read-exhibit", Method: http.MethodPost, Path: "/v1/exhibits/{id}/content", Tags: tag,
		Summary: "The bytes of an exhibit; the look at them becomes part of its chain of custody", Errors: []int{404, 409}},
		auth.Permission{Resource: auth.Personal, Action: auth.Reveal}, s.readExhibit)
	guarded(s, huma.Operation{OperationID: "seal-exhibits", Method: http.MethodPost, Path: "/v1/exhibits/seal", Tags: tag, DefaultStatus: http.StatusAccepted,
		Summary: "Ask for exhibits to be sealed; a second person must agree", Errors: []int{404, 409}}, seal, s.sealExhibits)
	guarded(s, huma.Operation{OperationID: "place-legal-hold", Method: http.MethodPost, Path: "/v1/legal-holds", Tags: tag, DefaultStatus: http.StatusCreated,
		Summary: "Keep the exhibits of a matter from being erased"}, seal, s.placeLegalHold)
	guarded(s, huma.Operation{OperationID: "lift-legal-hold", Method: http.MethodDelete, Path: "/v1/legal-holds/{id}", Tags: tag, DefaultStatus: http.StatusNoContent,
		Summary: "End a legal hold", Errors: []int{404, 409}}, seal, s.liftLegalHold)
}

// exhibitForm is the body of an upload.
type exhibitForm struct {
	File huma.FormFile `form:"file" required:"true" doc:"The raw bytes"`
	Meta string        `form:"meta" required:"true" doc:"JSON: capture, and where given matter, person (blind key), media_type, derivation"`
}

// exhibitMeta is what an upload says about its file.
type exhibitMeta struct {
	Capture    CaptureView     `json:"capture"`
	Matter     string          `json:"matter"`
	Person     string          `json:"person"`
	MediaType  string          `json:"media_type"`
	Derivation *DerivationView `json:"derivation"`
}

type recordExhibitInput struct {
	RawBody huma.MultipartFormFiles[exhibitForm]
}

type exhibitOutput struct{ Body ExhibitView }

func (s *Server) recordExhibit(ctx context.Context, p auth.Principal, in *recordExhibitInput) (*exhibitOutput, error) {
	form := in.RawBody.Data()
	raw, err := io.ReadAll(io.LimitReader(form.File, evidence.MaxExhibit+1))
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the file could not be read")
	}
	var m exhibitMeta
	if err := json.Unmarshal([]byte(form.Meta), &m); err != nil {
		return nil, qingyuan.FieldErrorf("meta", "is not the JSON it must be: %v", err)
	}
	c := m.Capture
	if c.By == "" {
		c.By = p.Actor.ID
	}
	n := evidence.New{Bytes: raw, MediaType: m.MediaType, Person: m.Person, Matter: m.Matter, Capture: evidence.Capture{Name: c.Name, Channel: c.Channel,
		Origin: c.Origin, By: c.By, Device: c.Device, At: c.At.UTC(), Clock: c.Clock, Method: c.Method, Process: c.Process}}
	if d := m.Derivation; d != nil {
		n.Derivation = &evidence.Derivation{Parent: d.Parent, Tool: d.Tool, Version: d.Version, Parameters: d.Parameters}
	}
	e, err := s.cfg.Evidence.Record(ctx, p.Tenant, p.Actor, n)
	if err != nil {
		return nil, err
	}
	return &exhibitOutput{exhibitView(p, e)}, nil
}

type exhibitsInput struct {
	PageInput
	Matter string `query:"matter" maxLength:"64" doc:"Complaint or case"`
}

type exhibitsPage struct {
	Body struct {
		Items      []ExhibitView `json:"items"`
		NextCursor string        `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listExhibits(ctx context.Context, p auth.Principal, in *exhibitsInput) (*exhibitsPage, error) {
	all, next, err := s.cfg.Evidence.List(ctx, p.Tenant, in.Matter, qingyuan.Page{Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &exhibitsPage{}
	out.Body.NextCursor, out.Body.Items = next, make([]ExhibitView, len(all))
	for i, e := range all {
		out.Body.Items[i] = exhibitView(p, e)
	}
	return out, nil
}

// ExhibitInput names an exhibit.
type ExhibitInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Server) getExhibit(ctx context.Context, p auth.Principal, in *ExhibitInput) (*exhibitOutput, error) {
	e, err := s.cfg.Evidence.Exhibit(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	return &exhibitOutput{exhibitView(p, e)}, nil
}

type custodyOutput struct {
	Body struct {
		Items []LinkView `json:"items"`
	}
}

func (s *Server) getCustody(ctx context.Context, p auth.Principal, in *ExhibitInput) (*custodyOutput, error) {
	links, err := s.cfg.Evidence.Custody(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	out := &custodyOutput{}
	out.Body.Items = make([]LinkView, len(links))
	for i, l := range links {
		out.Body.Items[i] = LinkView{l.ID, string(l.Action), l.Actor.ID, l.At, l.Purpose, l.Approval, l.Commitment, l.Previous, l.Leaf}
	}
	return out, nil
}

// ReceiptView is what a stranger needs to check one record; as a file it is FILE.receipt.json beside the exhibit.
type ReceiptView struct {
	Version string `json:"v" enum:"qingyuan-receipt-1"`
	Record  []byte `json:"record" doc:"The record as it was written"`
	Salt    []byte `json:"salt"`
	Proof   string `json:"proof" doc:"C2SP tlog-proof"`
	Key     string `json:"key" doc:"Verifier key of the log"`
}

type receiptsOutput struct {
	Body struct {
		Items []ReceiptView `json:"items"`
	}
}

func (s *Server) getReceipts(ctx context.Context, p auth.Principal, in *ExhibitInput) (*receiptsOutput, error) {
	all, err := s.cfg.Evidence.Receipts(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	out := &receiptsOutput{}
	out.Body.Items = make([]ReceiptView, len(all))
	for i, r := range all {
		out.Body.Items[i] = ReceiptView{"qingyuan-receipt-1", r.Record, r.Salt, string(r.Proof), r.Key}
	}
	return out, nil
}

type readExhibitInput struct {
	ExhibitInput
	Body struct {
		Action  string `json:"action" enum:"viewed,copied,transferred,verified"`
		Purpose string `json:"purpose" minLength:"4" maxLength:"500" doc:"Why; where it leaves, also to whom"`
	}
}

type contentOutput struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte `contentType:"application/octet-stream"`
}

func (s *Server) readExhibit(ctx context.Context, p auth.Principal, in *readExhibitInput) (*contentOutput, error) {
	raw, err := s.cfg.Evidence.Bytes(ctx, p.Tenant, evidence.Use{Exhibit: in.ID, Actor: p.Actor, Action: evidence.Action(in.Body.Action), Purpose: in.Body.Purpose})
	if err != nil {
		return nil, err
	}
	return &contentOutput{"application/octet-stream", `attachment; filename="` + in.ID + `.bin"`, raw}, nil // never shown by the browser: it is foreign
}

type sealInput struct {
	Body struct {
		Exhibits []string `json:"exhibits" minItems:"1" maxItems:"500"`
		Reason   string   `json:"reason" minLength:"4" maxLength:"500"`
	}
}

func (s *Server) sealExhibits(ctx context.Context, p auth.Principal, in *sealInput) (*approvalOutput, error) {
	a, err := s.cfg.Evidence.RequestSeal(ctx, p.Tenant, p.Actor, in.Body.Exhibits, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return &approvalOutput{http.StatusAccepted, approvalView(a)}, nil
}

type legalHoldInput struct {
	Body struct {
		Matter string `json:"matter" minLength:"1" maxLength:"64" doc:"Complaint or case"`
		Reason string `json:"reason" minLength:"4" maxLength:"500"`
	}
}

type legalHoldOutput struct{ Body LegalHoldView }

func (s *Server) placeLegalHold(ctx context.Context, p auth.Principal, in *legalHoldInput) (*legalHoldOutput, error) {
	h, err := s.cfg.Evidence.PlaceHold(ctx, p.Tenant, p.Actor, in.Body.Matter, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return &legalHoldOutput{LegalHoldView{h.ID, h.Matter, h.Reason, h.Actor, h.Created}}, nil
}

func (s *Server) liftLegalHold(ctx context.Context, p auth.Principal, in *ExhibitInput) (*struct{}, error) {
	return nil, s.cfg.Evidence.LiftHold(ctx, p.Tenant, p.Actor, in.ID)
}
