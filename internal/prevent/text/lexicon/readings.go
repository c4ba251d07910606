package lexicon

import (
	"slices"

	"qingyuan/internal/prevent/text/normal"
)

// page is a part of a text as tokens, with what the lattices need to know of each token's neighbourhood.
type page struct {
	tokens []normal.Token // simplified
	gap    []bool         // an insertion of signs or spaces no longer than maxGap: may be skipped
	run    []int32        // 1 + the last token of the run of letters that a letter stands in
	bits   []float32      // surprisal
	least  []float32      // what it costs at least where it stands for another one
	net    []float64      // surprisal less the cheapest disguise, of all tokens before
	closer []float64      // surprisal less what a character by itself costs at least, of all tokens before
	split  []uint8        // of a letter: syllables may begin (1) or end (2) here, so that the whole run is syllables
}

// read fills the page from text.
func (p *page) read(n *normal.Normalizer, text string) {
	p.tokens = n.Tokens(p.tokens[:0], text)
	size := len(p.tokens)
	p.gap = append(p.gap[:0], make([]bool, size)...)
	p.run = append(p.run[:0], make([]int32, size)...)
	p.split = append(p.split[:0], make([]uint8, size)...)
	for i := 0; i < size; {
		t := &p.tokens[i]
		j := i + 1
		switch t.Class {
		case normal.Han:
			t.Rune = n.Fold(t.Rune)
		case normal.Sign, normal.Space, normal.Stop:
			weight := 0
			for j = i; j < size && gapWeight[p.tokens[j].Class] > 0; j++ {
				weight += gapWeight[p.tokens[j].Class]
			}
			for k := i; k < j; k++ {
				p.gap[k] = weight <= maxGap
			}
		case normal.Letter:
			for j < size && p.tokens[j].Class == normal.Letter && p.tokens[j].Start <= p.tokens[j-1].End {
				j++
			}
			p.letters(n, i, j)
		}
		i = j
	}
}

// maxGap is the longest run of signs and spaces that is taken for an insertion into a word.
const maxGap = 4

// potential is the most evidence that the tokens [from, to) could carry.
func (p *page) potential(from, to int32) float32 { return float32(p.net[to] - p.net[from]) }

// close is the most evidence that the tokens [from, to) could carry for a term that they stand for one by one.
func (p *page) close(from, to int32) float32 { return float32(p.closer[to] - p.closer[from]) }

// marked says whether something that folds to nothing stands between the tokens [from, to).
func (p *page) marked(from, to int32) bool {
	for i := from + 1; i < to; i++ {
		if p.tokens[i].Start > p.tokens[i-1].End {
			return true
		}
	}
	return false
}

// gapWeight is what one token of a class adds to the length of an insertion; 0 ends it.
var gapWeight = [8]int{normal.Sign: 1, normal.Space: 1, normal.Stop: 2}

// maxRun is the longest run of letters read as syllables: a sentence of pinyin without a space is no longer.
const maxRun = 96

// letters marks, in the run of letters [from, to), where syllables may begin and end so that the whole run is syllables.
func (p *page) letters(n *normal.Normalizer, from, to int) {
	for i := from; i < to; i++ {
		p.run[i] = int32(to)
	}
	if to-from > maxRun {
		return
	}
	var begin, end [maxRun + 1]bool
	begin[0], end[to-from] = true, true
	for i := range to - from {
		if begin[i] {
			p.syllables(n, from+i, func(_ normal.Syllable, j int) { begin[j-from] = true })
		}
	}
	for i := to - from - 1; i >= 0; i-- {
		p.syllables(n, from+i, func(_ normal.Syllable, j int) { end[i] = end[i] || end[j-from] })
	}
	for i := range to - from {
		if begin[i] && end[i] {
			p.split[from+i] = 1
		}
	}
}

// syllables calls f for every syllable that letters spell from token i on, with the token after it.
func (p *page) syllables(n *normal.Normalizer, i int, f func(s normal.Syllable, end int)) {
	var letters [6]byte
	for k := 0; k < len(letters) && i+k < int(p.run[i]); k++ {
		letters[k] = byte(p.tokens[i+k].Rune)
		if s, ok := n.SyllableOf(string(letters[:k+1])); ok {
			f(s, i+k+1)
		}
	}
}

// blank leads over a token that no view reads: no pattern has symbol 0.
func blank(i int) edge { return edge{from: int32(i), to: int32(i + 1)} }

// lattice fills l with the readings of the page in one view.
func (m *Matcher) lattice(l *lattice, p *page, v view) {
	l.reset()
	for i, t := range p.tokens {
		if p.gap[i] {
			l.add(edge{from: int32(i), to: int32(i + 1), op: gapped})
		}
		switch {
		case v == initials:
			m.readInitials(l, p, i)
		case t.Class == normal.Sign:
			l.add(edge{sym: t.Rune, from: int32(i), to: int32(i + 1), as: t.Rune})
			m.readSign(l, i, t.Rune, v)
		case v == sounds && t.Class == normal.Letter:
			m.readLetters(l, p, i)
		case v == sounds && t.Class == normal.Digit:
			l.add(edge{sym: t.Rune, from: int32(i), to: int32(i + 1), as: t.Rune})
			m.readSound(l, edge{from: int32(i), to: int32(i + 1), as: numeral[t.Rune-'0'], op: named})
		case t.Class == normal.Han:
			m.readHan(l, p, i, v)
		default:
			l.add(edge{sym: t.Rune, from: int32(i), to: int32(i + 1), as: t.Rune})
		}
		if len(l.edges) == int(l.first[i]) {
			l.add(blank(i))
		}
		l.next()
	}
}

// numeral is how the digits are read.
var numeral = [10]rune{'零', '一', '二', '三', '四', '五', '六', '七', '八', '九'}

// readHan adds the readings of a Han character: itself, and the character that it begins when taken apart.
func (m *Matcher) readHan(l *lattice, p *page, i int, v view) {
	e := edge{sym: p.tokens[i].Rune, from: int32(i), to: int32(i + 1), as: p.tokens[i].Rune}
	switch v {
	case sounds:
		m.readSound(l, e)
	default:
		l.add(e)
	}
	m.normal.Merges(p.tokens, i, func(head rune, end int) {
		e := edge{sym: head, from: int32(i), to: int32(end), as: head, op: apart}
		if v == sounds {
			m.readSound(l, e)
			return
		}
		l.add(e)
	})
}

// readSound adds e once for every sound of the character it reads.
func (m *Matcher) readSound(l *lattice, e edge) {
	from := len(l.edges)
	for _, s := range m.normal.Readings(e.as) {
		e.sym = normal.SoundRune + rune(m.normal.Sound(s))
		if !slices.ContainsFunc(l.edges[from:], func(x edge) bool { return x.sym == e.sym }) {
			l.add(e)
		}
	}
}

// readSign adds the Chinese names of a sign: their characters one after the other.
func (m *Matcher) readSign(l *lattice, i int, sign rune, v view) {
	for _, name := range m.normal.Names(sign) {
		for k, r := range name {
			e := edge{sym: r, from: int32(i), to: int32(i + 1), as: r, op: named, more: uint8(len(name) - 1 - k)}
			if v == sounds {
				if rs := m.normal.Readings(r); len(rs) > 0 {
					e.sym = normal.SoundRune + rune(m.normal.Sound(rs[0]))
				}
			}
			l.add(e)
		}
	}
}

// readLetters adds a letter as itself and the syllables it begins where its whole run is syllables.
func (m *Matcher) readLetters(l *lattice, p *page, i int) {
	l.add(edge{sym: p.tokens[i].Rune, from: int32(i), to: int32(i + 1), as: p.tokens[i].Rune})
	if p.split[i] == 0 {
		return
	}
	p.syllables(m.normal, i, func(s normal.Syllable, end int) {
		if end == int(p.run[i]) || p.split[end] != 0 {
			l.add(edge{sym: normal.SoundRune + rune(m.normal.Sound(s)), from: int32(i), to: int32(end), as: -1 - rune(s), op: spelled})
		}
	})
}

// readInitials adds a letter as itself, and a Han character near a run of letters as the first letters of its syllables.
func (m *Matcher) readInitials(l *lattice, p *page, i int) {
	t := p.tokens[i]
	e := edge{sym: t.Rune, from: int32(i), to: int32(i + 1), as: t.Rune}
	switch t.Class {
	case normal.Letter:
		e.op = letter
		l.add(e)
	case normal.Digit:
		l.add(e)
	case normal.Han:
		if p.nearLetters(i) {
			from := len(l.edges)
			for _, s := range m.normal.Readings(t.Rune) {
				e.sym = m.normal.Initial(s)
				if !slices.ContainsFunc(l.edges[from:], func(x edge) bool { return x.sym == e.sym }) {
					l.add(e)
				}
			}
		}
	}
}

// reach is how far from a letter a character may stand to belong to a term that is partly in letters.
const reach = 4

// foreign says whether the run of letters at token i stands beside another one: a text in Latin letters, not Chinese.
func (p *page) foreign(i int32) bool {
	if i >= 2 && p.tokens[i-1].Class == normal.Space && p.tokens[i-2].Class == normal.Letter {
		return true
	}
	end := int(p.run[i])
	return end+1 < len(p.tokens) && p.tokens[end].Class == normal.Space && p.tokens[end+1].Class == normal.Letter
}

func (p *page) nearLetters(i int) bool {
	for k := max(0, i-reach); k <= min(len(p.tokens)-1, i+reach); k++ {
		if p.tokens[k].Class == normal.Letter {
			return true
		}
	}
	return false
}
