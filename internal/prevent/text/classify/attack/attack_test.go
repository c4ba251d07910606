package attack

import (
	"math/rand/v2"
	"testing"

	"qingyuan/internal/prevent/text/normal"
)

func mustAttacker(t testing.TB) (*Attacker, *normal.Normalizer) {
	t.Helper()
	n, err := normal.New()
	if err != nil {
		t.Fatal(err)
	}
	return New(n), n
}

func TestRune(t *testing.T) {
	a, n := mustAttacker(t)
	rng := rand.New(rand.NewPCG(1, 1))
	for _, op := range Ops {
		got, ok := a.Rune(rng, '贷', op)
		if !ok && op != Glyph {
			t.Errorf("%s does not apply to 贷", op)
		}
		if ok && got == "贷" {
			t.Errorf("%s leaves 贷 as it is", op)
		}
	}
	for range 50 {
		s, _ := a.Rune(rng, '贷', Homophone)
		if r := []rune(s)[0]; n.Readings(r)[0] != n.Readings('贷')[0] {
			t.Fatalf("%s does not sound like 贷", s)
		}
	}
	if _, ok := a.Rune(rng, 'x', Homophone); ok {
		t.Error("a letter has a homophone")
	}
}

func TestTextRewritesKeysOnly(t *testing.T) {
	a, _ := mustAttacker(t)
	keys := KeysOf([]string{"贷款到账", "贷款放款", "天气很好", "天气不错"}, []int{1, 1, 0, 0}, 2)
	if len(keys) != 2 || !keys[[2]rune{'贷', '款'}] || !keys[[2]rune{'天', '气'}] {
		t.Fatalf("keys %v", keys)
	}
	text := "今日贷款利率"
	one := a.Text(rand.New(rand.NewPCG(5, 5)), text, keys, 1, nil)
	two := a.Text(rand.New(rand.NewPCG(5, 5)), text, keys, 1, nil)
	if one != two || one == text || one[:len("今日")] != "今日" || one[len(one)-len("利率"):] != "利率" {
		t.Errorf("rewritten to %q and %q", one, two)
	}
	if got := a.Text(rand.New(rand.NewPCG(5, 5)), text, keys, 0, nil); got != text {
		t.Errorf("at rate 0 rewritten to %q", got)
	}
}
