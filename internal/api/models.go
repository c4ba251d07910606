package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/prevent/model"
	"qingyuan/internal/prevent/model/registry"
)

// ModelView is one trained model in a list.
type ModelView struct {
	Version   string        `json:"version" doc:"What a ruleset names: the hash of what decides its scores"`
	Note      string        `json:"note"`
	Author    string        `json:"author"`
	AddedAt   time.Time     `json:"added_at"`
	TrainedAt time.Time     `json:"trained_at"`
	Target    string        `json:"target"`
	Rows      int           `json:"rows"`
	Positives int           `json:"positives"`
	Columns   []string      `json:"columns"`
	Metrics   model.Metrics `json:"metrics" doc:"Out of fold"`
}

func modelView(e *registry.Entry) ModelView {
	return ModelView{Version: e.Version, Note: e.Note, Author: e.Author, AddedAt: e.AddedAt, TrainedAt: e.Summary.TrainedAt, Target: e.Summary.Target,
		Rows: e.Summary.Rows, Positives: e.Summary.Positives, Columns: e.Summary.Columns, Metrics: e.Summary.Metrics}
}

// models registers the operations on trained models.
func (s *Server) models() {
	see := auth.Permission{Resource: auth.Models, Action: auth.Read}
	guarded(s, huma.Operation{OperationID: "list-models", Method: http.MethodGet, Path: "/v1/models", Tags: []string{"models"},
		Summary: "Trained models, newest first"}, see, s.listModels)
	guarded(s, huma.Operation{OperationID: "add-model", Method: http.MethodPost, Path: "/v1/models", Tags: []string{"models"},
		Summary: "Keep a trained model",
		Description: "The body is a ZIP file of a trained directory. Every file is verified against the manifest. A version that is there already is left as it is (200). " +
			"A model decides nothing until a ruleset that names it is promoted.",
		DefaultStatus: http.StatusCreated, MaxBodyBytes: model.MaxArchive + 1},
		auth.Permission{Resource: auth.Models, Action: auth.Write}, s.addModel)
	guarded(s, huma.Operation{OperationID: "get-model", Method: http.MethodGet, Path: "/v1/models/{version}", Tags: []string{"models"},
		Summary: "A trained model with its card: data, figures out of fold, importance, segments, baseline, limits", Errors: []int{404}}, see, s.getModel)
	guarded(s, huma.Operation{OperationID: "get-model-archive", Method: http.MethodGet, Path: "/v1/models/{version}/archive", Tags: []string{"models"},
		Summary: "A trained model as a ZIP file", Errors: []int{404}}, see, s.getModelArchive)
}

type listModelsInput struct {
	Cursor string `query:"cursor" maxLength:"300" doc:"next_cursor of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type listModelsOutput struct {
	Body struct {
		Items      []ModelView `json:"items"`
		NextCursor string      `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listModels(ctx context.Context, p auth.Principal, in *listModelsInput) (*listModelsOutput, error) {
	all, next, err := s.cfg.Models.List(ctx, p.Tenant, qingyuan.Page{Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &listModelsOutput{}
	out.Body.Items, out.Body.NextCursor = make([]ModelView, len(all)), next
	for i := range all {
		out.Body.Items[i] = modelView(&all[i])
	}
	return out, nil
}

type addModelInput struct {
	Note    string `query:"note" maxLength:"500" doc:"What it is for"`
	RawBody []byte `contentType:"application/zip"`
}

type addModelOutput struct {
	Status int
	Body   ModelView
}

func (s *Server) addModel(ctx context.Context, p auth.Principal, in *addModelInput) (*addModelOutput, error) {
	e, added, err := s.cfg.Models.Add(ctx, p.Tenant, p.Actor, in.RawBody, in.Note)
	if err != nil {
		return nil, err
	}
	out := &addModelOutput{Status: http.StatusOK, Body: modelView(e)}
	if added {
		out.Status = http.StatusCreated
	}
	return out, nil
}

// ModelInput names a trained model.
type ModelInput struct {
	Version string `path:"version" pattern:"^mdl_[0-9a-f]{32}$"`
}

type getModelOutput struct {
	Body struct {
		ModelView
		Card *model.Card `json:"card"`
	}
}

func (s *Server) getModel(ctx context.Context, p auth.Principal, in *ModelInput) (*getModelOutput, error) {
	e, m, err := s.cfg.Models.Get(ctx, p.Tenant, in.Version)
	if err != nil {
		return nil, err
	}
	out := &getModelOutput{}
	out.Body.ModelView, out.Body.Card = modelView(e), m.Card()
	return out, nil
}

type modelArchiveOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (s *Server) getModelArchive(ctx context.Context, p auth.Principal, in *ModelInput) (*modelArchiveOutput, error) {
	archive, err := s.cfg.Models.Archive(ctx, p.Tenant, in.Version)
	return &modelArchiveOutput{"application/zip", `attachment; filename="` + in.Version + `.zip"`, archive}, err
}
