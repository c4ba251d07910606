package classify

import "math"

// Calibration turns margins into probabilities: softmax(Scale · margin + Bias), fitted on rows the scorer never saw.
type Calibration struct {
	Scale float64   `json:"scale"`
	Bias  []float64 `json:"bias"`
}

// Probabilities writes the calibrated probabilities of margins into dst, which has the same length.
func (c Calibration) Probabilities(dst, margins []float64) {
	top := math.Inf(-1)
	for k, m := range margins {
		dst[k] = c.Scale*m + c.Bias[k]
		top = max(top, dst[k])
	}
	var sum float64
	for k := range dst {
		dst[k] = math.Exp(dst[k] - top)
		sum += dst[k]
	}
	for k := range dst {
		dst[k] /= sum
	}
}

// calibrate minimises the log loss of margins against labels by gradient descent with line search; the loss is convex.
// A little weight decay keeps the scale finite where the classes are perfectly apart.
func calibrate(margins [][]float64, labels []int, classes int) Calibration {
	c := Calibration{Scale: 1, Bias: make([]float64, classes)}
	loss, grad := c.loss(margins, labels)
	step := 1.0
	for range 500 {
		var norm float64
		for _, g := range grad {
			norm += g * g
		}
		if norm < 1e-10 {
			break
		}
		for step > 1e-9 {
			next := Calibration{Scale: c.Scale - step*grad[0], Bias: make([]float64, classes)}
			for k := range next.Bias {
				next.Bias[k] = c.Bias[k] - step*grad[k+1]
			}
			if l, g := next.loss(margins, labels); l <= loss-step*norm/4 {
				c, loss, grad = next, l, g
				step *= 2
				break
			}
			step /= 2
		}
	}
	return c
}

// loss is the mean log loss with decay 1e-4, and its gradient by scale and biases.
func (c Calibration) loss(margins [][]float64, labels []int) (float64, []float64) {
	const decay = 1e-4
	n := float64(len(labels))
	grad := make([]float64, len(c.Bias)+1)
	sum := decay * c.Scale * c.Scale * n
	grad[0] = 2 * decay * c.Scale * n
	p := make([]float64, len(c.Bias))
	for i, m := range margins {
		c.Probabilities(p, m)
		sum -= math.Log(max(p[labels[i]], 1e-300))
		for k := range p {
			d := p[k]
			if k == labels[i] {
				d--
			}
			grad[0] += d * m[k]
			grad[k+1] += d
		}
	}
	for k, b := range c.Bias {
		sum += decay * b * b * n
		grad[k+1] += 2 * decay * b * n
	}
	for k := range grad {
		grad[k] /= n
	}
	return sum / n, grad
}
