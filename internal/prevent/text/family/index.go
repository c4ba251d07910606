package family

import (
	"slices"
	"sync"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

// Text is one text with what is known of it. Subject and Contacts are blind keys; nothing of Text itself is kept.
type Text struct {
	ID        string              // unique in the index
	Author    qingyuan.AuthorKind //
	Text      string              //
	Subject   string              // whom the text is about; empty where unknown
	City      string              // city of the subject; empty where unknown
	Contacts  []string            // phones, addresses and accounts given in or with it
	Citations string              // fingerprint of the statutes it lists, in their order; empty where it lists none
	At        time.Time           // when it was received
}

// Match is a text of the index and its similarity to another one, from 0 to 1.
type Match struct {
	ID         string  `json:"id"`
	Similarity float64 `json:"similarity"`
}

// Result is what adding a text found.
type Result struct {
	Family   string            // id of the family: that of its earliest text; empty where the text stands alone
	Size     int               // texts in the family, this one included
	Matches  []Match           // verified near-duplicates, most similar first
	Innocent string            // id of the registered form letter or media template it follows, if any
	Signals  []qingyuan.Signal // C1 and C4 about this text
}

// limits of one insertion.
const (
	maxCandidates = 512 // texts compared exactly
	maxPerBucket  = 4   // texts of one family kept in a bucket: the rest are found through them
	maxChain      = 256 // texts read in one bucket
	maxMatches    = 20  // matches returned
	maxInnocent   = 1000
	maxMetadata   = 256 // bytes of an id or key
	maxContacts   = 32
	detectorName  = "text-family"
	maxTexts      = 1 << 30
)

// Config is what an index is made from.
type Config struct {
	Views *normal.Normalizer
	Rules Rules
	Key   uint64 // of the shingle hashes: from the tenant's secret, so that a stolen snapshot is no dictionary of phrases
}

// Index holds the families of one tenant. It is safe for use by many goroutines.
type Index struct {
	mu       sync.RWMutex
	config   Config
	shingles shingler
	names    interner
	byID     map[string]int32
	texts    []entry
	sets     []uint32 // shingles of all texts, one after the other
	tables   [bands]*table
	groups   map[int32]*group // by root, for families of two texts or more
	contacts map[uint32]*ring
	citings  map[uint32]*ring
	innocent []innocent
	exempt   map[uint32]bool
}

// entry is one text. Families are a union-find forest over entries whose roots are their earliest texts.
type entry struct {
	id       string
	at       int64 // microseconds
	set      int64 // first shingle in sets
	shingles int32
	parent   int32
	next     int32  // ring of the family's texts
	buckets  uint32 // bit per band: the text stands in its bucket
	subject  uint32
	city     uint32
	innocent uint16 // 1 + index of the registered text it follows
	author   uint8
	removed  bool
	citing   uint32
	contacts []uint32
}

// group is what is known of a family without reading its texts.
type group struct {
	size     int
	subjects map[uint32]int // texts by subject
	cities   map[uint32]int
	innocent uint16
}

// ring is who used one contact, or cited one list of statutes.
type ring struct {
	subjects map[uint32]int
	cities   map[uint32]int
}

type innocent struct {
	Innocent
	set []uint32
}

// Innocent is a text that many honest people send in nearly the same words: a form letter of the lender, a template
// spread by the media. It is given as its text, or as the shingles that [Index.Shingles] made of it.
type Innocent struct {
	ID       string   `yaml:"id"`
	Source   string   `yaml:"source"`
	Text     string   `yaml:"text"`
	Shingles []uint32 `yaml:"-"`
}

// New makes an empty index.
func New(c Config) (*Index, error) {
	if c.Views == nil || c.Rules.Version == "" {
		return nil, qingyuan.Errorf(qingyuan.Internal, "a family index needs a normaliser and rules")
	}
	x := &Index{config: c, shingles: shingler{c.Views, c.Key}, byID: map[string]int32{}, groups: map[int32]*group{},
		contacts: map[uint32]*ring{}, citings: map[uint32]*ring{}, exempt: map[uint32]bool{}, names: interner{ids: map[string]uint32{"": 0}, names: []string{""}}}
	for i := range x.tables {
		x.tables[i] = newTable()
	}
	return x, nil
}

// interner numbers strings; 0 is the empty one.
type interner struct {
	ids   map[string]uint32
	names []string
}

func (n *interner) id(s string) uint32 {
	id, ok := n.ids[s]
	if !ok {
		id = uint32(len(n.names))
		n.ids[s] = id
		n.names = append(n.names, s)
	}
	return id
}

// authorByte numbers the kinds of author; 0 is any other kind.
func authorByte(a qingyuan.AuthorKind) uint8 { return uint8(slices.Index(authors, a) + 1) }

var authors = []qingyuan.AuthorKind{qingyuan.AuthorCustomer, qingyuan.AuthorOperator, qingyuan.AuthorSpeech,
	qingyuan.AuthorOCR, qingyuan.AuthorPublic, qingyuan.AuthorAgent, qingyuan.AuthorLender}

// Exempt says that a contact is rightly shared: the lender's own hotline, a regulator's, a lawyer with confirmed powers.
func (x *Index) Exempt(contact string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.exempt[x.names.id(contact)] = true
}

func (t *Text) check() error {
	switch {
	case t.ID == "" || len(t.ID) > maxMetadata || len(t.Subject) > maxMetadata || len(t.City) > maxMetadata || len(t.Citations) > maxMetadata:
		return qingyuan.FieldErrorf("text", "needs an id, and its id and keys may have %d bytes at most", maxMetadata)
	case authorByte(t.Author) == 0:
		return qingyuan.FieldErrorf("author", "is not a kind of author")
	case len(t.Contacts) > maxContacts:
		return qingyuan.FieldErrorf("contacts", "has more than %d", maxContacts)
	}
	return nil
}

// Shingles are the distinct shingle hashes of a text, ascending: what [Sign] makes a signature of and [Similarity] compares.
// They do not give the text back.
func (x *Index) Shingles(text string) []uint32 { return x.shingles.set(text) }

// Add puts a text into the index and says what it belongs to. An id that is there already is a Conflict.
func (x *Index) Add(t Text) (Result, error) {
	if err := t.check(); err != nil {
		return Result{}, err
	}
	set := x.shingles.set(t.Text) // outside the lock: the costly half
	sig := Sign(set)
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, there := x.byID[t.ID]; there {
		return Result{}, qingyuan.Errorf(qingyuan.Conflict, "the text is in the index already")
	}
	if len(x.texts) == maxTexts {
		return Result{}, qingyuan.Errorf(qingyuan.Unavailable, "the index is full")
	}
	n := int32(len(x.texts))
	x.byID[t.ID] = n
	x.texts = append(x.texts, entry{id: t.ID, at: t.At.UnixMicro(), set: int64(len(x.sets)), shingles: int32(len(set)), parent: n,
		next: n, subject: x.names.id(t.Subject), city: x.names.id(t.City), author: authorByte(t.Author), innocent: x.follows(set)})
	x.sets = append(x.sets, set...)
	r := Result{}
	if len(set) >= x.config.Rules.ShinglesIndexed {
		found := x.join(n, &sig, set)
		r.Matches = found[:min(len(found), maxMatches)]
	}
	root := x.root(n)
	if g := x.known(root); g != nil {
		r.Family, r.Size = x.name(root), g.size
	}
	if i := x.texts[n].innocent; i > 0 {
		r.Innocent = x.innocent[i-1].ID
	}
	r.Signals = x.signals(n, t, r.Matches)
	return r, nil
}

// follows is 1 + the number of the registered text that the set is like, or 0.
func (x *Index) follows(set []uint32) uint16 {
	for i := range x.innocent {
		if jaccard(set, x.innocent[i].set) >= x.config.Rules.Similarity {
			return uint16(i + 1)
		}
	}
	return 0
}

// join unites text n with its near-duplicates, puts it into its buckets and returns them, most similar first.
func (x *Index) join(n int32, sig *Signature, set []uint32) []Match {
	author := x.texts[n].author
	var matches []Match
	for _, c := range x.candidates(sig, author) {
		if s := jaccard(set, x.set(c)); s >= x.config.Rules.Similarity {
			matches = append(matches, Match{x.texts[c].id, s})
			x.unite(n, c)
		}
	}
	slices.SortStableFunc(matches, bySimilarity)
	x.file(n, sig)
	return matches
}

// file puts text n into its buckets, except those that hold enough of its family already.
func (x *Index) file(n int32, sig *Signature) {
	root, author := x.root(n), x.texts[n].author
	for b, t := range x.tables {
		key := sig.bucket(b, author)
		same := 0
		for c, k := t.head(key), 0; c >= 0 && k < maxChain; c, k = t.next[c], k+1 {
			if x.root(c) == root {
				same++
			}
		}
		if same < maxPerBucket {
			t.put(key, n)
			x.texts[n].buckets |= 1 << b
		}
	}
}

func bySimilarity(a, b Match) int {
	switch {
	case a.Similarity > b.Similarity:
		return -1
	case a.Similarity < b.Similarity:
		return 1
	}
	return 0
}

// candidates are the texts that share a bucket, those that share most first, at most maxCandidates.
func (x *Index) candidates(sig *Signature, author uint8) []int32 {
	shared := map[int32]int{}
	var order []int32
	for b, t := range x.tables {
		for c, k := t.head(sig.bucket(b, author)), 0; c >= 0 && k < maxChain; c, k = t.next[c], k+1 {
			if x.texts[c].removed || x.texts[c].author != author {
				continue
			}
			if shared[c]++; shared[c] == 1 {
				order = append(order, c)
			}
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		if shared[a] != shared[b] {
			return shared[b] - shared[a]
		}
		return int(a - b)
	})
	return order[:min(len(order), maxCandidates)]
}

func (x *Index) set(n int32) []uint32 {
	e := &x.texts[n]
	return x.sets[e.set : e.set+int64(e.shingles)]
}

func (x *Index) root(n int32) int32 {
	for x.texts[n].parent != n {
		n = x.texts[n].parent
	}
	return n
}

// unite makes one family of the families of a and b; the earlier root stays root.
func (x *Index) unite(a, b int32) {
	ra, rb := x.root(a), x.root(b)
	if ra == rb {
		return
	}
	if rb < ra {
		ra, rb = rb, ra
	}
	keep, drop := x.group(ra), x.group(rb)
	if keep.size < drop.size {
		keep, drop = drop, keep
	}
	keep.size += drop.size
	for s, k := range drop.subjects {
		keep.subjects[s] += k
	}
	for c, k := range drop.cities {
		keep.cities[c] += k
	}
	if keep.innocent == 0 || drop.innocent != 0 && drop.innocent < keep.innocent {
		keep.innocent = drop.innocent
	}
	delete(x.groups, rb)
	x.groups[ra] = keep
	x.texts[rb].parent = ra
	x.texts[ra].next, x.texts[rb].next = x.texts[rb].next, x.texts[ra].next
	for _, n := range []int32{a, b} { // shorten the ways to the root
		for x.texts[n].parent != ra && n != ra {
			n, x.texts[n].parent = x.texts[n].parent, ra
		}
	}
}

// known is the group of a root that has two texts or more, or nil.
func (x *Index) known(root int32) *group {
	if g := x.groups[root]; g != nil && g.size > 1 {
		return g
	}
	return nil
}

// name is the id of a family: that of its earliest text that has not been removed.
func (x *Index) name(root int32) string {
	if !x.texts[root].removed {
		return x.texts[root].id
	}
	return x.texts[x.members(root)[0]].id
}

// group returns the group of a root, making that of a single text.
func (x *Index) group(root int32) *group {
	if g := x.groups[root]; g != nil {
		return g
	}
	e := &x.texts[root]
	g := &group{subjects: map[uint32]int{}, cities: map[uint32]int{}, innocent: e.innocent}
	if !e.removed {
		g.size = 1
		add(g.subjects, e.subject, 1)
		add(g.cities, e.city, 1)
	}
	return g
}
