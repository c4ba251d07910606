package intake

import (
	"embed"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"qingyuan"
	"qingyuan/internal/intake/sheet"
)

// Mapping turns the rows of one kind of file into events. It is versioned data, written in YAML:
//
//	version: 1
//	name: uci_credit_default
//	kind: application.submitted
//	source: /import/uci           # CloudEvents source
//	id: "row-{ID}"                # CloudEvents id: {COLUMN} and {row} are filled in
//	encoding: auto                # auto (default), utf-8, gbk, gb18030, utf-16, utf-16le, utf-16be
//	delimiter: ","                # of CSV
//	sheet: 明细                   # of a workbook with several
//	time: {column: APPLIED, layout: "2006-01-02 15:04:05"}     # read in zone, Asia/Shanghai by default
//	time: {column: APPLIED, layout: excel}                     # the serial numbers of a workbook
//	time: {start: "2026-08-22T00:00:00+08:00", step: 6m}       # or made up: start + row × step
//	ignore: [y]                   # columns that must not enter the event
//	fields:
//	  - {field: amount, column: LIMIT_BAL, unit: yuan}         # yuan or fen
//	  - {field: channel, column: CH, values: {"1": app, "*": other}}
//	  - {field: currency, constant: CNY}
//	  - {field: contacts[0].phone, column: CONTACT_TEL}
//	  - {field: attributes.pay_0, column: PAY_0}               # number; as: text keeps the text
//
// Every column of the file must be used or ignored and every column named here must be in the file: a file that has
// changed fails before its first row.
type Mapping struct {
	Version   int                `yaml:"version"`
	Name      string             `yaml:"name"`
	Title     qingyuan.Text      `yaml:"title"`
	Kind      qingyuan.EventKind `yaml:"kind"`
	Source    string             `yaml:"source"`
	ID        string             `yaml:"id"`
	Encoding  string             `yaml:"encoding"`
	Delimiter string             `yaml:"delimiter"`
	Sheet     string             `yaml:"sheet"`
	Time      MappedTime         `yaml:"time"`
	Ignore    []string           `yaml:"ignore"`
	Fields    []MappedField      `yaml:"fields"`
}

// MappedTime says where effective_at comes from: a column, or a made-up sequence Start + row × Step (rows from 0).
type MappedTime struct {
	Column string `yaml:"column"`
	Layout string `yaml:"layout"` // Go layout; RFC 3339 where empty
	Zone   string `yaml:"zone"`   // Asia/Shanghai where empty; used by layouts without an offset
	Start  string `yaml:"start"`  // RFC 3339
	Step   string `yaml:"step"`   // Go duration

	start time.Time
	step  time.Duration
	zone  *time.Location
}

// MappedField fills one field of the event from a column or with a constant.
type MappedField struct {
	Field    string            `yaml:"field"` // path within data
	Column   string            `yaml:"column"`
	Constant string            `yaml:"constant"`
	Unit     string            `yaml:"unit"`   // money: yuan or fen
	Values   map[string]string `yaml:"values"` // cell → value; "*" for every other cell
	As       string            `yaml:"as"`     // free maps: number (default) or text
	Layout   string            `yaml:"layout"` // times and dates: Go layout

	steps []step
	typ   FieldType
}

// step is one member of a path: a name, and the index where the member is a list.
type step struct {
	name  string
	index int // -1: no list
}

// maxMapping bounds the bytes of a mapping.
const maxMapping = 256 << 10

//go:embed mappings/*.yaml
var shipped embed.FS

// ShippedMappings lists the names of the mappings that ship with the product.
func ShippedMappings() []string {
	files, _ := shipped.ReadDir("mappings") // embedded: it is there
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return names
}

// ShippedMappingText is the YAML of one of them. Errors: not_found.
func ShippedMappingText(name string) ([]byte, error) {
	raw, err := shipped.ReadFile("mappings/" + name + ".yaml")
	if err != nil {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "no mapping of that name ships with the product")
	}
	return raw, nil
}

// ShippedMapping is the mapping of that name that ships with the product.
func ShippedMapping(name string) (*Mapping, error) {
	raw, err := ShippedMappingText(name)
	if err != nil {
		return nil, err
	}
	return LoadMapping(raw)
}

// LoadMapping reads and checks a mapping. Errors are Invalid and name the line of the YAML or the path at fault.
func LoadMapping(raw []byte) (*Mapping, error) {
	if len(raw) > maxMapping {
		return nil, bad("a mapping must not be larger than %d bytes", maxMapping)
	}
	var m Mapping
	if err := yaml.UnmarshalWithOptions(raw, &m, yaml.Strict()); err != nil {
		return nil, bad("not a mapping: %s", yaml.FormatError(err, false, false))
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return &m, nil
}

func (m *Mapping) check() *qingyuan.Error {
	schema := schemas[m.Kind]
	switch {
	case m.Version != 1:
		return within(bad("must be 1"), "version")
	case !isKey(m.Name, 60):
		return within(bad("must be 1 to 60 characters of a-z, 0-9 and _"), "name")
	case schema == nil:
		return within(bad("must be one of %v", qingyuan.EventKinds), "kind")
	case token(m.Source) != nil:
		return within(token(m.Source), "source")
	case len(placeholders(m.ID)) == 0:
		return within(bad("must hold a {COLUMN} or {row}: every row needs an id of its own"), "id")
	case m.Encoding != "" && !slices.Contains(sheet.Encodings, m.Encoding):
		return within(bad("must be one of %v", sheet.Encodings), "encoding")
	case len([]rune(m.Delimiter)) > 1 || m.Delimiter == `"` || m.Delimiter == "\n" || m.Delimiter == "\r":
		return within(bad("must be one character"), "delimiter")
	case len(m.Fields) == 0:
		return within(bad("is required"), "fields")
	}
	if err := m.Time.check(); err != nil {
		return within(err, "time")
	}
	used := map[string]bool{}
	for i := range m.Fields {
		f := &m.Fields[i]
		if err := f.check(schema); err != nil {
			return within(err, "fields["+f.Field+"]")
		}
		if used[f.Field] {
			return within(bad("is filled twice"), "fields["+f.Field+"]")
		}
		used[f.Field] = true
	}
	return nil
}

func (t *MappedTime) check() *qingyuan.Error {
	var err error
	if t.Zone == "" {
		t.zone = time.FixedZone("Asia/Shanghai", 8*3600)
	} else if t.zone, err = time.LoadLocation(t.Zone); err != nil {
		return within(bad("is no time zone"), "zone")
	}
	if t.Layout == "" {
		t.Layout = time.RFC3339
	}
	if (t.Column == "") == (t.Start == "") {
		return bad("needs either a column or a start")
	}
	if t.Column != "" {
		return nil
	}
	if t.start, err = time.Parse(time.RFC3339, t.Start); err != nil {
		return within(bad("must be an RFC 3339 time with an offset"), "start")
	}
	if t.step, err = time.ParseDuration(t.Step); err != nil || t.step <= 0 {
		return within(bad("must be a duration such as 90s or 6m"), "step")
	}
	return nil
}

// check resolves the path of f in the schema.
func (f *MappedField) check(schema *Schema) *qingyuan.Error {
	if (f.Column == "") == (f.Constant == "") {
		return bad("needs either a column or a constant")
	}
	n := schema.root
	parts := strings.Split(f.Field, ".")
	for k, part := range parts {
		s, err := parseStep(part)
		if err != nil {
			return err
		}
		f.steps = append(f.steps, s)
		i, ok := n.names[s.name]
		if !ok {
			return n.unknown(s.name)
		}
		field := n.fields[i]
		last := k == len(parts)-1
		switch {
		case field.Derived:
			return bad("is computed and cannot be filled")
		case (field.Type == TypeList) != (s.index >= 0):
			return bad("an index [n] goes with lists, and only with lists")
		case field.Type == TypeMap && k == len(parts)-2 && isKey(parts[k+1], 40):
			f.steps = append(f.steps, step{parts[k+1], -1})
			f.typ = TypeMap
			return f.checkKind()
		case n.children[i] != nil && !last:
			n = n.children[i]
			continue
		case !last || n.children[i] != nil || field.Type == TypeMap:
			return bad("must end at a plain field")
		}
		if f.typ = field.Type; f.typ == TypeList {
			f.typ = field.Of
		}
	}
	return f.checkKind()
}

func (f *MappedField) checkKind() *qingyuan.Error {
	switch {
	case f.typ == TypeMoney && f.Unit != "yuan" && f.Unit != "fen":
		return bad("money needs a unit: yuan or fen")
	case f.typ != TypeMoney && f.Unit != "":
		return bad("only money has a unit")
	case f.As != "" && (f.typ != TypeMap || f.As != "number" && f.As != "text"):
		return bad("as is for free maps: number or text")
	case f.Layout != "" && f.typ != TypeTime && f.typ != TypeDate:
		return bad("only times and dates have a layout")
	}
	return nil
}

// parseStep reads name or name[n], n below 50.
func parseStep(part string) (step, *qingyuan.Error) {
	name, rest, indexed := strings.Cut(part, "[")
	if !indexed {
		return step{name, -1}, nil
	}
	number, ok := strings.CutSuffix(rest, "]")
	if !ok || number == "" || len(number) > 2 || !digits(number) || atoi(number) >= defaultItems {
		return step{}, bad("an index must be written [0] to [%d]", defaultItems-1)
	}
	return step{name, atoi(number)}, nil
}
