package main

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// minWord is the count in jieba's dictionary (of about 100 million characters) from which a word of two characters is ordinary.
const minWord = 20

// usage reads jieba's dictionary, "word count tag", and calls f for every word written in Han characters only.
func usage(src string, f func(word string, count float64)) error {
	return eachLine(filepath.Join(src, "jieba-dict.txt"), func(line string) error {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			return fmt.Errorf("malformed line %q", line)
		}
		count, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			return fmt.Errorf("malformed line %q", line)
		}
		if strings.IndexFunc(fields[0], func(r rune) bool { return !unicode.Is(unicode.Han, r) }) < 0 {
			f(fields[0], count)
		}
		return nil
	})
}

// surprisal builds lines "bits TAB characters": −log2 of a character's share of running text, in steps of half a bit.
func surprisal(src string) ([]string, error) {
	counts, total := map[rune]float64{}, 0.0
	err := usage(src, func(word string, count float64) {
		for _, r := range word {
			counts[r] += count
			total += count
		}
	})
	if err != nil {
		return nil, err
	}
	by := map[float64][]rune{}
	for r, c := range counts {
		bits := math.Round(-2*math.Log2(c/total)) / 2
		by[bits] = append(by[bits], r)
	}
	var lines []string
	for _, bits := range slices.Sorted(maps.Keys(by)) {
		slices.Sort(by[bits])
		lines = append(lines, strconv.FormatFloat(bits, 'f', 1, 64)+"\t"+string(by[bits]))
	}
	return lines, nil
}

// words builds lines "first character TAB second characters" of the ordinary words of two characters.
func words(src string) ([]string, error) {
	by := map[rune][]rune{}
	err := usage(src, func(word string, count float64) {
		if count >= minWord && utf8.RuneCountInString(word) == 2 {
			r := []rune(word)
			by[r[0]] = append(by[r[0]], r[1])
		}
	})
	var lines []string
	for a, bs := range by {
		slices.Sort(bs)
		lines = append(lines, string(a)+"\t"+string(bs))
	}
	sort.Strings(lines)
	return lines, err
}
