package discourse

import (
	"regexp"
	"slices"
	"strings"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

// MaxText is the longest part of a text, in bytes, that is read; what follows is ignored.
const MaxText = 256 << 10

// Detector finds patterns. It is immutable.
type Detector struct {
	views    *normal.Normalizer
	patterns []pattern
	version  string
}

// New compiles patterns from YAML; [ShippedPatterns] gives those of this build.
func New(views *normal.Normalizer, patterns []byte) (*Detector, error) {
	f, compiled, err := parse(patterns)
	if err != nil {
		return nil, err
	}
	return &Detector{views, compiled, "discourse@" + f.Version}, nil
}

// Version is the detector's name@version, by the version of its patterns.
func (d *Detector) Version() string { return d.version }

// view is the compact view as a string, with the symbol that each of its bytes belongs to.
type view struct {
	*normal.View
	text   string
	symbol []int32
}

func (d *Detector) view(text string) (*view, error) {
	if len(text) > MaxText {
		text = text[:MaxText]
	}
	v, err := d.views.View(text, normal.Compact)
	if err != nil {
		return nil, err
	}
	out := &view{View: v}
	var b strings.Builder
	for i, r := range v.Symbols {
		n := b.Len()
		b.WriteRune(r)
		for range b.Len() - n {
			out.symbol = append(out.symbol, int32(i))
		}
	}
	out.text = b.String()
	return out, nil
}

// raw is the raw span of bytes [i, j) of the view's text, i < j.
func (v *view) raw(i, j int) qingyuan.Span { return v.Raw(int(v.symbol[i]), int(v.symbol[j-1])+1) }

// Signals are the patterns that a text by this kind of author meets, the strongest for each code.
func (d *Detector) Signals(text string, author qingyuan.AuthorKind) ([]qingyuan.Signal, error) {
	v, err := d.view(text)
	if err != nil {
		return nil, err
	}
	var out []qingyuan.Signal
	for i := range d.patterns {
		p := &d.patterns[i]
		if !slices.Contains(p.Authors, author) || !p.open(v.text) {
			continue
		}
		if spans, names := p.find(v); spans != nil {
			out = append(out, qingyuan.Signal{Code: p.Code, Family: p.Family, Polarity: qingyuan.Suspicion, Typology: p.Typology,
				Score: p.Score, Author: author, Spans: spans, Detector: d.version,
				Detail: map[string]string{"pattern": p.ID, "stages": strings.Join(names, " "), "zh": p.Text.ZH, "en": p.Text.EN}})
		}
	}
	return strongest(out), nil
}

// strongest keeps, of the signals with one code, that with the highest score.
func strongest(all []qingyuan.Signal) []qingyuan.Signal {
	var out []qingyuan.Signal
	for _, s := range all {
		i := slices.IndexFunc(out, func(o qingyuan.Signal) bool { return o.Code == s.Code })
		switch {
		case i < 0:
			out = append(out, s)
		case s.Score > out[i].Score:
			out[i] = s
		}
	}
	return out
}

// open says whether the pattern is worth trying.
func (p *pattern) open(text string) bool {
	if len(p.Gate) > 0 && !slices.ContainsFunc(p.Gate, func(g string) bool { return strings.Contains(text, g) }) {
		return false
	}
	return !slices.ContainsFunc(p.unless, func(re *regexp.Regexp) bool { return re.MatchString(text) })
}

// hit is where a stage was found.
type hit struct {
	stage, from, to int
}

// find returns the raw spans and names of the stages that the text goes through, or nil where they are too few.
func (p *pattern) find(v *view) ([]qingyuan.Span, []string) {
	var hits []hit
	for _, part := range p.turns(v.text) {
		for s := range p.stages {
			hits = append(hits, p.stage(v.text, part, s)...)
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return a.from - b.from })
	chosen := firsts(hits)
	if p.Ordered {
		chosen = rising(hits)
	}
	if distinct(chosen) < p.Need {
		return nil, nil
	}
	var spans []qingyuan.Span
	var names []string
	for _, h := range chosen {
		spans = append(spans, v.raw(h.from, h.to))
		if n := p.Stages[h.stage].Name; !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return spans, names
}

func distinct(hits []hit) int {
	seen := map[int]bool{}
	for _, h := range hits {
		seen[h.stage] = true
	}
	return len(seen)
}

// turns are the parts of the text that the speaker said: all of it where there are no turns.
func (p *pattern) turns(text string) [][2]int {
	whole := [][2]int{{0, len(text)}}
	if p.Speaker == "" {
		return whole
	}
	var out [][2]int
	from := 0
	for line := range strings.SplitAfterSeq(text, "\n") {
		if p.speaker.MatchString(line) {
			out = append(out, [2]int{from, from + len(line)})
		}
		from += len(line)
	}
	if out == nil {
		return whole
	}
	return out
}

// maxHits is how many places of one expression are looked at.
const maxHits = 16

// stage finds a stage in a part of the text. Where several expressions must occur, each gives its first place.
func (p *pattern) stage(text string, part [2]int, s int) []hit {
	var out []hit
	found := 0
	for _, re := range p.stages[s] {
		all := re.FindAllStringIndex(text[part[0]:part[1]], maxHits)
		if len(all) == 0 {
			continue
		}
		found++
		if p.Stages[s].Distinct > 1 {
			all = all[:1]
		}
		for _, m := range all {
			if m[1] > m[0] {
				out = append(out, hit{s, part[0] + m[0], part[0] + m[1]})
			}
		}
	}
	if found < max(p.Stages[s].Distinct, 1) {
		return nil
	}
	return out
}

// firsts keeps the first place of each stage; of a stage with several expressions all places that begin it.
func firsts(hits []hit) []hit {
	var out []hit
	seen := map[int]int{}
	for _, h := range hits {
		if seen[h.stage]++; seen[h.stage] <= 4 {
			out = append(out, h)
		}
	}
	return out
}

// rising is a longest run of hits whose stages rise.
func rising(hits []hit) []hit {
	best := make([]int, len(hits))
	from := make([]int, len(hits))
	last := -1
	for i, h := range hits {
		best[i], from[i] = 1, -1
		for j := range i {
			if hits[j].stage < h.stage && hits[j].to <= h.from && best[j]+1 > best[i] {
				best[i], from[i] = best[j]+1, j
			}
		}
		if last < 0 || best[i] > best[last] {
			last = i
		}
	}
	var out []hit
	for i := last; i >= 0; i = from[i] {
		out = append(out, hits[i])
	}
	slices.Reverse(out)
	return out
}
