package model

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"qingyuan"
)

// Column uses: what training did with a column.
const (
	UseFeature = "feature"
	UseTarget  = "target"
	UseDropped = "dropped"
)

const (
	// sparseLevels is the share of distinct values from which a text column says who a row is, not what it is like.
	sparseLevels = 0.5
	// serialGaps bounds the range of a serial number: all values distinct and at most this many possible values per row.
	// Distinct values drawn at random from so narrow a range do not happen (birthday bound).
	serialGaps = 20
	// profileRows is the smallest table in which "all values are distinct" means anything.
	profileRows = 100
)

// ColumnNote says what training found in a column and did with it.
type ColumnNote struct {
	Name     string  `json:"name"`
	Kind     Kind    `json:"kind"`
	Use      string  `json:"use"`
	Why      string  `json:"why,omitempty"`
	Missing  float64 `json:"missing"`  // share of rows
	Distinct int     `json:"distinct"` // number of distinct values, at most 1,000 for numbers
	AUC      float64 `json:"auc"`      // of this column alone, either way round; 0 where it was not measured
}

// labels reads the target: 0 and 1, or two words such as no and yes. Rows without a label are left out of rows.
func labels(t *Table, target string) (positive []bool, rows []int, err error) {
	c := t.Column(target)
	if c == nil {
		return nil, nil, qingyuan.FieldErrorf("target", "names no column of the data: %q", target)
	}
	positive = make([]bool, t.rows)
	count := 0
	for i := range t.rows {
		if c.Missing(i) {
			continue
		}
		p, ok := labelOf(c.Value(i))
		if !ok {
			return nil, nil, qingyuan.FieldErrorf("target", "must hold 0 and 1 (or no/yes, false/true): row %d of %q does not", i+1, target)
		}
		positive[i] = p
		rows = append(rows, i)
		if p {
			count++
		}
	}
	if count == 0 || count == len(rows) {
		return nil, nil, qingyuan.FieldErrorf("target", "must hold both 0 and 1; %d of %d rows are positive", count, len(rows))
	}
	return positive, rows, nil
}

// labelOf reads one label.
func labelOf(v any) (positive, ok bool) {
	switch v := v.(type) {
	case float64:
		return v == 1, v == 0 || v == 1
	case string:
		switch strings.ToLower(v) {
		case "1", "yes", "y", "true", "t", "是":
			return true, true
		case "0", "no", "n", "false", "f", "否":
			return false, true
		}
	}
	return false, false
}

// profile decides the use of every column. rows are the labelled rows.
func profile(t *Table, c Config, positive []bool, rows []int) []ColumnNote {
	notes := make([]ColumnNote, 0, len(t.columns))
	for k := range t.columns {
		column := &t.columns[k]
		note := ColumnNote{Name: column.Name, Kind: column.Kind, Use: UseDropped}
		note.Missing, note.Distinct = survey(column, rows)
		switch {
		case column.Name == c.Target:
			note.Use = UseTarget
		case column.Name == c.ID:
			note.Why = "the id column"
		case column.Name == c.AsOf:
			note.Why = "the moment the row is known at"
		case note.Distinct <= 1 && (note.Missing == 0 || note.Distinct == 0):
			note.Why = "constant"
		case copiesTarget(column, positive, rows):
			note.Why = "a copy of the target"
		case column.Kind == Category && float64(note.Distinct) > sparseLevels*float64(len(rows)) && len(rows) >= profileRows:
			note.Why = "an identifier: nearly every value is different"
		case serial(column, rows):
			note.Why = "a serial number: every value is different and the numbers run on"
		default:
			note.Use = UseFeature
		}
		notes = append(notes, note)
	}
	return notes
}

// survey is the share of missing values and the number of distinct ones, counted to 1,000 for numbers.
func survey(c *Column, rows []int) (missing float64, distinct int) {
	const enough = 1000
	gaps := 0
	seen := map[float64]bool{}
	levels := make([]bool, len(c.Levels))
	for _, i := range rows {
		switch {
		case c.Missing(i):
			gaps++
		case c.Kind == Category:
			if code := c.Codes[i]; !levels[code] {
				levels[code] = true
				distinct++
			}
		case len(seen) < enough:
			seen[c.Numbers[i]] = true
		}
	}
	return float64(gaps) / float64(max(1, len(rows))), distinct + len(seen)
}

// serial reports whether the column numbers its rows: integers, none missing, none twice, in a narrow range.
func serial(c *Column, rows []int) bool {
	if c.Kind != Number || len(rows) < profileRows {
		return false
	}
	values := pick(c.Numbers, rows)
	for _, v := range values {
		if v != math.Trunc(v) { // NaN too
			return false
		}
	}
	slices.Sort(values)
	for i := 1; i < len(values); i++ {
		if values[i] == values[i-1] {
			return false
		}
	}
	return values[len(values)-1]-values[0] <= serialGaps*float64(len(values))
}

// copiesTarget reports whether the column has two values, or one and gaps, that tell the classes apart without a miss.
func copiesTarget(c *Column, positive []bool, rows []int) bool {
	var value [2]any
	var seen [2]bool
	for _, i := range rows {
		k := 0
		if positive[i] {
			k = 1
		}
		v := c.Value(i)
		if !seen[k] {
			value[k], seen[k] = v, true
		} else if v != value[k] {
			return false
		}
	}
	return seen[0] && seen[1] && value[0] != value[1]
}

// count writes a number of things.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
