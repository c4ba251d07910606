package decision

import (
	"strings"
	"time"

	"github.com/expr-lang/expr/types"

	"qingyuan"
)

// FieldType is the type of a field's values.
type FieldType string

// The types, with the Go type of their values in [qingyuan.Event.Data].
const (
	TypeString FieldType = "string" // string; dates are strings of the form YYYY-MM-DD
	TypeInt    FieldType = "int"    // int64: numbers, money in minor units, times in microseconds since 1970 UTC
	TypeFloat  FieldType = "float"  // float64
	TypeBool   FieldType = "bool"   // bool
	TypeList   FieldType = "list"   // []any
	TypeObject FieldType = "object" // map[string]any
	TypeAny    FieldType = "any"    // string, float64 or bool: rules read it through text(), number() or flag()
)

// Field describes one field a rule may read.
type Field struct {
	// Path is dotted, as in employer.phone. The fields of the objects in a list are written contacts[].relation; the path
	// attributes.* stands for every name below attributes.
	Path string
	Type FieldType
	Of   FieldType // the type of a list's scalar elements, else empty
	Enum []string  // the values that occur, where they are fixed; of a list: of its elements
	// Personal marks values that no reason, trace or digest may show.
	Personal bool
	// Entity and Role tell what entity the value names, if any.
	Entity qingyuan.EntityKind
	Role   string
}

// Catalogue tells what there is to read.
type Catalogue interface {
	// Fields lists the fields of an event kind, without the leading "event.".
	Fields(kind qingyuan.EventKind) []Field
	// ProfileFields lists what a profile may hold, without the leading "profile.".
	ProfileFields() []Field
}

// Lists answers which entry of a list matches a value. Value is a blind key for an exact list of entities, else the value itself.
// An entry that has expired at the given time does not match.
type Lists interface {
	Match(list string, kind qingyuan.EntityKind, value string, at time.Time) (entryID string, ok bool)
}

// envelopeFields can be read of every event, whatever its kind.
var envelopeFields = []Field{
	{Path: "kind", Type: TypeString}, {Path: "source", Type: TypeString},
	{Path: "effective_at", Type: TypeInt}, {Path: "observed_at", Type: TypeInt},
}

// signalFields are the fields of the elements of signals.
var signalFields = []Field{
	{Path: "signals[].code", Type: TypeString}, {Path: "signals[].family", Type: TypeString}, {Path: "signals[].polarity", Type: TypeString},
	{Path: "signals[].typology", Type: TypeString}, {Path: "signals[].score", Type: TypeFloat}, {Path: "signals[].author", Type: TypeString},
}

// fieldTable finds the fields of one event kind, or of a profile, by path.
type fieldTable struct {
	fields   map[string]Field
	entities map[Selector]bool // each kind alone, and with each of its roles
}

func tableOf(fields []Field) fieldTable {
	t := fieldTable{fields: make(map[string]Field, len(fields)), entities: map[Selector]bool{}}
	for _, f := range fields {
		t.fields[f.Path] = f
		if f.Entity != "" {
			t.entities[Selector{Kind: f.Entity}] = true
			t.entities[Selector{Kind: f.Entity, Role: f.Role}] = true
		}
		if f.Path == "id_no" || f.Path == "customer_no" {
			t.entities[Selector{Kind: Subject}] = true
		}
	}
	return t
}

// find gives the field at path, also where a path ending in .* covers it.
func (t fieldTable) find(path string) (Field, bool) {
	f, ok := t.fields[path]
	if !ok {
		if dot := strings.LastIndexByte(path, '.'); dot > 0 {
			f, ok = t.fields[path[:dot]+".*"]
		}
	}
	return f, ok
}

func (t fieldTable) paths() []string {
	paths := make([]string, 0, len(t.fields))
	for p := range t.fields {
		paths = append(paths, p)
	}
	return paths
}

// nature is the type the expression checker knows a value of f by.
func (f Field) nature() types.Type {
	scalar := map[FieldType]types.Type{TypeString: types.String, TypeInt: types.Int64, TypeFloat: types.Float64, TypeBool: types.Bool}
	if f.Type == TypeList {
		if of, ok := scalar[f.Of]; ok {
			return types.Array(of)
		}
		return types.Array(types.Any)
	}
	if t, ok := scalar[f.Type]; ok {
		return t
	}
	return types.Any
}
