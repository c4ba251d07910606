package tuning

import (
	"encoding/csv"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"qingyuan/internal/prevent/model"
)

// The columns of a training table besides the inputs.
const (
	columnTarget  = "y"
	columnAsOf    = "as_of"   // the moment of the event
	columnSubject = "subject" // whom it is about: a number within the table
)

// example is one row of a training table.
type example struct {
	at       time.Time
	subject  string
	inputs   map[string]any
	positive bool
}

// tableOf makes a table of examples. columns are the inputs with their kinds.
func tableOf(all []example, columns map[string]model.Kind) (*model.Table, error) {
	names := slices.Sorted(maps.Keys(columns))
	out := make([]model.Column, 0, len(names)+3)
	for _, name := range names {
		c := model.Column{Name: name, Kind: columns[name]}
		levels := map[string]int32{}
		for _, e := range all {
			if c.Kind == model.Category {
				c.Codes = append(c.Codes, codeOf(&c, levels, e.inputs[name]))
			} else {
				c.Numbers = append(c.Numbers, numberOf(e.inputs[name]))
			}
		}
		out = append(out, c)
	}
	y := model.Column{Name: columnTarget, Kind: model.Number}
	at := model.Column{Name: columnAsOf, Kind: model.Time}
	subject := model.Column{Name: columnSubject, Kind: model.Category}
	people := map[string]int32{}
	for _, e := range all {
		y.Numbers = append(y.Numbers, numberOf(e.positive))
		at.Numbers = append(at.Numbers, float64(e.at.UnixMicro())/1e6)
		if _, met := people[e.subject]; !met {
			people[e.subject] = int32(len(people))
			subject.Levels = append(subject.Levels, strconv.Itoa(len(people)))
		}
		subject.Codes = append(subject.Codes, people[e.subject])
	}
	return model.NewTable(append(out, y, at, subject))
}

// kindsOf finds the kinds of the inputs: a text makes a column one of names.
func kindsOf(all []example) map[string]model.Kind {
	kinds := map[string]model.Kind{}
	for _, e := range all {
		for name, v := range e.inputs {
			if _, text := v.(string); text {
				kinds[name] = model.Category
			} else if kinds[name] == "" {
				kinds[name] = model.Number
			}
		}
	}
	for name := range kinds { // names that the table itself gives
		if name == columnTarget || name == columnAsOf || name == columnSubject {
			delete(kinds, name)
		}
	}
	return kinds
}

func codeOf(c *model.Column, levels map[string]int32, v any) int32 {
	text, ok := v.(string)
	if !ok {
		return -1
	}
	code, met := levels[text]
	if !met {
		code = int32(len(levels))
		levels[text] = code
		c.Levels = append(c.Levels, text)
	}
	return code
}

// WriteCSV writes a training table with a header, as "train model" reads it.
func WriteCSV(to io.Writer, t *model.Table) error {
	w := csv.NewWriter(to)
	columns := t.Columns()
	line := make([]string, len(columns))
	for i := range columns {
		line[i] = columns[i].Name
	}
	if err := w.Write(line); err != nil {
		return err
	}
	for row := range t.Rows() {
		for i := range columns {
			switch v := columns[i].Value(row).(type) {
			case nil:
				line[i] = ""
			case string:
				line[i] = v
			case float64:
				line[i] = strconv.FormatFloat(v, 'g', -1, 64)
			case time.Time:
				line[i] = v.Format(time.RFC3339Nano)
			}
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func numberOf(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case int64:
		return float64(v)
	case bool:
		if v {
			return 1
		}
		return 0
	}
	return math.NaN()
}
