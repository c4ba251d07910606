package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/auth"
)

// DayView is one day of decisions.
type DayView struct {
	Day       string    `json:"day" format:"date"`
	Decisions int64     `json:"decisions"`
	ByOutcome []countOf `json:"by_outcome"`
	Hardship  int64     `json:"hardship" doc:"Decisions in which a rule of hardship spoke"`
}

// RuleHitsView is how often a rule spoke.
type RuleHitsView struct {
	Rule     string   `json:"rule"`
	Title    TextView `json:"title"`
	Typology string   `json:"typology,omitempty"`
	Polarity string   `json:"polarity,omitempty" doc:"Empty where no deployed version has the rule"`
	N        int64    `json:"n"`
}

// OverviewView is what a person looks at first.
type OverviewView struct {
	Days       []DayView      `json:"days" doc:"Oldest first; the last is today"`
	Rules      []RuleHitsView `json:"rules" doc:"Most first"`
	ByTypology []countOf      `json:"by_typology" doc:"Decisions in which a rule of the typology spoke"`
	Hardship   struct {
		Spared  int64 `json:"spared" doc:"Decisions with a sign of hardship that stopped nothing: pass or review"`
		Stopped int64 `json:"stopped" doc:"Decisions with a sign of hardship that warned, or were sterner, all the same"`
	} `json:"hardship"`
	HoldsWaiting     int64 `json:"holds_waiting"`
	ApprovalsPending int   `json:"approvals_pending" doc:"At most 200 are counted"`
}

// overview registers the operation behind the first page of the console.
func (s *Server) overview() {
	guarded(s, huma.Operation{OperationID: "overview", Method: http.MethodGet, Path: "/v1/overview", Tags: []string{"decisions"},
		Summary: "Decisions day by day, the rules that spoke, hardship, and what waits for a person"},
		auth.Permission{Resource: auth.Decisions, Action: auth.Read}, s.getOverview)
}

type overviewInput struct {
	Days      int `query:"days" minimum:"1" maximum:"92" default:"14"`
	UTCOffset int `query:"utc_offset" minimum:"-840" maximum:"840" doc:"Minutes east of UTC, for where days begin"`
}

type overviewOutput struct{ Body OverviewView }

func (s *Server) getOverview(ctx context.Context, p auth.Principal, in *overviewInput) (*overviewOutput, error) {
	now := s.cfg.DB.Now().In(time.FixedZone("", in.UTCOffset*60))
	o, err := s.cfg.Decisions.Overview(ctx, p.Tenant, now, in.Days)
	if err != nil {
		return nil, err
	}
	pending, err := s.approvalsOf(ctx, p.Tenant, audit.Filter{State: audit.Pending, Limit: qingyuan.MaxPage})
	if err != nil {
		return nil, err
	}
	out := &overviewOutput{OverviewView{Rules: []RuleHitsView{}, ByTypology: []countOf{}, HoldsWaiting: o.Holds, ApprovalsPending: len(pending)}}
	v := &out.Body
	v.Hardship.Spared, v.Hardship.Stopped = o.Spared, o.Stopped
	for _, d := range o.Days {
		day := DayView{Day: d.Day.Format(time.DateOnly), Hardship: d.Hardship}
		for _, outcome := range qingyuan.Outcomes {
			day.ByOutcome = append(day.ByOutcome, countOf{string(outcome), d.Outcomes[outcome]})
			day.Decisions += d.Outcomes[outcome]
		}
		v.Days = append(v.Days, day)
	}
	for _, r := range o.Rules {
		v.Rules = append(v.Rules, RuleHitsView{r.Rule.ID, TextView(r.Rule.Title), string(r.Rule.Typology), string(r.Rule.Polarity), r.Hits})
	}
	for _, t := range qingyuan.Typologies {
		v.ByTypology = append(v.ByTypology, countOf{string(t), o.Typologies[t]})
	}
	return out, nil
}
