package decision

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
)

// builtins are the functions of the expression language that rules may use: pure, bounded, and without a clock.
var builtins = map[string]bool{"all": true, "any": true, "none": true, "one": true, "count": true, "filter": true, "map": true, "sum": true,
	"len": true, "min": true, "max": true, "abs": true, "ceil": true, "floor": true, "round": true, "int": true, "float": true, "string": true,
	"lower": true, "upper": true, "trim": true, "trimPrefix": true, "trimSuffix": true, "hasPrefix": true, "hasSuffix": true, "split": true}

// Names of functions that only the compiler can call: no expression can spell them.
const (
	needName         = "need!"    // the value, or a missing error
	elementName      = "element!" // a field of a list's element, or a missing error
	elementMaybeName = "element?" // the same, nil where absent
	maybeSuffix      = "?"        // of our own functions: nil where an argument is nil or the divisor 0
)

// missing is the error of a read of something absent.
type missing struct{ name string }

func (m *missing) Error() string { return m.name + " is absent" }

var errDivision = errors.New("division by zero")

// function is one of our own functions.
type function struct {
	call   func(args []any) (any, error)
	result FieldType
	types  []any // pointers to the function types it accepts
}

// ownFunctions are the functions rules may call besides builtins. Times are microseconds since 1970 UTC or dates YYYY-MM-DD, which
// stand for their midnight in the lender's time.
func ownFunctions(offset time.Duration) map[string]function {
	clock := localClock{offset}
	between := []any{new(func(int64, int64) float64), new(func(string, string) float64), new(func(int64, string) float64), new(func(string, int64) float64)}
	of := []any{new(func(int64) int), new(func(string) int)}
	return map[string]function{
		"ratio":         {ratio, TypeFloat, []any{new(func(float64, float64) float64)}},
		"hours_between": {clock.between(time.Hour), TypeFloat, between},
		"days_between":  {clock.between(24 * time.Hour), TypeFloat, between},
		"local_hour":    {clock.part(func(t time.Time) int { return t.Hour() }), TypeInt, of},
		"local_weekday": {clock.part(func(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }), TypeInt, of},
		"contains_any":  {containsAny, TypeBool, []any{new(func(string, []string) bool)}},
	}
}

// install adds our own functions, and those the compiler calls, to a compiler's configuration.
func install(config *conf.Config, own map[string]function) {
	add := func(name string, call func(...any) (any, error), types []any) {
		f := &builtin.Function{Name: name, Func: call}
		for _, t := range types {
			f.Types = append(f.Types, reflect.TypeOf(t).Elem())
		}
		config.Functions[name] = f
	}
	for name, f := range own {
		add(name, func(args ...any) (any, error) { return f.call(args) }, f.types)
		add(name+maybeSuffix, func(args ...any) (any, error) { return maybe(f.call, args) }, f.types)
	}
	add(needName, func(args ...any) (any, error) { return need(args[0], args[1].(string)) }, nil)
	add(elementName, func(args ...any) (any, error) { return need(element(args[0], args[1].(string)), args[2].(string)) }, nil)
	add(elementMaybeName, func(args ...any) (any, error) { return element(args[0], args[1].(string)), nil }, nil)
}

// maybe calls f where every argument is there; a division by zero gives nil too.
func maybe(f func([]any) (any, error), args []any) (any, error) {
	for _, a := range args {
		if a == nil {
			return nil, nil
		}
	}
	v, err := f(args)
	if errors.Is(err, errDivision) {
		return nil, nil
	}
	return v, err
}

func need(v any, name string) (any, error) {
	if v == nil {
		return nil, &missing{name}
	}
	return v, nil
}

// element reads a dotted path below the element of a list.
func element(v any, path string) any {
	for path != "" {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		var name string
		name, path, _ = strings.Cut(path, ".")
		v = object[name]
	}
	return v
}

// ratio divides; a divisor of 0 is an error, never an infinite number.
func ratio(args []any) (any, error) {
	a, err := number(args[0])
	if err != nil {
		return nil, err
	}
	b, err := number(args[1])
	if err != nil {
		return nil, err
	}
	if b == 0 {
		return nil, errDivision
	}
	return a / b, nil
}

func number(v any) (float64, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case int64:
		return float64(v), nil
	case int:
		return float64(v), nil
	}
	return 0, fmt.Errorf("%T is not a number", v)
}

// containsAny reports whether a text holds one of some words.
func containsAny(args []any) (any, error) {
	text, ok := args[0].(string)
	words, okWords := args[1].([]string)
	if !ok || !okWords {
		return nil, fmt.Errorf("contains_any takes a text and a list of texts, not %T and %T", args[0], args[1])
	}
	for _, w := range words {
		if strings.Contains(text, w) {
			return true, nil
		}
	}
	return false, nil
}

// localClock reads times as the lender's clock on the wall shows them.
type localClock struct{ offset time.Duration }

func (c localClock) time(v any) (time.Time, error) {
	zone := time.FixedZone("", int(c.offset/time.Second))
	switch v := v.(type) {
	case int64:
		return time.UnixMicro(v).In(zone), nil
	case string:
		return time.ParseInLocation(time.DateOnly, v, zone)
	}
	return time.Time{}, fmt.Errorf("%T is not a time", v)
}

// between gives the time from the first argument to the second in the unit; it is negative where the second comes first.
func (c localClock) between(unit time.Duration) func([]any) (any, error) {
	return func(args []any) (any, error) {
		from, err := c.time(args[0])
		if err != nil {
			return nil, err
		}
		to, err := c.time(args[1])
		if err != nil {
			return nil, err
		}
		return float64(to.UnixMicro()-from.UnixMicro()) / float64(unit/time.Microsecond), nil
	}
}

func (c localClock) part(of func(time.Time) int) func([]any) (any, error) {
	return func(args []any) (any, error) {
		t, err := c.time(args[0])
		if err != nil {
			return nil, err
		}
		return of(t), nil
	}
}
