package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
)

// Problem is an error as clients see it (RFC 9457).
type Problem struct {
	Type      string        `json:"type" doc:"Path of the page that explains this class of error"`
	Title     string        `json:"title" doc:"The same for every error of the class"`
	StatusNo  int           `json:"status" doc:"HTTP status"`
	Code      qingyuan.Code `json:"code" enum:"invalid,unauthorized,forbidden,not_found,conflict,too_many,unavailable,internal" doc:"Machine-readable class"`
	Detail    string        `json:"detail,omitempty" doc:"What is wrong and what to do"`
	Field     string        `json:"field,omitempty" doc:"The offending field"`
	RequestID string        `json:"request_id,omitempty" doc:"Quote it when asking for help"`
}

// Error makes Problem an error for huma.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status for huma.
func (p *Problem) GetStatus() int { return p.StatusNo }

// GetHeaders says when to try again what passes by itself.
func (p *Problem) GetHeaders() http.Header {
	if p.Code == qingyuan.TooMany || p.Code == qingyuan.Unavailable {
		return http.Header{"Retry-After": {"1"}}
	}
	return nil
}

// ContentType is problem+json whatever was negotiated.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// problemOf turns an error into a problem. Internal text stays in the log.
func problemOf(ctx context.Context, err error) *Problem {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = qingyuan.Wrap(qingyuan.Unavailable, err, "the request ended before it was answered")
	}
	e := qingyuan.AsError(err)
	p := &Problem{Type: e.Code.Type(), Title: e.Code.Title(), StatusNo: e.Code.Status(), Code: e.Code, Detail: e.Message,
		Field: e.Field, RequestID: requestID(ctx)}
	switch {
	case e.Code == qingyuan.Internal:
		p.Detail = "The fault is ours. It is in the log under the request id."
		slog.ErrorContext(ctx, "request failed", "request_id", p.RequestID, "error", err)
	case e.Code == qingyuan.Unavailable && e.Unwrap() != nil: // a refusal under load has no cause, and is counted instead
		slog.WarnContext(ctx, "request refused", "request_id", p.RequestID, "error", err)
	case e.Code == qingyuan.Invalid && e.Field == bodyTooLarge:
		p.StatusNo, p.Field = http.StatusRequestEntityTooLarge, ""
	case e.Code == qingyuan.Invalid && e.Field == "":
		p.StatusNo = http.StatusBadRequest // not readable at all, as opposed to a field that is wrong
	}
	return p
}

// bodyTooLarge marks the error of a body beyond its limit, which has an HTTP status of its own.
const bodyTooLarge = "\x00body"

// fail writes err as a problem. Refusals that pass by themselves say when to try again.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(r.Context(), err)
	writeProblem(w, p)
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	if p.Code == qingyuan.TooMany || p.Code == qingyuan.Unavailable {
		w.Header().Set("Retry-After", "1")
	}
	if p.Code == qingyuan.Unauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	body, _ := json.Marshal(p)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.StatusNo)
	w.Write(body)
}

// humaErrors makes huma answer with our problems.
func humaErrors() {
	huma.NewErrorWithContext = func(hc huma.Context, status int, msg string, errs ...error) huma.StatusError {
		ctx := context.Background()
		if hc != nil {
			ctx = hc.Context()
		}
		for _, err := range errs {
			var known *qingyuan.Error
			if errors.As(err, &known) {
				return problemOf(ctx, err)
			}
			var detail *huma.ErrorDetail
			if errors.As(err, &detail) {
				p := problemOf(ctx, qingyuan.FieldErrorf(detail.Location, "%s", detail.Message))
				p.StatusNo = status
				return p
			}
		}
		code := qingyuan.Invalid
		for _, c := range qingyuan.Codes {
			if c.Status() == status {
				code = c
			}
		}
		if status >= 500 && status != http.StatusServiceUnavailable {
			code = qingyuan.Internal
		}
		p := problemOf(ctx, qingyuan.Errorf(code, "%s", msg))
		p.StatusNo = status
		return p
	}
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return huma.NewErrorWithContext(nil, status, msg, errs...)
	}
}
