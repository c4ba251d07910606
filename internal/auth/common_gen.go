//go:build ignore

// Writes common.bin from a list of passwords on standard input, one a line, most common first:
//
//	go run common_gen.go <list >common.bin
//
// What is too short to be accepted anyway is left out; the first 20,000 of the rest are kept in lower case as the first
// five bytes of their SHA-256, sorted.
package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

func main() {
	const shortest, most, width = 12, 20_000, 5
	seen := map[string]bool{}
	var sums []string
	for lines := bufio.NewScanner(os.Stdin); lines.Scan() && len(sums) < most; {
		password := strings.ToLower(strings.TrimRight(lines.Text(), "\r"))
		if utf8.RuneCountInString(password) < shortest || seen[password] {
			continue
		}
		seen[password] = true
		sum := sha256.Sum256([]byte(password))
		sums = append(sums, string(sum[:width]))
	}
	slices.Sort(sums)
	if _, err := os.Stdout.WriteString(strings.Join(sums, "")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
