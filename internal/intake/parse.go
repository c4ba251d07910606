package intake

import (
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"qingyuan"
)

// future and past bound effective_at around the moment of arrival: clocks of senders differ by hours, not by days, and
// nothing older than ten years is still a lender's business.
const (
	future    = 24 * time.Hour
	pastYears = 10
)

// Limits bound what one call may send.
type Limits struct {
	Event  int // bytes of one event
	Bytes  int // bytes of a batch
	Batch  int // events of a batch
	Depth  int // levels of nesting
	String int // bytes of a string
	Text   int // bytes of a free text
}

// DefaultLimits are 4 MiB an event, 8 MiB and 1,000 events a batch, 32 levels, 64 KiB a string, 1 MiB a text.
func DefaultLimits() Limits {
	return Limits{Event: 4 << 20, Bytes: 8 << 20, Batch: 1000, Depth: 32, String: 64 << 10, Text: 1 << 20}
}

// Mention is one thing an event names, in clear: it lives in memory until a blind index takes the value's place.
type Mention struct {
	Kind  qingyuan.EntityKind
	Role  string
	Value string // normalised
	Path  string // within data, such as contacts[2].phone
}

// Parsed is one accepted event.
//
// Event has neither tenant nor id nor seq yet, and its entities have no keys: Event.Entities[i] is Mentions[i] without
// its value, in the order of the input, equal mentions in one role once. Subject is the person by ID number, else the
// customer by the lender's number; its Kind is empty where the event concerns nobody in particular.
type Parsed struct {
	Event    qingyuan.Event
	Mentions []Mention
	Subject  Mention
}

// Parse reads one CloudEvents 1.0 event in structured JSON mode: specversion, id, source, type (the event kind), time
// (effective_at), data and the optional datacontenttype and corrects (the id of the event this one replaces). The
// attributes subject, dataschema, traceparent and tracestate are allowed and ignored. now becomes observed_at.
//
// Every error is an Invalid [qingyuan.Error] whose Field is the path of the offending field.
func Parse(raw []byte, now time.Time, limits Limits) (*Parsed, error) {
	p, err := parse(raw, now, limits)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func parse(raw []byte, now time.Time, limits Limits) (*Parsed, *qingyuan.Error) {
	if len(raw) > limits.Event {
		return nil, bad("an event must not be larger than %d bytes", limits.Event)
	}
	d := newDecoder(raw, now, limits)
	p := &Parsed{}
	if err := d.envelope(p); err != nil {
		return nil, err
	}
	if k := d.json.PeekKind(); k != jsontext.KindInvalid || len(strings.TrimRight(d.raw[d.json.InputOffset():], " \t\r\n")) > 0 {
		return nil, bad("nothing may follow the event")
	}
	p.Event.ObservedAt = now.UTC().Truncate(time.Microsecond)
	p.Mentions = d.mentions
	p.Subject = subject(d.mentions)
	p.Event.Subject.Kind, p.Event.Subject.Role = p.Subject.Kind, p.Subject.Role
	p.Event.Entities = make([]qingyuan.Entity, len(d.mentions))
	for i, m := range d.mentions {
		p.Event.Entities[i] = qingyuan.Entity{Kind: m.Kind, Role: m.Role}
	}
	if len(d.quality) > 0 {
		p.Event.Data["quality"] = d.quality
	}
	Derive(&p.Event)
	return p, nil
}

// subject is the person an event is about: data.id_no, else data.customer_no.
func subject(mentions []Mention) (s Mention) {
	for _, m := range mentions {
		switch m.Path {
		case "id_no":
			return m
		case "customer_no":
			s = m
		}
	}
	return s
}

// envelope reads the attributes of the event and, where the type is known by then, its data in the same pass.
func (d *decoder) envelope(p *Parsed) *qingyuan.Error {
	if err := d.open('{', "must be a CloudEvents JSON object"); err != nil {
		return err
	}
	var given seen
	var schema *Schema
	var data string // the data met before the type
	var dataAt int
	for d.json.PeekKind() == '"' {
		name, err := d.text()
		if err != nil {
			return err
		}
		i := attribute(name)
		if i < 0 {
			return unknownAttribute(name)
		}
		if given.add(i) {
			return within(bad("given twice"), name)
		}
		if name == "data" && schema == nil {
			d.json.PeekKind()
			dataAt = int(d.json.InputOffset())
			if err := d.skip(); err != nil {
				return within(err, name)
			}
			data = d.raw[dataAt:d.json.InputOffset()]
			continue
		}
		if name == "data" {
			p.Event.Data, err = d.object(schema.root, "")
		} else {
			err = d.attribute(p, name)
		}
		if err != nil {
			return within(err, name)
		}
		if name == "type" {
			schema = schemas[p.Event.Kind]
		}
	}
	if err := d.close(); err != nil {
		return err
	}
	for i, a := range attributes {
		if a.required && !given.has(i) {
			return within(bad("is required"), a.name)
		}
	}
	if data == "" {
		return nil
	}
	return d.lateData(p, schema, data)
}

// lateData reads the data of an event whose type came after it.
func (d *decoder) lateData(p *Parsed, schema *Schema, data string) *qingyuan.Error {
	late := newDecoder([]byte(strings.TrimLeft(data, ": \t\r\n")), d.now, d.limits)
	m, err := late.object(schema.root, "")
	if err != nil {
		return within(err, "data")
	}
	p.Event.Data, d.mentions, d.quality = m, late.mentions, late.quality
	return nil
}

// attributes are the CloudEvents context attributes that are understood or allowed.
var attributes = [...]struct {
	name     string
	required bool
}{
	{"specversion", true}, {"id", true}, {"source", true}, {"type", true}, {"time", true}, {"data", true},
	{"datacontenttype", false}, {"corrects", false}, {"subject", false}, {"dataschema", false}, {"traceparent", false}, {"tracestate", false},
}

func attribute(name string) int {
	for i := range attributes {
		if attributes[i].name == name {
			return i
		}
	}
	return -1
}

func unknownAttribute(name string) *qingyuan.Error {
	if name == "data_base64" {
		return within(bad("is not taken; send data as a JSON object"), name)
	}
	for _, a := range attributes {
		if fold(name) == a.name {
			return within(bad("no such attribute; did you mean %s?", a.name), speakable(name))
		}
	}
	return within(bad("no such attribute"), speakable(name))
}

// attribute reads one context attribute. All of them are strings.
func (d *decoder) attribute(p *Parsed, name string) *qingyuan.Error {
	if d.json.PeekKind() != '"' {
		return d.wrong("must be a string")
	}
	s, err := d.text()
	if err != nil {
		return err
	}
	switch name {
	case "specversion":
		if s != "1.0" {
			return bad(`must be "1.0"`)
		}
	case "datacontenttype":
		if media, _, _ := strings.Cut(s, ";"); media != "application/json" {
			return bad("must be application/json")
		}
	case "type":
		p.Event.Kind = qingyuan.EventKind(s)
		if schemas[p.Event.Kind] == nil {
			return bad("must be one of %v", qingyuan.EventKinds)
		}
	case "time":
		p.Event.EffectiveAt, err = d.effective(s)
		return err
	case "id":
		p.Event.ExternalID = s
		return token(s)
	case "corrects":
		p.Event.Corrects = s
		return token(s)
	case "source":
		p.Event.Source = s
		return token(s)
	}
	return nil
}

// token holds an identifier of the envelope to 1–256 printable characters without spaces.
func token(s string) *qingyuan.Error {
	if s == "" || len(s) > 256 {
		return bad("must have 1 to 256 bytes")
	}
	if _, err := normaliseCode(s, 256); err != nil {
		return bad("must not contain spaces or control characters")
	}
	return nil
}

func (d *decoder) effective(s string) (time.Time, *qingyuan.Error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, bad("must be an RFC 3339 time with an offset, such as 2026-11-20T09:30:00+08:00")
	}
	if t.After(d.now.Add(future)) || t.Before(d.now.AddDate(-pastYears, 0, 0)) {
		return time.Time{}, bad("must lie within the last %d years and at most %v ahead", pastYears, future)
	}
	return t.UTC().Truncate(time.Microsecond), nil
}

// Item is one event of a batch: either Parsed or Err is set.
type Item struct {
	Index  int
	Parsed *Parsed
	Err    error
}

// ParseBatch reads a JSON array of events. A bad event is an Item with an error whose Field begins with its index,
// such as [3].data.phone; the others stand. The call as a whole fails where the array itself cannot be read.
func ParseBatch(raw []byte, now time.Time, limits Limits) ([]Item, error) {
	if len(raw) > limits.Bytes {
		return nil, bad("a batch must not be larger than %d bytes", limits.Bytes)
	}
	d := newDecoder(raw, now, limits)
	if err := d.open('[', "must be a JSON array of events"); err != nil {
		return nil, err
	}
	var items []Item
	for d.json.PeekKind() != ']' {
		if len(items) == limits.Batch {
			return nil, bad("a batch must not have more than %d events", limits.Batch)
		}
		index := "[" + strconv.Itoa(len(items)) + "]"
		start := int(d.json.InputOffset())
		if err := d.skip(); err != nil {
			return nil, within(err, index)
		}
		one := strings.TrimLeft(d.raw[start:d.json.InputOffset()], ", \t\r\n")
		p, err := parse([]byte(one), now, limits)
		if err != nil {
			items = append(items, Item{Index: len(items), Err: within(err, index)})
			continue
		}
		items = append(items, Item{Index: len(items), Parsed: p})
	}
	if err := d.close(); err != nil {
		return nil, err
	}
	if strings.TrimRight(d.raw[d.json.InputOffset():], " \t\r\n") != "" {
		return nil, bad("nothing may follow the batch")
	}
	return items, nil
}
