package model

import (
	"encoding/json"
	"math"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"qingyuan"
)

// randomTree grows a tree of the given depth at random, with covers that add up.
func randomTree(rng *rand.Rand, features, depth int) xgbTree {
	var t xgbTree
	var grow func(depth int, cover float64) int32
	grow = func(depth int, cover float64) int32 {
		i := len(t.LeftChildren)
		t.LeftChildren, t.RightChildren = append(t.LeftChildren, -1), append(t.RightChildren, -1)
		t.SplitIndices, t.DefaultLeft = append(t.SplitIndices, int32(rng.IntN(features))), append(t.DefaultLeft, rng.IntN(2))
		t.SplitConditions, t.SumHessian = append(t.SplitConditions, decimal(rng.NormFloat64())), append(t.SumHessian, decimal(cover))
		if depth > 0 && rng.Float64() < .9 {
			share := .05 + .9*rng.Float64()
			t.LeftChildren[i] = grow(depth-1, cover*share)
			t.RightChildren[i] = grow(depth-1, cover*(1-share))
		}
		return int32(i)
	}
	grow(depth, 100)
	return t
}

// modelOf is a model file of trees.
func modelOf(t testing.TB, features string, trees ...xgbTree) []byte {
	t.Helper()
	var m xgbModel
	l := &m.Learner
	l.GradientBooster.Name, l.Objective.Name = "gbtree", "binary:logistic"
	l.Param.BaseScore, l.Param.Features = "2.5E-1", features
	l.GradientBooster.Model.Trees = trees
	file, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// conditional is the expectation of a tree's value where only the features in known are: the game whose Shapley values
// tree SHAP gives.
func conditional(t *xgbTree, i int32, x []float32, known uint) float64 {
	left, right := t.LeftChildren[i], t.RightChildren[i]
	if left < 0 {
		return float64(t.SplitConditions[i])
	}
	if f := t.SplitIndices[i]; known>>f&1 == 1 {
		v := x[f]
		if v < float32(t.SplitConditions[i]) || v != v && t.DefaultLeft[i] == 1 {
			return conditional(t, left, x, known)
		}
		return conditional(t, right, x, known)
	}
	share := float64(float32(t.SumHessian[left])) / float64(float32(t.SumHessian[i]))
	other := float64(float32(t.SumHessian[right])) / float64(float32(t.SumHessian[i]))
	return share*conditional(t, left, x, known) + other*conditional(t, right, x, known)
}

// shapley is the definition, over all subsets.
func shapley(t *xgbTree, x []float32, feature, features int) float64 {
	factorial := func(n int) float64 { return math.Gamma(float64(n + 1)) }
	var sum float64
	for known := uint(0); known < 1<<features; known++ {
		if known>>feature&1 == 1 {
			continue
		}
		k := bits.OnesCount(known)
		weight := factorial(k) * factorial(features-1-k) / factorial(features)
		sum += weight * (conditional(t, 0, x, known|1<<feature) - conditional(t, 0, x, known))
	}
	return sum
}

// TestExplainIsShapley compares with the definition, on trees that use features again and again and rows with gaps.
func TestExplainIsShapley(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	const features = 6
	for depth := range 9 {
		for range 10 {
			tree := randomTree(rng, features, depth)
			f, err := readForest(modelOf(t, "6", tree))
			if err != nil {
				t.Fatal(err)
			}
			tables := f.newTables()
			for i := range 10 {
				within := 1e-6 // tables hold float32
				explainer := newExplainer(f, tables)
				if i%2 == 0 {
					within, explainer.tables = 1e-9, &shapTables{tabled: make([]bool, 1)}
				}
				x := make([]float32, features)
				for k := range x {
					if x[k] = float32(rng.NormFloat64()); rng.Float64() < .2 {
						x[k] = float32(math.NaN())
					}
				}
				phi := make([]float64, features)
				explainer.explain(x, phi)
				sum := f.expected()
				for k, got := range phi {
					sum += got
					if want := shapley(&tree, x, k, features); math.Abs(got-want) > within {
						t.Fatalf("depth %d, feature %d: %v, want %v", depth, k, got, want)
					}
				}
				if margin := float64(f.margin(x)); math.Abs(sum-margin) > 1e-5 {
					t.Fatalf("depth %d: start and effects add up to %v, the margin is %v", depth, sum, margin)
				}
			}
		}
	}
}

func TestGaussLegendre(t *testing.T) {
	q := gaussLegendre()
	for degree := range 2 * lanes {
		var sum float64
		for _, p := range [lanes][2]float64{{q.t.a, q.w.a}, {q.t.b, q.w.b}, {q.t.c, q.w.c}, {q.t.d, q.w.d}} {
			sum += p[1] * math.Pow(p[0], float64(degree))
		}
		if want := 1 / float64(degree+1); math.Abs(sum-want) > 1e-14 {
			t.Errorf("t^%d integrates to %v, want %v", degree, sum, want)
		}
	}
}

func TestReadForestRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	good := func() xgbTree {
		for {
			if tree := randomTree(rng, 3, 3); len(tree.LeftChildren) >= 7 && tree.LeftChildren[1] > 0 {
				return tree
			}
		}
	}
	if _, err := readForest(modelOf(t, "3", good())); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*xgbTree){
		"no nodes":        func(x *xgbTree) { *x = xgbTree{} },
		"short array":     func(x *xgbTree) { x.SplitIndices = x.SplitIndices[1:] },
		"cycle":           func(x *xgbTree) { x.LeftChildren[1] = 1 },
		"back to root":    func(x *xgbTree) { x.LeftChildren[1] = 0 },
		"shared child":    func(x *xgbTree) { x.RightChildren[0] = x.LeftChildren[0] },
		"two parents":     func(x *xgbTree) { x.LeftChildren[1] = x.RightChildren[0] },
		"child too far":   func(x *xgbTree) { x.RightChildren[0] = 1000 },
		"half a leaf":     func(x *xgbTree) { x.RightChildren[0] = -1 },
		"feature too far": func(x *xgbTree) { x.SplitIndices[0] = 3 },
		"feature below":   func(x *xgbTree) { x.SplitIndices[0] = -1 },
		"default":         func(x *xgbTree) { x.DefaultLeft[0] = 2 },
		"no cover":        func(x *xgbTree) { x.SumHessian[0] = 0 },
		"negative cover":  func(x *xgbTree) { x.SumHessian[2] = -1 },
		"categories":      func(x *xgbTree) { x.SplitType = make([]int, len(x.LeftChildren)); x.SplitType[0] = 1 },
	} {
		tree := good()
		spoil(&tree)
		if _, err := readForest(modelOf(t, "3", tree)); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	file := string(modelOf(t, "3", good()))
	for name, text := range map[string]string{
		"not JSON":        "{",
		"empty":           "",
		"null":            "null",
		"a list":          "[]",
		"other booster":   strings.Replace(file, `"gbtree"`, `"dart"`, 1),
		"other objective": strings.Replace(file, "binary:logistic", "reg:squarederror", 1),
		"base score":      strings.Replace(file, "2.5E-1", "1", 1),
		"base score NaN":  strings.Replace(file, "2.5E-1", "NaN", 1),
		"features":        strings.Replace(file, `"num_feature":"3"`, `"num_feature":"-3"`, 1),
		"beyond float32":  strings.Replace(file, `"split_conditions":[`, `"split_conditions":[1e99,`, 1),
	} {
		if _, err := readForest([]byte(text)); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadForestLimitsDepth(t *testing.T) {
	chain := func(n int) xgbTree { // every left child splits again
		var x xgbTree
		for i := range int32(2*n + 1) {
			left, right := int32(-1), int32(-1)
			if i%2 == 0 && i < int32(2*n) {
				left, right = i+2, i+1
			}
			x.LeftChildren, x.RightChildren = append(x.LeftChildren, left), append(x.RightChildren, right)
			x.SplitIndices, x.DefaultLeft = append(x.SplitIndices, 0), append(x.DefaultLeft, 0)
			x.SplitConditions, x.SumHessian = append(x.SplitConditions, decimal(i)), append(x.SumHessian, 1)
		}
		return x
	}
	f, err := readForest(modelOf(t, "1", chain(maxDepth)))
	if err != nil || f.depth != maxDepth {
		t.Fatalf("a chain of %d splits: %v", maxDepth, err)
	}
	if _, err := readForest(modelOf(t, "1", chain(maxDepth+1))); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Errorf("a chain of %d splits: %v", maxDepth+1, err)
	}
}

func TestMergeModelsAverages(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	var files [][]byte
	var forests []*forest
	for range 3 {
		file := modelOf(t, "5", randomTree(rng, 5, 4), randomTree(rng, 5, 4))
		f, err := readForest(file)
		if err != nil {
			t.Fatal(err)
		}
		files, forests = append(files, file), append(forests, f)
	}
	merged, err := mergeModels(files)
	if err != nil {
		t.Fatal(err)
	}
	all, err := readForest(merged)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		x := make([]float32, 5)
		var want float64
		for k := range x {
			x[k] = float32(rng.NormFloat64())
		}
		for _, f := range forests {
			want += float64(f.margin(x)) / 3
		}
		if got := float64(all.margin(x)); math.Abs(got-want) > 1e-5 {
			t.Fatalf("merged %v, mean %v", got, want)
		}
	}
}

// FuzzReadForest: whatever is read can be scored and explained without end or panic.
func FuzzReadForest(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 3))
	f.Add(modelOf(f, "3", randomTree(rng, 3, 2)))
	f.Add(modelOf(f, "3", randomTree(rng, 3, 3), xgbTree{}))
	f.Add([]byte(`{"learner":{}}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := readForest(file)
		if err != nil {
			if qingyuan.CodeOf(err) != qingyuan.Invalid {
				t.Fatalf("not an Invalid error: %v", err)
			}
			return
		}
		x := make([]float32, m.features)
		for k := range x {
			x[k] = float32(k%3) - 1
		}
		m.margin(x)
		newExplainer(m, m.newTables()).explain(x, make([]float64, m.features))
		m.expected()
	})
}
