package intel

import (
	"context"
	"encoding/json"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/intake"
	"qingyuan/internal/keys"
	"qingyuan/internal/prevent/text"
	"qingyuan/internal/store"
)

// NewTemplate is a template to be registered: a text of the record (TextID), or one that is given.
type NewTemplate struct {
	Verdict  string // gang or innocent
	Title    string
	Typology qingyuan.Typology // of a gang's
	Source   string            // of an innocent one: form, media report, …
	TextID   string            // event/path
	Text     string
	Reason   string
}

// RequestTemplate asks for a template to be registered. Errors: invalid; not_found where the text of the record is not there.
func (s *Service) RequestTemplate(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, n NewTemplate, candidate string) (*audit.Approval, error) {
	c := &templateChange{ID: qingyuan.NewID("tpl", s.cfg.DB.Now()), Verdict: n.Verdict, Title: n.Title, Typology: n.Typology, Source: n.Source, TextID: n.TextID}
	if err := checkTitle(n.Title); err != nil {
		return nil, err
	}
	switch n.Verdict {
	case Gang:
		if err := checkTypology(n.Typology); err != nil {
			return nil, err
		}
	case Innocent:
		if c.Typology = ""; n.Source == "" {
			return nil, qingyuan.FieldErrorf("source", "must say where the template comes from")
		}
	default:
		return nil, qingyuan.FieldErrorf("verdict", "must be gang or innocent")
	}
	key, words, err := s.templateText(ctx, tenant, n)
	if err != nil {
		return nil, err
	}
	set, err := s.cfg.Texts.Shingles(tenant, words)
	if err != nil {
		return nil, err
	}
	c.Shingles, c.Sealed = pack(set), key.Seal([]byte(words), templateAs(c.ID))
	p := audit.Proposal{Kind: KindTemplate, Subject: c.ID, Requester: actor, Reason: n.Reason}
	return s.request(ctx, tenant, p, proposal{Candidate: candidate, Template: c, Reason: n.Reason}, func(tx *store.Tx) error {
		key.Persist(tx)
		return nil
	})
}

// templateText finds the text of a new template and the key of whom it is about.
func (s *Service) templateText(ctx context.Context, tenant qingyuan.Tenant, n NewTemplate) (key *keys.Person, words string, err error) {
	if n.TextID == "" {
		key, err = s.cfg.Keys.Person(ctx, tenant, "")
		return key, n.Text, err
	}
	e, w, err := s.text(ctx, tenant, n.TextID)
	if err != nil {
		return nil, "", err
	}
	key, err = s.cfg.Keys.Person(ctx, tenant, e.Subject.Key)
	return key, w.Text, err
}

func templateAs(id string) string { return "template|" + id }

// RequestTemplateRemoval asks for a template to be taken out of the registry.
func (s *Service) RequestTemplateRemoval(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, id, reason string) (*audit.Approval, error) {
	p := audit.Proposal{Kind: KindTemplate, Subject: id, Requester: actor, Reason: reason}
	return s.request(ctx, tenant, p, proposal{Template: &templateChange{ID: id, Remove: true}, Reason: reason}, func(tx *store.Tx) error {
		found, err := tx.Get(`SELECT id FROM text_template WHERE tenant = $1 AND id = $2 AND removed_seq IS NULL`, []any{id}, new(string))
		return missing(found, err, "template", id)
	})
}

func missing(found bool, err error, what, id string) error {
	if err == nil && !found {
		err = qingyuan.Errorf(qingyuan.NotFound, "there is no %s %q in force", what, id)
	}
	return err
}

// register makes a change of the registry of templates take effect.
func register(tx *store.Tx, c *templateChange, by decided) error {
	seq, err := changed(tx, KindTemplate, c.ID, by)
	if err != nil {
		return err
	}
	if c.Remove {
		n, err := tx.Exec(`UPDATE text_template SET removed_seq = $2 WHERE tenant = $1 AND id = $3 AND removed_seq IS NULL`, seq, c.ID)
		return missing(n > 0, err, "template", c.ID)
	}
	_, err = tx.Exec(`INSERT INTO text_template (tenant, id, verdict, title, typology, source, text_id, shingles, sealed, requester, added_seq, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, c.ID, c.Verdict, c.Title, string(c.Typology), c.Source, c.TextID, c.Shingles, c.Sealed,
		by.requester, seq, tx.Now().UnixMicro())
	return err
}

// Templates reads the registered templates, newest first.
func (s *Service) Templates(ctx context.Context, tenant qingyuan.Tenant) (all []Template, err error) {
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		all, err = templates(tx)
		return err
	})
	return all, err
}

// TemplateText is the text of a registered template, masked; empty where its writer was erased.
func (s *Service) TemplateText(ctx context.Context, tenant qingyuan.Tenant, t *Template) (string, error) {
	words, err := s.cfg.Keys.Open(ctx, tenant, t.sealed, templateAs(t.ID))
	if qingyuan.CodeOf(err) == qingyuan.NotFound {
		return "", nil
	}
	return intake.MaskText(string(words)), err
}

// NewMark is a contact to be marked: by its blind key, or by its value in clear.
type NewMark struct {
	Key      string
	Kind     qingyuan.EntityKind
	Value    string
	Verdict  string // agent or lawful
	Typology qingyuan.Typology
	Note     string
	Reason   string
}

// RequestMark asks for a contact to be marked. Errors: invalid; conflict where it is marked already.
func (s *Service) RequestMark(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, n NewMark) (*audit.Approval, error) {
	c := &contactChange{ID: qingyuan.NewID("mrk", s.cfg.DB.Now()), Key: n.Key, Kind: n.Kind, Verdict: n.Verdict, Typology: n.Typology, Note: n.Note}
	switch n.Verdict {
	case Agent:
		if err := checkTypology(n.Typology); err != nil {
			return nil, err
		}
	case Lawful:
		c.Typology = ""
	default:
		return nil, qingyuan.FieldErrorf("verdict", "must be agent or lawful")
	}
	switch n.Kind {
	case qingyuan.Phone, qingyuan.Handle, qingyuan.Email:
	default:
		return nil, qingyuan.FieldErrorf("kind", "must be phone, handle or email")
	}
	if len([]rune(n.Note)) > 500 {
		return nil, qingyuan.FieldErrorf("note", "must have at most 500 characters")
	}
	if n.Value != "" {
		value, err := intake.NormaliseEntity(n.Kind, n.Value)
		if err != nil {
			return nil, err
		}
		if c.Key, err = s.cfg.Keys.Blind(ctx, tenant, n.Kind, value); err != nil {
			return nil, err
		}
	}
	if !blindKey(c.Key) {
		return nil, qingyuan.FieldErrorf("key", "give the contact's blind key or its value")
	}
	p := audit.Proposal{Kind: KindContact, Subject: c.ID, Requester: actor, Reason: n.Reason}
	return s.request(ctx, tenant, p, proposal{Contact: c, Reason: n.Reason}, func(tx *store.Tx) error { return unmarked(tx, c.Key) })
}

func blindKey(s string) bool {
	if len(s) != 32 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func unmarked(tx *store.Tx, key string) error {
	all, err := marks(tx, key)
	if err == nil && len(all) > 0 {
		err = qingyuan.Errorf(qingyuan.Conflict, "the contact is marked %s already; take that mark back first", all[0].Verdict)
	}
	return err
}

// RequestUnmark asks for a mark to be taken back.
func (s *Service) RequestUnmark(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, id, reason string) (*audit.Approval, error) {
	p := audit.Proposal{Kind: KindContact, Subject: id, Requester: actor, Reason: reason}
	return s.request(ctx, tenant, p, proposal{Contact: &contactChange{ID: id, Remove: true}, Reason: reason}, func(tx *store.Tx) error {
		found, err := tx.Get(`SELECT id FROM contact_mark WHERE tenant = $1 AND id = $2 AND removed_seq IS NULL`, []any{id}, new(string))
		return missing(found, err, "mark", id)
	})
}

// mark makes a change of the marks take effect.
func mark(tx *store.Tx, c *contactChange, by decided) error {
	seq, err := changed(tx, KindContact, c.ID, by)
	if err != nil {
		return err
	}
	if c.Remove {
		n, err := tx.Exec(`UPDATE contact_mark SET removed_seq = $2 WHERE tenant = $1 AND id = $3 AND removed_seq IS NULL`, seq, c.ID)
		return missing(n > 0, err, "mark", c.ID)
	}
	if err := unmarked(tx, c.Key); err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO contact_mark (tenant, id, key, kind, verdict, typology, note, requester, added_seq, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, c.ID, c.Key, string(c.Kind), c.Verdict, string(c.Typology), c.Note, by.requester, seq, tx.Now().UnixMicro())
	return err
}

// Shown is what an approver sees of the payload of a request of this package: what it asks for, without shingles and sealed texts.
func Shown(payload string) json.RawMessage {
	p, err := parseProposal(payload)
	if err != nil {
		return json.RawMessage("{}")
	}
	if p.Template != nil {
		p.Template.Shingles, p.Template.Sealed = nil, nil
	}
	shown, err := json.Marshal(p)
	if err != nil {
		return json.RawMessage("{}")
	}
	return shown
}

// text reads one text of the record by its id, event/path.
func (s *Service) text(ctx context.Context, tenant qingyuan.Tenant, id string) (e *qingyuan.Event, w text.Written, err error) {
	event, path := splitID(id)
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		e, err = s.cfg.Events.Event(tx, event)
		return err
	})
	if err != nil {
		return nil, w, err
	}
	for _, w := range text.Texts(e) {
		if w.Path == path || path == "" {
			return e, w, nil
		}
	}
	return nil, w, qingyuan.Errorf(qingyuan.NotFound, "the event has no text %q, or the person's data was erased", path)
}
