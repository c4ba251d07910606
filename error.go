package qingyuan

import (
	"errors"
	"fmt"
	"net/http"
)

// Code is a machine-readable class of error. There are eight; everything a caller can act on fits one of them.
type Code string

// The codes.
const (
	Invalid      Code = "invalid"
	Unauthorized Code = "unauthorized"
	Forbidden    Code = "forbidden"
	NotFound     Code = "not_found"
	Conflict     Code = "conflict"
	TooMany      Code = "too_many"
	Unavailable  Code = "unavailable"
	Internal     Code = "internal"
)

// codes is the one table of codes: HTTP status, CLI exit status and title.
var codes = map[Code]struct {
	status, exit int
	title        string
}{
	Invalid:      {http.StatusUnprocessableEntity, 2, "The request is not valid"},
	Unauthorized: {http.StatusUnauthorized, 3, "Sign in or send a valid API key"},
	Forbidden:    {http.StatusForbidden, 4, "Not allowed"},
	NotFound:     {http.StatusNotFound, 5, "Not found"},
	Conflict:     {http.StatusConflict, 6, "In conflict with the present state"},
	TooMany:      {http.StatusTooManyRequests, 7, "Too many requests"},
	Unavailable:  {http.StatusServiceUnavailable, 8, "Not available right now"},
	Internal:     {http.StatusInternalServerError, 1, "Internal error"},
}

// Codes lists the eight codes.
var Codes = []Code{Invalid, Unauthorized, Forbidden, NotFound, Conflict, TooMany, Unavailable, Internal}

// Status is the HTTP status of c.
func (c Code) Status() int { return codes[c].status }

// Exit is the exit status of a command that failed with c.
func (c Code) Exit() int { return codes[c].exit }

// Title is a short English title of c, the same for every error with that code.
func (c Code) Title() string { return codes[c].title }

// Type is the problem+json type of c, a path relative to the server.
func (c Code) Type() string { return "/problems/" + string(c) }

// Error is an error a client may see. Message says what to do about it and holds no personal data; the wrapped cause,
// if any, goes to the log only.
type Error struct {
	Code    Code
	Message string
	Field   string // the offending field, as a path such as data.contacts[2].phone
	cause   error
}

// Error returns the message with its field and cause. It is for logs; clients get Code, Message and Field.
func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Message
	if e.Field != "" {
		s = string(e.Code) + ": " + e.Field + ": " + e.Message
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Errorf makes an Error without a cause; use [Wrap] to keep a cause for the log.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// FieldErrorf makes an Invalid error about one field.
func FieldErrorf(field, format string, args ...any) *Error {
	return &Error{Code: Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an Error whose message the client sees and whose cause only the log sees.
func Wrap(code Code, cause error, message string) *Error {
	return &Error{Code: code, Message: message, cause: cause}
}

// AsError returns err as an *Error. An error of any other type becomes an Internal one with that cause.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: Internal, Message: codes[Internal].title, cause: err}
}

// CodeOf is the code of err, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return AsError(err).Code
}
