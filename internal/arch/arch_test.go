package arch

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	module        = "qingyuan"
	minDocumented = 0.95
	maxModules    = 34 // direct Go modules
	maxPackages   = 15 // npm packages the console runs on
)

// repository is the root of the source tree.
var repository = os.DirFS("../..")

// house parses the source tree.
func house(t *testing.T) *Tree {
	t.Helper()
	tree, err := Load(repository, module)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// none fails the test for each finding.
func none(t *testing.T, findings []string) {
	t.Helper()
	for _, f := range findings {
		t.Error(f)
	}
}

func TestImportsPointDown(t *testing.T) { none(t, Imports(house(t))) }

func TestPackageComments(t *testing.T) { none(t, Undocumented(house(t))) }

func TestSizes(t *testing.T) { none(t, Sizes(house(t))) }

func TestNames(t *testing.T) { none(t, Names(house(t))) }

func TestInits(t *testing.T) { none(t, Inits(house(t))) }

func TestExportedNamesAreDocumented(t *testing.T) {
	total, undocumented := Exported(house(t))
	share := 1 - float64(len(undocumented))/float64(total)
	t.Logf("%d exported names, %.1f %% documented", total, 100*share)
	if share < minDocumented {
		none(t, undocumented)
	}
}

func TestNoMachinePaths(t *testing.T) {
	found, err := MachinePaths(repository)
	if err != nil {
		t.Fatal(err)
	}
	none(t, found)
}

func TestDocumentLinks(t *testing.T) {
	dead, err := DeadLinks(repository)
	if err != nil {
		t.Fatal(err)
	}
	none(t, dead)
}

func TestGoModulesAreExplained(t *testing.T) {
	goMod, err := fs.ReadFile(repository, "go.mod")
	if err != nil {
		t.Fatal(err)
	}
	modules := Modules(house(t), goMod)
	if len(modules) > maxModules {
		t.Errorf("%d direct modules, at most %d", len(modules), maxModules)
	}
	missing, err := Unexplained(repository, "docs/dependencies.md", modules)
	if err != nil {
		t.Fatal(err)
	}
	none(t, missing)
}

func TestNpmPackagesAreExplained(t *testing.T) {
	text, err := fs.ReadFile(repository, "web/package.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("there is no console yet")
	}
	if err != nil {
		t.Fatal(err)
	}
	runtime, all, err := Packages(text)
	if err != nil {
		t.Fatal(err)
	}
	if len(runtime) > maxPackages {
		t.Errorf("the console runs on %d packages, at most %d", len(runtime), maxPackages)
	}
	missing, err := Unexplained(repository, "docs/dependencies.md", all)
	if err != nil {
		t.Fatal(err)
	}
	none(t, missing)
	lock, err := fs.ReadFile(repository, "web/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if regexp.MustCompile(`"resolved":\s*"http`).Match(lock) {
		t.Error("web/package-lock.json names a registry: npm config set omit-lockfile-registry-resolved true, and make it anew")
	}
}

// TestImportsFindsWhatIsPlanted adds one file at a time to the real tree: wrong imports are found, right ones are not.
func TestImportsFindsWhatIsPlanted(t *testing.T) {
	tests := []struct {
		name, in, imports string
		want              string // what the finding says, "" where the import is right
	}{
		{"downward", "internal/prevent/decision", "qingyuan/internal/store", ""},
		{"vocabulary from anywhere", "internal/prevent/voice", "qingyuan", ""},
		{"a sub-package of a lower floor", "internal/handle/cases", "qingyuan/internal/store/storetest", ""},
		{"upward", "internal/prevent/decision", "qingyuan/internal/handle/cases", "upward, from prevent to handle"},
		{"upward by one floor", "internal/handle/cases", "qingyuan/internal/improve/intel", "upward, from handle to improve"},
		{"upward into a sub-package", "internal/store", "qingyuan/internal/jobs/queue", "upward, from ground to services"},
		{"upward from the vocabulary", "", "qingyuan/internal/store", "upward, from vocabulary to ground"},
		{"nobody imports the api", "internal/improve/report", "qingyuan/internal/api", "upward, from improve to surface"},
		{"allowed sibling", "internal/prevent/decision", "qingyuan/internal/prevent/velocity", ""},
		{"allowed sibling's sub-package", "internal/prevent/document", "qingyuan/internal/prevent/text/normal", ""},
		{"sibling the wrong way", "internal/prevent/velocity", "qingyuan/internal/prevent/decision", "sideways"},
		{"sibling not listed", "internal/prevent/decision", "qingyuan/internal/prevent/text", "sideways"},
		{"sibling of the ground", "internal/blob", "qingyuan/internal/typeset", "sideways"},
		{"sibling through a sub-package", "internal/handle/evidence/log", "qingyuan/internal/handle/cases", "sideways"},
		{"report reads its room", "internal/improve/report", "qingyuan/internal/improve/tiering", ""},
		{"own sub-package", "internal/prevent/text", "qingyuan/internal/prevent/text/family", ""},
		{"own normaliser", "internal/prevent/text/family", "qingyuan/internal/prevent/text/normal", ""},
		{"sideways within a unit", "internal/prevent/text/family", "qingyuan/internal/prevent/text/lexicon", "sideways within"},
		{"own parent", "internal/store/storetest", "qingyuan/internal/store", ""},
		{"simulator through the client", "internal/simulate", "qingyuan/client", ""},
		{"simulator around the client", "internal/simulate", "qingyuan/internal/intake", "keeps apart"},
		{"command imports all", "cmd/qingyuan", "qingyuan/internal/simulate", ""},
		{"detector and HTTP", "internal/prevent/voice", "net/http", "a detector knows nothing"},
		{"detector and SQL", "internal/prevent/text/family", "database/sql", "a detector knows nothing"},
		{"detector and the store", "internal/prevent/document", "qingyuan/internal/store", "a detector knows nothing"},
		{"vocabulary and a module", "", "github.com/google/uuid", "standard library only"},
		{"public check and a detector's part", "internal/check", "qingyuan/internal/prevent/text/lexicon", ""},
		{"public check and the store", "internal/check", "qingyuan/internal/store", "keeps apart"},
		{"a room nobody planned", "internal/kitchen", "fmt", "stands on no floor"},
	}
	real := house(t)
	before := Imports(real)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree := &Tree{Module: real.Module, Files: slices.Clip(real.Files), fset: real.fset}
			plant(t, tree, tt.in, "package planted\n\nimport _ \""+tt.imports+"\"\n")
			var found []string
			for _, f := range Imports(tree) {
				if !slices.Contains(before, f) {
					found = append(found, f)
				}
			}
			switch {
			case tt.want == "" && len(found) > 0:
				t.Errorf("found %q in a right import", found)
			case tt.want != "" && (len(found) != 1 || !strings.Contains(found[0], tt.want)):
				t.Errorf("found %q, want one finding with %q", found, tt.want)
			}
		})
	}
}

// plant adds a file to the package in.
func plant(t *testing.T, tree *Tree, in, src string) {
	t.Helper()
	if err := tree.Add(strings.TrimPrefix(in+"/planted.go", "/"), []byte(src)); err != nil {
		t.Fatal(err)
	}
}

// TestTestsAndGeneratedFilesAreFree: the floors bind what ships.
func TestTestsAndGeneratedFilesAreFree(t *testing.T) {
	tree, err := Load(fstest.MapFS{
		"internal/store/store_test.go":            {Data: []byte("package store\nimport _ \"qingyuan/internal/api\"\n")},
		"internal/store/testdata/x.go":            {Data: []byte("package x\nimport _ \"qingyuan/internal/api\"\n")},
		"web/node_modules/gopackage/unrelated.go": {Data: []byte("package x\nimport _ \"qingyuan/cmd\"\n")},
	}, module)
	if err != nil {
		t.Fatal(err)
	}
	none(t, Imports(tree))
	if len(tree.Files) != 1 {
		t.Errorf("%d files loaded, want the test only", len(tree.Files))
	}
}

// TestRulesFindWhatIsPlanted plants one violation per rule in a tree of one file.
func TestRulesFindWhatIsPlanted(t *testing.T) {
	long := func(n int) string { return strings.Repeat("\n", n) }
	tests := []struct {
		name, file, src string
		check           func(*Tree) []string
		want            int
	}{
		{"no package comment", "internal/store/a.go", "package store", Undocumented, 1},
		{"package comment", "internal/store/a.go", "// Package store keeps.\npackage store", Undocumented, 0},
		{"long function", "internal/store/a.go", "package store\nfunc f() {" + long(80) + "}", Sizes, 1},
		{"function at the limit", "internal/store/a.go", "package store\nfunc f() {" + long(79) + "}", Sizes, 0},
		{"long test function", "internal/store/a_test.go", "package store\nfunc f() {" + long(200) + "}", Sizes, 0},
		{"six parameters", "internal/store/a.go", "package store\nfunc f(a, b, c int, d, e, f string) {}", Sizes, 1},
		{"receiver and context are free", "internal/store/a.go",
			"package store\nimport \"context\"\nfunc (s S) f(_ context.Context, a, b, c, d, e int) {}", Sizes, 0},
		{"unnamed parameters", "internal/store/a.go", "package store\nfunc f(int, int, int, int, int, int) {}", Sizes, 1},
		{"long file", "internal/store/a.go", "package store" + long(601), Sizes, 1},
		{"long test file", "internal/store/a_test.go", "package store" + long(801), Sizes, 1},
		{"generated file", "internal/store/a.go", "// Code generated by x. DO NOT EDIT.\n\npackage store" + long(601), Sizes, 0},
		{"long vocabulary", "b.go", "package qingyuan" + long(801), Sizes, 2},
		{"package that says nothing", "internal/store/util/a.go", "package util", Names, 1},
		{"type that says nothing", "internal/store/a.go", "package store\ntype (\n\tPoolManager struct{}\n\tStore struct{}\n)", Names, 1},
		{"init", "internal/store/a.go", "package store\nfunc init() { x = 1 }", Inits, 1},
		{"driver registration", "internal/store/a.go", "package store\nfunc init() { sql.Register(\"x\", d) }", Inits, 0},
		{"method called init", "internal/store/a.go", "package store\nfunc (s *S) init() { s.x = 1 }", Inits, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree, err := Load(fstest.MapFS{tt.file: {Data: []byte(tt.src)}}, module)
			if err != nil {
				t.Fatal(err)
			}
			if found := tt.check(tree); len(found) != tt.want {
				t.Errorf("found %q, want %d", found, tt.want)
			}
		})
	}
}

func TestExportedCounts(t *testing.T) {
	src := `package store
type Bare struct{}
// Doc is documented.
type Doc[T any] struct{}
// M is documented.
func (d *Doc[T]) M() {}
func (d *Doc[T]) Bare() {}
func (h hidden) Free() {}
func free() {}
// These are documented together.
const (
	A = 1
	B = 2
)
var (
	C = 1 // C is documented.
	D = 2
)
`
	tree, err := Load(fstest.MapFS{"internal/store/a.go": {Data: []byte(src)}}, module)
	if err != nil {
		t.Fatal(err)
	}
	total, undocumented := Exported(tree)
	if total != 8 || len(undocumented) != 3 {
		t.Errorf("%d exported names, undocumented %q; want 8 and Bare, Bare, D", total, undocumented)
	}
}

func TestTextsFindWhatIsPlanted(t *testing.T) {
	tree := fstest.MapFS{
		"README.md":       {Data: []byte("[good](docs/a.md#part) [web](https://example.org/) [dead](docs/b.md) ![dead](c.png)")},
		"docs/a.md":       {Data: []byte("[up](../README.md) and a route /api/" + "home/x")},
		"scripts/x.sh":    {Data: []byte("cat /" + "root/x\n")},
		"internal/a.go":   {Data: []byte("const p = \"/" + "work/main\"\n")},
		"testdata/a.md":   {Data: []byte("/" + "home/me")},
		"web/src/page.ts": {Data: []byte("fetch('/v1/work/x')\n")},
	}
	paths, err := MachinePaths(tree)
	if err != nil || len(paths) != 2 {
		t.Errorf("machine paths %q, %v; want those of the script and the Go file", paths, err)
	}
	dead, err := DeadLinks(tree)
	if err != nil || len(dead) != 2 {
		t.Errorf("dead links %q, %v; want two", dead, err)
	}
}

func TestModules(t *testing.T) {
	goMod := []byte("module qingyuan\n\nrequire example.org/one v1.0.0\n\nrequire (\n\texample.org/a v1.0.0 // indirect\n\texample.org/a/b/v2 v2.1.0\n\texample.org/unused v1.0.0\n)\n")
	tree, err := Load(fstest.MapFS{"internal/store/a.go": {Data: []byte(
		"package store\nimport (\n\t\"fmt\"\n\t\"example.org/one/x\"\n\t\"example.org/a/b/v2/deep\"\n\t\"example.org/a\"\n)\n")}}, module)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"example.org/a", "example.org/a/b/v2", "example.org/one"}
	if got := Modules(tree, goMod); !slices.Equal(got, want) {
		t.Errorf("modules %q, want %q", got, want)
	}
}

// TestSQLiteRuntimeIsTheOneItAsksFor: modernc.org/sqlite is generated against one version of modernc.org/libc and may corrupt data with another.
func TestSQLiteRuntimeIsTheOneItAsksFor(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	theirs, err := os.ReadFile(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := fs.ReadFile(repository, "go.mod")
	if err != nil {
		t.Fatal(err)
	}
	libc := regexp.MustCompile(`modernc\.org/libc (v\S+)`)
	asked, pinned := libc.FindSubmatch(theirs), libc.FindSubmatch(ours)
	if asked == nil || pinned == nil || string(asked[1]) != string(pinned[1]) {
		t.Errorf("go.mod requires %q, sqlite asks for %q", pinned, asked)
	}
}
