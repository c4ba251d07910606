package education

import "math"

// Counts are the people of one arm, and those of them with an outcome.
type Counts struct {
	People     int
	Complained int
	Agent      int
	Overdue    int
}

// Difference compares one outcome: the taught less the held out, with a 95 % interval. Below zero the material helped; an interval that holds
// zero says that nothing can be told yet.
type Difference struct {
	Taught, Holdout float64 // rates
	By              float64 // taught less holdout
	Low, High       float64
	Told            bool // the interval does not hold zero
}

// Effect is what a programme changed, among those whose time is up.
type Effect struct {
	Taught, Holdout Counts
	Waiting         int // enrolled, and their time is not up
	Complaints      Difference
	Agents          Difference
	Overdue         Difference
}

// z is the 97.5th percentile of the normal distribution.
const z = 1.959963984540054

// compare is the difference of two proportions with Newcombe's hybrid score interval (Newcombe 1998, method 10), which holds its level for small
// counts and rates near zero too. Without people in an arm nothing is told.
func compare(x1, n1, x2, n2 int) Difference {
	if n1 == 0 || n2 == 0 {
		return Difference{Low: -1, High: 1}
	}
	p1, low1, high1 := wilson(x1, n1)
	p2, low2, high2 := wilson(x2, n2)
	d := Difference{Taught: p1, Holdout: p2, By: p1 - p2}
	d.Low = d.By - math.Hypot(p1-low1, high2-p2)
	d.High = d.By + math.Hypot(high1-p1, p2-low2)
	d.Told = d.Low > 0 || d.High < 0
	return d
}

// wilson is a proportion with its score interval (Wilson 1927).
func wilson(x, n int) (p, low, high float64) {
	k := float64(n)
	p = float64(x) / k
	middle := (p + z*z/(2*k)) / (1 + z*z/k)
	half := z / (1 + z*z/k) * math.Sqrt(p*(1-p)/k+z*z/(4*k*k))
	return p, max(0, middle-half), min(1, middle+half)
}

// conclude fills in the differences.
func (e *Effect) conclude() {
	e.Complaints = compare(e.Taught.Complained, e.Taught.People, e.Holdout.Complained, e.Holdout.People)
	e.Agents = compare(e.Taught.Agent, e.Taught.People, e.Holdout.Agent, e.Holdout.People)
	e.Overdue = compare(e.Taught.Overdue, e.Taught.People, e.Holdout.Overdue, e.Holdout.People)
}
