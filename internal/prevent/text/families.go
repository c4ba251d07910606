package text

import (
	"bufio"
	"encoding/binary"
	"io"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/text/discourse"
	"qingyuan/internal/prevent/text/family"
)

// compare puts a text into the tenant's families and says what it is near to. A complaint gives signals; the other kinds are kept
// so that what grows is seen.
func (t *tenantTexts) compare(d *Detector, e *qingyuan.Event, w Written) []qingyuan.Signal {
	if e.Kind == qingyuan.CallRecorded {
		return nil // every call follows the clerk's order of questions
	}
	at := e.EffectiveAt
	if at.IsZero() {
		at = time.Unix(0, 0)
	}
	n := family.Text{ID: TextID(e.ID, w.Path), Author: w.Author, Text: w.Text, Subject: Writer(e), City: City(e), At: at}
	complaint := e.Kind == qingyuan.ComplaintReceived
	if complaint {
		for _, c := range e.Entities {
			if c.Role == "complainant" && (c.Kind == qingyuan.Phone || c.Kind == qingyuan.Email || c.Kind == qingyuan.Address) {
				n.Contacts = append(n.Contacts, c.Key)
			}
		}
		if cited, err := d.patterns.Citations(w.Text); err == nil {
			n.Citations = discourse.Fingerprint(cited)
		}
	}
	r, err := t.index.Add(n)
	if err != nil || !complaint {
		return nil
	}
	return r.Signals
}

// TextID names one text of an event in the families.
func TextID(event, path string) string { return event + "/" + path }

// Writer is the blind key of whom a text stands for: the person the event is about, else the account that published it; "" where neither is known.
func Writer(e *qingyuan.Event) string {
	if e.Subject.Key != "" {
		return e.Subject.Key
	}
	for _, role := range []string{"author", "sender"} {
		for _, n := range e.Entities {
			if n.Role == role {
				return n.Key
			}
		}
	}
	return ""
}

// City is the city that the event names, else the province of the subject's ID number, the nearest a complaint has to one.
func City(e *qingyuan.Event) string {
	if city, _ := e.Data["city"].(string); city != "" {
		return city
	}
	derived, _ := e.Data["derived"].(map[string]any)
	region, _ := derived["id_region"].(string)
	return region
}

// Shingles are what a text is compared by in the tenant's families.
func (d *Detector) Shingles(t qingyuan.Tenant, text string) ([]uint32, error) {
	texts, err := d.tenant(t)
	if err != nil {
		return nil, err
	}
	set := texts.index.Shingles(text)
	if !d.rules.Comparable(set) {
		return nil, qingyuan.FieldErrorf("text", "is too short to be a template")
	}
	return set, nil
}

// Near lists the texts of the record that a text is like, most similar first.
func (d *Detector) Near(t qingyuan.Tenant, text string, author qingyuan.AuthorKind) ([]family.Match, error) {
	texts, err := d.tenant(t)
	if err != nil {
		return nil, err
	}
	return texts.index.Find(text, author), nil
}

// Family is the family of the text with that id. Errors: not_found where it stands alone or is not known.
func (d *Detector) Family(t qingyuan.Tenant, id string) (family.Family, error) {
	texts, err := d.tenant(t)
	if err != nil {
		return family.Family{}, err
	}
	return texts.index.Family(id)
}

// FamilyID is the id of the family that the text with that id belongs to, "" where it stands alone.
func (d *Detector) FamilyID(t qingyuan.Tenant, id string) string {
	texts, err := d.tenant(t)
	if err != nil {
		return ""
	}
	return texts.index.FamilyID(id)
}

// Registered is the id of the gang's template that the text of the record with that id follows, or "".
func (d *Detector) Registered(t qingyuan.Tenant, id string) string {
	texts, err := d.tenant(t)
	if err != nil {
		return ""
	}
	best, _ := texts.known.Load().nearest(texts.index.Set(id), d.rules.Similarity)
	if best == nil {
		return ""
	}
	return best.ID
}

// Survey sums up the families with at least size texts.
func (d *Detector) Survey(t qingyuan.Tenant, size int, since time.Time) ([]family.Summary, error) {
	texts, err := d.tenant(t)
	if err != nil {
		return nil, err
	}
	return texts.index.Survey(size, since), nil
}

// Slots are the places in which the texts of a family differ.
func (d *Detector) Slots(representative string, others []string) ([]family.Slot, error) {
	return family.Slots(d.views, representative, others)
}

// Save writes the tenant's families, which hold every text of the record up to seq. They hold no text, only keyed shingles.
func (d *Detector) Save(w io.Writer, t qingyuan.Tenant, seq int64) error {
	texts, err := d.tenant(t)
	if err != nil {
		return err
	}
	if err := binary.Write(w, binary.BigEndian, seq); err != nil {
		return qingyuan.Wrap(qingyuan.Unavailable, err, "the families cannot be written")
	}
	return texts.index.Snapshot(w)
}

// Load reads what Save wrote and returns its seq: the events after it are still to be remembered. It must come before any text of the
// tenant is read. Errors: invalid where the snapshot is damaged or was made with other rules; nothing has changed then.
func (d *Detector) Load(r io.Reader, t qingyuan.Tenant) (seq int64, err error) {
	texts, err := d.tenant(t)
	if err != nil {
		return 0, err
	}
	in := bufio.NewReader(r)
	if err := binary.Read(in, binary.BigEndian, &seq); err != nil {
		return 0, qingyuan.Wrap(qingyuan.Invalid, err, "the snapshot of the families is cut off")
	}
	index, err := family.Restore(in, texts.index.Config())
	if err != nil {
		return 0, err
	}
	loaded := &tenantTexts{index: index}
	loaded.known.Store(texts.known.Load())
	d.tenants.Store(t, loaded)
	return seq, nil
}

// Follows is the id of the gang's template that a text follows, or "".
func (d *Detector) Follows(t qingyuan.Tenant, text string) string {
	texts, err := d.tenant(t)
	if err != nil {
		return ""
	}
	if best, _ := texts.known.Load().nearest(texts.index.Shingles(text), d.rules.Similarity); best != nil {
		return best.ID
	}
	return ""
}
