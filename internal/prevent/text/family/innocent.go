package family

import "qingyuan"

// Similarity is the Jaccard similarity of two sets of shingles of one index.
func Similarity(a, b []uint32) float64 { return jaccard(a, b) }

// Comparable says whether a set of shingles is large enough for its likeness to mean something.
func (r *Rules) Comparable(set []uint32) bool { return len(set) >= r.ShinglesIndexed }

// Register marks a text as innocent. Texts added before are not looked at again.
func (x *Index) Register(i Innocent) error {
	set := i.Shingles
	if i.Text != "" {
		set = x.shingles.set(i.Text)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case i.ID == "" || i.Source == "" || !x.config.Rules.Comparable(set):
		return qingyuan.FieldErrorf("innocent", "needs an id, a source and a text of some length")
	case len(x.innocent) == maxInnocent:
		return qingyuan.FieldErrorf("innocent", "no more than %d texts can be registered", maxInnocent)
	}
	i.Text, i.Shingles = "", nil
	x.innocent = append(x.innocent, innocent{i, set})
	return nil
}

// Replace makes these the only innocent texts and looks at every text of the index again: a family of which a text
// follows one of them falls silent, and one that followed a text no longer registered may speak.
func (x *Index) Replace(all []Innocent) error {
	x.mu.Lock()
	x.innocent = nil
	for i := range x.texts {
		x.texts[i].innocent = 0
	}
	for _, g := range x.groups {
		g.innocent = 0
	}
	x.mu.Unlock()
	for _, i := range all {
		if err := x.Register(i); err != nil {
			return err
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range x.innocent {
		x.follow(uint16(i+1), x.innocent[i].set)
	}
	return nil
}

// follow marks the texts that are like registered text number i, and their families.
func (x *Index) follow(i uint16, set []uint32) {
	sig := Sign(set)
	for author := range authors {
		for _, n := range x.candidates(&sig, uint8(author+1)) {
			if jaccard(set, x.set(n)) < x.config.Rules.Similarity {
				continue
			}
			if e := &x.texts[n]; e.innocent == 0 {
				e.innocent = i
			}
			if g := x.groups[x.root(n)]; g != nil && g.innocent == 0 {
				g.innocent = i
			}
		}
	}
}

// Exempted makes these the only contacts that are rightly shared: see [Index.Exempt].
func (x *Index) Exempted(contacts []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	clear(x.exempt)
	for _, c := range contacts {
		x.exempt[x.names.id(c)] = true
	}
}

// Config is what the index was made from.
func (x *Index) Config() Config { return x.config }
