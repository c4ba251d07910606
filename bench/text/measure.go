package main

import (
	"context"
	"fmt"

	bobusumisu "github.com/BobuSumisu/aho-corasick"
	petar "github.com/petar-dambovaliev/aho-corasick"

	"qingyuan/internal/prevent/text/lexicon"
)

// matchers measures the plain matcher and two public ones, on the same terms and texts.
func matchers(ctx context.Context, c config, texts *corpus, r *Report) error {
	for _, size := range []struct {
		terms                    int
		ours, bobusumisu, theirs *float64
		matches                  *int
	}{
		{5_000, &r.Matcher5k, &r.BobuSumisu5k, &r.Petar5k, &r.Matches5k},
		{30_000, &r.Matcher30k, &r.BobuSumisu30k, &r.Petar30k, &r.Matches30k},
	} {
		terms, err := texts.terms(size.terms)
		if err != nil {
			return err
		}
		for _, m := range []struct {
			name  string
			speed *float64
			count func(string) int
		}{
			{"own", size.ours, own(terms)},
			{"BobuSumisu", size.bobusumisu, byBobuSumisu(terms)},
			{"petar-dambovaliev", size.theirs, byPetar(terms)},
		} {
			found := 0
			*m.speed, err = speed(ctx, c, texts.size, func() error {
				found = 0
				for _, t := range texts.texts {
					found += m.count(t)
				}
				return nil
			})
			if err != nil {
				return err
			}
			if *size.matches != 0 && found != *size.matches {
				return fmt.Errorf("%s finds %d occurrences of %d terms, the one before it %d", m.name, found, size.terms, *size.matches)
			}
			*size.matches = found
		}
	}
	return nil
}

func own(terms []string) func(string) int {
	patterns := make([][]rune, len(terms))
	for i, t := range terms {
		patterns[i] = []rune(t)
	}
	a := lexicon.NewAutomaton(patterns)
	return func(text string) (n int) {
		a.Find(text, func(_, _ int) { n++ })
		return n
	}
}

func byBobuSumisu(terms []string) func(string) int {
	trie := bobusumisu.NewTrieBuilder().AddStrings(terms).Build()
	return func(text string) (n int) {
		trie.Walk([]byte(text), func(_, _, _ int64) bool { n++; return true })
		return n
	}
}

func byPetar(terms []string) func(string) int {
	b := petar.NewAhoCorasickBuilder(petar.Opts{MatchKind: petar.StandardMatch, DFA: true})
	ac := b.Build(terms)
	return func(text string) (n int) {
		for it := ac.IterOverlapping(text); it.Next() != nil; {
			n++
		}
		return n
	}
}
