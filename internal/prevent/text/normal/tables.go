package normal

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"qingyuan"
)

//go:generate go run ./gen -src sources -out tables

//go:embed tables/*.tsv
var files embed.FS

// pages is a sparse array over all runes.
type pages[T any] struct {
	page [utf8.MaxRune>>8 + 1]*[256]T
}

func (p *pages[T]) at(r rune) (v T) {
	if pg := p.page[uint32(r)>>8]; pg != nil {
		return pg[r&255]
	}
	return v
}

func (p *pages[T]) set(r rune, v T) {
	if p.page[r>>8] == nil {
		p.page[r>>8] = new([256]T)
	}
	p.page[r>>8][r&255] = v
}

// each calls f for every rune with a value.
func (p *pages[T]) each(f func(rune, T)) {
	for hi, pg := range p.page {
		if pg == nil {
			continue
		}
		for lo, v := range pg {
			f(rune(hi<<8|lo), v)
		}
	}
}

// Normalizer makes views. It holds the tables only and is safe for use by many goroutines.
type Normalizer struct {
	fold      pages[uint16] // 1 + index into folded; 0 is the rune itself
	folded    [][]rune
	simple    pages[rune] // simplified form of a traditional character
	reading   pages[[]Syllable]
	syllables []string // spelling by Syllable
	sound     []Sound  // by Syllable
	sounds    []string // name by Sound
	spelled   map[string]Syllable
	typed     map[string]Syllable
	standard  pages[bool]     // one of the 8,105 standard characters
	ways      pages[[][]rune] // how a character is taken apart
	merge     pages[merges]   // by first part
	parts     pages[[]rune]
	shared    pages[uint16] // in how many characters a part occurs, at any depth
	direct    pages[[]rune] // a character and what it is taken apart into
	family    pages[uint16] // in how many characters a part occurs so
	body      pages[rune]
	alike     pages[[]rune]
	kin       pages[kin]
	signs     pages[[][]rune] // names of an emoji
	bits      pages[float32]
	disguise  pages[[][2]float32] // by reading
	least     pages[[2]float32]
	pairs     pairTable
}

// New reads the embedded tables: about 50 ms and 20 MB.
func New() (*Normalizer, error) {
	n := &Normalizer{spelled: map[string]Syllable{}, typed: map[string]Syllable{}}
	load := []struct {
		name string
		line func(fields []string) error
	}{
		{"fold", n.loadFold}, {"simplified", n.loadSimplified}, {"pinyin", n.loadPinyin}, {"chaizi", n.loadWays},
		{"similar", n.loadSimilar}, {"emoji", n.loadSign}, {"surprisal", n.loadSurprisal}, {"pairs", n.loadPairs},
	}
	for _, l := range load {
		if err := eachLine(l.name, l.line); err != nil {
			return nil, err
		}
	}
	n.indexSpellings()
	n.indexParts()
	n.indexKin()
	n.indexSurprisal()
	return n, nil
}

// eachLine calls f with the tab-separated fields of each line of a table.
func eachLine(table string, f func([]string) error) error {
	b, err := files.ReadFile("tables/" + table + ".tsv")
	if err != nil {
		return qingyuan.Wrap(qingyuan.Internal, err, "a normalisation table is missing")
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(string(b), "\n"), "\n") {
		if err := f(strings.Split(line, "\t")); err != nil {
			return qingyuan.Wrap(qingyuan.Internal, err, "normalisation table "+table+" is damaged")
		}
	}
	return nil
}

func first(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

var unescape = strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\\`, `\`)

func (n *Normalizer) loadFold(f []string) error {
	if len(f) != 2 {
		return fmt.Errorf("want 2 fields, got %q", f)
	}
	n.folded = append(n.folded, []rune(unescape.Replace(f[0])))
	for part := range strings.SplitSeq(f[1], " ") {
		lo, hi, ok := strings.Cut(part, "-")
		if !ok {
			hi = lo
		}
		a, err := strconv.ParseUint(lo, 16, 21)
		if err != nil {
			return err
		}
		b, err := strconv.ParseUint(hi, 16, 21)
		if err != nil {
			return err
		}
		for r := a; r <= b; r++ {
			n.fold.set(rune(r), uint16(len(n.folded)))
		}
	}
	return nil
}

func (n *Normalizer) loadSimplified(f []string) error {
	if len(f) != 2 {
		return fmt.Errorf("want 2 fields, got %q", f)
	}
	for _, t := range f[1] {
		n.simple.set(t, first(f[0]))
	}
	return nil
}

func (n *Normalizer) loadPinyin(f []string) error {
	if len(f) != 4 {
		return fmt.Errorf("want 4 fields, got %q", f)
	}
	s := n.syllable(f[0])
	for col, chars := range f[1:] {
		for _, r := range chars {
			list := n.reading.at(r)
			if col == 0 {
				n.standard.set(r, true)
			}
			if slices.Contains(list, s) {
				if col < 2 {
					i := slices.Index(list, s)
					list[0], list[i] = list[i], list[0]
				}
				continue
			}
			if list = append(list, s); col < 2 { // the usual reading first
				list[0], list[len(list)-1] = s, list[0]
			}
			n.reading.set(r, list)
		}
	}
	return nil
}

func (n *Normalizer) loadWays(f []string) error {
	if len(f) < 2 {
		return fmt.Errorf("want 2 fields or more, got %q", f)
	}
	head := n.Fold(first(f[0]))
	var ways [][]rune
	for _, way := range f[1:] {
		parts := []rune(way)
		for i, p := range parts {
			parts[i] = n.Fold(p)
		}
		ways = append(ways, parts)
	}
	n.ways.set(head, append(n.ways.at(head), ways...))
	return nil
}

func (n *Normalizer) loadSimilar(f []string) error {
	if len(f) != 2 {
		return fmt.Errorf("want 2 fields, got %q", f)
	}
	n.alike.set(first(f[0]), []rune(f[1]))
	return nil
}

func (n *Normalizer) loadSign(f []string) error {
	if len(f) < 2 {
		return fmt.Errorf("want 2 fields or more, got %q", f)
	}
	var names [][]rune
	for _, name := range f[1:] {
		names = append(names, []rune(name))
	}
	n.signs.set(first(f[0]), names)
	return nil
}
