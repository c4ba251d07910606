// Package arch checks the shape of the source tree: import floors, documentation, sizes, names, dependencies and links.
//
// It reads source with go/parser and runs none of it. Every check is a function over a [Tree], so that its own test can plant a
// violation and see it found. The floors are explained in docs/design/house.md; the tables in floors.go are what is enforced.
package arch
