package model

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"qingyuan"
)

const (
	// leakRefused is the AUC from which a single column is taken to know the answer, leakSuspected from which the card
	// warns. Honest columns of real sets reach .95.
	leakRefused   = 0.995
	leakSuspected = 0.98
	// leakBins is the number of quantile bins in which a number's relation to the target is looked for.
	leakBins = 64
)

// Leak is a column that seems to know the answer.
type Leak struct {
	Column string  `json:"column"`
	AUC    float64 `json:"auc,omitempty"`   // of the column alone
	Later  int     `json:"later,omitempty"` // rows in which its time is after the row's as-of time
	Refuse bool    `json:"refuse"`
}

// String says what was found.
func (l Leak) String() string {
	if l.Later > 0 {
		return fmt.Sprintf("%q is later than the as-of time in %s", l.Column, count(l.Later, "row", "rows"))
	}
	return fmt.Sprintf("%q alone reaches AUC %.4f", l.Column, l.AUC)
}

// LeakCheck looks for columns that know the future: times after the row's as-of time (the column asOf, "" if there is
// none), and columns that alone rank the positives nearly perfectly, whichever way round and whether by value, by
// bin or by being missing. It gives the suspects and the AUC of every column looked at, by name.
func LeakCheck(t *Table, columns []string, target, asOf string) ([]Leak, map[string]float64, error) {
	positive, rows, err := labels(t, target)
	if err != nil {
		return nil, nil, err
	}
	var at *Column
	if asOf != "" {
		if at = t.Column(asOf); at == nil || at.Kind != Time {
			return nil, nil, qingyuan.FieldErrorf("as_of", "must name a column of times: %q", asOf)
		}
	}
	part := foldsOf(rows, positive, nil, innerFolds, 1)
	var leaks []Leak
	alone := map[string]float64{}
	for _, name := range columns {
		c := t.Column(name)
		auc := aloneAUC(c, rows, positive, part)
		alone[name] = auc
		switch later := laterRows(c, at, rows); {
		case later > 0:
			leaks = append(leaks, Leak{Column: name, AUC: auc, Later: later, Refuse: true})
		case auc >= leakSuspected:
			leaks = append(leaks, Leak{Column: name, AUC: auc, Refuse: auc >= leakRefused})
		}
	}
	return leaks, alone, nil
}

// refusal is the error that names the leaks to be refused, or nil.
func refusal(leaks []Leak) error {
	var found []string
	for _, l := range leaks {
		if l.Refuse {
			found = append(found, l.String())
		}
	}
	if len(found) == 0 {
		return nil
	}
	return qingyuan.FieldErrorf("data", "knows the answer: %s; drop the column, or allow leaky columns if it is known before the outcome",
		strings.Join(found, "; "))
}

// laterRows counts the rows in which c holds a time after the as-of time.
func laterRows(c, at *Column, rows []int) int {
	n := 0
	if at == nil || c.Kind != Time {
		return 0
	}
	for _, r := range rows {
		if c.Numbers[r] > at.Numbers[r] {
			n++
		}
	}
	return n
}

// aloneAUC is the best AUC, at least .5, of one column: by its order, where it has one, and by the out-of-fold rate of its
// levels or quantile bins.
func aloneAUC(c *Column, rows []int, positive []bool, part []int) float64 {
	truth := pick(positive, rows)
	best := 0.5
	try := func(scores []float64) {
		auc := Measure(scores, truth).AUC
		best = max(best, auc, 1-auc)
	}
	binned := c
	if c.Kind != Category {
		binned = binColumn(c, rows)
		for _, missing := range []float64{math.Inf(-1), math.Inf(1)} {
			scores, whole := pick(c.Numbers, rows), true
			for i, v := range scores {
				if math.IsNaN(v) {
					scores[i], whole = missing, false
				}
			}
			if try(scores); whole {
				break
			}
		}
	}
	places := make([]int, len(binned.Levels)+1) // every level stands for itself
	for i := range places {
		places[i] = i - 1
	}
	scores := make([]float64, len(rows))
	for left := range innerFolds {
		others := tallyOf(places, binned, rows, positive, func(i int) bool { return part[i] != left })
		for i, r := range rows {
			if part[i] == left {
				scores[i] = others.rate(places[binned.Codes[r]+1])
			}
		}
	}
	try(scores)
	return best
}

// binColumn turns a column of numbers into one of quantile bins.
func binColumn(c *Column, rows []int) *Column {
	cuts := quantiles(pick(c.Numbers, rows), leakBins)
	out := &Column{Name: c.Name, Kind: Category, Levels: make([]string, len(cuts)+1), Codes: make([]int32, len(c.Numbers))}
	for i, v := range c.Numbers {
		out.Codes[i] = int32(binOf(cuts, v))
	}
	return out
}

// quantiles gives at most n−1 different cuts between n bins with equal shares of the values. NaN is left out.
func quantiles(values []float64, n int) []float64 {
	values = slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(values) == 0 {
		return nil
	}
	slices.Sort(values)
	var cuts []float64
	for k := 1; k < n; k++ {
		cut := values[k*len(values)/n]
		if cut > values[0] && (len(cuts) == 0 || cut > cuts[len(cuts)-1]) {
			cuts = append(cuts, cut)
		}
	}
	return cuts
}

// binOf is the bin of v: values from a cut on lie above it. NaN has bin −1.
func binOf(cuts []float64, v float64) int {
	if math.IsNaN(v) {
		return -1
	}
	bin, exact := slices.BinarySearch(cuts, v)
	if exact {
		bin++
	}
	return bin
}
