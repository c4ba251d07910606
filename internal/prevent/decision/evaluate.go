package decision

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/expr-lang/expr/vm"

	"qingyuan"
)

// masked stands in traces and reasons for a personal value that was there.
const masked = "•••"

// Evaluator decides events with one program. It keeps its machinery between decisions and is not safe for concurrent use.
type Evaluator struct {
	program *Program
	vm      vm.VM
	env     map[string]any // slot → value, nil where absent
	slots   []slotValue    // by feature
	in      Input
	values  []qingyuan.Value
	fired   []int
	row     map[string]any // the inputs of a model
}

// slotValue is what became of one feature for the present event.
type slotValue struct {
	present bool
	shown   any    // the value as traces show it
	key     string // velocities: the entity it was read for, where there were several
	approx  bool   // velocities: an estimate
	// absent is why a model gave no probability, challenger what its challenger gave.
	absent     string
	challenger any
	from       int // where the feature's values stand in Evaluator.values
	to         int
}

// Decide decides one event. The result shares no memory with the evaluator.
func (ev *Evaluator) Decide(in Input) Result {
	p := ev.program
	out := Result{Ruleset: p.ruleset.ID, Version: p.ruleset.Version, Kind: in.Event.Kind}
	plan := p.plans[in.Event.Kind]
	if plan == nil {
		out.Outcome = qingyuan.Pass
		return out
	}
	ev.in, ev.fired = in, ev.fired[:0]
	defer func() { ev.in = Input{} }()
	for _, f := range plan.features {
		ev.load(f)
	}
	for _, i := range plan.models { // once their inputs are loaded
		ev.score(&p.models[i])
	}
	out.Values = ev.collect(plan)
	for _, i := range plan.rules {
		r := &p.rules[i]
		holds, missing := ev.holds(&r.condition)
		switch {
		case missing != "":
			out.NotEvaluable = append(out.NotEvaluable, NotEvaluable{Rule: r.ID, Missing: missing})
		case holds && in.Snoozed != nil && in.Snoozed(r.ID):
			out.NotEvaluable = append(out.NotEvaluable, NotEvaluable{Rule: r.ID, Missing: ErrSnoozed})
		case holds:
			ev.fired = append(ev.fired, i)
		}
	}
	p.score(&out, ev.fired)
	if len(plan.models) > 0 {
		out.Values = ev.explain(out.Values)
	}
	out.Reasons = ev.reasons(out.Values)
	return out
}

// holds evaluates a condition over the loaded features. missing names what was absent, or how the evaluation failed.
func (ev *Evaluator) holds(c *condition) (holds bool, missing string) {
	for _, f := range c.always {
		if !ev.slots[f].present {
			return false, ev.program.features[f].name
		}
	}
	program := c.plain
	if c.careful != nil {
		for _, f := range c.strict {
			if !ev.slots[f].present {
				program = c.careful
				break
			}
		}
	}
	return ev.run(program)
}

func (ev *Evaluator) run(program *vm.Program) (holds bool, failure string) {
	defer func() {
		if recover() != nil {
			holds, failure = false, ErrFailed
		}
	}()
	v, err := ev.vm.Run(program, ev.env)
	if err != nil {
		return false, failureOf(err)
	}
	holds, ok := v.(bool)
	if !ok {
		return false, ErrFailed
	}
	return holds, ""
}

// failureOf names what was absent, or how an evaluation failed.
func failureOf(err error) string {
	var absent *missing
	switch {
	case errors.As(err, &absent):
		return absent.name
	case errors.Is(err, errDivision):
		return ErrDivision
	case strings.Contains(err.Error(), "memory budget exceeded"):
		return ErrLimit
	}
	return ErrFailed
}

// load computes one feature for the present event.
func (ev *Evaluator) load(i int) {
	f, s := &ev.program.features[i], &ev.slots[i]
	*s = slotValue{}
	if f.kind == ofModel {
		ev.slots[ev.program.models[f.index].because] = slotValue{}
	}
	v := ev.value(f, s)
	ev.env[f.slot] = v
	s.present = v != nil
	switch {
	case v == nil:
		s.shown = nil
	case f.personal:
		s.shown = masked
	case s.shown == nil:
		s.shown = show(v)
	}
}

// show is a value as traces show it: a list by its length, an object by that it is there.
func show(v any) any {
	switch v := v.(type) {
	case []any:
		return int64(len(v))
	case map[string]any:
		return true
	}
	return v
}

// value reads a feature: nil where it is absent or not of its type.
func (ev *Evaluator) value(f *feature, s *slotValue) any {
	switch f.kind {
	case ofEvent:
		return ofType(lookup(ev.in.Event.Data, f.path), f.typ)
	case ofEnvelope:
		return envelope(ev.in.Event, f.path[0])
	case ofProfile:
		return ofType(lookup(ev.in.Profile, f.path), f.typ)
	case ofVelocity:
		return ev.velocity(f, s)
	case ofSignal:
		return ev.signal(f.code)
	case ofDetail:
		return ev.detail(f.code, f.path[0])
	case ofSignals:
		return ev.signals()
	case ofListKey, ofListField:
		return ev.listed(f, s)
	}
	return nil
}

// ofType gives v where it has the type a rule was compiled for, else nil: a value of another type is as good as none.
func ofType(v any, typ FieldType) any {
	ok := false
	switch x := v.(type) {
	case string:
		ok = typ == TypeString
	case int64:
		ok = typ == TypeInt
		if typ == TypeFloat {
			return float64(x)
		}
	case int:
		if typ == TypeInt {
			return int64(x)
		}
	case float64:
		ok = typ == TypeFloat
	case bool:
		ok = typ == TypeBool
	case []any:
		ok = typ == TypeList
	case map[string]any:
		ok = typ == TypeObject
	}
	if !ok {
		return nil
	}
	return v
}

func envelope(e *qingyuan.Event, name string) any {
	switch name {
	case "kind":
		return string(e.Kind)
	case "source":
		return e.Source
	case "effective_at":
		return e.EffectiveAt.UnixMicro()
	case "observed_at":
		return e.ObservedAt.UnixMicro()
	}
	return nil
}

// velocity reads an aggregate: the largest over the entities its lookup selects, absent where there is none.
func (ev *Evaluator) velocity(f *feature, s *slotValue) any {
	if ev.in.Velocity == nil {
		return nil
	}
	var best int64
	var bestKey, first [16]byte
	n, several := 0, false
	selected(ev.in.Event, ev.program.aggregates[f.index].Lookup, func(key [16]byte) {
		if n++; n == 1 {
			first = key
		} else if key == first {
			return
		}
		several = several || key != first
		v, exact := ev.in.Velocity(f.index, key)
		if n == 1 || v > best {
			best, bestKey = v, key
			s.approx = !exact
		}
	})
	if n == 0 {
		return nil
	}
	if several {
		s.key = hex.EncodeToString(bestKey[:])
	}
	return best
}

// signal is the highest score of the signals with one code, 0 where there is none.
func (ev *Evaluator) signal(code string) any {
	best := 0.0
	for i := range ev.in.Signals {
		if s := &ev.in.Signals[i]; s.Code == code {
			best = max(best, s.Score)
		}
	}
	return best
}

// detail is what the signals with one code say under one name, each different value once; absent where none does.
func (ev *Evaluator) detail(code, name string) any {
	var all []string
	for i := range ev.in.Signals {
		s := &ev.in.Signals[i]
		if v := s.Detail[name]; s.Code == code && v != "" && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return strings.Join(all, "、")
}

func (ev *Evaluator) signals() any {
	out := make([]any, len(ev.in.Signals))
	for i := range ev.in.Signals {
		s := &ev.in.Signals[i]
		out[i] = map[string]any{"code": s.Code, "family": string(s.Family), "polarity": string(s.Polarity),
			"typology": string(s.Typology), "score": s.Score, "author": string(s.Author)}
	}
	return out
}

// listed asks a list. What is shown of a match is the id of the entry.
func (ev *Evaluator) listed(f *feature, s *slotValue) any {
	if ev.in.Lists == nil {
		return nil
	}
	l := &ev.program.ruleset.Lists[f.index]
	if f.kind == ofListField {
		src := &ev.program.features[f.source]
		text, ok := ev.value(src, &slotValue{}).(string)
		if !ok {
			return nil
		}
		id, found := ev.in.Lists.Match(l.ID, l.Kind, text, ev.in.ListNow)
		return shownEntry(s, id, found)
	}
	asked, found := false, false
	var entry string
	ask := func(e *qingyuan.Entity) {
		if found || e.Key == "" || !f.selector.covers(e) {
			return
		}
		asked = true
		entry, found = ev.in.Lists.Match(l.ID, l.Kind, e.Key, ev.in.ListNow)
	}
	for i := range ev.in.Event.Entities {
		ask(&ev.in.Event.Entities[i])
	}
	ask(&ev.in.Event.Subject)
	if !asked {
		return nil
	}
	return shownEntry(s, entry, found)
}

func shownEntry(s *slotValue, id string, found bool) any {
	if found {
		s.shown = id
	}
	return found
}

// collect lists the values of the features that were there, by name, and notes where each feature's stand.
func (ev *Evaluator) collect(plan *plan) []qingyuan.Value {
	ev.values = ev.values[:0]
	for _, i := range plan.features {
		f, s := &ev.program.features[i], &ev.slots[i]
		s.from = len(ev.values)
		if s.present {
			ev.values = append(ev.values, qingyuan.Value{Name: f.name, Value: s.shown})
			if s.approx {
				ev.values = append(ev.values, qingyuan.Value{Name: f.name + ".approximate", Value: true})
			}
			if s.key != "" {
				ev.values = append(ev.values, qingyuan.Value{Name: f.name + ".key", Value: s.key})
			}
		}
		s.to = len(ev.values)
	}
	ev.collectModels(plan.models)
	if len(ev.values) == 0 {
		return nil
	}
	return append(make([]qingyuan.Value, 0, len(ev.values)), ev.values...)
}

// reasons writes down the rules that fired, with the values they read out of all values.
func (ev *Evaluator) reasons(values []qingyuan.Value) []qingyuan.Reason {
	if len(ev.fired) == 0 {
		return nil
	}
	out := make([]qingyuan.Reason, 0, len(ev.fired))
	value := func(f int) any { return ev.slots[f].shown }
	for _, i := range ev.fired {
		r := &ev.program.rules[i]
		n := 0
		for _, f := range r.shows {
			n += ev.slots[f].to - ev.slots[f].from
		}
		read := make([]qingyuan.Value, 0, n)
		for _, f := range r.shows {
			read = append(read, values[ev.slots[f].from:ev.slots[f].to]...)
		}
		out = append(out, r.reason(value, read))
	}
	sortReasons(out)
	return out
}

// reason is what the rule says with the values it read.
func (r *compiledRule) reason(value func(feature int) any, read []qingyuan.Value) qingyuan.Reason {
	return qingyuan.Reason{
		Rule: r.ID, Typology: r.Typology, Family: r.Family, Polarity: r.Polarity, Weight: r.effect(),
		Text: qingyuan.Text{ZH: r.zh.render(value, "未知"), EN: r.en.render(value, "unknown")}, Values: read,
	}
}
