package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/improve/intel"
	"qingyuan/internal/prevent/text"
	"qingyuan/internal/prevent/text/family"
)

// families registers the operations on families of texts and on registered templates.
func (s *Server) families() {
	guarded(s, huma.Operation{OperationID: "list-families", Method: http.MethodGet, Path: "/v1/text/families", Tags: []string{"texts"},
		Summary: "Families of texts made from one template, largest or fastest-growing first"}, seeIntel, s.listFamilies)
	guarded(s, huma.Operation{OperationID: "get-family", Method: http.MethodGet, Path: "/v1/text/families/{event}/{path}", Tags: []string{"texts"},
		Summary: "The family of one text of an event, with its representative, slots, members, contacts and reasons", Errors: []int{404}}, seeIntel, s.getFamily)
	guarded(s, huma.Operation{OperationID: "lookup-family", Method: http.MethodPost, Path: "/v1/text/families/lookup", Tags: []string{"texts"},
		Summary:     "Find the family of a text that is pasted, or of the text of an event (一键串案)",
		Description: "Texts are compared with those of the same kind of author. Nothing is stored.", Errors: []int{404}}, seeIntel, s.lookupFamily)
	guarded(s, huma.Operation{OperationID: "list-templates", Method: http.MethodGet, Path: "/v1/text/templates", Tags: []string{"texts"},
		Summary: "Registered templates: of gangs, and innocent ones"}, seeIntel, s.listTemplates)
	guarded(s, huma.Operation{OperationID: "register-template", Method: http.MethodPost, Path: "/v1/text/templates", Tags: []string{"texts"},
		Summary:     "Ask for a template to be registered: as innocent, so that it gives no suspicion, or as a gang's",
		Description: secondPerson, DefaultStatus: http.StatusAccepted, Errors: []int{404}}, writeIntel, s.registerTemplate)
	guarded(s, huma.Operation{OperationID: "remove-template", Method: http.MethodDelete, Path: "/v1/text/templates/{id}", Tags: []string{"texts"},
		Summary: "Ask for a template to be taken out of the registry", Description: secondPerson, DefaultStatus: http.StatusAccepted, Errors: []int{404}}, writeIntel, s.removeTemplate)
}

// FamilySummary is a family at a glance.
type FamilySummary struct {
	ID        string    `json:"id" doc:"event/path of its earliest text"`
	Author    string    `json:"author"`
	Size      int       `json:"size"`
	Recent    int       `json:"recent" doc:"Texts of the recent days of discovery"`
	Subjects  int       `json:"subjects" doc:"Distinct persons or accounts"`
	Cities    int       `json:"cities"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	Innocent  string    `json:"innocent,omitempty" doc:"Registered template that it follows"`
	Excerpt   string    `json:"excerpt,omitempty" doc:"Of a list: the beginning of its earliest text, masked"`
}

type familiesInput struct {
	PageInput
	Author  string `query:"author" enum:"customer,operator,asr,ocr,public,agent,lender"`
	MinSize int    `query:"min_size" minimum:"2" maximum:"100000" default:"3"`
	Sort    string `query:"sort" enum:"growth,size" default:"growth"`
}

type familiesPage struct {
	Body struct {
		Items      []FamilySummary `json:"items"`
		NextCursor string          `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listFamilies(ctx context.Context, p auth.Principal, in *familiesInput) (*familiesPage, error) {
	page := qingyuan.Page{Cursor: in.Cursor, Limit: in.Limit}
	measure, id, _, err := page.Keyset()
	if err != nil {
		return nil, err
	}
	f := intel.FamilyFilter{Author: qingyuan.AuthorKind(in.Author), MinSize: in.MinSize, Growth: in.Sort == "growth", Before: int(measure), ID: id, Limit: page.Rows() + 1}
	all, err := s.cfg.Intel.Families(ctx, p.Tenant, f)
	if err != nil {
		return nil, err
	}
	out := &familiesPage{}
	if out.Body.Items = []FamilySummary{}; len(all) > page.Rows() {
		all = all[:page.Rows()]
		last := all[len(all)-1]
		out.Body.NextCursor = qingyuan.CursorOf(int64(intel.Measure(last, f.Growth)), last.ID)
	}
	ids := make([]string, len(all))
	for i, a := range all {
		ids[i] = a.ID
	}
	excerpts, err := s.cfg.Intel.Excerpts(ctx, p.Tenant, ids)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		v := familySummary(a)
		v.Excerpt = excerpts[a.ID]
		out.Body.Items = append(out.Body.Items, v)
	}
	return out, nil
}

func familySummary(a family.Summary) FamilySummary {
	return FamilySummary{ID: a.ID, Author: string(a.Author), Size: a.Size, Recent: a.Recent, Subjects: a.Subjects, Cities: a.Cities, FirstSeen: a.First,
		LastSeen: a.Last, Innocent: a.Innocent}
}

// MemberView is one text of a family.
type MemberView struct {
	ID         string      `json:"id" doc:"event/path"`
	Event      string      `json:"event"`
	Kind       string      `json:"kind"`
	Subject    SubjectView `json:"subject" doc:"Masked"`
	Key        string      `json:"key,omitempty" doc:"Blind key of the person or account"`
	City       string      `json:"city,omitempty" doc:"City, or the first digits of an ID number"`
	At         time.Time   `json:"at"`
	Similarity float64     `json:"similarity" doc:"To the representative"`
	Text       string      `json:"text" doc:"Masked; empty where the person was erased"`
}

// SlotView is a place that the texts of a family fill differently.
type SlotView struct {
	Span   SpanView `json:"span" doc:"In the representative's masked text; empty where it leaves the slot out"`
	Values []string `json:"values" doc:"The representative's, then the shown members', masked"`
}

// FamilyView is a family of texts.
type FamilyView struct {
	FamilySummary
	Representative string            `json:"representative" doc:"event/path of the text most like the others"`
	Text           string            `json:"text" doc:"The representative's, masked"`
	Slots          []SlotView        `json:"slots"`
	Members        []MemberView      `json:"members" doc:"Newest first, at most as many as asked for"`
	CityNames      []string          `json:"city_names"`
	Contacts       []TextContactView `json:"contacts" doc:"Shared within the family"`
	Template       string            `json:"template,omitempty" doc:"Confirmed template of a gang that it follows"`
	Reasons        []TextView        `json:"reasons"`
}

func familyView(f *intel.Family) *FamilyView {
	v := &FamilyView{FamilySummary: FamilySummary{ID: f.ID, Author: string(f.Author), Size: len(f.Members), Subjects: f.Subjects, Cities: len(f.Cities),
		FirstSeen: f.FirstSeen, LastSeen: f.LastSeen, Innocent: f.Innocent}, Representative: f.Representative, Text: f.Text, Slots: []SlotView{},
		Members: []MemberView{}, CityNames: append([]string{}, f.Cities...), Contacts: []TextContactView{}, Template: f.Template, Reasons: []TextView{}}
	for _, r := range f.Reasons {
		v.Reasons = append(v.Reasons, TextView(r))
	}
	for _, x := range f.Slots {
		v.Slots = append(v.Slots, SlotView(x))
	}
	for _, m := range f.Shown {
		v.Members = append(v.Members, MemberView{ID: m.ID, Event: m.Event.ID, Kind: string(m.Event.Kind), Subject: subjectView(m.Event), Key: m.Subject, City: m.City,
			At: m.At, Similarity: m.Similarity, Text: m.Text})
	}
	for _, c := range f.Contacts {
		v.Contacts = append(v.Contacts, textContactView(c))
	}
	return v
}

type familyInput struct {
	Event   string `path:"event" maxLength:"64"`
	Path    string `path:"path" maxLength:"64"`
	Members int    `query:"members" minimum:"1" maximum:"200" default:"50"`
}

type familyOutput struct{ Body *FamilyView }

func (s *Server) getFamily(ctx context.Context, p auth.Principal, in *familyInput) (*familyOutput, error) {
	f, err := s.cfg.Intel.Family(ctx, p.Tenant, text.TextID(in.Event, in.Path), in.Members)
	if err != nil {
		return nil, err
	}
	return &familyOutput{familyView(f)}, nil
}

type lookupInput struct {
	Body struct {
		Text   string `json:"text,omitempty" maxLength:"60000" doc:"The text; or name an event"`
		Author string `json:"author,omitempty" enum:"customer,operator,asr,ocr,public,agent,lender" default:"customer" doc:"Of a pasted text"`
		Event  string `json:"event,omitempty" maxLength:"64"`
		Path   string `json:"path,omitempty" maxLength:"64" default:"text" doc:"Which text of the event"`
	}
}

// NearView is a text of the record that is like the one asked about.
type NearView struct {
	ID         string      `json:"id"`
	Event      string      `json:"event"`
	Kind       string      `json:"kind"`
	Subject    SubjectView `json:"subject"`
	At         time.Time   `json:"at"`
	Similarity float64     `json:"similarity"`
}

// LookupView is what was found of one text.
type LookupView struct {
	Near     []NearView  `json:"near" doc:"Most similar first, at most 20"`
	Family   *FamilyView `json:"family,omitempty" doc:"Of the most similar one"`
	Template string      `json:"template,omitempty" doc:"Confirmed template of a gang that it follows"`
}

type lookupOutput struct{ Body LookupView }

func (s *Server) lookupFamily(ctx context.Context, p auth.Principal, in *lookupInput) (*lookupOutput, error) {
	b := in.Body
	if (b.Text == "") == (b.Event == "") {
		return nil, qingyuan.FieldErrorf("text", "give either a text or an event")
	}
	id := ""
	if b.Event != "" {
		id = text.TextID(b.Event, b.Path)
	}
	found, err := s.cfg.Intel.Lookup(ctx, p.Tenant, b.Text, qingyuan.AuthorKind(b.Author), id)
	if err != nil {
		return nil, err
	}
	v := LookupView{Near: []NearView{}, Template: found.Template}
	for _, n := range found.Near {
		v.Near = append(v.Near, NearView{n.ID, n.Event.ID, string(n.Event.Kind), subjectView(n.Event), n.Event.EffectiveAt, n.Similarity})
	}
	if found.Family != nil {
		v.Family = familyView(found.Family)
	}
	return &lookupOutput{v}, nil
}

// TemplateView is a registered template.
type TemplateView struct {
	ID        string    `json:"id"`
	Verdict   string    `json:"verdict" enum:"gang,innocent"`
	Title     string    `json:"title"`
	Typology  string    `json:"typology,omitempty"`
	Source    string    `json:"source,omitempty"`
	TextID    string    `json:"text_id,omitempty" doc:"event/path of the text of the record it was made of"`
	Text      string    `json:"text" doc:"Masked; empty where the person was erased"`
	Requester string    `json:"requester"`
	Seq       int64     `json:"seq"`
	CreatedAt time.Time `json:"created_at"`
}

type templatesOutput struct {
	Body struct {
		Items []TemplateView `json:"items"`
	}
}

func (s *Server) listTemplates(ctx context.Context, p auth.Principal, _ *struct{}) (*templatesOutput, error) {
	all, err := s.cfg.Intel.Templates(ctx, p.Tenant)
	if err != nil {
		return nil, err
	}
	out := &templatesOutput{}
	out.Body.Items = []TemplateView{}
	for i := range all {
		t := &all[i]
		words, err := s.cfg.Intel.TemplateText(ctx, p.Tenant, t)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, TemplateView{t.ID, t.Verdict, t.Title, string(t.Typology), t.Source, t.TextID, words, t.Requester, t.Seq, t.CreatedAt})
	}
	return out, nil
}

type registerTemplateInput struct {
	Body struct {
		Verdict  string `json:"verdict" enum:"gang,innocent"`
		Title    string `json:"title" minLength:"2" maxLength:"100" doc:"Shown in reasons: no personal data"`
		Typology string `json:"typology,omitempty" enum:"T1,T2,T3,T4,T5,T6,T7,T8,T9" doc:"Of a gang's"`
		Source   string `json:"source,omitempty" maxLength:"200" doc:"Of an innocent one: the lender's form, a media report, …"`
		Text     string `json:"text,omitempty" maxLength:"20000" doc:"The text; or name a text of the record"`
		TextID   string `json:"text_id,omitempty" maxLength:"130" doc:"event/path"`
		Reason   string `json:"reason" minLength:"4" maxLength:"500"`
	}
}

func (s *Server) registerTemplate(ctx context.Context, p auth.Principal, in *registerTemplateInput) (*approvalOutput, error) {
	b := in.Body
	if (b.Text == "") == (b.TextID == "") {
		return nil, qingyuan.FieldErrorf("text", "give either a text or a text of the record")
	}
	a, err := s.cfg.Intel.RequestTemplate(ctx, p.Tenant, p.Actor, intel.NewTemplate{Verdict: b.Verdict, Title: b.Title, Typology: qingyuan.Typology(b.Typology),
		Source: b.Source, TextID: b.TextID, Text: b.Text, Reason: b.Reason}, "")
	return accepted(a, err)
}

type removalInput struct {
	ID     string `path:"id" maxLength:"64"`
	Reason string `query:"reason" required:"true" minLength:"4" maxLength:"500"`
}

func (s *Server) removeTemplate(ctx context.Context, p auth.Principal, in *removalInput) (*approvalOutput, error) {
	return accepted(s.cfg.Intel.RequestTemplateRemoval(ctx, p.Tenant, p.Actor, in.ID, in.Reason))
}
