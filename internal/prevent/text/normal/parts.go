package normal

import (
	"cmp"
	"math"
	"slices"
)

// merge is one way to write a character taken apart.
type merge struct {
	rest []rune // the parts after the first
	head rune
}

// merges are the ways that begin with one part, the longest first, with a mask of what may follow.
type merges struct {
	ways   []merge
	follow uint64
}

func maskBit(r rune) uint64 { return 1 << (uint32(r) * 0x9e3779b1 >> 26) }

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
				m := n.merge.at(w[0])
				m.ways, m.follow = append(m.ways, merge{w[1:], head}), m.follow|maskBit(w[1])
				n.merge.set(w[0], m)
			}
		}
	})
	n.merge.each(func(_ rune, m merges) {
		slices.SortFunc(m.ways, func(a, b merge) int {
			return cmp.Or(cmp.Compare(len(b.rest), len(a.rest)), cmp.Compare(a.head, b.head))
		})
	})
	all := make([][]rune, len(heads))
	for i, h := range heads {
		direct := []rune{h}
		for _, w := range n.ways.at(h) {
			for _, p := range w {
				if !slices.Contains(direct, p) {
					direct = append(direct, p)
				}
			}
		}
		n.direct.set(h, direct)
		for _, p := range direct {
			n.family.set(p, n.family.at(p)+1)
		}
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

// kin is a mask of the sounds of a character, and one of the parts and look-alikes that it shares with few.
type kin struct{ sound, look uint64 }

// kinCommon is how many characters may share a part that counts as kinship.
const kinCommon = 256

// indexKin makes the masks by which most pairs of characters are told apart at once.
func (n *Normalizer) indexKin() {
	mark := func(r, sign rune) {
		k := n.kin.at(r)
		k.look |= maskBit(sign)
		n.kin.set(r, k)
	}
	n.direct.each(func(r rune, list []rune) {
		for _, p := range append(slices.Clip(list), n.parts.at(r)...) {
			if n.Family(p) <= kinCommon || n.Shared(p) <= kinCommon {
				mark(r, p)
				mark(p, p)
			}
		}
	})
	n.alike.each(func(r rune, list []rune) {
		for _, a := range list {
			mark(r, a)
			mark(a, a)
		}
	})
	n.reading.each(func(r rune, list []Syllable) {
		k := n.kin.at(r)
		for _, s := range list {
			k.sound |= maskBit(rune(n.sound[s]))
		}
		n.kin.set(r, k)
	})
}

// Akin says whether two simplified characters may share a sound, a part that few others have, or a look-alike. If not, they certainly share
// no sound, and no part that fewer than a few hundred characters have.
func (n *Normalizer) Akin(a, b rune) bool {
	x, y := n.kin.at(a), n.kin.at(b)
	return x.sound&y.sound != 0 || x.look&y.look != 0
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

// Direct are a simplified character and the parts it is taken apart into first. The slice must not be changed.
func (n *Normalizer) Direct(r rune) []rune { return n.direct.at(r) }

// Family is the number of characters that are taken apart into r, among other parts, or are it.
func (n *Normalizer) Family(r rune) int { return int(n.family.at(r)) }

// Resemblance is the size of the smallest family of characters that a and b both belong to by their looks: those with a
// certain part, or the look-alikes of one of them. ok is false where there is none.
func (n *Normalizer) Resemblance(a, b rune) (family int, ok bool) {
	family = math.MaxInt
	if l := n.alike.at(a); slices.Contains(l, b) {
		family = len(l)
	}
	if l := n.alike.at(b); slices.Contains(l, a) {
		family = min(family, len(l))
	}
	family = min(family, smallest(n.direct.at(a), n.direct.at(b), &n.family), smallest(n.parts.at(a), n.parts.at(b), &n.shared))
	if slices.Contains(n.parts.at(a), b) {
		family = min(family, n.Shared(b))
	}
	if slices.Contains(n.parts.at(b), a) {
		family = min(family, n.Shared(a))
	}
	return family, family < math.MaxInt
}

// smallest is the least size of what stands in both lists.
func smallest(a, b []rune, size *pages[uint16]) int {
	least := math.MaxInt
	for _, r := range a {
		if s := int(size.at(r)); s < least && slices.Contains(b, r) {
			least = s
		}
	}
	return least
}

// Alike are the look-alikes of a simplified character. The slice must not be changed.
func (n *Normalizer) Alike(r rune) []rune { return n.alike.at(r) }

// Names are the Chinese names of a sign or emoji, the spoken one first. The slices must not be changed.
func (n *Normalizer) Names(r rune) [][]rune { return n.signs.at(r) }

// Merges calls f for every standard character that the tokens from i on spell in parts, with the index after the last part;
// longer ones come first.
func (n *Normalizer) Merges(tokens []Token, i int, f func(head rune, end int)) {
	list := n.merge.at(tokens[i].Rune)
	if list.follow == 0 || i+1 >= len(tokens) || list.follow&maskBit(tokens[i+1].Rune) == 0 {
		return
	}
	for _, m := range list.ways {
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
