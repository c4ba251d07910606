package jobs

import (
	"context"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// keepLeases renews the leases of this process's runs, stores their progress, and stops the runs that lost theirs or were
// cancelled elsewhere. A process that cannot reach the database stops its runs when their leases have run out.
func (s *Service) keepLeases(ctx context.Context) {
	tick := time.NewTicker(min(time.Second, s.cfg.Lease/6))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for t, runs := range s.toRenew() {
			if err := s.renew(ctx, t, runs); err != nil && ctx.Err() == nil {
				s.cfg.Log.WarnContext(ctx, "leases of jobs were not renewed", "tenant", t, "error", err)
				s.giveUp(runs)
			}
		}
	}
}

// toRenew lists the runs whose progress changed or whose lease is a quarter spent, by tenant.
func (s *Service) toRenew() map[qingyuan.Tenant][]*Run {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[qingyuan.Tenant][]*Run{}
	for key, r := range s.running {
		r.mu.Lock()
		if !r.ended && (r.changed || now.Sub(r.renewed) >= s.cfg.Lease/4) {
			all[key.tenant] = append(all[key.tenant], r)
		}
		r.mu.Unlock()
	}
	return all
}

func (s *Service) renew(ctx context.Context, t qingyuan.Tenant, runs []*Run) error {
	now := s.cfg.Now()
	lost := make([]bool, len(runs))
	err := s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		for i, r := range runs {
			r.mu.Lock()
			done, total, note := r.done, r.total, r.note
			r.changed = false
			r.mu.Unlock()
			var cancelled bool
			mine, err := tx.Get(`UPDATE job SET lease_until = $4, done_units = $5, total_units = $6, note = $7 WHERE `+mine+` RETURNING cancel`,
				[]any{r.ID, r.job.token, now.Add(s.cfg.Lease).UnixMicro(), done, total, note}, &cancelled)
			if err != nil {
				return err
			}
			lost[i] = !mine || cancelled
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, r := range runs {
		r.mu.Lock()
		r.renewed = now
		r.mu.Unlock()
		if lost[i] {
			r.stop(ErrLost)
		}
	}
	return nil
}

// giveUp stops runs whose leases have run out.
func (s *Service) giveUp(runs []*Run) {
	now := s.cfg.Now()
	for _, r := range runs {
		r.mu.Lock()
		out := now.Sub(r.renewed) >= s.cfg.Lease
		r.mu.Unlock()
		if out {
			r.stop(ErrLost)
		}
	}
}
