package model

import "math"

// Calibration turns the margin of the trees into a probability: σ(Slope·margin + Offset) (Platt scaling). It is strictly
// rising, so it changes no ranking, and it keeps reasons additive in log-odds.
type Calibration struct {
	Slope  float64 `json:"slope"`
	Offset float64 `json:"offset"`
}

// probability is the calibrated probability of a margin.
func (c Calibration) probability(margin float64) float64 { return sigmoid(c.Slope*margin + c.Offset) }

// sigmoid is the logistic function.
func sigmoid(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

// fitCalibration fits the two parameters to out-of-fold margins by penalty-free maximum likelihood with Platt's smoothed
// targets, using damped Newton steps (Lin, Lin and Weng, Machine Learning 68, 2007). A fit that does not rise, which
// means that the margins rank no better than chance, falls back to the identity.
func fitCalibration(margins []float64, positive []bool) Calibration {
	var p, n float64
	for _, y := range positive {
		if y {
			p++
		} else {
			n++
		}
	}
	high, low := (p+1)/(p+2), 1/(n+2)
	target := func(i int) float64 {
		if positive[i] {
			return high
		}
		return low
	}
	loss := func(c Calibration) float64 {
		var sum float64
		for i, m := range margins {
			f := c.Slope*m + c.Offset
			sum += math.Max(f, 0) - f*target(i) + math.Log1p(math.Exp(-math.Abs(f)))
		}
		return sum
	}
	c := Calibration{Slope: 1}
	best := loss(c)
	for range 100 {
		var ga, gb, haa, hab, hbb float64
		for i, m := range margins {
			q := c.probability(m)
			d, h := q-target(i), q*(1-q)
			ga, gb = ga+d*m, gb+d
			haa, hab, hbb = haa+h*m*m, hab+h*m, hbb+h
		}
		haa, hbb = haa+1e-10, hbb+1e-10
		det := haa*hbb - hab*hab
		if math.Abs(ga)+math.Abs(gb) < 1e-9*(p+n) || det <= 0 {
			break
		}
		da, db := -(hbb*ga-hab*gb)/det, -(haa*gb-hab*ga)/det
		step := 1.0
		for ; step > 1e-6; step /= 2 {
			next := Calibration{c.Slope + step*da, c.Offset + step*db}
			if v := loss(next); v < best {
				c, best = next, v
				break
			}
		}
		if step <= 1e-6 {
			break
		}
	}
	if !(c.Slope > 0) || math.IsInf(c.Slope, 0) || math.IsNaN(c.Offset) {
		return Calibration{Slope: 1}
	}
	return c
}
