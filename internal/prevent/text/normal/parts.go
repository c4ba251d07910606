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

// indexParts builds, once all tables are read, the merges by first part and the shape of each character.
func (n *Normalizer) indexParts() {
	for hi, pg := range n.ways.page {
		if pg == nil {
			continue
		}
		for lo, ways := range pg {
			head := rune(hi<<8 | lo)
			if len(ways) == 0 {
				continue
			}
			n.body.set(head, n.shape(ways))
			if n.standard.at(head) {
				for _, w := range ways {
					n.merge.set(w[0], append(n.merge.at(w[0]), merge{w[1:], head}))
				}
			}
		}
	}
	for _, pg := range n.merge.page {
		if pg == nil {
			continue
		}
		for _, m := range pg {
			sort.Slice(m, func(i, j int) bool {
				if len(m[i].rest) != len(m[j].rest) {
					return len(m[i].rest) > len(m[j].rest)
				}
				return m[i].head < m[j].head
			})
		}
	}
}

// shape is the rarest part of a character: the radical is what many characters share.
func (n *Normalizer) shape(ways [][]rune) rune {
	var best rune
	for _, w := range ways {
		if len(w) != 2 {
			continue
		}
		for _, p := range w {
			if best == 0 || n.components[p] < n.components[best] {
				best = p
			}
		}
	}
	return best
}

// Ways are the ways a simplified character is taken apart. The slices must not be changed.
func (n *Normalizer) Ways(r rune) [][]rune { return n.ways.at(r) }

// Body is the part that carries the shape of a simplified character, or the character itself.
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
		if end := i + 1 + len(m.rest); end <= len(tokens) &&
			slices.EqualFunc(tokens[i+1:end], m.rest, func(t Token, r rune) bool { return t.Rune == r }) {
			f(m.head, end)
		}
	}
}
