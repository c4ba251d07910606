package evidence

import (
	"context"
	"embed"
	"encoding/hex"
	"io/fs"
	"time"

	"qingyuan"
	"qingyuan/internal/handle/evidence/tlog"
	"qingyuan/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the package's migration line.
func Migrations() store.Line {
	files, _ := fs.Sub(migrations, "migrations")
	return store.Line{Name: "evidence", Files: files}
}

var (
	exhibitRow = store.Into("exhibit", "id", "seq", "person", "matter", "parent", "file_key", "size", "media_type", "state", "received_at", "body")
	recordRow  = store.Into("exhibit_record", "id", "exhibit", "seq", "commitment", "sealed")
	leafRow    = store.Into("exhibit_leaf", "record", "seq", "log", "leaf")
)

// The places that sealed values are bound to.
func bodyOf(exhibit string) string  { return "exhibit|" + exhibit }
func recordAs(record string) string { return "exhibit_record|" + record }

const exhibitColumns = `id, seq, person, matter, parent, size, media_type, state, received_at`

// readExhibits reads exhibits without their records.
func readExhibits(tx *store.Tx, where string, args ...any) (all []*Exhibit, err error) {
	rows, err := tx.Query(`SELECT `+exhibitColumns+` FROM exhibit WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		e := &Exhibit{}
		var at int64
		if err := rows.Scan(&e.ID, &e.Seq, &e.Person, &e.Matter, &e.Parent, &e.Size, &e.MediaType, &e.State, &at); err != nil {
			return nil, err
		}
		e.ReceivedAt = time.UnixMicro(at).UTC()
		all = append(all, e)
	}
	return all, rows.Err()
}

// storedRecord is a row of exhibit_record, with its place in the log where it has one.
type storedRecord struct {
	id, exhibit string
	seq         int64
	commitment  tlog.Commitment
	sealed      []byte
	log         string // key of the log that holds it; empty: none does yet
	leaf        *uint64
}

// readRecords reads the records of an exhibit, oldest first.
func readRecords(tx *store.Tx, exhibit string) (all []storedRecord, err error) {
	rows, err := tx.Query(`SELECT r.id, r.exhibit, r.seq, r.commitment, r.sealed, COALESCE(l.log, ''), l.leaf FROM exhibit_record r
		LEFT JOIN exhibit_leaf l ON l.tenant = $1 AND l.record = r.id WHERE r.tenant = $1 AND r.exhibit = $2 ORDER BY r.seq`, exhibit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r storedRecord
		var commitment []byte
		var leaf *int64
		if err := rows.Scan(&r.id, &r.exhibit, &r.seq, &commitment, &r.sealed, &r.log, &leaf); err != nil {
			return nil, err
		}
		r.commitment = tlog.Commitment(commitment)
		if leaf != nil {
			at := uint64(*leaf)
			r.leaf = &at
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

func hexOf(c tlog.Commitment) string { return hex.EncodeToString(c[:]) }

// lastCommitment is that of the exhibit's last record, hex.
func lastCommitment(tx *store.Tx, exhibit string) (string, error) {
	var last []byte
	found, err := tx.Get(`SELECT commitment FROM exhibit_record WHERE tenant = $1 AND exhibit = $2 ORDER BY seq DESC LIMIT 1`, []any{exhibit}, &last)
	if err == nil && !found {
		err = qingyuan.Errorf(qingyuan.NotFound, "there is no exhibit %q", exhibit)
	}
	return hex.EncodeToString(last), err
}

// pendingRecords are records after low that no row says the log holds, oldest first.
func pendingRecords(tx *store.Tx, low int64, limit int) (all []storedRecord, err error) {
	rows, err := tx.Query(`SELECT r.id, r.seq, r.commitment FROM exhibit_record r WHERE r.tenant = $1 AND r.seq > $2 AND NOT EXISTS
		(SELECT 1 FROM exhibit_leaf l WHERE l.tenant = $1 AND l.record = r.id) ORDER BY r.seq LIMIT $3`, low, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r storedRecord
		var commitment []byte
		if err := rows.Scan(&r.id, &r.seq, &commitment); err != nil {
			return nil, err
		}
		r.commitment = tlog.Commitment(commitment)
		all = append(all, r)
	}
	return all, rows.Err()
}

// nextLeaf is one more than the highest place in a log that the tenant's records are known to have.
func nextLeaf(ctx context.Context, db *store.DB, t qingyuan.Tenant, log string) (next uint64, err error) {
	var last int64
	found, err := db.Get(ctx, t, `SELECT leaf FROM exhibit_leaf WHERE tenant = $1 AND log = $2 ORDER BY leaf DESC LIMIT 1`, []any{log}, &last)
	if err != nil || !found {
		return 0, err
	}
	return uint64(last) + 1, nil
}
