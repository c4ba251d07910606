package intake

import "qingyuan"

// FieldType is the type of a field as the lender sends it. [FieldType.Zero] tells what it becomes in Event.Data.
type FieldType string

// The field types.
const (
	TypeString       FieldType = "string"       // one line, trimmed, no control characters
	TypeCode         FieldType = "code"         // an identifier of the lender's or a merchant's: no spaces, ≤ 64 characters
	TypeText         FieldType = "text"         // free text as an object {author, text, lang?}, kept byte for byte
	TypeInt          FieldType = "int"          // JSON integer → int64
	TypeMoney        FieldType = "money"        // JSON integer, minor units (fen) → int64
	TypeFloat        FieldType = "float"        // JSON number → float64
	TypeBool         FieldType = "bool"         // JSON true or false
	TypeTime         FieldType = "time"         // RFC 3339 with offset → int64 microseconds since 1970 UTC
	TypeDate         FieldType = "date"         // YYYY-MM-DD → the same string
	TypeEnum         FieldType = "enum"         // one of Field.Enum
	TypePhone        FieldType = "phone"        // see [NormalisePhone]
	TypeIDNo         FieldType = "id_no"        // see [NormaliseIDNo]
	TypeBankCard     FieldType = "bank_card"    // see [NormaliseBankCard]
	TypeUSCC         FieldType = "uscc"         // see [NormaliseUSCC]
	TypeIP           FieldType = "ip"           // see [NormaliseIP]
	TypeDevice       FieldType = "device"       // see [NormaliseDevice]
	TypeEmail        FieldType = "email"        // see [NormaliseEmail]
	TypeAddress      FieldType = "address"      // see [NormaliseAddress]
	TypeName         FieldType = "name"         // see [NormaliseName]
	TypeOrganisation FieldType = "organisation" // see [NormaliseOrganisation]
	TypeHandle       FieldType = "handle"       // platform:account, see [NormaliseHandle]
	TypeObject       FieldType = "object"       // Field.Fields → map[string]any
	TypeList         FieldType = "list"         // of Field.Of, or of objects with Field.Fields → []any
	TypeMap          FieldType = "map"          // free map: key [a-z0-9_]{1,40} → string, number (float64) or bool
)

// Zero is the zero value of what t becomes in Event.Data: string, int64, float64, bool, []any or map[string]any.
func (t FieldType) Zero() any {
	switch t {
	case TypeInt, TypeMoney, TypeTime:
		return int64(0)
	case TypeFloat:
		return float64(0)
	case TypeBool:
		return false
	case TypeList:
		return []any(nil)
	case TypeText, TypeObject, TypeMap:
		return map[string]any(nil)
	}
	return ""
}

// Field is one row of a schema's table.
type Field struct {
	Name     string
	Type     FieldType
	Required bool
	Personal bool // identifies a person: masked in every view
	Derived  bool // computed here, refused in input

	Entity qingyuan.EntityKind // the entity the value names, if any
	Role   string              // what that entity is in the event

	Title  qingyuan.Text
	Enum   []string
	Min    float64 // numbers: smallest value; Min = Max = 0 means the bounds of the type
	Max    float64 // numbers: largest value
	MaxLen int     // strings and codes: characters; lists: items; 0 means the default of the type

	Fields []Field   // members of an object, or of each object of a list
	Of     FieldType // element type of a list of scalars
}

// The default lengths.
const (
	defaultLength = 200 // characters of a string
	defaultCode   = 64  // characters of a code
	defaultItems  = 50  // items of a list
)

// maxNumber bounds whole numbers that have no bounds of their own: ten trillion yuan, more than any lender has.
const maxNumber = 1e15

// bounds are the smallest and largest whole number f takes.
func (f *Field) bounds() (low, high float64) {
	if f.Min == 0 && f.Max == 0 {
		return 0, maxNumber
	}
	return f.Min, f.Max
}

func orElse(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// Schema is the table of one event kind. Schemas are shared: do not change them.
type Schema struct {
	Kind   qingyuan.EventKind
	Title  qingyuan.Text
	Fields []Field
	root   *node
}

// FieldInfo is one typed path of a schema. Members of objects are joined by a dot, members of the objects of a list
// by "[]." and the free values of a map end in ".*": employer.phone, contacts[].phone, attributes.*.
type FieldInfo struct {
	Path     string
	Type     FieldType // of the value; for the path "attributes.*" of a map, TypeMap stands for string, float64 or bool
	Of       FieldType // element type where Type is TypeList
	Personal bool
	Title    qingyuan.Text
}

// SchemaOf is the schema of kind; ok is false for a kind that is not known.
func SchemaOf(kind qingyuan.EventKind) (s *Schema, ok bool) {
	s, ok = schemas[kind]
	return s, ok
}

// Schemas lists all schemas in the order of [qingyuan.EventKinds].
func Schemas() []*Schema {
	out := make([]*Schema, 0, len(qingyuan.EventKinds))
	for _, kind := range qingyuan.EventKinds {
		out = append(out, schemas[kind])
	}
	return out
}

// FieldPaths lists every path of s that can appear in Event.Data, objects and lists before their members.
func (s *Schema) FieldPaths() []FieldInfo {
	return fieldPaths(nil, s.Fields, "")
}

func fieldPaths(out []FieldInfo, fields []Field, prefix string) []FieldInfo {
	for _, f := range fields {
		path := prefix + f.Name
		out = append(out, FieldInfo{Path: path, Type: f.Type, Of: f.Of, Personal: f.Personal, Title: f.Title})
		switch f.Type {
		case TypeText:
			out = fieldPaths(out, textFields, path+".")
		case TypeObject:
			out = fieldPaths(out, f.Fields, path+".")
		case TypeMap:
			out = append(out, FieldInfo{Path: path + ".*", Type: TypeMap, Title: f.Title})
		case TypeList:
			if f.Of == "" {
				out = fieldPaths(out, f.Fields, path+"[].")
			}
		}
	}
	return out
}
