package arch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// requirement matches one required module of a go.mod file.
var requirement = regexp.MustCompile(`(?m)^(?:require)?\s+(\S+\.\S+) v\S+`)

// Modules lists the modules whose packages the tree imports itself, tests included. goMod is the text of go.mod.
func Modules(t *Tree, goMod []byte) []string {
	var required, used []string
	for _, m := range requirement.FindAllSubmatch(goMod, -1) {
		required = append(required, string(m[1]))
	}
	for _, f := range t.Files {
		for _, imported := range f.Imports() {
			longest := ""
			for _, module := range required {
				if len(module) > len(longest) && strings.HasPrefix(imported+"/", module+"/") {
					longest = module
				}
			}
			if longest != "" {
				used = append(used, longest)
			}
		}
	}
	return sorted(used)
}

// npmPackage is what the checks read of a package.json.
type npmPackage struct {
	Dependencies    map[string]string `json:"dependencies"`
	DevDependencies map[string]string `json:"devDependencies"`
}

// Packages lists the npm packages that the console names: those it runs on, and all together with those that build and test it.
func Packages(packageJSON []byte) (runtime, all []string, err error) {
	var p npmPackage
	if err := json.Unmarshal(packageJSON, &p); err != nil {
		return nil, nil, fmt.Errorf("read package.json: %w", err)
	}
	for name := range p.Dependencies {
		runtime = append(runtime, name)
	}
	all = append(all, runtime...)
	for name := range p.DevDependencies {
		all = append(all, name)
	}
	return sorted(runtime), sorted(all), nil
}

// Unexplained returns the names that the document at p under fsys does not mention in back quotes.
func Unexplained(fsys fs.FS, p string, names []string) ([]string, error) {
	text, err := fs.ReadFile(fsys, p)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, name := range names {
		if !bytes.Contains(text, []byte("`"+name+"`")) {
			missing = append(missing, name+" is not in "+p)
		}
	}
	return missing, nil
}
