package decision

import (
	"cmp"
	"slices"

	"qingyuan"
)

// independent tells which families count as evidence that can confirm another's. What the process family says is read from the
// same texts and calls as others, so that it confirms none.
var independent = map[qingyuan.Family]bool{qingyuan.FamilyVoice: true, qingyuan.FamilyText: true, qingyuan.FamilyDocument: true,
	qingyuan.FamilyBehaviour: true, qingyuan.FamilyLink: true, qingyuan.FamilySocial: true}

// score fills in the score, the outcome and the typologies of a result from the rules that fired. The package comment states how.
func (p *Program) score(out *Result, fired []int) {
	suspicion, hardship := 0, 0
	asked, hard := qingyuan.Pass, qingyuan.Pass
	var families []qingyuan.Family
	for _, i := range fired {
		r := &p.rules[i]
		if r.Polarity == qingyuan.Hardship {
			hardship += r.Weight
			continue
		}
		suspicion += r.Weight
		if independent[r.Family] && !slices.Contains(families, r.Family) {
			families = append(families, r.Family)
		}
		if r.Hard {
			hard = sterner(hard, r.Outcome)
		} else if r.Outcome != "" {
			asked = sterner(asked, r.Outcome)
		}
	}
	out.Score = max(0, suspicion-hardship)
	out.Outcome = qingyuan.Pass
	for _, o := range p.scored {
		if out.Score >= p.ruleset.Thresholds[o] {
			out.Outcome = o
			break
		}
	}
	if out.Score > 0 {
		out.Outcome = sterner(out.Outcome, asked)
	}
	if len(families) < 2 && out.Outcome.Severity() > qingyuan.Review.Severity() {
		out.Outcome = qingyuan.Review
	}
	out.Outcome = sterner(out.Outcome, hard)
	if most := p.plans[out.Kind].atMost; most != "" && out.Outcome.Severity() > most.Severity() {
		out.Outcome = most
	}
	out.Typologies = p.typologies(fired)
}

func sterner(a, b qingyuan.Outcome) qingyuan.Outcome {
	if b.Severity() > a.Severity() {
		return b
	}
	return a
}

// typologies sums up the fired rules by typology. Hardship without a typology subtracts from each.
func (p *Program) typologies(fired []int) []TypologyScore {
	if len(fired) == 0 {
		return nil
	}
	scores := make([]int, 0, 16)[:len(qingyuan.Typologies)] // on the stack
	fromAll := 0
	for _, i := range fired {
		r := &p.rules[i]
		weight := r.effect()
		if at := slices.Index(qingyuan.Typologies, r.Typology); at >= 0 {
			scores[at] += weight
		} else {
			fromAll += weight
		}
	}
	var out []TypologyScore
	for at, score := range scores {
		if score+fromAll > 0 {
			out = append(out, TypologyScore{Typology: qingyuan.Typologies[at], Score: score + fromAll})
		}
	}
	return out
}

// effect is what the rule adds to the score: less than 0 for hardship.
func (r *Rule) effect() int {
	if r.Polarity == qingyuan.Hardship {
		return -r.Weight
	}
	return r.Weight
}

// sortReasons orders reasons by falling absolute weight, then rule id.
func sortReasons(reasons []qingyuan.Reason) {
	slices.SortFunc(reasons, func(a, b qingyuan.Reason) int {
		return cmp.Or(cmp.Compare(abs(b.Weight), abs(a.Weight)), cmp.Compare(a.Rule, b.Rule))
	})
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
