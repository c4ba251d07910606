package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/auth"
	"qingyuan/internal/improve/intel"
	"qingyuan/internal/jobs"
	"qingyuan/internal/prevent/text/lexicon"
)

// accepted answers a request for a second person's agreement.
func accepted(a *audit.Approval, err error) (*approvalOutput, error) {
	if err != nil {
		return nil, err
	}
	return &approvalOutput{http.StatusAccepted, approvalView(a)}, nil
}

// textContacts registers the operations on the contact base.
func (s *Server) textContacts() {
	guarded(s, huma.Operation{OperationID: "list-text-contacts", Method: http.MethodGet, Path: "/v1/text/contacts", Tags: []string{"texts"},
		Summary: "Phones, accounts and mailboxes that several persons or posts gave, most widely given first"}, seeIntel, s.listTextContacts)
	guarded(s, huma.Operation{OperationID: "get-text-contact", Method: http.MethodGet, Path: "/v1/text/contacts/{key}", Tags: []string{"texts"},
		Summary: "One contact with the events in which it stands", Errors: []int{404}}, seeIntel, s.getTextContact)
	guarded(s, huma.Operation{OperationID: "find-text-contact", Method: http.MethodPost, Path: "/v1/text/contacts/find", Tags: []string{"texts"},
		Summary: "One contact by its value", Errors: []int{404}}, seeIntel, s.findTextContact)
	guarded(s, huma.Operation{OperationID: "mark-text-contact", Method: http.MethodPost, Path: "/v1/text/contact-marks", Tags: []string{"texts"},
		Summary:     "Ask for a contact to be marked as an agent's, so that it gives signal S1, or as lawfully shared",
		Description: secondPerson, DefaultStatus: http.StatusAccepted, Errors: []int{409}}, writeIntel, s.markTextContact)
	guarded(s, huma.Operation{OperationID: "unmark-text-contact", Method: http.MethodDelete, Path: "/v1/text/contact-marks/{id}", Tags: []string{"texts"},
		Summary: "Ask for a mark to be taken back", Description: secondPerson, DefaultStatus: http.StatusAccepted, Errors: []int{404}}, writeIntel, s.unmarkTextContact)
}

// MarkView says whose a contact is.
type MarkView struct {
	ID        string    `json:"id"`
	Verdict   string    `json:"verdict" enum:"agent,lawful"`
	Typology  string    `json:"typology,omitempty"`
	Note      string    `json:"note,omitempty"`
	Requester string    `json:"requester"`
	Seq       int64     `json:"seq"`
	CreatedAt time.Time `json:"created_at"`
}

// TextContactView is a contact that somebody gave.
type TextContactView struct {
	Key       string     `json:"key" doc:"Blind key"`
	Kind      string     `json:"kind,omitempty" doc:"phone, handle or email"`
	Value     string     `json:"value" doc:"Masked; empty where those who gave it were erased"`
	Events    int64      `json:"events"`
	Posts     int64      `json:"posts" doc:"Of the events: public ones"`
	Writers   int64      `json:"writers" doc:"Distinct persons or accounts"`
	FirstSeen *time.Time `json:"first_seen,omitempty"`
	LastSeen  *time.Time `json:"last_seen,omitempty"`
	Mark      *MarkView  `json:"mark,omitempty"`
}

func textContactView(c intel.Contact) TextContactView {
	v := TextContactView{Key: c.Key, Kind: string(c.Kind), Value: c.Value, Events: c.Events, Posts: c.Posts, Writers: c.Writers,
		FirstSeen: timeOrNil(c.First), LastSeen: timeOrNil(c.Last)}
	if m := c.Mark; m != nil {
		v.Mark = &MarkView{m.ID, m.Verdict, string(m.Typology), m.Note, m.Requester, m.Seq, m.CreatedAt}
	}
	return v
}

type textContactsInput struct {
	PageInput
	Kind    string `query:"kind" enum:"phone,handle,email"`
	Writers int64  `query:"writers" minimum:"1" maximum:"1000000" default:"2" doc:"Given by at least so many"`
}

type textContactsPage struct {
	Body struct {
		Items      []TextContactView `json:"items"`
		NextCursor string            `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listTextContacts(ctx context.Context, p auth.Principal, in *textContactsInput) (*textContactsPage, error) {
	page := qingyuan.Page{Cursor: in.Cursor, Limit: in.Limit}
	writers, key, _, err := page.Keyset()
	if err != nil {
		return nil, err
	}
	all, err := s.cfg.Intel.Contacts(ctx, p.Tenant, intel.ContactFilter{Writers: in.Writers, Kind: in.Kind, Before: writers, Key: key, Limit: page.Rows() + 1})
	if err != nil {
		return nil, err
	}
	out := &textContactsPage{}
	if out.Body.Items = []TextContactView{}; len(all) > page.Rows() {
		all = all[:page.Rows()]
		out.Body.NextCursor = qingyuan.CursorOf(all[len(all)-1].Writers, all[len(all)-1].Key)
	}
	for _, c := range all {
		out.Body.Items = append(out.Body.Items, textContactView(c))
	}
	return out, nil
}

// TextSightingView is one event in which a contact stands.
type TextSightingView struct {
	Event   string      `json:"event"`
	Kind    string      `json:"kind"`
	Role    string      `json:"role" doc:"Of the field it stands in, or text"`
	At      time.Time   `json:"at"`
	Subject SubjectView `json:"subject"`
}

type textContactOutput struct {
	Body struct {
		TextContactView
		Sightings []TextSightingView `json:"sightings" doc:"Newest first, at most 100"`
	}
}

type textContactInput struct {
	Key string `path:"key" pattern:"^[0-9a-f]{32}$"`
}

func (s *Server) getTextContact(ctx context.Context, p auth.Principal, in *textContactInput) (*textContactOutput, error) {
	c, found, err := s.cfg.Intel.Contact(ctx, p.Tenant, in.Key, 100)
	if err != nil {
		return nil, err
	}
	out := &textContactOutput{}
	out.Body.TextContactView, out.Body.Sightings = textContactView(*c), []TextSightingView{}
	for _, n := range found {
		out.Body.Sightings = append(out.Body.Sightings, TextSightingView{n.Event.ID, string(n.Event.Kind), n.Role, n.Event.EffectiveAt, subjectView(n.Event)})
	}
	return out, nil
}

type findContactInput struct {
	Body struct {
		Kind  string `json:"kind" enum:"phone,handle,email"`
		Value string `json:"value" minLength:"1" maxLength:"128" doc:"In clear; an account is written platform:account"`
	}
}

func (s *Server) findTextContact(ctx context.Context, p auth.Principal, in *findContactInput) (*textContactOutput, error) {
	key := intel.Blind(s.cfg.Keys)(p.Tenant, qingyuan.EntityKind(in.Body.Kind), in.Body.Value)
	if key == "" {
		return nil, qingyuan.FieldErrorf("value", "is no %s", in.Body.Kind)
	}
	return s.getTextContact(ctx, p, &textContactInput{key})
}

type markInput struct {
	Body struct {
		Key      string `json:"key,omitempty" pattern:"^[0-9a-f]{32}$" doc:"Blind key; or give the value"`
		Kind     string `json:"kind" enum:"phone,handle,email"`
		Value    string `json:"value,omitempty" maxLength:"128" doc:"In clear; its blind key is stored"`
		Verdict  string `json:"verdict" enum:"agent,lawful"`
		Typology string `json:"typology,omitempty" enum:"T1,T2,T3,T4,T5,T6,T7,T8,T9" doc:"Of an agent's"`
		Note     string `json:"note,omitempty" maxLength:"500" doc:"No personal data"`
		Reason   string `json:"reason" minLength:"4" maxLength:"500"`
	}
}

func (s *Server) markTextContact(ctx context.Context, p auth.Principal, in *markInput) (*approvalOutput, error) {
	b := in.Body
	return accepted(s.cfg.Intel.RequestMark(ctx, p.Tenant, p.Actor, intel.NewMark{Key: b.Key, Kind: qingyuan.EntityKind(b.Kind), Value: b.Value, Verdict: b.Verdict,
		Typology: qingyuan.Typology(b.Typology), Note: b.Note, Reason: b.Reason}))
}

func (s *Server) unmarkTextContact(ctx context.Context, p auth.Principal, in *removalInput) (*approvalOutput, error) {
	return accepted(s.cfg.Intel.RequestUnmark(ctx, p.Tenant, p.Actor, in.ID, in.Reason))
}

// discovery registers the operations on what is new in texts.
func (s *Server) discovery() {
	guarded(s, huma.Operation{OperationID: "list-candidates", Method: http.MethodGet, Path: "/v1/text/candidates", Tags: []string{"texts"},
		Summary: "New words, new forms of known terms, and growing templates that wait for an analyst, best first"}, seeIntel, s.listCandidates)
	guarded(s, huma.Operation{OperationID: "get-candidate", Method: http.MethodGet, Path: "/v1/text/candidates/{id}", Tags: []string{"texts"},
		Summary: "One candidate with masked excerpts of the record", Errors: []int{404}}, seeIntel, s.getCandidate)
	guarded(s, huma.Operation{OperationID: "confirm-candidate", Method: http.MethodPost, Path: "/v1/text/candidates/{id}/confirm", Tags: []string{"texts"},
		Summary:     "Ask for a candidate to become a term of the lexicon, a variant of one, or the template of a gang",
		Description: secondPerson, DefaultStatus: http.StatusAccepted, Errors: []int{404, 409}}, writeIntel, s.confirmCandidate)
	guarded(s, huma.Operation{OperationID: "reject-candidate", Method: http.MethodPost, Path: "/v1/text/candidates/{id}/reject", Tags: []string{"texts"},
		Summary: "Take a candidate out of the queue until it has grown", DefaultStatus: http.StatusNoContent, Errors: []int{404, 409}}, writeIntel, s.rejectCandidate)
	guarded(s, huma.Operation{OperationID: "start-discovery", Method: http.MethodPost, Path: "/v1/text/discovery", Tags: []string{"texts"},
		Summary: "Read the record for what is new, in the background", DefaultStatus: http.StatusAccepted, Errors: []int{429}}, writeIntel, s.startDiscovery)
	guarded(s, huma.Operation{OperationID: "list-discovery-runs", Method: http.MethodGet, Path: "/v1/text/discovery", Tags: []string{"texts"},
		Summary: "The latest runs, newest first, without what they gave"}, seeIntel, s.listRuns)
	guarded(s, huma.Operation{OperationID: "get-discovery-run", Method: http.MethodGet, Path: "/v1/text/discovery/{id}", Tags: []string{"texts"},
		Summary: "One run", Errors: []int{404}}, seeIntel, s.getRun)
}

// CandidateView is something new in the texts of the record.
type CandidateView struct {
	ID          string     `json:"id"`
	Kind        string     `json:"kind" enum:"term,variant,template"`
	Author      string     `json:"author" doc:"Who writes so: customer (with ocr), public (with agent), asr"`
	State       string     `json:"state" enum:"new,proposed,confirmed,rejected"`
	Word        string     `json:"word" doc:"Empty for a template"`
	Term        string     `json:"term,omitempty" doc:"Of a variant: the id of the known term"`
	TermText    string     `json:"term_text,omitempty"`
	Family      string     `json:"family,omitempty" doc:"Of a template: event/path of its family"`
	Typology    string     `json:"typology,omitempty" doc:"Suggested by known terms in the same texts"`
	Score       float64    `json:"score"`
	Texts       int        `json:"texts"`
	Writers     int        `json:"writers" doc:"Distinct persons or accounts"`
	Recent      int        `json:"recent" doc:"Texts of the recent days; a template counts once"`
	Reference   int        `json:"reference" doc:"Texts of the days before"`
	Suspicious  int        `json:"suspicious" doc:"Texts against which something known speaks"`
	Burst       float64    `json:"burst" doc:"Signed root of G², recent against before"`
	Association float64    `json:"association" doc:"Signed root of G², suspicious against other texts"`
	Cohesion    float64    `json:"cohesion" doc:"Nats"`
	Entropy     float64    `json:"entropy" doc:"Of its neighbours, nats"`
	Cities      []string   `json:"cities"`
	FirstSeen   time.Time  `json:"first_seen"`
	LastSeen    time.Time  `json:"last_seen"`
	Run         string     `json:"run"`
	Judge       string     `json:"judge,omitempty"`
	Reason      string     `json:"reason,omitempty" doc:"Of the rejection"`
	Approval    string     `json:"approval,omitempty"`
	UpdatedAt   *time.Time `json:"updated_at"`
}

func candidateView(c *intel.Candidate) CandidateView {
	d := &c.Detail
	return CandidateView{ID: c.ID, Kind: c.Kind, Author: string(c.Author), State: c.State, Word: d.Word, Term: d.Term, TermText: d.TermText, Family: d.Family,
		Typology: string(d.Typology), Score: c.Score, Texts: c.Texts, Writers: c.Writers, Recent: d.Recent, Reference: d.Reference, Suspicious: d.Suspicious,
		Burst: d.Burst, Association: d.Association, Cohesion: d.Cohesion, Entropy: d.Entropy, Cities: append([]string{}, d.Cities...), FirstSeen: c.First,
		LastSeen: c.Last, Run: c.Run, Judge: c.Judge, Reason: c.Reason, Approval: c.Approval, UpdatedAt: timeOrNil(c.UpdatedAt)}
}

type candidatesInput struct {
	PageInput
	State string `query:"state" enum:"new,proposed,confirmed,rejected"`
	Kind  string `query:"kind" enum:"term,variant,template"`
}

type candidatesPage struct {
	Body struct {
		Items      []CandidateView `json:"items"`
		NextCursor string          `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listCandidates(ctx context.Context, p auth.Principal, in *candidatesInput) (*candidatesPage, error) {
	page := qingyuan.Page{Cursor: in.Cursor, Limit: in.Limit}
	score, id, _, err := page.Keyset()
	if err != nil {
		return nil, err
	}
	all, err := s.cfg.Intel.Candidates(ctx, p.Tenant, intel.CandidateFilter{State: in.State, Kind: in.Kind, Before: score, ID: id, Limit: page.Rows() + 1})
	if err != nil {
		return nil, err
	}
	out := &candidatesPage{}
	if out.Body.Items = []CandidateView{}; len(all) > page.Rows() {
		all = all[:page.Rows()]
		last := all[len(all)-1]
		out.Body.NextCursor = qingyuan.CursorOf(int64(last.Score*1000+0.5), last.ID)
	}
	for i := range all {
		out.Body.Items = append(out.Body.Items, candidateView(&all[i]))
	}
	return out, nil
}

// ExcerptView is a place of the record.
type ExcerptView struct {
	Event string    `json:"event"`
	Kind  string    `json:"kind"`
	Path  string    `json:"path"`
	At    time.Time `json:"at"`
	Text  string    `json:"text" doc:"The words around, masked"`
	Span  SpanView  `json:"span" doc:"Of what was found, in the excerpt; empty: all of it"`
}

type candidateOutput struct {
	Body struct {
		CandidateView
		Evidence []ExcerptView `json:"evidence"`
	}
}

type candidateInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Server) getCandidate(ctx context.Context, p auth.Principal, in *candidateInput) (*candidateOutput, error) {
	c, err := s.cfg.Intel.Candidate(ctx, p.Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	places, err := s.cfg.Intel.Evidence(ctx, p.Tenant, c)
	if err != nil {
		return nil, err
	}
	out := &candidateOutput{}
	out.Body.CandidateView, out.Body.Evidence = candidateView(c), []ExcerptView{}
	for _, x := range places {
		out.Body.Evidence = append(out.Body.Evidence, ExcerptView{x.Event.ID, string(x.Event.Kind), x.Path, x.Event.EffectiveAt, x.Text, x.Span})
	}
	return out, nil
}

type confirmInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Word     string   `json:"word,omitempty" maxLength:"40" doc:"Of a term: where it should be another than what was found"`
		Sense    TextView `json:"sense,omitempty" doc:"Of a term: in plain words"`
		Typology string   `json:"typology,omitempty" enum:"T1,T2,T3,T4,T5,T6,T7,T8,T9"`
		Weak     bool     `json:"weak,omitempty"`
		Match    string   `json:"match,omitempty" enum:"any,plain,disguised"`
		Also     []string `json:"also,omitempty" maxItems:"50"`
		Source   string   `json:"source,omitempty" maxLength:"200"`
		Title    string   `json:"title,omitempty" maxLength:"100" doc:"Of a template: shown in reasons, no personal data"`
		Reason   string   `json:"reason" minLength:"4" maxLength:"500"`
	}
}

func (s *Server) confirmCandidate(ctx context.Context, p auth.Principal, in *confirmInput) (*approvalOutput, error) {
	b := in.Body
	match := lexicon.Match(b.Match)
	if match == "any" {
		match = lexicon.Any
	}
	return accepted(s.cfg.Intel.Confirm(ctx, p.Tenant, p.Actor, in.ID, intel.Confirmation{Word: b.Word, Sense: qingyuan.Text(b.Sense), Typology: qingyuan.Typology(b.Typology),
		Weak: b.Weak, Match: match, Also: b.Also, Source: b.Source, Title: b.Title, Reason: b.Reason}))
}

type rejectCandidateInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Reason string `json:"reason" minLength:"2" maxLength:"500"`
	}
}

func (s *Server) rejectCandidate(ctx context.Context, p auth.Principal, in *rejectCandidateInput) (*struct{}, error) {
	return nil, s.cfg.Intel.RejectCandidate(ctx, p.Tenant, p.Actor, in.ID, in.Body.Reason)
}

// RunView is one reading of the record for what is new.
type RunView struct {
	ID         string     `json:"id"`
	State      string     `json:"state" enum:"running,done,failed,cancelled"`
	By         string     `json:"by,omitempty"`
	AsOf       *time.Time `json:"as_of,omitempty" doc:"End of the recent days"`
	Rules      string     `json:"rules,omitempty" doc:"Version of the rules of discovery"`
	Texts      int        `json:"texts" doc:"Read"`
	Found      int        `json:"found"`
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	Error      string     `json:"error,omitempty"`
}

func runView(j *jobs.Job) (RunView, error) {
	v := RunView{ID: j.ID, State: backtestStates[j.State], By: j.By.ID, CreatedAt: j.CreatedAt, FinishedAt: timeOrNil(j.FinishedAt)}
	if j.State == jobs.Dead && j.Err != nil {
		v.Error = j.Err.Message
	}
	if len(j.Result) == 0 {
		return v, nil
	}
	var found intel.Found
	err := json.Unmarshal(j.Result, &found)
	v.AsOf, v.Rules, v.Texts, v.Found = timeOrNil(found.AsOf), found.Rules, found.Texts, found.Found
	return v, err
}

type startInput struct {
	Body struct {
		AsOf time.Time `json:"as_of,omitempty" doc:"End of the recent days; now where not given"`
	}
}

type runOutput struct{ Body RunView }

func (s *Server) startDiscovery(ctx context.Context, p auth.Principal, in *startInput) (*runOutput, error) {
	j, err := s.cfg.Intel.Start(ctx, s.cfg.Jobs, p.Tenant, p.Actor, in.Body.AsOf)
	if err != nil {
		return nil, err
	}
	v, err := runView(&j)
	return &runOutput{v}, err
}

type runsOutput struct {
	Body struct {
		Items []RunView `json:"items"`
	}
}

func (s *Server) listRuns(ctx context.Context, p auth.Principal, _ *struct{}) (*runsOutput, error) {
	all, _, err := s.cfg.Jobs.List(ctx, p.Tenant, jobs.Filter{Kind: intel.RunKind})
	if err != nil {
		return nil, err
	}
	out := &runsOutput{}
	out.Body.Items = make([]RunView, len(all))
	for i, j := range all {
		if out.Body.Items[i], err = runView(j); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type runInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Server) getRun(ctx context.Context, p auth.Principal, in *runInput) (*runOutput, error) {
	j, err := s.cfg.Jobs.Get(ctx, p.Tenant, in.ID)
	if err == nil && j.Kind != intel.RunKind {
		err = qingyuan.Errorf(qingyuan.NotFound, "there is no run %q", in.ID)
	}
	if err != nil {
		return nil, err
	}
	v, err := runView(&j)
	return &runOutput{v}, err
}
