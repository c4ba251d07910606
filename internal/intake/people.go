package intake

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"qingyuan"
	"qingyuan/internal/rights"
	"qingyuan/internal/store"
)

// People is the record of events as the desk of people's rights sees it: who is who, and what is held.
type People struct {
	Events *Service
	Policy *rights.Policy
}

// ownRoles are the roles in which an identifier is the event's subject's own; ownKinds the kinds by which a person can be known.
var (
	ownRoles = map[string]bool{"applicant": true, "customer": true, "home": true, "payout": true, "card": true}
	ownKinds = map[qingyuan.EntityKind]bool{qingyuan.Person: true, qingyuan.Customer: true, qingyuan.Phone: true, qingyuan.BankCard: true,
		qingyuan.Email: true, qingyuan.Handle: true, qingyuan.Address: true}
)

func own(e qingyuan.Entity) bool { return ownRoles[e.Role] && ownKinds[e.Kind] }

// maxMentions bounds the events that are read to find who shares an identifier.
const maxMentions = 20_000

// Name is events.
func (p *People) Name() string { return "events" }

// mentioning reads the events that mention a key.
func (p *People) mentioning(tx *store.Tx, key string) ([]*qingyuan.Event, error) {
	rows, err := tx.Query(`SELECT seq FROM event_entity WHERE tenant = $1 AND key = $2 ORDER BY seq LIMIT $3`, blindBytes(key), maxMentions+1)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var seqs []int64
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return nil, err
		}
		seqs = append(seqs, seq)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(seqs) > maxMentions {
		return nil, qingyuan.Errorf(qingyuan.Conflict, "more than %d events mention one identifier of the person: it is no person's own", maxMentions)
	}
	rows.Close()
	return p.events(tx, seqs)
}

// events reads events by seq, in order.
func (p *People) events(tx *store.Tx, seqs []int64) (all []*qingyuan.Event, err error) {
	slices.Sort(seqs)
	for chunk := range slices.Chunk(slices.Compact(seqs), 500) {
		args, places := make([]any, len(chunk)), make([]string, len(chunk))
		for i, seq := range chunk {
			args[i], places[i] = seq, fmt.Sprintf("$%d", i+2)
		}
		part, err := p.Events.many(tx, `seq IN (`+strings.Join(places, ", ")+`) ORDER BY seq`, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
	}
	return all, nil
}

// Candidates are the subjects of the events in which the value is the subject's own.
func (p *People) Candidates(tx *store.Tx, kind qingyuan.EntityKind, value string) ([]string, error) {
	value, err := NormaliseEntity(kind, value)
	if err != nil {
		return nil, err
	}
	key, err := p.Events.cfg.Keys.Blind(tx.Context(), tx.Tenant(), kind, value)
	if err != nil {
		return nil, err
	}
	mentions, err := p.mentioning(tx, key)
	if err != nil {
		return nil, err
	}
	people, seen := []string{}, map[string]bool{}
	for _, e := range mentions {
		is := slices.ContainsFunc(e.Entities, func(n qingyuan.Entity) bool { return n.Key == key && own(n) })
		if !is || e.Subject.Key == "" || seen[e.Subject.Key] {
			continue
		}
		s, err := p.Subject(tx, e.Subject.Key)
		if err != nil {
			return nil, err
		}
		for _, k := range s.Persons {
			seen[k] = true
		}
		people = append(people, s.Person)
	}
	return people, nil
}

// Subject follows a person's keys: the customer number of an event with an ID number belongs to that ID number.
func (p *People) Subject(tx *store.Tx, person string) (*rights.Subject, error) {
	s := &rights.Subject{Person: person}
	ownSeen, events := map[string]bool{}, map[int64]bool{}
	for todo := []string{person}; len(todo) > 0; todo = todo[1:] {
		if slices.Contains(s.Persons, todo[0]) {
			continue
		}
		mentions, err := p.mentioning(tx, todo[0])
		if err != nil {
			return nil, err
		}
		known := false
		for _, e := range mentions {
			if !slices.ContainsFunc(e.Entities, func(n qingyuan.Entity) bool { return n.Key == todo[0] && own(n) }) {
				continue
			}
			known, events[e.Seq] = true, true
			for _, n := range e.Entities {
				if !own(n) {
					continue
				}
				if n.Kind == qingyuan.Person || n.Kind == qingyuan.Customer {
					todo = append(todo, n.Key)
				}
				if !ownSeen[n.Key] {
					ownSeen[n.Key] = true
					s.Own = append(s.Own, n)
				}
			}
		}
		if known {
			s.Persons = append(s.Persons, todo[0])
		}
		if len(s.Persons) > 50 {
			return nil, qingyuan.Errorf(qingyuan.Conflict, "the person's identifiers lead to more than 50 others: the data must be put right first")
		}
	}
	if len(s.Persons) == 0 {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "no person is known by that key")
	}
	s.Events = slices.Sorted(maps.Keys(events))
	return s, nil
}

// Find counts the person's events by kind.
func (p *People) Find(tx *store.Tx, s *rights.Subject) ([]rights.Holding, error) {
	all, err := p.events(tx, s.Events)
	if err != nil {
		return nil, err
	}
	byKind := map[qingyuan.EventKind]*rights.Holding{}
	var out []rights.Holding
	for _, e := range all {
		h := byKind[e.Kind]
		if h == nil {
			h = &rights.Holding{Holder: "events", Class: string(e.Kind), From: e.EffectiveAt, To: e.EffectiveAt}
			byKind[e.Kind] = h
		}
		h.N++
		if e.EffectiveAt.Before(h.From) {
			h.From = e.EffectiveAt
		}
		if e.EffectiveAt.After(h.To) {
			h.To = e.EffectiveAt
		}
	}
	for _, kind := range qingyuan.EventKinds {
		if h := byKind[kind]; h != nil {
			out = append(out, *h)
		}
	}
	return out, nil
}

// Exported is an event as a person gets it.
type Exported struct {
	ID          string             `json:"id"`
	Kind        qingyuan.EventKind `json:"kind"`
	Source      string             `json:"source"`
	ExternalID  string             `json:"external_id"`
	EffectiveAt string             `json:"effective_at"`
	Data        map[string]any     `json:"data"`
}

// Export gives the person's events in clear.
func (p *People) Export(tx *store.Tx, s *rights.Subject, put func(class string, record any) error) error {
	all, err := p.events(tx, s.Events)
	if err != nil {
		return err
	}
	for _, e := range all {
		if err := put("event", Exported{e.ID, e.Kind, e.Source, e.ExternalID, e.EffectiveAt.Format("2006-01-02T15:04:05Z07:00"), e.Data}); err != nil {
			return err
		}
	}
	return nil
}

// Holds are the periods for which the law wants the person's events kept: the last to end of each kind.
func (p *People) Holds(tx *store.Tx, s *rights.Subject) ([]rights.Hold, error) {
	found, err := p.Find(tx, s)
	if err != nil {
		return nil, err
	}
	var all []rights.Hold
	for _, h := range found {
		if until, source, ok := p.Policy.Keeps(qingyuan.EventKind(h.Class), h.To, tx.Now()); ok {
			all = append(all, rights.Hold{Holder: "events", Reason: "the law wants " + h.Class + " kept", Basis: source, Until: until})
		}
	}
	return all, nil
}

func pseudonym() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Plan takes out all events of the person, and the person from events of others.
func (p *People) Plan(tx *store.Tx, s *rights.Subject) (*rights.Erasure, error) {
	e := &rights.Erasure{Subject: s, Pseudonyms: map[string]string{}}
	var err error
	if e.Erased, err = p.events(tx, s.Events); err != nil {
		return nil, err
	}
	inside, others, shared := map[int64]bool{}, map[int64]*qingyuan.Event{}, map[string]bool{}
	for _, seq := range s.Events {
		inside[seq] = true
	}
	for _, n := range s.Own {
		mentions, err := p.mentioning(tx, n.Key)
		if err != nil {
			return nil, err
		}
		for _, m := range mentions {
			switch {
			case inside[m.Seq]:
			case slices.ContainsFunc(m.Entities, func(x qingyuan.Entity) bool { return x.Key == n.Key && own(x) }):
				shared[n.Key] = true // another person's own too, such as a family's phone
			default:
				others[m.Seq] = m
			}
		}
	}
	gone := map[string]bool{}
	for _, n := range s.Own {
		if !shared[n.Key] {
			gone[n.Key], e.Pseudonyms[n.Key] = true, pseudonym()
		}
	}
	values := p.ownTexts(e.Erased)
	for _, seq := range slices.Sorted(maps.Keys(others)) {
		if m := others[seq]; slices.ContainsFunc(m.Entities, func(x qingyuan.Entity) bool { return gone[x.Key] }) {
			r, err := p.redact(tx, m, gone, values)
			if err != nil {
				return nil, err
			}
			e.Redacted = append(e.Redacted, r)
		}
	}
	return e, p.strangers(tx, e, inside)
}

// strangers gives pseudonyms to the other keys of erased events that no other event mentions.
func (p *People) strangers(tx *store.Tx, e *rights.Erasure, inside map[int64]bool) error {
	known := map[string]bool{}
	for _, event := range e.Erased {
		for _, n := range append([]qingyuan.Entity{event.Subject}, event.Entities...) {
			if n.Key == "" || known[n.Key] || e.Pseudonyms[n.Key] != "" {
				continue
			}
			known[n.Key] = true
			outside, err := p.outside(tx, n.Key, inside)
			if err != nil {
				return err
			}
			if !outside {
				e.Pseudonyms[n.Key] = pseudonym()
			}
		}
	}
	return nil
}

// outside reports whether an event that is not inside mentions the key.
func (p *People) outside(tx *store.Tx, key string, inside map[int64]bool) (bool, error) {
	rows, err := tx.Query(`SELECT seq FROM event_entity WHERE tenant = $1 AND key = $2 LIMIT $3`, blindBytes(key), len(inside)+1)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return false, err
		}
		if !inside[seq] {
			return true, nil
		}
	}
	return false, rows.Err()
}

// PlanPurge takes out events beyond their period. Keys that other events mention stay theirs.
func (p *People) PlanPurge(tx *store.Tx, q rights.Purge) (*rights.Erasure, error) {
	e := &rights.Erasure{Subject: &rights.Subject{}, Pseudonyms: map[string]string{}}
	old, err := p.Events.many(tx, `kind = $2 AND effective_at < $3 AND length(sealed) > 0 ORDER BY seq LIMIT $4`, string(q.Kind), q.Before.UnixMicro(), q.Limit)
	if err != nil {
		return nil, err
	}
	inside := map[int64]bool{}
	for _, event := range old {
		kept, err := q.Keep(event.Subject.Key)
		if err != nil {
			return nil, err
		}
		if !kept && event.Data != nil {
			e.Erased = append(e.Erased, event)
			inside[event.Seq] = true
		}
	}
	return e, p.strangers(tx, e, inside)
}

// Erase empties the person's events, puts redacted events of others in place of theirs, and takes the keys out of the index.
func (p *People) Erase(tx *store.Tx, e *rights.Erasure) error {
	for _, event := range e.Erased {
		subject := event.Subject
		subject.Key = e.Pseudonym(subject.Key)
		if err := p.rewrite(tx, event.Seq, subject, renamed(event.Entities, e), []byte{}); err != nil {
			return err
		}
	}
	for _, r := range e.Redacted {
		key, err := p.Events.cfg.Keys.Person(tx.Context(), tx.Tenant(), r.Was.Subject.Key)
		if err != nil {
			return err
		}
		data, err := EncodeData(r.Data)
		if err != nil {
			return err
		}
		if err := key.Persist(tx); err != nil {
			return err
		}
		if err := p.rewrite(tx, r.Was.Seq, r.Was.Subject, renamed(r.Entities, e), key.Seal(data, sealedAs(r.Was.ID))); err != nil {
			return err
		}
	}
	for old := range e.Pseudonyms {
		if _, err := tx.Exec(`DELETE FROM event_entity WHERE tenant = $1 AND key = $2`, blindBytes(old)); err != nil {
			return err
		}
	}
	return nil
}

func renamed(all []qingyuan.Entity, e *rights.Erasure) []qingyuan.Entity {
	out := slices.Clone(all)
	for i := range out {
		out[i].Key = e.Pseudonym(out[i].Key)
	}
	return out
}

// rewrite changes an event's row. The hash of its body goes too: who guesses the body must not be able to prove the guess.
func (p *People) rewrite(tx *store.Tx, seq int64, subject qingyuan.Entity, entities []qingyuan.Entity, sealed []byte) error {
	var hash [32]byte
	rand.Read(hash[:])
	_, err := tx.Exec(`UPDATE event SET subject = $2, entities = $3, sealed = $4, body_hash = $5, key_hash = NULL WHERE tenant = $1 AND seq = $6`,
		subjectText(subject), entitiesText(entities), sealed, hash[:], seq)
	return err
}

// ownTexts are the values by which texts of others could name the person, longest first.
func (p *People) ownTexts(events []*qingyuan.Event) []string {
	seen := map[string]bool{}
	for _, e := range events {
		for _, name := range []string{"customer_no", "id_no", "name", "phone", "email", "home_address", "bank_card", "card"} {
			v, _ := e.Data[name].(string)
			if len(v) < 4 {
				continue
			}
			seen[v] = true
			if national, ok := strings.CutPrefix(v, "+86"); ok {
				seen[national] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b string) int { return len(b) - len(a) })
}

// redact takes the person out of another's event: the fields, and the parts such as a contact or a guarantor, that hold one of the keys,
// and the person's values in texts.
func (p *People) redact(tx *store.Tx, e *qingyuan.Event, gone map[string]bool, values []string) (rights.Redaction, error) {
	r := rights.Redaction{Was: e, Entities: e.Entities}
	schema, ok := SchemaOf(e.Kind)
	if !ok || e.Data == nil {
		return r, nil
	}
	x := redaction{people: p, tx: tx, gone: gone, values: values}
	r.Data, _ = x.object(schema.root, e.Data, true)
	return r, x.err
}

type redaction struct {
	people *People
	tx     *store.Tx
	gone   map[string]bool
	values []string
	err    error
}

// object is a copy of data without the person; hit tells that the object itself names the person.
func (x *redaction) object(n *node, data map[string]any, root bool) (out map[string]any, hit bool) {
	out = make(map[string]any, len(data))
	for name, v := range data {
		i, known := n.names[name]
		if !known {
			out[name] = v
			continue
		}
		kept, named := x.value(n.fields[i], n.children[i], v)
		if named && !root {
			return nil, true
		}
		if kept != nil {
			out[name] = kept
		}
	}
	return out, false
}

// value is a copy of v; nil where nothing of it may stay. named tells that v is the person's identifier.
func (x *redaction) value(f *Field, child *node, v any) (kept any, named bool) {
	switch v := v.(type) {
	case map[string]any:
		if child == nil {
			return v, false
		}
		if out, hit := x.object(child, v, false); !hit {
			return out, false
		}
		return nil, false
	case []any:
		var list []any
		for _, item := range v {
			if kept, _ := x.value(f, child, item); kept != nil {
				list = append(list, kept)
			}
		}
		if list == nil {
			return nil, false
		}
		return list, false
	case string:
		if f.Entity != "" {
			key, err := x.people.Events.cfg.Keys.Blind(x.tx.Context(), x.tx.Tenant(), f.Entity, v)
			if err != nil {
				x.err = err
			}
			if x.gone[key] {
				return nil, true
			}
		}
		return blot(v, x.values), false
	}
	return v, false
}
