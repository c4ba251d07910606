package decision

import (
	"context"
	"encoding/json"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/store"
)

// The kinds of approval that this package asks for, besides KindStage.
const (
	KindList   = "list.change"
	KindSnooze = "rule.snooze"
)

// RequestStage asks for a version to be put on a stage. It takes effect when someone else than the actor and the
// version's author approves. Errors: as of [Service.Stage].
func (s *Service) RequestStage(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, c StageChange) (a *audit.Approval, err error) {
	if err := c.valid(); err != nil {
		return nil, err
	}
	return a, s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		author, err := s.record.author(tx, c.ID, c.Version)
		if err != nil {
			return err
		}
		d, err := s.record.deploymentAt(tx, 1<<62)
		if err != nil {
			return err
		}
		if err := d.allows(ref{c.ID, c.Version}, c.Stage); err != nil {
			return err
		}
		p, err := stageProposal(c, actor, author)
		if err == nil {
			a, err = audit.Request(tx, p)
		}
		return err
	})
}

// RequestEntries asks for entries to be added to a list; it takes effect when someone else approves.
func (s *Service) RequestEntries(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, list string, entries []NewEntry, reason string) (*audit.Approval, error) {
	ready, err := s.prepareEntries(ctx, tenant, list, entries)
	if err != nil {
		return nil, err
	}
	return s.request(ctx, tenant, audit.Proposal{Kind: KindList, Subject: list, Requester: actor, Reason: reason}, listChange{List: list, Add: ready, Reason: reason})
}

// RequestRemoval asks for entries of a list to be ended; it takes effect when someone else approves.
func (s *Service) RequestRemoval(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, list string, ids []string, reason string) (*audit.Approval, error) {
	if len(ids) > MaxChange {
		return nil, qingyuan.FieldErrorf("ids", "at most %d at once", MaxChange)
	}
	return s.request(ctx, tenant, audit.Proposal{Kind: KindList, Subject: list, Requester: actor, Reason: reason}, listChange{List: list, Remove: ids, Reason: reason})
}

// RequestSnooze asks for a rule to be snoozed; it takes effect when someone else approves.
func (s *Service) RequestSnooze(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, n NewSnooze) (*audit.Approval, error) {
	p, err := s.prepareSnooze(ctx, tenant, n)
	if err != nil {
		return nil, err
	}
	return s.request(ctx, tenant, audit.Proposal{Kind: KindSnooze, Subject: n.Rule, Requester: actor, Reason: n.Reason}, p)
}

func (s *Service) request(ctx context.Context, tenant qingyuan.Tenant, p audit.Proposal, payload any) (a *audit.Approval, err error) {
	text, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	p.Payload = string(text)
	err = s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		a, err = audit.Request(tx, p)
		return err
	})
	return a, err
}

// Approve adds the voter's agreement to a request of this package; with the last one needed it takes effect in the same
// transaction. Errors: those of [audit.Approve]; those of what takes effect, and then nothing has happened.
func (s *Service) Approve(ctx context.Context, b audit.Ballot) (a *audit.Approval, err error) {
	err = s.cfg.DB.Read(ctx, b.Tenant, func(tx *store.Tx) error {
		a, err = audit.Get(tx, b.Approval)
		return err
	})
	if err != nil {
		return nil, err
	}
	if a.Kind == KindStage && len(a.Votes)+1 >= a.Quorum {
		return s.approveStage(ctx, b, a)
	}
	return b.Cast(ctx, s.cfg.DB, func(tx *store.Tx, a *audit.Approval) error {
		switch a.Kind {
		case KindList:
			var c listChange
			if err := json.Unmarshal([]byte(a.Payload), &c); err != nil {
				return err
			}
			_, err := s.changeList(tx, c, a.Requester)
			return err
		case KindSnooze:
			var p snoozePayload
			if err := json.Unmarshal([]byte(a.Payload), &p); err != nil {
				return err
			}
			return s.beginSnooze(tx, p, a.Requester, a.ID)
		}
		return qingyuan.Errorf(qingyuan.Conflict, "the number of votes changed meanwhile; try again")
	})
}

func (s *Service) approveStage(ctx context.Context, b audit.Ballot, a *audit.Approval) (*audit.Approval, error) {
	var c StageChange
	if err := json.Unmarshal([]byte(a.Payload), &c); err != nil {
		return nil, err
	}
	_, err := s.stage(ctx, b.Tenant, b.Voter, c, func(tx *store.Tx) (id string, err error) {
		if a, err = audit.Approve(tx, a.ID, b.Voter, b.Comment); err == nil && a.State != audit.Approved {
			err = qingyuan.Errorf(qingyuan.Conflict, "the number of votes changed meanwhile; try again")
		}
		if err != nil {
			return "", err
		}
		return a.ID, nil
	})
	return a, err
}
