package intake

import (
	"math"
	"slices"
	"strconv"

	"qingyuan"
)

// maxMapEntries bounds a free map: its entries become variables of rules and inputs of models.
const maxMapEntries = 64

// freeText reads {author, text, lang?} and keeps the text byte for byte.
func (d *decoder) freeText() (map[string]any, *qingyuan.Error) {
	if err := d.open('{', `must be an object {"author": …, "text": …}`); err != nil {
		return nil, err
	}
	out := make(map[string]any, 3)
	for d.json.PeekKind() == '"' {
		name, err := d.text()
		if err != nil {
			return nil, err
		}
		if name != "author" && name != "text" && name != "lang" {
			return nil, textNode.unknown(name)
		}
		if _, again := out[name]; again {
			return nil, within(bad("given twice"), name)
		}
		if d.json.PeekKind() != '"' {
			return nil, within(d.wrong("must be a string"), name)
		}
		s, err := d.text()
		switch {
		case err != nil:
			return nil, within(err, name)
		case name == "text" && len(s) > d.limits.Text:
			return nil, within(bad("must not be longer than %d bytes", d.limits.Text), name)
		case name == "author" && !slices.Contains(authorKinds, s):
			return nil, within(bad("must be one of %v", authorKinds), name)
		case name == "lang" && (s == "" || len(s) > 35 || !isTag(s)):
			return nil, within(bad("must be a language tag such as zh or en"), name)
		}
		out[name] = s
	}
	if err := d.close(); err != nil {
		return nil, err
	}
	for _, name := range [...]string{"author", "text"} {
		if s, _ := out[name].(string); s == "" {
			return nil, within(bad("is required"), name)
		}
	}
	return out, nil
}

var textNode = compile(textFields, "")

// isTag reports whether s has the characters of a language tag (BCP 47).
func isTag(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// freeMap reads a map of at most maxMapEntries strings, numbers and booleans. All numbers become float64, so that a
// column has one type in every event.
func (d *decoder) freeMap() (map[string]any, *qingyuan.Error) {
	if err := d.open('{', "must be an object"); err != nil {
		return nil, err
	}
	out := make(map[string]any)
	names := 0
	for d.json.PeekKind() == '"' {
		name, err := d.text()
		if err != nil {
			return nil, err
		}
		if !isKey(name, 40) {
			return nil, within(bad("a name must be 1 to 40 characters of a-z, 0-9 and _"), speakable(name))
		}
		if _, again := out[name]; again {
			return nil, within(bad("given twice"), speakable(name))
		}
		if names++; names > maxMapEntries {
			return nil, bad("must not have more than %d entries", maxMapEntries)
		}
		v, err := d.freeValue()
		if err != nil {
			return nil, within(err, speakable(name))
		}
		if v != nil {
			out[name] = v
		}
	}
	return out, d.close()
}

func (d *decoder) freeValue() (any, *qingyuan.Error) {
	switch k := d.json.PeekKind(); k {
	case 'n':
		if _, err := d.json.ReadToken(); err != nil {
			return nil, d.syntax(err)
		}
		return nil, nil
	case 't', 'f':
		if _, err := d.json.ReadToken(); err != nil {
			return nil, d.syntax(err)
		}
		return k == 't', nil
	case '0':
		lit, err := d.number()
		if err != nil {
			return nil, err
		}
		x, perr := strconv.ParseFloat(lit, 64)
		if perr != nil || math.IsInf(x, 0) {
			return nil, bad("is too large")
		}
		return x, nil
	case '"':
		s, err := d.text()
		if err != nil {
			return nil, err
		}
		s, err = oneLine(s, defaultLength)
		return boxed(s, s == "", err)
	}
	return nil, d.wrong("must be a string, a number, true or false")
}
