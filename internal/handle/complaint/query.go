package complaint

import (
	"context"
	"fmt"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// Filter narrows a list of complaints; empty fields do not.
type Filter struct {
	Channel  string
	Stage    Stage
	Assignee string
	Triage   Side
	Person   string
	Late     bool // the duty is not done and its time is over
	Open     bool // not closed and not merged
	Page     qingyuan.Page
}

// List reads complaints, the first to run out at the front, and the cursor of the next page.
func (s *Service) List(ctx context.Context, t qingyuan.Tenant, f Filter) (all []*Complaint, next string, err error) {
	due, after, ok, err := f.Page.Keyset()
	if err != nil {
		return nil, "", err
	}
	where, args := "1 = 1", []any{}
	add := func(term string, more ...any) {
		at := make([]any, len(more))
		for i := range more {
			at[i] = len(args) + 2 + i
		}
		where, args = where+" AND "+fmt.Sprintf(term, at...), append(args, more...)
	}
	for _, equal := range []struct{ column, value string }{{"channel", f.Channel}, {"stage", string(f.Stage)}, {"assignee", f.Assignee},
		{"triage", string(f.Triage)}, {"person", f.Person}} {
		if equal.value != "" {
			add(equal.column+" = $%d", equal.value)
		}
	}
	if f.Open {
		where += " AND stage NOT IN ('closed', 'merged')"
	}
	if f.Late {
		add("answered_at IS NULL AND stage <> 'merged' AND due_at <= $%d", s.cfg.DB.Now().UnixMicro())
	}
	if ok {
		add("(due_at > $%d OR due_at = $%d AND id > $%d)", due, due, after)
	}
	rows := f.Page.Rows()
	args = append(args, rows+1)
	where += fmt.Sprintf(" ORDER BY due_at, id LIMIT $%d", len(args)+1)
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		all, err = readComplaints(tx, where, args...)
		return err
	})
	if len(all) > rows {
		all = all[:rows]
		last := all[rows-1]
		next = qingyuan.CursorOf(microsOr(last.DueAt, never), last.ID)
	}
	return all, next, err
}

// File reads one complaint with everything that was done about it. Errors: not_found.
func (s *Service) File(ctx context.Context, t qingyuan.Tenant, id string) (f *File, err error) {
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		c, err := readComplaint(tx, id)
		if err != nil {
			return err
		}
		f = &File{Complaint: *c}
		if f.Event, err = s.cfg.Events.Event(tx, c.Event); err != nil {
			return err
		}
		f.State, f.Acts, err = s.state(tx, id)
		if qingyuan.CodeOf(err) == qingyuan.Conflict {
			f.Erased = true
			return nil
		}
		if err != nil {
			return err
		}
		f.Duties, err = s.cfg.Routes.Duties(s.book, f.State.Facts)
		return err
	})
	return f, err
}

// Load is how much there is to do on one channel.
type Load struct {
	Channel            string
	Open, Late, Nearly int // nearly: to be answered within three days
}

// nearly is how near a deadline is called near.
const nearly = 3 * 24 * time.Hour

// Loads counts open complaints by channel.
func (s *Service) Loads(ctx context.Context, t qingyuan.Tenant) (all []Load, err error) {
	now := s.cfg.DB.Now()
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT channel, COUNT(*), SUM(CASE WHEN answered_at IS NULL AND due_at <= $2 THEN 1 ELSE 0 END),
			SUM(CASE WHEN answered_at IS NULL AND due_at > $2 AND due_at <= $3 THEN 1 ELSE 0 END)
			FROM complaint WHERE tenant = $1 AND stage NOT IN ('closed', 'merged') GROUP BY channel ORDER BY channel`, now.UnixMicro(), now.Add(nearly).UnixMicro())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var l Load
			if err := rows.Scan(&l.Channel, &l.Open, &l.Late, &l.Nearly); err != nil {
				return err
			}
			all = append(all, l)
		}
		return rows.Err()
	})
	return all, err
}
