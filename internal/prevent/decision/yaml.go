package decision

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"qingyuan"
)

// yamlLine finds the line in an error of the YAML parser.
var yamlLine = regexp.MustCompile(`line (\d+): `)

// say makes a sentence in both languages from two formats over the same arguments.
func say(zh, en string, args ...any) qingyuan.Text {
	return qingyuan.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

// reader walks a YAML document, collects problems and remembers where each path stands.
type reader struct {
	problems  []Problem
	positions map[string]position
}

// reading takes one value of the document.
type reading func(n *yaml.Node, path string)

func (r *reader) problem(n *yaml.Node, path string, message qingyuan.Text) {
	r.problems = append(r.problems, Problem{Line: n.Line, Column: n.Column, Path: path, Message: message})
}

// document parses text into its one document. It gives nil where it reports a problem.
func (r *reader) document(text []byte) *yaml.Node {
	if len(text) > MaxBytes {
		r.problems = append(r.problems, Problem{Message: say("规则集超过 %d 字节", "a ruleset has at most %d bytes", MaxBytes)})
		return nil
	}
	var doc, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		r.problems = append(r.problems, Problem{Message: say("文件为空", "the file is empty")})
		return nil
	} else if err != nil {
		r.syntax(err)
		return nil
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		r.problem(&second, "", say("一个文件只能有一个 YAML 文档", "a file holds one YAML document"))
		return nil
	}
	return doc.Content[0]
}

func (r *reader) syntax(err error) {
	p := Problem{Message: say("YAML 语法错误：%v", "not valid YAML: %v", err)}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		p.Column = 1
	}
	r.problems = append(r.problems, p)
}

// mapping reads an object with these fields. Unknown, repeated and missing fields are problems.
func (r *reader) mapping(n *yaml.Node, path string, fields map[string]reading, required ...string) {
	r.mark(n, path)
	seen := map[string]bool{}
	known := make([]string, 0, len(fields))
	for name := range fields {
		known = append(known, name)
	}
	r.entries(n, path, func(key, value *yaml.Node, path string) {
		field, ok := fields[key.Value]
		switch {
		case !ok:
			zh, en := didYouMean(key.Value, known)
			r.problem(key, path, say("未知字段 %[1]q%[2]s", "unknown field %[1]q%[3]s", key.Value, zh, en))
		default:
			seen[key.Value] = true
			field(value, path)
		}
	})
	for _, name := range required {
		if n.Kind == yaml.MappingNode && !seen[name] {
			r.problem(n, join(path, name), say("缺少 %q", "%q is missing", name))
		}
	}
}

// entries calls each for every pair of an object, without repeated keys.
func (r *reader) entries(n *yaml.Node, path string, each func(key, value *yaml.Node, path string)) {
	if n.Kind != yaml.MappingNode {
		r.problem(n, path, say("应为键值对", "must be a mapping"))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		switch {
		case key.Kind != yaml.ScalarNode || key.Tag == "!!merge":
			r.problem(key, path, say("键必须是普通文本", "a key must be plain text"))
		case seen[key.Value]:
			r.problem(key, at, say("%q 重复", "%q is given twice", key.Value))
		default:
			seen[key.Value] = true
			r.mark(value, at)
			each(key, value, at)
		}
	}
}

// sequence reads a list of at most limit items.
func (r *reader) sequence(limit int, item reading) reading {
	return func(n *yaml.Node, path string) {
		switch {
		case n.Kind != yaml.SequenceNode:
			r.problem(n, path, say("应为列表", "must be a list"))
		case len(n.Content) > limit:
			r.problem(n, path, say("最多 %d 项", "has at most %d items", limit))
		default:
			for i, c := range n.Content {
				at := path + "[" + strconv.Itoa(i) + "]"
				r.mark(c, at)
				item(c, at)
			}
		}
	}
}

// scalar gives the text of a plain value, and whether there is one.
func (r *reader) scalar(n *yaml.Node, path string) (string, bool) {
	switch {
	case n.Kind == yaml.AliasNode:
		r.problem(n, path, say("不支持锚点和引用", "anchors and aliases are not supported"))
	case n.Kind != yaml.ScalarNode:
		r.problem(n, path, say("应为单个值", "must be a single value"))
	case n.Tag == "!!null" || n.Value == "":
		r.problem(n, path, say("不能为空", "must not be empty"))
	default:
		return n.Value, true
	}
	return "", false
}

func (r *reader) text(dst *string, limit int) reading {
	return func(n *yaml.Node, path string) {
		s, ok := r.scalar(n, path)
		if !ok {
			return
		}
		if len(s) > limit {
			r.problem(n, path, say("超过 %d 字节", "has at most %d bytes", limit))
			return
		}
		*dst = s
	}
}

// name reads a text that must match shape.
func (r *reader) name(dst *string, shape *regexp.Regexp) reading {
	return func(n *yaml.Node, path string) {
		s, ok := r.scalar(n, path)
		if !ok {
			return
		}
		if !shape.MatchString(s) {
			r.problem(n, path, say("%[1]q 不符合 %[2]s", "%[1]q must match %[2]s", s, shape))
			return
		}
		*dst = s
	}
}

func (r *reader) integer(dst *int, low, high int) reading {
	return func(n *yaml.Node, path string) {
		s, ok := r.scalar(n, path)
		if !ok {
			return
		}
		i, err := strconv.Atoi(s)
		if err != nil || i < low || i > high {
			r.problem(n, path, say("应为 %d 到 %d 的整数", "must be a whole number from %d to %d", low, high))
			return
		}
		*dst = i
	}
}

func (r *reader) boolean(dst *bool) reading {
	return func(n *yaml.Node, path string) {
		s, ok := r.scalar(n, path)
		if ok && s != "true" && s != "false" {
			r.problem(n, path, say("应为 true 或 false", "must be true or false"))
		}
		*dst = s == "true"
	}
}

// bilingual reads {zh, en}; both are required.
func (r *reader) bilingual(dst *qingyuan.Text) reading {
	return func(n *yaml.Node, path string) {
		r.mapping(n, path, map[string]reading{"zh": r.text(&dst.ZH, 1000), "en": r.text(&dst.EN, 1000)}, "zh", "en")
	}
}

func (r *reader) window(dst *time.Duration, low, high time.Duration) reading {
	return func(n *yaml.Node, path string) {
		s, ok := r.scalar(n, path)
		if !ok {
			return
		}
		d, err := ParseWindow(s)
		if err != nil || d < low || d > high {
			r.problem(n, path, say("%[1]q 应为 %[2]s 到 %[3]s 之间的时长，如 30m、24h、7d", "%[1]q must be a length of time from %[2]s to %[3]s, such as 30m, 24h or 7d", s, FormatWindow(low), FormatWindow(high)))
			return
		}
		*dst = d
	}
}

// choice reads one of all.
func choice[T ~string](r *reader, dst *T, all ...T) reading {
	return func(n *yaml.Node, path string) {
		s, ok := r.scalar(n, path)
		if !ok {
			return
		}
		names := make([]string, len(all))
		for i, v := range all {
			if names[i] = string(v); names[i] == s {
				*dst = v
				return
			}
		}
		zh, en := didYouMean(s, names)
		r.problem(n, path, say("%[1]q 不是允许的值 %[2]v%[3]s", "%[1]q is not one of %[2]v%[4]s", s, names, zh, en))
	}
}

func (r *reader) mark(n *yaml.Node, path string) {
	p := position{line: n.Line, column: n.Column}
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		p.block = 1
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		p.column++
	}
	r.positions[path] = p
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
