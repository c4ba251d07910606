package intel

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/intake"
	"qingyuan/internal/prevent/text"
	"qingyuan/internal/store"
)

// Contact is a phone, an account or a mailbox by which somebody wants to be reached, as the record has it.
type Contact struct {
	Key     string
	Kind    qingyuan.EntityKind
	Value   string // masked; empty where the persons who gave it were erased
	Events  int64
	Posts   int64 // of the events: public ones
	Writers int64 // distinct customers, accounts or events that gave it
	First   time.Time
	Last    time.Time
	Mark    *Mark
}

// Sighting is one place where a contact stands.
type Sighting struct {
	Event *qingyuan.Event
	Role  string // as the event's field has it, or text
}

// InText is the role of a contact that stands in a text.
const InText = "text"

// seen are the roles of entities that are contacts given by their writer, or published.
var seenRoles = []string{"published", "author", "sender", "agent", "representative", "complainant", "party", "referrer"}

// texted are the kinds of event that have texts to be read.
var texted = []qingyuan.EventKind{qingyuan.ComplaintReceived, qingyuan.PostObserved, qingyuan.MessageReceived, qingyuan.AgreementSubmitted, qingyuan.CallRecorded}

// gatherPage is how many events are read, and written of, at once.
const gatherPage = 200

// Gather notes the contacts of the events that were recorded since it ran last.
func (s *Service) Gather(ctx context.Context, tenant qingyuan.Tenant) error {
	for ctx.Err() == nil {
		var after, last int64
		var events []*qingyuan.Event
		err := s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) (err error) {
			if _, err = tx.Get(`SELECT seq FROM text_gathered WHERE tenant = $1`, nil, &after); err != nil {
				return err
			}
			if last, err = tx.LastSeq(); err != nil || last == after {
				return err
			}
			events, err = s.cfg.Events.Of(tx, texted, after, 1<<62, gatherPage)
			return err
		})
		if err != nil || last == after {
			return err
		}
		if len(events) == gatherPage {
			last = events[len(events)-1].Seq
		}
		var all []sighting
		for _, e := range events {
			all = append(all, s.sightings(e)...)
		}
		err = s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
			for i := range all {
				if err := all[i].note(tx); err != nil {
					return err
				}
			}
			_, err := tx.Exec(`INSERT INTO text_gathered (tenant, seq) VALUES ($1, $2) ON CONFLICT (tenant) DO UPDATE SET seq = excluded.seq WHERE text_gathered.seq < excluded.seq`, last)
			return err
		})
		if err != nil || len(events) < gatherPage {
			return err
		}
	}
	return ctx.Err()
}

// sighting is a contact at its place.
type sighting struct {
	key    string
	kind   qingyuan.EntityKind
	seq    int64
	role   string
	writer string
	at     int64
	post   int64
}

// sightings are the contacts of an event, each once, as a field where it is one.
func (s *Service) sightings(e *qingyuan.Event) []sighting {
	found := map[string]sighting{}
	add := func(key string, kind qingyuan.EntityKind, role string) {
		if _, known := found[key]; known || key == "" || len(found) >= 100 {
			return
		}
		n := sighting{key: key, kind: kind, seq: e.Seq, role: role, writer: writerOf(e), at: e.EffectiveAt.UnixMicro()}
		if e.Kind == qingyuan.PostObserved {
			n.post = 1
		}
		found[key] = n
	}
	for _, n := range e.Entities {
		if (n.Kind == qingyuan.Phone || n.Kind == qingyuan.Handle || n.Kind == qingyuan.Email) && slices.Contains(seenRoles, n.Role) {
			add(n.Key, n.Kind, n.Role)
		}
	}
	blind := Blind(s.cfg.Keys)
	for _, w := range text.Texts(e) {
		for _, m := range s.cfg.Texts.Mentions(w.Text) {
			if kind, value := text.EntityOf(m); kind != "" {
				add(blind(e.Tenant, kind, value), kind, InText)
			}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b sighting) int { return strings.Compare(a.key, b.key) })
}

// writerOf is whom an event stands for, itself where nobody is known.
func writerOf(e *qingyuan.Event) string {
	if w := text.Writer(e); w != "" {
		return w
	}
	return e.ID
}

// note stores the sighting and counts it, once.
func (n *sighting) note(tx *store.Tx) error {
	known, err := tx.Get(`SELECT seq FROM text_sighting WHERE tenant = $1 AND key = $2 AND seq = $3`, []any{n.key, n.seq}, new(int64))
	if err != nil || known {
		return err
	}
	met, err := tx.Get(`SELECT seq FROM text_sighting WHERE tenant = $1 AND key = $2 AND writer = $3 LIMIT 1`, []any{n.key, n.writer}, new(int64))
	if err != nil {
		return err
	}
	fresh := int64(1)
	if met {
		fresh = 0
	}
	_, err = tx.Exec(`INSERT INTO text_sighting (tenant, key, seq, role, writer, at) VALUES ($1, $2, $3, $4, $5, $6)`, n.key, n.seq, n.role, n.writer, n.at)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO text_contact (tenant, key, kind, events, posts, writers, first_seen, last_seen) VALUES ($1, $2, $3, 1, $4, 1, $5, $5)
		ON CONFLICT (tenant, key) DO UPDATE SET events = text_contact.events + 1, posts = text_contact.posts + excluded.posts, writers = text_contact.writers + $6,
		first_seen = CASE WHEN excluded.first_seen < text_contact.first_seen THEN excluded.first_seen ELSE text_contact.first_seen END,
		last_seen = CASE WHEN excluded.last_seen > text_contact.last_seen THEN excluded.last_seen ELSE text_contact.last_seen END`,
		n.key, string(n.kind), n.post, n.at, fresh)
	return err
}

// ContactFilter narrows the contacts; they come by how many writers gave them, most first.
type ContactFilter struct {
	Writers int64  // at least; 0: 2
	Kind    string // of entity
	Before  int64  // writers and key of the last one of the page before
	Key     string
	Limit   int
}

// Contacts reads the contacts that several writers gave.
func (s *Service) Contacts(ctx context.Context, tenant qingyuan.Tenant, f ContactFilter) (all []Contact, err error) {
	if f.Writers <= 0 {
		f.Writers = 2
	}
	if f.Before <= 0 {
		f.Before = 1 << 62
	}
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		all, err = s.contacts(tx, `writers >= $2 AND (writers < $3 OR (writers = $3 AND key > $4)) AND (kind = $5 OR $5 = '')
			ORDER BY writers DESC, key LIMIT $6`, f.Writers, f.Before, f.Key, f.Kind, f.Limit)
		return err
	})
	return all, err
}

// Contact reads one contact with the newest of its sightings. Errors: not_found.
func (s *Service) Contact(ctx context.Context, tenant qingyuan.Tenant, key string, limit int) (c *Contact, found []Sighting, err error) {
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		all, err := s.contacts(tx, `key = $2`, key)
		if err == nil && len(all) == 0 {
			err = qingyuan.Errorf(qingyuan.NotFound, "the contact was not seen")
		}
		if err != nil {
			return err
		}
		c = &all[0]
		found, err = s.sightingsOf(tx, key, limit)
		return err
	})
	return c, found, err
}

func (s *Service) contacts(tx *store.Tx, where string, args ...any) ([]Contact, error) {
	rows, err := tx.Query(`SELECT key, kind, events, posts, writers, first_seen, last_seen FROM text_contact WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Contact
	for rows.Next() {
		var c Contact
		var first, last int64
		if err := rows.Scan(&c.Key, &c.Kind, &c.Events, &c.Posts, &c.Writers, &first, &last); err != nil {
			return nil, err
		}
		c.First, c.Last = time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC()
		all = append(all, c)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	for i := range all {
		if err := s.describe(tx, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// describe adds the mark and the masked value, which is read from the newest event that has it.
func (s *Service) describe(tx *store.Tx, c *Contact) error {
	marked, err := marks(tx, c.Key)
	if err != nil {
		return err
	}
	if len(marked) > 0 {
		c.Mark = &marked[0]
	}
	newest, err := s.sightingsOf(tx, c.Key, 3)
	if err != nil {
		return err
	}
	for _, n := range newest {
		if c.Value = s.valueIn(n.Event, c.Kind, c.Key); c.Value != "" {
			return nil
		}
	}
	return nil
}

// valueIn finds the value behind a blind key in an event, masked.
func (s *Service) valueIn(e *qingyuan.Event, kind qingyuan.EntityKind, key string) (masked string) {
	blind := Blind(s.cfg.Keys)
	try := func(value string) bool {
		if len(value) > 128 || blind(e.Tenant, kind, value) != key {
			return false
		}
		value, _ = intake.NormaliseEntity(kind, value)
		masked = intake.MaskEntity(kind, value)
		return true
	}
	for _, w := range text.Texts(e) {
		for _, m := range s.cfg.Texts.Mentions(w.Text) {
			if k, value := text.EntityOf(m); k == kind && try(value) {
				return masked
			}
		}
	}
	walk(e.Data, try)
	return masked
}

// walk calls try for every text value below v until it is satisfied.
func walk(v any, try func(string) bool) bool {
	switch v := v.(type) {
	case string:
		return try(v)
	case []any:
		for _, x := range v {
			if walk(x, try) {
				return true
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if walk(v[name], try) {
				return true
			}
		}
	}
	return false
}

// sightingsOf reads the newest sightings of a contact.
func (s *Service) sightingsOf(tx *store.Tx, key string, limit int) ([]Sighting, error) {
	rows, err := tx.Query(`SELECT seq, role FROM text_sighting WHERE tenant = $1 AND key = $2 ORDER BY seq DESC LIMIT $3`, key, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Sighting
	var seqs []int64
	for rows.Next() {
		var seq int64
		var n Sighting
		if err := rows.Scan(&seq, &n.Role); err != nil {
			return nil, err
		}
		all, seqs = append(all, n), append(seqs, seq)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	for i, seq := range seqs {
		if all[i].Event, err = s.cfg.Events.EventAt(tx, seq); err != nil {
			return nil, err
		}
	}
	return all, nil
}
