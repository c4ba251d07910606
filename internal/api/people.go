package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan/internal/auth"
)

// ColleagueView is who stands behind an account id.
type ColleagueView struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"`
}

// colleagues registers the operation that gives names to account ids.
func (s *Server) colleagues() {
	guarded(s, huma.Operation{OperationID: "list-colleagues", Method: http.MethodGet, Path: "/v1/colleagues", Tags: []string{"access"},
		Summary: "Names behind the account ids that the record shows, disabled accounts included"},
		auth.Permission{Resource: auth.Decisions, Action: auth.Read}, s.listColleagues)
}

type colleaguesOutput struct {
	Body struct {
		Items []ColleagueView `json:"items"`
	}
}

func (s *Server) listColleagues(ctx context.Context, p auth.Principal, _ *struct{}) (*colleaguesOutput, error) {
	all, err := s.cfg.Auth.Colleagues(ctx, p.Tenant)
	if err != nil {
		return nil, err
	}
	out := &colleaguesOutput{}
	out.Body.Items = make([]ColleagueView, len(all))
	for i, c := range all {
		out.Body.Items[i] = ColleagueView{c.ID, c.Name, string(c.Role)}
	}
	return out, nil
}
