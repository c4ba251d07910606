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
// a polynomial of degree d−1 < 2·lanes, which Gauss–Legendre quadrature with that many points integrates exactly. At each
// point the products are carried down the tree and the sums up, so that a tree costs (nodes × lanes), not (leaves × depth²).

// lanes is the number of points, enough for the deepest tree.
const lanes = maxDepth / 2

// vector holds one value for each of the four points. It is a struct so that it travels in registers.
type vector struct{ a, b, c, d float64 }

// same is v at every point.
func same(v float64) vector { return vector{v, v, v, v} }

// times is the product of v and w.
func (v vector) times(w vector) vector { return vector{v.a * w.a, v.b * w.b, v.c * w.c, v.d * w.d} }

// over is the quotient of v and w.
func (v vector) over(w vector) vector { return vector{v.a / w.a, v.b / w.b, v.c / w.c, v.d / w.d} }

// plus is the sum of v and w.
func (v vector) plus(w vector) vector { return vector{v.a + w.a, v.b + w.b, v.c + w.c, v.d + w.d} }

// total is the sum over the points.
func (v vector) total() float64 { return v.a + v.b + v.c + v.d }

// between is o t + z (1−t) at the points t.
func (t vector) between(z, o float64) vector {
	d := o - z
	return vector{z + d*t.a, z + d*t.b, z + d*t.c, z + d*t.d}
}

// quadrature is the points t and weights w of ∫₀¹.
type quadrature struct{ t, w vector }

// gaussLegendre finds the points by Newton's method on the Legendre polynomial.
func gaussLegendre() quadrature {
	var t, w [lanes]float64
	for i := range lanes {
		x := math.Cos(math.Pi * (float64(i) + .75) / (lanes + .5))
		var slope float64
		for range 100 {
			before, p := 1.0, x
			for k := 2; k <= lanes; k++ {
				before, p = p, (float64(2*k-1)*x*p-float64(k-1)*before)/float64(k)
			}
			slope = lanes * (x*p - before) / (x*x - 1)
			step := p / slope
			if x -= step; math.Abs(step) < 1e-15 {
				break
			}
		}
		t[i], w[i] = (1+x)/2, 1/((1-x*x)*slope*slope) // 2/(…) on [−1,1], half of it on [0,1]
	}
	return quadrature{vector{t[0], t[1], t[2], t[3]}, vector{w[0], w[1], w[2], w[3]}}
}

// edge is one step down the present path.
type edge struct {
	z, o     float64 // of the feature, over all its splits so far
	factor   vector  // o t + z (1−t)
	again    bool    // the feature is split on again below
	replaced vector  // value × product over the leaves below that later split
}

// explainer computes SHAP values of rows; it holds scratch space and is not safe for concurrent use.
type explainer struct {
	f      *forest
	tables *shapTables
	q      quadrature
	path   [maxDepth]edge
	x      []float32
	phi    []float64

	// What a model needs besides: an encoded row, the values by feature and by column, and an order of columns.
	features        []float32
	values, effects []float64
	order           []int
}

// newExplainer makes an explainer of f.
func newExplainer(f *forest, tables *shapTables) *explainer {
	return &explainer{f: f, tables: tables, q: gaussLegendre()}
}

// newExplainer makes an explainer of the model's trees.
func (m *Model) newExplainer(tables *shapTables) *explainer {
	e := newExplainer(m.forest, tables)
	e.features, e.values = make([]float32, m.encoder.width), make([]float64, m.encoder.width)
	e.effects, e.order = make([]float64, len(m.names)), make([]int, 0, len(m.names)+1)
	return e
}

// explain adds the SHAP values of x to phi, by feature. The sum of phi and [forest.expected] is the margin.
func (e *explainer) explain(x []float32, phi []float64) {
	e.x, e.phi = x, phi
	e.tables.explain(x, phi)
	for tree, root := range e.f.roots {
		if !e.tables.tabled[tree] && e.f.nodes[root].left != 0 {
			e.descend(root, 0, same(1))
		}
	}
}

// descend gives the sum over the leaves below the split at node i of value × product of the factors of the features split
// on from there, and credits those features. product is that of the features above; depth is the length of the path.
func (e *explainer) descend(i int32, depth int, product vector) vector {
	nodes, share := e.f.nodes, e.f.share
	n := &nodes[i]
	z, o, others := 1.0, 1.0, product // of the same feature above, and of all other features
	var before *edge
	if n.before >= 0 {
		before = &e.path[n.before]
		z, o, others = before.z, before.o, product.over(before.factor)
	}
	weights := others.times(e.q.w)
	left, right, follows := n.left, n.left+1, n.left+n.child(e.x)
	var sum vector
	if n.pair {
		mean := z * e.f.mean[i]
		taken := o * float64(nodes[follows].value)
		sum = e.q.t.between(mean, taken)
		e.phi[n.feature] += (taken - mean) * weights.total()
	} else {
		at := &e.path[depth]
		for child := left; child <= right; child++ {
			at.z, at.o, at.again = z*share[child], 0, false
			if child == follows {
				at.o = o
			}
			at.factor = e.q.t.between(at.z, at.o)
			below := same(float64(nodes[child].value))
			if nodes[child].left != 0 {
				if at.z == 0 && at.o == 0 {
					continue // no cover and not taken: nothing comes from below
				}
				below = e.descend(child, depth+1, others.times(at.factor))
			}
			sum = sum.plus(below.times(at.factor))
			integral := below.times(weights).total()
			if at.again {
				integral -= at.replaced.over(at.factor).times(e.q.w).total()
			}
			e.phi[n.feature] += (at.o - at.z) * integral
		}
	}
	if before != nil {
		before.replace(others.times(sum))
		sum = sum.over(before.factor)
	}
	return sum
}

// replace adds what later edges of the same feature stand for.
func (e *edge) replace(v vector) {
	if e.again {
		v = v.plus(e.replaced)
	}
	e.again, e.replaced = true, v
}

// expected is the mean margin over the training cover: what SHAP values start from.
func (f *forest) expected() float64 {
	sum := float64(f.base)
	for _, root := range f.roots {
		sum += f.mean[root]
	}
	return sum
}
