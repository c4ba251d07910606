package lexicon

import (
	"cmp"
	"slices"
	"strings"
)

// sentenceEnds are the characters that end a sentence for the scope of a cue.
const sentenceEnds = "。！？!?；;\n"

// place notes, for each hit, the first context whose cue stands where its scope asks for it.
func (m *Matcher) place(text string, hits []Hit, spots []spot) {
	var cues []spot // by start
	anywhere := map[int32]bool{}
	for _, p := range spots {
		e := m.terms[p.term].entry
		if e >= 0 || e == allowed || !p.plain() {
			continue
		}
		if m.contexts[-1-e].Scope == Anywhere {
			anywhere[e] = true
			continue
		}
		cues = append(cues, p)
	}
	for i := range hits {
		h := &hits[i]
		for c := range m.contexts {
			if anywhere[-1-int32(c)] {
				h.Context = m.contexts[c].ID
				break
			}
		}
		near, _ := slices.BinarySearchFunc(cues, h.Span.Start-2*cueReach, func(p spot, at int) int { return cmp.Compare(p.start, at) })
		for k := near; h.Context == "" && k < len(cues) && cues[k].start <= h.Span.End+cueReach; k++ {
			if c := &m.contexts[-1-m.terms[cues[k].term].entry]; c.applies(text, h, cues[k]) {
				h.Context = c.ID
			}
		}
	}
}

// cueReach is how far, in bytes, a cue may stand from a hit.
const cueReach = 120

// applies says whether a cue stands in the right place for the hit.
func (c *Context) applies(text string, h *Hit, cue spot) bool {
	switch {
	case cue.end <= h.Span.Start && c.Scope != After:
		return h.Span.Start-cue.end <= cueReach && !strings.ContainsAny(text[cue.end:h.Span.Start], sentenceEnds)
	case cue.start >= h.Span.End && c.Scope != Before:
		return cue.start-h.Span.End <= cueReach && !strings.ContainsAny(text[h.Span.End:cue.start], sentenceEnds)
	}
	return false
}
