package arch

import (
	"slices"
	"strings"
)

// A floor holds rooms of equal height. A package may import packages of lower floors, never of higher ones.
type floor struct {
	name  string
	rooms []string // directories; a room holds its whole subtree
}

// floors, lowest first.
var floors = []floor{
	{"vocabulary", []string{""}},
	{"ground", []string{"internal/store", "internal/blob", "internal/keys", "internal/bus", "internal/infer",
		"internal/typeset", "internal/telemetry", "client", "testdata"}},
	{"services", []string{"internal/auth", "internal/audit", "internal/jobs", "internal/law", "internal/notify", "internal/rights"}},
	{"intake", []string{"internal/intake"}},
	{"prevent", []string{"internal/prevent"}},
	{"handle", []string{"internal/handle"}},
	{"improve", []string{"internal/improve"}},
	{"surface", []string{"internal/api", "internal/check", "web"}},
	{"simulate", []string{"internal/simulate"}},
	{"commands", []string{"cmd", "bench", "examples"}},
	{"outside", []string{"internal/arch"}},
}

// divided names the rooms whose sub-directories stand apart from one another, so that imports between them need an entry in
// siblings. Every other room is one unit with its whole subtree.
var divided = []string{"internal/prevent", "internal/handle", "internal/improve"}

// siblings lists the imports allowed between units of one floor. "*" stands for every unit of the same room.
var siblings = map[string][]string{
	"internal/keys":             {"internal/store"},
	"internal/notify":           {"internal/jobs"},
	"internal/rights":           {"internal/audit"},
	"internal/prevent/decision": {"internal/prevent/profile", "internal/prevent/velocity", "internal/prevent/model"},
	"internal/prevent/document": {"internal/prevent/text"},
	"internal/prevent/voice":    {"internal/prevent/text"},
	"internal/handle/complaint": {"internal/handle/cases"},
	"internal/handle/cases":     {"internal/handle/evidence"},
	"internal/handle/referral":  {"internal/handle/cases", "internal/handle/evidence"},
	"internal/improve/graph":    {"internal/improve/intel"},
	"internal/improve/tiering":  {"internal/improve/label", "internal/improve/graph"},
	"internal/improve/tuning":   {"internal/improve/label"},
	"internal/improve/sharing":  {"internal/improve/intel", "internal/improve/graph"},
	"internal/improve/report":   {"*"},
}

// within lists, for a unit of a divided room, the sub-packages that its other sub-packages may import. A package and those
// below it may always import one another.
var within = map[string][]string{
	"internal/prevent/text":    {"normal"},
	"internal/handle/evidence": {"tlog"},
}

// only narrows what a unit may import of this module, whatever the floors allow: itself and the units listed.
var only = map[string][]string{
	"client":            {""},
	"internal/check":    {"", "internal/prevent/text"}, // it holds no case data
	"internal/simulate": {"", "client"},
	"examples":          {"", "client"},
	"internal/arch":     {},
}

// detectors turn bytes into signals. What they must not know, whether ours or not, is in unknown.
var (
	detectors = []string{"internal/prevent/text", "internal/prevent/document", "internal/prevent/voice"}
	unknown   = []string{"net/http", "database/sql", "internal/store", "internal/intake"}
)

// place is where a package stands.
type place struct {
	floor int    // index into floors
	room  string // the directory listed there
	unit  string // what counts as one whole among siblings
}

// placeOf finds the place of pkg, a directory relative to the module root; ok is false where the house has no such room.
func placeOf(pkg string) (p place, ok bool) {
	for i, f := range floors {
		for _, room := range f.rooms {
			if pkg != room && (room == "" || !strings.HasPrefix(pkg, room+"/")) {
				continue
			}
			unit := room
			if rest := strings.TrimPrefix(pkg, room+"/"); slices.Contains(divided, room) && pkg != room {
				unit = room + "/" + strings.SplitN(rest, "/", 2)[0]
			}
			return place{i, room, unit}, true
		}
	}
	return place{}, false
}

// Imports returns the imports that break the floors, the sibling table, or the narrower rules of a unit, and the packages that
// stand on no floor. Test files are free.
func Imports(t *Tree) []string {
	var broken []string
	for f := range t.source {
		from, ok := placeOf(f.Package())
		if !ok {
			broken = append(broken, f.Package()+" stands on no floor: give it a place in internal/arch/floors.go and docs/design/house.md")
			continue
		}
		for _, imported := range f.Imports() {
			if why := refuse(t.Module, f.Package(), from, imported); why != "" {
				broken = append(broken, f.Path+" imports "+imported+": "+why)
			}
		}
	}
	return sorted(broken)
}

// refuse says why the package pkg, which stands at from, may not import the path imported; "" where it may.
func refuse(module, pkg string, from place, imported string) string {
	to, ours := cutModule(module, imported)
	if slices.Contains(detectors, from.unit) && slices.Contains(unknown, to) {
		return "a detector knows nothing of it"
	}
	if !ours {
		if pkg == "" && strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") {
			return "the vocabulary imports the standard library only"
		}
		return ""
	}
	target, ok := placeOf(to)
	if !ok {
		return "it stands on no floor"
	}
	if target.unit == from.unit {
		return refuseWithin(from, pkg, to)
	}
	if allowed, narrow := only[from.unit]; narrow && !slices.Contains(allowed, target.unit) {
		return from.unit + " keeps apart from the rest of this module"
	}
	switch {
	case target.floor > from.floor:
		return "upward, from " + floors[from.floor].name + " to " + floors[target.floor].name
	case target.floor == from.floor && !sibling(from, target):
		return "sideways, and " + from.unit + " → " + target.unit + " is not among the allowed siblings"
	}
	return ""
}

// cutModule returns the directory of an imported package relative to the module root, or the path as it is where the package
// is not ours.
func cutModule(module, imported string) (dir string, ours bool) {
	if imported == module {
		return "", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// sibling reports whether the table allows from → to.
func sibling(from, to place) bool {
	for _, s := range siblings[from.unit] {
		if s == to.unit || s == "*" && from.room == to.room {
			return true
		}
	}
	return false
}

// refuseWithin judges an import between two packages of the unit at p.
func refuseWithin(p place, from, to string) string {
	lineage := strings.HasPrefix(from+"/", to+"/") || strings.HasPrefix(to+"/", from+"/")
	if p.unit == p.room || lineage || slices.Contains(within[p.unit], strings.TrimPrefix(to, p.unit+"/")) {
		return ""
	}
	return "sideways within " + p.unit
}
