// Command gen writes the tables of package normal from openly licensed sources.
//
//	go run ./internal/prevent/text/normal/gen -src DIR
//
// DIR holds the source files named in tables/sources.tsv, as fetched by gen/fetch.sh. Each file's SHA-256 must be the
// recorded one: an upstream change is a deliberate act that also updates the record. Nothing is typed by hand.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

func main() {
	log.SetFlags(0)
	src := flag.String("src", "", "directory of the source files (gen/fetch.sh)")
	out := flag.String("out", "internal/prevent/text/normal/tables", "directory of the tables")
	flag.Parse()
	if err := generate(*src, *out); err != nil {
		log.Fatal("gen: ", err)
	}
}

// generate checks the sources and writes every table.
func generate(src, out string) error {
	if err := verify(src, filepath.Join(out, "sources.tsv")); err != nil {
		return err
	}
	steps := []struct {
		name  string
		build func(src string) ([]string, error)
	}{
		{"fold.tsv", fold},
		{"simplified.tsv", simplified},
		{"pinyin.tsv", pinyin},
		{"chaizi.tsv", chaizi},
		{"similar.tsv", similar},
		{"emoji.tsv", emoji},
		{"surprisal.tsv", surprisal},
		{"pairs.tsv", pairs},
	}
	for _, s := range steps {
		lines, err := s.build(src)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if err := os.WriteFile(filepath.Join(out, s.name), []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			return err
		}
		fmt.Printf("%s: %d lines\n", s.name, len(lines))
	}
	return nil
}

// verify compares every source file with its recorded SHA-256: lines of file, sha256, licence, origin.
func verify(src, record string) error {
	return eachLine(record, func(line string) error {
		f := strings.Split(line, "\t")
		if len(f) != 4 {
			return fmt.Errorf("%s: malformed line %q", record, line)
		}
		b, err := os.ReadFile(filepath.Join(src, f[0]))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		if got := hex.EncodeToString(sum[:]); got != f[1] {
			return fmt.Errorf("%s has SHA-256 %s, recorded is %s", f[0], got, f[1])
		}
		return nil
	})
}

// eachLine calls f for every line that is neither empty nor a comment.
func eachLine(path string, f func(string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		line := strings.TrimRight(s.Text(), "\r")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := f(line); err != nil {
			return err
		}
	}
	return s.Err()
}

// grouped renders a map as lines "value TAB keys", sorted, so that a change of one entry is a one-line diff.
func grouped(m map[rune]string) []string {
	by := map[string][]rune{}
	for r, v := range m {
		by[v] = append(by[v], r)
	}
	lines := make([]string, 0, len(by))
	for v, rs := range by {
		sort.Slice(rs, func(i, j int) bool { return rs[i] < rs[j] })
		lines = append(lines, v+"\t"+string(rs))
	}
	sort.Strings(lines)
	return lines
}
