package complaint_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"qingyuan/internal/handle/complaint"
	"qingyuan/internal/law"
)

// oracle counts days in its own way: a list of every day of some years, walked one by one.
type oracle struct {
	days    []string // 2006-01-02, in order
	index   map[string]int
	working []bool
}

func readOracle(t *testing.T) *oracle {
	t.Helper()
	f, err := os.Open("../../law/testdata/workdays.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	o := &oracle{index: map[string]int{}}
	for lines := bufio.NewScanner(f); lines.Scan(); { // a month, then a digit for each of its days
		month, days, ok := strings.Cut(lines.Text(), ",")
		if !ok || strings.HasPrefix(month, "#") {
			continue
		}
		for i, digit := range days {
			name := fmt.Sprintf("%s-%02d", month, i+1)
			o.index[name] = len(o.days)
			o.days, o.working = append(o.days, name), append(o.working, digit == '1')
		}
	}
	return o
}

// plus is the day n days on; plusWorking the day n working days on.
func (o *oracle) plus(day string, n int) string { return o.days[o.index[day]+n] }

func (o *oracle) plusWorking(day string, n int) string {
	i := o.index[day]
	for n > 0 {
		if i++; o.working[i] {
			n--
		}
	}
	return o.days[i]
}

// lastDay is what a clerk finds with a paper calendar, from the words of the law: 15 days, complex 30, special 30 more; the hotline
// 15 working days; a credit dispute 20 days; a petition 60, and 30 more; whatever the transfer sheet says if that is sooner.
func (o *oracle) lastDay(category, channel, received string, granted []string, sheet string) string {
	var candidates []string
	has := func(id string) bool { return strings.Contains(" "+strings.Join(granted, " ")+" ", " "+id+" ") }
	switch category {
	case "complaint", "report":
		days := 15
		if has("complex") {
			days = 30
		}
		if has("special") {
			days += 30
		}
		candidates = append(candidates, o.plus(received, days))
		if channel == "12378" {
			candidates = append(candidates, o.plusWorking(received, 15))
		}
	case "credit_objection":
		candidates = append(candidates, o.plus(received, 20))
	case "petition":
		days := 60
		if has("complex") {
			days += 30
		}
		candidates = append(candidates, o.plus(received, days))
	}
	if sheet != "" {
		candidates = append(candidates, sheet)
	}
	first := ""
	for _, c := range candidates {
		if first == "" || c < first {
			first = c
		}
	}
	return first
}

// TestClocksAgainstOracle: a year and more of 20,000 complaints through all channels, with transfer sheets and extensions: every
// last day is the oracle's.
func TestClocksAgainstOracle(t *testing.T) {
	book, err := law.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	routes, err := complaint.ShippedRoutes(book)
	if err != nil {
		t.Fatal(err)
	}
	o := readOracle(t)
	rng := rand.New(rand.NewPCG(7, 7))
	pick := func(all ...string) string { return all[rng.IntN(len(all))] }
	differs := 0
	seen := map[string]int{}
	for i := range 20_000 {
		at := time.Date(2024, 9, 1, 0, 0, 0, 0, law.China).Add(time.Duration(rng.IntN(500*24*60)) * time.Minute)
		f := complaint.Facts{Category: complaint.Category(pick("complaint", "complaint", "complaint", "report", "petition", "credit_objection", "suit", "public_post")),
			Channel: pick("own", "12378", "12345", "heimao", "consumer_association", "petition", "pboc", "cyberspace", "regulator", "court", "other"), ReceivedAt: at}
		received := at.Format(time.DateOnly)
		sheet := ""
		if rng.IntN(3) == 0 {
			sheet = o.plus(received, 1+rng.IntN(40))
			if f.AnswerBy, err = law.ParseDate(sheet); err != nil {
				t.Fatal(err)
			}
		}
		if rng.IntN(4) == 0 {
			f.Extensions = append(f.Extensions, "complex")
			if f.Category != complaint.Petition && rng.IntN(2) == 0 {
				f.Extensions = append(f.Extensions, "special")
			}
		}
		duties, err := routes.Duties(book, f)
		if err != nil {
			t.Fatalf("complaint %d: %v", i, err)
		}
		got := ""
		if len(duties) > 0 {
			got = duties[0].LastDay.String()
			seen[duties[0].Clock]++
		}
		if want := o.lastDay(string(f.Category), f.Channel, received, f.Extensions, sheet); got != want {
			if differs++; differs < 5 {
				t.Errorf("%s by %s on %s, sheet %q, extended %v: last day %s, the oracle says %s", f.Category, f.Channel, received, sheet, f.Extensions, got, want)
			}
		}
	}
	if differs > 0 {
		t.Errorf("%d of 20,000 differ", differs)
	}
	for _, clock := range []string{"complaint.decide", "complaint.hotline", "credit.dispute.answer", "petition.decide", complaint.TransferSheet} {
		if seen[clock] < 50 {
			t.Errorf("clock %s decided only %d of them: the test proves nothing of it", clock, seen[clock])
		}
	}
	t.Log(fmt.Sprint(seen))
}
