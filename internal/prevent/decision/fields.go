package decision

import (
	"qingyuan"
	"qingyuan/internal/intake"
)

// EventFields is the catalogue of the events that intake accepts, with the profile fields given.
type EventFields struct{ Profile []Field }

// ProfileFields lists the profile fields the catalogue was made with.
func (c EventFields) ProfileFields() []Field { return c.Profile }

// Fields lists the fields of the kind's schema.
func (c EventFields) Fields(kind qingyuan.EventKind) []Field {
	schema, ok := intake.SchemaOf(kind)
	if !ok {
		return nil
	}
	return appendFields(nil, schema.Fields, "")
}

func appendFields(out []Field, fields []intake.Field, prefix string) []Field {
	for _, f := range fields {
		path := prefix + f.Name
		d := Field{Path: path, Type: typeOf(f.Type), Enum: f.Enum, Personal: f.Personal, Entity: f.Entity, Role: f.Role}
		if f.Of != "" {
			d.Of = typeOf(f.Of)
		}
		out = append(out, d)
		switch {
		case f.Type == intake.TypeText:
			// What people write may name anybody.
			out = append(out, Field{Path: path + ".author", Type: TypeString}, Field{Path: path + ".text", Type: TypeString, Personal: true},
				Field{Path: path + ".lang", Type: TypeString})
		case f.Type == intake.TypeMap:
			out = append(out, Field{Path: path + ".*", Type: TypeAny})
		case f.Type == intake.TypeList && f.Of == "":
			out = appendFields(out, f.Fields, path+"[].")
		default:
			out = appendFields(out, f.Fields, path+".")
		}
	}
	return out
}

// typeOf is the type that values of an intake type have in an event.
func typeOf(t intake.FieldType) FieldType {
	switch t.Zero().(type) {
	case int64:
		return TypeInt
	case float64:
		return TypeFloat
	case bool:
		return TypeBool
	case []any:
		return TypeList
	case map[string]any:
		return TypeObject
	}
	return TypeString
}
