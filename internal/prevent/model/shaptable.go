package model

import "slices"

// What a leaf adds to the SHAP values depends on the row only through which of the features on its path the row follows there: at
// most 2^depth patterns. So the values of every pattern are computed once (as in Yang, Fast TreeSHAP, 2021), and a tree becomes a
// straight list of steps: splits, each of which finds the patterns of its two children, and units, each of which looks its values up.

// tableBytes bounds the tables of one model. Trees beyond it are explained without.
const tableBytes = 48 << 20

// step is a split, or a unit: a leaf, or a split with two leaves.
type step struct {
	feature int32   // of a split
	value   float32 // its threshold
	from    uint8   // where the pattern of the features above stands
	to      uint8   // of a split: where the patterns of its children go
	missing uint8   // 1 if a missing value goes right
	bit     uint8   // of a split: its feature's in patterns
	fresh   uint8   // 1 if the feature was not split on above
	pair    uint8   // of a unit: 1 if it is a split with two leaves
	width   uint8   // of a unit: the features of its path; 0: a split
	path    int32   // of a unit: where these stand in paths
	offset  int32   // of a unit: where its values stand, pattern after pattern, one for each feature
}

// goes is where x goes from the split, 0 for left and 1 for right, without a branch that depends on the row.
func (s *step) goes(x []float32) uint {
	v := x[s.feature]
	if v != v {
		return uint(s.missing)
	}
	right := uint(0)
	if v >= s.value {
		right = 1
	}
	return right
}

// shapTables are the steps of the trees that have tables.
type shapTables struct {
	steps  []step
	paths  []int32
	values []float32
	tabled []bool // by tree
}

// newTables computes the tables, those of small trees first.
func (f *forest) newTables() *shapTables {
	t := &shapTables{tabled: make([]bool, len(f.roots))}
	b := tableBuilder{shapTables: t, f: f, q: gaussLegendre()}
	sizes, order := make([]int, len(f.roots)), make([]int, len(f.roots))
	for i, root := range f.roots {
		order[i], sizes[i] = i, f.tableSize(root, nil)
	}
	slices.SortStableFunc(order, func(i, k int) int { return sizes[i] - sizes[k] })
	total := 0
	for _, i := range order {
		if total += sizes[i]; total*4 > tableBytes {
			break
		}
		t.tabled[i] = true
	}
	for i, root := range f.roots {
		if t.tabled[i] && f.nodes[root].left != 0 {
			b.add(root, nil, 0, 1)
		}
	}
	return t
}

// pathFeature is one feature of a path with its share of the cover.
type pathFeature struct {
	feature int32
	z       float64
}

// split is the bit of a feature on the path, and the path with it.
func split(path []pathFeature, feature int32) (bit int, below []pathFeature) {
	bit = slices.IndexFunc(path, func(p pathFeature) bool { return p.feature == feature })
	if bit >= 0 {
		return bit, slices.Clone(path)
	}
	return len(path), append(slices.Clone(path), pathFeature{feature, 1})
}

// tableSize is the number of values that the tables below node i take.
func (f *forest) tableSize(i int32, path []pathFeature) int {
	n := &f.nodes[i]
	if n.left == 0 {
		return len(path) << len(path)
	}
	_, below := split(path, n.feature)
	if n.pair {
		return len(below) << (len(path) + 1)
	}
	return f.tableSize(n.left, below) + f.tableSize(n.left+1, below)
}

// tableBuilder makes tables.
type tableBuilder struct {
	*shapTables
	f *forest
	q quadrature
}

// add appends the steps of node i and below. The pattern of its path stands at from; depth is the number of splits above, plus one.
func (b *tableBuilder) add(i int32, path []pathFeature, from, depth int) {
	n := &b.f.nodes[i]
	if n.left == 0 {
		b.unit(step{from: uint8(from)}, path)
		at := len(b.values)
		b.values = append(b.values, make([]float32, len(path)<<len(path))...)
		for pattern := range 1 << len(path) {
			b.leaf(path, uint(pattern), float64(n.value), at+pattern*len(path))
		}
		return
	}
	bit, below := split(path, n.feature)
	s := step{feature: n.feature, value: n.value, from: uint8(from), to: uint8(2 * depth), missing: uint8(n.missing), bit: uint8(bit)}
	if bit == len(path) {
		s.fresh = 1
	}
	if n.pair {
		s.pair = 1
		b.unit(s, below)
		b.leaves(n, path, below, bit)
		return
	}
	b.steps = append(b.steps, s)
	for child := range int32(2) {
		under := slices.Clone(below)
		under[bit].z *= b.f.share[n.left+child]
		b.add(n.left+child, under, 2*depth+int(child), depth+1)
	}
}

// unit appends a unit whose values come next.
func (b *tableBuilder) unit(s step, path []pathFeature) {
	s.width, s.path, s.offset = uint8(len(path)), int32(len(b.paths)), int32(len(b.values))
	for _, p := range path {
		b.paths = append(b.paths, p.feature)
	}
	b.steps = append(b.steps, s)
}

// leaves appends the values of a split with two leaves. The lowest bit of its patterns tells which of them the row goes to.
func (b *tableBuilder) leaves(n *node, path, below []pathFeature, bit int) {
	at := len(b.values)
	b.values = append(b.values, make([]float32, len(below)<<(len(path)+1))...)
	for child := range int32(2) {
		under := slices.Clone(below)
		under[bit].z *= b.f.share[n.left+child]
		for pattern := range 2 << len(path) {
			above := uint(pattern) >> 1
			follows := uint(0)
			if int32(pattern&1) == child && (bit == len(path) || above>>bit&1 == 1) {
				follows = 1
			}
			b.leaf(under, above&^(1<<bit)|follows<<bit, float64(b.f.nodes[n.left+child].value), at+pattern*len(under))
		}
	}
}

// leaf adds, from offset on, what a leaf of that value gives the features of its path where the row follows those in pattern.
func (b *tableBuilder) leaf(path []pathFeature, pattern uint, value float64, offset int) {
	for i := range path {
		product := b.q.w
		for j := range path {
			if j != i {
				product = product.times(b.q.t.between(path[j].z, float64(pattern>>j&1)))
			}
		}
		b.values[offset+i] += float32(value * (float64(pattern>>i&1) - path[i].z) * product.total())
	}
}

// explain adds the SHAP values of x over the trees that have tables.
func (t *shapTables) explain(x []float32, phi []float64) {
	var patterns [2 * (maxDepth + 2)]uint
	for i := range t.steps {
		s := &t.steps[i]
		pattern := patterns[s.from]
		right := s.goes(x)
		if s.width == 0 {
			pattern |= uint(s.fresh) << s.bit // a feature met for the first time is followed so far
			patterns[s.to] = pattern &^ (right << s.bit)
			patterns[s.to+1] = pattern &^ ((right ^ 1) << s.bit)
			continue
		}
		pattern = pattern<<s.pair | right&uint(s.pair)
		path := t.paths[s.path:][:s.width]
		values := t.values[int(s.offset)+int(pattern)*len(path):][:len(path)]
		for k, feature := range path {
			phi[feature] += float64(values[k])
		}
	}
}
