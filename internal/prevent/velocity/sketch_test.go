package velocity

import (
	"math"
	"testing"
)

// TestEstimate measures bias and spread of the estimate over many independent sets of values.
func TestEstimate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n            int
		bias, spread float64 // largest allowed, relative
	}{
		{1, 0, 0}, {10, 0.01, 0.025}, {50, 0.01, 0.025}, {200, 0.005, 0.025}, {1000, 0.005, 0.025}, {4000, 0.005, 0.026},
		{10_000, 0.005, 0.026}, {100_000, 0.005, 0.026},
	} {
		const trials = 400
		var sum, squares float64
		for trial := range trials {
			var u union
			u.reset()
			for i := range c.n {
				u.add(short(uint64(trial)<<32 + uint64(i)))
			}
			e := float64(estimate(&u.count))/float64(c.n) - 1
			sum += e
			squares += e * e
		}
		bias, spread := sum/trials, math.Sqrt(squares/trials)
		t.Logf("%7d values: bias %+.4f, spread %.4f", c.n, bias, spread)
		if math.Abs(bias) > c.bias || spread > c.spread {
			t.Errorf("%d values: bias %v, spread %v", c.n, bias, spread)
		}
	}
}
