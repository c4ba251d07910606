package decision

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"qingyuan"
)

// MaxTrace is the size of the largest trace that is read, in bytes.
const MaxTrace = 1 << 20

// Trace is what is kept of a decision: codes and values, no texts. It is sealed on disk, since values may say much about a person.
type Trace struct {
	Ruleset      string
	Version      int
	Kind         qingyuan.EventKind
	Outcome      qingyuan.Outcome
	Score        int
	Rules        []string       // those that fired, in the order of the reasons
	NotEvaluable []NotEvaluable // by rule id
	// Values holds, by name, what the fired rules read, and of the rest what is not zero. Fields of the event that no fired rule
	// read are left out: the event itself is kept.
	Values   []qingyuan.Value
	Fallback string
}

// wireTrace is a trace as JSON.
type wireTrace struct {
	Ruleset  string              `json:"r"` // id@version
	Kind     qingyuan.EventKind  `json:"k"`
	Outcome  qingyuan.Outcome    `json:"o"`
	Score    int                 `json:"s"`
	Hits     []string            `json:"h"`
	Missing  map[string][]string `json:"n"` // what was missing → the rules that missed it
	Values   map[string]any      `json:"v"`
	Fallback string              `json:"f"`
}

// EncodeTrace gives the compact JSON of what is kept of a result. Equal results give equal bytes.
func EncodeTrace(r Result) []byte {
	b := make([]byte, 0, 512)
	b = appendString(append(b, `{"r":`...), r.Ruleset+"@"+strconv.Itoa(r.Version))
	b = appendString(append(b, `,"k":`...), string(r.Kind))
	b = appendString(append(b, `,"o":`...), string(r.Outcome))
	b = strconv.AppendInt(append(b, `,"s":`...), int64(r.Score), 10)
	if len(r.Reasons) > 0 {
		b = append(b, `,"h":[`...)
		for i, reason := range r.Reasons {
			b = appendString(comma(b, i), reason.Rule)
		}
		b = append(b, ']')
	}
	b = appendMissing(b, r.NotEvaluable)
	b = appendValues(b, r)
	if r.Fallback != "" {
		b = appendString(append(b, `,"f":`...), r.Fallback)
	}
	return append(b, '}')
}

func appendMissing(b []byte, rules []NotEvaluable) []byte {
	if len(rules) == 0 {
		return b
	}
	sorted := slices.SortedFunc(slices.Values(rules), func(a, b NotEvaluable) int {
		return cmp.Or(cmp.Compare(a.Missing, b.Missing), cmp.Compare(a.Rule, b.Rule))
	})
	b = append(b, `,"n":{`...)
	for i, n := range sorted {
		if i > 0 && n.Missing == sorted[i-1].Missing {
			b = appendString(append(b, ','), n.Rule)
			continue
		}
		if i > 0 {
			b = append(b, `],`...)
		}
		b = append(appendString(b, n.Missing), `:[`...)
		b = appendString(b, n.Rule)
	}
	return append(b, `]}`...)
}

func appendValues(b []byte, r Result) []byte {
	n := 0
	for _, v := range r.Values {
		if !kept(v, r.Reasons) {
			continue
		}
		if n == 0 {
			b = append(b, `,"v":{`...)
		}
		b = append(appendString(comma(b, n), v.Name), ':')
		b = appendValue(b, v.Value)
		n++
	}
	if n == 0 {
		return b
	}
	return append(b, '}')
}

// kept tells whether a trace keeps v.
func kept(v qingyuan.Value, reasons []qingyuan.Reason) bool {
	if !strings.HasPrefix(v.Name, "event.") {
		switch v.Value {
		case int64(0), float64(0), false, "":
		default:
			return true
		}
	}
	for _, r := range reasons {
		for _, w := range r.Values {
			if w.Name == v.Name {
				return true
			}
		}
	}
	return false
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}

// appendString writes s as a JSON string.
func appendString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			text, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...) // a string always has a JSON form
			}
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// appendValue writes a value. A float always has a point or an exponent, so that it is read again as one.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(b, "null"...)
		}
		from := len(b)
		b = strconv.AppendFloat(b, v, 'g', -1, 64)
		if !bytes.ContainsAny(b[from:], ".e") {
			b = append(b, ".0"...)
		}
		return b
	}
	return append(b, "null"...)
}

// DecodeTrace reads what EncodeTrace wrote.
func DecodeTrace(text []byte) (Trace, error) {
	if len(text) > MaxTrace {
		return Trace{}, fmt.Errorf("decision trace: %d bytes, at most %d", len(text), MaxTrace)
	}
	var w wireTrace
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&w); err != nil {
		return Trace{}, fmt.Errorf("decision trace: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Trace{}, errors.New("decision trace: more than one value")
	}
	id, version, _ := strings.Cut(w.Ruleset, "@")
	n, err := strconv.Atoi(version)
	if err != nil {
		return Trace{}, fmt.Errorf("decision trace: ruleset %q: %w", w.Ruleset, err)
	}
	t := Trace{Ruleset: id, Version: n, Kind: w.Kind, Outcome: w.Outcome, Score: w.Score, Rules: w.Hits, Fallback: w.Fallback}
	for missing, rules := range w.Missing {
		for _, rule := range rules {
			t.NotEvaluable = append(t.NotEvaluable, NotEvaluable{Rule: rule, Missing: missing})
		}
	}
	slices.SortFunc(t.NotEvaluable, func(a, b NotEvaluable) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Missing, b.Missing))
	})
	for _, name := range slices.Sorted(maps.Keys(w.Values)) {
		v, err := decodedValue(w.Values[name])
		if err != nil {
			return Trace{}, fmt.Errorf("decision trace: %s: %w", name, err)
		}
		t.Values = append(t.Values, qingyuan.Value{Name: name, Value: v})
	}
	return t, nil
}

func decodedValue(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, bool:
		return v, nil
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return v.Float64()
		}
		return v.Int64()
	}
	return nil, fmt.Errorf("%T is not a value", v)
}

// Render writes the reasons of a trace again with the program it came from. A rule the program does not have is left out.
func Render(t Trace, p *Program) []qingyuan.Reason {
	values := make(map[string]any, len(t.Values))
	for _, v := range t.Values {
		values[v.Name] = v.Value
	}
	var out []qingyuan.Reason
	for _, id := range t.Rules {
		i, ok := p.byID[id]
		if !ok {
			continue
		}
		r := &p.rules[i]
		read := make([]qingyuan.Value, 0, len(r.shows))
		for _, f := range r.shows {
			name := p.features[f].name
			for _, n := range []string{name, name + ".approximate", name + ".key"} {
				if v, ok := values[n]; ok {
					read = append(read, qingyuan.Value{Name: n, Value: v})
				}
			}
		}
		out = append(out, r.reason(func(f int) any { return values[p.features[f].name] }, read))
	}
	sortReasons(out)
	return out
}

// Digest is a canonical hash of the outcome, the score, the reasons with their weights and values, the rules that could not be
// evaluated, and all feature values: equal for equal decisions, whatever engine keeps them.
func Digest(r Result) [32]byte {
	b := make([]byte, 0, 1024)
	b = digestString(b, "decision/1")
	b = digestString(b, string(r.Outcome))
	b = digestString(b, r.Fallback)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Score))
	reasons := slices.SortedFunc(slices.Values(r.Reasons), func(a, b qingyuan.Reason) int { return cmp.Compare(a.Rule, b.Rule) })
	b = binary.BigEndian.AppendUint64(b, uint64(len(reasons)))
	for _, reason := range reasons {
		b = digestString(b, reason.Rule)
		b = binary.BigEndian.AppendUint64(b, uint64(reason.Weight))
		b = digestValues(b, reason.Values)
	}
	missing := slices.SortedFunc(slices.Values(r.NotEvaluable), func(a, b NotEvaluable) int { return cmp.Compare(a.Rule, b.Rule) })
	b = binary.BigEndian.AppendUint64(b, uint64(len(missing)))
	for _, n := range missing {
		b = digestString(digestString(b, n.Rule), n.Missing)
	}
	return sha256.Sum256(digestValues(b, r.Values))
}

func digestString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint64(b, uint64(len(s))), s...)
}

// digestValues writes values as they are ordered: by name, which is how results hold them.
func digestValues(b []byte, values []qingyuan.Value) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(len(values)))
	for _, v := range values {
		b = digestString(b, v.Name)
		switch x := v.Value.(type) {
		case string:
			b = digestString(append(b, 's'), x)
		case bool:
			b = strconv.AppendBool(append(b, 'b'), x)
		case int64:
			b = binary.BigEndian.AppendUint64(append(b, 'i'), uint64(x))
		case float64:
			b = binary.BigEndian.AppendUint64(append(b, 'f'), math.Float64bits(x))
		}
	}
	return b
}
