package decision

import (
	"context"
	"database/sql"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/intake"
	"qingyuan/internal/store"
)

// NewEntry is a list entry to be added. Value is in clear: a personal one is stored as its blind key.
type NewEntry struct {
	Kind      qingyuan.EntityKind
	Match     ListMatch
	Value     string
	ExpiresAt time.Time // zero: never
	Reason    string
}

// MaxChange is how many entries one change of a list may add, and how many it may remove.
const MaxChange = 1000

// listChange is a change of one list as an approval keeps it: values that are personal are blind keys.
type listChange struct {
	List   string        `json:"list"`
	Add    []entryToCome `json:"add,omitempty"`
	Remove []string      `json:"remove,omitempty"`
	Reason string        `json:"reason"`
}

type entryToCome struct {
	ID        string              `json:"id"`
	Kind      qingyuan.EntityKind `json:"kind,omitempty"`
	Match     ListMatch           `json:"match"`
	Value     string              `json:"value"`
	ExpiresAt time.Time           `json:"expires_at,omitzero"`
	Reason    string              `json:"reason"`
}

// prepareEntries checks entries and blinds what is personal.
func (s *Service) prepareEntries(ctx context.Context, tenant qingyuan.Tenant, list string, entries []NewEntry) ([]entryToCome, error) {
	if len(entries) > MaxChange {
		return nil, qingyuan.FieldErrorf("entries", "at most %d at once", MaxChange)
	}
	ready := make([]entryToCome, len(entries))
	for i, n := range entries {
		e := ListEntry{ID: qingyuan.NewID("lst", s.cfg.DB.Now()), List: list, Kind: n.Kind, Match: n.Match, Value: n.Value, ExpiresAt: n.ExpiresAt}
		if n.Match == MatchExact && n.Kind != "" {
			value, err := intake.NormaliseEntity(n.Kind, n.Value)
			if err != nil {
				return nil, err
			}
			if e.Value, err = s.cfg.Keys.Blind(ctx, tenant, n.Kind, value); err != nil {
				return nil, err
			}
		}
		if err := e.Valid(); err != nil {
			return nil, err
		}
		ready[i] = entryToCome{e.ID, e.Kind, e.Match, e.Value, e.ExpiresAt, audit.Blot(n.Reason)}
	}
	return ready, nil
}

// AddEntries adds entries to a list at once; decisions after it see them. It returns their ids and the number of the
// action, by which [Service.ReverseAction] takes all of it back. Where two people must agree, use [Service.RequestEntries].
func (s *Service) AddEntries(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, list string, entries []NewEntry) (ids []string, action int64, err error) {
	ready, err := s.prepareEntries(ctx, tenant, list, entries)
	if err != nil {
		return nil, 0, err
	}
	for _, e := range ready {
		ids = append(ids, e.ID)
	}
	err = s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		action, err = s.changeList(tx, listChange{List: list, Add: ready}, actor.ID)
		return err
	})
	return ids, action, err
}

// RemoveEntry ends a list entry; it stays on record. Errors: not_found where there is no such entry in force.
func (s *Service) RemoveEntry(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, list, id string) error {
	return s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		_, err := s.changeList(tx, listChange{List: list, Remove: []string{id}}, actor.ID)
		return err
	})
}

// changeList records a change under one seq, which is the number of the action.
func (s *Service) changeList(tx *store.Tx, c listChange, by string) (seq int64, err error) {
	if seq, err = tx.Emit(ListChanged, c.List, nil); err != nil {
		return 0, err
	}
	for _, id := range c.Remove {
		n, err := tx.Exec(`UPDATE list_entry SET removed_seq = $2, removed_by = $3 WHERE tenant = $1 AND list = $4 AND id = $5 AND removed_seq IS NULL`,
			seq, by, c.List, id)
		if err == nil && n == 0 {
			err = qingyuan.Errorf(qingyuan.NotFound, "list %q has no entry %q in force", c.List, id)
		}
		if err != nil {
			return 0, err
		}
	}
	for _, e := range c.Add {
		var expires any
		if !e.ExpiresAt.IsZero() {
			expires = e.ExpiresAt.UnixMicro()
		}
		tx.Insert(listRow, e.ID, c.List, string(e.Kind), string(e.Match), e.Value, expires, e.Reason, seq, by)
	}
	return seq, nil
}

// Reversed says what taking back an action did.
type Reversed struct {
	Action   int64 // of the reversal itself: it can be reversed too
	Removed  int   // entries that the action had added
	Restored int   // entries that the action had removed; they come back under new ids
}

// ReverseAction takes back a whole change of a list: what it added and is still in force ends, what it removed comes back.
// Errors: not_found where nothing is left to take back.
func (s *Service) ReverseAction(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, list string, action int64, reason string) (out Reversed, err error) {
	err = s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		out = Reversed{}
		c := listChange{List: list, Reason: audit.Blot(reason)}
		rows, err := tx.Query(`SELECT id, kind, match, value, expires_at, added_seq, removed_seq FROM list_entry WHERE tenant = $1 AND list = $2
			AND ((added_seq = $3 AND removed_seq IS NULL) OR removed_seq = $3) ORDER BY id`, list, action)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e entryToCome
			var expires, removed sql.NullInt64
			var added int64
			if err := rows.Scan(&e.ID, &e.Kind, &e.Match, &e.Value, &expires, &added, &removed); err != nil {
				return err
			}
			if !removed.Valid {
				c.Remove = append(c.Remove, e.ID)
				continue
			}
			if e.ID, e.Reason = qingyuan.NewID("lst", tx.Now()), reason; expires.Valid {
				e.ExpiresAt = time.UnixMicro(expires.Int64).UTC()
			}
			c.Add = append(c.Add, e)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
		if len(c.Add)+len(c.Remove) == 0 {
			return qingyuan.Errorf(qingyuan.NotFound, "nothing of action %d of list %q is left to take back", action, list)
		}
		out.Removed, out.Restored = len(c.Remove), len(c.Add)
		out.Action, err = s.changeList(tx, c, actor.ID)
		return err
	})
	return out, err
}
