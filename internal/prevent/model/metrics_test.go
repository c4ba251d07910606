package model

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// pairAUC is the definition: the share of pairs in which the positive scores higher, ties counting half.
func pairAUC(scores []float64, positive []bool) float64 {
	var sum, pairs float64
	for i, p := range positive {
		for k, n := range positive {
			if !p || n {
				continue
			}
			pairs++
			switch {
			case scores[i] > scores[k]:
				sum++
			case scores[i] == scores[k]:
				sum += .5
			}
		}
	}
	return sum / pairs
}

// cutKS is the definition: the largest difference of the two shares at or above any cut.
func cutKS(scores []float64, positive []bool) float64 {
	var best float64
	for _, cut := range scores {
		var hit, all [2]float64
		for i, s := range scores {
			class := 0
			if positive[i] {
				class = 1
			}
			all[class]++
			if s >= cut {
				hit[class]++
			}
		}
		best = max(best, math.Abs(hit[0]/all[0]-hit[1]/all[1]))
	}
	return best
}

func TestMeasureFollowsTheDefinitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(t, "n")
		scores, positive := make([]float64, n), make([]bool, n)
		for i := range scores {
			scores[i] = float64(rapid.IntRange(0, 6).Draw(t, "score")) / 6 // many ties
			positive[i] = i == 0 || i > 1 && rapid.Bool().Draw(t, "positive")
		}
		m := Measure(scores, positive)
		if want := pairAUC(scores, positive); math.Abs(m.AUC-want) > 1e-12 {
			t.Fatalf("AUC %v, want %v", m.AUC, want)
		}
		if want := cutKS(scores, positive); math.Abs(m.KS-want) > 1e-12 {
			t.Fatalf("KS %v, want %v", m.KS, want)
		}
	})
}

func TestMeasure(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		name        string
		scores      []float64
		positive    []bool
		auc, ks, ap float64
	}{
		{"perfect", []float64{.9, .8, .2, .1}, []bool{yes, yes, no, no}, 1, 1, 1},
		{"inverted", []float64{.1, .2, .8, .9}, []bool{yes, yes, no, no}, 0, 1, (1./3 + 2./4) / 2},
		{"all tied", []float64{.5, .5, .5, .5}, []bool{yes, no, no, no}, .5, 0, .25},
		{"mixed", []float64{.8, .4, .35, .1}, []bool{yes, no, yes, no}, .75, .5, (1 + 2./3) / 2},
		{"one class", []float64{.8, .4}, []bool{yes, yes}, .5, 0, 0},
		{"empty", nil, nil, .5, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := Measure(c.scores, c.positive)
			if math.Abs(m.AUC-c.auc)+math.Abs(m.KS-c.ks)+math.Abs(m.AP-c.ap) > 1e-12 {
				t.Errorf("AUC %v KS %v AP %v, want %v %v %v", m.AUC, m.KS, m.AP, c.auc, c.ks, c.ap)
			}
		})
	}
	if m := Measure([]float64{math.NaN(), .5, math.NaN()}, []bool{yes, no, no}); math.IsNaN(m.AUC) {
		t.Error("scores that are no numbers make an AUC that is none")
	}
}

func TestStability(t *testing.T) {
	same := stability([]float64{100, 200, 300}, []float64{1000, 2000, 3000})
	if same > 1e-4 {
		t.Errorf("PSI of equal shares is %v", same)
	}
	// (.5−.25)·ln(.5/.25) + (.5−.75)·ln(.5/.75) = .274653, up to the half observation in each bin
	if got := stability([]float64{25e6, 75e6}, []float64{50e6, 50e6}); math.Abs(got-.274653) > 1e-5 {
		t.Errorf("PSI %v, want .274653", got)
	}
	if got := stability([]float64{100, 0}, []float64{0, 100}); math.IsInf(got, 0) || got < .25 {
		t.Errorf("PSI of disjoint distributions is %v", got)
	}
}

func TestCalibration(t *testing.T) {
	// A margin that is twice too steep and shifted: the fit must undo it.
	var margins []float64
	var positive []bool
	for i := range 20_000 {
		truth := float64(i%200)/25 - 4 // log-odds −4 … 4
		margins = append(margins, 2*truth+1)
		u := math.Mod(float64(i)*0.6180339887498949, 1)
		positive = append(positive, u < sigmoid(truth))
	}
	c := fitCalibration(margins, positive)
	if math.Abs(c.Slope-.5) > .02 || math.Abs(c.Offset+.5) > .04 {
		t.Errorf("fitted %+v, want slope .5 and offset −.5", c)
	}
	for i := range positive {
		positive[i] = !positive[i]
	}
	if c := fitCalibration(margins, positive); c != (Calibration{Slope: 1}) {
		t.Errorf("margins that rank backwards gave %+v, want the identity", c)
	}
	same := make([]float64, 100)
	if c := fitCalibration(same, positive[:100]); math.IsNaN(c.Slope) || !(c.Slope > 0) {
		t.Errorf("constant margins gave %+v", c)
	}
}
