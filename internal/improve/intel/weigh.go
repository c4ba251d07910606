package intel

import (
	"math"
	"slices"
	"strings"

	"qingyuan"
)

// surroundings collects what stands around one word.
type surroundings struct {
	before, after map[rune]int
	edges         [2]int // times it stands at the beginning and at the end of a run
	writers       map[string]bool
	cities        map[string]bool
}

// weigh looks at every place of the words: who wrote them, what stands around, when; and scores them.
func (c *counter) weigh(found []*word, unusual func([]rune) float64) {
	at := map[uint64]*word{}
	around := map[*word]*surroundings{}
	for _, w := range found {
		at[c.hash(w.runes)] = w
		around[w] = &surroundings{before: map[rune]int{}, after: map[rune]int{}, writers: map[string]bool{}, cities: map[string]bool{}}
	}
	for n := c.rules.MinChars; n <= min(c.rules.MaxChars, len(c.levels)); n++ {
		for _, d := range c.docs {
			c.strings(d, n, func(s []rune, i int) {
				w := at[c.hash(s)]
				if w == nil || !slices.Equal(w.runes, s) {
					return
				}
				around[w].meet(w, d, i, c.rules.Evidence)
			})
		}
	}
	for _, w := range found {
		a := around[w]
		w.writers = len(a.writers)
		w.entropy = min(entropy(a.before, a.edges[0]), entropy(a.after, a.edges[1]))
		for city := range a.cities {
			w.cities = append(w.cities, city)
		}
		slices.Sort(w.cities)
		w.unusual = unusual(w.runes)
		w.score = c.rules.score(w)
	}
}

// score adds up how the word leans, less where it is nothing new, and weighs it by how far it is from ordinary Chinese.
func (r *Rules) score(w *word) float64 {
	leaning := max(w.burst, 0)
	switch {
	case w.association < 0: // honest people's word
		leaning += r.Honest * w.association
	case w.burst >= r.MinBurst:
		leaning += w.association
	default:
		leaning += r.Old * w.association
	}
	far := (w.unusual - r.OrdinaryBits) / (r.UnusualBits - r.OrdinaryBits)
	return leaning * min(max(far, r.LeastWeight), r.MostWeight)
}

// meet notes one place of a word.
func (a *surroundings) meet(w *word, d *document, i, evidence int) {
	neighbour := func(k, edge int, into map[rune]int) {
		if k < 0 || k >= len(d.symbols) || d.symbols[k] == gap {
			a.edges[edge]++
			return
		}
		into[d.symbols[k]]++
	}
	neighbour(i-1, 0, a.before)
	neighbour(i+len(w.runes), 1, a.after)
	if !a.writers[d.writer] {
		a.writers[d.writer] = true
		if len(w.evidence) < evidence && (d.recent || w.recent == 0) {
			w.evidence = append(w.evidence, place{d.id, qingyuan.Span{Start: int(d.start[i]), End: int(d.end[i+len(w.runes)-1])}})
		}
	}
	if d.city != "" {
		a.cities[d.city] = true
	}
	if w.first == 0 || d.at < w.first {
		w.first = d.at
	}
	w.last = max(w.last, d.at)
}

// entropy is that of the neighbours, in nats; each edge of a run is a neighbour of its own.
func entropy(counts map[rune]int, edges int) (h float64) {
	all := float64(edges)
	for _, n := range counts {
		all += float64(n)
	}
	for _, n := range counts {
		h -= float64(n) / all * math.Log(float64(n)/all)
	}
	if edges > 0 {
		h += float64(edges) / all * math.Log(all)
	}
	return h
}

// settle leaves out strings that stand mostly within a longer one, and longer ones that add little to a better one.
func (r *Rules) settle(found []*word) (kept []*word) {
	for _, w := range found {
		if len(kept) == r.Queue {
			break
		}
		name := string(w.runes)
		covered := slices.ContainsFunc(found, func(o *word) bool {
			return len(o.runes) > len(w.runes) && float64(o.texts) >= r.Whole*float64(w.texts) && strings.Contains(string(o.runes), name)
		})
		better := slices.ContainsFunc(kept, func(o *word) bool {
			return strings.Contains(name, string(o.runes)) && float64(w.texts) < r.Part*float64(o.texts) || overlap(o.runes, w.runes)
		})
		if !covered && !better {
			kept = append(kept, w)
		}
	}
	return kept
}

// overlap says whether the end of one word is the beginning of the other, by more than half of the shorter.
func overlap(a, b []rune) bool {
	least := min(len(a), len(b))/2 + 1
	for n := least; n < min(len(a), len(b)); n++ {
		if slices.Equal(a[len(a)-n:], b[:n]) || slices.Equal(b[len(b)-n:], a[:n]) {
			return true
		}
	}
	return false
}
