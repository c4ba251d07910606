package intake

import (
	"strings"

	"qingyuan"
)

// schemas is the one table of event kinds, compiled once and never changed.
var schemas = compileAll(
	applicationSubmitted(), accountLogin(), accountChanged(), loanDrawn(), repaymentPosted(), cardTransaction(),
	callRecorded(), complaintReceived(), documentSubmitted(), postObserved(), messageReceived(), agreementSubmitted(),
)

// node is the compiled form of one object of a schema: its fields, found by name.
type node struct {
	fields   []*Field
	children []*node        // of objects and lists of objects, else nil
	paths    []string       // of each field, from the root or from the nearest list item
	names    map[string]int // field name → index
	folded   map[string]int // name without case and separators → index, for "did you mean"
	required []int
	mentions bool // some field at or below names an entity or has a check digit
}

func compileAll(tables ...Schema) map[qingyuan.EventKind]*Schema {
	out := make(map[qingyuan.EventKind]*Schema, len(tables))
	for i := range tables {
		s := &tables[i]
		s.Fields = append(s.Fields, derivedFields(s)...)
		s.root = compile(s.Fields, "")
		out[s.Kind] = s
	}
	return out
}

func compile(fields []Field, prefix string) *node {
	n := &node{names: make(map[string]int, len(fields)), folded: make(map[string]int, len(fields))}
	for i := range fields {
		f := &fields[i]
		var child *node
		switch {
		case f.Type == TypeObject:
			child = compile(f.Fields, prefix+f.Name+".")
		case f.Type == TypeText:
			child = compile(textFields, prefix+f.Name+".")
		case f.Type == TypeList && f.Of == "":
			child = compile(f.Fields, "")
		}
		n.fields = append(n.fields, f)
		n.children = append(n.children, child)
		n.paths = append(n.paths, prefix+f.Name)
		n.names[f.Name] = i
		n.folded[fold(f.Name)] = i
		if f.Required {
			n.required = append(n.required, i)
		}
		if f.Entity != "" || f.Type == TypeIDNo || f.Type == TypeBankCard || f.Type == TypeUSCC || child != nil && child.mentions {
			n.mentions = true
		}
	}
	return n
}

// fold is a name without case, '_' and '-': two names with one fold are a slip of the same field.
func fold(name string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
}

// textFields are the members of every free text.
var textFields = []Field{
	{Name: "author", Type: TypeEnum, Required: true, Enum: authorKinds, Title: zhen("作者类型", "Who wrote it")},
	{Name: "text", Type: TypeString, Required: true, Title: zhen("原文", "Text")},
	{Name: "lang", Type: TypeString, MaxLen: 35, Title: zhen("语言", "Language (BCP 47)")},
}

var authorKinds = []string{
	string(qingyuan.AuthorCustomer), string(qingyuan.AuthorOperator), string(qingyuan.AuthorSpeech), string(qingyuan.AuthorOCR),
	string(qingyuan.AuthorPublic), string(qingyuan.AuthorAgent), string(qingyuan.AuthorLender),
}

func zhen(zh, en string) qingyuan.Text { return qingyuan.Text{ZH: zh, EN: en} }

// group joins groups of fields into one table.
func group(groups ...[]Field) []Field {
	var out []Field
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}
