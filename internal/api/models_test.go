package api_test

import (
	"testing"

	"qingyuan/internal/prevent/model"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

// TestModels uploads a model, finds it again and reads its card; what is damaged, missing or not permitted is refused.
func TestModels(t *testing.T) {
	storetest.Each(t, nil, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		archive, err := model.ArchiveDir("../prevent/model/testdata/golden")
		must(t, err)
		if status, _, _ := h.call(t, "POST", "/v1/models", string(archive), "Content-Type", "application/zip"); status != 403 {
			t.Fatalf("without permission: %d", status)
		}
		h.secret = h.key(t, "models:read", "models:write")
		status, added, _ := h.call(t, "POST", "/v1/models?note=first", string(archive), "Content-Type", "application/zip")
		version, _ := added["version"].(string)
		if status != 201 || added["note"] != "first" || added["positives"].(float64) < 1 {
			t.Fatalf("%d %v", status, added)
		}
		if status, again, _ := h.call(t, "POST", "/v1/models", string(archive), "Content-Type", "application/zip"); status != 200 || again["note"] != "first" {
			t.Errorf("again: %d %v", status, again)
		}
		if status, _, _ := h.call(t, "POST", "/v1/models", string(archive[:500]), "Content-Type", "application/zip"); status != 400 {
			t.Errorf("damaged: %d", status)
		}
		if status, list, _ := h.call(t, "GET", "/v1/models", ""); status != 200 || len(list["items"].([]any)) != 1 || list["next_cursor"] != nil {
			t.Errorf("list: %d %v", status, list)
		}
		status, got, _ := h.call(t, "GET", "/v1/models/"+version, "")
		card, _ := got["card"].(map[string]any)
		if status != 200 || card["version"] != version || len(card["importance"].([]any)) == 0 {
			t.Errorf("card: %d %v", status, got)
		}
		status, scores, _ := h.call(t, "GET", "/v1/models/"+version+"/scores", "")
		if status != 200 || scores["n"] != 0.0 || scores["psi"] != 0.0 || len(scores["then"].([]any)) != len(scores["cuts"].([]any))+2 {
			t.Errorf("scores: %d %v", status, scores)
		}
		if status, _, _ := h.call(t, "GET", "/v1/models/mdl_00000000000000000000000000000000", ""); status != 404 {
			t.Errorf("unknown: %d", status)
		}
	})
}
