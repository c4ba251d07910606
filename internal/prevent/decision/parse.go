package decision

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"qingyuan"
)

var (
	// ruleName is the shape of the ids of rules and rulesets; termName that of names that stand in expressions.
	ruleName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)
	termName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	// selectorShape is kind or kind:role.
	selectorShape = regexp.MustCompile(`^[a-z_]{1,40}(:[a-z][a-z0-9_]{0,39})?$`)
	offsetShape   = regexp.MustCompile(`^([+-])(\d\d):(\d\d)$`)
	// columnName is the shape of a model's columns, modelVersion that of the version of a trained model.
	columnName   = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_.-]{0,63}$`)
	modelVersion = regexp.MustCompile(`^mdl_[0-9a-f]{32}$`)
	fieldShape   = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(:[a-z][a-z0-9_]*)?$`)
)

// Subject selects what the event is about, a person or a customer by whichever number the lender gave. It is a kind of selectors
// only: no entity has it, and no list.
const Subject qingyuan.EntityKind = "subject"

// entityKinds lists what a selector may name.
var entityKinds = []qingyuan.EntityKind{Subject, qingyuan.Person, qingyuan.Customer, qingyuan.Phone, qingyuan.Device, qingyuan.IP, qingyuan.BankCard,
	qingyuan.Email, qingyuan.Address, qingyuan.Organisation, qingyuan.Employer, qingyuan.Handle, qingyuan.Merchant, qingyuan.Terminal,
	qingyuan.Agent, qingyuan.Voice}

// Parse reads a ruleset. It collects every problem of form, each with its line; the ruleset is nil where there are any. What
// needs the field catalogue is checked by [Compile].
func Parse(text []byte) (*Ruleset, []Problem) {
	r := &reader{positions: map[string]position{}}
	root := r.document(text)
	if root == nil {
		return nil, r.problems
	}
	rs := &Ruleset{UTCOffset: 8 * time.Hour, Thresholds: map[qingyuan.Outcome]int{}, DecisionPoints: map[string]DecisionPoint{}, positions: r.positions}
	r.mapping(root, "", map[string]reading{
		"id":              r.name(&rs.ID, ruleName),
		"version":         r.integer(&rs.Version, 0, 1<<30),
		"title":           r.bilingual(&rs.Title),
		"utc_offset":      r.offset(&rs.UTCOffset),
		"parameters":      r.sequence(MaxParameters, r.parameter(rs)),
		"velocities":      r.sequence(MaxVelocities, r.velocity(rs)),
		"lists":           r.sequence(MaxLists, r.list(rs)),
		"models":          r.sequence(MaxModels, r.model(rs)),
		"rules":           r.sequence(MaxRules, r.rule(rs)),
		"thresholds":      r.thresholds(rs),
		"decision_points": r.decisionPoints(rs),
	}, "id", "title", "rules", "thresholds")
	if len(r.problems) > 0 {
		return nil, inOrder(r.problems)
	}
	return rs, nil
}

// unique reports an id that was given before.
func (r *reader) unique(n *yaml.Node, path, id string, taken bool) {
	if id != "" && taken {
		r.problem(n, join(path, "id"), say("编号 %q 重复", "the id %q is used twice", id))
	}
}

func (r *reader) parameter(rs *Ruleset) reading {
	return func(n *yaml.Node, path string) {
		var p Parameter
		r.mapping(n, path, map[string]reading{
			"id":     r.name(&p.ID, termName),
			"value":  r.value(&p.Value),
			"source": r.text(&p.Source, 1000),
			"date":   r.name(&p.Date, regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)),
		}, "id", "value", "source", "date")
		for _, q := range rs.Parameters {
			r.unique(n, path, p.ID, q.ID == p.ID)
		}
		rs.Parameters = append(rs.Parameters, p)
	}
}

// value reads a number (int or float64), true, false or a text.
func (r *reader) value(dst *any) reading {
	return func(n *yaml.Node, path string) {
		s, ok := r.scalar(n, path)
		if !ok {
			return
		}
		var err error
		switch n.Tag {
		case "!!int":
			var i int64
			i, err = strconv.ParseInt(s, 0, 64)
			*dst = int(i)
		case "!!float":
			*dst, err = strconv.ParseFloat(s, 64)
		case "!!bool":
			*dst, err = strconv.ParseBool(s)
		default:
			*dst = s
		}
		if err != nil {
			r.problem(n, path, say("%q 不是可用的值", "%q is not a usable value", s))
		}
	}
}

func (r *reader) velocity(rs *Ruleset) reading {
	return func(n *yaml.Node, path string) {
		var v Velocity
		current := "exclude"
		r.mapping(n, path, map[string]reading{
			"id":      r.name(&v.ID, termName),
			"on":      r.kinds(&v.On),
			"key":     r.selector(&v.Key),
			"lookup":  r.selector(&v.Lookup),
			"agg":     choice(r, &v.Agg, Count, Sum, Distinct),
			"of":      r.name(&v.Of, fieldShape),
			"window":  r.window(&v.Window, MinWindow, MaxWindow),
			"where":   r.text(&v.Where, MaxExpression),
			"current": choice(r, &current, "exclude", "include"),
		}, "id", "on", "key", "agg", "window")
		if (v.Agg == Count) == (v.Of != "") && v.Agg != "" {
			r.problem(n, join(path, "of"), say("sum 与 distinct 需要 of，count 不需要", "sum and distinct need of, count takes none"))
		}
		for _, w := range rs.Velocities {
			r.unique(n, path, v.ID, w.ID == v.ID)
		}
		v.Include = current == "include"
		if v.Lookup == (Selector{}) {
			v.Lookup = v.Key
		}
		rs.Velocities = append(rs.Velocities, v)
	}
}

func (r *reader) list(rs *Ruleset) reading {
	return func(n *yaml.Node, path string) {
		l := List{Match: MatchExact}
		r.mapping(n, path, map[string]reading{
			"id":    r.name(&l.ID, termName),
			"title": r.bilingual(&l.Title),
			"kind":  choice(r, &l.Kind, entityKinds[1:]...),
			"match": choice(r, &l.Match, MatchExact, MatchCIDR, MatchPrefix),
		}, "id", "title")
		if l.Match == MatchCIDR && l.Kind != qingyuan.IP {
			r.problem(n, join(path, "kind"), say("cidr 名单的 kind 必须是 ip", "a cidr list must have kind ip"))
		}
		for _, o := range rs.Lists {
			r.unique(n, path, l.ID, o.ID == l.ID)
		}
		rs.Lists = append(rs.Lists, l)
	}
}

func (r *reader) model(rs *Ruleset) reading {
	return func(n *yaml.Node, path string) {
		var m Model
		r.mapping(n, path, map[string]reading{
			"id":         r.name(&m.ID, termName),
			"title":      r.bilingual(&m.Title),
			"on":         r.kinds(&m.On),
			"inputs":     r.inputs(&m.Inputs),
			"version":    r.name(&m.Version, modelVersion),
			"challenger": r.name(&m.Challenger, modelVersion),
		}, "id", "title", "on", "inputs")
		for _, o := range rs.Models {
			r.unique(n, path, m.ID, o.ID == m.ID)
		}
		if m.Challenger != "" && (m.Version == "" || m.Version == m.Challenger) {
			r.problem(n, join(path, "challenger"), say("challenger 需要另一个 version 与之比较", "a challenger needs another model as version to stand beside"))
		}
		rs.Models = append(rs.Models, m)
	}
}

func (r *reader) inputs(dst *[]ModelInput) reading {
	return func(n *yaml.Node, path string) {
		r.entries(n, path, func(key, value *yaml.Node, path string) {
			var in ModelInput
			r.name(&in.Column, columnName)(key, path)
			r.text(&in.Fact, MaxExpression)(value, path)
			*dst = append(*dst, in)
		})
		if n.Kind == yaml.MappingNode && (len(n.Content) == 0 || len(n.Content) > 2*MaxInputs) {
			r.problem(n, path, say("需要 1 至 %d 个输入", "has 1 to %d inputs", MaxInputs))
		}
	}
}

func (r *reader) rule(rs *Ruleset) reading {
	ids := map[string]bool{}
	return func(n *yaml.Node, path string) {
		u := Rule{Polarity: qingyuan.Suspicion}
		r.mapping(n, path, map[string]reading{
			"id":             r.name(&u.ID, ruleName),
			"title":          r.bilingual(&u.Title),
			"on":             r.kinds(&u.On),
			"typology":       choice(r, &u.Typology, qingyuan.Typologies...),
			"family":         choice(r, &u.Family, qingyuan.Families...),
			"polarity":       choice(r, &u.Polarity, qingyuan.Suspicion, qingyuan.Hardship),
			"when":           r.text(&u.When, MaxExpression),
			"weight":         r.integer(&u.Weight, 0, MaxWeight),
			"outcome":        choice(r, &u.Outcome, qingyuan.Outcomes...),
			"hard":           r.boolean(&u.Hard),
			"reason":         r.bilingual(&u.Reason),
			"source":         r.text(&u.Source, 1000),
			"false_positive": r.text(&u.FalsePositive, 1000),
		}, "id", "title", "on", "family", "when", "weight", "reason", "source")
		r.unique(n, path, u.ID, ids[u.ID])
		ids[u.ID] = true
		r.coherent(n, path, u)
		rs.Rules = append(rs.Rules, u)
	}
}

// coherent checks what the fields of one rule must not say together.
func (r *reader) coherent(n *yaml.Node, path string, u Rule) {
	if u.Polarity == qingyuan.Suspicion && u.Typology == "" {
		r.problem(n, join(path, "typology"), say("可疑规则需要 typology", "a suspicion rule needs a typology"))
	}
	if u.Polarity == qingyuan.Hardship && (u.Outcome != "" || u.Hard) {
		r.problem(n, join(path, "outcome"), say("困难规则只能减分，不能指定结果", "a hardship rule only subtracts; it names no outcome"))
	}
	if u.Hard && u.Outcome == "" {
		r.problem(n, join(path, "hard"), say("hard 规则需要 outcome", "a hard rule needs an outcome"))
	}
}

func (r *reader) thresholds(rs *Ruleset) reading {
	return func(n *yaml.Node, path string) {
		r.entries(n, path, func(key, value *yaml.Node, path string) {
			var o qingyuan.Outcome
			choice(r, &o, qingyuan.Outcomes[1:]...)(key, path)
			var score int
			r.integer(&score, 1, MaxRules*MaxWeight)(value, path)
			if o != "" {
				rs.Thresholds[o] = score
			}
		})
		last := 0
		for _, o := range qingyuan.Outcomes {
			score, ok := rs.Thresholds[o]
			if ok && score <= last {
				r.problem(n, join(path, string(o)), say("阈值必须随结果的严厉程度递增", "thresholds must rise with the severity of the outcome"))
			}
			last = max(last, score)
		}
	}
}

func (r *reader) decisionPoints(rs *Ruleset) reading {
	return func(n *yaml.Node, path string) {
		r.entries(n, path, func(key, value *yaml.Node, path string) {
			var p DecisionPoint
			deadline := 0
			r.mapping(value, path, map[string]reading{
				"deadline_ms": r.integer(&deadline, 1, 60_000),
				"fallback":    choice(r, &p.Fallback, qingyuan.Outcomes...),
				"fail":        choice(r, &p.Fail, FailOpen, FailClosed),
				"at_most":     choice(r, &p.AtMost, qingyuan.Outcomes...),
			}, "deadline_ms", "fallback", "fail")
			p.Deadline = time.Duration(deadline) * time.Millisecond
			stops := p.Fallback.Severity() >= qingyuan.Challenge.Severity()
			if p.Fallback != "" && p.Fail != "" && stops != (p.Fail == FailClosed) {
				r.problem(value, join(path, "fail"), say("fallback %[1]s 与 fail %[2]s 矛盾", "fallback %[1]s contradicts fail %[2]s", p.Fallback, p.Fail))
			}
			if p.AtMost != "" && p.Fallback.Severity() > p.AtMost.Severity() {
				r.problem(value, join(path, "at_most"), say("fallback %[1]s 比 at_most %[2]s 更严", "fallback %[1]s is more severe than at_most %[2]s", p.Fallback, p.AtMost))
			}
			if p.AtMost != "" && !slices.Contains(qingyuan.EventKinds, qingyuan.EventKind(key.Value)) {
				r.problem(value, join(path, "at_most"), say("at_most 只能用于事件类型", "at_most is for event kinds only"))
			}
			rs.DecisionPoints[key.Value] = p
		})
	}
}

// kinds reads one event kind or a list of them.
func (r *reader) kinds(dst *[]qingyuan.EventKind) reading {
	return func(n *yaml.Node, path string) {
		one := func(n *yaml.Node, path string) {
			var k qingyuan.EventKind
			choice(r, &k, qingyuan.EventKinds...)(n, path)
			if slices.Contains(*dst, k) && k != "" {
				r.problem(n, path, say("%q 重复", "%q is given twice", k))
			}
			*dst = append(*dst, k)
		}
		if n.Kind == yaml.ScalarNode {
			one(n, path)
			return
		}
		r.sequence(len(qingyuan.EventKinds), one)(n, path)
		if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
			r.problem(n, path, say("至少需要一种事件", "names at least one event kind"))
		}
	}
}

func (r *reader) selector(dst *Selector) reading {
	return func(n *yaml.Node, path string) {
		var s string
		r.name(&s, selectorShape)(n, path)
		if s == "" {
			return
		}
		*dst = ParseSelector(s)
		choice(r, &dst.Kind, entityKinds...)(&yaml.Node{Kind: yaml.ScalarNode, Value: string(dst.Kind), Line: n.Line, Column: n.Column}, path)
	}
}

// offset reads a difference to UTC such as +08:00.
func (r *reader) offset(dst *time.Duration) reading {
	return func(n *yaml.Node, path string) {
		var s string
		r.name(&s, offsetShape)(n, path)
		m := offsetShape.FindStringSubmatch(s)
		if m == nil {
			return
		}
		hours, _ := strconv.Atoi(m[2])
		minutes, _ := strconv.Atoi(m[3])
		if hours > 14 || minutes > 59 {
			r.problem(n, path, say("%q 不是时区偏移", "%q is not a difference to UTC", s))
			return
		}
		*dst = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
		if m[1] == "-" {
			*dst = -*dst
		}
	}
}
