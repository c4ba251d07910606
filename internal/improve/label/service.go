package label

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/intake"
	"qingyuan/internal/keys"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/store"
)

// LabelsRecorded is the outbox entry of imported labels; subject: their source; data: how many.
const LabelsRecorded = "label.recorded"

// Service keeps labels.
type Service struct {
	db     *store.DB
	keys   *keys.Ring
	events *intake.Service
}

// New makes a service.
func New(db *store.DB, ring *keys.Ring, events *intake.Service) *Service {
	return &Service{db: db, keys: ring, events: events}
}

// Import asks for an import of closed cases.
type Import struct {
	Source string // the lender's system, such as case-desk
	In     io.Reader
	DryRun bool // only look
}

// Report says what an import did, or would do.
type Report struct {
	DryRun   bool `json:"dry_run"`
	Lines    int  `json:"lines"`
	Cases    int  `json:"cases"`    // that can be imported
	Imported int  `json:"imported"` // new, or with other content than before
	Repeated int  `json:"repeated"` // on record already, with the same content
	// Customers counts the customers the cases are about, Known those of them that the record has events of: only these can be replayed.
	Customers   int         `json:"customers"`
	Known       int         `json:"known"`
	Confirmed   int         `json:"confirmed"`
	Unfounded   int         `json:"unfounded"`
	Wrong       int         `json:"wrong"`
	Errors      []LineError `json:"errors"`       // the first 200
	MedianDelay float64     `json:"median_delay"` // days from opening to closing
}

// chunk is how many labels one transaction records.
const chunk = 500

var sourceShape = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// Import reads closed cases and records them as labels. Where a line is wrong nothing is imported: the report names the lines, and a
// corrected file can be imported as a whole, since what is on record already is passed over. Errors: invalid where the file cannot
// be read at all.
func (s *Service) Import(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, req Import) (*Report, error) {
	if !sourceShape.MatchString(req.Source) {
		return nil, qingyuan.FieldErrorf("source", "must match %s", sourceShape)
	}
	cases, wrongLines, lines, err := ReadCases(req.In, s.db.Now())
	if err != nil {
		return nil, err
	}
	out := &Report{DryRun: req.DryRun, Lines: lines, Cases: len(cases), Wrong: lines - len(cases), Errors: append([]LineError{}, wrongLines...)}
	labels := make([]Label, len(cases))
	for i := range cases {
		if labels[i], err = s.labelOf(ctx, tenant, req.Source, &cases[i]); err != nil {
			return nil, err
		}
		labels[i].Actor = actor.ID
	}
	if err := s.survey(ctx, tenant, labels, out); err != nil {
		return nil, err
	}
	if req.DryRun || out.Wrong > 0 {
		return out, s.compare(ctx, tenant, labels, out)
	}
	for part := range slices.Chunk(labels, chunk) {
		if err := s.record(ctx, tenant, part, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// labelOf blinds the customer of a case.
func (s *Service) labelOf(ctx context.Context, tenant qingyuan.Tenant, source string, c *Case) (Label, error) {
	l := Label{Source: source, Case: c.No, Event: c.Event, Population: c.Population, Typology: c.Typology, Disposition: c.Disposition,
		EffectiveAt: c.OpenedAt.UTC(), ObservedAt: c.ClosedAt.UTC()}
	if c.Customer == "" {
		return l, nil
	}
	value, err := intake.NormaliseEntity(qingyuan.Customer, c.Customer)
	if err != nil {
		return l, qingyuan.FieldErrorf("customer_no", "case %s: %s", c.No, qingyuan.AsError(err).Message)
	}
	l.Customer, err = s.keys.Blind(ctx, tenant, qingyuan.Customer, value)
	return l, err
}

// survey counts what the cases are about.
func (s *Service) survey(ctx context.Context, tenant qingyuan.Tenant, labels []Label, out *Report) error {
	known := map[string]bool{}
	var delays []float64
	for i := range labels {
		l := &labels[i]
		delays = append(delays, l.Delay().Hours()/24)
		if l.Customer != "" {
			known[l.Customer] = false
		}
		switch l.Disposition {
		case Confirmed:
			out.Confirmed++
		case Unfounded:
			out.Unfounded++
		}
	}
	if slices.Sort(delays); len(delays) > 0 {
		out.MedianDelay = delays[len(delays)/2]
	}
	out.Customers = len(known)
	return s.db.Read(ctx, tenant, func(tx *store.Tx) error {
		for key := range known {
			events, err := s.events.Sharing(tx, intake.Sharing{Key: key, To: time.UnixMicro(1 << 60), Limit: 1})
			if err != nil {
				return err
			}
			out.Known += min(len(events), 1)
		}
		return nil
	})
}

// compare counts what is on record already.
func (s *Service) compare(ctx context.Context, tenant qingyuan.Tenant, labels []Label, out *Report) error {
	return s.db.Read(ctx, tenant, func(tx *store.Tx) error {
		for i := range labels {
			same, err := onRecord(tx, &labels[i])
			if err != nil {
				return err
			}
			if same {
				out.Repeated++
			}
		}
		return nil
	})
}

// record stores labels that are not on record in one transaction.
func (s *Service) record(ctx context.Context, tenant qingyuan.Tenant, labels []Label, out *Report) error {
	imported, repeated := 0, 0
	err := s.db.Write(ctx, tenant, func(tx *store.Tx) error {
		imported, repeated = 0, 0
		var fresh []*Label
		for i := range labels {
			same, err := onRecord(tx, &labels[i])
			if err != nil {
				return err
			}
			if same {
				repeated++
				continue
			}
			fresh = append(fresh, &labels[i])
		}
		if imported = len(fresh); imported == 0 {
			return nil
		}
		data, err := json.Marshal(map[string]int{"labels": imported})
		if err != nil {
			return err
		}
		seq, err := tx.Emit(LabelsRecorded, labels[0].Source, data)
		if err != nil {
			return err
		}
		for _, l := range fresh {
			l.Seq, l.RecordedAt = seq, tx.Now().UTC()
			insert(tx, l)
		}
		return nil
	})
	out.Imported += imported
	out.Repeated += repeated
	return err
}

// All gives the labels that stand, in the order in which they were known.
func (s *Service) All(ctx context.Context, tenant qingyuan.Tenant) (all []Label, err error) {
	err = s.db.Read(ctx, tenant, func(tx *store.Tx) error {
		all, err = read(tx, standing+` ORDER BY observed_at, source, case_no`)
		return err
	})
	return all, err
}

// List gives a page of the labels that stand, latest first, and the cursor of the next page, empty at the end.
func (s *Service) List(ctx context.Context, tenant qingyuan.Tenant, page qingyuan.Page) (out []Label, next string, err error) {
	seq, rest, ok, err := page.Keyset()
	if err != nil {
		return nil, "", err
	}
	source, no, _ := strings.Cut(rest, " ")
	if !ok {
		seq = 1 << 62
	}
	err = s.db.Read(ctx, tenant, func(tx *store.Tx) error {
		out, err = read(tx, standing+` AND (l.seq < $2 OR l.seq = $2 AND (l.source > $3 OR l.source = $3 AND l.case_no > $4))
			ORDER BY l.seq DESC, l.source, l.case_no LIMIT `+strconv.Itoa(page.Rows()+1), seq, source, no)
		return err
	})
	if n := page.Rows(); len(out) > n {
		out = out[:n]
		last := out[n-1]
		next = qingyuan.CursorOf(last.Seq, last.Source+" "+last.Case)
	}
	return out, next, err
}

// Cases gives the labels that stand as a backtest takes them: a customer or event with several is adverse where one of its cases
// was confirmed, from the earliest of these on. What is undetermined is left out.
func (s *Service) Cases(ctx context.Context, tenant qingyuan.Tenant) ([]decision.CaseLabel, error) {
	all, err := s.All(ctx, tenant)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b Label) int {
		confirmed := func(l Label) int {
			if l.Disposition == Confirmed {
				return 0
			}
			return 1
		}
		return cmp.Or(confirmed(a)-confirmed(b), a.EffectiveAt.Compare(b.EffectiveAt))
	})
	var out []decision.CaseLabel
	seen := map[string]bool{}
	for _, l := range all {
		about := l.Customer + "|" + l.Event
		if l.Disposition == Undetermined || seen[about] {
			continue
		}
		seen[about] = true
		c := decision.CaseLabel{Key: l.Customer, Event: l.Event, Population: l.Population, Typology: l.Typology}
		if l.Disposition == Confirmed {
			c.AsOf = l.EffectiveAt
		}
		out = append(out, c)
	}
	return out, nil
}
