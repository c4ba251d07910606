// Package verify holds the verifiers that go with every package of evidence, so that a stranger needs nothing of ours to check
// it: [Page] is one file that any browser opens offline, [Script] needs python3 and openssl.
//
// They are written apart from the Go code and share none with it. What they check, and in which order, stands at the top of
// verify.py.
package verify

import _ "embed"

// Page is the HTML file: it checks exhibits against receipts. It asks no network for anything.
//
//go:embed verify.html
var Page []byte

// Script is the Python program; it also checks time stamps and whole logs.
//
//go:embed verify.py
var Script []byte
