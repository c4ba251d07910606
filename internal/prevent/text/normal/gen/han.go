package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func codepoint(r rune) string { return strconv.FormatInt(int64(r), 16) }

// single is the one rune of s, or 0.
func single(s string) rune {
	if r, n := utf8.DecodeRuneInString(s); n == len(s) && r != utf8.RuneError {
		return r
	}
	return 0
}

// simplified builds lines "simplified TAB traditional characters" from OpenCC.
func simplified(src string) ([]string, error) {
	m := map[rune]string{}
	err := eachLine(filepath.Join(src, "TSCharacters.txt"), func(line string) error {
		k, v, ok := strings.Cut(line, "\t")
		if !ok || len(strings.Fields(v)) == 0 {
			return fmt.Errorf("malformed line %q", line)
		}
		if first := strings.Fields(v)[0]; first != k && single(k) != 0 && single(first) != 0 {
			m[single(k)] = first
		}
		return nil
	})
	return grouped(m), err
}

// readings reads "U+4E00: yī,yí  # 一" into toneless syllables, the most usual first.
func readings(path string) (map[rune][]string, error) {
	m := map[rune][]string{}
	err := eachLine(path, func(line string) error {
		line, _, _ = strings.Cut(line, "#")
		code, list, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			return nil
		}
		r, err := strconv.ParseInt(strings.TrimPrefix(code, "U+"), 16, 32)
		if err != nil {
			return fmt.Errorf("malformed line %q", line)
		}
		for s := range strings.SplitSeq(strings.TrimSpace(list), ",") {
			if t := toneless(s); t != "" && !slices.Contains(m[rune(r)], t) {
				m[rune(r)] = append(m[rune(r)], t)
			}
		}
		return nil
	})
	return m, err
}

// toneless drops the tone mark, writes ü as v, and refuses the vowelless interjections (m, ng, hm) and ê.
func toneless(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.TrimSpace(s)) {
		switch {
		case r == 0x308: // diaeresis: ü
			t := strings.TrimSuffix(b.String(), "u")
			b.Reset()
			b.WriteString(t + "v")
		case r == 0x302: // circumflex: ê
			return ""
		case r >= 'a' && r <= 'z':
			b.WriteRune(r)
		case !unicode.Is(unicode.M, r):
			return ""
		}
	}
	if !strings.ContainsAny(b.String(), "aeiouv") {
		return ""
	}
	return b.String()
}

// maxReadings is how many syllables of a character are kept: what comes after the second is archaic or in names, with few exceptions.
const maxReadings = 2

// pinyin builds lines "syllable TAB standard characters TAB other characters TAB characters that also read so". The
// first column holds the characters of the 2013 standard list of 8,105 under their most usual reading.
func pinyin(src string) ([]string, error) {
	std, err := readings(filepath.Join(src, "kMandarin_8105.txt"))
	if err != nil {
		return nil, err
	}
	all, err := readings(filepath.Join(src, "pinyin.txt"))
	if err != nil {
		return nil, err
	}
	type columns [3][]rune
	table := map[string]*columns{}
	add := func(syllable string, col int, r rune) {
		if table[syllable] == nil {
			table[syllable] = new(columns)
		}
		table[syllable][col] = append(table[syllable][col], r)
	}
	for r, list := range all {
		first := ""
		if s := std[r]; len(s) > 0 {
			first = s[0]
			add(first, 0, r)
		} else if len(list) > 0 {
			first = list[0]
			add(first, 1, r)
		}
		kept := 1
		for _, s := range list {
			if s != first && kept < maxReadings {
				add(s, 2, r)
				kept++
			}
		}
	}
	var lines []string
	for s, c := range table {
		for i := range c {
			slices.Sort(c[i])
		}
		lines = append(lines, s+"\t"+string(c[0])+"\t"+string(c[1])+"\t"+string(c[2]))
	}
	sort.Strings(lines)
	return lines, nil
}

// chaizi builds lines "character TAB parts [TAB parts …]". Rows with a placeholder on either side are left out: □ is no character.
func chaizi(src string) ([]string, error) {
	parts := map[rune][]string{}
	err := eachLine(filepath.Join(src, "chaizi-jt.txt"), func(line string) error {
		f := strings.Split(line, "\t")
		head := single(strings.TrimSpace(f[0]))
		if head == 0 || strings.Contains(line, "□") {
			return nil
		}
		for _, way := range f[1:] {
			p := strings.Join(strings.Fields(way), "")
			if utf8.RuneCountInString(p) >= 2 && !slices.Contains(parts[head], p) {
				parts[head] = append(parts[head], p)
			}
		}
		return nil
	})
	var lines []string
	for r, ways := range parts {
		lines = append(lines, string(r)+"\t"+strings.Join(ways, "\t"))
	}
	sort.Strings(lines)
	return lines, err
}

// similar builds lines "character TAB look-alikes".
func similar(src string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join(src, "confused_chinese.json"))
	if err != nil {
		return nil, err
	}
	var table map[string]struct {
		Font []struct {
			Char string `json:"char"`
		} `json:"similar_font_chars"`
	}
	if err := json.Unmarshal(b, &table); err != nil {
		return nil, err
	}
	var lines []string
	for k, v := range table {
		var alike []rune
		for _, c := range v.Font {
			if r := single(c.Char); r != 0 && c.Char != k && !slices.Contains(alike, r) {
				alike = append(alike, r)
			}
		}
		if len(alike) > 0 {
			lines = append(lines, k+"\t"+string(alike))
		}
	}
	sort.Strings(lines)
	return lines, nil
}

// emoji builds lines "sign TAB name [TAB name …]" from the CLDR names in Chinese: the spoken name first, then the
// keywords, each of at most three Han characters.
func emoji(src string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join(src, "cldr-zh-annotations.json"))
	if err != nil {
		return nil, err
	}
	var doc struct {
		Annotations struct {
			Annotations map[string]struct {
				Default []string `json:"default"`
				TTS     []string `json:"tts"`
			} `json:"annotations"`
		} `json:"annotations"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, err
	}
	var lines []string
	for k, v := range doc.Annotations.Annotations {
		r := single(strings.TrimSuffix(k, "\ufe0f"))
		if r == 0 || !unicode.Is(unicode.So, r) && r < 0x1f000 {
			continue
		}
		var names []string
		for _, n := range append(v.TTS, v.Default...) {
			if hanWord(n) && !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
		if len(names) > 0 {
			lines = append(lines, string(r)+"\t"+strings.Join(names, "\t"))
		}
	}
	sort.Strings(lines)
	return lines, nil
}

// hanWord says whether s is one to three Han characters.
func hanWord(s string) bool {
	n := utf8.RuneCountInString(s)
	return n >= 1 && n <= 3 && strings.IndexFunc(s, func(r rune) bool { return !unicode.Is(unicode.Han, r) }) < 0
}
