package classify

import (
	"math"
	"math/rand/v2"
)

// sparse is one row: ids ascending, values of unit length.
type sparse struct {
	ids    []int32
	values []float32
}

// weigh makes the unit vector of a text's features: (1 + ln n) · idf, divided by its length.
func weigh(counts []count, idf []float32) sparse {
	s := sparse{make([]int32, len(counts)), make([]float32, len(counts))}
	var sum float64
	for i, c := range counts {
		v := (1 + math.Log(float64(c.n))) * float64(idf[c.id])
		s.ids[i], s.values[i] = c.id, float32(v)
		sum += v * v
	}
	if sum > 0 {
		k := float32(1 / math.Sqrt(sum))
		for i := range s.values {
			s.values[i] *= k
		}
	}
	return s
}

// solve finds the weights w and the bias (last) of a linear separator that minimise ½|w|² + Σ cost_i · max(0, 1 − y_i w·x_i)²
// by dual coordinate descent (Hsieh et al., ICML 2008). y is ±1. It stops when no step gains, at the latest after passes.
func solve(rows []sparse, y []int8, cost []float64, features int, seed uint64) []float32 {
	const passes, tolerance = 40, 0.02
	w := make([]float64, features+1)
	alpha := make([]float64, len(rows))
	norm := make([]float64, len(rows))
	order := make([]int, len(rows))
	for i, r := range rows {
		order[i] = i
		norm[i] = 1 + 0.5/cost[i]
		for _, v := range r.values {
			norm[i] += float64(v) * float64(v)
		}
	}
	rng := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	for range passes {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		var worst float64
		for _, i := range order {
			r, yi := rows[i], float64(y[i])
			g := w[features]
			for k, id := range r.ids {
				g += w[id] * float64(r.values[k])
			}
			g = yi*g - 1 + alpha[i]*0.5/cost[i]
			if alpha[i] == 0 && g > 0 {
				continue
			}
			worst = max(worst, math.Abs(g))
			next := max(alpha[i]-g/norm[i], 0)
			step := (next - alpha[i]) * yi
			alpha[i] = next
			for k, id := range r.ids {
				w[id] += step * float64(r.values[k])
			}
			w[features] += step
		}
		if worst < tolerance {
			break
		}
	}
	out := make([]float32, len(w))
	for i, v := range w {
		out[i] = float32(v)
	}
	return out
}
