package decision

import (
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"qingyuan"
)

// template is a reason text with places for values: {velocity.x}, {event.amount|yuan}.
type template struct {
	parts []part
	clock localClock
}

// part is a piece of text, or a place for the value of a feature where feature is not negative.
type part struct {
	text    string
	feature int
	format  string
}

// The formats of a place. Without one, numbers stand as they are.
const (
	formatYuan    = "yuan"    // minor units as yuan
	formatTime    = "time"    // microseconds as the lender's local date and time
	formatPercent = "percent" // a fraction
)

func (t template) features() []int {
	var out []int
	for _, p := range t.parts {
		if p.feature >= 0 {
			out = append(out, p.feature)
		}
	}
	return out
}

// template compiles a reason text for events of these kinds. Personal values cannot be shown.
func (c *compilation) template(path, text string, kinds []qingyuan.EventKind) template {
	x := &expression{compilation: c, path: path, kinds: kinds, reason: true, source: file.NewSource(text), read: map[int]*use{}, params: map[string]bool{}}
	t := template{clock: localClock{c.rs.UTCOffset}}
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		if before != "" {
			t.parts = append(t.parts, part{text: before, feature: -1})
		}
		if !found {
			return t
		}
		place, after, closed := strings.Cut(rest, "}")
		if !closed {
			c.problem(path, say("缺少 }", "a } is missing"))
			return t
		}
		text = after
		t.parts = append(t.parts, x.place(path, place))
	}
	return t
}

func (x *expression) place(path, place string) part {
	name, format, _ := strings.Cut(place, "|")
	switch format {
	case "", formatYuan, formatTime, formatPercent:
	default:
		zh, en := didYouMean(format, []string{formatYuan, formatTime, formatPercent})
		x.compilation.problem(path, say("未知格式 %[1]s%[2]s", "unknown format %[1]s%[3]s", format, zh, en))
	}
	steps := strings.Split(name, ".")
	var n ast.Node = &ast.IdentifierNode{Value: steps[0]}
	for _, s := range steps[1:] {
		n = &ast.MemberNode{Node: n, Property: &ast.StringNode{Value: s}}
	}
	f, constant := x.resolve(n)
	switch {
	case constant != nil:
		return part{text: formatted(literal(constant), format, localClock{x.rs.UTCOffset}), feature: -1}
	case f < 0:
	case x.features[f].personal:
		x.compilation.problem(path, say("理由中不能出现个人信息 %s", "a reason must not show the personal field %s", name))
	case x.features[f].typ == TypeObject, x.features[f].typ == TypeAny, x.features[f].typ == TypeList:
		x.compilation.problem(path, say("%s 不是单个值", "%s is not a single value", name))
	default:
		return part{feature: f, format: format}
	}
	return part{feature: -1}
}

func literal(n ast.Node) any {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return int64(n.Value)
	case *ast.FloatNode:
		return n.Value
	case *ast.BoolNode:
		return n.Value
	case *ast.StringNode:
		return n.Value
	}
	return nil
}

// render writes the text with the values that value finds; absent ones read as unknown.
func (t template) render(value func(feature int) any, unknown string) string {
	if len(t.parts) == 1 && t.parts[0].feature < 0 {
		return t.parts[0].text
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.feature < 0 {
			b.WriteString(p.text)
			continue
		}
		v := value(p.feature)
		if v == nil {
			b.WriteString(unknown)
			continue
		}
		b.WriteString(formatted(v, p.format, t.clock))
	}
	return b.String()
}

func formatted(v any, format string, clock localClock) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		switch format {
		case formatYuan:
			return yuan(v)
		case formatTime:
			return time.UnixMicro(v).UTC().Add(clock.offset).Format("2006-01-02 15:04")
		case formatPercent:
			return strconv.FormatInt(v*100, 10) + "%"
		}
		return strconv.FormatInt(v, 10)
	case float64:
		if format == formatPercent {
			return strconv.FormatFloat(v*100, 'f', 1, 64) + "%"
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// yuan writes minor units as yuan, the thousands apart: 1234500 is 12,345.00.
func yuan(minor int64) string {
	sign := ""
	u := uint64(minor)
	if minor < 0 {
		sign, u = "-", uint64(-minor)
	}
	whole := strconv.FormatUint(u/100, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	cents := strconv.FormatUint(u%100+100, 10)[1:]
	return sign + whole + "." + cents
}
