package decision

import (
	"sort"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/types"

	"qingyuan"
)

// roots are the names with which a read begins.
var roots = map[string]bool{"event": true, "velocity": true, "profile": true, "param": true, "signals": true, "detail": true, "model": true}

// featureKind says where a feature's value comes from.
type featureKind uint8

const (
	ofEvent featureKind = iota
	ofEnvelope
	ofProfile
	ofVelocity
	ofSignal  // the highest score of one code
	ofSignals // all signals
	ofDetail  // what the signals of one code say under one name
	ofListKey // an entity of the event is in a list
	ofListField
	ofModel   // the probability a model gives
	ofBecause // the inputs that moved it most, for reasons
)

// feature is one thing outside the expression that rules read: computed once per event, whatever number of rules reads it.
type feature struct {
	kind     featureKind
	name     string // as in event.amount, velocity.x, signal.C1, list.blocked(key(phone))
	slot     string // its name in the environment of expressions
	typ      FieldType
	nature   types.Type
	path     []string // ofEvent, ofProfile: where; ofEnvelope: one name
	index    int      // ofVelocity: the aggregate; ofList…: the list; ofModel, ofBecause: the model
	selector Selector // ofListKey
	source   int      // ofListField: the feature that holds the value
	code     string   // ofSignal, ofDetail
	personal bool
	lacks    map[qingyuan.EventKind]bool // kinds of event that can never have it
}

// add registers a feature once and gives its index.
func (c *compilation) add(f feature) int {
	key := f.name + "\x00" + string(f.typ)
	if i, ok := c.byName[key]; ok {
		for k := range f.lacks {
			c.features[i].lacks[k] = true
		}
		return i
	}
	f.slot = "f" + strconv.Itoa(len(c.features))
	if f.nature == nil {
		f.nature = Field{Type: f.typ}.nature()
	}
	if f.lacks == nil {
		f.lacks = map[qingyuan.EventKind]bool{}
	}
	c.features = append(c.features, f)
	c.byName[key] = len(c.features) - 1
	return len(c.features) - 1
}

// feature rewrites a read that must be there.
func (x *expression) feature(n ast.Node, conditional bool) ast.Node {
	if e := x.element(n, elementName); e != nil {
		return e
	}
	f, constant := x.resolve(n)
	if constant != nil {
		return constant
	}
	if f < 0 {
		return n
	}
	if t := x.features[f].typ; t == TypeObject || t == TypeAny {
		x.wrongUse(n, f)
		return n
	}
	return x.strict(n, f, conditional)
}

// strict makes the read of feature f at n.
func (x *expression) strict(n ast.Node, f int, conditional bool) ast.Node {
	u := x.use(n, f)
	u.strict = true
	u.always = u.always || !conditional
	slot := at(n, &ast.IdentifierNode{Value: x.features[f].slot})
	if !x.careful || u.always {
		return slot
	}
	checked := &ast.CallNode{Callee: at(n, &ast.IdentifierNode{Value: needName}), Arguments: []ast.Node{slot, at(n, &ast.StringNode{Value: x.features[f].name})}}
	checked.SetNature(x.features[f].nature.Nature())
	return at(n, checked)
}

func (x *expression) use(n ast.Node, f int) *use {
	if x.read[f] == nil {
		x.read[f] = &use{at: n}
	}
	return x.read[f]
}

func (x *expression) wrongUse(n ast.Node, f int) {
	name := x.features[f].name
	if x.features[f].typ == TypeAny {
		x.problem(n, say("%[1]s 类型不定，请写 number(%[1]s)、text(%[1]s) 或 flag(%[1]s)", "the type of %[1]s is open; write number(%[1]s), text(%[1]s) or flag(%[1]s)", name))
		return
	}
	x.problem(n, say("%s 是对象，请指明其中的字段", "%s is an object; name one of its fields", name))
}

// guarded rewrites what stands left of ??: it may be absent. typ is its type, empty where unknown.
func (x *expression) guarded(n ast.Node) (out ast.Node, typ FieldType) {
	if e := x.element(n, elementMaybeName); e != nil {
		f, _ := x.elementField(n)
		return e, f.Type
	}
	switch n := n.(type) {
	case *ast.BinaryNode:
		if n.Operator == "??" {
			left, typ := x.guarded(n.Left)
			right, other := x.guarded(n.Right)
			if typ == "" {
				typ = other
			}
			n.Left, n.Right = typed(left, typ), typed(right, typ)
			return n, typ
		}
	case *ast.IntegerNode, *ast.FloatNode, *ast.StringNode, *ast.BoolNode:
		return n, ""
	case *ast.CallNode:
		return x.guardedCall(n)
	case *ast.IdentifierNode, *ast.MemberNode, *ast.ChainNode:
		f, constant := x.resolve(n)
		if constant != nil {
			return constant, ""
		}
		if f < 0 {
			return n, ""
		}
		if t := x.features[f].typ; t == TypeObject || t == TypeAny {
			x.wrongUse(n, f)
			return n, ""
		}
		x.use(n, f)
		return at(n, &ast.IdentifierNode{Value: x.features[f].slot}), x.features[f].typ
	}
	x.problem(n, say("?? 左侧应为一个字段、velocity、profile 或函数", "what stands left of ?? must be a field, a velocity, a profile value or a function"))
	return n, ""
}

// guardedCall rewrites a function left of ??: absent where an argument is.
func (x *expression) guardedCall(n *ast.CallNode) (ast.Node, FieldType) {
	name := calleeOf(n)
	if own, ok := x.own[name]; ok {
		for i, a := range n.Arguments {
			if _, _, isPath := dotted(a); isPath && !isLiteral(a) {
				n.Arguments[i], _ = x.guardedArgument(a)
				continue
			}
			n.Arguments[i] = x.node(a, true)
		}
		n.Callee = at(n, &ast.IdentifierNode{Value: name + maybeSuffix})
		return n, own.result
	}
	f, ok := x.calledFeature(n)
	if !ok {
		x.problem(n, say("?? 左侧不能用函数 %s", "the function %s cannot stand left of ??", name))
		return n, ""
	}
	if f < 0 {
		return n, ""
	}
	x.use(n, f)
	return at(n, &ast.IdentifierNode{Value: x.features[f].slot}), x.features[f].typ
}

// guardedArgument rewrites an argument of a guarded function: a path may be absent, anything else is evaluated strictly.
func (x *expression) guardedArgument(a ast.Node) (ast.Node, FieldType) {
	switch a.(type) {
	case *ast.MemberNode, *ast.ChainNode:
		return x.guarded(a)
	}
	return x.node(a, true), ""
}

func isLiteral(n ast.Node) bool {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.StringNode, *ast.BoolNode:
		return true
	}
	return false
}

// resolve finds the feature, or the constant of a parameter, that a dotted name stands for. It gives -1 and nil after a problem.
func (x *expression) resolve(n ast.Node) (f int, constant ast.Node) {
	base, path, ok := dotted(n)
	id, isName := base.(*ast.IdentifierNode)
	if !ok || !isName || x.vars[nameOfIdentifier(id)] {
		x.problem(n, say("只能按名称读取字段", "fields are read by name only"))
		return -1, nil
	}
	if x.eventOnly && id.Value != "event" && id.Value != "param" {
		x.problem(n, say("where 只能使用 event 和 param", "where may use event and param only"))
		return -1, nil
	}
	name := strings.Join(path, ".")
	switch {
	case id.Value == "event" && name != "":
		return x.eventField(n, name), nil
	case id.Value == "profile" && name != "":
		return x.profileField(n, name), nil
	case id.Value == "velocity" && len(path) == 1:
		return x.velocity(n, name), nil
	case id.Value == "model" && len(path) == 2:
		return x.model(n, path[0], path[1]), nil
	case id.Value == "param" && len(path) == 1:
		return -1, x.parameter(n, name)
	case id.Value == "detail" && len(path) == 2 && termOrRule(path[0]):
		return x.add(feature{kind: ofDetail, name: "detail." + name, path: path[1:], code: path[0], typ: TypeString}), nil
	case id.Value == "signals" && name == "":
		return x.add(feature{kind: ofSignals, name: "signals", typ: TypeList}), nil
	}
	zh, en := didYouMean(id.Value, []string{"event", "velocity", "profile", "param", "model", "signals", "signal", "list", "ratio", "has"})
	x.problem(n, say("未知名称 %[1]s%[2]s", "unknown name %[1]s%[3]s", strings.TrimSuffix(join(id.Value, name), "."), zh, en))
	return -1, nil
}

func nameOfIdentifier(n *ast.IdentifierNode) string {
	if n == nil {
		return ""
	}
	return n.Value
}

// eventField finds a field that at least one of the expression's kinds has, with one type in all of them.
func (x *expression) eventField(n ast.Node, path string) int {
	out := feature{kind: ofEvent, name: "event." + path, path: strings.Split(path, "."), lacks: map[qingyuan.EventKind]bool{}}
	var known []string
	for _, k := range x.kinds {
		table := x.fields(k)
		f, ok := table.find(path)
		switch {
		case !ok:
			out.lacks[k] = true
			known = append(known, table.paths()...)
		case out.typ != "" && out.typ != f.Type:
			x.problem(n, say("event.%[1]s 在不同事件中类型不同：%[2]s 与 %[3]s", "event.%[1]s is %[2]s in one kind of event and %[3]s in another", path, out.typ, f.Type))
			return -1
		default:
			out.typ, out.nature, out.personal = f.Type, f.nature(), out.personal || f.Personal
		}
	}
	for _, f := range envelopeFields {
		if f.Path == path && out.typ == "" {
			return x.add(feature{kind: ofEnvelope, name: out.name, path: out.path, typ: f.Type})
		}
	}
	if out.typ == "" {
		zh, en := didYouMean(path, known)
		x.problem(n, say("%[1]v 没有字段 event.%[2]s%[3]s", "%[1]v has no field event.%[2]s%[4]s", x.kinds, path, zh, en))
		return -1
	}
	return x.add(out)
}

func (x *expression) profileField(n ast.Node, path string) int {
	f, ok := x.profile.find(path)
	if !ok {
		zh, en := didYouMean(path, x.profile.paths())
		x.problem(n, say("profile 没有 %[1]s%[2]s", "a profile has no %[1]s%[3]s", path, zh, en))
		return -1
	}
	return x.add(feature{kind: ofProfile, name: "profile." + path, path: strings.Split(path, "."), typ: f.Type, nature: f.nature(), personal: f.Personal})
}

func (x *expression) velocity(n ast.Node, id string) int {
	i, ok := x.velocities[id]
	if !ok {
		zh, en := didYouMean(id, keysOf(x.velocities))
		x.problem(n, say("未定义 velocity.%[1]s%[2]s", "velocity.%[1]s is not declared%[3]s", id, zh, en))
		return -1
	}
	lookup := x.rs.Velocities[i].Lookup
	lacks := x.lacking(lookup)
	if len(lacks) == len(x.kinds) {
		x.problem(n, say("%[1]v 没有 velocity.%[2]s 要查的实体 %[3]s", "%[1]v has no entity %[3]s, which velocity.%[2]s looks up", x.kinds, id, lookup))
		return -1
	}
	return x.add(feature{kind: ofVelocity, name: "velocity." + id, index: i, typ: TypeInt, lacks: lacks})
}

// parameter gives the value of a parameter as a literal.
func (x *expression) parameter(n ast.Node, id string) ast.Node {
	p, ok := x.parameters[id]
	if !ok {
		zh, en := didYouMean(id, keysOf(x.parameters))
		x.problem(n, say("未定义 param.%[1]s%[2]s", "param.%[1]s is not declared%[3]s", id, zh, en))
		return n
	}
	x.params[id] = true
	switch v := p.Value.(type) {
	case int:
		return at(n, &ast.IntegerNode{Value: v})
	case float64:
		return at(n, &ast.FloatNode{Value: v})
	case bool:
		return at(n, &ast.BoolNode{Value: v})
	case string:
		return at(n, &ast.StringNode{Value: v})
	}
	return n
}

func keysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
