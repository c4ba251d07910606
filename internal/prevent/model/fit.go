package model

import (
	"maps"
	"slices"
)

const (
	// oneHotLevels is the largest number of levels that get a feature each; columns with more get target rates.
	oneHotLevels = 24
	// rareLevel is the number of rows below which a level is treated as unseen.
	rareLevel = 5
	// rateWeight is the number of rows of prior knowledge in a level's rate (m-estimate; Micci-Barreca, SIGKDD
	// Explorations 3(1), 2001).
	rateWeight = 20
)

// fitEncoder learns an encoder of the named columns from the given rows of t, and gives the features of those rows to
// train on. Rates are statistics of the target: the features of a training row are counted on the other parts' rows,
// so that no row sees its own label. part is by place in rows, positive by row of t.
func fitEncoder(t *Table, names []string, rows []int, positive []bool, part []int) (*Encoder, []float32, error) {
	e := &Encoder{}
	for _, name := range names {
		e.Columns = append(e.Columns, fitColumn(t.Column(name), rows, positive))
	}
	if err := e.prepare(); err != nil {
		return nil, nil, err
	}
	features, err := e.encode(t, rows)
	if err != nil {
		return nil, nil, err
	}
	at := 0
	for k := range e.Columns {
		c := &e.Columns[k]
		if c.Method == AsRate {
			for i, v := range c.outOfFold(t.Column(c.Name), rows, positive, part) {
				features[i*e.width+at] = float32(v)
			}
		}
		at += c.width()
	}
	return e, features, nil
}

// fitColumn learns the encoder of one column.
func fitColumn(source *Column, rows []int, positive []bool) ColumnEncoder {
	c := ColumnEncoder{Name: source.Name, Kind: source.Kind}
	switch source.Kind {
	case Number:
		c.Method = AsNumber
		return c
	case Time:
		c.Method = AsTime
		return c
	}
	counts := map[int32]int{}
	for _, r := range rows {
		counts[source.Codes[r]]++
	}
	anyMissing := counts[-1] > 0
	delete(counts, -1)
	maps.DeleteFunc(counts, func(_ int32, n int) bool { return n < rareLevel })
	for code := range counts {
		c.Levels = append(c.Levels, source.Levels[code])
	}
	slices.Sort(c.Levels)
	if order, ok := calendarOrder(c.Levels); ok {
		c.Method, c.Values = AsOrder, order
		return c
	}
	if len(c.Levels) <= oneHotLevels {
		c.Method, c.MissingLevel = AsLevels, anyMissing
		return c
	}
	c.Method = AsRate
	c.place = make(map[string]int, len(c.Levels))
	for i, level := range c.Levels {
		c.place[level] = i
	}
	counted := tallyOf(c.places(source), source, rows, positive, func(int) bool { return true })
	for place := range c.Levels {
		c.Values = append(c.Values, counted.rate(place))
	}
	c.MissingRate, c.UnseenRate = counted.rate(missingPlace), counted.rate(unseenPlace)
	return c
}

// tally counts rows and positives by place, and in all.
type tally struct {
	n, positives       map[int]float64
	allN, allPositives float64
}

// tallyOf counts the rows whose index is counted.
func tallyOf(places []int, source *Column, rows []int, positive []bool, counted func(i int) bool) tally {
	t := tally{n: map[int]float64{}, positives: map[int]float64{}}
	for i, r := range rows {
		if !counted(i) {
			continue
		}
		place := places[source.Codes[r]+1]
		t.n[place]++
		t.allN++
		if positive[r] {
			t.positives[place]++
			t.allPositives++
		}
	}
	return t
}

// rate is the smoothed share of positives at a place; for unseen levels, which differ from one another, the share of all.
func (t tally) rate(place int) float64 {
	prior := t.allPositives / max(1, t.allN)
	if place == unseenPlace {
		return prior
	}
	return (t.positives[place] + rateWeight*prior) / (t.n[place] + rateWeight)
}

// outOfFold is the rate of every row's level, counted on the rows of the other parts.
func (c *ColumnEncoder) outOfFold(source *Column, rows []int, positive []bool, part []int) []float64 {
	out := make([]float64, len(rows))
	places := c.places(source)
	for left := range slices.Max(part) + 1 {
		others := tallyOf(places, source, rows, positive, func(i int) bool { return part[i] != left })
		for i, r := range rows {
			if part[i] == left {
				out[i] = others.rate(places[source.Codes[r]+1])
			}
		}
	}
	return out
}
