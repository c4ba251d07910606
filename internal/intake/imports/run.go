package imports

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync"

	"qingyuan"
	"qingyuan/internal/intake"
	"qingyuan/internal/intake/sheet"
	"qingyuan/internal/jobs"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
)

// place is where a pass goes on: the table, and the rows of it that are done.
type place struct {
	Table int `json:"table"`
	Row   int `json:"row"`
}

// record is one row as an event, or the reason why it is none.
type record struct {
	file     string
	line     int
	body     []byte
	err      error // of the row
	prepared *intake.Prepared
	signals  []qingyuan.Signal
}

// pass reads an import's file from a place on, row by row.
type pass struct {
	s    *Service
	i    *Import
	m    *intake.Mapping // nil: CloudEvents as JSON lines
	key  *keys.Person
	from place
}

// begin makes the pass of a job; ok is false where the import has been cancelled or has ended.
func (s *Service) begin(ctx context.Context, r *jobs.Run, state State) (p *pass, ok bool, err error) {
	i, err := s.Get(ctx, r.Tenant, r.Key)
	if err != nil || i.State != state {
		return nil, false, err
	}
	p = &pass{s: s, i: i}
	if i.Mapping != "" {
		m, err := s.mapping(ctx, r.Tenant, fmt.Sprintf("%s@%d", i.Mapping, i.Revision))
		if err != nil {
			return nil, false, err
		}
		p.m = m.Mapping
	}
	if len(r.Checkpoint) > 0 {
		if err := json.Unmarshal(r.Checkpoint, &p.from); err != nil {
			return nil, false, qingyuan.Wrap(qingyuan.Internal, err, "the checkpoint of an import cannot be read")
		}
	}
	p.key, err = s.cfg.Keys.Person(ctx, r.Tenant, "")
	return p, err == nil, err
}

// piece is some rows and the place after them.
type piece struct {
	rows []record
	next place
}

// pieces yields the rows from p.from on, n at a time. An error is one of the file, code invalid, or one of the machine.
func (p *pass) pieces(ctx context.Context, t qingyuan.Tenant, n int) iter.Seq2[piece, error] {
	return func(yield func(piece, error) bool) {
		b, err := p.s.cfg.Blobs.Open(t, p.i.blob, func(wrapped []byte, place string) ([]byte, error) {
			return p.s.cfg.Keys.Open(ctx, t, wrapped, place)
		})
		if err != nil {
			yield(piece{}, err)
			return
		}
		defer b.Close()
		o := sheet.Options{Limits: p.s.cfg.Limits}
		if p.m != nil {
			o = p.m.Options()
			o.Limits = p.s.cfg.Limits
		}
		number := -1
		for table, err := range sheet.Tables(ctx, b, b.Size(), p.i.Name, o) {
			number++
			if err != nil {
				yield(piece{}, err)
				return
			}
			if number < p.from.Table {
				continue
			}
			if !p.table(ctx, table, number, n, yield) {
				return
			}
		}
		if number < 0 {
			yield(piece{}, qingyuan.FieldErrorf("file", "there is no table in it"))
		}
	}
}

// table yields the pieces of one table; false where the reading ends.
func (p *pass) table(ctx context.Context, t *sheet.Table, number, n int, yield func(piece, error) bool) bool {
	event, err := p.reader(t)
	if err != nil {
		yield(piece{}, err)
		return false
	}
	some := piece{}
	row := -1
	for r, err := range t.Rows {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			yield(piece{}, err)
			return false
		}
		row++
		if number == p.from.Table && row < p.from.Row {
			continue
		}
		rec := record{file: t.Name, line: r.Line, err: r.Err}
		if rec.err == nil {
			rec.body, rec.err = event(r, row)
		}
		some.rows = append(some.rows, rec)
		some.next = place{number, row + 1}
		if len(some.rows) >= n {
			if !yield(some, nil) {
				return false
			}
			some = piece{}
		}
	}
	return len(some.rows) == 0 || yield(some, nil)
}

// reader says how a row of the table becomes an event. Errors: invalid where the columns are not those of the mapping.
func (p *pass) reader(t *sheet.Table) (func(sheet.Row, int) ([]byte, error), error) {
	switch {
	case t.Header == nil && p.m == nil:
		return func(r sheet.Row, _ int) ([]byte, error) { return append([]byte(nil), r.Raw...), nil }, nil
	case t.Header == nil:
		return func(r sheet.Row, row int) ([]byte, error) { return p.m.Object(r.Raw, row) }, nil
	case p.m == nil:
		return nil, qingyuan.FieldErrorf("file", "%s has columns: name the mapping that says what they mean", t.Format)
	}
	b, err := p.m.Bind(t.Header)
	if err != nil {
		return nil, err
	}
	return func(r sheet.Row, row int) ([]byte, error) { return b.Event(r.Cells, row) }, nil
}

// each runs fn for every row that has no error yet, several at once; an invalid one becomes the row's error. Errors: any other.
func each(rows []record, fn func(*record) error) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	n := workers()
	for w := range n {
		wg.Go(func() {
			for k := w; k < len(rows); k += n {
				if rows[k].err != nil {
					continue
				}
				err := fn(&rows[k])
				if code := qingyuan.CodeOf(err); err == nil || code == qingyuan.Invalid {
					rows[k].err = err
					continue
				}
				mu.Lock()
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return failed
}

func refusalOfRow(r *record) Refusal {
	return Refusal{File: r.file, Line: r.line, Reason: intake.Explained(r.err)}
}

var refusalRow = store.Into("import_refusal", "import", "dry", "n", "sealed")

// refuse stores refusals, numbered from before on.
func (p *pass) refuse(tx *store.Tx, dry bool, before int64, all []Refusal) error {
	for n, r := range all {
		if before+int64(n) >= maxRefusals {
			return nil
		}
		plain, err := json.Marshal(r)
		if err != nil {
			return err
		}
		tx.Insert(refusalRow, p.i.ID, dry, before+int64(n), p.key.Seal(plain, refusalOf(p.i.ID)))
	}
	return nil
}

// check is the job of the dry run: everything but storing.
func (s *Service) check(ctx context.Context, r *jobs.Run) error {
	p, ok, err := s.begin(ctx, r, Checking)
	if err != nil || !ok {
		return err
	}
	dry := p.i.Dry
	for some, err := range p.pieces(ctx, r.Tenant, 4*s.cfg.Piece) {
		if err != nil {
			return s.fail(ctx, r, p, err)
		}
		now := s.cfg.DB.Now().UTC()
		err = each(some.rows, func(rec *record) error {
			_, err := intake.Parse(rec.body, now, s.cfg.Events.Limits())
			return err
		})
		if err != nil {
			return err
		}
		var refused []Refusal
		for k := range some.rows {
			if some.rows[k].err != nil {
				refused = append(refused, refusalOfRow(&some.rows[k]))
			}
		}
		err = s.step(ctx, r, some.next, func(tx *store.Tx) error {
			if err := p.refuse(tx, true, dry.Refused, refused); err != nil {
				return err
			}
			return s.mine(tx.Exec(`UPDATE import SET dry_rows = dry_rows + $3, dry_refused = dry_refused + $4 WHERE tenant = $1 AND id = $2 AND state = 'checking'`,
				p.i.ID, len(some.rows), len(refused)))
		})
		if err != nil {
			return err
		}
		dry.add(Tally{Rows: int64(len(some.rows)), Refused: int64(len(refused))})
		r.Progress(dry.Rows, 0, fmt.Sprintf("%d refused", dry.Refused))
	}
	return r.Commit(ctx, func(tx *store.Tx) error {
		return s.mine(tx.Exec(`UPDATE import SET state = 'checked', checked_at = $3 WHERE tenant = $1 AND id = $2 AND state = 'checking'`, p.i.ID, tx.Now().UnixMicro()))
	})
}

// step stores one piece and the place after it.
func (s *Service) step(ctx context.Context, r *jobs.Run, next place, fn func(*store.Tx) error) error {
	checkpoint, err := json.Marshal(next)
	if err != nil {
		return err
	}
	return r.Step(ctx, checkpoint, fn)
}

// mine is an error where an update met no row: the import was cancelled meanwhile.
func (s *Service) mine(n int64, err error) error {
	if err == nil && n == 0 {
		err = qingyuan.Errorf(qingyuan.Conflict, "the import was cancelled")
	}
	return err
}

// fail ends the import where err is one of its file; any other error is the job's.
func (s *Service) fail(ctx context.Context, r *jobs.Run, p *pass, err error) error {
	if qingyuan.CodeOf(err) != qingyuan.Invalid {
		return err
	}
	reason := p.key.Seal([]byte(qingyuan.AsError(err).Message), errorOf(p.i.ID))
	return r.Commit(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE import SET state = 'failed', finished_at = $3, error = $4 WHERE tenant = $1 AND id = $2 AND state IN ('checking', 'running')`, p.i.ID, tx.Now().UnixMicro(), reason)
		if err != nil || r.Kind == jobCheck { // a dry run changes nothing that others look at
			return err
		}
		return emit(tx, "import.finished", p.i.ID, r.By)
	})
}

// run is the job that stores.
func (s *Service) run(ctx context.Context, r *jobs.Run) error {
	p, ok, err := s.begin(ctx, r, Running)
	if err != nil || !ok {
		return err
	}
	sum := p.i.Tally
	for some, err := range p.pieces(ctx, r.Tenant, s.cfg.Piece) {
		if err != nil {
			return s.fail(ctx, r, p, err)
		}
		err = each(some.rows, func(rec *record) (err error) {
			if rec.prepared, err = s.cfg.Events.Prepare(ctx, r.Tenant, rec.body, ""); err == nil {
				rec.signals = s.cfg.Recorder.Detect(ctx, &rec.prepared.Event)
			}
			return err
		})
		if err != nil {
			return err
		}
		var got Tally
		err = s.step(ctx, r, some.next, func(tx *store.Tx) (err error) {
			got, err = s.store(tx, p, some.rows, sum.Refused)
			return err
		})
		if err != nil {
			return err
		}
		sum.add(got)
		r.Progress(sum.Rows, p.i.Dry.Rows, fmt.Sprintf("%d stored, %d repeated, %d refused", sum.Stored, sum.Repeated, sum.Refused))
	}
	return r.Commit(ctx, func(tx *store.Tx) error { return s.finish(tx, r, p.i.ID) })
}

// store records the rows of one piece in a command, with the refusals and the counts. It may run more than once.
func (s *Service) store(tx *store.Tx, p *pass, rows []record, refusedBefore int64) (Tally, error) {
	known, err := s.known(tx, rows)
	if err != nil {
		return Tally{}, err
	}
	got := Tally{Rows: int64(len(rows))}
	var refused []Refusal
	before, err := tx.LastSeq()
	if err != nil {
		return got, err
	}
	for k := range rows {
		rec := rows[k]
		if rec.err == nil {
			e := &rec.prepared.Event
			id := [2]string{e.Source, e.ExternalID}
			hash, repeated := known[id]
			switch {
			case !repeated:
				rec.err = s.cfg.Recorder.RecordWithin(tx, rec.prepared, rec.signals)
				if code := qingyuan.CodeOf(rec.err); rec.err != nil && code != qingyuan.Invalid && code != qingyuan.Conflict {
					return got, rec.err
				}
				if rec.err == nil {
					known[id] = rec.prepared.BodyHash
					got.Stored++
				}
			case hash == rec.prepared.BodyHash:
				got.Repeated++
			default:
				rec.err = qingyuan.Errorf(qingyuan.Conflict, "an event of this source and id is on record with other content")
			}
		}
		if rec.err != nil {
			refused = append(refused, refusalOfRow(&rec))
		}
	}
	got.Refused = int64(len(refused))
	if err := p.refuse(tx, false, refusedBefore, refused); err != nil {
		return got, err
	}
	after, err := tx.LastSeq()
	if err != nil {
		return got, err
	}
	return got, s.mine(tx.Exec(`UPDATE import SET rows_in = rows_in + $3, stored = stored + $4, repeated = repeated + $5, refused = refused + $6,
		first_seq = coalesce(first_seq, $7), last_seq = $8 WHERE tenant = $1 AND id = $2 AND state = 'running'`, p.i.ID, got.Rows, got.Stored, got.Repeated, got.Refused, before, after))
}

// known finds which of the rows' events are on record, by source and external id.
func (s *Service) known(tx *store.Tx, rows []record) (map[[2]string][32]byte, error) {
	ids := map[string][]string{}
	for k := range rows {
		if rows[k].err == nil {
			e := &rows[k].prepared.Event
			ids[e.Source] = append(ids[e.Source], e.ExternalID)
		}
	}
	all := map[[2]string][32]byte{}
	for source, some := range ids {
		known, err := s.cfg.Events.Known(tx, source, some)
		if err != nil {
			return nil, err
		}
		for id, hash := range known {
			all[[2]string{source, id}] = hash
		}
	}
	return all, nil
}

// finish ends the run: the events that are really on record are counted once.
func (s *Service) finish(tx *store.Tx, r *jobs.Run, id string) error {
	i, err := s.get(tx, id)
	if err != nil {
		return err
	}
	var counted any
	if i.Source != "" {
		if counted, err = s.cfg.Events.CountOf(tx, i.Source, i.firstSeq, i.lastSeq); err != nil {
			return err
		}
	}
	err = s.mine(tx.Exec(`UPDATE import SET state = 'done', finished_at = $3, counted = $4 WHERE tenant = $1 AND id = $2 AND state = 'running'`, id, tx.Now().UnixMicro(), counted))
	if err != nil {
		return err
	}
	return emit(tx, "import.finished", id, r.By)
}
