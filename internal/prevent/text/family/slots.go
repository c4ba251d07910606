package family

import (
	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

// Slot is a place of a template that the texts of a family fill differently.
type Slot struct {
	Span   qingyuan.Span // in the representative; empty where it leaves the slot out
	Values []string      // what stands there in the representative, then in each of the others
}

// The limits of an alignment.
const (
	maxAligned  = 2000 // symbols of each text
	maxCompared = 20   // texts besides the representative
	bridge      = 2    // fewer common symbols than this between two differences are chance
)

// Slots aligns the texts of a family with their representative, by sound, and returns the places where at least one
// differs, in order. It looks at the first 20 others and the first 2,000 symbols of each.
func Slots(views *normal.Normalizer, representative string, others []string) ([]Slot, error) {
	rep, err := views.View(representative, normal.Pinyin)
	if err != nil {
		return nil, err
	}
	n := min(rep.Len(), maxAligned)
	fixed := make([]bool, n+1) // symbol i stands in every text, right after symbol i-1 of the template
	for i := range fixed {
		fixed[i] = true
	}
	others = others[:min(len(others), maxCompared)]
	sides := make([]side, len(others))
	for k, o := range others {
		v, err := views.View(o, normal.Pinyin)
		if err != nil {
			return nil, err
		}
		sides[k] = side{o, v, align(rep.Symbols[:n], v.Symbols[:min(v.Len(), maxAligned)])}
		last := -1 // place of the symbol before, or -2 where it has none
		for i, j := range append(sides[k].at[:n:n], min(v.Len(), maxAligned)) {
			if j < 0 || last > -2 && j != last+1 {
				fixed[i] = false
			}
			if last = j; j < 0 {
				last = -2
			}
		}
	}
	return cut(rep, representative, fixed, sides), nil
}

// side is another text with the place of each symbol of the representative in it, or -1.
type side struct {
	text string
	view *normal.View
	at   []int
}

// cut makes a slot of each stretch that is not fixed, joining those that only chance keeps apart.
func cut(rep *normal.View, text string, fixed []bool, sides []side) []Slot {
	var out []Slot
	n := len(fixed) - 1
	for i := 0; i <= n; i++ {
		if fixed[i] {
			continue
		}
		from, to := i, i // the slot is symbols [from, to) of the representative
		for run := 0; i <= n && run < bridge; i++ {
			if run++; !fixed[i] {
				run, to = 0, i
			}
		}
		for to < n && unmatched(sides, to) {
			to++
		}
		i = max(i-1, to)
		s := Slot{Span: rep.Raw(from, to), Values: []string{raw(text, rep.Raw(from, to))}}
		for _, o := range sides {
			s.Values = append(s.Values, o.between(from, to))
		}
		out = append(out, s)
	}
	return out
}

func unmatched(sides []side, i int) bool {
	for _, o := range sides {
		if o.at[i] < 0 {
			return true
		}
	}
	return false
}

// between is what stands in the text where the representative has symbols [from, to).
func (o side) between(from, to int) string {
	lo, hi := 0, min(o.view.Len(), maxAligned)
	for i := from - 1; i >= 0; i-- {
		if o.at[i] >= 0 {
			lo = o.at[i] + 1
			break
		}
	}
	for i := to; i < len(o.at); i++ {
		if o.at[i] >= 0 {
			hi = o.at[i]
			break
		}
	}
	return raw(o.text, o.view.Raw(lo, max(lo, hi)))
}

func raw(text string, s qingyuan.Span) string { return text[s.Start:s.End] }

// align is a longest common subsequence of a and b: for each symbol of a its place in b, or -1.
func align(a, b []rune) []int {
	width := len(b) + 1
	length := make([]uint16, (len(a)+1)*width) // of the subsequence of a[i:] and b[j:]
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				length[i*width+j] = length[(i+1)*width+j+1] + 1
			} else {
				length[i*width+j] = max(length[(i+1)*width+j], length[i*width+j+1])
			}
		}
	}
	at := make([]int, len(a))
	for i, j := 0, 0; i < len(a); i++ {
		at[i] = -1
		for j < len(b) && a[i] != b[j] && length[i*width+j+1] >= length[(i+1)*width+j] {
			j++
		}
		if j < len(b) && a[i] == b[j] {
			at[i] = j
			j++
		}
	}
	return at
}
