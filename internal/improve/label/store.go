package label

import (
	"embed"
	"io/fs"
	"time"

	"qingyuan/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the package's migration line.
func Migrations() store.Line {
	files, _ := fs.Sub(migrations, "migrations")
	return store.Line{Name: "label", Files: files}
}

var labelRow = store.Into("label", "source", "case_no", "seq", "customer", "event", "population", "typology", "disposition", "effective_at", "observed_at", "recorded_at", "actor")

func insert(tx *store.Tx, l *Label) {
	tx.Insert(labelRow, l.Source, l.Case, l.Seq, l.Customer, l.Event, l.Population, string(l.Typology), string(l.Disposition),
		l.EffectiveAt.UnixMicro(), l.ObservedAt.UnixMicro(), l.RecordedAt.UnixMicro(), l.Actor)
}

// standing holds of a label that no later one of its case stands for.
const standing = `NOT EXISTS (SELECT 1 FROM label n WHERE n.tenant = $1 AND n.source = l.source AND n.case_no = l.case_no AND n.seq > l.seq)`

func read(tx *store.Tx, where string, args ...any) ([]Label, error) {
	rows, err := tx.Query(`SELECT l.source, l.case_no, l.seq, l.customer, l.event, l.population, l.typology, l.disposition, l.effective_at, l.observed_at, l.recorded_at, l.actor
		FROM label l WHERE l.tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Label
	for rows.Next() {
		var l Label
		var effective, observed, recorded int64
		if err := rows.Scan(&l.Source, &l.Case, &l.Seq, &l.Customer, &l.Event, &l.Population, &l.Typology, &l.Disposition, &effective, &observed, &recorded, &l.Actor); err != nil {
			return nil, err
		}
		l.EffectiveAt, l.ObservedAt, l.RecordedAt = time.UnixMicro(effective).UTC(), time.UnixMicro(observed).UTC(), time.UnixMicro(recorded).UTC()
		all = append(all, l)
	}
	return all, rows.Err()
}

// onRecord reports whether the label that stands for l's case says the same.
func onRecord(tx *store.Tx, l *Label) (bool, error) {
	all, err := read(tx, `l.source = $2 AND l.case_no = $3 ORDER BY l.seq DESC LIMIT 1`, l.Source, l.Case)
	if err != nil || len(all) == 0 {
		return false, err
	}
	was := all[0]
	was.Seq, was.RecordedAt, was.Actor = l.Seq, l.RecordedAt, l.Actor
	return was == *l, nil
}
