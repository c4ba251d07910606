package imports

import (
	"time"

	"qingyuan"
)

// State is where an import stands.
type State string

// The states.
const (
	Checking  State = "checking" // the dry run
	Checked   State = "checked"  // waits for a person
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed" // the file cannot be read, or is not what its mapping says
	Cancelled State = "cancelled"
)

// Import is one file on its way into the record.
type Import struct {
	ID          string // imp_…
	Name        string // of the file, as its sender called it
	Mapping     string // empty: CloudEvents as JSON lines
	Revision    int64  // of the mapping; 0: the one that ships with the product
	Source      string // of the events; empty where each names its own
	State       State
	Size        int64 // bytes
	Error       string
	By          qingyuan.Actor
	ConfirmedBy string
	CreatedAt   time.Time
	CheckedAt   time.Time
	FinishedAt  time.Time
	Dry         Tally // of the dry run; Repeated and Stored are unknown to it
	Tally       Tally // of the run
	Counted     int64 // events of the source on record between the run's first and last one; -1 where that is not known

	blob     string
	firstSeq int64
	lastSeq  int64
}

// Tally counts rows.
type Tally struct {
	Rows     int64
	Stored   int64
	Repeated int64 // on record already, with the same content
	Refused  int64
}

func (t *Tally) add(o Tally) {
	t.Rows, t.Stored, t.Repeated, t.Refused = t.Rows+o.Rows, t.Stored+o.Stored, t.Repeated+o.Repeated, t.Refused+o.Refused
}

// Refusal is one row that was not, or would not be, stored.
type Refusal struct {
	File   string `json:"file"` // the table, within archives
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

// Reconciliation is the balance of one day and source.
type Reconciliation struct {
	Day     string // 2006-01-02, in the lender's time
	Source  string
	Imports int64
	Tally   Tally
	Counted int64 // events found on record
	// Balanced: rows = stored + repeated + refused, and nothing that was stored is missing from the record.
	Balanced bool
	MadeAt   time.Time
}

// maxRefusals bounds the refusals that are kept of one pass; beyond it they are counted only.
const maxRefusals = 200_000

// keepUpload is how long the sealed upload outlives its run.
const keepUpload = 7 * 24 * time.Hour

// zone is the lender's time, by which days are told.
func zone() *time.Location { return time.FixedZone("Asia/Shanghai", 8*3600) }
