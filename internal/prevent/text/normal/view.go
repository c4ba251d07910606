package normal

import (
	"strings"

	"qingyuan"
)

// Kind names a view.
type Kind uint8

// The views, in the order in which they build on each other.
const (
	Base Kind = iota
	Simplified
	Compact
	Merged
	Pinyin
	Initials
	Glyph
)

// Kinds lists every view.
var Kinds = []Kind{Base, Simplified, Compact, Merged, Pinyin, Initials, Glyph}

// String is the name of the view.
func (k Kind) String() string {
	return [...]string{"base", "simplified", "compact", "merged", "pinyin", "initials", "glyph"}[k]
}

// MaxText is the longest text of which a view is made, in bytes: two to three million characters. A view takes up to 28 bytes for each.
const MaxText = 8 << 20

// SoundRune is the symbol of sound 0 in the Pinyin view: symbol s stands for Sound(s - SoundRune). Runes end before it.
const SoundRune rune = 0x110000

// View is a text as a sequence of symbols, each with its bytes in the raw text.
type View struct {
	Kind    Kind
	Symbols []rune // runes; in the Pinyin view sounds as SoundRune + Sound
	spans   []span
	names   *Normalizer
}

type span struct{ start, end int32 }

// Len is the number of symbols.
func (v *View) Len() int { return len(v.Symbols) }

// Raw is the span of the raw text behind symbols [i, j), 0 ≤ i ≤ j ≤ Len. An empty range gives an empty span.
func (v *View) Raw(i, j int) qingyuan.Span {
	if i >= j {
		switch {
		case i < len(v.spans):
			return qingyuan.Span{Start: int(v.spans[i].start), End: int(v.spans[i].start)}
		case len(v.spans) > 0:
			end := int(v.spans[len(v.spans)-1].end)
			return qingyuan.Span{Start: end, End: end}
		}
		return qingyuan.Span{}
	}
	return qingyuan.Span{Start: int(v.spans[i].start), End: int(v.spans[j-1].end)}
}

// String writes the view as text; the sounds of the Pinyin view are followed by a space.
func (v *View) String() string {
	var b strings.Builder
	for _, s := range v.Symbols {
		if s >= SoundRune {
			b.WriteString(v.names.Name(Sound(s - SoundRune)))
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(s)
	}
	return b.String()
}

// View makes one view of text. Text longer than [MaxText] is refused with Invalid.
func (n *Normalizer) View(text string, kind Kind) (*View, error) {
	if len(text) > MaxText {
		return nil, qingyuan.FieldErrorf("text", "is longer than %d bytes; send it in parts", MaxText)
	}
	tokens := n.Tokens(make([]Token, 0, len(text)/3+8), text)
	return n.ViewOf(tokens, kind), nil
}

// ViewOf makes a view from base tokens, which it overwrites.
func (n *Normalizer) ViewOf(tokens []Token, kind Kind) *View {
	if kind >= Simplified {
		for i := range tokens {
			tokens[i].Rune = n.simplify(tokens[i].Rune)
		}
	}
	if kind >= Compact {
		tokens = n.compact(tokens)
	}
	v := &View{Kind: kind, names: n, Symbols: make([]rune, 0, len(tokens)), spans: make([]span, 0, len(tokens))}
	switch kind {
	case Merged:
		n.merged(v, tokens)
	case Pinyin, Initials:
		n.spoken(v, tokens)
	default:
		for _, t := range tokens {
			s := t.Rune
			if kind == Glyph && t.Class == Han {
				s = n.Body(s)
			}
			v.add(s, t.Start, t.End)
		}
	}
	return v
}

func (v *View) add(s rune, start, end int32) {
	v.Symbols = append(v.Symbols, s)
	v.spans = append(v.spans, span{start, end})
}

// maxGap is the longest run of signs and spaces between two Han characters that is taken for an insertion.
const maxGap = 4

// compact removes, in place, insertions between Han characters and writes signs that name one character as it.
func (n *Normalizer) compact(tokens []Token) []Token {
	for i, t := range tokens {
		if t.Class != Sign {
			continue
		}
		for _, name := range n.Names(t.Rune) {
			if len(name) == 1 {
				tokens[i].Rune, tokens[i].Class = name[0], Han
				break
			}
		}
	}
	out := tokens[:0]
	for i := 0; i < len(tokens); {
		j := i
		for j < len(tokens) && (tokens[j].Class == Sign || tokens[j].Class == Space) {
			j++
		}
		inside := len(out) > 0 && out[len(out)-1].Class == Han && j < len(tokens) && tokens[j].Class == Han
		if j > i && !(inside && j-i <= maxGap) {
			out = append(out, tokens[i:j]...)
		}
		if j < len(tokens) {
			out = append(out, tokens[j])
		}
		i = j + 1
	}
	return out
}

// merged puts taken-apart characters together, the longest way first.
func (n *Normalizer) merged(v *View, tokens []Token) {
	for i := 0; i < len(tokens); {
		head, end := tokens[i].Rune, i+1
		n.Merges(tokens, i, func(h rune, e int) {
			if e > end {
				head, end = h, e
			}
		})
		v.add(head, tokens[i].Start, tokens[end-1].End)
		i = end
	}
}

// spoken writes sounds or first letters.
func (n *Normalizer) spoken(v *View, tokens []Token) {
	write := func(s Syllable, start, end int32) {
		if v.Kind == Initials {
			v.add(n.Initial(s), start, end)
			return
		}
		v.add(SoundRune+rune(n.sound[s]), start, end)
	}
	for i := 0; i < len(tokens); {
		t := tokens[i]
		if r := n.Readings(t.Rune); len(r) > 0 {
			write(r[0], t.Start, t.End)
			i++
			continue
		}
		j := i
		for j < len(tokens) && tokens[j].Class == Letter {
			j++
		}
		if j == i {
			v.add(t.Rune, t.Start, t.End)
			i++
			continue
		}
		n.letters(v, tokens[i:j], write)
		i = j
	}
}

// maxRun is the longest run of letters that is split into syllables at once; a longer one is cut there.
const maxRun = 256

// letters writes a run of Latin letters as syllables where it consists of them, and as it stands otherwise.
func (n *Normalizer) letters(v *View, run []Token, write func(Syllable, int32, int32)) {
	for len(run) > 0 {
		part := run[:min(len(run), maxRun)]
		run = run[len(part):]
		ends, ok := n.split(part)
		if !ok {
			for _, t := range part {
				v.add(t.Rune, t.Start, t.End)
			}
			continue
		}
		from := 0
		for _, to := range ends {
			s, _ := n.SyllableOf(spell(part[from:to]))
			write(s, part[from].Start, part[to-1].End)
			from = to
		}
	}
}

func spell(tokens []Token) string {
	b := make([]byte, len(tokens))
	for i, t := range tokens {
		b[i] = byte(t.Rune)
	}
	return string(b)
}
