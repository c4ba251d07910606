package intel

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/text"
	"qingyuan/internal/store"
)

// Run is one reading of the record for what is new.
type Run struct {
	ID        string
	State     string // running, done, failed
	Rules     string // version
	Requester string
	AsOf      time.Time // the end of the recent days
	StartedAt time.Time
	EndedAt   time.Time
	Texts     int // read
	Found     int
	Fresh     int // of those found: new in the queue
	Error     string
}

// The states of a run.
const (
	Running = "running"
	Done    = "done"
	Failed  = "failed"
)

// Start begins a run in the background; asOf is the end of the recent days, zero is now. Errors: conflict where one is under way.
func (s *Service) Start(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, asOf time.Time) (*Run, error) {
	r := &Run{ID: qingyuan.NewID("run", s.cfg.DB.Now()), State: Running, Rules: s.rules.Version, Requester: actor.ID, AsOf: asOf, StartedAt: s.cfg.DB.Now().UTC()}
	if asOf.IsZero() {
		r.AsOf = r.StartedAt
	}
	if _, busy := s.running.LoadOrStore(tenant, r.ID); busy {
		return nil, qingyuan.Errorf(qingyuan.Conflict, "a run is under way")
	}
	err := s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO discovery_run (tenant, id, state, rules, requester, as_of, started_at, texts, found, fresh, error)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, '')`, r.ID, r.State, r.Rules, r.Requester, r.AsOf.UnixMicro(), r.StartedAt.UnixMicro())
		return err
	})
	if err != nil {
		s.running.Delete(tenant)
		return nil, err
	}
	begun := *r
	s.work.Go(func() {
		defer s.running.Delete(tenant)
		s.run(context.WithoutCancel(ctx), tenant, r)
	})
	return &begun, nil
}

// run reads the record and stores what was found and how the run ended.
func (s *Service) run(ctx context.Context, tenant qingyuan.Tenant, r *Run) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	found, err := s.discover(ctx, tenant, r)
	if err == nil {
		r.Found = len(found)
		r.Fresh, err = s.keep(ctx, tenant, found)
	}
	if r.State = Done; err != nil {
		r.State, r.Error = Failed, "the run failed: "+string(qingyuan.CodeOf(err))
		s.cfg.Log.ErrorContext(ctx, "discovery failed", "tenant", tenant, "run", r.ID, "error", err)
	}
	r.EndedAt = s.cfg.DB.Now().UTC()
	err = s.cfg.DB.Write(context.WithoutCancel(ctx), tenant, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE discovery_run SET state = $3, ended_at = $4, texts = $5, found = $6, fresh = $7, error = $8 WHERE tenant = $1 AND id = $2`,
			r.ID, r.State, r.EndedAt.UnixMicro(), r.Texts, r.Found, r.Fresh, r.Error)
		return err
	})
	if err != nil {
		s.cfg.Log.ErrorContext(ctx, "the end of a discovery run is not on record", "tenant", tenant, "run", r.ID, "error", err)
	}
}

// discover reads the texts of both periods and returns what is new in them. It changes nothing.
func (s *Service) discover(ctx context.Context, tenant qingyuan.Tenant, r *Run) ([]Candidate, error) {
	c, err := s.read(ctx, tenant, r)
	if err != nil {
		return nil, err
	}
	r.Texts = len(c.recent.docs) + len(c.before.docs)
	var found []Candidate
	for _, group := range authorGroups {
		var docs []*document
		for _, d := range slices.Concat(c.recent.docs, c.before.docs) {
			if slices.Contains(group, d.author) {
				docs = append(docs, d)
			}
		}
		found = append(found, s.terms(ctx, tenant, r, group[0], docs)...)
		found = append(found, s.variants(r, group[0], docs)...)
	}
	growing, err := s.growing(tenant, r)
	found = append(found, growing...)
	slices.SortStableFunc(found, func(a, b Candidate) int { return cmp.Compare(b.Score, a.Score) })
	return found[:min(len(found), s.rules.Queue)], err
}

// authorGroups are the kinds of author whose words are looked at, each group for itself, under the name of its first. Operators and the lender are in
// none: what they write is not their customers' slang.
var authorGroups = [][]qingyuan.AuthorKind{
	{qingyuan.AuthorCustomer, qingyuan.AuthorOCR},
	{qingyuan.AuthorPublic, qingyuan.AuthorAgent},
	{qingyuan.AuthorSpeech},
}

// corpus is what a run reads.
type corpus struct{ recent, before sample }

// sample keeps at most so many texts, each with the same chance.
type sample struct {
	docs []*document
	met  int
	most int
	dice *rand.Rand
}

func (s *sample) add(d *document) {
	if s.met++; len(s.docs) < s.most {
		s.docs = append(s.docs, d)
		return
	}
	if i := s.dice.IntN(s.met); i < s.most {
		s.docs[i] = d
	}
}

// read samples the texts of the recent days and of the days before.
func (s *Service) read(ctx context.Context, tenant qingyuan.Tenant, r *Run) (*corpus, error) {
	dice := rand.New(rand.NewPCG(1, uint64(r.AsOf.UnixMicro()))) // the same run reads the same texts
	c := &corpus{recent: sample{most: s.rules.MaxTexts / 2, dice: dice}, before: sample{most: s.rules.MaxTexts / 2, dice: dice}}
	day := 24 * time.Hour
	recent := r.AsOf.Add(-time.Duration(s.rules.RecentDays) * day)
	since := recent.Add(-time.Duration(s.rules.ReferenceDays) * day)
	for _, kind := range texted {
		err := s.cfg.Events.Each(ctx, tenant, kind, since, func(e *qingyuan.Event) {
			if e.EffectiveAt.After(r.AsOf) {
				return
			}
			for _, w := range text.Texts(e) {
				if w.Author == qingyuan.AuthorOperator || w.Author == qingyuan.AuthorLender {
					continue
				}
				d := s.document(tenant, e, w)
				if d.recent = !e.EffectiveAt.Before(recent); d.recent {
					c.recent.add(d)
					continue
				}
				c.before.add(d)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	for _, d := range slices.Concat(c.recent.docs, c.before.docs) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.look(ctx, tenant, d)
	}
	return c, nil
}

// document is a text before anything is looked at.
func (s *Service) document(tenant qingyuan.Tenant, e *qingyuan.Event, w text.Written) *document {
	d := &document{id: text.TextID(e.ID, w.Path), author: w.Author, writer: writerOf(e), city: text.City(e), at: e.EffectiveAt.UnixMicro()}
	d.unit = d.id
	if f := s.cfg.Texts.FamilyID(tenant, d.id); f != "" {
		d.unit = f
	}
	runes := 0
	for i := range w.Text {
		if runes++; runes > s.rules.MaxText {
			w.Text = w.Text[:i]
			break
		}
	}
	d.raw = w.Text
	return d
}

// look notes what is known to speak against a text, and reads it into symbols.
func (s *Service) look(ctx context.Context, tenant qingyuan.Tenant, d *document) {
	if found, err := s.cfg.Texts.Scan(ctx, tenant, d.raw); err == nil {
		for i := range found.Hits {
			h := &found.Hits[i]
			if h.Context != "" {
				continue
			}
			d.suspect = d.suspect || !h.Weak
			if d.typology == "" && !h.Weak {
				d.typology = h.Typology
			}
			if h.Disguised() && len(d.disguise) < 20 {
				d.disguise = append(d.disguise, disguised{h.Term, h.Text, h.Raw, h.Span})
			}
		}
	}
	d.suspect = d.suspect || s.cfg.Texts.Suspicious(d.raw)
	d.symbols, d.start, d.end = s.cfg.Texts.Symbols(d.raw)
	d.raw = ""
}

// terms are the new words of one group of authors.
func (s *Service) terms(ctx context.Context, tenant qingyuan.Tenant, r *Run, author qingyuan.AuthorKind, docs []*document) (found []Candidate) {
	typologies := map[string]qingyuan.Typology{}
	for _, d := range docs {
		typologies[d.id] = d.typology
	}
	for _, w := range words(docs, &s.rules, s.cfg.Texts.Unusual) {
		name := string(w.runes)
		if s.known(ctx, tenant, name) {
			continue
		}
		c := Candidate{Kind: Term, Author: author, Score: w.score, Texts: w.texts, Writers: w.writers, First: time.UnixMicro(w.first).UTC(),
			Last: time.UnixMicro(w.last).UTC(), Run: r.ID, Detail: Detail{Word: name, Recent: w.recent, Reference: w.reference, Suspicious: w.suspect,
				Burst: w.burst, Association: w.association, Cohesion: w.cohesion, Entropy: w.entropy, Cities: w.cities, Evidence: w.evidence}}
		votes := map[qingyuan.Typology]int{}
		for _, p := range w.evidence {
			if t := typologies[p.Text]; t != "" {
				if votes[t]++; votes[t] > votes[c.Detail.Typology] {
					c.Detail.Typology = t
				}
			}
		}
		found = append(found, c)
	}
	return found
}

// known says whether a word holds a known term, or is one in another form.
func (s *Service) known(ctx context.Context, tenant qingyuan.Tenant, word string) bool {
	r, err := s.cfg.Texts.Scan(ctx, tenant, word)
	return err != nil || len(r.Hits) > 0
}

// variants are known terms in a form that several writers use.
func (s *Service) variants(r *Run, author qingyuan.AuthorKind, docs []*document) (found []Candidate) {
	type form struct{ term, raw string }
	at := map[form]*Candidate{}
	writers := map[form]map[string]bool{}
	for _, d := range docs {
		for _, x := range d.disguise {
			f := form{x.term, strings.ToLower(x.raw)}
			c := at[f]
			if c == nil {
				c = &Candidate{Kind: Variant, Author: author, Run: r.ID, First: time.UnixMicro(d.at).UTC(), Detail: Detail{Word: f.raw, Term: x.term, TermText: x.name, Typology: d.typology}}
				at[f], writers[f] = c, map[string]bool{}
			}
			when := time.UnixMicro(d.at).UTC()
			if when.Before(c.First) {
				c.First = when
			}
			if when.After(c.Last) {
				c.Last = when
			}
			c.Texts++
			if d.recent {
				c.Detail.Recent++
			} else {
				c.Detail.Reference++
			}
			if !writers[f][d.writer] {
				writers[f][d.writer] = true
				if len(c.Detail.Evidence) < s.rules.Evidence {
					c.Detail.Evidence = append(c.Detail.Evidence, place{d.id, x.span})
				}
			}
		}
	}
	for f, c := range at {
		if c.Writers = len(writers[f]); c.Writers >= s.rules.MinWriters && c.Detail.Recent > 0 {
			c.Detail.Suspicious = c.Texts
			c.Score = math.Log1p(float64(c.Writers)) + math.Log1p(float64(c.Detail.Recent))
			found = append(found, *c)
		}
	}
	slices.SortFunc(found, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Detail.Word, b.Detail.Word))
	})
	return found
}

// growing are the templates that more and more writers use and that nobody has judged.
func (s *Service) growing(tenant qingyuan.Tenant, r *Run) (found []Candidate, err error) {
	recent := r.AsOf.AddDate(0, 0, -s.rules.RecentDays)
	all, err := s.cfg.Texts.Survey(tenant, s.rules.FamilyRecent, recent)
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		if f.Innocent != "" || f.Recent < s.rules.FamilyRecent || f.Author == qingyuan.AuthorOperator || f.Author == qingyuan.AuthorLender {
			continue
		}
		before := f.Size - f.Recent
		rate := float64(f.Recent) / float64(s.rules.RecentDays) / (float64(max(before, 1)) / float64(s.rules.ReferenceDays))
		if before > 0 && rate < s.rules.FamilyGrowth || f.Subjects > 0 && f.Subjects < s.rules.FamilyWriters {
			continue
		}
		whole, err := s.cfg.Texts.Family(tenant, f.ID)
		if err != nil {
			continue // it was joined to another meanwhile
		}
		c := Candidate{Kind: Growing, Author: f.Author, Texts: f.Size, Writers: max(f.Subjects, 1), First: f.First, Last: f.Last, Run: r.ID,
			Score:  math.Sqrt(2*float64(f.Recent)*math.Log(max(rate, 1))) + math.Log1p(float64(f.Subjects)+float64(f.Cities)),
			Detail: Detail{Family: whole.ID, Recent: f.Recent, Reference: before, Cities: whole.Cities}}
		for _, m := range whole.Members[max(0, len(whole.Members)-s.rules.Evidence):] {
			c.Detail.Evidence = append(c.Detail.Evidence, place{Text: m.ID})
		}
		if s.cfg.Texts.Registered(tenant, whole.Representative) == "" {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Detail.Family, b.Detail.Family))
	})
	return found, nil
}
