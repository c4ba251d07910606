// Package api is the platform's HTTP surface: one file per room package, described by OpenAPI 3.1.
//
// Conventions: errors are RFC 9457 problem+json with the platform's code and the request id; lists page by opaque
// keyset cursors; a POST that creates takes an Idempotency-Key; people sign in with a session cookie and a CSRF header,
// systems send an API key as a bearer token. Every operation checks one action of the role matrix before anything else.
//
// The two hot operations, POST /v1/decisions and POST /v1/events, are plain handlers; all others go through huma. All
// stand in the same OpenAPI document, which is committed as api/openapi.yaml and compared in a test.
package api
