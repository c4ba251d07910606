package decision

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"qingyuan"
	"qingyuan/internal/intake"
	"qingyuan/internal/store"
)

// MaxSnooze is the longest time for which a rule can be snoozed.
const MaxSnooze = 90 * 24 * time.Hour

// Snooze tells one rule not to speak for a while: about one entity, or at all. It holds for every version of every
// ruleset that has a rule of that name.
type Snooze struct {
	ID        string // snz_…
	Rule      string
	Kind      qingyuan.EntityKind // empty: about everybody
	Entity    string              // blind key; empty: about everybody
	Reason    string
	Actor     string // who asked for it
	Approval  string
	Seq       int64 // of the outbox entry that began it
	CreatedAt time.Time
	ExpiresAt time.Time
	EndedBy   string // who ended it early; empty: nobody
}

// snoozes are those that were not ended early, by rule.
type snoozes map[string][]Snooze

// holds reports whether the rule is told not to speak about the event.
func (s snoozes) holds(rule string, e *qingyuan.Event) bool {
	for _, z := range s[rule] {
		if e.ObservedAt.Before(z.ExpiresAt) && (z.Entity == "" || z.covers(e)) {
			return true
		}
	}
	return false
}

func (z *Snooze) covers(e *qingyuan.Event) bool {
	return e.Subject.Key == z.Entity || slices.ContainsFunc(e.Entities, func(n qingyuan.Entity) bool { return n.Key == z.Entity })
}

const snoozeColumns = `id, rule, kind, entity, reason, actor, approval, added_seq, created_at, expires_at, ended_by`

func (r *record) readSnoozes(tx *store.Tx, where string, args ...any) (all []Snooze, err error) {
	rows, err := tx.Query(`SELECT `+snoozeColumns+` FROM rule_snooze WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var z Snooze
		var created, expires int64
		var approval, ended sql.NullString
		if err := rows.Scan(&z.ID, &z.Rule, &z.Kind, &z.Entity, &z.Reason, &z.Actor, &approval, &z.Seq, &created, &expires, &ended); err != nil {
			return nil, err
		}
		z.CreatedAt, z.ExpiresAt = time.UnixMicro(created).UTC(), time.UnixMicro(expires).UTC()
		z.Approval, z.EndedBy = approval.String, ended.String
		all = append(all, z)
	}
	return all, rows.Err()
}

// snoozesAt are the snoozes after seq, expired ones included: an event tells the time at which they are looked at.
func (r *record) snoozesAt(tx *store.Tx, seq int64) (snoozes, error) {
	all, err := r.readSnoozes(tx, `added_seq <= $2 AND (ended_seq IS NULL OR ended_seq > $2) ORDER BY added_seq, id`, seq)
	out := snoozes{}
	for _, z := range all {
		out[z.Rule] = append(out[z.Rule], z)
	}
	return out, err
}

// NewSnooze asks for a rule to be snoozed. Value is in clear: what is kept is its blind key.
type NewSnooze struct {
	Rule      string
	Kind      qingyuan.EntityKind // empty: about everybody
	Value     string
	ExpiresAt time.Time
	Reason    string // 4–500 characters
}

// snoozePayload is a snooze as an approval keeps it.
type snoozePayload struct {
	Rule      string              `json:"rule"`
	Kind      qingyuan.EntityKind `json:"kind,omitempty"`
	Entity    string              `json:"entity,omitempty"`
	ExpiresAt time.Time           `json:"expires_at"`
	Reason    string              `json:"reason"`
}

// prepareSnooze checks a snooze and blinds its entity.
func (s *Service) prepareSnooze(ctx context.Context, tenant qingyuan.Tenant, n NewSnooze) (p snoozePayload, err error) {
	now := s.cfg.DB.Now()
	if !n.ExpiresAt.After(now) || n.ExpiresAt.After(now.Add(MaxSnooze)) {
		return p, qingyuan.FieldErrorf("expires_at", "must be in the future, at most 90 days away")
	}
	live, err := s.Ruleset(ctx, tenant, "", 0)
	if err != nil {
		return p, err
	}
	if _, known := live.Program.byID[n.Rule]; !known {
		_, en := didYouMean(n.Rule, slices.Sorted(maps.Keys(live.Program.byID)))
		return p, qingyuan.FieldErrorf("rule", "is no rule of the live ruleset%s", en)
	}
	p = snoozePayload{Rule: n.Rule, Kind: n.Kind, ExpiresAt: n.ExpiresAt.UTC(), Reason: n.Reason}
	if n.Kind == "" {
		if n.Value != "" {
			return p, qingyuan.FieldErrorf("kind", "must name the kind of the entity")
		}
		return p, nil
	}
	value, err := intake.NormaliseEntity(n.Kind, n.Value)
	if err != nil {
		return p, err
	}
	p.Entity, err = s.cfg.Keys.Blind(ctx, tenant, n.Kind, value)
	return p, err
}

// beginSnooze records an approved snooze; decisions after it see it.
func (s *Service) beginSnooze(tx *store.Tx, p snoozePayload, by, approval string) error {
	if !tx.Now().Before(p.ExpiresAt) {
		return qingyuan.Errorf(qingyuan.Conflict, "the snooze would have ended already")
	}
	seq, err := tx.Emit(SnoozeChanged, p.Rule, nil)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO rule_snooze (tenant, id, rule, kind, entity, reason, actor, approval, added_seq, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, qingyuan.NewID("snz", tx.Now()), p.Rule, string(p.Kind), p.Entity, p.Reason, by,
		approval, seq, tx.Now().UnixMicro(), p.ExpiresAt.UnixMicro())
	return err
}

// EndSnooze ends a snooze early. It needs no second person: the rule speaks again. Errors: not_found.
func (s *Service) EndSnooze(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, id string) error {
	return s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		all, err := s.record.readSnoozes(tx, `id = $2 AND ended_seq IS NULL`, id)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return qingyuan.Errorf(qingyuan.NotFound, "there is no snooze %q in force", id)
		}
		seq, err := tx.Emit(SnoozeChanged, all[0].Rule, nil)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE rule_snooze SET ended_seq = $3, ended_by = $4 WHERE tenant = $1 AND id = $2`, id, seq, actor.ID)
		return err
	})
}

// Snoozes reads the snoozes in force, newest first.
func (s *Service) Snoozes(ctx context.Context, tenant qingyuan.Tenant) (all []Snooze, err error) {
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		all, err = s.record.readSnoozes(tx, `ended_seq IS NULL AND expires_at > $2 ORDER BY added_seq DESC, id LIMIT 1000`, tx.Now().UnixMicro())
		return err
	})
	return all, err
}
