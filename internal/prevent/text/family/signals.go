package family

import (
	"slices"
	"strconv"

	"qingyuan"
)

// signals are C1 and C4 about text n, which has just been added. It also counts the text's contacts and citations.
func (x *Index) signals(n int32, t Text, matches []Match) []qingyuan.Signal {
	var out []qingyuan.Signal
	signal := func(code string, detail map[string]string) {
		detail["rules"] = x.config.Rules.Version
		out = append(out, qingyuan.Signal{Code: code, Family: qingyuan.FamilyText, Polarity: qingyuan.Suspicion,
			Score: 1, Author: t.Author, Detail: detail, Detector: detectorName + "@" + x.config.Rules.Version})
	}
	if d := x.template(n, t.Author, matches); d != nil {
		signal("C1", d)
	}
	e := &x.texts[n]
	if t.Citations != "" {
		e.citing = x.names.id(t.Citations)
		r := count(x.citings, e.citing, e)
		rule := x.config.Rules.Citations
		if x.speaks(t.Author) && e.innocent == 0 && len(r.subjects) >= rule.Subjects && len(r.cities) >= rule.Cities {
			signal("C1", map[string]string{"basis": "citations", "names": "statutes " + t.Citations, "citations": t.Citations,
				"subjects": strconv.Itoa(len(r.subjects)), "cities": strconv.Itoa(len(r.cities))})
		}
	}
	contacts := slices.Clone(t.Contacts)
	slices.Sort(contacts)
	for _, c := range slices.Compact(contacts) {
		id := x.names.id(c)
		if c == "" || x.exempt[id] {
			continue
		}
		e.contacts = append(e.contacts, id)
		if r := count(x.contacts, id, e); len(r.subjects) >= x.config.Rules.Contact.Subjects {
			signal("C4", map[string]string{"contact": c, "subjects": strconv.Itoa(len(r.subjects)), "cities": strconv.Itoa(len(r.cities))})
		}
	}
	return out
}

// speaks says whether likeness of texts by this kind of author can be C1.
func (x *Index) speaks(a qingyuan.AuthorKind) bool {
	return slices.Contains(x.config.Rules.Template.Authors, a)
}

// template is the detail of C1 about text n, or nil.
func (x *Index) template(n int32, author qingyuan.AuthorKind, matches []Match) map[string]string {
	rule, root := x.config.Rules.Template, x.root(n)
	g := x.known(root)
	if g == nil || len(matches) == 0 || !x.speaks(author) || g.innocent != 0 || int(x.texts[n].shingles) < rule.Shingles ||
		len(g.subjects) < rule.Subjects || len(g.cities) < rule.Cities {
		return nil
	}
	return map[string]string{"basis": "template", "family": x.name(root), "names": x.name(root), "texts": strconv.Itoa(g.size),
		"subjects": strconv.Itoa(len(g.subjects)), "cities": strconv.Itoa(len(g.cities)),
		"nearest": matches[0].ID, "similarity": strconv.FormatFloat(matches[0].Similarity, 'f', 2, 64)}
}

// count notes that the subject of e used a key, and returns who did.
func count(rings map[uint32]*ring, key uint32, e *entry) *ring {
	r := rings[key]
	if r == nil {
		r = &ring{map[uint32]int{}, map[uint32]int{}}
		rings[key] = r
	}
	add(r.subjects, e.subject, 1)
	add(r.cities, e.city, 1)
	return r
}

// add changes the count of a name; names that are empty are not counted, and a count of 0 goes.
func add(counts map[uint32]int, name uint32, by int) {
	if name == 0 {
		return
	}
	if counts[name] += by; counts[name] <= 0 {
		delete(counts, name)
	}
}
