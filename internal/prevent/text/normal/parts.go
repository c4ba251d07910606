package normal

import (
	"slices"
	"sort"
)

// merge is one way to write a character taken apart.
type merge struct {
	rest []rune // the parts after the first
	head rune
}

// Limits of the part index: how deep characters are taken apart, and how many characters may share a part before it says
// nothing about the shape (口 stands in more than a thousand).
const (
	partDepth  = 4
	partCommon = 1000
)

// indexParts builds, once all tables are read, the merges by first part and the parts and shape of each character.
func (n *Normalizer) indexParts() {
	var heads []rune
	n.ways.each(func(head rune, ways [][]rune) {
		if ways == nil {
			return
		}
		heads = append(heads, head)
		if n.standard.at(head) {
			for _, w := range ways {
				n.merge.set(w[0], append(n.merge.at(w[0]), merge{w[1:], head}))
			}
		}
	})
	n.merge.each(func(_ rune, m []merge) {
		sort.Slice(m, func(i, j int) bool {
			if len(m[i].rest) != len(m[j].rest) {
				return len(m[i].rest) > len(m[j].rest)
			}
			return m[i].head < m[j].head
		})
	})
	all := make([][]rune, len(heads))
	for i, h := range heads {
		all[i] = n.takeApart(nil, h, partDepth)
		for _, p := range all[i] {
			n.shared.set(p, n.shared.at(p)+1)
		}
	}
	for i, h := range heads {
		var parts []rune
		body := rune(0)
		for _, p := range all[i] {
			if c := n.shared.at(p); p != h && c > 1 && c <= partCommon {
				parts = append(parts, p)
			}
			if p != h && (body == 0 || n.shared.at(p) < n.shared.at(body)) && n.shared.at(p) > 1 {
				body = p
			}
		}
		n.parts.set(h, parts)
		n.body.set(h, body)
	}
}

// takeApart appends a character and its parts, and theirs, each once.
func (n *Normalizer) takeApart(list []rune, r rune, depth int) []rune {
	if slices.Contains(list, r) {
		return list
	}
	list = append(list, r)
	if depth == 0 {
		return list
	}
	for _, w := range n.ways.at(r) {
		for _, p := range w {
			list = n.takeApart(list, p, depth-1)
		}
	}
	return list
}

// Ways are the ways a simplified character is taken apart. The slices must not be changed.
func (n *Normalizer) Ways(r rune) [][]rune { return n.ways.at(r) }

// Parts are the parts of a simplified character, and theirs, that it shares with some other characters but not with too
// many. The slice must not be changed.
func (n *Normalizer) Parts(r rune) []rune { return n.parts.at(r) }

// Shared is the number of characters that contain r as a part, r included.
func (n *Normalizer) Shared(r rune) int { return int(n.shared.at(r)) }

// Body is the part that carries the shape of a simplified character, the one it shares with the fewest others, or the
// character itself.
func (n *Normalizer) Body(r rune) rune {
	if b := n.body.at(r); b != 0 {
		return b
	}
	return r
}

// Alike are the look-alikes of a simplified character. The slice must not be changed.
func (n *Normalizer) Alike(r rune) []rune { return n.alike.at(r) }

// Names are the Chinese names of a sign or emoji, the spoken one first. The slices must not be changed.
func (n *Normalizer) Names(r rune) [][]rune { return n.signs.at(r) }

// Merges calls f for every standard character that the tokens from i on spell in parts, with the index after the last part;
// longer ones come first.
func (n *Normalizer) Merges(tokens []Token, i int, f func(head rune, end int)) {
	for _, m := range n.merge.at(tokens[i].Rune) {
		if end := i + 1 + len(m.rest); end <= len(tokens) && spells(tokens[i+1:end], m.rest) {
			f(m.head, end)
		}
	}
}

func spells(tokens []Token, runes []rune) bool {
	for i, r := range runes {
		if tokens[i].Rune != r {
			return false
		}
	}
	return true
}
