package arch

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// texts lists the endings of the files a person writes; Makefile and the like have none.
var texts = map[string]bool{".go": true, ".md": true, ".sh": true, ".ts": true, ".tsx": true, ".js": true, ".mjs": true,
	".css": true, ".html": true, ".sql": true, ".yaml": true, ".yml": true, ".toml": true, ".service": true, "": true}

var (
	// machinePath matches a path that exists on one machine only.
	machinePath = regexp.MustCompile(`(?:^|[\s"'=(:,` + "`" + `])/(?:work|root|home)/`)
	// link matches the target of a Markdown link or image.
	link = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// eachText calls fn for every text file under fsys that a person writes.
func eachText(fsys fs.FS, fn func(p string, text []byte) error) error {
	return fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skip(p) && path.Base(p) != ".ci":
			return fs.SkipDir
		case d.IsDir() || !d.Type().IsRegular() || !texts[path.Ext(p)]:
			return nil
		}
		text, err := fs.ReadFile(fsys, p)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone since the directory was read
		}
		if err != nil {
			return err
		}
		return fn(p, text)
	})
}

// MachinePaths returns the lines that name a path of one machine.
func MachinePaths(fsys fs.FS) ([]string, error) {
	var found []string
	err := eachText(fsys, func(p string, text []byte) error {
		for i, line := range bytes.Split(text, []byte("\n")) {
			if machinePath.Match(line) {
				found = append(found, fmt.Sprintf("%s:%d: %s", p, i+1, bytes.TrimSpace(line)))
			}
		}
		return nil
	})
	return found, err
}

// DeadLinks returns the relative links of Markdown files whose target is not in the tree.
func DeadLinks(fsys fs.FS) ([]string, error) {
	var dead []string
	err := eachText(fsys, func(p string, text []byte) error {
		if path.Ext(p) != ".md" {
			return nil
		}
		for _, m := range link.FindAllSubmatch(text, -1) {
			target, _, _ := strings.Cut(string(m[1]), "#")
			if target == "" || strings.Contains(target, ":") {
				continue
			}
			if _, err := fs.Stat(fsys, path.Join(path.Dir(p), target)); err != nil {
				dead = append(dead, p+" links to "+target)
			}
		}
		return nil
	})
	return dead, err
}
