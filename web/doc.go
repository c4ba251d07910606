// Package web holds the console: its source (TypeScript, see README.md beside this file) and, embedded, its built form.
//
// The built files are not part of the repository. Without them the package compiles all the same and [Handler] serves a
// page that says how to build them, so that neither go build nor go test needs Node.
//
// Invariants: a hashed asset never changes and is cached for ever; the page itself is never cached, since it carries the
// nonce of its Content-Security-Policy; nothing is loaded from another origin; no personal data is rendered here. The
// console talks to the public API only. The package emits and consumes no events.
package web
