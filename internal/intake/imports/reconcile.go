package imports

import (
	"context"
	"time"

	"qingyuan"
	"qingyuan/internal/jobs"
	"qingyuan/internal/store"
)

// reconcileJob makes the balance of yesterday and deletes uploads whose time is over.
func (s *Service) reconcileJob(ctx context.Context, r *jobs.Run) error {
	if err := s.Reconcile(ctx, r.Tenant, s.cfg.DB.Now().In(zone()).AddDate(0, 0, -1).Format(time.DateOnly)); err != nil {
		return err
	}
	return s.forget(ctx, r.Tenant)
}

// Reconcile makes, or makes anew, the balance of the imports that ended on a day (2006-01-02, in the lender's time), by source.
// Errors: invalid for the day.
func (s *Service) Reconcile(ctx context.Context, t qingyuan.Tenant, day string) error {
	from, err := time.ParseInLocation(time.DateOnly, day, zone())
	if err != nil {
		return qingyuan.FieldErrorf("day", "must be a day such as 2026-11-01")
	}
	return s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		all, err := s.read(tx, `finished_at >= $2 AND finished_at < $3 AND rows_in > 0`, from.UnixMicro(), from.AddDate(0, 0, 1).UnixMicro())
		if err != nil {
			return err
		}
		sums := map[string]*Reconciliation{}
		for _, i := range all {
			b := sums[i.Source]
			if b == nil {
				b = &Reconciliation{Day: day, Source: i.Source, Balanced: true}
				sums[i.Source] = b
			}
			found := i.Tally.Stored
			if i.Source != "" {
				if found, err = s.cfg.Events.CountOf(tx, i.Source, i.firstSeq, i.lastSeq); err != nil {
					return err
				}
			}
			b.Imports++
			b.Tally.add(i.Tally)
			b.Counted += found
			sum := i.Tally.Stored + i.Tally.Repeated + i.Tally.Refused
			b.Balanced = b.Balanced && i.Tally.Rows == sum && found >= i.Tally.Stored
		}
		for _, b := range sums {
			_, err := tx.Exec(`INSERT INTO import_reconciliation (tenant, day, source, imports, rows_in, stored, repeated, refused, counted, balanced, made_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (tenant, day, source) DO UPDATE SET imports = excluded.imports, rows_in = excluded.rows_in,
				stored = excluded.stored, repeated = excluded.repeated, refused = excluded.refused, counted = excluded.counted, balanced = excluded.balanced, made_at = excluded.made_at`,
				b.Day, b.Source, b.Imports, b.Tally.Rows, b.Tally.Stored, b.Tally.Repeated, b.Tally.Refused, b.Counted, b.Balanced, tx.Now().UnixMicro())
			if err != nil {
				return err
			}
			if !b.Balanced {
				s.cfg.Log.ErrorContext(tx.Context(), "imports of a day do not balance", "tenant", t, "day", day, "source", b.Source)
			}
		}
		return nil
	})
}

// Reconciliations reads the balances from a day on, newest first, at most 400.
func (s *Service) Reconciliations(ctx context.Context, t qingyuan.Tenant, since string) (all []Reconciliation, err error) {
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT day, source, imports, rows_in, stored, repeated, refused, counted, balanced, made_at FROM import_reconciliation
			WHERE tenant = $1 AND day >= $2 ORDER BY day DESC, source LIMIT 400`, since)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var b Reconciliation
			var at int64
			if err := rows.Scan(&b.Day, &b.Source, &b.Imports, &b.Tally.Rows, &b.Tally.Stored, &b.Tally.Repeated, &b.Tally.Refused, &b.Counted, &b.Balanced, &at); err != nil {
				return err
			}
			b.MadeAt = time.UnixMicro(at).UTC()
			all = append(all, b)
		}
		return rows.Err()
	})
	return all, err
}

// forget deletes the uploads of imports that ended long enough ago.
func (s *Service) forget(ctx context.Context, t qingyuan.Tenant) error {
	var old []*Import
	err := s.cfg.DB.Read(ctx, t, func(tx *store.Tx) (err error) {
		old, err = s.read(tx, `finished_at < $2 AND blob <> '' ORDER BY finished_at LIMIT 1000`, tx.Now().Add(-keepUpload).UnixMicro())
		return err
	})
	for _, i := range old {
		if err := s.cfg.Blobs.Delete(t, i.blob); err != nil {
			return err
		}
		err := s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE import SET blob = '' WHERE tenant = $1 AND id = $2`, i.ID)
			return err
		})
		if err != nil {
			return err
		}
	}
	return err
}
