package classify

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// substitutes are what others wrote for a character: aligned from the clean and perturbed rows of the CNTP set.
type substitutes map[rune][]string

// foreignSubstitutes aligns rows of equal length, character by character.
func foreignSubstitutes(t testing.TB) substitutes {
	t.Helper()
	b, err := os.ReadFile(sharedData(t, "cntp_perturbed.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Sid           int
		Text, Perturb string
	}
	clean := map[int][]rune{}
	var perturbed []row
	for line := range bytes.Lines(b) {
		var r row
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		if r.Perturb == "none" {
			clean[r.Sid] = []rune(r.Text)
		} else {
			perturbed = append(perturbed, r)
		}
	}
	out := substitutes{}
	for _, r := range perturbed {
		from, to := clean[r.Sid], []rune(r.Text)
		if len(from) != len(to) {
			continue
		}
		for i, c := range from {
			if s := string(to[i]); c != to[i] && unicode.Is(unicode.Han, c) && !slices.Contains(out[c], s) {
				out[c] = append(out[c], s)
			}
		}
	}
	return out
}

// rewrite replaces each character that has substitutes with probability rate.
func (s substitutes) rewrite(rng *rand.Rand, text string, rate float64) string {
	var b strings.Builder
	for _, r := range text {
		if all := s[r]; len(all) > 0 && rng.Float64() < rate {
			b.WriteString(all[rng.IntN(len(all))])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
