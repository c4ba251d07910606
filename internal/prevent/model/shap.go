package model

import "math"

// Exact path-dependent tree SHAP values (Lundberg et al., Nature Machine Intelligence 2, 2020).
//
// Let a path from the root to a leaf of value v pass splits on d different features. Feature j has weight z_j, the share
// of the training cover that follows the path at its splits, and o_j, 1 if the row follows it there and else 0. The Shapley
// value of i for the leaf sums, over the subsets S of the other features, |S|!(d−1−|S|)!/d! · v (o_i−z_i) Π_{j∈S} o_j Π_{j∉S} z_j.
// With k!(d−1−k)!/d! = ∫₀¹ tᵏ(1−t)^(d−1−k) dt this is
//
//	v (o_i − z_i) ∫₀¹ Π_{j≠i} ( o_j t + z_j (1−t) ) dt,
//
// a polynomial of degree d−1, which Gauss–Legendre quadrature with ⌈d/2⌉ points integrates exactly. Products are carried
// down the tree and sums carried up, so that a tree costs (nodes × points) and not (leaves × depth²).

// quadrature holds the points of ∫₀¹.
type quadrature struct{ t, w []float64 }

// gaussLegendre gives n points, exact for polynomials up to degree 2n−1, by Newton's method on the Legendre polynomial.
func gaussLegendre(n int) quadrature {
	q := quadrature{make([]float64, n), make([]float64, n)}
	for i := range n {
		x := math.Cos(math.Pi * (float64(i) + .75) / (float64(n) + .5))
		var slope float64
		for range 100 {
			before, p := 1.0, x
			for k := 2; k <= n; k++ {
				before, p = p, (float64(2*k-1)*x*p-float64(k-1)*before)/float64(k)
			}
			slope = float64(n) * (x*p - before) / (x*x - 1)
			step := p / slope
			if x -= step; math.Abs(step) < 1e-15 {
				break
			}
		}
		q.t[i], q.w[i] = (1+x)/2, 1/((1-x*x)*slope*slope) // 2/(…) on [−1,1], half of it on [0,1]
	}
	return q
}

// edge is one step down the present path.
type edge struct {
	feature  int32
	previous int     // the edge above that split on the same feature, or 0
	z, o     float64 // of the feature, over all its splits so far
	factor   []float64
	product  []float64 // of the factors of all features so far
	sum      []float64 // of value × product over the leaves below
	replaced []float64 // the part of sum that lies below a later edge of the same feature
}

// explainer computes SHAP values of rows; it holds scratch space and is not safe for concurrent use.
type explainer struct {
	f    *forest
	q    quadrature
	path []edge
	x    []float32
	phi  []float64
}

// newExplainer makes an explainer of f.
func newExplainer(f *forest) *explainer {
	points := (f.depth + 1) / 2
	e := &explainer{f: f, q: gaussLegendre(points), path: make([]edge, f.depth+1)}
	for i := range e.path {
		space := make([]float64, 4*points)
		e.path[i] = edge{factor: space[:points], product: space[points : 2*points], sum: space[2*points : 3*points], replaced: space[3*points:]}
	}
	for k := range e.path[0].product {
		e.path[0].product[k] = 1
	}
	return e
}

// explain adds the SHAP values of x to phi, by feature. The sum of phi and [forest.expected] is the margin.
func (e *explainer) explain(x []float32, phi []float64) {
	e.x, e.phi = x, phi
	for _, root := range e.f.roots {
		if e.f.nodes[root].left != 0 {
			e.descend(root, 0)
		}
	}
}

// descend sums up the subtree of the split at node i, at the end of the path of the given length.
func (e *explainer) descend(i int32, depth int) {
	n := &e.f.nodes[i]
	above, at := &e.path[depth], &e.path[depth+1]
	clear(above.sum)
	follows := n.child(e.x)
	for side := range int32(2) {
		child := n.left + side
		at.feature, at.z, at.o, at.previous = n.feature, float64(e.f.cover[child])/float64(e.f.cover[i]), 0, 0
		if side == follows {
			at.o = 1
		}
		for k := depth; k > 0; k-- {
			if e.path[k].feature == n.feature {
				at.previous, at.z, at.o = k, at.z*e.path[k].z, at.o*e.path[k].o
				break
			}
		}
		if at.z == 0 && at.o == 0 {
			continue // no cover and not taken: the subtree adds nothing
		}
		for k, t := range e.q.t {
			at.factor[k] = at.z*(1-t) + at.o*t
			at.product[k] = above.product[k] * at.factor[k]
		}
		if at.previous > 0 {
			for k, old := range e.path[at.previous].factor {
				at.product[k] /= old
			}
		}
		clear(at.replaced)
		if c := &e.f.nodes[child]; c.left != 0 {
			e.descend(child, depth+1)
		} else {
			for k, p := range at.product {
				at.sum[k] = float64(c.value) * p
			}
		}
		e.ascend(above, at)
	}
}

// ascend credits the feature of the edge at with the leaves below it and hands their sum to the edge above.
func (e *explainer) ascend(above, at *edge) {
	var credit float64
	for k, w := range e.q.w {
		credit += w * (at.sum[k] - at.replaced[k]) / at.factor[k]
		above.sum[k] += at.sum[k]
	}
	e.phi[at.feature] += (at.o - at.z) * credit
	if at.previous > 0 {
		for k, s := range at.sum {
			e.path[at.previous].replaced[k] += s
		}
	}
}

// expected is the mean margin over the training cover: what SHAP values start from.
func (f *forest) expected() float64 {
	sum := float64(f.base)
	mean := make([]float64, len(f.nodes))
	for i := len(f.nodes) - 1; i >= 0; i-- { // children come after their parents
		n := &f.nodes[i]
		if n.left == 0 {
			mean[i] = float64(n.value)
			continue
		}
		for c := n.left; c <= n.left+1; c++ {
			mean[i] += mean[c] * float64(f.cover[c]) / float64(f.cover[i])
		}
	}
	for _, root := range f.roots {
		sum += mean[root]
	}
	return sum
}
