package decision

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"qingyuan"
)

// drawEvent makes an event of any kind with any of its fields, now and then one of a wrong type.
func drawEvent(t *rapid.T) *qingyuan.Event {
	e := &qingyuan.Event{Kind: rapid.SampledFrom(qingyuan.EventKinds).Draw(t, "kind"), Data: map[string]any{},
		EffectiveAt: time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "at"))}
	catalogue := EventFields{}.Fields(e.Kind)
	for _, f := range catalogue {
		if strings.Contains(f.Path, "[]") || strings.HasSuffix(f.Path, ".*") || rapid.IntRange(0, 2).Draw(t, "given") == 0 {
			continue
		}
		put(e.Data, strings.Split(f.Path, "."), drawValue(t, f))
	}
	kinds := append(slices.Clone(entityKinds[1:]), "unheard of")
	for range rapid.IntRange(0, 6).Draw(t, "entities") {
		e.Entities = append(e.Entities, qingyuan.Entity{
			Kind: rapid.SampledFrom(kinds).Draw(t, "entity"), Key: rapid.SampledFrom([]string{deviceKey, phoneKey, personKey, "", "x", strings.Repeat("z", 32)}).Draw(t, "key"),
			Role: rapid.SampledFrom([]string{"", "contact", "payee", "complainant", "applicant", "customer"}).Draw(t, "role")})
	}
	if rapid.Bool().Draw(t, "subject") {
		e.Subject = qingyuan.Entity{Kind: qingyuan.Person, Key: personKey}
	}
	return e
}

func drawValue(t *rapid.T, f Field) any {
	typ := f.Type
	if rapid.IntRange(0, 30).Draw(t, "wrong type") == 0 {
		typ = rapid.SampledFrom([]FieldType{TypeString, TypeInt, TypeFloat, TypeBool, TypeList, TypeObject}).Draw(t, "type")
	}
	word := func(label string) string {
		if len(f.Enum) > 0 && rapid.IntRange(0, 9).Draw(t, "enum") > 0 {
			return rapid.SampledFrom(f.Enum).Draw(t, label)
		}
		return rapid.SampledFrom([]string{"", "x", "2026-02-30", "中介", "\xff", "photoshop", "192.0.2.1"}).Draw(t, label)
	}
	switch typ {
	case TypeInt:
		return rapid.SampledFrom([]int64{0, 1, -1, 29, 30, 100, 5_000_000, 1<<63 - 1, -1 << 63}).Draw(t, "int")
	case TypeFloat:
		return rapid.SampledFrom([]float64{0, 0.15, -1, 1e308}).Draw(t, "float")
	case TypeBool:
		return rapid.Bool().Draw(t, "bool")
	case TypeList:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			if f.Of != "" {
				list = append(list, word("item"))
				continue
			}
			list = append(list, map[string]any{"relation": word("relation"), "phone": "1"})
		}
		return list
	case TypeObject:
		return map[string]any{}
	}
	return word("word")
}

func put(data map[string]any, path []string, v any) {
	if len(path) == 1 {
		if _, isObject := data[path[0]].(map[string]any); !isObject {
			data[path[0]] = v
		}
		return
	}
	child, ok := data[path[0]].(map[string]any)
	if !ok {
		child = map[string]any{}
		data[path[0]] = child
	}
	put(child, path[1:], v)
}

// TestAnyEvent decides events with any content: no panic, no failed rule, nothing kept from one decision to the next, every rule
// accounted for once, and a trace that renders the same reasons.
func TestAnyEvent(t *testing.T) {
	p := compileEmbedded(t, First())
	used := p.NewEvaluator()
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t)
		counts := rapid.SliceOfN(rapid.Int64Range(0, 9), len(p.aggregates), len(p.aggregates)).Draw(t, "velocities")
		in := Input{Event: e, Velocity: func(v int, _ [16]byte) (int64, bool) { return counts[v], counts[v]%2 == 0 }, Lists: allIn("agent_phones"), ListNow: e.EffectiveAt}
		for _, code := range rapid.SliceOfN(rapid.SampledFrom([]string{"C1", "C3", "P1", "X"}), 0, 3).Draw(t, "signals") {
			in.Signals = append(in.Signals, qingyuan.Signal{Code: code, Score: rapid.Float64Range(0, 1).Draw(t, "score")})
		}
		got, fresh := used.Decide(in), p.NewEvaluator().Decide(in)
		if !reflect.DeepEqual(got, fresh) || Digest(got) != Digest(fresh) {
			t.Fatalf("a used evaluator gives\n%+v\na new one\n%+v", got, fresh)
		}
		p.Contributions(e)
		spoken := map[string]bool{}
		for _, r := range got.Reasons {
			spoken[r.Rule] = true
		}
		for _, n := range got.NotEvaluable {
			if spoken[n.Rule] || n.Missing == "" || n.Missing == ErrFailed || n.Missing == ErrLimit {
				t.Fatalf("%+v", n)
			}
			spoken[n.Rule] = true
		}
		if !slices.IsSortedFunc(got.Values, func(a, b qingyuan.Value) int { return strings.Compare(a.Name, b.Name) }) {
			t.Fatalf("values out of order: %v", got.Values)
		}
		tr, err := DecodeTrace(EncodeTrace(got))
		if err != nil {
			t.Fatal(err)
		}
		if rendered := Render(tr, p); fmt.Sprint(rendered) != fmt.Sprint(got.Reasons) {
			t.Fatalf("rendered\n%v\nwant\n%v", rendered, got.Reasons)
		}
	})
}

// formula is a random expression with its meaning, worked out apart from the expression engine. Its value is true or false, or the
// name of what was missing.
type formula struct {
	text  string
	value func(data map[string]any) any
}

var numbers = []string{"amount", "term_months", "sim_tenure_days", "outstanding_before"}

func drawFormula(t *rapid.T, depth int) formula {
	name := rapid.SampledFrom(numbers).Draw(t, "field")
	bound := rapid.Int64Range(0, 3).Draw(t, "bound")
	what := rapid.IntRange(0, 7).Draw(t, "what")
	if depth == 0 {
		what %= 4
	}
	switch what {
	case 0:
		return formula{fmt.Sprintf("event.%s > %d", name, bound), func(d map[string]any) any {
			if d[name] == nil {
				return "event." + name
			}
			return d[name].(int64) > bound
		}}
	case 1:
		return formula{fmt.Sprintf("(event.%s ?? %d) == 2", name, bound), func(d map[string]any) any {
			if d[name] == nil {
				return bound == 2
			}
			return d[name].(int64) == 2
		}}
	case 2:
		return formula{fmt.Sprintf("has(event.%s)", name), func(d map[string]any) any { return d[name] != nil }}
	case 3:
		return formula{fmt.Sprintf("event.%s in [0, %d]", name, bound), func(d map[string]any) any {
			if d[name] == nil {
				return "event." + name
			}
			return d[name].(int64) == 0 || d[name].(int64) == bound
		}}
	}
	a, b, c := drawFormula(t, depth-1), drawFormula(t, depth-1), drawFormula(t, depth-1)
	short := func(stop bool) func(map[string]any) any {
		return func(d map[string]any) any {
			if v := a.value(d); v != !stop {
				return v
			}
			return b.value(d)
		}
	}
	switch what {
	case 4:
		return formula{fmt.Sprintf("(%s && %s)", a.text, b.text), short(false)}
	case 5:
		return formula{fmt.Sprintf("(%s || %s)", a.text, b.text), short(true)}
	case 6:
		return formula{fmt.Sprintf("!(%s)", a.text), func(d map[string]any) any {
			if v, ok := a.value(d).(bool); ok {
				return !v
			}
			return a.value(d)
		}}
	}
	return formula{fmt.Sprintf("((%s) ? (%s) : (%s))", a.text, b.text, c.text), func(d map[string]any) any {
		switch v := a.value(d); v {
		case true:
			return b.value(d)
		case false:
			return c.value(d)
		default:
			return v
		}
	}}
}

// TestAnyFormula compares the engine with an independent reading of random expressions over fields that may be absent: the same truth,
// and never an answer where something needed was missing. Which of several missing fields is named may differ.
func TestAnyFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFormula(t, 3)
		p, problems := tryCompile(oneRule("loan.drawn", f.text))
		if len(problems) > 0 {
			t.Fatalf("%s: %v", f.text, problems)
		}
		ev := p.NewEvaluator()
		for range 8 {
			data := map[string]any{}
			for _, n := range numbers {
				if v := rapid.Int64Range(-1, 3).Draw(t, n); v >= 0 {
					data[n] = v
				}
			}
			got, want := verdict(ev.Decide(Input{Event: loan(data)})), f.value(data)
			switch want := want.(type) {
			case bool:
				if got != map[bool]string{true: "yes", false: "no"}[want] {
					t.Fatalf("%s with %v: %s, want %v", f.text, data, got, want)
				}
			case string:
				if !strings.HasPrefix(got, "event.") || data[strings.TrimPrefix(got, "event.")] != nil {
					t.Fatalf("%s with %v: %s, want missing %s", f.text, data, got, want)
				}
			}
		}
	})
}
