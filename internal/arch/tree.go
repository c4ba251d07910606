package arch

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"
)

// File is one parsed Go file.
type File struct {
	Path      string // slash-separated, relative to the module root
	Syntax    *ast.File
	Lines     int
	Test      bool
	Generated bool
}

// Package is the directory of the file relative to the module root; the root package is "".
func (f *File) Package() string {
	if dir := path.Dir(f.Path); dir != "." {
		return dir
	}
	return ""
}

// Imports lists the import paths of the file.
func (f *File) Imports() []string {
	var paths []string
	for _, spec := range f.Syntax.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// Tree is the Go source of one module.
type Tree struct {
	Module string
	Files  []*File
	fset   *token.FileSet
}

// skipped names directories that hold no source of ours.
var skipped = map[string]bool{"node_modules": true, "testdata": true, "dist": true, "bin": true, "data": true}

// skip reports whether the walk leaves out the directory at p.
func skip(p string) bool {
	name := path.Base(p)
	return p != "." && (skipped[name] || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_"))
}

// Load parses every Go file under fsys, the root of the module. A file that does not parse is an error.
func Load(fsys fs.FS, module string) (*Tree, error) {
	t := &Tree{Module: module, fset: token.NewFileSet()}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skip(p):
			return fs.SkipDir
		case d.IsDir() || path.Ext(p) != ".go":
			return nil
		}
		src, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		return t.Add(p, src)
	})
	return t, err
}

// Add parses one more file into the tree.
func (t *Tree) Add(p string, src []byte) error {
	syntax, err := parser.ParseFile(t.fset, p, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("parse %s: %w", p, err)
	}
	t.Files = append(t.Files, &File{
		Path:      p,
		Syntax:    syntax,
		Lines:     bytes.Count(src, []byte("\n")),
		Test:      strings.HasSuffix(p, "_test.go"),
		Generated: ast.IsGenerated(syntax),
	})
	return nil
}

// source yields the files a person wrote and the binary may hold: no tests, nothing generated.
func (t *Tree) source(yield func(*File) bool) {
	for _, f := range t.Files {
		if !f.Test && !f.Generated && !yield(f) {
			return
		}
	}
}

// at is "path:line" of pos.
func (t *Tree) at(pos token.Pos) string {
	p := t.fset.Position(pos)
	return p.Filename + ":" + strconv.Itoa(p.Line)
}

// span is the number of lines of n.
func (t *Tree) span(n ast.Node) int {
	return t.fset.Position(n.End()).Line - t.fset.Position(n.Pos()).Line + 1
}

// sorted returns the distinct strings of list in order.
func sorted(list []string) []string {
	sort.Strings(list)
	var out []string
	for i, s := range list {
		if i == 0 || s != list[i-1] {
			out = append(out, s)
		}
	}
	return out
}
