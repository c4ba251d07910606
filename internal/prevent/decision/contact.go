package decision

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// The channels of a contact.
var contactChannels = []string{"sms", "call", "app", "letter"}

// The results of a contact.
var contactResults = []string{"dissuaded", "proceeded", "verified", "refused", "unreachable", "pending"}

// Contact is one attempt to talk to the customer about a decision (劝阻): what was said, what came back, what became of it.
type Contact struct {
	ID      string    `json:"id"` // con_…
	Channel string    `json:"channel"`
	Script  string    `json:"script"` // what was sent or said; sealed on disk
	Answer  string    `json:"answer"` // what the customer said; sealed on disk
	Result  string    `json:"result"`
	Actor   string    `json:"actor"`
	At      time.Time `json:"at"`
}

// contactText is what of a contact is sealed.
type contactText struct {
	Script string `json:"s"`
	Answer string `json:"a"`
}

func contactedAs(id string) string { return "contact|" + id }

func (c *Contact) check() error {
	c.Script, c.Answer = strings.TrimSpace(c.Script), strings.TrimSpace(c.Answer)
	switch {
	case !slices.Contains(contactChannels, c.Channel):
		return qingyuan.FieldErrorf("channel", "must be one of %s", strings.Join(contactChannels, ", "))
	case !slices.Contains(contactResults, c.Result):
		return qingyuan.FieldErrorf("result", "must be one of %s", strings.Join(contactResults, ", "))
	case c.Script == "" || len(c.Script) > 16<<10:
		return qingyuan.FieldErrorf("script", "must say what was sent or said, in at most 16 KiB")
	case len(c.Answer) > 16<<10:
		return qingyuan.FieldErrorf("answer", "must have at most 16 KiB")
	}
	return nil
}

// AddContact records a contact about a decision that asked for one: a warn or anything sterner. Errors: not_found;
// conflict where the outcome asks for no contact, or the person's data was erased.
func (s *Service) AddContact(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, decisionID string, c Contact) (*Contact, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	d, err := s.Decision(ctx, tenant, decisionID)
	if err != nil {
		return nil, err
	}
	if d.Outcome.Severity() < qingyuan.Warn.Severity() {
		return nil, qingyuan.Errorf(qingyuan.Conflict, "a decision to %s asks for no contact with the customer", d.Outcome)
	}
	var event *qingyuan.Event
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		event, err = s.cfg.Events.EventAt(tx, d.Seq)
		return err
	})
	if err != nil {
		return nil, err
	}
	if event.Data == nil {
		return nil, qingyuan.Errorf(qingyuan.Conflict, "the person's data was erased")
	}
	key, err := s.cfg.Keys.Person(ctx, tenant, event.Subject.Key)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(contactText{c.Script, c.Answer})
	if err != nil {
		return nil, err
	}
	err = s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		c.ID, c.Actor, c.At = qingyuan.NewID("con", tx.Now()), actor.ID, tx.Now().UTC()
		if err := key.Persist(tx); err != nil {
			return err
		}
		tx.Insert(contactRow, c.ID, d.Seq, c.Channel, c.Result, c.Actor, c.At.UnixMicro(), key.Seal(text, contactedAs(c.ID)))
		_, err := tx.Emit("contact.recorded", d.ID, nil)
		return err
	})
	return &c, err
}

var contactRow = store.Into("contact", "id", "seq", "channel", "result", "actor", "at", "sealed")

// contacts reads the contacts about the decision at seq, in order of time. Texts of erased persons are empty.
func (r *record) contacts(tx *store.Tx, seq int64) (all []Contact, err error) {
	rows, err := tx.Query(`SELECT id, channel, result, actor, at, sealed FROM contact WHERE tenant = $1 AND seq = $2 ORDER BY at, id`, seq)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c Contact
		var at int64
		var sealed []byte
		if err := rows.Scan(&c.ID, &c.Channel, &c.Result, &c.Actor, &at, &sealed); err != nil {
			return nil, err
		}
		c.At = time.UnixMicro(at).UTC()
		plain, err := r.keys.Open(tx.Context(), tx.Tenant(), sealed, contactedAs(c.ID))
		if qingyuan.CodeOf(err) == qingyuan.NotFound {
			all = append(all, c)
			continue
		}
		if err != nil {
			return nil, err
		}
		var text contactText
		if err := json.Unmarshal(plain, &text); err != nil {
			return nil, err
		}
		c.Script, c.Answer = text.Script, text.Answer
		all = append(all, c)
	}
	return all, rows.Err()
}

// Contacts reads the contacts about a decision, in order of time. Errors: not_found.
func (s *Service) Contacts(ctx context.Context, tenant qingyuan.Tenant, decisionID string) (all []Contact, err error) {
	d, err := s.Decision(ctx, tenant, decisionID)
	if err != nil {
		return nil, err
	}
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		all, err = s.record.contacts(tx, d.Seq)
		return err
	})
	return all, err
}
