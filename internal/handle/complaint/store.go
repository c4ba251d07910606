package complaint

import (
	"database/sql"
	"embed"
	"io/fs"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the package's migration line.
func Migrations() store.Line {
	files, _ := fs.Sub(migrations, "migrations")
	return store.Line{Name: "complaint", Files: files}
}

var (
	complaintRow = store.Into("complaint", "id", "seq", "event", "item", "person", "category", "channel", "stage", "assignee", "triage",
		"received_at", "clock", "due_at", "provisional", "answered_at", "closed_at", "merged_into")
	actRow = store.Into("complaint_act", "id", "complaint", "seq", "kind", "actor", "at", "sealed")
)

func actAs(id string) string { return "complaint_act|" + id }

// never stands for no deadline in the column, so that lists by date have it last.
const never = int64(1) << 62

func microsOr(t time.Time, none int64) int64 {
	if t.IsZero() {
		return none
	}
	return t.UnixMicro()
}

func microsOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func timeOf(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.UnixMicro(n.Int64).UTC()
}

const columns = `id, seq, event, item, person, category, channel, stage, assignee, triage, received_at, clock, due_at, provisional, answered_at, closed_at, merged_into`

func readComplaints(tx *store.Tx, where string, args ...any) (all []*Complaint, err error) {
	rows, err := tx.Query(`SELECT `+columns+` FROM complaint WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		c := &Complaint{}
		var received, due int64
		var answered, closed sql.NullInt64
		if err := rows.Scan(&c.ID, &c.Seq, &c.Event, &c.Item, &c.Person, &c.Category, &c.Channel, &c.Stage, &c.Assignee, &c.Triage,
			&received, &c.Clock, &due, &c.Provisional, &answered, &closed, &c.MergedInto); err != nil {
			return nil, err
		}
		c.ReceivedAt, c.AnsweredAt, c.ClosedAt = time.UnixMicro(received).UTC(), timeOf(answered), timeOf(closed)
		if due != never {
			c.DueAt = time.UnixMicro(due).UTC()
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

func readComplaint(tx *store.Tx, id string) (*Complaint, error) {
	all, err := readComplaints(tx, `id = $2`, id)
	if err == nil && len(all) == 0 {
		err = qingyuan.Errorf(qingyuan.NotFound, "there is no complaint %q", id)
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// storedAct is an act as it is kept.
type storedAct struct {
	RecordedAct
	sealed []byte
}

func readActs(tx *store.Tx, complaint string) (all []storedAct, err error) {
	rows, err := tx.Query(`SELECT id, seq, kind, at, sealed FROM complaint_act WHERE tenant = $1 AND complaint = $2 ORDER BY seq`, complaint)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var a storedAct
		var at int64
		if err := rows.Scan(&a.ID, &a.Seq, &a.Kind, &at, &a.sealed); err != nil {
			return nil, err
		}
		a.At = time.UnixMicro(at).UTC()
		all = append(all, a)
	}
	return all, rows.Err()
}
