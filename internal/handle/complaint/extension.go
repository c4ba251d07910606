package complaint

import (
	"context"
	"encoding/json"
	"slices"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/law"
	"qingyuan/internal/store"
)

// KindExtension is the kind of approval that extends a complaint's clock.
const KindExtension = "complaint.extension"

// extending is what a second person agrees to.
type extending struct {
	Complaint string `json:"complaint"`
	Extension string `json:"extension"`
}

// Extensions are those that the law has for a complaint and that were not granted yet.
func (s *Service) Extensions(f *File) (all []law.Extension, err error) {
	for _, d := range f.Duties {
		if d.Clock == TransferSheet {
			continue
		}
		clock, err := s.book.Clock(d.Clock, law.DateOf(f.ReceivedAt))
		if err != nil {
			return nil, err
		}
		for _, e := range clock.Extensions {
			if !slices.Contains(f.State.Extensions, e.ID) && (e.After == "" || slices.Contains(f.State.Extensions, e.After)) {
				all = append(all, e)
			}
		}
	}
	return all, nil
}

func (s *Service) needsApproval(ctx context.Context, t qingyuan.Tenant, id, extension string) (bool, error) {
	f, err := s.File(ctx, t, id)
	if err != nil {
		return false, err
	}
	possible, err := s.Extensions(f)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(possible, func(e law.Extension) bool { return e.ID == extension })
	if i < 0 {
		return false, qingyuan.FieldErrorf("extension", "is none that the law has for this complaint now")
	}
	return possible[i].Approval, nil
}

// RequestExtension asks for an extension that the law ties to an approval. The reason is what the complainant is told. Errors:
// not_found; invalid where the law has no such extension now.
func (s *Service) RequestExtension(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, id, extension, reason string) (a *audit.Approval, err error) {
	if _, err := s.needsApproval(ctx, t, id, extension); err != nil {
		return nil, err
	}
	payload, err := json.Marshal(extending{id, extension})
	if err != nil {
		return nil, err
	}
	return a, s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		a, err = audit.Request(tx, audit.Proposal{Kind: KindExtension, Subject: id, Payload: string(payload), Requester: actor, Reason: reason})
		return err
	})
}

// ApproveExtension adds the voter's agreement; with the last one needed the clock is extended in the same transaction. Errors:
// those of [audit.Approve]; conflict where the clock has run out meanwhile.
func (s *Service) ApproveExtension(ctx context.Context, b audit.Ballot) (*audit.Approval, error) {
	return b.Cast(ctx, s.cfg.DB, func(tx *store.Tx, a *audit.Approval) error {
		var what extending
		if err := json.Unmarshal([]byte(a.Payload), &what); err != nil {
			return err
		}
		_, err := s.do(tx, what.Complaint, Act{Kind: ActExtended, Actor: b.Voter, Extension: what.Extension, Approval: a.ID, Text: a.Reason})
		return err
	})
}
