package agreement

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"regexp"
	"strings"
	"unicode/utf16"

	"github.com/ledongthuc/pdf"
)

// toUnicode is the ToUnicode map of a font (ISO 32000-1, 9.10.3). The library reads it for some fonts only, and searches
// it from the start for every character.
type toUnicode struct {
	codes map[string]string // code bytes → text
	width int               // of a code, in bytes
}

// The limits of a map.
const (
	maxMapBytes = 4 << 20
	maxCodes    = 1 << 17
)

var (
	mapSection = regexp.MustCompile(`(?s)begin(codespacerange|bfchar|bfrange)(.*?)end(?:codespacerange|bfchar|bfrange)`)
	mapToken   = regexp.MustCompile(`<([0-9a-fA-F\s]*)>|[\[\]]`)
)

// readToUnicode reads the map of a font, or returns nil where it has none.
func readToUnicode(f pdf.Font) *toUnicode {
	v := f.V.Key("ToUnicode")
	if v.Kind() != pdf.Stream {
		return nil
	}
	r := v.Reader()
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxMapBytes))
	if err != nil {
		return nil
	}
	m := &toUnicode{map[string]string{}, 1}
	for _, s := range mapSection.FindAllStringSubmatch(string(b), -1) {
		tokens := mapToken.FindAllStringSubmatch(s[2], 3*maxCodes)
		switch s[1] {
		case "codespacerange":
			if len(tokens) > 0 {
				m.width = min(max(len(unhex(tokens[0][1])), 1), 4)
			}
		case "bfchar":
			for i := 0; i+1 < len(tokens); i += 2 {
				m.set(unhex(tokens[i][1]), text16(unhex(tokens[i+1][1])))
			}
		case "bfrange":
			m.ranges(tokens)
		}
	}
	return m
}

func (m *toUnicode) set(code, text string) {
	if len(m.codes) < maxCodes {
		m.codes[code] = text
	}
}

// ranges reads triples: low, high, and the text of low or a list with the text of each code.
func (m *toUnicode) ranges(tokens [][]string) {
	for i := 0; i+2 < len(tokens); {
		low, high := unhex(tokens[i][1]), unhex(tokens[i+1][1])
		if i += 2; tokens[i][0] == "[" {
			for i++; i < len(tokens) && tokens[i][0] != "]"; i++ {
				m.set(low, text16(unhex(tokens[i][1])))
				low = next(low)
			}
			i++
			continue
		}
		text := unhex(tokens[i][1])
		for i++; len(low) == len(high) && low <= high && len(m.codes) < maxCodes; {
			m.set(low, text16(text))
			if low == high {
				break
			}
			low, text = next(low), next(text)
		}
	}
}

// next is the string of bytes one higher, as a number.
func next(s string) string {
	b := []byte(s)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i]++; b[i] != 0 {
			break
		}
	}
	return string(b)
}

func unhex(s string) string {
	s = strings.Join(strings.Fields(s), "")
	if len(s)%2 == 1 {
		s += "0"
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return ""
	}
	return string(b)
}

// text16 reads big-endian UTF-16.
func text16(s string) string {
	var units []uint16
	for i := 0; i+1 < len(s); i += 2 {
		units = append(units, binary.BigEndian.Uint16([]byte(s[i:])))
	}
	return string(utf16.Decode(units))
}

// Decode reads the codes of a shown string; a code that the map does not have gives nothing.
func (m *toUnicode) Decode(raw string) string {
	var b strings.Builder
	for len(raw) >= m.width {
		b.WriteString(m.codes[raw[:m.width]])
		raw = raw[m.width:]
	}
	return b.String()
}
