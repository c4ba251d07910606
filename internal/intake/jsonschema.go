package intake

import "qingyuan"

// JSONSchema is the JSON Schema (draft 2020-12, as in OpenAPI 3.1) of the data of s. Besides the standard keywords a
// field has "x-title-zh" (its Chinese title), "x-personal" and "x-entity". Derived fields are readOnly.
func (s *Schema) JSONSchema() map[string]any {
	out := objectSchema(s.Fields)
	titled(out, s.Title)
	return out
}

// EnvelopeJSONSchema is the JSON Schema of a whole CloudEvents event of the kind of s.
func (s *Schema) EnvelopeJSONSchema() map[string]any {
	text := func(description string) map[string]any {
		return map[string]any{"type": "string", "minLength": 1, "maxLength": 256, "description": description}
	}
	out := map[string]any{
		"type": "object",
		"properties": map[string]any{
			"specversion":     map[string]any{"type": "string", "const": "1.0"},
			"id":              text("Unique within source; sending it again changes nothing"),
			"source":          text("The lender's system"),
			"type":            map[string]any{"type": "string", "const": string(s.Kind)},
			"time":            map[string]any{"type": "string", "format": "date-time", "description": "When it happened"},
			"datacontenttype": map[string]any{"type": "string", "default": "application/json"},
			"corrects":        text("The id of the event of the same source that this one replaces"),
			"data":            s.JSONSchema(),
		},
		"required":             []string{"specversion", "id", "source", "type", "time", "data"},
		"additionalProperties": false,
	}
	titled(out, s.Title)
	return out
}

func objectSchema(fields []Field) map[string]any {
	properties := make(map[string]any, len(fields))
	required := []string{}
	for i := range fields {
		f := &fields[i]
		properties[f.Name] = fieldSchema(f)
		if f.Required {
			required = append(required, f.Name)
		}
	}
	out := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func fieldSchema(f *Field) map[string]any {
	var out map[string]any
	switch f.Type {
	case TypeObject:
		out = objectSchema(f.Fields)
	case TypeText:
		out = objectSchema(textFields)
	case TypeMap:
		out = map[string]any{
			"type": "object", "maxProperties": maxMapEntries,
			"propertyNames":        map[string]any{"pattern": "^[a-z0-9_]{1,40}$"},
			"additionalProperties": map[string]any{"type": []string{"string", "number", "boolean"}},
		}
	case TypeList:
		items := scalarSchema(f, f.Of)
		if f.Of == "" {
			items = objectSchema(f.Fields)
		}
		out = map[string]any{"type": "array", "items": items, "maxItems": orElse(f.MaxLen, defaultItems)}
	default:
		out = scalarSchema(f, f.Type)
	}
	titled(out, f.Title)
	if f.Personal {
		out["x-personal"] = true
	}
	if f.Entity != "" {
		out["x-entity"] = string(f.Entity)
	}
	if f.Derived {
		out["readOnly"] = true
	}
	return out
}

func scalarSchema(f *Field, t FieldType) map[string]any {
	switch t {
	case TypeInt, TypeMoney:
		low, high := f.bounds()
		out := map[string]any{"type": "integer", "format": "int64", "minimum": int64(low), "maximum": int64(high)}
		if t == TypeMoney {
			out["description"] = "Minor units (fen)"
		}
		return out
	case TypeFloat:
		out := map[string]any{"type": "number", "format": "double"}
		if f.Min != 0 || f.Max != 0 {
			out["minimum"], out["maximum"] = f.Min, f.Max
		}
		return out
	case TypeBool:
		return map[string]any{"type": "boolean"}
	case TypeEnum:
		return map[string]any{"type": "string", "enum": f.Enum}
	case TypeTime:
		return map[string]any{"type": "string", "format": "date-time"}
	case TypeDate:
		return map[string]any{"type": "string", "format": "date"}
	case TypeString:
		return map[string]any{"type": "string", "maxLength": orElse(f.MaxLen, defaultLength)}
	case TypeCode:
		return map[string]any{"type": "string", "maxLength": orElse(f.MaxLen, defaultCode)}
	}
	return map[string]any{"type": "string", "description": formats[t]}
}

// formats say how identifiers are written.
var formats = map[FieldType]string{
	TypePhone:        "Chinese mobile, landline with area code or service number, or + and a country code",
	TypeIDNo:         "Citizen identification number, 18 characters (GB 11643) or the old 15 digits",
	TypeBankCard:     "Card or account number, 12 to 19 digits",
	TypeUSCC:         "Unified social credit code, 18 characters (GB 32100)",
	TypeIP:           "IPv4 or IPv6 address",
	TypeDevice:       "Device identifier, 6 to 128 printable ASCII characters",
	TypeEmail:        "E-mail address",
	TypeAddress:      "Postal address",
	TypeName:         "A person's name",
	TypeOrganisation: "Name of an organisation",
	TypeHandle:       "Social account written platform:account, such as wechat:abc_123",
}

func titled(out map[string]any, title qingyuan.Text) {
	out["title"], out["x-title-zh"] = title.EN, title.ZH
}
