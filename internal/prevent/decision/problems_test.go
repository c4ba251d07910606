package decision

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var updateProblems = flag.Bool("update-problems", false, "rewrite testdata/problems/*.txt")

// TestProblems compares every problem of deliberately wrong rulesets, with its place and both languages, with what was reviewed.
func TestProblems(t *testing.T) {
	files, _ := filepath.Glob("testdata/problems/*.yaml")
	if len(files) < 4 {
		t.Fatal("the wrong rulesets are missing")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, problems := tryCompile(string(text))
			if p != nil {
				t.Fatal("compiles")
			}
			var b strings.Builder
			for _, p := range problems {
				fmt.Fprintf(&b, "%s\n    %s\n", p, p.Message.ZH)
				if p.Message.ZH == "" || p.Message.EN == "" || strings.Contains(p.Message.ZH+p.Message.EN, "%!") {
					t.Errorf("bad message: %+v", p)
				}
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *updateProblems {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("got\n%s\nwant\n%s", b.String(), want)
			}
		})
	}
}
