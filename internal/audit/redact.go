package audit

import (
	"strings"

	"qingyuan/internal/store"
)

// Redact replaces blind keys in what approvals ask for, where a person is erased. An approval that is still open stays valid: its hash is
// that of the new payload.
func Redact(tx *store.Tx, keys map[string]string) error {
	for old, anew := range keys {
		rows, err := tx.Query(`SELECT id, payload FROM approval WHERE tenant = $1 AND payload LIKE $2`, "%"+old+"%")
		if err != nil {
			return err
		}
		found := map[string]string{}
		for rows.Next() {
			var id, payload string
			if err := rows.Scan(&id, &payload); err != nil {
				rows.Close()
				return err
			}
			found[id] = strings.ReplaceAll(payload, old, anew)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
		for id, payload := range found {
			if _, err := tx.Exec(`UPDATE approval SET payload = $2, hash = $3 WHERE tenant = $1 AND id = $4`, payload, HashOf(payload), id); err != nil {
				return err
			}
		}
	}
	return nil
}
