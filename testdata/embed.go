// Package testdata holds the data that ships with the product: real data under open licences and data authored for it.
// README.md says what is what.
package testdata

import "embed"

// Files are the files the demo plays.
//
//go:embed uci_credit_default.csv authored_events.jsonl text/intents_dev.jsonl
var Files embed.FS
