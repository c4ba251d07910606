package store

import (
	"context"
	"fmt"
)

// SetMaxPages limits the size of a SQLite file through the writer's own connection.
func SetMaxPages(db *DB, n int) error {
	w, err := db.writerOf("t1")
	if err != nil {
		return err
	}
	if w.conn == nil {
		return fmt.Errorf("the writer is not connected yet")
	}
	_, err = w.conn.ExecContext(context.Background(), fmt.Sprintf("PRAGMA max_page_count = %d", n))
	return err
}
