package decision

import (
	"time"

	"qingyuan"
)

// FieldType is the type of a field's values.
type FieldType string

// The types, with the Go type of their values in [qingyuan.Event.Data].
const (
	TypeString FieldType = "string" // string
	TypeInt    FieldType = "int"    // int64: numbers, money in minor units, times in microseconds since 1970 UTC
	TypeFloat  FieldType = "float"  // float64
	TypeBool   FieldType = "bool"   // bool
	TypeList   FieldType = "list"   // []any
	TypeObject FieldType = "object" // map[string]any
)

// Field describes one field a rule may read.
type Field struct {
	// Path is dotted, as in device.id. The fields of a list's elements are written contacts[].relation.
	Path string
	Type FieldType
	// Personal marks values that no reason, trace or digest may show.
	Personal bool
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
