package lexicon

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestAutomatonFindsWhatSearchFinds compares the automaton with plain substring search.
func TestAutomatonFindsWhatSearchFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.SampledFrom([]rune("ab停息")), 1, 4, -1)
		terms := rapid.SliceOfNDistinct(word, 1, 8, rapid.ID).Draw(t, "terms")
		text := rapid.StringOfN(rapid.SampledFrom([]rune("ab停息c")), 0, 40, -1).Draw(t, "text")
		var patterns [][]rune
		for _, w := range terms {
			patterns = append(patterns, []rune(w))
		}
		var got, want []string
		NewAutomaton(patterns).Find(text, func(p, end int) { got = append(got, fmt.Sprint(p, " ", end)) })
		for p, w := range terms {
			for i := range text {
				if strings.HasPrefix(text[i:], w) {
					want = append(want, fmt.Sprint(p, " ", i+len(w)))
				}
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("found %q, want %q", got, want)
		}
	})
}
