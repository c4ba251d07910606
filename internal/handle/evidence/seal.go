package evidence

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/store"
)

// KindSeal is the kind of approval that seals exhibits.
const KindSeal = "exhibit.seal"

// maxSealed bounds how many exhibits are sealed at once.
const maxSealed = 500

// sealing is what a second person agrees to: exhibits, and the state of each one's chain of custody.
type sealing struct {
	Exhibits []sealedExhibit `json:"exhibits"`
}

type sealedExhibit struct {
	ID         string `json:"id"`
	Commitment string `json:"commitment"` // of its first record, hex
}

// RequestSeal asks for exhibits to be sealed; a second person must agree. Errors: invalid; not_found; conflict where one is
// sealed or erased.
func (s *Service) RequestSeal(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, exhibits []string, reason string) (a *audit.Approval, err error) {
	exhibits = slices.Compact(slices.Sorted(slices.Values(exhibits)))
	if len(exhibits) == 0 || len(exhibits) > maxSealed {
		return nil, qingyuan.FieldErrorf("exhibits", "must be 1 to %d", maxSealed)
	}
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		var what sealing
		for _, id := range exhibits {
			if err := mustBeOpen(tx, id); err != nil {
				return err
			}
			records, err := readRecords(tx, id)
			if err != nil {
				return err
			}
			what.Exhibits = append(what.Exhibits, sealedExhibit{id, hexOf(records[0].commitment)})
		}
		payload, err := json.Marshal(what)
		if err != nil {
			return err
		}
		a, err = audit.Request(tx, audit.Proposal{Kind: KindSeal, Subject: exhibits[0], Payload: string(payload), Requester: actor, Reason: reason})
		return err
	})
	return a, err
}

func mustBeOpen(tx *store.Tx, id string) error {
	all, err := readExhibits(tx, `id = $2`, id)
	switch {
	case err != nil:
		return err
	case len(all) == 0:
		return qingyuan.Errorf(qingyuan.NotFound, "there is no exhibit %q", id)
	case all[0].State != Open:
		return qingyuan.Errorf(qingyuan.Conflict, "exhibit %s is %s already", id, all[0].State)
	}
	return nil
}

// ApproveSeal adds the voter's agreement to a request to seal; with the last one needed the exhibits are sealed in the same
// transaction. Errors: those of [audit.Approve]; conflict where one was sealed or erased meanwhile.
func (s *Service) ApproveSeal(ctx context.Context, b audit.Ballot) (*audit.Approval, error) {
	var request *audit.Approval
	err := s.cfg.DB.Read(ctx, b.Tenant, func(tx *store.Tx) (err error) {
		request, err = audit.Get(tx, b.Approval)
		return err
	})
	if err != nil {
		return nil, err
	}
	var what sealing
	if err := json.Unmarshal([]byte(request.Payload), &what); err != nil {
		return nil, err
	}
	exhibits := make([]*Exhibit, len(what.Exhibits)) // opened before the command: it must not wait for keys
	for i, x := range what.Exhibits {
		if exhibits[i], err = s.Exhibit(ctx, b.Tenant, x.ID); err != nil {
			return nil, err
		}
		if exhibits[i].First == nil {
			return nil, qingyuan.Errorf(qingyuan.Conflict, "exhibit %s is erased", x.ID)
		}
	}
	return b.Cast(ctx, s.cfg.DB, func(tx *store.Tx, a *audit.Approval) error {
		for _, e := range exhibits {
			if err := s.seal(tx, e, b.Voter, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// seal closes one exhibit in the command of the last agreement.
func (s *Service) seal(tx *store.Tx, e *Exhibit, voter qingyuan.Actor, a *audit.Approval) error {
	if err := mustBeOpen(tx, e.ID); err != nil {
		return err
	}
	key, err := s.cfg.Keys.Person(tx.Context(), tx.Tenant(), e.Person)
	if err != nil {
		return err
	}
	purpose := strings.Join([]string{"asked for by " + a.Requester, "agreed to by " + voter.ID, a.Reason}, "; ")
	if err := s.follow(tx, key, e, Record{Action: SealedUp, Actor: voter, Purpose: purpose, Approval: a.ID}); err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE exhibit SET state = 'sealed' WHERE tenant = $1 AND id = $2`, e.ID); err != nil {
		return err
	}
	_, err = tx.Emit("exhibit.sealed", e.ID, nil)
	return err
}

// Hold keeps the exhibits of a matter from being erased (legal hold).
type Hold struct {
	ID      string // hld_…
	Matter  string
	Reason  string
	Actor   string
	Created time.Time
	Ended   time.Time // zero while it holds
	EndedBy string
}

// PlaceHold places a legal hold on a matter. Errors: invalid.
func (s *Service) PlaceHold(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, matter, reason string) (h *Hold, err error) {
	reason = strings.TrimSpace(reason)
	if n := len([]rune(reason)); n < 4 || n > 500 {
		return nil, qingyuan.FieldErrorf("reason", "must have 4 to 500 characters")
	}
	if matter == "" || len(matter) > 64 {
		return nil, qingyuan.FieldErrorf("matter", "must name a complaint or a case")
	}
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		h = &Hold{ID: qingyuan.NewID("hld", tx.Now()), Matter: matter, Reason: reason, Actor: actor.ID, Created: tx.Now().UTC()}
		if _, err := tx.Exec(`INSERT INTO exhibit_hold (tenant, id, matter, reason, actor, created_at, ended_by) VALUES ($1, $2, $3, $4, $5, $6, '')`,
			h.ID, h.Matter, h.Reason, h.Actor, h.Created.UnixMicro()); err != nil {
			return err
		}
		_, err := tx.Emit("hold.placed", h.ID, nil)
		return err
	})
	return h, err
}

// LiftHold ends a legal hold. Errors: not_found; conflict where it was lifted already.
func (s *Service) LiftHold(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, id string) error {
	return s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		n, err := tx.Exec(`UPDATE exhibit_hold SET ended_at = $3, ended_by = $4 WHERE tenant = $1 AND id = $2 AND ended_at IS NULL`, id, tx.Now().UnixMicro(), actor.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			var there int
			if _, err := tx.Get(`SELECT COUNT(*) FROM exhibit_hold WHERE tenant = $1 AND id = $2`, []any{id}, &there); err != nil {
				return err
			}
			if there == 0 {
				return qingyuan.Errorf(qingyuan.NotFound, "there is no hold %q", id)
			}
			return qingyuan.Errorf(qingyuan.Conflict, "the hold was lifted already")
		}
		_, err = tx.Emit("hold.lifted", id, nil)
		return err
	})
}

// HoldsOn lists the legal holds that keep a person's exhibits from being erased.
func HoldsOn(tx *store.Tx, person string) (all []Hold, err error) {
	rows, err := tx.Query(`SELECT id, matter, reason, actor, created_at FROM exhibit_hold WHERE tenant = $1 AND ended_at IS NULL
		AND matter IN (SELECT matter FROM exhibit WHERE tenant = $1 AND person = $2 AND state <> 'erased') ORDER BY created_at, id`, person)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var h Hold
		var at int64
		if err := rows.Scan(&h.ID, &h.Matter, &h.Reason, &h.Actor, &at); err != nil {
			return nil, err
		}
		h.Created = time.UnixMicro(at).UTC()
		all = append(all, h)
	}
	return all, rows.Err()
}

// Erase takes what is left of a person's exhibits away, in the command that destroys the person's keys. The commitments stay.
// Errors: conflict where a legal hold refuses it.
func Erase(tx *store.Tx, person string) error {
	if person == "" {
		return qingyuan.Errorf(qingyuan.Invalid, "exhibits about no person are not erased")
	}
	holds, err := HoldsOn(tx, person)
	if err != nil {
		return err
	}
	if len(holds) > 0 {
		return qingyuan.Errorf(qingyuan.Conflict, "a legal hold on %s keeps exhibits from being erased: %s", holds[0].Matter, holds[0].Reason)
	}
	all, err := readExhibits(tx, `person = $2 AND state <> 'erased' ORDER BY seq`, person)
	if err != nil {
		return err
	}
	for _, e := range all {
		if _, err := tx.Exec(`UPDATE exhibit SET state = 'erased', body = $3, file_key = '', person = '' WHERE tenant = $1 AND id = $2`, e.ID, []byte{}); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE exhibit_record SET sealed = $3 WHERE tenant = $1 AND exhibit = $2`, e.ID, []byte{}); err != nil {
			return err
		}
		if _, err := tx.Emit("exhibit.erased", e.ID, nil); err != nil {
			return err
		}
	}
	return nil
}
