package model

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"qingyuan"
)

// Limits on a model file.
const (
	maxModelBytes = 128 << 20
	maxTrees      = 20_000
	maxTreeNodes  = 1 << 16
	maxNodes      = 4 << 20
	maxDepth      = 8 // what training makes; [lanes] depends on it
	maxFeatures   = 200_000
)

// xgbModel is XGBoost's JSON model (1.7), as far as a binary classifier of plain trees uses it.
// Source: doc/model.schema and src/{learner,tree/tree_model}.cc of that version.
type xgbModel struct {
	Learner struct {
		Attributes      map[string]string `json:"attributes"`
		FeatureNames    []string          `json:"feature_names"`
		FeatureTypes    []string          `json:"feature_types"`
		GradientBooster struct {
			Name  string `json:"name"`
			Model struct {
				Param struct {
					ParallelTrees string `json:"num_parallel_tree"`
					Trees         string `json:"num_trees"`
					LeafVector    string `json:"size_leaf_vector"`
				} `json:"gbtree_model_param"`
				TreeInfo []int     `json:"tree_info"`
				Trees    []xgbTree `json:"trees"`
			} `json:"model"`
		} `json:"gradient_booster"`
		Param struct {
			BaseScore string `json:"base_score"`
			Average   string `json:"boost_from_average"`
			Classes   string `json:"num_class"`
			Features  string `json:"num_feature"`
			Targets   string `json:"num_target"`
		} `json:"learner_model_param"`
		Objective struct {
			Name string          `json:"name"`
			Loss json.RawMessage `json:"reg_loss_param"`
		} `json:"objective"`
	} `json:"learner"`
	Version []int `json:"version"`
}

// xgbTree is one tree: parallel arrays by node. A leaf has no children and keeps its value in SplitConditions.
type xgbTree struct {
	BaseWeights        []decimal `json:"base_weights"`
	Categories         []int     `json:"categories"`
	CategoriesNodes    []int     `json:"categories_nodes"`
	CategoriesSegments []int     `json:"categories_segments"`
	CategoriesSizes    []int     `json:"categories_sizes"`
	DefaultLeft        []int     `json:"default_left"`
	ID                 int       `json:"id"`
	LeftChildren       []int32   `json:"left_children"`
	LossChanges        []decimal `json:"loss_changes"`
	Parents            []int32   `json:"parents"`
	RightChildren      []int32   `json:"right_children"`
	SplitConditions    []decimal `json:"split_conditions"`
	SplitIndices       []int32   `json:"split_indices"`
	SplitType          []int     `json:"split_type"`
	SumHessian         []decimal `json:"sum_hessian"`
	Param              struct {
		Deleted    string `json:"num_deleted"`
		Features   string `json:"num_feature"`
		Nodes      string `json:"num_nodes"`
		LeafVector string `json:"size_leaf_vector"`
	} `json:"tree_param"`
}

// decimal is a float32 that is written with an exponent: XGBoost takes a number without one for an integer and refuses it.
type decimal float32

// MarshalJSON writes d so that it reads back as the same float32.
func (d decimal) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(d), 'E', -1, 32), nil
}

// mergeModels makes one model of several with the same base score: its margin is the mean of theirs. The trees stand one
// after the other with their leaves divided by the number of models.
func mergeModels(files [][]byte) ([]byte, error) {
	var all xgbModel
	for i, file := range files {
		var m xgbModel
		if err := json.Unmarshal(file, &m); err != nil {
			return nil, qingyuan.Wrap(qingyuan.Internal, err, "XGBoost wrote a model that cannot be read")
		}
		trees := m.Learner.GradientBooster.Model.Trees
		for k := range trees {
			for n, left := range trees[k].LeftChildren {
				if left < 0 {
					trees[k].SplitConditions[n] /= decimal(len(files))
				}
			}
		}
		if i == 0 {
			all = m
			continue
		}
		merged := &all.Learner.GradientBooster.Model
		for k := range trees {
			trees[k].ID = len(merged.Trees) + k
		}
		merged.Trees = append(merged.Trees, trees...)
		merged.TreeInfo = append(merged.TreeInfo, m.Learner.GradientBooster.Model.TreeInfo...)
		merged.Param.Trees = strconv.Itoa(len(merged.Trees))
	}
	return json.Marshal(&all)
}

// node is a split, or a leaf where left is 0. The right child follows the left one.
type node struct {
	left    int32
	feature int32   // of a split
	value   float32 // the threshold of a split (less goes left), or the value of a leaf
	missing int8    // 0 if a missing value goes left, 1 if right
	before  int8    // the depth of the last split above on the same feature, or −1
	pair    bool    // both children are leaves
}

// forest is a model flattened for scoring: every tree's nodes one after the other, children next to each other.
type forest struct {
	base     float32 // margin before the first tree
	features int
	roots    []int32
	nodes    []node
	share    []float64 // of the training cover at the parent, by node; 1 at the root
	mean     []float64 // of the leaves below over the training cover, by node
	depth    int       // of the deepest tree, in splits
}

// readForest reads and checks a model in XGBoost's JSON form.
func readForest(file []byte) (*forest, error) {
	if len(file) > maxModelBytes {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the model file is larger than %d bytes", maxModelBytes)
	}
	var m xgbModel
	if err := json.Unmarshal(file, &m); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the model file is not an XGBoost model in JSON form")
	}
	l, trees := &m.Learner, m.Learner.GradientBooster.Model.Trees
	features, err := strconv.Atoi(l.Param.Features)
	base, berr := strconv.ParseFloat(l.Param.BaseScore, 32)
	switch {
	case l.GradientBooster.Name != "gbtree" || l.Objective.Name != "binary:logistic":
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the model is not a gbtree for binary:logistic")
	case err != nil || features < 1 || features > maxFeatures:
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the model's number of features is not in 1 to %d", maxFeatures)
	case berr != nil || !(base > 0 && base < 1):
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the model's base score is not between 0 and 1")
	case len(trees) > maxTrees:
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the model has more than %d trees", maxTrees)
	}
	f := &forest{base: float32(-math.Log(float64(1/float32(base) - 1))), features: features}
	for k := range trees {
		if err := f.add(&trees[k]); err != nil {
			return nil, qingyuan.Errorf(qingyuan.Invalid, "tree %d of the model %v", k, err.Message)
		}
	}
	return f, nil
}

// add flattens one tree breadth first. Every node but the root must be the child of exactly one reachable node.
func (f *forest) add(t *xgbTree) *qingyuan.Error {
	if err := t.check(f.features); err != nil {
		return err
	}
	if len(f.nodes)+len(t.LeftChildren) > maxNodes {
		return qingyuan.Errorf(qingyuan.Invalid, "makes more than %d nodes in all", maxNodes)
	}
	type place struct {
		from, parent int32 // in the tree
		path         []int32
	}
	first := len(f.nodes)
	f.roots = append(f.roots, int32(first))
	queue := []place{{}}
	seen := make([]bool, len(t.LeftChildren))
	seen[0] = true
	for at := 0; at < len(queue); at++ {
		from, path := queue[at].from, queue[at].path
		f.depth = max(f.depth, len(path))
		n := node{value: float32(t.SplitConditions[from]), feature: t.SplitIndices[from], missing: int8(1 - t.DefaultLeft[from]), before: -1}
		if left, right := t.LeftChildren[from], t.RightChildren[from]; left >= 0 {
			if seen[left] || seen[right] || left == right || len(path) >= maxDepth {
				return qingyuan.Errorf(qingyuan.Invalid, "is no tree, or deeper than %d splits", maxDepth)
			}
			seen[left], seen[right] = true, true
			n.left = int32(first + len(queue))
			n.pair = t.LeftChildren[left] < 0 && t.LeftChildren[right] < 0
			for depth, feature := range path {
				if feature == n.feature {
					n.before = int8(depth)
				}
			}
			below := append(path[:len(path):len(path)], n.feature)
			queue = append(queue, place{left, from, below}, place{right, from, below})
		}
		f.nodes = append(f.nodes, n)
		f.share = append(f.share, float64(t.SumHessian[from])/float64(t.SumHessian[queue[at].parent]))
	}
	f.average(first)
	return nil
}

// average fills the means of the nodes from first on. Children come after their parents.
func (f *forest) average(first int) {
	f.mean = append(f.mean, make([]float64, len(f.nodes)-first)...)
	for i := len(f.nodes) - 1; i >= first; i-- {
		if left := f.nodes[i].left; left == 0 {
			f.mean[i] = float64(f.nodes[i].value)
		} else {
			f.mean[i] = f.mean[left]*f.share[left] + f.mean[left+1]*f.share[left+1]
		}
	}
}

// check verifies that the arrays of t fit together and that every number is in its range.
func (t *xgbTree) check(features int) *qingyuan.Error {
	n := len(t.LeftChildren)
	bad := func(what string) *qingyuan.Error { return qingyuan.Errorf(qingyuan.Invalid, "%s", what) }
	if n == 0 || n > maxTreeNodes {
		return bad("has no nodes, or too many")
	}
	for _, length := range []int{len(t.RightChildren), len(t.SplitIndices), len(t.SplitConditions), len(t.DefaultLeft), len(t.SumHessian)} {
		if length != n {
			return bad("has arrays of different lengths")
		}
	}
	if len(t.Categories) > 0 || slices.ContainsFunc(t.SplitType, func(v int) bool { return v != 0 }) {
		return bad("splits on categories, which the encoder does not produce")
	}
	for i := range n {
		left, right := t.LeftChildren[i], t.RightChildren[i]
		leaf := left < 0 && right < 0
		switch {
		case !leaf && (left < 1 || right < 1 || int(left) >= n || int(right) >= n):
			return bad("has a child out of range")
		case !leaf && (t.SplitIndices[i] < 0 || int(t.SplitIndices[i]) >= features):
			return bad("splits on a feature out of range")
		case t.DefaultLeft[i] != 0 && t.DefaultLeft[i] != 1:
			return bad("has a direction for missing values that is neither 0 nor 1")
		case !finite(t.SplitConditions[i]) || !finite(t.SumHessian[i]):
			return bad("has a value that is not finite")
		case t.SumHessian[i] < 0 || !leaf && t.SumHessian[i] == 0:
			return bad("has a node without cover")
		}
	}
	return nil
}

// finite reports whether v is neither NaN nor infinite.
func finite(v decimal) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

// child is where x goes from node n, as 0 for left and 1 for right.
func (n *node) child(x []float32) int32 {
	switch v := x[n.feature]; {
	case v < n.value:
		return 0
	case v >= n.value:
		return 1
	}
	return int32(n.missing) // NaN
}

// margin is the log-odds of one row of features, added in the order and precision XGBoost adds them.
func (f *forest) margin(x []float32) float32 {
	sum := f.base
	for _, i := range f.roots {
		n := &f.nodes[i]
		for n.left != 0 {
			n = &f.nodes[n.left+n.child(x)]
		}
		sum += n.value
	}
	return sum
}
