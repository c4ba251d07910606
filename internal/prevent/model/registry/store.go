package registry

import (
	"encoding/json"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// row is an entry with its place in the record.
type row struct {
	Entry
	seq int64
}

func entries(tx *store.Tx, where string, args ...any) ([]row, error) {
	rows, err := tx.Query(`SELECT version, seq, note, summary, author, created_at FROM model WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []row
	for rows.Next() {
		var e row
		var summary string
		var at int64
		if err := rows.Scan(&e.Version, &e.seq, &e.Note, &summary, &e.Author, &at); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(summary), &e.Summary); err != nil {
			return nil, err
		}
		e.AddedAt = time.UnixMicro(at).UTC()
		all = append(all, e)
	}
	return all, rows.Err()
}

func archiveOf(tx *store.Tx, version string) (archive []byte, err error) {
	found, err := tx.Get(`SELECT archive FROM model WHERE tenant = $1 AND version = $2`, []any{version}, &archive)
	if err == nil && !found {
		err = qingyuan.Errorf(qingyuan.NotFound, "there is no model %q", version)
	}
	return archive, err
}
