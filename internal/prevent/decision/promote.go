package decision

import (
	"context"
	"encoding/json"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/store"
)

// stageData is the outbox data of a stage: codes only.
type stageData struct {
	Stage   Stage `json:"stage"`
	Percent int   `json:"percent,omitempty"`
}

// Activate makes a published version the tenant's live ruleset; see [Service.Stage].
func (s *Service) Activate(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, id string, version int, reason string) error {
	return s.Stage(ctx, tenant, actor, StageChange{ID: id, Version: version, Stage: StageLive, Reason: reason})
}

// Stage puts a published version on a stage at once. Its windows are built from the record beside the live ones; decisions
// wait only for the last stretch. What changes outcomes takes two people: the author, who asked for it by publishing, and
// actor, who agrees to it; the platform itself needs nobody. Errors: forbidden where actor is the author; conflict where
// the stage does not fit; not_found.
func (s *Service) Stage(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, c StageChange) error {
	_, err := s.stage(ctx, tenant, actor, c, func(tx *store.Tx) (string, error) {
		if actor.Kind == qingyuan.ActorSystem || c.Stage == StageShadow || c.Stage == StageOff {
			return "", nil
		}
		author, err := s.record.author(tx, c.ID, c.Version)
		if err != nil {
			return "", err
		}
		p, err := stageProposal(c, qingyuan.Actor{Kind: qingyuan.ActorUser, ID: author}, author)
		if err != nil {
			return "", err
		}
		a, err := audit.Request(tx, p)
		if err != nil {
			return "", err
		}
		_, err = audit.Approve(tx, a.ID, actor, c.Reason)
		return a.ID, err
	})
	return err
}

// KindStage is the kind of an approval to put a version on a stage.
const KindStage = "ruleset.stage"

func stageProposal(c StageChange, by qingyuan.Actor, author string) (audit.Proposal, error) {
	payload, err := json.Marshal(c)
	return audit.Proposal{Kind: KindStage, Subject: subjectOf(c.ID, c.Version), Payload: string(payload), Requester: by, Maker: author, Reason: c.Reason}, err
}

// stage builds what c needs beside the live lane, then records and deploys it in one command; within runs in it first and
// gives the id of the approval.
func (s *Service) stage(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, c StageChange, within func(*store.Tx) (string, error)) (approval string, err error) {
	if err := c.valid(); err != nil {
		return "", err
	}
	ready, upTo, err := s.prepareTrack(ctx, tenant, c)
	if err != nil {
		return "", err
	}
	err = s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		if approval, err = within(tx); err != nil {
			return err
		}
		l, err := s.lane(tx)
		if err != nil {
			return err
		}
		if err := l.deployed.allows(ref{c.ID, c.Version}, c.Stage); err != nil {
			return err
		}
		if ready != nil {
			mark := ready.windows.Mark()
			tx.OnUndo(func() { ready.windows.RollbackTo(mark) })
			if err := ready.load(tx, s.record, upTo, l.applied); err != nil {
				return err
			}
		}
		return s.put(tx, l, staging{c, actor, approval}, ready)
	})
	return approval, err
}

// prepareTrack builds the version's windows up to upTo, where the lane does not have them yet.
func (s *Service) prepareTrack(ctx context.Context, tenant qingyuan.Tenant, c StageChange) (t *track, upTo int64, err error) {
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		if upTo, err = tx.LastSeq(); err != nil {
			return err
		}
		d, err := s.record.deploymentAt(tx, upTo)
		if err != nil {
			return err
		}
		v := ref{c.ID, c.Version}
		program, err := s.record.program(tx, v.id, v.version)
		if err != nil {
			return err
		}
		if err := d.allows(v, c.Stage); err != nil || c.Stage == StageOff || d.stageOf(v) != StageDraft {
			return err
		}
		if t, err = newTrack(program); err != nil {
			return err
		}
		return t.load(tx, s.record, 0, upTo)
	})
	return t, upTo, err
}

// staging is a stage with who put the version there, and by which approval.
type staging struct {
	StageChange
	actor    qingyuan.Actor
	approval string
}

// put records a stage and deploys it.
func (s *Service) put(tx *store.Tx, l *lane, c staging, ready *track) error {
	from := l.point()
	tx.OnUndo(func() { l.back(from) })
	tx.OnCommit(l.settle)
	data, err := json.Marshal(stageData{c.Stage, c.Percent})
	if err != nil {
		return err
	}
	var approved any
	if c.approval != "" {
		approved = c.approval
	}
	var seq int64
	if c.Stage == StageLive {
		if seq, err = tx.Emit(RulesetActivated, subjectOf(c.ID, c.Version), nil); err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO ruleset_activation (tenant, seq, id, version, actor, reason, at, approval) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			seq, c.ID, c.Version, c.actor.ID, c.Reason, tx.Now().UnixMicro(), approved)
	} else {
		if seq, err = tx.Emit(RulesetStaged, subjectOf(c.ID, c.Version), data); err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO ruleset_stage (tenant, seq, id, version, stage, percent, actor, reason, approval, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			seq, c.ID, c.Version, string(c.Stage), c.Percent, c.actor.ID, c.Reason, approved, tx.Now().UnixMicro())
	}
	if err != nil {
		return err
	}
	d, err := s.record.deploymentAt(tx, seq)
	if err != nil {
		return err
	}
	if err := l.deploy(tx, d, seq, ready); err != nil {
		return err
	}
	l.applied = seq
	return nil
}

// author is who published the version. Errors: not_found.
func (r *record) author(tx *store.Tx, id string, version int) (author string, err error) {
	found, err := tx.Get(`SELECT author FROM ruleset WHERE tenant = $1 AND id = $2 AND version = $3`, []any{id, version}, &author)
	if err == nil && !found {
		err = qingyuan.Errorf(qingyuan.NotFound, "there is no version %d of ruleset %q", version, id)
	}
	return author, err
}
