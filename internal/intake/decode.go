package intake

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"qingyuan"
)

// decoder reads the tokens of one event straight into normalised values.
type decoder struct {
	json     *jsontext.Decoder
	raw      string // the whole input: values are substrings of it
	now      time.Time
	limits   Limits
	mentions []Mention
	quality  []any
}

func newDecoder(raw []byte, now time.Time, limits Limits) *decoder {
	return &decoder{
		json: jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true)), // duplicates: see object
		raw:  string(raw), now: now, limits: limits,
	}
}

// within puts name before the field of err, on the way out of an object or a list.
func within(err *qingyuan.Error, name string) *qingyuan.Error {
	switch {
	case err.Field == "" || err.Field[0] == '[':
		err.Field = name + err.Field
	default:
		err.Field = name + "." + err.Field
	}
	return err
}

// bad is an error about the value at hand; the callers add its path.
func bad(format string, args ...any) *qingyuan.Error {
	return qingyuan.Errorf(qingyuan.Invalid, format, args...)
}

// syntax turns an error of the JSON reader into one that tells the place but never the text.
func (d *decoder) syntax(err error) *qingyuan.Error {
	var s *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return bad("the JSON ends too early")
	case errors.As(err, &s):
		if strings.Contains(s.Err.Error(), "UTF-8") {
			return bad("invalid UTF-8 near byte %d", s.ByteOffset)
		}
		return bad("not valid JSON near byte %d", s.ByteOffset)
	}
	return bad("not valid JSON")
}

// text reads the string that comes next, a value or a name.
func (d *decoder) text() (string, *qingyuan.Error) {
	v, err := d.json.ReadValue()
	if err != nil {
		return "", d.syntax(err)
	}
	if v.Kind() != '"' {
		return "", bad("must be a string")
	}
	end := int(d.json.InputOffset())
	s := d.raw[end-len(v)+1 : end-1]
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	plain, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return "", d.syntax(err)
	}
	return string(plain), nil
}

// number reads the number that comes next as its literal.
func (d *decoder) number() (string, *qingyuan.Error) {
	if d.json.PeekKind() != '0' {
		return "", d.wrong("must be a number")
	}
	v, err := d.json.ReadValue()
	if err != nil {
		return "", d.syntax(err)
	}
	end := int(d.json.InputOffset())
	return d.raw[end-len(v) : end], nil
}

// wrong is a type error, or the syntax error that hides behind it.
func (d *decoder) wrong(message string) *qingyuan.Error {
	if d.json.PeekKind() == jsontext.KindInvalid {
		if _, err := d.json.ReadToken(); err != nil {
			return d.syntax(err)
		}
	}
	return bad("%s", message)
}

// open reads the delimiter that begins an object or a list.
func (d *decoder) open(kind jsontext.Kind, message string) *qingyuan.Error {
	if d.json.PeekKind() != kind {
		return d.wrong(message)
	}
	if _, err := d.json.ReadToken(); err != nil {
		return d.syntax(err)
	}
	return nil
}

// close reads the delimiter that ends an object or a list.
func (d *decoder) close() *qingyuan.Error {
	if _, err := d.json.ReadToken(); err != nil {
		return d.syntax(err)
	}
	return nil
}

// skip passes over one value, watching its depth.
func (d *decoder) skip() *qingyuan.Error {
	base := d.json.StackDepth()
	for {
		if _, err := d.json.ReadToken(); err != nil {
			return d.syntax(err)
		}
		switch depth := d.json.StackDepth() - base; {
		case depth > d.limits.Depth:
			return bad("nested deeper than %d levels", d.limits.Depth)
		case depth <= 0:
			return nil
		}
	}
}

// seen is a set of field indexes; no table has more than 128 fields.
type seen [2]uint64

func (s *seen) add(i int) (again bool) {
	bit := uint64(1) << (i & 63)
	again = s[i>>6]&bit != 0
	s[i>>6] |= bit
	return again
}

func (s *seen) has(i int) bool { return s[i>>6]&(1<<(i&63)) != 0 }

// object reads an object after the table n. prefix is the path of the list item it is in, with a final dot, or "".
func (d *decoder) object(n *node, prefix string) (map[string]any, *qingyuan.Error) {
	if err := d.open('{', "must be an object"); err != nil {
		return nil, err
	}
	out := make(map[string]any, min(len(n.fields), 20))
	var got, given seen
	for d.json.PeekKind() == '"' {
		name, err := d.text()
		if err != nil {
			return nil, err
		}
		i, ok := n.names[name]
		if !ok {
			return nil, n.unknown(name)
		}
		if given.add(i) {
			return nil, within(bad("given twice"), name)
		}
		v, err := d.value(n, i, prefix)
		if err != nil {
			return nil, within(err, name)
		}
		if v != nil {
			got.add(i)
			out[n.fields[i].Name] = v
		}
	}
	if err := d.close(); err != nil {
		return nil, err
	}
	for _, i := range n.required {
		if !got.has(i) {
			return nil, within(bad("is required"), n.fields[i].Name)
		}
	}
	return out, nil
}

// unknown is the error for a name that is not in the table.
func (n *node) unknown(name string) *qingyuan.Error {
	err := bad("no such field")
	if i, ok := n.folded[fold(name)]; ok {
		err = bad("no such field; did you mean %s?", n.fields[i].Name)
	}
	return within(err, speakable(name))
}

// speakable is a name fit for an error message: a name of the shape of a field is repeated, anything else could be a
// value in the wrong place and is not.
func speakable(name string) string {
	figures := 0
	for _, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-'
		if c >= '0' && c <= '9' {
			figures++
		} else if !letter {
			figures = 99
		}
	}
	if name == "" || len(name) > 40 || figures > 4 {
		return "(unknown)"
	}
	return name
}

// value reads the value of field i of n. It is nil where the field was not given: null, or empty.
func (d *decoder) value(n *node, i int, prefix string) (any, *qingyuan.Error) {
	f := n.fields[i]
	if d.json.PeekKind() == 'n' {
		_, err := d.json.ReadToken()
		if err != nil {
			return nil, d.syntax(err)
		}
		return nil, nil
	}
	if f.Derived {
		return nil, bad("is computed here and cannot be sent")
	}
	switch f.Type {
	case TypeObject:
		m, err := d.object(n.children[i], prefix)
		return boxed(m, len(m) == 0, err)
	case TypeText:
		m, err := d.freeText()
		return boxed(m, false, err)
	case TypeList:
		l, err := d.list(n, i, prefix)
		return boxed(l, len(l) == 0, err)
	case TypeMap:
		m, err := d.freeMap()
		return boxed(m, len(m) == 0, err)
	}
	return d.scalar(f, f.Type, prefix, n.paths[i], "")
}

// boxed makes a value of a result: nil where it failed or is empty.
func boxed[T any](v T, empty bool, err *qingyuan.Error) (any, *qingyuan.Error) {
	if err != nil || empty {
		return nil, err
	}
	return v, nil
}

func (d *decoder) list(n *node, i int, prefix string) ([]any, *qingyuan.Error) {
	if err := d.open('[', "must be a list"); err != nil {
		return nil, err
	}
	f, child := n.fields[i], n.children[i]
	most := orElse(f.MaxLen, defaultItems)
	var out []any
	for d.json.PeekKind() != ']' {
		index := "[" + strconv.Itoa(len(out)) + "]"
		if len(out) == most {
			return nil, bad("must not have more than %d items", most)
		}
		if d.json.PeekKind() == 'n' {
			return nil, within(bad("must not be null"), index)
		}
		var v any
		var err *qingyuan.Error
		if child == nil {
			v, err = d.scalar(f, f.Of, prefix, n.paths[i], index)
		} else {
			item := ""
			if child.mentions {
				item = prefix + n.paths[i] + index + "."
			}
			v, err = d.object(child, item)
		}
		if err != nil {
			return nil, within(err, index)
		}
		if v != nil {
			out = append(out, v)
		}
	}
	return out, d.close()
}

// scalar reads one plain value; prefix + path + index is where it stands.
func (d *decoder) scalar(f *Field, t FieldType, prefix, path, index string) (any, *qingyuan.Error) {
	switch t {
	case TypeBool:
		k := d.json.PeekKind()
		if k != 't' && k != 'f' {
			return nil, d.wrong("must be true or false")
		}
		_, err := d.json.ReadToken()
		if err != nil {
			return nil, d.syntax(err)
		}
		return k == 't', nil
	case TypeInt, TypeMoney:
		return d.integer(f, t)
	case TypeFloat:
		return d.float(f)
	}
	if d.json.PeekKind() != '"' {
		return nil, d.wrong("must be a string")
	}
	s, err := d.text()
	if err != nil {
		return nil, err
	}
	if len(s) > d.limits.String {
		return nil, bad("must not be longer than %d bytes", d.limits.String)
	}
	if t == TypeTime {
		us, err := d.instant(s)
		return boxed(us, s == "", err)
	}
	out, flaws, err := d.normalise(f, t, s)
	if err != nil || out == "" {
		return nil, err
	}
	if f.Entity != "" && len(flaws) == 0 || f.Entity != "" && flaws[0] != FlawNotPublic {
		d.mention(Mention{Kind: f.Entity, Role: f.Role, Value: out, Path: prefix + path + index})
	}
	for _, flaw := range flaws {
		d.quality = append(d.quality, map[string]any{"path": prefix + path + index, "code": string(flaw)})
	}
	return out, nil
}

// mention adds m unless the same thing stands in the same role already.
func (d *decoder) mention(m Mention) {
	for i := range d.mentions {
		if o := &d.mentions[i]; o.Value == m.Value && o.Kind == m.Kind && o.Role == m.Role {
			return
		}
	}
	if d.mentions == nil {
		d.mentions = make([]Mention, 0, 8)
	}
	d.mentions = append(d.mentions, m)
}

func (d *decoder) integer(f *Field, t FieldType) (any, *qingyuan.Error) {
	lit, err := d.number()
	if err != nil {
		return nil, err
	}
	n, perr := strconv.ParseInt(lit, 10, 64)
	if perr != nil {
		if t == TypeMoney {
			return nil, bad("must be a whole number of minor units (fen)")
		}
		return nil, bad("must be a whole number")
	}
	low, high := f.bounds()
	if float64(n) < low || float64(n) > high {
		return nil, bad("must lie between %.0f and %.0f", low, high)
	}
	return n, nil
}

func (d *decoder) float(f *Field) (any, *qingyuan.Error) {
	lit, err := d.number()
	if err != nil {
		return nil, err
	}
	x, perr := strconv.ParseFloat(lit, 64)
	if perr != nil || math.IsInf(x, 0) {
		return nil, bad("is too large")
	}
	if (f.Min != 0 || f.Max != 0) && (x < f.Min || x > f.Max) {
		return nil, bad("must lie between %g and %g", f.Min, f.Max)
	}
	return x, nil
}

// instant reads an RFC 3339 time between 1970 and a day from now.
func (d *decoder) instant(s string) (int64, *qingyuan.Error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return 0, bad("must be an RFC 3339 time with an offset, such as 2026-11-20T09:30:00+08:00")
	}
	if t.Unix() < 0 || t.After(d.now.Add(future)) {
		return 0, bad("must lie between 1970 and tomorrow")
	}
	return t.UnixMicro(), nil
}

// normalise brings a string of type t to its one form; "" means not given.
func (d *decoder) normalise(f *Field, t FieldType, s string) (out string, flaws []Flaw, _ *qingyuan.Error) {
	if t == TypeString {
		out, err := oneLine(s, orElse(f.MaxLen, defaultLength))
		return out, nil, err
	}
	if strings.TrimSpace(s) == "" {
		return "", nil, nil
	}
	var err error
	switch t {
	case TypeEnum:
		for _, known := range f.Enum {
			if s == known {
				return known, nil, nil
			}
		}
		return "", nil, bad("must be one of %s", strings.Join(f.Enum, ", "))
	case TypeCode:
		out, err = normaliseCode(s, orElse(f.MaxLen, defaultCode))
	case TypeDate:
		out, err = d.date(s)
	case TypePhone:
		out, err = NormalisePhone(s)
	case TypeIDNo:
		out, flaws, err = NormaliseIDNo(s)
	case TypeBankCard:
		out, flaws, err = NormaliseBankCard(s)
	case TypeUSCC:
		out, flaws, err = NormaliseUSCC(s)
	case TypeIP:
		out, flaws, err = NormaliseIP(s)
	case TypeDevice:
		out, err = NormaliseDevice(s)
	case TypeEmail:
		out, err = NormaliseEmail(s)
	case TypeAddress:
		out, err = NormaliseAddress(s)
	case TypeName:
		out, err = NormaliseName(s)
	case TypeOrganisation:
		out, err = NormaliseOrganisation(s)
	case TypeHandle:
		out, err = NormaliseHandle(s)
	}
	if err != nil {
		return "", nil, qingyuan.AsError(err)
	}
	return out, flaws, nil
}

// oneLine trims a line of text and holds it to most characters.
func oneLine(s string, most int) (string, *qingyuan.Error) {
	s = strings.TrimSpace(s)
	if len(s) > most && utf8.RuneCountInString(s) > most {
		return "", bad("must not be longer than %d characters", most)
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", qingyuan.AsError(errControl())
	}
	return s, nil
}

// normaliseCode folds an identifier: NFKC, no spaces or control characters.
func normaliseCode(s string, most int) (string, error) {
	s = nfkc(strings.TrimSpace(s))
	if utf8.RuneCountInString(s) > most || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return "", qingyuan.Errorf(qingyuan.Invalid, "must be an identifier of at most %d characters without spaces", most)
	}
	return s, nil
}

// date checks a calendar day between 1900 and sixty years from now.
func (d *decoder) date(s string) (string, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return "", qingyuan.Errorf(qingyuan.Invalid, "must be a day written YYYY-MM-DD")
	}
	if t.Year() < 1900 || t.Year() > d.now.Year()+60 {
		return "", qingyuan.Errorf(qingyuan.Invalid, "must lie between 1900 and sixty years from now")
	}
	return s, nil
}
