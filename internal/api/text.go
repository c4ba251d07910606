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
	"qingyuan/internal/prevent/text/lexicon"
)

// The permissions of the black/grey base.
var (
	seeIntel   = auth.Permission{Resource: auth.Intel, Action: auth.Read}
	writeIntel = auth.Permission{Resource: auth.Intel, Action: auth.Write}
)

const secondPerson = "It takes effect when a second person approves: the answer names the approval."

// texts registers the operations on texts and lexicons.
func (s *Server) texts() {
	guarded(s, huma.Operation{OperationID: "scan-text", Method: http.MethodPost, Path: "/v1/text/scan", Tags: []string{"texts"},
		Summary:     "Read one text: terms, intent, ways of speaking, contacts, clauses, with spans, and the annex that explains the slang",
		Description: "Spans are bytes of the text as sent. Nothing is stored."}, seeIntel, s.scanText)
	guarded(s, huma.Operation{OperationID: "get-lexicon", Method: http.MethodGet, Path: "/v1/text/lexicon", Tags: []string{"texts"},
		Summary: "The newest version of the lender's own lexicon, with the shipped terms where asked for"}, seeIntel, s.getLexicon)
	guarded(s, huma.Operation{OperationID: "list-lexicon-versions", Method: http.MethodGet, Path: "/v1/text/lexicon/versions", Tags: []string{"texts"},
		Summary: "Versions of the lender's own lexicon, newest first"}, seeIntel, s.listLexicons)
	guarded(s, huma.Operation{OperationID: "get-lexicon-version", Method: http.MethodGet, Path: "/v1/text/lexicon/versions/{version}", Tags: []string{"texts"},
		Summary: "One version of the lender's own lexicon", Errors: []int{404}}, seeIntel, s.getLexiconVersion)
	guarded(s, huma.Operation{OperationID: "change-lexicon", Method: http.MethodPost, Path: "/v1/text/lexicon/changes", Tags: []string{"texts"},
		Summary: "Ask for terms to be added, replaced or removed", Description: secondPerson, DefaultStatus: http.StatusAccepted, Errors: []int{404}}, writeIntel, s.changeLexicon)
	for _, kind := range intel.Kinds {
		s.voteOn(kind, writeIntel, s.cfg.Intel.Approve)
	}
	s.families()
	s.textContacts()
	s.discovery()
}

// SpanView is a range of bytes of a text.
type SpanView = qingyuan.Span

// HitView is one term found in a text.
type HitView struct {
	Term     string   `json:"term" doc:"Id in the lexicon"`
	Text     string   `json:"text" doc:"The term as the lexicon has it"`
	Raw      string   `json:"raw" doc:"What stands in the text"`
	Span     SpanView `json:"span"`
	View     string   `json:"view" doc:"How it was found: base, simplified, compact, merged, pinyin, glyph, initials, order, partial"`
	Typology string   `json:"typology,omitempty"`
	Sense    TextView `json:"sense"`
	Source   string   `json:"source"`
	Weak     bool     `json:"weak,omitempty" doc:"Honest people use it too: no signal by itself"`
	Context  string   `json:"context,omitempty" doc:"Why it does not accuse its author: warning, education, victim, lender_notice, …"`
}

// ExplanationView is a row of the annex that explains slang (暗语说明).
type ExplanationView struct {
	Term   string     `json:"term"`
	Raw    []string   `json:"raw"`
	Spans  []SpanView `json:"spans"`
	Sense  TextView   `json:"sense"`
	Source string     `json:"source"`
}

// VerdictView is what a classifier says.
type VerdictView struct {
	Label       string     `json:"label"`
	Probability float64    `json:"probability" doc:"Calibrated on authored texts"`
	Suspicious  bool       `json:"suspicious"`
	Version     string     `json:"version"`
	Spans       []SpanView `json:"spans,omitempty" doc:"What speaks for it"`
}

// SignalView is one signal.
type SignalView struct {
	Code     string            `json:"code"`
	Family   string            `json:"family"`
	Polarity string            `json:"polarity"`
	Typology string            `json:"typology,omitempty"`
	Score    float64           `json:"score"`
	Spans    []SpanView        `json:"spans,omitempty"`
	Detail   map[string]string `json:"detail,omitempty"`
	Detector string            `json:"detector"`
}

// MentionView is a contact in a text.
type MentionView struct {
	Kind    string   `json:"kind" doc:"phone, wechat, qq, group, email, url"`
	Value   string   `json:"value"`
	Span    SpanView `json:"span"`
	Evasive bool     `json:"evasive,omitempty" doc:"Written so as to escape"`
	Key     string   `json:"key,omitempty" doc:"Blind key, by which the contact base knows it"`
}

// ClauseView is a clause of an agreement that meets a rule.
type ClauseView struct {
	Rule     string   `json:"rule"`
	Span     SpanView `json:"span"`
	Typology string   `json:"typology,omitempty"`
	Text     TextView `json:"text"`
	Advice   TextView `json:"advice"`
}

// ScanView is all that is said of one text.
type ScanView struct {
	Terms     []HitView         `json:"terms"`
	Annex     []ExplanationView `json:"annex" doc:"暗语说明"`
	Intent    VerdictView       `json:"intent"`
	Typology  string            `json:"typology,omitempty" doc:"By the classifier, where the intent is suspicious"`
	Signals   []SignalView      `json:"signals"`
	Contacts  []MentionView     `json:"contacts"`
	Clauses   []ClauseView      `json:"clauses" doc:"Of an agreement"`
	Unlawful  bool              `json:"unlawful" doc:"The agreement has clauses of an illegal service agreement"`
	Lexicon   string            `json:"lexicon" doc:"Version of all lexicons used"`
	Knowledge int64             `json:"knowledge" doc:"Seq of the last confirmed change"`
	Cut       bool              `json:"cut,omitempty" doc:"So full of candidates that not all were kept"`
}

type scanInput struct {
	Body struct {
		Text      string `json:"text" minLength:"1" maxLength:"200000"`
		Author    string `json:"author,omitempty" enum:"customer,operator,asr,ocr,public,agent,lender" default:"customer"`
		Agreement bool   `json:"agreement,omitempty" doc:"Review it as an agreement too"`
	}
}

type scanOutput struct{ Body ScanView }

func (s *Server) scanText(ctx context.Context, p auth.Principal, in *scanInput) (*scanOutput, error) {
	author := qingyuan.AuthorKind(in.Body.Author)
	r, err := s.cfg.Texts.Examine(ctx, p.Tenant, in.Body.Text, author, in.Body.Agreement)
	if err != nil {
		return nil, err
	}
	v := ScanView{Terms: []HitView{}, Annex: []ExplanationView{}, Signals: []SignalView{}, Contacts: []MentionView{}, Clauses: []ClauseView{},
		Lexicon: r.Terms.Version, Knowledge: r.Knowledge, Cut: r.Terms.Truncated,
		Intent: VerdictView{Label: r.Intent.Label, Probability: r.Intent.Probability, Suspicious: r.Intent.Suspicious, Version: r.Version}}
	for _, h := range r.Terms.Hits {
		v.Terms = append(v.Terms, HitView{Term: h.Term, Text: h.Text, Raw: h.Raw, Span: h.Span, View: string(h.View), Typology: string(h.Typology),
			Sense: TextView(h.Sense), Source: h.Source, Weak: h.Weak, Context: h.Context})
	}
	for _, x := range r.Annex {
		v.Annex = append(v.Annex, ExplanationView{x.Term, x.Raw, x.Spans, TextView(x.Sense), x.Source})
	}
	for _, x := range r.Evidence {
		v.Intent.Spans = append(v.Intent.Spans, x.Span)
	}
	if r.Intent.Suspicious {
		v.Typology = r.Typology.Label
	}
	for _, g := range r.Signals {
		v.Signals = append(v.Signals, signalView(g))
	}
	blind := intel.Blind(s.cfg.Keys)
	for _, m := range r.Contacts {
		x := MentionView{Kind: string(m.Kind), Value: m.Value, Span: m.Span, Evasive: m.Evasive}
		if kind, value := text.EntityOf(m); kind != "" {
			x.Key = blind(p.Tenant, kind, value)
		}
		v.Contacts = append(v.Contacts, x)
	}
	if r.Agreement != nil {
		v.Unlawful = r.Agreement.Suspicious
		for _, f := range r.Agreement.Findings {
			v.Clauses = append(v.Clauses, ClauseView{Rule: f.Rule, Span: f.Span, Typology: string(f.Typology), Text: TextView(f.Text), Advice: TextView(f.Advice)})
		}
	}
	return &scanOutput{v}, nil
}

func signalView(g qingyuan.Signal) SignalView {
	return SignalView{Code: g.Code, Family: string(g.Family), Polarity: string(g.Polarity), Typology: string(g.Typology), Score: g.Score,
		Spans: g.Spans, Detail: g.Detail, Detector: g.Detector}
}

// TermView is one term of a lexicon.
type TermView struct {
	ID       string   `json:"id,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$" doc:"Empty: made from the term. The id of a shipped term replaces it"`
	Text     string   `json:"text" minLength:"1" maxLength:"40"`
	Also     []string `json:"also,omitempty" maxItems:"50" doc:"Variants that no view leads back to the term"`
	Sense    TextView `json:"sense" doc:"In plain words: the annex explains the term so to a court"`
	Typology string   `json:"typology,omitempty" enum:"T1,T2,T3,T4,T5,T6,T7,T8,T9"`
	Weak     bool     `json:"weak,omitempty" doc:"Honest people use it too: no signal by itself"`
	Match    string   `json:"match,omitempty" enum:"any,plain,disguised" doc:"How it may be found; any where empty"`
	Source   string   `json:"source" maxLength:"200"`
	Seen     string   `json:"seen,omitempty" maxLength:"200"`
}

// ContextView is a kind of surroundings in which a term does not accuse its author.
type ContextView struct {
	ID    string   `json:"id" maxLength:"60"`
	Sense TextView `json:"sense"`
	Cues  []string `json:"cues" minItems:"1" maxItems:"200"`
	Scope string   `json:"scope" enum:"before,after,sentence,text"`
}

// LexiconView is one version of the lender's own lexicon.
type LexiconView struct {
	Version   int           `json:"version" doc:"0: there is none yet"`
	Seq       int64         `json:"seq"`
	Hash      string        `json:"hash,omitempty" doc:"SHA-256 of what is stored"`
	Terms     []TermView    `json:"terms"`
	Allow     []string      `json:"allow" doc:"Phrases within which no term is meant"`
	Contexts  []ContextView `json:"contexts"`
	Requester string        `json:"requester,omitempty"`
	Approval  string        `json:"approval,omitempty"`
	Reason    string        `json:"reason,omitempty"`
	CreatedAt *time.Time    `json:"created_at,omitempty"`
	Shipped   []TermView    `json:"shipped,omitempty" doc:"Terms that come with the product"`
	InUse     int64         `json:"in_use" doc:"Seq of the knowledge by which this process reads texts now"`
}

func termView(t lexicon.Term) TermView {
	return TermView{ID: t.ID, Text: t.Text, Also: t.Also, Sense: TextView(t.Sense), Typology: string(t.Typology), Weak: t.Weak, Match: string(t.Match), Source: t.Source, Seen: t.Seen}
}

func termsOf(views []TermView) []lexicon.Term {
	out := make([]lexicon.Term, len(views))
	for i, v := range views {
		match := lexicon.Match(v.Match)
		if match == "any" {
			match = lexicon.Any
		}
		out[i] = lexicon.Term{ID: v.ID, Text: v.Text, Also: v.Also, Sense: qingyuan.Text(v.Sense), Typology: qingyuan.Typology(v.Typology), Weak: v.Weak, Match: match,
			Source: v.Source, Seen: v.Seen}
	}
	return out
}

func (s *Server) lexiconView(t qingyuan.Tenant, v *intel.LexiconVersion) LexiconView {
	out := LexiconView{Version: v.Version, Seq: v.Seq, Hash: v.Hash, Terms: []TermView{}, Allow: []string{}, Contexts: []ContextView{}, Requester: v.Requester,
		Approval: v.Approval, Reason: v.Reason, CreatedAt: timeOrNil(v.CreatedAt), InUse: s.cfg.Texts.Version(t)}
	if v.Lexicon == nil {
		return out
	}
	for _, t := range v.Lexicon.Terms {
		out.Terms = append(out.Terms, termView(t))
	}
	out.Allow = append(out.Allow, v.Lexicon.Allow...)
	for _, c := range v.Lexicon.Contexts {
		out.Contexts = append(out.Contexts, ContextView{c.ID, TextView(c.Sense), c.Cues, string(c.Scope)})
	}
	return out
}

type lexiconInput struct {
	Shipped bool `query:"shipped" doc:"With the shipped terms"`
}

type lexiconOutput struct{ Body LexiconView }

func (s *Server) getLexicon(ctx context.Context, p auth.Principal, in *lexiconInput) (*lexiconOutput, error) {
	v, err := s.cfg.Intel.Lexicon(ctx, p.Tenant, 0)
	if err != nil {
		return nil, err
	}
	out := &lexiconOutput{s.lexiconView(p.Tenant, v)}
	if in.Shipped {
		for _, t := range s.cfg.Texts.Terms(nil) {
			out.Body.Shipped = append(out.Body.Shipped, termView(t))
		}
	}
	return out, nil
}

type lexiconVersionInput struct {
	Version int `path:"version" minimum:"1"`
}

func (s *Server) getLexiconVersion(ctx context.Context, p auth.Principal, in *lexiconVersionInput) (*lexiconOutput, error) {
	v, err := s.cfg.Intel.Lexicon(ctx, p.Tenant, in.Version)
	if err != nil {
		return nil, err
	}
	return &lexiconOutput{s.lexiconView(p.Tenant, v)}, nil
}

type lexiconPage struct {
	Body struct {
		Items      []LexiconView `json:"items"`
		NextCursor string        `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listLexicons(ctx context.Context, p auth.Principal, in *PageInput) (*lexiconPage, error) {
	before, rows, err := in.before()
	if err != nil {
		return nil, err
	}
	all, err := s.cfg.Intel.Lexicons(ctx, p.Tenant, int(before), rows+1)
	if err != nil {
		return nil, err
	}
	out := &lexiconPage{}
	if out.Body.Items = []LexiconView{}; len(all) > rows {
		all = all[:rows]
		out.Body.NextCursor = qingyuan.CursorOf(int64(all[rows-1].Version), "")
	}
	for i := range all {
		out.Body.Items = append(out.Body.Items, s.lexiconView(p.Tenant, &all[i]))
	}
	return out, nil
}

type changeLexiconInput struct {
	Body struct {
		Terms    []TermView    `json:"terms,omitempty" maxItems:"500" doc:"Added, or replacing those with the same id"`
		Remove   []string      `json:"remove,omitempty" maxItems:"500" doc:"Ids of terms"`
		Allow    []string      `json:"allow,omitempty" maxItems:"500" doc:"Phrases within which no term is meant"`
		Disallow []string      `json:"disallow,omitempty" maxItems:"500" doc:"Phrases to be taken out again"`
		Contexts []ContextView `json:"contexts,omitempty" maxItems:"50"`
		Reason   string        `json:"reason" minLength:"4" maxLength:"500"`
	}
}

func (s *Server) changeLexicon(ctx context.Context, p auth.Principal, in *changeLexiconInput) (*approvalOutput, error) {
	c := intel.LexiconChange{Terms: termsOf(in.Body.Terms), Remove: in.Body.Remove, Allow: in.Body.Allow, Disallow: in.Body.Disallow}
	for _, x := range in.Body.Contexts {
		c.Contexts = append(c.Contexts, lexicon.Context{ID: x.ID, Sense: qingyuan.Text(x.Sense), Cues: x.Cues, Scope: lexicon.Scope(x.Scope)})
	}
	var err error
	for i := range c.Terms {
		if c.Terms[i].ID == "" {
			if c.Terms[i].ID, err = s.cfg.Intel.TermID(ctx, p.Tenant, c.Terms[i].Text); err != nil {
				return nil, err
			}
		}
	}
	return accepted(s.cfg.Intel.RequestLexicon(ctx, p.Tenant, p.Actor, c, "", in.Body.Reason))
}
