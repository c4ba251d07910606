package intel

import (
	"context"
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/intake"
	"qingyuan/internal/keys"
	"qingyuan/internal/prevent/text"
	"qingyuan/internal/store"
)

// Config says what the base stands on.
type Config struct {
	DB     *store.DB
	Keys   *keys.Ring
	Events *intake.Service
	Texts  *text.Detector
	Rules  *Rules // of discovery; nil: those shipped
	Log    *slog.Logger
}

// Service keeps the black/grey base.
type Service struct {
	cfg   Config
	rules Rules

	adopting sync.Mutex // one matcher is built at a time
}

// New makes a service.
func New(cfg Config) (*Service, error) {
	if cfg.DB == nil || cfg.Keys == nil || cfg.Events == nil || cfg.Texts == nil {
		return nil, qingyuan.Errorf(qingyuan.Internal, "the black/grey base needs a database, keys, intake and the text detector")
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	s := &Service{cfg: cfg}
	if cfg.Rules != nil {
		s.rules = *cfg.Rules
		return s, nil
	}
	var err error
	s.rules, err = ShippedRules()
	return s, err
}

// Blind is what a text detector is given as [text.Config.Blind]: the blind key of a contact as it stands in a text.
func Blind(ring *keys.Ring) func(qingyuan.Tenant, qingyuan.EntityKind, string) string {
	return func(t qingyuan.Tenant, kind qingyuan.EntityKind, value string) string {
		value, err := intake.NormaliseEntity(kind, value)
		if err != nil {
			return ""
		}
		key, err := ring.Blind(context.Background(), t, kind, value)
		if err != nil {
			return ""
		}
		return key
	}
}

// Secret is what a text detector is given as [text.Config.Secret]: a number from the tenant's keys.
func Secret(ring *keys.Ring) func(qingyuan.Tenant) (uint64, error) {
	return func(t qingyuan.Tenant) (uint64, error) {
		key, err := ring.Blind(context.Background(), t, "text.family", "shingles")
		if err != nil {
			return 0, err
		}
		return strconv.ParseUint(key[:16], 16, 64)
	}
}

// Adopt has the text detector read the tenant's texts by what is confirmed now, where it does not yet.
func (s *Service) Adopt(ctx context.Context, tenant qingyuan.Tenant) error {
	s.adopting.Lock()
	defer s.adopting.Unlock()
	var now int64
	_, err := s.cfg.DB.Get(ctx, tenant, `SELECT coalesce(max(seq), 0) FROM knowledge_change WHERE tenant = $1`, nil, &now)
	if err != nil || now == s.cfg.Texts.Version(tenant) {
		return err
	}
	var k text.Knowledge
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		k, err = knowledge(tx)
		return err
	})
	if err != nil {
		return err
	}
	return s.cfg.Texts.Adopt(tenant, k)
}

// RequestLexicon asks for a change of the lexicon; candidate is the id of the find that led to it, or empty.
func (s *Service) RequestLexicon(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, c LexiconChange, candidate, reason string) (*audit.Approval, error) {
	var subject string
	for _, t := range c.Terms {
		subject = strings.TrimPrefix(subject+" "+t.ID, " ")
	}
	for _, id := range c.Remove {
		subject = strings.TrimPrefix(subject+" −"+id, " ")
	}
	p := proposal{Candidate: candidate, Lexicon: &c, Reason: reason}
	return s.request(ctx, tenant, audit.Proposal{Kind: KindLexicon, Subject: cutTo(subject, 200), Requester: actor, Reason: reason}, p, func(tx *store.Tx) error {
		_, err := s.nextLexicon(tx, &c)
		return err
	})
}

func cutTo(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// nextLexicon is the version that the change makes of the newest one.
func (s *Service) nextLexicon(tx *store.Tx, c *LexiconChange) (*LexiconVersion, error) {
	was, err := newest(tx)
	if err != nil {
		return nil, err
	}
	v := &LexiconVersion{}
	if was != nil {
		v.Lexicon = was.Lexicon
	}
	if v.Lexicon, err = c.apply(v.Lexicon, tx.Now().UTC().Format(time.DateOnly)); err != nil {
		return nil, err
	}
	v.Version = v.Lexicon.Version
	return v, nil
}

// request opens an approval where check agrees.
func (s *Service) request(ctx context.Context, tenant qingyuan.Tenant, p audit.Proposal, payload proposal, check func(*store.Tx) error) (a *audit.Approval, err error) {
	encoded, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	p.Payload = string(encoded)
	err = s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		if err := check(tx); err != nil {
			return err
		}
		if a, err = audit.Request(tx, p); err != nil || payload.Candidate == "" {
			return err
		}
		return s.propose(tx, payload.Candidate, p.Requester.ID, a.ID)
	})
	return a, err
}

// Approve adds the voter's agreement to a request of this package; with the last one needed it takes effect in the same transaction, and
// this process reads texts by it before the call returns. Errors: those of [audit.Approve]; those of what takes effect.
func (s *Service) Approve(ctx context.Context, b audit.Ballot) (*audit.Approval, error) {
	a, err := b.Cast(ctx, s.cfg.DB, func(tx *store.Tx, a *audit.Approval) error {
		p, err := parseProposal(a.Payload)
		if err != nil {
			return err
		}
		by := decided{a.Requester, a.ID, p.Reason}
		switch {
		case p.Lexicon != nil:
			err = s.publish(tx, p.Lexicon, by)
		case p.Template != nil:
			err = register(tx, p.Template, by)
		case p.Contact != nil:
			err = mark(tx, p.Contact, by)
		}
		if err == nil && p.Candidate != "" {
			err = s.settle(tx, p.Candidate, Confirmed)
		}
		return err
	})
	if err == nil && a.State == audit.Approved {
		err = s.Adopt(ctx, b.Tenant)
	}
	return a, err
}

// publish stores the next version of the lexicon.
func (s *Service) publish(tx *store.Tx, c *LexiconChange, by decided) error {
	v, err := s.nextLexicon(tx, c)
	if err != nil {
		return err
	}
	content, err := json.Marshal(v.Lexicon)
	if err != nil {
		return err
	}
	seq, err := changed(tx, KindLexicon, "lexicon@"+strconv.Itoa(v.Version), by)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO lexicon_version (tenant, version, seq, content, hash, requester, approval, reason, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, v.Version, seq, string(content), audit.HashOf(string(content)), by.requester, by.approval, by.reason, tx.Now().UnixMicro())
	return err
}

// Lexicon reads a version of the tenant's own lexicon; version 0 is the newest. Errors: not_found.
func (s *Service) Lexicon(ctx context.Context, tenant qingyuan.Tenant, number int) (v *LexiconVersion, err error) {
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		if number == 0 {
			v, err = newest(tx)
			return err
		}
		all, err := lexicons(tx, `version = $2`, number)
		if err == nil && len(all) == 0 {
			err = qingyuan.Errorf(qingyuan.NotFound, "the lexicon has no version %d", number)
		}
		if err == nil {
			v = &all[0]
		}
		return err
	})
	if err == nil && v == nil {
		v = &LexiconVersion{}
	}
	return v, err
}

// Lexicons reads the versions before a number, newest first; 0 is all.
func (s *Service) Lexicons(ctx context.Context, tenant qingyuan.Tenant, before, limit int) (all []LexiconVersion, err error) {
	if before <= 0 {
		before = 1 << 31
	}
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		all, err = lexicons(tx, `version < $2 ORDER BY version DESC LIMIT $3`, before, limit)
		return err
	})
	return all, err
}

// TermID is the id of a new term of the tenant's own: the same word gets the same id.
func (s *Service) TermID(ctx context.Context, tenant qingyuan.Tenant, word string) (string, error) {
	key, err := s.cfg.Keys.Blind(ctx, tenant, "text.term", word)
	if err != nil {
		return "", err
	}
	return "own-" + key[:12], nil
}

// Watch adopts what other processes confirmed and gathers contacts, until ctx ends.
func (s *Service) Watch(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		tenants, err := s.cfg.DB.Tenants(ctx)
		for _, t := range tenants {
			if err == nil {
				err = s.Adopt(ctx, t)
			}
			if err == nil {
				err = s.Gather(ctx, t)
			}
		}
		if err != nil && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "the black/grey base will try again", "error", err)
		}
	}
}
