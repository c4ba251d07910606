package decision

import (
	"errors"
	"reflect"
	"sort"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"

	"qingyuan"
)

// The bounds of one expression.
const (
	maxNodes  = 400
	maxMemory = 10_000 // values an evaluation may create
)

// condition is a compiled expression that gives true or false.
//
// There are two programs. plain reads every feature as if it were there; it serves where all of strict are. careful checks each read
// as it happens, so that a read which a false && never reached does no harm. careful is nil where everything strict is also in always.
type condition struct {
	plain, careful *vm.Program
	reads          []int // every feature named
	strict         []int // those read without ?? or has
	always         []int // those of strict that are read whatever the values
	params         []string
}

// expression is one expression on its way to a condition.
type expression struct {
	*compilation
	path      string
	source    file.Source
	kinds     []qingyuan.EventKind // the events it is evaluated for
	eventOnly bool                 // a where: only event and param
	reason    bool                 // a text of a reason, which may name what moved a model
	careful   bool                 // which of the two programs is being built
	failed    bool

	read     map[int]*use
	params   map[string]bool
	vars     map[string]bool
	elements string // within a predicate: the path of the list whose element # is, as in contacts[]
	inside   bool   // within a predicate
}

// use is how an expression reads one feature.
type use struct {
	at                     ast.Node
	strict, always, tested bool
}

// condition compiles source for events of these kinds. It gives nil where it reports problems, which it finds at path.
func (c *compilation) condition(path, source string, kinds []qingyuan.EventKind, eventOnly bool) *condition {
	x := &expression{compilation: c, path: path, kinds: kinds, eventOnly: eventOnly}
	cond := &condition{plain: x.program(source, false)}
	if x.failed {
		return nil
	}
	for f, u := range x.read {
		cond.reads = append(cond.reads, f)
		if u.strict {
			cond.strict = append(cond.strict, f)
		}
		if u.always {
			cond.always = append(cond.always, f)
		}
	}
	byName := func(s []int) {
		sort.Slice(s, func(i, j int) bool { return c.features[s[i]].name < c.features[s[j]].name })
	}
	byName(cond.reads)
	byName(cond.strict)
	byName(cond.always)
	for p := range x.params {
		cond.params = append(cond.params, p)
	}
	sort.Strings(cond.params)
	if len(cond.strict) > len(cond.always) {
		cond.careful = x.program(source, true)
	}
	return cond
}

// program parses, rewrites, checks and compiles source.
func (x *expression) program(source string, careful bool) *vm.Program {
	x.careful, x.read, x.params, x.vars = careful, map[int]*use{}, map[string]bool{}, map[string]bool{}
	x.source = file.NewSource(source)
	config := x.config()
	tree, err := parser.ParseWithConfig(source, config)
	if err != nil {
		x.syntax(err)
		return nil
	}
	tree.Node = x.node(tree.Node, false)
	if !careful {
		x.available()
	}
	if x.failed {
		return nil
	}
	slots := types.Map{}
	for f := range x.read {
		slots[x.features[f].slot] = x.features[f].nature
	}
	config.WithEnv(slots)
	if _, err := checker.Check(tree, config); err != nil {
		x.syntax(err)
		return nil
	}
	x.sameTypes(tree.Node)
	if x.failed {
		return nil
	}
	p, err := compiler.Compile(tree, config)
	if err != nil {
		x.syntax(err)
		return nil
	}
	return p
}

func (x *expression) config() *conf.Config {
	config := conf.CreateNew()
	config.Expect, config.ExpectAny = reflect.Bool, false
	config.MaxNodes = maxNodes
	config.DisableIfOperator = true
	for name := range config.Builtins {
		if !builtins[name] {
			config.Disabled[name] = true
			delete(config.Builtins, name)
		}
	}
	install(config, x.own)
	return config
}

// problem reports something wrong at a node.
func (x *expression) problem(n ast.Node, message qingyuan.Text) {
	x.problemAt((&file.Error{Location: n.Location()}).Bind(x.source), message)
}

// syntax reports an error of the expression language.
func (x *expression) syntax(err error) {
	var at *file.Error
	if !errors.As(err, &at) {
		at = &file.Error{Line: 1, Message: err.Error()}
	}
	x.problemAt(at, say("表达式有误：%s", "in the expression: %s", at.Message))
}

func (x *expression) problemAt(at *file.Error, message qingyuan.Text) {
	x.failed = true
	p := x.rs.positions[x.path]
	problem := Problem{Line: p.line, Column: p.column, Path: x.path, Message: message}
	if p.block > 0 {
		problem.Line, problem.Column = p.line+at.Line, at.Column+1
	} else if at.Line <= 1 {
		problem.Column += at.Column
	}
	x.problems = append(x.problems, problem)
}

// available reports features that are absent for some kind of event, unless the expression tests for them.
func (x *expression) available() {
	for f, u := range x.read {
		if u.tested || !u.strict {
			continue
		}
		for _, k := range x.kinds {
			if lacking := x.features[f].lacks[k]; lacking {
				x.problem(u.at, say("%[1]s 事件没有 %[2]s，请用 ?? 或 has() 处理", "%[1]s has no %[2]s; guard it with ?? or has()", k, x.features[f].name))
				break
			}
		}
	}
}

// sameTypes reports each ?? whose sides differ in type: what follows could not be checked.
func (x *expression) sameTypes(n ast.Node) {
	ast.Walk(&n, visitor(func(n ast.Node) {
		if b, ok := n.(*ast.BinaryNode); ok && b.Operator == "??" && b.Nature().IsUnknown(nil) {
			x.problem(n, say("?? 两侧类型必须相同", "the two sides of ?? must have the same type"))
		}
	}))
}

type visitor func(ast.Node)

func (v visitor) Visit(n *ast.Node) { v(*n) }

// operators are the binary operators rules may use; && || ?? / and % are treated on their own.
var operators = map[string]bool{"==": true, "!=": true, "<": true, ">": true, "<=": true, ">=": true, "in": true, "+": true, "-": true, "*": true,
	"contains": true, "startsWith": true, "endsWith": true, "matches": true}

// node rewrites one node: reads become slots or checked reads, and what rules may not do is reported. conditional tells that the
// values decide whether the node is evaluated at all.
func (x *expression) node(n ast.Node, conditional bool) ast.Node {
	switch n := n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode:
		return n
	case *ast.IdentifierNode:
		if x.vars[n.Value] {
			return n
		}
		return x.feature(n, conditional)
	case *ast.MemberNode, *ast.ChainNode:
		return x.feature(n, conditional)
	case *ast.PointerNode:
		if n.Name != "" && n.Name != "index" {
			x.problem(n, say("不支持 #%s", "#%s is not supported", n.Name))
		}
		return n
	case *ast.UnaryNode:
		n.Node = x.node(n.Node, conditional)
		return n
	case *ast.BinaryNode:
		return x.binary(n, conditional)
	case *ast.CallNode:
		return x.call(n, conditional)
	case *ast.BuiltinNode:
		return x.builtin(n, conditional)
	case *ast.PredicateNode:
		n.Node = x.node(n.Node, true)
		return n
	case *ast.ConditionalNode:
		n.Cond = x.node(n.Cond, conditional)
		n.Exp1, n.Exp2 = x.node(n.Exp1, true), x.node(n.Exp2, true)
		return n
	case *ast.ArrayNode:
		for i := range n.Nodes {
			n.Nodes[i] = x.node(n.Nodes[i], conditional)
		}
		return n
	case *ast.VariableDeclaratorNode:
		n.Value = x.node(n.Value, conditional)
		if roots[n.Name] || x.vars[n.Name] {
			x.problem(n, say("名称 %q 已被占用", "the name %q is taken", n.Name))
		}
		x.vars[n.Name] = true
		n.Expr = x.node(n.Expr, conditional)
		delete(x.vars, n.Name)
		return n
	case *ast.NilNode:
		x.problem(n, say("不要与 nil 比较，请用 has() 或 ??", "do not use nil; use has() or ??"))
	default:
		x.problem(n, say("规则中不支持这种写法", "rules do not support this"))
	}
	return n
}

func (x *expression) binary(n *ast.BinaryNode, conditional bool) ast.Node {
	x.enum(n)
	switch n.Operator {
	case "&&", "||", "and", "or":
		n.Left, n.Right = x.node(n.Left, conditional), x.node(n.Right, true)
		return n
	case "??":
		left, typ := x.guarded(n.Left)
		n.Left, n.Right = left, typed(x.node(n.Right, true), typ)
		return n
	case "/", "%":
		n.Left, n.Right = x.node(n.Left, conditional), x.node(n.Right, conditional)
		if !nonZero(n.Right) {
			x.problem(n, say("只能除以非零常数，请用 ratio(a, b)", "only division by a constant other than 0 is allowed; use ratio(a, b)"))
		}
		return n
	}
	if !operators[n.Operator] {
		x.problem(n, say("规则中不支持运算符 %s", "rules do not support the operator %s", n.Operator))
		return n
	}
	if _, ok := n.Right.(*ast.StringNode); n.Operator == "matches" && !ok {
		x.problem(n, say("matches 右侧必须是固定文本", "the right side of matches must be a fixed text"))
	}
	n.Left, n.Right = x.node(n.Left, conditional), x.node(n.Right, conditional)
	if n.Operator == "in" {
		return oneOf(n)
	}
	return n
}

// oneOf turns slot in ["a", "b"] into slot == "a" || slot == "b", which compares without building a list at every evaluation.
func oneOf(n *ast.BinaryNode) ast.Node {
	slot, isSlot := n.Left.(*ast.IdentifierNode)
	array, isArray := n.Right.(*ast.ArrayNode)
	if !isSlot || !isArray || len(array.Nodes) == 0 || len(array.Nodes) > 16 {
		return n
	}
	var out ast.Node
	for _, v := range array.Nodes {
		same := &ast.BinaryNode{Operator: "==", Left: at(n, &ast.IdentifierNode{Value: slot.Value}), Right: v}
		at(n, same)
		if out == nil {
			out = same
			continue
		}
		out = at(n, &ast.BinaryNode{Operator: "||", Left: out, Right: same})
	}
	return out
}

// at gives a new node the place of the old one.
func at(old, fresh ast.Node) ast.Node {
	fresh.SetLocation(old.Location())
	return fresh
}

// typed gives a whole number the type it is compared with, so that both sides of ?? agree.
func typed(n ast.Node, typ FieldType) ast.Node {
	i, ok := whole(n)
	switch {
	case ok && typ == TypeInt:
		return at(n, &ast.ConstantNode{Value: int64(i)})
	case ok && typ == TypeFloat:
		return at(n, &ast.FloatNode{Value: float64(i)})
	}
	return n
}

// whole is the whole number written at n.
func whole(n ast.Node) (int, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return n.Value, true
	case *ast.UnaryNode:
		if i, ok := whole(n.Node); ok && n.Operator == "-" {
			return -i, true
		}
	}
	return 0, false
}

// nonZero reports whether n is a number other than 0 that is written down.
func nonZero(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return n.Value != 0
	case *ast.FloatNode:
		return n.Value != 0
	case *ast.UnaryNode:
		return (n.Operator == "-" || n.Operator == "+") && nonZero(n.Node)
	}
	return false
}

// dotted takes a.b.c apart. base is what stands at the left end: an identifier, # or something that can have no named fields.
func dotted(n ast.Node) (base ast.Node, path []string, ok bool) {
	switch n := n.(type) {
	case *ast.ChainNode:
		return dotted(n.Node)
	case *ast.MemberNode:
		name, isName := n.Property.(*ast.StringNode)
		base, path, ok = dotted(n.Node)
		return base, append(path, nameOf(name)), ok && isName && !strings.ContainsAny(nameOf(name), ".*[]")
	}
	return n, nil, true
}

func nameOf(n *ast.StringNode) string {
	if n == nil {
		return ""
	}
	return n.Value
}
