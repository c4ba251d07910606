package decision

import (
	"strings"

	"github.com/expr-lang/expr/ast"

	"qingyuan"
)

// conversions are the functions through which rules read a field whose type is open, with the type they ask for.
var conversions = map[string]FieldType{"number": TypeFloat, "text": TypeString, "flag": TypeBool}

func calleeOf(n *ast.CallNode) string {
	id, _ := n.Callee.(*ast.IdentifierNode)
	return nameOfIdentifier(id)
}

// call rewrites a call of has, list, signal, a conversion or one of our own functions.
func (x *expression) call(n *ast.CallNode, conditional bool) ast.Node {
	name := calleeOf(n)
	if _, ok := x.own[name]; ok {
		for i, a := range n.Arguments {
			n.Arguments[i] = words(x.node(a, conditional))
		}
		return n
	}
	if name == "has" {
		return x.has(n)
	}
	f, ok := x.calledFeature(n)
	switch {
	case name == "":
		x.problem(n, say("只能按名称调用函数", "functions are called by name only"))
		return n
	case !ok:
		known := append(append(keysOf(x.own), keysOf(builtins)...), "has", "list", "signal", "number", "text", "flag")
		zh, en := didYouMean(name, known)
		x.problem(n, say("没有函数 %[1]s%[2]s", "there is no function %[1]s%[3]s", name, zh, en))
		return n
	case f < 0:
		return n
	}
	return x.strict(n, f, conditional)
}

// words turns a written list of texts into a constant.
func words(n ast.Node) ast.Node {
	array, ok := n.(*ast.ArrayNode)
	if !ok {
		return n
	}
	out := make([]string, len(array.Nodes))
	for i, v := range array.Nodes {
		s, ok := v.(*ast.StringNode)
		if !ok {
			return n
		}
		out[i] = s.Value
	}
	return at(n, &ast.ConstantNode{Value: out})
}

// has rewrites has(path): whether there is a value.
func (x *expression) has(n *ast.CallNode) ast.Node {
	if len(n.Arguments) != 1 {
		x.problem(n, say("has() 需要一个字段", "has() takes one field"))
		return n
	}
	a := n.Arguments[0]
	value := x.element(a, elementMaybeName)
	if value == nil {
		f, constant := x.resolve(a)
		if constant != nil || f < 0 {
			return n
		}
		x.use(a, f).tested = true
		value = at(a, &ast.IdentifierNode{Value: x.features[f].slot})
	}
	return at(n, &ast.BinaryNode{Operator: "!=", Left: value, Right: at(n, &ast.NilNode{})})
}

// calledFeature finds the feature that list(…), signal(…) or a conversion stands for: -1 after a problem, ok = false for another function.
func (x *expression) calledFeature(n *ast.CallNode) (f int, ok bool) {
	name := calleeOf(n)
	if name != "list" && name != "signal" && conversions[name] == "" {
		return -1, false
	}
	if x.eventOnly && conversions[name] == "" {
		x.problem(n, say("where 只能使用 event 和 param", "where may use event and param only"))
		return -1, true
	}
	switch {
	case name == "list":
		return x.listFeature(n), true
	case name == "signal":
		code, ok := argument[*ast.StringNode](n, 0)
		if !ok || len(n.Arguments) != 1 || !termOrRule(code.Value) {
			x.problem(n, say(`写法：signal("C1")`, `write signal("C1")`))
			return -1, true
		}
		return x.add(feature{kind: ofSignal, name: "signal." + code.Value, code: code.Value, typ: TypeFloat}), true
	}
	if len(n.Arguments) != 1 {
		x.problem(n, say("%s() 需要一个字段", "%s() takes one field", name))
		return -1, true
	}
	open, _ := x.resolve(n.Arguments[0])
	if open < 0 {
		return -1, true
	}
	if x.features[open].typ != TypeAny {
		x.problem(n, say("%[1]s 类型固定，不需要 %[2]s()", "%[1]s has a fixed type; leave out %[2]s()", x.features[open].name, name))
		return -1, true
	}
	read := x.features[open]
	read.typ, read.nature = conversions[name], nil
	return x.add(read), true
}

func argument[T ast.Node](n *ast.CallNode, i int) (T, bool) {
	var none T
	if i >= len(n.Arguments) {
		return none, false
	}
	v, ok := n.Arguments[i].(T)
	return v, ok
}

func termOrRule(s string) bool { return ruleName.MatchString(s) }

// listFeature finds the feature of list("name", key("kind:role")) or list("name", event.field).
func (x *expression) listFeature(n *ast.CallNode) int {
	name, ok := argument[*ast.StringNode](n, 0)
	if !ok || len(n.Arguments) != 2 {
		x.problem(n, say(`写法：list("名单", key("phone")) 或 list("名单", event.字段)`, `write list("name", key("phone")) or list("name", event.field)`))
		return -1
	}
	i, ok := x.lists[name.Value]
	if !ok {
		zh, en := didYouMean(name.Value, keysOf(x.lists))
		x.problem(n, say("未声明名单 %[1]s%[2]s", "the list %[1]s is not declared%[3]s", name.Value, zh, en))
		return -1
	}
	l := x.rs.Lists[i]
	byKey := l.Kind != "" && l.Match == MatchExact
	if call, ok := argument[*ast.CallNode](n, 1); ok && calleeOf(call) == "key" {
		return x.listKey(call, i, byKey)
	}
	f := x.listed(n.Arguments[1])
	switch {
	case f < 0:
		return -1
	case byKey:
		x.problem(n, say(`名单 %[1]s 存放 %[2]s 的盲索引，请写 list("%[1]s", key("%[2]s"))`, `the list %[1]s holds blind keys of %[2]s; write list("%[1]s", key("%[2]s"))`, l.ID, l.Kind))
		return -1
	case x.features[f].typ != TypeString:
		x.problem(n, say("%s 不是文本", "%s is not a text", x.features[f].name))
		return -1
	}
	return x.add(feature{kind: ofListField, name: "list." + l.ID + "(" + x.features[f].name + ")", index: i, source: f, typ: TypeBool, lacks: x.features[f].lacks})
}

// listed finds the field a list is asked for: -1 after a problem.
func (x *expression) listed(n ast.Node) int {
	if call, ok := n.(*ast.CallNode); ok && calleeOf(call) == "text" {
		f, _ := x.calledFeature(call)
		return f
	}
	f, constant := x.resolve(n)
	if constant != nil {
		x.problem(n, say("名单只能查询字段", "a list is asked for a field"))
	}
	return f
}

// listKey finds the feature of a list of entities asked for those that key("kind:role") selects.
func (x *expression) listKey(n *ast.CallNode, list int, byKey bool) int {
	l := x.rs.Lists[list]
	s, ok := argument[*ast.StringNode](n, 0)
	if !ok || len(n.Arguments) != 1 || !selectorShape.MatchString(s.Value) {
		x.problem(n, say(`写法：key("phone:contact")`, `write key("phone:contact")`))
		return -1
	}
	selector := ParseSelector(s.Value)
	if !byKey || selector.Kind != l.Kind {
		x.problem(n, say("名单 %[1]s 不存放 %[2]s 的盲索引", "the list %[1]s holds no blind keys of %[2]s", l.ID, selector.Kind))
		return -1
	}
	lacks := x.lacking(selector)
	if len(lacks) == len(x.kinds) {
		x.problem(n, say("%[1]v 没有实体 %[2]s", "%[1]v has no entity %[2]s", x.kinds, selector))
		return -1
	}
	return x.add(feature{kind: ofListKey, name: "list." + l.ID + "(" + selector.String() + ")", index: list, selector: selector, typ: TypeBool, lacks: lacks})
}

// lacking lists the expression's kinds of event that never have an entity that s selects.
func (x *expression) lacking(s Selector) map[qingyuan.EventKind]bool {
	lacks := map[qingyuan.EventKind]bool{}
	for _, k := range x.kinds {
		if !x.fields(k).entities[s] {
			lacks[k] = true
		}
	}
	return lacks
}

// builtin rewrites a function of the expression language. Those that loop must not loop within a loop: their work is bounded by the
// length of one list.
func (x *expression) builtin(n *ast.BuiltinNode, conditional bool) ast.Node {
	if !builtins[n.Name] {
		x.problem(n, say("规则中不支持函数 %s", "rules do not support the function %s", n.Name))
		return n
	}
	last := len(n.Arguments) - 1
	if last < 0 {
		return n
	}
	if _, loops := n.Arguments[last].(*ast.PredicateNode); !loops {
		for i, a := range n.Arguments {
			n.Arguments[i] = x.node(a, conditional)
		}
		return n
	}
	if x.inside {
		x.problem(n, say("不能嵌套遍历", "a loop within a loop is not allowed"))
		return n
	}
	elements := x.listPath(n.Arguments[0])
	n.Arguments[0] = x.node(n.Arguments[0], conditional)
	x.inside, x.elements = true, elements
	n.Arguments[last] = x.node(n.Arguments[last], true)
	x.inside, x.elements = false, ""
	return n
}

// listPath is the path of the elements of a list that is read directly, or through filter: contacts[] for event.contacts.
func (x *expression) listPath(n ast.Node) string {
	if b, ok := n.(*ast.BuiltinNode); ok && b.Name == "filter" && len(b.Arguments) == 2 {
		return x.listPath(b.Arguments[0])
	}
	base, path, ok := dotted(n)
	id, isName := base.(*ast.IdentifierNode)
	switch {
	case !ok || !isName:
		return ""
	case id.Value == "signals" && len(path) == 0:
		return "signals[]"
	case id.Value == "event" && len(path) > 0:
		return strings.Join(path, ".") + "[]"
	}
	return ""
}

// elementField finds the field that .a.b names within a loop.
func (x *expression) elementField(n ast.Node) (Field, string) {
	_, path, ok := dotted(n)
	if !ok || x.elements == "" {
		return Field{}, ""
	}
	name := x.elements + "." + strings.Join(path, ".")
	if x.elements == "signals[]" {
		f, _ := tableOf(signalFields).find(name)
		return f, name
	}
	for _, k := range x.kinds {
		if f, ok := x.fields(k).find(name); ok {
			return f, name
		}
	}
	return Field{}, name
}

// element rewrites .a.b within a loop into a checked read by the function how; nil where n is no such read.
func (x *expression) element(n ast.Node, how string) ast.Node {
	base, path, _ := dotted(n)
	pointer, ok := base.(*ast.PointerNode)
	if !ok || len(path) == 0 {
		return nil
	}
	f, name := x.elementField(n)
	if f.Path == "" {
		var known []string
		for _, k := range x.kinds {
			for _, p := range x.fields(k).paths() {
				if rest, ok := strings.CutPrefix(p, x.elements+"."); ok {
					known = append(known, rest)
				}
			}
		}
		zh, en := didYouMean(strings.Join(path, "."), known)
		x.problem(n, say("列表元素没有字段 %[1]s%[2]s", "the elements have no field %[1]s%[3]s", strings.Join(path, "."), zh, en))
		return n
	}
	arguments := []ast.Node{pointer, at(n, &ast.StringNode{Value: strings.Join(path, ".")})}
	if how == elementName {
		arguments = append(arguments, at(n, &ast.StringNode{Value: "event." + name}))
	}
	read := &ast.CallNode{Callee: at(n, &ast.IdentifierNode{Value: how}), Arguments: arguments}
	read.SetNature(f.nature().Nature())
	return at(n, read)
}

// enum reports a comparison with a value that a field never has.
func (x *expression) enum(n *ast.BinaryNode) {
	switch n.Operator {
	case "==", "!=":
		x.enumValues(n.Left, n.Right)
		x.enumValues(n.Right, n.Left)
	case "in":
		x.enumValues(n.Left, n.Right)
		x.enumValues(n.Right, n.Left)
	}
}

// enumValues checks the texts written in values, one or a list, against the fixed values of the field read at n.
func (x *expression) enumValues(n, values ast.Node) {
	if b, ok := n.(*ast.BinaryNode); ok && b.Operator == "??" {
		n = b.Left
	}
	allowed := x.enumOf(n)
	if len(allowed) == 0 {
		return
	}
	written := []ast.Node{values}
	if a, ok := values.(*ast.ArrayNode); ok {
		written = a.Nodes
	}
	for _, w := range written {
		s, ok := w.(*ast.StringNode)
		if ok && !allowed[s.Value] {
			zh, en := didYouMean(s.Value, keysOf(allowed))
			x.problem(w, say("该字段没有取值 %[1]q%[2]s", "the field never has the value %[1]q%[3]s", s.Value, zh, en))
		}
	}
}

func (x *expression) enumOf(n ast.Node) map[string]bool {
	base, path, ok := dotted(n)
	allowed := map[string]bool{}
	name := strings.Join(path, ".")
	id, isName := base.(*ast.IdentifierNode)
	_, isElement := base.(*ast.PointerNode)
	switch {
	case ok && isElement && name == "":
		name = strings.TrimSuffix(x.elements, "[]")
	case ok && isElement:
		name = join(x.elements, name)
	case !ok || !isName || id.Value != "event":
		return nil
	}
	for _, k := range x.kinds {
		f, ok := x.fields(k).find(name)
		if ok && len(f.Enum) == 0 {
			return nil
		}
		for _, v := range f.Enum {
			allowed[v] = true
		}
	}
	return allowed
}
