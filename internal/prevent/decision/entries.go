package decision

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"qingyuan"
	"qingyuan/internal/intake"
	"qingyuan/internal/store"
)

// ListInfo is one list: as the live ruleset declares it, and what is on it.
type ListInfo struct {
	List              // has only an id where the live ruleset does not know the list
	Declared bool     // by the live ruleset
	Entries  int64    // in force
	Rules    []string // of the live ruleset that read it
}

// ListsInfo reads the lists that the live ruleset declares and those that have entries, by id.
func (s *Service) ListsInfo(ctx context.Context, tenant qingyuan.Tenant) (all []ListInfo, err error) {
	live, err := s.Ruleset(ctx, tenant, "", 0)
	if err != nil {
		return nil, err
	}
	byID := map[string]*ListInfo{}
	for i, l := range live.Program.ruleset.Lists {
		byID[l.ID] = &ListInfo{List: l, Declared: true, Rules: live.Program.readersOf(i)}
	}
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT list, count(*) FROM list_entry WHERE tenant = $1 AND removed_seq IS NULL AND (expires_at IS NULL OR expires_at > $2)
			GROUP BY list`, tx.Now().UnixMicro())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			var n int64
			if err := rows.Scan(&id, &n); err != nil {
				return err
			}
			if byID[id] == nil {
				byID[id] = &ListInfo{List: List{ID: id}}
			}
			byID[id].Entries = n
		}
		return rows.Err()
	})
	for _, l := range byID {
		all = append(all, *l)
	}
	slices.SortFunc(all, func(a, b ListInfo) int { return cmp.Compare(a.ID, b.ID) })
	return all, err
}

// readersOf names the rules that read a list, by its index.
func (p *Program) readersOf(list int) (rules []string) {
	for i := range p.rules {
		if slices.ContainsFunc(p.rules[i].reads, func(f int) bool {
			feature := &p.features[f]
			return (feature.kind == ofListKey || feature.kind == ofListField) && feature.index == list
		}) {
			rules = append(rules, p.rules[i].ID)
		}
	}
	return rules
}

// EntryInfo is one entry of a list, with its history.
type EntryInfo struct {
	ListEntry
	Reason    string
	AddedBy   string
	AddedAt   time.Time
	RemovedBy string
	RemovedAt time.Time // zero: in force, or expired
}

// EntryFilter narrows the entries of a list; empty fields do not.
type EntryFilter struct {
	List  string
	Value string // in clear; a personal one is looked for by its blind key
	Kind  qingyuan.EntityKind
	Ended bool  // those that were removed or have expired, too
	After int64 // seq and id of the last entry of the page before
	ID    string
	Limit int
}

// Entries reads the entries of a list, newest first. Errors: invalid for a value that is not of the kind.
func (s *Service) Entries(ctx context.Context, tenant qingyuan.Tenant, f EntryFilter) (all []EntryInfo, err error) {
	where, args := `list = $2`, []any{f.List}
	add := func(term string, values ...any) {
		var at []any
		for range values {
			at = append(at, len(args)+len(at)+2)
		}
		args, where = append(args, values...), where+" AND "+fmt.Sprintf(term, at...)
	}
	if f.Value != "" {
		value := f.Value
		if f.Kind != "" {
			if value, err = intake.NormaliseEntity(f.Kind, value); err == nil {
				value, err = s.cfg.Keys.Blind(ctx, tenant, f.Kind, value)
			}
			if err != nil {
				return nil, err
			}
		}
		add("value = $%d", value)
	}
	if !f.Ended {
		add("removed_seq IS NULL AND (expires_at IS NULL OR expires_at > $%d)", s.cfg.DB.Now().UnixMicro())
	}
	if f.After > 0 {
		add("(added_seq, id) < ($%d, $%d)", f.After, f.ID)
	}
	args = append(args, f.Limit)
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		all, err = readEntries(tx, where+fmt.Sprintf(" ORDER BY added_seq DESC, id DESC LIMIT $%d", len(args)+1), args...)
		return err
	})
	return all, err
}

func readEntries(tx *store.Tx, where string, args ...any) (all []EntryInfo, err error) {
	rows, err := tx.Query(`SELECT id, list, kind, match, value, expires_at, reason, added_seq, added_by, removed_by,
		(SELECT at FROM outbox WHERE tenant = $1 AND seq = added_seq), (SELECT at FROM outbox WHERE tenant = $1 AND seq = removed_seq)
		FROM list_entry WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e EntryInfo
		var expires, added, removed sql.NullInt64
		var removedBy sql.NullString
		if err := rows.Scan(&e.ID, &e.List, &e.Kind, &e.Match, &e.Value, &expires, &e.Reason, &e.Seq, &e.AddedBy, &removedBy, &added, &removed); err != nil {
			return nil, err
		}
		e.ExpiresAt, e.AddedAt, e.RemovedAt, e.RemovedBy = moment(expires), moment(added), moment(removed), removedBy.String
		all = append(all, e)
	}
	return all, rows.Err()
}

// moment reads a time that may be absent: then it is zero.
func moment(at sql.NullInt64) time.Time {
	if !at.Valid {
		return time.Time{}
	}
	return time.UnixMicro(at.Int64).UTC()
}

// ListAction is one change of a list as a whole.
type ListAction struct {
	Action         int64
	At             time.Time
	By             string
	Reason         string // of an entry that it added
	Added, Removed int64
	Left           int64 // what a reversal would take back: entries it added that are in force, and entries it removed
}

// Actions reads the changes of a list, newest first; before bounds their numbers.
func (s *Service) Actions(ctx context.Context, tenant qingyuan.Tenant, list string, before int64, limit int) (all []ListAction, err error) {
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT c.seq, max(c.actor), max(c.reason), sum(c.added), sum(c.removed), sum(c.remaining), max(o.at) FROM (
			SELECT added_seq AS seq, added_by AS actor, reason, 1 AS added, 0 AS removed, CASE WHEN removed_seq IS NULL THEN 1 ELSE 0 END AS remaining
			FROM list_entry WHERE tenant = $1 AND list = $2
			UNION ALL SELECT removed_seq, removed_by, '', 0, 1, 1 FROM list_entry WHERE tenant = $1 AND list = $2 AND removed_seq IS NOT NULL) c
			JOIN outbox o ON o.tenant = $1 AND o.seq = c.seq WHERE c.seq < $3 GROUP BY c.seq ORDER BY c.seq DESC LIMIT $4`, list, orEnd(before), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var a ListAction
			var at int64
			if err := rows.Scan(&a.Action, &a.By, &a.Reason, &a.Added, &a.Removed, &a.Left, &at); err != nil {
				return err
			}
			a.At = time.UnixMicro(at).UTC()
			all = append(all, a)
		}
		return rows.Err()
	})
	return all, err
}
