package leaf_test

import (
	"strings"
	"testing"
	"time"

	"qingyuan/internal/intake"
	"qingyuan/internal/simulate/leaf"
)

// TestNumbersAreWellFormed holds every number to the door's own checks.
func TestNumbersAreWellFormed(t *testing.T) {
	r := leaf.NewRand(1, "numbers")
	cities := leaf.Cities()
	for range 3000 {
		c := leaf.Pick(r, cities)
		p := leaf.NewPerson(r, c, time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), r.Between(18, 80))
		if _, flaws, err := intake.NormaliseIDNo(p.IDNo); err != nil || len(flaws) > 0 {
			t.Fatalf("ID number: %v %v", flaws, err)
		}
		if male := p.IDNo[16]%2 == 1; male != p.Male {
			t.Fatal("the ID number says another sex")
		}
		for _, credit := range []bool{false, true} {
			card, bank := leaf.BankCard(r, credit)
			if _, flaws, err := intake.NormaliseBankCard(card); err != nil || len(flaws) > 0 || bank == "" {
				t.Fatalf("card: %v %v", flaws, err)
			}
		}
		for _, prefix := range []string{"91", "31"} {
			if _, flaws, err := intake.NormaliseUSCC(leaf.USCC(r, prefix, p.District.Code)); err != nil || len(flaws) > 0 {
				t.Fatalf("USCC: %v %v", flaws, err)
			}
		}
		if ip, flaws, err := intake.NormaliseIP(leaf.IP(r)); err != nil || len(flaws) > 0 {
			t.Fatalf("IP %s: %v %v", ip, flaws, err)
		}
		for _, phone := range []string{p.Phone, leaf.VirtualMobile(r), leaf.Landline(r, c)} {
			if _, err := intake.NormalisePhone(phone); err != nil {
				t.Fatalf("phone %s: %v", phone, err)
			}
		}
		for _, handle := range []string{leaf.Handle(r, "wechat"), leaf.Handle(r, "douyin")} {
			if _, err := intake.NormaliseHandle(handle); err != nil {
				t.Fatalf("%s: %v", handle, err)
			}
		}
		if !strings.HasPrefix(p.Home, c.Province) {
			t.Fatalf("%s lies outside %s", p.Home, c.Name)
		}
	}
}

func TestSpin(t *testing.T) {
	for _, c := range []struct{ pattern, want string }{
		{"plain", "plain"}, {"{a|a}<x>", "aX"}, {"{<x>{b|b}|Xb}!", "Xb!"}, {"<none>{}|", "|"}, {"{open", "{open"}, {"<open", "<open"}, {"{|}", ""},
	} {
		if got := leaf.Spin(leaf.NewRand(1, ""), c.pattern, leaf.Slots{"x", "X"}); got != c.want {
			t.Errorf("%q gave %q, want %q", c.pattern, got, c.want)
		}
	}
	seen := map[string]bool{}
	r := leaf.NewRand(1, "")
	for range 200 {
		seen[leaf.Spin(r, "{a|b|{c|d}}", nil)] = true
	}
	if len(seen) != 4 {
		t.Errorf("alternatives drawn: %v", seen)
	}
}

func TestStreamsOfARand(t *testing.T) {
	a, b, c := leaf.NewRand(1, "a"), leaf.NewRand(1, "a"), leaf.NewRand(1, "b")
	if x := a.Hex(16); x != b.Hex(16) || x == c.Hex(16) {
		t.Error("streams must agree by seed and name, and differ by name")
	}
	sum := 0
	for range 4000 {
		sum += a.Poisson(1.5)
	}
	if sum < 5600 || sum > 6400 {
		t.Errorf("4000 draws of mean 1.5 sum to %d", sum)
	}
}
