package decision

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"qingyuan"
	"qingyuan/internal/prevent/model"
	"qingyuan/internal/store"
)

// compiledModel is a model of a ruleset with the features that are its inputs.
type compiledModel struct {
	*Model
	feature, because int // what rules and reasons read of it
	inputs           []compiledInput
	// champion and challenger are the trained models; nil where none is named, or where it could not be loaded.
	champion, challenger *model.Model
}

type compiledInput struct {
	column  string
	feature int
}

// Why a model gave no probability. They stand in traces as the value of model.<id>.absent.
const (
	ErrUntrained = "!untrained" // the ruleset names no trained model, or it could not be loaded
	ErrScoring   = "!failed"
)

func (c *compilation) model(p *Program, i int) {
	m := &c.rs.Models[i]
	name := "model." + m.ID + "."
	lacks := map[qingyuan.EventKind]bool{}
	for _, k := range qingyuan.EventKinds {
		lacks[k] = !includes(m.On, k)
	}
	out := compiledModel{Model: m,
		feature: c.add(feature{kind: ofModel, name: name + "probability", index: i, typ: TypeFloat, lacks: lacks}),
		because: c.add(feature{kind: ofBecause, name: name + "because", index: i, typ: TypeString})}
	for _, in := range m.Inputs {
		if f := c.input("models["+strconv.Itoa(i)+"].inputs."+in.Column, in.Fact, m.On); f >= 0 {
			out.inputs = append(out.inputs, compiledInput{in.Column, f})
		}
	}
	p.models = append(p.models, out)
}

// input finds the feature that an input of a model names: -1 after a problem.
func (c *compilation) input(path, fact string, kinds []qingyuan.EventKind) int {
	x := &expression{compilation: c, path: path, kinds: kinds, source: file.NewSource(fact), read: map[int]*use{}, params: map[string]bool{}}
	tree, err := parser.ParseWithConfig(fact, x.config())
	if err != nil {
		x.syntax(err)
		return -1
	}
	f, constant := -1, ast.Node(nil)
	if call, ok := tree.Node.(*ast.CallNode); ok {
		if f, ok = x.calledFeature(call); !ok {
			x.problem(call, say("输入应为一个字段、velocity、profile、signal() 或 list()", "an input is a field, a velocity, a profile value, signal() or list()"))
			return -1
		}
	} else {
		f, constant = x.resolve(tree.Node)
	}
	switch {
	case constant != nil:
		x.problem(tree.Node, say("输入不能是常数", "an input cannot be a constant"))
	case f < 0:
	case x.features[f].personal:
		x.problem(tree.Node, say("%s 是个人信息，不能作为模型输入", "%s is personal and cannot be an input of a model", x.features[f].name))
	case x.features[f].kind == ofModel:
		x.problem(tree.Node, say("模型不能读取另一个模型", "a model cannot read another model"))
	case x.features[f].typ == TypeAny, x.features[f].typ == TypeObject:
		x.wrongUse(tree.Node, f)
	case x.features[f].typ == TypeList:
		x.problem(tree.Node, say("%s 是列表，不是单个值", "%s is a list, not a single value", x.features[f].name))
	default:
		return f
	}
	return -1
}

// model finds what model.<id>.<what> stands for.
func (x *expression) model(n ast.Node, id, what string) int {
	i, ok := x.models[id]
	if !ok {
		zh, en := didYouMean(id, keysOf(x.models))
		x.problem(n, say("未声明模型 %[1]s%[2]s", "the model %[1]s is not declared%[3]s", id, zh, en))
		return -1
	}
	name := "model." + id + "." + what
	switch {
	case what == "probability":
		return x.byName[name+"\x00"+string(TypeFloat)]
	case what == "because" && x.reason:
		return x.byName[name+"\x00"+string(TypeString)]
	}
	x.problem(n, say("模型只有 model.%[1]s.probability；理由文字中还可用 model.%[1]s.because", "a model has model.%[1]s.probability, and in texts of reasons model.%[1]s.because", x.rs.Models[i].ID))
	return -1
}

// bind gives a program the trained models its ruleset names. It reports those the tenant does not have, and those that read
// columns which are not among the inputs.
func (r *record) bind(tx *store.Tx, p *Program) ([]Problem, error) {
	var problems []Problem
	problem := func(path string, message qingyuan.Text) {
		at := p.ruleset.positions[path]
		problems = append(problems, Problem{Line: at.line, Column: at.column, Path: path, Message: message})
	}
	for i := range p.models {
		m := &p.models[i]
		for field, to := range map[string]**model.Model{"version": &m.champion, "challenger": &m.challenger} {
			version, path := m.Version, "models["+strconv.Itoa(i)+"]."+field
			if field == "challenger" {
				version = m.Challenger
			}
			if version == "" {
				continue
			}
			trained, err := r.model(tx, version)
			if qingyuan.CodeOf(err) == qingyuan.NotFound {
				problem(path, say("没有模型 %s，请先上传或训练", "there is no model %s; upload or train it first", version))
				continue
			}
			if err != nil {
				return nil, err
			}
			unknown := slices.DeleteFunc(trained.Columns(), func(c string) bool {
				return slices.ContainsFunc(m.inputs, func(in compiledInput) bool { return in.column == c })
			})
			if len(unknown) > 0 {
				problem(path, say("模型 %[1]s 读取的列不在 inputs 中：%[2]s", "model %[1]s reads columns that inputs do not name: %[2]s", version, strings.Join(unknown, ", ")))
				continue
			}
			*to = trained
		}
	}
	return inOrder(problems), nil
}

// model is a trained model of the tenant. Errors: not_found.
func (r *record) model(tx *store.Tx, version string) (*model.Model, error) {
	if r.models == nil {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "no models are kept here")
	}
	return r.models.Model(tx, version)
}

// inputs collects the inputs of a model for the present event.
func (ev *Evaluator) inputs(m *compiledModel) map[string]any {
	clear(ev.row)
	for _, in := range m.inputs {
		if ev.slots[in.feature].present {
			ev.row[in.column] = ev.env[ev.program.features[in.feature].slot]
		}
	}
	return ev.row
}

// score evaluates a model on the loaded features. It fills the slot of the model's feature.
func (ev *Evaluator) score(m *compiledModel) {
	s := &ev.slots[m.feature]
	if m.champion == nil {
		s.absent = ErrUntrained
		return
	}
	row := ev.inputs(m)
	p, ok := probability(m.champion, row)
	if !ok {
		s.absent = ErrScoring
	} else {
		ev.env[ev.program.features[m.feature].slot], s.present, s.shown = p, true, p
	}
	if m.challenger == nil {
		return
	}
	if p, ok := probability(m.challenger, row); ok {
		s.challenger = p
	} else {
		s.challenger = ErrScoring
	}
}

// probability asks a model; ok is false where it fails, whatever it does.
func probability(m *model.Model, row map[string]any) (p float64, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	p, err := m.Probability(row)
	return p, err == nil
}

// explain finds what moved the models that the fired rules read, adds it to the values and notes where it stands.
func (ev *Evaluator) explain(values []qingyuan.Value) []qingyuan.Value {
	for _, i := range ev.fired {
		for _, f := range ev.program.rules[i].shows {
			if ev.program.features[f].kind != ofBecause || ev.slots[f].present {
				continue
			}
			m := &ev.program.models[ev.program.features[f].index]
			if !ev.slots[m.feature].present {
				continue
			}
			text := because(m.champion, ev.inputs(m))
			if text == "" {
				continue
			}
			ev.slots[f] = slotValue{present: true, shown: text, from: len(values), to: len(values) + 1}
			values = append(values, qingyuan.Value{Name: ev.program.features[f].name, Value: text})
		}
	}
	return values
}

// because lists the columns that moved a probability most with their exact SHAP values in log-odds: amount +0.42, term −0.10.
func because(m *model.Model, row map[string]any) (text string) {
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	_, reasons, err := m.Score(row)
	if err != nil {
		return ""
	}
	parts := make([]string, len(reasons))
	for i, r := range reasons {
		sign := "+"
		if r.Effect < 0 {
			sign = "−"
		}
		parts[i] = r.Column + " " + sign + strconv.FormatFloat(max(r.Effect, -r.Effect), 'f', 2, 64)
	}
	return strings.Join(parts, ", ")
}

// collectModels lists, after the values of features, why a model gave nothing and what its challenger gave, by name.
func (ev *Evaluator) collectModels(models []int) {
	from := len(ev.values)
	for _, i := range models {
		m := &ev.program.models[i]
		s := &ev.slots[m.feature]
		if s.absent != "" {
			ev.values = append(ev.values, qingyuan.Value{Name: "model." + m.ID + ".absent", Value: s.absent})
		}
		if s.challenger != nil {
			ev.values = append(ev.values, qingyuan.Value{Name: "model." + m.ID + ".challenger", Value: s.challenger})
		}
	}
	slices.SortFunc(ev.values[from:], func(a, b qingyuan.Value) int { return cmp.Compare(a.Name, b.Name) })
}
