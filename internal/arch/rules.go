package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
)

// The sizes a file and a function keep. Most functions stay under 60 lines; 80 is where the check says no.
const (
	maxFunctionLines   = 80
	maxParameters      = 5
	maxFileLines       = 600
	maxTestFileLines   = 800
	maxVocabularyLines = 800
)

// bannedPackages are names that say nothing of what a package holds; bannedSuffixes end such type names.
var (
	bannedPackages = map[string]bool{"util": true, "utils": true, "common": true, "models": true, "manager": true, "impl": true,
		"helper": true, "helpers": true, "misc": true, "types": true, "shared": true, "base": true, "lib": true, "work": true}
	bannedSuffixes = []string{"Manager", "Impl", "Helper", "Util", "Utils"}
)

// Undocumented packages are those without a package comment.
func Undocumented(t *Tree) []string {
	documented := map[string]bool{}
	for f := range t.source {
		documented[f.Package()] = documented[f.Package()] || f.Syntax.Doc != nil
	}
	var bare []string
	for pkg, ok := range documented {
		if !ok {
			bare = append(bare, "package "+pkg+" has no package comment")
		}
	}
	return sorted(bare)
}

// Exported counts the exported declarations outside tests and names those without a comment. Functions, methods of exported types,
// types, constants and variables count one each; the comment of a group documents what stands in it.
func Exported(t *Tree) (total int, undocumented []string) {
	count := func(pos token.Pos, name string, docs ...*ast.CommentGroup) {
		if !ast.IsExported(name) {
			return
		}
		total++
		for _, doc := range docs {
			if doc != nil {
				return
			}
		}
		undocumented = append(undocumented, t.at(pos)+" "+name)
	}
	for f := range t.source {
		for _, decl := range f.Syntax.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if ast.IsExported(receiver(d)) {
					count(d.Pos(), d.Name.Name, d.Doc)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						count(s.Pos(), s.Name.Name, s.Doc, d.Doc)
					case *ast.ValueSpec:
						for _, name := range s.Names {
							count(name.Pos(), name.Name, s.Doc, s.Comment, d.Doc)
						}
					}
				}
			}
		}
	}
	return total, undocumented
}

// receiver names the type whose method d is; for a function it is the function's own name.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	typ := d.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// Sizes returns the files and functions that are too long and the functions with too many parameters. A receiver and a
// context are not counted as parameters; functions of tests may be long.
func Sizes(t *Tree) []string {
	var over []string
	vocabulary := 0
	for _, f := range t.Files {
		limit := maxFileLines
		if f.Test {
			limit = maxTestFileLines
		}
		if f.Lines > limit && !f.Generated {
			over = append(over, fmt.Sprintf("%s has %d lines, at most %d", f.Path, f.Lines, limit))
		}
	}
	for f := range t.source {
		if f.Package() == "" {
			vocabulary += f.Lines
		}
		for _, decl := range f.Syntax.Decls {
			d, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := t.span(d); n > maxFunctionLines {
				over = append(over, fmt.Sprintf("%s %s has %d lines, at most %d", t.at(d.Pos()), d.Name.Name, n, maxFunctionLines))
			}
			if n := parameters(d); n > maxParameters {
				over = append(over, fmt.Sprintf("%s %s has %d parameters, at most %d", t.at(d.Pos()), d.Name.Name, n, maxParameters))
			}
		}
	}
	if vocabulary > maxVocabularyLines {
		over = append(over, fmt.Sprintf("the vocabulary has %d lines, at most %d", vocabulary, maxVocabularyLines))
	}
	return over
}

// parameters counts the parameters of d but contexts.
func parameters(d *ast.FuncDecl) int {
	n := 0
	for _, field := range d.Type.Params.List {
		if sel, ok := field.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Context" {
			continue
		}
		n += max(1, len(field.Names))
	}
	return n
}

// Names returns the packages and types whose names say nothing.
func Names(t *Tree) []string {
	var bad []string
	for f := range t.source {
		if name := f.Syntax.Name.Name; bannedPackages[name] {
			bad = append(bad, fmt.Sprintf("package %s (%s): name it after what it holds", name, f.Package()))
		}
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			s, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			for _, suffix := range bannedSuffixes {
				if strings.HasSuffix(s.Name.Name, suffix) {
					bad = append(bad, fmt.Sprintf("%s type %s: no %s", t.at(s.Pos()), s.Name.Name, suffix))
				}
			}
			return true
		})
	}
	return sorted(bad)
}

// Inits returns the init functions that do anything but register a driver.
func Inits(t *Tree) []string {
	var bad []string
	for f := range t.source {
		for _, decl := range f.Syntax.Decls {
			d, ok := decl.(*ast.FuncDecl)
			if ok && d.Recv == nil && d.Name.Name == "init" && !registers(d.Body) {
				bad = append(bad, t.at(d.Pos())+" init: construct it where it is used")
			}
		}
	}
	return bad
}

// registers reports whether every statement of body is a call of some Register.
func registers(body *ast.BlockStmt) bool {
	for _, stmt := range body.List {
		expr, ok := stmt.(*ast.ExprStmt)
		if !ok {
			return false
		}
		call, ok := expr.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !strings.HasPrefix(sel.Sel.Name, "Register") {
			return false
		}
	}
	return true
}
