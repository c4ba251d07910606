package leaf

import "strings"

// Slots are the values of the slots of a pattern, as name, value, name, value.
type Slots []string

func (s Slots) value(name string) string {
	for i := 0; i+1 < len(s); i += 2 {
		if s[i] == name {
			return s[i+1]
		}
	}
	return ""
}

// Spin writes a text from a pattern. {a|b|c} is one of its alternatives by chance, and may nest; <name> is a slot, empty
// where it has no value. Any other character stands for itself.
func Spin(r *Rand, pattern string, slots Slots) string {
	var b strings.Builder
	b.Grow(len(pattern) + 32)
	spin(&b, r, pattern, slots)
	return b.String()
}

func spin(b *strings.Builder, r *Rand, pattern string, slots Slots) {
	for pattern != "" {
		i := strings.IndexAny(pattern, "{<")
		if i < 0 {
			b.WriteString(pattern)
			return
		}
		b.WriteString(pattern[:i])
		if pattern[i] == '<' {
			name, rest, ok := strings.Cut(pattern[i+1:], ">")
			if !ok {
				b.WriteString(pattern[i:])
				return
			}
			b.WriteString(slots.value(name))
			pattern = rest
			continue
		}
		bars, end := alternatives(pattern[i:])
		if end < 0 {
			b.WriteString(pattern[i:])
			return
		}
		k := r.IntN(len(bars) - 1)
		spin(b, r, pattern[i+bars[k]+1:i+bars[k+1]], slots)
		pattern = pattern[i+end+1:]
	}
}

// alternatives finds the places of the opening brace, the bars and the closing brace of the group that begins s; end is
// -1 where it never closes.
func alternatives(s string) (bars []int, end int) {
	bars = append(make([]int, 0, 8), 0)
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			depth++
		case '|':
			if depth == 1 {
				bars = append(bars, i)
			}
		case '}':
			if depth--; depth == 0 {
				return append(bars, i), i
			}
		}
	}
	return nil, -1
}
