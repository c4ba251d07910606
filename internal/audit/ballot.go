package audit

import (
	"context"

	"qingyuan"
	"qingyuan/internal/store"
)

// Ballot is one person's word on one approval.
type Ballot struct {
	Tenant   qingyuan.Tenant
	Voter    qingyuan.Actor
	Approval string // id
	Comment  string
}

// Cast adds the voter's agreement and, where it is the last one needed, runs effect in the same transaction: what was asked
// for takes effect with it or not at all. Errors: those of [Approve] and of effect.
func (b Ballot) Cast(ctx context.Context, db *store.DB, effect func(*store.Tx, *Approval) error) (a *Approval, err error) {
	err = db.Write(ctx, b.Tenant, func(tx *store.Tx) error {
		if a, err = Approve(tx, b.Approval, b.Voter, b.Comment); err != nil || a.State != Approved {
			return err
		}
		return effect(tx, a)
	})
	return a, err
}

// Refuse closes the approval without effect. Errors: those of [Reject].
func (b Ballot) Refuse(ctx context.Context, db *store.DB) (a *Approval, err error) {
	err = db.Write(ctx, b.Tenant, func(tx *store.Tx) error {
		a, err = Reject(tx, b.Approval, b.Voter, b.Comment)
		return err
	})
	return a, err
}
