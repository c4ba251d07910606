package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/keys"
)

// encryption registers the operations on the keys that personal data are sealed with.
func (s *Server) encryption() {
	tag := []string{"encryption"}
	guarded(s, huma.Operation{OperationID: "get-encryption", Method: http.MethodGet, Path: "/v1/encryption", Tags: tag,
		Summary: "Which keys seal personal data, and what waits to be wrapped anew"}, auth.Permission{Resource: auth.Keys, Action: auth.Read}, s.getEncryption)
	guarded(s, huma.Operation{OperationID: "rotate-encryption", Method: http.MethodPost, Path: "/v1/encryption/rotate", Tags: tag, Errors: []int{404, 409},
		Summary: "Change the wrapping key of this tenant, or the key-encryption key of the installation, while the service runs",
		Description: "The key-encryption key is changed to the one laid out as --kek-next. What was broken off is finished by asking again. " +
			"Keep the old key until nothing is wrapped with it any more."},
		auth.Permission{Resource: auth.Keys, Action: auth.Manage}, s.rotateEncryption)
}

type encryptionOutput struct{ Body *keys.Status }

func (s *Server) getEncryption(ctx context.Context, p auth.Principal, _ *struct{}) (*encryptionOutput, error) {
	st, err := s.cfg.Keys.Status(ctx, p.Tenant)
	return &encryptionOutput{st}, err
}

type rotateInput struct {
	Body struct {
		Key    string `json:"key" enum:"tenant,kek" doc:"tenant: this tenant's wrapping key; kek: the installation's key-encryption key, for all tenants"`
		Reason string `json:"reason" minLength:"4" maxLength:"500"`
	}
}

func (s *Server) rotateEncryption(ctx context.Context, p auth.Principal, in *rotateInput) (*encryptionOutput, error) {
	if in.Body.Key == "tenant" {
		if _, err := s.cfg.Keys.RotateTenant(ctx, p.Tenant); err != nil {
			return nil, err
		}
		return s.getEncryption(ctx, p, nil)
	}
	if p.Tenant != DefaultTenant {
		return nil, qingyuan.Errorf(qingyuan.Conflict, "the key-encryption key is the installation's: it is changed from the tenant %s", DefaultTenant)
	}
	if s.cfg.NextKEK == nil {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "no next key-encryption key is laid out")
	}
	next, err := s.cfg.NextKEK(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := s.cfg.Keys.RotateKEK(ctx, next); err != nil {
		return nil, err
	}
	return s.getEncryption(ctx, p, nil)
}
