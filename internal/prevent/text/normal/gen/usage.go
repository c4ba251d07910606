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
)

// minPair is the count in jieba's dictionary (of about 100 million characters) from which two characters in a row are ordinary.
const minPair = 20

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

// pairs builds lines "character TAB bits+followers TAB …": for each character the ones that follow it inside ordinary words
// much more often than elsewhere, with −log2 of how often, in whole bits.
func pairs(src string) ([]string, error) {
	chars, total := map[rune]float64{}, 0.0
	follow := map[[2]rune]float64{}
	err := usage(src, func(word string, count float64) {
		var last rune
		for _, r := range word {
			chars[r] += count
			total += count
			if last != 0 {
				follow[[2]rune{last, r}] += count
			}
			last = r
		}
	})
	type line [16][]rune
	by := map[rune]*line{}
	for ab, c := range follow {
		bits := int(math.Round(-math.Log2(c / chars[ab[0]])))
		if c < minPair || bits > 15 || float64(bits) > -math.Log2(chars[ab[1]]/total)-2 {
			continue
		}
		if by[ab[0]] == nil {
			by[ab[0]] = new(line)
		}
		by[ab[0]][bits] = append(by[ab[0]][bits], ab[1])
	}
	var lines []string
	for a, l := range by {
		text := string(a)
		for bits, rs := range l {
			if len(rs) > 0 {
				slices.Sort(rs)
				text += "\t" + strconv.Itoa(bits) + string(rs)
			}
		}
		lines = append(lines, text)
	}
	sort.Strings(lines)
	return lines, err
}
