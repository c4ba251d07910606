package lexicon

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

// MaxHits bounds the candidates of one text: after the piece that reaches it the text is not searched further.
const MaxHits = 10_000

// View names the farthest view in which a hit stands.
type View string

// The views of hits, from plain to far.
const (
	ViewBase       View = "base"       // as written, apart from folding
	ViewSimplified View = "simplified" // in traditional characters
	ViewCompact    View = "compact"    // with insertions, or signs for characters
	ViewMerged     View = "merged"     // 拆字
	ViewPinyin     View = "pinyin"     // by sound: homophones, syllables in letters
	ViewGlyph      View = "glyph"      // 形近
	ViewInitials   View = "initials"   // first letters
	ViewOrder      View = "order"      // rearranged
	ViewPartial    View = "partial"    // one character is something else
)

// Views lists the views of hits.
var Views = []View{ViewBase, ViewSimplified, ViewCompact, ViewMerged, ViewPinyin, ViewGlyph, ViewInitials, ViewOrder, ViewPartial}

// Hit is one term found in a text.
type Hit struct {
	Term     string            `json:"term"` // id
	Text     string            `json:"text"` // the term as the lexicon has it
	Typology qingyuan.Typology `json:"typology"`
	View     View              `json:"view"`
	Span     qingyuan.Span     `json:"span"` // bytes of the raw text
	Raw      string            `json:"raw"`  // what stands there
	Weak     bool              `json:"weak,omitempty"`
	Short    bool              `json:"short,omitempty"`   // a disguised term of at most two characters, corroborated
	Context  string            `json:"context,omitempty"` // id of the context that takes the accusation away
	Bits     float32           `json:"bits,omitempty"`    // evidence of a disguised hit; 0 for a plain one
	Sense    qingyuan.Text     `json:"sense"`
	Source   string            `json:"source"`
}

// Disguised says whether the term does not stand there as the lexicon has it.
func (h *Hit) Disguised() bool { return h.View != ViewBase && h.View != ViewSimplified }

// Result is what a scan found. The hits are at most MaxHits and those of one piece more.
type Result struct {
	Hits      []Hit  `json:"hits"`      // by position
	Version   string `json:"version"`   // of the lexicons and the scoring
	Truncated bool   `json:"truncated"` // so full of candidates that not all were kept: of a piece, or after about MaxHits the rest of the text
}

// Pieces of a long text: each is searched with some of the text before and after it, so that nothing is lost at the seams.
const (
	pieceSize   = 32 << 10
	pieceBefore = 512
	pieceAfter  = 2 << 10
)

// spot is a candidate at its place in the raw text.
type spot struct {
	candidate
	start, end int
	marked     bool // something invisible or drawn over stands inside
}

// MaxText is the longest text that is scanned, in bytes. Memory does not grow with the text: it is searched in pieces.
const MaxText = 64 << 20

// Scan finds the terms in text. Text longer than [MaxText] is refused with Invalid; a context that ends stops the scan with its error.
func (m *Matcher) Scan(ctx context.Context, text string) (*Result, error) {
	if len(text) > MaxText {
		return nil, qingyuan.FieldErrorf("text", "is longer than %d bytes; send it in parts", MaxText)
	}
	r := &Result{Version: m.version}
	var spots []spot
	s := m.searches.Get().(*search)
	defer m.searches.Put(s)
	for at := 0; at < len(text) && len(spots) < MaxHits; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		end := cut(text, at+pieceSize)
		from := cut(text, at-pieceBefore)
		for _, c := range s.run(text[from:cut(text, end+pieceAfter)]) {
			p := spot{c, from + int(s.page.tokens[c.from].Start), from + int(s.page.tokens[c.to-1].End), s.page.marked(c.from, c.to)}
			if p.start >= at && p.start < end {
				spots = append(spots, p)
			}
		}
		r.Truncated = r.Truncated || len(s.found) == maxCandidates || len(spots) >= MaxHits
		at = end
	}
	spots = tidy(spots)
	for _, p := range m.resolve(spots) {
		r.Hits = append(r.Hits, m.hit(text, p))
	}
	m.place(text, r.Hits, spots)
	return r, nil
}

// rank orders candidates for the same place: plain ones first, then by evidence.
func (c *candidate) rank() float32 {
	if c.plain() {
		return math.MaxFloat32
	}
	return c.bits
}

// cut moves i to a position between runes of the text.
func cut(text string, i int) int {
	i = min(max(i, 0), len(text))
	for back := 0; i > 0 && i < len(text) && back < utf8.UTFMax && !utf8.RuneStart(text[i]); back++ {
		i--
	}
	return i
}

// tidy sorts candidates by place and leaves out those found twice.
func tidy(spots []spot) []spot {
	slices.SortStableFunc(spots, func(a, b spot) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), cmp.Compare(a.term, b.term), cmp.Compare(b.rank(), a.rank()))
	})
	return slices.CompactFunc(spots, func(a, b spot) bool { return a.start == b.start && a.end == b.end && a.term == b.term })
}

// resolve keeps, of all candidates in order, those that stand: not inside an allow-listed phrase, nor inside a plainer or longer one, and if
// short and disguised only beside a corroborating one.
func (m *Matcher) resolve(spots []spot) []spot {
	var terms []spot
	for i, a := range spots {
		if m.terms[a.term].entry >= 0 && !m.hidden(spots, i) {
			terms = append(terms, a)
		}
	}
	var kept []spot
	for i, a := range terms {
		if m.wanted(a) && (!m.doubtful(a) || m.corroborated(terms, i)) {
			kept = append(kept, a)
		}
	}
	return kept
}

// wanted says whether the entry of a term is reported in the way it was found.
func (m *Matcher) wanted(a spot) bool {
	e := &m.entries[m.terms[a.term].entry]
	return e.Match != Disguised || !a.plain() || a.marked || m.terms[a.term].variant
}

// doubtful says whether a spot needs a corroborating one: a disguise or variant of at most two characters.
func (m *Matcher) doubtful(a spot) bool {
	t := &m.terms[a.term]
	return t.short && (!a.plain() || t.variant)
}

// nearby calls f for the spots that overlap spot i, itself left out, until it returns false.
func nearby(spots []spot, i, distance int, f func(spot) bool) {
	from, to := spots[i].start-distance, spots[i].end+distance
	for k := i + 1; k < len(spots) && spots[k].start < to; k++ {
		if !f(spots[k]) {
			return
		}
	}
	for k := i - 1; k >= 0 && spots[k].start > from-pieceAfter; k-- {
		if spots[k].end > from && !f(spots[k]) {
			return
		}
	}
}

// hidden says whether a better candidate covers spot i.
func (m *Matcher) hidden(spots []spot, i int) (hidden bool) {
	a := spots[i]
	nearby(spots, i, 0, func(b spot) bool {
		covers := b.start <= a.start && b.end >= a.end
		longer := covers && b.end-b.start > a.end-a.start
		switch entry := m.terms[b.term].entry; {
		case entry < 0 && entry != allowed: // a cue hides nothing
		case entry == allowed:
			hidden = covers && b.plain()
		case b.plain():
			hidden = longer && m.wanted(b) || covers && !a.plain()
		case a.plain():
		case b.term == a.term && b.exact() != a.exact():
			hidden = b.exact()
		case b.term == a.term || covers || a.start <= b.start && a.end >= b.end:
			hidden = b.bits > a.bits || b.bits == a.bits && (longer || b.term == a.term && b.start < a.start)
		}
		return !hidden
	})
	return hidden
}

// corroborated says whether another hit near spot i makes a short disguised one believable.
func (m *Matcher) corroborated(spots []spot, i int) (ok bool) {
	a := spots[i]
	nearby(spots, i, m.scoring.Corroboration, func(b spot) bool {
		t := &m.terms[b.term]
		if b.term == a.term || b.start < a.end && b.end > a.start {
			return true
		}
		switch {
		case m.doubtful(b):
			ok = a.bits+b.bits >= m.scoring.Together
		case b.plain():
			ok = m.wanted(b) && !m.entries[t.entry].Weak
		default:
			ok = true
		}
		return !ok
	})
	return ok
}

// hit describes a spot.
func (m *Matcher) hit(text string, p spot) Hit {
	t := &m.terms[p.term]
	e := &m.entries[t.entry]
	h := Hit{Term: e.ID, Text: e.Text, Typology: e.Typology, Weak: e.Weak, Sense: e.Sense, Source: e.Source, View: viewOf(p),
		Span: qingyuan.Span{Start: p.start, End: p.end}, Raw: text[p.start:p.end]}
	h.Short = m.doubtful(p)
	if !p.plain() {
		h.Bits = p.bits
	}
	if h.View == ViewBase && m.traditional(h.Raw) {
		h.View = ViewSimplified
	}
	return h
}

// viewOf is the farthest view that a spot needs.
func viewOf(p spot) View {
	switch {
	case p.reorder:
		return ViewOrder
	case p.has(odd), p.has(lost):
		return ViewPartial
	case p.has(letter):
		return ViewInitials
	case p.has(alike):
		return ViewGlyph
	case p.has(homophone), p.has(spelled), p.has(near):
		return ViewPinyin
	case p.has(apart):
		return ViewMerged
	case p.has(named), p.gap > 0, p.marked:
		return ViewCompact
	}
	return ViewBase
}

// traditional says whether some character of raw has a simplified form.
func (m *Matcher) traditional(raw string) bool {
	return strings.IndexFunc(raw, func(r rune) bool {
		return normal.ClassOf(r) == normal.Han && m.normal.Fold(r) != r
	}) >= 0
}
