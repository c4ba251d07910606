package decision

import (
	"context"

	"qingyuan"
	"qingyuan/internal/intake"
	"qingyuan/internal/store"
)

// Detect asks every detector about an event that is to be recorded by [Service.RecordWithin].
func (s *Service) Detect(ctx context.Context, e *qingyuan.Event) []qingyuan.Signal {
	return s.detect(ctx, e)
}

// RecordWithin records a prepared event, without deciding it, as part of the caller's command: it is on record if and only if
// that commits. Errors: invalid or conflict, with nothing changed, for a correction that does not hold; any other must fail
// the command. The caller sees to it that the event's external id is not on record yet.
func (s *Service) RecordWithin(tx *store.Tx, p *intake.Prepared, signals []qingyuan.Signal) error {
	l, err := s.laneFor(tx)
	if err != nil {
		return err
	}
	if p.Event.Corrects != "" {
		if _, err := s.cfg.Events.Corrected(tx, &p.Event); err != nil {
			return err
		}
	}
	_, err = s.append(tx, l, p, signals, nil)
	return err
}
