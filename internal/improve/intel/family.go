package intel

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"qingyuan"
	"qingyuan/internal/intake"
	"qingyuan/internal/prevent/text"
	"qingyuan/internal/prevent/text/family"
	"qingyuan/internal/store"
)

// splitID takes the id of a text apart into event and path.
func splitID(id string) (event, path string) {
	event, path, _ = strings.Cut(id, "/")
	return event, path
}

// Member is one text of a family, with its event.
type Member struct {
	family.Member
	Event *qingyuan.Event
	Text  string // masked; empty where the person was erased
}

// Family is a family of texts as a person reads it.
type Family struct {
	family.Family
	Text     string        // the representative's, masked
	Slots    []family.Slot // places in Text that the members fill differently, with the masked values of those shown
	Shown    []Member      // newest first
	Contacts []Contact     // shared within it
	Template string        // of a gang: the id of the registered one it follows
	Reasons  []qingyuan.Text
}

// FamilyFilter narrows and orders the families.
type FamilyFilter struct {
	Author  qingyuan.AuthorKind // empty: all
	MinSize int
	Growth  bool // by texts of the recent days, else by size
	Before  int  // the measure and id of the last one of the page before
	ID      string
	Limit   int
}

// Families lists the families of the tenant's texts, largest or fastest first. What grows is counted over the recent days of discovery.
func (s *Service) Families(_ context.Context, tenant qingyuan.Tenant, f FamilyFilter) ([]family.Summary, error) {
	all, err := s.cfg.Texts.Survey(tenant, max(f.MinSize, 2), s.cfg.DB.Now().AddDate(0, 0, -s.rules.RecentDays))
	if err != nil {
		return nil, err
	}
	order := func(a, b family.Summary) int {
		return cmp.Or(cmp.Compare(f.measure(b), f.measure(a)), strings.Compare(a.ID, b.ID))
	}
	last := family.Summary{ID: f.ID, Size: f.Before, Recent: f.Before}
	all = slices.DeleteFunc(all, func(a family.Summary) bool {
		return f.Author != "" && a.Author != f.Author || f.ID != "" && order(a, last) <= 0
	})
	slices.SortFunc(all, order)
	return all[:min(len(all), f.Limit)], nil
}

// excerptLength is how much of a family's text a list shows, in characters.
const excerptLength = 60

// Excerpts reads the beginnings of texts of the record by their ids, masked. A text whose person was erased is left out.
func (s *Service) Excerpts(ctx context.Context, tenant qingyuan.Tenant, ids []string) (map[string]string, error) {
	all := make(map[string]string, len(ids))
	err := s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		for _, id := range ids {
			text, _, err := s.masked(tx, id)
			if qingyuan.CodeOf(err) == qingyuan.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			runes := []rune(text)
			all[id] = string(runes[:min(len(runes), excerptLength)])
		}
		return nil
	})
	return all, err
}

func (f *FamilyFilter) measure(a family.Summary) int { return Measure(a, f.Growth) }

// Measure is what families are ordered by.
func Measure(a family.Summary, growth bool) int {
	if growth {
		return a.Recent
	}
	return a.Size
}

// Family reads the family of a text of the record, with at most so many members. Errors: not_found where the text stands alone.
func (s *Service) Family(ctx context.Context, tenant qingyuan.Tenant, id string, members int) (*Family, error) {
	whole, err := s.cfg.Texts.Family(tenant, id)
	if err != nil {
		return nil, err
	}
	f := &Family{Family: whole, Template: s.cfg.Texts.Registered(tenant, whole.Representative)}
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		if f.Text, _, err = s.masked(tx, whole.Representative); err != nil && qingyuan.CodeOf(err) != qingyuan.NotFound {
			return err
		}
		for i := len(whole.Members) - 1; i >= 0 && len(f.Shown) < members; i-- {
			m := Member{Member: whole.Members[i]}
			m.Text, m.Event, err = s.masked(tx, m.ID)
			if qingyuan.CodeOf(err) == qingyuan.NotFound {
				continue // its event was not recorded in the end
			}
			if err != nil {
				return err
			}
			f.Shown = append(f.Shown, m)
		}
		return s.shared(tx, f)
	})
	if err != nil {
		return nil, err
	}
	var others []string
	for _, m := range f.Shown {
		if m.ID != whole.Representative && m.Text != "" {
			others = append(others, m.Text)
		}
	}
	if f.Text != "" && len(others) > 0 {
		if f.Slots, err = s.cfg.Texts.Slots(f.Text, others); err != nil {
			return nil, err
		}
	}
	f.Reasons = reasonsOf(f)
	return f, nil
}

// shared reads the contacts that members of the family share.
func (s *Service) shared(tx *store.Tx, f *Family) error {
	for _, c := range f.Family.Contacts[:min(len(f.Family.Contacts), 20)] {
		found, err := s.contacts(tx, `key = $2`, c.Contact)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			found = []Contact{{Key: c.Contact, Writers: int64(c.Subjects)}}
		}
		f.Contacts = append(f.Contacts, found[0])
	}
	return nil
}

// masked reads one text of the record as a person may see it.
func (s *Service) masked(tx *store.Tx, id string) (string, *qingyuan.Event, error) {
	event, path := splitID(id)
	e, err := s.cfg.Events.Event(tx, event)
	if err != nil {
		return "", nil, err
	}
	return MaskedText(e, path), e, nil
}

// MaskedText is one text of an event as a person may see it, "" where it is not there. Byte spans of the text hold in it.
func MaskedText(e *qingyuan.Event, path string) string {
	schema, ok := intake.SchemaOf(e.Kind)
	if !ok || e.Data == nil {
		return ""
	}
	object, _ := intake.Mask(schema, e.Data)[path].(map[string]any)
	words, _ := object["text"].(string)
	return words
}

// reasonsOf says why the texts are one family and what it means.
func reasonsOf(f *Family) (all []qingyuan.Text) {
	say := func(zh, en string, args ...any) {
		all = append(all, qingyuan.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)})
	}
	least := 1.0
	for _, m := range f.Members {
		least = min(least, m.Similarity)
	}
	say("%d 篇文本按读音三元组两两相近，与代表文本的相似度不低于 %.2f", "%d texts are near-copies by sound; none is less than %.2f like the representative", len(f.Members), least)
	if f.Subjects > 1 {
		say("来自 %d 名不同人员或账号", "by %d different persons or accounts", f.Subjects)
	}
	if len(f.Cities) > 1 {
		say("分布于 %d 个城市或省份", "from %d cities or provinces", len(f.Cities))
	}
	if n := len(f.Family.Contacts); n > 0 {
		say("其中 %d 个联系方式为多人共用", "%d contacts are shared among them", n)
	}
	if len(f.Slots) > 0 {
		say("除 %d 处填空外文字相同", "the same words but for %d slots", len(f.Slots))
	}
	if f.Innocent != "" {
		say("已登记为正常模板（%s），不产生可疑信号", "registered as innocent (%s): it gives no suspicion", f.Innocent)
	}
	if f.Template != "" {
		say("与已确认的团伙模板（%s）相同", "follows the confirmed template of a gang (%s)", f.Template)
	}
	return all
}

// Near is a text of the record that is like the one asked about.
type Near struct {
	family.Match
	Event *qingyuan.Event
}

// Lookup is what was found of one text.
type Lookup struct {
	Near     []Near  // most similar first
	Family   *Family // of the most similar one; nil where there is none
	Template string  // of a gang that it follows
}

// Lookup finds the family of a text that is given, or of the text of an event (一键串案).
func (s *Service) Lookup(ctx context.Context, tenant qingyuan.Tenant, words string, author qingyuan.AuthorKind, textID string) (*Lookup, error) {
	out := &Lookup{}
	if textID != "" {
		_, w, err := s.text(ctx, tenant, textID)
		if err != nil {
			return nil, err
		}
		event, _ := splitID(textID)
		textID, words, author = text.TextID(event, w.Path), w.Text, w.Author
	}
	near, err := s.cfg.Texts.Near(tenant, words, author)
	if err != nil {
		return nil, err
	}
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		for _, m := range near {
			if m.ID == textID || len(out.Near) == 20 {
				continue
			}
			event, _ := splitID(m.ID)
			e, err := s.cfg.Events.Event(tx, event)
			if qingyuan.CodeOf(err) == qingyuan.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			out.Near = append(out.Near, Near{m, e})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.Template = s.cfg.Texts.Follows(tenant, words)
	of := textID
	if len(out.Near) > 0 {
		of = out.Near[0].ID
	}
	if of != "" {
		if out.Family, err = s.Family(ctx, tenant, of, 50); qingyuan.CodeOf(err) == qingyuan.NotFound {
			err = nil
		}
	}
	return out, err
}

// Excerpt is a place in the record with the words around it, masked.
type Excerpt struct {
	Event *qingyuan.Event
	Path  string
	Text  string
	Span  qingyuan.Span // within Text
}

// around is how much of a text is shown before and after a place, in bytes.
const around = 120

// Evidence reads the places of a candidate.
func (s *Service) Evidence(ctx context.Context, tenant qingyuan.Tenant, c *Candidate) (all []Excerpt, err error) {
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		for _, p := range c.Detail.Evidence {
			words, e, err := s.masked(tx, p.Text)
			if qingyuan.CodeOf(err) == qingyuan.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			_, path := splitID(p.Text)
			x := Excerpt{Event: e, Path: path, Text: words, Span: p.Span}
			if p.Span.End > 0 && p.Span.End <= len(words) {
				from, to := boundary(words, p.Span.Start-around), boundary(words, p.Span.End+around)
				x.Text, x.Span = words[from:to], qingyuan.Span{Start: p.Span.Start - from, End: p.Span.End - from}
			}
			all = append(all, x)
		}
		return nil
	})
	return all, err
}

// boundary is the beginning of a character at or before byte i.
func boundary(s string, i int) int {
	i = max(0, min(i, len(s)))
	for i > 0 && i < len(s) && s[i]&0xc0 == 0x80 {
		i--
	}
	return i
}
