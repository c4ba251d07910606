package intel

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/keys"
	"qingyuan/internal/prevent/text/lexicon"
	"qingyuan/internal/store"
)

// The kinds of candidate.
const (
	Term    = "term"     // a new word
	Variant = "variant"  // a known term in another form
	Growing = "template" // a template that grows
)

// The states of a candidate.
const (
	Waiting   = "new"
	Proposed  = "proposed" // an approval is open
	Confirmed = "confirmed"
	Rejected  = "rejected" // by an analyst; new again once it has grown
)

// Candidate is something new in the texts of the record that waits for an analyst.
type Candidate struct {
	ID        string
	Kind      string
	Author    qingyuan.AuthorKind // who writes so
	State     string
	Score     float64
	Texts     int
	Writers   int
	First     time.Time
	Last      time.Time
	Detail    Detail
	Run       string
	Judge     string // who confirmed or rejected it last
	Reason    string // of the rejection
	Approval  string
	UpdatedAt time.Time
}

// Detail is what was measured of a candidate. It is sealed on disk: a word may be a name.
type Detail struct {
	Word        string            `json:"word"`
	Term        string            `json:"term,omitempty"`      // of a variant: the id of the known term
	TermText    string            `json:"term_text,omitempty"` // and its words
	Family      string            `json:"family,omitempty"`    // of a template
	Typology    qingyuan.Typology `json:"typology,omitempty"`  // suggested: of the known terms it stands beside
	Recent      int               `json:"recent"`
	Reference   int               `json:"reference"`
	Suspicious  int               `json:"suspicious"` // texts against which something known speaks
	Burst       float64           `json:"burst"`      // signed root of G², recent against before
	Association float64           `json:"association"`
	Cohesion    float64           `json:"cohesion"`
	Entropy     float64           `json:"entropy"`
	Cities      []string          `json:"cities,omitempty"`
	Evidence    []place           `json:"evidence"`
}

func candidateAs(id string) string { return "candidate|" + id }

// CandidateFilter narrows the queue; it comes by score, the highest first.
type CandidateFilter struct {
	State, Kind string
	Before      int64 // score in thousandths and id of the last one of the page before
	ID          string
	Limit       int
}

const candidateColumns = `id, kind, author, state, score, texts, writers, first_seen, last_seen, detail, run, judge, reason, approval, updated_at`

// Candidates reads the queue.
func (s *Service) Candidates(ctx context.Context, tenant qingyuan.Tenant, f CandidateFilter) (all []Candidate, err error) {
	if f.Before <= 0 {
		f.Before = 1 << 62
	}
	if err := s.release(ctx, tenant); err != nil {
		return nil, err
	}
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		all, err = s.candidates(tx, `(state = $2 OR $2 = '') AND (kind = $3 OR $3 = '') AND (score < $4 OR (score = $4 AND id > $5))
			ORDER BY score DESC, id LIMIT $6`, f.State, f.Kind, f.Before, f.ID, f.Limit)
		return err
	})
	return all, err
}

// Candidate reads one. Errors: not_found.
func (s *Service) Candidate(ctx context.Context, tenant qingyuan.Tenant, id string) (c *Candidate, err error) {
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		c, err = s.candidate(tx, id)
		return err
	})
	return c, err
}

func (s *Service) candidate(tx *store.Tx, id string) (*Candidate, error) {
	all, err := s.candidates(tx, `id = $2`, id)
	if err == nil && len(all) == 0 {
		err = qingyuan.Errorf(qingyuan.NotFound, "there is no candidate %q", id)
	}
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

func (s *Service) candidates(tx *store.Tx, where string, args ...any) ([]Candidate, error) {
	rows, err := tx.Query(`SELECT `+candidateColumns+` FROM text_candidate WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Candidate
	var sealed [][]byte
	for rows.Next() {
		var c Candidate
		var score, first, last, updated int64
		var b []byte
		err := rows.Scan(&c.ID, &c.Kind, &c.Author, &c.State, &score, &c.Texts, &c.Writers, &first, &last, &b, &c.Run, &c.Judge, &c.Reason, &c.Approval, &updated)
		if err != nil {
			return nil, err
		}
		c.Score, c.First, c.Last, c.UpdatedAt = float64(score)/1000, time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC(), time.UnixMicro(updated).UTC()
		all, sealed = append(all, c), append(sealed, b)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	for i := range all {
		plain, err := s.cfg.Keys.Open(tx.Context(), tx.Tenant(), sealed[i], candidateAs(all[i].ID))
		if err != nil {
			return nil, fmt.Errorf("open candidate %s: %w", all[i].ID, err)
		}
		if err := json.Unmarshal(plain, &all[i].Detail); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// propose notes that an approval is open about a candidate. Errors: not_found; conflict where it is judged or proposed already.
func (s *Service) propose(tx *store.Tx, id, by, approval string) error {
	c, err := s.candidate(tx, id)
	if err != nil {
		return err
	}
	if c.State != Waiting && c.State != Rejected && !(c.State == Proposed && lapsed(tx, c.Approval)) {
		return qingyuan.Errorf(qingyuan.Conflict, "the candidate is %s already", c.State)
	}
	_, err = tx.Exec(`UPDATE text_candidate SET state = $3, judge = $4, approval = $5, updated_at = $6 WHERE tenant = $1 AND id = $2`, id, Proposed, by, approval, tx.Now().UnixMicro())
	return err
}

// lapsed says whether an approval ended without effect.
func lapsed(tx *store.Tx, approval string) bool {
	a, err := audit.Get(tx, approval)
	return err == nil && (a.State == audit.Expired || a.State == audit.Rejected)
}

// release puts candidates back into the queue whose approval ended without effect.
func (s *Service) release(ctx context.Context, tenant qingyuan.Tenant) error {
	var ids []string
	err := s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT id, approval FROM text_candidate WHERE tenant = $1 AND state = $2`, Proposed)
		if err != nil {
			return err
		}
		defer rows.Close()
		open := map[string]string{}
		for rows.Next() {
			var id, approval string
			if err := rows.Scan(&id, &approval); err != nil {
				return err
			}
			open[id] = approval
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
		for id, approval := range open {
			if lapsed(tx, approval) {
				ids = append(ids, id)
			}
		}
		return nil
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	return s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		for _, id := range ids {
			if err := s.settle(tx, id, Waiting); err != nil {
				return err
			}
		}
		return nil
	})
}

// settle ends the proposal about a candidate.
func (s *Service) settle(tx *store.Tx, id, state string) error {
	_, err := tx.Exec(`UPDATE text_candidate SET state = $3, judged_writers = writers, updated_at = $4 WHERE tenant = $1 AND id = $2 AND state = $5`,
		id, state, tx.Now().UnixMicro(), Proposed)
	return err
}

// RejectCandidate takes a candidate out of the queue until it has grown. Errors: not_found; conflict where it is not new.
func (s *Service) RejectCandidate(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, id, reason string) error {
	if n := len([]rune(strings.TrimSpace(reason))); n < 2 || n > 500 {
		return qingyuan.FieldErrorf("reason", "must have 2 to 500 characters")
	}
	return s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		c, err := s.candidate(tx, id)
		if err != nil {
			return err
		}
		if c.State != Waiting {
			return qingyuan.Errorf(qingyuan.Conflict, "the candidate is %s already", c.State)
		}
		_, err = tx.Exec(`UPDATE text_candidate SET state = $3, judged_writers = writers, judge = $4, reason = $5, updated_at = $6 WHERE tenant = $1 AND id = $2`,
			id, Rejected, actor.ID, reason, tx.Now().UnixMicro())
		if err != nil {
			return err
		}
		_, err = tx.Emit("candidate.rejected", id, nil)
		return err
	})
}

// Confirmation says what a candidate is.
type Confirmation struct {
	Word     string // of a term: where other than found
	Sense    qingyuan.Text
	Typology qingyuan.Typology
	Weak     bool
	Match    lexicon.Match
	Also     []string
	Source   string // of the term: where it was seen
	Title    string // of a template
	Reason   string
}

// Confirm asks a second person to agree that a candidate is what the confirmation says: a new term, a variant of a known one, or the
// template of a gang.
func (s *Service) Confirm(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, id string, y Confirmation) (*audit.Approval, error) {
	c, err := s.Candidate(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	if c.Kind == Growing {
		return s.RequestTemplate(ctx, tenant, actor, NewTemplate{Verdict: Gang, Title: y.Title, Typology: y.Typology, TextID: c.Detail.Family, Reason: y.Reason}, id)
	}
	t := lexicon.Term{Text: y.Word, Also: y.Also, Sense: y.Sense, Typology: y.Typology, Weak: y.Weak, Match: y.Match, Source: y.Source,
		Seen: c.First.Format(time.DateOnly)}
	if t.Text == "" {
		t.Text = c.Detail.Word
	}
	if c.Kind == Variant {
		if t, err = s.varied(ctx, tenant, c, t); err != nil {
			return nil, err
		}
	} else if t.ID, err = s.TermID(ctx, tenant, t.Text); err != nil {
		return nil, err
	}
	if t.Source == "" {
		t.Source = "本机构文本中发现 / found in this lender's texts"
	}
	return s.RequestLexicon(ctx, tenant, actor, LexiconChange{Terms: []lexicon.Term{t}}, id, y.Reason)
}

// varied is the known term with the form that was found among its variants.
func (s *Service) varied(ctx context.Context, tenant qingyuan.Tenant, c *Candidate, given lexicon.Term) (lexicon.Term, error) {
	v, err := s.Lexicon(ctx, tenant, 0)
	if err != nil {
		return given, err
	}
	for _, t := range s.cfg.Texts.Terms(v.Lexicon) {
		if t.ID == c.Detail.Term {
			t.Also = append(append([]string{}, t.Also...), c.Detail.Word)
			if given.Sense.ZH != "" {
				t.Sense = given.Sense
			}
			return t, nil
		}
	}
	return given, qingyuan.Errorf(qingyuan.Conflict, "the lexicon no longer has the term %q", c.Detail.Term)
}

// keep stores what a run found: new ones are put into the queue, known ones get their new figures, rejected ones come back where they
// have grown.
func (s *Service) keep(tx *store.Tx, key *keys.Person, found []Candidate) error {
	key.Persist(tx)
	for i := range found {
		c := &found[i]
		name, err := s.cfg.Keys.Blind(tx.Context(), tx.Tenant(), "text.candidate", strings.Join([]string{c.Kind, string(c.Author), c.Detail.Term, c.Detail.Family, c.Detail.Word}, "|"))
		if err == nil {
			err = s.upsert(tx, c, name, key.Seal)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) upsert(tx *store.Tx, c *Candidate, key string, seal func([]byte, string) []byte) error {
	var id, state string
	var judged sql.NullInt64
	known, err := tx.Get(`SELECT id, state, judged_writers FROM text_candidate WHERE tenant = $1 AND key = $2`, []any{key}, &id, &state, &judged)
	if err != nil {
		return err
	}
	if !known {
		id, state = qingyuan.NewID("cnd", tx.Now()), Waiting
	}
	if state == Rejected && float64(c.Writers) >= s.rules.Regrown*float64(max(judged.Int64, 1)) {
		state = Waiting
	}
	detail, err := json.Marshal(c.Detail)
	if err != nil {
		return err
	}
	args := []any{id, key, c.Kind, string(c.Author), state, int64(c.Score * 1000), c.Texts, c.Writers, c.First.UnixMicro(), c.Last.UnixMicro(),
		seal(detail, candidateAs(id)), c.Run, tx.Now().UnixMicro()}
	_, err = tx.Exec(`INSERT INTO text_candidate (tenant, id, key, kind, author, state, score, texts, writers, first_seen, last_seen, detail, run, judged_writers, judge, reason, approval, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, '', '', '', $14)
		ON CONFLICT (tenant, key) DO UPDATE SET state = excluded.state, score = excluded.score, texts = excluded.texts, writers = excluded.writers,
		first_seen = CASE WHEN excluded.first_seen < text_candidate.first_seen THEN excluded.first_seen ELSE text_candidate.first_seen END,
		last_seen = excluded.last_seen, detail = excluded.detail, run = excluded.run, updated_at = excluded.updated_at`, args...)
	return err
}
