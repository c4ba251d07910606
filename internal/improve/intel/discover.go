package intel

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/jobs"
	"qingyuan/internal/prevent/text"
	"qingyuan/internal/prevent/text/lexicon"
	"qingyuan/internal/store"
)

// RunKind is the kind of the jobs that look for what is new.
const RunKind = "text.discovery"

// longestRun bounds one run.
const longestRun = 10 * time.Minute

// RunJob is the payload of a run.
type RunJob struct {
	AsOf time.Time `json:"as_of,omitzero"` // the end of the recent days; zero: when the run begins
}

// Found is the result of a run.
type Found struct {
	AsOf  time.Time `json:"as_of"`
	Rules string    `json:"rules"` // version
	Texts int       `json:"texts"` // read
	Found int       `json:"found"`
}

// RegisterRuns lets the queue run discovery: one run at a time, and one every so often for each tenant where every is not 0.
func (s *Service) RegisterRuns(q *jobs.Service, every time.Duration) error {
	if every > 0 {
		q.Every(jobs.Each(every), jobs.Spec{Kind: RunKind, MaxAttempts: 2, By: qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "intel"}})
	}
	return q.Register(RunKind, s.run, jobs.Concurrency(1), jobs.Timeout(longestRun))
}

// Start begins a run in the background. Errors: too_many where one is under way.
func (s *Service) Start(ctx context.Context, q *jobs.Service, tenant qingyuan.Tenant, by qingyuan.Actor, asOf time.Time) (job jobs.Job, err error) {
	payload, err := json.Marshal(RunJob{asOf})
	if err != nil {
		return job, err
	}
	err = s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		if n, err := jobs.Unfinished(tx, RunKind); err != nil || n > 0 {
			if err == nil {
				err = qingyuan.Errorf(qingyuan.TooMany, "a run is under way")
			}
			return err
		}
		job, err = q.Enqueue(tx, jobs.Spec{Kind: RunKind, Payload: payload, MaxAttempts: 2, By: by})
		return err
	})
	return job, err
}

// run reads the record and stores what was found with the end of the job.
func (s *Service) run(ctx context.Context, r *jobs.Run) error {
	var of RunJob
	if len(r.Payload) > 0 {
		if err := r.Decode(&of); err != nil {
			return err
		}
	}
	out := Found{AsOf: of.AsOf, Rules: s.rules.Version}
	if out.AsOf.IsZero() {
		out.AsOf = s.cfg.DB.Now().UTC()
	}
	key, err := s.cfg.Keys.Person(ctx, r.Tenant, "")
	if err != nil {
		return err
	}
	found, err := s.discover(ctx, r.Tenant, r.ID, &out)
	if err != nil {
		return err
	}
	out.Found = len(found)
	if r.Result, err = json.Marshal(out); err != nil {
		return err
	}
	return r.Commit(ctx, func(tx *store.Tx) error { return s.keep(tx, key, found) })
}

// discover reads the texts of both periods and returns what is new in them. It changes nothing.
func (s *Service) discover(ctx context.Context, tenant qingyuan.Tenant, run string, out *Found) ([]Candidate, error) {
	c, err := s.read(ctx, tenant, out.AsOf)
	if err != nil {
		return nil, err
	}
	out.Texts = len(c.recent.docs) + len(c.before.docs)
	var found []Candidate
	for _, group := range authorGroups {
		var docs []*document
		for _, d := range slices.Concat(c.recent.docs, c.before.docs) {
			if slices.Contains(group, d.author) {
				docs = append(docs, d)
			}
		}
		found = append(found, s.terms(ctx, tenant, run, group[0], docs)...)
		found = append(found, s.variants(run, group[0], docs)...)
	}
	growing, err := s.growing(tenant, run, out.AsOf)
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
func (s *Service) read(ctx context.Context, tenant qingyuan.Tenant, asOf time.Time) (*corpus, error) {
	dice := rand.New(rand.NewPCG(1, uint64(asOf.UnixMicro()))) // the same run reads the same texts
	c := &corpus{recent: sample{most: s.rules.MaxTexts / 2, dice: dice}, before: sample{most: s.rules.MaxTexts / 2, dice: dice}}
	day := 24 * time.Hour
	recent := asOf.Add(-time.Duration(s.rules.RecentDays) * day)
	since := recent.Add(-time.Duration(s.rules.ReferenceDays) * day)
	for _, kind := range texted {
		err := s.cfg.Events.Each(ctx, tenant, kind, since, func(e *qingyuan.Event) {
			if e.EffectiveAt.After(asOf) {
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
func (s *Service) terms(ctx context.Context, tenant qingyuan.Tenant, run string, author qingyuan.AuthorKind, docs []*document) (found []Candidate) {
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
			Last: time.UnixMicro(w.last).UTC(), Run: run, Detail: Detail{Word: name, Recent: w.recent, Reference: w.reference, Suspicious: w.suspect,
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

// known says whether a word is a known term, or most of it one, as it stands or in another form: that is no new word.
func (s *Service) known(ctx context.Context, tenant qingyuan.Tenant, word string) bool {
	r, err := s.cfg.Texts.Scan(ctx, tenant, word)
	if err != nil {
		return true
	}
	return slices.ContainsFunc(r.Hits, func(h lexicon.Hit) bool {
		return float64(h.Span.End-h.Span.Start) >= s.rules.Known*float64(len(word))
	})
}

// variants are known terms in a form that several writers use.
func (s *Service) variants(run string, author qingyuan.AuthorKind, docs []*document) (found []Candidate) {
	type form struct{ term, raw string }
	at := map[form]*Candidate{}
	writers := map[form]map[string]bool{}
	for _, d := range docs {
		for _, x := range d.disguise {
			f := form{x.term, strings.ToLower(x.raw)}
			c := at[f]
			if c == nil {
				c = &Candidate{Kind: Variant, Author: author, Run: run, First: time.UnixMicro(d.at).UTC(), Detail: Detail{Word: f.raw, Term: x.term, TermText: x.name, Typology: d.typology}}
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
func (s *Service) growing(tenant qingyuan.Tenant, run string, asOf time.Time) (found []Candidate, err error) {
	recent := asOf.AddDate(0, 0, -s.rules.RecentDays)
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
		c := Candidate{Kind: Growing, Author: f.Author, Texts: f.Size, Writers: max(f.Subjects, 1), First: f.First, Last: f.Last, Run: run,
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
