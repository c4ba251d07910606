package intake_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/intake"
)

// authored are the events of the authored file, raw and parsed.
func authored(t testing.TB) (raw [][]byte, parsed []*intake.Parsed) {
	t.Helper()
	file, err := os.ReadFile(authoredFile)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(file) {
		p, err := intake.Parse(line, now, intake.DefaultLimits())
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		raw, parsed = append(raw, line), append(parsed, p)
	}
	return raw, parsed
}

// TestTables holds what every table promises.
func TestTables(t *testing.T) {
	if len(intake.Schemas()) != len(qingyuan.EventKinds) {
		t.Fatal("not every kind has a schema")
	}
	name := regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	for i, s := range intake.Schemas() {
		if s.Kind != qingyuan.EventKinds[i] || s.Title.ZH == "" || s.Title.EN == "" {
			t.Errorf("schema %d is %s %v", i, s.Kind, s.Title)
		}
		var check func(path string, fields []intake.Field, inList bool)
		check = func(path string, fields []intake.Field, inList bool) {
			if len(fields) == 0 || len(fields) > 128 {
				t.Errorf("%s has %d fields", path, len(fields))
			}
			seen := map[string]bool{}
			for _, f := range fields {
				at := path + "." + f.Name
				list := f.Type == intake.TypeList
				switch {
				case !name.MatchString(f.Name) || seen[f.Name]:
					t.Errorf("%s: bad or double name", at)
				case f.Title.ZH == "" || f.Title.EN == "":
					t.Errorf("%s has no title in both languages", at)
				case (f.Type == intake.TypeEnum || f.Of == intake.TypeEnum) != (len(f.Enum) > 0):
					t.Errorf("%s: an enum, and only an enum, lists its values", at)
				case (f.Entity == "") != (f.Role == ""):
					t.Errorf("%s: entity and role go together", at)
				case (len(f.Fields) > 0) != (f.Type == intake.TypeObject || list && f.Of == ""):
					t.Errorf("%s: members belong to objects and lists of objects", at)
				case list && inList:
					t.Errorf("%s: a list in a list has no path", at)
				case f.Min > f.Max:
					t.Errorf("%s: bounds", at)
				}
				seen[f.Name] = true
				if len(f.Fields) > 0 {
					check(at, f.Fields, inList || list)
				}
			}
		}
		check(string(s.Kind), s.Fields, false)
	}
}

func TestFieldPaths(t *testing.T) {
	s, ok := intake.SchemaOf(qingyuan.ApplicationSubmitted)
	if !ok {
		t.Fatal("no schema")
	}
	got := map[string]intake.FieldInfo{}
	for _, f := range s.FieldPaths() {
		if _, again := got[f.Path]; again {
			t.Errorf("%s stands twice", f.Path)
		}
		got[f.Path] = f
	}
	for path, want := range map[string]intake.FieldType{
		"amount": intake.TypeMoney, "employer": intake.TypeObject, "employer.phone": intake.TypePhone, "contacts": intake.TypeList,
		"contacts[].phone": intake.TypePhone, "statement.text": intake.TypeString, "attributes": intake.TypeMap, "attributes.*": intake.TypeMap,
		"derived.hour_local": intake.TypeInt, "quality[].code": intake.TypeEnum, "call_forwarding.observed_on": intake.TypeDate,
	} {
		if got[path].Type != want {
			t.Errorf("%s is %q, want %q", path, got[path].Type, want)
		}
	}
	if !got["contacts[].phone"].Personal || got["amount"].Personal {
		t.Error("contacts[].phone is personal, amount is not")
	}
	if _, ok := intake.SchemaOf("nothing"); ok {
		t.Error("a schema of no kind")
	}
}

// TestZeroMatchesValues holds that every value of every authored event has the Go type its field says.
func TestZeroMatchesValues(t *testing.T) {
	_, events := authored(t)
	seen := map[intake.FieldType]bool{}
	for _, p := range events {
		types := map[string]intake.FieldInfo{}
		s, _ := intake.SchemaOf(p.Event.Kind)
		for _, f := range s.FieldPaths() {
			types[f.Path] = f
		}
		walk("", p.Event.Data, func(path string, v any) {
			f, ok := types[path]
			if !ok {
				t.Errorf("%s: %s is no path of the schema", p.Event.ExternalID, path)
				return
			}
			if reflect.TypeOf(v) != reflect.TypeOf(f.Type.Zero()) {
				t.Errorf("%s: %s is a %T", p.Event.ExternalID, path, v)
			}
			seen[f.Type] = true
		})
	}
	if len(seen) < 20 {
		t.Errorf("the authored events hold %d field types only", len(seen))
	}
}

// walk visits every value below v with its path as FieldPaths writes it.
func walk(path string, v any, visit func(path string, v any)) {
	switch v := v.(type) {
	case map[string]any:
		if path != "" {
			visit(path, v)
			path += "."
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			walk(path+name, v[name], visit)
		}
	case []any:
		visit(path, v)
		for _, x := range v {
			if m, ok := x.(map[string]any); ok {
				for _, name := range slices.Sorted(maps.Keys(m)) {
					walk(path+"[]."+name, m[name], visit)
				}
			}
		}
	default:
		visit(path, v)
	}
}

// TestJSONSchema holds that each schema is valid JSON, names exactly the fields of its table and requires the same.
func TestJSONSchema(t *testing.T) {
	for _, s := range intake.Schemas() {
		raw, err := json.Marshal(s.EnvelopeJSONSchema())
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]any
		if err := json.Unmarshal(raw, &back); err != nil {
			t.Fatal(err)
		}
		data := back["properties"].(map[string]any)["data"].(map[string]any)
		var compare func(at string, fields []intake.Field, schema map[string]any)
		compare = func(at string, fields []intake.Field, schema map[string]any) {
			properties, _ := schema["properties"].(map[string]any)
			if len(properties) != len(fields) || schema["additionalProperties"] != false || schema["type"] != "object" {
				t.Errorf("%s: %d properties, %d fields", at, len(properties), len(fields))
			}
			var required []any
			for _, f := range fields {
				property, ok := properties[f.Name].(map[string]any)
				if !ok || property["type"] == nil || property["title"] != f.Title.EN || property["x-title-zh"] != f.Title.ZH {
					t.Errorf("%s.%s: %v", at, f.Name, property)
				}
				if f.Required {
					required = append(required, f.Name)
				}
				if f.Personal != (property["x-personal"] == true) || f.Derived != (property["readOnly"] == true) {
					t.Errorf("%s.%s: personal or derived", at, f.Name)
				}
				switch {
				case f.Type == intake.TypeObject:
					compare(at+"."+f.Name, f.Fields, property)
				case f.Type == intake.TypeList && f.Of == "":
					compare(at+"."+f.Name, f.Fields, property["items"].(map[string]any))
				}
			}
			got, _ := schema["required"].([]any)
			if !reflect.DeepEqual(got, required) {
				t.Errorf("%s requires %v, want %v", at, got, required)
			}
		}
		compare(string(s.Kind), s.Fields, data)
	}
}

func TestCodec(t *testing.T) {
	_, events := authored(t)
	for _, p := range events {
		b, err := intake.EncodeData(p.Event.Data)
		if err != nil {
			t.Fatal(err)
		}
		back, err := intake.DecodeData(b)
		if err != nil || !reflect.DeepEqual(back, p.Event.Data) {
			t.Errorf("%s: %v\n%v\n%v", p.Event.ExternalID, err, back, p.Event.Data)
		}
	}
	for _, bad := range []any{int(1), []string{"x"}, time.Now(), map[string]any{"a": nil}} {
		if _, err := intake.EncodeData(map[string]any{"v": bad}); err == nil {
			t.Errorf("%T was encoded", bad)
		}
	}
	got, _ := intake.EncodeData(map[string]any{"b": 1.0, "a": int64(1), "c": 1e21, "d": -0.0, "e": []any{true, "\"\n"}})
	if want := `{"a":1,"b":1.0,"c":1e+21,"d":0.0,"e":[true,"\"\n"]}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, raw := range []string{"", "[]", "{", `{"a":null}`, `{"a":1,"a":2}`} {
		if _, err := intake.DecodeData([]byte(raw)); err == nil {
			t.Errorf("%q was decoded", raw)
		}
	}
}

// resent is normalised data as a lender would send them again.
func resent(fields []intake.Field, data map[string]any) map[string]any {
	out := map[string]any{}
	for _, f := range fields {
		v, ok := data[f.Name]
		if !ok || f.Derived {
			continue
		}
		switch {
		case f.Type == intake.TypeTime:
			v = time.UnixMicro(v.(int64)).UTC().Format(time.RFC3339Nano)
		case f.Type == intake.TypeObject:
			v = resent(f.Fields, v.(map[string]any))
		case f.Type == intake.TypeList && f.Of == "":
			var list []any
			for _, x := range v.([]any) {
				list = append(list, resent(f.Fields, x.(map[string]any)))
			}
			v = list
		}
		out[f.Name] = v
	}
	return out
}

// checkEvent holds the properties every accepted event has: sending what was accepted changes nothing, the record
// gives the same data back, and the mask hides what it must.
func checkEvent(t *testing.T, p *intake.Parsed) {
	t.Helper()
	s, _ := intake.SchemaOf(p.Event.Kind)
	raw, err := json.Marshal(resent(s.Fields, p.Event.Data))
	if err != nil {
		t.Fatal(err)
	}
	again, err := intake.Parse(envelope(p.Event.Kind, string(raw)), now, intake.DefaultLimits())
	if err != nil {
		t.Fatalf("sent again: %v\n%s", err, raw)
	}
	for _, name := range []string{"quality", "derived"} { // the old form of an ID number is converted once
		delete(again.Event.Data, name)
	}
	want := maps.Clone(p.Event.Data)
	delete(want, "quality")
	delete(want, "derived")
	if !reflect.DeepEqual(again.Event.Data, want) || !reflect.DeepEqual(again.Mentions, p.Mentions) {
		t.Errorf("not idempotent\n%v %v\n%v %v", again.Event.Data, again.Mentions, want, p.Mentions)
	}
	b, err := intake.EncodeData(p.Event.Data)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := intake.DecodeData(b); err != nil || !reflect.DeepEqual(back, p.Event.Data) {
		t.Errorf("the codec gives back %v, %v", back, err)
	}
	checkMask(t, s, p)
}

// checkMask holds that no string of the masked view contains a personal value of the event.
func checkMask(t *testing.T, s *intake.Schema, p *intake.Parsed) {
	t.Helper()
	types := map[string]intake.FieldInfo{}
	for _, f := range s.FieldPaths() {
		types[f.Path] = f
	}
	index := regexp.MustCompile(`\[\d+\]`)
	masked := intake.Mask(s, p.Event.Data)
	for _, m := range p.Mentions {
		path := index.ReplaceAllString(m.Path, "[]")
		f, ok := types[path]
		if !ok {
			f, ok = types[strings.TrimSuffix(path, "[]")]
		}
		if !ok {
			t.Fatalf("%s is no path", m.Path)
		}
		value := strings.TrimPrefix(m.Value, "+86")
		if !f.Personal || len(value) < 4 || strings.ContainsAny(value, "*×＊") {
			continue // a value that holds a mark was masked before it came
		}
		own := path
		walk("", masked, func(path string, v any) {
			kind := types[path].Type
			if types[path].Personal && path != own {
				return // the four figures a card shows may be another field's whole value
			}
			if text, ok := v.(string); ok && kind != intake.TypeEnum && kind != intake.TypeDate && strings.Contains(text, value) {
				t.Errorf("the mask shows %s %q at %s: %q", m.Kind, value, path, text)
			}
		})
	}
}

func TestEveryAuthoredEvent(t *testing.T) {
	_, events := authored(t)
	for _, p := range events {
		checkEvent(t, p)
	}
}

// FuzzData fuzzes the data of each kind.
func FuzzData(f *testing.F) {
	raw, events := authored(f)
	seeds := map[qingyuan.EventKind]int{}
	for i, p := range events {
		if seeds[p.Event.Kind]++; seeds[p.Event.Kind] > 4 {
			continue
		}
		var e struct{ Data json.RawMessage }
		if err := json.Unmarshal(raw[i], &e); err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(slices.Index(qingyuan.EventKinds, p.Event.Kind)), []byte(e.Data))
	}
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		p, err := intake.Parse(envelope(qingyuan.EventKinds[int(kind)%len(qingyuan.EventKinds)], string(data)), now, intake.DefaultLimits())
		if err != nil {
			if qingyuan.CodeOf(err) != qingyuan.Invalid {
				t.Errorf("error %v", err)
			}
			return
		}
		checkEvent(t, p)
	})
}

// FuzzEnvelope fuzzes whole events and batches.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(application))
	f.Add([]byte("[" + application + "]"))
	f.Add([]byte(`{"data":{"amount":1},"type":"application.submitted"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := intake.Parse(raw, now, intake.DefaultLimits()); err != nil && qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("error %v", err)
		}
		items, err := intake.ParseBatch(raw, now, intake.DefaultLimits())
		if err != nil && qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("error %v", err)
		}
		for _, item := range items {
			if (item.Err == nil) == (item.Parsed == nil) {
				t.Errorf("item %+v", item)
			}
		}
	})
}
