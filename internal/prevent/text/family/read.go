package family

import (
	"slices"
	"time"

	"qingyuan"
)

// Family is a set of texts joined by likeness, as known without the texts themselves.
type Family struct {
	ID             string              `json:"id"` // id of its earliest text
	Author         qingyuan.AuthorKind `json:"author"`
	Representative string              `json:"representative"` // id of the text most like the others
	Members        []Member            `json:"members"`        // in the order of arrival
	FirstSeen      time.Time           `json:"first_seen"`
	LastSeen       time.Time           `json:"last_seen"`
	Subjects       int                 `json:"subjects"`           // distinct, the unknown one not counted
	Cities         []string            `json:"cities"`             // ascending
	Contacts       []Shared            `json:"contacts"`           // contacts of two subjects of the family or more, most shared first
	Innocent       string              `json:"innocent,omitempty"` // id of the registered text a member follows
}

// Member is one text of a family.
type Member struct {
	ID         string    `json:"id"`
	Subject    string    `json:"subject"`
	City       string    `json:"city"`
	At         time.Time `json:"at"`
	Similarity float64   `json:"similarity"` // to the representative
}

// Shared is a contact and how many subjects of the family gave it.
type Shared struct {
	Contact  string `json:"contact"`
	Subjects int    `json:"subjects"`
}

// sampled is how many texts of a family are compared with each other to find its representative.
const sampled = 64

// Family returns the family that a text belongs to. A text that stands alone, or is not there, is NotFound.
func (x *Index) Family(id string) (Family, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	n, ok := x.byID[id]
	if !ok || x.known(x.root(n)) == nil {
		return Family{}, qingyuan.Errorf(qingyuan.NotFound, "the text belongs to no family")
	}
	return x.family(x.root(n)), nil
}

// FamilyID is the id of the family of a text, "" where it stands alone or is not there.
func (x *Index) FamilyID(id string) string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	n, ok := x.byID[id]
	if !ok || x.known(x.root(n)) == nil {
		return ""
	}
	return x.name(x.root(n))
}

// Set is a copy of the shingles of a text of the index, nil where it is not there.
func (x *Index) Set(id string) []uint32 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	n, ok := x.byID[id]
	if !ok {
		return nil
	}
	return slices.Clone(x.set(n))
}

// Find returns the texts of the same kind of author that a text is like, most similar first, without adding it.
func (x *Index) Find(text string, author qingyuan.AuthorKind) []Match {
	set := x.shingles.set(text)
	if len(set) < x.config.Rules.ShinglesIndexed || authorByte(author) == 0 {
		return nil
	}
	sig := Sign(set)
	x.mu.RLock()
	defer x.mu.RUnlock()
	var out []Match
	for _, c := range x.candidates(&sig, authorByte(author)) {
		if s := jaccard(set, x.set(c)); s >= x.config.Rules.Similarity {
			out = append(out, Match{x.texts[c].id, s})
		}
	}
	slices.SortStableFunc(out, bySimilarity)
	return out
}

// Families lists the ids of the families with at least size texts, the largest first.
func (x *Index) Families(size int) []string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var roots []int32
	for root, g := range x.groups {
		if g.size >= max(size, 2) {
			roots = append(roots, root)
		}
	}
	slices.SortFunc(roots, func(a, b int32) int {
		if d := x.groups[b].size - x.groups[a].size; d != 0 {
			return d
		}
		return int(a - b)
	})
	ids := make([]string, len(roots))
	for i, r := range roots {
		ids[i] = x.name(r)
	}
	return ids
}

// Summary is a family at a glance.
type Summary struct {
	ID       string              `json:"id"`
	Author   qingyuan.AuthorKind `json:"author"`
	Size     int                 `json:"size"`   // texts
	Recent   int                 `json:"recent"` // of them at or after the day asked for
	Subjects int                 `json:"subjects"`
	Cities   int                 `json:"cities"`
	First    time.Time           `json:"first_seen"`
	Last     time.Time           `json:"last_seen"`
	Innocent string              `json:"innocent,omitempty"`
}

// Survey sums up the families with at least size texts, in no particular order. It reads no text.
func (x *Index) Survey(size int, since time.Time) []Summary {
	x.mu.RLock()
	defer x.mu.RUnlock()
	at := map[int32]int{}
	var out []Summary
	from := since.UnixMicro()
	for n := range x.texts {
		e := &x.texts[n]
		root := x.root(int32(n))
		g := x.known(root)
		if e.removed || g == nil || g.size < size {
			continue
		}
		i, ok := at[root]
		if !ok {
			i = len(out)
			at[root] = i
			s := Summary{ID: e.id, Author: authors[e.author-1], Size: g.size, Subjects: len(g.subjects), Cities: len(g.cities),
				First: time.UnixMicro(e.at).UTC(), Last: time.UnixMicro(e.at).UTC()}
			if g.innocent > 0 {
				s.Innocent = x.innocent[g.innocent-1].ID
			}
			out = append(out, s)
		}
		s, when := &out[i], time.UnixMicro(e.at).UTC()
		if e.at >= from {
			s.Recent++
		}
		if when.Before(s.First) {
			s.First = when
		}
		if when.After(s.Last) {
			s.Last = when
		}
	}
	return out
}

// Len is the number of texts.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.byID)
}

// members are the texts of a family in the order of arrival.
func (x *Index) members(root int32) []int32 {
	var out []int32
	for n := root; ; {
		if !x.texts[n].removed {
			out = append(out, n)
		}
		if n = x.texts[n].next; n == root {
			break
		}
	}
	slices.Sort(out)
	return out
}

func (x *Index) family(root int32) Family {
	all := x.members(root)
	best := x.representative(all)
	f := Family{ID: x.texts[all[0]].id, Author: authors[x.texts[root].author-1], Representative: x.texts[best].id, Subjects: len(x.groups[root].subjects)}
	if i := x.groups[root].innocent; i > 0 {
		f.Innocent = x.innocent[i-1].ID
	}
	shared := map[uint32]map[uint32]bool{}
	for _, n := range all {
		e := &x.texts[n]
		at := time.UnixMicro(e.at).UTC()
		f.Members = append(f.Members, Member{e.id, x.names.names[e.subject], x.names.names[e.city], at, jaccard(x.set(n), x.set(best))})
		if f.FirstSeen.IsZero() || at.Before(f.FirstSeen) {
			f.FirstSeen = at
		}
		if at.After(f.LastSeen) {
			f.LastSeen = at
		}
		for _, c := range e.contacts {
			if shared[c] == nil {
				shared[c] = map[uint32]bool{}
			}
			shared[c][e.subject] = true
		}
	}
	for c := range x.groups[root].cities {
		f.Cities = append(f.Cities, x.names.names[c])
	}
	slices.Sort(f.Cities)
	for c, subjects := range shared {
		if len(subjects) > 1 {
			f.Contacts = append(f.Contacts, Shared{x.names.names[c], len(subjects)})
		}
	}
	slices.SortFunc(f.Contacts, func(a, b Shared) int {
		if a.Subjects != b.Subjects {
			return b.Subjects - a.Subjects
		}
		if a.Contact < b.Contact {
			return -1
		}
		return 1
	})
	return f
}

// representative is the text with the largest sum of similarities to a sample of the family.
func (x *Index) representative(all []int32) int32 {
	sample := all
	if len(all) > sampled {
		sample = make([]int32, sampled)
		for i := range sample {
			sample[i] = all[i*len(all)/sampled]
		}
	}
	best, top := sample[0], -1.0
	for _, a := range sample {
		var sum float64
		for _, b := range sample {
			sum += jaccard(x.set(a), x.set(b))
		}
		if sum > top {
			best, top = a, sum
		}
	}
	return best
}

// Remove forgets a text: its id, metadata and shingles. What it joined stays joined. Removing what is not there does nothing.
func (x *Index) Remove(id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	n, ok := x.byID[id]
	if !ok {
		return
	}
	delete(x.byID, id)
	e := &x.texts[n]
	if g := x.groups[x.root(n)]; g != nil {
		g.size--
		add(g.subjects, e.subject, -1)
		add(g.cities, e.city, -1)
	}
	uncount(x.citings, e.citing, e)
	for _, c := range e.contacts {
		uncount(x.contacts, c, e)
	}
	sig := Sign(x.set(n))
	for b, t := range x.tables {
		if e.buckets>>b&1 == 1 {
			t.remove(sig.bucket(b, e.author), n)
		}
	}
	clear(x.set(n))
	*e = entry{set: e.set, parent: e.parent, next: e.next, author: e.author, innocent: e.innocent, removed: true}
}

func uncount(rings map[uint32]*ring, key uint32, e *entry) {
	if r := rings[key]; r != nil {
		add(r.subjects, e.subject, -1)
		add(r.cities, e.city, -1)
		if len(r.subjects) == 0 && len(r.cities) == 0 {
			delete(rings, key)
		}
	}
}
