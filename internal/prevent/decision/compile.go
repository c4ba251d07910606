package decision

import (
	"cmp"
	"slices"
	"sort"
	"strconv"

	"qingyuan"
)

// compilation is a ruleset on its way to a program.
type compilation struct {
	rs         *Ruleset
	catalogue  Catalogue
	own        map[string]function
	tables     map[qingyuan.EventKind]fieldTable
	profile    fieldTable
	parameters map[string]Parameter
	velocities map[string]int
	lists      map[string]int
	models     map[string]int
	features   []feature
	byName     map[string]int // feature name and type → index
	problems   []Problem
}

// Compile checks a ruleset against the catalogue. It collects every problem; the program is nil where there are any.
func Compile(rs *Ruleset, catalogue Catalogue) (*Program, []Problem) {
	c := &compilation{
		rs: rs, catalogue: catalogue, own: ownFunctions(rs.UTCOffset), tables: map[qingyuan.EventKind]fieldTable{},
		profile: tableOf(catalogue.ProfileFields()), parameters: map[string]Parameter{}, velocities: map[string]int{},
		lists: map[string]int{}, models: map[string]int{}, byName: map[string]int{},
	}
	for _, p := range rs.Parameters {
		c.parameters[p.ID] = p
	}
	for i, v := range rs.Velocities {
		c.velocities[v.ID] = i
	}
	for i, l := range rs.Lists {
		c.lists[l.ID] = i
	}
	for i, m := range rs.Models {
		c.models[m.ID] = i
	}
	p := &Program{ruleset: rs, plans: map[qingyuan.EventKind]*plan{}, byID: map[string]int{}}
	for i := range rs.Velocities {
		c.stream(p, i)
	}
	for i := range rs.Models {
		c.model(p, i)
	}
	for i := range rs.Rules {
		c.rule(p, i)
	}
	if len(c.problems) > 0 {
		return nil, inOrder(c.problems)
	}
	p.features = c.features
	for _, o := range slices.Backward(qingyuan.Outcomes) {
		if _, ok := rs.Thresholds[o]; ok {
			p.scored = append(p.scored, o)
		}
	}
	for _, k := range qingyuan.EventKinds {
		p.plans[k] = p.plan(k)
	}
	p.pool.New = func() any { return p.NewEvaluator() }
	return p, nil
}

// inOrder sorts problems as they stand in the text.
func inOrder(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) })
	return problems
}

// fields is the table of one event kind.
func (c *compilation) fields(kind qingyuan.EventKind) fieldTable {
	t, ok := c.tables[kind]
	if !ok {
		t = tableOf(c.catalogue.Fields(kind))
		c.tables[kind] = t
	}
	return t
}

// problem reports something wrong with the value at path.
func (c *compilation) problem(path string, message qingyuan.Text) {
	at := c.rs.positions[path]
	c.problems = append(c.problems, Problem{Line: at.line, Column: at.column, Path: path, Message: message})
}

// compiledRule is a rule ready to run.
type compiledRule struct {
	*Rule
	condition
	zh, en template
	shows  []int // the features its reason shows: those of the condition and of the texts, by name
}

func (c *compilation) rule(p *Program, i int) {
	u := &c.rs.Rules[i]
	path := "rules[" + strconv.Itoa(i) + "]"
	cond := c.condition(path+".when", u.When, u.On, false)
	zh := c.template(path+".reason.zh", u.Reason.ZH, u.On)
	en := c.template(path+".reason.en", u.Reason.EN, u.On)
	p.byID[u.ID] = len(p.rules)
	if cond == nil {
		cond = &condition{}
	}
	shows := map[int]bool{}
	for _, list := range [][]int{cond.reads, zh.features(), en.features()} {
		for _, f := range list {
			shows[f] = true
		}
	}
	for f := range shows {
		if c.features[f].kind == ofModel {
			shows[p.models[c.features[f].index].because] = true
		}
	}
	r := compiledRule{Rule: u, condition: *cond, zh: zh, en: en}
	for f := range shows {
		r.shows = append(r.shows, f)
	}
	sort.Slice(r.shows, func(a, b int) bool { return c.features[r.shows[a]].name < c.features[r.shows[b]].name })
	p.rules = append(p.rules, r)
}

// plan is what deciding one kind of event takes.
type plan struct {
	rules      []int // by id
	features   []int // all that these rules and models read, by name
	models     []int
	aggregates []int
	streams    []int
	atMost     qingyuan.Outcome // the most severe outcome of the kind; empty for any
}

func (p *Program) plan(kind qingyuan.EventKind) *plan {
	out := &plan{atMost: p.ruleset.DecisionPoints[string(kind)].AtMost}
	features, aggregates := map[int]bool{}, map[int]bool{}
	reads := func(f int) {
		if p.features[f].kind == ofBecause || features[f] { // what moved a model is found out once a rule that reads it fired
			return
		}
		features[f] = true
		out.features = append(out.features, f)
		if p.features[f].kind == ofVelocity {
			aggregates[p.features[f].index] = true
		}
	}
	for i, m := range p.models {
		if !includes(m.On, kind) {
			continue
		}
		out.models = append(out.models, i)
		reads(m.feature)
		for _, in := range m.inputs {
			reads(in.feature)
		}
	}
	for i, r := range p.rules {
		if !includes(r.On, kind) {
			continue
		}
		out.rules = append(out.rules, i)
		for _, f := range r.shows {
			reads(f)
		}
	}
	sort.Slice(out.rules, func(a, b int) bool { return p.rules[out.rules[a]].ID < p.rules[out.rules[b]].ID })
	sort.Slice(out.features, func(a, b int) bool { return p.features[out.features[a]].name < p.features[out.features[b]].name })
	for i := range p.aggregates {
		if aggregates[i] {
			out.aggregates = append(out.aggregates, i)
		}
	}
	for i, s := range p.streams {
		if includes(s.On, kind) {
			out.streams = append(out.streams, i)
		}
	}
	return out
}

func includes(kinds []qingyuan.EventKind, kind qingyuan.EventKind) bool {
	for _, k := range kinds {
		if k == kind {
			return true
		}
	}
	return false
}
