package leaf

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// Rand is a seeded source of chance. It is not safe for concurrent use.
type Rand struct{ *rand.Rand }

// NewRand makes the stream of that name under the seed: streams of different names are independent.
func NewRand(seed uint64, name string) *Rand {
	h := fnv.New64a()
	h.Write([]byte(name)) // never fails
	return &Rand{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// Chance reports true with probability p.
func (r *Rand) Chance(p float64) bool { return r.Float64() < p }

// Between draws a whole number from low to high, both included.
func (r *Rand) Between(low, high int) int {
	if high <= low {
		return low
	}
	return low + r.IntN(high-low+1)
}

// Float draws a number from [low, high).
func (r *Rand) Float(low, high float64) float64 { return low + (high-low)*r.Float64() }

// Exp draws from the exponential distribution with that mean.
func (r *Rand) Exp(mean float64) float64 { return r.ExpFloat64() * mean }

// LogNormal draws from the log-normal distribution with that median and spread (the deviation of the logarithm).
func (r *Rand) LogNormal(median, spread float64) float64 {
	return median * math.Exp(r.NormFloat64()*spread)
}

// Poisson draws a count with that mean, which should be small.
func (r *Rand) Poisson(mean float64) int {
	limit, p, n := math.Exp(-mean), 1.0, 0
	for {
		if p *= r.Float64(); p <= limit {
			return n
		}
		n++
	}
}

// Weighted draws an index with probability in proportion to its weight.
func (r *Rand) Weighted(weights ...float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	x := r.Float64() * sum
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// Pick draws one of the items, which must not be empty.
func Pick[T any](r *Rand, items []T) T { return items[r.IntN(len(items))] }

// Digits draws n decimal digits.
func (r *Rand) Digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + r.IntN(10))
	}
	return string(b)
}

// Hex draws n lower-case hexadecimal digits.
func (r *Rand) Hex(n int) string {
	const figures = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = figures[r.IntN(16)]
	}
	return string(b)
}
