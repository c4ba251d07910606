package model

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"qingyuan"
)

// Method is how a column becomes features.
type Method string

// The methods.
const (
	AsNumber Method = "number"  // the number itself
	AsTime   Method = "time"    // days since 1970, hour of the day, day of the week
	AsLevels Method = "one_hot" // one 0/1 feature per level
	AsOrder  Method = "order"   // the place of the level in its natural order: months, weekdays
	AsRate   Method = "rate"    // the smoothed share of positives at the level, learned out of fold
)

// ColumnEncoder turns the values of one column into features.
type ColumnEncoder struct {
	Name   string `json:"name"`
	Kind   Kind   `json:"kind"`
	Method Method `json:"method"`
	// Levels are the known levels of a category, sorted. A level that is not among them is "unseen".
	Levels []string `json:"levels,omitempty"`
	// MissingLevel says, for AsLevels, that "no value" is a level of its own: the last feature. Unseen is all zeros.
	MissingLevel bool `json:"missing_level,omitempty"`
	// Values are, for AsOrder and AsRate, the values of Levels.
	Values []float64 `json:"values,omitempty"`
	// MissingRate and UnseenRate are, for AsRate, the values of "no value" and of an unseen level. For AsOrder both are
	// missing.
	MissingRate float64 `json:"missing_rate,omitempty"`
	UnseenRate  float64 `json:"unseen_rate,omitempty"`

	place map[string]int // of a level in Levels
}

// Encoder turns rows into the features that the trees know, column after column.
type Encoder struct {
	Columns []ColumnEncoder `json:"columns"`
	Ratios  []Ratio         `json:"ratios,omitempty"` // their features follow those of the columns

	width int
}

// Places of a value that is not among the levels.
const (
	missingPlace = -1
	unseenPlace  = -2
)

// prepare checks what was read or fitted and makes the look-ups.
func (e *Encoder) prepare() error {
	names := map[string]bool{}
	e.width = 0
	for k := range e.Columns {
		c := &e.Columns[k]
		bad := func(what string) error {
			return qingyuan.Errorf(qingyuan.Invalid, "the encoder's column %d %s", k+1, what)
		}
		kind, known := map[Method]Kind{AsNumber: Number, AsTime: Time, AsLevels: Category, AsOrder: Category, AsRate: Category}[c.Method]
		switch {
		case c.Name == "" || names[c.Name]:
			return bad("has no name of its own")
		case !known || kind != c.Kind:
			return bad("has an unknown method, or one that does not fit its kind")
		case (c.Method == AsOrder || c.Method == AsRate) && len(c.Values) != len(c.Levels):
			return bad("does not have one value per level")
		}
		names[c.Name] = true
		c.place = make(map[string]int, len(c.Levels))
		for i, level := range c.Levels {
			c.place[level] = i
		}
		if len(c.place) != len(c.Levels) {
			return bad("has a level twice")
		}
		e.width += c.width()
	}
	e.width += len(e.Ratios)
	return e.prepareRatios()
}

// width is the number of features of the column.
func (c *ColumnEncoder) width() int {
	switch {
	case c.Method == AsTime:
		return 3
	case c.Method == AsLevels && c.MissingLevel:
		return len(c.Levels) + 1
	case c.Method == AsLevels:
		return len(c.Levels)
	}
	return 1
}

// owners is, for each feature, the place in [Encoder.names] of what it belongs to.
func (e *Encoder) owners() []int {
	out := make([]int, 0, e.width)
	for k := range e.Columns {
		out = append(out, slices.Repeat([]int{k}, e.Columns[k].width())...)
	}
	for k := range e.Ratios {
		out = append(out, len(e.Columns)+k)
	}
	return out
}

// number encodes a Number or a Time (seconds since 1970) into dst, which is as wide as the column.
func (c *ColumnEncoder) number(dst []float32, v float64) {
	if c.Method == AsNumber || math.IsNaN(v) {
		for i := range dst {
			dst[i] = float32(min(max(v, -math.MaxFloat32), math.MaxFloat32))
		}
		return
	}
	t := timeOf(v)
	dst[0] = float32(v / 86400)
	dst[1] = float32(t.Sub(t.Truncate(24 * time.Hour)).Hours())
	dst[2] = float32(t.Weekday())
}

// level encodes the level at a place of Levels, missingPlace or unseenPlace into dst, which is as wide as the column.
func (c *ColumnEncoder) level(dst []float32, place int) {
	switch {
	case c.Method == AsLevels:
		clear(dst)
		if place == missingPlace && c.MissingLevel {
			place = len(c.Levels)
		}
		if place >= 0 {
			dst[place] = 1
		}
	case place >= 0:
		dst[0] = float32(c.Values[place])
	case c.Method == AsOrder:
		dst[0] = float32(math.NaN())
	case place == missingPlace:
		dst[0] = float32(c.MissingRate)
	default:
		dst[0] = float32(c.UnseenRate)
	}
}

// encode fills features for the given rows of t, row after row. Every column of the encoder must be in t with its kind.
func (e *Encoder) encode(t *Table, rows []int) ([]float32, error) {
	out := make([]float32, len(rows)*e.width)
	at := 0
	for k := range e.Columns {
		c := &e.Columns[k]
		source := t.Column(c.Name)
		if source == nil {
			return nil, qingyuan.FieldErrorf("data", "lacks the column %q of the model", c.Name)
		}
		if source.Kind != c.Kind {
			return nil, qingyuan.FieldErrorf("data", "has a %s in column %q where the model learned a %s", source.Kind, c.Name, c.Kind)
		}
		width, places := c.width(), c.places(source)
		for i, r := range rows {
			dst := out[i*e.width+at:][:width]
			if c.Kind == Category {
				c.level(dst, places[source.Codes[r]+1])
			} else {
				c.number(dst, source.Numbers[r])
			}
		}
		at += width
	}
	for k := range e.Ratios {
		for row := range slices.Chunk(out, e.width) {
			row[at+k] = e.Ratios[k].value(row)
		}
	}
	return out, nil
}

// places maps the codes of a table's column, plus one, to places in Levels.
func (c *ColumnEncoder) places(source *Column) []int {
	out := make([]int, len(source.Levels)+1)
	out[0] = missingPlace
	for i, level := range source.Levels {
		out[i+1] = c.find(level)
	}
	return out
}

// find is the place of a level.
func (c *ColumnEncoder) find(level string) int {
	if missing(level) {
		return missingPlace
	}
	if place, ok := c.place[level]; ok {
		return place
	}
	return unseenPlace
}

// encodeRow fills features, as many as the encoder's width, from one row; see [Model.Score] for the values it takes.
func (e *Encoder) encodeRow(features []float32, row map[string]any) error {
	at := 0
	for k := range e.Columns {
		c := &e.Columns[k]
		dst := features[at : at+c.width()]
		at += len(dst)
		if c.Kind == Category {
			level, err := levelOf(row[c.Name])
			if err != nil {
				return qingyuan.FieldErrorf(c.Name, "%v", err)
			}
			c.level(dst, c.find(level))
			continue
		}
		v, err := numberOf(row[c.Name])
		if err != nil {
			return qingyuan.FieldErrorf(c.Name, "%v", err)
		}
		c.number(dst, v)
	}
	for k := range e.Ratios {
		features[at+k] = e.Ratios[k].value(features)
	}
	return nil
}

// numberOf reads a value of a row as a number or as seconds since 1970; NaN is missing.
func numberOf(v any) (float64, error) {
	switch v := v.(type) {
	case nil:
		return math.NaN(), nil
	case float64:
		if math.IsInf(v, 0) {
			return math.NaN(), nil
		}
		return v, nil
	case int64:
		return float64(v), nil
	case int:
		return float64(v), nil
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case time.Time:
		return secondsOf(v), nil
	case string:
		if f, ok := parseNumber(v); ok {
			return f, nil
		}
		f, _ := parseTime(v)
		return f, nil
	}
	return 0, fmt.Errorf("is a %T; a number is needed", v)
}

// levelOf reads a value of a row as a level; "" is missing.
func levelOf(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case int:
		return strconv.Itoa(v), nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", fmt.Errorf("is a %T; a text is needed", v)
}
