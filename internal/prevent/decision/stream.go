package decision

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"qingyuan"
)

// Stream is one flow of contributions into windows. Velocities that agree in On, Key, Of and Where share a stream.
type Stream struct {
	// ID is a hash of On, Key, Of and Where: equal in every ruleset version that defines the stream so, whatever its windows.
	ID     string
	On     []qingyuan.EventKind
	Key    Selector
	Of     string
	Where  string
	Window time.Duration // the longest window that any velocity reads
	// Count, Sum and Distinct tell which aggregations are read.
	Count, Sum, Distinct bool
}

// Aggregate is a velocity as its stream serves it.
type Aggregate struct {
	ID      string
	Stream  int // index into Streams
	Agg     Aggregation
	Window  time.Duration
	Include bool // the value read for a decision counts the decided event
	Lookup  Selector
}

// Contribution is what one event adds to one key of one stream.
type Contribution struct {
	Stream   int
	Key      [16]byte
	Value    int64  // what a sum adds; 0 where the stream has no sum
	Distinct uint64 // a hash of what a distinct count counts, never 0; 0 where the stream has none
}

// source is where a stream finds what it sums or tells apart.
type source struct {
	where  *condition
	path   []string  // of a field; nil where there is none
	entity *Selector // of entities
}

// stream adds the aggregate of velocity i to the program, and its stream where no earlier velocity has it.
func (c *compilation) stream(p *Program, i int) {
	v := &c.rs.Velocities[i]
	path := "velocities[" + strconv.Itoa(i) + "]"
	c.selectable(path+".key", v.Key, v.On)
	src := source{}
	c.of(&src, v, path+".of")
	var params []string
	if v.Where != "" {
		if src.where = c.condition(path+".where", v.Where, v.On, true); src.where != nil {
			params = src.where.params
		}
	}
	s := Stream{On: sortedKinds(v.On), Key: v.Key, Of: v.Of, Where: strings.TrimSpace(v.Where)}
	s.ID = s.hash(c.parameters, params)
	at := -1
	for j := range p.streams {
		if p.streams[j].ID == s.ID {
			at = j
		}
	}
	if at < 0 {
		at = len(p.streams)
		p.streams, p.sources = append(p.streams, s), append(p.sources, src)
	}
	shared := &p.streams[at]
	shared.Window = max(shared.Window, v.Window)
	shared.Count = shared.Count || v.Agg == Count
	shared.Sum = shared.Sum || v.Agg == Sum
	shared.Distinct = shared.Distinct || v.Agg == Distinct
	p.aggregates = append(p.aggregates, Aggregate{ID: v.ID, Stream: at, Agg: v.Agg, Window: v.Window, Include: v.Include, Lookup: v.Lookup})
}

// selectable reports kinds of event that never have an entity that s selects.
func (c *compilation) selectable(path string, s Selector, kinds []qingyuan.EventKind) {
	for _, k := range kinds {
		entities := c.fields(k).entities
		if entities[s] {
			continue
		}
		known := make([]string, 0, len(entities))
		for e := range entities {
			known = append(known, e.String())
		}
		zh, en := didYouMean(s.String(), known)
		c.problem(path, say("%[1]s 没有实体 %[2]s%[3]s", "%[1]s has no entity %[2]s%[4]s", k, s, zh, en))
	}
}

// of finds what a sum adds up or a distinct count tells apart.
func (c *compilation) of(src *source, v *Velocity, path string) {
	if v.Agg == Count || v.Of == "" {
		return
	}
	selector := ParseSelector(v.Of)
	for _, k := range entityKinds {
		if selector.Kind == k && v.Agg == Distinct {
			c.selectable(path, selector, v.On)
			src.entity = &selector
			return
		}
	}
	src.path = strings.Split(v.Of, ".")
	for _, k := range v.On {
		f, ok := c.fields(k).find(v.Of)
		switch {
		case !ok:
			zh, en := didYouMean(v.Of, c.fields(k).paths())
			c.problem(path, say("%[1]s 没有字段 %[2]s%[3]s", "%[1]s has no field %[2]s%[4]s", k, v.Of, zh, en))
		case v.Agg == Sum && f.Type != TypeInt:
			c.problem(path, say("只能对整数字段求和，%s 是 %s", "only an integer field can be summed; %s is %s", v.Of, f.Type))
		case f.Type == TypeList || f.Type == TypeObject:
			c.problem(path, say("%s 不是单个值", "%s is not a single value", v.Of))
		case v.Agg == Distinct && f.Personal:
			c.problem(path, say("%s 是个人信息，请改用实体", "%s is personal; name its entity instead", v.Of))
		}
	}
}

// hash is the identity of what the stream collects. Parameters count by value.
func (s Stream) hash(parameters map[string]Parameter, used []string) string {
	h := sha256.New()
	fmt.Fprintf(h, "stream\n%q\n%s\n%s\n%q\n", s.On, s.Key, s.Of, s.Where)
	for _, name := range used {
		fmt.Fprintf(h, "%s=%v\n", name, parameters[name].Value)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func sortedKinds(kinds []qingyuan.EventKind) []qingyuan.EventKind {
	out := append([]qingyuan.EventKind(nil), kinds...)
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

// Contributions is what the event adds to the windows, by stream, then key, then distinct value, none twice. An event adds nothing
// to a stream whose where cannot be evaluated for it, or whose field it does not have. It is safe for concurrent use.
func (p *Program) Contributions(e *qingyuan.Event) []Contribution {
	plan := p.plans[e.Kind]
	if plan == nil || len(plan.streams) == 0 {
		return nil
	}
	ev := p.pool.Get().(*Evaluator)
	defer p.pool.Put(ev)
	ev.in = Input{Event: e}
	defer func() { ev.in = Input{} }()
	var out []Contribution
	for _, i := range plan.streams {
		src := p.sources[i]
		if src.where != nil {
			for _, f := range src.where.reads {
				ev.load(f)
			}
			if holds, missing := ev.holds(src.where); missing != "" || !holds {
				continue
			}
		}
		out = p.contribute(out, i, e)
	}
	return out
}

// contribute appends what the event adds to stream i.
func (p *Program) contribute(out []Contribution, i int, e *qingyuan.Event) []Contribution {
	s, src, first := p.streams[i], p.sources[i], len(out)
	each := func(key [16]byte, value int64, distinct uint64) {
		out = append(out, Contribution{Stream: i, Key: key, Value: value, Distinct: distinct})
	}
	var value int64
	var distinct uint64
	if src.path != nil {
		v := lookup(e.Data, src.path)
		if v == nil {
			return out
		}
		if s.Sum {
			n, ok := v.(int64)
			if !ok {
				return out
			}
			value = n
		}
		if s.Distinct {
			distinct = hashOf(v)
		}
	}
	selected(e, s.Key, func(key [16]byte) {
		if src.entity == nil {
			each(key, value, distinct)
			return
		}
		selected(e, *src.entity, func(other [16]byte) { each(key, value, max(1, binary.BigEndian.Uint64(other[:8]))) })
	})
	return out[:first+distinctContributions(out[first:])]
}

// distinctContributions sorts what one event adds to one stream, moves repetitions out and gives the number left.
func distinctContributions(c []Contribution) int {
	if len(c) < 2 {
		return len(c)
	}
	sort.Slice(c, func(i, j int) bool {
		if d := bytes.Compare(c[i].Key[:], c[j].Key[:]); d != 0 {
			return d < 0
		}
		return c[i].Distinct < c[j].Distinct
	})
	n := 1
	for _, x := range c[1:] {
		if x != c[n-1] {
			c[n] = x
			n++
		}
	}
	return n
}

// selected calls each for the key of every entity of the event that s selects; a key may come more than once.
func selected(e *qingyuan.Event, s Selector, each func(key [16]byte)) {
	one := func(x *qingyuan.Entity) {
		var key [16]byte
		if len(x.Key) != 2*len(key) {
			return
		}
		if _, err := hex.Decode(key[:], []byte(x.Key)); err == nil {
			each(key)
		}
	}
	if s.Kind == Subject || s.covers(&e.Subject) {
		one(&e.Subject)
	}
	for i := range e.Entities {
		if s.covers(&e.Entities[i]) {
			one(&e.Entities[i])
		}
	}
}

// covers reports whether s selects the entity.
func (s Selector) covers(e *qingyuan.Entity) bool {
	return e.Kind == s.Kind && (s.Role == "" || e.Role == s.Role)
}

// lookup finds the value at path in the data of an event or a profile; nil where there is none.
func lookup(data map[string]any, path []string) any {
	v := data[path[0]]
	for _, name := range path[1:] {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[name]
	}
	return v
}

// hashOf tells values apart; it is never 0, which means none. It is kept in the windows, so that it must never change.
func hashOf(v any) uint64 {
	var b [9]byte
	switch v := v.(type) {
	case string:
		return max(1, xxhash.Sum64String(v))
	case int64:
		b[0] = 'i'
		binary.BigEndian.PutUint64(b[1:], uint64(v))
	case float64:
		b[0] = 'f'
		binary.BigEndian.PutUint64(b[1:], math.Float64bits(v))
	case bool:
		b[0] = 'b'
		if v {
			b[1] = 1
		}
	}
	return max(1, xxhash.Sum64(b[:]))
}
