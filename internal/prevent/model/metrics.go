package model

import (
	"cmp"
	"math"
	"slices"
)

// Metrics says how well scores rank the positives before the rest.
type Metrics struct {
	AUC       float64 `json:"auc"` // area under the ROC curve; ties count half
	KS        float64 `json:"ks"`  // Kolmogorov–Smirnov: the largest gap between the two cumulative shares
	AP        float64 `json:"ap"`  // average precision: sum of precision × step of recall, ties as one step
	N         int     `json:"n"`
	Positives int     `json:"positives"`
}

// Measure computes the metrics of scores (higher = riskier) against the truth. Where one of the two classes is empty
// AUC is 0.5, and KS and AP are 0.
func Measure[F float32 | float64](scores []F, positive []bool) Metrics {
	order := make([]int, len(scores))
	m := Metrics{AUC: 0.5, N: len(scores)}
	for i := range order {
		order[i] = i
		if positive[i] {
			m.Positives++
		}
	}
	negatives := m.N - m.Positives
	if m.Positives == 0 || negatives == 0 {
		return m
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	var tp, fp, area float64
	p, n := float64(m.Positives), float64(negatives)
	for i := 0; i < len(order); {
		var dp, dn float64
		for s := scores[order[i]]; i < len(order) && scores[order[i]] == s; i++ {
			if positive[order[i]] {
				dp++
			} else {
				dn++
			}
		}
		if dp+dn == 0 { // NaN never equals itself
			i++
			continue
		}
		area += dn * (tp + dp/2)
		tp, fp = tp+dp, fp+dn
		m.AP += dp / p * tp / (tp + fp)
		m.KS = max(m.KS, math.Abs(tp/p-fp/n))
	}
	m.AUC = area / (p * n)
	return m
}

// Brier is the mean squared error of probabilities.
func Brier(probabilities []float64, positive []bool) float64 {
	var sum float64
	for i, p := range probabilities {
		if positive[i] {
			p--
		}
		sum += p * p
	}
	return sum / float64(max(1, len(probabilities)))
}

// stability is the population stability index Σ (a−b)·ln(a/b) of two distributions over the same bins, given as counts.
// Shares are taken with half an observation added to every bin, so that an empty bin stays finite.
// Usual reading: below .1 stable, .1 to .25 shifting, above .25 shifted (Siddiqi, Credit Risk Scorecards, 2006).
func stability(base, now []float64) float64 {
	var sb, sn, psi float64
	for i := range base {
		sb, sn = sb+base[i]+.5, sn+now[i]+.5
	}
	for i := range base {
		a, b := (now[i]+.5)/sn, (base[i]+.5)/sb
		psi += (a - b) * math.Log(a/b)
	}
	return psi
}
