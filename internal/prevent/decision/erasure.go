package decision

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"

	"qingyuan"
	"qingyuan/internal/prevent/velocity"
	"qingyuan/internal/rights"
	"qingyuan/internal/store"
)

// residue is what the windows keep of events that were erased or redacted, by seq: what they added, under keys that nobody can find any
// more where nobody else shares them. So what others' decisions counted stays counted. An event with a residue is never evaluated again.
type residue map[int64][]residueRow

type residueRow struct {
	stream string // a stream's id with what it collects; empty: only says that the event has a residue
	Contribution
}

// streamAs names a stream as one program reads it: programs that read sums, distinct values or neither keep different items of one stream.
func streamAs(s *Stream) string { return fmt.Sprintf("%s/%t/%t", s.ID, s.Sum, s.Distinct) }

// on is what the residue of an event adds to the windows of p.
func (r residue) on(p *Program, seq int64) []Contribution {
	var out []Contribution
	for _, row := range r[seq] {
		for i := range p.streams {
			if row.stream == streamAs(&p.streams[i]) {
				c := row.Contribution
				c.Stream = i
				out = append(out, c)
			}
		}
	}
	return out
}

// residues reads all residues of the tenant: there are as many as erased events.
func residues(tx *store.Tx) (residue, error) {
	rows, err := tx.Query(`SELECT seq, stream, key, distinct_hash, value FROM residue WHERE tenant = $1 ORDER BY seq, stream, key, distinct_hash`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := residue{}
	for rows.Next() {
		var seq, distinct int64
		var r residueRow
		var key []byte
		if err := rows.Scan(&seq, &r.stream, &key, &distinct, &r.Value); err != nil {
			return nil, err
		}
		copy(r.Key[:], key)
		r.Distinct = uint64(distinct)
		all[seq] = append(all[seq], r)
	}
	return all, rows.Err()
}

var residueInsert = store.IntoOrIgnore("residue", "seq", "stream", "key", "distinct_hash", "value")

// Erasure is what decisions hold of people, for the desk of people's rights.
type Erasure struct{ *Service }

// Name is decisions.
func (Erasure) Name() string { return "decisions" }

// eachOf reads the person's decisions.
func (s Erasure) eachOf(tx *store.Tx, seqs []int64, fn func(*Decision) error) error {
	for _, seq := range seqs {
		all, err := s.record.decisions(tx, `seq = $2`, seq)
		if err != nil {
			return err
		}
		for _, d := range all {
			if err := fn(d); err != nil {
				return err
			}
		}
	}
	return nil
}

// Find counts decisions, contacts and list entries.
func (s Erasure) Find(tx *store.Tx, sub *rights.Subject) ([]rights.Holding, error) {
	decisions, contacts, entries := rights.Holding{Holder: "decisions", Class: "decision"}, rights.Holding{Holder: "decisions", Class: "contact"}, rights.Holding{Holder: "decisions", Class: "list_entry"}
	err := s.eachOf(tx, sub.Events, func(d *Decision) error {
		decisions.N++
		if decisions.From.IsZero() {
			decisions.From = d.DecidedAt
		}
		decisions.To = d.DecidedAt
		talks, err := s.record.contacts(tx, d.Seq)
		contacts.N += len(talks)
		return err
	})
	if err != nil {
		return nil, err
	}
	found, err := s.entriesOn(tx, sub)
	entries.N = len(found)
	var out []rights.Holding
	for _, h := range []rights.Holding{decisions, contacts, entries} {
		if h.N > 0 {
			out = append(out, h)
		}
	}
	return out, err
}

// entriesOn are the list entries about the person's own identifiers, ended ones included.
func (s Erasure) entriesOn(tx *store.Tx, sub *rights.Subject) (all []ListEntry, err error) {
	for _, n := range sub.Own {
		rows, err := tx.Query(`SELECT `+listColumns+` FROM list_entry WHERE tenant = $1 AND kind = $2 AND value = $3 ORDER BY added_seq`, string(n.Kind), n.Key)
		if err != nil {
			return nil, err
		}
		found, err := scanEntries(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// exportedDecision is a decision as the person gets it.
type exportedDecision struct {
	ID        string            `json:"id"`
	Outcome   qingyuan.Outcome  `json:"outcome"`
	Score     int               `json:"score"`
	Ruleset   string            `json:"ruleset"`
	Version   int               `json:"version"`
	DecidedAt string            `json:"decided_at"`
	Reasons   []qingyuan.Reason `json:"reasons"`
	Release   *Release          `json:"release,omitempty"`
	Contacts  []Contact         `json:"contacts,omitempty"`
}

// Export gives the person's decisions with their reasons, the contacts about them, and the list entries.
func (s Erasure) Export(tx *store.Tx, sub *rights.Subject, put func(class string, record any) error) error {
	err := s.eachOf(tx, sub.Events, func(d *Decision) error {
		talks, err := s.record.contacts(tx, d.Seq)
		if err != nil {
			return err
		}
		return put("decision", exportedDecision{d.ID, d.Outcome, d.Score, d.Ruleset, d.Version, d.DecidedAt.Format("2006-01-02T15:04:05Z07:00"), d.Reasons, d.Release, talks})
	})
	if err != nil {
		return err
	}
	entries, err := s.entriesOn(tx, sub)
	for _, e := range entries {
		if err == nil {
			err = put("list_entry", map[string]any{"list": e.List, "kind": e.Kind, "id": e.ID})
		}
	}
	return err
}

// Holds are none: decisions are kept with their events.
func (Erasure) Holds(*store.Tx, *rights.Subject) ([]rights.Hold, error) { return nil, nil }

// Erase leaves the residue of the events and takes out traces, signals, contacts, list entries and snoozes.
func (s Erasure) Erase(tx *store.Tx, e *rights.Erasure) error {
	if err := s.leaveResidue(tx, e); err != nil {
		return err
	}
	for _, event := range e.Erased {
		for _, text := range []string{`UPDATE decision SET trace = $2 WHERE tenant = $1 AND seq = $3`, `UPDATE signal SET sealed = $2 WHERE tenant = $1 AND seq = $3`,
			`UPDATE contact SET sealed = $2 WHERE tenant = $1 AND seq = $3`} {
			if _, err := tx.Exec(text, []byte{}, event.Seq); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(`UPDATE release SET reason = '' WHERE tenant = $1 AND seq = $2`, event.Seq); err != nil {
			return err
		}
	}
	if err := s.endEntries(tx, e); err != nil {
		return err
	}
	for old, anew := range e.Pseudonyms {
		if _, err := tx.Exec(`UPDATE rule_snooze SET entity = $2, reason = '' WHERE tenant = $1 AND entity = $3`, anew, old); err != nil {
			return err
		}
	}
	path := s.snapshotPath(tx.Tenant())
	tx.OnCommit(func() { // it holds the windows as they were
		if path == "" {
			return
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.cfg.Log.Error("the snapshot of the windows from before an erasure cannot be removed", "tenant", tx.Tenant(), "error", err)
		}
	})
	return nil
}

// leaveResidue stores what the touched events add to the windows of every published program.
func (s Erasure) leaveResidue(tx *store.Tx, e *rights.Erasure) error {
	programs, err := s.record.published(tx)
	if err != nil {
		return err
	}
	known, err := residues(tx)
	if err != nil {
		return err
	}
	x := renaming{erasure: e, hashes: map[uint64]uint64{}}
	touched := append([]*qingyuan.Event{}, e.Erased...)
	for _, r := range e.Redacted {
		touched = append(touched, r.Was)
	}
	for _, event := range touched {
		rows, again := known[event.Seq]
		if again {
			if _, err := tx.Exec(`DELETE FROM residue WHERE tenant = $1 AND seq = $2`, event.Seq); err != nil {
				return err
			}
		} else {
			rows = append(rows, residueRow{})
			for _, p := range programs {
				for _, c := range p.Contributions(event) {
					rows = append(rows, residueRow{streamAs(&p.streams[c.Stream]), c})
				}
			}
		}
		for _, r := range rows {
			x.rename(&r.Contribution)
			tx.Insert(residueInsert, event.Seq, r.stream, r.Key[:], int64(r.Distinct), r.Value)
		}
	}
	return nil
}

// renaming puts pseudonyms in place of blind keys within contributions.
type renaming struct {
	erasure *rights.Erasure
	hashes  map[uint64]uint64 // of keys that are counted as distinct values
	filled  bool
}

func (x *renaming) rename(c *Contribution) {
	if !x.filled {
		x.filled = true
		for old, anew := range x.erasure.Pseudonyms {
			x.hashes[hashOfKey(old)] = x.alike(hashOfKey(old), hashOfKey(anew))
		}
	}
	if anew, ok := x.erasure.Pseudonyms[hex.EncodeToString(c.Key[:])]; ok {
		hex.Decode(c.Key[:], []byte(anew))
	}
	if anew, ok := x.hashes[c.Distinct]; ok && c.Distinct != 0 {
		c.Distinct = anew
	}
}

// hashOfKey is the hash under which windows count an entity: see contribute.
func hashOfKey(key string) uint64 {
	b, err := hex.DecodeString(key)
	if err != nil || len(b) < 8 {
		return 0
	}
	return max(1, binary.BigEndian.Uint64(b[:8]))
}

// alike finds a random hash that a sketch counts as it counted old, so that estimates stay as they were.
func (x *renaming) alike(old, anew uint64) uint64 {
	for range 1 << 22 {
		if anew != 0 && anew != old && velocity.SketchedAlike(old, anew) {
			return anew
		}
		anew = rand.Uint64()
	}
	return max(1, anew)
}

// published are all published programs.
func (r *record) published(tx *store.Tx) (all []*Program, err error) {
	rows, err := tx.Query(`SELECT id, version FROM ruleset WHERE tenant = $1 ORDER BY id, version`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var refs []ref
	for rows.Next() {
		var v ref
		if err := rows.Scan(&v.id, &v.version); err != nil {
			return nil, err
		}
		refs = append(refs, v)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	for _, v := range refs {
		p, err := r.program(tx, v.id, v.version)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// endEntries ends list entries about keys that go, and puts pseudonyms in their place.
func (s Erasure) endEntries(tx *store.Tx, e *rights.Erasure) error {
	lists := map[string]int64{}
	for old, anew := range e.Pseudonyms {
		rows, err := tx.Query(`SELECT `+listColumns+` FROM list_entry WHERE tenant = $1 AND kind <> '' AND value = $2`, old)
		if err != nil {
			return err
		}
		found, err := scanEntries(rows)
		if err != nil {
			return err
		}
		for _, entry := range found {
			if _, ok := lists[entry.List]; !ok {
				if lists[entry.List], err = tx.Emit(ListChanged, entry.List, nil); err != nil {
					return err
				}
			}
			if _, err := tx.Exec(`UPDATE list_entry SET value = $2, reason = '' WHERE tenant = $1 AND id = $3`, anew, entry.ID); err != nil {
				return err
			}
			if _, err := tx.Exec(`UPDATE list_entry SET removed_seq = $2, removed_by = $3 WHERE tenant = $1 AND id = $4 AND removed_seq IS NULL`,
				lists[entry.List], e.ID, entry.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// lastErasure is the seq of the newest erasure; 0 where there is none.
func lastErasure(tx *store.Tx) (seq int64, err error) {
	_, err = tx.Get(`SELECT coalesce(max(seq), 0) FROM outbox WHERE tenant = $1 AND kind = $2`, []any{rights.PersonErased}, &seq)
	return seq, err
}
