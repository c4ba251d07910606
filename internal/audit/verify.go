package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"qingyuan"
	"qingyuan/internal/store"
)

// Fault is one entry that is not as it was written.
type Fault struct {
	N    int64  `json:"n"`
	What string `json:"what"`
}

// Verdict says whether a chain is whole.
type Verdict struct {
	Tenant  qingyuan.Tenant `json:"tenant"`
	Entries int64           `json:"entries"`
	Last    Hash            `json:"last"`
	Heads   int             `json:"heads"`  // published heads it was compared with
	Sealed  int64           `json:"sealed"` // outbox entries compared with the chain
	Faults  []Fault         `json:"faults"` // the first 100
}

func (v *Verdict) fault(n int64, format string, args ...any) {
	if len(v.Faults) < 100 {
		v.Faults = append(v.Faults, Fault{n, fmt.Sprintf(format, args...)})
	}
}

// Verify reads the tenant's whole chain in one snapshot and names every entry that was changed, removed or put elsewhere: within the
// chain by its hashes, at its end by the published heads, of which key signed all of them where it is not empty. The outbox is compared
// with what was sealed of it. progress, where not nil, is called with the entry reached.
func Verify(ctx context.Context, db *store.DB, t qingyuan.Tenant, heads []Head, progress func(n int64)) (*Verdict, error) {
	v := &Verdict{Tenant: t, Faults: []Fault{}}
	at := map[int64][]Head{}
	for _, h := range heads {
		if !h.Valid() || h.Tenant != t {
			v.fault(h.N, "a published head is not signed as it says")
			continue
		}
		at[h.N] = append(at[h.N], h)
		v.Heads++
	}
	err := db.Read(ctx, t, func(tx *store.Tx) error {
		sealed, err := v.walk(tx, at, progress)
		if err != nil {
			return err
		}
		return v.outbox(tx, sealed)
	})
	for n, missing := range at {
		v.fault(n, "the chain ends at entry %d; a head of %s was published for entry %d: entries were removed at its end", v.Entries, missing[0].At.Format("2006-01-02 15:04:05Z"), n)
	}
	return v, err
}

// walk checks the hashes and the heads, which it takes out of at, and returns the stretches that were sealed.
func (v *Verdict) walk(tx *store.Tx, at map[int64][]Head, progress func(int64)) (sealed []Entry, err error) {
	rows, err := tx.Query(`SELECT ` + entryColumns + ` FROM audit_entry WHERE tenant = $1 ORDER BY n`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var last Entry
	for rows.Next() {
		var e Entry
		if err := scanEntry(rows, &e); err != nil {
			return nil, err
		}
		v.follow(&last, &e)
		for _, h := range at[e.N] {
			if h.Hash != e.Hash {
				v.fault(e.N, "it is not the entry whose head was published on %s: the chain was written anew", h.At.Format("2006-01-02 15:04:05Z"))
			}
		}
		delete(at, e.N)
		if e.Action == OutboxSealed {
			sealed = append(sealed, e)
		}
		if v.Entries++; progress != nil && v.Entries%50_000 == 0 {
			progress(v.Entries)
		}
		last = e
	}
	v.Last = last.Hash
	return sealed, rows.Err()
}

// follow checks e against the entry before it.
func (v *Verdict) follow(last, e *Entry) {
	switch whole := e.sum() == e.Hash; {
	case e.N > last.N+1:
		v.fault(last.N+1, "removed: entries %d to %d are missing", last.N+1, e.N-1)
		if !whole {
			v.fault(e.N, "changed")
		}
	case !whole:
		v.fault(e.N, "changed")
	case e.Prev != last.Hash && v.ended(last.N):
		// what follows a changed entry still follows what it was
	case e.Prev != last.Hash:
		v.fault(e.N, "it does not follow entry %d: entries were put in another order, or one between them was removed", last.N)
	}
}

// ended reports whether entry n was found changed: its own hash can no longer be trusted.
func (v *Verdict) ended(n int64) bool {
	return len(v.Faults) > 0 && v.Faults[len(v.Faults)-1].N == n && v.Faults[len(v.Faults)-1].What == "changed"
}

// outbox compares the sealed stretches with the outbox.
func (v *Verdict) outbox(tx *store.Tx, sealed []Entry) error {
	var upTo int64
	for _, e := range sealed {
		first, last, err := stretchOf(e.Subject)
		if err != nil || first != upTo+1 {
			v.fault(e.N, "it does not seal the outbox from %d on", upTo+1)
			continue
		}
		all, err := tx.Outbox(upTo, int(last-first+1))
		if err != nil {
			return err
		}
		if hashEntries(all) != e.After {
			v.fault(e.N, "the outbox from seq %d to %d is not what it was", first, last)
		}
		upTo = last
		v.Sealed += int64(len(all))
	}
	return nil
}

// Stretch is a part of a chain: at most Limit entries after the entry After; 0: all.
type Stretch struct {
	After int64
	Limit int
}

// Export writes a stretch of the tenant's chain as JSON lines, oldest first. Who has them can check them: an entry's hash is the
// SHA-256 of "qingyuan audit entry 1\0" ‖ prev ‖ at in microseconds (8 bytes, big-endian) ‖ actor.kind ‖ actor.id ‖ action ‖ subject ‖
// reason ‖ request, each with its length as a varint ‖ before ‖ after, where none is 32 zero bytes.
func Export(ctx context.Context, db *store.DB, t qingyuan.Tenant, part Stretch, w io.Writer) error {
	if part.Limit <= 0 {
		part.Limit = 1 << 40
	}
	out := bufio.NewWriterSize(w, 1<<16)
	lines := json.NewEncoder(out)
	err := db.Read(ctx, t, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT `+entryColumns+` FROM audit_entry WHERE tenant = $1 AND n > $2 ORDER BY n LIMIT $3`, part.After, part.Limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e Entry
			if err := scanEntry(rows, &e); err != nil {
				return err
			}
			if err := lines.Encode(&e); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// VerifyExport checks exported lines of a chain from its beginning.
func VerifyExport(r io.Reader) (*Verdict, error) {
	v := &Verdict{Faults: []Fault{}}
	lines := json.NewDecoder(bufio.NewReader(r))
	var last Entry
	for {
		var e Entry
		if err := lines.Decode(&e); err == io.EOF {
			v.Last = last.Hash
			return v, nil
		} else if err != nil {
			return nil, qingyuan.Wrap(qingyuan.Invalid, err, fmt.Sprintf("what follows entry %d is no audit entry", last.N))
		}
		v.follow(&last, &e)
		v.Entries++
		last = e
	}
}
